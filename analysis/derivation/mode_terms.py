"""Terms of a sum over modes as one function: walking the tree anew for each of a thousand modes is dear."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["compiled_term", "precise_modes"]

_LARGEST_POWER = 8  # larger ones are bounded by the walk


@functools.lru_cache(128)
def _compiled(body: Any) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """Function of a mode and of the other symbols; None where it holds more than sums, products and powers."""
    import sympy as sp

    def simple(node: Any) -> bool:
        if isinstance(node, sp.Symbol | sp.Rational | sp.Float):
            return True
        if isinstance(node, sp.Pow):
            return simple(node.base) and node.exp.is_Rational and abs(node.exp) <= _LARGEST_POWER
        return isinstance(node, sp.Add | sp.Mul) and all(simple(part) for part in node.args)

    if not simple(body.expr):
        return None
    shared = tuple(sorted(body.expr.free_symbols - set(body.variables), key=str))
    return sp.lambdify((*body.variables, *shared), body.expr, modules="mpmath", cse=True, dummify=True), shared


def compiled_term(body: Any, given: Mapping[Any, Any]) -> Callable[[Any, Any], Any] | None:
    """Value of a term at a mode, repeated parts taken once; None where only the walk gives it."""
    found = _compiled(body)
    if found is None or not all(symbol in given for symbol in found[1]):
        return None
    term, values = found[0], [given[symbol] for symbol in found[1]]
    return lambda s, v: term(s, v, *values)


@functools.lru_cache(64)
def precise_modes(modes: tuple[tuple[Any, Any, Any], ...], precision: int) -> list[tuple[Any, Any, Any]]:
    """Eigenvalues, multiplicities and coefficients of the target, as numbers of mpmath at its precision, a key."""
    import mpmath as mp

    rows = [(mp.mpf(eigenvalue), mp.mpf(count), mp.mpf(power)) for eigenvalue, count, power in modes]
    return [(eigenvalue, count, mp.sqrt(power / count)) for eigenvalue, count, power in rows]
