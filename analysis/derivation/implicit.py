"""A quantity that an author defines by an equation in itself: solved on the branch that the stated range selects."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.evaluation import Doubles, Precise
from solvable.analysis.derivation.in_doubles import needs_doubles
from solvable.solvers.validate import refuse

__all__ = ["NoRootError", "own_transform", "solve"]

_ROOM = 1e-12  # relative, around a root in doubles
_DOUBLE_DIGITS = 9  # that an equation with an integral holds to
_COARSE = 25  # places of the grid from one to the next where each costs an integral
_MOST_EDGES = 4  # of where an equation has values, that are looked at closely
_SHOWN = 4  # solutions that a refusal lists
_NEAR = np.geomspace(1e-15, 1e-2, 53)  # of an end of a range, on either side
_GRID = np.r_[np.exp(np.linspace(np.log(1e-12), np.log(1e12), 4001))]


def own_transform(expression: Any, text: str, defined: Mapping[str, Any]) -> Any:
    """Take m(-lam) as the author's where an equation for m is stated: it may be the companion's, and ours another."""
    import sympy as sp

    for name in {"m", "v", "m_tilde"} & set(defined):
        functions = expression.atoms(sp.Function)
        companion = sp.Integer(name != "m")
        ours = [f for f in functions if f.func.__name__ == "at_ridge" and f.args[2] == companion]
        if any(f.func.__name__ == "derivative" and f.has(*ours) for f in functions if ours):
            raise refuse(
                "formula", text, f"it holds the slope of {name}, and an equation for {name} alone: give its own"
            )
        expression = expression.xreplace(dict.fromkeys(ours, sp.Symbol(name, positive=True)))
    return expression


def with_own_transform(reading: Any, is_known: Callable[[str], bool]) -> Any:
    """Return the reading with the author's m where an equation for m(-lam) in known names is stated: it defines m."""
    import sympy as sp

    residual = reading.definitions.get("")
    found = [] if residual is None else [f for f in residual.atoms(sp.Function) if f.func.__name__ == "at_ridge"]
    if len(found) != 1 or not all(is_known(str(symbol)) for symbol in residual.free_symbols - found[0].free_symbols):
        return reading
    name = "m_tilde" if found[0].args[2] == 1 else "m"
    own = residual.xreplace({found[0]: sp.Symbol(name, positive=True)})
    held = {key: value for key, value in reading.definitions.items() if key}
    return dataclasses.replace(reading, definitions={**held, name: sp.Symbol(name, positive=True) + own})


class NoRootError(ValueError):
    """An equation has no positive root: at a vanishing parameter a limit may be meant."""


def solve(
    name: str, symbol: Any, equation: Any, condition: Any, given: Mapping[Any, Any], chosen: str = "",
    near: Any = None,
) -> Any:  # fmt: skip
    """Positive root of symbol = equation at one point, at the precision of mpmath.

    All sign changes on a grid of 24 decades, then bisection and Newton's method; the author's range selects among them,
    or that the least or the greatest is `chosen`: of one alone it is the greatest, since others are not positive. Where
    none is found, places `near` the ends of where the equation has values are tried: a root may lie close to a pole.

    Raises
    ------
    ValueError
        Where no root lies in the range, or more than one: a value then would be a guess.
    """
    import mpmath as mp

    residual = equation - symbol
    rough = {key: value if isinstance(key, str) else float(value) for key, value in given.items()}
    grid = _grid(min((v for v in rough.values() if isinstance(v, float) and v > 0), default=1.0))
    near = _near_ends(condition, symbol, given) if near is None else near
    if needs_doubles(residual):  # an integral is taken at one place after the other
        grid = np.union1d(grid[::_COARSE], near)
        values = np.array([_value_at(residual, {**rough, symbol: at}) for at in grid])
    else:
        grid = np.union1d(grid, near)
        values = _values_on(grid, residual, rough, symbol)
    if not np.any(np.isfinite(values)):
        raise refuse("formula", f"{name} = ...", "its equation has no values in which a root could be searched")
    relative = values / np.maximum(np.abs(grid), 1e-300)
    change = np.isfinite(values[:-1]) & np.isfinite(values[1:]) & (np.sign(values[:-1]) != np.sign(values[1:]))
    precise, roots = Precise(), list[Any]()
    for j in np.flatnonzero(change):
        f = lambda at: _precise_at(precise, residual, {**given, symbol: at})  # noqa: E731
        ends = _narrowed(residual, symbol, rough, float(grid[j]), float(grid[j + 1]))
        low, high = next((pair for pair in ends if f(pair[0]) * f(pair[1]) <= 0), (None, None))
        if low is None:
            continue
        root = _bracketed(f, low, high)
        pole = abs(f(root)) > mp.mpf(10) ** -min(
            mp.mp.dps / 2, _DOUBLE_DIGITS if needs_doubles(residual) else mp.mp.dps
        ) * max(abs(values[j]), abs(values[j + 1]))
        known = roots and abs(root - roots[-1]) <= mp.mpf(10) ** (-mp.mp.dps / 2) * abs(root)  # it lies on the grid
        if not pole and not known and _inside(condition, {**given, symbol: root}):
            roots.append(root)
    if not np.any(np.abs(relative[np.isfinite(relative)]) > 1e-12):
        raise refuse("formula", f"{name} = ...", "its equation holds for every value")
    if roots and (chosen == "greatest" or (chosen == "least" and len(roots) > 1)):
        roots = [max(roots) if chosen == "greatest" else min(roots)]
    elif chosen == "least" and roots:
        raise refuse("formula", f"{name} = ...", "it has one positive solution, and the least may be none")
    if len(roots) != 1:
        more = f" and {len(roots) - _SHOWN} more" if len(roots) > _SHOWN else ""
        found = " and ".join(mp.nstr(root, 6) for root in roots[:_SHOWN]) + more
        why = f"it has {len(roots)} positive solutions, {found}: state a range for {name} that holds one"
        if not roots and (closer := _near_edges(residual, symbol, rough, grid, values)) is not None:
            return solve(name, symbol, equation, condition, given, chosen, np.union1d(near, closer))
        if not roots:
            why = f"no positive solution of it is found{'' if condition is None else ' in the range stated'}"
            raise NoRootError(*refuse("formula", f"{name} = ...", why).args)
        raise refuse("formula", f"{name} = ...", why)
    return roots[0]


