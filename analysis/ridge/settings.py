"""The settings that ridge claims speak of: eigenvalues and target weights as numbers, nothing computed from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["COVARIANCES", "eigenvalues", "weights"]

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
