"""ReLU random features on handwritten digits: their exact kernel, and errors measured with real features."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.solvers import random_feature_sweep

__all__ = ["digits_error_draw", "load_digits_pair", "measured_errors", "relu_kernel"]

Array = NDArray[np.float64]


@cache
def load_digits_pair() -> tuple[Array, Array]:
    """Return the 1,797 digits scikit-learn ships, rows of unit length, and whether they are odd as centred +-1."""
    from sklearn.datasets import load_digits

    data = load_digits()
    X = data.data / np.linalg.norm(data.data, axis=1, keepdims=True)
    y = np.where(data.target % 2 == 1, 1.0, -1.0)
    return X, y - y.mean()


def relu_kernel(X: Array) -> Array:
    """E relu(w.x) relu(w.x') over w ~ N(0, I), for rows of unit length: the arc-cosine kernel."""
    cosine = np.clip(X @ X.T, -1.0, 1.0)
    angle = np.arccos(cosine)
    return np.asarray((np.sin(angle) + (np.pi - angle) * cosine) / (2 * np.pi))


def measured_errors(
    rng: np.random.Generator, X: Array, y: Array, n: int, widths: Sequence[int], ridges: Sequence[float], trials: int
) -> Array:
    """Mean squared error on all other points, shape (trials, 2, widths, ridges): test and training."""
    out = np.empty((trials, 2, len(widths), len(ridges)))
    for trial in range(trials):
        order = rng.permutation(y.size)
        features = np.maximum(X[order] @ rng.standard_normal((X.shape[1], max(widths))), 0.0)
        sweep = random_feature_sweep(features[:n], y[order[:n]], features[n:], widths, ridges)
        out[trial, 0] = np.mean((sweep.predictions - y[order[n:]]) ** 2, axis=-1)
        out[trial, 1] = sweep.train
    return out


def digits_error_draw(rng: np.random.Generator, n: int, k: int, ridge: float) -> float:
    """Test error of k ReLU features on n random digits, the mean of four draws of features and training sets."""
    return float(np.mean(measured_errors(rng, *load_digits_pair(), n, [k], [ridge], 4)[:, 0]))
