"""Inputs that the claims of wide networks speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["INPUTS", "USUAL", "pair"]

USUAL = Domain(
    q1=(0.2, 2.0), q2=(0.2, 2.0), c=(-1.0, 1.0), width=(16, 1000), depth=(1, 6), layer=(1, 500), q=(0.05, 4.0),
    weight_variance=(0.2, 3.0), bias_variance=(0.0, 1.0),
)  # fmt: skip


Array = NDArray[np.float64]
# two inputs of unequal norm, three coordinates
INPUTS = ((1.0, -0.5, 0.8), (0.6, 1.1, 0.4))


def pair() -> Array:
    """Return the two inputs as rows."""
    return np.array(INPUTS)
