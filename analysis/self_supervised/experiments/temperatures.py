"""The contrastive loss by its definition, in complex steps, and linear encoders trained on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cold_loss", "complex_slope", "hot_loss", "random_similarities", "separated_similarities", "train_encoder",
           "trained_change"]  # fmt: skip

Array = NDArray[np.float64]
Rng = np.random.Generator


def random_similarities(rng: Rng, n: int, temperature: float) -> dict[str, Array]:
    """Similarities whose differences the temperature resolves."""
    return {"similarities": min(1.0, 4 * temperature) * rng.uniform(-1, 1, n + 1)}


def separated_similarities(rng: Rng, n: int, temperature: float) -> dict[str, Array]:
    """Similarities on a grid, in random order: none nearer to another than 2/n."""
    del temperature
    return {"similarities": rng.permutation(np.linspace(-1, 1, n + 1))}


def complex_slope(similarities: Array, temperature: float) -> float:
    """Derivative of the entropy of the penalties in the temperature, by a complex step of 1e-30 of it."""
    step = 1e-30
    logits = (similarities[1:] - similarities[1:].max()) / (temperature * complex(1, step))
    shares = np.exp(logits)
    total = shares.sum()
    entropy = -np.sum(shares / total * (logits - np.log(total)))
    return float(entropy.imag / step / temperature)


def _loss(similarities: Array, temperature: float) -> float:
    from scipy.special import logsumexp

    return float(logsumexp(similarities / temperature) - similarities[0] / temperature)


def cold_loss(similarities: Array, temperature: float) -> float:
    """Temperature times loss."""
    return temperature * _loss(similarities, temperature)


def hot_loss(similarities: Array, temperature: float) -> float:
    """Temperature times what the loss exceeds the logarithm of the number of scores by."""
    return temperature * (_loss(similarities, temperature) - float(np.log(similarities.size)))


def _clusters(rng: Rng, n: int, d: int, clusters: int) -> tuple[Array, Array, NDArray[np.intp]]:
    """Points about unit centres, each seen twice, and their clusters."""
    centres = rng.standard_normal((clusters, d))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    labels = np.arange(n, dtype=np.intp) % clusters
    points = centres[labels] + 0.15 * rng.standard_normal((n, d))
    first, second = (points + 0.1 * rng.standard_normal((n, d)) for _ in range(2))
    return first, second, labels


def _value(W: Array, first: Array, second: Array, temperature: float) -> tuple[float, Array]:
    """Mean loss of anchors `first` against all of `second`, and its gradient in W."""
    ends, sides = [], (first @ W.T, second @ W.T)
    for side in sides:
        lengths = np.linalg.norm(side, axis=1, keepdims=True)
        ends.append((side / lengths, lengths))
    (a, la), (b, lb) = ends
    logits = a @ b.T / temperature
    right = logits.diagonal().copy()
    shares = np.exp(logits, out=logits)  # cosines over a temperature of 0.05 and more: nothing overflows
    sums = shares.sum(axis=1)
    shares /= sums[:, None]
    scale = temperature * len(a)
    ga, gb = (shares @ b - b) / scale, (shares.T @ a - a) / scale
    ga = (ga - a * np.sum(ga * a, axis=1, keepdims=True)) / la
    gb = (gb - b * np.sum(gb * b, axis=1, keepdims=True)) / lb
    return float(np.mean(np.log(sums) - right)), ga.T @ first + gb.T @ second


def train_encoder(rng: Rng, temperature: float, n: int, d: int, m: int, clusters: int) -> tuple[float, float]:
    """Uniformity and tolerance of a linear encoder trained to convergence at a temperature."""
    from scipy.optimize import minimize

    first, second, labels = _clusters(rng, n, d, clusters)
    start = rng.standard_normal((m, d)) / np.sqrt(d)

    def loss(flat: Array) -> tuple[float, Array]:
        value, gradient = _value(flat.reshape(m, d), first, second, temperature)
        return value, gradient.ravel()

    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    a = first @ found.x.reshape(m, d).T
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    cosines = (a @ a.T)[np.triu_indices(n, 1)]
    same = (labels[:, None] == labels)[np.triu_indices(n, 1)]
    return float(np.log(np.mean(np.exp(4 * (cosines - 1))))), float(np.mean(cosines[same]))


def trained_change(rng: Rng, what: str, low: float, high: float, n: int, d: int, m: int, clusters: int) -> float:
    """Uniformity or tolerance of the warmer encoder minus that of the colder one, on the same data and start."""
    seed, part = int(rng.integers(2**32)), 0 if what == "uniformity" else 1
    both = [train_encoder(np.random.default_rng(seed), t, n, d, m, clusters)[part] for t in (low, high)]
    return both[1] - both[0]
