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
    test = np.empty((trials, len(sizes), len(ridges)))
    train = np.empty_like(test)
    for trial in range(trials):
        order = rng.permutation(y.size)
        for i, n in enumerate(sizes):
            rows, others = order[:n], order[n:]
            gram, cross = K[np.ix_(rows, rows)], K[np.ix_(others, rows)]
            for j, ridge in enumerate(ridges):
                alpha = np.linalg.solve(gram + ridge * np.eye(n), y[rows])
                test[trial, i, j] = np.mean((cross @ alpha - y[others]) ** 2)
                train[trial, i, j] = np.mean((ridge * alpha) ** 2)
    return test, train
