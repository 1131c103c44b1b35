r"""The best denoiser of a Gaussian mixture: blocks of points go through all components at once.

In units of the noise, y the distance of a point from a centre, a component with covariance S moves the point to
:math:`Gy`, :math:`G=S(S+I)^{-1}`, and sees it at the squared distance :math:`y^T(S+I)^{-1}y=y^T(y-Gy)`: one product of
matrices answers both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.denoising.responsibilities import Denoised, as_points, as_weights
from solvable.solvers.spectrum import semidefinite_modes
from solvable.solvers.validate import as_finite, as_positive, as_scalar, data_eps, is_symmetric, refuse, within_range

__all__ = ["mixture_denoiser"]

Array = NDArray[np.float64]
_ROOM = 2**16  # numbers of a block: they stay in cache
_MILD = 32.0  # variance over noise up to which y - Gy cancels so little that distances are had from it


@njit(cache=True, error_model="numpy")
def _columns(x: Any, first: int, shift: Any, per_unit: float, rows: Any) -> None:
    """Points from `first` on as columns, on which loops over points run along memory."""
    for p in range(rows.shape[1]):
        for i in range(x.shape[1]):
            rows[i, p] = (x[first + p, i] - shift[i]) * per_unit


@njit(cache=True, error_model="numpy")
def _log_shares(rows: Any, near: Any, moved: Any, white: Any, logs: Any, w: Any) -> None:
    """w <- logarithms of responsibilities, 0 for the likeliest."""
    K, d, size = moved.shape
    best = np.full(size, -np.inf)
    for k in range(K):
        for p in range(size):
            w[k, p] = 0.0
        for i in range(white.shape[1]):
            for p in range(size):
                w[k, p] += white[k, i, p] * white[k, i, p]
        if white.shape[1] == 0:
            for i in range(d):
                for p in range(size):
                    y = rows[i, p] - near[k, i]
                    w[k, p] += y * (y - moved[k, i, p])
        for p in range(size):
            w[k, p] = logs[k] - 0.5 * w[k, p]
            best[p] = max(best[p], w[k, p])
    for k in range(K):
        for p in range(size):
            w[k, p] -= best[p]


@njit(cache=True, error_model="numpy")
def _average(w: Any, near: Any, moved: Any, shift: Any, unit: float, first: int, answer: Any) -> None:
    """Posterior means, and below them responsibilities, into the columns of answer from `first` on."""
    K, d, size = moved.shape
    total, mean = np.zeros(size), np.empty(size)
    for k in range(K):
        for p in range(size):
            total[p] += w[k, p]
    for k in range(K):
        for p in range(size):
            w[k, p] /= total[p]
            answer[d + k, first + p] = w[k, p]
    for i in range(d):
        for p in range(size):
            mean[p] = 0.0
        for k in range(K):
            for p in range(size):
                mean[p] += w[k, p] * (near[k, i] + moved[k, i, p])
        for p in range(size):
            answer[i, first + p] = shift[i] + unit * mean[p]


def _mixed(x: Array, unit: float, centres: Array, values: Array, vectors: Array, logs: Array) -> Array:
    """Posterior means and responsibilities as columns; eigenvalues of the covariances are in units of the noise."""
    (K, d), n = centres.shape, len(x)
    shift = centres.mean(axis=0)
    near = np.ascontiguousarray((centres - shift) * (1 / unit))
    across = np.swapaxes(vectors, 1, 2)
    maps = (vectors * (values / (values + 1))[:, None]) @ across
    if values.max() > _MILD:
        maps = np.stack(
            [maps, across / np.sqrt(values + 1)[:, :, None]]
        )  # products of the latter have the distance as length
    # the last column goes with a row of ones
    inwards = np.concatenate([maps, -(maps @ near[:, :, None])], axis=-1).reshape(-1, d + 1)
    blocks = -(-n // max(_ROOM // len(inwards), 16))
    size = -(-n // blocks)
    rows, moved, w = np.ones((d + 1, size)), np.empty((len(inwards), size)), np.empty((K, size))
    estimates, white = moved[: K * d].reshape(K, d, size), moved[K * d :].reshape(K, len(inwards) // K - d, size)
    answer = np.empty((d + K, n))
    for first in range(0, n, size):
        first = min(first, n - size)  # the last block overlaps the one before
        _columns(x, first, shift, 1 / unit, rows)
        np.matmul(inwards, rows, out=moved)
        _log_shares(rows, near, estimates, white, logs, w)
        np.exp(w, out=w)
        _average(w, near, estimates, shift, unit, first, answer)
    return answer


def _spectra(covariances: ArrayLike, shape: tuple[int, int, int], unit: float) -> tuple[Array, Array]:
    """Eigenvalues of several covariances over a unit, and eigenvectors; one may vanish."""
    S = as_finite("covariances", covariances)
    if S.shape != shape:
        raise refuse("covariances.shape", S.shape, f"it must be {shape}")
    eps = data_eps(covariances)
    if not is_symmetric(S, eps):
        raise refuse("covariances", S, "they must be symmetric")
    values, vectors = semidefinite_modes(S / unit, eps)
    if not values.all():  # zeros, or less than that
        ends = np.linalg.eigvalsh(S / unit)
        if np.any(ends[:, 0] < -max(1e-10, shape[1] * eps) * ends[:, -1]):
            allowed = f"they must be positive semi-definite (least eigenvalue {ends.min() * unit:.3g})"
            raise refuse("covariances", S, allowed)
    return values, vectors


@within_range
def mixture_denoiser(
    x: ArrayLike, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike, noise_variance: float
) -> Denoised:
    r"""Posterior mean of a point of a Gaussian mixture from a noisy one.

    .. math::
        E[x\mid\tilde x]=\sum_kw_k\big(m_k+S_k(S_k+\sigma^2I)^{-1}(\tilde x-m_k)\big),\qquad
        w_k\propto\pi_kN(\tilde x;m_k,S_k+\sigma^2I)

    Parameters
    ----------
    x : array_like, shape (..., d)
        Noisy points.
    weights : array_like, shape (K,)
        :math:`\pi_k`; they sum to 1.
    means : array_like, shape (K, d)
        :math:`m_k`.
    covariances : array_like, shape (K, d, d)
        :math:`S_k`, positive semi-definite; all zeros for a mixture of points.
    noise_variance : float
        :math:`\sigma^2`, positive.

    Returns
    -------
    Denoised
        Posterior mean and responsibilities :math:`w_k`.

    Raises
    ------
    ValueError
        Weights that do not sum to 1, shapes that do not fit, no noise.

    Notes
    -----
    Weights are kept as logarithms, so that points far from every component have one all the same. Answers are those of
    points moved by a rounding of their distance from the middle of the means.

    References
    ----------
    alain2014regularized, song2021score

    Examples
    --------
    >>> from solvable.solvers import mixture_denoiser
    >>> found = mixture_denoiser([[0.5], [-9.0]], [0.5, 0.5], [[1.0], [-1.0]], [[[0.0]], [[0.0]]], 1.0)
    >>> found.estimate.round(4), found.responsibilities.round(4)
    (array([[ 0.4621],
           [-1.    ]]), array([[0.7311, 0.2689],
           [0.    , 1.    ]]))
    """
    points = as_points(x)
    d = points.shape[-1]
    centres = as_finite("means", means)
    if centres.ndim != 2 or centres.shape[1] != d or len(centres) == 0:
        raise refuse("means.shape", centres.shape, f"it must be (K, {d}), one row for each component")
    count = len(centres)
    probabilities = as_weights(weights, count)
    noise2 = as_scalar("noise_variance", noise_variance, as_positive)
    # in units of the noise: squares of what is tiny or huge stay in range
    values, vectors = _spectra(covariances, (count, d, d), noise2)
    with np.errstate(divide="ignore"):
        logs = np.log(probabilities) - 0.5 * np.sum(np.log1p(values), axis=1)
    flat = np.ascontiguousarray(points).reshape(-1, d)
    with np.errstate(over="ignore", invalid="ignore"):
        answer = _mixed(flat, float(np.sqrt(noise2)), centres, values, vectors, logs)
        total = answer.sum()  # finite where all are; it may overflow where none does
    if not (np.isfinite(total) or np.isfinite(answer).all()):
        raise FloatingPointError("squared distances overflow in units of the noise")
    estimate, shares = answer[:d].T, answer[d:].T
    return Denoised(estimate.reshape(points.shape), shares.reshape(*points.shape[:-1], count))
