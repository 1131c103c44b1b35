"""Prompts whose inputs are principal components of handwritten digits: real inputs, drawn tasks."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["components", "risks_on"]

Array = NDArray[np.float64]
Rng = np.random.Generator


@cache
def components(d: int) -> Array:
    """First d principal components of scikit-learn's 1,797 digits, centred, variances adding up to d."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    pixels = data.data - data.data.mean(axis=0)
    scores = pixels @ np.linalg.svd(pixels, full_matrices=False)[2][:d].T
    return np.asarray(scores / np.sqrt(np.mean(np.sum(scores**2, axis=1)) / d))


def risks_on(
    rng: Rng, inputs: str, n: int, d: int, noise_variance: float, preconditioner: Array, count: int
) -> tuple[float, float]:
    """Risk of a given preconditioner, and of the one that least squares learns on as many other prompts.

    Inputs are rows of the digits, or Gaussian with their covariance; tasks are drawn from N(0, I).
    """
    rows = components(d)
    sigma = rows.T @ rows / len(rows)
    parts = []
    for _ in range(2):
        if inputs == "digits":
            X = rows[rng.integers(len(rows), size=(count, n))]
        else:
            X = rng.standard_normal((count, n, d)) @ np.linalg.cholesky(sigma).T
        w = rng.standard_normal((count, d))
        y = np.einsum("kni,ki->kn", X, w) + np.sqrt(noise_variance) * rng.standard_normal((count, n))
        parts.append((np.einsum("kn,kni->ki", y, X), w))
    (S, w), (T, v) = parts
    learned = np.linalg.solve(T.T @ T, T.T @ v).T
    gaps = (S @ P.T - w for P in (preconditioner, learned))
    stated, own = (float(np.mean(np.sum((gap @ sigma) * gap, axis=1))) + noise_variance for gap in gaps)
    return stated, own
