"""Covariances of inputs and tasks that the claims about in-context learning speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "covariance", "prior"]

Array = NDArray[np.float64]
LEVELS = ([0.1, 1.0, 4.0], [0.3, 0.4, 0.3])  # noise variances of a task and their probabilities


def covariance(name: str, d: int) -> Array:
    """``isotropic``, ``decaying`` (eigenvalues 2, 1, 1/2, ...) or ``correlated`` (0.5^lag, uneven variances)."""
    if name == "isotropic":
        return np.eye(d)
    if name == "decaying":
        return np.diag(2.0 ** (1.0 - np.arange(d)))
    scale = np.linspace(0.6, 1.5, d)
    lag = np.abs(np.subtract.outer(np.arange(d), np.arange(d)))
    return np.asarray(0.5**lag * np.outer(scale, scale))


def prior(name: str, d: int) -> Array:
    """As `covariance`, turned around, or ``inverse``: that of the correlated inputs."""
    if name == "inverse":
        return np.asarray(np.linalg.inv(covariance("correlated", d)))
    return np.asarray(covariance(name, d)[::-1, ::-1])
