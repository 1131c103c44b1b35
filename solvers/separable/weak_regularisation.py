r"""Weakly regularised fits of separable tasks, one after another.

A fit of :math:`\sum e^{-z^Tw}+\frac\lambda2\|w-w_{t-1}\|^2` divided by :math:`\ln(1/\lambda)` tends to the projection
of the last weights onto :math:`\{w: z^Tw\ge 1\}` as :math:`\lambda\to0`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import gridded
from solvable.solvers.separable.margin_sequences import projected, read_tasks
from solvable.solvers.solution import OnFailure, Solution, Status, report_failures
from solvable.solvers.validate import as_positive, refuse, within_range

__all__ = ["weak_regularisation_path"]

Array = NDArray[np.float64]
_TOLERANCE = 1e-9
_NEWTON = 200


def _fit(Z: Array, start: Array, level: float) -> tuple[Array, float, bool, int]:
    """Minimise sum exp(level - Zw) + |w - start|^2/2 by damped Newton steps from the projection onto margin `level`."""
    w = level * projected(Z, start / level)
    residual = np.inf
    for count in range(1, _NEWTON + 1):  # noqa: B007
        terms = np.exp(level - Z @ w)
        slope = w - start - terms @ Z
        size = float(np.abs(w).max() + np.abs(start).max() + terms @ np.abs(Z).max(axis=1))
        residual = float(np.abs(slope).max()) / size
        if residual <= 64 * np.finfo(float).eps * (len(w) + level):
            break
        move = np.linalg.solve(np.eye(len(w)) + (Z.T * terms) @ Z, -slope)
        turn = np.abs(Z @ move).max()
        if turn <= 0.25:  # the quadratic model holds; below the rounding of the objective a line search would stall
            w = w + move
            continue
        share, descent = min(1.0, 1.0 / turn), float(slope @ move)
        value = float(terms.sum()) + float((w - start) @ (w - start)) / 2
        while True:
            trial = w + share * move
            if np.exp(level - Z @ trial).sum() + (trial - start) @ (trial - start) / 2 <= value + 0.1 * share * descent:
                break
            share /= 2
        w = trial
    return w, residual, residual <= _TOLERANCE, count


_AXES = {"value": "... task feature", **dict.fromkeys(("residual", "status", "iterations"), "... task one")}


@gridded("ridges", answer=_AXES)
@within_range
def weak_regularisation_path(
    tasks: Sequence[ArrayLike] | ArrayLike, ridges: ArrayLike, *, on_failure: OnFailure = "warn"
) -> Solution:
    r"""Weights after each task of weakly regularised continual learning, for each ridge.

    .. math:: w_t=\arg\min_w\sum_{z\in t}e^{-z^Tw}+\frac{\lambda}{2}\|w-w_{t-1}\|^2,\qquad w_0=0

    A sum over rows, no mean. Divided by :math:`\ln(1/\lambda)` it tends to `sequential_max_margin`, with an error of
    order :math:`\ln\ln(1/\lambda)/\ln(1/\lambda)`.

    Parameters
    ----------
    tasks : sequence of array_like, shapes (n_t, d)
        Rows y x of each task, in the order in which they are learned.
    ridges : array_like
        :math:`\lambda` in [1e-300, 0.5].
    on_failure : {"warn", "raise", "ignore"}
        What to do where the residual exceeds 1e-9.

    Returns
    -------
    Solution
        `value` of shape (..., T, d); `residual`, the largest entry of the gradient relative to the sum of what it is
        made of, `status` and `iterations` of shape (..., T, 1).

    Raises
    ------
    ValueError
        Ridges out of range, a zero row, a task that nothing separates.

    Notes
    -----
    The objective is divided by the ridge, which enters through its logarithm only. Newton steps are damped so that no
    exponent rises by more than one.

    References
    ----------
    evron2023continual

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import weak_regularisation_path
    >>> found = weak_regularisation_path([[[1.0, 0.0]]], [1e-3, 1e-300])
    >>> (found.value[:, 0, 0] / [np.log(1e3), np.log(1e300)]).round(4)  # w + ln w = ln(1/ridge)
    array([0.76  , 0.9905])
    """
    read, ridge = read_tasks(tasks), as_positive("ridges", ridges)
    if ridge.size == 0 or ridge.min() < 1e-300 or ridge.max() > 0.5:
        raise refuse("ridges", ridge, "they must lie in [1e-300, 0.5]")
    shape, d = (*ridge.shape, len(read), 1), read[0].shape[1]
    value, residual = np.empty((ridge.size, len(read), d)), np.empty((ridge.size, len(read)))
    status, count = np.empty(residual.shape, dtype=np.int8), np.empty(residual.shape, dtype=np.int64)
    for r, level in enumerate(-np.log(ridge.reshape(-1))):
        w = np.zeros(d)
        for t, Z in enumerate(read):
            w, residual[r, t], good, count[r, t] = _fit(Z, w, float(level))
            value[r, t] = w
            status[r, t] = Status.CONVERGED if good else Status.MAX_ITERATIONS
    found = Solution(
        value.reshape(*shape[:-1], d), residual.reshape(shape), status.reshape(shape), count.reshape(shape)
    )
    report_failures(found, "weak_regularisation_path", on_failure)
    return found
