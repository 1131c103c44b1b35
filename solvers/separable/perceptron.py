r"""The batch perceptron: what gradient descent on the logistic loss becomes at large step sizes.

With :math:`w=\theta/\gamma` a step of size :math:`\gamma` on :math:`\frac1n\sum_i\ln(1+e^{-y_ix_i^T\theta})` adds
:math:`\frac1n\sum_iy_ix_i\,s(-\gamma y_ix_i^Tw)`; as :math:`\gamma\to\infty` the sigmoid s is 1 for a wrong row, 1/2 on
the boundary and 0 for a right one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    MOST_STEPS,
    as_finite,
    as_kind,
    as_matrix,
    as_positive,
    as_scalar,
    as_whole,
    refuse,
    within_range,
)

__all__ = ["PerceptronBounds", "PerceptronRun", "batch_perceptron", "perceptron_bounds"]

Array = NDArray[np.float64]
_MOST = 10**7  # steps that are made one by one: minutes


@record
class PerceptronRun:
    """Weights of a batch perceptron.

    Attributes
    ----------
    weights : ndarray, shape (d,)
        After the last step made.
    errors : ndarray of int, shape (made + 1,)
        Rows that are wrong or on the boundary before each step and after the last.
    first_separated : int
        Steps until every row was right; -1 where that did not happen.
    """

    weights: Array
    errors: NDArray[np.int64]
    first_separated: int


@within_range
def batch_perceptron(X: ArrayLike, y: ArrayLike, steps: int, normalised: bool = False) -> PerceptronRun:
    r"""Batch perceptron from zero weights, :math:`w\leftarrow w+\frac1n\sum_ic_iy_ix_i`, until every row is right.

    :math:`c_i=1` for a wrong row, 1/2 on the boundary, 0 for a right one: the limit of gradient descent on the mean
    logistic loss (no factor one half) with w in units of the step size.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs.
    y : array_like, shape (n,)
        Labels +-1.
    steps : int
        At most so many; up to 10,000,000.
    normalised : bool
        Divide by :math:`\sum_ic_i` instead of n.

    Returns
    -------
    PerceptronRun
        It stops at the first separating weights, which further steps would not change.

    Raises
    ------
    ValueError
        Labels that are not +-1, a zero row, shapes that do not match.

    Notes
    -----
    Whether a margin is 0 is decided in floating point: after the first step that is a tie of rounding, as it is for
    gradient descent.

    References
    ----------
    tyurin2024logistic (the limit; the normalised form's factor is derived)

    Examples
    --------
    >>> from solvable.solvers import batch_perceptron
    >>> run = batch_perceptron([[1.0, 0.3], [1.0, 0.3], [-1.0, 0.3]], [1, 1, 1], 100)
    >>> run.first_separated, run.weights.round(3)
    (5, array([-0.167,  0.65 ]))
    """
    design = as_matrix("X", X)
    labels = as_finite("y", y)
    if labels.shape != (len(design),):
        raise refuse("y.shape", labels.shape, f"it must be {(len(design),)}, one label for each row of X")
    if not np.all(np.abs(labels) == 1):
        raise refuse("y", labels, "labels must be +1 or -1")
    count, share = (
        as_whole("steps", steps, min(_MOST, MOST_STEPS)),
        as_kind("normalised", normalised, bool, "it must be True or False"),
    )
    Z = design * labels[:, None]
    if not Z.any(axis=1).all():
        raise refuse(f"X[{int(np.argmin(Z.any(axis=1)))}]", 0.0, "a row of zeros is on every boundary")
    unit = float(np.abs(Z).max())
    Z = Z / unit
    w, errors = np.zeros(Z.shape[1]), []
    while True:
        margins = Z @ w
        errors.append(int(np.sum(margins <= 0)))
        if errors[-1] == 0 or len(errors) > count:
            break
        c = np.where(margins < 0, 1.0, np.where(margins == 0, 0.5, 0.0))
        w = w + Z.T @ (c / (c.sum() if share else len(Z)))
    return PerceptronRun(unit * w, np.array(errors), len(errors) - 1 if errors[-1] == 0 else -1)


@record
class PerceptronBounds:
    """Steps within which a perceptron separates.

    Attributes
    ----------
    batch : float
        The rule that divides by n.
    normalised : float
        The rule that divides by the sum of the c.
    """

    batch: float
    normalised: float


@within_range
def perceptron_bounds(radius: float, margin: float, n: int) -> PerceptronBounds:
    r"""Most steps of the batch perceptron, :math:`nR^2/\mu^2`, and of the normalised one, :math:`R^2/\mu^2+1`.

    From :math:`w_t^Tw^*\ge\mu\sum_sm_s/n` and :math:`\|w_t\|^2\le R^2\sum_s(m_s/n)^2`, m the wrong rows of a step.

    Parameters
    ----------
    radius : float
        R, length of the longest row.
    margin : float
        :math:`\mu\le R`, largest margin of unit weights through the origin.
    n : int
        Rows.

    Returns
    -------
    PerceptronBounds
        Of the batch rule and of the normalised rule.

    Raises
    ------
    ValueError
        A margin that is not positive or exceeds the radius.

    References
    ----------
    tyurin2024logistic (the subject; both bounds are derived)

    Examples
    --------
    >>> from solvable.solvers import perceptron_bounds
    >>> perceptron_bounds(1.0, 0.5, 10)
    PerceptronBounds(batch=40, normalised=5)
    """
    longest, least = as_scalar("radius", radius, as_positive), as_scalar("margin", margin, as_positive)
    if least > longest * (1 + 1e-12):
        raise refuse("margin", margin, f"it cannot exceed the radius {longest:g}")
    ratio = (longest / least) ** 2
    return PerceptronBounds(as_whole("n", n) * ratio, ratio + 1)
