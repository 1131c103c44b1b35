"""Linear encoders with and without a head, trained; probes fitted on drawn features."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.self_supervised.settings import PROBE_CORRELATIONS, PROBE_VARIANCES, head_moments
from solvable.solvers.compiled import njit

__all__ = ["first_layer_weight", "layers_descended", "probes_apart", "trained_gram", "trained_loss"]

Array = NDArray[np.float64]
Rng = np.random.Generator


@njit(inner=True)
def _product(left, right, out):  # type: ignore[no-untyped-def]
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            for k in range(right.shape[0]):
                total += left[i, k] * right[k, j]
            out[i, j] = total


@njit(cache=True)
def _descend(layers, M, C, rate, steps):  # type: ignore[no-untyped-def]
    """Descend L(W) in all factors of W = W_L...W_1 at once, in place, until no entry moves by more than rounding."""
    count, size, _ = layers.shape
    # products of the layers below and above each; rows of a narrow last layer that are 0 stay so
    below, above = np.zeros((count + 1, size, size)), np.zeros((count + 1, size, size))
    seen, inside = np.zeros((size, size)), np.zeros((size, size))
    up, G = np.zeros((size, size)), np.zeros((size, size))
    for i in range(size):
        below[0, i, i] = above[count, i, i] = 1.0
    for _ in range(steps):
        for k in range(count):
            _product(layers[k], below[k], below[k + 1])
        for k in range(count - 1, 0, -1):
            _product(above[k + 1], layers[k], above[k])
        W = below[count]
        _product(W, M, seen)
        _product(seen, W.T, inside)
        _product(inside, seen, G)
        _product(W, C, up)
        for i in range(size):
            for j in range(size):
                G[i, j] = 4.0 * rate * (G[i, j] - up[i, j])
        moved = 0.0
        for k in range(count):
            _product(above[k + 1].T, G, seen)
            _product(seen, below[k].T, up)
            for i in range(size):
                for j in range(size):
                    layers[k, i, j] -= up[i, j]
                    moved = max(moved, abs(up[i, j]))
        if moved < 1e-15:
            break


def layers_descended(
    rng: Rng, start: float, dim: int, layers: int = 2, rate: float = 4e-3, steps: int = 60_000
) -> Array:
    """Layers after descent from weights of the given size; the last has `dim` rows and is filled up with zeros."""
    M, C = head_moments()
    found = start * rng.standard_normal((layers, len(M), len(M)))
    found[-1, dim:] = 0.0
    _descend(found, M, C, rate, steps)
    return np.asarray(found)


def first_layer_weight(rng: Rng, shrink: float, feature: int, dim: int) -> float:
    """Weight of a feature before the head, of a start of size 1/shrink."""
    first = layers_descended(rng, 1 / shrink, dim)[0]
    return float((first.T @ first)[feature, feature])


def _trained(rng: Rng, dim: int) -> tuple[Array, float]:
    """Encoder and loss at the end of L-BFGS from random weights of size one half."""
    from scipy.optimize import minimize

    M, C = head_moments()

    def loss(flat: Array) -> tuple[float, Array]:
        W = flat.reshape(dim, -1)
        inside = W @ M @ W.T
        value = -2 * np.trace(W @ C @ W.T) + np.sum(inside**2)
        return float(value), np.asarray(4 * (inside @ W @ M - W @ C).ravel())

    start = 0.5 * rng.standard_normal(dim * len(M))
    options = {"ftol": 1e-17, "gtol": 1e-12, "maxcor": 40, "maxiter": 4000, "maxfun": 8000}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return found.x.reshape(dim, -1), float(found.fun)


def trained_gram(rng: Rng, dim: int) -> Array:
    """W^T W of the trained encoder."""
    W, _ = _trained(rng, dim)
    return np.asarray(W.T @ W)


def trained_loss(rng: Rng, dim: int) -> float:
    """Loss of the trained encoder."""
    return _trained(rng, dim)[1]


@cache
def _ridges() -> Array:
    return np.geomspace(0.05, 20.0, 60)


def probes_apart(rng: Rng, feature: int, n: int, noise: float, draws: int = 400) -> float:
    """Excess error after the head minus that before it, each the least over ridges of its mean over the same draws."""
    q, v = PROBE_CORRELATIONS, PROBE_VARIANCES
    d = q.size
    z = rng.standard_normal((draws, n, d))
    y = z[:, :, feature] + np.sqrt(noise) * rng.standard_normal((draws, n))
    truth = np.eye(d)[feature]
    least = []
    for scale in (np.sqrt(q), (q * v) ** 0.25):
        x = z * scale
        gram, moment = x.transpose(0, 2, 1) @ x, (x.transpose(0, 2, 1) @ y[:, :, None])[..., 0]
        values, vectors = np.linalg.eigh(gram)
        inside = np.einsum("tji,tj->ti", vectors, moment)
        errors = []
        for ridge in _ridges():
            found = np.einsum("tij,tj->ti", vectors, inside / (values + ridge)) * scale
            errors.append(float(np.mean(np.sum((found - truth) ** 2, axis=1))))
        least.append(min(errors))
    return least[0] - least[1]
