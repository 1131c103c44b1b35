"""Fixed points of many small maps at once: damped iteration that turns into Newton's method as the residual falls.

Implicit Euler steps of x' = G(x) - x, ((1/dt + 1)I - G')dx = G(x) - x: for a small dt the damped iteration, for a large
one Newton's method. dt grows as the residual falls and is cut where it does not (pseudo-transient continuation). Where
a map is nearly the identity along some direction, a small residual is no small error: `errors` bounds what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Map", "Settled", "errors", "settle", "walk"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Map = Callable[[Array, Index], Array]
_SHIFT, _WIDE = 1e-6, 1e-4
_STEPS = 30


@dataclass(frozen=True)
class Settled:
    """Points, largest entry of G(x) - x there, steps."""

    x: Array
    residual: Array
    iterations: NDArray[np.int64]


def _norm(R: Array) -> Array:
    return np.asarray(np.where(np.isfinite(R).all(axis=1), np.abs(R).max(axis=1, initial=0.0), np.inf))


def _gap(advance: Map, x: Array, index: Index) -> Array:
    """G(x) - x, infinite where it is no number: no such step is taken."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        gap = advance(x, index) - x
    return np.where(np.isfinite(gap), gap, np.inf)


def _slopes(advance: Map, x: Array, here: Array, index: Index) -> Array:
    """G' by differences to one side; `here` is G(x)."""
    J = np.empty((*x.shape, x.shape[1]))
    for k in range(x.shape[1]):
        moved = x.copy()
        moved[:, k] -= _SHIFT
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            J[:, :, k] = (here - advance(moved, index)) / _SHIFT
    return _finite(J)


def _fine_slopes(advance: Map, x: Array, index: Index) -> Array:
    """G' by central differences, to about 1e-9."""
    J = np.empty((*x.shape, x.shape[1]))
    for k in range(x.shape[1]):
        up, down = x.copy(), x.copy()
        up[:, k] += _WIDE
        down[:, k] -= _WIDE
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            J[:, :, k] = (advance(up, index) - advance(down, index)) / (2 * _WIDE)
    return _finite(J)


def _finite(J: Array) -> Array:
    J[~np.isfinite(J).all(axis=(1, 2))] = 0.0
    return J


def errors(advance: Map, x: Array, residual: Array, *, rounding: float = 2e-15) -> Array:
    """Bound on the distance of rows of x from the fixed points: residual, or rounding, times the norm of (I - G')^-1.

    1 where the norm is beyond what differences can see.
    """
    every, eye = np.arange(len(x)), np.eye(x.shape[1])
    gain = _norm_of_inverse(eye - _slopes(advance, x, advance(x, every), every))
    close = np.flatnonzero(gain > 1e3)
    if close.size:
        fine = _fine_slopes(lambda y, i: advance(y, close[i]), x[close], every[: close.size])
        gain[close] = _norm_of_inverse(eye - fine)
    return np.asarray(np.where(gain > 1e8, 1.0, np.maximum(residual, rounding) * gain))


def _norm_of_inverse(matrix: Array) -> Array:
    return np.asarray(np.abs(np.linalg.pinv(matrix)).sum(axis=2).max(axis=1, initial=0.0))


def settle(
    advance: Map,
    start: Array,
    *,
    tolerance: float = 2e-14,
    longest: float = 1.5,
    limit: int = 300,
) -> Settled:
    """Fixed points of `advance(x, index)`, rows of x being cells; entries of x of order one (logarithms)."""
    x = start.copy()
    cells, size = x.shape
    R = _gap(advance, x, np.arange(cells))
    norm, pace = _norm(R), np.full(cells, 1.0)
    spent, stuck = np.zeros(cells, np.int64), np.zeros(cells, np.int64)
    best, held = x.copy(), norm.copy()
    active = np.arange(cells)[norm > tolerance]
    for _ in range(limit):
        if active.size == 0:
            break
        here, left = x[active], R[active]
        J = _slopes(advance, here, here + left, active)
        slow = np.flatnonzero((stuck[active] >= 2) & (norm[active] < 1e-6))  # a map so near the identity needs digits
        if slow.size:
            J[slow] = _fine_slopes(advance, here[slow], active[slow])
        matrix = (1 / pace[active] + 1)[:, None, None] * np.eye(size) - J
        step = _solve(matrix, left)
        step *= np.minimum(1.0, longest / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        trial = here + step
        new = _gap(advance, trial, active)
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
        small = (stuck[active] >= 4) & (held[active] < 1e-11) | (stuck[active] >= 20) & (held[active] < 1e-7)
        active = active[(held[active] > tolerance) & ~small]
    return Settled(best, held, spent)


def walk(at: Callable[[Array], tuple[Map, Array]], strong: Array, weak: Array) -> Settled:
    """Fixed points at weak ridges from those at strong ones, in steps of the logarithm that each start from the last.

    `at(ridge)` gives the map of all cells and a rough start.
    """
    before, spent = None, np.zeros(weak.size, np.int64)
    advance, x = at(strong)
    for part in np.linspace(0, 1, _STEPS + 1):
        advance, _ = at(strong ** (1 - part) * weak**part)
        guess = x if before is None else x + np.clip(x - before, -3, 3)
        found = settle(advance, guess, limit=60)
        before, x = x if part > 0 else None, found.x
        spent += found.iterations
    return Settled(x, found.residual, spent)


def _solve(matrix: Array, right: Array) -> Array:
    """Rows of matrix^-1 right; the identity where a matrix is singular."""
    singular = ~(np.abs(np.linalg.det(matrix)) > 1e-200)
    matrix = np.where(singular[:, None, None], np.eye(matrix.shape[-1]), matrix)
    return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0])
