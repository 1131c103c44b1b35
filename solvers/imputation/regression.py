r"""Fits to zero-imputed inputs with finite data: a bound for averaged SGD, the Gaussian equivalent for ridge.

Conventions of `imputed_risk`: inputs centred, each entry seen with probability :math:`\rho` in training and test.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import gridded
from solvable.solvers.imputation.imputation import as_observed, imputation_bias, imputation_optimum, read_problem
from solvable.solvers.ridge.risk import RidgeRisk, ridge_risk
from solvable.solvers.solution import OnFailure
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, within_range

__all__ = ["averaged_sgd_bound", "imputed_ridge_risk"]

Array = NDArray[np.float64]


@within_range
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
    problem, samples = read_problem(covariance, target), np.sqrt(as_positive("n", n))
    rho = float(as_observed(as_scalar("observed", observed)))
    k = as_scalar("kurtosis", kurtosis, as_positive)
    optimum = imputation_optimum(covariance, target, rho)
    power = float(problem.target @ problem.covariance @ problem.target)
    noise = as_scalar("noise_variance", noise_variance, as_nonnegative)
    bias = float(imputation_bias(covariance, target, rho))
    return np.asarray(
        (k * float(np.trace(problem.covariance)) * float(optimum @ optimum) + noise + power) / samples + bias
    )


@gridded("n", "ridge")
@within_range
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
    problem = read_problem(covariance, target)
    rho = float(as_observed(as_scalar("observed", observed)))
    moment = rho**2 * problem.covariance + rho * (1 - rho) * np.diag(problem.diagonal)
    s, U = np.linalg.eigh(moment)
    keep = s > s.size * problem.unit * s[-1]
    s, U = s[keep], U[:, keep]
    psi = rho * U.T @ (problem.covariance @ problem.target)
    left = float(imputation_bias(covariance, target, rho))
    noise = as_scalar("noise_variance", noise_variance, as_nonnegative)
    # V - sum psi^2/s is exactly the imputation bias plus the noise; the difference would cancel
    return ridge_risk(Spectrum(s, psi**2 / s, None, left + noise), n, ridge, on_failure=on_failure)
