"""Regressions on drawn bags of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.regression.settings import diabetes

__all__ = [
    "bag_bias",
    "bag_excess",
    "bag_less_single",
    "bag_less_tuned_ridge",
    "bag_only_excess",
    "bag_variance",
    "diabetes_error",
    "fit_bags",
    "instance_fit",
    "mixture_less_best_end",
    "random_bags",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _matrices(X: Array, bag: int) -> tuple[Array, Array]:
    """Second moments between the rows of all bags' means, times the bag, and within bags."""
    middle = X.reshape(len(X) // bag, bag, -1).mean(axis=1)
    between = bag * middle.T @ middle
    return between, X.T @ X - between


def fit_bags(X: Array, y: Array, bag: int, rho: float) -> Array:
    """Normal equations of the two terms."""
    between, within = _matrices(X, bag)
    means, middle = y.reshape(-1, bag).mean(axis=1), X.reshape(len(X) // bag, bag, -1).mean(axis=1)
    return np.asarray(np.linalg.solve(between + rho * within, bag * middle.T @ means))


def random_bags(rng: Rng, n: int, d: int, bag: int) -> dict[str, Array]:
    """Rows and the mean responses of their bags."""
    X = rng.standard_normal((n, d)) + 0.5
    return {"X": X, "responses": rng.standard_normal(n // bag)}


def instance_fit(rng: Rng, bag: int, X: Array, responses: Array, **_: Any) -> Array:
    """Least squares of single rows, each labelled with its bag's mean."""
    return np.asarray(np.linalg.lstsq(X, np.repeat(responses, bag))[0])


def bag_bias(rng: Rng, n: float, bag: int, share: float, rho: float) -> float:
    """Squared distance from the truth of a fit without noise, averaged over the directions of a unit truth."""
    rows = round(n)
    d = round(share * rows)
    between, within = _matrices(rng.standard_normal((rows, d)), bag)
    return float(np.sum(np.linalg.solve(between + rho * within, rho * within) ** 2) / d)


def bag_variance(rng: Rng, n: float, bag: int, share: float, rho: float) -> float:
    """Squared norm of a fit to unit noise alone, averaged over the noise."""
    rows = round(n)
    between, within = _matrices(rng.standard_normal((rows, round(share * rows))), bag)
    inverse = np.linalg.inv(between + rho * within)
    return float(np.sum((inverse @ between) * inverse))


def _excess(rng: Rng, X: Array, noise: Array, bag: int, rho: float, mask: Array) -> float:
    truth = np.zeros(X.shape[1])
    truth[0] = 1.0
    means = noise.reshape(-1, bag).mean(axis=1) + mask[: len(X) // bag] / bag
    labels = X[:, 0] + np.repeat(means, bag)
    return float(np.sum((fit_bags(X, labels, bag, rho) - truth) ** 2))


def bag_excess(rng: Rng, n: int, d: int, bag: int, rho: float, noise_variance: float, privacy_variance: float) -> float:
    """Excess error of one fit."""
    X = rng.standard_normal((n, d))
    noise = np.sqrt(noise_variance) * rng.standard_normal(n)
    mask = np.sqrt(privacy_variance) * rng.standard_normal(n)
    return _excess(rng, X, noise, bag, rho, mask)


def bag_only_excess(rng: Rng, n: int, d: int, bag: int, noise_variance: float) -> float:
    """Excess error of least squares on the bags' means, averaged over the noise."""
    middle = rng.standard_normal((n // bag, bag, d)).mean(axis=1)
    return noise_variance / bag * float(np.sum(1 / np.linalg.svd(middle, compute_uv=False) ** 2))


def mixture_less_best_end(rng: Rng, n: int, d: int, bag: int, rho: float, noise_variance: float, end: float) -> float:
    """Excess of the mixture less that of one end, on the same data."""
    X = rng.standard_normal((n, d))
    noise = np.sqrt(noise_variance) * rng.standard_normal(n)
    silent = np.zeros(n)
    return _excess(rng, X, noise, bag, rho, silent) - _excess(rng, X, noise, bag, end, silent)


def bag_less_single(
    rng: Rng, n: int, d: int, bag: int, rho: float, noise_variance: float, privacy_variance: float
) -> float:
    """Excess of bags, all with their privacy noise, less that of single rows, on the same data."""
    X = rng.standard_normal((n, d))
    noise = np.sqrt(noise_variance) * rng.standard_normal(n)
    mask = np.sqrt(privacy_variance) * rng.standard_normal(n)
    return _excess(rng, X, noise, bag, rho, mask) - _excess(rng, X, noise, 1, 1.0, mask)


def bag_less_tuned_ridge(
    rng: Rng, n: int, d: int, bag: int, rho: float, noise_variance: float, privacy_variance: float
) -> float:
    """Excess of bags less that of ridge regression on single private labels, the ridge d times their noise."""
    X = rng.standard_normal((n, d))
    noise = np.sqrt(noise_variance) * rng.standard_normal(n)
    mask = np.sqrt(privacy_variance) * rng.standard_normal(n)
    ridge = d * (noise_variance + privacy_variance)
    w = np.linalg.solve(X.T @ X + ridge * np.eye(d), X.T @ (X[:, 0] + noise + mask))
    w[0] -= 1
    return _excess(rng, X, noise, bag, rho, mask) - float(w @ w)


def diabetes_error(rng: Rng, bag: int, rhos: Array, train: int = 352) -> Array:
    """Test error on diabetes of fits to random bags, in units of the labels' variance, for each rho."""
    inputs, labels = diabetes()
    order = rng.permutation(len(labels))
    first, rest = order[:train], order[train:]
    scale = inputs[first].std(axis=0)
    X, y, T = inputs[first] / scale, labels[first], inputs[rest] / scale
    fits = [fit_bags(X - X.mean(axis=0), y - y.mean(), bag, rho) for rho in rhos]
    return np.array([np.mean((labels[rest] - y.mean() - (T - X.mean(axis=0)) @ w) ** 2) for w in fits])
