"""What the families' symbols say together: the table of conventions, what a claim uses, names of authors, LaTeX.

A family is found by looking: a folder ``analysis/<family>/`` with a module ``symbols``. Only that module is imported,
so that the table opens without the claims.
"""

from __future__ import annotations

import dataclasses
import pkgutil
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import solvable.analysis as _floor
from solvable.analysis.writing.symbols import SHARED, Convention, Symbol, SymbolKind

if TYPE_CHECKING:
    from solvable.analysis.verification.claim import Claim

__all__ = [
    "convention_table",
    "conventions",
    "formula_latex",
    "names_of_kind",
    "signs",
    "symbols",
    "translations",
    "used_conventions",
    "used_symbols",
    "vocabularies",
    "vocabulary",
    "written_symbols",
]


_COMPOUND = re.compile(r"\\(?:sum|int|min|max)\b|\^\{?T|\\mathrm\{tr\}|/|\(")


@cache
def vocabularies() -> dict[str, str]:
    """Families that bring symbols, by name, and the module that holds them."""
    found = {}
    for info in pkgutil.iter_modules(_floor.__path__, "solvable.analysis."):
        module = f"{info.name}.symbols"
        if info.ispkg and find_spec(module) is not None:
            found[info.name.rsplit(".", 1)[1].replace("_", "-")] = module
    # analysis/writing/symbols.py declares what is shared: it is no family's
    return {family: module for family, module in sorted(found.items()) if family != "writing"}


def symbols(family: str) -> tuple[Symbol, ...]:
    """Rows of a family, its own before the shared ones; of an unknown family the shared ones."""
    module = vocabularies().get(family)
    return (*(import_module(module).SYMBOLS if module else ()), *SHARED)


def conventions(family: str) -> tuple[Convention, ...]:
    """Conventions that a family declares."""
    module = vocabularies().get(family)
    return tuple(import_module(module).CONVENTIONS) if module else ()


@cache
def names_of_kind(kind: SymbolKind) -> tuple[str, ...]:
    """Names of all symbols of a kind, the shared ones first."""
    rows = [*SHARED, *(row for family in vocabularies() for row in symbols(family))]
    rows += [row for family in vocabularies() for fixed in conventions(family) for row in fixed.symbols]
    return tuple(dict.fromkeys(row.name for row in rows if row.kind == kind))


def _used(claim: Claim) -> set[str]:
    """Names a reader meets in a claim: parameters of its cells and symbols of its formula."""
    formula = {str(symbol) for symbol in getattr(claim.formula, "free_symbols", ())}
    return {name for cell in claim.grid for name in cell} | formula


def used_conventions(claim: Claim) -> list[Convention]:
    """Conventions of a claim: the one it names, and for parameters this leaves open the family's only one.

    Raises
    ------
    LookupError
        A name that the family does not declare; a parameter with several conventions of which the claim names none.
    """
    declared = conventions(claim.family)
    found = [row for row in declared if row.name == claim.convention]
    if claim.convention and not found:
        known = ", ".join(row.name for row in declared) or "none"
        raise LookupError(f"{claim.name}: convention = {claim.convention!r} is not declared; declared are {known}.")
    used = _used(claim)
    for name in sorted(used - {name for row in found for name in row.fixes}):
        rows = [row for row in declared if name in row.fixes]
        if len(rows) > 1:
            known = ", ".join(row.name for row in rows)
            raise LookupError(f"{claim.name}: name the convention of {name}: one of {known}.")
        found += [row for row in rows if row not in found]
    return found


def _rows(claim: Claim) -> dict[str, Symbol]:
    """Every symbol of a claim's vocabulary by name: of its convention, else of its family, else shared."""
    own = [row for fixed in used_conventions(claim) for row in fixed.symbols]
    return {row.name: row for row in reversed((*own, *symbols(claim.family)))}


def used_symbols(claim: Claim) -> list[Symbol]:
    """Symbols that a claim uses, in the order of its vocabulary."""
    used = _used(claim)
    return [row for row in reversed(_rows(claim).values()) if row.name in used]


def vocabulary(claim: Claim, names: set[str]) -> list[Symbol]:
    """Symbols of a claim's vocabulary that have one of the names, in its order."""
    return [row for row in reversed(_rows(claim).values()) if row.name in names]


def written_symbols(claim: Claim) -> dict[str, tuple[str, ...]]:
    """LaTeX of every symbol of a claim's vocabulary, by name: the one that is shown, and others."""
    shown = {name: re.fullmatch(r"1\[(\w+)\]", row.plain) for name, row in _rows(claim).items()}
    words = {name: (f"1_{{{word[1]}}}",) for name, word in shown.items() if word is not None}
    return {name: (row.latex, *row.also, *words.get(name, ())) for name, row in _rows(claim).items()}


def signs(claim: Claim, known: set[str]) -> set[str]:
    """Words that are the signs of known quantities themselves, aliases left out."""
    rows = [row for row in _rows(claim).values() if row.name in known]
    return {word for row in rows for word in dataclasses.replace(row, aliases=()).words()} | {row.name for row in rows}


def translations(claim: Claim, word: str) -> list[str]:
    """Expressions in our names that an author's word may stand for, the family's before the shared ones."""
    rows = reversed(_rows(claim).values())
    return list(dict.fromkeys(found for row in rows if (found := row.words().get(word)) is not None))


def convention_table() -> dict[str, list[tuple[str, str, str]]]:
    """Symbol, argument and meaning: the shared rows under ``""``, then each family's, its conventions last."""
    table = {"": [(row.plain, row.name, row.meaning) for row in SHARED]}
    for family in vocabularies():
        own = [(row.plain, row.name, row.meaning) for row in symbols(family) if row not in SHARED]
        fixed = [(row.name, ", ".join(row.fixes), row.loss) for row in conventions(family)]
        table[family] = own + fixed
    return table


def formula_latex(claim: Claim) -> str:
    """LaTeX of a claim's formula, in the symbols of its convention and family instead of argument names."""
    import sympy
    from sympy.printing.latex import LatexPrinter

    class PositiveFirst(LatexPrinter):
        """Writes n - d, not -d + n."""

        def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
            terms = super()._as_ordered_terms(expr, order=order)
            first = next((i for i, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
            return [terms[first], *terms[:first], *terms[first + 1 :]]

    within = {s for node in claim.formula.atoms(sympy.Mul, sympy.Pow) for s in node.args if s.is_Symbol}
    names, rows = {}, _rows(claim)
    for symbol in claim.formula.free_symbols:
        row = rows.get(symbol.name)
        if row is None:
            continue
        # a trace or a sum ends where its factor does: within a product it has brackets
        names[symbol] = rf"\left({row.latex}\right)" if symbol in within and _COMPOUND.search(row.latex) else row.latex
    return str(PositiveFirst({"symbol_names": names}).doprint(claim.formula))