def _precise_at(precise: Precise, residual: Any, given: Mapping[Any, Any]) -> Any:
    """Value at one place; infinite where it divides by zero there, which is a pole and no root."""
    import mpmath as mp

    try:
        return precise(residual, given)
    except ZeroDivisionError:
        return mp.inf


def _values_on(grid: Any, residual: Any, rough: Mapping[Any, Any], symbol: Any) -> Any:
    """Values at all places at once; nan where there are none."""
    try:
        return np.asarray(Doubles()(residual, {**rough, symbol: grid}) * np.ones_like(grid))
    except (ArithmeticError, TypeError, ValueError, OutOfTime):
        return np.full(len(grid), np.nan)


def _value_at(residual: Any, given: Mapping[Any, Any]) -> float:
    """Value at one place, nan where there is none."""
    try:
        return float(Doubles()(residual, given))
    except (ArithmeticError, TypeError, ValueError, OutOfTime):
        return np.nan


def _grid(smallest: float) -> Any:
    """Places where signs are compared; where a parameter is taken to zero, a root may follow it, or its inverse."""
    if smallest > 1e-12:
        return _GRID
    near = np.geomspace(max(smallest * 1e-6, 1e-290), 1e-12, 2001)[:-1]
    return np.r_[near, _GRID, 1 / near[::-1]]


def _near_ends(condition: Any, symbol: Any, given: Mapping[Any, Any]) -> Any:
    """Places close to the ends of the range that is stated for a name: a root may lie at one but for a small number."""
    import sympy as sp

    found = [np.empty(0)]
    for relation in () if condition is None else condition.atoms(sp.core.relational.Relational):
        sides = [side.args[0] if type(side).__name__ == "value" else side for side in relation.args]
        end = next((other for side, other in (sides, sides[::-1]) if side == symbol and not other.has(symbol)), None)
        try:
            place = 0.0 if end is None else float(Precise()(end, given))
        except (ArithmeticError, KeyError, TypeError, ValueError):
            continue
        if 0 < place < np.inf:
            found += [place * (1 - _NEAR), place * (1 + _NEAR)]
    return np.concatenate(found)


def _near_edges(residual: Any, symbol: Any, rough: Mapping[Any, Any], grid: Any, values: Any) -> Any:
    """Places close to where an equation begins or ends to have values; None where the grid has them, or it is slow."""
    edges = np.flatnonzero(np.isfinite(values[:-1]) != np.isfinite(values[1:]))
    if not 0 < len(edges) <= _MOST_EDGES or needs_doubles(residual):
        return None
    found = []
    for j in edges:
        low, high = grid[j], grid[j + 1]
        for _ in range(60):
            middle = (low + high) / 2
            same = np.isfinite(_value_at(residual, {**rough, symbol: np.float64(middle)})) == np.isfinite(values[j])
            low, high = (middle, high) if same else (low, middle)
        found += [low * (1 - _NEAR), low * (1 + _NEAR)]
    closer = np.concatenate(found)
    return None if np.all(np.isin(closer, grid)) else closer


def _narrowed(residual: Any, symbol: Any, rough: Mapping[Any, Any], low: float, high: float) -> list[tuple[Any, Any]]:
    """Places around the root that doubles find between two ends, then the ends: the sign is to change between them."""
    import mpmath as mp
    from scipy.optimize import brentq

    walk, ends = Doubles(), (mp.mpf(low), mp.mpf(high))
    try:
        root = brentq(lambda at: float(walk(residual, {**rough, symbol: np.float64(at)})), low, high, rtol=1e-14)
    except (ArithmeticError, TypeError, ValueError, OutOfTime, RuntimeError):
        return [ends]
    room = mp.mpf(root) * mp.mpf(_ROOM)
    close = max(ends[0], root - room), min(ends[1], root + room)
    return [close, ends] if close[0] < close[1] else [ends]


def _bracketed(f: Any, low: Any, high: Any) -> Any:
    """Root between two places of opposite sign: false position that halves the weight of an end that stays."""
    import mpmath as mp

    at, (left, right) = low, (f(low), f(high))
    for _ in range(400):
        at = (low * right - high * left) / (right - left)
        value = f(at)
        if value == 0 or mp.isinf(value) or abs(high - low) <= mp.mpf(10) ** (2 - mp.mp.dps) * abs(at):
            break
        if value * right < 0:
            low, left = high, right
        else:
            left /= 2
        moved = abs(at - high)
        high, right = at, value
        if moved <= mp.mpf(10) ** (2 - mp.mp.dps) * abs(at):
            break
    return at


def _inside(condition: Any, given: Mapping[Any, Any]) -> bool:
    if condition is None:
        return True
    return bool(Precise()(condition, given))
