"""Arguments of feature learning."""

import numpy as np
from data_moves import Case, Joint, Unit, whole

from solvable import solvers

ARGUMENTS = {
    "mean": lambda s: np.array([0.5, -0.25]),
    "second": lambda s: np.array([[2.0, 0.5], [0.5, 1.25]]),
    "mean0": lambda s: np.array([0.5, -0.25]),
    "second0": lambda s: np.array([[2.0, 0.5], [0.5, 1.25]]),
    "beta": lambda s: s.pick(np.array([1.0, -1.0]), np.array([np.sqrt(2), 0.0])),
    "output_scale": lambda s: s.number(0.3, 3),
    "alignment": lambda s: s.number(0.1, 1),
    "centred": lambda s: s.pick(True, False),
    "times": lambda s: s.pick(np.array([0.0, 0.5]), np.array([1.0])),
    "gamma": lambda s: s.pick(0.5, 1.0, np.array([[0.3], [2.0]])),
    "a": lambda s: s.pick(np.array([0.0, 0.5]), np.array([-0.5, 0.0, 0.5])),
    "b": lambda s: np.zeros(2),
    "c": lambda s: s.pick(0.0, -1.0),
    "theta": lambda s: s.number(-1, 1),
    "name": lambda s: s.pick("ntk", "standard", "mup"),
    "depth": lambda s: s.pick(1, 3),
    "X": lambda s: s.rng.standard_normal((4, 3)),
    "y": lambda s: s.rng.standard_normal(4),
    "step_size": lambda s: 0.05,
    "steps": lambda s: s.pick(1, 5),
    "variances": lambda s: s.pick((1.0, 1.0), (0.5, 2.0)),
    "batch": lambda s: s.pick(1, "full"),
    "p": lambda s: s.pick(3, 7),
    "width": lambda s: s.pick(6, 20),
    "task": lambda s: s.pick("add", "subtract"),
    "rows": lambda s: s.rng.standard_normal((3, 5)),
    "weights": lambda s: solvers.modular_addition_weights(5, 8, 0),
}
SPECIAL = {
    ("quadratic_network_risk", "start"): lambda s: s.pick(None, (np.zeros(2), np.eye(2))),
    ("maximal_update_moments", "start"): lambda s: s.pick(None, (np.eye(3), np.zeros(3), 0.5)),
    ("Parametrisation", "a"): lambda s: np.array([0.0, 0.5]),
}
MAKERS = {"Parametrisation": lambda s: solvers.parametrisation(s.pick("ntk", "mup"), s.pick(1, 2))}
_SUMS = "sums of products: 1e-12 against 50 digits in tests/known_answers"
_HALVES = "sums of a few exponents, which are exact for halves and rounded for others"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(
        ["quadratic_network_risk", "maximal_update_moments", "participation_ratio", "modular_logits"], _SUMS
    ),
    "quadratic_network_flow": "adaptive steps, 1e-9 against extrapolated particles at 30 digits",
    "linear_grokking": "a Bessel function of SciPy and a quadrature: 1e-12 against 35 digits from t = 0 to a million",
    "parametrisation": _HALVES,
    "modular_addition_weights": "draws",
    "logit_margin": "one quotient",
}
NO_ANSWER = {
    "parametrisation": "a table of halves, which a claim compares with counted exponents",
    "modular_addition_weights": "draws; logit_margin holds the means of their logits",
    "modular_logits": "takes a record of weights; tests and a claim compare it with sums over neurons",
}
_RNG = np.random.default_rng(12)
_MEAN, _SECOND, _BETA = np.array([0.5, -0.25]), np.array([[2.0, 0.5], [0.5, 1.25]]), np.array([1.0, -1.0])
_X, _Y = _RNG.standard_normal((5, 3)), _RNG.standard_normal(5)
_WEIGHTS = solvers.modular_addition_weights(5, 8, 0)
SCALES = {
    "participation_ratio": lambda c: solvers.participation_ratio(c * _X),
    "maximal_update_moments": lambda c: solvers.maximal_update_moments(
        c * _X, _Y, 0.05 / c, 6, (1 / c, 1 / c), "full").outputs,
    "modular_logits": lambda c: solvers.modular_logits(solvers.ModularWeights(
        _WEIGHTS.U, _WEIGHTS.V, c * _WEIGHTS.W, _WEIGHTS.frequencies)) / c,
}  # fmt: skip
# larger weights are a smaller output scale and a smaller alignment
SCALES_SQUARED = {
    "quadratic_network_risk": lambda c: solvers.quadratic_network_risk(
        c * _MEAN, c**2 * _SECOND, (0 * _MEAN, c**2 * np.eye(2)), _BETA, 1.5 / c, 0.5 / c).test,
    "quadratic_network_flow": lambda c: solvers.quadratic_network_flow(
        c * _MEAN, c**2 * _SECOND, _BETA, 1.5 / c, 0.5 / c, [c**2 * 1.0]).risk.test,
}  # fmt: skip
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["feature-learning/wide-enough-is-right", "feature-learning/steps-break-the-balance"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "linear_grokking": lambda f: f(0.5, 1.0),
    "logit_margin": lambda f: f(7),
}
VECTORS = [
    "maximal_update_moments",
    "modular_addition_weights",
    "modular_logits",
    "parametrisation",
    "quadratic_network_flow",
]
DATA = ["participation_ratio", "quadratic_network_risk"]

DATA_NAMES = {"X", "y", "rows"}
NO_CASE = {}


CASES = {
    "maximal_update_moments": Case(
        lambda g: {"X": whole(g, 5, 3), "y": whole(g, 5)},
        lambda **d: [solvers.maximal_update_moments(**d, step_size=1e-3, steps=4, batch="full").suv],
        [Joint({"X": (0,), "y": (0,)}), Joint({"X": (1,)}, [(0,)])],
        single=1e-3,
    ),
    "participation_ratio": Case(
        lambda g: {"rows": whole(g, 3, 6) + 0.5},
        lambda rows: [solvers.participation_ratio(rows)],
        [Joint({"rows": (0,)}, [(0,)]), Unit({"rows": 1})],
    ),
}
