"""Claims about depth: residual layers that become a differential equation, gradients through time."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

from solvable.analysis.factorised.experiments import depth, recurrence
from solvable.analysis.factorised.settings import USUAL, layers, recurrent_matrix
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import jacobian_bounds, residual_limit

__all__ = ["DEPTH_CLAIMS"]

_LIMIT = Source("marion2024implicit", "the scalar case derived in docs/theory/factorised.md")
_SMOOTH = Source("marion2024implicit")
_GRADIENT = Source("pascanu2013difficulty")
_RANDOM = Source("pascanu2013difficulty", "for Gaussian matrices derived in docs/theory/factorised.md")
_gain, _steps = sp.symbols("gain steps", positive=True)


def _balance(depth: int, d: int, start: Any, target: Any) -> Any:
    """The conserved differences at the start, for layers 1 + W/L."""
    factors = start / depth
    for i in range(d):
        factors[:, i, i] += 1
    return factors[1:].transpose(0, 2, 1) @ factors[1:] - factors[:-1] @ factors[:-1].transpose(0, 2, 1)


claim = partial(Claim, domain=USUAL)
_CELLS = cells("y time", [(1.8, 0.7), (2.5, 1.0), (2.5, 0.25)], depth=40)

DEPTH_CLAIMS = (
    claim(
        "factorised/resnet-limit",
        "The output of a residual network of numbers trained for a time t tends to that of a differential equation.",
        source=_LIMIT,
        kind=Kind.ASYMPTOTIC,
        predict=lambda depth, y, time: float(residual_limit(y, time).output),
        measure=lambda rng, **cell: depth.output(**cell),
        grid=_CELLS,
        size="depth",
        sizes=(1, 4, 16),
        tolerance=0.001,
        deterministic=True,
        convention="residual",
    ),
    claim(
        "factorised/resnet-limit-rate",
        "The output at depth L differs from that at depth 2L by O(1/L).",
        source=_LIMIT,
        kind=Kind.RATE,
        predict=lambda **_: -1.0,
        measure=lambda rng, **cell: depth.change_with_depth(**cell),
        grid=_CELLS,
        size="depth",
        sizes=(1, 4, 16),
        absolute_tolerance=0.05,
        deterministic=True,
        convention="residual",
    ),
    claim(
        "factorised/depth-correction",
        "L times the distance of the output at depth L from the limit tends to a closed form.",
        source=Source("marion2024implicit", "this correction derived in docs/theory/factorised.md"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda depth, y, time: float(residual_limit(y, time).correction),
        measure=lambda rng, **cell: depth.scaled_change(**cell),
        grid=_CELLS,
        size="depth",
        sizes=(1, 4, 16),
        tolerance=0.01,
        deterministic=True,
        convention="residual",
    ),
    claim(
        "factorised/smooth-start-stays-smooth",
        "The change from one trained layer to the next is O(1/L) where the layers start as values of a smooth function "
        "of k/L, and stays O(1) where they start independent.",
        source=_SMOOTH,
        kind=Kind.RATE,
        predict=lambda smooth, **_: 0.0 if smooth else 1.0,
        measure=depth.mean_change,
        grid=cells("smooth", [False, True], depth=10, d=3),
        size="depth",
        sizes=(1, 4, 16),
        absolute_tolerance=0.1,
        first_draws=8,
        convention="residual",
        domain=USUAL.but(d=(1, 4)),
        assumptions="the exponent is that of L times the mean change, after training up to time 1",
    ),
    claim(
        "factorised/layers-stay-balanced",
        "With 1 + W/L for a layer, the Gram matrix of its rows less that of the next one's columns never changes.",
        source=Source("marion2024implicit", "a conserved quantity, derived in docs/theory/factorised.md"),
        kind=Kind.NUMERICAL,
        predict=_balance,
        measure=lambda rng, start, target, **_: depth.balance_after(start, target),
        grid=cells("depth d", [(6, 3), (20, 2)]),
        instance=layers,
        tolerance=1e-8,
        reason="the flow is integrated to 1e-11",
        convention="residual",
        domain=USUAL.but(d=(1, 4), depth=(3, 20)),
    ),
    claim(
        "factorised/recurrent-growth",
        "A unit vector has mean squared norm g^{2k} after k products with a Gaussian matrix of variance g²/n.",
        source=_RANDOM,
        kind=Kind.ASYMPTOTIC,
        measure=recurrence.squared_growth,
        formula=_gain ** (2 * _steps),
        grid=cells("steps gain n", [(1, 1.1, 100), (5, 1.1, 100), (10, 1.1, 200), (5, 0.9, 100)]),
        size="n",
        tolerance=0.03,
        domain=USUAL.but(n=(20, 800)),
        assumptions="corrections of k²/n: ten steps are measured from n = 200 on",
        quick=(0, 1),
    ),
    claim(
        "factorised/norm-is-twice-the-gain",
        "Its largest singular value is 2g: gradients may grow at first where the spectral radius, g, makes them "
        "vanish.",
        source=_RANDOM,
        kind=Kind.ASYMPTOTIC,
        measure=recurrence.largest_singular_value,
        formula=2 * _gain,
        grid=cells("gain", [0.9, 1.1], n=40),
        size="n",
        order=2 / 3,
        tolerance=0.01,
        domain=USUAL.but(n=(20, 800)),
        quick=(0,),
    ),
    claim(
        "factorised/gradients-vanish",
        "Through k steps of a network no gradient grows by more than the k-th power of the largest singular "
        "value times "
        "the largest slope.",
        source=_GRADIENT,
        kind=Kind.BOUND,
        predict=lambda n, gain, slope, steps, W: jacobian_bounds(W, slope).per_step ** steps,
        measure=lambda rng, n, gain, slope, steps, W: recurrence.backpropagated(rng, W, slope, steps),
        grid=cells("gain slope steps", [(0.4, 1.0, 3), (1.5, 1.0, 2), (1.5, 0.25, 10)], n=20),
        instance=lambda rng, n, gain, **_: recurrent_matrix(rng, n, gain),
        side="upper",
    ),
)
