"""Rows separable or not, by least squares; margins by dual coordinate ascent; logistic estimates without ridge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from solvable.analysis.convex_losses.experiments.fits import drawn_rows, dual_weights, fit
from solvable.analysis.convex_losses.settings import labels

__all__ = ["estimate_slope", "estimate_spread", "hard_margin", "hard_support", "inseparable"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _separable(Z: Array) -> bool:
    """Whether some w has Zw > 0: no mean of the rows vanishes (Gordan), and the least-squares one is found."""
    rows = np.vstack([Z.T, np.ones(len(Z))])
    target = np.zeros(len(rows))
    target[-1] = 1.0
    # what is left is the margin m, over the root of 1 + m^2
    return bool(nnls(rows, target, maxiter=30 * len(Z))[1] > 1e-9)


def inseparable(rng: Rng, at: float, d: int, signal: float, teacher: str, noise: float) -> float:
    """-1 where n = at d rows of standard Gaussians are separable, 1 where not."""
    X = rng.standard_normal((round(at * d), d))
    y = labels(rng, np.sqrt(signal) * X[:, 0], teacher, noise)
    return -1.0 if _separable(y[:, None] * X) else 1.0


def _estimate(rng: Rng, d: int, gamma: float, strength: float) -> tuple[Array, Array, int]:
    n = round(d / gamma)
    X, y, _, theta = drawn_rows(rng, d, n / d, 0.0, strength**2, "logistic", 0.0)
    return fit("logistic", X, y, 1e-9), theta, n


def estimate_slope(rng: Rng, d: int, gamma: float, strength: float) -> float:
    """Regression of the estimates on the coefficients."""
    w, theta, _ = _estimate(rng, d, gamma, strength)
    return float(w @ theta / (theta @ theta))


def estimate_spread(rng: Rng, d: int, gamma: float, strength: float) -> float:
    """Root of n times the standard deviation of the estimates about their regression."""
    w, theta, n = _estimate(rng, d, gamma, strength)
    rest = w - (w @ theta) / (theta @ theta) * theta
    return float(np.sqrt(n * np.mean(rest**2)))


def _hard(rng: Rng, d: int, ratio: float, spread: float, signal: float, noise: float) -> tuple[Array, Array]:
    X, y, *_ = drawn_rows(rng, d, ratio, spread, signal, "sign", noise)
    w = dual_weights(y[:, None] * X, np.inf)
    return w, y * (X @ w)


def hard_margin(rng: Rng, d: int, ratio: float, spread: float, signal: float, noise: float) -> float:
    """Largest margin over the root of d."""
    w, _ = _hard(rng, d, ratio, spread, signal, noise)
    return float(1 / np.linalg.norm(w) / np.sqrt(d))


def hard_support(rng: Rng, d: int, ratio: float, spread: float, signal: float, noise: float) -> float:
    """Share of the rows on the margin."""
    _, margins = _hard(rng, d, ratio, spread, signal, noise)
    return float(np.mean(margins < 1 + 1e-4))
