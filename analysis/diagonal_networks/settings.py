"""Data sets of the family: sparse targets, Gaussian designs; all draws from the generator that is passed in."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "saddle_problem", "sparse_regression", "unit_sparse_regression"]

# numbers only: what makes an instance is drawn by it
USUAL = Domain(noise_variance=(0.0, 5.0), signal=(0.1, 5.0))

Array = NDArray[np.float64]


def sparse_regression(
    rng: np.random.Generator, n: int, d: int, sparsity: int, noise: float = 0.0
) -> tuple[Array, Array, Array]:
    """Gaussian design, target of ones on the first coordinates; returns X, y and the target."""
    X = rng.standard_normal((n, d))
    target = np.zeros(d)
    target[:sparsity] = 1.0
    return X, X @ target + noise * rng.standard_normal(n), target


@cache
def unit_sparse_regression(n: int = 80, d: int = 200, sparsity: int = 20) -> tuple[Array, Array, Array]:
    """One fixed noiseless problem with a positive target of unit norm: what differs between runs is the sampling."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    target = np.zeros(d)
    target[:sparsity] = np.abs(rng.standard_normal(sparsity))
    target /= np.linalg.norm(target)
    return X, X @ target, target


@cache
def saddle_problem(seed: int = 3, n: int = 5, d: int = 7) -> tuple[Array, Array]:
    """One fixed problem small enough to integrate the flow from scales like exp(-180)."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)
