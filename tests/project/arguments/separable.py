"""Arguments of separable classification."""

import numpy as np

from solvable import solvers


def rows(s):
    """Separable: the first coordinate is positive."""
    Z = s.normal(s.n, s.d)
    Z[:, 0] = np.abs(Z[:, 0]) + s.scale
    return Z


ARGUMENTS = {
    "Z": rows,
    "start": lambda s: s.rng.standard_normal(s.d),
    "weights": lambda s: s.rng.standard_normal(s.d),
    "Y": lambda s: s.normal(s.n),
    "A": lambda s: s.symmetric(),
    "rank": lambda s: s.d,
    "rounds": lambda s: s.d,
    "logits": lambda s: 3 * s.rng.standard_normal((s.n, 4)),
    "label": lambda s: s.rng.integers(4, size=s.n).astype(float),
    "dtype": lambda s: s.pick("float16", "float32", "float64"),
    "classes": lambda s: s.pick(2, 5),
    "order": lambda s: s.pick("first", "last"),
    "gradient": lambda s: s.normal(s.n, s.d),
    "parameters": lambda s: s.normal(s.n, s.d),
    "radius": lambda s: 2.0,
    "margin": lambda s: 0.5,
    "separation2": lambda s: s.number(0, 4),
    "separations": lambda s: s.number(0.1, 4),
    "gap": lambda s: s.pick(0.01, 1e-6),
    "tasks": lambda s: [rows(s) for _ in range(2)],
    "passes": lambda s: s.pick(1, 3),
    "ridges": lambda s: s.pick(0.3, 1e-8),
    "ordering": lambda s: s.pick("cyclic", "random"),
    "step_sizes": lambda s: s.pick(0.5, 1e300, np.array([0.1, 10.0])),
    "loss": lambda s: s.pick("logistic", "tanh"),
    "fit": lambda s: "least-squares",
    "weight_decay": lambda s: 0.0,
    "normaliser": lambda s: s.pick("softmax", "stablemax"),
    "step_size": lambda s: 0.1,
    "labels": lambda s: s.rng.integers(3, size=s.n).astype(float),
    "checkpoints": lambda s: s.pick(2, 9),
    "momentum": lambda s: 0.0,
    "linear_margin": lambda s: 0.1,
    "slab_margin": lambda s: 0.05,
    "slabs": lambda s: s.pick(3, 5, 7),
    "corrupt_linear": lambda s: s.pick(0.0, 0.1),
    "decay": lambda s: 0.05,
    "degrees": lambda s: np.array([0.0, 1.0, 2.0]),
}
SPECIAL = {
    ("batch_perceptron", "y"): lambda s: s.rng.choice([-1.0, 1.0], s.n),
    ("perceptron_bounds", "n"): lambda s: 7,
    ("plug_in_error", "classes"): lambda s: s.pick(2, 7),
    ("plug_in_error", "d"): lambda s: s.number(1, 30),
    ("samples_to_reach", "d"): lambda s: s.number(1, 30),
    ("samples_to_reach", "rule"): lambda s: s.pick("plug-in", "discriminant"),
    ("logistic_descent", "y"): lambda s: s.rng.choice([-1.0, 1.0], s.n),
    ("relaxed_erasure", "X"): lambda s: s.rng.standard_normal((s.n + 4, 3)),
    ("relaxed_erasure", "y"): lambda s: np.where(np.arange(s.n + 4) % 3 == 0, 1.0, -1.0),
    ("relaxed_erasure", "rank"): lambda s: s.pick(1, 2),
    ("relaxed_erasure", "weight_decay"): lambda s: 0.1,
    ("relaxed_erasure", "steps"): lambda s: 300,
    ("softmax_descent", "start"): lambda s: 0.1 * s.rng.standard_normal((s.d, 3)),
    ("softmax_descent", "X"): lambda s: s.rng.standard_normal((s.n, s.d)),
    ("sequential_max_margin", "order"): lambda s: np.array([0.0, 1.0, 1.0]),
    ("continual_bounds", "tasks"): lambda s: 4,
    ("continual_bounds", "steps"): lambda s: np.array([0.0, 3.0, 9.0]),
    ("kernel_staircase", "d"): lambda s: 10,
    ("kernel_staircase", "ridge"): lambda s: 0.1,
    ("slab_data", "n"): lambda s: 10,
    ("slab_data", "d"): lambda s: 4,
    ("LogisticRun.cosine_to_margin", "self"): lambda s: solvers.logistic_descent(rows(s), np.ones(s.n), 0.5, 4),
}
_EDGE = "sums of a few terms without cancellation: 1e-13 against 50 digits in tests/known_answers"
_ENDS = "its condition is that of the active rows or of the fit, which a table of 50 digits holds at 1e-12"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["stablemax", "stablemax_loss", "collapse_gap", "bayes_error", "plug_in_error"], _EDGE),
    **dict.fromkeys(["perceptron_bounds", "largest_violation", "naive_minimisation_cosine", "perpendicular"], _EDGE),
    **dict.fromkeys(["max_margin", "project_onto_margin", "nullspace_projection", "erase_squared"], _ENDS),
    "erase_rayleigh": "the eigenvalues of LAPACK",
    "logistic_descent": "a simulation; a few of its steps are held at 1e-12 by 50 digits in tests/known_answers",
    "sequential_max_margin": _ENDS,
    "weak_regularisation_path": "its condition is that of the tasks' Gram matrix; 50 digits down to a ridge of 1e-300",
    "continual_bounds": "powers of 1 - x through log1p: 1e-11 against 50 digits",
    "relaxed_erasure": "an ascent that stops at a bound, 1e-9 of it",
    "softmax_descent": "rounding is its subject; doubles are compared with a plain loop in its tests",
    "slab_data": "draws",
    "slab_moments": _EDGE,
    "kernel_staircase": "the equation of effective_ridge, which has ratio tests",
    "samples_to_reach": _EDGE,
    "batch_perceptron": "sums of rows; a tie that rounding decides has no ratio",
}
NO_ANSWER = {
    "slab_data": "draws; slab_moments holds its moments",
    "softmax_descent": "its rounding depends on the exponential of the platform; tests compare it with a plain loop",
}
_RNG = np.random.default_rng(3)
_Z = np.column_stack([1 + _RNG.random(6), _RNG.standard_normal((6, 3))])
_X, _Y = _RNG.standard_normal((9, 4)), _RNG.standard_normal(9)
_SIGNS = np.where(_X[:, 0] > 0, 1.0, -1.0)
SCALES = {
    "max_margin": lambda c: c * solvers.max_margin(c * _Z).weights,
    "max_margin, margin": lambda c: solvers.max_margin(c * _Z).margin / c,
    "project_onto_margin": lambda c: c * solvers.project_onto_margin(c * _Z, np.array([0.3, -1, 2, 0.5]) / c).value,
    "largest_violation": lambda c: solvers.largest_violation(c * _Z, np.array([0.3, -1, 2, 0.5]) / c),
    "batch_perceptron": lambda c: solvers.batch_perceptron(c * _X, _SIGNS, 1000).weights / c,
    "erase_squared, inputs": lambda c: solvers.erase_squared(c * _X, _Y, 1).projector,
    "erase_rayleigh": lambda c: solvers.erase_rayleigh(c * _X[:4] @ _X[:4].T, 2).value / c,
    "nullspace_projection, inputs": lambda c: solvers.nullspace_projection(c * _X, _Y, 2).projector,
    "perpendicular": lambda c: solvers.perpendicular(c * _Y, _X[:, 0]) / c,
    "perpendicular, parameters": lambda c: solvers.perpendicular(_Y, c * _X[:, 0]),
    "naive_minimisation_cosine": lambda c: solvers.naive_minimisation_cosine(c * _Y, c * _X[:, 0]),
    "logistic_descent": lambda c: c * solvers.logistic_descent(c * _X, _SIGNS, 0.3 / c / c, 9).weights,
    "sequential_max_margin": lambda c: c * solvers.sequential_max_margin([c * _Z[:3], c * _Z[3:]], [0, 1], 2).weights,
    "continual_bounds": lambda c: solvers.continual_bounds(c, c / 4, 3, "cyclic", 9).forgetting,
    "relaxed_erasure": lambda c: solvers.relaxed_erasure(c * _X, _SIGNS, 1).value,
    "perceptron_bounds": lambda c: solvers.perceptron_bounds(2 * c, 0.5 * c, 7).batch,
}
SCALES_SQUARED = {
    "erase_squared, labels": lambda c: solvers.erase_squared(_X, c * _Y, 1).value / c**2,
    "nullspace_projection, labels": lambda c: solvers.nullspace_projection(_X, c * _Y, 2).value / c**2,
}
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["separable/naive-direction", "separable/projected-norm"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "bayes_error": lambda f: f(0.5),
    "collapse_gap": lambda f: f("float32", 3, "last"),
    "perceptron_bounds": lambda f: f(1.0, 0.5, 9),
    "plug_in_error": lambda f: f(20.0, 5.0, 1.0),
}
VECTORS = [
    "batch_perceptron",
    "erase_rayleigh",
    "erase_squared",
    "max_margin",
    "nullspace_projection",
    "perpendicular",
    "project_onto_margin",
    "stablemax",
]
DATA = ["largest_violation", "naive_minimisation_cosine", "stablemax_loss"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "bayes_error": lambda f: f(0.5),
    "collapse_gap": lambda f: f("float32", 3, "last"),
    "continual_bounds": lambda f: f(1.0, 0.5, 3, "random", 4.0),
    "kernel_staircase": lambda f: f(30.0, 10, 0.05, 1.0),
    "perceptron_bounds": lambda f: f(1.0, 0.5, 9),
    "plug_in_error": lambda f: f(20.0, 5.0, 1.0),
    "samples_to_reach": lambda f: f(0.01, 10.0, 2.25),
    "slab_moments": lambda f: f(0.1, 0.1),
}
VECTORS = [
    "batch_perceptron",
    "erase_rayleigh",
    "erase_squared",
    "logistic_descent",
    "max_margin",
    "nullspace_projection",
    "perpendicular",
    "project_onto_margin",
    "relaxed_erasure",
    "sequential_max_margin",
    "slab_data",
    "softmax_descent",
    "stablemax",
    "weak_regularisation_path",
]
DATA = ["largest_violation", "naive_minimisation_cosine", "stablemax_loss"]
