r"""Exact finite-sample ridge regression for all ridges from one decomposition.

Minimises :math:`\|y - Xw\|^2 + \delta\|w\|^2`. With :math:`X = U S V^T` (rank r), z = U^T y and
:math:`c_j = \delta/(s_j^2+\delta)` every quantity is a filtered sum:

.. math::
    w = V \frac{S}{S^2+\delta} z, \qquad y - Xw = y_\perp + U c z, \qquad
    1 - H_{ii} = \Big(1-\sum_j U_{ij}^2\Big) + \sum_j U_{ij}^2 c_j.

Residual and leverage complement are written with c, not as differences: their ratio, the leave-one-out residual,
keeps its accuracy as the ridge goes to zero and its limit is taken exactly. The bracket, what no fit reaches, is not
formed as a difference either where it is small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_matrix, data_eps, precision_name, refuse, within_range

__all__ = ["RidgePath", "ridge_path"]

Array = NDArray[np.float64]
# Squaring the condition number costs eps*s_max^2/(s_min^2 + ridge) in relative accuracy: 2e-10 at this ratio.
_GRAM_IS_ACCURATE = 1e-6
_FEW = 64  # rows below which eigenvectors cost no more than their tridiagonal form
# Below this 1 - h, times n^2, a row is refitted: n rows of Gaussians have one with probability 1e-3 sqrt(n) at most.
_OUTLIER = 1e-6


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


@dataclass(frozen=True)
class _Data:
    """Centred features and targets, the means, and the features that are decomposed."""

    features: Array  # (n, p)
    targets: Array  # (n, q)
    x_mean: Array
    y_mean: Array
    rows: Array  # a row less than the centred features where an intercept is fitted
    column: Array  # (p,), largest entries of the features as given

    @classmethod
    def of(cls, X: Array, y: Array, intercept: bool) -> _Data:
        """Data as they are, or centred for an intercept."""
        column = np.maximum(X.max(axis=0), -X.min(axis=0))
        if not intercept:
            return cls(X, y, np.zeros(X.shape[1]), np.zeros(y.shape[1]), X, column)
        (centred, x_mean), (targets, y_mean) = _centred(X), _centred(y)
        # a reflection takes the direction of ones to the first axis: no rounding of it can pass for a feature
        return cls(centred, targets, x_mean, y_mean, centred[1:] - centred[0] / (np.sqrt(len(X)) + 1), column)


@dataclass(frozen=True)
class _Fits:
    """What one fit for each ridge leaves; U c z and sum_j U_ij^2 c_j without their factor delta."""

    coefficients: Array  # (m, p, q)
    inner: Array  # (m, n, q)
    level: Array  # (m, n)
    filtered: Array  # (m,), the sum of c_j over delta
    rank: int
    reach: Array  # (n,), what no fit reaches of each row
    outside: Array  # (n, q), and of the targets


@dataclass(frozen=True)
class _Decomposition:
    """Thin SVD of the (centred) features, what the data's own rounding can be left out, and the means."""

    U: Array  # (n, r)
    s: Array  # (r,)
    V: Array  # (p, r)
    targets: Array  # (n, q), centred
    x_mean: Array
    y_mean: Array

    def coefficients(self, delta: Array) -> Array:
        filtered = self.s / (self.s**2 + delta[:, None])
        return np.asarray(np.einsum("pr,mr,rq->mpq", self.V, filtered, self.U.T @ self.targets, optimize=True))


def _svd(X: Array, least_ridge: float, gram: bool) -> tuple[Array, Array, Array]:
    """Thin decomposition: through the smaller Gram matrix where that may and loses nothing, else an SVD of X itself."""
    from scipy.linalg import eigh, svd

    n, p = X.shape
    if gram:
        squares, vectors = eigh(X.T @ X if p <= n else X @ X.T, driver="evd")
        top = max(float(squares[-1]), 0.0)
        if squares[0] + min(least_ridge, 0.0) > _GRAM_IS_ACCURATE * top:
            singular = np.sqrt(squares)
            other = (X @ vectors if p <= n else X.T @ vectors) / singular
            return (other, singular, vectors) if p <= n else (vectors, singular, other)
    U, singular, Vt = svd(X, full_matrices=False)
    return U, singular, Vt.T


