"""What the claims about denoisers speak of: mixtures, subspaces, measurements; the ranges of their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = [
    "USUAL",
    "any_corruption",
    "covariance",
    "drawn_chain",
    "drawn_measurements",
    "drawn_mixture",
    "drawn_problem",
    "noisy_point",
    "on_subspace",
    "subspace_basis",
    "training_rows",
]

Array = NDArray[np.float64]
Rng = np.random.Generator

USUAL = Domain(
    n=(2, 4096), decay=(0.01, 2.0), std=(0.1, 2.0), signal=(0.5, 2.0), dim=(1, 6), components=(1, 5),
    noise_variance=(1e-3, 10.0), precision=(10.0, 1e6), prior_variance=(0.1, 10.0), measurement_noise=(0.1, 10.0),
    mean=(0.5, 3.0), noise=(0.05, 3.0), scale=(0.1, 4.0), variance=(0.2, 5.0), time=(0.05, 0.95),
)  # fmt: skip


def covariance(rng: Rng, d: int) -> Array:
    """Positive definite, eigenvalues of order one."""
    A = rng.standard_normal((d, d + 3))
    return np.asarray(A @ A.T / (d + 3))


def drawn_mixture(rng: Rng, dim: int, components: int) -> dict[str, Array]:
    """Weights, means, covariances and a point."""
    return {
        "weights": rng.dirichlet(np.ones(components)),
        "means": rng.standard_normal((components, dim)),
        "covariances": np.array([covariance(rng, dim) for _ in range(components)]),
        "x": 1.5 * rng.standard_normal(dim),
    }


def subspace_basis(rng: Rng, n: int, d: int) -> Array:
    """Orthonormal columns, uniform."""
    return np.asarray(np.linalg.qr(rng.standard_normal((n, d)))[0])


def on_subspace(rng: Rng, basis: Array, rows: int, noise: float = 0.0) -> Array:
    """Gaussian rows on a subspace, plus noise in all directions."""
    n, d = basis.shape
    return np.asarray(rng.standard_normal((rows, d)) @ basis.T + noise * rng.standard_normal((rows, n)))


def drawn_problem(rng: Rng, rows: int) -> dict[str, Array]:
    """Operator with orthonormal rows, decoder with orthonormal columns, true latent vector and start; d = 8, k = 3."""
    return {
        "operator": subspace_basis(rng, 8, rows).T,
        "decoder": subspace_basis(rng, 8, 3),
        "truth": rng.standard_normal(3),
        "start": rng.standard_normal(3),
    }


def any_corruption(rng: Rng, states: int) -> dict[str, Array]:
    """A law of states and any corruption of them."""
    return {"law": rng.dirichlet(np.ones(states)), "corruption": rng.dirichlet(np.ones(states), size=states)}


def noisy_point(rng: Rng, scale: float, noise: float) -> dict[str, Any]:
    """Three subspaces of dimensions 1, 2 and 2 in 5 dimensions, and a noisy point of one of them."""
    bases = [subspace_basis(rng, 5, d) for d in (1, 2, 2)]
    clean = on_subspace(rng, bases[int(rng.integers(3))], 1)[0]
    return {"bases": bases, "x": scale * clean + noise * rng.standard_normal(5)}


def training_rows(rng: Rng, rows: int, dim: int) -> dict[str, Array]:
    """Rows of unequal spread along the axes, rotated."""
    return {"X": rng.standard_normal((rows, dim)) * 2.0 ** -np.arange(dim) @ subspace_basis(rng, dim, dim)}


def drawn_measurements(rng: Rng, rows: int, variance: float, noise: float) -> dict[str, Array]:
    """Numbers of mean 1, each measured in noise after a factor of its own."""
    factors = rng.uniform(0.3, 2.0, rows)
    signal = 1 + np.sqrt(variance) * rng.standard_normal(rows)
    return {"factors": factors, "observations": factors * signal + noise * rng.standard_normal(rows)}


def drawn_chain(rng: Rng, steps: int) -> dict[str, Array]:
    """Gains and errors of a chain of linear steps."""
    return {"gains": rng.uniform(0.5, 1.5, steps), "errors": rng.standard_normal(steps)}
