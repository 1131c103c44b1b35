r"""The smallest eigenvalue of a square Gaussian sample: how long gradient descent takes to see the peak.

For k = n Gaussian rows and columns, :math:`P(n\lambda_{\min}(X^TX)\le x)\to 1-e^{-x/2-\sqrt x}`. The smallest
eigenvalue of :math:`X^TX/n` is therefore of order :math:`1/n^2`, and the error of least squares is reached after about
:math:`n^2` steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_nonnegative, as_real, refuse, within_range

__all__ = ["smallest_eigenvalue_cdf", "smallest_eigenvalue_quantile"]

Array = NDArray[np.float64]


@within_range
def smallest_eigenvalue_cdf(x: ArrayLike) -> Array:
    r"""Limiting probability that :math:`n\lambda_{\min}(X^TX)\le x` for a square Gaussian X of unit variance.

    X itself, not X/sqrt(n): in terms of :math:`S=X^TX/n` the variable is :math:`n^2\lambda_{\min}(S)`.

    Parameters
    ----------
    x : array_like
        Non-negative.

    Returns
    -------
    ndarray
        :math:`1-e^{-x/2-\sqrt x}`.

    Raises
    ------
    ValueError
        Negative x.

    References
    ----------
    edelman1988eigenvalues

    Examples
    --------
    >>> from solvable.solvers import smallest_eigenvalue_cdf
    >>> smallest_eigenvalue_cdf([0.1, 1.0]).round(4)
    array([0.3067, 0.7769])
    """
    value = as_nonnegative("x", x, infinite=True)
    return np.asarray(-np.expm1(-value / 2 - np.sqrt(value)))


@within_range
def smallest_eigenvalue_quantile(probability: ArrayLike) -> Array:
    r"""Inverse of `smallest_eigenvalue_cdf`: :math:`(\sqrt{1-2\log(1-p)}-1)^2`.

    Parameters
    ----------
    probability : array_like
        In [0, 1).

    Returns
    -------
    ndarray
        Quantiles of :math:`n\lambda_{\min}(X^TX)`, X square and Gaussian with unit variance.

    Raises
    ------
    ValueError
        Probabilities outside [0, 1).

    References
    ----------
    edelman1988eigenvalues

    Examples
    --------
    >>> from solvable.solvers import smallest_eigenvalue_quantile
    >>> float(smallest_eigenvalue_quantile(0.5).round(6))
    0.296767
    """
    p = as_real("probability", probability)
    if np.any((p < 0) | (p >= 1)):
        raise refuse("probability", p, "it must lie in [0, 1)")
    level = -2 * np.log1p(-p)
    return np.asarray((level / (1 + np.sqrt(1 + level))) ** 2)
