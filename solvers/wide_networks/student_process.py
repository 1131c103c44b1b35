r"""Scale mixtures of wide networks: a random variance of the readout makes Student processes of Gaussian ones."""

from __future__ import annotations

from math import lgamma, log, log1p, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    data_eps,
    is_symmetric,
    precision_name,
    refuse,
    within_range,
)

__all__ = ["StudentPrediction", "student_process", "trained_ensemble"]

Array = NDArray[np.float64]
_STIRLING = 50.0  # from here the series' next term is below rounding


@record
class StudentPrediction:
    """Student t law of the function at the test inputs.

    Attributes
    ----------
    mean : ndarray, shape (m,)
        Location; the mean where there is more than one degree of freedom.
    scale : ndarray, shape (m, m)
        Scale matrix.
    degrees : float
        Degrees of freedom.
    variance : ndarray, shape (m, m)
        ``scale * degrees/(degrees - 2)``; inf on the diagonal and where it does not exist.
    log_evidence : float
        Logarithm of the density of the training labels under the prior.
    """

    mean: Array
    scale: Array
    degrees: float
    variance: Array
    log_evidence: float


def triangular_root(name: str, matrix: Array, unit: float, cure: str = "") -> Array:
    """Cholesky factor; refused where a row is a sum of others to the rounding of the kernel, which solves nothing."""
    try:
        root = np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        root = None
    if root is None or np.any(np.diag(root) ** 2 <= len(matrix) * unit * np.diag(matrix)):
        raise refuse(name, matrix, f"it must be positive definite to the rounding of {precision_name(unit)}{cure}")
    return root


def _solve(
    K: ArrayLike, y: ArrayLike, K_cross: ArrayLike, K_test: ArrayLike, a: float, b: float, noise: float | None
) -> tuple[Array, Array, float, float, float, int, float]:
    """Conditional mean and covariance at unit scale, Q = y^T K^-1 y, a, b, n and log |K|."""
    from scipy.linalg import solve_triangular

    shape, rate = as_scalar("a", a, as_positive), as_scalar("b", b, as_positive)
    labels = as_finite("y", y)
    if labels.ndim != 1:
        raise refuse("y.shape", labels.shape, "it must be a vector")
    train = as_matrix("K", K, (labels.size, labels.size))
    cross = as_matrix("K_cross", K_cross, (None, labels.size))
    test = as_matrix("K_test", K_test, (len(cross), len(cross)))
    for name, block, given in (("K", train, K), ("K_test", test, K_test)):
        if not is_symmetric(block, data_eps(given)):
            raise refuse(name, block, "it must be symmetric")
    if noise is not None:
        train = train + as_scalar("noise", noise, as_nonnegative) * np.eye(labels.size)
    root = triangular_root("K", train, data_eps(K), "; a noise makes it so")
    whitened = solve_triangular(root, np.column_stack([labels, cross.T]), lower=True, check_finite=False)
    first, rest = whitened[:, 0], whitened[:, 1:]
    covariance = test - rest.T @ rest
    if np.any(np.diag(covariance) < -1e-8 * np.abs(np.diag(test)).max()):
        raise refuse("K_test", test, "with K and K_cross it must form a positive semidefinite matrix")
    np.fill_diagonal(covariance, np.maximum(np.diag(covariance), 0.0))  # rounding, at training inputs
    log_determinant = 2 * float(np.log(np.diag(root)).sum())
    return rest.T @ first, covariance, float(first @ first), shape, rate, labels.size, log_determinant


def _prediction(mean: Array, scale: Array, degrees: float, evidence: float) -> StudentPrediction:
    variance = scale * (degrees / (degrees - 2)) if degrees > 2 else np.full_like(scale, np.inf)
    return StudentPrediction(mean, scale, degrees, variance, evidence)


def _log_rising(a: float, h: float) -> float:
    """log Gamma(a + h) - log Gamma(a) - h log a, which tends to 0 for large a; by Stirling's series there."""
    if a < _STIRLING:
        return lgamma(a + h) - lgamma(a) - h * log(a)
    tail = [x / 12 - x**3 / 360 + x**5 / 1260 - x**7 / 1680 for x in (1 / (a + h), 1 / a)]
    return (a + h - 0.5) * log1p(h / a) - h + tail[0] - tail[1]


