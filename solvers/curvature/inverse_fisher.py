r"""Products with the inverse of a damped empirical Fisher matrix, without forming it."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    refuse,
    within_range,
)

__all__ = ["InverseFisher"]

Array = NDArray[np.float64]


def _place(name: str, value: Any, size: int) -> int:
    number = as_scalar(name, value, as_nonnegative)
    if number != int(number) or number >= size:
        raise refuse(name, value, f"it must be a whole number from 0 to {size - 1}")
    return int(number)


@record
class InverseFisher:
    r"""Inverse of :math:`F=\lambda I+\frac1m\sum_ig_ig_i^T`, through the m gradients.

    .. math:: F^{-1}x=\frac1\lambda\big(x-G^T(m\lambda I+GG^T)^{-1}Gx\big)

    A product costs O(md) after one factorisation, O(m²d + m³); adding or removing a gradient costs O(md + m³), and the
    object itself is never changed. m is the number of gradients held, so that a window that slides keeps it.

    Parameters
    ----------
    gradients : array_like, shape (m, d)
        Rows :math:`g_i`.
    damping : float
        :math:`\lambda`, positive.

    Attributes
    ----------
    gram : ndarray, shape (m, m)
        :math:`GG^T`.
    factor : ndarray, shape (m, m)
        Cholesky factor of :math:`m\lambda I+GG^T`.

    Raises
    ------
    ValueError
        No gradients, a damping that is not positive, or so small that the matrix is singular to rounding.

    Notes
    -----
    Relative to :math:`\|x\|/\lambda` good to rounding; along the gradients the answer is smaller than that by
    :math:`\lambda/(\lambda+\|G\|^2/m)`, and loses as much.

    References
    ----------
    frantar2021mfac

    Examples
    --------
    >>> from solvable.solvers import InverseFisher
    >>> fisher = InverseFisher([[1.0, 0.0], [0.0, 2.0]], 0.5)
    >>> fisher.apply([1.0, 1.0])
    array([1. , 0.4])
    >>> round(fisher.entry(1, 1), 12), fisher.add([0.0, 0.0]).gradients.shape
    (0.4, (3, 2))
    """

    gradients: Any
    damping: Any
    gram: Any = None
    factor: Any = field(init=False)

    @within_range
    def __post_init__(self) -> None:
        """Check, form the Gram matrix unless it is handed on, and factorise."""
        rows = as_matrix("gradients", self.gradients)
        damping = as_scalar("damping", self.damping, as_positive)
        gram = rows @ rows.T if self.gram is None else as_matrix("gram", self.gram, (len(rows), len(rows)))
        try:
            factor, _ = cho_factor(gram + len(rows) * damping * np.eye(len(rows)), lower=True)
        except np.linalg.LinAlgError:
            allowed = "it must be larger: the matrix is singular to rounding"
            raise refuse("damping", damping, allowed) from None
        for name, array in (("gradients", rows), ("gram", gram), ("factor", np.tril(factor))):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "damping", damping)

    def _vector(self, name: str, value: ArrayLike) -> Array:
        vector = as_finite(name, value)
        if vector.shape != (self.gradients.shape[1],):
            raise refuse(f"{name}.shape", vector.shape, f"it must be ({self.gradients.shape[1]},), as the gradients")
        return vector

    @within_range
    def apply(self, x: ArrayLike) -> Array:
        """Return the product of the inverse and a vector.

        Parameters
        ----------
        x : array_like, shape (d,)
            The vector.

        Returns
        -------
        ndarray, shape (d,)

        Raises
        ------
        ValueError
            A vector of another length.
        """
        vector = self._vector("x", x)
        inner = cho_solve((self.factor, True), self.gradients @ vector)
        return np.asarray((vector - inner @ self.gradients) / self.damping)

    @within_range
    def entry(self, i: int, j: int) -> float:
        """Return one entry of the inverse, in O(m²).

        Parameters
        ----------
        i, j : int
            Row and column, from 0.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            A place outside the matrix.
        """
        d = self.gradients.shape[1]
        row, column = _place("i", i, d), _place("j", j, d)
        inner = cho_solve((self.factor, True), self.gradients[:, column])
        return (float(row == column) - float(self.gradients[:, row] @ inner)) / self.damping

    @within_range
    def add(self, gradient: ArrayLike) -> InverseFisher:
        """Return the inverse with one more gradient, the last.

        Parameters
        ----------
        gradient : array_like, shape (d,)
            The new row.

        Returns
        -------
        InverseFisher

        Raises
        ------
        ValueError
            A gradient of another length.
        """
        new = self._vector("gradient", gradient)
        products, m = self.gradients @ new, len(self.gradients)
        gram = np.empty((m + 1, m + 1))
        gram[:m, :m], gram[:m, m], gram[m, :m], gram[m, m] = self.gram, products, products, new @ new
        return InverseFisher(np.vstack([self.gradients, new]), self.damping, gram)

    @within_range
    def remove(self, index: int = 0) -> InverseFisher:
        """Return the inverse without one gradient, by default the oldest.

        Parameters
        ----------
        index : int
            Its place, from 0.

        Returns
        -------
        InverseFisher

        Raises
        ------
        ValueError
            A place outside, or the only gradient.
        """
        place = _place("index", index, len(self.gradients))
        if len(self.gradients) == 1:
            raise refuse("index", index, "the only gradient cannot be removed")
        kept = np.delete(np.arange(len(self.gradients)), place)
        return InverseFisher(self.gradients[kept], self.damping, self.gram[np.ix_(kept, kept)])
