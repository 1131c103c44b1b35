"""Unrolled descents, refits at shifted ridges, and inexact descent on a ridge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.curvature.settings import classification, regression_pair

__all__ = [
    "inexact_distance",
    "logistic_difference",
    "logistic_problem",
    "refit_slope",
    "ridge_problem",
    "tolerance_gap",
    "unrolled_less_exact",
    "unrolled_slope",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def ridge_problem(rng: Rng, n: int, d: int, **_: Any) -> dict[str, Array]:
    """Training and validation sets."""
    X, y, V, z = regression_pair(rng, n, d)
    return {"X": X, "y": y, "V": V, "z": z}


def _validation(log_ridge: complex, X: Array, y: Array, V: Array, z: Array) -> Any:
    """Half the squared validation error of the normal equations, complex ridges allowed."""
    w = np.linalg.solve(X.T @ X + np.exp(log_ridge) * np.eye(X.shape[1]), X.T @ y)
    return 0.5 * np.sum((V @ w - z) ** 2)


def refit_slope(rng: Rng, log_ridge: float, X: Array, y: Array, V: Array, z: Array, **_: Any) -> float:
    """Derivative by a complex step, which has no cancellation."""
    return float(np.imag(_validation(log_ridge + 1e-30j, X, y, V, z)) / 1e-30)


def _unrolled(log_ridge: complex, start: Array, steps: int, step: float, X: Array, y: Array, V: Array, z: Array) -> Any:
    w = start.astype(complex)
    for _ in range(steps):
        w = w - step * (X.T @ (X @ w - y) + np.exp(log_ridge) * w)
    return 0.5 * np.sum((V @ w - z) ** 2)


def _step(log_ridge: float, share: float, X: Array) -> float:
    """The share of the largest step, two over the largest curvature."""
    return share * 2 / (np.linalg.norm(X, 2) ** 2 + np.exp(log_ridge))


def unrolled_slope(
    rng: Rng, log_ridge: float, terms: int, share: float, X: Array, y: Array, V: Array, z: Array, **_: Any
) -> float:
    """Complex-step derivative of terms + 1 steps of descent that start at the minimiser."""
    start = np.linalg.solve(X.T @ X + np.exp(log_ridge) * np.eye(X.shape[1]), X.T @ y)
    step = _step(log_ridge, share, X)
    return float(np.imag(_unrolled(log_ridge + 1e-30j, start, terms + 1, step, X, y, V, z)) / 1e-30)


def unrolled_less_exact(rng: Rng, log_ridge: float, terms: int, share: float, **problem: Any) -> float:
    """What unrolling misses, in units of the exact derivative."""
    data = {name: problem[name] for name in ("X", "y", "V", "z")}
    exact = refit_slope(rng, log_ridge, **data)
    return (unrolled_slope(rng, log_ridge, terms, share, **data) - exact) / abs(exact)


def logistic_problem(rng: Rng, n: int, d: int, **_: Any) -> dict[str, Array]:
    """Training and validation sets of two classes."""
    X, y, V, z = classification(rng, n, d)
    return {"X": X, "y": y, "V": V, "z": z}


def _logistic_weights(ridge: Any, X: Array, y: Array) -> Any:
    """Newton's method on the sum of logistic losses plus half the ridge, complex ridges allowed."""
    w = np.zeros(X.shape[1], dtype=complex)
    for _ in range(60):
        p = 1 / (1 + np.exp(y * (X @ w)))
        gradient = -X.T @ (y * p) + ridge * w
        w = w - np.linalg.solve(X.T * (p * (1 - p)) @ X + ridge * np.eye(len(w)), gradient)
    return w


def logistic_difference(rng: Rng, log_ridge: float, X: Array, y: Array, V: Array, z: Array, **_: Any) -> float:
    """Complex-step derivative of the validation loss through refits of logistic regression."""
    w = _logistic_weights(np.exp(log_ridge + 1e-30j), X, y)
    return float(np.imag(np.sum(np.log1p(np.exp(-z * (V @ w))))) / 1e-30)


def _inexact(log_ridge: float, step_size: float, goals: Array, X: Array, y: Array, V: Array, z: Array) -> float:
    """Descent on the log-ridge; weights and adjoint by gradient descent to each goal, from where they were."""
    H, right = X.T @ X, X.T @ y
    top, place = np.linalg.norm(X, 2) ** 2, log_ridge
    w = s = np.zeros(len(right))

    def solve(x: Array, b: Array, goal: float) -> Array:
        while np.linalg.norm(b - H @ x - ridge * x) > goal * np.linalg.norm(b):
            x = x + (b - H @ x - ridge * x) / (top + ridge)
        return x

    for goal in goals:
        ridge = float(np.exp(place))
        w = solve(w, right, goal)
        s = solve(s, V.T @ (V @ w - z), goal)
        place = place + step_size * ridge * float(w @ s)
    return place


def inexact_distance(
    rng: Rng, log_ridge: float, tolerance: float, summable: bool, steps: int, X: Array, y: Array, V: Array, z: Array,
) -> float:  # fmt: skip
    """Size of the exact derivative where descent ends, the tolerances falling as 1/k² or constant."""
    k = np.arange(1, steps + 1)
    goals = tolerance / k**2 if summable else np.full(steps, tolerance)
    # a step that suits the curvature of the validation loss in the log-ridge, at most about |z|²/4
    end = _inexact(log_ridge, 4 / float(z @ z), goals, X, y, V, z)
    return abs(refit_slope(rng, end, X, y, V, z))


def tolerance_gap(rng: Rng, n: int, d: int, log_ridge: float, tolerance: float, steps: int) -> float:
    """Log of the derivative left by constant tolerances over that left by summable ones."""
    data = ridge_problem(rng, n, d)
    left = [inexact_distance(rng, log_ridge, tolerance, summable, steps, **data) for summable in (False, True)]
    return float(np.log(max(left[0], 1e-300) / max(left[1], 1e-300)))
