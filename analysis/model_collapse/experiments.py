"""Matched experiments: chains of generators, each fitted to labels made by the one before. Plain linear algebra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.model_collapse.settings import eigenvalues, target_weights

__all__ = [
    "adaptive_gain_draw",
    "excess_draw",
    "generator_draw",
    "least_squares_draw",
    "linear_growth_draw",
    "power_law_draw",
    "power_law_excess_draw",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
_LABELS = 8  # independent truths and noises for each chain of designs


def _rows(rng: Rng, n: int, s: Array) -> Array:
    return np.asarray(rng.standard_normal((n, s.size)) * np.sqrt(s))


def _fit(X: Array, y: Array, ridge: float) -> Array:
    """Ridge regression, least norm at ridge 0, through the smaller normal equations."""
    n, d = X.shape
    if d > n:
        return np.asarray(X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(n), y))
    return np.asarray(np.linalg.solve(X.T @ X + ridge * np.eye(d), X.T @ y))


def _chain(
    rng: Rng, s: Array, w: Array, rows: int, generations: int, noise: float, lam: float = 0.0, same_data: bool = False
) -> Array:
    """Weights after the given number of generators."""
    X = _rows(rng, rows, s) if generations else np.zeros((0, s.size))
    for t in range(generations):
        if t and not same_data:
            X = _rows(rng, rows, s)
        w = _fit(X, X @ w + np.sqrt(noise) * rng.standard_normal((rows, w.shape[1])), rows * lam)
    return w


def _truth(rng: Rng, s: Array, smoothness: float | None = None) -> Array:
    return np.asarray(np.sqrt(target_weights(smoothness, s))[:, None] * rng.choice([-1.0, 1.0], (s.size, _LABELS)))


def _excess(rng: Rng, s: Array, truth: Array, labeller: Array, n: int, lam: float, noise: float) -> float:
    X = _rows(rng, n, s)
    y = X @ labeller + np.sqrt(noise) * rng.standard_normal((n, truth.shape[1]))
    return float(np.mean(s @ (_fit(X, y, n * lam) - truth) ** 2))


def excess_draw(
    rng: Rng, n: int, gamma: float, lam: float, covariance: str, rows: float, generations: int, noise_variance: float,
    generator_noise: float, generator_lam: float = 0.0, same_data: bool = False,
) -> float:  # fmt: skip
    """Excess error of the final ridge fit; `rows` is relative to d, `gamma` = d/n, ridges are normalised."""
    s = eigenvalues(covariance, round(gamma * n))
    truth = _truth(rng, s)
    w = _chain(rng, s, truth, round(rows * s.size), generations, generator_noise, generator_lam, same_data)
    return _excess(rng, s, truth, w, n, lam, noise_variance)


def generator_draw(
    rng: Rng, d: int, rows: int, generations: int, generator_noise: float, quantity: str, same_data: bool
) -> float:
    """Squared norm of the last generator's weights, or their squared distance from the truth; isotropic rows."""
    s = np.ones(d)
    truth = _truth(rng, s)
    w = _chain(rng, s, truth, rows, generations, generator_noise, same_data=same_data)
    gap = w if quantity == "power" else w - truth
    return float(np.mean(np.sum(gap**2, axis=0)))


def least_squares_draw(
    rng: Rng, n: int, d: int, covariance: str, generator_samples: int, generations: int, noise_variance: float,
    generator_noise: float,
) -> float:  # fmt: skip
    """Excess error when every fit is least squares."""
    s = eigenvalues(covariance, d)
    truth = _truth(rng, s)
    w = _chain(rng, s, truth, generator_samples, generations, generator_noise)
    return _excess(rng, s, truth, w, n, 0.0, noise_variance)


def linear_growth_draw(
    rng: Rng, n: int, d: int, lam: float, generator_samples: int, first: int, second: int, generator_noise: float
) -> float:
    """Growth of the excess a generation, between two numbers of generations."""
    s = eigenvalues("spread", d)
    truth = _truth(rng, s)
    errors = [
        _excess(rng, s, truth, _chain(rng, s, truth, generator_samples, t, generator_noise), n, lam, 0.0)
        for t in (first, second)
    ]
    return (errors[1] - errors[0]) / (second - first)


def _unit_noise_excess(X: Array, s: Array, ridge: float) -> float:
    """Excess error of a fit to unit noise, averaged over it: tr S A^-1 X^T X A^-1 with A = X^T X + ridge."""
    n, d = X.shape
    if d > n:
        fitted = np.linalg.solve(X @ X.T + ridge * np.eye(n), X)
        return float(np.sum(s * np.sum(fitted**2, axis=0)))
    inverse = np.linalg.inv(X.T @ X + ridge * np.eye(d))
    return float(s @ (np.diagonal(inverse) - ridge * np.sum(inverse**2, axis=0)))


def power_law_draw(
    rng: Rng, n: int, capacity: float, smoothness: float, ridge_exponent: float, quantity: str, modes: int
) -> float:
    """Bias or variance of ridge regression at lambda = n^-ell on the first `modes` modes of a power law."""
    s = eigenvalues(f"power-{capacity}", modes)
    X, lam = _rows(rng, n, s), n**-ridge_exponent
    if quantity == "variance":
        return _unit_noise_excess(X, s, n * lam)
    truth = _truth(rng, s, smoothness)
    return float(np.mean(s @ (_fit(X, X @ truth, n * lam) - truth) ** 2))


def power_law_excess_draw(
    rng: Rng, n: int, capacity: float, smoothness: float, ridge_exponent: float, modes: int, rows: int,
    generations: int, generator_noise: float, noise_variance: float,
) -> float:  # fmt: skip
    """Excess error at lambda = n^-ell on a power law, after generators of least squares on `rows` rows."""
    s = eigenvalues(f"power-{capacity}", modes)
    truth = _truth(rng, s, smoothness)
    w = _chain(rng, s, truth, rows, generations, generator_noise)
    return _excess(rng, s, truth, w, n, n**-ridge_exponent, noise_variance)


def adaptive_gain_draw(
    rng: Rng, n: int, capacity: float, smoothness: float, clean: float, adaptive: float, generations: int,
    noise_growth: float, noise_variance: float = 0.01, modes: int = 400,
) -> float:  # fmt: skip
    """Log of the error at the clean ridge exponent over that at the adaptive one, same generators and data law.

    All generators together add label noise of variance n^noise_growth.
    """
    s = eigenvalues(f"power-{capacity}", modes)
    truth = _truth(rng, s, smoothness)
    w = _chain(rng, s, truth, 2 * modes, generations, n**noise_growth / generations)
    X = _rows(rng, n, s)
    y = X @ w + np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS))
    errors = [np.mean(s @ (_fit(X, y, n ** (1 - ell)) - truth) ** 2) for ell in (clean, adaptive)]
    return float(np.log(errors[0] / errors[1]))
