"""Claims about random subspaces of the parameters and walks in random potentials."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.factorised.experiments import subspaces, walks
from solvable.analysis.factorised.settings import USUAL, environment
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import Spectrum, barrier, effective_ridge, quenched_passage_time, subspace_loss
from solvable.solvers.equivalents.mode_sums import Modes

__all__ = ["RANDOM_CLAIMS"]

_TOY = Source("li2018measuring", "the law derived in docs/theory/factorised.md")
_WALK = Source("hoffer2017train", "the passage time derived in docs/theory/factorised.md")
_POTENTIAL = Source("hoffer2017train", "the exponent derived in docs/theory/factorised.md")
_G, _d, _H, _lag = sp.symbols("groups d hurst lag", positive=True)
_SQUARE = _G * (_G + 1) * (2 * _G + 1) / 6


def _sufficient(groups: int, size: int) -> float:
    """Least dimension in which no loss is left."""
    d = np.arange(1, 3 * groups)
    return float(d[subspace_loss(groups, size, d).mean == 0][0])


def _kept(n: float, exponent: float, ratio: float) -> float:
    curvatures = np.arange(1, round(n) + 1) ** -float(exponent)
    kappa = float(effective_ridge(Spectrum(curvatures), max(1, round(ratio * n)), 0.0))
    return float(np.mean(kappa / (curvatures + kappa)))


def _curvatures(n: float, exponent: float, ratio: float) -> dict[str, Any]:
    """What a formula's own sums run over."""
    import mpmath as mp

    curvatures = [mp.mpf(i) ** -mp.mpf(exponent) for i in range(1, round(n) + 1)]
    return {"_modes": Modes(curvatures, m=[mp.mpf(1)] * len(curvatures))}


def _climb(p_right: Any) -> float:
    """Barrier of the environment's potential."""
    return float(barrier(np.concatenate([[0.0], np.cumsum(np.log1p(-p_right[1:]) - np.log(p_right[1:]))])))


claim = partial(Claim, domain=USUAL)

RANDOM_CLAIMS = (
    claim(
        "factorised/subspace-loss",
        "Training G conditions in a random subspace of dimension d leaves the share 1 − d/G of the loss, on average.",
        source=_TOY,
        kind=Kind.MEAN,
        predict=lambda groups, size, d: float(subspace_loss(groups, size, d).mean),
        measure=subspaces.mean_left,
        formula=_SQUARE * (1 - _d / _G),
        grid=cells("d", [3, 5, 8], groups=10, size=100),
        tolerance=0.03,
        domain=USUAL.but("d < groups", groups=(10, 12), size=(100, 120)),
        quick=(0, 1),
    ),
    claim(
        "factorised/subspace-loss-spread",
        "The variance of what is left is that of a Beta law.",
        source=_TOY,
        kind=Kind.MEAN,
        predict=lambda groups, size, d: float(subspace_loss(groups, size, d).variance),
        measure=subspaces.spread_of_left,
        formula=_SQUARE**2 * 2 * _d * (_G - _d) / (_G**2 * (_G + 2)),
        grid=cells("d", [5, 3], groups=10, size=100),
        tolerance=0.1,
        domain=USUAL.but("d < groups", groups=(10, 12), size=(100, 120)),
        quick=(0,),
    ),
    claim(
        "factorised/threshold-at-ten",
        "Nothing is left as soon as the subspace has as many dimensions as there are conditions.",
        source=Source("li2018measuring"),
        kind=Kind.THRESHOLD,
        predict=_sufficient,
        measure=subspaces.solvable_at,
        grid=cells("groups", [10, 20], size=100),
        tolerance=0.1,
        deterministic=True,
        domain=USUAL.but(groups=(5, 30), size=(20, 200)),
        assumptions="at = dimensions of the subspace; 10 groups of 100 coordinates",
    ),
    claim(
        "factorised/subspace-of-a-slope",
        "For any quadratic loss a random subspace of d dimensions leaves of mode i the share κ/(s_i + κ), "
        "Σs_i/(s_i + κ) = d.",
        source=Source("li2018measuring", "for any quadratic loss derived in docs/theory/factorised.md"),
        kind=Kind.ASYMPTOTIC,
        predict=_kept,
        measure=subspaces.power_law_left,
        quantities=_curvatures,
        grid=cells("exponent ratio", [(1.0, 0.25), (2.0, 0.5)], n=40),
        size="n",
        tolerance=0.02,
        domain=USUAL.but(counts={"ratio": "n"}, n=(20, 400), exponent=(0.2, 2.0), ratio=(0.1, 0.8)),
        assumptions="curvatures s_i = i^{−exponent}, all modes equally wrong at the start",
        quick=(0,),
    ),
    claim(
        "factorised/passage-time",
        "The mean time to walk n sites in a given environment is a sum of products of its odds.",
        source=_WALK,
        kind=Kind.EXACT,
        predict=lambda sites, least, p_right: float(quenched_passage_time(p_right)),
        measure=lambda rng, sites, least, p_right: walks.passage(p_right),
        grid=cells("sites", [1, 10, 40], least=0.35),
        instance=environment,
        tolerance=1e-10,
        domain=USUAL.but(sites=(1, 60)),
    ),
    claim(
        "factorised/passage-above-barrier",
        "The logarithm of that time is at least the largest climb of the potential.",
        source=_WALK,
        kind=Kind.BOUND,
        predict=lambda sites, least, p_right: _climb(p_right),
        measure=lambda rng, sites, least, p_right: walks.log_passage(p_right),
        grid=cells("sites least", [(40, 0.35), (40, 0.2)]),
        instance=environment,
        side="lower",
        domain=USUAL.but(least=(0.2, 0.45)),
    ),
    claim(
        "factorised/passage-below-barrier",
        "It exceeds the climb by at most the logarithm of n(n + 1)/2 over the least probability of a step ahead.",
        source=_WALK,
        kind=Kind.BOUND,
        predict=lambda sites, least, p_right: _climb(p_right) + float(np.log(sites * (sites + 1) / 2 / p_right.min())),
        measure=lambda rng, sites, least, p_right: walks.log_passage(p_right),
        grid=cells("sites least", [(40, 0.35), (40, 0.2)]),
        instance=environment,
        side="upper",
        domain=USUAL.but(least=(0.2, 0.45)),
    ),
    claim(
        "factorised/potential-increments",
        "Increments of the drawn potential over x sites have variance |x|^{2H}.",
        source=Source("davies1987tests"),
        kind=Kind.MEAN,
        measure=walks.squared_increment,
        formula=_lag ** (2 * _H),
        grid=cells("hurst lag", [(0.25, 10), (0.75, 10), (0.75, 3)], n=400),
        tolerance=0.03,
        domain=USUAL.but("lag < n", n=(400, 401), lag=(1, 10), hurst=(0.2, 0.8)),
        quick=(0, 1),
    ),
    claim(
        "factorised/barrier-exponent",
        "The largest climb over n sites grows as n^H, so that a walk has come (ln t)^{2/α} far, α = 2H.",
        source=_POTENTIAL,
        kind=Kind.RATE,
        predict=lambda hurst, n: hurst,
        measure=walks.climb,
        grid=cells("hurst", [0.25, 0.5, 0.75, 1.0], n=400),
        size="n",
        sizes=(1, 8, 64),
        absolute_tolerance=0.06,
        order=1.0,
        assumptions="at H = 1, a straight line of random slope, n/√(2π) on average: the logarithmic law of the paper",
        domain=USUAL.but(n=(400, 401)),
        quick=(1, 3),
    ),
)
