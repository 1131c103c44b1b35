"""Arguments of generalisation."""

import numpy as np
from data_moves import Case, Joint, Unit, whole

from solvable import solvers


class Stump:
    """Two leaves, told apart by the sign of the first feature."""

    def apply(self, X):
        return (np.asarray(X)[:, 0] > 0).astype(int)


def both_sides(rows):
    """Inputs of which the first two lie on either side."""
    rows[0, 0], rows[1, 0] = 1.0, -1.0
    return rows


def positive(s):
    root = s.rng.standard_normal((4, 6))
    return root @ root.T + 0.1 * np.eye(4)


def table(s):
    return s.rng.dirichlet(np.ones(6)).reshape(3, 2)


ARGUMENTS = {
    "weights": lambda s: s.rng.standard_normal((3, 4)),
    "forest": lambda s: Stump(),
    "X_train": lambda s: both_sides(s.rng.standard_normal((7, 4))),
    "frequencies": lambda s: s.rng.uniform(0.1, 2, 4),
    "n": lambda s: s.pick(3, 20),
    "total": lambda s: s.pick(2, 15),
    "orders": lambda s: s.pick(0, np.array([0.0, 1.0, 3.0])),
    "counts": lambda s: np.array([3.0, 0.0, 1.0]),
    "masses": lambda s: s.rng.uniform(0, 1, 3),
    "kernel": positive,
    "share": lambda s: s.pick(0.0, 1.0, np.array([0.25, 0.5])),
    "variance": lambda s: s.pick(0.0, 0.7),
    "y": lambda s: s.normal(4),
    "joint": lambda s: s.pick(table(s), np.stack([table(s), table(s)])),
    "lam": lambda s: s.pick(-0.5, 0.2, np.array([-2.0, 0.9])),
    "mean": lambda s: s.pick(0.0, 1.5),
    "loss": lambda s: s.pick("squared", "linear"),
    "central": lambda s: s.pick(False, True),
    "prior_variance": lambda s: 0.4,
    "noise_variance": lambda s: s.pick(0.0, 0.3),
    "delta": lambda s: 0.05,
    "d": lambda s: s.pick(25.0, np.array([[22.0], [30.0]])),
    "target": lambda s: s.pick(0.0, 2.0),
    "level": lambda s: s.pick(4.0, np.array([0.1, 60.0])),
    "bias": lambda s: s.normal(3),
}
SPECIAL = {
    ("forest_weights", "X"): lambda s: s.rng.standard_normal((5, 4)),
    ("forest_weights", "counts"): lambda s: s.pick(None, np.array([[1.0, 2, 0, 1, 1, 3, 0]])),
    ("interpolating_network", "X"): lambda s: s.rng.standard_normal((4, 3)),
    ("InterpolatingNetwork.predict", "X"): lambda s: s.rng.standard_normal((5, 3)),
    ("pac_bayes_linear", "X"): lambda s: s.rng.standard_normal((4, 3)),
    ("pac_bayes_linear", "lam"): lambda s: s.pick(0.3, 1.2),
    ("inductive_bias", "n"): lambda s: s.pick(0.0, np.array([3.0, 20.0])),
    ("bias_scaling", "level"): lambda s: np.array([0.1, 0.5, 2.0]),
}
_SUMS = "sums of positive terms, in logarithms where they spread: 1e-11 against 50 digits in tests/known_answers"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["effective_parameters", "excess_from_unfitted", "tail_mass", "inductive_bias"], _SUMS),
    **dict.fromkeys(["gaussian_cumulant", "log_sobolev_bound"], "terms of one sign; 1e-12 against 50 digits"),
    "forest_weights": "means over the rows of a leaf",
    "interpolating_network": "differences of slopes of the data; its tests hold its outputs at the labels",
    "random_label_norm": "a backward stable solve of LAPACK; its condition is that of the kernel",
    "loss_difference_information": "positive terms of a table; its tests hold small information to 1e-9",
    "pac_bayes_linear": "a solve of LAPACK and an integral refined until it settles; 1e-11 against 50 digits",
    "bias_scaling": "least squares on two columns",
}
NO_ANSWER = {
    "forest_weights": "it takes a fitted forest; its tests hold its predictions at those of scikit-learn",
    "interpolating_network": "it draws a direction; its tests hold its outputs at the labels",
}
_RNG = np.random.default_rng(11)
_W, _X, _Y, _PI = (
    _RNG.standard_normal((3, 4)),
    _RNG.standard_normal((6, 2)),
    _RNG.standard_normal(6),
    _RNG.random(5) + 1,
)
_K = _X @ _X.T + np.eye(6)
SCALES = {
    "tail_mass": lambda c: solvers.tail_mass(c * _PI, 12, 9, [0, 3]),
    "excess_from_unfitted": lambda c: solvers.excess_from_unfitted([1, 2], [c, 3 * c]) / c,
    "random_label_norm": lambda c: c * solvers.random_label_norm(c * _K, _Y, 0.3),
    "interpolating_network, inputs": lambda c: solvers.interpolating_network(c * _X, _Y).predict(c * _X),
    "interpolating_network, labels": lambda c: solvers.interpolating_network(_X, c * _Y).outer / c,
    "bias_scaling": lambda c: solvers.bias_scaling([0.1, 0.5, 2.0], c * _Y[:3]).dimensions / c,
}
SCALES_SQUARED = {
    "effective_parameters": lambda c: solvers.effective_parameters(c * _W) / c**2,
    "random_label_norm, labels": lambda c: solvers.random_label_norm(_K, c * _Y, 0.3) / c**2,
    "gaussian_cumulant": lambda c: solvers.gaussian_cumulant(0.2 / c**2, c, 2 * c**2),
    "log_sobolev_bound": lambda c: solvers.log_sobolev_bound(0.2 / c**2, c, 2 * c**2),
    "pac_bayes_linear": lambda c: solvers.pac_bayes_linear(
        _X, c * _Y, 0.3 / c**2, c**2, 0.5 * c**2, 2 * c**2).bound / c**2,
}  # fmt: skip
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["generalisation/parameters-of-a-tree", "generalisation/pac-bayes-linear"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "gaussian_cumulant": lambda f: f(0.2, 1.0, 0.5),
    "log_sobolev_bound": lambda f: f(0.2, 1.0, 0.5),
    "inductive_bias": lambda f: f(12, 8, 2.0, 1.0),
    "tail_mass": lambda f: f([1.0, 2.0], 10, 5, 1),
}
VECTORS = ["forest_weights", "interpolating_network", "pac_bayes_linear"]
DATA = [
    "bias_scaling",
    "effective_parameters",
    "excess_from_unfitted",
    "loss_difference_information",
    "random_label_norm",
]

