"""Slips in how a formula is put together: the other root, a sign, a power, a term that is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.slips import Slip

__all__ = ["rewritten_slip"]

_RTOL, _MOST = 1e-8, 120


def rewritten_slip(yours: Formula, ours: NDArray[np.float64], columns: Mapping[str, Any]) -> Slip | None:
    """Change one place of the formula; what equals ours at every point is the diagnosis."""
    import sympy as sp

    if not yours.plain:
        return None
    given = {sp.Symbol(name, positive=True): value for name, value in columns.items() if not name.startswith("_")}
    good = np.isfinite(ours)
    for count, (label, changed) in enumerate(_changes(yours.expression)):
        if count > _MOST:
            return None
        try:
            values = np.asarray(Doubles(yours.clock)(changed, given)) * np.ones(len(ours))
        except (ArithmeticError, ValueError, TypeError):
            continue
        if good.sum() >= 3 and np.all(np.abs(values[good] - ours[good]) <= _RTOL * np.abs(ours[good])):
            return Slip(label, (label.partition(":")[0],))
    return None


def _changes(expression: Any) -> Iterator[tuple[str, Any]]:
    """Formulas with one place changed, with what to say of each; roots before signs before powers."""
    import sympy as sp

    nodes = list(dict.fromkeys(sp.preorder_traversal(expression)))
    for node in nodes:
        if isinstance(node, sp.Pow) and abs(node.exp) == sp.Rational(1, 2) and node.free_symbols:
            yield f"the other root: agrees after {node} -> -{node}", expression.xreplace({node: -node})
    for node in (node for node in nodes if isinstance(node, sp.Add)):
        for term in node.args:
            yield f"sign: agrees after {term} -> {-term}", expression.xreplace({node: node - 2 * term})
    for node in nodes:
        if isinstance(node, sp.Pow) and node.exp.is_Integer and node.free_symbols:
            for power in (node.exp - 1, node.exp + 1, -node.exp):
                yield f"power: agrees after {node} -> {node.base**power}", expression.xreplace({node: node.base**power})
    for node in (node for node in nodes if isinstance(node, sp.Add)):
        for term in node.args:
            yield f"a term too many: agrees without {term}", expression.xreplace({node: node - term})
