"""Where a formula differs: on one side of a usual condition, beyond a threshold, or more at one end of a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["differs", "partial_agreement", "threshold", "where_ours_vanishes"]

_FEWEST = 3  # points on either side of a threshold
_NOUGHT = 1e-9  # of our largest value: what is below is rounding
_TREND = 0.8  # rank correlation that is said
_NOUGHT = 1e-9  # of our largest value: what is below is rounding


def _parameters(columns: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    return {name: np.asarray(columns[name], dtype=float) for name in cell
            if name in columns and len(set(columns[name])) > 2}  # fmt: skip


def threshold(
    agrees: NDArray[np.bool_], columns: Mapping[str, Any], cell: Mapping[str, Any], fewest: int = _FEWEST
) -> str | None:
    """Condition on one parameter beyond which a formula stops to agree."""
    if min(agrees.sum(), (~agrees).sum()) < fewest:
        return None
    for name, value in _parameters(columns, cell).items():
        for sign, low, high in (("<", value[agrees], value[~agrees]), (">", value[~agrees], value[agrees])):
            if low.max() < high.min():
                if np.all(value == np.round(value)):
                    return f"{name} <= {low.max():g}" if sign == "<" else f"{name} >= {high.min():g}"
                return f"{name} {sign} {(low.max() + high.min()) / 2:.2g} or so"
    return None


def differs(gaps: NDArray[np.float64], columns: Mapping[str, Any], cell: Mapping[str, Any]) -> str | None:
    """Sentence on the size of the difference, and where it is largest."""
    finite = np.isfinite(gaps)
    if finite.sum() < 3:
        return None
    span = f"differs by {100 * gaps[finite].min():.2g} % to {100 * gaps[finite].max():.2g} %"
    rank = lambda a: np.argsort(np.argsort(a))  # noqa: E731
    for name, value in _parameters(columns, cell).items():
        if len(set(gaps[finite])) > 2 and np.ptp(value[finite]) > 0:
            trend = float(np.corrcoef(rank(gaps[finite]), rank(value[finite]))[0, 1])
            if abs(trend) > _TREND:
                return f"{span}, most at {'large' if trend > 0 else 'small'} {name}; no common slip explains it"
    return f"{span} over the points; no common slip explains it"


def where_ours_vanishes(
    ours: NDArray[np.float64], found: NDArray[np.float64], columns: Mapping[str, Any], cell: Mapping[str, Any]
) -> str | None:
    """Sentence on points at which ours is 0 and yours is not; None where there are none."""
    nought = (ours == 0) & (np.abs(found) > _NOUGHT * np.max(np.abs(ours)))
    if not nought.any() or not ours.any():
        return None
    place = int(np.argmax(np.where(nought, np.abs(found), 0)))
    said = f"ours is 0 at {(ours == 0).sum()} of {len(ours)} points, yours up to {abs(found[place]):.2g}"
    where = ", ".join(f"{name} = {value[place]:.4g}" for name, value in _parameters(columns, cell).items())
    rest = np.abs(found - ours)[ours != 0] <= 1e-9 * np.abs(ours[ours != 0])
    return f"{said} there{f' (at {where})' if where else ''}{'; elsewhere they are equal' if rest.all() else ''}"


def partial_agreement(agrees: NDArray[np.bool_], columns: Mapping[str, Any], degenerate: bool = False) -> str | None:
    """Return the condition that tells the points that agree from the others, if one of the usual ones does.

    The usual ones compare sizes; `degenerate` ones say that a parameter vanishes.
    """
    if agrees.all() or not agrees.any():
        return None
    tests: list[tuple[str, NDArray[np.bool_]]] = []
    if degenerate:
        zero = {name: column == 0 for name, column in columns.items() if name[0] != "_" and np.any(column == 0)}
        for name, truth in zero.items():
            tests += [(f"{name} = 0", truth), (f"{name} > 0", ~truth)]
        tests += [(f"{a} = 0 or {b} = 0", zero[a] | zero[b]) for a in zero for b in zero if a < b]
        return next((label for label, truth in tests if np.array_equal(truth, agrees)), None)
    for name in ("gamma", "ratio"):
        if name in columns:
            tests += [(f"{name} < 1", columns[name] < 1), (f"{name} > 1", columns[name] > 1)]
    for a, b in (("n", "d"), ("d", "n"), ("k", "n"), ("n", "k")):
        if {a, b} <= set(columns):
            tests.append((f"{a} > {b}", columns[a] > columns[b]))
    return next((label for label, truth in tests if np.array_equal(truth, agrees)), None)
