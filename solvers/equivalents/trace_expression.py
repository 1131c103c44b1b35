"""Traces of expressions: sums of them with scalars in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.scalar_expression import Scalar
from solvable.solvers.validate import as_kind, refuse

__all__ = ["Trace", "tr"]


class Trace:
    """A sum of scalars times traces.

    Attributes
    ----------
    summands : tuple of (Scalar, Matrix)
        The trace is the sum of ``scalar * tr(matrix)``.
    """

    __slots__ = ("summands",)
    __array_ufunc__ = None

    def __init__(self, summands: Sequence[tuple[Scalar, Matrix]]) -> None:
        """Keep the summands."""
        self.summands = tuple(summands)

    def __repr__(self) -> str:
        """Write it out."""
        parts = [(repr(scalar), f"tr({node!r})") for scalar, node in self.summands]
        return " + ".join(text if number == "1" else f"({number})*{text}" for number, text in parts) or "0"

    def __add__(self, other: Any) -> Trace:
        """Sum of traces."""
        if isinstance(other, int | float) and other == 0:
            return self
        if not isinstance(other, Trace):
            raise refuse("trace", other, "only traces are added to a trace")
        return Trace(self.summands + other.summands)

    __radd__ = __add__

    def __neg__(self) -> Trace:
        """Negative."""
        return self * -1

    def __sub__(self, other: Any) -> Trace:
        """Difference of traces."""
        return self + (-other)

    def __mul__(self, other: Any) -> Trace:
        """Scalar multiple."""
        if isinstance(other, Trace):
            raise refuse("product of traces", other, "it is no trace of a rational expression; take them one by one")
        if isinstance(other, Matrix):
            raise refuse("trace", other, "a trace times a matrix is not covered; take the traces one by one")
        return Trace([(scalar * Scalar.of(other), node) for scalar, node in self.summands])

    __rmul__ = __mul__

    def __rtruediv__(self, other: Any) -> Trace:
        """Refuse to divide by a trace."""
        raise refuse("/", self, "a quotient by a trace is no trace of a rational expression")

    def __pow__(self, exponent: Any) -> Trace:
        """Refuse a power."""
        raise refuse("power", self, "a power of a trace is no trace of a rational expression")

    def __truediv__(self, other: Any) -> Trace:
        """Quotient by a scalar."""
        if isinstance(other, Trace | Matrix):
            raise refuse("/", other, "traces are divided by scalars only")
        return self * (Scalar.of(other) ** -1)


def tr(matrix: Matrix) -> Trace:
    """Return the trace of a square expression, not normalised.

    Parameters
    ----------
    matrix : Matrix
        An expression in the matrices of a `MatrixModel`.

    Returns
    -------
    Trace
        Add such and multiply them by scalars; `derive` finds their deterministic equivalent.

    Raises
    ------
    TypeError
        For anything but an expression.
    ValueError
        Where it is not square.

    Examples
    --------
    >>> from solvable import MatrixModel, tr
    >>> m = MatrixModel()
    >>> n, d = m.space("n", 200), m.space("d", 100)
    >>> Z = m.gaussian("Z", n, d)
    >>> tr((Z.T @ Z / n + 0.1).inv())
    tr(inv((n**-1*Z.T@Z + 0.1*I)))
    """
    as_kind("matrix", matrix, Matrix, "it must be an expression in matrices")
    if matrix.rows != matrix.cols:
        raise refuse("tr", matrix, f"it is {matrix.shape}: only square matrices have a trace")
    return Trace(list(matrix.args) if matrix.op == "sum" else [(Scalar.of(1), matrix)])
