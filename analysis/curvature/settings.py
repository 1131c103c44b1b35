"""Problems that the claims about curvature and hyperparameters speak of."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "classification", "digits_kernels", "regression_pair", "softmax_batch"]

USUAL = Domain(
    n=(10, 100), d=(2, 12), log_ridge=(-3.0, 3.0), terms=(0, 200), share=(0.05, 0.9), gradients=(2, 20), size=(4, 60),
    damping=(0.01, 2.0), samples=(2, 12), classes=(2, 6), weights=(2, 40), ridge=(0.01, 2.0),
)  # fmt: skip

Array = NDArray[np.float64]


def regression_pair(rng: np.random.Generator, n: int, d: int) -> tuple[Array, Array, Array, Array]:
    """Training and validation sets of one noisy linear teacher, inputs of unequal size; half as many to validate."""
    scales = 1 / np.sqrt(1 + np.arange(d))
    w = rng.standard_normal(d)
    X, V = rng.standard_normal((n, d)) * scales, rng.standard_normal((n // 2, d)) * scales
    return X, X @ w + rng.standard_normal(n), V, V @ w + rng.standard_normal(n // 2)


def classification(rng: np.random.Generator, n: int, d: int) -> tuple[Array, Array, Array, Array]:
    """Training and validation sets with labels 1 and -1, one in ten of them wrong."""
    w = rng.standard_normal(d)
    X, V = rng.standard_normal((n, d)), rng.standard_normal((n // 2, d))
    y, z = (np.where(rng.random(len(rows)) < 0.1, -1.0, 1.0) * np.sign(rows @ w) for rows in (X, V))
    return X, y, V, z


def softmax_batch(rng: np.random.Generator, samples: int, classes: int, weights: int) -> tuple[Array, Array, Array]:
    """Jacobian, derivative and Hessian of softmax cross-entropy in its logits: singular along equal logits."""
    J = rng.standard_normal((samples, classes, weights))
    scores = np.exp(rng.standard_normal((samples, classes)))
    p = scores / scores.sum(axis=1, keepdims=True)
    r = p - np.eye(classes)[rng.integers(classes, size=samples)]
    return J, r, np.array([np.diag(q) - np.outer(q, q) for q in p])


@cache
def digits_kernels() -> tuple[Array, Array, Array, Array]:
    """Odd or even digits: features of a Gaussian kernel by a Cholesky factor, 300 to train and 300 to validate."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))[:600]
    pixels, labels = data.data[order] / 16.0, np.where(data.target[order] % 2 == 1, 1.0, -1.0)
    squares = np.sum((pixels[:, None] - pixels[None, :300]) ** 2, axis=2)
    kernel = np.exp(-squares / 20.0)
    root = np.linalg.cholesky(kernel[:300] + 1e-10 * np.eye(300))
    features = np.linalg.solve(root, kernel.T).T
    return features[:300], labels[:300], features[300:], labels[300:]
