"""Where an expression changes branch: maxima, absolute values, cases."""

from __future__ import annotations

from typing import Any

__all__ = ["sides_of"]


def sides_of(expression: Any) -> list[Any]:
    """What changes sign where an expression changes branch."""
    import sympy as sp

    sides = []
    for node in sp.preorder_traversal(expression):
        if isinstance(node, sp.Abs | sp.sign | sp.Heaviside):
            sides.append(node.args[0])
        elif isinstance(node, sp.Max | sp.Min):
            sides += [a - b for a in node.args for b in node.args if str(a) < str(b)]
        elif isinstance(node, sp.core.relational.Relational):
            sides.append(node.lhs - node.rhs)
    return sides
