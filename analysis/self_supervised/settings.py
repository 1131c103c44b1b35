"""Problems that the claims about self-supervised learning speak of."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = [
    "HEAD_SHARED",
    "HEAD_SPREAD",
    "PROBE_CORRELATIONS",
    "PROBE_VARIANCES",
    "USUAL",
    "factor_model",
    "gaussian_pairs",
    "head_moments",
    "modes_between",
    "sensor",
    "token_sets",
]

Array = NDArray[np.float64]
Rng = np.random.Generator

# variances of features that a pair shares, and of what augmentation adds
HEAD_SHARED = np.array([2.0, 1.6, 1.2, 1.0, 0.8, 0.6]) ** 2
HEAD_SPREAD = np.array([0.2, 1.5, 0.3, 1.0, 0.1, 0.05]) ** 2
PROBE_CORRELATIONS = np.array([0.95, 0.9, 0.6, 0.5])
PROBE_VARIANCES = np.array([4.0, 1.0, 0.5, 0.3])

USUAL = Domain(
    start_size=(1e-9, 0.3), shrink=(3.0, 1e3), d=(2, 40), m=(3, 40), n=(5, 400), ratio=(0.0, 1.0), dim=(1, 60),
    noise=(0.01, 2.0), temperature=(1e-4, 1e3), labelled=(50, 400), unlabelled=(200, 100_000), feature=(0, 5),
    samples=(2, 512), noise_variance=(0.05, 5.0),
)  # fmt: skip


def modes_between(leading: int, gap: float) -> Array:
    """Eigenvalues of pairs: `leading` positive ones and one more, each `gap` of the one before, then two negative."""
    return np.concatenate([2.0 * gap ** np.arange(leading + 1), [-0.3, -0.6]])


def gaussian_pairs(rng: Rng, n: int, m: int) -> tuple[Array, Array]:
    """Pairs that share most of themselves, inputs of unequal size."""
    scales = 1.6 ** -np.arange(m)
    shared = rng.standard_normal((n, m))
    first, second = (scales * (shared + 0.5 * rng.standard_normal((n, m))) for _ in range(2))
    return first, second


def head_moments() -> tuple[Array, Array]:
    """Second moments of inputs and of pairs: six independent features."""
    return np.diag(HEAD_SHARED + HEAD_SPREAD), np.diag(HEAD_SHARED)


def token_sets(tokens: int, most: int) -> list[tuple[int, ...]]:
    """Sets of up to `most` tokens, smaller ones first."""
    sets = [tuple(i for i, bit in enumerate(bits) if bit) for bits in product((0, 1), repeat=tokens)]
    return sorted((s for s in sets if len(s) <= most), key=lambda s: (len(s), s))


def factor_model(d: int, r: int) -> tuple[Array, Array]:
    """Loadings of decreasing strength along fixed oscillating columns, and weights of the label."""
    places = (np.arange(d) + 0.5) / d
    columns = np.cos(np.pi * np.outer(places, np.arange(1, r + 1))) * np.sqrt(2 / d)
    return columns * np.sqrt(20.0 / np.arange(1, r + 1)), 1.0 / np.sqrt(np.arange(1, r + 1))


def sensor(d: int) -> tuple[Array, Array]:
    """A covariance with power-law eigenvalues, rotated, and an encoder of half as many rows."""
    places = np.arange(d) + 0.5
    basis = np.cos(np.pi * np.outer(places, np.arange(d)) / d)
    basis /= np.linalg.norm(basis, axis=0)
    covariance = basis * (1.0 + np.arange(d)) ** -1.0 @ basis.T
    return (covariance + covariance.T) / 2, np.eye(d)[: max(1, d // 2)] + 0.2
