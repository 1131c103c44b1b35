"""A quantity that an author defines by an equation in itself: solved on the branch that the stated range selects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from solvable.analysis.derivation.evaluation import Doubles, Precise
from solvable.solvers.validate import refuse

__all__ = ["solve"]

_SHOWN = 4  # solutions that a refusal lists
_GRID = np.r_[np.exp(np.linspace(np.log(1e-12), np.log(1e12), 4001))]


def solve(name: str, symbol: Any, equation: Any, condition: Any, given: Mapping[Any, Any]) -> Any:
    """Positive root of symbol = equation at one point, at the precision of mpmath.

    All sign changes on a grid of 24 decades, then bisection and Newton's method; the author's range selects among them.

    Raises
    ------
    ValueError
        Where no root lies in the range, or more than one: a value then would be a guess.
    """
    import mpmath as mp

    residual = equation - symbol
    rough = {key: value if isinstance(key, str) else float(value) for key, value in given.items()}
    values = np.asarray(Doubles()(residual, {**rough, symbol: _GRID}) * np.ones_like(_GRID))
    relative = values / np.maximum(np.abs(_GRID), 1e-300)
    change = np.isfinite(values[:-1]) & np.isfinite(values[1:]) & (np.sign(values[:-1]) != np.sign(values[1:]))
    precise, roots = Precise(), []
    for j in np.flatnonzero(change):
        f = lambda at: precise(residual, {**given, symbol: at})  # noqa: E731
        low, high = mp.mpf(float(_GRID[j])), mp.mpf(float(_GRID[j + 1]))
        if f(low) * f(high) > 0:
            continue
        root = _bracketed(f, low, high)
        pole = abs(f(root)) > mp.mpf(10) ** (-mp.mp.dps / 2) * max(abs(values[j]), abs(values[j + 1]))
        if not pole and _inside(condition, {**given, symbol: root}):
            roots.append(root)
    if not np.any(np.abs(relative[np.isfinite(relative)]) > 1e-12):
        raise refuse("formula", f"{name} = ...", "its equation holds for every value")
    if len(roots) != 1:
        more = f" and {len(roots) - _SHOWN} more" if len(roots) > _SHOWN else ""
        found = " and ".join(mp.nstr(root, 6) for root in roots[:_SHOWN]) + more
        why = f"it has {len(roots)} positive solutions, {found}: state a range for {name} that holds one"
        if not roots:
            why = f"it has no positive solution{'' if condition is None else ' in the range stated'}"
        raise refuse("formula", f"{name} = ...", why)
    return roots[0]


def _bracketed(f: Any, low: Any, high: Any) -> Any:
    """Root between two places of opposite sign: false position that halves the weight of an end that stays."""
    import mpmath as mp

    at, (left, right) = low, (f(low), f(high))
    for _ in range(400):
        at = (low * right - high * left) / (right - left)
        value = f(at)
        if value == 0 or abs(high - low) <= mp.mpf(10) ** (2 - mp.mp.dps) * abs(at):
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
