r"""Best denoisers of Gaussians and their mixtures, and the chain that corrupts and reconstructs in turn.

Noisy points are :math:`\tilde x=x+\sigma e`, :math:`e\sim N(0,I)`. The best reconstruction is the posterior mean
:math:`r(\tilde x)=\tilde x+\sigma^2\nabla\ln p_\sigma(\tilde x)`, :math:`p_\sigma` the density of the noisy points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.denoising.responsibilities import Denoised, as_points, as_weights
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import record
from solvable.solvers.spectrum import semidefinite_modes
from solvable.solvers.validate import (
    as_covariance,
    as_finite,
    as_positive,
    as_scalar,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["DenoisingChain", "contractive_reconstruction", "denoiser", "denoising_chain", "mixture_denoiser"]

Array = NDArray[np.float64]


_ROOM = 2**16  # numbers of a block of points that go through all components at once


def _mixed(x: Array, unit: float, centres: Array, whiten: Array, restore: Array, logs: Array) -> tuple[Array, Array]:
    """Posterior means and responsibilities, points as columns of a block; matrices are in that unit.

    z = whiten (x - centre) has unit variance under its component, whose posterior mean is centre + restore z.
    """
    K, d = centres.shape
    shift = centres.mean(axis=0)
    near = (centres - shift) / unit
    # all components by one product: the last column goes with a row of ones; half of squared distances is wanted
    offsets = -(whiten @ near[:, :, None])
    inwards = np.sqrt(0.5) * np.concatenate([whiten, offsets], axis=2).reshape(K * d, d + 1)
    outwards = unit * np.concatenate([*(np.sqrt(2) * restore), near.T], axis=1)
    # points are columns throughout: rows of a few numbers are slow to go along; one allocation, so that the next call
    # finds its pages again
    estimate, shares = np.split(np.empty((d + K, len(x))), [d])
    blocks = -(-len(x) // max(_ROOM // (K * d), 16))
    size = -(-len(x) // blocks)
    rows, parts = np.ones((d + 1, size)), np.empty((K * d + K, size))
    z, w = parts[: K * d], parts[K * d :]
    shaped = z.reshape(K, d, size)
    for first in range(0, len(x), size):
        first = min(first, len(x) - size)  # the last block overlaps the one before
        block = slice(first, first + size)
        np.subtract(x[block].T, shift[:, None], out=rows[:d])
        rows[:d] /= unit
        np.matmul(inwards, rows, out=z)
        np.einsum("kdp,kdp->kp", shaped, shaped, out=w)
        np.subtract(logs[:, None], w, out=w)
        w -= w.max(axis=0)
        np.exp(w, out=w)
        w /= w.sum(axis=0)
        shaped *= w[:, None]
        np.add(outwards @ parts, shift[:, None], out=estimate[:, block])
        shares[:, block] = w
    return estimate.T, shares.T


def _centre(mean: ArrayLike, size: int, name: str = "mean") -> Array:
    m = as_finite(name, mean)
    if m.shape not in ((), (size,)):
        raise refuse(f"{name}.shape", m.shape, f"it must be ({size},), or a number for all coordinates")
    return np.asarray(np.broadcast_to(m, (size,)))


def _spectrum(covariance: ArrayLike, name: str = "covariance") -> tuple[Array, Array]:
    """Eigenvalues, not negative, and eigenvectors."""
    return semidefinite_modes(as_covariance(name, covariance), data_eps(covariance))


def _spectra(covariances: ArrayLike, shape: tuple[int, int, int], unit: float) -> tuple[Array, Array]:
    """Eigenvalues of several covariances over a unit, and eigenvectors; one may vanish."""
    S = as_finite("covariances", covariances)
    if S.shape != shape:
        raise refuse("covariances.shape", S.shape, f"it must be {shape}")
    eps = data_eps(covariances)
    if not is_symmetric(S, eps):
        raise refuse("covariances", S, "they must be symmetric")
    ends = np.linalg.eigvalsh(S / unit)
    if np.any(ends[:, 0] < -max(1e-10, shape[1] * eps) * ends[:, -1]):
        raise refuse(
            "covariances", S, f"they must be positive semi-definite (least eigenvalue {ends.min() * unit:.3g})"
        )
    return semidefinite_modes(S / unit, eps)


def _shrunk(x: ArrayLike, mean: ArrayLike, covariance: ArrayLike, noise2: float) -> Array:
    values, vectors = _spectrum(covariance)
    points = as_points(x, len(values))
    m = _centre(mean, len(values))
    return np.asarray(m + ((points - m) @ vectors * (values / (values + noise2))) @ vectors.T)


@within_range
def denoiser(x: ArrayLike, mean: ArrayLike, covariance: ArrayLike, noise_variance: float) -> Array:
    r"""Posterior mean of a Gaussian point from a noisy one, :math:`m+S(S+\sigma^2I)^{-1}(x-m)`.

    It minimises :math:`E\|r(\tilde x)-x\|^2` (no factor one half), and
    :math:`(r(x)-x)/\sigma^2=-(S+\sigma^2I)^{-1}(x-m)` is the score of the noisy density, not of the clean one.

    Parameters
    ----------
    x : array_like, shape (..., d)
        Noisy points.
    mean : array_like, shape (d,) or a number
        m.
    covariance : array_like, shape (d, d)
        S, positive semi-definite.
    noise_variance : float
        :math:`\sigma^2`, positive.

    Returns
    -------
    ndarray, shape (..., d)

    Raises
    ------
    ValueError
        A covariance that is not positive semi-definite, shapes that do not fit, no noise.

    Notes
    -----
    Eigenvalues of S that are rounding of its entries count as zero, however small the noise: points move by all of
    their distance from a subspace on which the Gaussian lies.

    References
    ----------
    alain2014regularized, song2021score

    Examples
    --------
    >>> from solvable.solvers import denoiser
    >>> denoiser([3.0, 3.0], 1.0, [[1.0, 0.0], [0.0, 3.0]], 1.0)
    array([2. , 2.5])
    """
    return _shrunk(x, mean, covariance, as_scalar("noise_variance", noise_variance, as_positive))


@within_range
def contractive_reconstruction(x: ArrayLike, mean: ArrayLike, covariance: ArrayLike, noise_variance: float) -> Array:
    r"""Reconstruction of Gaussian data that is penalised by its derivative instead of trained on noise.

    The minimiser of :math:`E\|r(x)-x\|^2+\sigma^2E\|\partial r/\partial x\|_F^2` over all functions, x clean, solves
    :math:`r-x=\sigma^2(\Delta r+\nabla\ln p\cdot\nabla r)`. For Gaussian data it is that of `denoiser`,
    :math:`m+S(S+\sigma^2I)^{-1}(x-m)`; for others the two agree only to first order in :math:`\sigma^2`.

    Parameters
    ----------
    x : array_like, shape (..., d)
        Points.
    mean : array_like, shape (d,) or a number
        m.
    covariance : array_like, shape (d, d)
        S, positive semi-definite.
    noise_variance : float
        :math:`\sigma^2`, the factor of the penalty, positive.

    Returns
    -------
    ndarray, shape (..., d)

    Raises
    ------
    ValueError
        As `denoiser`.

    References
    ----------
    alain2014regularized (the loss and its small-penalty limit; the Gaussian minimiser is derived)

    Examples
    --------
    >>> from solvable.solvers import contractive_reconstruction
    >>> contractive_reconstruction([[3.0], [1.0]], 1.0, [[3.0]], 1.0)
    array([[2.5],
           [1. ]])
    """
    return _shrunk(x, mean, covariance, as_scalar("noise_variance", noise_variance, as_positive))


@gridded(x="... coordinate")
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
    values, vectors = _spectra(covariances, (count, d, d), noise2)
    # in units of the noise: squares of what is tiny or huge stay in range
    unit, size = float(np.sqrt(noise2)), np.sqrt(values + 1)
    flat = points.reshape(-1, d)
    whiten = np.swapaxes(vectors / size[:, None], 1, 2)
    restore = vectors * (values / size)[:, None]
    with np.errstate(divide="ignore"):
        logs = np.log(probabilities) - np.sum(np.log(size), axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        estimate, shares = _mixed(flat, unit, centres, whiten, restore, logs)
    if not (np.all(np.isfinite(estimate)) and np.all(np.isfinite(shares))):
        raise FloatingPointError("squared distances overflow in units of the noise")
    return Denoised(estimate.reshape(points.shape), shares.reshape(*points.shape[:-1], count))


@record
class DenoisingChain:
    """Law of the chain that adds noise and draws from the posterior in turn.

    Attributes
    ----------
    stationary : ndarray, shape (d, d)
        Covariance of the stationary Gaussian: that of the data.
    slow_mode : float
        Largest eigenvalue of the transition matrix: the autocorrelation of the slowest mode over one step.
    transition : ndarray, shape (d, d)
        K of the mean after one step.
    injected : ndarray, shape (d, d)
        Covariance that one step adds.
    """

    stationary: Array
    slow_mode: float
    transition: Array
    injected: Array


@within_range
def denoising_chain(covariance: ArrayLike, noise: float) -> DenoisingChain:
    r"""Chain :math:`\tilde x=x+\sigma e`, :math:`x'\sim N(r(\tilde x),\sigma^2K)`, of a generative autoencoder.

    With :math:`K=S(S+\sigma^2I)^{-1}` it is :math:`x'-m=K(x-m)+N(0,\sigma^2K^2+\sigma^2K)`, with the data's N(m, S) as
    stationary law. Its slowest mode decays by :math:`\lambda_{\max}/(\lambda_{\max}+\sigma^2)` a step: little noise
    mixes slowly.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        S, positive semi-definite.
    noise : float
        :math:`\sigma`, the standard deviation, positive.

    Returns
    -------
    DenoisingChain
        Stationary covariance, slowest mode, and the step.

    Raises
    ------
    ValueError
        A covariance that is not positive semi-definite, no noise.

    Notes
    -----
    Drawing :math:`x'=r(\tilde x)` without the posterior's noise has a smaller stationary covariance.

    References
    ----------
    bengio2013generalized (the chain; the Gaussian case is derived)

    Examples
    --------
    >>> from solvable.solvers import denoising_chain
    >>> denoising_chain([[3.0, 0.0], [0.0, 1.0]], 1.0).slow_mode
    0.75
    """
    values, vectors = _spectrum(covariance)
    noise2 = as_scalar("noise", noise, as_positive) ** 2
    gains = values / (values + noise2)
    step = (vectors * gains) @ vectors.T
    added = (vectors * (noise2 * gains * (1 + gains))) @ vectors.T
    # what the step keeps and adds, mode by mode: K^2 s + noise^2 K (1 + K) over 1 - K^2
    stays = (vectors * (noise2 * gains * (1 + gains) / ((noise2 / (values + noise2)) * (1 + gains)))) @ vectors.T
    return DenoisingChain(stays, float(gains.max()), step, added)
