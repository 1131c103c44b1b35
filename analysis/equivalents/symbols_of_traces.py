"""Traces over a joint eigenvalue list as a sympy function: linear, with scalars pulled out, in one canonical basis."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from solvable.analysis.equivalents.rational_functions import factored, quotient

__all__ = ["Tr", "Transposed", "cancelled", "canonical", "opaque", "pulled", "substituted", "tidy", "unused"]

_place = lru_cache(maxsize=4096)(sp.default_sort_key)  # in an order of expressions: it is asked for at every step


def unused(stem: str, taken: set[str]) -> str:
    """Return the stem with zeros behind it until no declared name is it, or it with a number."""
    while any(name == stem or name.startswith(f"{stem}_") for name in taken):
        stem += "0"
    return stem


class Tr(sp.Function):
    """Tr(f, d): the sum of f over the joint eigenvalue list of the space d, with multiplicities."""

    @classmethod
    def eval(cls, f: Any, space: Any) -> Any:
        """Stay unevaluated."""
        return None

    def _eval_is_commutative(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: Any = None) -> str:
        inner = printer._print(self.args[0])
        text = rf"\operatorname{{tr}}_{{{printer._print(self.args[1])}}}\!\left[{inner}\right]"
        return text if exp is None else f"{text}^{{{exp}}}"


class Transposed(sp.Function):
    """Transpose of a matrix that does not commute."""

    @classmethod
    def eval(cls, matrix: Any) -> Any:
        """Stay unevaluated."""
        return None

    def _eval_is_commutative(self) -> bool:
        return False

    def _latex(self, printer: Any, exp: Any = None) -> str:
        text = rf"{printer._print(self.args[0])}^{{\top}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


def pulled(f: Any, space: Any, diagonal: set[Any]) -> Any:
    """Trace of f with everything that is no diagonal matrix in front; a scalar counts the dimension."""
    f = factored(f)
    own = f.free_symbols & diagonal
    if not own:
        return space * f
    numerator, denominator = sp.fraction(f)
    front, numerator = sp.factor_terms(numerator).as_independent(*own, as_Add=False)
    below, denominator = denominator.as_independent(*own, as_Add=False)
    total = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(numerator)):
        scalar, matrix = term.as_independent(*own, as_Add=False)
        total += scalar * (Tr(matrix / denominator, space) if matrix != 1 or denominator != 1 else space)
    return front / below * total


def opaque(expression: Any) -> tuple[Any, dict[Any, Any]]:
    """Replace traces by dummies; return what to put back."""
    back = {sp.Dummy("T", positive=True): trace for trace in sorted(expression.atoms(Tr), key=_place)}
    return expression.xreplace({trace: dummy for dummy, trace in back.items()}), back


def cancelled(expression: Any) -> Any:
    """Quotient of coprime polynomials in symbols and traces."""
    plain, back = opaque(expression)
    return quotient(plain).xreplace(back)


def tidy(expression: Any) -> Any:
    """Cancel and factor with traces as they are."""
    plain, back = opaque(expression)
    return factored(plain).xreplace(back)


def substituted(expression: Any, old: Any, new: Any, diagonal: set[Any]) -> Any:
    """Substitute everywhere, and pull scalars out of traces again."""
    changed = {
        trace: pulled(trace.args[0].subs(old, new), trace.args[1], diagonal)
        for trace in expression.atoms(Tr)
        if old in trace.args[0].free_symbols
    }
    plain, back = opaque(expression)
    inverse = {dummy: changed.get(trace, trace) for dummy, trace in back.items()}
    return plain.subs(old, new).xreplace(inverse)


def canonical(expression: Any, kappas: list[Any], diagonal: set[Any]) -> Any:
    """Write rational functions of one matrix s and a kappa through s/(s + kappa)^q, or 1/(s + kappa)^q."""
    changed = {}
    for trace in expression.atoms(Tr):
        f = trace.args[0]
        denominator = sp.denom(sp.together(f))
        inner = [s for s in denominator.free_symbols & diagonal if denominator.is_polynomial(s)]
        if len(inner) != 1 or not denominator.free_symbols & set(kappas):
            continue
        (s,) = inner
        divisible = sp.limit(f, s, 0) == 0 if f.is_rational_function(s) else False
        whole = sp.apart(sp.cancel(f / s) if divisible else f, s)
        terms = [sp.factor(term * s if divisible else term) for term in sp.Add.make_args(whole)]
        changed[trace] = sum((pulled(term, trace.args[1], diagonal) for term in terms), sp.S.Zero)
    plain, back = opaque(expression)
    return plain.xreplace({dummy: changed.get(trace, trace) for dummy, trace in back.items()})
