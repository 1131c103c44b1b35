"""Matched experiments: draw data, fit, measure. Plain linear algebra, no deterministic equivalents.

Rows are x = Sigma^{1/2} z in the eigenbasis of the covariance. Errors on fresh inputs are evaluated with the true
covariance, which only removes the noise of a finite test set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

from solvable.analysis.ridge.settings import eigenvalues, weights

__all__ = [
    "bias_draw",
    "companion_stieltjes_draw",
    "eigenvalue_fraction_draw",
    "fresh_error_draw",
    "gcv_draw",
    "isotropic_error_draw",
    "kernel_circle_error",
    "learnability_sum",
    "leave_one_out_draw",
    "pair_trace_draw",
    "ridge_slope",
    "ridgeless_excess_draw",
    "spiked_gain_draw",
    "train_error_draw",
    "tuned_error_draw",
    "tuned_error_drop",
    "variance_draw",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _rows(rng: Rng, n: int, s: Array, entries: str = "gaussian") -> Array:
    """Draw n rows with covariance diag(s) and standardised entries of the named law."""
    shape = (n, s.size)
    if entries == "rademacher":
        z = rng.integers(0, 2, shape) * 2.0 - 1.0
    elif entries == "uniform":
        z = rng.uniform(-np.sqrt(3), np.sqrt(3), shape)
    elif entries == "student-8":
        z = rng.standard_t(8, shape) / np.sqrt(8 / 6)
    else:
        z = rng.standard_normal(shape)
    return np.asarray(z * np.sqrt(s))


_LABELS = 16  # independent targets and noises for each design: one draw averages them


def _sample(
    rng: Rng,
    n: int,
    gamma: float,
    covariance: str,
    target: str,
    noise_variance: float,
    entries: str = "gaussian",
) -> tuple[Array, Array, Array, Array]:
    """A design, labels (n, 16), their weights (d, 16) with random signs, and the covariance's eigenvalues."""
    s = eigenvalues(covariance, round(gamma * n))
    beta = np.sqrt(weights(target, s))[:, None] * (rng.integers(0, 2, (s.size, _LABELS)) * 2.0 - 1.0)
    X = _rows(rng, n, s, entries)
    return X, X @ beta + np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS)), beta, s


def _fit(X: Array, y: Array, ridge: float) -> Array:
    """Ridge regression (least squares of least norm at ridge 0) through the smaller of the two normal equations."""
    n, d = X.shape
    if d > n:
        return np.asarray(X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(n), y))
    return np.asarray(np.linalg.solve(X.T @ X + ridge * np.eye(d), X.T @ y))


def _inverse(A: Array) -> Array:
    """Inverse of a positive definite matrix, by Cholesky."""
    factor, broken = dpotrf(A, lower=True)
    half, singular = dpotri(factor, lower=True)
    if broken or singular:
        raise ArithmeticError("the matrix is not positive definite to rounding")
    half = np.tril(half)
    return np.asarray(half + np.tril(half, -1).T)


def fresh_error_draw(
    rng: Rng, n: int, gamma: float, lam: float, covariance: str, target: str, noise_variance: float,
    entries: str = "gaussian",
) -> float:  # fmt: skip
    """Error of ridge fits on fresh noisy labels."""
    X, y, beta, s = _sample(rng, n, gamma, covariance, target, noise_variance, entries)
    return float(np.mean(s @ (_fit(X, y, n * lam) - beta) ** 2) + noise_variance)


def isotropic_error_draw(rng: Rng, n: int, gamma: float, lam: float, signal: float, noise_variance: float) -> float:
    """Error of ridge fits on fresh noisy labels, isotropic rows and weights of squared norm `signal`."""
    return signal * fresh_error_draw(rng, n, gamma, lam, "isotropic", "even", noise_variance / signal)


def train_error_draw(
    rng: Rng, n: int, gamma: float, lam: float, covariance: str, target: str, noise_variance: float
) -> float:
    """Mean squared training residual of ridge fits."""
    X, y, *_ = _sample(rng, n, gamma, covariance, target, noise_variance)
    return float(np.mean((y - X @ _fit(X, y, n * lam)) ** 2))


