"""Quantities that are written as sums, Σ(1 − g)²v²: of their letters the claim says what they are, as an author may.

The sum is read as the quantity, so what an author says of its letters would count for nothing if it were not compared.
"""

from __future__ import annotations

import re
from typing import Any

from solvable.analysis.derivation.notation import Reading, parse
from solvable.analysis.derivation.plain import plain_from_text
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.conventions import vocabulary
from solvable.solvers.validate import refuse

__all__ = ["refuse_other_letters", "with_printed_sums"]

_LETTER = re.compile(r"\\?([A-Za-z]+)(?:_\{?(\w+)\}?)?")
_STATED = re.compile(r"(\w+) = ([^,;]+)")  # "sum over the modes, g = s/(s+κ)"
_OF_A_MODE = re.compile(r"_[ijkl]$")
_CHAIN = 4  # definitions that hold others
_ENDS = r"(?=\s*(?:$|[-+−)/·,;=]|\*(?!\*)|(?:where|with|for|and)\b))"  # no power, and no further factor without a sign


def with_printed_sums(text: str, claim: Claim, known: set[str]) -> str:
    """Put the names of the claim's sums where they stand as they are printed: Σg_a g_b, Σσ^p."""
    for row in vocabulary(claim, known):
        if row.plain.startswith("Σ"):
            signs = [{"−": "[−-]"}.get(sign, re.escape(sign)) for sign in row.plain if sign not in " "]
            loose = [rf"{sign}?" if sign in (r"\{", r"\}") else sign for sign in signs]
            text = re.sub(r"\s*".join(loose) + _ENDS, f"({row.name})", text)
    return text


def refuse_other_letters(reading: Reading, formula: str, claim: Claim, known: set[str]) -> None:
    """Refuse a formula that gives a letter of a sum another meaning than the claim does.

    Raises
    ------
    ValueError
        Where a letter of a sum that is one of the claim's quantities is defined, and not as the claim defines it.
    """
    parts = (reading.expression, *reading.sides, *reading.definitions.values())
    used = {str(symbol) for part in parts for symbol in part.free_symbols} & known
    for row in vocabulary(claim, used):
        if r"\sum" not in row.latex:
            continue
        letters = {"_".join(filter(None, found)) for found in _LETTER.findall(row.latex)}
        stated = dict(_STATED.findall(row.meaning))
        for name, value in reading.definitions.items():
            letter = _OF_A_MODE.sub("", name)
            if letter in letters and not _is_stated(value, stated.get(letter), reading, claim, known):
                is_ = f" as {letter} = {stated[letter]}" if letter in stated else ""
                raise refuse("formula", formula, f"{letter} stands in {row.plain}{is_}: write your sum out")


def _is_stated(value: Any, stated: str | None, reading: Reading, claim: Claim, known: set[str]) -> bool:
    import sympy as sp

    if stated is None:
        return False
    for _ in range(_CHAIN):
        value = value.xreplace(
            {s: reading.definitions[str(s)] for s in value.free_symbols if str(s) in reading.definitions}
        )
    ours = parse(plain_from_text(stated).formula)
    return bool(sp.cancel(_in_our_words(value, claim, known) - _in_our_words(ours, claim, known)) == 0)


def _in_our_words(value: Any, claim: Claim, known: set[str]) -> Any:
    """Put the claim's names, and letters of a mode without its index."""
    put = {}
    for symbol in value.free_symbols:
        meant = in_known(claim, str(symbol), known)
        put[symbol] = parse(meant[0] if meant else _OF_A_MODE.sub("", str(symbol)))
    return value.xreplace(put)
