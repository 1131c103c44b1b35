"""Covariances and targets that the imputation claims speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "covariance", "equal_low_rank", "leading_target", "target"]

# the sums of a formula go over every dimension, and masks are enumerated in experiments: sizes stay moderate
USUAL = Domain(
    n=(50, 200), d=(2, 8), gamma=(0.2, 3.0), lam=(0.01, 1.0), observed=(0.1, 0.95), noise_variance=(0.0, 2.0),
    rank=(1, 8), counts={"gamma": "n"},
)  # fmt: skip

Array = NDArray[np.float64]


def equal_low_rank(d: int, rank: int) -> Array:
    """Covariance with `rank` eigenvalues d/rank and unit diagonal: columns of a Hadamard matrix, d a power of two."""
    H = np.ones((1, 1))
    while len(H) < d:
        H = np.block([[H, H], [H, -H]])
    U = H[:, :rank]
    return np.asarray(U @ U.T / rank)


def covariance(name: str, d: int) -> Array:
    """``isotropic``, ``autoregressive``, ``spiked``, ``uneven`` (unequal variances), ``factor-5`` or ``equal-4``."""
    if name.startswith("equal-"):
        return equal_low_rank(d, int(name.removeprefix("equal-")))
    lag = np.abs(np.subtract.outer(np.arange(d), np.arange(d)))
    if name == "isotropic":
        return np.eye(d)
    if name == "autoregressive":
        return np.asarray(0.7**lag)
    if name == "uneven":
        scale = np.linspace(0.3, 1.7, d)
        return np.asarray(0.7**lag * np.outer(scale, scale))
    if name == "spiked":  # one common factor in half of the variance
        signs = np.where(np.arange(d) % 3 == 0, -1.0, 1.0)
        return np.asarray(0.5 * np.eye(d) + 0.5 * np.outer(signs, signs))
    rank = int(name.removeprefix("factor-"))
    F = np.random.default_rng(11).standard_normal((d, rank))
    F /= np.linalg.norm(F, axis=1, keepdims=True)
    return np.asarray(F @ F.T)


def target(sigma: Array) -> Array:
    """A fixed target with label variance one."""
    beta = np.random.default_rng(12).standard_normal(len(sigma))
    return np.asarray(beta / np.sqrt(beta @ sigma @ beta))


def leading_target(sigma: Array) -> Array:
    """Target along the leading direction of the covariance, label variance one."""
    beta = np.linalg.eigh(sigma)[1][:, -1]
    return np.asarray(beta / np.sqrt(beta @ sigma @ beta))
