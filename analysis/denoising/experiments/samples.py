"""Rows on subspaces and in noise: principal components, clustering, information, EM, descent in a latent space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.denoising.settings import on_subspace, subspace_basis
from solvable.solvers import k_subspaces

__all__ = [
    "clusters_found",
    "glued_descent",
    "likeliest",
    "likeliest_prior",
    "measured_information",
    "missing_square",
    "more_than_half",
    "perturbed_chain",
    "recovered",
    "smoothed",
    "told_apart",
    "unlike_alone",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _distance2(rng: Rng, n: int, d: int, rows: int, noise: float) -> float:
    """Squared Frobenius distance of the projectors, what rows do not show completed at random."""
    U = subspace_basis(rng, n, d)
    right = np.linalg.svd(on_subspace(rng, U, rows, noise), full_matrices=False)[2][:d] if rows else np.empty((0, n))
    filled = np.linalg.qr(np.vstack([right, rng.standard_normal((d - len(right), n))]).T)[0]
    return float(2 * d - 2 * np.sum((filled.T @ U) ** 2))


def missing_square(rng: Rng, n: int, d: int, rows: int, noise: float = 0.0, trials: int = 20) -> float:
    """Mean squared distance from the subspace over trials."""
    return float(np.mean([_distance2(rng, n, d, rows, noise) for _ in range(trials)]))


def recovered(rng: Rng, n: int, d: int, rows: int) -> bool:
    """Whether one subspace is found exactly from so many rows."""
    return _distance2(rng, n, d, rows, 0.0) < 1e-8


def more_than_half(rng: Rng, n: int, d: int, at: float) -> float:
    """Share of exact recoveries from floor(at d) rows, less a half."""
    return float(np.mean([recovered(rng, n, d, int(at * d)) for _ in range(4)])) - 0.5


def smoothed(rng: Rng, n: int, d: int, noise: float) -> float:
    """Distance with d rows in noise, less half of what one missing direction makes."""
    return float(np.sqrt(missing_square(rng, n, d, d, noise, 4))) - np.sqrt(0.5)


def clusters_found(rng: Rng, n: int, d: int, rows: int, restarts: int = 20) -> bool:
    """Whether two subspaces are told apart from so many rows of each."""
    X = np.vstack([on_subspace(rng, subspace_basis(rng, n, d), rows) for _ in range(2)])
    truth, labels = np.repeat([0, 1], rows), k_subspaces(X, [d, d], restarts, rng).labels
    return bool(np.all(labels == truth) or np.all(labels != truth))


def told_apart(rng: Rng, n: int, d: int, at: float) -> float:
    """Share of successes with floor(at d) rows of each of two subspaces, less a half."""
    return float(np.mean([clusters_found(rng, n, d, int(at * d)) for _ in range(10)])) - 0.5


def measured_information(rng: Rng, mean: float, std: float, draws: int = 40_000) -> float:
    """Mean square of the difference quotient of the log-density."""
    x = rng.choice([-1.0, 1.0], draws) * mean + std * rng.standard_normal(draws)
    step = 1e-4 * std

    def log_density(m: float) -> Array:
        return np.asarray(np.logaddexp(-((x - m) ** 2) / (2 * std**2), -((x + m) ** 2) / (2 * std**2)))

    return float(np.mean(((log_density(mean + step) - log_density(mean - step)) / (2 * step)) ** 2))


def likeliest(x: Array, stds: Array, rounds: int = 80) -> Array:
    """EM for the mean of two symmetric components, from its moment estimate, for every row of x."""
    weight = 1 / stds**2
    m = np.sqrt(np.maximum(np.sum(weight**2 * (x**2 - stds**2), axis=1) / np.sum(weight**2), 0.01))
    for _ in range(rounds):
        m = np.sum(weight * x * np.tanh(x * m[:, None] * weight), axis=1) / np.sum(weight)
    return np.asarray(m)


def unlike_alone(rng: Rng, against: str, sets: int = 100) -> float:
    """Log ratio of squared errors: 200 clean rows, or 1,000 noisy ones, over the same 200 clean with 800 noisy."""
    stds = np.concatenate([np.full(200, 0.5), np.full(800, 2.0)])
    x = rng.choice([-1.0, 1.0], (sets, 1000)) + stds * rng.standard_normal((sets, 1000))
    mixed = np.mean((likeliest(x, stds) - 1) ** 2)
    if against == "clean":
        return float(np.log(np.mean((likeliest(x[:, :200], stds[:200]) - 1) ** 2) / mixed))
    noisy = rng.choice([-1.0, 1.0], (sets, 1000)) + 2.0 * rng.standard_normal((sets, 1000))
    return float(np.log(np.mean((likeliest(noisy, np.full(1000, 2.0)) - 1) ** 2) / mixed))


def glued_descent(operator: Array, decoder: Array, truth: Array, start: Array, steps: int = 20_000) -> Array:
    """Latent vector after descent by the measurement's gradient and the gluing residual, each with half a step."""
    y = operator @ (decoder @ truth)
    z: Any = start
    for _ in range(steps):
        image = decoder @ z
        glued = operator.T @ y + image - operator.T @ (operator @ image)
        move = 0.5 * (decoder.T @ glued - z) - 0.5 * decoder.T @ (operator.T @ (operator @ image - y))
        z = z + move
        if np.linalg.norm(move) < 1e-13:
            break
    return np.asarray(z)


def likeliest_prior(factors: Array, observations: Array, noise: float) -> float:
    """Variance of the likeliest Gaussian prior of numbers measured after factors: the mean profiled out, a search."""
    from scipy.optimize import minimize_scalar

    def loss(log: float) -> float:
        total = factors**2 * np.exp(log) + noise**2
        mean = np.sum(factors * observations / total) / np.sum(factors**2 / total)
        return float(np.sum((observations - factors * mean) ** 2 / total + np.log(total)))

    return float(np.exp(minimize_scalar(loss, bounds=(-6, 6), method="bounded", options={"xatol": 1e-10}).x))


def perturbed_chain(gains: Array, errors: Array) -> float:
    """Distance of a chain with an error in every step from the one without, started at the same point."""
    right = wrong = 1.0
    for g, e in zip(gains, errors, strict=True):
        right, wrong = g * right, g * wrong + e
    return wrong - right
