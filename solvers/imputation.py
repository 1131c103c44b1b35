r"""Missing inputs replaced by zero: the same as a ridge penalty, scaled by each input's variance.

Inputs centred with covariance :math:`\Sigma`, :math:`y=\beta^Tx+\varepsilon`; each entry of x is observed with
probability :math:`\rho`, independently (in training and test), and is 0 otherwise. With
:math:`D=\mathrm{diag}\,\Sigma`:

.. math::
    R_{imp}(\theta) = R(\rho\theta)+\rho(1-\rho)\,\theta^TD\theta, \qquad
    \theta^* = \tfrac1\rho(\Sigma+\lambda D)^{-1}\Sigma\beta, \qquad \lambda=\frac{1-\rho}{\rho}.

R is the risk on complete inputs. In the eigenbasis of the correlation matrix :math:`C=D^{-1/2}\Sigma D^{-1/2}`
(eigenvalues c, weights :math:`b=Q^TD^{1/2}\beta`) the price of not seeing everything, the minimum of :math:`R_{imp}`
minus the label noise, is :math:`\lambda\sum_i b_i^2c_i/(c_i+\lambda)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.ridge import RidgeRisk, ridge_risk
from solvable.solvers.solution import OnFailure
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_finite, as_matrix, as_nonnegative, as_positive, as_real, as_scalar, refuse

__all__ = [
    "averaged_sgd_bound",
    "imputation_bias",
    "imputation_optimum",
    "imputed_ridge_risk",
    "imputed_risk",
    "low_rank_imputation_bias",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Problem:
    """Covariance and target of complete inputs."""

    covariance: Array
    target: Array

    @property
    def diagonal(self) -> Array:
        """Variances of the inputs."""
        return np.asarray(np.diag(self.covariance))


def _read(covariance: ArrayLike, target: ArrayLike) -> _Problem:
    sigma = as_matrix("covariance", covariance)
    d = sigma.shape[0]
    if sigma.shape[1] != d or not np.allclose(sigma, sigma.T, rtol=1e-10, atol=1e-12 * np.abs(sigma).max()):
        raise refuse("covariance.shape", sigma.shape, "it must be a symmetric matrix")
    least = float(np.linalg.eigvalsh(sigma)[0])
    if least < -1e-10 * max(float(np.trace(sigma)), 0.0) or np.trace(sigma) <= 0:
        raise refuse("covariance", sigma, f"it must be positive semi-definite, not 0 (least eigenvalue {least:.3g})")
    beta = as_finite("target", target)
    if beta.shape != (d,):
        raise refuse("target.shape", beta.shape, f"it must be {(d,)}, one weight for each input")
    return _Problem(sigma, beta)


def _observed(value: ArrayLike) -> Array:
    rho = as_real("observed", value)
    if np.any((rho <= 0) | (rho > 1)):
        raise refuse("observed", rho, "the probability to see an entry must lie in (0, 1]")
    return rho


def _correlation(problem: _Problem) -> tuple[Array, Array, Array]:
    """Eigenvalues of the correlation matrix, the target's weights in its eigenbasis, and D^{-1/2} times the basis."""
    used = problem.diagonal > 0  # an input without variance is 0 seen or not
    scale = np.sqrt(problem.diagonal[used])
    c, Q = np.linalg.eigh(problem.covariance[np.ix_(used, used)] / np.outer(scale, scale))
    back = np.zeros((used.size, c.size))
    back[used] = Q / scale[:, None]
    return np.maximum(c, 0.0), Q.T @ (scale * problem.target[used]), back


def imputed_risk(
    weights: ArrayLike, covariance: ArrayLike, target: ArrayLike, observed: ArrayLike, noise_variance: float = 0.0
) -> Array:
    r"""Test error of a linear predictor on zero-imputed inputs: :math:`R(\rho\theta)+\rho(1-\rho)\theta^TD\theta`.

    Squared error without a factor one half, label noise included. Exact for any centred distribution of the inputs.

    Parameters
    ----------
    weights : array_like, shape (d,)
        :math:`\theta`, applied to the imputed inputs.
    covariance : array_like, shape (d, d)
        Of the complete inputs.
    target : array_like, shape (d,)
        :math:`\beta`.
    observed : array_like
        Probability :math:`\rho` to see an entry, in (0, 1].
    noise_variance : float
        Of the labels.

    Returns
    -------
    ndarray
        In the shape of `observed`.

    Raises
    ------
    ValueError
        Shapes that do not match, a covariance that is not positive semi-definite, a probability outside (0, 1].

    References
    ----------
    ayme2023naive

    Examples
    --------
    >>> from solvable.solvers import imputed_risk
    >>> imputed_risk([1.0], [[1.0]], [1.0], [0.5, 1.0])  # half of the time the prediction is 0
    array([0.5, 0. ])
    """
    problem, rho = _read(covariance, target), _observed(observed)
    theta = as_finite("weights", weights)
    if theta.shape != problem.target.shape:
        raise refuse("weights.shape", theta.shape, f"it must be {problem.target.shape}")
    gap = problem.target - rho[..., None] * theta
    complete = np.einsum("...i,ij,...j->...", gap, problem.covariance, gap)
    extra = rho * (1 - rho) * float(problem.diagonal @ theta**2)
    return np.asarray(complete + extra + as_scalar("noise_variance", noise_variance, as_nonnegative))


