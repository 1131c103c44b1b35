"""Arguments of model collapse."""

import numpy as np

from arguments.shared import THREE_MODES
from solvable.solvers import Spectrum

ARGUMENTS = {
    "generations": lambda s: s.pick(0, 2, np.array([0, 1, 3])),
    "generator_samples": lambda s: 60.0,
    "generator_noise": lambda s: s.pick(0.0, 0.5),
    "capacity": lambda s: s.number(1.1, 3),
    "smoothness": lambda s: s.number(0.1, 2),
    "ridge_exponent": lambda s: s.number(0.1, 1),
}
SPECIAL = {
    ("interpolating_generators", "d"): lambda s: 90.0,
    ("iterated_least_squares_excess", "n"): lambda s: s.number(22, 90),
    ("iterated_regression_risk", "spectrum"): lambda s: Spectrum(*s.rng.uniform(0.1, 3, (2, s.modes))),
}
# why a public solver has no ratio test
NO_RATIO = {
    "iterated_regression_risk": "resolvent traces of ridge_risk, and powers of them",
    "synthetic_noise_gain": "one term of iterated_regression_risk",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["model-collapse/least-squares", "model-collapse/same-data"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "collapse_exponents": lambda f: f(1.5, 0.5, 0.5),
    "iterated_least_squares_excess": lambda f: f(30, 5, 20, 3, 0.1, 0.2),
    "iterated_regression_risk": lambda f: f(THREE_MODES, 20.0, 0.1, 3, 30.0, 0.2, 0.3),
    "interpolating_generators": lambda f: f(20, 90, 3, 0.1, 0.2),
    "synthetic_noise_gain": lambda f: f(THREE_MODES, 20.0, 0.1, 30.0),
}
