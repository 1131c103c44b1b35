"""Supersamples: pairs of samples, a coin that says which was trained on, and two learners."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bound_gap", "difference_table", "gap_beside_table"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _samples(rng: Rng, shape: tuple[int, ...], d: int) -> tuple[Array, Array]:
    """Two Gaussian classes, their means a unit apart from the middle along the first axis."""
    y = rng.choice([-1.0, 1.0], shape)
    X = rng.standard_normal((*shape, d))
    X[..., 0] += 0.8 * y
    return X, y


def _predict(learner: str, X: Array, y: Array, T: Array) -> Array:
    """Labels at T of learners trained on each replica."""
    if learner == "nearest-neighbour":
        squares = np.sum(X * X, axis=2)[:, None] - 2 * T @ np.swapaxes(X, 1, 2)  # less |T|^2, equal for all
        return np.take_along_axis(y, np.argmin(squares, axis=2), axis=1)
    middles = []
    for label in (-1.0, 1.0):
        inside = (y == label)[..., None]
        middles.append(np.sum(X * inside, axis=1) / np.maximum(inside.sum(axis=1), 1))
    far = [np.sum((T - middle[:, None]) ** 2, axis=2) for middle in middles]
    return np.where(far[1] < far[0], 1.0, -1.0)


def _losses(rng: Rng, learner: str, n: int, d: int, replicas: int) -> tuple[Array, Array, Any]:
    """0/1 losses of the first and the second sample of each pair, and the coins."""
    X, y = _samples(rng, (replicas, n, 2), d)
    coins = rng.integers(0, 2, (replicas, n))
    chosen = np.take_along_axis(X, coins[..., None, None], axis=2)[:, :, 0]
    labels = np.take_along_axis(y, coins[..., None], axis=2)[:, :, 0]
    wrong = [_predict(learner, chosen, labels, X[:, :, k]) != y[:, :, k] for k in (0, 1)]
    return wrong[0].astype(float), wrong[1].astype(float), coins


def difference_table(rng: Rng, learner: str, n: int, d: int, replicas: int) -> Array:
    """Joint frequencies of the difference of the losses and the coin, over pairs and replicas."""
    first, second, coins = _losses(rng, learner, n, d, replicas)
    table = np.zeros((3, 2))
    np.add.at(table, ((second - first).astype(int) + 1, coins), 1.0)
    return np.asarray(table / table.sum())


def _errors(rng: Rng, learner: str, n: int, d: int, replicas: int) -> tuple[float, float]:
    """Test and training error of the learner on samples that were drawn for it alone."""
    X, y = _samples(rng, (replicas, n), d)
    T, z = _samples(rng, (replicas, n), d)
    test, train = _predict(learner, X, y, T) != z, _predict(learner, X, y, X) != y
    return float(np.mean(test)), float(np.mean(train))


def gap_beside_table(rng: Rng, learner: str, n: int, d: int, replicas: int) -> tuple[float, dict[str, Array]]:
    """Test error less training error, the latter 0 for learners that fit. Given: the table of other replicas."""
    test, train = _errors(rng, learner, n, d, replicas)
    return test - train, {"table": difference_table(rng, learner, n, d, replicas)}


def _entropy(p: Array) -> float:
    p = p[p > 0]
    return float(-np.sum(p * np.log(p)))


def bound_gap(rng: Rng, learner: str, n: int, d: int, replicas: int) -> float:
    """Information over ln 2 less the square-root bound, through entropies of the counted table."""
    table = difference_table(rng, learner, n, d, replicas)
    information = _entropy(table.sum(axis=0)) + _entropy(table.sum(axis=1)) - _entropy(table.ravel())
    return information / float(np.log(2)) - float(np.sqrt(2 * information))
