r"""Error of the plug-in rule of two Gaussian classes, and of the best rule.

Classes at :math:`\pm\mu` with unit covariance, equally likely: the generative rule classifies by the sign of
:math:`(\hat\mu_+-\hat\mu_-)^T(x-\tfrac12(\hat\mu_++\hat\mu_-))` with the sample means of n balanced rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from solvable.solvers.validate import as_nonnegative, as_positive, broadcast, within_range

__all__ = ["bayes_error", "plug_in_error"]

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
def plug_in_error(n: ArrayLike, d: ArrayLike, separation2: ArrayLike) -> Array:
    r"""Error of the plug-in mean rule after n balanced samples in d dimensions, as d grows.

    .. math:: \Phi\Big(-\frac{\|\mu\|^2}{\sqrt{(\|\mu\|^2+d/n)(1+1/n)}}\Big)

    It reaches the Bayes error when n exceeds :math:`d/\|\mu\|^2`: linear in d at fixed separation, and logarithmic or
    less only where the separation grows with d.

    Parameters
    ----------
    n, d : array_like
        Samples of both classes together, and dimensions.
    separation2 : array_like
        :math:`\|\mu\|^2`.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        Sizes that are not positive, a negative separation.

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
    return np.asarray(ndtr(-mu2 / np.sqrt((mu2 + dimension / count) * (1 + 1 / count))))
