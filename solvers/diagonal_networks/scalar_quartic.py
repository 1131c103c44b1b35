r"""The smallest model of loss stabilisation at large steps: gradient descent on :math:`(1-\theta^2)^2/4`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_positive, refuse, within_range

__all__ = ["two_cycle"]


@within_range
def two_cycle(step_size: ArrayLike) -> NDArray[np.float64]:
    r"""Ends of the cycle of two points of gradient descent on the scalar quartic :math:`(1-\theta^2)^2/4`.

    .. math:: \theta' = \theta+\eta\theta(1-\theta^2), \qquad
              \theta_\pm = \tfrac12\Big(\sqrt{1+3/\eta}\pm\sqrt{1-1/\eta}\Big),

    a diagonal network of depth two with one weight and :math:`\theta^2` as its output. The cycle is born at
    :math:`\eta=1`, where the minimum loses its stability, and stable up to :math:`\sqrt5-1`; the mean of its two
    losses is :math:`(1-\eta^{-2})/8`.

    Parameters
    ----------
    step_size : array_like
        :math:`\eta\ge1`.

    Returns
    -------
    ndarray, shape (..., 2)
        Lower and upper end.

    Raises
    ------
    ValueError
        A step size below 1, which has no cycle.

    References
    ----------
    andriushchenko2023sgd (one-dimensional case, derived)

    Examples
    --------
    >>> from solvable.solvers import two_cycle
    >>> low, high = two_cycle(1.2)
    >>> bool(abs(low + 1.2 * low * (1 - low**2) - high) < 1e-14)
    True
    """
    eta = as_positive("step_size", step_size)
    if np.any(eta < 1):
        raise refuse("step_size", eta, "it must be at least 1: the minimum is stable below")
    middle, half = np.sqrt(1 + 3 / eta), np.sqrt((eta - 1) / eta)
    # the product of the ends is 1/eta: the lower one without a difference
    upper = (middle + half) / 2
    return np.asarray(np.stack([1 / (eta * upper), upper], axis=-1))
