"""Handwritten digits that scikit-learn ships, and kernel ridge regression on a few of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.wide_networks.experiments.regression import relu_tangent

__all__ = ["digits_and_labels", "noise_margin_draw", "ridge_errors", "ridge_loss_draw", "unit_digits"]

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


@cache
def unit_digits() -> tuple[Array, Array]:
    """Centred pixels of all digits, each row of length 1, and labels, in one random order."""
    X, y = digits_and_labels()
    order = np.random.default_rng(0).permutation(y.size)
    return X[order] / np.linalg.norm(X[order], axis=1, keepdims=True), y[order]


@cache
def _tangent() -> tuple[Array, Array]:
    """Tangent kernel of three hidden layers between all digits, and labels."""
    X, y = unit_digits()
    return relu_tangent(X @ X.T, 3, 0.0), y


def _drawn(rng: np.random.Generator, n: int) -> tuple[Array, Array, Array, Array]:
    """Kernel between n training rows, and to 400 others; labels of both."""
    K, y = _tangent()
    order = rng.permutation(y.size)
    train, test = order[:n], order[n : n + 400]
    return K[np.ix_(train, train)], K[np.ix_(test, train)], y[train], y[test]


def noise_margin_draw(rng: np.random.Generator, n: int, at: float) -> float:
    """Minus the slope of the test error in the ridge at 0, over that without noise; negative while that is best.

    Label noise is `at` times the noiseless error; the mean over it is taken by algebra.
    """
    K, cross, y, truth = _drawn(rng, n)
    inverse = np.linalg.inv(K)
    read = cross @ inverse
    moved, wrong = read @ inverse, read @ y - truth
    noiseless = -2 * np.mean(wrong * (moved @ y))
    noise = -2 * np.mean(np.sum(read * moved, axis=1))
    return float(-1 - at * np.mean(wrong**2) * noise / noiseless)


def ridge_loss_draw(rng: np.random.Generator, n: int, relative_noise: float) -> float:
    """Log of the test error at the ridge 0.3 n/tr K^-1 over that of interpolation; noise over the noiseless error."""
    K, cross, y, truth = _drawn(rng, n)
    reads = [cross @ np.linalg.inv(K + ridge * np.eye(n)) for ridge in (0.0, 0.3 * n / np.trace(np.linalg.inv(K)))]
    wrong = [np.mean((read @ y - truth) ** 2) for read in reads]
    noise = relative_noise * wrong[0]
    errors = [e + noise * (1 + np.mean(np.sum(read**2, axis=1))) for e, read in zip(wrong, reads, strict=True)]
    return float(np.log(errors[1] / errors[0]))
