"""Fixed points of many small maps at once: damped iteration that turns into Newton's method as the residual falls.

Implicit Euler steps of x' = G(x) - x, ((1/dt + 1)I - G')dx = G(x) - x: for a small dt the damped iteration, for a large
one Newton's method. dt grows as the residual falls and is cut where it does not (pseudo-transient continuation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Settled", "settle"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
_SHIFT = 1e-6


@dataclass(frozen=True)
class Settled:
    """Points, largest entry of G(x) - x there, steps."""

    x: Array
    residual: Array
    iterations: NDArray[np.int64]


def _norm(R: Array) -> Array:
    return np.asarray(np.where(np.isfinite(R).all(axis=1), np.abs(R).max(axis=1, initial=0.0), np.inf))


def settle(
    advance: Callable[[Array, Index], Array],
    start: Array,
    *,
    tolerance: float = 2e-14,
    longest: float = 1.5,
    limit: int = 300,
) -> Settled:
    """Fixed points of `advance(x, index)`, rows of x being cells; entries of x of order one (logarithms)."""
    x = start.copy()
    cells, size = x.shape
    R = advance(x, np.arange(cells)) - x
    norm, pace = _norm(R), np.full(cells, 1.0)
    spent, stuck = np.zeros(cells, np.int64), np.zeros(cells, np.int64)
    best, held = x.copy(), norm.copy()
    active = np.arange(cells)[norm > tolerance]
    for _ in range(limit):
        if active.size == 0:
            break
        here, left = x[active], R[active]
        J = np.empty((active.size, size, size))
        for k in range(size):
            moved = here.copy()
            moved[:, k] -= _SHIFT
            J[:, :, k] = (here + left - advance(moved, active)) / _SHIFT
        J[~np.isfinite(J).all(axis=(1, 2))] = 0.0
        matrix = (1 / pace[active] + 1)[:, None, None] * np.eye(size) - J
        step = _solve(matrix, left)
        step *= np.minimum(1.0, longest / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        trial = here + step
        new = advance(trial, active) - trial
        found = _norm(new)
        # the residual may rise on the way of the damped iteration; what must hold is the linear model of a step
        model = left + np.einsum("ijk,ik->ij", J, step) - step
        miss = _norm(new - model) / np.maximum(np.abs(step).max(axis=1), 1e-300)
        fine = norm[active] <= 1e-8
        good = np.where(fine, found <= norm[active], miss <= 0.5)
        pace[active] *= np.where(good, np.where(fine | (miss <= 0.2), 8.0, 1.5), 0.2)
        pace[active] = np.clip(pace[active], 1e-2, 1e15)
        taken = active[good]
        x[taken], R[taken], norm[taken] = trial[good], new[good], found[good]
        better = norm[active] < 0.9 * held[active]
        stuck[active] = np.where(better, 0, stuck[active] + 1)
        gain = active[norm[active] < held[active]]
        best[gain], held[gain] = x[gain], norm[gain]
        spent[active] += 1
        # at rounding nothing falls any more
        small = (stuck[active] >= 4) & (held[active] < 1e-11)
        active = active[(held[active] > tolerance) & ~small]
    return Settled(best, held, spent)


def _solve(matrix: Array, right: Array) -> Array:
    """Rows of matrix^-1 right; the identity where a matrix is singular."""
    singular = ~(np.abs(np.linalg.det(matrix)) > 1e-200)
    matrix = np.where(singular[:, None, None], np.eye(matrix.shape[-1]), matrix)
    return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0])
