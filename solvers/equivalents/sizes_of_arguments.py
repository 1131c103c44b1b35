"""How large the argument of an inverse is, whether it is positive semidefinite as written, and how far from zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.matrix_values import Cell

__all__ = ["is_positive", "largest", "least"]


def largest(node: Matrix, cell: Cell) -> float:
    """Upper estimate of the operator norm, up to factors of order one."""
    if node.op == "identity":
        return 1.0
    if node.op == "deterministic":
        if node.data.power.denominator != 1 and node.data.value.ndim == 2:  # its eigenvalues are known
            return float(np.max(np.abs(node.data.eigenvalues)))
        return _norm(cell.matrix(node))
    if node.op == "gaussian":
        rows, cols = cell.size(node.rows), cell.size(node.cols)
        return float(np.sqrt(cell.scalar(node.data.variance)) * (np.sqrt(rows) + np.sqrt(cols)))
    if node.op == "sum":
        return float(sum(abs(cell.scalar(scalar)) * largest(inner, cell) for scalar, inner in node.args))
    if node.op == "product":
        return float(np.prod([largest(factor, cell) for factor in node.args]))
    (inner,) = node.args
    gap = least(inner, cell)
    return 1 / gap if gap > 0 else 1 / largest(inner, cell)


def _norm(value: Any) -> float:
    if value.ndim < 2:
        return float(np.max(np.abs(value)))
    return float(np.sqrt(np.linalg.norm(value, 1) * np.linalg.norm(value, np.inf)))


def is_positive(node: Matrix, cell: Cell) -> bool:
    """Whether it is positive semidefinite as it is written: sums and inverses of F'MF with M positive."""
    if node.op == "identity":
        return True
    if node.op == "sum":
        return all(cell.scalar(scalar) >= 0 and is_positive(inner, cell) for scalar, inner in node.args)
    if node.op == "inverse":
        return is_positive(node.args[0], cell)
    if node.op == "deterministic":
        value = cell.matrix(node)
        if value.ndim < 2:
            return bool(np.all(value >= 0))
        return node.self_adjoint and bool(np.linalg.eigvalsh(value)[0] >= 0)
    if node.op == "product":
        half, odd = divmod(len(node.args), 2)
        outer = node.args[half + odd :]
        if [f.T for f in reversed(outer)] != list(node.args[:half]):
            return not node.random and all(is_positive(f, cell) and cell.matrix(f).ndim < 2 for f in node.args)
        return not odd or is_positive(node.args[half], cell)
    return False


def least(node: Matrix, cell: Cell) -> float:
    """Lower bound of the smallest eigenvalue of what is positive as written: multiples of the identity and the like."""
    if node.op == "identity":
        return 1.0
    if node.op == "sum":
        return float(sum(cell.scalar(scalar) * least(inner, cell) for scalar, inner in node.args))
    if node.op == "deterministic" and cell.matrix(node).ndim < 2:
        return max(0.0, float(np.min(cell.matrix(node))))
    return 0.0
