r"""Inverses of a Gram matrix for many ridges, their diagonals and products, without eigenvectors.

With :math:`G=QTQ^T`, T tridiagonal, and :math:`T+\delta=LDL^T` the diagonal of the inverse is a sum of squares,
:math:`\sum_j(L^{-1}Q_{i\cdot})_j^2/d_j`, by one recurrence along each row of Q: the square of the size for a ridge, and
T and Q take less than half of what eigenvectors do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit

__all__ = ["shifted_inverses", "tridiagonal_form"]

Array = NDArray[np.float64]


@njit(cache=True)
def _inverses(
    diagonal: Array, beside: Array, ridges: Array, rows: Array, rotated: Array, solved: Array, level: Array
) -> None:
    """For each ridge solve (T + ridge) solved = rotated, and sum squares for every column of `rows`."""
    size, count = rows.shape
    lower, inverse, carried = np.zeros(size), np.empty(size), np.empty(count)
    for m in range(ridges.size):
        inverse[0] = 1 / (diagonal[0] + ridges[m])
        for j in range(1, size):
            lower[j] = beside[j - 1] * inverse[j - 1]
            inverse[j] = 1 / (diagonal[j] + ridges[m] - beside[j - 1] * lower[j])
        for q in range(len(rotated)):
            x = solved[m, q]
            x[0] = rotated[q, 0]
            for j in range(1, size):
                x[j] = rotated[q, j] - lower[j] * x[j - 1]
            x[size - 1] *= inverse[size - 1]
            for j in range(size - 2, -1, -1):
                x[j] = x[j] * inverse[j] - lower[j + 1] * x[j + 1]
        total = level[m]
        for i in range(count):
            carried[i] = total[i] = 0.0
        for j in range(0, size - 3, 4):  # four at once: what is carried along stays in registers
            l0, l1, l2, l3 = lower[j], lower[j + 1], lower[j + 2], lower[j + 3]
            w0, w1, w2, w3 = inverse[j], inverse[j + 1], inverse[j + 2], inverse[j + 3]
            r0, r1, r2, r3 = rows[j], rows[j + 1], rows[j + 2], rows[j + 3]
            for i in range(count):
                a = r0[i] - l0 * carried[i]
                b = r1[i] - l1 * a
                c = r2[i] - l2 * b
                d = r3[i] - l3 * c
                carried[i] = d
                total[i] += (a * a * w0 + b * b * w1) + (c * c * w2 + d * d * w3)
        for j in range(size - size % 4, size):
            for i in range(count):
                carried[i] = rows[j, i] - lower[j] * carried[i]
                total[i] += carried[i] * carried[i] * inverse[j]


def tridiagonal_form(G: Array) -> tuple[Array, Array, Callable[[], Array]]:
    """Diagonal of T, what stands beside it, and how to make the transpose of Q in the memory of G.

    G is symmetric, in C order, of two rows at least.
    """
    from scipy.linalg.lapack import dorgqr, dsytrd, dsytrd_lwork

    size = G.shape[0]
    work, _ = dsytrd_lwork(size, lower=1)
    reduced, diagonal, beside, tau, _ = dsytrd(G.T, lower=1, lwork=int(work), overwrite_a=1)

    def rotation() -> Array:
        reflectors = np.asfortranarray(reduced[1:, :-1])
        G[0], G[:, 0], G[0, 0] = 0.0, 0.0, 1.0
        G[1:, 1:] = dorgqr(reflectors, tau, lwork=64 * size, overwrite_a=1)[0].T
        return G

    return diagonal, beside, rotation


def shifted_inverses(diagonal: Array, beside: Array, rows: Array, rotated: Array, ridges: Array) -> tuple[Array, Array]:
    """(T + ridge)^{-1} of each row of `rotated`, axes (ridge, row, place); diagonals of rows' (T + ridge)^{-1} rows.

    T + ridge has to be positive definite.
    """
    solved = np.empty((ridges.size, *rotated.shape))
    level = np.empty((ridges.size, rows.shape[1]))
    _inverses(diagonal, beside, ridges, np.ascontiguousarray(rows), rotated, solved, level)
    return solved, level
