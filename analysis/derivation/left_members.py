"""What an equation is about: the claim's quantity, or one that it gives where it is solved for the claim's."""

from __future__ import annotations

import dataclasses
import re

from solvable.analysis.derivation.exponents import with_exponent
from solvable.analysis.derivation.known import is_ours
from solvable.analysis.derivation.latex_words import GREEK, IMPLIES
from solvable.analysis.derivation.notation import Reading, parse
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.conventions import translations
from solvable.solvers.validate import refuse

__all__ = ["about_the_claim", "is_about_an_extremum"]

# a name behind a least value, or a greatest one, left of a sign
_EXTREMUM = re.compile(r"[\s$&]*\\(?:min|max|inf|sup)(?:_(?:\{[^{}]*\}|\\?\w+))?\s*\\?[A-Za-z][^=,]*=")
_OF_EXTREMA = re.compile(
    r"(?i)\b(?:best|optim\w*|minim\w*|maxim\w*|least|lowest|highest|smallest|largest|greatest|most|edge|threshold|"
    r"stable|bound\w*|below|above|Bayes)\b"
)


def about_the_claim(reading: Reading, formula: str, claim: Claim, known: set[str]) -> Reading:
    """Return what is read as an equation for the claim's quantity.

    Raises
    ------
    ValueError
        Where its left member is another quantity, or its right side is the quantity itself.
    """
    _refuse_other_extremum(formula, claim)
    if reading.relation == "=":
        reading = _solved(reading, formula, claim, known)
    if reading.left in known and not is_ours(claim, reading.left):
        raise refuse("formula", formula, f"left of = stands {reading.left}, which is not what the claim is about")
    if reading.relation == "=":
        _refuse_other_quantity(reading.left, formula, claim, known)
    if reading.expression.is_Symbol and not reading.sides:
        _refuse_the_quantity_itself(reading, formula, claim, known)
    return with_exponent(reading, claim, formula)


def _solved(reading: Reading, formula: str, claim: Claim, known: set[str]) -> Reading:
    """Take lambda = f(kappa), a parameter in terms of what the claim is about, for an equation that kappa solves."""
    meant = [text for text in (reading.left, *translations(claim, reading.left)) if text in known]
    if not meant or meant[0] not in claim.grid[0]:
        return reading
    for symbol in sorted(reading.expression.free_symbols, key=str):
        ours = [text for text in in_known(claim, str(symbol), known) if text in known - set(claim.grid[0])]
        if ours and is_ours(claim, ours[0]):
            _refuse_ours_in_front(str(symbol), formula)
            held = {**reading.definitions, "": parse(meant[0]) - reading.expression}
            return dataclasses.replace(
                reading, expression=symbol, definitions=held, left="", named=("", 1), rounded=None, decimals={}
            )
    return reading


def _refuse_ours_in_front(name: str, formula: str) -> None:
    r"""Refuse kappa = .. \Rightarrow lambda = f(kappa), whose first equation would count for nothing."""
    front, *rest = re.split(rf"(?:{'|'.join(map(re.escape, IMPLIES))})(?![a-zA-Z])", formula)
    head = re.match(r"[\s$&]*(\\?[A-Za-z]+)", front)
    if rest and head is not None and GREEK.get(head[1], head[1]) == name:
        raise refuse("formula", formula, f"{name}, what the claim is about, stands before the arrow: give it alone")


def _refuse_other_quantity(left: str, formula: str, claim: Claim, known: set[str]) -> None:
    """Refuse an equation whose left side is a parameter of the claim in Greek, lambda = ..: it is no value of ours."""
    if left in known or left not in GREEK.values():
        return
    meant = [text for text in translations(claim, left) if text in known]
    if meant and meant[0] in claim.grid[0] and not is_ours(claim, meant[0]):
        raise refuse("formula", formula, f"left of = stands {left}, which is not what the claim is about")


def _refuse_other_extremum(formula: str, claim: Claim) -> None:
    r"""Refuse \min_\lambda R = .. for a claim about R at any ridge."""
    if _EXTREMUM.match(formula) and not is_about_an_extremum(claim):
        why = "left of = stands a least or a greatest value, and the claim is about none"
        raise refuse("formula", formula, why)


def is_about_an_extremum(claim: Claim) -> bool:
    """Whether a claim's words speak of a least or a greatest value."""
    return _OF_EXTREMA.search(f"{claim.name} {claim.statement}") is not None


def _refuse_the_quantity_itself(reading: Reading, formula: str, claim: Claim, known: set[str]) -> None:
    """Refuse kappa for kappa, which says nothing, where the claim's own formula says more."""
    name = str(reading.expression)
    if name not in known or name in claim.grid[0] or getattr(claim.formula, "is_Symbol", claim.formula is None):
        return
    held = reading.definitions.items()
    equations = [value for key, value in held if key in ("", name) or in_known(claim, key, known)]
    stated = name in reading.definitions or any(reading.expression in value.free_symbols for value in equations)
    if not stated and is_ours(claim, name):
        raise refuse("formula", formula, f"{name} is what the claim is about: write what it is")
