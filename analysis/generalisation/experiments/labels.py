"""True and random labels: kernels, flips, and the norm of what fits them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.generalisation.settings import teacher

__all__ = ["flipped_norm", "given_labels", "kernel_problem", "random_less_true", "random_points"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def random_points(rng: Rng, n: int, d: int) -> dict[str, Array]:
    """Inputs and labels without any relation."""
    return {"X": rng.standard_normal((n, d)), "y": rng.standard_normal(n)}


def given_labels(rng: Rng, y: Array, **_: Any) -> Array:
    """The labels."""
    return y


def _kernel(X: Array) -> Array:
    """Gaussian kernel of width 2 with a small ridge."""
    squares = np.sum((X[:, None] - X[None]) ** 2, axis=2)
    return np.asarray(np.exp(-squares / 8) + 0.01 * np.eye(len(X)))


def kernel_problem(rng: Rng, n: int, d: int, **_: Any) -> dict[str, Array]:
    """Kernel matrix and labels of a linear teacher."""
    X, y = teacher(rng, n, d)
    return {"K": _kernel(X), "y": y}


def _squared_norm(K: Array, y: Array) -> float:
    return float(y @ np.linalg.solve(K, y))


def flipped_norm(rng: Rng, share: float, K: Array, y: Array, **_: Any) -> float:
    """Squared norm of the interpolant after a share of the labels was replaced by random signs; 20 draws."""
    replaced = rng.random((20, len(y))) < share
    labels = np.where(replaced, rng.choice([-1.0, 1.0], (20, len(y))), y)
    return float(np.mean(np.sum(labels * np.linalg.solve(K, labels.T).T, axis=1)))


def random_less_true(rng: Rng, n: int, d: int) -> float:
    """Squared norm for random signs less that for a linear teacher, on the same inputs."""
    drawn = kernel_problem(rng, n, d)
    return _squared_norm(drawn["K"], rng.choice([-1.0, 1.0], n)) - _squared_norm(drawn["K"], drawn["y"])
