r"""Third-order tensors under the tubal product: circular convolution along the third axis, matrices along the others.

:math:`(A*B)_{\cdot\cdot c}=\sum_aA_{\cdot\cdot a}B_{\cdot\cdot(c-a)}`, indices modulo k: a matrix product in each slice
of the discrete Fourier transform along the third axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    MOST_STEPS,
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["TubalRun", "tubal_descent", "tubal_product", "tubal_rank", "tubal_singular_values", "tubal_transpose"]

Array = NDArray[np.float64]
# sums may be reordered so that they vectorise; NaN and infinity are kept, or divergence would go unseen
_FAST = {"reassoc", "contract", "nsz"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def _descend(A, y, step_size, times, U, factors, losses):  # type: ignore[no-untyped-def]
    """Slices first: A is (m, k, n, n), U is (k, n, R). The first step with a loss that is not finite, or -1."""
    m, k, n, _ = A.shape
    rank = U.shape[2]
    flat = A.reshape(m, k * n * n)
    X, G = np.empty((k, n, n)), np.empty((k, n, n))
    line, pull, moved = X.reshape(k * n * n), G.reshape(k * n * n), np.empty((k, n, rank))
    now = 0
    for step in range(times[-1] + 1):
        for c in range(k):
            for i in range(n):
                for j in range(n):
                    total = 0.0
                    for a in range(k):
                        left, right = U[a, i], U[(a - c) % k, j]
                        for r in range(rank):
                            total += left[r] * right[r]
                    X[c, i, j] = total
                    G[c, i, j] = 0.0
        loss = 0.0
        for i in range(m):
            row = flat[i]
            residual = y[i]
            for j in range(row.size):
                residual -= row[j] * line[j]
            loss += 0.25 * residual * residual
            for j in range(row.size):
                pull[j] += residual * row[j]
        if not loss < np.inf:
            return step
        if step == times[now]:
            losses[now] = loss
            for c in range(k):
                for i in range(n):
                    for r in range(rank):
                        factors[now, c, i, r] = U[c, i, r]
            now += 1
            if now == times.size:
                return -1
        for c in range(k):
            for i in range(n):
                for r in range(rank):
                    moved[c, i, r] = 0.0
                for a in range(k):
                    other = U[(c - a) % k]
                    for j in range(n):
                        weight = step_size * G[a, i, j]
                        for r in range(rank):
                            moved[c, i, r] += weight * other[j, r]
        for c in range(k):
            for i in range(n):
                for r in range(rank):
                    U[c, i, r] += moved[c, i, r]
    return -1


def _tensor(name: str, value: ArrayLike) -> Array:
    tensor = as_finite(name, value)
    if tensor.ndim != 3 or 0 in tensor.shape:
        raise refuse(f"{name}.shape", tensor.shape, "it must be a tensor with three axes, none of them empty")
    return tensor


@within_range
def tubal_product(A: ArrayLike, B: ArrayLike) -> Array:
    r"""Tubal product of two tensors.

    :math:`(A*B)_{\cdot\cdot c}=\sum_aA_{\cdot\cdot a}B_{\cdot\cdot(c-a)}`, computed as matrix products of the slices of
    real Fourier transforms.

    Parameters
    ----------
    A : array_like, shape (n, r, k)
        Left factor.
    B : array_like, shape (r, m, k)
        Right factor.

    Returns
    -------
    ndarray, shape (n, m, k)
        Product.

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Notes
    -----
    Errors are those of a Fourier transform, relative to the largest entries.

    References
    ----------
    karnik2025tubal

    Examples
    --------
    >>> from solvable.solvers import tubal_product
    >>> tubal_product([[[1.0, 2.0]]], [[[3.0, 5.0]]]).round(12)
    array([[[13., 11.]]])
    """
    left, right = _tensor("A", A), _tensor("B", B)
    if left.shape[1:] != (right.shape[0], right.shape[2]):
        raise refuse("B.shape", right.shape, f"it must be ({left.shape[1]}, m, {left.shape[2]}) beside A")
    slices = np.moveaxis(np.fft.rfft(left), 2, 0) @ np.moveaxis(np.fft.rfft(right), 2, 0)
    return np.ascontiguousarray(np.fft.irfft(np.moveaxis(slices, 0, 2), n=left.shape[2]))


@within_range
def tubal_transpose(A: ArrayLike) -> Array:
    r"""Transpose of a tensor: transposed slices, all but the first in reverse order.

    :math:`(A^T)_{ijc}=A_{ji(-c)}`: the conjugate transpose of every Fourier slice, so that :math:`(A*B)^T=B^T*A^T`.

    Parameters
    ----------
    A : array_like, shape (n, r, k)
        Tensor.

    Returns
    -------
    ndarray, shape (r, n, k)
        Its transpose; no arithmetic.

    Raises
    ------
    ValueError
        Another number of axes.

    References
    ----------
    karnik2025tubal

    Examples
    --------
    >>> from solvable.solvers import tubal_transpose
    >>> tubal_transpose([[[1.0, 2.0, 3.0]]])
    array([[[1., 3., 2.]]])
    """
    tensor = _tensor("A", A)
    return np.ascontiguousarray(np.roll(tensor[:, :, ::-1], 1, axis=2).transpose(1, 0, 2))


@within_range
def tubal_singular_values(A: ArrayLike) -> Array:
    r"""Singular tubes of a tensor, by their Fourier coefficients.

    The singular values of every slice of the Fourier transform along the third axis. Slices c and k - c are complex
    conjugates and share theirs. The Frobenius norm of tube i is the root of the mean square of row i.

    Parameters
    ----------
    A : array_like, shape (n, m, k)
        Tensor.

    Returns
    -------
    ndarray, shape (min(n, m), k)
        Falling along the first axis.

    Raises
    ------
    ValueError
        Another number of axes.

    References
    ----------
    karnik2025tubal

    Examples
    --------
    >>> from solvable.solvers import tubal_singular_values
    >>> tubal_singular_values([[[1.0, 2.0]], [[0.0, 0.0]]])
    array([[3., 1.]])
    """
    tensor = _tensor("A", A)
    k = tensor.shape[2]
    found = np.linalg.svd(np.moveaxis(np.fft.rfft(tensor), 2, 0), compute_uv=False).T
    return np.ascontiguousarray(np.concatenate([found, found[:, (k - 1) // 2 : 0 : -1]], axis=1))


@within_range
def tubal_rank(A: ArrayLike, rtol: float | None = None) -> int:
    """Tubal rank: the number of singular tubes that do not vanish, the largest rank among the Fourier slices.

    Parameters
    ----------
    A : array_like, shape (n, m, k)
        Tensor.
    rtol : float, optional
        What counts as zero, relative to the largest singular value. Default: max(n, m) k times the rounding unit of
        the data.

    Returns
    -------
    int
        The rank.

    Raises
    ------
    ValueError
        Another number of axes, a negative tolerance.

    References
    ----------
    karnik2025tubal

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import tubal_product, tubal_rank, tubal_transpose
    >>> X = np.random.default_rng(0).standard_normal((6, 2, 4))
    >>> tubal_rank(tubal_product(X, tubal_transpose(X)))
    2
    """
    values = tubal_singular_values(A)
    shape = np.shape(A)
    usual = max(shape[:2]) * shape[2] * data_eps(A)
    bound = usual if rtol is None else as_scalar("rtol", rtol, as_nonnegative)
    return int(np.sum(values.max(axis=1) > bound * values.max()))


@record
class TubalRun:
    r"""Factors along the descent.

    Attributes
    ----------
    times : ndarray of int64, shape (T,)
        Steps after which they were recorded, from 0 to the last.
    factors : ndarray, shape (T, n, R, k)
        U.
    loss : ndarray, shape (T,)
        :math:`\frac14\sum_i(y_i-\langle A_i,U*U^T\rangle)^2`.
    """

    times: NDArray[np.int64]
    factors: Array
    loss: Array


@within_range
def tubal_descent(
    A: ArrayLike, y: ArrayLike, start: ArrayLike, step_size: float, steps: int, checkpoints: int = 200
) -> TubalRun:
    r"""Gradient descent on a factorised tensor from linear measurements.

    :math:`U\leftarrow U+\mu\,\mathrm{sym}\bigl(\sum_i(y_i-\langle A_i,U*U^T\rangle)A_i\bigr)*U`, sym the mean of a
    tensor and its tubal transpose: the gradient of :math:`\frac14\sum_i(y_i-\langle A_i,U*U^T\rangle)^2`, a sum over
    the measurements (entries of variance 1/m keep it of the size of the error).

    Parameters
    ----------
    A : array_like, shape (m, n, n, k)
        Measurement tensors; only their symmetric parts matter.
    y : array_like, shape (m,)
        Labels.
    start : array_like, shape (n, R, k)
        First factor, of the wanted size. At zero nothing moves: it is a saddle.
    step_size : float
        :math:`\mu`.
    steps : int
        Steps.
    checkpoints : int
        Steps that are recorded, evenly spaced, at most.

    Returns
    -------
    TubalRun
        Factors and losses at the recorded steps.

    Raises
    ------
    ValueError
        Shapes that do not fit, a descent that leaves the range.

    Notes
    -----
    Products are explicit circular sums: at the sizes of experiments (k up to ten) they beat a transform a step.

    References
    ----------
    karnik2025tubal

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import tubal_descent
    >>> run = tubal_descent(np.ones((1, 1, 1, 1)), [4.0], 1e-3 * np.ones((1, 1, 1)), 0.05, 200)
    >>> round(float(run.factors[-1, 0, 0, 0]), 9)
    2.0
    """
    tensors, labels, first = as_finite("A", A), as_finite("y", y), _tensor("start", start)
    if tensors.ndim != 4 or 0 in tensors.shape or tensors.shape[1] != tensors.shape[2]:
        raise refuse("A.shape", tensors.shape, "it must be (m, n, n, k)")
    m, n, _, k = tensors.shape
    if labels.shape != (m,):
        raise refuse("y.shape", labels.shape, f"it must be ({m},), one label for each measurement")
    if first.shape[::2] != (n, k):
        raise refuse("start.shape", first.shape, f"it must be ({n}, R, {k})")
    pace, count = as_scalar("step_size", step_size, as_positive), as_whole("steps", steps, MOST_STEPS)
    kept = min(as_whole("checkpoints", checkpoints, MOST_STEPS), count)
    check_room("checkpoints", checkpoints, float(kept + 1) * first.size)
    times = np.unique(np.linspace(0, count, kept + 1).round().astype(np.int64))
    slices = np.moveaxis(tensors, 3, 1)
    symmetric = 0.5 * slices + 0.5 * np.roll(slices[:, ::-1], 1, axis=1).transpose(0, 1, 3, 2)
    factors, losses = np.empty((times.size, k, n, first.shape[1])), np.empty(times.size)
    U = np.ascontiguousarray(np.moveaxis(first, 2, 0))
    failed = _descend(np.ascontiguousarray(symmetric), labels, pace, times, U.copy(), factors, losses)
    if failed >= 0 or not np.isfinite(factors).all():
        allowed = (
            f"the descent leaves the range of doubles at step {failed if failed >= 0 else count}; take smaller steps"
        )
        raise refuse("step_size", pace, allowed)
    return TubalRun(times, np.ascontiguousarray(np.moveaxis(factors, 1, 3)), losses)
