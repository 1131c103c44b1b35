r"""The best denoiser of a Gaussian, and the chain that corrupts and reconstructs in turn.

Noisy points are :math:`\tilde x=x+\sigma e`, :math:`e\sim N(0,I)`. The best reconstruction is the posterior mean
:math:`r(\tilde x)=\tilde x+\sigma^2\nabla\ln p_\sigma(\tilde x)`, :math:`p_\sigma` the density of the noisy points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.denoising.responsibilities import as_points
from solvable.solvers.solution import record
from solvable.solvers.spectrum import semidefinite_modes
from solvable.solvers.validate import (
    as_covariance,
    as_finite,
    as_positive,
    as_scalar,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["DenoisingChain", "contractive_reconstruction", "denoiser", "denoising_chain"]

Array = NDArray[np.float64]


def _centre(mean: ArrayLike, size: int, name: str = "mean") -> Array:
    m = as_finite(name, mean)
    if m.shape not in ((), (size,)):
        raise refuse(f"{name}.shape", m.shape, f"it must be ({size},), or a number for all coordinates")
    return np.asarray(np.broadcast_to(m, (size,)))


def _spectrum(covariance: ArrayLike, name: str = "covariance") -> tuple[Array, Array]:
    """Eigenvalues, not negative, and eigenvectors."""
    return semidefinite_modes(as_covariance(name, covariance), data_eps(covariance))


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
