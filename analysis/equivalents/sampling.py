"""Matched simulation of an expression: the tree itself, evaluated on drawn matrices; no theory is known here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.matrix_leaves import Space
from solvable.solvers.equivalents.matrix_values import Cell, added, check_variances, times
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.validate import refuse

__all__ = ["sample"]

Array = NDArray[np.float64]


def sample(trace: Trace, cell: Cell, rng: np.random.Generator) -> float:
    """Return one draw of a sum of traces; a Gaussian is the same matrix wherever it stands.

    Parameters
    ----------
    trace : Trace
        What to evaluate.
    cell : Cell
        Sizes (whole numbers), scalars and deterministic matrices.
    rng : Generator
        Where the Gaussians are drawn from.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A size is no whole number.
    """
    check_variances(trace, cell)
    draw = _Draw(cell, rng)
    # one order for all draws, whatever is evaluated first
    nodes = sorted({n for _, node in trace.summands for n in _gaussians(node)}, key=lambda n: str(n.data.name))
    for node in nodes:
        draw.gaussian(node)
    return float(sum(cell.scalar(scalar) * draw.trace(node) for scalar, node in trace.summands))


def _gaussians(node: Matrix) -> set[Matrix]:
    if node.op == "gaussian":
        return {node}
    inner = [a[1] if isinstance(a, tuple) else a for a in node.args]
    return set().union(*map(_gaussians, inner)) if inner else set()


class _Draw:
    """Matrices of one draw; a diagonal is kept as its vector, a multiple of the identity as a number."""

    def __init__(self, cell: Cell, rng: np.random.Generator) -> None:
        self.cell, self.rng = cell, rng
        self.known: dict[Matrix, Array] = {}
        self.noise: dict[str, Array] = {}

    def size(self, space: Space) -> int:
        size = float(self.cell.size(space))
        if not size.is_integer():
            raise refuse(space.name, size, "a simulation needs whole sizes")
        return int(size)

    def gaussian(self, node: Matrix) -> Array:
        data = node.data
        if data.name not in self.noise:
            rows, cols = (node.cols, node.rows) if data.transposed else (node.rows, node.cols)
            Z = self.rng.standard_normal((self.size(rows), self.size(cols)))
            Z = (Z + Z.T) / np.sqrt(2) if data.symmetric else Z
            self.noise[data.name] = np.asarray(Z * np.sqrt(self.cell.scalar(data.variance)), float)
        found = self.noise[data.name]
        return found.T if data.transposed else found

    def value(self, node: Matrix) -> Array:
        if node not in self.known:
            self.known[node] = self._evaluate(node)
        return self.known[node]

    def _evaluate(self, node: Matrix) -> Array:
        if node.op == "gaussian":
            return self.gaussian(node)
        if node.op == "identity":
            return np.asarray(1.0)
        if node.op == "deterministic":
            return self._expanded(self.cell.matrix(node), node.rows)
        if node.op == "sum":
            total = np.asarray(0.0)
            for scalar, inner in node.args:
                total = added(total, np.asarray(self.cell.scalar(scalar) * self.value(inner)))
            return total
        if node.op == "product":
            return self._product(node.args)
        value = self.value(node.args[0])
        return np.asarray(1 / value if value.ndim < 2 else np.linalg.inv(value), float)

    def _expanded(self, value: Array, space: Space) -> Array:
        """A joint eigenvalue list with every value as often as it occurs."""
        counts = self.cell.multiplicities(space)
        if value.ndim != 1 or counts is None:
            return value
        if np.any(counts != np.round(counts)):
            raise refuse(f"{space.name} multiplicities", counts, "a simulation needs whole ones")
        return np.repeat(value, counts.astype(int))

    def _product(self, factors: tuple[Matrix, ...]) -> Array:
        half = len(factors) // 2
        if (
            len(factors) > 1
            and len(factors) % 2 == 0
            and [f.T for f in reversed(factors[half:])] == list(factors[:half])
        ):
            right = self._product(factors[half:])  # F'F: half of the product is done once
            if right.ndim == 2:
                return np.asarray(right.T @ right)
        total = self.value(factors[0])
        for factor in factors[1:]:
            total = times(total, self.value(factor))
        return total

    def trace(self, node: Matrix) -> float:
        size = self.size(node.rows)
        if node.op == "product" and len(node.args) > 1:
            half = len(node.args) // 2
            left, right = self._product(node.args[:half]), self._product(node.args[half:])
            if left.ndim == 2 and right.ndim == 2:
                return float(np.sum(left * right.T))
            value = times(left, right)
        else:
            value = self.value(node)
        if value.ndim == 2:
            return float(np.trace(value))
        return float(np.sum(np.broadcast_to(value, (size,))))