def _centred(values: Array) -> tuple[Array, Array]:
    """Values without their column means, and the means: twice, since the first mean is rounded at the offset's size."""
    mean = values.mean(axis=0)
    once = values - mean
    rest = once.mean(axis=0)
    return once - rest, mean + rest


def _unreflected(U: Array) -> Array:
    """All rows, from those that the reflection of an intercept leaves."""
    n = len(U) + 1
    total = U.sum(axis=0) / np.sqrt(n)
    return np.vstack([-total, U - total / (np.sqrt(n) + 1)])


def _decompose(data: _Data, least_ridge: float, unit: float, gram: bool = True) -> _Decomposition:
    """Decompose the features up to their rounding, which is relative to the columns as given, offsets included."""
    n, p = data.features.shape
    means = data.targets, data.x_mean, data.y_mean
    if not data.rows.any():
        return _Decomposition(np.zeros((n, 0)), np.zeros(0), np.zeros((p, 0)), *means)
    U, s, V = _svd(data.rows, least_ridge, gram)
    noise = np.finfo(float).eps * s.max() + unit * np.linalg.norm(data.column[:, None] * V, axis=0)
    keep = s > max(n, p) * noise
    U, s, V = U[:, keep], s[keep], V[:, keep]
    return _Decomposition(U if len(U) == n else _unreflected(U), s, V, *means)


def _out_of_reach(fit: _Decomposition, intercept: bool) -> tuple[Array, Array]:
    """Diagonal of the projection P onto what no fit reaches, and P y, small diagonals without cancellation.

    P is idempotent: P_ii = sum_{j != i} P_ij^2 + P_ii^2, and off its diagonal it is minus the projection onto the fits.
    """
    n = len(fit.U)
    if fit.s.size == n - int(intercept):
        return np.zeros(n), np.zeros_like(fit.targets)
    basis = np.hstack([np.full((n, int(intercept)), n**-0.5), fit.U])
    reach = 1 - np.sum(basis**2, axis=1)
    outside = fit.targets - fit.U @ (fit.U.T @ fit.targets)
    high = np.flatnonzero(reach < 0.1)  # at most rank/0.9 rows
    across = basis[high] @ basis.T
    across[np.arange(high.size), high] = 0.0
    away = np.sum(across**2, axis=1)
    reach[high] = 2 * away / (1 + np.sqrt(np.maximum(1 - 4 * away, 0.0)))
    outside[high] = reach[high, None] * fit.targets[high] - across @ fit.targets
    reach[reach < (10 * n * np.finfo(float).eps) ** 2] = 0.0
    return reach, outside


def _left_out(X: Array, y: Array, i: int, delta: Array, intercept: bool, unit: float) -> Array:
    """Residual of row i under the fit to all other rows, which never see its size."""
    fit = _decompose(_Data.of(np.delete(X, i, 0), np.delete(y, i, 0), intercept), float(delta.min()), unit)
    moved = X[i] - fit.x_mean
    return np.asarray(y[i] - fit.y_mean - np.einsum("p,mpq->mq", moved, fit.coefficients(delta)))


def _spectral_fits(data: _Data, X: Array, delta: Array, intercept: bool, unit: float, gram: bool) -> _Fits:
    """Fits for all ridges from singular values and vectors."""
    fit = _decompose(data, float(delta.min()), unit, gram)
    U, s = fit.U, fit.s
    if s.size == 0:
        centring = f" after centring, to the rounding of {precision_name(unit)}" if intercept else ""
        raise refuse("X", X, f"it must not vanish{centring}")
    if delta.min() <= -(s.min() ** 2):
        raise refuse("ridges", delta, f"each must exceed -s_min**2 = {-(s.min() ** 2):.6g}")
    damped = 1 / (s**2 + delta[:, None])  # (m, r)
    inner = np.einsum("nr,mr,rq->mnq", U, damped, U.T @ fit.targets, optimize=True)
    reach, outside = _out_of_reach(fit, intercept)
    return _Fits(fit.coefficients(delta), inner, damped @ (U**2).T, damped @ np.ones(s.size), s.size, reach, outside)


