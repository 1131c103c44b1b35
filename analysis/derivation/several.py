"""Several equations side by side, V = .., B = ..: the one that is the claim's value is judged, the others are not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.notation import Reading
from solvable.analysis.derivation.understood import written
from solvable.analysis.verification.claim import Claim

if TYPE_CHECKING:
    from solvable.analysis.derivation.formula import Formula

__all__ = ["equations_of", "meant_equation"]

_TRIED = 5


def equations_of(reading: Reading) -> list[Reading]:
    """Return the reading, and one for each equation beside it whose name nothing else holds."""
    name = reading.named[0]
    if not name or reading.relation != "=" or reading.sides:
        return [reading]
    every = {name: reading.expression, **reading.definitions}
    alone = [
        other for other in reading.definitions
        if other.strip() and other != name and not any(_holds(value, other) for value in every.values())
    ]  # fmt: skip
    if not alone or any(_holds(value, name) for value in every.values()):
        return [reading]
    shared = {key: value for key, value in reading.definitions.items() if key not in alone}
    kept: dict[str, Any] = {"condition": reading.condition, "definitions": shared, "lost": reading.lost}
    beside = [Reading(every[other], named=(other, 1), **kept) for other in alone]
    return [dataclasses.replace(reading, definitions=shared), *beside]


def meant_equation(every: list[tuple[Reading, Formula]], others: list[Reading], claim: Claim) -> Formula:
    """Return the formula that is the claim's value, else the nearest to it; what it is read as names the others."""
    cells = [claim.draw(np.random.default_rng(0), dict(cell)) for cell in claim.grid[:_TRIED]]
    rows = [(known_values(claim, cell), float(claim.predict(**cell))) for cell in cells]

    def distance(formula: Formula) -> float:
        gaps = [abs(float(formula(values)) - ours) / (abs(ours) or 1.0) for values, ours in rows]
        return max(gap if np.isfinite(gap) else np.inf for gap in gaps)

    chosen, formula = min(every, key=lambda pair: distance(pair[1]))
    aside = "; ".join(f"{each.named[0]} = {written(each.expression)}" for each in others if each is not chosen)
    return dataclasses.replace(formula, read_as=f"{formula.read_as}; beside it, and not compared: {aside}")


def _holds(value: Any, name: str) -> bool:
    return name in {str(symbol) for symbol in value.free_symbols}
