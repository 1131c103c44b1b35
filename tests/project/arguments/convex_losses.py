"""Arguments of convex losses."""

import numpy as np

from solvable import solvers
from solvable.solvers import Spectrum

LOSSES = ("square", "logistic", "hinge", "squared_hinge", "huber", "absolute")


def labels(s):
    return s.pick(1.0, -1.0)


ARGUMENTS = {
    "loss": lambda s: s.pick(*LOSSES),
    "y": labels,
    "z": lambda s: s.normal(3),
    "omega": lambda s: s.normal(3),
    "V": lambda s: s.number(0.1, 3),
    "teacher": lambda s: s.pick("sign", "logistic"),
    "noise": lambda s: s.number(0.1, 1),
    "cross": lambda s: None,
    "signal": lambda s: s.number(0.1, 3),
    "separation": lambda s: s.number(0.5, 2),
    "ratio": lambda s: s.number(0.5, 4),
    "balance": lambda s: s.pick(0.5, 0.3),
    "kappa": lambda s: s.number(0.01, 0.2),
    "gamma": lambda s: s.number(0.5, 1.5),
}
MAKERS = {"Overlaps": lambda s: solvers.state_evolution(s.spectrum(), 5.0, 0.3, "hinge").overlaps}
SPECIAL = {
    ("mixture_risk", "ridge"): lambda s: s.number(0.1, 3),
}
_FIXED = "a root of Gaussian integrals; its residual is recomputed on finer panels, and 1e-10 holds against 30 digits"
NO_RATIO = {
    "state_evolution": _FIXED,
    "logistic_bias": _FIXED,
    "margin_law": _FIXED,
    "mixture_risk": _FIXED,
    "separability_threshold": _FIXED,
    "best_ridge": "a minimum found to the root of rounding",
    "convex_loss": "elementary; 1e-12 against 40 digits",
    "moreau_envelope": "elementary but for the logistic loss; 1e-13 against 40 digits",
    "proximal_map": "elementary but for the logistic loss; 1e-14 against 50 digits from -700 to 700",
}
NO_ANSWER = {
    "best_ridge": "a place of a minimum: tests find it flat there, and the errors beside it larger",
}
_S, _V = 10.0 ** -np.linspace(0, 2, 6), np.linspace(1, 2, 6)
SCALES = {
    "state_evolution": lambda c: solvers.state_evolution(
        Spectrum(c * _S, _V), 20.0, 0.3 * c, "hinge", "sign", 0.2).test_error,
    "state_evolution, logistic": lambda c: solvers.state_evolution(
        Spectrum(c * _S, _V), 20.0, 0.3 * c, "logistic").train_loss,
}  # fmt: skip
SCALES_SQUARED = {
    "margin_law": lambda c: solvers.margin_law(Spectrum(c**2 * _S, _V), 8.0, noise=0.5).margin / c,
}
SAME_BITS = ["convex-losses/mixture-bayes", "convex-losses/best-ridge-is-infinite"]

_SPECTRUM = Spectrum([2.0, 0.5], [1.0, 0.5], [4.0, 8.0])
SCALARS = {
    "best_ridge": lambda f: f(1.0, 2.0, "square", 0.3),
    "convex_loss": lambda f: f("huber", 1.0, 0.3),
    "logistic_bias": lambda f: f(0.1, 1.0),
    "margin_law": lambda f: f(_SPECTRUM, 10.0, noise=0.5),
    "mixture_risk": lambda f: f(1.0, 2.0, 0.3, "square"),
    "moreau_envelope": lambda f: f("logistic", 1.0, 0.3, 2.0),
    "proximal_map": lambda f: f("logistic", 1.0, 0.3, 2.0),
    "separability_threshold": lambda f: f(1.0),
    "state_evolution": lambda f: f(_SPECTRUM, 10.0, 0.3, "hinge"),
}
VECTORS = []
DATA = []
DATA_NAMES = set()
NO_CASE = {}
CASES = {}
