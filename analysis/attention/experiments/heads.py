"""Attention with finitely many random heads: their moments, and ridge regression on their features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.attention.settings import fixed_prompts, on_sphere

__all__ = ["heads_scatter", "kernel_draw", "kernel_errors", "learning_contrast", "permuted_kernel", "permuted_prompts"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _with_one(x: Array) -> Array:
    return np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1)


def _features(rng: Rng, q: Array, k: Array, heads: int, weights: str, activation: str) -> Array:
    """(n, heads, d + 1): the average over keys of sigma(q W k) k for each head, all sums over matrices written out."""
    n, N, d = k.shape
    W = rng.standard_normal((heads, d + 1, d + 1)) / 2
    if weights == "biased":
        W += np.diag(np.append(np.ones(d), 0.0))
    query, keys = _with_one(q), _with_one(k)
    pre = (query @ W.transpose(1, 0, 2).reshape(d + 1, -1)).reshape(n, heads, d + 1) @ keys.transpose(0, 2, 1)
    active = np.maximum(pre, 0.0) if activation == "relu" else np.exp(pre)
    return np.asarray(active @ keys / N)


def kernel_draw(rng: Rng, d: int, keys: int, weights: str, activation: str, heads: int = 20_000) -> float:
    """Inner product of the features of two fixed prompts, averaged over heads."""
    F = _features(rng, *fixed_prompts(d, keys), heads, weights, activation)
    return float(np.mean(np.sum(F[0] * F[1], axis=1)))


def heads_scatter(rng: Rng, heads: int, d: int, keys: int) -> float:
    """Root of the mean squared entry by which the kernels of twelve prompts of two independent sets of heads differ."""
    q, k = on_sphere(rng, 12, d), on_sphere(rng, 12, keys, d)
    F = _features(rng, q, k, 2 * heads, "centred", "relu")
    halves = [f.reshape(12, -1) @ f.reshape(12, -1).T / heads for f in (F[:, :heads], F[:, heads:])]
    return float(np.sqrt(np.mean((halves[0] - halves[1]) ** 2)))


def permuted_prompts(rng: Rng, d: int, keys: int) -> dict[str, NDArray[Any]]:
    """Prompts, and an order of the keys for each."""
    return {
        "q": on_sphere(rng, 3, d),
        "k": on_sphere(rng, 3, keys, d),
        "order": rng.permuted(np.tile(np.arange(keys), (3, 1)), axis=1),
    }


def permuted_kernel(q: Array, k: Array, order: NDArray[np.int64]) -> Array:
    """Centred ReLU kernel with the keys in another order, by a double loop."""
    k = np.take_along_axis(k, order[..., None], axis=1)
    out = np.zeros((len(q), len(q)))
    for i in range(len(q)):
        for j in range(len(q)):
            inner = 1 + k[i] @ k[j].T
            angle = np.arccos(np.clip((1 + q[i] @ q[j]) * inner / 4, -1, 1))
            out[i, j] = np.mean((np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi) * inner)
    return out


def learning_errors(
    rng: Rng, power: int, n: int, d: int, keys: int, heads: int = 400, test: int = 200
) -> tuple[float, float]:
    """Relative test errors of centred and biased heads, ridge regression on (1/N) sum (q.k)^power b.k."""
    q, k, b = on_sphere(rng, n + test, d), on_sphere(rng, n + test, keys, d), on_sphere(rng, d)
    y = np.mean(np.einsum("nd,nkd->nk", q, k) ** power * (k @ b), axis=1)
    errors = []
    for weights in ("centred", "biased"):
        F = _features(rng, q, k, heads, weights, "relu").reshape(n + test, -1)
        K = F[:n] @ F[:n].T
        fit = np.linalg.solve(K + 1e-6 * np.trace(K) / n * np.eye(n), y[:n])
        errors.append(float(np.mean((F[n:] @ (F[:n].T @ fit) - y[n:]) ** 2) / np.mean(y[n:] ** 2)))
    return errors[0], errors[1]


def kernel_errors(
    rng: Rng, kernels: Sequence[Callable[[Array, Array], Array]], powers: Sequence[int], sizes: list[int], d: int,
    keys: int, test: int,
) -> Array:  # fmt: skip
    """Relative test errors (power, kernel, size) of ridge regression with given kernels, on the same prompts."""
    n = max(sizes) + test
    q, k, b = on_sphere(rng, n, d), on_sphere(rng, n, keys, d), on_sphere(rng, d)
    inner = np.einsum("nd,nkd->nk", q, k)
    y = np.stack([np.mean(inner**power * (k @ b), axis=1) for power in powers], axis=1)
    errors = np.empty((len(powers), len(kernels), len(sizes)))
    for j, kernel in enumerate(kernels):
        K = kernel(q, k)
        for i, size in enumerate(sizes):
            own, cross = K[test : test + size, test : test + size], K[:test, test : test + size]
            ridge = 1e-6 * np.trace(own) / size * np.eye(size)
            guess = cross @ np.linalg.solve(own + ridge, y[test : test + size])
            errors[:, j, i] = np.mean((guess - y[:test]) ** 2, axis=0) / np.mean(y[:test] ** 2, axis=0)
    return errors


def learning_contrast(rng: Rng, power: int, n: int, d: int, keys: int) -> float:
    """Log of the test error of centred over biased heads."""
    centred, biased = learning_errors(rng, power, n, d, keys)
    return float(np.log(centred / biased))
