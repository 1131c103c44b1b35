r"""Error of the plug-in rule of two Gaussian classes, and of the best rule.

Classes at :math:`\pm\mu` with unit covariance, equally likely: the generative rule classifies by the sign of
:math:`(\hat\mu_+-\hat\mu_-)^T(x-\tfrac12(\hat\mu_++\hat\mu_-))` with the sample means of n balanced rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from solvable.solvers.validate import (
    as_choice,
    as_nonnegative,
    as_positive,
    as_whole,
    broadcast,
    refuse,
    within_range,
)

__all__ = ["bayes_error", "plug_in_error", "samples_to_reach"]

Array = NDArray[np.float64]


@within_range
def bayes_error(separation2: ArrayLike) -> Array:
    r"""Least error for two Gaussian classes at :math:`\pm\mu` with unit covariance, :math:`\Phi(-\|\mu\|)`.

    Parameters
    ----------
    separation2 : array_like
        :math:`\|\mu\|^2`: a quarter of the squared distance of the class means.

    Returns
    -------
    ndarray
        In the shape of `separation2`.

    Raises
    ------
    ValueError
        A negative separation.

    References
    ----------
    zheng2023revisiting

    Examples
    --------
    >>> from solvable.solvers import bayes_error
    >>> bayes_error([0.0, 1.0]).round(4)
    array([0.5   , 0.1587])
    """
    return np.asarray(ndtr(-np.sqrt(as_nonnegative("separation2", separation2))))


@within_range
def plug_in_error(n: ArrayLike, d: ArrayLike, separation2: ArrayLike, classes: int = 2) -> Array:
    r"""Error of the plug-in mean rule after n balanced samples in d dimensions, as d grows.

    .. math:: \Phi\Big(-\frac{\|\mu\|^2}{\sqrt{(\|\mu\|^2+d/n)(1+1/n)}}\Big)

    For K classes whose means are at equal distances :math:`2\|\mu\|`, rows go to the nearest sample mean:

    .. math:: \int\varphi(z)\big(1-\Phi(z+a)^{K-1}\big)dz,\qquad
        a=\frac{2\|\mu\|^2}{\sqrt{(2\|\mu\|^2+Kd/n)(1+K/(2n))}}

    It reaches the Bayes error when n exceeds :math:`d/\|\mu\|^2`: linear in d at fixed separation, and logarithmic or
    less only where the separation grows with d.

    Parameters
    ----------
    n, d : array_like
        Samples of both classes together, and dimensions.
    separation2 : array_like
        :math:`\|\mu\|^2`: a quarter of the squared distance of two class means.
    classes : int
        K, from 2 to 10,000; n holds the samples of all of them.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        Sizes that are not positive, a negative separation, fewer than two classes.

    Notes
    -----
    Moments of the rule's weights are replaced by their means: within 1 % from d = 30 and n = 2 d on, not exact at
    finite d.

    References
    ----------
    zheng2023revisiting (the comparison; this formula is derived)

    Examples
    --------
    >>> from solvable.solvers import plug_in_error
    >>> plug_in_error([40, 1000], 50, 1.0).round(4)
    array([0.2551, 0.1647])
    """
    count, dimension, mu2 = broadcast(
        n=as_positive("n", n), d=as_positive("d", d), separation2=as_nonnegative("separation2", separation2)
    )
    K = as_whole("classes", classes, 10_000)
    if K < 2:
        raise refuse("classes", classes, "there must be two to tell apart")
    if K > 2:
        return _of_many(2 * mu2 / np.sqrt((2 * mu2 + K * dimension / count) * (1 + K / (2 * count))), K)
    return np.asarray(ndtr(-mu2 / np.sqrt((mu2 + dimension / count) * (1 + 1 / count))))


_STEP = 0.04  # the integrand is analytic: errors fall as exp(-(pi/step)^2/2)


def _of_many(lead: Array, classes: int) -> Array:
    r"""Chance that one of K - 1 standard normals exceeds another one plus a lead, by the trapezoidal rule."""
    lead = np.minimum(lead, 90.0)  # beyond, the chance underflows
    z = _STEP * np.arange(-np.ceil((lead.max(initial=0.0) / 2 + 9) / _STEP), np.ceil(9 / _STEP) + 1)
    below = log_ndtr(z + lead[..., None]) * (classes - 1)
    return np.asarray(-np.expm1(below) @ np.exp(-z * z / 2) * (_STEP / np.sqrt(2 * np.pi)))


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


def _lost(mu: Array, gap: Array) -> Array:
    r"""By how much the argument of the best rule may fall: :math:`\Phi(-\mu+\delta)-\Phi(-\mu)=` gap.

    The difference is integrated, so that small gaps keep their digits.
    """

    def area(delta: Array) -> Array:
        place = -mu[:, None] + delta[:, None] / 2 * (1 + _NODES)
        return delta / 2 * np.asarray(np.exp(-(place**2) / 2) @ _WEIGHTS) / np.sqrt(2 * np.pi)

    delta = np.clip(mu + ndtri(np.minimum(ndtr(-mu) + gap, 0.5)), 0.0, mu)
    for _ in range(8):
        slope = np.exp(-((-mu + delta) ** 2) / 2) / np.sqrt(2 * np.pi)
        delta = np.clip(delta - (area(delta) - gap) / slope, 0.0, mu)
    return np.asarray(delta)


@within_range
def samples_to_reach(gap: ArrayLike, d: ArrayLike, separations: ArrayLike, rule: str = "plug-in") -> Array:
    r"""Balanced samples at which a rule's error is the Bayes error plus a gap, for two Gaussian classes.

    With :math:`t=-\Phi^{-1}(\Phi(-\|\mu\|)+\mathrm{gap})` the plug-in mean rule needs the n of
    :math:`(\|\mu\|^2+d/n)(1+1/n)=\|\mu\|^4/t^2`, the linear discriminant, which also estimates the covariance and is
    least squares on the labels, :math:`n=d\,\frac{\|\mu\|^4+t^2}{\|\mu\|^2(\|\mu\|^2-t^2)}`.

    Parameters
    ----------
    gap : array_like
        Positive.
    d : array_like
        Dimensions.
    separations : array_like
        :math:`\|\mu\|^2`, classes at :math:`\pm\mu` with unit covariance. Held fixed, the samples grow as d; a number
        for each d states how the separation grows.
    rule : {"plug-in", "discriminant"}
        Known or estimated covariance.

    Returns
    -------
    ndarray
        On the broadcast grid, not rounded to whole numbers; 0 where the gap reaches one half.

    Raises
    ------
    ValueError
        Gaps, dimensions or separations that are not positive, an unknown rule.

    Notes
    -----
    The plug-in error is that of `plug_in_error`; the discriminant's is
    :math:`\Phi(-\|\mu\|^2\sqrt{1-d/n}/\sqrt{\|\mu\|^2+d/n})`, as n and d grow together. Both are within a few
    per cent from d = 30 on.

    References
    ----------
    zheng2023revisiting (the comparison; these formulas are derived)

    Examples
    --------
    >>> from solvable.solvers import samples_to_reach
    >>> samples_to_reach(0.01, [10, 40, 160], 2.25).round(1)
    array([ 52.6, 179.6, 687. ])
    """
    excess, dimension, mu2 = broadcast(
        gap=as_positive("gap", gap), d=as_positive("d", d), separations=as_positive("separations", separations)
    )
    plug_in = as_choice("rule", rule, ("plug-in", "discriminant")) == "plug-in"
    mu = np.sqrt(mu2.reshape(-1))
    delta = _lost(mu, np.minimum(excess.reshape(-1), 0.5 - ndtr(-mu)))
    size, t = dimension.reshape(-1), mu - delta
    room = delta * (mu + t)  # mu^2 - t^2
    with np.errstate(divide="ignore"):
        if plug_in:  # d x^2 + (mu^2 + d) x = mu^2 room/t^2, x = 1/n
            middle, right = mu * mu + size, (mu / np.where(t > 0, t, 1.0)) ** 2 * room
            n = (middle + np.sqrt(middle**2 + 4 * size * right)) / (2 * right)
        else:
            n = size * (mu**4 + t * t) / (mu * mu * room)
    done = excess.reshape(-1) >= 0.5 - ndtr(-mu)
    return np.asarray(np.where(done, 0.0, n).reshape(excess.shape))