def bias_draw(rng: Rng, n: int, gamma: float, lam: float, covariance: str, target: str) -> float:
    """Error of fits to noiseless labels."""
    X, y, beta, s = _sample(rng, n, gamma, covariance, target, 0.0)
    return float(np.mean(s @ (_fit(X, y, n * lam) - beta) ** 2))


def variance_draw(rng: Rng, n: int, gamma: float, lam: float, covariance: str, noise_variance: float) -> float:
    """Error of fits to labels of pure noise."""
    s = eigenvalues(covariance, round(gamma * n))
    noise = np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS))
    return float(np.mean(s @ _fit(_rows(rng, n, s), noise, n * lam) ** 2))


def _hat(X: Array, ridge: float) -> Array:
    n = X.shape[0]
    return np.asarray(np.eye(n) - ridge * np.linalg.inv(X @ X.T + ridge * np.eye(n)))


def gcv_draw(rng: Rng, n: int, gamma: float, lam: float, covariance: str, target: str, noise_variance: float) -> float:
    """Generalised cross-validation score."""
    X, y, *_ = _sample(rng, n, gamma, covariance, target, noise_variance)
    H = _hat(X, n * lam)
    return float(np.mean((y - H @ y) ** 2) / (1 - np.trace(H) / n) ** 2)


def leave_one_out_draw(
    rng: Rng, n: int, gamma: float, lam: float, covariance: str, target: str, noise_variance: float
) -> float:
    """Leave-one-out error, by the hat-matrix identity."""
    X, y, *_ = _sample(rng, n, gamma, covariance, target, noise_variance)
    H = _hat(X, n * lam)
    return float(np.mean(((y - H @ y) / (1 - np.diag(H))[:, None]) ** 2))


def ridgeless_excess_draw(
    rng: Rng, n: int, noise_variance: float, d: int = 0, gamma: float = 0.0, signal: float = 1.0
) -> float:
    """Excess risk of least squares (of least norm where d > n) on isotropic Gaussian rows of d or gamma n entries."""
    d = d or round(gamma * n)
    beta = np.sqrt(signal / d) * (rng.integers(0, 2, (d, _LABELS)) * 2.0 - 1.0)
    X = rng.standard_normal((n, d))
    w = _fit(X, X @ beta + np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS)), 0.0)
    return float(np.mean(np.sum((w - beta) ** 2, axis=0)))


def companion_stieltjes_draw(rng: Rng, n: int, gamma: float, lam: float) -> float:
    """n / tr (X X^T/n + lam)^{-1}, isotropic rows: what the effective ridge is the limit of."""
    X = rng.standard_normal((n, round(gamma * n)))
    return float(n / np.sum(1 / (np.linalg.eigvalsh(X @ X.T / n) + lam)))


def pair_trace_draw(rng: Rng, n: int, gamma: float, lam_a: float, lam_b: float, covariance: str) -> float:
    """tr(Sigma Q_a Sigma Q_b)/d for one sample and two ridges."""
    s = eigenvalues(covariance, round(gamma * n))
    X = _rows(rng, n, s)
    S, eye = X.T @ X / n, np.eye(s.size)
    left = _inverse(S + lam_a * eye)
    right = left if lam_b == lam_a else _inverse(S + lam_b * eye)
    return float(s @ (left * right) @ s / s.size)


def eigenvalue_fraction_draw(rng: Rng, n: int, gamma: float, covariance: str, at: float) -> float:
    """Fraction of the eigenvalues of X^T X/n that are at most `at`."""
    s = eigenvalues(covariance, round(gamma * n))
    X = _rows(rng, n, s)
    return float(np.mean(np.linalg.eigvalsh(X.T @ X / n) <= at))


def ridge_slope(rng: Rng, at: float, n: int, d: int, covariance: str, signal: float, noise_variance: float) -> float:
    """Error at 1.02*at minus error at 0.98*at on one design, averaged over labels and over beta ~ N(0, signal/d)."""
    s = eigenvalues(covariance, d)
    X = _rows(rng, n, s)
    gram = X.T @ X

    def error(ridge: float) -> float:
        inverse = np.linalg.inv(gram + ridge * np.eye(d))
        shrunk, noise = ridge * inverse, inverse @ X.T
        return float(s @ (signal / d * np.sum(shrunk**2, axis=1) + noise_variance * np.sum(noise**2, axis=1)))

    return error(1.02 * at) - error(0.98 * at)


