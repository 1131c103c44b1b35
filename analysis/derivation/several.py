"""Several equations side by side, V = .., B = ..: the one that is the claim's value is judged, the others are not."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.latex_words import GREEK
from solvable.analysis.derivation.notation import Reading
from solvable.analysis.derivation.understood import written
from solvable.analysis.verification.claim import Claim

if TYPE_CHECKING:
    from solvable.analysis.derivation.formula import Formula

__all__ = ["equations_of", "meant_equation", "with_the_formula_first"]

_TRIED = 5


def with_the_formula_first(reading: Reading, known: set[str]) -> Reading:
    """Return the reading of E_0 = .., E_t = E_0 + ..: the equation that uses the first is meant."""
    name, definitions = reading.named[0], reading.definitions
    if not name or name in known or reading.relation != "=" or reading.sides or reading.named[1] != 1:
        return reading
    using = [other for other, value in definitions.items() if _holds(value, name)]
    every = [reading.expression, *definitions.values()]
    if len(using) != 1 or using[0] in known or any(_holds(value, using[0]) for value in every):
        return reading
    rest = {key: value for key, value in definitions.items() if key != using[0]}
    return dataclasses.replace(
        reading, expression=definitions[using[0]], named=(using[0], 1), definitions={**rest, name: reading.expression}
    )


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


def meant_equation(
    every: list[tuple[Reading, Formula]], others: list[Reading], errors: Sequence[ValueError | None], claim: Claim
) -> Formula:
    """Return the formula that is the claim's value, else the nearest to it; what it is read as names the others.

    Raises
    ------
    ValueError
        Why one of them is not read, where another one speaks of what stands in it: that is its definition, no formula.
    """
    text = every[0][1].text
    unread = [(each, error) for each, error in zip(others, errors, strict=True) if error is not None]
    for each, error in unread:
        if any(_stands_elsewhere(other.named[0], text) for other in others if other is not each):
            raise error
    cells = [claim.draw(np.random.default_rng(0), dict(cell)) for cell in claim.grid[:_TRIED]]
    rows = [(known_values(claim, cell), float(claim.predict(**cell))) for cell in cells]

    def distance(formula: Formula) -> float:
        gaps = [abs(float(formula(values)) - ours) / (abs(ours) or 1.0) for values, ours in rows]
        return max(gap if np.isfinite(gap) else np.inf for gap in gaps)

    chosen, formula = min(every, key=lambda pair: distance(pair[1]))
    aside = "; ".join(f"{each.named[0]} = {written(each.expression)}" for each in others if each is not chosen)
    return dataclasses.replace(formula, read_as=f"{formula.read_as}; beside it, and not compared: {aside}")


def _stands_elsewhere(name: str, text: str) -> bool:
    """Whether a letter of a name, or of what a norm or a mean is named by, stands twice or more in what is written."""
    stem = name.removesuffix("_own").partition("_")[0]
    written_ones = {own: letter for letter, own in GREEK.items() if len(own) > 1}
    letters = [stem] if len(stem) == 1 or stem in written_ones else [x for x in stem.removeprefix("of") if x.isalpha()]
    for letter in letters:
        sign = re.escape("\\" + letter if letter in written_ones else letter)
        if len(re.findall(rf"(?<![A-Za-z\\]){sign}(?![A-Za-z])", text)) > 1:
            return True
    return False


def _holds(value: Any, name: str) -> bool:
    return name in {str(symbol) for symbol in value.free_symbols}
