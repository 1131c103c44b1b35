"""Handwritten digits that scikit-learn ships, as inputs of linear classifiers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["all_digits", "coarse_digits", "digit_pair"]

Array = NDArray[np.float64]


@cache
def all_digits() -> tuple[Array, NDArray[np.intp]]:
    """1,797 rows of 64 pixels in [0, 1], and their digits."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    return data.data / 16.0, data.target


def digit_pair(first: int, second: int) -> tuple[Array, Array]:
    """Rows of two digits, their mean removed and a constant appended; labels +1 for the first."""
    pixels, digits = all_digits()
    rows = (digits == first) | (digits == second)
    X = pixels[rows] - pixels[rows].mean(axis=0)
    return np.column_stack([X, np.ones(len(X))]), np.where(digits[rows] == first, 1.0, -1.0)


def coarse_digits(n: int) -> tuple[Array, NDArray[np.intp]]:
    """The first n digits as means over 16 squares of 4 pixels each, and a constant."""
    pixels, digits = all_digits()
    squares = pixels[:n].reshape(n, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(n, 16)
    return np.column_stack([squares, np.ones(n)]), digits[:n]