DATA_NAMES = {"weights", "X", "X_train", "counts", "frequencies", "masses", "y", "kernel"}
NO_CASE = {"InterpolatingNetwork.predict": "the case of interpolating_network calls it"}


def _forest(g):
    return {
        "X": whole(g, 5, 3),
        "X_train": both_sides(whole(g, 7, 3)),
        "counts": g.integers(1, 4, (1, 7)).astype(float),
    }


def _network(g):
    return {"X": np.column_stack([g.permutation(30)[:8], whole(g, 8)]).astype(float), "y": whole(g, 8)}


def _kernel(g):
    root = whole(g, 5, 7)
    return {"kernel": root @ root.T + 30 * np.eye(5), "y": whole(g, 5)}


def _fitted(X, y):
    net = solvers.interpolating_network(X, y)
    return [net.predict(X)]


def _bound(X, y):
    found = solvers.pac_bayes_linear(X, y, 0.3, 0.5, 0.2, 1.0)
    return [found.mean, found.bound, found.divergence]


CASES = {
    "effective_parameters": Case(
        lambda g: {"weights": whole(g, 5, 4)},
        lambda **d: [solvers.effective_parameters(**d)],
        [Joint({"weights": (0,)}), Joint({"weights": (1,)}), Unit({"weights": 1}, [2])],
    ),
    "forest_weights": Case(
        _forest,
        lambda **d: [solvers.forest_weights(Stump(), **d)],
        [Joint({"X": (0,)}, [(0,)]), Joint({"X_train": (0,), "counts": (1,)}, [(1,)]), Unit({"counts": 1})],
    ),
    "tail_mass": Case(
        lambda g: {"frequencies": g.integers(1, 12, 6).astype(float)},
        lambda **d: [solvers.tail_mass(**d, n=20, total=9, orders=[0, 1, 4])],
        [Joint({"frequencies": (0,)}), Unit({"frequencies": 1})],
    ),
    "excess_from_unfitted": Case(
        lambda g: {"counts": whole(g, 4, low=0), "masses": whole(g, 4, low=0)},
        lambda **d: [solvers.excess_from_unfitted(**d)],
        [Joint({"counts": (0,), "masses": (0,)}), Unit({"masses": 1}, [1])],
    ),
    "interpolating_network": Case(
        _network,
        lambda **d: _fitted(**d),
        [Joint({"X": (0,), "y": (0,)}, [(0,)]), Unit({"y": 1}, [1]), Unit({"X": 1})],
        rtol=1e-8,
        single=1e-4,
    ),
    "random_label_norm": Case(
        _kernel,
        lambda **d: [solvers.random_label_norm(**d, share=[0.0, 0.3, 1.0])],
        [Joint({"kernel": (0, 1), "y": (0,)}), Unit({"kernel": 1}, [-1]), Unit({"y": 1}, [2])],
        rtol=1e-8,
        single=1e-4,
    ),
    "pac_bayes_linear": Case(
        lambda g: {"X": whole(g, 7, 3), "y": whole(g, 7)},
        lambda **d: _bound(**d),
        [Joint({"X": (0,), "y": (0,)}), Joint({"X": (1,)}, [(0,)])],
        rtol=1e-8,
        single=1e-4,
    ),
}
