"""Trained ReLU networks with a linear term, linear programs over knots, and dense duals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.regression.settings import noisy_curve

__all__ = [
    "best_trained_network",
    "fewest_knots",
    "random_curve",
    "random_rank_one",
    "rank_one_interpolant",
    "sparse_interpolant",
    "trained_network",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def random_curve(rng: Rng, points: int, **_: Any) -> dict[str, Array]:
    """Points of a noisy sine."""
    x, y = noisy_curve(rng, points)
    return {"x": x, "y": y}


def _loss(p: Array, x: Array, y: Array, ridge: float, width: int, knots: Array | None = None) -> tuple[float, Array]:
    """Half the squared residuals plus weight decay on both layers, and its gradient; biases follow fixed knots."""
    w, v, line = p[:width], p[width : 2 * width], p[2 * width : 2 * width + 2]
    bias = p[2 * width + 2 :] if knots is None else knots * w
    hidden = np.outer(x, w) - bias
    on = hidden > 0
    hidden = np.where(on, hidden, 0.0)
    residual = hidden @ v + line[0] + line[1] * x - y
    back = on * np.outer(residual, v)
    if knots is None:
        inner, rest = x @ back, -back.sum(axis=0)
    else:
        inner, rest = np.sum((x[:, None] - knots) * back, axis=0), np.empty(0)
    parts = [inner + ridge * w, hidden.T @ residual + ridge * v, [residual.sum(), residual @ x], rest]
    return 0.5 * float(residual @ residual) + 0.5 * ridge * float(w @ w + v @ v), np.concatenate(parts)


def _descend(start: Array, arguments: tuple[Any, ...], steps: int) -> Any:
    from scipy.optimize import minimize

    options = {"ftol": 0.0, "gtol": 1e-15, "maxcor": 40, "maxiter": steps}
    return minimize(_loss, start, arguments, jac=True, method="L-BFGS-B", options=options)


def trained_network(rng: Rng, x: Array, y: Array, ridge: float, width: int = 60) -> tuple[float, Array]:
    """Objective and parameters: all weights trained, then thresholds at the nearest inputs and the weights once more.

    Where a minimiser has a kink at a data point the loss has one too, and descent in the thresholds stops short of it.
    """
    w, v = rng.choice([-0.3, 0.3], width), 0.1 * rng.standard_normal(width)
    start = np.concatenate([w, v, [0.0, 0.0], w * rng.uniform(x[0], x[-1], width)])
    free = _descend(start, (x, y, ridge, width), 60)
    inner, bias = free.x[:width], free.x[2 * width + 2 :]
    places = bias / np.where(inner == 0, 1.0, inner)
    knots = x[np.argmin(np.abs(places[:, None] - x), axis=1)]
    end = _descend(free.x[: 2 * width + 2], (x, y, ridge, width, knots), 3000)
    return float(end.fun), np.concatenate([end.x, knots * end.x[:width]])


def best_trained_network(rng: Rng, x: Array, y: Array, ridge: float, **_: Any) -> float:
    """Least objective of six trainings."""
    return min(trained_network(rng, x, y, ridge)[0] for _ in range(6))


def sparse_interpolant(x: Array, y: Array, extra: int = 240) -> tuple[float, int]:
    """Least total variation, and knots of a vertex, of interpolants with knots anywhere on a grid with the inputs."""
    from scipy.optimize import linprog

    knots = np.union1d(np.linspace(x[0], x[-1], extra + 2)[1:-1], x[1:-1])
    hinge = np.maximum(x[:, None] - knots, 0.0)
    line = np.column_stack([np.ones(len(x)), x])
    cost = np.concatenate([np.ones(2 * len(knots)), np.zeros(2)])
    sides = [(0, None)] * (2 * len(knots)) + [(None, None)] * 2
    found: Any = linprog(cost, A_eq=np.hstack([hinge, -hinge, line]), b_eq=y, bounds=sides, method="highs-ds")
    return float(found.fun), int(np.sum(np.abs(found.x[: 2 * len(knots)]) > 1e-9))


def fewest_knots(rng: Rng, points: int) -> float:
    """Knots of a vertex of the linear program."""
    return float(sparse_interpolant(*noisy_curve(rng, points))[1])


def random_rank_one(rng: Rng, points: int, d: int) -> dict[str, Array]:
    """Points of a noisy sine on a line through the origin of d dimensions."""
    x, y = noisy_curve(rng, points)
    return {"X": np.outer(x, rng.standard_normal(d)), "y": y}


def rank_one_interpolant(rng: Rng, X: Array, y: Array, extra: int = 30, **_: Any) -> float:
    """Least sum of |readout| over neurons (u.x - b)_+, u of length 1 along the line or not, with a free linear term."""
    from scipy.optimize import linprog

    along = np.linalg.svd(X)[2][0]
    other = rng.standard_normal((extra, X.shape[1]))
    units = np.vstack([along, -along, other / np.linalg.norm(other, axis=1, keepdims=True)])
    fields = X @ units.T
    span = np.linspace(0, 1, 12)[1:-1]
    low, high = fields.min(axis=0), fields.max(axis=0)
    places = np.vstack([fields, low + span[:, None] * (high - low)])
    hinge = np.maximum(fields[:, None, :] - places, 0.0).reshape(len(X), -1)
    free = np.column_stack([np.ones(len(X)), X @ along])
    cost = np.concatenate([np.ones(2 * hinge.shape[1]), np.zeros(2)])
    sides = [(0, None)] * (2 * hinge.shape[1]) + [(None, None)] * 2
    found: Any = linprog(cost, A_eq=np.hstack([hinge, -hinge, free]), b_eq=y, bounds=sides, method="highs-ds")
    return float(found.fun)
