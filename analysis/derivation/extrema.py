"""The least value of a formula over one of its letters: the best of a grid, then Brent's method from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.given import floats

__all__ = ["least_value"]

_POINTS, _RANGE, _FLAT, _STEP = 61, 9.0, 1e-12, 1e-10


def least_value(walk: Callable[[Any, Mapping[Any, Any]], Any], node: Any, given: Mapping[Any, Any]) -> float:
    """Least value of a body between two ends, to doubles: at a minimum its error is that of the place squared.

    Raises
    ------
    ArithmeticError
        Where it falls without end, or has no value anywhere.
    """
    body, low, high = node.args
    known, x = floats(given), body.variables[0]
    a, b = (float(walk(end, known)) for end in (low, high))

    def f(at: float) -> float:
        try:
            with np.errstate(all="ignore"):
                value = float(walk(body.expr, {**known, x: np.float64(at)}))
        except (ArithmeticError, OutOfTime) as error:
            if isinstance(error, OutOfTime) and not error.args:
                raise  # the steps are used up
            return np.inf
        return value if np.isfinite(value) else np.inf

    grid = _grid(a, b)
    values = np.array([f(at) for at in grid])
    best = int(np.argmin(values))
    if not np.isfinite(values[best]):
        raise ArithmeticError("nothing to take the least value of")
    if best in (0, len(grid) - 1):
        beside = values[1] if best == 0 else values[-2]
        end = a if best == 0 else b
        if not np.isfinite(end) and abs(beside - values[best]) > _FLAT * abs(values[best]):
            raise ArithmeticError("a least value that is not attained")
        return min(float(values[best]), f(end) if np.isfinite(end) else np.inf)
    with np.errstate(invalid="ignore"):  # parabolas through places without a value
        found = minimize_scalar(f, bracket=(grid[best - 1], grid[best], grid[best + 1]), method="brent", tol=_STEP)
    return min(float(found.fun), float(values[best]))


def _grid(a: float, b: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Places between two ends, close together at finite ends and around nought."""
    if np.isfinite(a) and np.isfinite(b):
        return (a + b) / 2 - (b - a) / 2 * np.cos(np.linspace(0.0, np.pi, _POINTS))
    if not np.isfinite(a) and not np.isfinite(b):
        return np.sinh(np.linspace(-_RANGE, _RANGE, _POINTS))
    steps = np.exp(np.linspace(-2 * _RANGE, 2 * _RANGE, _POINTS))
    return a + steps if np.isfinite(a) else b - steps[::-1]