def tuned_error_drop(
    rng: Rng, n: int, d: int, ratio: float, covariance: str, signal: float, noise_variance: float
) -> float:
    """Error at n samples minus error at ratio*n samples (n of them shared), both at the best ridge sigma^2 d/signal."""
    s = eigenvalues(covariance, d)
    beta = np.sqrt(signal / d) * rng.standard_normal(d)
    X = _rows(rng, round(ratio * n), s)
    y = X @ beta + np.sqrt(noise_variance) * rng.standard_normal(X.shape[0])
    ridge = noise_variance * d / signal
    few, many = (float(s @ (_fit(X[:m], y[:m], ridge) - beta) ** 2) for m in (n, X.shape[0]))
    return few - many


def tuned_error_draw(rng: Rng, n: int, gamma: float, covariance: str, signal: float, noise_variance: float) -> float:
    """Error of fits at the ridge sigma^2 d/signal, prior beta ~ N(0, signal/d)."""
    d = round(gamma * n)
    s = eigenvalues(covariance, d)
    beta = np.sqrt(signal / d) * rng.standard_normal((d, _LABELS))
    X = _rows(rng, n, s)
    y = X @ beta + np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS))
    return float(np.mean(s @ (_fit(X, y, noise_variance * d / signal) - beta) ** 2) + noise_variance)


def spiked_gain_draw(rng: Rng, n: int, ridge: float, noise_variance: float) -> float:
    """Error at ridge 0 minus error at a negative ridge: ten spikes of 400 modes carry the target."""
    s = np.r_[np.full(10, 50.0), np.ones(390)]
    beta = np.r_[np.full(10, np.sqrt(0.1)), np.zeros(390)]
    X = _rows(rng, n, s)
    y = X @ beta + np.sqrt(noise_variance) * rng.standard_normal(n)
    K = X @ X.T
    errors = [float(s @ (X.T @ np.linalg.solve(K + delta * np.eye(n), y) - beta) ** 2) for delta in (0.0, ridge)]
    return errors[0] - errors[1]


def _circle(points: int, decay: float) -> tuple[Array, Array]:
    """Translation-invariant kernel on a ring of points and its orthonormal eigenfunctions."""
    angle = 2 * np.pi * np.arange(points) / points
    frequency = np.arange(1, points // 2)
    waves = np.sqrt(2) * np.cos(np.outer(angle, frequency)), np.sqrt(2) * np.sin(np.outer(angle, frequency))
    functions = np.column_stack([np.ones(points), *waves, np.cos(np.pi * np.arange(points))])
    levels = np.r_[1.0, *(2 * [(1.0 + frequency) ** -decay]), (1.0 + points // 2) ** -decay]
    return (functions * levels) @ functions.T, functions


def learnability_sum(rng: Rng, n: int, points: int, decay: float) -> float:
    """Sum over an orthonormal basis of <phi, fitted phi>, ridgeless kernel regression on n random points of a ring."""
    K, functions = _circle(points, decay)
    rows = rng.choice(points, n, replace=False)
    predict = np.linalg.solve(K[np.ix_(rows, rows)], K[rows]).T  # labels at `rows` -> values everywhere
    fitted = predict @ functions[rows]
    return float(np.sum(functions * fitted) / points)


def kernel_circle_error(rng: Rng, n: int, ridge: float, points: int, decay: float) -> float:
    """Error of kernel ridge regression on a ring of points for the target sqrt(2) cos(2 angle), no noise."""
    K, functions = _circle(points, decay)
    target = functions[:, 2]
    rows = rng.integers(0, points, n) if ridge > 0 else rng.choice(points, n, replace=False)
    alpha = np.linalg.solve(K[np.ix_(rows, rows)] + ridge * np.eye(n), target[rows])
    return float(np.mean((K[:, rows] @ alpha - target) ** 2))
