"""Arguments of regression beyond ridge."""

import numpy as np
from data_moves import Case, Joint, Offset, Unit, whole

from solvable import solvers

ARGUMENTS = {
    "n": lambda s: 60.0,
    "d": lambda s: s.pick(3.0, 5.0),
    "bag": lambda s: s.pick(1.0, 2.0, 4.0, 10.0),
    "rho": lambda s: s.pick(0.0, 0.3, 1.0, 1e-12, s.number(0, 3)),
    "privacy_variance": lambda s: s.pick(0.0, s.number(0, 30)),
    "responses": lambda s: s.normal(6),
    "x": lambda s: s.normal(9),
    "y": lambda s: s.normal(9),
    "fit": lambda s: solvers.linear_spline_fit(s.normal(9), s.normal(9), 0.05),
    "points": lambda s: s.normal(3),
    "multiplier": lambda s: s.rng.uniform(0.01, 1, 8),
    "order": lambda s: s.pick(-1.0, 0.0, 0.5),
    "frequencies": lambda s: s.pick(None, np.arange(8.0)),
    "convention": lambda s: s.pick("cycles", "angular"),
    "steps": lambda s: np.array([0.0, 3.0, np.inf]),
    "step_size": lambda s: 1e-4,
    "Lambda": lambda s: 0.3 * s.rng.standard_normal((4, 4)),
    "Omega": lambda s: np.diag(s.rng.uniform(0.5, 2, 4)),
    "graph": lambda s: np.where(s.rng.random((4, 4)) < 0.6, s.rng.standard_normal((4, 4)), 0.0),
    "symbolic": lambda s: s.pick(False, False, True),
}
SPECIAL = {
    ("aggregate_fit", "X"): lambda s: s.normal(12, 3),
    ("aggregate_fit", "rho"): lambda s: s.pick(0.0, 0.3, 1.0),
    ("linear_spline_fit", "ridge"): lambda s: s.pick(0.0, 0.1, 3.0),
    ("sobolev_filter", "ridge"): lambda s: s.pick(0.0, 0.1, 3.0),
    ("optimal_bag", "n"): lambda s: s.pick(12, 60),
    ("optimal_bag", "d"): lambda s: s.pick(2, 4),
    ("optimal_bag", "noise_variance"): lambda s: 0.5,
    ("optimal_bag", "privacy_variance"): lambda s: s.pick(0.0, 30.0),
    ("SplineNetwork.output", "self"): lambda s: solvers.spline_network(ARGUMENTS["fit"](s)),
}
_SUMS = "sums of a few terms without cancellation: 1e-11 against 50 digits in tests/known_answers"
_SOLVE = "a backward stable solve of LAPACK; its condition is that of the rows"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["aggregate_risk", "optimal_bag", "minimal_total_variation", "condition_number"], _SUMS),
    **dict.fromkeys(["sobolev_filter", "sobolev_descent"], "one expression for each frequency"),
    **dict.fromkeys(["aggregate_fit", "structural_covariance"], _SOLVE),
    "linear_spline_fit": "it reports its own dual gap, which its tests hold at rounding of the objective",
    "spline_network": "square roots of the changes of slope that it is given",
    "path_weights": "the rule sums over paths; its tests compare it with the inverse over conditions up to 1e6",
}
NO_ANSWER = {"spline_network": "it takes a fit; its tests hold the network's output at the fit's values"}
_RNG = np.random.default_rng(5)
_X, _R, _T, _Y = _RNG.standard_normal((12, 3)), _RNG.standard_normal(6), _RNG.random(12), _RNG.standard_normal(12)
_A = _RNG.uniform(0.1, 1, 8)
SCALES = {
    "aggregate_fit": lambda c: c * solvers.aggregate_fit(c * _X, _R, 0.3),
    "aggregate_fit, responses": lambda c: solvers.aggregate_fit(_X, c * _R, 0.3) / c,
    "aggregate_risk": lambda c: solvers.aggregate_risk(120, 9, 3, 0.4, c, 2 * c, 3 * c).test / c,
    "optimal_bag": lambda c: solvers.optimal_bag(12, 2, c, 2 * c, 3 * c).excess / c,
    "minimal_total_variation": lambda c: solvers.minimal_total_variation(c * _T, _Y) * c,
    "linear_spline_fit, inputs": lambda c: solvers.linear_spline_fit(c * _T, _Y, 0.02 * c).values,
    "linear_spline_fit, labels": lambda c: solvers.linear_spline_fit(_T, c * _Y, 0.02 * c).values / c,
    "spline_network": lambda c: solvers.spline_network(solvers.linear_spline_fit(_T, c * _Y, 0.0)).penalty / c,
    "condition_number": lambda c: solvers.condition_number(c * _A, 0.5),
    "structural_covariance": lambda c: solvers.structural_covariance(0.1 * _X[:3], c * np.eye(3)) / c,
}
SCALES_SQUARED = {
    "sobolev_filter": lambda c: c * solvers.sobolev_filter(c * _A, 0.5, 0.1 * c**2),
    "sobolev_descent": lambda c: c * solvers.sobolev_descent(c * _A, 0.5, 0.1 / c**2, [1, 9]),
}
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["regression/path-rule", "regression/best-mixture-beats-both"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "aggregate_risk": lambda f: f(200, 25, 4, 0.3, 0.25),
    "optimal_bag": lambda f: f(12, 2, 0.5).excess,
}
VECTORS = [
    "aggregate_fit",
    "path_weights",
    "sobolev_descent",
    "sobolev_filter",
    "spline_network",
    "structural_covariance",
]
DATA = ["condition_number", "linear_spline_fit", "minimal_total_variation"]

DATA_NAMES = {"X", "responses", "x", "y"}


def _points(g):
    return {"x": g.permutation(24)[:8].astype(float), "y": whole(g, 8)}


_IN_ORDER = Joint({"x": (0,), "y": (0,)})
CASES = {
    "aggregate_fit": Case(
        lambda g: {"X": whole(g, 12, 3), "responses": whole(g, 6)},
        lambda **d: [solvers.aggregate_fit(**d, rho=0.3)],
        [Joint({"X": (1,)}, [(0,)]), Unit({"responses": 1}, [1]), Unit({"X": 1}, [-1])],
        rtol=1e-8,
        single=1e-4,
    ),
    "linear_spline_fit": Case(
        _points,
        lambda **d: [solvers.linear_spline_fit(**d, ridge=0.5).objective],
        [_IN_ORDER, Offset(["x"]), Offset(["y"], most=16)],
        rtol=1e-8,
        single=1e-4,
    ),
    "minimal_total_variation": Case(
        _points,
        lambda **d: [solvers.minimal_total_variation(**d)],
        [_IN_ORDER, Offset(["x"]), Offset(["y"], most=16), Unit({"x": 1}, [-1]), Unit({"y": 1}, [1])],
        rtol=1e-8,
        single=1e-4,
    ),
}
