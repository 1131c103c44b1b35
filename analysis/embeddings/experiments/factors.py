"""Factors found by alternating minimisation, and items regressed one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.embeddings.settings import ratings

__all__ = [
    "alternated",
    "alternated_cosines",
    "chain_ratings",
    "cosines",
    "drawn_ratings",
    "eigenvector_cosines",
    "factor_value",
    "item_by_item",
    "item_loss",
    "moved_cosines",
    "pixels",
    "product_value",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def drawn_ratings(rng: Rng, n: int, p: int, **_: float) -> dict[str, Array]:
    """Ratings."""
    return {"X": ratings(rng, n, p)}


def chain_ratings(rng: Rng, n: int, p: int) -> tuple[Array, Array]:
    """Weights of each item on the others in a Gaussian law whose precision is a chain, and ratings drawn from it.

    Items spread by a factor of four, so that a weight is no cosine.
    """
    precision, first = np.eye(p), np.arange(p - 1)
    strength = rng.permutation(np.resize([0.1, 0.2, 0.3, 0.4], p - 1))
    precision[first, first + 1] = precision[first + 1, first] = -strength
    scale = rng.permutation(np.geomspace(0.5, 2, p))
    precision *= np.outer(scale, scale)
    drawn = np.linalg.solve(np.linalg.cholesky(precision).T, rng.standard_normal((p, n))).T
    return np.eye(p) - precision / np.diag(precision), drawn


def alternated(rng: Rng, X: Array, ridge: float, rank: int, penalty: str, rounds: int = 600) -> tuple[Array, Array]:
    """Factors A and B of X A B^T after alternating exact minimisation of either objective, from a random start."""
    p = X.shape[1]
    B = rng.standard_normal((p, rank))
    gram = X.T @ X
    shrunk = np.linalg.inv(gram + ridge * np.eye(p))
    A: Array = B
    for _ in range(rounds):
        if penalty == "product":
            A = shrunk @ gram @ B @ np.linalg.inv(B.T @ B)
            B = np.asarray(np.linalg.solve(A.T @ (gram + ridge * np.eye(p)) @ A, A.T @ gram).T, np.float64)
        else:
            A = B @ np.linalg.inv(B.T @ B + ridge * np.eye(rank))
            B = gram @ A @ np.linalg.inv(A.T @ gram @ A + ridge * np.eye(rank))
    return np.asarray(A), np.asarray(B)


def _product(X: Array, A: Array, B: Array, ridge: float) -> float:
    return float(np.sum((X - X @ A @ B.T) ** 2) + ridge * np.sum((A @ B.T) ** 2))


def product_value(rng: Rng, X: Array, ridge: float, rank: int) -> float:
    """Least value of the penalty on the product."""
    return _product(X, *alternated(rng, X, ridge, rank, "product"), ridge)


def factor_value(rng: Rng, X: Array, ridge: float, rank: int) -> float:
    """Least value of the penalty on the factors."""
    A, B = alternated(rng, X, ridge, rank, "factor")
    return float(np.sum((X - X @ A @ B.T) ** 2) + ridge * (np.sum((X @ A) ** 2) + np.sum(B**2)))


def cosines(rows: Array) -> Array:
    """Cosines between rows."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(unit @ unit.T)


def moved_cosines(rng: Rng, n: int, p: int, ridge: float, rank: int) -> float:
    """Largest change of an item cosine by scaling trained factors against each other, minus one half.

    The value of the penalty on the product must stay, or the answer is minus one half.
    """
    X = ratings(rng, n, p)
    A, B = alternated(rng, X, ridge, rank, "product")
    scales = 4.0 ** rng.permutation(np.linspace(-1, 1, rank))
    same = abs(_product(X, A * scales, B / scales, ridge) / _product(X, A, B, ridge) - 1) < 1e-10
    return (float(np.abs(cosines(B / scales) - cosines(B)).max()) if same else 0.0) - 0.5


def alternated_cosines(rng: Rng, X: Array, ridge: float, rank: int) -> Array:
    """Item cosines of the factors trained with a penalty on each."""
    return cosines(alternated(rng, X, ridge, rank, "factor", 2000)[1])


def eigenvector_cosines(X: Array) -> Array:
    """Cosines of items described by the eigenvectors of their covariance, by a hundred QR iterations and a polish."""
    gram, Q = X.T @ X, np.eye(X.shape[1])
    for _ in range(100):
        Q = np.asarray(np.linalg.qr(gram @ Q)[0], np.float64)
    return cosines(Q)


def item_by_item(X: Array, ridge: float) -> Array:
    """Every item regressed on the others by ridge regression of its own."""
    p = X.shape[1]
    found = np.zeros((p, p))
    for j in range(p):
        others = [i for i in range(p) if i != j]
        rest = X[:, others]
        found[others, j] = np.linalg.solve(rest.T @ rest + ridge * np.eye(p - 1), rest.T @ X[:, j])
    return found


def item_loss(X: Array, ridge: float) -> float:
    """Squared error and penalty of the regressions together."""
    B = item_by_item(X, ridge)
    return float(np.sum((X - X @ B) ** 2) + ridge * np.sum(B**2))


def pixels() -> Array:
    """Handwritten digits as rows, pixels between 0 and 1 as items, their means removed."""
    from sklearn.datasets import load_digits

    images = load_digits().data / 16.0
    return np.asarray(images - images.mean(axis=0))
