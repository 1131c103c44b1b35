r"""Linear classification trained in a floating-point format, every single operation rounded to it.

Sums are taken one term after another in the order of classes, rows and coordinates: where softmax collapses depends on
that order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.separable.logistic_descent import recorded_steps
from solvable.solvers.separable.softmax_edge import naive_minimisation_cosine
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    MOST_STEPS,
    as_choice,
    as_finite,
    as_kind,
    as_matrix,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["SoftmaxRun", "softmax_descent"]

Array = NDArray[np.float64]


@record
class SoftmaxRun:
    """Training of a linear classifier in a floating-point format.

    Attributes
    ----------
    times : ndarray of int, shape (C,)
        Steps after which the other fields were recorded, from 0 on.
    weights : ndarray, shape (C, d, K)
        In double precision, without rounding.
    loss : ndarray, shape (C,)
        Mean cross-entropy, as the format has it.
    accuracy : ndarray, shape (C,)
        Share of rows whose largest logit is the label's.
    silent : ndarray, shape (C,)
        Share of rows whose gradient in the label's logit is exactly 0.
    gradient_norm : ndarray, shape (C,)
        Length of the gradient in the weights, before any projection.
    cosine : ndarray, shape (C,)
        Of the descent direction with the weights; 0 where either vanishes.
    """

    times: NDArray[np.int64]
    weights: Array
    loss: Array
    accuracy: Array
    silent: Array
    gradient_norm: Array
    cosine: Array


def _sum(terms: Any, axis: int) -> Any:
    """Sum one after another; numpy would add in pairs."""
    moved = np.moveaxis(terms, axis, 0)
    total = moved[0].copy()
    for term in moved[1:]:
        total += term
    return total


def _products(left: Any, right: Any) -> Any:
    """Matrix product, the inner index added one after another."""
    total = left[:, :1] * right[:1]
    for k in range(1, left.shape[1]):
        total += left[:, k : k + 1] * right[k : k + 1]
    return total


def _gradient(z: Any, own: Any, stable: bool) -> tuple[Any, Any]:
    """Losses and gradients in the logits of each row."""
    one = z.dtype.type(1)
    if stable:
        size = abs(z)
        s = np.where(z >= 0, one + size, one / (one + size))
        slope = np.where(z >= 0, one, s * s)
        total = _sum(s, 1)[:, None]
        return np.log(total[:, 0]) - np.log(s[own]), slope / total - np.where(own, slope / s, z.dtype.type(0))
    shifted = z - z.max(axis=1, keepdims=True)
    terms = np.exp(shifted)
    total = _sum(terms, 1)[:, None]
    return np.log(total[:, 0]) - shifted[own], terms / total - own.astype(z.dtype)


@within_range
def softmax_descent(
    X: ArrayLike,
    labels: ArrayLike,
    step_size: float,
    steps: int,
    dtype: str = "float64",
    normaliser: str = "softmax",
    projection: bool = False,
    start: ArrayLike | None = None,
    checkpoints: int = 200,
) -> SoftmaxRun:
    r"""Gradient descent on the mean cross-entropy of a linear classifier, :math:`z = XW`, in a floating-point format.

    Inputs, weights, logits, probabilities, gradients and steps are rounded to the format after every operation, as is
    each partial sum. Softmax is taken after the largest logit is subtracted.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs.
    labels : array_like of int, shape (n,)
        Classes 0..K-1; K is one more than the largest label, or given by `start`.
    step_size : float
        Positive.
    steps : int
        Steps to make.
    dtype : {"float16", "float32", "float64"}
        The format.
    normaliser : {"softmax", "stablemax"}
        How logits become probabilities.
    projection : bool
        Remove the gradient's part along the weights before every step.
    start : array_like, shape (d, K), optional
        First weights, 0 unless given.
    checkpoints : int
        At most so many steps are recorded, at nearly equal ratios.

    Returns
    -------
    SoftmaxRun
        What was recorded.

    Raises
    ------
    ValueError
        Labels that are no classes, fewer than two classes, an unknown format, numbers that leave its range.

    Notes
    -----
    Half precision is made of operations in single precision, each rounded: the same as operations in half. Exponentials
    and logarithms are those of the platform, good to a unit in the last place.

    References
    ----------
    prieto2025grokking

    Examples
    --------
    >>> from solvable.solvers import softmax_descent
    >>> X, labels = [[1.0, 0.0], [0.0, 1.0]], [0, 1]
    >>> half = softmax_descent(X, labels, 8.0, 1000, dtype="float16")
    >>> stable = softmax_descent(X, labels, 8.0, 1000, dtype="float16", normaliser="stablemax")
    >>> half.loss[-1], half.silent[-1], bool(stable.loss[-1] > 0), stable.silent[-1]
    (np.float64(0.0), np.float64(1.0), True, np.float64(0.0))
    """
    number: Any = np.dtype(as_choice("dtype", dtype, ("float16", "float32", "float64"))).type
    design, classes = as_matrix("X", X), as_finite("labels", labels)
    if classes.shape != (len(design),):
        raise refuse("labels.shape", classes.shape, f"it must be {(len(design),)}, one class for each row of X")
    first = np.zeros((design.shape[1], int(classes.max()) + 1)) if start is None else as_matrix("start", start)
    if len(first) != design.shape[1]:
        raise refuse("start.shape", first.shape, f"it must be ({design.shape[1]}, K)")
    K = first.shape[1]
    if K < 2 or not np.all((classes == np.floor(classes)) & (classes >= 0) & (classes < K)):
        raise refuse("labels", classes, f"they must be whole numbers in 0..{max(K, 2) - 1}, and there are two classes")
    eta, count = as_scalar("step_size", step_size, as_positive), as_whole("steps", steps, MOST_STEPS)
    stable = as_choice("normaliser", normaliser, ("softmax", "stablemax")) == "stablemax"
    across = as_kind("projection", projection, bool, "it must be True or False")
    times = recorded_steps(count, as_whole("checkpoints", checkpoints))
    check_room("checkpoints", checkpoints, float(times.size) * first.size)
    own = classes[:, None] == np.arange(K)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        x, W, eta, n = design.astype(number), first.astype(number), number(eta), number(len(design))
    if not (np.isfinite(x).all() and np.isfinite(eta)):
        raise refuse("X, step_size", (float(np.abs(design).max()), step_size), f"they leave the range of {dtype}")
    kept: dict[str, list[Any]] = {name: [] for name in ("weights", "loss", "accuracy", "silent", "length", "cosine")}
    for step in range(count + 1):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            z = _products(x, W)
            losses, slopes = _gradient(z, own, stable)
            gradient = _products(x.T, slopes / n)
            mean = _sum(losses, 0) / n
        if not (np.isfinite(W).all() and np.isfinite(gradient).all() and np.isfinite(mean)):
            raise refuse("step_size", step_size, f"numbers leave the range of {dtype} at step {step}")
        if step == times[len(kept["loss"])]:
            wide, g = W.astype(np.float64), gradient.astype(np.float64)
            kept["weights"].append(wide)
            kept["loss"].append(float(mean))
            kept["accuracy"].append(float(np.mean(z[own] >= z.max(axis=1))))
            kept["silent"].append(float(np.mean(slopes[own] == 0)))
            kept["length"].append(float(np.linalg.norm(g)))
            kept["cosine"].append(naive_minimisation_cosine(g, wide) if g.any() and wide.any() else 0.0)
        if step == count:
            break
        if across and W.any():
            flat, w = gradient.reshape(-1), W.reshape(-1)
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                gradient = gradient - (_sum(flat * w, 0) / _sum(w * w, 0)) * W
        with np.errstate(over="ignore", invalid="ignore"):
            W = W - eta * gradient  # out of range, the next step says so
    found = {name: np.array(values) for name, values in kept.items()}
    return SoftmaxRun(
        times, found["weights"], found["loss"], found["accuracy"], found["silent"], found["length"], found["cosine"]
    )
