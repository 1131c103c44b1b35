r"""Logistic regression without a ridge, rows and dimensions comparable: bias, spread and step of the estimate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.convex_losses.state_evolution import state_evolution
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import OnFailure, Solution, record, report_failures
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_positive, broadcast, within_range

__all__ = ["LogisticBias", "logistic_bias"]

Array = NDArray[np.float64]


@record
class LogisticBias(OnGrid):
    r"""Law of the estimate, arrays over the grid.

    Attributes
    ----------
    slope : ndarray
        :math:`\alpha_*`: estimates scatter around this multiple of the coefficients.
    spread : ndarray
        :math:`\sigma_*`: standard deviation of :math:`\sqrt n(\hat\beta_j-\alpha_*\beta_j)`.
    step : ndarray
        :math:`\lambda_*`, V of `state_evolution`.
    solution : Solution
        `value` is the slope; status ``NO_SOLUTION`` where the labels are separable.
    """

    slope: Array
    spread: Array
    step: Array
    solution: Solution


@gridded("kappa", "gamma")
@within_range
def logistic_bias(kappa: ArrayLike, gamma: ArrayLike, *, on_failure: OnFailure = "warn") -> LogisticBias:
    r"""Bias and spread of the maximum-likelihood estimate of logistic regression in high dimension.

    Minimises :math:`\sum_i\ln(1+e^{-y_ix_i^T\beta})`, no ridge, rows of d independent standard Gaussians,
    :math:`P(y=1)=1/(1+e^{-x^T\beta})`, d/n = kappa, :math:`\|\beta\|=\gamma`. Entries obey

    .. math:: \sqrt n(\hat\beta_j-\alpha_*\beta_j)\to N(0,\sigma_*^2)

    with :math:`\alpha_*=m/\gamma^2` and :math:`\kappa\sigma_*^2=q-m^2/\gamma^2` of `state_evolution`.

    Parameters
    ----------
    kappa : array_like
        Dimensions for each row, d/n.
    gamma : array_like
        Standard deviation of the teacher's field; broadcast with `kappa`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where there is no estimate, or the iteration did not converge.

    Returns
    -------
    LogisticBias
        NaN with status ``NO_SOLUTION`` above ``1/separability_threshold(gamma**2)``.

    Raises
    ------
    ValueError
        kappa or gamma not positive.

    Notes
    -----
    The paper's rows have entries of variance 1/n, and coefficients larger by the root of n: the same alpha, sigma and
    lambda.

    References
    ----------
    sur2019modern

    Examples
    --------
    >>> from solvable.solvers import logistic_bias
    >>> found = logistic_bias(0.2, 5**0.5)
    >>> float(found.slope.round(4)), float(found.spread.round(4))
    (1.4994, 4.7436)
    """
    ratio, size = broadcast(kappa=as_positive("kappa", kappa), gamma=as_positive("gamma", gamma))
    out = np.empty((4, *ratio.shape))
    status, spent = np.empty(ratio.shape, np.int8), np.empty(ratio.shape, np.int64)
    for gamma_ in np.unique(size):  # the cells of one teacher together
        own, power = size == gamma_, float(gamma_) ** 2
        rows = 1 / ratio[own]  # for each dimension
        risk = state_evolution(Spectrum([1.0], [power]), rows, 0.0, "logistic", "logistic", on_failure="ignore")
        V, q, m = risk.overlaps.V, risk.overlaps.q, risk.overlaps.m
        with np.errstate(invalid="ignore"):
            out[:, own] = m / power, np.sqrt((q - m * m / power) * rows), V, risk.solution.residual
        status[own], spent[own] = risk.solution.status, risk.solution.iterations
    slope, spread, step, residual = out
    step = np.where(np.isnan(slope), np.nan, step)
    solution = Solution.shaped(ratio.shape, slope.copy(), residual, status, spent)
    report_failures(solution, "logistic_bias", on_failure)
    return LogisticBias(slope, spread, step, solution)
