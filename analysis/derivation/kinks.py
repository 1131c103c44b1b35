"""Where an expression changes branch: maxima, absolute values, cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from solvable.analysis.derivation.given import with_axis

__all__ = ["kinks", "sides_of"]


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


def kinks(
    walk: Callable[[Any, Mapping[Any, Any]], Any], body: Any, x: Any, low: float, high: float, given: Mapping[Any, Any]
) -> list[float]:
    """Places inside where an absolute value, a maximum or a condition changes branch."""
    sides = sides_of(body)
    a, b = max(low, -38.0), min(high, 38.0 if low == -np.inf else max(low, 0.0) + 1e3)
    grid, found = np.linspace(a, b, 2001), []
    for side in (side for side in sides if side.has(x)):
        f = lambda at, side=side: walk(side, {**with_axis(given), x: np.asarray(at)}) * np.ones_like(at)  # noqa: E731
        values = f(grid)
        found += [float(at) for at in grid[1:-1][values[1:-1] == 0]]
        for j in np.flatnonzero(values[:-1] * values[1:] < 0):
            left, right = grid[j], grid[j + 1]
            for _ in range(60):
                middle = (left + right) / 2
                left, right = (middle, right) if f(middle) * f(left) > 0 else (left, middle)
            found.append(float(left))
    return sorted(set(found))
