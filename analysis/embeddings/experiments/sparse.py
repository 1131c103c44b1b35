"""Lasso by coordinate descent, completion by accelerated proximal steps, least norms by other programs."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.embeddings.settings import source_tasks
from solvable.solvers.compiled import njit

__all__ = ["completed_entry", "drawn_lasso", "drawn_tasks", "lasso_prediction", "least_l1", "slipped_prediction"]

Array = NDArray[np.float64]
Rng = np.random.Generator


@njit(cache=True)
def _lasso(X, y, penalty, sweeps):  # type: ignore[no-untyped-def]
    """Minimise |y - X theta|^2/(2n) + penalty |theta|_1."""
    n, d = X.shape
    theta, left = np.zeros(d), y.copy()
    for _ in range(sweeps):
        for j in range(d):
            square, pull = 0.0, 0.0
            for i in range(n):
                square += X[i, j] ** 2
                pull += X[i, j] * left[i]
            pull = pull / n + square / n * theta[j]
            new = np.sign(pull) * max(abs(pull) - penalty, 0.0) * n / square
            for i in range(n):
                left[i] -= X[i, j] * (new - theta[j])
            theta[j] = new
    return theta


def drawn_lasso(rng: Rng, n: int, d: int, penalty: float) -> dict[str, Array]:
    """A sparse regression."""
    del penalty
    X = rng.standard_normal((n, d))
    return {"X": X, "y": X[:, :4] @ np.array([2.0, -1.5, 1.0, 0.5]) + 0.3 * rng.standard_normal(n)}


def lasso_prediction(X: Array, y: Array, penalty: float, sweeps: int = 3000) -> tuple[Array, dict[str, Array]]:
    """Predictions of the trained lasso at its samples, and the fit with its dual."""
    theta = _lasso(X, y, penalty, sweeps)
    return X @ theta, {"theta": theta, "dual": (y - X @ theta) / (len(y) * penalty)}


@cache
def _trained(n: int, d: int, penalty: float) -> tuple[Array, Array, Array]:
    """One sparse regression and its fit."""
    data = drawn_lasso(np.random.default_rng(0), n, d, penalty)
    return data["X"], data["y"], _lasso(data["X"], data["y"], penalty, 3000)


def slipped_prediction(rng: Rng, slip: float, n: int, d: int, penalty: float) -> float:
    """Largest error of the sum over samples when a trained lasso is moved by `slip` along its support, and its dual."""
    X, y, theta = _trained(n, d, penalty)
    theta = theta + slip * np.where(theta != 0, rng.choice([-1.0, 1.0], d), 0.0)
    dual = (y - X @ theta) / (n * penalty)
    return float(np.max(np.abs((X * np.abs(theta)) @ (X.T @ dual) - X @ theta)))


def completed_entry(rng: Rng, rows: int, columns: int, share: float, penalty: float) -> tuple[Array, dict[str, Array]]:
    """A completed random matrix of rank three, with the samples, the fit and its dual."""
    truth = rng.standard_normal((rows, 3)) @ rng.standard_normal((3, columns))
    known = rng.random((rows, columns)) < share
    theta, momentum, ahead = np.zeros_like(truth), 1.0, np.zeros_like(truth)
    for _ in range(6000):
        u, s, v = np.linalg.svd(np.where(known, truth, ahead), full_matrices=False)
        new = u * np.maximum(s - penalty, 0.0) @ v
        if np.sum((ahead - new) * (new - theta)) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - theta)
        if np.abs(new - theta).max() < 1e-16:
            break
        theta, momentum = new, following
    places = np.argwhere(known)
    samples = np.zeros((len(places), rows, columns))
    samples[np.arange(len(places)), places[:, 0], places[:, 1]] = 1.0
    return theta[known], {"X": samples, "theta": theta, "dual": (truth - theta)[known] / penalty}


def drawn_tasks(rng: Rng, k: int, tasks: int) -> dict[str, Array]:
    """Source tasks and a target."""
    W, w = source_tasks(rng, k, tasks)
    return {"W": W, "target": w}


def least_l1(W: Array, target: Array) -> float:
    """Squared least 1-norm of W nu = target, as the dual program: the largest target^T z with |W^T z| <= 1."""
    from scipy.optimize import linprog

    both = np.vstack([W.T, -W.T])
    found = linprog(-target, A_ub=both, b_ub=np.ones(len(both)), bounds=(None, None), method="highs")
    return float(found.fun) ** 2
