r"""A formula with \pm: the claim says which of its two values is meant."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.notation import Reading
from solvable.analysis.verification.claim import Claim
from solvable.solvers.validate import refuse

if TYPE_CHECKING:
    from solvable.analysis.derivation.formula import Formula

__all__ = ["that_is_ours", "with_signs"]

_SAME = 1e-9


def with_signs(reading: Reading, claim: Claim | None, formula: Any) -> list[Reading]:
    r"""Readings of a formula with \pm: either sign, and the sign that a parameter of two values chooses; else none."""
    import sympy as sp

    mark = sp.Symbol("pm_sign", positive=True)
    if not any(part.has(mark) for part in (reading.expression, *reading.definitions.values())):
        return []
    if claim is None:
        raise refuse("formula", formula, "a formula with two signs has two values: give one of them")
    rows = [known_values(claim, point) for point in _points(claim)]
    chosen = [name for name in rows[0] if not name.startswith("_") and {row.get(name) for row in rows} == {0, 1}]
    signs = [sp.Integer(1), sp.Integer(-1)]
    signs += [sign * (2 * sp.Symbol(name, positive=True) - 1) for name in chosen for sign in (1, -1)]
    return [
        dataclasses.replace(
            reading, expression=reading.expression.xreplace({mark: sign}), rounded=None, decimals={},
            definitions={name: part.xreplace({mark: sign}) for name, part in reading.definitions.items()},
        )
        for sign in signs
    ]  # fmt: skip


def that_is_ours(every: list[Formula], claim: Claim) -> Formula:
    """Return the one of several readings that is the claim's value.

    Raises
    ------
    ValueError
        Where none is, with both values at a point.
    """
    rows = [(known_values(claim, point), float(claim.predict(**point))) for point in _points(claim)]
    fits = [each for each in every if all(abs(float(each(at)) - ours) <= _SAME * abs(ours) for at, ours in rows)]
    if fits:
        return fits[0]
    values = " and ".join(f"{float(each(rows[0][0])):.6g}" for each in every[:2])
    why = f"it has two values, {values} at one point, and neither is ours: give one of them"
    raise refuse("formula", every[0].text, why)


def _points(claim: Claim) -> list[dict[str, Any]]:
    return [claim.draw(np.random.default_rng(0), dict(cell)) for cell in claim.grid]
