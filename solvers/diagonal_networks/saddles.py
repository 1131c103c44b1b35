r"""The path of saddles that gradient flow on a diagonal network visits as its initial scale vanishes.

With time in units of :math:`\ln(1/\alpha)` the dual variable :math:`s` moves at the constant velocity
:math:`-\nabla L(\beta)` between jumps, and each coefficient keeps the sign on whose border its :math:`s_i` lies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_positive, as_real, as_scalar, read_regression, refuse, within_range

__all__ = ["SaddlePath", "saddle_to_saddle"]

Array = NDArray[np.float64]


@record
class SaddlePath:
    r"""Saddles in the order of their visit.

    Attributes
    ----------
    times : ndarray, shape (m,)
        Jump k leads from saddle k to saddle k + 1; units of :math:`\ln(1/\alpha)`.
    saddles : ndarray, shape (m + 1, d)
        Coefficients, the first row zero, the last the limit of the flow.
    losses : ndarray, shape (m + 1,)
        :math:`(1/2n)\|X\beta-y\|^2` at the saddles.
    """

    times: Array
    saddles: Array
    losses: Array

    def at(self, time: ArrayLike) -> Array:
        """Coefficients at rescaled times, shape (..., d)."""
        return self.saddles[np.searchsorted(self.times, as_real("time", time), side="right")]


@within_range
def saddle_to_saddle(X: ArrayLike, y: ArrayLike, most_jumps: int = 10_000) -> SaddlePath:
    r"""Saddles and jump times of gradient flow from vanishing initial scale.

    :math:`\beta=w_+^2-w_-^2`, :math:`w_\pm=\alpha\to0`, :math:`L=(1/2n)\|X\beta-y\|^2`. Between jumps
    :math:`s=s_0-2t\nabla L(\beta)`, t in units of :math:`\ln(1/\alpha)`; when a coordinate reaches :math:`s_i=\pm1` the
    flow jumps to the minimiser of L with :math:`\beta_i\ge0` where :math:`s_i=1`, :math:`\le0` where :math:`s_i=-1`,
    zero elsewhere. The last saddle is the minimum-l1 interpolator (the least-squares fit if X has full column rank).
    The flow at finite :math:`\alpha` deviates by :math:`O(1/\ln(1/\alpha))` in time. Coefficients may return to zero.

    Factors of two: papers with :math:`\beta=u\odot v` (gradients of u and v half as large) have jump times twice ours;
    for a loss :math:`c\|X\beta-y\|^2` multiply times by :math:`1/(2nc)`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design, columns in general position.
    y : array_like, shape (n,)
        Labels, any.
    most_jumps : int
        Give up beyond.

    Returns
    -------
    SaddlePath
        Times, saddles and losses.

    Raises
    ------
    ValueError
        Wrong shapes; a path with more than `most_jumps` jumps (columns not in general position).

    Notes
    -----
    The path ends where the gradient is below its own rounding: coefficients smaller than about 1e-14 of the labels
    are not seen.

    References
    ----------
    pesme2023saddle

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import saddle_to_saddle
    >>> path = saddle_to_saddle(np.eye(2), [2.0, -1.0])  # decoupled: coordinate i wakes at n/(2|y_i|)
    >>> path.times, path.saddles
    (array([0.5, 1. ]), array([[ 0.,  0.],
           [ 2.,  0.],
           [ 2., -1.]]))
    """
    design, labels = read_regression(X, y)
    limit = int(as_scalar("most_jumps", most_jumps, as_positive))
    n, d = design.shape
    size, width = np.abs(labels).max(), np.linalg.norm(design, axis=0).max()
    if size == 0:
        return SaddlePath(np.empty(0), np.zeros((1, d)), np.zeros(1))
    A, b = design / width, labels / size
    beta, s, now = np.zeros(d), np.zeros(d), 0.0
    times: list[float] = []
    saddles = [beta]
    while True:
        gradient = A.T @ (A @ beta - b) / n
        # coordinates that move freely have no gradient: what is left there is rounding
        gradient[(beta != 0) | (np.abs(gradient) <= _rounding(A, b, beta) / n)] = 0.0
        moving = gradient != 0
        if not moving.any():
            break
        if len(times) == limit:
            raise refuse(
                "most_jumps", limit, "the path is longer: raise it if the columns of X are in general position"
            )
        border = np.where(gradient < 0, 1.0, -1.0)
        wait = np.full(d, np.inf)
        wait[moving] = np.maximum((border - s)[moving] / -gradient[moving], 0.0)
        step = wait.min()
        s = np.clip(s - step * gradient, -1.0, 1.0)
        on = (wait <= step * (1 + 1e-9)) | (np.abs(np.abs(s) - 1) < 1e-9)
        s[on] = np.sign(s[on])
        now += step
        beta = _signed_least_squares(A, b, np.where(on, s, 0.0))
        times.append(now)
        saddles.append(beta)
    path = np.array(saddles) * (size / width)
    losses = np.sum((path @ design.T - labels) ** 2, axis=1) / (2 * n)
    return SaddlePath(np.array(times) / (2 * width * size), path, losses)


def _rounding(A: Array, b: Array, beta: Array) -> Array:
    """What A^T (b - A beta) may be off by."""
    return np.asarray(64 * np.finfo(float).eps * (np.abs(A).T @ (np.abs(A) @ np.abs(beta) + np.abs(b))))


def _signed_least_squares(A: Array, b: Array, signs: Array) -> Array:
    """Least squares with beta_i >= 0, <= 0 or = 0 by sign, its active set brought to optimality to rounding.

    The library's active set is optimal to an absolute tolerance, below which residuals late in a path may lie.
    """
    from scipy.optimize import nnls

    chosen = np.flatnonzero(signs)
    columns = A[:, chosen] * signs[chosen]
    held = nnls(columns, b)[0] > 0
    for _ in range(10 * chosen.size):
        found = np.zeros(chosen.size)
        found[held] = np.linalg.lstsq(columns[:, held], b, rcond=None)[0]
        if np.any(found < 0):
            held[np.argmin(found * np.linalg.norm(columns, axis=0))] = False
            continue
        slope = columns.T @ (b - columns @ found) - _rounding(columns, b, found)
        slope[held] = 0.0
        if np.all(slope <= 0):
            beta = np.zeros(A.shape[1])
            beta[chosen] = signs[chosen] * found
            return beta
        held[np.argmax(slope)] = True
    raise ArithmeticError("the least-squares fit at a saddle did not settle: columns of X are dependent to rounding")
