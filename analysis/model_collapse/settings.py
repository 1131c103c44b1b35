"""Covariances and targets that the model-collapse claims speak of; nothing is computed from them here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "eigenvalues", "target_weights"]

Array = NDArray[np.float64]

# n stays moderate: the sums of a formula go over every dimension
USUAL = Domain(
    n=(30, 120), d=(5, 100), gamma=(0.2, 3.0), lam=(0.01, 1.0), generator_lam=(0.01, 1.0), generator_samples=(20, 200),
    generations=(0, 20), noise_variance=(0.0, 2.0), generator_noise=(0.0, 2.0), first=(0, 20), second=(1, 40),
)  # fmt: skip


def eigenvalues(covariance: str, d: int) -> Array:
    """Population eigenvalues by name; ``power-1.5`` are k^-1.5."""
    if covariance.startswith("power-"):
        return np.asarray(np.arange(1.0, d + 1) ** -float(covariance.removeprefix("power-")))
    u = (np.arange(d) + 0.5) / d
    return np.asarray({"isotropic": np.ones(d), "spread": 0.2 + 2.8 * u}[covariance])


def target_weights(smoothness: float | None, s: Array) -> Array:
    """Squared weights: even ones of total 1, or s w^2 = s^(2r) k^-1 for power laws with smoothness r."""
    if smoothness is None:
        return np.full(s.size, 1 / s.size)
    return np.asarray(s ** (2 * smoothness) / np.arange(1.0, s.size + 1) / s)
