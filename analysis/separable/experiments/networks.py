"""ReLU networks trained on data with a linear and a slab coordinate, and what shuffling a coordinate costs them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers import slab_data

__all__ = ["ensemble_gap", "reliance", "reliance_gap", "slab_product"]

Rng = np.random.Generator


def slab_product(
    rng: Rng, coordinate: int, power: int, linear_margin: float, slab_margin: float, slabs: int, corrupt: float
) -> float:
    """Mean of y x^power over 1,000 rows drawn slab by slab, without the solvers' generator."""
    y = rng.choice([-1.0, 1.0], 1000)
    if coordinate == 0:
        x = y * rng.uniform(linear_margin, 1.0, y.size) * np.where(rng.random(y.size) < corrupt, -1.0, 1.0)
    else:
        width = (2 - 2 * slab_margin * (slabs - 1)) / slabs
        left = -1 + np.arange(slabs) * (width + 2 * slab_margin)
        middle = slabs // 2
        chosen = np.empty(y.size, dtype=int)
        for label, first in ((-1.0, 0), (1.0, 1)):
            rings = np.arange(first, middle + 1, 2)
            rows = y == label
            chosen[rows] = rng.choice(rings, int(rows.sum())) * rng.choice([-1, 1], int(rows.sum()))
        x = left[middle + chosen] + width * rng.random(y.size)
    return float(np.mean(y * x**power))


def _train(rng: Rng, X: NDArray[np.float32], y: NDArray[np.float32], units: int, steps: int, rate: float) -> Any:
    """One hidden layer of ReLU units, full-batch descent with momentum 0.9 on the mean logistic loss."""
    d = X.shape[1]
    weights = [
        rng.standard_normal((d, units)) * np.sqrt(2 / d),
        np.zeros(units),
        rng.standard_normal(units) / units**0.5,
    ]
    W, b, a = (w.astype(np.float32) for w in weights)
    speed = [np.zeros_like(w) for w in (W, b, a)]
    for _ in range(steps):
        h = np.maximum(X @ W + b, 0)
        pull = (-y / (1 + np.exp(np.clip(y * (h @ a), -60, 60))) / np.float32(len(y))).astype(np.float32)
        back = pull[:, None] * a * (h > 0)
        for v, g in zip(speed, (X.T @ back, back.sum(axis=0), h.T @ pull), strict=True):
            v *= np.float32(0.9)
            v -= np.float32(rate) * g
        W, b, a = W + speed[0], b + speed[1], a + speed[2]
    return lambda x: np.maximum(x @ W + b, 0) @ a


def reliance(
    rng: Rng, d: int, slabs: int, corrupt: float, nets: int = 1, units: int = 60, n: int = 1000, steps: int = 300
) -> NDArray[np.float64]:
    """Test accuracy of the mean of `nets` networks: as it is, linear coordinate shuffled, slab shuffled."""
    margin = 0.1 if slabs == 3 else 0.02
    train, test = (slab_data(size, d, rng, 0.1, margin, slabs, corrupt) for size in (n, 4000))
    X, y = train.X.astype(np.float32), train.y.astype(np.float32)
    members = [_train(rng, X, y, units, steps, 0.3) for _ in range(nets)]
    found = []
    for shuffled in (None, 0, 1):
        x = test.X.astype(np.float32)
        if shuffled is not None:
            x[:, shuffled] = rng.permutation(x[:, shuffled])
        found.append(np.mean(test.y * sum(member(x) for member in members) > 0))
    return np.array(found)


def reliance_gap(rng: Rng, d: int, slabs: int, corrupt: float, steps: int = 300) -> float:
    """Accuracy with the slab coordinate shuffled minus that with the linear one shuffled."""
    found = reliance(rng, d, slabs, corrupt, steps=steps)
    return float(found[2] - found[1])


def ensemble_gap(rng: Rng, d: int, slabs: int, corrupt: float, nets: int) -> float:
    """The same gap for the mean of several networks, minus 0.1: they still do not read the slabs."""
    found = reliance(rng, d, slabs, corrupt, nets)
    return float(found[2] - found[1]) - 0.1
