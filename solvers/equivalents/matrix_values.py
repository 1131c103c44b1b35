"""Numbers for an expression: sizes, scalars and deterministic matrices of one cell, in any arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.matrix_expression import Matrix, leaves, scalars
from solvable.solvers.equivalents.matrix_leaves import Given, Space
from solvable.solvers.equivalents.scalar_expression import Scalar
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.validate import refuse

__all__ = ["Cell", "added", "check_names", "dimensions_of", "names_of", "resized", "spaces_of", "times", "traced"]

Array = NDArray[Any]


def spaces_of(nodes: list[Matrix]) -> dict[str, Space]:
    """Return the spaces of expressions by name."""
    found: dict[str, Space] = {}
    for node in nodes:
        for inner in [*sorted(leaves(node), key=lambda leaf: leaf.serial), node]:
            for space in (inner.rows, inner.cols):
                if found.setdefault(space.name, space) != space:
                    raise refuse("space", space, f"the expression also has {found[space.name]}")
    return found


def check_names(trace: Trace) -> None:
    """Refuse an expression in which one name stands for two matrices, spaces or values."""
    names_of(trace)
    known: dict[str, Any] = {}
    for leaf in set().union(*(leaves(node) for _, node in trace.summands)):
        data = leaf.data
        shape = (leaf.cols, leaf.rows) if data.transposed else (leaf.rows, leaf.cols)
        meaning = (shape, data.variance, data.symmetric) if leaf.op == "gaussian" else (shape, data.digest)
        if known.setdefault(data.name, meaning) != meaning:
            raise refuse(data.name, leaf.shape, "the expression also has another matrix of this name")


def names_of(trace: Trace) -> dict[str, float]:
    """Return the named scalars of a trace that are no dimensions, with the values they have by default."""
    spaces = spaces_of([node for _, node in trace.summands])
    found: dict[str, float] = {}
    for scalar, node in trace.summands:
        for inner in {scalar, *scalars(node)}:
            for name in inner.names:
                value = spaces[str(name)].size if str(name) in spaces else found.setdefault(str(name), name.default)
                if value != name.default:
                    raise refuse(str(name), name.default, f"the expression also has it with the value {value:g}")
    return found


def check_variances(trace: Trace, cell: Cell) -> None:
    """Refuse a negative variance at a cell: in products its root is never taken."""
    for leaf in set().union(*(leaves(node) for _, node in trace.summands)):
        if leaf.op == "gaussian" and cell.scalar(leaf.data.variance) < 0:
            variance = float(cell.scalar(leaf.data.variance))
            raise refuse(f"variance of {leaf.data.name}", variance, "it must not be negative")


def dimensions_of(trace: Trace) -> dict[str, Space]:
    """Return the spaces of a trace by name."""
    return spaces_of([node for _, node in trace.summands])


def resized(value: Array, before: float, after: float) -> Array:
    """A joint eigenvalue list, or a matrix, for another dimension: quantiles of the list, copies of the matrix.

    Entry i of the new list is that at the same quantile of the old one, so matrices over one list stay joint; a matrix
    becomes a whole number of copies of itself.
    """
    if value.ndim == 0 or before == after:
        return value
    if value.ndim == 1:
        at = np.floor((np.arange(int(after)) + 0.5) * value.size / after).astype(int)
        return np.asarray(value[at])
    copies = after / before
    if copies != int(copies):
        raise refuse("size", after, f"a dense matrix of size {before:g} grows by whole factors only")
    return np.kron(value, np.eye(int(copies)))


class Cell:
    """Values of one cell: ``scalar(expression)`` and ``matrix(deterministic node)``.

    A matrix is a number (0 axes, a multiple of the identity), its values over the joint list of its space (1 axis) or
    its entries (2 axes).
    """

    def __init__(
        self,
        spaces: Mapping[str, Space],
        scalars: Mapping[str, Any],
        sizes: Mapping[str, Any],
        number: Callable[[Any], Any] = float,
    ) -> None:
        """Take sizes and scalars by name."""
        self.spaces, self.number = dict(spaces), number
        self.sizes = {name: sizes.get(name, space.size) for name, space in spaces.items()}
        self.scalars = dict(scalars)
        self.named = {name: number(value) for name, value in {**self.scalars, **self.sizes}.items()}
        self._matrices: dict[Matrix, Array] = {}
        self.bases: dict[Any, Any] = {}  # rotations that were found, for those who look for them

    def converted(self, number: Callable[[Any], Any]) -> Cell:
        """Return the same cell in another arithmetic."""
        return Cell(self.spaces, self.scalars, self.sizes, number)

    @property
    def exact(self) -> bool:
        """Whether numbers are doubles."""
        return self.number is not float

    def size(self, space: Space) -> Any:
        """Dimension."""
        return self.named[space.name]

    def scalar(self, scalar: Scalar) -> Any:
        """Value of a scalar expression."""
        return scalar.evaluate(self.named, self.number)

    def multiplicities(self, space: Space) -> Array | None:
        """Multiplicities of the joint list, scaled with the dimension; None where every eigenvalue stands once."""
        if space.multiplicities is None:
            return None
        return np.asarray(space.multiplicities) * (self.sizes[space.name] / space.size)

    def array(self, values: Any) -> Array:
        """Doubles in the arithmetic of the cell."""
        array = np.asarray(values, float)
        if self.number is float:
            return array
        made = np.empty(array.shape, object)
        for index, value in np.ndenumerate(array):
            made[index] = self.number(float(value))
        return made

    def matrix(self, node: Matrix) -> Array:
        """Value of a deterministic expression."""
        found = self._matrices.get(node)
        if found is None:
            found = self._matrices[node] = self._evaluate(node)
        return found

    def front(self, node: Matrix) -> tuple[Any, Matrix]:
        """Take the scalar in front of a matrix off, so that its multiples have one value."""
        if node.op == "sum" and len(node.args) == 1:
            return self.scalar(node.args[0][0]), node.args[0][1]
        return 1, node

    def _evaluate(self, node: Matrix) -> Array:
        if node.op == "identity":
            return self.array(1.0)
        if node.op == "deterministic":
            return self._given(node)
        if node.op == "sum":
            terms = [np.asarray(self.scalar(scalar) * self.matrix(inner)) for scalar, inner in node.args]
            return reduce(added, terms) if terms else self.array(0.0)
        if node.op == "product":
            total = self.matrix(node.args[0])
            for factor in node.args[1:]:
                total = times(total, self.matrix(factor))
            return total
        value = self.matrix(node.args[0])
        return _inverse(repr(node.args[0]), value) if value.ndim == 2 else np.asarray(1 / value)

    def _given(self, node: Matrix) -> Array:
        data = node.data
        before, after = node.rows.size, self.sizes[node.rows.name]
        value = data.value
        if data.value.ndim == 2:
            value = _resized_matrix(data, node, self.sizes)
        elif node.rows.multiplicities is None:
            value = resized(value, before, after)
        if data.power == 1:
            return self.array(value)
        if self.exact and value.ndim < 2:  # a root in doubles would not square to what it is the root of
            _check_power(data, value)
            return np.asarray(self.array(value) ** (self.number(data.power.numerator) / data.power.denominator))
        return self.array(_power(data, value))


def _resized_matrix(data: Any, node: Matrix, sizes: Mapping[str, Any]) -> Array:
    value = data.value.T if data.transposed else data.value
    factors = {sizes[space.name] / space.size for space in (node.rows, node.cols)}
    if len(factors) > 1:
        raise refuse("size", sizes[node.rows.name], f"{data.name} is dense: all its spaces must grow by one factor")
    (factor,) = factors
    return resized(value, 1.0, factor)


def _inverse(name: str, value: Array) -> Array:
    """Inverse of a dense matrix that is not singular to rounding."""
    if not np.linalg.cond(value) < 1e15:
        raise refuse(name, value, "it must have no zero eigenvalue to have an inverse")
    return np.asarray(np.linalg.inv(value))


def _check_power(data: Given, value: Array) -> None:
    if data.power < 0 and np.any(value == 0):
        raise refuse(data.name, 0.0, "it must have no zero eigenvalue to have an inverse")


def _power(data: Given, value: Array) -> Array:
    """Power of a matrix, which `value` is, perhaps for another dimension."""
    power = data.power
    if value.ndim < 2:
        _check_power(data, value)
        return np.asarray(np.asarray(value, float) ** float(power))
    if power.denominator == 1:
        return np.linalg.matrix_power(value if power > 0 else _inverse(data.name, value), abs(int(power)))
    eigenvalues, vectors = data.eigen if value is data.value else replace(data, value=value, known={}).eigen
    floor = 1e-12 * np.abs(eigenvalues).max()
    if power < 0 and eigenvalues[0] <= floor:
        raise refuse(data.name, float(eigenvalues[0]), "it must have no zero eigenvalue to have an inverse")
    return np.asarray((vectors * np.where(eigenvalues > floor, eigenvalues, 0.0) ** float(power)) @ vectors.T)


def times(a: Array, b: Array) -> Array:
    """Product of two matrices, each a number, a diagonal or entries."""
    if a.ndim == 0 or b.ndim == 0 or (a.ndim == 1 and b.ndim == 1):
        return np.asarray(a * b)
    if a.ndim == 1:
        return np.asarray(a[:, None] * b)
    return np.asarray(a * b if b.ndim == 1 else a @ b)


def added(a: Array, b: Array) -> Array:
    """Sum of two matrices, each a number, a diagonal or entries."""
    if a.ndim < b.ndim:
        a, b = b, a
    if a.ndim < 2 or b.ndim == 2:
        return np.asarray(a + b)
    if not np.any(b):
        return a
    total = np.array(a, dtype=np.result_type(a, b))
    at = np.arange(total.shape[0])
    total[at, at] += b
    return total


def traced(a: Array, b: Array, size: Any, weights: Array | None = None) -> Any:
    """Trace of a product of two matrices of that dimension."""
    if a.ndim == 2 or b.ndim == 2:
        if a.ndim == 2 and b.ndim == 2:
            return np.sum(a * b.T)
        dense, other = (a, b) if a.ndim == 2 else (b, a)
        return np.sum(np.diagonal(dense) * other)
    both = np.asarray(a * b)
    if both.ndim == 0:
        return both[()] * size
    return np.sum(both if weights is None else both * weights)
