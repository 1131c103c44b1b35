"""Regression with a product kernel on the circle: the share of one mode that it learns."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["mode_share"]

Array = NDArray[np.float64]


def mode_share(rng: np.random.Generator, d: float, degree: int, ratio: float, level: float) -> float:
    """Coefficient of a product of `degree` cosines after regression on it, mean over all of them; n = ratio d^degree.

    Coordinates are cosines of uniform angles; their polynomials are cosines of multiples, and the kernel of one
    coordinate is the mean of two Poisson kernels, of the angles' difference and sum, with decay level/d.
    """
    size, q = round(d), level / d
    angles = rng.uniform(0, np.pi, (round(ratio * d**degree), size))
    kernel = np.ones((len(angles), len(angles)))
    cosines, sines = np.cos(angles), np.sin(angles)
    for c, s in zip(cosines.T, sines.T, strict=True):  # (1 - q^2)/(1 + q^2 - 2q cos(a -+ b)), one denominator for both
        middle = 1 + q * q - 2 * q * np.multiply.outer(c, c)
        kernel *= (1 - q * q) * middle / (middle**2 - (2 * q * np.multiply.outer(s, s)) ** 2)
    cosines *= np.sqrt(2)
    modes = np.array([np.prod(cosines[:, list(pick)], axis=1) for pick in combinations(range(size), degree)]).T
    return float(q**degree * np.sum(modes * np.linalg.solve(kernel, modes)) / modes.shape[1])
