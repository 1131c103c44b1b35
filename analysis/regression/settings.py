"""Data sets that the claims about regression beyond ridge speak of."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["GAUSSIAN_BLUR", "USUAL", "cyclic_graph", "diabetes", "noisy_curve"]

USUAL = Domain(
    n=(100, 4000), d=(1, 60), share=(0.02, 0.4), rho=(0.01, 10.0), noise_variance=(0.05, 10.0),
    privacy_variance=(0.0, 300.0), points=(3, 40), ridge=(1e-3, 1.0), order=(-1.0, 1.0), size=(8, 128), nodes=(3, 6),
    edges=(2, 9),
)  # fmt: skip

Array = NDArray[np.float64]
GAUSSIAN_BLUR = 0.005  # the multiplier at k cycles is exp(-0.005 k^2)


def noisy_curve(rng: np.random.Generator, points: int) -> tuple[Array, Array]:
    """Uniform inputs in (-1, 1), rising, a sine with noise."""
    x = np.sort(rng.uniform(-1, 1, points))
    return x, np.sin(4 * x) + 0.2 * rng.standard_normal(points)


def cyclic_graph(rng: np.random.Generator, nodes: int, edges: int) -> Array:
    """Weights of a graph with a cycle through its first three nodes, its other edges at random."""
    weights = np.zeros((nodes, nodes))
    weights[[0, 1, 2], [1, 2, 0]] = rng.uniform(0.2, 0.6, 3)
    free = np.flatnonzero((weights == 0) & ~np.eye(nodes, dtype=bool))
    chosen = rng.choice(free, max(edges - 3, 0), replace=False)
    weights.flat[chosen] = rng.uniform(0.1, 0.3, len(chosen)) * rng.choice([-1.0, 1.0], len(chosen))
    return weights


@cache
def diabetes() -> tuple[Array, Array]:
    """The diabetes data of scikit-learn: inputs as shipped, labels in units of their standard deviation."""
    from sklearn.datasets import load_diabetes

    data: Any = load_diabetes()
    return data.data, (data.target - data.target.mean()) / data.target.std()
