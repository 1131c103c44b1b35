"""Responses of drawn index models, and spaces from their moments in plain arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distance_draw", "even_links", "raw_or_score", "tanh_moments"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _responses(rng: Rng, z: Array, links: str) -> Array:
    """Three responses of two indices."""
    a, b = z.T
    if links == "odd":
        clean = np.column_stack([np.tanh(a), np.tanh(b) + 0.5 * a, np.sin(a - b)])
    else:
        clean = np.column_stack([a**2, a * b, np.cos(b)])
    return clean + 0.3 * rng.standard_normal(clean.shape)


def _distance(found: Array, basis: Array) -> float:
    return float(np.linalg.norm(found @ found.T - basis @ basis.T) / np.sqrt(2))


def distance_draw(rng: Rng, samples: float, inputs: int, order: int, links: str) -> float:
    """Distance of the estimated space from the true one, standard normal inputs, score known."""
    n = round(samples)
    basis = np.linalg.qr(rng.standard_normal((inputs, 2)))[0]
    X = rng.standard_normal((n, inputs))
    Y = _responses(rng, X @ basis, links)
    Y = Y - Y.mean(axis=0)
    if order == 1:
        found = np.linalg.svd(X.T @ Y)[0][:, :2]
    else:
        squares = np.zeros((inputs, inputs))
        for y in Y.T:
            M = (X * y[:, None]).T @ X / n - y.mean() * np.eye(inputs)
            squares += M @ M
        found = np.linalg.eigh(squares)[1][:, -2:]
    return _distance(found, basis)


def even_links(rng: Rng, samples: float, inputs: int) -> float:
    """Distance of the first-order space minus that of the second-order one, even links."""
    seed = int(rng.integers(2**32))
    first, second = (distance_draw(np.random.default_rng(seed), samples, inputs, order, "even") for order in (1, 2))
    return first - second


def raw_or_score(rng: Rng, samples: int, inputs: int) -> float:
    """Distance of the space of raw covariances minus that with the score, inputs of unequal variance."""
    basis = np.linalg.qr(rng.standard_normal((inputs, 2)))[0]
    scales = np.geomspace(0.3, 3.0, inputs)
    X = scales * rng.standard_normal((samples, inputs))
    Y = _responses(rng, X @ basis, "odd")
    Y = Y - Y.mean(axis=0)
    spaces = [np.linalg.svd(moment.T @ Y, full_matrices=False)[0][:, :2] for moment in (X, X / scales**2)]
    return _distance(spaces[0], basis) - _distance(spaces[1], basis)


def tanh_moments(rng: Rng, samples: float, inputs: int) -> float:
    """n times the squared distance of the direction found from one response tanh of one standard normal index.

    The other inputs are independent of the response: their moments with it, given the response, are drawn as such,
    and often, because most of the spread is theirs.
    """
    n = round(samples)
    x = rng.standard_normal((4, n))
    y = np.tanh(x) + 0.3 * rng.standard_normal((4, n))
    y -= y.mean(axis=1, keepdims=True)
    along = np.sum(x * y, axis=1, keepdims=True)
    across = np.sum(y * y, axis=1, keepdims=True) * rng.chisquare(inputs - 1, (4, 50))
    return float(np.mean(n * across / (along**2 + across)))
