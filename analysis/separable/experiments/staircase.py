"""Regression with a product kernel on the circle: the share of one mode that it learns."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["mode_share"]

Array = NDArray[np.float64]


def _poisson(angle: Array, q: float) -> Array:
    return np.asarray((1 - q * q) / (1 - 2 * q * np.cos(angle) + q * q))


def mode_share(rng: np.random.Generator, d: float, degree: int, ratio: float, level: float) -> float:
    """Coefficient of a product of `degree` cosines after regression on it, mean over all of them; n = ratio d^degree.

    Coordinates are cosines of uniform angles; their polynomials are cosines of multiples, and the kernel of one
    coordinate is the mean of two Poisson kernels, with decay level/d.
    """
    size, q = round(d), level / d
    angles = rng.uniform(0, np.pi, (round(ratio * d**degree), size))
    kernel = np.ones((len(angles), len(angles)))
    for column in angles.T:
        kernel *= (_poisson(column[:, None] - column, q) + _poisson(column[:, None] + column, q)) / 2
    cosines = np.sqrt(2) * np.cos(angles)
    modes = np.array([np.prod(cosines[:, list(pick)], axis=1) for pick in combinations(range(size), degree)]).T
    return float(q**degree * np.sum(modes * np.linalg.solve(kernel, modes)) / modes.shape[1])
