"""Dense Fisher and Gauss-Newton systems, formed and solved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.curvature.settings import softmax_batch

__all__ = ["dense_entries", "dense_fisher", "dense_step", "dense_window", "random_fisher", "random_softmax"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def random_fisher(rng: Rng, gradients: int, size: int, **_: Any) -> dict[str, Array]:
    """Gradients and a vector, and as many further gradients."""
    return {
        "G": rng.standard_normal((gradients, size)),
        "x": rng.standard_normal(size),
        "later": rng.standard_normal((gradients, size)),
    }


def _fisher(G: Array, damping: float) -> Array:
    matrix = damping * np.eye(G.shape[1])
    for g in G:
        matrix += np.outer(g, g) / len(G)
    return matrix


def dense_fisher(rng: Rng, damping: float, G: Array, x: Array, **_: Any) -> Array:
    """Solve with the matrix that was formed."""
    return np.asarray(np.linalg.solve(_fisher(G, damping), x))


def dense_window(rng: Rng, damping: float, G: Array, x: Array, later: Array, **_: Any) -> Array:
    """Solve with the matrix of the last gradients, after all but one of the first were replaced."""
    return np.asarray(np.linalg.solve(_fisher(np.vstack([G[-1:], later[:-1]]), damping), x))


def dense_entries(rng: Rng, damping: float, G: Array, **_: Any) -> Array:
    """First row of the inverse."""
    return np.asarray(np.linalg.inv(_fisher(G, damping))[0])


def random_softmax(rng: Rng, samples: int, classes: int, weights: int, **_: Any) -> dict[str, Array]:
    """A batch of softmax cross-entropy."""
    J, r, Q = softmax_batch(rng, samples, classes, weights)
    return {"J": J, "r": r, "Q": Q}


def dense_step(rng: Rng, ridge: float, J: Array, r: Array, Q: Array, **_: Any) -> Array:
    """Minimiser of the damped quadratic model, by least squares on stacked rows."""
    b, _, d = J.shape
    roots = []
    for q in Q:
        values, vectors = np.linalg.eigh(q)
        roots.append(vectors * np.sqrt(np.maximum(values, 0)))
    rows = np.vstack([*(root.T @ j for root, j in zip(roots, J, strict=True)), np.sqrt(b * ridge) * np.eye(d)])
    return np.asarray(-np.linalg.solve(rows.T @ rows, np.einsum("bcd,bc->d", J, r)))
