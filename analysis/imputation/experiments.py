"""Matched experiments: masks drawn or enumerated, predictors fitted on zero-imputed inputs. No ridge identity.

Errors of fitted predictors are averaged over fresh inputs and masks through the two second moments of what the
predictor sees, E z z^T and E z y, which only removes the noise of a finite test set.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.imputation.settings import covariance as matrix
from solvable.analysis.imputation.settings import leading_target, target

__all__ = [
    "averaged_sgd_draw",
    "averaged_sgd_gain",
    "best_enumerated_risk",
    "best_enumerated_weights",
    "bias_draw",
    "enumerated_risk",
    "imputed_fit_draw",
    "random_problem",
    "random_weights",
    "sampled_risk",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def enumerated_risk(theta: Array, sigma: Array, beta: Array, observed: float) -> float:
    """E (beta.x - theta.(mask x))^2 with every mask enumerated."""
    total = 0.0
    for mask in itertools.product((0.0, 1.0), repeat=len(beta)):
        seen = sum(mask)
        gap = beta - np.array(mask) * theta
        total += observed**seen * (1 - observed) ** (len(mask) - seen) * float(gap @ sigma @ gap)
    return total


def random_problem(rng: Rng, d: int, observed: float) -> dict[str, Array]:
    """Covariance with unequal variances, and a target."""
    del observed
    F = rng.standard_normal((d, d + 1)) * np.exp(0.5 * rng.standard_normal((d, 1)))
    return {"sigma": F @ F.T / d, "beta": rng.standard_normal(d)}


def random_weights(rng: Rng, d: int, observed: float) -> dict[str, Array]:
    """A random problem and weights to judge on it."""
    return {**random_problem(rng, d, observed), "theta": rng.standard_normal(d)}


def _enumerated_moments(sigma: Array, beta: Array, observed: float) -> tuple[Array, Array]:
    """E z z^T and E z y of imputed inputs z, mask by mask."""
    d = len(beta)
    moment, cross = np.zeros((d, d)), np.zeros(d)
    for mask in itertools.product((0.0, 1.0), repeat=d):
        P, seen = np.array(mask), sum(mask)
        weight = observed**seen * (1 - observed) ** (d - seen)
        moment += weight * sigma * np.outer(P, P)
        cross += weight * P * (sigma @ beta)
    return moment, cross


def best_enumerated_weights(sigma: Array, beta: Array, observed: float) -> Array:
    """Weights of least risk on imputed inputs, by normal equations."""
    return np.asarray(np.linalg.solve(*_enumerated_moments(sigma, beta, observed)))


def best_enumerated_risk(sigma: Array, beta: Array, observed: float) -> float:
    """Least risk over all weights."""
    _, cross = _enumerated_moments(sigma, beta, observed)
    return float(beta @ sigma @ beta - cross @ best_enumerated_weights(sigma, beta, observed))


def _root(sigma: Array) -> Array:
    values, vectors = np.linalg.eigh(sigma)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def sampled_risk(rng: Rng, d: int, covariance: str, observed: float, count: int = 2000) -> float:
    """Error of the weights (1, ..., 1)/sqrt d from drawn inputs and masks."""
    sigma = matrix(covariance, d)
    X = rng.standard_normal((count, d)) @ _root(sigma).T
    Z = X * (rng.random(X.shape) < observed)
    return float(np.mean((X @ target(sigma) - Z.sum(axis=1) / np.sqrt(d)) ** 2))


@cache
def _setting(name: str, d: int, observed: float, leading: bool = False) -> tuple[Array, Array, Array, Array, Array]:
    """Root of the covariance, target, and the moments E z z^T, E z y of imputed inputs, by mask probabilities."""
    sigma = matrix(name, d)
    beta = leading_target(sigma) if leading else target(sigma)
    both_seen = np.full((d, d), observed**2)
    np.fill_diagonal(both_seen, observed)
    return _root(sigma), beta, both_seen * sigma, observed * sigma @ beta, sigma


def _error(theta: Array, setting: tuple[Array, ...]) -> float:
    """Error on fresh imputed inputs, without label noise."""
    _, beta, moment, cross, sigma = setting
    return float(beta @ sigma @ beta - 2 * theta @ cross + theta @ moment @ theta)


def imputed_fit_draw(
    rng: Rng, n: int, gamma: float, lam: float, covariance: str, observed: float, noise_variance: float
) -> float:
    """Test error of one ridge fit (normalised ridge `lam`) on n imputed rows in d = gamma n dimensions."""
    d = round(gamma * n)
    setting = _setting(covariance, d, observed)
    X = rng.standard_normal((n, d)) @ setting[0].T
    y = X @ setting[1] + np.sqrt(noise_variance) * rng.standard_normal(n)
    Z = X * (rng.random((n, d)) < observed)
    theta = np.linalg.solve(Z.T @ Z + n * lam * np.eye(d), Z.T @ y)
    return _error(theta, setting) + noise_variance


def _averaged_sgd(rng: Rng, n: int, setting: tuple[Array, ...], observed: float, step: float, noise: float) -> Array:
    """Mean of the iterates of one pass over n fresh imputed rows, from 0."""
    root, beta = setting[:2]
    X = rng.standard_normal((n, beta.size)) @ root.T
    y = X @ beta + np.sqrt(noise) * rng.standard_normal(n)
    Z = X * (rng.random(X.shape) < observed)
    theta, mean = np.zeros(beta.size), np.zeros(beta.size)
    for z, label in zip(Z, y, strict=True):
        theta = theta - step * (theta @ z - label) * z
        mean += theta
    return np.asarray(mean / n)


def averaged_sgd_draw(
    rng: Rng, n: int, d: int, covariance: str, observed: float, noise_variance: float, decay: float = 0.5
) -> float:
    """Excess error of averaged SGD at step 1/(3 tr Sigma n^decay); decay 1/2 is the step of the bound."""
    setting = _setting(covariance, d, observed)
    step = 1 / (3 * np.trace(setting[4]) * n**decay)
    return _error(_averaged_sgd(rng, n, setting, observed, step, noise_variance), setting)


def averaged_sgd_gain(rng: Rng, n: int, d: int, covariance: str, observed: float, noise_variance: float) -> float:
    """Log of the excess error at step 1/(3 tr Sigma sqrt n) over that at the constant step 1/(6 tr Sigma)."""
    setting = _setting(covariance, d, observed)
    trace = np.trace(setting[4])
    small, large = (
        _error(_averaged_sgd(rng, n, setting, observed, step, noise_variance), setting)
        for step in (1 / (3 * trace * np.sqrt(n)), 1 / (6 * trace))
    )
    return float(np.log(small / large))


def bias_draw(rng: Rng, d: int, covariance: str, observed: float, count: int = 4000, leading: bool = False) -> float:
    """Excess error of least squares on many imputed rows (count >> d), with the d/count of its variance removed."""
    setting = _setting(covariance, d, observed, leading)
    X = rng.standard_normal((count, d)) @ setting[0].T
    Z = X * (rng.random(X.shape) < observed)
    halves = []
    for part in (slice(None), slice(0, count // 2)):
        theta = np.asarray(np.linalg.solve(Z[part].T @ Z[part], Z[part].T @ (X[part] @ setting[1])))
        halves.append(_error(theta, setting))
    return 2 * halves[0] - halves[1]
