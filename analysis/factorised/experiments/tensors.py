"""Tubal products by explicit circular sums, and recovery of a tensor by gradient descent on its factor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers import tubal_descent

__all__ = [
    "circular_product",
    "recovery",
    "reversed_transpose",
    "target",
    "third_tube",
    "tube_norms",
    "warm_against_cold",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def circular_product(A: Array, B: Array) -> Array:
    """Sum over slices whose indices add up, modulo their number."""
    k = A.shape[2]
    out = np.zeros((A.shape[0], B.shape[1], k))
    for a in range(k):
        for b in range(k):
            out[:, :, (a + b) % k] += A[:, :, a] @ B[:, :, b]
    return out


def reversed_transpose(A: Array) -> Array:
    """Each slice transposed, and put at the place of its negative."""
    k = A.shape[2]
    return np.stack([A[:, :, -c % k].T for c in range(k)], axis=2)


def tube_norms(T: Array) -> Array:
    """Norms of the singular tubes, from the block-circulant matrix: its singular values, taken slice by slice."""
    k = T.shape[2]
    angles = np.exp(-2j * np.pi * np.outer(np.arange(k), np.arange(k)) / k)
    slices = np.einsum("ijc,ac->aij", T, angles)
    return np.asarray(np.sqrt(np.mean(np.linalg.svd(slices, compute_uv=False) ** 2, axis=0)))


def target(rng: Rng, n: int, k: int, rank: int) -> Array:
    """Symmetric Gaussian tensor of the tubal rank, of norm 2."""
    X = rng.standard_normal((n, rank, k))
    T = circular_product(X, reversed_transpose(X))
    return np.asarray(2 * T / np.linalg.norm(T))


def recovery(
    rng: Rng,
    n: int,
    k: int,
    rank: int,
    m: int,
    scale: float,
    steps: int,
    checkpoints: int = 1,
    truth: Array | None = None,
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Relative errors, norms of the singular tubes and steps, for a tensor of norm 2 from Gaussian measurements."""
    truth = target(rng, n, k, rank) if truth is None else truth
    A = rng.standard_normal((m, n, n, k)) / np.sqrt(m)
    y = A.reshape(m, -1) @ truth.ravel()
    run = tubal_descent(A, y, scale * rng.standard_normal((n, n, k)), 0.1, steps, checkpoints)
    found = [circular_product(U, reversed_transpose(U)) for U in run.factors]
    error = np.array([np.linalg.norm(T - truth) for T in found]) / 2
    return error, np.array([tube_norms(T) for T in found]), run.times


def warm_against_cold(rng: Rng, n: int, k: int, rank: int, m: int, small: float, large: float, steps: int) -> float:
    """Logarithm of the ratio of the final errors from a large and a small start, on one problem."""
    seed = int(rng.integers(2**31))
    far, near = (recovery(np.random.default_rng(seed), n, k, rank, m, a, steps)[0][-1] for a in (large, small))
    return float(np.log10(far / near))


def third_tube(rng: Rng, n: int, k: int, rank: int, m: int, scale: float, steps: int) -> float:
    """Logarithm of the least tube of the target over the first beyond its tubal rank, less that of 20."""
    norms = recovery(rng, n, k, rank, m, scale, steps)[1][-1]
    return float(np.log(norms[rank - 1] / norms[rank]) - np.log(20))
