"""Separable rows and their margins by nonnegative least squares; logistic estimates without a ridge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from solvable.analysis.convex_losses.experiments.fits import drawn_rows, fit
from solvable.analysis.convex_losses.settings import labels

__all__ = ["estimate_slope", "estimate_spread", "hard_margin", "hard_support", "inseparable", "known_scatter"]

Array = NDArray[np.float64]
Rng = np.random.Generator
_VANISHED = 1e-9


def _smallest_mean(Z: Array) -> tuple[Array, float]:
    """Z'a and the root of the value at the least |Z'a|^2 + (1 - sum a)^2 over a >= 0, by Lawson and Hanson's method."""
    rows = np.vstack([Z.T, np.ones(len(Z))])
    target = np.zeros(len(rows))
    target[-1] = 1.0
    a, left = nnls(rows, target, maxiter=30 * len(Z))
    return a @ Z, float(left)


def inseparable(rng: Rng, at: float, d: int, signal: float, teacher: str, noise: float) -> float:
    """-1 where n = at d rows of standard Gaussians are separable, 1 where not."""
    X = rng.standard_normal((round(at * d), d))
    y = labels(rng, np.sqrt(signal) * X[:, 0], teacher, noise)
    # separable where no mean of the rows vanishes (Gordan): what is left is then m/sqrt(1 + m^2) of the margin m
    return -1.0 if _smallest_mean(y[:, None] * X)[1] > _VANISHED else 1.0


def _estimate(rng: Rng, d: int, gamma: float, strength: float) -> tuple[Array, Array, Array, Array]:
    """Rows, labels, coefficients and their estimates."""
    X, y, _, theta = drawn_rows(rng, d, round(d / gamma) / d, 0.0, strength**2, "logistic", 0.0)
    return X, y, theta, fit("logistic", X, y, 1e-9)


def _scatter(w: Array, theta: Array) -> float:
    """Sum of squares of estimates about their regression on the coefficients."""
    rest = w - (w @ theta) / (theta @ theta) * theta
    return float(rest @ rest)


def estimate_slope(rng: Rng, d: int, gamma: float, strength: float) -> float:
    """Regression of the estimates on the coefficients."""
    _, _, theta, w = _estimate(rng, d, gamma, strength)
    return float(w @ theta / (theta @ theta))


def known_scatter(X: Array, y: Array, theta: Array) -> float:
    """Scatter of the least-squares fit of labels less their means, over its mean given all but the rows across theta.

    Those rows are Gaussian and independent of the labels: with v the labels' rest across the field the mean is
    |v|^2 (d - 1)/((n - 1)(n - d - 1)), that of inverse Wishart matrices, at any size.
    """
    n, d = X.shape
    field = X @ theta
    v = y - np.tanh(field / 2)
    across = v @ v - (v @ field) ** 2 / (field @ field)
    least = np.linalg.solve(X.T @ X, v @ X).astype(float)
    return _scatter(least, theta) / (across * (d - 1) / ((n - 1) * (n - d - 1)))


def estimate_spread(rng: Rng, d: int, gamma: float, strength: float) -> float:
    """Root of n times the standard deviation of the estimates about their regression, d - 1 degrees of freedom.

    Least squares on the same rows scatter alike (correlation .9) around what is known: that is taken off, in units of
    the classical spread, and leaves a fifth of the variance. Any multiple leaves the mean as it is.
    """
    X, y, theta, w = _estimate(rng, d, gamma, strength)
    n = len(y)
    classical = 2 / np.sqrt(np.mean(1 - np.tanh(X @ theta / 2) ** 2))
    found = np.sqrt(n * _scatter(w, theta) / (d - 1))
    return float(found - 0.75 * classical * (known_scatter(X, y, theta) - 1))


def _hard(rng: Rng, d: int, ratio: float, spread: float, signal: float, noise: float) -> tuple[Array, Array]:
    """Weights of least norm with yXw >= 1, and yXw; NaN where there are none."""
    X, y, *_ = drawn_rows(rng, d, ratio, spread, signal, "sign", noise)
    Z = y[:, None] * X
    mean, left = _smallest_mean(Z)
    w = mean / left**2 if left > _VANISHED else np.full(d, np.nan)
    return w, Z @ w


def hard_margin(rng: Rng, d: int, ratio: float, spread: float, signal: float, noise: float) -> float:
    """Largest margin over the root of d."""
    w, _ = _hard(rng, d, ratio, spread, signal, noise)
    return float(1 / np.linalg.norm(w) / np.sqrt(d))


def hard_support(rng: Rng, d: int, ratio: float, spread: float, signal: float, noise: float) -> float:
    """Share of the rows on the margin."""
    _, margins = _hard(rng, d, ratio, spread, signal, noise)
    return float(np.mean(margins < 1 + 1e-4))
