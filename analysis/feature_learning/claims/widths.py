"""Claims about parametrisations of wide networks: which learn features, and the exact limit of a linear one."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.feature_learning.experiments import widths
from solvable.analysis.feature_learning.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import Parametrisation, maximal_update_moments

__all__ = ["WIDTH_CLAIMS"]

_YANG = Source("yang2021tensor")
_MOMENTS = Source("yang2021tensor", "these moments derived in docs/theory/feature_learning.md")
_BATCH = {"one": 1, "all": "full"}

claim = partial(Claim, domain=USUAL)
mup = partial(claim, source=_MOMENTS, convention="maximal-update")


def _named(parametrisation: str) -> Parametrisation:
    return Parametrisation(*widths.EXPONENTS[parametrisation])


def _exponents(parametrisation: str, theta: float) -> Any:
    """Exponents by which features and output move, after a shift that must not matter."""
    found = _named(parametrisation).shift(theta)
    moved = found.a[-1] + found.b[-1] + found.exponent - 1
    return np.array([found.exponent, min(2 * found.a[-1] + found.c - 1, moved)])


def _sort(parametrisation: str, theta: float) -> Any:
    """Stable, features move, kernel regime."""
    found = _named(parametrisation).shift(theta)
    if not found.stable:
        return np.zeros(3)
    return np.array([1.0, found.feature_learning, found.kernel_regime])


def _moments(X: Any, y: Any, rate: float, steps: int, batch: str, **_: Any) -> Any:
    return maximal_update_moments(X, y, rate, steps, batch=_BATCH[batch])  # type: ignore[arg-type]


def _limit(n: float, rate: float, steps: int, batch: str, X: Any, y: Any, **_: Any) -> float:
    return float(np.mean(_moments(X, y, rate, steps, batch).outputs[-1] ** 2))


def _finite(rate: float, steps: int, batch: str, X: Any, y: Any, u: Any, v: Any, **_: Any) -> Any:
    start = u.T @ u / len(u), u.T @ v / len(v), float(v @ v / len(v))
    return maximal_update_moments(X, y, rate, steps, batch=_BATCH[batch], start=start).outputs  # type: ignore[arg-type]


WIDTH_CLAIMS = (
    claim(
        "feature-learning/abc-exponents",
        "Exponents of the widths by which features and outputs move in a step are r and min(2a_{L+1} + c, a_{L+1} + "
        "b_{L+1} + r) − 1, and a shift (a + θ, b − θ, c − 2θ) does not change them.",
        source=_YANG,
        kind=Kind.EXACT,
        predict=_exponents,
        measure=lambda rng, parametrisation, theta: widths.counted_exponents(parametrisation),
        grid=cells("parametrisation", list(widths.EXPONENTS)),
        instance=lambda rng, parametrisation: {"theta": float(rng.normal())},
        absolute_tolerance=1e-12,
    ),
    claim(
        "feature-learning/abc-classification",
        "Tangent and standard parametrisation (at learning rate 1/n) train as kernels, maximal update and mean field "
        "learn features, standard parametrisation at a constant rate is unstable.",
        source=_YANG,
        kind=Kind.EXACT,
        predict=_sort,
        measure=widths.counted_sort,
        grid=cells("parametrisation", list(widths.EXPONENTS)),
        instance=lambda rng, parametrisation: {"theta": float(rng.normal())},
        absolute_tolerance=1e-12,
    ),
    claim(
        "feature-learning/feature-change-exponent",
        "In steps of SGD preactivations of the last hidden layer move by n^{−r}: r = ½ in tangent and standard "
        "parametrisation, 0 in maximal update.",
        source=_YANG,
        kind=Kind.RATE,
        predict=lambda parametrisation, n: -_named(parametrisation).exponent,
        measure=widths.feature_change,
        grid=cells("parametrisation", ["standard", "mup", "ntk"], n=32),
        sizes=(1, 4, 16),
        size="n",
        absolute_tolerance=0.1,
        assumptions="two hidden layers of tanh, four inputs with labels of size 4, two steps",
        quick=(0, 1),
    ),
    mup(
        "feature-learning/mup-limit",
        "Outputs of a linear network in maximal update parametrisation tend to those of the recursion of its moments.",
        kind=Kind.ASYMPTOTIC,
        predict=_limit,
        measure=widths.mup_network,
        grid=cells("n batch steps", [(64, "one", 40), (64, "all", 20), (256, "one", 40)], m=8, d=5, rate=0.1),
        instance=widths.drawn_regression,
        size="n",
        sizes=(1, 4, 16),
        tolerance=0.02,
        assumptions="mean square of all outputs after the last step",
        domain=USUAL.but(d=(2, 10), m=(4, 12), steps=(1, 60), rate=(0.01, 0.1)),
        quick=(0,),
    ),
    mup(
        "feature-learning/mup-finite-width",
        "A network of any width obeys the same recursion from its own moments at the start.",
        kind=Kind.EXACT,
        predict=_finite,
        measure=lambda rng, rate, steps, batch, X, y, u, v, **_: widths.trained_outputs(X, y, u, v, rate, steps, batch),
        grid=cells("n batch", [(3, "one"), (40, "one"), (40, "all")], m=8, d=5, rate=0.2, steps=50),
        instance=widths.neuron_weights,
        tolerance=1e-11,
        domain=USUAL.but(n=(3, 100), d=(2, 10), m=(4, 12), steps=(1, 60), rate=(0.01, 0.2)),
    ),
    mup(
        "feature-learning/flow-conserves",
        "Gradient flow of the linear network keeps v² − |u|² of every neuron.",
        kind=Kind.NUMERICAL,
        predict=lambda u, v, **_: v**2 - np.sum(u**2, axis=1),
        measure=lambda rng, time, X, y, u, v, **_: widths.flown_balance(X, y, u, v, time),
        grid=cells("n time", [(10, 5.0), (30, 20.0)], m=8, d=5),
        instance=widths.neuron_weights,
        tolerance=1e-8,
        reason="the flow is integrated to 1e-11 a step",
    ),
    mup(
        "feature-learning/steps-break-the-balance",
        "A step of size η changes v² − |u|² by order η²: discrete descent does not conserve it.",
        kind=Kind.RATE,
        predict=lambda **_: 2.0,
        measure=widths.step_imbalance,
        grid=cells("data_seed", [0, 1, 2], step=1e-3, m=8, d=5, n=20),
        sizes=(1, 4, 16),
        size="step",
        absolute_tolerance=0.01,
        deterministic=True,
    ),
)
