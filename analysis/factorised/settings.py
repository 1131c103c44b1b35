"""Problems that the claims about factorised dynamics speak of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "environment", "layers", "projection_problem", "recurrent_matrix", "tensor_pair"]

Array = NDArray[np.float64]
Rng = np.random.Generator

USUAL = Domain(
    n=(2, 60), m=(200, 2000), rank=(1, 4), outlier_rate=(0.0, 0.4), outlier_std=(1.0, 100.0), delta=(0.05, 5.0),
    decay=(0.95, 0.99), scale=(1e-8, 1e-2), y=(1.05, 4.0), time=(0.05, 2.0), gain=(0.3, 1.5), steps=(1, 10),
    slope=(0.25, 1.0), d=(1, 9), hurst=(0.2, 1.0), depth=(5, 200), sites=(2, 60), least=(0.3, 0.45),
)  # fmt: skip


def projection_problem(
    rng: Rng, d: int, rank: int, m: int, outlier_rate: float, outlier_std: float
) -> tuple[Array, Array, Array]:
    """Gaussian measurements of a projection of the given rank, some with Gaussian outliers, and the projection."""
    basis = np.linalg.qr(rng.standard_normal((d, rank)))[0]
    truth = basis @ basis.T
    A = rng.standard_normal((m, d, d))
    outliers = outlier_std * rng.standard_normal(m) * (rng.random(m) < outlier_rate)
    return A, A.reshape(m, -1) @ truth.ravel() + outliers, truth


def tensor_pair(rng: Rng, n: int, inner: int, k: int) -> Mapping[str, Any]:
    """Two Gaussian tensors that have a tubal product."""
    return {"A": rng.standard_normal((n, inner, k)), "B": rng.standard_normal((inner, n + 1, k))}


def layers(rng: Rng, depth: int, d: int) -> Mapping[str, Any]:
    """Gaussian layers and a Gaussian target."""
    return {"start": rng.standard_normal((depth, d, d)), "target": rng.standard_normal((d, d))}


def recurrent_matrix(rng: Rng, n: int, gain: float) -> Mapping[str, Any]:
    """Gaussian recurrent matrix of variance gain^2/n."""
    return {"W": gain * rng.standard_normal((n, n)) / np.sqrt(n)}


def environment(rng: Rng, sites: int, least: float) -> Mapping[str, Any]:
    """Independent uniform probabilities of a step to the right, between `least` and one less that."""
    return {"p_right": least + (1 - 2 * least) * rng.random(sites)}
