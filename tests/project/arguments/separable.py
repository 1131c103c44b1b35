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
}
SPECIAL = {
    ("batch_perceptron", "y"): lambda s: s.rng.choice([-1.0, 1.0], s.n),
    ("perceptron_bounds", "n"): lambda s: 7,
    ("plug_in_error", "d"): lambda s: s.number(1, 30),
}
_EDGE = "sums of a few terms without cancellation: 1e-13 against 50 digits in tests/known_answers"
_ENDS = "its condition is that of the active rows or of the fit, which a table of 50 digits holds at 1e-12"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["stablemax", "stablemax_loss", "collapse_gap", "bayes_error", "plug_in_error"], _EDGE),
    **dict.fromkeys(["perceptron_bounds", "largest_violation", "naive_minimisation_cosine", "perpendicular"], _EDGE),
    **dict.fromkeys(["max_margin", "project_onto_margin", "nullspace_projection", "erase_squared"], _ENDS),
    "erase_rayleigh": "the eigenvalues of LAPACK",
    "batch_perceptron": "sums of rows; a tie that rounding decides has no ratio",
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
