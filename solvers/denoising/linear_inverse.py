r"""Linear measurements of Gaussian signals: the posterior, and what sampling by guided diffusion gives instead."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import exprel

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.spectrum import semidefinite_modes
from solvable.solvers.validate import (
    as_covariance,
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    broadcast,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["GuidedSampling", "LatentRecovery", "Posterior", "guided_sampling", "latent_recovery", "posterior"]

Array = NDArray[np.float64]


@record
class Posterior:
    """Gaussian law of a signal given its measurement.

    Attributes
    ----------
    mean : ndarray, shape (d,)
        Posterior mean.
    covariance : ndarray, shape (d, d)
        Posterior covariance.
    """

    mean: Array
    covariance: Array


def _vector(name: str, value: ArrayLike, size: int) -> Array:
    found = as_finite(name, value)
    if found.shape != (size,):
        raise refuse(f"{name}.shape", found.shape, f"it must be ({size},)")
    return found


@within_range
def posterior(
    measurement: ArrayLike, operator: ArrayLike, mean: ArrayLike, covariance: ArrayLike, noise_variance: float
) -> Posterior:
    r"""Law of x given :math:`y=Ax+\sqrt{s_n}\,e` for :math:`x\sim N(m,S)`.

    .. math::
        m+SA^T(ASA^T+s_nI)^{-1}(y-Am),\qquad S-SA^T(ASA^T+s_nI)^{-1}AS

    Parameters
    ----------
    measurement : array_like, shape (l,)
        y.
    operator : array_like, shape (l, d)
        A.
    mean : array_like, shape (d,)
        m.
    covariance : array_like, shape (d, d)
        S, positive semi-definite.
    noise_variance : float
        :math:`s_n`, positive.

    Returns
    -------
    Posterior
        Mean and covariance.

    Raises
    ------
    ValueError
        Shapes that do not fit, no noise.

    Notes
    -----
    Computed as :math:`L(I+W^TW)^{-1}L^T` with :math:`S=LL^T`, :math:`W=AL/\sqrt{s_n}` by singular values of W, so that
    nothing is subtracted; directions that the measurement fixes keep their small variance.

    References
    ----------
    chung2023diffusion (the problem)

    Examples
    --------
    >>> from solvable.solvers import posterior
    >>> found = posterior([1.0], [[1.0, 0.0]], [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], 0.25)
    >>> found.mean, found.covariance.diagonal()
    (array([0.8, 0. ]), array([0.2, 1. ]))
    """
    A = as_matrix("operator", operator)
    l, d = A.shape
    y, m = _vector("measurement", measurement, l), _vector("mean", mean, d)
    S = as_covariance("covariance", covariance, d)
    deviation = np.sqrt(as_scalar("noise_variance", noise_variance, as_positive))
    values, vectors = semidefinite_modes(S, data_eps(covariance))
    root = vectors * np.sqrt(values)
    left, w, right = np.linalg.svd(A @ root / deviation)
    turned = root @ right.T
    gain, kept = np.zeros(d), np.ones(d)
    kept[: w.size] = 1 / (1 + w * w)
    gain[: w.size] = w * kept[: w.size]
    seen = (y - A @ m) / deviation @ left
    size = min(l, d)
    half = turned * np.sqrt(kept)
    return Posterior(m + turned[:, :size] @ (gain[:size] * seen[:size]), half @ half.T)


@record
class GuidedSampling(OnGrid):
    """Law of what a guided diffusion samples, over the grid of the arguments.

    Attributes
    ----------
    mean, variance : ndarray
        Of the samples.
    """

    mean: Array
    variance: Array


@gridded("prior_variance", "noise_variance", "y", "guidance")
@within_range
def guided_sampling(
    prior_variance: ArrayLike, noise_variance: ArrayLike, y: ArrayLike, guidance: ArrayLike = 1.0
) -> GuidedSampling:
    r"""Law of diffusion posterior sampling for one Gaussian mode, whatever the schedule.

    The signal is N(0, s), :math:`y=x+\sqrt{s_n}\,e`. The sampler reverses a diffusion with the prior's score plus
    :math:`-\frac\zeta{2s_n}\nabla_{x_t}|y-\hat x_0(x_t)|^2`, :math:`\hat x_0` the denoiser. In terms of the variance q
    that :math:`U=\hat x_0` explains, from 0 to s, :math:`dU=\frac{\zeta(y-U)}{s_n}dq+dB_q`, hence

    .. math::
        \text{mean}=(1-e^{-\zeta s/s_n})\,y,\qquad\text{variance}=\frac{s_n}{2\zeta}(1-e^{-2\zeta s/s_n}).

    The posterior has mean :math:`sy/(s+s_n)` and variance :math:`ss_n/(s+s_n)`; the exact guidance divides by
    :math:`s_n+s-q` instead of :math:`s_n`. No :math:`\zeta` repairs both.

    Parameters
    ----------
    prior_variance : array_like
        s, positive.
    noise_variance : array_like
        :math:`s_n`, positive.
    y : array_like
        Measurement.
    guidance : array_like
        :math:`\zeta`; at 0 the prior is sampled.

    Returns
    -------
    GuidedSampling
        On the broadcast grid.

    Raises
    ------
    ValueError
        Variances that are not positive, a negative guidance.

    Notes
    -----
    In continuous time. Published code that divides the step by the norm of the residual is another algorithm, and is
    not described by this. With an operator each singular direction w of it is one such mode, with y/w for y and
    :math:`s_n/w^2` for :math:`s_n`, where the prior is diagonal in them. Related closed forms of discretised samplers
    stand in the last two references.

    References
    ----------
    chung2023diffusion (the sampler), pierret2025exact, benita2026analyzing (this form is derived)

    Examples
    --------
    >>> from solvable.solvers import guided_sampling
    >>> found = guided_sampling(1.0, 0.25, 1.0)
    >>> float(found.mean.round(4)), float(found.variance.round(4))  # the posterior has 0.8 and 0.2
    (0.9817, 0.125)
    """
    s, noise, y, zeta = broadcast(
        prior_variance=as_positive("prior_variance", prior_variance),
        noise_variance=as_positive("noise_variance", noise_variance),
        y=as_finite("y", y), guidance=as_nonnegative("guidance", guidance),
    )  # fmt: skip
    pull = zeta * (s / noise)
    return GuidedSampling(-np.expm1(-pull) * y, s * exprel(-2 * pull))


@record
class LatentRecovery:
    """Where descent in a latent space ends.

    Attributes
    ----------
    estimate : ndarray, shape (k,)
        Latent vector.
    exact : bool
        Whether every latent vector is recovered, from every start.
    lost_directions : ndarray, shape (m, k)
        Orthonormal rows: directions in which the estimate keeps the start.
    """

    estimate: Array
    exact: bool
    lost_directions: Array


@within_range
def latent_recovery(operator: ArrayLike, decoder: ArrayLike, start: ArrayLike, glue: ArrayLike) -> LatentRecovery:
    r"""Where the gluing step of latent posterior sampling leads, for a linear decoder and a noiseless measurement.

    An image :math:`Sz` is measured as :math:`y=ASz`; the glued image :math:`A^Ty+(I-A^TA)Sz` has the measurement put
    into it. Encoded by :math:`S^T`, its distance from z is :math:`-S^TA^T(ASz-y)` when the decoder's columns are
    orthonormal: the gluing residual is the negative gradient of :math:`\tfrac12\|ASz-y\|^2`, and adds nothing to it.
    Descent from z ends at

    .. math:: z+(AS)^+(y-ASz).

    The image is recovered iff the rank of AS is the latent dimension; else the start's part in the null space stays.

    Parameters
    ----------
    operator : array_like, shape (l, d)
        A, orthonormal rows.
    decoder : array_like, shape (d, k)
        S.
    start : array_like, shape (k,)
        z where descent starts.
    glue : array_like, shape (l,)
        The measurement y that is glued in.

    Returns
    -------
    LatentRecovery
        End of descent, whether it is exact, and what is lost.

    Raises
    ------
    ValueError
        Rows of the operator that are not orthonormal, shapes that do not fit.

    Notes
    -----
    A direction counts as lost where AS shrinks it below max(l, k) roundings of its norm.

    References
    ----------
    rout2023solving (the algorithm; read in the authors' code, the linear case is derived)

    Examples
    --------
    >>> from solvable.solvers import latent_recovery
    >>> found = latent_recovery([[1.0, 0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [5.0, 7.0], [2.0])
    >>> found.estimate, found.exact, abs(found.lost_directions)
    (array([2., 7.]), False, array([[0., 1.]]))
    """
    A = as_matrix("operator", operator)
    off = float(np.abs(A @ A.T - np.eye(len(A))).max())
    if off > max(1e-8, 10 * A.shape[1] * data_eps(operator)):
        raise refuse("operator", A, f"its rows must be orthonormal (products off by {off:.2g})")
    S = as_matrix("decoder", decoder, (A.shape[1], None))
    z, y = _vector("start", start, S.shape[1]), _vector("glue", glue, len(A))
    seen = A @ S
    left, w, right = np.linalg.svd(seen)
    level = max(seen.shape) * data_eps(operator, decoder) * float(np.linalg.norm(S, 2))
    rank = int(np.sum(w > level))
    move = right[:rank].T @ ((y - seen @ z) @ left[:, :rank] / w[:rank])
    return LatentRecovery(z + move, rank == S.shape[1], right[rank:])
