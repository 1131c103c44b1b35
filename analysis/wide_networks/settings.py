"""Inputs that the claims of wide networks speak of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["INPUTS", "pair"]

Array = NDArray[np.float64]
# two inputs of unequal norm, three coordinates
INPUTS = ((1.0, -0.5, 0.8), (0.6, 1.1, 0.4))


def pair() -> Array:
    """Return the two inputs as rows."""
    return np.array(INPUTS)
