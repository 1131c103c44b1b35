"""Claims about the flow to a mixture that a few pairs teach."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

from solvable.analysis.denoising.experiments import flows
from solvable.analysis.denoising.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import mixture_flow

__all__ = ["FLOW_CLAIMS"]

_PAPER = Source("cui2024analysis")
_FIELD = Source("cui2024analysis", "autoencoder as in the authors' notebook")
_FLOW = Source("cui2024analysis", "this solution derived in docs/theory/denoising.md")

_n, _lam, _s, _a, _b = sp.symbols("n decay std alpha beta", positive=True)
_B = _n + _lam - 1
_A = _lam + _s**2 * _B
_D = _b**2 * _A + _a**2 * _B
_k = _n / (_n + _lam)
_shift = sp.sqrt(2 * _A / (sp.pi * _B * sp.Symbol("d", positive=True)))

_COLUMNS = "n decay std alpha beta"
_FIELDS = cells(_COLUMNS, [(4, 0.1, 0.7, 0.5, 0.5), (8, 0.1, 0.3, 0.7, 0.3), (16, 1.0, 1.0, 0.3, 0.7)], d=500)
_ERRORS = [
    *cells("n decay std schedule", [(4, 0.1, 0.7, "linear"), (4, 0.1, 0.7, "trigonometric")], d=250),
    *cells("n decay std schedule", [(4, 0.1, 0.7, "linear"), (16, 0.1, 0.7, "trigonometric")], d=1000),
]
# the scatter of a run falls as 1/sqrt(n d): one per cent needs many pairs, or many runs
_VARIANCES = [
    *cells("n decay std schedule", [(128, 0.1, 0.7, "linear")], d=100),
    *cells("n decay std schedule", [(16, 0.1, 0.7, "linear"), (16, 0.1, 0.7, "trigonometric")], d=450),
]
_STEPS = "10 steps, linear parts exact; activation tanh(10 w·x/√d)"
_BIAS = f"{_STEPS}; the term in 1/√d of the first moment is part of the prediction, +1.5 % at d = 1,000, n = 4"


def _learned(what: str) -> Any:
    def predict(n: int, decay: float, std: float, alpha: float, beta: float, d: float) -> float:
        found = mixture_flow(n, decay, std, schedule=(alpha, beta))
        return float({"skip": found.skip, "mean": found.weight_mean, "noise": found.weight_noise,
                      "loss": found.train_loss}[what])  # fmt: skip

    return predict


def _field(what: str, statement: str, formula: Any, name: str) -> Claim:
    return claim(
        f"denoising/{name}",
        statement,
        source=_FIELD,
        kind=Kind.ASYMPTOTIC,
        predict=_learned(what),
        measure=partial(flows.learned, what=what),
        formula=formula,
        grid=_FIELDS,
        tolerance=0.03,
        size="d",
        assumptions="|μ|² = d, started near the clusters; activation tanh(10 w·x/√d), minimised by L-BFGS",
        quick=(0,),
    )


def _flow(what: str, statement: str, name: str, formula: Any, tolerance: float) -> Claim:
    return claim(
        f"denoising/{name}",
        statement,
        source=_FLOW,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, decay, std, schedule, d: float(
            getattr(mixture_flow(n, decay, std, schedule=schedule, dimension=d), what)
        ),
        measure=partial(flows.flow_error, what=what, particles=60 if what == "mse" else 200),
        formula=formula,
        grid=_ERRORS if what == "mse" else _VARIANCES,
        tolerance=tolerance,
        size="d",
        sizes=(1, 2, 4) if what == "mse" else (1, 3, 9),
        assumptions=_BIAS if what == "mse" else f"{_STEPS}, 200 trajectories",
        quick=(0,),
    )


def _end(n: int, decay: float, std: float, schedule: str, what: str) -> float:
    found = mixture_flow(n, decay, std, schedule=schedule, times=1.0)
    return float({"mean": found.mean[0], "noise": found.mean[1], "variance": found.variance, "mse": found.mse}[what])


claim = partial(Claim, domain=USUAL.but(alpha=(0.1, 1.0), beta=(0.1, 1.0), n=(2, 1024), d=(100, 4000)))

FLOW_CLAIMS = (
    _field("skip", "The learned skip is c = βA/D.", _b * _A / _D, "learned-field-skip"),
    _field(
        "mean",
        "The weights have the coefficient kα²B/D on the mean of the targets.",
        _k * _a**2 * _B / _D,
        "learned-field-mean",
    ),
    _field(
        "noise",
        "The weights have the coefficient −kαβA/D on the mean of the base points.",
        -_k * _a * _b * _A / _D,
        "learned-field-noise",
    ),
    _field("loss", "The training loss is kα²AB/D for each dimension.", _k * _a**2 * _A * _B / _D, "learned-field-loss"),
    _flow(
        "mse",
        "The mean of a generated cluster is off by (λ/(n + λ))² + k²(σ² + A/B)/n for each dimension, as d grows.",
        "flow-mse",
        (_lam / (_n + _lam)) ** 2
        + _k**2 * (_s**2 + _A / _B) / _n
        + 2 * _shift * (_k - 1 + _k * _s**2 / _n) / sp.sqrt(1 + _s**2 / _n)
        + _shift**2,
        0.1,
    ),
    _flow("variance", "A generated cluster has the variance A/B = σ² + λ/(n + λ − 1).", "flow-variance", _A / _B, 0.01),
    claim(
        "denoising/schedule-independent",
        "Where the flow ends does not depend on its schedule: the closed form holds for both.",
        source=_FLOW,
        kind=Kind.NUMERICAL,
        predict=_end,
        measure=lambda rng, n, decay, std, schedule, what: flows.integrated(n, decay, std, schedule)[what],
        grid=cells(
            "schedule what",
            [(name, what) for name in ("linear", "trigonometric") for what in ("mean", "noise", "variance", "mse")],
            n=8,
            decay=0.1,
            std=1.5,
        ),
        tolerance=1e-8,
        reason="the equations are integrated to 1e-11, up to 1e-9 before the end, where they are singular",
    ),
    claim(
        "denoising/rate-is-optimal",
        "The squared error of the generated mean falls as 1/n.",
        source=_PAPER,
        kind=Kind.RATE,
        predict=lambda n, decay, std: -1.0,
        measure=lambda rng, n, decay, std: flows.mean_error_path(n, decay, std),
        grid=cells("std", [0.7, 1.5], n=64, decay=0.1),
        sizes=(1, 4, 16),
        size="n",
        absolute_tolerance=0.01,
        deterministic=True,
        assumptions="integrated equations, n = 64 to 1,024",
    ),
    claim(
        "denoising/constant-is-two",
        "n times the squared error of the generated mean tends to 2σ², twice that of the best estimate.",
        source=_FLOW,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, decay, std: 2 * std**2,
        measure=lambda rng, n, decay, std: n * flows.mean_error_path(n, decay, std),
        formula=2 * _s**2,
        grid=cells("std", [0.7, 1.5], n=256, decay=0.1),
        tolerance=0.002,
        size="n",
        deterministic=True,
    ),
    claim(
        "denoising/no-skip-collapses",
        "Without a skip connection all mass collapses on two points.",
        source=_PAPER,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, decay, std, d: float(mixture_flow(n, decay, std, no_skip=True).variance),
        measure=flows.no_skip_residual,
        grid=cells("n decay std", [(4, 0.1, 0.7)], d=250),
        absolute_tolerance=1e-3,
        size="d",
        assumptions=f"{_STEPS}: they leave 1e-4 or less",
    ),
)