def _evidence(Q: float, a: float, b: float, n: int, log_determinant: float) -> float:
    half = n / 2
    ratio = log1p(Q / b / 2) if b * 1e300 > Q else log(Q) - log(2) - log(b)
    return _log_rising(a, half) + half * (log(a) - log(b) - log(2 * pi)) - log_determinant / 2 - (a + half) * ratio


@within_range
def student_process(
    K: ArrayLike,
    y: ArrayLike,
    K_cross: ArrayLike,
    K_test: ArrayLike,
    a: float,
    b: float,
    noise: float | None = None,
) -> StudentPrediction:
    r"""Posterior of a wide network whose readout variance is inverse-gamma: a Student process.

    :math:`f\mid\sigma^2\sim N(0,\sigma^2K)`, :math:`\sigma^2\sim\mathrm{InvGamma}(a,b)`, density proportional to
    :math:`\sigma^{-2(a+1)}e^{-b/\sigma^2}`. Given n labels, with :math:`Q=y^TK^{-1}y` and v the conditional covariance
    at unit scale,

    .. math:: f_*\mid y\sim t_{2a+n}\left(K_{*X}K^{-1}y,\ \frac{2b+Q}{2a+n}\,v\right).

    Parameters
    ----------
    K : array_like, shape (n, n)
        Kernel of the training inputs, positive definite.
    y : array_like, shape (n,)
        Labels.
    K_cross : array_like, shape (m, n)
        Kernel between test and training inputs.
    K_test : array_like, shape (m, m)
        Kernel of the test inputs.
    a, b : float
        Shape and rate, positive.
    noise : float, optional
        :math:`\tau^2` of label noise of variance :math:`\sigma^2\tau^2`: scaled by the same variance, which keeps the
        form. The prediction is of the function without noise.

    Returns
    -------
    StudentPrediction

    Raises
    ------
    ValueError
        a or b that is not positive, kernels that do not fit or are not positive definite.

    References
    ----------
    lee2021scale (setting), posterior derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import student_process
    >>> found = student_process([[1.0]], [2.0], [[0.5]], [[1.0]], a=2.0, b=1.0)
    >>> found.mean, found.degrees, found.scale  # (2 + 4)/(4 + 1) of 1 - 1/4
    (array([1.]), 5.0, array([[0.9]]))
    """
    mean, covariance, Q, shape, rate, n, log_determinant = _solve(K, y, K_cross, K_test, a, b, noise)
    degrees = 2 * shape + n
    return _prediction(mean, (2 * rate + Q) / degrees * covariance, degrees,
                       _evidence(Q, shape, rate, n, log_determinant))  # fmt: skip


@within_range
def trained_ensemble(
    K: ArrayLike,
    y: ArrayLike,
    K_cross: ArrayLike,
    K_test: ArrayLike,
    a: float,
    b: float,
) -> StudentPrediction:
    r"""Ensemble of wide networks of inverse-gamma readout variance, the readout trained to convergence without noise.

    :math:`f_\infty=f_0-K_{*X}K^{-1}(f_0(X)-y)`: each network keeps its scale, which the labels do not update, so that
    :math:`f_\infty\sim t_{2a}(K_{*X}K^{-1}y,(b/a)v)`: the mean of the posterior, other degrees of freedom and scale.

    Parameters
    ----------
    K, y, K_cross, K_test, a, b
        As `student_process`.

    Returns
    -------
    StudentPrediction
        With the evidence of the same prior.

    Raises
    ------
    ValueError
        As `student_process`.

    References
    ----------
    lee2021scale (setting), law derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import trained_ensemble
    >>> found = trained_ensemble([[1.0]], [2.0], [[0.5]], [[1.0]], a=2.0, b=1.0)
    >>> found.mean, found.degrees, found.scale  # b/a of 1 - 1/4
    (array([1.]), 4.0, array([[0.375]]))
    """
    mean, covariance, Q, shape, rate, n, log_determinant = _solve(K, y, K_cross, K_test, a, b, None)
    return _prediction(mean, rate / shape * covariance, 2 * shape, _evidence(Q, shape, rate, n, log_determinant))
