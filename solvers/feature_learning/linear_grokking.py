r"""Least squares by gradient flow on isotropic inputs: train error falls before test error, in closed form.

n rows of :math:`x\sim N(0,I_d)`, :math:`\gamma=d/n` kept as both grow; :math:`\Delta=w^*-w` with
:math:`E|\Delta_0|^2=1`, independent of the inputs; flow of :math:`\frac1{2n}\|X\Delta\|^2`. Errors without ½.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_nonnegative, as_positive, broadcast, within_range

__all__ = ["LinearGrokking", "linear_grokking"]

Array = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_RATIO = 3.0  # of the ends of a panel, whose integrand is then smooth on the scale of its place
_PANELS = 40


@record
class LinearGrokking(OnGrid):
    """Errors along the flow, arrays over the broadcast arguments; both start at 1.

    Attributes
    ----------
    train : ndarray
        Mean square of the residuals.
    test : ndarray
        Mean square on a fresh input, without noise.
    """

    train: Array
    test: Array


def _tail(gamma: Array, time: Array) -> Array:
    r"""Integral of :math:`e^{-2(x-l_-)t}` over the Marchenko-Pastur density, atom left out.

    :math:`x=l_-+4\sqrt\gamma\sin^2u`; panels in u fall towards 0, where the density of :math:`\gamma` near 1 and long
    times live, from where the exponential is below the least double on.
    """
    root = np.sqrt(gamma)
    low, width = ((1 - gamma) / (1 + root)) ** 2, 4 * root
    ends = np.pi / 2 * np.append(0.0, _RATIO ** -np.arange(_PANELS - 1.0, -1, -1))
    half = np.diff(ends) / 2
    u = (ends[:-1, None] + half[:, None] * (1 + _NODES)).ravel()
    weights = (half[:, None] * _WEIGHTS).ravel()
    found = np.empty(gamma.shape)
    for at in np.ndindex(gamma.shape):
        g, w, t = float(gamma[at]), float(width[at]), float(time[at])
        share = min(1.0, 20 / np.sqrt(max(t * w, 1.0)))
        square, other = np.sin(share * u) ** 2, np.cos(share * u) ** 2
        x = low[at] + w * square
        fall = np.exp(-np.minimum(2 * t * w * square, 800.0))
        found[at] = share * weights @ (w * w * square * other / (np.pi * g * x) * fall)
    return found


def _bessel(z: Array) -> Array:
    """Compute e^{-z} I_1(z)/z, by the first terms of its series where z is small or large."""
    from scipy.special import ive

    near, inside, far = np.minimum(z, 1e-8), np.clip(z, 1e-8, 1e6), np.maximum(z, 1e6)
    late = (1 - 3 / (8 * far) * (1 + 5 / (16 * far))) / np.sqrt(2 * np.pi * far) / far
    return np.where(z < 1e-8, np.exp(-near) / 2, np.where(z > 1e6, late, ive(1, inside) / inside))


@gridded("gamma", "times")
@within_range
def linear_grokking(gamma: ArrayLike, times: ArrayLike) -> LinearGrokking:
    r"""Train and test error of least squares under gradient flow, as d and n grow.

    train :math:`=\int xe^{-2xt}d\mu=2e^{-2(1+\gamma)t}I_1(4\sqrt\gamma t)/(4\sqrt\gamma t)` and test
    :math:`=\int e^{-2xt}d\mu`, :math:`\mu` the Marchenko-Pastur law of ratio :math:`\gamma`, with its atom
    :math:`1-1/\gamma` at 0 for :math:`\gamma>1`: the part of the target that no sample sees, a floor of the test error.

    Parameters
    ----------
    gamma : array_like
        :math:`\gamma=d/n>0`.
    times : array_like
        :math:`t\ge0`, at unit rate on :math:`\frac1{2n}\|X\Delta\|^2`.

    Returns
    -------
    LinearGrokking
        Both errors; `gamma` and `times` broadcast.

    Raises
    ------
    ValueError
        A ratio that is not positive, a negative time.

    Notes
    -----
    Both are good to 1e-13 relative until they underflow. At finite size edges of the spectrum move by
    :math:`d^{-2/3}`: beyond :math:`t\approx d^{2/3}` the errors of single draws do.

    References
    ----------
    levi2023grokking (these forms derived in docs/theory/feature_learning.md)

    Examples
    --------
    >>> from solvable.solvers import linear_grokking
    >>> found = linear_grokking(0.9, [0.0, 1.0, 100.0])
    >>> found.train.round(5), found.test.round(5)
    (array([1.000e+00, 9.552e-02, 6.000e-05]), array([1.     , 0.36359, 0.00857]))
    """
    g, t = broadcast(gamma=as_positive("gamma", gamma), times=as_nonnegative("times", times))
    root = np.sqrt(g)
    low = ((1 - g) / (1 + root)) ** 2
    decay = np.exp(-2 * low * t)
    test = decay * _tail(g, t) + np.maximum(0.0, (g - 1) / g)
    return LinearGrokking(np.asarray(2 * decay * _bessel(4 * root * t)), np.asarray(test))
