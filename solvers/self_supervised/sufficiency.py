r"""How much a linear encoder of Gaussian data loses for its augmentations, in information and in downstream error.

:math:`x\sim N(0,\Sigma)`, the augmented view :math:`z=x+N(0,\tau^2I)`, features fx, and
:math:`\Delta=\Sigma-\Sigma f^T(f\Sigma f^T)^{-1}f\Sigma`, the covariance of x given fx.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.spectrum import semidefinite_modes
from solvable.solvers.validate import (
    as_covariance,
    as_finite,
    as_generator,
    as_matrix,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["GaussianInfoNCE", "LinearSufficiency", "gaussian_infonce", "linear_sufficiency"]

Array = NDArray[np.float64]


@record
class LinearSufficiency:
    r"""What a linear encoder loses.

    Attributes
    ----------
    loss : float
        Sufficiency loss :math:`I(x;z)-I(fx;z)` in nats.
    excess : float
        Excess squared error of predicting :math:`\theta^Tz` from fx and not from x.
    bound : float
        :math:`\tau^2\|\theta\|^2(e^{2\,loss}-1)`, at least the excess; inf where that is beyond doubles.
    """

    loss: float
    excess: float
    bound: float


@record
class GaussianInfoNCE:
    """InfoNCE with the best critic, estimated.

    Attributes
    ----------
    value : float
        Mean over the draws, in nats; its expectation is at most `mutual_information` and at most ln K.
    error : float
        Standard error of the mean.
    mutual_information : float
        I(fx; z), exactly.
    """

    value: float
    error: float
    mutual_information: float


def _read(covariance: ArrayLike, encoder: ArrayLike, noise_variance: float) -> tuple[Array, Array, float, float]:
    """Root of the covariance over its size, orthonormal rows that span what f sees of it, noise over that size."""
    sigma = as_covariance("covariance", covariance)
    rows = as_matrix("encoder", encoder, (None, len(sigma)))
    tau2 = as_scalar("noise_variance", noise_variance, as_positive)
    size = float(np.abs(sigma).max())
    values, vectors = semidefinite_modes(sigma / size, data_eps(covariance))
    root = vectors * np.sqrt(values) @ vectors.T
    largest = np.abs(rows).max(axis=1, keepdims=True)
    seen = rows / np.where(largest > 0, largest, 1.0) @ root
    _, s, v = np.linalg.svd(seen, full_matrices=False)
    cut = max(seen.shape) * data_eps(covariance, encoder) * s[0]
    return root, v[s > cut], tau2 / size, size


@within_range
def linear_sufficiency(
    covariance: ArrayLike, encoder: ArrayLike, noise_variance: float, weights: ArrayLike | None = None
) -> LinearSufficiency:
    r"""Sufficiency loss of a linear encoder, the excess error it costs downstream, and the bound of one by the other.

    :math:`I(x;z)-I(fx;z)=\frac12\ln\det(I+\Delta/\tau^2)`; predicting :math:`\theta^Tz` from fx costs
    :math:`\theta^T\Delta\theta` more mean squared error (no factor one half) than from x, at most
    :math:`\tau^2\|\theta\|^2(e^{2\,loss}-1)`.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        :math:`\Sigma` of the inputs.
    encoder : array_like, shape (k, d)
        f.
    noise_variance : float
        :math:`\tau^2` of the augmentation, positive.
    weights : array_like, shape (d,), optional
        :math:`\theta`. Left out: the unit vector of the largest excess.

    Returns
    -------
    LinearSufficiency
        Loss in nats, excess, bound.

    Raises
    ------
    ValueError
        Shapes that do not fit, no noise.

    Notes
    -----
    :math:`\Delta` is the Gram matrix of what a projection leaves of the root of :math:`\Sigma`, so that nothing
    cancels but rounding of :math:`\Sigma`.

    References
    ----------
    lin2025statistical (the notion; this form derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import linear_sufficiency
    >>> found = linear_sufficiency(np.diag([2.0, 1.0]), [[1.0, 0.0]], 0.5)  # the second coordinate is lost
    >>> round(found.loss, 6), round(found.excess, 6), round(found.bound, 6)  # ln(3)/2
    (0.549306, 1.0, 1.0)
    """
    root, seen, tau2, size = _read(covariance, encoder, noise_variance)
    left = root - root @ seen.T @ seen
    s = np.linalg.svd(left, compute_uv=False)
    gains = np.log1p((s / np.sqrt(tau2)) ** 2)
    if weights is None:
        excess, norm2 = float(s[0] ** 2), 1.0
    else:
        theta = as_finite("weights", weights)
        if theta.shape != (len(root),):
            raise refuse("weights.shape", theta.shape, f"it must be ({len(root)},), one for each input")
        excess, norm2 = float(np.sum((theta @ left) ** 2)), float(np.sum(theta**2))
    with np.errstate(over="ignore"):  # a loss of hundreds of nats is one; its exponential bounds nothing
        factor = float(np.expm1(gains.sum()))
    bound = size * tau2 * norm2 * factor if norm2 > 0 else 0.0
    return LinearSufficiency(float(gains.sum() / 2), size * excess, bound)


@within_range
def gaussian_infonce(
    covariance: ArrayLike, encoder: ArrayLike, noise_variance: float, samples: int = 64, draws: int = 1000,
    rng: np.random.Generator | int = 0,
) -> GaussianInfoNCE:  # fmt: skip
    r"""Estimate InfoNCE of linear features with the optimal critic, and give the information that bounds it.

    :math:`E\ln\frac{e^{g(x_1,z)}}{\frac1K\sum_ke^{g(x_k,z)}}`, z of :math:`x_1`, the others independent,
    :math:`g=\ln p(z|fx)/p(z)`. It is at most I(fx; z), and at most ln K.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        :math:`\Sigma` of the inputs.
    encoder : array_like, shape (k, d)
        f.
    noise_variance : float
        :math:`\tau^2` of the augmentation, positive.
    samples : int
        K, the positive included; 2 at least.
    draws : int
        Independent sets of K.
    rng : Generator or int
        Source of randomness.

    Returns
    -------
    GaussianInfoNCE
        Mean, standard error and I(fx; z).

    Raises
    ------
    ValueError
        Shapes that do not fit, K below 2, a single draw.

    Notes
    -----
    A Monte Carlo estimate; the information is exact.

    References
    ----------
    lin2025statistical (the objective; the Gaussian critic derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import gaussian_infonce
    >>> found = gaussian_infonce(np.eye(1), [[1.0]], 0.5, samples=64, draws=2000)
    >>> round(found.mutual_information, 4), found.value < found.mutual_information + 3 * found.error
    (0.5493, True)
    """
    root, seen, tau2, _ = _read(covariance, encoder, noise_variance)
    K = as_whole("samples", samples)
    if K < 2:
        raise refuse("samples", samples, "it must be 2 at least, a positive and a negative")
    count = as_whole("draws", draws)
    if count < 2:
        raise refuse("draws", draws, "it must be 2 at least, for a standard error")
    generator = as_generator("rng", rng)
    check_room("draws", draws, float(count) * K * max(len(root), 1))
    # E[z|fx] = root seen^T u with u standard normal, and cov(z|fx) = left left^T + tau^2
    mean = root @ seen.T
    left = root - mean @ seen
    conditional = left @ left.T + tau2 * np.eye(len(root))
    factor = np.linalg.cholesky(conditional)
    shift = np.linalg.solve(factor, mean)
    information = float(np.sum(np.log1p(np.linalg.svd(shift, compute_uv=False) ** 2)) / 2)
    u = generator.standard_normal((count, K, seen.shape[0]))
    z = u[:, 0] @ shift.T + generator.standard_normal((count, len(root)))
    critic = -0.5 * np.sum((z[:, None, :] - u @ shift.T) ** 2, axis=2)
    largest = critic.max(axis=1)
    mixed = largest + np.log(np.mean(np.exp(np.maximum(critic - largest[:, None], -745.0)), axis=1))
    each = critic[:, 0] - mixed
    return GaussianInfoNCE(float(each.mean()), float(each.std(ddof=1) / np.sqrt(count)), information)
