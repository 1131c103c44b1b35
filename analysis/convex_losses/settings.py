"""Data that the claims about convex losses speak of."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "digits_halves", "eigenvalues", "labels", "teacher_power"]

USUAL = Domain(
    d=(20, 400), ratio=(0.5, 8.0), penalty=(0.01, 3.0), spread=(0.0, 0.9), signal=(0.5, 6.0), noise=(0.0, 1.0),
    separation=(0.5, 2.0), balance=(0.1, 0.9), aspect=(0.3, 3.0),
)  # fmt: skip

Array = NDArray[np.float64]


def eigenvalues(d: int, spread: float) -> Array:
    """Covariance of the rows: evenly spread about 1."""
    return np.asarray(1 + spread * ((2 * np.arange(d) + 1) / d - 1))


def teacher_power(d: int, spread: float, signal: float) -> Array:
    """Power of a field whose coefficients are all of one size; they sum to the signal."""
    s = eigenvalues(d, spread)
    return np.asarray(signal * s / s.sum())


def labels(rng: np.random.Generator, field: Array, teacher: str, noise: float) -> Array:
    """Labels of a field."""
    noisy = field + np.sqrt(noise) * rng.standard_normal(field.shape)
    if teacher == "linear":
        return noisy
    if teacher == "sign":
        return np.where(noisy > 0, 1.0, -1.0)
    return np.where(rng.random(field.shape) < 0.5 * (1 + np.tanh(noisy / 2)), 1.0, -1.0)


@cache
def digits_halves() -> tuple[Array, Array]:
    """Odd or even digits: pixels in units of their spread, centred, and labels; in one random order."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    pixels = data.data[order] / 16.0
    return pixels - pixels.mean(axis=0), np.where(data.target[order] % 2 == 1, 1.0, -1.0)
