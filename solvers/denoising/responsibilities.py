"""What the denoisers of mixtures share: weights of the components, and what they answer with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_nonnegative, data_eps, refuse

__all__ = ["Denoised", "as_points", "as_weights", "from_logs"]

Array = NDArray[np.float64]


@record
class Denoised:
    """Posterior mean of the clean point, and of which component it is.

    Attributes
    ----------
    estimate : ndarray, shape (..., d)
        Posterior mean, in the shape of the points.
    responsibilities : ndarray, shape (..., K)
        Posterior probability of each component.
    """

    estimate: Array
    responsibilities: Array


def as_weights(weights: ArrayLike, count: int) -> Array:
    """Probabilities of so many components."""
    found = as_nonnegative("weights", weights)
    if found.shape != (count,):
        raise refuse("weights.shape", found.shape, f"it must be ({count},), one weight for each component")
    total = float(found.sum())
    if abs(total - 1) > max(1e-9, count * data_eps(weights)):
        raise refuse("weights", found, f"they must sum to 1, not {total:.9g}")
    return np.asarray(found / total)


def as_points(x: ArrayLike, size: int | None = None) -> Array:
    """One point or rows of points, of the given dimension; they are only to be read."""
    points = as_finite("x", x, copy=False)
    if points.ndim == 0 or 0 in points.shape:
        raise refuse("x.shape", points.shape, "it must be (..., d), points as rows")
    if size is not None and points.shape[-1] != size:
        raise refuse("x.shape", points.shape, f"it must be (..., {size})")
    return points


def from_logs(weights: Array, logs: Array) -> Array:
    """Normalised products of weights and exponentials of the rows of logs; underflow is a weight of zero."""
    with np.errstate(divide="ignore"):
        total = np.log(weights) + logs
    shares = np.exp(total - total.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