def _tridiagonal_fits(data: _Data, delta: Array, unit: float) -> _Fits | None:
    """Fits that reach all rows, without eigenvectors; None where that loses digits.

    Asked of T: that no squared singular value is so small that the Gram matrix loses it, nor any of them rounding.
    """
    (n, p), size = data.features.shape, len(data.rows)
    from scipy.linalg.lapack import dpttrf

    from solvable.solvers.ridge.tridiagonal import shifted_inverses, tridiagonal_form

    diagonal, beside, rotation = tridiagonal_form(data.rows @ data.rows.T)
    around = np.abs(np.append(beside, 0.0)) + np.abs(np.append(0.0, beside))
    top = float((diagonal + around).max())
    noise = max(n, p) * (np.finfo(float).eps * np.sqrt(top) + unit * float(data.column.max()))
    if not np.isfinite(top) or dpttrf(diagonal - max(_GRAM_IS_ACCURATE * top, noise**2), beside)[2] != 0:
        return None
    turned = rotation()
    whole = turned if size == n else _unreflected(turned.T).T
    solved, level = shifted_inverses(diagonal, beside, whole, data.targets.T @ whole.T, delta)
    inner = solved.reshape(-1, size) @ whole
    coefficients = (inner @ data.features).reshape(delta.size, -1, p).transpose(0, 2, 1)
    inner = inner.reshape(delta.size, -1, n).transpose(0, 2, 1)
    nothing = np.zeros(n), np.zeros_like(data.targets)
    return _Fits(coefficients, inner, level, level.sum(axis=1), size, *nothing)


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
        Scalar or vector. Zero is the least-norm least-squares solution; a singular value counts as zero up to
        ``max(n, p)`` times the rounding of its direction: eps*s_max plus that of the columns as given (offsets
        included, in the precision of X). Negative ridges are allowed above minus the square of the smallest
        non-zero singular value (for p > n the stationary point in the row space).
    intercept : bool
        Fit an unpenalised intercept; leave-one-out stays exact. Shifts of X or y then change nothing but the
        intercept, up to the rounding of the shifted data themselves.

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
    eps times C = s_max/s_min of the singular values the ridge does not damp. A row of leverage h near one has
    1 - h and its residual from the off-diagonal entries of the projection, to eps C/sqrt(1 - h); below
    1 - h = 1e-6/n^2 the row is left out and the others are fitted, to eps times their own C.

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
    y2, unit = targets.reshape(n, -1), data_eps(X)
    data = _Data.of(features, y2, intercept)
    rows = len(data.rows)
    wide = _FEW <= rows <= features.shape[1] and delta.min() >= 0 and delta.size <= rows
    fits = _tridiagonal_fits(data, delta, unit) if wide else None
    if fits is None:
        fits = _spectral_fits(data, features, delta, intercept, unit, gram=not wide)
    inner, level, reach = fits.inner, fits.level, fits.reach
    residuals = fits.outside + delta[:, None, None] * inner
    alone = reach == 0  # rows the fit can reach fully: the factor delta cancels in the ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        loo = inner / level[..., None]
        if not alone.all():
            loo = np.where(alone[:, None], loo, residuals / (reach + delta[:, None] * level)[..., None])
    for i in np.flatnonzero(~alone & (reach < _OUTLIER / n**2)).tolist():
        loo[:, i] = _left_out(features, y2, i, delta, intercept, unit)
    train = np.mean(residuals**2, axis=1)
    freedom = fits.rank - delta * fits.filtered + int(intercept)
    if fits.rank == n - int(intercept):  # nothing is out of reach
        gcv = np.mean(inner**2, axis=1) / (fits.filtered[:, None] / n) ** 2
    else:
        gcv = train / ((n - int(intercept) - fits.rank + delta * fits.filtered)[:, None] / n) ** 2
    fitted = y2 - residuals

    def shaped(array: Array) -> Array:
        return array if targets.ndim == 2 else array[..., 0]

    offset = data.y_mean - np.einsum("p,mpq->mq", data.x_mean, fits.coefficients)
    return RidgePath(
        ridges=delta,
        coefficients=shaped(fits.coefficients),
        intercept=shaped(offset),
        fitted=shaped(fitted),
        train=shaped(train),
        leave_one_out=shaped(np.mean(loo**2, axis=1)),
        leave_one_out_residuals=shaped(loo),
        gcv=shaped(gcv),
        degrees_of_freedom=freedom,
    )
