"""The equations of traces where matrices do not commute: blocks are matrices, inverted part by part.

In expressions a number is a multiple of the identity; the blocks of a part that several spaces share are the blocks of
one inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from solvable.analysis.equivalents.block_form import BlockForm, Places
from solvable.analysis.equivalents.symbols_of_traces import Transposed, opaque, unused
from solvable.solvers.equivalents.matrix_expression import leaves
from solvable.solvers.equivalents.matrix_values import Cell, added, times, traced
from solvable.solvers.equivalents.trace_expression import Trace

if TYPE_CHECKING:
    from solvable.analysis.equivalents.reduction import Equations

__all__ = ["OperatorForm", "check_operators", "has_dense", "matrices_of"]


class OperatorForm(BlockForm):
    """A form whose blocks do not commute."""

    def inner(self, diagonal: set[Any]) -> set[Any]:
        """Symbols that do not commute stay inside traces."""
        return {symbol for block in self.blocks for symbol in block.free_symbols} | self.matrices

    def __init__(self, taken: set[str]) -> None:
        """Start with nothing but the names that are declared."""
        super().__init__(taken)
        self.spaces: dict[Any, list[Any]] = {}
        self.matrices = {sp.Symbol(name, commutative=False) for name in taken}

    def connecting(self, block: Any) -> Any:
        """Name a block that is a sum: its products would be many."""
        if not block.is_Add or block.is_commutative:
            return block
        if block not in self._names:
            self._names[block] = sp.Symbol(f"{unused('M', self.taken)}_{len(self.blocks) + 1}", commutative=False)
            self.blocks[self._names[block]] = block
        return self._names[block]

    def named(self, A: Places, part: list[int], spaces: list[Any]) -> list[list[Any]]:
        """Blocks of the inverse of a part, one matrix of blocks where they are not numbers."""
        entries = [[A.get((i, j), sp.S.Zero) for j in part] for i in part]
        if all(sp.sympify(x).is_commutative for row in entries for x in row):
            return super().named(A, part, spaces)
        inner = sp.ImmutableMatrix(entries)
        if inner not in self._names:
            stem = unused("M", self.taken)
            size = range(len(part))
            names = [[f"{stem}_{len(self.blocks) + 1}" + (f"_{a + 1}{b + 1}" if len(part) > 1 else "") for b in size]
                     for a in size]  # fmt: skip
            rows = [[sp.Symbol(name, commutative=False) for name in row] for row in names]
            if len(part) == 1:
                self.blocks[rows[0][0]] = entries[0][0] ** -1
            else:
                symbols = sp.ImmutableMatrix(rows)
                self.blocks[symbols], self.spaces[symbols] = sp.Inverse(inner), spaces
            self._names[inner] = rows
        return self._names[inner]


def has_dense(trace: Trace) -> bool:
    """Whether a matrix is given by its entries."""
    found = set().union(*(leaves(node) for _, node in trace.summands))
    return any(leaf.op == "deterministic" and leaf.data.value.ndim == 2 for leaf in found)


def matrices_of(trace: Trace, cell: Cell) -> dict[str, Any]:
    """Declared matrices by name: numbers, diagonals or entries at a cell."""
    found = {}
    for leaf in set().union(*(leaves(node) for _, node in trace.summands)):
        if leaf.op == "deterministic":
            plain = leaf.T if leaf.data.transposed else leaf
            value = cell.matrix(plain)
            found[leaf.data.name] = value if leaf.data.power == 1 else _power(value, 1 / float(leaf.data.power))
    return found


def numbers_of(expression: Any, values: Mapping[str, Any], spaces: Mapping[str, float]) -> Any:
    """Value of an expression in matrices and traces of them, as doubles."""
    if isinstance(expression, sp.MatrixBase):
        return [[numbers_of(x, values, spaces) for x in row] for row in expression.tolist()]
    plain, back = opaque(expression)
    if back and plain.is_commutative:
        found = {dummy: _trace(trace, values, spaces) for dummy, trace in back.items()}
        numbers = {s: values[str(s)] for s in plain.free_symbols - set(back)}
        return float(plain.xreplace({s: sp.Float(float(x), 17) for s, x in {**found, **numbers}.items()}))
    if expression.is_commutative:
        symbols = sorted(expression.free_symbols, key=str)
        return np.asarray(float(sp.lambdify(symbols, expression)(*(float(values[str(s)]) for s in symbols))))
    if expression.is_Symbol:
        return np.asarray(values[str(expression)])
    if isinstance(expression, Transposed):
        return numbers_of(expression.args[0], values, spaces).T
    if expression.is_Pow:
        return _power(numbers_of(expression.base, values, spaces), float(expression.exp))
    parts = [numbers_of(x, values, spaces) for x in expression.args]
    total = parts[0]
    for part in parts[1:]:
        total = added(total, part) if expression.is_Add else times(total, part)
    return total


def with_blocks(
    blocks: Mapping[Any, Any], shapes: Mapping[Any, list[Any]], values: dict[str, Any], spaces: Mapping[str, float]
) -> None:
    """Put the blocks into the values, in the order in which they are written."""
    for left, right in blocks.items():
        if not isinstance(left, sp.MatrixBase):
            values[str(left)] = numbers_of(right, values, spaces)
            continue
        rows = numbers_of(right.args[0], values, spaces)
        sizes = [int(spaces[str(space)]) for space in shapes[left]]
        whole = [
            [_entries(x, a, b) for x, b in zip(row, sizes, strict=True)] for row, a in zip(rows, sizes, strict=True)
        ]
        inverse, ends = np.linalg.inv(np.block(whole)), np.cumsum([0, *sizes])
        for a, row in enumerate(left.tolist()):
            for b, symbol in enumerate(row):
                values[str(symbol)] = inverse[ends[a] : ends[a + 1], ends[b] : ends[b + 1]]


def _entries(x: Any, rows: int, cols: int) -> Any:
    """Entries of a number, which is a multiple of the identity, of a diagonal or of a matrix."""
    if np.ndim(x) == 2:
        return x
    return np.diag(np.broadcast_to(x, (rows,))) if rows == cols or np.any(x) else np.zeros((rows, cols))


def check_operators(trace: Trace, cell: Cell, equations: Equations, value: float) -> None:
    """Hold the equations in matrices against the value of the pencil, and each against its unknown.

    Raises
    ------
    ArithmeticError
        They differ, or an equation does not hold.
    """
    spaces = {name: float(size) for name, size in cell.sizes.items()}
    values: dict[str, Any] = {**cell.named, **{str(u): x for u, x in equations.start.items()}}
    values.update(matrices_of(trace, cell))
    with_blocks(equations.blocks, equations.spaces, values, spaces)
    equal = {u: right + u for u, right in equations.unknowns.items()} | equations.linear
    for unknown, right in equal.items():
        found, known = float(numbers_of(right, values, spaces)), equations.start[unknown]
        if not abs(found - known) <= 1e-6 * abs(known) + 1e-9 * abs(value):
            raise ArithmeticError(f"the equation of {unknown} gives {found:.10g} and the unreduced ones {known:.10g}")
    found = float(numbers_of(equations.value, values, spaces))
    if not abs(found - value) <= 1e-6 * abs(value):
        raise ArithmeticError(f"the equations in matrices give {found:.10g} and the unreduced ones {value:.10g}")


def _trace(trace: Any, values: Mapping[str, Any], spaces: Mapping[str, float]) -> float:
    inner = numbers_of(trace.args[0], values, spaces)
    return float(traced(np.asarray(1.0), np.asarray(inner), spaces[str(trace.args[1])]))


def _power(value: Any, power: float) -> Any:
    """Power of a number, a diagonal or a symmetric matrix; whole powers of any."""
    if np.ndim(value) < 2:
        return np.asarray(value, float) ** power
    if power == int(power):
        return np.linalg.matrix_power(value, int(power))
    eigenvalues, vectors = np.linalg.eigh(value)
    return (vectors * np.maximum(eigenvalues, 0.0) ** power) @ vectors.T