def imputation_optimum(covariance: ArrayLike, target: ArrayLike, observed: ArrayLike) -> Array:
    r"""Best weights on zero-imputed inputs, :math:`\theta^*=\frac1\rho(\Sigma+\lambda D)^{-1}\Sigma\beta`.

    They are the ridge solution on complete inputs with penalty :math:`\lambda\,\theta^TD\theta`,
    :math:`\lambda=(1-\rho)/\rho`, divided by :math:`\rho`. Loss: mean squared error, no factor one half.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        Of the complete inputs.
    target : array_like, shape (d,)
        :math:`\beta`.
    observed : array_like
        Probability :math:`\rho` to see an entry, in (0, 1].

    Returns
    -------
    ndarray, shape (*observed.shape, d)
        Weights; at :math:`\rho=1` with a singular covariance those of least :math:`D`-norm.

    Raises
    ------
    ValueError
        As `imputed_risk`.

    References
    ----------
    ayme2023naive

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import imputation_optimum
    >>> imputation_optimum([[1.0, 1.0], [1.0, 1.0]], [1.0, 0.0], [0.5, 1.0])  # two copies of one input
    array([[0.66666667, 0.66666667],
           [0.5       , 0.5       ]])
    """
    problem, rho = _read(covariance, target), _observed(observed)
    c, b, back = _correlation(problem)
    kept = np.where(c > c.size * np.finfo(float).eps * c.max(), c, 0.0)
    total = kept + ((1 - rho) / rho)[..., None]
    shrunk = np.divide(kept, total, out=np.zeros(total.shape), where=kept > 0)
    return np.asarray((shrunk * b) @ back.T / rho[..., None])


def imputation_bias(covariance: ArrayLike, target: ArrayLike, observed: ArrayLike) -> Array:
    r"""Least error on zero-imputed inputs minus the label noise: what missing entries cost with infinite data.

    .. math:: B = \lambda\sum_i\frac{b_i^2c_i}{c_i+\lambda} = \lambda\,\beta^TD(\Sigma+\lambda D)^{-1}\Sigma\beta

    The value of the ridge objective, not its squared bias alone. Squared error, no factor one half.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        Of the complete inputs; any diagonal.
    target : array_like, shape (d,)
        :math:`\beta`.
    observed : array_like
        Probability :math:`\rho` to see an entry, in (0, 1].

    Returns
    -------
    ndarray
        In the shape of `observed`; 0 at 1.

    Raises
    ------
    ValueError
        As `imputed_risk`.

    References
    ----------
    ayme2023naive (unit diagonal; the general diagonal is derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import imputation_bias
    >>> imputation_bias(np.eye(2), [0.6, 0.8], [0.25, 1.0])  # isotropic: (1 - observed) ||target||^2
    array([0.75, 0.  ])
    """
    problem, rho = _read(covariance, target), _observed(observed)
    c, b, _ = _correlation(problem)
    lam = ((1 - rho) / rho)[..., None]
    share = np.divide(c, c + lam, out=np.zeros(np.broadcast_shapes(c.shape, lam.shape)), where=c > 0)
    return np.asarray(np.sum(lam * share * b**2, axis=-1))


def low_rank_imputation_bias(d: ArrayLike, rank: ArrayLike, observed: ArrayLike, signal: ArrayLike = 1.0) -> Array:
    r"""Imputation bias for r equal eigenvalues d/r and unit diagonal: :math:`\lambda\|\beta\|_\Sigma^2/(d/r+\lambda)`.

    At most :math:`\frac{1-\rho}\rho\frac rd\|\beta\|_\Sigma^2`: in high dimension seeing some of the inputs is as good
    as seeing all.

    Parameters
    ----------
    d, rank : array_like
        Dimension and rank r, at most d.
    observed : array_like
        Probability :math:`\rho` to see an entry, in (0, 1].
    signal : array_like
        :math:`\|\beta\|_\Sigma^2`, the variance of the noiseless labels.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        A rank above d, a probability outside (0, 1].

    References
    ----------
    ayme2023naive (the rate; this closed form is derived)

    Examples
    --------
    >>> from solvable.solvers import low_rank_imputation_bias
    >>> low_rank_imputation_bias([5, 50, 500], 5, 0.5).round(4)
    array([0.5   , 0.0909, 0.0099])
    """
    dimension, r = as_positive("d", d), as_positive("rank", rank)
    if np.any(r > dimension):
        raise refuse("rank", r, "it must not exceed d")
    rho = _observed(observed)
    lam = (1 - rho) / rho
    return np.asarray(lam * as_nonnegative("signal", signal) / (dimension / r + lam))


