"""Data sets that the claims about separable classification speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = [
    "USUAL",
    "almost_one_direction",
    "flipped_classes",
    "linear_labels",
    "regression_data",
    "separable_rows",
    "supported_rows",
    "tasks",
    "taught_tasks",
]

USUAL = Domain(
    n=(2, 5000), d=(1, 200), large_step=(1e3, 1e120), count=(1, 5), rows=(1, 4), passes=(1, 6), labels=(1, 2),
    rank=(1, 5), classes=(2, 200), size=(2, 400), separation2=(0.05, 6.0), ratio=(0.5, 20.0), step_size=(1e-4, 1e-2),
)  # fmt: skip


Array = NDArray[np.float64]


def linear_labels(rng: np.random.Generator, n: int, d: int) -> tuple[Array, Array]:
    """Gaussian inputs, labels by a Gaussian hyperplane through the origin."""
    X = rng.standard_normal((n, d))
    return X, np.where(X @ rng.standard_normal(d) >= 0, 1.0, -1.0)


def separable_rows(rng: np.random.Generator, n: int, d: int) -> Array:
    """Rows y x of `linear_labels`."""
    X, y = linear_labels(rng, n, d)
    return X * y[:, None]


def supported_rows(rng: np.random.Generator, n: int, support: int, d: int) -> tuple[Array, Array]:
    """Rows y x with margins one of the separator of largest margin, then rows with margins above 1.2; and that."""
    while True:
        near = rng.standard_normal((support, d))
        multipliers = np.linalg.solve(near @ near.T, np.ones(support))
        if multipliers.min() > 0.05 * multipliers.max():  # all of them carry it
            break
    best = multipliers @ near
    far = rng.standard_normal((n - support, d))
    lift = 1.2 + rng.exponential(1.0, n - support) - far @ best
    return np.vstack([near, far + np.outer(lift / (best @ best), best)]), best


def almost_one_direction(n: int) -> Array:
    """n - 1 copies of (1, 0.3) and one (-1, 0.3), as rows y x."""
    rows = np.tile([1.0, 0.3], (n, 1))
    rows[-1, 0] = -1.0
    return rows


def tasks(rng: np.random.Generator, count: int, rows: int, d: int) -> Array:
    """Tasks of unit rows; fewer rows in all than dimensions, so that all are separated together."""
    Z = rng.standard_normal((count, rows, d))
    return np.asarray(Z / np.linalg.norm(Z, axis=2, keepdims=True))


def taught_tasks(rng: np.random.Generator, count: int, rows: int, d: int) -> Array:
    """Tasks of unit rows that one Gaussian teacher labels: separated together whatever their number."""
    Z = tasks(rng, count, rows, d)
    return np.asarray(Z * np.where(Z @ rng.standard_normal(d) >= 0, 1.0, -1.0)[..., None])


def flipped_classes(
    rng: np.random.Generator, n: int, p: int, flips: float, v: Array | None = None, noise: float = 0.1
) -> tuple[Array, Array, Array, Array]:
    """Rows y v + noise about a unit direction v; given labels, of which a share is flipped, true ones, and v."""
    if v is None:
        v = rng.standard_normal(p)
        v = v / np.linalg.norm(v)
    true = np.where(rng.random(n) < 0.5, 1.0, -1.0)
    X = true[:, None] * v + noise * rng.standard_normal((n, p))
    wrong = rng.permutation(n) < round(flips * n)
    return X, np.where(wrong, -true, true), true, v


def regression_data(rng: np.random.Generator, n: int, d: int, labels: int) -> tuple[Array, Array]:
    """Correlated inputs of unequal size with means, and noisy linear labels (n,), or (n, labels) for several."""
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.4 * rng.standard_normal((d, d))) + 1.0
    Y = X @ rng.standard_normal((d, labels)) + 0.5 * rng.standard_normal((n, labels))
    return X, Y[:, 0] if labels == 1 else Y
