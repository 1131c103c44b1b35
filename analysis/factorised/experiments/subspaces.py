"""Least squares over a random subspace of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["digit_losses", "left", "mean_left", "power_law_left", "solvable_at", "spread_of_left"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def left(rng: Rng, groups: int, size: int, d: int, draws: int) -> Array:
    """Least loss in each of `draws` subspaces: group g of `size` coordinates must sum to g, from zero."""
    wanted, found = np.arange(1.0, groups + 1), np.empty(draws)
    for i in range(draws):
        sums = rng.standard_normal((groups, size, d)).sum(axis=1)
        best = np.linalg.lstsq(sums, wanted, rcond=None)[0]
        found[i] = np.sum((sums @ best - wanted) ** 2)
    return found


def mean_left(rng: Rng, groups: int, size: int, d: int) -> float:
    """Mean over 32 subspaces."""
    return float(left(rng, groups, size, d, 32).mean())


def spread_of_left(rng: Rng, groups: int, size: int, d: int) -> float:
    """Unbiased variance over 32 subspaces."""
    return float(left(rng, groups, size, d, 32).var(ddof=1))


def solvable_at(rng: Rng, groups: int, size: int, at: float) -> float:
    """1/2 where a subspace of dimension `at` holds a solution, -1/2 where it does not."""
    loss = left(rng, groups, size, round(at), 1)[0]
    return 0.5 if loss < 1e-12 * groups**3 else -0.5


def power_law_left(rng: Rng, n: float, exponent: float, ratio: float) -> float:
    """Share of a loss with curvatures i^-exponent that a subspace leaves, all n modes equally wrong at the start."""
    size = round(n)
    roots = np.arange(1, size + 1) ** (-exponent / 2)
    basis = np.linalg.qr(roots[:, None] * rng.standard_normal((size, max(1, round(ratio * size)))))[0]
    wrong = rng.standard_normal(size)
    return float(1 - np.sum((basis.T @ wrong) ** 2) / np.sum(wrong**2))


def digit_losses(rng: Rng, X: Array, Y: Array, dimensions: Any) -> Array:
    """Share of the squared loss of a linear classifier that training in nested random subspaces leaves."""
    P = rng.standard_normal((X.shape[1], Y.shape[1], max(dimensions)))
    design = np.tensordot(X, P, axes=(1, 0)).reshape(-1, P.shape[2])
    basis = np.linalg.qr(design)[0]
    share = np.cumsum((basis.T @ Y.ravel()) ** 2) / np.sum(Y**2)
    return np.array([1 - share[d - 1] for d in dimensions])
