r"""A Gaussian prior learned from noisy linear measurements alone, by expectation-maximisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["EmPrior", "em_prior"]

Array = NDArray[np.float64]


@record
class EmPrior:
    """Gaussian prior at the end of the iteration.

    Attributes
    ----------
    mean : ndarray, shape (d,)
        m.
    covariance : ndarray, shape (d, d)
        S.
    log_likelihood : ndarray, shape (steps + 1,)
        Mean log-density of an observation before each step and after the last; it never falls.
    solution : Solution
        The last log-likelihood, with the relative change of S in one more step as its residual.
    """

    mean: Array
    covariance: Array
    log_likelihood: Array
    solution: Solution


def _step(y: Array, A: Array, noise2: float, m: Array, S: Array) -> tuple[Array, Array, float]:
    """Mean and covariance after one step, and the log-likelihood before it."""
    N, l, d = A.shape
    cross = A @ S
    total = cross @ np.swapaxes(A, 1, 2) + noise2 * np.eye(l)
    root = np.linalg.cholesky(total)
    off = y - A @ m
    solved = np.linalg.solve(root, np.concatenate([off[:, :, None], cross], axis=2))
    white, half = solved[:, :, 0], solved[:, :, 1:]
    logs = np.sum(white**2) / 2 + np.sum(np.log(np.diagonal(root, axis1=1, axis2=2))) + N * l * np.log(2 * np.pi) / 2
    mean = m + np.einsum("nlj,nl->nj", half, white)
    new = mean.mean(axis=0)
    deviation = (mean - new).reshape(N, d)
    flat = half.reshape(N * l, d)
    covariance = S - flat.T @ flat / N + deviation.T @ deviation / N
    return new, (covariance + covariance.T) / 2, -float(logs) / N


@within_range
def em_prior(
    observations: ArrayLike,
    operators: ArrayLike,
    noise: float,
    steps: int = 500,
    tolerance: float = 1e-8,
    on_failure: OnFailure = "warn",
) -> EmPrior:
    r"""Gaussian prior N(m, S) of largest likelihood for measurements :math:`y_i=A_ix_i+\sigma e_i`, by EM.

    The posterior of :math:`x_i` has mean :math:`\mu_i=m+SA_i^T(A_iSA_i^T+\sigma^2I)^{-1}(y_i-A_im)` and covariance
    :math:`C_i=S-SA_i^T(A_iSA_i^T+\sigma^2I)^{-1}A_iS`; the maximum is closed:

    .. math:: m\leftarrow\frac1N\sum_i\mu_i,\qquad S\leftarrow\frac1N\sum_i\big[C_i+(\mu_i-m)(\mu_i-m)^T\big]

    with the new m. With :math:`A_i=I` it ends at the sample mean and the part of the sample covariance that exceeds
    :math:`\sigma^2`.

    Parameters
    ----------
    observations : array_like, shape (N, l)
        :math:`y_i`.
    operators : array_like, shape (N, l, d) or (l, d)
        :math:`A_i`, or one for all.
    noise : float
        :math:`\sigma`, the standard deviation, positive.
    steps : int
        Most steps.
    tolerance : float
        Ends where S changes by less than this part of its norm in a step.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the steps ran out.

    Returns
    -------
    EmPrior
        Started from mean 0 and a multiple of the identity.

    Raises
    ------
    ValueError
        Shapes that do not fit, no noise.
    ArithmeticError
        If ``on_failure="raise"`` and the steps ran out.

    Notes
    -----
    Linear convergence, slow where the noise exceeds the signal. Directions that no operator measures keep the start.

    References
    ----------
    rozet2024learning (with diffusion models as priors; the Gaussian steps are classical)

    Examples
    --------
    >>> from solvable.solvers import em_prior
    >>> found = em_prior([[3.0], [-1.0]], [[1.0]], 1.0)
    >>> found.mean.round(6), found.covariance.round(6)  # 4 - 1
    (array([1.]), array([[3.]]))
    """
    y, A = as_matrix("observations", observations), as_finite("operators", operators)
    if A.ndim not in (2, 3) or 0 in A.shape or A.shape[-2] != y.shape[1] or A.shape[:-2] not in ((), y.shape[:1]):
        raise refuse("operators.shape", A.shape, f"it must be ({y.shape[1]}, d), or ({len(y)}, {y.shape[1]}, d)")
    sigma, most = as_scalar("noise", noise, as_positive), as_whole("steps", steps)
    close = as_scalar("tolerance", tolerance, as_nonnegative)
    check_room("observations", y.shape, float(len(y)) * A.shape[-1] * A.shape[-2] * 4)
    A = np.array(np.broadcast_to(A, (len(y), *A.shape[-2:])))
    largest = float(np.abs(A).max())
    if largest == 0:
        raise refuse("operators", A, "one of them must measure something")
    # in units of the noise, and of operators of size one
    y, A = y / sigma, A / largest
    d = A.shape[2]
    m, S = np.zeros(d), max(float(np.mean(y * y)), 1.0) * np.eye(d)
    logs, change, taken = [], np.inf, 0
    while True:
        new, grown, log = _step(y, A, 1.0, m, S)
        logs.append(log - y.shape[1] * float(np.log(sigma)))
        change = float(np.linalg.norm(grown - S) / np.linalg.norm(S))
        if change <= close or taken == most:
            break
        m, S, taken = new, grown, taken + 1
    status = Status.CONVERGED if change <= close else Status.MAX_ITERATIONS
    solution = Solution.shaped((), np.array(logs[-1]), np.array(change), np.array(int(status)), np.array(taken))
    report_failures(solution, "em_prior", on_failure)
    unit = sigma / largest
    return EmPrior(m * unit, S * unit**2, np.array(logs), solution)
