r"""Descent on a hyperparameter with inner problems solved only to a tolerance (HOAG)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_positive,
    as_scalar,
    check_room,
    read_regression,
    refuse,
    within_range,
)

__all__ = ["HyperDescentRun", "approximate_gradient_descent"]

Array = NDArray[np.float64]
_MOST_INNER = 10**6  # inner steps in all: minutes


@record
class HyperDescentRun:
    r"""A run of descent on the log-ridge.

    Attributes
    ----------
    log_ridges : ndarray, shape (K + 1,)
        Before each step and after the last.
    gradients : ndarray, shape (K,)
        Approximate hypergradients that were used.
    losses : ndarray, shape (K,)
        Validation loss at the approximate weights, :math:`\tfrac12\|X_{val}w-y_{val}\|^2`.
    inner_steps : ndarray of int, shape (K,)
        Steps spent on the weights and on the linear system.
    """

    log_ridges: Array
    gradients: Array
    losses: Array
    inner_steps: NDArray[np.int64]


def _descend(H: Array, ridge: float, right: Array, start: Array, goal: float, largest: float) -> tuple[Array, int]:
    """Gradient descent on the quadratic with Hessian H + ridge until the residual's norm is the goal."""
    x, steps, rate = start, 0, 1 / (largest + ridge)
    residual = right - H @ x - ridge * x
    while float(np.linalg.norm(residual)) > goal:
        x = x + rate * residual
        residual = right - H @ x - ridge * x
        steps += 1
        if steps > _MOST_INNER:
            raise refuse("tolerances", goal, f"the inner problem would take more than {_MOST_INNER:,} steps")
    return x, steps


@within_range
def approximate_gradient_descent(
    X: ArrayLike,
    y: ArrayLike,
    X_val: ArrayLike,
    y_val: ArrayLike,
    log_ridge: float,
    step_size: float,
    tolerances: ArrayLike,
) -> HyperDescentRun:
    r"""Descent on the logarithm of the ridge with inexact hypergradients, one step for each tolerance.

    At step k gradient descent on :math:`\tfrac12\|Xw-y\|^2+\tfrac12e^\ell\|w\|^2`, from the last weights, ends where
    the gradient is at most :math:`\epsilon_k\|X^Ty\|`; the linear system of the hypergradient is treated alike, to
    :math:`\epsilon_k\|\nabla g\|` with :math:`g=\tfrac12\|X_{val}w-y_{val}\|^2`; then
    :math:`\ell\leftarrow\ell-\eta p`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Training inputs.
    y : array_like, shape (n,)
        Training labels.
    X_val : array_like, shape (v, d)
        Validation inputs.
    y_val : array_like, shape (v,)
        Validation labels.
    log_ridge : float
        Start.
    step_size : float
        :math:`\eta`.
    tolerances : array_like, shape (K,)
        :math:`\epsilon_k`, positive. A summable sequence leads to a stationary point; a constant one stops
        short of it.

    Returns
    -------
    HyperDescentRun

    Raises
    ------
    ValueError
        Shapes that do not fit, inputs that vanish, tolerances that are not positive, inner problems of more
        than a million steps.

    Notes
    -----
    A simulation: it stops where the tolerances say. `ridge_hypergradient` gives the exact derivative.

    References
    ----------
    pedregosa2016hyperparameter

    Examples
    --------
    >>> from solvable.solvers import approximate_gradient_descent
    >>> run = approximate_gradient_descent([[1.0], [1.0]], [1.0, 3.0], [[1.0]], [1.0], 0.0, 2.0, [0.1 / k**2 for k in
    ...     range(1, 60)])
    >>> run.log_ridges[[0, -1]].round(3)  # w = 1 at ridge 2
    array([0.   , 0.693])
    """
    design, labels = read_regression(X, y)
    held = as_matrix("X_val", X_val, (None, design.shape[1]))
    targets = as_finite("y_val", y_val)
    if targets.shape != (len(held),):
        raise refuse("y_val.shape", targets.shape, f"it must be ({len(held)},), one label for each row of X_val")
    goals = as_positive("tolerances", tolerances)
    if goals.ndim != 1 or goals.size == 0:
        raise refuse("tolerances.shape", goals.shape, "it must be (K,), one for each step")
    check_room("tolerances", goals.size, goals.size * 4)
    place, rate = as_scalar("log_ridge", log_ridge), as_scalar("step_size", step_size, as_positive)
    H, right = design.T @ design, design.T @ labels
    largest = float(np.linalg.eigvalsh(H)[-1])
    w, s = np.zeros_like(right), np.zeros_like(right)
    places, gradients, losses, spent = [place], [], [], []
    for goal in goals:
        ridge = float(np.exp(place))
        w, first = _descend(H, ridge, right, w, goal * float(np.linalg.norm(right)), largest)
        residual = held @ w - targets
        outer = held.T @ residual
        s, second = _descend(H, ridge, outer, s, goal * float(np.linalg.norm(outer)), largest)
        gradients.append(-ridge * float(w @ s))
        losses.append(0.5 * float(residual @ residual))
        spent.append(first + second)
        place = place - rate * gradients[-1]
        places.append(place)
    return HyperDescentRun(np.array(places), np.array(gradients), np.array(losses), np.array(spent, dtype=np.int64))
