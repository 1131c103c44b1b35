"""Factors between a claim's value and the quantity that authors name: n times the error, what falls as 1/(2l)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from solvable.analysis.derivation.formula import Formula, read_formula
from solvable.analysis.derivation.notation import parse
from solvable.analysis.verification.claim import Claim, Kind
from solvable.solvers.validate import refuse

__all__ = ["over_its_law", "refuse_without_factor", "stated_divisors", "stated_factors"]

_TIMES, _OVER = re.compile(r"(\S+) times\b"), re.compile(r"\bover (\S+?)[,;.]")  # factors that statements name
_PER_DIMENSION = re.compile(r"\b(?:for each|a|per) dimension\b")
_LAW = re.compile(r"\b(?:falls|grows) as (\S+?)[,;.]")  # of which the claim's value is the constant


def stated_factors(claim: Claim) -> list[Any]:
    """Return the factors that, by its statement, the claim's value may have before the quantity."""
    said = [f"1/({match[1]})" for match in _OVER.finditer(claim.statement)]
    said += [match[1].strip("(") for match in _TIMES.finditer(claim.statement)]
    said += ["1/d"] if _PER_DIMENSION.search(claim.statement) else []
    return [*filter(None, (_read(text, claim) for text in said)), *(1 / law for law in _laws(claim))]


def stated_divisors(claim: Claim) -> list[str]:
    """Return what the claim's statement says the quantity is over, in plain text."""
    found = []
    for match in _OVER.finditer(claim.statement):
        try:
            found.append(str(parse(match[1])).replace(" ", ""))
        except ValueError:
            continue  # words
    return found


def over_its_law(yours: Formula, claim: Claim) -> Formula:
    """Return K = 1/(2l) as the constant before the law, where the claim's value is that of what falls as 1/(2l)."""
    laws = _laws(claim)
    if not yours.named[0] or not laws or not yours.expression or not yours.expression.free_symbols:
        return yours
    import sympy as sp

    value = sp.cancel(yours.expression / laws[0])
    read_as = f"({yours.named[0]})/({laws[0]}) = {value}"
    names = frozenset(map(str, value.free_symbols))
    return dataclasses.replace(yours, expression=value, names=names, rounded=None, decimals={}, outline=None,
                               read_as=read_as)  # fmt: skip


def refuse_without_factor(yours: Formula, claim: Claim, agrees: Callable[[Formula], bool]) -> None:
    """Refuse what a left member names where the claim's value is a stated factor times the right side.

    It is right for the quantity itself, and not for what the claim is about.
    """
    if not (yours.named[0] or yours.unread) or yours.relation != "=" or agrees(yours):
        return
    for factor in stated_factors(claim):
        whole = dataclasses.replace(
            yours, expression=yours.expression * factor, rounded=None, decimals={}, outline=None,
            names=yours.names | set(map(str, factor.free_symbols)),
        )  # fmt: skip
        if factor.free_symbols and agrees(whole):
            why = f"the claim is about ({factor}) times the quantity, and so times your right side: give that"
            raise refuse("formula", yours.text, why)


def _laws(claim: Claim) -> list[Any]:
    """How the quantity grows or falls, where the claim's value is a number."""
    if claim.kind is Kind.RATE or claim.formula is None or claim.formula.free_symbols:
        return []
    found = (_read(match[1], claim) for match in _LAW.finditer(claim.statement))
    return [law for law in found if law is not None and law.free_symbols]


def _read(text: str, claim: Claim) -> Any:
    try:
        return read_formula(text, claim).expression
    except ValueError:
        return None
