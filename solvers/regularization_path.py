r"""Exact finite-sample ridge regression for all ridges from one decomposition.

Minimises :math:`\|y - Xw\|^2 + \delta\|w\|^2`. With orthonormal columns in U, let
:math:`XX^T = U\,\mathrm{diag}(s_j^2)\,U^T`, :math:`z = U^T y` and :math:`c_j = \delta/(s_j^2+\delta)`.
No fit reaches :math:`y_\perp = y - Uz`, nor the part of the unit vector :math:`e_i` of squared length
:math:`\rho_i = \|e_i - UU^Te_i\|^2`. Then

.. math::
    w = \sum_j X^T u_j \frac{z_j}{s_j^2+\delta}, \qquad y - Xw = y_\perp + \sum_j u_j c_j z_j, \qquad
    1 - H_{ii} = \rho_i + \sum_j U_{ij}^2 c_j ,

and the leave-one-out residual is the ratio of the last two. Nothing is subtracted, so the ratio keeps its
digits however small the ridge; where :math:`\rho_i = 0` the factor :math:`\delta` cancels, which gives the
limit as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_finite, as_matrix, refuse

__all__ = ["RidgePath", "ridge_path"]

Array = NDArray[np.float64]
_EPS = float(np.finfo(float).eps)
# Rounding in a Gram matrix moves its eigenvalues by eps*s_max^2, and 1/(s^2 + ridge) by eps/ratio = 2e-10.
_GRAM_RATIO = 1e-6
_HIGH_LEVERAGE = 0.1  # 1 - leverage below this is not computed as a difference


@dataclass(frozen=True, eq=False)  # arrays have no single truth value: compare and hash by identity
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
        ``y_i`` minus the prediction for row i of the fit to all other rows; inf where that fit does not
        exist, the ridge being negative and beyond the edge of the other rows.
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


def ridge_path(X: ArrayLike, y: ArrayLike, ridges: ArrayLike, *, intercept: bool = False) -> RidgePath:
    r"""Ridge regression, exact leave-one-out and GCV for many ridges at the cost of one.

    Minimises :math:`\|y-Xw\|^2+\delta\|w\|^2` (un-normalised: scikit-learn's ``alpha``).

    Parameters
    ----------
    X : array_like, shape (n, p)
        Rows are samples.
    y : array_like, shape (n,) or (n, q)
        One target, or several.
    ridges : array_like, shape () or (m,)
        Ridges :math:`\delta`. Zero is the least-norm least-squares solution. A negative ridge must exceed
        :math:`-s_{min}^2`, the least non-zero singular value of X; where X has a null space, the solution is
        the stationary point in the row space.
    intercept : bool
        Fit an unpenalised intercept; everything else then refers to the centred X. Leave-one-out stays
        exact: every left-out fit has its own intercept.

    Returns
    -------
    RidgePath
        Coefficients, fitted values, training error, leave-one-out, GCV and degrees of freedom.

    Raises
    ------
    ValueError
        NaN or infinite data, shapes that do not match, a negative ridge beyond the edge, or an intercept
        with a single row.

    Notes
    -----
    Where row i is fitted whatever its target (every row at ridge 0 if X has rank n; a row that alone spans a
    direction of the row space), :math:`H_{ii} \to 1` and leave-one-out is 0/0. The limit of vanishing ridge
    is returned, :math:`(K^+y)_i/(K^+)_{ii}` with :math:`K = XX^T`: the residual of the least-norm fit to the
    other rows, continuous in the ridge. Likewise for GCV if X has rank n:
    :math:`\tfrac1n y^TK^{-2}y / (\tfrac1n \mathrm{tr} K^{-1})^2`. Derived here; no other value is 0/0.

    Singular values up to ``eps*max(n, p)*s_max`` count as zero, at every ridge, in X and in X without a row.
    The smaller Gram matrix is decomposed where its least eigenvalue (for p >= n: plus the least ridge)
    exceeds 1e-6 of its largest; squaring then costs at most about eps/1e-6. Otherwise X itself is decomposed
    and errors are of order eps times :math:`s_{max}/\sqrt{s_{min}^2+\delta}`, as the data deserve: 1e-9 at a
    ridge of 1e-14 :math:`s_{max}^2`. One choice serves the whole path, so the least ridge makes it.

    References
    ----------
    golub1979gcv

    Examples
    --------
    >>> from solvable.solvers import ridge_path
    >>> path = ridge_path([[1.0], [2.0], [3.0]], [1.0, 2.0, 4.0], [0.0, 14.0])
    >>> path.coefficients[:, 0].round(3), path.degrees_of_freedom
    (array([1.214, 0.607]), array([1. , 0.5]))

    Interpolation: two rows, three features, no ridge. Each row is predicted from the other one.

    >>> path = ridge_path([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], [1.0, 3.0], 0.0)
    >>> path.train, path.leave_one_out_residuals.round(12)
    (array([0.]), array([[-0.5,  2.5]]))
    """
    features, targets, delta = _checked(X, y, ridges, intercept)
    n, p = features.shape
    y2 = targets.reshape(n, -1)
    exponent = int(np.frexp(np.abs(features).max())[1])
    features *= 2.0 ** -(exponent // 2)  # exactly, to at most 1: squares stay within range
    features *= 2.0 ** (exponent // 2 - exponent)
    with np.errstate(over="ignore"):
        scaled = np.ldexp(delta, -2 * exponent)
    x_mean, y_mean = np.zeros(p), np.zeros(y2.shape[1])
    if intercept:
        x_mean, y_mean = features.mean(axis=0), y2.mean(axis=0)
        features -= features[0].copy()  # removes a constant column exactly
    centred = y2 - y_mean
    U, squares = _left_basis(_without_constant(features) if intercept else features, float(scaled.min()))
    U = _with_constant(U) if intercept else U
    least, top = (float(squares.min()), float(squares.max())) if squares.size else (1.0, 0.0)
    rounding = _EPS * max(n, p)
    if np.any((scaled < 0) & (scaled <= rounding * top - least)) or (top == 0 and delta.min() < 0):
        edge = np.ldexp(-least if top else 0.0, 2 * exponent)
        raise refuse("min(ridges)", float(delta.min()), f"a negative ridge must exceed -s_min**2 = {edge:.6g}")

    free = n - int(intercept) - squares.size  # dimensions that no fit reaches
    outside, unreached = _complement(U, centred, intercept) if free else (np.zeros_like(centred), np.zeros(n))
    z = U.T @ centred
    damped = 1 / (1 + (squares - least) / (least + scaled[:, None]))  # (m, r): 1/(s_j^2 + ridge), largest 1
    with np.errstate(divide="ignore"):
        share = 1 / (1 + least / scaled)  # c_j = share * damped_j
    inner = _combine(U, damped[:, :, None] * z)
    level = damped @ (U * U).T

    # Without row i, X has a singular value of at most sqrt(unreached_i / sum_j U_ij^2/(s_j^2 + ridge)).
    lonely = unreached <= rounding**2 * top * level / (least + scaled[:, None])
    complement = unreached + share[:, None] * level
    unbounded = ~lonely & (complement <= rounding * (unreached - share[:, None] * level))  # negative ridges only
    residuals = np.where(lonely[..., None], 0.0, outside) + share[:, None, None] * inner
    divisor = np.where(lonely, level, np.where(unbounded, np.inf, complement))
    loo = np.where(lonely[..., None], inner, residuals) / divisor[..., None]
    loo[unbounded] = np.inf
    train = np.mean(residuals**2, axis=1)
    trace = damped.sum(axis=1)
    reached = squares / (squares + scaled[:, None])
    with np.errstate(divide="ignore"):  # negative ridges can meet the pole tr H = n
        if free:
            gcv = train / ((free + share * trace) / n)[:, None] ** 2
        else:
            gcv = np.mean(inner**2, axis=1) / (trace / n)[:, None] ** 2  # share cancels
    base = np.ldexp(least, exponent) + np.ldexp(delta, -exponent)
    coefficients = _combine(features.T, inner) / base[:, None, None]
    offset = y_mean - np.einsum("p,mpq->mq", np.ldexp(x_mean, exponent), coefficients)

    def shaped(array: Array) -> Array:
        return array if targets.ndim == 2 else array[..., 0]

    return RidgePath(
        ridges=delta,
        coefficients=shaped(coefficients),
        intercept=shaped(offset),
        fitted=shaped(y_mean + _combine(U, reached[:, :, None] * z)),
        train=shaped(train),
        leave_one_out=shaped(np.mean(loo**2, axis=1)),
        leave_one_out_residuals=shaped(loo),
        gcv=shaped(gcv),
        degrees_of_freedom=reached.sum(axis=1) + int(intercept),
    )


def _checked(X: ArrayLike, y: ArrayLike, ridges: ArrayLike, intercept: bool) -> tuple[Array, Array, Array]:
    """Return copies of the arguments as float64 arrays, or refuse them."""
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
    return features, targets, delta


def _left_basis(X: Array, least_ridge: float) -> tuple[Array, Array]:
    """U, s^2 with X X^T = U diag(s^2) U^T: from the smaller Gram matrix where that is safe, else from X."""
    from scipy.linalg import eigh, qr, svd

    n, p = X.shape
    wide = p >= n  # then U is square, and directions without signal are harmless once the ridge damps them
    squares, vectors = eigh(X @ X.T if wide else X.T @ X, driver="evd", overwrite_a=True, check_finite=False)
    if squares[0] + (least_ridge if wide else min(least_ridge, 0.0)) > _GRAM_RATIO * squares[-1]:
        squares = np.maximum(squares, 0.0)
        return (vectors if wide else X @ (vectors / np.sqrt(squares))), squares
    core = qr(X.T, mode="r", check_finite=False)[0][:n].T if p > n else X  # same U and s, fewer columns
    U, singular, _ = svd(core, full_matrices=False, check_finite=False)
    keep = singular > _EPS * max(n, p) * singular[0]
    return U[:, keep], singular[keep] ** 2


def _complement(U: Array, y: Array, intercept: bool) -> tuple[Array, Array]:
    """Part of y, and squared length of the part of each unit vector, orthogonal to U (and the constant)."""
    n, q = y.shape
    unreached = 1 - intercept / n - np.sum(U * U, axis=1)
    high = np.flatnonzero(unreached < _HIGH_LEVERAGE)  # no more than rank/0.9 rows
    block = np.zeros((n, q + high.size))
    block[:, :q] = y
    block[high, q + np.arange(high.size)] = 1.0
    block[:, q:] -= intercept / n
    block -= U @ (U.T @ block)
    outside = block[:, :q].copy()
    block -= U @ (U.T @ block)  # removes what rounding left of U in a small remainder
    outside[high], unreached[high] = block[high, :q], np.sum(block[:, q:] ** 2, axis=0)
    return outside, unreached


def _without_constant(A: Array) -> Array:
    """Reflect the constant (Householder) onto the first axis and drop that; for A whose first row is 0."""
    n = A.shape[0]
    return A[1:] - A.sum(axis=0) / (n + np.sqrt(n))


def _with_constant(B: Array) -> Array:
    """Reflect back to n rows; the columns then sum to zero."""
    n = B.shape[0] + 1
    total = B.sum(axis=0)
    return np.vstack([-total / np.sqrt(n), B - total / (n + np.sqrt(n))])


def _combine(basis: Array, weights: Array) -> Array:
    """All ``basis @ weights[i]``, shape (m, k, q), in one matrix product."""
    return np.moveaxis(np.tensordot(weights, basis, (1, 1)), 1, 2)
