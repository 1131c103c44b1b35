"""The least value of a formula over one of its letters, and where it is: the best of a grid, then Brent's method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.given import floats

__all__ = ["EXTREMA"]

_POINTS, _RANGE, _FLAT, _STEP, _MOST_WHOLE = 61, 9.0, 1e-12, 1e-10, 10_000
_NODES, _ROUNDING = 33, 1e-13
Walk = Callable[[Any, Mapping[Any, Any]], Any]


def least_value(walk: Walk, node: Any, given: Mapping[Any, Any]) -> float:
    """Least value of a body between two ends, to doubles: at a minimum its error is that of the place squared.

    Raises
    ------
    ArithmeticError
        Where it falls without end, or has no value anywhere.
    """
    f, a, b = _between(walk, node, given)
    if node.args[3:] == (1,):
        first, last = np.ceil(a - _FLAT), np.floor(b + _FLAT)
        if not last - first <= _MOST_WHOLE:
            raise ArithmeticError("too many whole numbers to take the least value over")
        values = [f(float(first + step)) for step in range(int(last - first) + 1)]
        if not values or not np.isfinite(min(values)):
            raise ArithmeticError("nothing to take the least value of")
        return min(values)
    grid = _grid(a, b)
    best, values = _best(f, grid, a, b)
    if best in (0, len(grid) - 1):
        end = a if best == 0 else b
        return min(values[best], f(end) if np.isfinite(end) else np.inf)
    smooth = _least_of_smooth(f, grid[best - 1], grid[best + 1])
    if smooth is not None:
        return min(smooth, values[best])
    with np.errstate(all="ignore"):  # beside the least value there may be none
        found = minimize_scalar(f, bracket=(grid[best - 1], grid[best], grid[best + 1]), method="brent", tol=_STEP)
    return min(float(found.fun), values[best])


def least_place(walk: Walk, node: Any, given: Mapping[Any, Any]) -> float:
    """Where a body has its least value between two ends: an end, or the root of its slope beside the best of a grid.

    Raises
    ------
    ArithmeticError
        Where it falls without end, has no value anywhere, or bends at its least value.
    """
    import sympy as sp

    f, a, b = _between(walk, node, given)
    grid = _grid(a, b)
    best, values = _best(f, grid, a, b)
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    x, known = node.args[0].variables[0], floats(given)
    derivative = sp.diff(node.args[0].expr, x)

    def slope(at: float) -> float:
        return float(walk(derivative, {**known, x: np.float64(at)}))

    if slope(ends[0]) * slope(ends[1]) < 0:
        return float(brentq(slope, *ends, xtol=1e-300, rtol=1e-14))
    end = a if best == 0 else b
    if best not in (0, len(grid) - 1) or not f(end) <= values[best]:
        raise ArithmeticError("a least value where there is no slope of 0")
    return end


def end_of_set(walk: Walk, node: Any, given: Mapping[Any, Any]) -> float:
    """Greatest place (least one, where the last argument is 0) between two ends at which a condition holds.

    Raises
    ------
    ArithmeticError
        Where it holds nowhere, or without end.
    """
    f, a, b = _between(walk, node, given)
    grid = _grid(a, b)[:: 1 if node.args[3] == 1 else -1]
    inside = np.flatnonzero([f(at) == 1 for at in grid])
    if not len(inside):
        raise ArithmeticError("a set that is empty")
    if inside[-1] == len(grid) - 1:
        end = b if node.args[3] == 1 else a
        if not np.isfinite(end):
            raise ArithmeticError("a set without an end")
        return end
    held, over = float(grid[inside[-1]]), float(grid[inside[-1] + 1])
    while (middle := (held + over) / 2) not in (held, over):
        held, over = (middle, over) if f(middle) == 1 else (held, middle)
    return held


EXTREMA = {"least_value": least_value, "least_place": least_place, "end_of_set": end_of_set}


class _Body:
    """A body as a function of its letter: infinite where it has no value, or none that is known, which is kept."""

    def __init__(self, walk: Walk, body: Any, known: Mapping[Any, Any]) -> None:
        self.walk, self.body, self.known = walk, body, known
        self.unknown: OutOfTime | None = None

    def __call__(self, at: float) -> float:
        try:
            with np.errstate(all="ignore"):
                value = float(self.walk(self.body.expr, {**self.known, self.body.variables[0]: np.float64(at)}))
        except ArithmeticError:
            return np.inf
        except OutOfTime as error:
            if not error.args:
                raise  # the steps are used up
            self.unknown = error
            return np.inf
        return value if np.isfinite(value) else np.inf

    def at_all(self, places: Any) -> Any:
        """Values at all places at once, of a body with an integral; None where they are not known so."""
        import sympy as sp

        held = [*self.body.expr.atoms(sp.Integral), *self.body.expr.atoms(sp.Function("gauss_mean"))]
        if not held:
            return None
        try:
            with np.errstate(all="ignore"):
                values = self.walk(self.body.expr, {**self.known, self.body.variables[0]: places})
        except (ArithmeticError, TypeError, ValueError):
            return None
        except OutOfTime as error:
            if not error.args:
                raise
            return None
        return np.where(np.isfinite(values), values, np.inf) if np.shape(values) == np.shape(places) else None


def _least_of_smooth(f: _Body, a: float, b: float) -> float | None:
    """Least value of an interpolant at Chebyshev's points, where its coefficients fall to rounding; None where not."""
    place, most = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES), np.polynomial.chebyshev
    values = f.at_all((a + b) / 2 + (b - a) / 2 * place)
    if values is None or not np.all(np.isfinite(values)):
        return None
    coefficients = most.chebfit(place, values, _NODES - 1)
    if np.abs(coefficients[-4:]).max() > _ROUNDING * np.abs(coefficients).max():
        return None
    turns = most.chebroots(most.chebder(most.chebtrim(coefficients, _ROUNDING * np.abs(coefficients).max())))
    inside = turns[(np.abs(turns.imag) < 1e-6) & (np.abs(turns) <= 1)].real
    return float(most.chebval(inside, coefficients).min()) if len(inside) else None


def _between(walk: Walk, node: Any, given: Mapping[Any, Any]) -> tuple[_Body, float, float]:
    """A body as a function of its letter, and both ends."""
    known = floats(given)
    low, high = (float(walk(end, known)) for end in node.args[1:3])
    return _Body(walk, node.args[0], known), low, high


def _best(f: _Body, grid: Any, a: float, b: float) -> tuple[int, list[float]]:
    """Place of the least value on a grid, and all values."""
    at_once = f.at_all(grid)
    values = [f(at) for at in grid] if at_once is None else [float(value) for value in at_once]
    best = int(np.argmin(values))
    if not np.isfinite(values[best]):
        raise f.unknown or ArithmeticError("nothing to take the least value of")
    if best in (0, len(grid) - 1):
        beside = values[1] if best == 0 else values[-2]
        if not np.isfinite(a if best == 0 else b) and abs(beside - values[best]) > _FLAT * abs(values[best]):
            raise ArithmeticError("a least value that is not attained")
    return best, values


def _grid(a: float, b: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Places between two ends, close together at finite ends and around nought."""
    if np.isfinite(a) and np.isfinite(b):
        return (a + b) / 2 - (b - a) / 2 * np.cos(np.linspace(0.0, np.pi, _POINTS))
    if not np.isfinite(a) and not np.isfinite(b):
        return np.sinh(np.linspace(-_RANGE, _RANGE, _POINTS))
    steps = np.exp(np.linspace(-2 * _RANGE, 2 * _RANGE, _POINTS))
    return a + steps if np.isfinite(a) else b - steps[::-1]
