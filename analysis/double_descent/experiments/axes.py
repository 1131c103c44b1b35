"""Least squares along the four axes: one simulated error at a place on an axis, and the setting of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.double_descent.experiments.descent import descend
from solvable.analysis.double_descent.settings import eigenvalues

__all__ = ["NOISE", "epoch_wise_draw", "epoch_wise_powers", "epoch_wise_rise", "model_wise_draw", "rows_draw"]

Array = NDArray[np.float64]
Rng = np.random.Generator
NOISE = 0.1  # label noise on all four axes


def _labels(rng: Rng, X: Array, beta: Array) -> Array:
    return np.asarray(X @ beta + np.sqrt(NOISE) * rng.standard_normal((X.shape[0], beta.shape[1])))


def _fit(X: Array, y: Array, ridge: float) -> Array:
    n, d = X.shape
    if d > n:
        return np.asarray(X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(n), y))
    return np.asarray(np.linalg.solve(X.T @ X + ridge * np.eye(d), X.T @ y))


def model_wise_draw(rng: Rng, n: int, k: int, s: Array, power: Array, ridge: float) -> float:
    """Test error of ridge regression on k Gaussian random features of inputs with covariance diag(s)."""
    X = rng.standard_normal((n, s.size)) * np.sqrt(s)
    beta = np.sqrt(power / s)[:, None] * rng.choice([-1.0, 1.0], (s.size, 8))
    F = rng.standard_normal((s.size, k)) / np.sqrt(k)
    gap = F @ _fit(X @ F, _labels(rng, X, beta), ridge) - beta
    return float(np.mean(s @ gap**2) + NOISE)


def rows_draw(rng: Rng, n: int, s: Array, ridge: float) -> float:
    """Test error of ridge regression (least norm at ridge 0) with even weights: sample-wise and ridge-wise axes."""
    X = rng.standard_normal((n, s.size)) * np.sqrt(s)
    beta = rng.choice([-1.0, 1.0], (s.size, 8)) / np.sqrt(s.sum())
    gap = _fit(X, _labels(rng, X, beta), ridge) - beta
    return float(np.mean(s @ gap**2) + NOISE)


def epoch_wise_powers(n: int) -> tuple[Array, Array]:
    """Eigenvalues of 0.6n fast and 0.1n slow features, and the target's power: 0.7 in the fast ones."""
    s = eigenvalues("fast-and-slow", round(0.7 * n))
    fast = s == 1.0
    return s, np.where(fast, 0.7 / fast.sum(), 0.3 / (~fast).sum())


def epoch_wise_rise(rng: Rng, n: int, first: int, second: int, third: int) -> float:
    """The smaller of the two moves in a fall-rise-fall of the test error, at three numbers of steps; one design."""
    low, high, end = epoch_wise_draw(rng, n, np.array([first, second, third]), 0.3)
    return float(min(high - low, high - end))


def epoch_wise_draw(rng: Rng, n: int, steps: Array, step_size: float) -> Array:
    """Test error of gradient descent on fast and slow features at several numbers of steps, one design."""
    s, power = epoch_wise_powers(n)
    X = rng.standard_normal((n, s.size)) * np.sqrt(s)
    beta = np.sqrt(power / s)[:, None] * rng.choice([-1.0, 1.0], (s.size, 8))
    y = _labels(rng, X, beta)
    errors = [np.mean(s @ (descend(X, y, step_size, 0.0, int(t)) - beta) ** 2) for t in steps]
    return np.array(errors) + NOISE
