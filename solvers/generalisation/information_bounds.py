r"""Mutual information between the difference of two losses and which of the two samples was trained on.

A supersample holds pairs; of each a fair coin U trains on the first (U = 0) or on the second. :math:`\Delta` is the 0/1
loss of the second less that of the first, so that the test error less the training error is
:math:`E[(-1)^U\Delta]`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.generalisation.deviations import log1p_less
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_nonnegative, data_eps, refuse, within_range

__all__ = ["LossDifferenceInformation", "loss_difference_information"]

Array = NDArray[np.float64]


@record
class LossDifferenceInformation(OnGrid):
    r"""Information and the bounds it gives, arrays over the tables.

    Attributes
    ----------
    information : ndarray
        :math:`I(\Delta;U)` in nats.
    interpolation_error : ndarray
        :math:`I/\ln2`: the test error of a learner that fits its training labels, exactly.
    square_root : ndarray
        :math:`\sqrt{2I}`: bounds the gap of any learner, averaged over the pairs.
    gap : ndarray
        :math:`E[(-1)^U\Delta]`, test error less training error.
    """

    information: Array
    interpolation_error: Array
    square_root: Array
    gap: Array


def _relative(t: Array) -> Array:
    """(1 + t) ln(1 + t) - t for t >= -1, without cancellation at 0."""
    alone, near = t <= -1, np.abs(t) < 0.3
    inside, small = np.where(alone, 0.0, t), np.where(near, t, 0.0)
    far = np.where(alone, 1.0, (1 + inside) * np.log1p(inside) - inside)
    return np.where(near, -(1 + small) * log1p_less(-small / (1 + small)), far)


@gridded(joint="... difference coin")
@within_range
def loss_difference_information(joint: ArrayLike) -> LossDifferenceInformation:
    r"""Information that a difference of 0/1 losses has about which sample was trained on, and its bounds.

    For a learner that fits its training labels the difference is 0 or has the sign of the coin, and
    :math:`I(\Delta;U)=\ln2\cdot P(\Delta\ne0)`: divided by :math:`\ln2` it *is* the test error. For any other learner
    :math:`|E(-1)^U\Delta|\le\sqrt{2I}`, as differences lie in [-1, 1].

    Parameters
    ----------
    joint : array_like, shape (..., 3, 2)
        Joint probabilities: :math:`\Delta=-1,0,1` down, the coin U = 0, 1 across; U = 0 trains on the first sample.

    Returns
    -------
    LossDifferenceInformation

    Raises
    ------
    ValueError
        Another shape, negative entries, tables that do not sum to 1 within 1e-9 (1e-6 in single
        precision).

    Notes
    -----
    A sum of positive terms, good to rounding also for small information as long as the table is. The identity for
    interpolating learners needs both values of the coin equally likely and :math:`\Delta=0` equally likely under
    both, as the symmetry of a supersample makes them.

    References
    ----------
    wang2023tighter

    Examples
    --------
    >>> from solvable.solvers import loss_difference_information
    >>> found = loss_difference_information([[0.0, 0.15], [0.35, 0.35], [0.15, 0.0]])
    >>> round(float(found.interpolation_error), 12), round(float(found.gap), 12)
    (0.3, 0.3)
    """
    table = as_nonnegative("joint", joint)
    if table.shape[-2:] != (3, 2):
        raise refuse("joint.shape", table.shape, "it must be (..., 3, 2), differences -1, 0, 1 by the coin 0, 1")
    total = table.sum(axis=(-2, -1))
    if np.any(np.abs(total - 1) > max(1e-9, 8 * data_eps(joint))):
        raise refuse("joint.sum()", total, "every table must sum to 1")
    table = table / total[..., None, None]  # what is left is the rounding of the table
    rows, columns = table.sum(axis=-1, keepdims=True), table.sum(axis=-2, keepdims=True)
    alone = rows * columns
    # p_d0 - p_d p_0 = p_d0 p_d'1 - p_d'0 p_d1 summed over the other differences: no cancellation of the totals
    first = table[..., 0] * columns[..., 0, 1, None] - table[..., 1] * columns[..., 0, 0, None]
    excess = np.stack([first, -first], axis=-1)
    t = np.divide(excess, alone, out=np.zeros_like(alone), where=alone > 0)
    information = np.sum(alone * _relative(np.maximum(t, -1.0)), axis=(-2, -1))
    gap = table[..., 2, 0] - table[..., 0, 0] + table[..., 0, 1] - table[..., 2, 1]
    return LossDifferenceInformation(
        np.asarray(information), np.asarray(information / np.log(2.0)), np.sqrt(2 * information), np.asarray(gap)
    )
