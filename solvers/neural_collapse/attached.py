r"""Features at the minimum of the loss that attaches them to given ones: one implicit step of the central path."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.neural_collapse.feature_flow import best_classifier, read_balanced
from solvable.solvers.solution import OnFailure, Solution, Status, report_failures
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, within_range

__all__ = ["attached_minimizer"]

Array = NDArray[np.float64]
_MOST = 5000  # steps of the search, and as many after it
_CLOSE = 1e-10


def _descent(X: Array, Y: Array, X0: Array, decays: tuple[float, float, float]) -> tuple[float, Array, float]:
    """Value, gradient in X, and the size of the gradient's terms; the classifier is optimal."""
    weight, feature, beta = decays
    W = best_classifier(X, Y, weight)
    error = X @ W.T - Y
    value = np.sum(error**2) + len(X) / Y.shape[1] * weight * np.sum(W**2)
    value += feature * np.sum(X**2) + beta * np.sum((X - X0) ** 2)
    terms = error @ W, feature * X, beta * X, -beta * X0
    return float(value / 2), sum(terms[1:], terms[0]), float(np.sqrt(sum(np.sum(term**2) for term in terms)))


def _step(X: Array, Y: Array, X0: Array, decays: tuple[float, float, float]) -> Array:
    """Best features for the best classifier of X: the loss falls."""
    weight, feature, beta = decays
    W = best_classifier(X, Y, weight)
    return np.asarray(np.linalg.solve(W.T @ W + (feature + beta) * np.eye(X.shape[1]), W.T @ Y.T + beta * X0.T).T)


@within_range
def attached_minimizer(
    features: ArrayLike,
    labels: ArrayLike,
    weight_decay: float,
    feature_decay: float,
    attachment: float,
    *,
    on_failure: OnFailure = "warn",
) -> Solution:
    r"""Features that minimise the loss attached to given ones, found by descent from them.

    .. math:: \min_{W,H}\ \frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2
              +\frac\beta{2Kn}\|H-H_0\|^2

    with one-hot targets and no bias, in the normalisation of `central_path`. The classifier that goes with them is
    `optimal_classifier`.

    Parameters
    ----------
    features : array_like, shape (N, d)
        Samples in rows (the transpose of :math:`H_0`).
    labels : array_like, shape (N,)
        Whole numbers 0..K-1, equally many of each.
    weight_decay, feature_decay : float
        :math:`\lambda_W>0` and :math:`\lambda_H\ge0`.
    attachment : float
        :math:`\beta>0`; small where features may go far.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the residual stays above 1e-10.

    Returns
    -------
    Solution
        `value` (N, d) are the features, `residual` is the gradient relative to its terms.

    Raises
    ------
    ValueError
        Decays or an attachment out of range, labels that do not match or are not balanced.

    Notes
    -----
    The loss is not convex in H: what is found is the minimum that descent from :math:`H_0` reaches, for large
    :math:`\beta` the only one. An attachment far below :math:`\lambda_H` makes the problem ill-conditioned.

    References
    ----------
    tirer2023perturbation

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import attached_minimizer, collapse_metrics
    >>> start = np.random.default_rng(0).standard_normal((12, 5))
    >>> labels = np.repeat([0, 1, 2], 4)
    >>> moved = attached_minimizer(start, labels, 0.1, 0.1, 1.0).value
    >>> bool(collapse_metrics(moved, labels).nc1_trace < collapse_metrics(start, labels).nc1_trace)
    True
    """
    from scipy.optimize import minimize

    X0, Y = read_balanced(features, labels)
    decays = (
        as_scalar("weight_decay", weight_decay, as_positive),
        as_scalar("feature_decay", feature_decay, as_nonnegative),
        as_scalar("attachment", attachment, as_positive),
    )
    # without the loss the curvature is 1 in these units
    unit = 1 / (decays[1] + decays[2])

    def objective(flat: Array) -> tuple[float, Array]:
        value, gradient, _ = _descent(flat.reshape(X0.shape), Y, X0, decays)
        return value * unit, gradient.ravel() * unit

    options = {"ftol": 1e-16, "gtol": 0.0, "maxcor": 30, "maxiter": _MOST, "maxfun": 2 * _MOST}
    found = minimize(objective, X0.ravel(), jac=True, method="L-BFGS-B", options=options)
    X, residual, spent = found.x.reshape(X0.shape), np.inf, int(found.nit)
    for _ in range(_MOST):  # differences of values end at half the digits; exact minima in turn do not
        trial = _step(X, Y, X0, decays)
        _, gradient, size = _descent(trial, Y, X0, decays)
        now = float(np.linalg.norm(gradient)) / size if size > 0 else 0.0
        if residual <= 1e-15 or (residual <= _CLOSE and now >= residual):
            break
        X, residual, spent = trial, now, spent + 1
    status = Status.CONVERGED if residual <= _CLOSE else Status.MAX_ITERATIONS
    solution = Solution(X, np.array(residual), np.array(status, dtype=np.int8), np.array(spent))
    report_failures(solution, "attached_minimizer", on_failure)
    return solution
