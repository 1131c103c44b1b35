"""Handwritten digits that scikit-learn ships, and kernel ridge regression on a few of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["digits_and_labels", "ridge_errors"]

Array = NDArray[np.float64]


def digits_and_labels(count: int | None = None) -> tuple[Array, Array]:
    """Pixels of the first `count` digits, centred as a whole, and 1 for odd, -1 for even ones."""
    from sklearn.datasets import load_digits

    X, digit = load_digits(return_X_y=True)
    X, digit = X[:count] / 16, digit[:count]
    return X - X.mean(axis=0), np.where(digit % 2 == 1, 1.0, -1.0)


def ridge_errors(rng: np.random.Generator, K: Array, y: Array, n: int, ridges: Array) -> Array:
    """Mean squared error on the points left out, for every ridge, of one random training set of n."""
    order = rng.permutation(y.size)
    train, test = order[:n], order[n:]
    values, vectors = np.linalg.eigh(K[np.ix_(train, train)])
    read = K[np.ix_(test, train)] @ vectors
    found = read @ ((vectors.T @ y[train])[:, None] / (values[:, None] + ridges))
    return np.asarray(np.mean((found - y[test][:, None]) ** 2, axis=0))
