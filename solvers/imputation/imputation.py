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

from solvable.solvers.validate import (
    as_covariance,
    as_finite,
    as_nonnegative,
    as_positive,
    as_real,
    as_scalar,
    broadcast,
    data_eps,
    refuse,
    within_range,
)

__all__ = [
    "ImputationProblem",
    "as_observed",
    "imputation_bias",
    "imputation_optimum",
    "imputed_risk",
    "low_rank_imputation_bias",
    "read_problem",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ImputationProblem:
    """Covariance and target of complete inputs."""

    covariance: Array
    target: Array
    unit: float  # rounding of the covariance as it was given

    @property
    def diagonal(self) -> Array:
        """Variances of the inputs."""
        return np.asarray(np.diag(self.covariance))


def read_problem(covariance: ArrayLike, target: ArrayLike) -> ImputationProblem:
    """Validate a covariance and a target of its size."""
    sigma = as_covariance("covariance", covariance)
    d = len(sigma)
    beta = as_finite("target", target)
    if beta.shape != (d,):
        raise refuse("target.shape", beta.shape, f"it must be {(d,)}, one weight for each input")
    return ImputationProblem(sigma, beta, data_eps(covariance))


def as_observed(value: ArrayLike) -> Array:
    """Validate probabilities in (0, 1]."""
    rho = as_real("observed", value)
    if np.any((rho <= 0) | (rho > 1)):
        raise refuse("observed", rho, "the probability to see an entry must lie in (0, 1]")
    return rho


def _correlation(problem: ImputationProblem) -> tuple[Array, Array, Array]:
    """Eigenvalues of the correlation matrix, the target's weights in its eigenbasis, and D^{-1/2} times the basis."""
    used = problem.diagonal > 0  # an input without variance is 0 seen or not
    scale = np.sqrt(problem.diagonal[used])
    c, Q = np.linalg.eigh(problem.covariance[np.ix_(used, used)] / np.outer(scale, scale))
    back = np.zeros((used.size, c.size))
    back[used] = Q / scale[:, None]
    return np.maximum(c, 0.0), Q.T @ (scale * problem.target[used]), back


@within_range
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
    problem, rho = read_problem(covariance, target), as_observed(observed)
    theta = as_finite("weights", weights)
    if theta.shape != problem.target.shape:
        raise refuse("weights.shape", theta.shape, f"it must be {problem.target.shape}")
    gap = problem.target - rho[..., None] * theta
    complete = np.sum(gap @ problem.covariance * gap, axis=-1)  # not einsum: it does not report overflow
    extra = rho * (1 - rho) * float(problem.diagonal @ theta**2)
    return np.asarray(complete + extra + as_scalar("noise_variance", noise_variance, as_nonnegative))


@within_range
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
    problem, rho = read_problem(covariance, target), as_observed(observed)
    c, b, back = _correlation(problem)
    kept = np.where(c > c.size * problem.unit * c.max(), c, 0.0)
    total = kept + ((1 - rho) / rho)[..., None]
    shrunk = np.divide(kept, total, out=np.zeros(total.shape), where=kept > 0)
    return np.asarray((shrunk * b) @ back.T / rho[..., None])


@within_range
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
    problem, rho = read_problem(covariance, target), as_observed(observed)
    c, b, _ = _correlation(problem)
    lam = ((1 - rho) / rho)[..., None]
    share = np.divide(c, c + lam, out=np.zeros(np.broadcast_shapes(c.shape, lam.shape)), where=c > 0)
    return np.asarray(np.sum(lam * share * b**2, axis=-1))


@within_range
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
    dimension, r, rho, power = broadcast(
        d=as_positive("d", d),
        rank=as_positive("rank", rank),
        observed=as_observed(observed),
        signal=as_nonnegative("signal", signal),
    )
    if np.any(r > dimension):
        raise refuse("rank", r, "it must not exceed d")
    lam = (1 - rho) / rho
    return np.asarray(lam * power / (dimension / r + lam))
