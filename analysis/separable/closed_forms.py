"""Places of transitions of separable classification, from Gaussian integrals."""

from __future__ import annotations

import math

from scipy.optimize import minimize_scalar
from scipy.special import ndtr

__all__ = ["rows_fitted_per_dimension"]


def _positive_square(mean: float, deviation: float) -> float:
    """E[max(0, g)^2] of a Gaussian g."""
    u = mean / deviation
    return float((mean**2 + deviation**2) * ndtr(u) + mean * deviation * math.exp(-u * u / 2) / math.sqrt(2 * math.pi))


def rows_fitted_per_dimension(flips: float, noise: float) -> float:
    r"""Largest n/p at which weights fit all labels of two classes, a share of which is flipped.

    Rows are y v plus Gaussian noise of size :math:`\sigma` in every direction. With f the sign of the flip, and
    weights that have t of their length along v, :math:`p/n=\min_tE\max(0,Z-t(f/\sigma+g))^2`, Z and g standard normal.
    """

    def half_space(t: float) -> float:
        size = (1 + t * t) ** 0.5
        right, wrong = (_positive_square(sign * t / noise, size) for sign in (-1, 1))
        return (1 - flips) * right + flips * wrong

    return 1 / float(minimize_scalar(half_space, bounds=(0.0, 10.0), method="bounded", options={"xatol": 1e-10}).fun)
