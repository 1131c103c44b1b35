"""Points on every branch of a formula: where a maximum, an absolute value or a case takes its other side.

Random points may all lie on one side of a kink, and a formula that is wrong on the other side would agree everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.kinks import sides_of
from solvable.analysis.derivation.known import known_values
from solvable.analysis.verification.claim import Claim

__all__ = ["branch_points"]

_TRIED, _EACH = 400, 2  # points of the domain that are looked at, and those kept for each branch


def branch_points(
    claim: Claim, rng: np.random.Generator, yours: Formula, points: list[dict[str, Any]],
    keep: Callable[[dict[str, Any]], bool],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return points of the domain on branches of the formula where none of `points` lies."""
    domain = claim.domain
    if domain is None or yours.expression is None or claim.draws_predictions or not points:
        return []
    drawn = domain.drawn(claim.grid[0])
    sides = [side for side in sides_of(yours.expression) if {str(s) for s in side.free_symbols} <= set(drawn)]
    sides = [side for side in sides if side.free_symbols]
    if not sides:
        return []
    met = {(i, _sign(side, known_values(claim, point))) for i, side in enumerate(sides) for point in points}
    found: list[dict[str, Any]] = []
    for point in (*_ends(claim, points), *domain.points(claim.grid, rng, _TRIED)):
        for i, side in enumerate(sides):
            branch = (i, _sign(side, point))
            if branch[1] is not None and branch not in met and keep(point):
                met.add(branch)
                found.append(point)
                break
        if len(found) >= _EACH * len(sides):
            break
    return found


def _ends(claim: Claim, points: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Points with one parameter at an end of its range."""
    domain = claim.domain
    assert domain is not None
    for point in points[:8]:
        for name, ends in domain.drawn(claim.grid[0]).items():
            for end in ends:
                moved = {**point, name: int(end) if isinstance(point.get(name), int) else float(end)}
                for ratio, whole, total in domain.ratios(point):
                    if name == ratio:
                        moved[name] = (np.floor if end == ends[1] else np.ceil)(end * total) / total
                    elif name in str(domain.counts.get(ratio, "")) and whole:
                        moved[ratio] = max(1, round(moved[ratio] * moved.get(name, total))) / moved.get(name, total)
                if domain.holds(moved):
                    yield moved


def _sign(side: Any, values: Mapping[str, Any]) -> int | None:
    """Side of a kink at a point, 0 on it; None where it has no value."""
    import sympy as sp

    given = {symbol: float(values[str(symbol)]) for symbol in side.free_symbols if isinstance(symbol, sp.Symbol)}
    try:
        value = float(Doubles()(side, given))
    except (ArithmeticError, ValueError, TypeError, KeyError):
        return None
    return int(np.sign(value)) if np.isfinite(value) else None
