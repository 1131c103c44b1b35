"""Where a formula is ours in part: in one kind of cell, at a special value of a parameter, to leading order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.labels import same

__all__ = ["kind_of_cell", "leading_order", "special_value"]

Array = NDArray[np.float64]
_SMALL, _SMALLER = 1e-4, 1e-6
_SPECIAL = ((0.0, "0"), (1.0, "1"))
_MOST_KINDS = 6


def kind_of_cell(agrees: NDArray[np.bool_], points: Sequence[Mapping[str, Any]]) -> str | None:
    """Condition on a parameter that is no number which tells the points that agree from the others."""
    if len(agrees) != len(points) or agrees.all() or not agrees.any():
        return None
    for name, first in points[0].items():
        if isinstance(first, bool | str) and all(isinstance(point.get(name), bool | str) for point in points):
            values = [point[name] for point in points]
            inside = sorted({v for v, good in zip(values, agrees, strict=True) if good}, key=str)
            outside = {v for v, good in zip(values, agrees, strict=True) if not good}
            if not set(inside) & outside and len(inside) <= _MOST_KINDS:
                if len(outside) == 1 and len(inside) > 1:
                    return f"{name} other than {outside.pop()}"
                return f"{name} = {' or '.join(map(str, inside))}"
    return None


def special_value(reference: Any, found: Array, columns: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Say which parameter of ours at a special value gives theirs."""
    import sympy as sp

    given = {sp.Symbol(name, positive=True): value for name, value in columns.items()}
    for name in names:
        symbol = sp.Symbol(name, positive=True)
        if symbol not in getattr(reference, "free_symbols", ()):
            continue
        for value, word in _SPECIAL:
            values = _values(reference, {**given, symbol: np.full(len(found), value)})
            if values is not None and np.all(np.isfinite(values)) and same(found, values):
                return f"{name} = {word}"
    return None


def leading_order(
    reference: Any, yours: Callable[[Mapping[str, Any]], Array], columns: Mapping[str, Any], names: Sequence[str]
) -> str | None:
    """Say in which parameter a formula is ours to leading order: the difference vanishes with it, or its inverse."""
    import sympy as sp

    used = {str(symbol) for symbol in getattr(reference, "free_symbols", ())}
    for name in names:
        if name not in used or np.any(np.asarray(columns[name]) <= 0):
            continue
        for word, sign in (("small", 1), ("large", -1)):
            gaps = []
            for step in (_SMALL, _SMALLER):
                moved = {**columns, name: np.asarray(columns[name], dtype=float) * step**sign}
                given = {sp.Symbol(key, positive=True): value for key, value in moved.items()}
                ours = _values(reference, given)
                with np.errstate(all="ignore"):
                    gap = np.abs(yours(moved) / ours - 1) if ours is not None else np.array([np.nan])
                gaps.append(float(np.max(gap)) if np.all(np.isfinite(gap)) else np.nan)
            if gaps[0] < 0.1 and gaps[1] < 0.2 * gaps[0]:
                return f"{word} {name}"
    return None


def _values(expression: Any, given: Mapping[Any, Any]) -> Array | None:
    size = len(next(iter(given.values())))
    with np.errstate(all="ignore"):
        try:
            return np.asarray(Doubles()(expression, given), dtype=float) * np.ones(size)
        except (ArithmeticError, ValueError, TypeError, KeyError):
            return None
