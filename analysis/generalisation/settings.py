"""Problems that the claims about generalisation speak of."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["FAR", "USUAL", "curve", "digits", "power_law", "teacher"]

USUAL = Domain(
    n=(4, 200), d=(1, 12), trees=(2, 60), power=(0.3, 1.5), total=(50, 1000), order=(0, 3), share=(0.0, 1.0),
    lam=(-0.4, 0.4), mean=(-2.0, 2.0), variance=(0.05, 1.0), prior_variance=(0.05, 0.8), noise_variance=(0.05, 1.0),
    target=(0.1, 8.0), level=(0.3, 9.0), delta=(0.01, 0.3),
)  # fmt: skip
FAR = 3.0  # how much wider far inputs are

Array = NDArray[np.float64]


def curve(X: Array) -> Array:
    """Regression function of the forests."""
    return np.sin(2 * X[:, 0]) + X[:, 1] * np.abs(X[:, 1]) / 2


def power_law(power: float, total: int) -> Array:
    """List of frequencies i^-power, as long as the population."""
    return np.asarray(np.arange(1, total + 1.0) ** -power)


def teacher(rng: np.random.Generator, n: int, d: int) -> tuple[Array, Array]:
    """Inputs, and labels 1 and -1 by a linear teacher."""
    X = rng.standard_normal((n, d))
    return X, np.sign(X @ rng.standard_normal(d))


@cache
def digits(train: int = 300, test: int = 300) -> tuple[Array, Array, Array]:
    """Pixels of training and test images and the training digits as numbers."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))[: train + test]
    pixels = data.data[order] / 16.0
    return pixels[:train], pixels[train:], data.target[order[:train]].astype(float)
