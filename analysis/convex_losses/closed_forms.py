"""Models of data that are given: what the theory of convex losses takes for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers import Spectrum

__all__ = ["sign_model"]

Array = NDArray[np.float64]


def sign_model(X: Array, y: Array) -> tuple[Spectrum, float]:
    """Spectrum of the sign of a noisy field whose covariance with the features is that of the labels.

    For a field of unit variance E[xy] is the root of 2/pi times E[x field].
    """
    s, U = np.linalg.eigh(X.T @ X / len(X))
    keep = s > 1e-10 * s[-1]
    psi = np.sqrt(np.pi / 2) * (U.T @ (X.T @ y / len(X)))[keep]
    power = psi**2 / s[keep]
    return Spectrum(s[keep], power), float(power.sum())
