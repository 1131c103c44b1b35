"""Arguments of random features."""

import numpy as np

import solvable.solvers
from arguments.shared import ACTIVATIONS, THREE_MODES
from solvable import solvers


def wide_moments(setting):
    weights = [setting.rng.standard_normal((5, 4)) / 2]
    return solvable.solvers.deep_feature_moments(weights, np.eye(4), "erf")


def power_law_rows():
    """Kernel matrix and labels of 64 rows on power laws."""
    i, rng = np.arange(1.0, 301), np.random.default_rng(0)
    X = rng.standard_normal((64, 300))
    return X * i**-2.0 @ X.T, X @ (i**-1.5 * rng.choice([-1.0, 1.0], 300))


KERNEL, TARGET = power_law_rows()
ARGUMENTS = {
    "k": lambda s: s.pick(s.number(0.5, 30), np.inf),
    "test_features": lambda s: s.normal(4, 9),
    "widths": lambda s: s.rng.integers(2, 9, 2),
    "fitting_ratio": lambda s: s.number(0, 0.9),
    "relative_noise": lambda s: s.pick(None, s.number(0, 9)),
    "activation": lambda s: s.pick(*ACTIVATIONS),
    "variance": lambda s: s.number(0.1, 4),
    "kinks": lambda s: s.pick(None, [0.0]),
    "mean_square": lambda s: 1.0,
    "gains": lambda s: s.pick(None, np.array([1.0, 2.0])),
    "teacher_power": lambda s: 1.0,
}
SPECIAL = {
    ("proportional_spectrum", "linear"): lambda s: s.rng.uniform(0.1, 1),
    ("proportional_spectrum", "nonlinear"): lambda s: s.pick(0.0, 0.5),
    ("proportional_spectrum", "nonlinear_power"): lambda s: s.pick(0.0, 0.3),
    ("deep_feature_moments", "weights"): lambda s: [s.rng.standard_normal((s.d + 1, s.d)) / np.sqrt(s.d)],
    ("deep_feature_moments", "activation"): lambda s: s.pick("erf", "sin", "identity"),
    ("deep_random_feature_risk", "activation"): lambda s: s.pick("erf", "sin", "tanh"),
    ("layer_coefficients", "activation"): lambda s: s.pick("erf", "sin", "tanh"),
    ("FeatureMoments.hidden_layer", "self"): wide_moments,
    ("FeatureMoments.hidden_layer", "weights"): lambda s: s.rng.standard_normal((3, 4)),
    ("FeatureMoments.hidden_layer", "activation"): lambda s: s.pick("erf", "sin", "identity"),
    ("FeatureMoments.linear", "self"): wide_moments,
    ("FeatureMoments.linear", "teacher"): lambda s: s.rng.standard_normal(4),
    ("power_law_exponents", "K"): lambda s: s.scale * KERNEL,
    ("power_law_exponents", "y"): lambda s: s.scale * TARGET,
    ("power_law_exponents", "parts"): lambda s: s.pick(2, 4),
    ("power_law_exponents", "levels"): lambda s: 2,
}
# homogeneous in the square root of the scale
SCALES_SQUARED = {
    "power_law_exponents": lambda c: (
        lambda f: [f.exponent, f.threshold, f.error[0] / c**2, f.effective_ridge[0] / c**2]
    )(solvers.power_law_exponents(c * c * KERNEL, c * TARGET, 2, 2)),
    "proportional_spectrum": lambda c: solvers.proportional_spectrum(0.7 * c, 0.3 * c).eigenvalues[0] / c**2,
}
# why a public solver has no ratio test
NO_RATIO = {
    "power_law_exponents": "estimates: their error bars are wider than any rounding",
    "proportional_spectrum": "a constructor: two modes",
    "activation_function": "returns a function",
    "layer_coefficients": "gaussian_coefficients, layer after layer",
    "deep_feature_moments": "gaussian_coefficients and matrix products",
}
# why a public solver has no known answers: they are no numbers, or not numbers of their own
NO_ANSWER = {
    "power_law_exponents": "estimates from data: tests/solvers/random_features/test_power_law_fit.py",
    "activation_function": "returns a function; gaussian_coefficients holds its moments",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["random-features/two-unknown-form", "random-features/bias", "random-features/deep-test-error"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "deep_random_feature_risk": lambda f: f([2.0, 1.0], [5.0, 4.0], "erf", 3.0, 0.1, 0.2),
    "gaussian_coefficients": lambda f: f("erf", 1.0),
    "optimal_fitting_ratio": lambda f: f(1.5, 1.3, 0.5),
    "optimal_random_feature_ridge": lambda f: f(THREE_MODES, 2.0, 5.0, 0.3),
    "overfitting_threshold": lambda f: f(2.0, 1.5),
    "power_law_risk": lambda f: f(1.5, 1.4, 1000.0, 0.2, 0.1),
    "random_feature_risk": lambda f: f(THREE_MODES, 2.0, 5.0, 0.1, 0.3),
}
NO_CASE = {
    "power_law_exponents": "the order of rows sets the blocks; units in SCALES_SQUARED",
}
VECTORS = [
    "power_law_exponents",
    "leaky_relu",
    "activation_function",
    "deep_feature_moments",
    "layer_coefficients",
    "proportional_spectrum",
    "random_feature_sweep",
]
