"""Definitions that an operator reaches into: g_i of a sum over i, and x = mu + sigma z under an expectation over z."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from solvable.analysis.derivation.operators import NORMALS
from solvable.analysis.derivation.plain import Statement

__all__ = ["inlined"]

_INDEXED = re.compile(r"(\w*[A-Za-z0-9])_([ijklm])")
_BINDS = re.compile(r"\b(?:sum|product)\(")
_MEAN = re.compile(r"\bE\(")


def inlined(stated: Statement, defined: Mapping[str, Any]) -> Statement:
    """Return the statement with such definitions put where they are used; the index may have another letter there.

    Examples
    --------
    >>> stated = Statement("sum(g_k**2, k)", definitions=(("g_i", "s_i/(s_i+kappa)"),))
    >>> inlined(stated, {}).formula
    'sum((s_k/(s_k+kappa))**2, k)'
    """
    own = {name: value for name, value in stated.definitions if name}
    own |= {name: value for name, value in defined.items() if isinstance(value, str)}
    formula, kept = stated.formula, dict(stated.definitions)
    for _ in range(len(own)):  # one may hold another
        before = formula
        for name, value in own.items():
            if re.search(rf"(?<!\w){name}(?!\w)", value):
                continue
            indexed = _INDEXED.fullmatch(name)
            if indexed and _BINDS.search(formula):
                formula = _with_index(formula, indexed[1], indexed[2], value)
                kept.pop(name, None)
            elif _in_integrand(formula, value) or (
                _MEAN.search(formula) and set(re.findall(r"[A-Za-z_]\w*", f"{name} {value}")) & set(NORMALS)
            ):
                formula = re.sub(rf"(?<!\w){name}(?!\w)", lambda _, value=value: f"({value})", formula)  # type: ignore[misc]
                kept.pop(name, None)
        if formula == before:
            break
    definitions = tuple((name, value) for name, value in stated.definitions if not name or name in kept)
    return stated._replace(formula=formula, definitions=definitions)


def _in_integrand(formula: str, value: str) -> bool:
    """Whether a definition holds a variable that an integral of the formula binds."""
    words = set(re.findall(r"[A-Za-z_]\w*", value))
    return "integral(" in formula and any(re.search(rf"integral\(.*,\s*{word}\s*,", formula) for word in words)


def _with_index(formula: str, stem: str, index: str, value: str) -> str:
    def put(match: re.Match[str]) -> str:
        return f"({re.sub(rf'_{index}(?![A-Za-z0-9_])', f'_{match[1]}', value)})"

    return re.sub(rf"(?<!\w){stem}_([ijklm])(?!\w)", put, formula)
