"""Means over normal variables that need no integral, or one in place of two: linear forms and their positive parts."""

from __future__ import annotations

from typing import Any

__all__ = ["along_a_line", "of_a_positive_part", "over_the_density"]


def along_a_line(body: Any, first: Any, second: Any) -> Any:
    """A body in the first normal variable, where it follows both by one linear form of them alone; None where not."""
    import sympy as sp

    for part in sp.preorder_traversal(body):
        if not (part.is_Add and part.has(first) and part.has(second) and part.is_polynomial(first, second)):
            continue
        if sp.Poly(part, first, second).total_degree() != 1:
            continue
        mark = sp.Dummy(real=True)
        put = body.xreplace({part: mark})
        if put.has(first) or put.has(second):
            return None
        plain = sp.expand(part)
        spread = sp.sqrt(plain.coeff(first) ** 2 + plain.coeff(second) ** 2)
        centre = part.xreplace(dict.fromkeys((first, second), sp.Integer(0)))
        return put.xreplace({mark: centre + spread * first})
    return None


def over_the_density(body: Any, z: Any) -> Any:
    """What stands beside the density of a standard normal z in an integrand; None where that is no factor of it."""
    import sympy as sp

    factors = list(sp.Mul.make_args(body))
    density = sp.exp(-(z**2) / 2)
    if density not in factors:
        return None
    factors.remove(density)
    return sp.Mul(*factors, sp.sqrt(2 * sp.pi))


def of_a_positive_part(body: Any, z: Any) -> Any:
    """Mean of c (a z + b)_+ or c (a z + b)_+^2 over a standard normal z, in closed form; None for other bodies."""
    import sympy as sp

    factor, rest = body.as_independent(z, as_Add=False)
    part, power = rest.as_base_exp()
    if not isinstance(part, sp.Max) or power not in (1, 2) or len(part.args) != 2 or 0 not in part.args:
        return None
    form = next(each for each in part.args if each != 0)
    form = sp.expand(form.args[0] if type(form).__name__ == "value" else form)
    a, b = form.coeff(z), form.coeff(z, 0)
    if a == 0 or sp.expand(form - a * z - b) != 0 or (a.free_symbols and a.is_zero is not False):
        return None
    a = sp.Abs(a)
    tail, density = (1 + sp.erf(b / (a * sp.sqrt(2)))) / 2, sp.exp(-((b / a) ** 2) / 2) / sp.sqrt(2 * sp.pi)
    return factor * (b * tail + a * density if power == 1 else (a**2 + b**2) * tail + a * b * density)
