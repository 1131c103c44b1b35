"""What is approached as the logarithm of time or ridge grows: gradient flow in ln t, weak fits by multipliers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.special import expit

from solvable.analysis.separable.experiments.margins import enumerated_sequence
from solvable.analysis.separable.settings import supported_rows, tasks

__all__ = ["angle_to_margin", "flow", "rows_with_known_margin", "weak_ridge_error", "weights_of_rows"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def rows_with_known_margin(rng: Rng, n: int, support: int, d: int, log_time: float) -> dict[str, Array]:
    """Rows of which the first `support` carry the separator of largest margin, and no other comes near."""
    del log_time
    return {"Z": supported_rows(rng, n, support, d)[0]}


def flow(Z: Array, log_time: float) -> Array:
    """Weights of gradient flow on the mean logistic loss at t = exp(log_time), integrated in ln t from t = 1 on."""
    n, d = Z.shape
    first = solve_ivp(lambda _, w: expit(-Z @ w) @ Z / n, (0, 1), np.zeros(d), rtol=1e-10, atol=1e-12).y[:, -1]

    def pulls(s: float, w: Array) -> tuple[Array, Array]:
        margins = Z @ w
        return np.exp(np.minimum(s - np.logaddexp(0.0, margins), 600.0)), expit(margins)

    def speed(s: float, w: Array) -> Array:
        return np.asarray(pulls(s, w)[0] @ Z / n)

    def slope(s: float, w: Array) -> Array:
        pull, share = pulls(s, w)
        return np.asarray(-(Z.T * (pull * share)) @ Z / n)

    run = solve_ivp(speed, (0, log_time), first, method="Radau", jac=slope, rtol=1e-9, atol=1e-9)
    return np.asarray(run.y[:, -1])


def weights_of_rows(rng: Rng, n: int, support: int, d: int, log_time: float, Z: Array) -> Array:
    """What the rows weigh in the gradient of the mean loss, times t."""
    del rng, support, d
    return np.asarray(np.exp(log_time - np.logaddexp(0.0, Z @ flow(Z, log_time))) / n)


def angle_to_margin(rng: Rng, n: int, support: int, d: int, data: int, log_time: float) -> float:
    """Angle of the flow to the separator of largest margin, which the rows were built around; rows by their seed."""
    del rng
    Z, best = supported_rows(np.random.default_rng(data), n, support, d)
    w = flow(Z, log_time)
    w, best = w / np.linalg.norm(w), best / np.linalg.norm(best)
    return float(2 * np.arcsin(np.linalg.norm(w - best) / 2))


def _weak_fit(Z: Array, start: Array, level: float) -> Array:
    """Weights of one weak fit, ridge exp(-level): Newton steps for the logarithms of the rows' pulls."""
    gram, b = Z @ Z.T, np.full(len(Z), np.log(level))
    for _ in range(2000):
        missing = b + Z @ start + gram @ np.exp(b) - level
        move = np.linalg.solve(np.eye(len(Z)) + gram * np.exp(b), -missing)
        b = b + move / max(1.0, float(np.abs(move).max()))
        if np.abs(move).max() < 1e-12:
            break
    return np.asarray(start + np.exp(b) @ Z)


def weak_ridge_error(rng: Rng, count: int, rows: int, d: int, data: int, log_ridge: float) -> float:
    """Distance of weak fits of tasks, over ln(1/ridge), from their projections, over ln ln(1/ridge)."""
    del rng
    sets = tasks(np.random.default_rng(data), count, rows, d)
    w = np.zeros(d)
    for Z in sets:
        w = _weak_fit(Z, w, log_ridge)
    gap = w / log_ridge - enumerated_sequence(sets, np.zeros(d), 1)
    return float(np.linalg.norm(gap) / np.log(log_ridge))
