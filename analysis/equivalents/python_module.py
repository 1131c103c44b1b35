"""A reduced system as the source of a Python module that needs numpy alone."""

from __future__ import annotations

import builtins
import keyword
import re
from typing import Any

import sympy as sp

from solvable.analysis.equivalents.reduction import Equations
from solvable.analysis.equivalents.symbols_of_traces import Tr, opaque

__all__ = ["NEWTON", "module_of_blocks", "module_of_one_ridge", "renamed"]

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


_PROGRAM_OF_BLOCKS = '''"""Deterministic equivalent of a trace; needs numpy alone."""

import numpy as np

START = np.array({start})  # the unknowns where it was derived


def _right(u, {arguments}):
    """What the unknowns equal, and the trace."""
    {unknowns} = u
{blocks}
{traces}
    return np.array([{rights}]), {value}


def value({arguments}, start=START):
    """The trace: each matrix as eigenvalues over the joint list of its space, with multiplicities.

    Newton's method from the unknowns where it was derived; far from there pass those of a place between as `start`.
    """
'''

# Newton's method with derivatives by complex steps: the last lines of a program of blocks
NEWTON = """    u = np.array(start, float)
    for _ in range(200):
        found = _right(u, {arguments})[0]
        J = np.array([_right(u + 1e-30j * e, {arguments})[0].imag / 1e-30 for e in np.eye(u.size)]).T
        step = np.linalg.solve(np.eye(u.size) - J, found - u)
        size = np.max(np.abs(step) / (np.abs(u) + 1e-12 * np.max(np.abs(u))))
        u = u + step * min(1.0, 0.5 / size if size > 0 else 1.0)
        if size < 1e-10:
            if np.any(u[:{first}] * START[:{first}] < 0):
                break  # another root
            return float(_right(u, {arguments})[1])
    raise ArithmeticError("no root near the start: pass the unknowns of a place between as start")
"""


def _words(program: str) -> set[str]:
    """Names that a program itself uses."""
    code = re.sub(r'""".*?"""|#[^\n]*', "", program, flags=re.DOTALL)
    return {*re.findall(r"[^\W\d]\w*", code), *keyword.kwlist, *dir(builtins), "sqrt", "exp", "log"}


def renamed(names: set[str], counts: set[str], program: str) -> dict[str, str]:
    """Names of arguments: those that the program has a use for get an underscore."""
    taken = _words(program) | counts
    found: dict[str, str] = {}
    for name in sorted(names):
        new = name
        while new in taken or re.fullmatch(r"t\d+", new) or (new != name and new in names):
            new += "_"
        found[name] = new
        taken.add(new)
    return found


class _Printer:
    """Expressions of one system as lines of numpy."""

    def __init__(self, expressions: list[Any], inner: set[str], program: str) -> None:
        """Rename what Python, or the program, has a word for."""
        from sympy.printing.numpy import NumPyPrinter

        names, counts = _names(expressions, inner)
        found = renamed(names, counts, program)
        self.renamed = {sp.Symbol(k, positive=True): sp.Symbol(v, positive=True) for k, v in found.items() if k != v}
        self.printer: Any = NumPyPrinter({"fully_qualified_modules": False})
        self.arguments = ", ".join(sorted([*found.values(), *counts]))

    def text(self, expression: Any) -> str:
        """One expression without traces."""
        written = str(self.printer.doprint(expression.xreplace(self.renamed))).replace("numpy.", "")
        return re.sub(r"(?<![.\w])sqrt\(", "np.sqrt(", written)

    def lines(self, expressions: list[Any], prefix: str) -> tuple[str, list[str]]:
        """Lines that compute the traces, and the expressions in terms of them."""
        traces = sorted(set().union(*(e.atoms(Tr) for e in expressions)), key=str)
        names = {trace: sp.Symbol(f"{prefix}{k + 1}") for k, trace in enumerate(traces)}
        lines = [f"    {names[t]} = np.sum({t.args[1]}_multiplicities * ({self.text(t.args[0])}))" for t in traces]
        return "\n".join(lines) or "    pass", [self.text(e.xreplace(names)) for e in expressions]


def _names(expressions: list[Any], without: set[str]) -> tuple[set[str], set[str]]:
    """Arguments: scalars and matrices, and the multiplicities of every space."""
    traces = set().union(*(e.atoms(Tr) for e in expressions))
    spaces = {t.args[1] for t in traces}
    scalars = set().union(*(opaque(e)[0].free_symbols - set(opaque(e)[1]) for e in expressions))
    inner = set().union(*(t.args[0].free_symbols for t in traces))
    found = {str(s) for s in scalars | inner if not isinstance(s, sp.Dummy)}
    return found - without, {f"{space}_multiplicities" for space in spaces}


def module_of_one_ridge(equations: Equations) -> str:
    """Source for a system in one effective ridge: its largest root is bracketed."""
    ((unknown, equation),) = equations.unknowns.items()
    value = equations.value if equations.eliminated is None else equations.eliminated
    printer = _Printer([equation, value], {str(unknown)}, _PROGRAM)
    (first, (left,)), (second, (right,)) = printer.lines([equation], "t"), printer.lines([value], "t")
    return _PROGRAM.format(
        unknown=str(unknown), arguments=printer.arguments, traces_of_equation=first, equation=left,
        traces_of_value=second, value=right,
    )  # fmt: skip


def module_of_blocks(equations: Equations) -> str:
    """Source for the equations by blocks: Newton's method from the unknowns of the derivation."""
    rights = {u: left + u for u, left in equations.unknowns.items()} | equations.linear
    blocks = list(equations.blocks.values())
    inner = {*map(str, rights), *map(str, equations.blocks)}
    printer = _Printer([*rights.values(), *blocks, equations.value], inner, _PROGRAM_OF_BLOCKS + NEWTON)
    traces, (*texts, value) = printer.lines([*rights.values(), equations.value], "t")
    lines = [f"    {symbol} = {printer.text(right)}" for symbol, right in equations.blocks.items()]
    return (_PROGRAM_OF_BLOCKS + NEWTON).format(
        start=[equations.start[u] for u in rights], arguments=printer.arguments,
        unknowns=", ".join(map(str, rights)) + ",", blocks="\n".join(lines), traces=traces, rights=", ".join(texts),
        value=value, first=len(equations.unknowns),
    )  # fmt: skip
