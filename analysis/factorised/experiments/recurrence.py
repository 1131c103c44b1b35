"""Gradients carried back through recurrent networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["backpropagated", "largest_singular_value", "squared_growth"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def squared_growth(rng: Rng, n: float, gain: float, steps: int) -> float:
    """Mean squared norm of 50 random unit vectors after `steps` products with one Gaussian matrix."""
    size = round(n)
    W = gain * rng.standard_normal((size, size)) / np.sqrt(size)
    V = rng.standard_normal((size, 50))
    V /= np.linalg.norm(V, axis=0)
    for _ in range(steps):
        V = W @ V
    return float(np.mean(np.sum(V**2, axis=0)))


def largest_singular_value(rng: Rng, n: float, gain: float) -> float:
    """Of a Gaussian matrix of variance gain^2/n."""
    size = round(n)
    return float(np.linalg.norm(gain * rng.standard_normal((size, size)) / np.sqrt(size), 2))


def backpropagated(rng: Rng, W: Array, slope: float, steps: int) -> float:
    """Largest factor by which a network x' = W tanh(slope x) + noise multiplies a gradient that is carried back."""
    n = len(W)
    x, states = 0.1 * rng.standard_normal(n), []
    for _ in range(steps):
        states.append(x)
        x = W @ np.tanh(slope * x) + 0.1 * rng.standard_normal(n)
    carried = np.eye(n)
    for x in reversed(states):
        carried = (slope / np.cosh(slope * x) ** 2)[:, None] * (W.T @ carried)
    return float(np.linalg.norm(carried, 2))