def averaged_sgd_bound(
    covariance: ArrayLike,
    target: ArrayLike,
    observed: float,
    n: ArrayLike,
    noise_variance: float = 0.0,
    kurtosis: float = 3.0,
) -> Array:
    r"""Bound on the excess error of one-pass averaged SGD on imputed inputs, with constants as recalled.

    .. math:: \frac{k\,\mathrm{tr}\Sigma}{\sqrt n}\|\theta^*\|^2+\frac{\sigma^2+\|\beta\|_\Sigma^2}{\sqrt n}+B

    for step :math:`1/(k\,\mathrm{tr}\Sigma\sqrt n)`, start at 0, gradient steps on :math:`\frac12(y-\theta^Tx)^2`,
    excess over the label noise (the risk on complete inputs, so B stays). The form is the paper's; its constants were
    recalled, not read, and are only known to hold in the simulations of this project.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        Of the complete inputs.
    target : array_like, shape (d,)
        :math:`\beta`.
    observed : float
        Probability to see an entry, in (0, 1].
    n : array_like
        Samples, each used once.
    noise_variance : float
        Of the labels.
    kurtosis : float
        k with :math:`E[xx^T\|x\|^2]\preceq k\,\mathrm{tr}(\Sigma)\Sigma`; 3 for Gaussian inputs.

    Returns
    -------
    ndarray
        In the shape of `n`.

    Raises
    ------
    ValueError
        As `imputed_risk`; n or kurtosis not positive.

    References
    ----------
    ayme2023naive (constants as recalled)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import averaged_sgd_bound
    >>> averaged_sgd_bound(np.ones((10, 10)), np.full(10, 0.1), 0.5, [100, 10_000]).round(4)
    array([1.1826, 0.2001])
    """
    problem, samples = _read(covariance, target), np.sqrt(as_positive("n", n))
    rho = as_scalar("observed", observed, _check_observed)
    k = as_scalar("kurtosis", kurtosis, as_positive)
    optimum = imputation_optimum(problem.covariance, problem.target, rho)
    power = float(problem.target @ problem.covariance @ problem.target)
    noise = as_scalar("noise_variance", noise_variance, as_nonnegative)
    bias = float(imputation_bias(problem.covariance, problem.target, rho))
    return np.asarray(
        (k * float(np.trace(problem.covariance)) * float(optimum @ optimum) + noise + power) / samples + bias
    )


def _check_observed(name: str, value: ArrayLike) -> Array:
    del name
    return _observed(value)


def imputed_ridge_risk(
    covariance: ArrayLike,
    target: ArrayLike,
    observed: float,
    n: ArrayLike,
    ridge: ArrayLike,
    noise_variance: float = 0.0,
    *,
    on_failure: OnFailure = "warn",
) -> RidgeRisk:
    r"""Risk of ridge regression fitted and tested on zero-imputed inputs, as if these were Gaussian.

    Minimises :math:`\|y-\tilde X\theta\|^2+\delta\|\theta\|^2`. Second moments of the imputed inputs
    (:math:`\rho^2\Sigma+\rho(1-\rho)D`, :math:`\rho\Sigma\beta`) enter the risk of a misspecified Gaussian model: what
    the best linear predictor misses acts as label noise.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        Of the complete inputs.
    target : array_like, shape (d,)
        :math:`\beta`.
    observed : float
        Probability :math:`\rho` to see an entry, in (0, 1].
    n, ridge : array_like
        Samples and un-normalised ridge, broadcast together.
    noise_variance : float
        Of the labels.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    RidgeRisk
        With ``noise_variance = 0``: `bias` and `test` include the label noise and the imputation bias.

    Raises
    ------
    ValueError
        As `imputed_risk` and `ridge_risk`.

    Notes
    -----
    Not an exact limit: what the best predictor misses depends on the mask, hence on the inputs, and is not noise.
    Measured deviations are below 2 % with a ridge of 0.05 n. Without one, at n = 2.5 d, errors are higher by 2 % or
    less for inputs of full rank, but by 8 to 15 % for rank 5, at any size: with few factors the residual of a row
    scales with its norm.

    References
    ----------
    ayme2023naive (the model; the equivalent is derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import imputed_ridge_risk
    >>> risk = imputed_ridge_risk(np.eye(50), np.full(50, 50**-0.5), 0.5, 100, 0.0, 0.1)
    >>> float(risk.test.round(6))  # least squares at d/n = 1/2 doubles 0.1 + B, B = 1/2
    1.2
    """
    problem = _read(covariance, target)
    rho = as_scalar("observed", observed, _check_observed)
    moment = rho**2 * problem.covariance + rho * (1 - rho) * np.diag(problem.diagonal)
    s, U = np.linalg.eigh(moment)
    keep = s > s.size * np.finfo(float).eps * s[-1]
    s, U = s[keep], U[:, keep]
    psi = rho * U.T @ (problem.covariance @ problem.target)
    left = float(imputation_bias(problem.covariance, problem.target, rho))
    noise = as_scalar("noise_variance", noise_variance, as_nonnegative)
    # V - sum psi^2/s is exactly the imputation bias plus the noise; the difference would cancel
    return ridge_risk(Spectrum(s, psi**2 / s, None, left + noise), n, ridge, on_failure=on_failure)
