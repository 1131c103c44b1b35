"""Equations in matrices that do not commute as the source of a Python module that needs numpy alone."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

from solvable.analysis.equivalents.python_module import NEWTON, renamed
from solvable.analysis.equivalents.reduction import Equations
from solvable.analysis.equivalents.symbols_of_traces import Tr, Transposed, opaque

__all__ = ["module_of_matrices"]

_HELPERS = '''"""Deterministic equivalent of a trace of matrices that do not commute; needs numpy alone."""

import numpy as np

START = np.array({start})  # the unknowns where it was derived


def _given(x):
    """Entries of a matrix that is given by its diagonal; a number is a multiple of the identity."""
    x = np.asarray(x, float)
    return np.diag(x) if x.ndim == 1 else x


def _sum(*terms):
    size = max(np.shape(x) for x in terms)
    return sum(x if np.shape(x) == size else x * np.eye(*size) for x in terms)


def _product(*factors):
    total = factors[0]
    for x in factors[1:]:
        total = total @ x if np.ndim(total) == np.ndim(x) == 2 else total * x
    return total


def _power(x, p):
    if np.ndim(x) == 0:
        return x**p
    if p == int(p):
        return np.linalg.matrix_power(x, int(p))
    values, vectors = np.linalg.eigh(x)
    return (vectors * np.maximum(values, 0) ** p) @ vectors.T


def _trace(x, size):
    return np.trace(x) if np.ndim(x) == 2 else x * size


def _inverse(rows, sizes):
    """Blocks of the inverse of a matrix of blocks."""
    whole = [[x if np.ndim(x) == 2 else x * np.eye(a, b) for x, b in zip(row, sizes)] for row, a in zip(rows, sizes)]
    ends = np.cumsum(sizes)[:-1]
    return [np.split(strip, ends, axis=1) for strip in np.split(np.linalg.inv(np.block(whole)), ends)]


'''

_RIGHT = '''def _right(u, {arguments}):
    """What the unknowns equal, and the trace."""
    {unknowns} = u
{blocks}
    return np.array([{rights}]), {value}


'''

_VALUE = '''def value({arguments}, start=START):
    """The trace: each matrix as its entries, its diagonal or a number, which is a multiple of the identity.

    Newton's method from the unknowns where it was derived; far from there pass those of a place between as `start`.
    """
{given}
'''


class _Text:
    """Expressions in matrices as numpy."""

    def __init__(self, names: dict[str, str]) -> None:
        """Take the names that Python leaves free."""
        from sympy.printing.numpy import NumPyPrinter

        self.names = names
        self.printer: Any = NumPyPrinter({"fully_qualified_modules": False})

    def number(self, e: Any) -> str:
        """Write an expression that commutes."""
        plain, back = opaque(e)
        traces = {dummy: sp.Symbol(f"trace{k}") for k, dummy in enumerate(back)}
        own = {s: sp.Symbol(self.names.get(str(s), str(s))) for s in plain.free_symbols - set(back)}
        text = str(self.printer.doprint(plain.xreplace({**own, **traces}))).replace("numpy.", "")
        text = re.sub(r"(?<![.\w])sqrt\(", "np.sqrt(", text)
        for k, trace in reversed(list(enumerate(back.values()))):
            size = self.names.get(str(trace.args[1]), str(trace.args[1]))
            text = re.sub(rf"\btrace{k}\b", f"_trace({self.matrix(trace.args[0])}, {size})", text)
        return text

    def matrix(self, e: Any) -> str:
        """Write an expression in matrices; a number is a multiple of the identity."""
        if e.is_commutative:
            return self.number(e)
        if e.is_Symbol:
            return self.names.get(str(e), str(e))
        if isinstance(e, Transposed):
            return f"{self.matrix(e.args[0])}.T"
        if e.is_Pow:
            power = self.number(e.exp) if e.exp.is_Integer else f"({self.number(e.exp)})"
            return f"_power({self.matrix(e.base)}, {power})"
        if e.is_Add:
            return f"_sum({', '.join(map(self.matrix, e.args))})"
        front, factors = e.args_cnc()
        inner = [self.matrix(f) for f in factors]
        product = f"_product({', '.join(inner)})" if len(inner) > 1 else inner[0]
        return product if not front else f"({self.number(sp.Mul(*front))}) * {product}"

    def block(self, left: Any, right: Any, spaces: Any) -> str:
        """Write a line that computes one block or all blocks of an inverse."""
        if not isinstance(left, sp.MatrixBase):
            return f"    {left} = {self.matrix(right)}"
        names = ", ".join(f"[{', '.join(map(str, row))}]" for row in left.tolist())
        rows = ", ".join(f"[{', '.join(map(self.matrix, row))}]" for row in right.args[0].tolist())
        sizes = ", ".join(f"int({self.names.get(str(s), str(s))})" for s in spaces)
        return f"    {names} = _inverse([{rows}], [{sizes}])"


def module_of_matrices(equations: Equations) -> str:
    """Source for equations in matrices: Newton's method from the unknowns of the derivation."""
    rights = {u: left + u for u, left in equations.unknowns.items()} | equations.linear
    blocks = equations.blocks
    own = {str(s) for block in blocks for s in block.free_symbols} | {str(u) for u in rights}
    everything = [*rights.values(), equations.value, *blocks.values()]
    free = set().union(*(e.free_symbols for e in everything), *equations.spaces.values())
    free |= set().union(*({t.args[1]} for e in everything for t in e.atoms(Tr)))
    given = {str(s) for s in free if str(s) not in own}
    program = _HELPERS + _RIGHT + _VALUE + NEWTON
    found = renamed(given | own, set(), program + " ".join(f"trace{k}" for k in range(99)))
    matrices = sorted(found[str(s)] for s in free if str(s) in given and not s.is_commutative)
    text = _Text(found)
    lines = "\n".join(text.block(left, right, equations.spaces.get(left)) for left, right in blocks.items())
    arguments = ", ".join(sorted(found[name] for name in given))
    return (
        _HELPERS.format(start=[equations.start[u] for u in rights])
        + _RIGHT.format(
            arguments=arguments, unknowns=", ".join(map(str, rights)) + ",", blocks=lines,
            rights=", ".join(text.number(e) for e in rights.values()), value=text.number(equations.value),
        )
        + _VALUE.format(
            arguments=arguments,
            given="\n".join(f"    {name} = _given({name})" for name in matrices) or "    pass",
        )
        + NEWTON.format(arguments=arguments, first=len(equations.unknowns))
    )  # fmt: skip
