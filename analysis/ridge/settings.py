"""The settings that ridge claims speak of: eigenvalues and target weights as numbers, nothing computed from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["COVARIANCES", "USUAL", "eigenvalues", "weights"]

# n stays moderate: the sums of a formula go over every dimension
USUAL = Domain(
    n=(20, 100), gamma=(0.2, 4.0), d=(2, 100), lam=(0.0, 2.0), lam_a=(0.01, 2.0), lam_b=(0.01, 2.0), signal=(0.1, 5.0),
    noise_variance=(0.0, 3.0), at=(0.05, 6.0), counts={"gamma": "n"},
)  # fmt: skip

COVARIANCES = ("isotropic", "spread", "two-scales")


def eigenvalues(covariance: str, d: int) -> NDArray[np.float64]:
    """Eigenvalues of a named covariance in d dimensions: quantiles of a fixed law, so d only refines them."""
    u = (np.arange(d) + 0.5) / d
    laws = {
        "isotropic": np.ones(d),
        "spread": (0.2 + 2.8 * u) ** 2,
        "two-scales": np.where(u < 0.25, 4.0, 0.25),
    }
    return laws[covariance]


def weights(target: str, s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared weights of a named target in the eigenbasis, summing to 1: even, or aligned with the eigenvalues."""
    return {"even": np.full(s.size, 1 / s.size), "aligned": s / s.sum()}[target]
