"""The four axes of double descent and the settings that its claims speak of; nothing is computed from them here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["AXES", "CONDITIONINGS", "TIMES", "USUAL", "Axis", "eigenvalues", "projection"]

USUAL = Domain(
    n=(20, 80), d=(2, 60), gamma=(0.3, 3.0), noise_variance=(0.0, 2.0), step=(0.2, 1.6), time=(0.1, 30.0),
    at=(0.05, 5.0),    batch_size=(1, 50), steps=(1, 200), counts={"gamma": "n"},
)  # fmt: skip

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """One way of walking through the peak: what varies, where the peak is, what stays."""

    name: str
    varies: str
    peak: str
    fixed: str


AXES = (
    Axis("model-wise", "the number of features k", "k = n", "data, optimiser, number of steps"),
    Axis("sample-wise", "the number of samples n", "n = k", "features, optimiser: more data can hurt"),
    Axis("ridge-wise", "the ridge", "ridge 0 at k near n", "data and features: the best ridge has no peak"),
    Axis("epoch-wise", "the number of steps", "between fast and slow features", "data and features"),
)

CONDITIONINGS = ("raw", "centred", "badly scaled")
TIMES = (10, 1_000, 100_000, 10_000_000)


def eigenvalues(covariance: str, d: int) -> Array:
    """Population eigenvalues by name: quantiles of a fixed law, so d only refines them."""
    u = (np.arange(d) + 0.5) / d
    laws = {
        "isotropic": np.ones(d),
        "spread": (0.2 + 2.8 * u) ** 2,
        "two-scales": np.where(u < 0.25, 4.0, 0.25),
        "fast-and-slow": np.where(u < 6 / 7, 1.0, 1e-3),
    }
    return np.asarray(laws[covariance])


def projection(k: int, d: int) -> tuple[Array, Array]:
    """A fixed random map to k features of d inputs, and a fixed target of unit norm on the inputs."""
    rng = np.random.default_rng(13)
    F, beta = rng.standard_normal((k, d)) / np.sqrt(d), rng.standard_normal(d)
    return F, beta / np.linalg.norm(beta)
