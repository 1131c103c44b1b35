"""Claims about linear splines, Sobolev norms and structural equations."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from solvable.analysis.regression.experiments import curves, operators
from solvable.analysis.regression.settings import GAUSSIAN_BLUR, USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    condition_number,
    linear_spline_fit,
    minimal_total_variation,
    path_weights,
    sobolev_descent,
    sobolev_filter,
    structural_covariance,
)

__all__ = ["CURVE_CLAIMS"]

_SPLINES = Source("parhi2023deep")
_RANK_ONE = Source("ergen2021convex", "the abstract; the value as in one dimension, docs/theory/regression.md")
_SOBOLEV = Source("zhu2021implicit")
_PATHS = Source("adhikari2022one", "for single paths Mason's rule")


def _blur(size: int, blur: float) -> list[float]:
    """Multiplier of a Gaussian blur at the whole frequencies of the grid."""
    return [math.exp(-blur * min(k, size - k) ** 2) for k in range(size)]


def _along(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places of rows c a on their line, in units of length."""
    a = X[np.argmax(np.sum(X**2, axis=1))]
    return np.asarray(X @ a / np.linalg.norm(a))


claim = partial(Claim, domain=USUAL)

CURVE_CLAIMS = (
    claim(
        "regression/spline-is-the-network",
        "Training a ReLU network with weight decay ends at the objective of the penalised linear spline.",
        source=_SPLINES,
        kind=Kind.EXACT,
        predict=lambda points, ridge, x, y: linear_spline_fit(x, y, ridge).objective,
        measure=lambda rng, points, ridge, x, y: curves.best_trained_network(rng, x, y, ridge),
        grid=cells("ridge", [0.05, 0.01], points=10),
        instance=curves.random_curve,
        tolerance=1e-12,
        assumptions="best of 6 networks of width 60, thresholds moved to the nearest inputs before the last training",
        convention="spline",
        quick=(0,),
    ),
    claim(
        "regression/knots-at-most-n-minus-2",
        "A sparsest interpolant of least total variation, knots anywhere, has at most N − 2 of them.",
        source=_SPLINES,
        kind=Kind.BOUND,
        predict=lambda points: points - 2.0,
        measure=curves.fewest_knots,
        grid=cells("points", [4, 10, 25]),
        side="upper",
        formula=sp.Symbol("points") - 2,
        assumptions="a vertex of the linear program over 240 further places for knots",
        deterministic=True,
    ),
    claim(
        "regression/interpolant-total-variation",
        "No interpolant has less total variation of its slope than the polygon through the points.",
        source=_SPLINES,
        kind=Kind.EXACT,
        predict=lambda points, x, y: minimal_total_variation(x, y),
        measure=lambda rng, points, x, y: curves.sparse_interpolant(x, y)[0],
        grid=cells("points", [5, 10, 25]),
        instance=curves.random_curve,
        tolerance=1e-9,
        assumptions="a linear program over knots at the inputs and 240 other places",
    ),
    claim(
        "regression/rank-one-spline",
        "On rank-one data a ReLU network of least weights is the linear spline along the line: its neurons point along "
        "it, and it needs the total variation of the polygon through the points.",
        source=_RANK_ONE,
        kind=Kind.EXACT,
        predict=lambda points, d, X, y: minimal_total_variation(_along(X), y),
        measure=lambda rng, points, d, X, y: curves.rank_one_interpolant(rng, X, y),
        grid=cells("points d", [(8, 3), (15, 2)]),
        instance=curves.random_rank_one,
        tolerance=1e-9,
        assumptions="two layers, biases and a linear term free; a linear program over neurons along the line and in 30 "
        "other directions, thresholds at the rows and at ten places between",
        quick=(0,),
    ),
    claim(
        "regression/sobolev-filter",
        "The regularised solution with a misfit of order s, frequency by frequency.",
        source=_SOBOLEV,
        kind=Kind.EXACT,
        predict=lambda size, order, ridge, blur: sobolev_filter(_blur(size, blur), order, ridge),
        measure=operators.dense_tikhonov,
        grid=cells("order", [-1.0, 0.0, 0.5], size=64, ridge=0.01, blur=GAUSSIAN_BLUR),
        tolerance=1e-9,
        convention="sobolev",
    ),
    claim(
        "regression/sobolev-descent",
        "Gradient descent on the misfit of order s, frequency by frequency.",
        source=_SOBOLEV,
        kind=Kind.EXACT,
        predict=lambda size, order, step_size, steps, blur: sobolev_descent(_blur(size, blur), order, step_size, steps),
        measure=operators.dense_descent,
        domain=Domain(size=(8, 128), steps=(1, 300)),
        grid=cells("order step_size", [(-1.0, 1.0), (0.0, 1.5), (0.5, 0.3)], size=64, steps=200, blur=GAUSSIAN_BLUR),
        tolerance=1e-9,
        convention="sobolev",
    ),
    claim(
        "regression/sobolev-conditioning",
        "Condition number of the misfit: for a blur it falls as the order s rises.",
        source=_SOBOLEV,
        kind=Kind.EXACT,
        predict=lambda size, order, blur: condition_number(_blur(size, blur), order),
        measure=operators.dense_condition,
        grid=cells("order", [-1.0, 0.0, 0.5], size=64, blur=GAUSSIAN_BLUR),
        tolerance=1e-9,
        assumptions="multipliers e^{−bξ²}, ξ = 0, ±1, …, ±m/2; the misfit of order s weighs ξ by (1 + ξ²)^{s}",
    ),
    claim(
        "regression/path-rule",
        "Total effects are sums over self-avoiding paths, each weighed with the cycles that it leaves out.",
        source=_PATHS,
        kind=Kind.EXACT,
        predict=lambda nodes, edges, graph: path_weights(graph),
        measure=lambda rng, nodes, edges, graph: operators.followed_effects(rng, graph),
        grid=cells("nodes edges", [(5, 7), (4, 5), (6, 12)]),
        domain=USUAL.but(edges=(3, 12)),
        instance=operators.random_graph,
        tolerance=1e-12,
    ),
    claim(
        "regression/structural-covariance",
        "Covariance of linear structural equations with cycles.",
        source=_PATHS,
        kind=Kind.EXACT,
        predict=lambda nodes, edges, graph, noise: structural_covariance(graph, noise),
        measure=lambda rng, nodes, edges, graph, noise: operators.relaxed_covariance(rng, graph, noise),
        grid=cells("nodes edges", [(5, 7), (6, 12)]),
        domain=USUAL.but(edges=(3, 12)),
        instance=operators.random_noise,
        tolerance=1e-10,
        assumptions="weights whose effects die out, so that the equations can be iterated to rest",
    ),
)
