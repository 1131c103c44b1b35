"""Matrices and scalars of an expression as commuting sympy symbols, and the names that are taken."""

from __future__ import annotations

from typing import Any

import sympy as sp

from solvable.analysis.equivalents.symbols_of_traces import Transposed
from solvable.solvers.equivalents.matrix_expression import Matrix, leaves, scalars
from solvable.solvers.equivalents.scalar_expression import Scalar

__all__ = ["declared", "node_as_operator", "node_as_symbol", "number_as_symbol", "scalar_as_symbol"]


def number_as_symbol(number: Any) -> Any:
    """Exact rational of what was written."""
    return (
        sp.Rational(number.numerator, number.denominator)
        if not isinstance(number, float)
        else sp.Rational(repr(number))
    )


def scalar_as_symbol(scalar: Scalar) -> Any:
    """Scalar expression in positive symbols of its names."""
    names = {str(name): sp.Symbol(str(name), positive=True) for name in scalar.names}
    return scalar.evaluate(names, number_as_symbol)


def node_as_symbol(node: Matrix) -> Any:
    """Deterministic expression in commuting symbols."""
    if node.op == "identity":
        return sp.S.One
    if node.op == "deterministic":
        return sp.Symbol(node.data.name, positive=True) ** number_as_symbol(node.data.power)
    if node.op == "sum":
        return sum((scalar_as_symbol(c) * node_as_symbol(inner) for c, inner in node.args), sp.S.Zero)
    if node.op == "product":
        return sp.Mul(*map(node_as_symbol, node.args))
    return 1 / node_as_symbol(node.args[0])


def node_as_operator(node: Matrix) -> Any:
    """Deterministic expression in symbols that do not commute; a number is a multiple of the identity."""
    if node.op == "identity":
        return sp.S.One
    if node.op == "deterministic":
        symbol = sp.Symbol(node.data.name, commutative=False)
        return (Transposed(symbol) if node.data.transposed else symbol) ** number_as_symbol(node.data.power)
    if node.op == "sum":
        return sum((scalar_as_symbol(c) * node_as_operator(inner) for c, inner in node.args), sp.S.Zero)
    if node.op == "product":
        return sp.Mul(*map(node_as_operator, node.args))
    return node_as_operator(node.args[0]) ** -1


def declared(summands: list[Any]) -> set[str]:
    """Names that are taken."""
    found: set[str] = set()
    for scalar, node in summands:
        for inner in {scalar, *scalars(node)}:
            found |= set(map(str, inner.names))
        for leaf in leaves(node):
            found |= {leaf.data.name, leaf.rows.name, leaf.cols.name}
    return found
