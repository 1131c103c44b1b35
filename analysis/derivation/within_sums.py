"""Slips within a sum, a mean or an integral, whose terms nobody sees where it is one number: g for g**2 in a sum."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.edits import edits
from solvable.analysis.derivation.formula import Formula, operators_of
from solvable.analysis.derivation.labels import same

__all__ = ["slip_within_sums"]

_WORDS = {"Integral": "integral", "Product": "product", "gauss_mean": "mean", "plane_mean": "mean", "mp_mean": "mean"}
_MOST = 16  # changes of the pen in the term of one sum
_LOOKED_AT = 3  # points that a change must satisfy before all are asked


def slip_within_sums(yours: Formula, ours: NDArray[np.float64], columns: Mapping[str, Any]) -> str | None:
    """Say which term of a sum, or integrand, is off by one change of the pen: "in the sum agrees after g -> g**2"."""
    expression = yours.expression
    if expression is None:
        return None
    few = {name: column[:_LOOKED_AT] for name, column in columns.items()}
    for total in operators_of(expression):
        term = total.args[0]
        body = term.expr if hasattr(term, "expr") else term
        for text, changed in (*_shifts(body, columns), *edits(body)[:_MOST]):
            inner = term.func(term.variables, changed) if hasattr(term, "expr") else changed
            try:
                whole = expression.xreplace({total: total.func(inner, *total.args[1:])})
            except (ArithmeticError, TypeError, ValueError):
                continue
            formula = dataclasses.replace(yours, expression=whole, outline=None)
            if same(formula.on(few), ours[:_LOOKED_AT]) and same(formula.on(columns), ours):
                return f"within the {_WORDS.get(type(total).__name__, 'sum')}: agrees after {text}"
        for text, other in _other_ends(total):
            formula = dataclasses.replace(yours, expression=expression.xreplace({total: other}), outline=None)
            if same(formula.on(few), ours[:_LOOKED_AT]) and same(formula.on(columns), ours):
                return f"in the {_WORDS.get(type(total).__name__, 'sum')}: agrees after {text}"
    return None


def _shifts(body: Any, columns: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A name that is one off wherever it stands in a term: t - 1 for t."""
    for symbol in sorted(body.free_symbols, key=str):
        for step in (1, -1) if str(symbol) in columns else ():
            yield f"{symbol} -> {symbol + step}", body.xreplace({symbol: symbol + step})


def _other_ends(total: Any) -> Iterator[tuple[str, Any]]:
    """A sum or a product of whole numbers that begins, or ends, one later or earlier."""
    import sympy as sp

    if not isinstance(total, sp.Sum | sp.Product):
        return
    k, low, high = total.limits[0]
    for step in (1, -1):
        yield f"its end {high} -> {high + step}", total.func(total.function, (k, low, high + step))
        yield f"its start {low} -> {low + step}", total.func(total.function, (k, low + step, high))
