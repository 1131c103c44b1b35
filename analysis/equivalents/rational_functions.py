"""Rational functions of commuting symbols, cancelled and factored: by python-flint where it is there, else by sympy.

Both work with sparse coprime polynomials after each sum and product; to factor what is not cancelled takes tens of
times as long. The two give the same functions, in forms that may differ by a sign in numerator and denominator.
"""

from __future__ import annotations

from importlib import import_module
from math import lcm
from typing import Any

import sympy as sp

flint: Any
try:
    flint = import_module("flint")
except ImportError:  # an extra
    flint = None

__all__ = ["factored", "quotient"]


def quotient(expression: Any) -> Any:
    """Quotient of two coprime polynomials, multiplied out."""
    return _rational(expression, factor=False)


def factored(expression: Any) -> Any:
    """Quotient of products of irreducible polynomials."""
    return _rational(expression, factor=True)


def _rational(expression: Any, factor: bool) -> Any:
    """Make roots of symbols symbols, and put them back."""
    roots: dict[Any, int] = {}
    for power in expression.atoms(sp.Pow):
        if power.base.is_Symbol and power.exp.is_Rational:
            roots[power.base] = lcm(roots.get(power.base, 1), int(power.exp.q))
    new = {s: sp.Dummy(s.name, positive=True) for s, q in roots.items() if q > 1}
    whole = expression.xreplace({s: r ** roots[s] for s, r in new.items()})
    symbols = sorted(whole.free_symbols, key=lambda s: (isinstance(s, sp.Dummy), s.sort_key()))  # n - T, not T - n
    if not symbols:
        return expression
    if any(not power.exp.is_Integer for power in whole.atoms(sp.Pow)):  # roots of sums
        return sp.factor(whole) if factor else sp.cancel(sp.together(whole))
    found = (_by_sympy if flint is None else _by_flint)(whole, symbols, factor)
    return found.xreplace({r: s ** sp.Rational(1, roots[s]) for s, r in new.items()})


def _by_sympy(expression: Any, symbols: list[Any], factor: bool) -> Any:
    found = sp.ZZ.frac_field(*symbols).from_sympy(expression)
    above, below = found.numer.as_expr(), found.denom.as_expr()
    return sp.factor(above) / sp.factor(below) if factor else above / below


def _by_flint(expression: Any, symbols: list[Any], factor: bool) -> Any:
    context = flint.fmpz_mpoly_ctx.get([f"x{k}" for k in range(len(symbols))], "lex")
    generators = dict(zip(symbols, context.gens(), strict=True))
    above, below = _fraction(expression, generators, context)
    if factor:
        (one, over), (two, under) = _product(above, symbols), _product(below, symbols)
        return sp.Rational(one, two) * over / under
    sign = -1 if below.leading_coefficient() < 0 else 1
    return _written(sign * above, symbols) / _written(sign * below, symbols)


def _fraction(expression: Any, generators: dict[Any, Any], context: Any) -> tuple[Any, Any]:
    """Coprime numerator and denominator."""
    if expression.is_Symbol:
        return generators[expression], context.constant(1)
    if expression.is_Rational:
        return context.constant(int(expression.p)), context.constant(int(expression.q))
    if expression.is_Pow:
        above, below = _fraction(expression.base, generators, context)
        power = int(expression.exp)
        return (above**power, below**power) if power > 0 else (below**-power, above**-power)
    parts = [_fraction(part, generators, context) for part in expression.args]
    above, below = parts[0]
    for one, two in parts[1:]:
        above, below = (above * two + one * below, below * two) if expression.is_Add else (above * one, below * two)
        common = above.gcd(below)
        above, below = above // common, below // common
    return above, below


def _written(polynomial: Any, symbols: list[Any]) -> Any:
    def power(powers: Any) -> Any:
        return sp.Mul(*(s ** int(e) for s, e in zip(symbols, powers, strict=True) if e))

    return sp.Add(*(int(c) * power(powers) for powers, c in polynomial.to_dict().items()))


def _product(polynomial: Any, symbols: list[Any]) -> tuple[int, Any]:
    """A number, and a product of irreducible factors that have no more terms with a minus than without."""
    constant, factors = polynomial.factor()
    total, product = int(constant), sp.S.One
    for f, power in factors:
        minus = sum(c < 0 for c in f.coeffs())
        sign = -1 if 2 * minus > len(f) else 1
        total *= sign ** int(power)
        product *= _written(sign * f, symbols) ** int(power)
    return total, product
