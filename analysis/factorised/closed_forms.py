"""What the deterministic equivalent says of data that are given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers import Spectrum, effective_ridge

__all__ = ["share_left"]

Array = NDArray[np.float64]


def share_left(X: Array, Y: Array, dimensions: Array) -> tuple[Array, float]:
    """Share of the loss that random subspaces leave of least squares, and what no parameters remove."""
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    U, s = U[:, s > 1e-10 * s[0]], s[s > 1e-10 * s[0]]
    power = np.sum((U.T @ Y) ** 2, axis=1) / np.sum(Y**2)
    curvature = Spectrum(s**2, power, np.full(s.size, Y.shape[1]))
    kappa = effective_ridge(curvature, dimensions, 0.0).value[:, None]
    rest = 1 - power.sum()
    return rest + np.sum(power * kappa / (s**2 + kappa), axis=1), float(rest)
