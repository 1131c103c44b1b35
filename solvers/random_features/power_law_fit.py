r"""Exponents of a kernel's eigenvalues and of a target, estimated from a kernel matrix and labels, with error bars.

Eigenvalues of a kernel matrix give exponents badly: their tail is cut by the sample. Two sums over a part of n rows
do better. At ridge 0 the effective ridge, which falls as :math:`n^{-a}`, is :math:`1/\operatorname{tr}K_n^{-1}`, and
the error of interpolation, which falls as :math:`n^{-(b-1)}`, is that of leaving one row out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.random_features.power_law import overfitting_threshold
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_matrix, as_whole, data_eps, is_symmetric, refuse, within_range

__all__ = ["PowerLawExponents", "power_law_exponents"]

Array = NDArray[np.float64]


@record
class PowerLawExponents:
    r"""Estimated exponents, the threshold of obligatory overfitting, and what they were read from.

    Attributes
    ----------
    exponent, target_exponent : float
        a of eigenvalues :math:`i^{-a}` and b of target power :math:`i^{-b}`.
    threshold : float
        :math:`(b-a)/(a(a-1))`, the relative noise up to which interpolation is best; see `overfitting_threshold`.
    exponent_error, target_error, threshold_error : float
        Standard errors by the jackknife over the parts.
    sizes : ndarray, shape (levels,)
        Rows of the blocks, the largest first.
    effective_ridge, error : ndarray, shape (levels,)
        Geometric means over the blocks of :math:`1/\operatorname{tr}K_n^{-1}` and of the mean squared error of
        interpolation, each row left out in turn.
    """

    exponent: float
    target_exponent: float
    threshold: float
    exponent_error: float
    target_error: float
    threshold_error: float
    sizes: NDArray[np.int64]
    effective_ridge: Array
    error: Array


def _logs(K: Array, y: Array, n: int) -> Array:
    """Log of the effective ridge and of the error of each row by the others, mean over blocks of n rows."""
    rows = []
    for start in range(0, len(y), n):
        block = slice(start, start + n)
        try:
            np.linalg.cholesky(K[block, block])
            inverse = np.linalg.inv(K[block, block])
        except np.linalg.LinAlgError:
            raise refuse("K", f"singular in rows {start} to {start + n - 1}", "its blocks must be positive definite: "
                         "a kernel of fewer dimensions has no power law") from None  # fmt: skip
        error = np.mean((inverse @ y[block] / np.diag(inverse)) ** 2)
        if not error > 0:
            raise refuse("y", "all zero in a block", "interpolation must err, or its error has no exponent")
        rows.append([-np.log(np.trace(inverse)), np.log(error)])
    return np.asarray(np.mean(rows, axis=0))


def _threshold(a: float, b: float) -> float:
    for name, value in (("exponent", a), ("target exponent", b)):
        if not value > 1:
            raise refuse(
                "K, y", f"{name} {value:.3g}", "the estimate must exceed 1, or there is no power law to speak of"
            )
    return float(overfitting_threshold(a, b))


@within_range
def power_law_exponents(K: ArrayLike, y: ArrayLike, parts: int = 4, levels: int = 4) -> PowerLawExponents:
    r"""Estimate the exponents of a real kernel and target, and predict whether overfitting is obligatory.

    The rows are cut into `parts` parts, each of these into 1, 2, 4, ... blocks. For a block of n rows at ridge 0
    (un-normalised loss
    :math:`\|y-Kc\|^2+\delta c^TKc`)

    .. math:: \kappa_n=\frac1{\operatorname{tr}K_n^{-1}}\propto n^{-a},\qquad
        E_n=\frac1n\sum_i\Big(\frac{(K_n^{-1}y)_i}{(K_n^{-1})_{ii}}\Big)^2\propto n^{-(b-1)},

    the second exact for the error of each row predicted by the n - 1 others. Slopes of the logarithms over log n are
    the exponents, their scatter over the parts the error bars. Interpolation is predicted to be the best ridge for
    label noise up to `threshold` times the noiseless error; below 0 it never is.

    Parameters
    ----------
    K : array_like, shape (N, N)
        Kernel matrix, symmetric and positive definite; its rows in random order.
    y : array_like, shape (N,)
        Labels. Noise in them flattens the error: b is then too small, and so is the threshold.
    parts : int
        At least 2; their scatter is the error bar.
    levels : int
        Sizes of blocks, each half of the one before, from 2. The smallest block must hold 8 rows.

    Returns
    -------
    PowerLawExponents
        Exponents, threshold and their standard errors.

    Raises
    ------
    ValueError
        A matrix that is not square, not symmetric or singular, too few rows, exponents that come out below 1.

    Notes
    -----
    The last N mod (parts * 2^(levels-1)) rows are left out. Power laws are assumed: compare `effective_ridge` and
    `error` with straight lines. Error bars are statistical, corrections of order 1/n are not in them: on exact laws
    of Gaussian features (N = 1,600) a comes out .01 low, b within two error bars.

    References
    ----------
    simon2024more (the setting, and exponents from the trace of the inverse and from test errors; its threshold as
    derived here)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import power_law_exponents
    >>> i, rng = np.arange(1.0, 2001), np.random.default_rng(0)
    >>> X = rng.standard_normal((640, 2000))
    >>> found = power_law_exponents(X * i**-2.0 @ X.T, X @ (i**-1.5 * rng.choice([-1.0, 1.0], 2000)))
    >>> round(found.exponent, 1), abs(found.target_exponent - 3) < 0.1, found.threshold > 0  # overfitting is obligatory
    (2.0, True, True)
    """
    matrix, labels = as_matrix("K", K), as_finite("y", y)
    count, pieces = as_whole("parts", parts), as_whole("levels", levels, most=40)
    if matrix.shape[0] != matrix.shape[1]:
        raise refuse("K.shape", matrix.shape, "it must be square")
    if labels.shape != (len(matrix),):
        raise refuse("y.shape", labels.shape, f"it must be ({len(matrix)},), one label for each row of K")
    if not is_symmetric(matrix, data_eps(K)):
        raise refuse("K", "not symmetric", "a kernel matrix is its transpose")
    if count < 2 or pieces < 2:
        raise refuse(
            "parts, levels", (parts, levels), "at least 2 of each: slopes need two sizes, error bars two parts"
        )
    smallest = len(labels) // (count * 2 ** (pieces - 1))
    if smallest < 8:
        raise refuse(
            "K.shape", matrix.shape, f"{count} parts and {pieces} sizes need {8 * count * 2 ** (pieces - 1)} rows"
        )
    size, scale = float(np.mean(np.diag(matrix))), float(np.abs(labels).max())
    if not (size > 0 and scale > 0):
        raise refuse("K, y", (size, scale), "the diagonal of K and the labels must not be all zero")
    matrix, labels = matrix / size, labels / scale
    sizes = smallest * 2 ** np.arange(pieces)[::-1]
    cuts = [slice(p * sizes[0], (p + 1) * sizes[0]) for p in range(count)]
    logs = np.array([[_logs(matrix[c, c], labels[c], int(n)) for n in sizes] for c in cuts])
    x = np.log(sizes / sizes[0])
    x = x - x.mean()
    slopes = -np.einsum("l,plq->pq", x, logs) / (x @ x)
    found = slopes.mean(axis=0) + np.array([0.0, 1.0])
    left = (slopes.sum(axis=0) - slopes) / (count - 1) + [0.0, 1.0]
    threshold = _threshold(*found)
    estimates = np.column_stack([left, [_threshold(*row) for row in left]])
    spread = np.sqrt((count - 1) * np.mean((estimates - estimates.mean(axis=0)) ** 2, axis=0))
    mean = np.exp(logs.mean(axis=0)) * [size, scale**2]
    a, b, room = (float(error) for error in spread)
    return PowerLawExponents(
        float(found[0]), float(found[1]), threshold, a, b, room, sizes, np.array(mean[:, 0]), np.array(mean[:, 1])
    )
