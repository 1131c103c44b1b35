"""Cumulants by quadrature, Gibbs posteriors by dense algebra and draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["central_quadrature", "evidence", "exponential_gap", "gibbs_risk", "linear_data", "quadrature"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _expected(lam: float, mean: float, variance: float, loss: str) -> tuple[float, float]:
    """E exp(lam loss) and E loss by the trapezoidal rule over the residual, 6,001 points: exact to rounding."""
    spread = np.sqrt(variance / (1 - 2 * lam * variance)) if loss == "squared" and lam > 0 else np.sqrt(variance)
    centre = mean / (1 - 2 * lam * variance) if loss == "squared" else mean + lam * variance
    middle, half = (mean + centre) / 2, abs(mean - centre) / 2 + 12 * max(spread, np.sqrt(variance))
    r = np.linspace(middle - half, middle + half, 6001)
    density = np.exp(-((r - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance) * (r[1] - r[0])
    values = r**2 if loss == "squared" else r
    return float(density @ np.exp(lam * values)), float(density @ values)


def quadrature(rng: Rng, lam: float, mean: float, variance: float, loss: str) -> float:
    """Logarithm of the expectation."""
    return float(np.log(_expected(lam, mean, variance, loss)[0]))


def central_quadrature(rng: Rng, lam: float, mean: float, variance: float, loss: str) -> float:
    """The same of the loss less its mean."""
    whole, middle = _expected(lam, mean, variance, loss)
    return float(np.log(whole) - lam * middle)


def linear_data(rng: Rng, n: int, d: int, noise_variance: float, target: float, **_: Any) -> dict[str, Array]:
    """Rows and labels of a linear teacher."""
    w = np.full(d, np.sqrt(target / d))
    X = rng.standard_normal((n, d))
    return {"X": X, "y": X @ w + np.sqrt(noise_variance) * rng.standard_normal(n)}


def _gibbs(lam: float, prior_variance: float, X: Array, y: Array) -> tuple[Array, Array]:
    """Mean and a root of the covariance of the Gibbs posterior, from its precision."""
    n, d = X.shape
    values, vectors = np.linalg.eigh(np.eye(d) / prior_variance + 2 * lam / n * X.T @ X)
    root = vectors / np.sqrt(values)
    return root @ (root.T @ (2 * lam / n * X.T @ y)), root


def gibbs_risk(
    rng: Rng, lam: float, prior_variance: float, noise_variance: float, target: float, X: Array, y: Array, **_: Any
) -> float:
    """Expected loss on a fresh sample, averaged over 200 draws from the posterior."""
    mean, root = _gibbs(lam, prior_variance, X, y)
    w = mean + rng.standard_normal((200, len(mean))) @ root.T
    truth = np.full(len(mean), np.sqrt(target / len(mean)))
    return noise_variance + float(np.mean(np.sum((w - truth) ** 2, axis=1)))


def evidence(rng: Rng, lam: float, prior_variance: float, X: Array, y: Array, **_: Any) -> float:
    """-(1/lam) ln E exp(-lam L) under the prior: the labels are Gaussian, given n x n covariance."""
    n = len(y)
    covariance = np.eye(n) + 2 * lam * prior_variance / n * X @ X.T
    _, logdet = np.linalg.slogdet(covariance)
    return float(y @ np.linalg.solve(covariance, y) / n + logdet / (2 * lam))


def exponential_gap(
    rng: Rng, n: int, d: int, lam: float, prior_variance: float, noise_variance: float, target: float
) -> float:
    """Mean of exp(lam (risk - training loss)) over 4,000 weights of the prior, each with a fresh data set."""
    truth = np.full(d, np.sqrt(target / d))
    w = np.sqrt(prior_variance) * rng.standard_normal((4000, d))
    risk = noise_variance + np.sum((w - truth) ** 2, axis=1)
    X, noise = rng.standard_normal((4000, n, d)), np.sqrt(noise_variance) * rng.standard_normal((4000, n))
    train = np.mean((noise + np.einsum("rnd,rd->rn", X, truth - w)) ** 2, axis=1)
    return float(np.mean(np.exp(lam * (risk - train))))
