"""The square loss by the equation of ridge regression, solved by Brent's method: no state evolution."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from solvable.analysis.convex_losses.settings import eigenvalues, teacher_power

__all__ = ["ridge_errors"]


def ridge_errors(
    rng: object, d: int, ratio: float, penalty: float, spread: float, signal: float, noise: float
) -> object:
    """Mean squared errors on fresh and on training labels."""
    del rng
    s, v = eigenvalues(d, spread), teacher_power(d, spread, signal)
    n, ridge = round(ratio * d), penalty * d
    kappa = brentq(lambda k: n - np.sum(s / (s + k)) - ridge / k, 1e-12, 1e6, xtol=1e-15, rtol=1e-15, maxiter=500)
    g = s / (s + kappa)
    test = n / (n - np.sum(g * g)) * (np.sum((1 - g) ** 2 * v) + noise)
    return np.array([test, (ridge / kappa / n) ** 2 * test])
