"""Whether a formula holds an integral, a mean over a law or a series, which are good to doubles."""

from __future__ import annotations

from typing import Any

from solvable.analysis.derivation.extrema import EXTREMA

__all__ = ["needs_doubles"]

_INTEGRALS = ("Integral", "mp_mean", "gauss_mean", "plane_mean", *EXTREMA)


def needs_doubles(expression: Any) -> bool:
    """Whether a formula holds an integral or an infinite sum."""
    import sympy as sp

    return any(
        type(node).__name__ in _INTEGRALS
        or (isinstance(node, sp.Sum | sp.Product) and any(limit[2] is sp.oo for limit in node.limits))
        for node in sp.preorder_traversal(expression)
    )
