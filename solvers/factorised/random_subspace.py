r"""Training in a random subspace of the parameters: the loss that is left, and the dimension that suffices.

The toy problem has G groups of coordinates, the g-th of which must sum to g; the loss is
:math:`\sum_g(\mathrm{sum}_g-g)^2`, with no factor. Parameters are :math:`\theta_0+P\theta_d`, P Gaussian.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["SubspaceLoss", "intrinsic_dimension", "subspace_loss"]

Array = NDArray[np.float64]


@record
class SubspaceLoss(OnGrid):
    """Law of the least loss in a random subspace, over the grid of dimensions.

    Attributes
    ----------
    mean, variance : ndarray
        Moments over subspaces.
    start : float
        Loss before training.
    """

    mean: Array
    variance: Array
    start: float


@gridded("d", "start")
@within_range
def subspace_loss(groups: int, size: int, d: ArrayLike, start: ArrayLike = 0.0) -> SubspaceLoss:
    r"""Mean and variance of the least loss in a random subspace of dimension d.

    The group sums of a Gaussian P span an isotropic random subspace of :math:`R^G`. What is left of the first residual
    r is :math:`\|r\|^2(1-B)`, B of the Beta law with parameters d/2 and (G - d)/2: mean :math:`\|r\|^2(1-d/G)`,
    variance :math:`\|r\|^4\,2d(G-d)/(G^2(G+2))`, and exactly 0 from d = G on.

    Parameters
    ----------
    groups : int
        G, the dimension that suffices.
    size : int
        Coordinates of a group.
    d : array_like of int
        Dimension of the subspace, from 0 to G times `size`.
    start : float or array_like, shape (groups * size,)
        Parameters :math:`\theta_0`.

    Returns
    -------
    SubspaceLoss
        Moments over Gaussian P, shapes as of `d`.

    Raises
    ------
    ValueError
        Dimensions that are no whole numbers or exceed those of the parameters.

    Notes
    -----
    Columns of P that are scaled to length one change this by a relative O(1/(G size)).

    References
    ----------
    li2018measuring (the problem; this law derived)

    Examples
    --------
    >>> from solvable.solvers import subspace_loss
    >>> subspace_loss(10, 100, [3, 9, 10]).mean
    array([269.5,  38.5,   0. ])
    """
    G, many = as_whole("groups", groups), as_whole("size", size)
    check_room("groups", groups, float(G) * many)
    dimension = as_nonnegative("d", d)
    if not np.all((dimension == np.floor(dimension)) & (dimension <= G * many)):
        raise refuse("d", dimension, f"dimensions must be whole numbers up to {G * many:,}")
    theta = as_finite("start", start)
    if theta.ndim and theta.shape != (G * many,):
        raise refuse("start.shape", theta.shape, f"it must be a number or ({G * many},)")
    sums = theta.reshape(G, many).sum(axis=1) if theta.ndim else np.full(G, many * theta)
    square = float(np.sum((np.arange(1, G + 1) - sums) ** 2))
    used = np.minimum(dimension, G)
    mean = square * ((G - used) / G)
    variance = square * (square * (2 * used / G * ((G - used) / G) / (G + 2)))
    return SubspaceLoss(np.asarray(mean), np.asarray(variance), square)


@within_range
def intrinsic_dimension(dimensions: ArrayLike, performance: ArrayLike, baseline: float, share: float = 0.9) -> float:
    r"""Least dimension of a subspace in which training reaches a share of the performance without one.

    Parameters
    ----------
    dimensions : array_like, shape (T,)
        Dimensions that were tried, in any order.
    performance : array_like, shape (T,)
        What was reached in each, larger is better: an accuracy, or the share of the loss that was removed.
    baseline : float
        Performance of training all parameters, positive.
    share : float
        Share of it that is demanded, in (0, 1]: 0.9 by custom.

    Returns
    -------
    float
        The least of `dimensions` with ``performance >= share * baseline``; infinite where none has it.

    Raises
    ------
    ValueError
        Rows of unequal length, a share outside (0, 1].

    References
    ----------
    li2018measuring

    Examples
    --------
    >>> from solvable.solvers import intrinsic_dimension
    >>> intrinsic_dimension([1, 2, 4, 8], [0.1, 0.4, 0.93, 0.95], 0.96)
    4.0
    """
    tried, reached = as_nonnegative("dimensions", dimensions), as_finite("performance", performance)
    if tried.ndim != 1 or not tried.size:
        raise refuse("dimensions.shape", tried.shape, "it must be a row of dimensions")
    if reached.shape != tried.shape:
        raise refuse("performance.shape", reached.shape, f"it must be {tried.shape}, as the dimensions")
    part = as_scalar("share", share, as_positive)
    if part > 1:
        raise refuse("share", share, "it must lie in (0, 1]")
    enough = reached >= part * as_scalar("baseline", baseline, as_positive)
    return float(tried[enough].min()) if enough.any() else float("inf")
