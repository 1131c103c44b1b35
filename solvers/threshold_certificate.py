r"""Certificate of the mean-square stability threshold: two-sided bounds on an eigenvalue, and so on the largest one.

The threshold is :math:`2/\lambda`, :math:`\lambda=\max_A D(A,A)/C(A,A)` over symmetric A. With gradients g_i as rows
of G and n > d, :math:`C = \mathrm{tr}(AHA)`, :math:`D = c_0\mathrm{tr}(AHAH)+(p/n)\sum(g_i^TAg_i)^2`; with n <= d the
same in the coordinates :math:`G^TAG` through the Gram matrix. The Rayleigh quotient at an approximate maximiser bounds
lambda from below; a Cholesky factorisation of :math:`\lambda(1+10^{-13})C-D` in ball arithmetic, if it succeeds, from
above.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.certificate import Arithmetic, Ball, Certificate, certify_cells

__all__ = ["certify_threshold"]

Array = NDArray[np.float64]
_MOST = 66  # unknowns: beyond, the factorisation takes tens of milliseconds and nothing is proved
Matrix = list[list[Ball]]


def _product(A: Matrix, B: Matrix) -> Matrix:
    columns = list(zip(*B, strict=True))
    return [[sum((x * y for x, y in zip(row, column, strict=True)), 0 * row[0]) for column in columns] for row in A]


def _trace_form(P: Matrix, Q: Matrix, pairs: list[tuple[int, int]]) -> Matrix:
    """Matrix of tr(A P A Q) in the upper triangle of A."""
    both = [((i, j),) if i == j else ((i, j), (j, i)) for i, j in pairs]
    return [
        [sum((P[b][c] * Q[d][a] for a, b in left for c, d in right), 0 * P[0][0]) for right in both] for left in both
    ]


def _positive_definite(S: Matrix) -> bool:
    """Cholesky without roots; true only if every pivot is proved positive."""
    size = len(S)
    S = [list(row) for row in S]
    for k in range(size):
        pivot = S[k][k]
        if not pivot > 0:
            return False
        for i in range(k + 1, size):
            factor = S[i][k] / pivot
            for j in range(i, size):
                S[j][i] = S[j][i] - factor * S[j][k]
    return True


def _forms(gradients: Array, batch: int, sampling: str, arb: Any) -> tuple[Matrix, Matrix]:
    """C and D as matrices of balls."""
    n, d = gradients.shape
    G = [[arb(float(x)) for x in row] for row in gradients]
    if n > d:
        P = [[arb(int(i == j)) for j in range(d)] for i in range(d)]
        Q = [[x / n for x in row] for row in _product([list(c) for c in zip(*G, strict=True)], G)]
        vectors = G
    else:
        P = _product(G, [list(c) for c in zip(*G, strict=True)])
        Q = [[x / n for x in row] for row in _product(P, P)]
        vectors = P
    pairs = [(i, j) for i in range(min(n, d)) for j in range(i, min(n, d))]
    one = arb(1)
    p = {
        "with-replacement": one / batch,
        "without-replacement": one * (n - batch) / (batch * max(n - 1, 1)),
        "bernoulli": one * (n - batch) / (batch * n),
    }[sampling]
    c0 = one if sampling == "bernoulli" else 1 - p
    D = [[c0 * x for x in row] for row in _trace_form(Q, Q, pairs)]
    for v in vectors:
        outer = [v[i] * v[j] * (1 if i == j else 2) for i, j in pairs]
        for i, x in enumerate(outer):
            share = p / n * x
            for j, y in enumerate(outer):
                D[i][j] = D[i][j] + share * y
    return _trace_form(P, Q, pairs), D


def certify_threshold(
    gradients: Array, batch_size: Array, sampling: str, factor: float, value: Array, what: str
) -> Certificate:
    """Certificate of thresholds for gradients (n, d); `factor` is that of the loss (2 without the half)."""
    from scipy.linalg import LinAlgError, eigh

    scale = 2.0 ** np.floor(np.log2(np.abs(gradients).max()))  # exact, and keeps the float eigenproblem in range
    sizes, small = np.ravel(batch_size), min(gradients.shape) if gradients.ndim == 2 else _MOST

    def prove(index: int, arithmetic: Arithmetic) -> Ball | None:
        arb = arithmetic.arb
        if gradients.ndim != 2 or small * (small + 1) // 2 > _MOST:
            return None
        C, D = _forms(gradients / scale, int(sizes[index]), sampling, arb)
        c, d = (np.array([[float(x) for x in row] for row in form]) for form in (C, D))
        try:
            vector = [arb(float(x)) for x in eigh(d, c)[1][:, -1]]
        except LinAlgError:
            return None
        top, bottom = (
            sum((x * S[i][j] * y for i, x in enumerate(vector) for j, y in enumerate(vector)), arb(0)) for S in (D, C)
        )
        if not bottom > 0:
            return None
        low = (top / bottom).lower()
        high = low * (1 + arb(1e-13))
        gap = [[high * x - y for x, y in zip(row, other, strict=True)] for row, other in zip(C, D, strict=True)]
        if not _positive_definite(gap):
            return None
        return 2 / (low.union(high) * arb(factor) * arb(scale) * arb(scale))

    return certify_cells(value, prove, what, modes=False)
