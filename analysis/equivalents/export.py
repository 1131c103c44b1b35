"""A reduced system as numbers, LaTeX, Python, and in the ridgeless limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from solvable.analysis.equivalents.reduction import Equations
from solvable.analysis.equivalents.symbols_of_traces import Tr, opaque
from solvable.solvers.validate import refuse

__all__ = ["RidgelessForm", "evaluated", "ridgeless", "to_latex"]


@dataclass(frozen=True)
class RidgelessForm:
    """What is left at ridge 0: the effective ridge is a root of one of the factors, and the value has no ridge in it.

    Attributes
    ----------
    factors : tuple of sympy expressions
        Of the ridge as a function of kappa; the factor kappa stands for the root 0.
    value : sympy expression
        The trace at that root.
    """

    factors: tuple[Any, ...]
    value: Any


def ridgeless(equations: Equations, ridge: str) -> RidgelessForm:
    """Return the exact form at ridge 0, without a limit being taken in numbers.

    Raises
    ------
    ValueError
        The equations do not give that ridge explicitly.
    """
    symbol = sp.Symbol(ridge, positive=True)
    if symbol not in equations.explicit:
        known = ", ".join(map(str, equations.explicit)) or "none"
        raise refuse("ridge", ridge, f"the reduced equations must give it explicitly, and they give {known}")
    plain, back = opaque(equations.explicit[symbol])
    unknowns = set(equations.unknowns)
    factors = [f.xreplace(back) for f, _ in sp.factor_list(sp.numer(sp.together(plain)))[1]]
    return RidgelessForm(tuple(f for f in factors if f.has(Tr) or f.free_symbols & unknowns), equations.eliminated)


def evaluated(expression: Any, values: Mapping[str, Any], lists: Mapping[str, tuple[Any, Any]]) -> Any:
    """Number of an expression, at the precision mpmath is set to.

    Parameters
    ----------
    expression : sympy expression
        With traces.
    values : mapping
        Scalars by name.
    lists : mapping
        For every space, the matrices over its joint list by name, and the multiplicities.
    """
    import mpmath as mp

    inner, names, outer = _compiled(expression)
    totals = []
    for space, free, function in inner:
        matrices, counts = lists[space]
        fixed = {s: mp.mpf(values[s]) for s in free if s not in matrices}
        terms = (
            mp.mpf(float(count)) * function(*(fixed[s] if s in fixed else mp.mpf(float(matrices[s][e])) for s in free))
            for e, count in enumerate(counts)
        )
        totals.append(mp.fsum(terms))
    return outer(*(mp.mpf(values[s]) for s in names), *totals)


@lru_cache(maxsize=64)
def _compiled(expression: Any) -> tuple[list[tuple[str, list[str], Any]], list[str], Any]:
    """Summands of the traces and the expression around them as functions for mpmath."""
    plain, back = opaque(expression)
    inner = []
    for trace in back.values():
        free = sorted(trace.args[0].free_symbols, key=str)
        inner.append((str(trace.args[1]), list(map(str, free)), sp.lambdify(free, trace.args[0], "mpmath")))
    names = sorted(plain.free_symbols - set(back), key=str)
    return inner, list(map(str, names)), sp.lambdify([*names, *back], plain, "mpmath")


def _words(expression: Any) -> dict[Any, str]:
    """LaTeX of names that are words: lam is the sign, others are set upright, not as products of letters."""
    free = set().union(*({*t.args[0].free_symbols, t.args[1]} for t in expression.atoms(Tr)), expression.free_symbols)
    taken = {str(symbol) for symbol in free}
    found = {}
    for symbol in free:
        plain = str(sp.latex(symbol))
        if plain == "lam" and "lambda" not in taken:
            found[symbol] = r"\lambda"
        elif re.match(r"[A-Za-z]{2}", plain):
            word = str(symbol).replace("_", r"\ ")
            found[symbol] = rf"\mathrm{{{word}}}"
    return found


def _short(expression: Any) -> Any:
    """The expression with numbers of more than six digits as decimals: what was typed as a float."""
    long = {q for q in sp.sympify(expression).atoms(sp.Rational) if max(abs(q.p), q.q) >= 10**6}
    return expression.xreplace({q: sp.Float(q, 6) for q in long})


def to_latex(equations: Equations) -> str:
    """Equations and value as an aligned display."""
    value = equations.value if equations.eliminated is None else equations.eliminated
    everything = [*equations.blocks.values(), *equations.explicit.items(), *equations.unknowns.values(),
                  *equations.linear.values(), value]  # fmt: skip
    names = _words(sp.Tuple(*(sp.Tuple(*part) if isinstance(part, tuple) else part for part in everything)))

    def tex(expression: Any) -> str:
        return str(sp.latex(_short(expression), symbol_names=names))

    rows = [(tex(block), tex(right)) for block, right in equations.blocks.items()]
    if equations.explicit:
        rows += [(tex(lam), tex(right)) for lam, right in equations.explicit.items()]
    else:
        rows += [("0", tex(equation)) for equation in equations.unknowns.values()]
    rows += [(tex(x), tex(right)) for x, right in equations.linear.items()]
    rows.append((r"\text{value}", tex(value)))
    body = " \\\\\n".join(f"{left} &= {right}" for left, right in rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
