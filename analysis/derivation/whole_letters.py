"""Letters that a claim's assumptions count, ξ = 0, ±1, …: an extremum over one of them goes over whole numbers."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from solvable.analysis.derivation.latex_words import GREEK
from solvable.analysis.derivation.notation import Reading
from solvable.analysis.verification.claim import Claim

__all__ = ["with_counted_letters"]

_COUNTED = re.compile(r"(?<!\w)([^\W\d_]) = ±?\d+(?:, ±?\d+)+, …")


def with_counted_letters(reading: Reading, claim: Claim) -> Reading:
    """Return the reading with least values over such a letter, between two ends, taken over whole numbers."""
    letters = {GREEK.get(letter, letter) for letter in _COUNTED.findall(claim.assumptions)}
    if not letters:
        return reading

    def counts(e: Any) -> bool:
        over = e.func.__name__ == "least_value" and len(e.args) == 3 and str(e.args[0].variables[0]) in letters
        return over and all(end.is_finite is not False for end in e.args[1:3])

    def put(part: Any) -> Any:
        import sympy as sp

        return part.replace(counts, lambda e: e.func(*e.args, sp.Integer(1)))

    definitions = {name: put(value) for name, value in reading.definitions.items()}
    sides = tuple(map(put, reading.sides))
    return dataclasses.replace(reading, expression=put(reading.expression), sides=sides, definitions=definitions)
