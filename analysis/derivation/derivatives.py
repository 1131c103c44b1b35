"""Derivatives and limits in a formula, resolved once its names are the claim's: what follows what is then known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from solvable.analysis.derivation.operators import is_operator, mode_sum, operator_name
from solvable.analysis.writing.conventions import names_of_kind
from solvable.solvers.validate import refuse

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["resolved"]


def resolved(
    expression: sp.Expr, quantities: frozenset[str], text: str, time_limit: Any, moves: Callable[[str], bool],
    equations: Mapping[str, Any],
) -> sp.Expr:  # fmt: skip
    """Replace derivatives and limits by what they are.

    Parameters
    ----------
    expression : sympy expression
        In the names of the claim.
    quantities : frozenset of str
        Names that follow the parameters through an equation.
    text : str
        The formula as given, for refusals.
    moves : callable
        Whether the quantities may follow a name; all others leave them as they are.
    equations : mapping
        What vanishes at each name that the author defines by an equation.
    time_limit : callable
        ``time_limit(work)``: its result, or None where sympy takes too long.
    """
    import sympy as sp

    def slope(f: Any, x: Any) -> Any:
        followers = {str(s) for s in f.free_symbols} & quantities
        if not x.is_Symbol:
            inner = next((s for s in x.free_symbols if str(s) in names_of_kind("ridge")), None)
            rate = sp.diff(x, inner) if inner is not None else sp.Integer(0)
            if rate == 0 or rate.has(inner):
                raise refuse("formula", text, f"a derivative in {x} is not one in a parameter of the claim")
            return slope(f, inner) / rate
        own = followers & set(equations)
        if own and str(x) not in own:
            return _by_equation(f, x, own.pop(), equations, quantities, text)
        if str(x) in quantities:
            return _by_quantity(f, x, text)
        if not followers:
            return _within_means(f, x)
        if str(x) not in names_of_kind("ridge"):
            raise refuse("formula", text, f"how {', '.join(sorted(followers))} follows {x} is not known: only ridges")
        return sp.Function("derivative")(f, x)

    def limit(e: Any) -> Any:
        f, x, end, side = e.args
        if {str(s) for s in f.free_symbols} & quantities and moves(str(x)):
            raise refuse("formula", text, "the limit of a quantity defined by an equation is not read")
        if end.is_finite and (f.has(sp.Integral) or any(is_operator(a) for a in f.atoms(sp.Function))):
            bound = sp.Lambda((x, sp.Symbol("unused")), f)
            return sp.Function("limit_value")(bound, end, sp.Integer({"+": 1, "-": -1}.get(str(side), 0)))
        value = time_limit(lambda: sp.limit(f, x, end))
        if value is None or value.has(sp.Limit, sp.AccumBounds, sp.oo, -sp.oo, sp.zoo, sp.nan):
            raise refuse("formula", text, f"its limit in {str(x).strip('_')} is not finite, or is not found")
        return value

    def placed(body: Any, at: Any) -> Any:
        x = body.variables[0]
        if {str(s) for s in body.expr.free_symbols} & quantities:
            raise refuse("formula", text, f"how {body.expr} follows {str(x).strip('_')} is not known: write it out")
        try:
            value = body.expr.xreplace({x: at})
        except ValueError:  # sympy has no derivative by what is no symbol
            raise refuse("formula", text, f"a derivative at {at} is not read: write it out") from None
        if value.has(sp.nan, sp.zoo):
            value = time_limit(lambda: sp.limit(body.expr, x, at))
        if value is None or value.has(sp.nan, sp.zoo, sp.oo, sp.Limit):
            raise refuse("formula", text, f"its value at {x} = {at} is not finite, or is not found")
        return value

    name = lambda e: getattr(e.func, "__name__", "")  # noqa: E731
    expression = expression.replace(lambda e: isinstance(e, sp.Limit), limit)
    # a derivative of a user's own sympy expression
    expression = expression.replace(
        lambda e: isinstance(e, sp.Derivative) and len(e.variables) == 1,
        lambda e: sp.Function("derivative")(e.expr, e.variables[0]),
    )
    expression = expression.replace(lambda e: name(e) == "derivative", lambda e: slope(*e.args))
    return expression.replace(lambda e: name(e) == "at_place", lambda e: placed(*e.args))


def _within_means(f: Any, x: Any) -> Any:
    """Derivative by a name that sums and means hold: it is taken under them."""
    import sympy as sp

    held = [a for a in f.atoms(sp.Function) if operator_name(a) in ("mp_mean", "gauss_mean", "plane_mean", "mode_sum")]
    held = [a for a in held if x in a.free_symbols and not any(a is not b and b.has(a) for b in held)]
    marks = {a: sp.Dummy(positive=True) for a in sorted(held, key=str)}
    outer, back = f.xreplace(marks), {mark: a for a, mark in marks.items()}
    slope = sp.diff(outer, x)
    for a, mark in marks.items():
        inner = a.func(sp.Lambda(a.args[0].signature, _within_means(a.args[0].expr, x)))
        slope += sp.diff(outer, mark) * inner
    return slope.xreplace(back)


def _by_equation(f: Any, x: Any, name: str, equations: Mapping[str, Any], quantities: frozenset[str], text: str) -> Any:
    """Derivative of what holds a name that an equation of the author's defines: that equation says how it follows."""
    import sympy as sp

    y, zero = sp.Symbol(name, positive=True), equations[name]
    others = ({str(s) for s in f.free_symbols | zero.free_symbols} & quantities) - {name}
    if others or x == y or not x.is_Symbol:
        raise refuse("formula", text, f"how {', '.join(sorted(others)) or name} follows {x} is not known: write it out")
    return _within_means(f, x) - _within_means(f, y) * _within_means(zero, x) / _within_means(zero, y)


def _by_quantity(f: Any, x: Any, text: str) -> Any:
    """Partial derivative in kappa, with the degrees of freedom as the sums that they are."""
    import sympy as sp

    if str(x) != "kappa":
        raise refuse("formula", text, f"a derivative in {x} is not read: in kappa, or in a parameter of the claim")
    s, v = sp.Symbol("s_i", positive=True), sp.Symbol("v_i", positive=True)
    sums = {"df1": mode_sum(s / (s + x), s, v), "df2": mode_sum((s / (s + x)) ** 2, s, v),
            "unlearned": mode_sum((x / (s + x)) ** 2 * v**2, s, v)}  # fmt: skip
    f = f.xreplace({sp.Symbol(name, positive=True): value for name, value in sums.items()})
    found = sorted((a for a in f.atoms(sp.Function) if a.func.__name__ == "mode_sum"), key=str)
    dummies = [sp.Dummy(positive=True) for _ in found]
    outer = f.xreplace(dict(zip(found, dummies, strict=True)))
    back = dict(zip(dummies, found, strict=True))
    total = sp.diff(outer, x)
    for dummy, inner in zip(dummies, found, strict=True):
        body = inner.args[0]
        total += sp.diff(outer, dummy) * mode_sum(sp.diff(body.expr, x), *body.variables)
    return total.xreplace(back)
