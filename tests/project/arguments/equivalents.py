"""Arguments of equivalents."""

import numpy as np

from arguments.shared import THREE_MODES
from solvable import derive
from solvable.analysis.equivalents.command import trace_from_options

ARGUMENTS = {
    "weights_a": lambda s: s.rng.standard_normal(s.modes),
    "weights_b": lambda s: s.rng.standard_normal(s.modes),
    "grid": lambda s: s.rng.uniform(0, 5, 4),
    "eigenvectors": lambda s: None,
    "x": lambda s: s.rng.uniform(0, 5, 3),
    "probability": lambda s: s.rng.uniform(0, 1, 3),
}
SPECIAL = {
    ("support_edges", "n"): lambda s: float(s.rng.uniform(0.5, 30)),
    ("sample_covariance_density", "n"): lambda s: float(s.rng.uniform(0.5, 30)),
}

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "effective_ridge": lambda f: f(THREE_MODES, 2.0, 0.1),
    "resolvent_pair_trace": lambda f: f(THREE_MODES, 5.0, 0.1, 0.2, np.ones(3), np.ones(3)),
    "resolvent_trace": lambda f: f(THREE_MODES, 5.0, 0.1, np.ones(3)),
    "sample_covariance_density": lambda f: f(THREE_MODES, 5.0, 1.0).density,
    "smallest_eigenvalue_cdf": lambda f: f(0.5),
    "smallest_eigenvalue_quantile": lambda f: f(0.5),
    "stability_edge": lambda f: f(THREE_MODES, 5.0),
}
VECTORS = ["support_edges"]
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["equivalents/ridge", "equivalents/ensemble-cross-term"]
# known answers: traces as text
ANSWERS = {"derive": lambda **options: derive(trace_from_options(**options)).value}
