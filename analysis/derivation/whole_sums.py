r"""Sums over all modes with both ends written: ``\sum_{i=1}^n``, n the number of modes of the claim.

The end is a factor of the sum until the names are the claim's; there it is 1, or the sum is refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from solvable.analysis.derivation.given import MODES
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.notation import Reading, parse
from solvable.analysis.derivation.operators import RIDGE_OF_MODES, WHOLE_TO
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.verification.claim import Claim
from solvable.solvers.validate import refuse

__all__ = ["with_modes_of"]

_CUSTOMARY = ("d", "p", "m", "M", "r", "D")  # ends that are all modes where the claim has no such name
_POINTS = 6


def with_modes_of(reading: Reading, text: str, known: set[str] | None, claim: Claim | None) -> Reading:
    """Say which effective ridge is in g_i, the author's kappa or the claim's, and that sums end at the last mode.

    Raises
    ------
    ValueError
        Where an end of a sum is not the number of modes.
    """
    import sympy as sp

    shared = known is not None and "gamma_rf" in known and "kappa" not in reading.definitions
    ridge = {sp.Symbol(RIDGE_OF_MODES, positive=True): sp.Symbol("gamma_rf" if shared else "kappa", positive=True)}
    parts = (reading.expression, reading.condition, *reading.sides, *reading.definitions.values())
    ridge |= _ends_of_sums(parts, text, known, claim)

    def put(part: Any) -> Any:
        return part.xreplace(ridge) if isinstance(part, sp.Basic) else part

    return dataclasses.replace(
        reading,
        expression=put(reading.expression), condition=put(reading.condition), rounded=put(reading.rounded),
        statistic=put(reading.statistic), sides=tuple(map(put, reading.sides)),
        definitions={name: put(value) for name, value in reading.definitions.items()},
    )  # fmt: skip


def _ends_of_sums(parts: Iterable[Any], text: str, known: set[str] | None, claim: Claim | None) -> dict[Any, Any]:
    """Replacement of the marks that ends of sums over modes leave, by 1."""
    import sympy as sp

    marks = {symbol for part in parts if isinstance(part, sp.Basic) for symbol in part.free_symbols
             if str(symbol).startswith(WHOLE_TO)}  # fmt: skip
    for mark in marks:
        end = str(mark).removeprefix(WHOLE_TO)
        ours = [] if claim is None else in_known(claim, end, known or set())
        if not (end in _CUSTOMARY and not ours) and not (ours and _counts_modes(parse(ours[0]), claim)):
            why = f"a sum over modes that ends at {end} is not one over all: leave out its ends"
            raise refuse("formula", text, why)
    return dict.fromkeys(marks, sp.Integer(1))


def _counts_modes(end: Any, claim: Any) -> bool:
    """Whether an expression in the claim's names is the number of its modes, at its cells and in its domain."""
    rng = np.random.default_rng(0)
    points = [dict(cell) for cell in claim.grid[:_POINTS]]
    points += [] if claim.domain is None else claim.domain.points(claim.grid, rng, _POINTS)
    for point in points:
        values = known_values(claim, claim.draw(rng, point))
        if MODES not in values:
            return False
        counted = float(sum(float(count) for count in values[MODES].weights["m"]))
        named = float(end.subs({symbol: values.get(str(symbol), np.nan) for symbol in end.free_symbols}))
        if not abs(named - counted) <= 1e-9 * counted:
            return False
    return bool(points)
