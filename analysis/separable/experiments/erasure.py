"""Readers refitted on what is left after directions were removed, and removal of random directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.separable.experiments.digits import all_digits
from solvable.analysis.separable.settings import regression_data

__all__ = [
    "best_random_rayleigh",
    "best_random_removal",
    "deflated_top",
    "digits_accuracy",
    "erased_minus_nullspace",
    "fresh_error",
    "random_directions",
    "random_matrix",
    "random_regression",
    "refit_without_covariance",
    "unread",
    "without",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def random_regression(rng: Rng, n: int, d: int, labels: int) -> dict[str, Array]:
    """Inputs and labels."""
    X, Y = regression_data(rng, n, d, labels)
    return {"X": X, "Y": Y}


def random_matrix(rng: Rng, d: int, rank: int) -> dict[str, Array]:
    """Symmetric, eigenvalues 2^-i, randomly rotated."""
    del rank
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    A = Q * 2.0 ** -np.arange(d) @ Q.T
    return {"A": (A + A.T) / 2}


def random_directions(rng: Rng, d: int, count: int) -> Array:
    """Orthonormal rows."""
    return np.asarray(np.linalg.qr(rng.standard_normal((d, count)))[0].T)


def without(directions: Array) -> Array:
    """Projector onto what is left when orthonormal rows are removed."""
    return np.asarray(np.eye(directions.shape[1]) - directions.T @ directions)


def unread(second: Array, cross: Array, power: float, projector: Array) -> float:
    """Share of the label's variance that the best reader of projected inputs misses, from the moments."""
    kept = np.linalg.svd(projector)[0][:, : round(np.trace(projector))]
    if not kept.size:
        return 1.0
    return 1 - float(cross @ kept @ np.linalg.solve(kept.T @ second @ kept, kept.T @ cross)) / power


def _refit(X: Array, Y: Array, removed: Array) -> float:
    """Mean squared error of least squares with intercept on inputs with the directions removed."""
    left = X - X @ removed.T @ removed
    design = np.column_stack([np.ones(len(X)), left])
    fit = np.linalg.lstsq(design, Y, rcond=1e-10)[0]
    return float(np.sum((Y - design @ fit) ** 2) / len(X))


def refit_without_covariance(X: Array, Y: Array) -> float:
    """Remove the span of the covariances with each label, by Gram-Schmidt, and refit."""
    covariances = (X - X.mean(axis=0)).T @ (Y.reshape(len(Y), -1) - Y.reshape(len(Y), -1).mean(axis=0))
    return _refit(X, Y, np.linalg.qr(covariances)[0].T)


def best_random_removal(rng: Rng, X: Array, Y: Array, count: int = 20_000) -> float:
    """Largest error that removing one of many random directions leaves, by restricted least squares."""
    x, y = X - X.mean(axis=0), Y - Y.mean()
    second = x.T @ x
    fit = np.linalg.solve(second, x.T @ y)
    v = rng.standard_normal((count, len(fit)))
    price = (v @ fit) ** 2 / np.sum(v * np.linalg.solve(second, v.T).T, axis=1)
    return float((np.sum((y - x @ fit) ** 2) + price.max()) / len(y))


def erased_minus_nullspace(rng: Rng, n: int, d: int, rank: int) -> float:
    """Error left by removing the one covariance direction, minus that after `rank` rounds of fit and removal."""
    X, y = regression_data(rng, n, d, 1)
    removed = np.empty((0, d))
    for _ in range(rank):
        left = (X - X.mean(axis=0)) @ (np.eye(d) - removed.T @ removed)
        fit = np.linalg.lstsq(left, y - y.mean(), rcond=1e-10)[0]
        fit -= removed.T @ (removed @ fit)
        removed = np.vstack([removed, fit / np.linalg.norm(fit)])
    return refit_without_covariance(X, y) - _refit(X, y, removed)


def _top(A: Array, rounds: int = 400) -> tuple[Array, float]:
    """Leading eigenvector and eigenvalue by power iteration."""
    v = np.ones(len(A)) / np.sqrt(len(A))
    for _ in range(rounds):
        w = A @ v
        v = w / np.linalg.norm(w)
    return v, float(v @ A @ v)


def deflated_top(A: Array, rank: int) -> float:
    """Largest Rayleigh quotient after removing, one by one, the direction that has it."""
    kept = np.eye(len(A))
    for _ in range(rank):
        v, _ = _top(kept @ A @ kept)
        kept = kept - np.outer(v, v)
    return _top(kept @ A @ kept)[1]


def best_random_rayleigh(rng: Rng, A: Array, rank: int, count: int = 500) -> float:
    """Least of the largest Rayleigh quotients over random removals."""
    Q = np.linalg.qr(rng.standard_normal((count, len(A), rank)))[0]
    P = np.eye(len(A)) - Q @ Q.transpose(0, 2, 1)
    return float(np.linalg.eigvalsh(P @ A @ P)[:, -1].min())


def fresh_error(rng: Rng, root: Array, beta: Array, noise: float, projector: Array, count: int) -> float:
    """Share of the label's variance that a reader leaves unread, fitted and judged on fresh projected rows."""
    X = rng.standard_normal((2 * count, len(beta))) @ root
    y = X @ beta + noise * rng.standard_normal(2 * count)
    fit = np.linalg.lstsq(X[:count] @ projector, y[:count], rcond=1e-10)[0]
    return float(np.mean((y[count:] - X[count:] @ projector @ fit) ** 2) / np.mean(y[count:] ** 2))


def digits_accuracy(rng: Rng, erase: Any, train: int = 1200) -> tuple[float, float]:
    """Share of variance left on the training digits, and test accuracy of a fresh logistic classifier of odd or even.

    `erase(X, y)` gives the projector, from the training digits only.
    """
    from sklearn.linear_model import LogisticRegression

    pixels, target = all_digits()
    odd = np.where(target % 2 == 1, 1.0, -1.0)
    order = rng.permutation(len(odd))
    first, rest = order[:train], order[train:]
    P = erase(pixels[first], odd[first])
    reader = LogisticRegression(C=10.0, max_iter=300, tol=1e-3).fit(pixels[first] @ P, odd[first])
    x, y = (pixels[first] - pixels[first].mean(axis=0)) @ P, odd[first] - odd[first].mean()
    left = y - x @ np.linalg.lstsq(x, y, rcond=1e-10)[0]
    return float(np.sum(left**2) / np.sum(y**2)), float(reader.score(pixels[rest] @ P, odd[rest]))
