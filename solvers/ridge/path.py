r"""Exact finite-sample ridge regression for all ridges from one decomposition.

Minimises :math:`\|y - Xw\|^2 + \delta\|w\|^2`. With :math:`X = U S V^T` (rank r), z = U^T y and
:math:`c_j = \delta/(s_j^2+\delta)` every quantity is a filtered sum:

.. math::
    w = V \frac{S}{S^2+\delta} z, \qquad y - Xw = y_\perp + U c z, \qquad
    1 - H_{ii} = \Big(1-\sum_j U_{ij}^2\Big) + \sum_j U_{ij}^2 c_j.

Residual and leverage complement are written with c, not as differences: their ratio, the leave-one-out residual,
keeps its accuracy as the ridge goes to zero and its limit is taken exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_matrix, refuse, within_range

__all__ = ["RidgePath", "ridge_path"]

Array = NDArray[np.float64]
# Squaring the condition number costs eps*s_max^2/(s_min^2 + ridge) in relative accuracy: 2e-10 at this ratio.
_GRAM_IS_ACCURATE = 1e-6


@record
class RidgePath:
    """Ridge regression on one data set, first axis over the ridges; a last axis over targets where y has one.

    Attributes
    ----------
    ridges : ndarray, shape (m,)
        Un-normalised ridges.
    coefficients : ndarray, shape (m, p[, q])
        Minimisers; of least norm at ridge 0.
    intercept : ndarray, shape (m[, q])
        Unpenalised intercept, 0 where none was asked for.
    fitted : ndarray, shape (m, n[, q])
        Fitted values.
    train : ndarray, shape (m[, q])
        Mean squared training residual.
    leave_one_out : ndarray, shape (m[, q])
        Mean squared leave-one-out residual, exact.
    leave_one_out_residuals : ndarray, shape (m, n[, q])
        ``y_i`` minus the prediction for row i of the fit to all other rows.
    gcv : ndarray, shape (m[, q])
        Generalised cross-validation, ``train/(1 - degrees_of_freedom/n)**2``, its limit where that is 0/0.
    degrees_of_freedom : ndarray, shape (m,)
        Trace of the hat matrix, the intercept's 1 included.
    """

    ridges: Array
    coefficients: Array
    intercept: Array
    fitted: Array
    train: Array
    leave_one_out: Array
    leave_one_out_residuals: Array
    gcv: Array
    degrees_of_freedom: Array


def _svd(X: Array, least_ridge: float) -> tuple[Array, Array, Array]:
    """Thin decomposition: through the smaller Gram matrix where that loses nothing, else an SVD of X itself."""
    from scipy.linalg import eigh, svd

    n, p = X.shape
    squares, vectors = eigh(X.T @ X if p <= n else X @ X.T, driver="evd")
    top = max(float(squares[-1]), 0.0)
    if squares[0] + min(least_ridge, 0.0) > _GRAM_IS_ACCURATE * top:
        singular = np.sqrt(squares)
        other = (X @ vectors if p <= n else X.T @ vectors) / singular
        return (other, singular, vectors) if p <= n else (vectors, singular, other)
    U, singular, Vt = svd(X, full_matrices=False)
    keep = singular > max(n, p) * np.finfo(float).eps * singular[0]
    return U[:, keep], singular[keep], Vt[keep].T


@within_range
def ridge_path(X: ArrayLike, y: ArrayLike, ridges: ArrayLike, *, intercept: bool = False) -> RidgePath:
    r"""Ridge regression, exact leave-one-out and GCV for many ridges at the cost of one.

    Minimises :math:`\|y-Xw\|^2+\delta\|w\|^2` (un-normalised: scikit-learn's ``alpha``).

    Parameters
    ----------
    X : array_like, shape (n, p)
        Rows are samples.
    y : array_like, shape (n,) or (n, q)
        One target, or several.
    ridges : array_like
        Scalar or vector. Zero is the least-norm least-squares solution, singular values up to
        ``max(n, p)*eps*s_max`` counting as zero; negative ridges are allowed above minus the square of the
        smallest non-zero singular value (for p > n the stationary point in the row space).
    intercept : bool
        Fit an unpenalised intercept; leave-one-out stays exact.

    Returns
    -------
    RidgePath
        Coefficients, fitted values, training error, leave-one-out, GCV and degrees of freedom.

    Raises
    ------
    ValueError
        NaN or infinite data, shapes that do not match, a negative ridge beyond the stability edge, X = 0, or an
        intercept with a single row.

    Notes
    -----
    Where a fit interpolates (ridge 0, rank n) or a row alone spans a direction, leave-one-out and GCV are 0/0;
    the limit of vanishing ridge is returned. The relative error of every quantity is of order
    eps times s_max/s_min of the singular values the ridge does not damp.

    References
    ----------
    golub1979gcv

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import ridge_path
    >>> path = ridge_path([[1.0], [2.0], [3.0]], [1.0, 2.0, 4.0], [0.0, 14.0])
    >>> path.coefficients[:, 0].round(3), path.degrees_of_freedom
    (array([1.214, 0.607]), array([1. , 0.5]))
    """
    features = as_matrix("X", X)
    n = features.shape[0]
    targets = as_finite("y", y)
    if targets.ndim not in (1, 2) or targets.shape[0] != n or targets.size == 0:
        raise refuse("y.shape", targets.shape, f"it must be ({n},) or ({n}, q), one row for each row of X")
    delta = np.atleast_1d(as_finite("ridges", ridges))
    if delta.ndim != 1 or delta.size == 0:
        raise refuse("ridges.shape", delta.shape, "it must be a number or a non-empty vector")
    if intercept and n == 1:
        raise refuse("intercept", intercept, "with a single row there is nothing left to fit")
    y2 = targets.reshape(n, -1)
    x_mean = features.mean(axis=0) if intercept else np.zeros(features.shape[1])
    y_mean = y2.mean(axis=0) if intercept else np.zeros(y2.shape[1])
    centred = y2 - y_mean
    U, s, V = _svd(features - x_mean, float(delta.min()))
    if s.size == 0:
        raise refuse("X", features, "it must not vanish" + (" after centring" if intercept else ""))
    if delta.min() <= -(s[s > 0].min() ** 2):
        raise refuse("ridges", delta, f"each must exceed -s_min**2 = {-(s.min() ** 2):.6g}")

    z = U.T @ centred
    damped = 1 / (s**2 + delta[:, None])  # (m, r)
    coefficients = np.einsum("pr,mr,rq->mpq", V, damped * s, z, optimize=True)
    complete = s.size == n - int(intercept)  # U spans everything: nothing is out of reach
    outside = np.zeros_like(centred) if complete else centred - U @ z
    reach = 1 - (1 / n if intercept else 0.0) - np.sum(U**2, axis=1)
    reach = np.zeros(n) if complete else np.where(reach < 100 * n * np.finfo(float).eps, 0.0, reach)

    inner = np.einsum("nr,mr,rq->mnq", U, damped, z, optimize=True)  # U c z without its factor delta
    level = damped @ (U**2).T  # sum_j U_ij^2 c_j without it
    residuals = outside + delta[:, None, None] * inner
    complement = reach + delta[:, None] * level
    alone = reach == 0  # rows the fit can reach fully: the factor delta cancels in the ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        loo = np.where(alone[:, None], inner / level[..., None], residuals / complement[..., None])
    train = np.mean(residuals**2, axis=1)
    filtered = damped @ np.ones(s.size)
    freedom = s.size - delta * filtered + int(intercept)
    if complete:
        gcv = np.mean(inner**2, axis=1) / (filtered[:, None] / n) ** 2
    else:
        gcv = train / ((n - int(intercept) - s.size + delta * filtered)[:, None] / n) ** 2
    fitted = y2 - residuals

    def shaped(array: Array) -> Array:
        return array if targets.ndim == 2 else array[..., 0]

    offset = y_mean - np.einsum("p,mpq->mq", x_mean, coefficients)
    return RidgePath(
        ridges=delta,
        coefficients=shaped(coefficients),
        intercept=shaped(offset),
        fitted=shaped(fitted),
        train=shaped(train),
        leave_one_out=shaped(np.mean(loo**2, axis=1)),
        leave_one_out_residuals=shaped(loo),
        gcv=shaped(gcv),
        degrees_of_freedom=freedom,
    )
