"""Arguments of embeddings."""

import numpy as np
from data_moves import Case, Joint, Unit, whole

from solvable import solvers

ARGUMENTS = {
    "rank": lambda s: 1,
    "ridge": lambda s: s.pick(0.1, 1e-3),
    "scaling": lambda s: s.pick(None, s.rng.uniform(0.5, 2.0, 1)),
    "items": lambda s: s.normal(s.n, s.d),
    "theta": lambda s: np.array([1.0, 0.0, -2.0]),
    "dual": lambda s: np.array([0.5, 0.25]),
    "tolerance": lambda s: 10.0,
    "form": lambda s: s.pick("symmetric", "one-sided"),
    "entries": lambda s: np.array([[0, 0, 2.0], [1, 1, -1.0], [1, 0, 0.5]]),
    "shape": lambda s: (2, 3),
    "Y": lambda s: s.rng.standard_normal((s.n + 6, 2)),
    "order": lambda s: s.pick(1, 2),
    "score": lambda s: "gaussian",
    "combine": lambda s: s.pick("sum-of-squares", "sum"),
    "A": lambda s: s.rng.standard_normal((4, 2)),
    "B": lambda s: s.rng.standard_normal((4, 2)),
    "gradient": lambda s: s.rng.standard_normal((3, 2)),
    "second_moment": lambda s: np.eye(3) + 0.2,
    "p": lambda s: s.pick(2, 9),
    "W": lambda s: s.rng.standard_normal((2, 5)),
    "target": lambda s: s.rng.standard_normal(2),
    "norm": lambda s: s.pick(1, 2),
    "nu": lambda s: s.rng.standard_normal(4),
    "budget": lambda s: s.pick(1.0, 30.0),
}
SPECIAL = {
    ("factor_penalty", "X"): lambda s: s.rng.standard_normal((s.n + 1, s.d + 1)),
    ("factor_penalty", "ridge"): lambda s: s.pick(0.0, 0.05),
    ("item_model", "X"): lambda s: s.normal(s.n, s.d + 1),
    ("lasso_representers", "X"): lambda s: s.rng.standard_normal((2, 3)),
    ("nuclear_representers", "X"): lambda s: s.rng.standard_normal((2, 3, 4)),
    ("nuclear_representers", "theta"): lambda s: s.rng.standard_normal((3, 4)),
    ("index_space", "X"): lambda s: s.rng.standard_normal((s.n + 6, 3)),
}
_LAPACK = "singular values or an inverse of LAPACK, relative to the largest: 50 digits in tests/known_answers"
_SUMS = "sums of products: 1e-12 against 50 digits in tests/known_answers"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["product_penalty", "factor_penalty", "item_model", "subspace_distance"], _LAPACK),
    **dict.fromkeys(["first_order_variance", "index_space", "relevance"], _LAPACK),
    **dict.fromkeys(["item_cosines", "lasso_representers", "nuclear_representers", "allocation_cost"], _SUMS),
    "nuclear_completion": "an iteration that stops at a duality gap, which it reports",
    "lasso_relevance": "an iteration that stops at 1e-15 of its answer; every active set tried at 50 digits",
}
NO_ANSWER = {}
_RNG = np.random.default_rng(6)
_X, _W = _RNG.standard_normal((7, 4)), _RNG.standard_normal((3, 8))
_Y = np.column_stack([_X[:, 0], _X[:, 1] ** 2])
SCALES = {
    "item_cosines": lambda c: solvers.item_cosines(c * _X),
    "subspace_distance": lambda c: solvers.subspace_distance(c * _X[:, :2], _X[:, 1:3]),
    "index_space": lambda c: solvers.index_space(c * _X, _Y, 1).strengths * c,
    "allocation_cost": lambda c: solvers.allocation_cost(np.sqrt(c) * _X[0], 3.0).best / c,
    "relevance": lambda c: solvers.relevance(c * _W, _X[0, :3], 1) * c,
    "relevance, norm 2": lambda c: solvers.relevance(_W, c * _X[0, :3], 2) / c,
    "lasso_relevance": lambda c: solvers.lasso_relevance(c * _W, _X[0, :3], 0.1 * c) * c,
    "factor_penalty": lambda c: solvers.factor_penalty(c * _X, 0.1 * c, 2).gram,
    "first_order_variance": lambda c: solvers.first_order_variance([[0.5], [0.2]], c * np.eye(2), 9) / c,
    "nuclear_completion": lambda c: solvers.nuclear_completion(
        [[0, 0, 2.0 * c], [1, 1, c], [0, 1, -c]], (2, 2), 0.3 * c).value / c,
    "lasso_representers": lambda c: solvers.lasso_representers(
        _X[:2, :3], [c, 0.0, -c], [0.5, 0.2], tolerance=9.0).kernel / c,
    "nuclear_representers": lambda c: solvers.nuclear_representers(
        _X[:2, :3, None], c * np.ones((3, 1)), [0.5, 0.2], tolerance=9.0).kernel / c,
}  # fmt: skip
SCALES_SQUARED = {
    "product_penalty": lambda c: solvers.product_penalty(c * _X, 0.3 * c**2, 2).gram,
    "item_model": lambda c: solvers.item_model(c * _X, 0.3 * c**2).weights,
    "item_model, value": lambda c: solvers.item_model(c * _X, 0.3 * c**2).objective / c**2,
}  # fmt: skip
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["embeddings/cosines-are-arbitrary", "embeddings/first-order-misses-even-links"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {}
VECTORS = [
    "factor_penalty",
    "index_space",
    "item_cosines",
    "item_model",
    "lasso_relevance",
    "lasso_representers",
    "nuclear_completion",
    "nuclear_representers",
    "product_penalty",
    "relevance",
]
DATA = ["allocation_cost", "first_order_variance", "subspace_distance"]

DATA_NAMES = {"X", "Y", "W", "target", "entries", "items", "A", "B"}
NO_CASE = dict.fromkeys(["lasso_representers", "nuclear_representers"], "take an optimum and its dual, not data")

_ROWS, _COLUMNS = Joint({"X": (0,)}), Joint({"X": (1,)}, [(0, 1)])
_TASKS = [Joint({"W": (1,)}, [(0,)]), Joint({"W": (0,), "target": (0,)})]


def _tasks(g):
    return {"W": whole(g, 3, 5), "target": whole(g, 3, low=1)}


CASES = {
    "product_penalty": Case(
        lambda g: {"X": whole(g, 7, 4)},
        lambda X: [solvers.product_penalty(X, 0.5, 2).gram],
        [_ROWS, _COLUMNS],
        rtol=1e-7,
        single=1e-3,
    ),
    "factor_penalty": Case(
        lambda g: {"X": whole(g, 7, 4)},
        lambda X: [solvers.factor_penalty(X, 0.5, 2).gram],
        [_ROWS, _COLUMNS],
        rtol=1e-7,
        single=1e-3,
    ),
    "item_model": Case(
        lambda g: {"X": whole(g, 7, 4)},
        lambda X: [solvers.item_model(X, 0.5).weights],
        [_ROWS, _COLUMNS],
        rtol=1e-8,
        single=1e-4,
    ),
    "item_cosines": Case(
        lambda g: {"items": whole(g, 4, 3)},
        lambda items: [solvers.item_cosines(items)],
        [Joint({"items": (0,)}, [(0, 1)]), Joint({"items": (1,)}), Unit({"items": 1})],
    ),
    "index_space": Case(
        lambda g: {"X": whole(g, 12, 3), "Y": whole(g, 12, 2)},
        lambda **d: [solvers.index_space(**d, rank=1).strengths],
        [Joint({"X": (0,), "Y": (0,)}), Joint({"X": (1,)}), Unit({"Y": 1}, [1])],
        rtol=1e-8,
        single=1e-3,
    ),
    "subspace_distance": Case(
        lambda g: {"A": whole(g, 5, 2), "B": whole(g, 5, 2)},
        lambda **d: [solvers.subspace_distance(**d)],
        [Joint({"A": (0,), "B": (0,)}), Joint({"A": (1,)}), Unit({"A": 1}), Unit({"B": 1})],
        rtol=1e-8,
        single=1e-3,
    ),
    "relevance": Case(
        _tasks, lambda **d: [solvers.relevance(**d, norm=2)], [*_TASKS, Unit({"target": 1}, [1])], single=1e-3
    ),
    "lasso_relevance": Case(_tasks, lambda **d: [solvers.lasso_relevance(**d, ridge=0.5)], _TASKS, single=1e-3),
    "nuclear_completion": Case(
        lambda g: {"entries": np.c_[[0, 1, 1, 2], [0, 1, 0, 1], whole(g, 4)]},
        lambda entries: [solvers.nuclear_completion(entries, (3, 2), 0.5).value],
        [Joint({"entries": (0,)})],
        rtol=1e-5,
        fixed=("entries",),
    ),
}
