"""Real data sets that scikit-learn ships, as kernel matrices, and learning curves measured on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["DATASETS", "kernel_learning_curve", "load_kernel"]

Array = NDArray[np.float64]
DATASETS = ("digits", "breast-cancer")


def load_kernel(name: str) -> tuple[Array, Array]:
    """Laplace kernel of a standardised data set (width: the median distance) and its centred +-1 target.

    ``digits``: 1,797 handwritten digits, is it an 8? ``breast-cancer``: 569 cell samples, benign or not.
    """
    from scipy.spatial.distance import pdist, squareform
    from sklearn.datasets import load_breast_cancer, load_digits

    data = load_digits() if name == "digits" else load_breast_cancer()
    y = np.where(data.target == (8 if name == "digits" else 1), 1.0, -1.0)
    X = data.data / 16.0 if name == "digits" else (data.data - data.data.mean(0)) / data.data.std(0)
    distance = squareform(pdist(X))
    return np.exp(-distance / np.median(distance)), y - y.mean()


def kernel_learning_curve(
    rng: np.random.Generator, K: Array, y: Array, sizes: Sequence[int], ridges: Sequence[float], trials: int
) -> tuple[Array, Array]:
    """Test and training error of kernel ridge regression on random training sets, tested on all other points.

    Returns two arrays (trials, sizes, ridges).
    """
    from scipy.linalg import cho_factor, cho_solve

    test = np.empty((trials, len(sizes), len(ridges)))
    train = np.empty_like(test)
    for trial in range(trials):
        order = rng.permutation(y.size)
        drawn, labels = K[order[: max(sizes)]].take(order, axis=1), y[order]  # every training set begins the next one
        for i, n in enumerate(sizes):
            alpha = np.empty((n, len(ridges)))
            for j, ridge in enumerate(ridges):
                gram = drawn[:n, :n].copy()
                gram.flat[:: n + 1] += ridge
                alpha[:, j] = cho_solve(cho_factor(gram.T, overwrite_a=True, check_finite=False), labels[:n])
            test[trial, i] = np.mean((drawn[:n, n:].T @ alpha - labels[n:, None]) ** 2, axis=0)
            train[trial, i] = np.mean((np.array(ridges) * alpha) ** 2, axis=0)
    return test, train
