r"""Deviations of logarithms from their tangent, and Poisson probabilities through them, without cancellation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

__all__ = ["log1p_less", "log_poisson"]

Array = NDArray[np.float64]
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


def log1p_less(x: Array) -> Array:
    """ln(1 + x) - x for x > -1, without cancellation at 0.

    Parameters
    ----------
    x : ndarray
        Above -1.

    Returns
    -------
    ndarray
    """
    s = x / (2 + x)
    near = np.abs(x) < 0.3
    q = np.where(near, s, 0.0) ** 2
    series = sum(q**k / (2 * k + 3) for k in range(12))
    return np.where(near, -x * s + 2 * s * q * series, np.log1p(x) - x)


def log_poisson(j: Array, mean: float) -> Array:
    """Logarithms of mean^j e^-mean / Gamma(j + 1), good to rounding relative to their own size.

    The terms j ln(mean), mean and ln Gamma(j + 1) are together as small as the deviation of j from the mean.

    Parameters
    ----------
    j : ndarray
        From 0 on, whole or not.
    mean : float
        Positive.

    Returns
    -------
    ndarray
    """
    small = j < 16
    near, far = np.where(small, j, 0.0), np.where(small, 16.0, j)
    remainder = sum(c / far ** (2 * k + 1) for k, c in enumerate(_STIRLING))
    u = (mean - far) / far
    close = np.abs(u) < 0.3
    # ln(mean/far) itself where u has lost the digits of a mean far below
    exponent = np.where(close, log1p_less(np.where(close, u, 0.0)), np.log(mean) - np.log(far) - u)
    stirling = far * exponent - np.log(2 * np.pi * far) / 2 - remainder
    return np.where(small, near * np.log(mean) - mean - gammaln(near + 1), stirling)
