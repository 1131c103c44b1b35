"""O(.) and o(.) in a formula: taken off, with the size of what each stands for in the whole."""

from __future__ import annotations

from typing import Any

__all__ = ["without_orders"]


def without_orders(expression: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take off O(.) and o(.): what they say is compared apart."""
    import sympy as sp

    marks = [a for a in expression.atoms(sp.Function) if a.func.__name__ == "landau"]
    if not marks:
        return expression, ()
    orders = tuple(_order_of(expression, a) if a.args[1] == 1 else sp.Integer(1) for a in sorted(marks, key=str))
    return expression.xreplace({a: sp.Integer(0) for a in marks}), orders


def _order_of(expression: Any, mark: Any) -> Any:
    """Size of what an O(.) stands for in the whole: within a product its factors count."""
    import sympy as sp

    small = sp.Dummy(positive=True)
    rest = {a: sp.Integer(0) for a in expression.atoms(sp.Function) if a.func.__name__ == "landau" and a != mark}
    slope = sp.diff(expression.xreplace({mark: small}).xreplace(rest), small).xreplace({small: sp.Integer(0)})
    return sp.Abs(slope) * mark.args[0] if slope != 1 else mark.args[0]
