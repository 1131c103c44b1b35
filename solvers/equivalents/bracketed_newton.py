"""Newton's method on many cells at once, each in a bracket of its own; cells that are done leave the loop.

The equation of a cell rises through zero. A step that leaves the bracket, or is not a number, is replaced by bisection,
so that the iteration ends whatever the function; where Newton is monotone no bisection happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BracketedRoots", "bracketed_newton", "iterate_active"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class BracketedRoots:
    """Roots of flat cells: the last points evaluated, the values there, and what is left of the brackets."""

    x: Array
    value: Array
    low: Array
    high: Array
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]


def iterate_active(
    advance: Callable[[NDArray[Any], Index], tuple[NDArray[Any], NDArray[np.bool_]]], start: NDArray[Any], limit: int
) -> tuple[NDArray[Any], NDArray[np.int64], Index]:
    """Apply `advance(x, index) -> (next x, done)` to the cells that are not done, at most `limit` times.

    Return x, the steps each cell took, and the cells that are left.
    """
    x, spent, active = start.copy(), np.zeros(start.size, dtype=np.int64), np.arange(start.size)
    for count in range(1, limit + 1):
        new, done = advance(x[active], active)
        x[active], spent[active] = new, count
        active = active[~done]
        if active.size == 0:
            break
    return x, spent, active


def bracketed_newton(
    evaluate: Callable[[Array, Index], tuple[Array, Array]],
    low: Array,
    high: Array,
    start: Array,
    *,
    tolerance: Array | float = 0.0,
    step: float = 4 * _EPS,
    limit: int = 200,
) -> BracketedRoots:
    """Root of a rising function in each bracket.

    `evaluate(x, index)` gives values and slopes of the cells `index`; values may be infinite. A cell is done where the
    value is at most `tolerance`, or the next step at most `step` * max(1, |x|). Its x is the last point evaluated, so
    that what `evaluate` kept of it belongs to the answer; where the value there is -inf (outside the domain) it is the
    upper end of the bracket. One that ends at an end of its bracket without a root there has not converged.
    """
    ends, bound = (low, high), np.broadcast_to(tolerance, start.shape)
    low, high = low.copy(), high.copy()
    values, missed = np.full(start.size, np.inf), np.zeros(start.size, dtype=bool)

    def advance(x: Array, index: Index) -> tuple[Array, NDArray[np.bool_]]:
        value, slope = evaluate(x, index)
        values[index] = value
        low[index] = left = np.where(value < 0, x, low[index])
        high[index] = right = np.where(value > 0, x, high[index])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            trial = x - value / slope
            near = np.abs(value) <= 1e-6 * np.abs(slope) * np.maximum(np.abs(x), 1.0)
        trial = np.where((trial > left) & (trial < right), trial, (left + right) / 2)
        done = (np.abs(value) <= bound[index]) | (np.abs(trial - x) <= step * np.maximum(np.abs(x), 1.0))
        # of one sign all the way to an end, finite and not small there: there is no root between
        outside = np.isfinite(value) & np.where(value > 0, left == ends[0][index], right == ends[1][index])
        missed[index] = done & outside & ~near & ~(np.abs(value) <= bound[index])
        return np.where(done, np.where(value == -np.inf, right, x), trial), done

    x, spent, active = iterate_active(advance, start, limit)
    converged = ~missed
    converged[active] = False
    return BracketedRoots(x, values, low, high, converged, spent)
