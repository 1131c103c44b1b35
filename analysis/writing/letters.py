"""Letters of a claim's statement, and what its family says they are.

Letters of formulas are the rows of ``SYMBOLS``, which `check` reads too. Letters that stand in sentences only are rows
of ``NOTATION`` in ``analysis/<family>/symbols.py``, for all claims of the family or for those where they mean this. A
row with the sign of an argument says what the argument is there, where the shared row would mislead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from importlib import import_module

from solvable.analysis.writing.conventions import vocabularies
from solvable.analysis.writing.inline import typeset_inline
from solvable.analysis.writing.symbols import Letter

__all__ = ["declared", "letters", "notation"]

# commands and names of functions, differentials, transposes, indices
_TEX = re.compile(
    r"_\{\\operatorname\{\w+\}\}|\\operatorname\{\w+\}|\\[A-Za-z]+|\bd[A-Z]?/d(?=\w)|\^\{?T\}?|_\{[^{}]*\}|_."
)
_BRACED = re.compile(r"_\{(\w)\}")


def letters(text: str) -> set[str]:
    """Letters of a sentence's formulas, without their indices.

    Examples
    --------
    >>> sorted(letters("The learned skip is c = βA/D_{max} of a flow."))
    ['A', 'D', 'c', 'β']
    """
    found: list[str] = []

    def keep(tex: str) -> str:
        found.append(tex)
        return tex

    typeset_inline(text, str, keep)
    plain = unicodedata.normalize("NFD", " ".join(found))
    return set(re.findall(r"[A-Za-zͰ-Ͽℓ]", _TEX.sub(" ", plain)))


def declared(family: str) -> tuple[Letter, ...]:
    """Letters that a family declares, in the order of its table."""
    module = vocabularies().get(family)
    return tuple(getattr(import_module(module), "NOTATION", ())) if module else ()


def notation(family: str, name: str, statement: str, arguments: Collection[str] = ()) -> dict[str, str]:
    """What a family says of the letters of a statement and of the signs of arguments; a claim's rows come first."""
    present, written = letters(statement), _BRACED.sub(r"_\1", statement)
    found: dict[str, str] = {}
    for row in declared(family):
        here = row.sign in arguments or row.sign in (present if len(row.sign) == 1 else written)
        meant = name.rpartition("/")[2] in row.claims if row.claims else row.sign not in found
        if here and meant:
            found[row.sign] = row.meaning
    return found
