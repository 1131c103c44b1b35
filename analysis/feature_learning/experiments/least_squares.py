"""Least squares on drawn inputs under gradient flow, by the eigenvalues of drawn sample covariances."""

from __future__ import annotations

import numpy as np

__all__ = ["flow_error"]


def flow_error(rng: np.random.Generator, d: float, gamma: float, time: float, error: str) -> float:
    """Train or test error at a time, mean over random starts of square one."""
    size = round(d)
    X = rng.standard_normal((round(size / gamma), size))
    values = np.maximum(np.linalg.eigvalsh(X.T @ X / len(X)), 0.0)
    left = np.exp(-2 * values * time)  # squares of what is still wrong along each eigenvector
    return float(np.mean(left if error == "test" else values * left))
