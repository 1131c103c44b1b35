"""Inputs that the claims of wide networks speak of."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["DOMAIN", "DUALS", "INPUTS", "pair", "training_problem"]

Array = NDArray[np.float64]
# two inputs of unequal norm, three coordinates
INPUTS = ((1.0, -0.5, 0.8), (0.6, 1.1, 0.4))
DOMAIN = Domain(
    width=(32, 1024), layer=(2, 600), q=(0.1, 2.0), t=(0.2, 5.0), n=(20, 800), d=(3, 24), bias=(0.0, 0.5),
    ridge=(0.0, 0.5), inverse=(2.0**12, 2.0**20), frequency=(16, 128), a=(0.6, 4.0), b=(0.4, 3.0), points=(4, 40),
    noise_variance=(0.1, 2.0), amplification=(1.0, 50.0), slope=(0.0, 1.0),
)  # fmt: skip
DUALS = Domain(q1=(0.3, 3.0), q2=(0.3, 3.0), c=(-1.0, 1.0), where="c*c < 0.9*q1*q2")


@cache
def training_problem() -> tuple[Array, Array, Array]:
    """Return five training inputs in three coordinates, their labels, and 24 test inputs."""
    rng = np.random.default_rng(5)
    X, near = rng.standard_normal((5, 3)), rng.standard_normal((23, 3))
    return X, np.array([1.0, -1.0, 0.5, 2.0, -1.5]), np.vstack([0.8 * X[0] + 0.3 * X[1], near])


def pair() -> Array:
    """Return the two inputs as rows."""
    return np.array(INPUTS)
