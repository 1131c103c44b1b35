"""Values read at a query by inverse distances, from drawn keys: plain singularitys, no logarithms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["drawn_keys", "noise_left", "softmax_value"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def drawn_keys(rng: Rng, keys: int, d: int, **_: float) -> dict[str, Array]:
    """Keys and queries of a Gaussian, and values."""
    return {
        "queries": rng.standard_normal((5, d)),
        "places": rng.standard_normal((keys, d)),
        "values": rng.standard_normal(keys),
    }


def softmax_value(queries: Array, places: Array, values: Array, singularity: float) -> Array:
    """Softmax attention with the scores -p ln |x - k|, as a model of attention computes it."""
    scores = -singularity * np.log(np.linalg.norm(queries[:, None] - places, axis=-1))
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)) @ values)


def noise_left(rng: Rng, keys: int, d: int, singularity: float, law: str, count: int = 500) -> float:
    """Mean of the squared error that noise of variance one in the values leaves, averaged over the noise."""
    squares = np.zeros((count, keys))
    if law == "gaussian":
        x = rng.standard_normal((count, d))
        for c in range(d):
            squares += (rng.standard_normal((count, keys)) - x[:, c, None]) ** 2
    else:  # a cube, the query in its middle
        for _ in range(d):
            squares += rng.uniform(-1, 1, (count, keys)) ** 2
    weights = squares ** (-singularity / 2)
    return float(np.mean(np.sum(weights**2, axis=1) / np.sum(weights, axis=1) ** 2))
