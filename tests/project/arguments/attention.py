"""Arguments of attention."""

import numpy as np

from solvable import solvers


def rows(s, *shape):
    x = np.random.default_rng(s.n + 10 * s.d).standard_normal((*shape, s.d + 1))
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def problem(s):
    """Tokens, queries and scores that go together, whatever has been drawn before."""
    rng = np.random.default_rng(7 * s.n + s.d)
    return rng.standard_normal((2, 3, 5)), rng.standard_normal((2, 5)), rng.standard_normal((2, 3))


ARGUMENTS = {
    "m1": lambda s: s.number(-2, 2),
    "m2": lambda s: s.number(-2, 2),
    "r": lambda s: s.number(-1, 1),
    "queries": lambda s: rows(s, s.n),
    "keys": lambda s: rows(s, s.n, 3),
    "queries2": lambda s: None,
    "keys2": lambda s: None,
    "weights": lambda s: s.pick("centred", "biased"),
    "activation": lambda s: s.pick("relu", "exp"),
    "heads": lambda s: 4,
    "tokens": lambda s: problem(s)[0],
    "scores": lambda s: problem(s)[2],
    "selected": lambda s: np.array([0, 2]),
    "norm": lambda s: s.pick("frobenius", "nuclear"),
    "mask": lambda s: None,
    "step_size": lambda s: s.rng.uniform(0.01, 0.2),
    "steps": lambda s: 20,
    "parametrisation": lambda s: s.pick("weights", "key-query"),
    "gradient": lambda s: s.pick("stable", "naive"),
    "initial_scale": lambda s: 0.01,
    "seeds": lambda s: s.pick(1, 2),
    "checkpoints": lambda s: s.pick(1, 3),
    "tolerance": lambda s: 1e-6,
    "radii": lambda s: np.array([1.0, 5.0]),
}
SPECIAL = {
    (name, "queries"): lambda s: problem(s)[1]
    for name in ("attention_margin", "locally_optimal", "attention_descent", "regularisation_path")
} | {
    ("distance_attention", "keys"): lambda s: np.random.default_rng(s.n).standard_normal((4, s.d + 1)),
    ("distance_attention", "values"): lambda s: np.random.default_rng(s.d).standard_normal(4),
    ("distance_attention", "exponent"): lambda s: s.pick(0.5, 2.0, np.inf),
}
_X, _Z, _ = problem(type("Sizes", (), {"n": 1, "d": 1}))
SCALES = {
    "distance_attention": lambda c: solvers.distance_attention(c * _Z, c * _X[0], [c, 2 * c, 5 * c], 3.0).value / c,
}
SCALES_SQUARED = {
    "attention_margin": lambda c: c**2 * solvers.attention_margin(c * _X, c * _Z, [0, 2]).weights,
    "attention_margin, nuclear": lambda c: c * solvers.attention_margin(c * _X, _Z, [0, 2], "nuclear").norm,
}
# why a public solver has no ratio test
_RATIO = "tests/known_answers, to 1e-12 where its terms do not cancel"
NO_RATIO = {
    "bivariate_relu": f"a quadrature: {_RATIO}",
    "attention_kernel": f"sums of bivariate_relu: {_RATIO}",
    "vector_kernel": f"one arc cosine: {_RATIO}",
    "random_attention_features": "a simulation",
    "distance_attention": "ratios of powers: tests/solvers/attention/test_distance_attention.py, known answers",
    "attention_margin": "max_margin, and an iteration that stops at a gap of 1e-9",
    "locally_optimal": "returns true or false",
    "attention_descent": "a simulation",
    "regularisation_path": "a minimiser with its own tolerance",
}
# why a public solver has no known answers: they are no numbers, or not numbers of their own
NO_ANSWER = {
    "random_attention_features": "draws random heads; attention_kernel holds their moments",
    "locally_optimal": "returns true or false",
    "attention_descent": "a simulation from random starts",
}
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["attention/feasible", "attention/margin-one"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {"bivariate_relu": lambda f: f(0.5, 0.2, 0.3)}
VECTORS = [
    "attention_descent",
    "attention_kernel",
    "attention_margin",
    "distance_attention",
    "random_attention_features",
    "regularisation_path",
    "vector_kernel",
]
DATA = ["locally_optimal"]
