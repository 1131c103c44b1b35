"""Problems that the claims about embeddings speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "clustered_ratings", "ratings", "source_tasks"]

Array = NDArray[np.float64]
Rng = np.random.Generator

USUAL = Domain(
    n=(30, 40), p=(5, 10), rank=(1, 4), ridge=(0.5, 3.0), tasks=(6, 20), k=(2, 5), r=(1, 3), inputs=(5, 40),
    samples=(500, 100_000), slip=(1e-8, 1e-2),
)  # fmt: skip


def ratings(rng: Rng, n: int, p: int) -> Array:
    """Gaussian ratings with singular values a factor 1.35 apart."""
    u = np.linalg.qr(rng.standard_normal((n, p)))[0]
    v = np.linalg.qr(rng.standard_normal((p, p)))[0]
    return np.asarray(u * (20.0 * 1.35 ** -np.arange(p)) @ v.T)


def clustered_ratings(rng: Rng, users: int, items: int, clusters: int) -> tuple[Array, NDArray[np.intp]]:
    """Whether users rated items: they do so with probability 0.3 in their own cluster and 0.03 in others."""
    labels = np.sort(np.arange(items, dtype=np.intp) % clusters)
    own = rng.integers(clusters, size=users)
    popular = 1.0 / np.sqrt(1 + np.arange(items) % (items // clusters))
    chance = np.where(own[:, None] == labels, 0.3, 0.03) * popular * 2
    return (rng.random((users, items)) < chance).astype(float), labels


def source_tasks(rng: Rng, k: int, tasks: int) -> tuple[Array, Array]:
    """Source tasks as columns, and a target."""
    return rng.standard_normal((k, tasks)), rng.standard_normal(k)
