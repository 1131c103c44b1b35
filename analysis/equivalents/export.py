"""A reduced system as numbers, LaTeX, Python, and in the ridgeless limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

from solvable.analysis.equivalents.reduction import Equations
from solvable.analysis.equivalents.symbols_of_traces import Tr, opaque
from solvable.solvers.validate import refuse

__all__ = ["RidgelessForm", "evaluated", "ridgeless", "to_latex", "to_python"]


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


def to_latex(equations: Equations) -> str:
    """Equations and value as an aligned display."""
    rows = []
    if equations.explicit:
        rows += [(sp.latex(lam), sp.latex(right)) for lam, right in equations.explicit.items()]
    else:
        rows += [("0", sp.latex(equation)) for equation in equations.unknowns.values()]
    rows.append((r"\text{value}", sp.latex(equations.value if equations.eliminated is None else equations.eliminated)))
    body = " \\\\\n".join(f"{left} &= {right}" for left, right in rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


_PROGRAM = '''"""Deterministic equivalent of a trace; needs numpy alone."""

import numpy as np


def residual({unknown}, {arguments}):
    """Equation of the effective ridge."""
{traces_of_equation}
    return {equation}


def value({arguments}, lowest=1e-300, highest=1e300):
    """The trace: each matrix as eigenvalues over the joint list of its space, with multiplicities."""
    low, high = np.log(lowest), np.log(highest)
    grid = np.linspace(low, high, 4001)
    with np.errstate(all="ignore"):
        sign = np.sign([residual(np.exp(x), {arguments}) for x in grid])
    change = np.flatnonzero(sign[1:] * sign[:-1] < 0)
    low, high = grid[change[-1]], grid[change[-1] + 1]  # the largest root is the physical one
    upper = sign[change[-1] + 1]
    for _ in range(80):
        middle = (low + high) / 2
        if np.sign(residual(np.exp(middle), {arguments})) == upper:
            high = middle
        else:
            low = middle
    {unknown} = np.exp((low + high) / 2)
{traces_of_value}
    return {value}
'''


def to_python(equations: Equations) -> str:
    """Source of a module that needs numpy alone, for a system in one effective ridge.

    Raises
    ------
    ValueError
        The system has more unknowns.
    """
    from sympy.printing.numpy import NumPyPrinter

    if len(equations.unknowns) != 1 or not str(next(iter(equations.unknowns))).startswith("kappa"):
        raise refuse("unknowns", list(map(str, equations.unknowns)), "only a system in one effective ridge is exported")
    ((unknown, equation),) = equations.unknowns.items()
    value = equations.value if equations.eliminated is None else equations.eliminated
    spaces = sorted({str(t.args[1]) for e in (equation, value) for t in e.atoms(Tr)})
    names = {str(s) for e in (equation, value) for s in opaque(e)[0].free_symbols if s.name != "T"}
    names |= {str(s) for e in (equation, value) for t in e.atoms(Tr) for s in t.args[0].free_symbols}
    names -= {str(unknown)}
    names |= {f"{space}_multiplicities" for space in spaces}
    renamed = {
        sp.Symbol(name, positive=True): sp.Symbol("lambda_", positive=True) for name in names if name == "lambda"
    }
    printer = NumPyPrinter({"fully_qualified_modules": False})

    def printed(expression: Any, prefix: str) -> tuple[str, str]:
        plain, back = opaque(expression)
        lines, names_of_traces = [], {}
        for k, (dummy, trace) in enumerate(back.items()):
            names_of_traces[dummy] = sp.Symbol(f"{prefix}{k + 1}")
            inner = printer.doprint(trace.args[0].xreplace(renamed))
            lines.append(f"    {prefix}{k + 1} = np.sum({trace.args[1]}_multiplicities * ({inner}))")
        text = printer.doprint(plain.xreplace(names_of_traces).xreplace(renamed))
        return "\n".join(lines) or "    pass", text.replace("numpy.", "np.")

    first, second = printed(equation, "t"), printed(value, "t")
    arguments = ", ".join(sorted(name if name != "lambda" else "lambda_" for name in names))
    return _PROGRAM.format(
        unknown=str(unknown), arguments=arguments, traces_of_equation=first[0], equation=first[1],
        traces_of_value=second[0], value=second[1],
    )  # fmt: skip
