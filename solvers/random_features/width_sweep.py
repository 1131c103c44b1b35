r"""Ridge regression on the first k of many features, for all k and all ridges of a sweep.

For every k the smaller Gram matrix is reduced once to tridiagonal form, :math:`G=QTQ^T`; every ridge then costs a
tridiagonal solve. For k < n the Gram matrices are leading blocks of one; for k >= n they grow by the new columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.ridge.path import ridge_path
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_matrix, as_nonnegative, refuse, within_range

__all__ = ["FeatureSweep", "random_feature_sweep"]

Array = NDArray[np.float64]
# below this share of the largest eigenvalue the Gram matrix has lost the digits the ridge needs: singular values then
_GRAM_IS_ACCURATE = 1e-9
_LEAST = 1e-290  # a smaller penalty has no inverse among doubles


@record
class FeatureSweep:
    """Fits on the first k features, axes (width, ridge, sample).

    Attributes
    ----------
    predictions : ndarray, shape (widths, ridges, test samples)
        On the rows of the test features.
    train : ndarray, shape (widths, ridges)
        Mean squared training residual.
    """

    predictions: Array
    train: Array


def _tridiagonal_solve(G: Array, right: Array, penalties: Array) -> Array:
    """Solve (G + penalty) x = right for all penalties, shape (size, penalties)."""
    from scipy.linalg.lapack import dormqr, dptsv, dsytrd, dsytrd_lwork

    size = G.shape[0]
    if size == 1:
        return np.asarray(right[:, None] / (G[0, 0] + penalties))
    work, _ = dsytrd_lwork(size, lower=1)
    reduced, diagonal, beside, tau, _ = dsytrd(G, lower=1, lwork=int(work))
    reflectors = np.asfortranarray(reduced[1:, :-1])
    rotated = right[:, None].copy(order="F")
    rotated[1:] = dormqr("L", "T", reflectors, tau, rotated[1:], 64 * size)[0]
    inner = np.empty((size, penalties.size), order="F")
    for j, penalty in enumerate(penalties):
        inner[:, j] = dptsv(diagonal + penalty, beside, rotated)[2][:, 0]
    inner[1:] = dormqr("L", "N", reflectors, tau, np.asfortranarray(inner[1:]), 64 * size)[0]
    return inner


@within_range
def random_feature_sweep(
    features: ArrayLike, y: ArrayLike, test_features: ArrayLike, widths: ArrayLike, ridges: ArrayLike
) -> FeatureSweep:
    r"""Predictions of ridge regression on the first k features, for all k in `widths` and all `ridges`.

    Minimises :math:`\|y-\Phi_kw\|^2+\delta\|w\|^2` with :math:`\Phi_k` the first k columns divided by
    :math:`\sqrt k`, the convention of `random_feature_risk`.

    Parameters
    ----------
    features : array_like, shape (n, K)
        Features of the training inputs, not divided.
    y : array_like, shape (n,)
        Labels.
    test_features : array_like, shape (m, K)
        The same features of the test inputs.
    widths : array_like
        Whole numbers in 1..K, in any order.
    ridges : array_like
        Not negative; 0 is the fit of least norm.

    Returns
    -------
    FeatureSweep
        Predictions and training errors.

    Raises
    ------
    ValueError
        Shapes that do not match, widths outside 1..K, negative ridges, NaN.

    Notes
    -----
    Ridges below 1e-9 of the largest eigenvalue are solved through singular values, at full accuracy.

    References
    ----------
    simon2024more (the setting)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import random_feature_sweep
    >>> rng = np.random.default_rng(0)
    >>> features, test = rng.standard_normal((20, 50)), rng.standard_normal((5, 50))
    >>> sweep = random_feature_sweep(features, features[:, 0], test, [10, 50], [0.0, 0.1])
    >>> sweep.predictions.shape, bool(abs(sweep.train[0, 0]) < 1e-25)
    ((2, 2, 5), True)
    """
    Phi, given = as_matrix("features", features), np.asarray(features)
    n, most = Phi.shape
    Phi_test = as_matrix("test_features", test_features, (None, most))
    target = as_finite("y", y)
    if target.shape != (n,):
        raise refuse("y.shape", target.shape, f"it must be ({n},), one label for each row of features")
    k = np.atleast_1d(as_finite("widths", widths))
    if k.ndim != 1 or k.size == 0 or np.any((k != np.round(k)) | (k < 1) | (k > most)):
        raise refuse("widths", k, f"it must be a vector of whole numbers from 1 to {most}")
    delta = np.atleast_1d(as_nonnegative("ridges", ridges))
    if delta.ndim != 1 or delta.size == 0:
        raise refuse("ridges.shape", delta.shape, "it must be a number or a non-empty vector")
    counts = k.astype(int)
    predictions = np.empty((counts.size, delta.size, Phi_test.shape[0]))
    train = np.empty((counts.size, delta.size))
    block = Phi[:, : counts[counts < n].max(initial=0)]
    primal, right = block.T @ block, block.T @ target
    dual, done = np.zeros((n, n)), 0
    for index in np.argsort(counts):
        width = int(counts[index])
        if width >= n:
            new = Phi[:, done:width]
            dual, done = dual + new @ new.T, width
        G = dual if width >= n else primal[:width, :width]
        penalties = width * delta
        # the trace bounds the largest eigenvalue to within a factor of the size
        safe = penalties > max(_GRAM_IS_ACCURATE * np.trace(G), _LEAST)
        if safe.any():
            found = _tridiagonal_solve(G, target if width >= n else right[:width], penalties[safe])
            weights = Phi[:, :width].T @ found if width >= n else found
            predictions[index, safe] = (Phi_test[:, :width] @ weights).T
            residual = penalties[safe] * found if width >= n else target[:, None] - Phi[:, :width] @ found
            train[index, safe] = np.mean(residual**2, axis=0)
        if not safe.all():
            path = ridge_path(given[:, :width], target, penalties[~safe])
            predictions[index, ~safe] = path.coefficients @ Phi_test[:, :width].T
            train[index, ~safe] = path.train
    if not (np.isfinite(predictions).all() and np.isfinite(train).all()):  # LAPACK does not report overflow
        raise FloatingPointError("overflow in the reduction to tridiagonal form")
    return FeatureSweep(predictions, train)
