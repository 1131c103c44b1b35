"""Arguments of neural collapse."""

import numpy as np

import solvable.solvers
from solvable import solvers

ARGUMENTS = {
    "labels": lambda s: s.rng.permutation([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
    "centres": lambda s: s.normal(2, 3),
    "feature_decay": lambda s: s.rng.uniform(1e-4, 1e-2),
    "layer_decays": lambda s: s.rng.uniform(1e-4, 1e-2, s.pick(1, 2, 3)),
    "class_sizes": lambda s: s.rng.integers(1, 9, 3),
    "classes": lambda s: s.pick(2, 4),
    "samples": lambda s: s.pick(1, 3),
    "dimension": lambda s: s.pick(4, 9),
    "width": lambda s: 4,
    "code": lambda s: s.pick("simplex", "circle", "orthoplex"),
    "minimizer": lambda s: solvable.solvers.collapse_minimizer(s.rng.integers(1, 9, 3), [1e-2, 1e-2], 1e-4),
    "attachment": lambda s: s.rng.uniform(0.1, 9),
    "change": lambda s: s.normal(6, 3),
    "singular_values": lambda s: s.rng.uniform(0, 3, 3),
    "positive_slope": lambda s: s.number(-3, 3),
    "negative_slope": lambda s: s.number(-3, 3),
    "lengths": lambda s: s.rng.uniform(0, 3, 3),
    "concentration": lambda s: s.number(0, 30),
    "new_concentration": lambda s: s.number(0, 30),
    "old_concentration": lambda s: s.number(0, 30),
}
LABELLED = ["centre_term", "central_path", "collapse_metrics", "feature_response", "optimal_classifier",
            "response_operator",
            "attached_minimizer"]  # fmt: skip
SPECIAL = {
    **{(name, "features"): lambda s: s.normal(6, 3) for name in LABELLED},
    ("collapse_metrics", "target"): lambda s: np.array([1.0, 2.0]),
    ("collapse_metrics", "classifier"): lambda s: s.normal(2, 3),
    ("response_spectrum", "weight_decay"): lambda s: s.number(0.1, 1),
    ("rank_one_gap", "depth"): lambda s: s.pick(2, 3, 5),
    ("ResponseSpectrum.gains", "attachment"): lambda s: s.number(0.1, 9),
    ("ResponseSpectrum.isotropic_gain", "classes"): lambda s: 4,
    ("ResponseSpectrum.isotropic_gain", "dimension"): lambda s: 9,
}
_FEATURES = np.random.default_rng(0).standard_normal((6, 4))
# homogeneous in the square root of the scale
SCALES_SQUARED = {
    "attached_minimizer": lambda c: solvers.attached_minimizer(
        c * _FEATURES, np.repeat([0, 1, 2], 2), 0.1 * c**2, 0.2 / c**2, 0.5 / c**2).value / c,
}  # fmt: skip
# why a public solver has no ratio test
NO_RATIO = {
    "attached_minimizer": "a descent with a checked residual: tests/solvers/neural_collapse/test_attached.py",
    "central_path": "an adaptive integrator with its own tolerance: tests/solvers/neural_collapse/test_perturbation.py",
    "response_operator": "a linear map; feature_response solves with it",
    "collapse_metrics": "ratios of variances, against their definition in tests/solvers/neural_collapse/test_frames.py",
}
# why a public solver has no known answers: they are no numbers, or not numbers of their own
NO_ANSWER = {
    "sample_minimizer": "draws random frames; the Gram matrices are those of collapse_minimizer",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["neural-collapse/central-path-slopes", "neural-collapse/compatibility-in-expectation"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "mean_resultant": lambda f: f(3.0, 5),
    "rank_one_gap": lambda f: f(1.0, -0.5, 3),
    "shrink_singular_values": lambda f: f(2.0, 0.1, 3),
}
VECTORS = [
    "attached_minimizer",
    "central_path",
    "code_gram",
    "collapse_minimizer",
    "collapse_rates",
    "cross_entropy_code",
    "feature_response",
    "optimal_classifier",
    "orthogonal_frame",
    "response_operator",
    "response_spectrum",
    "sample_minimizer",
    "simplex_coordinates",
    "simplex_frame",
]
DATA = [
    "centre_term",
    "collapse_metrics",
    "duality_gap",
    "minimum_angle_bound",
    "minimum_angle_term",
    "simplex_compatibility",
]
