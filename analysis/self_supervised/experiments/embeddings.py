"""Gradient flow of linear embeddings by a high-order integrator, and kernel PCA of pairs in its dual form."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.self_supervised.settings import gaussian_pairs, modes_between

__all__ = [
    "aligned_run",
    "digits_pairs",
    "dual_gram",
    "dying_modes",
    "flow",
    "flow_losses",
    "flow_weights",
    "half_way",
    "pairs_and_kernel",
    "probe_accuracy",
    "start_error",
]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Rng = np.random.Generator


def aligned_run(rng: Rng, m: int, d: int, n: int) -> dict[str, Array]:
    """Pairs with well separated modes, and weights aligned with the leading ones."""
    while True:
        first, second = gaussian_pairs(rng, n, m)
        gamma = (first.T @ second + second.T @ first) / (2 * n)
        values, modes = np.linalg.eigh(gamma)
        if values[-d] > 0.02 * values[-1]:
            break
    turned = np.linalg.qr(rng.standard_normal((d, d)))[0]
    start = turned * rng.uniform(0.01, 0.1, d) @ modes[:, ::-1][:, :d].T
    times = np.array([0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 12.0])
    return {"gamma": gamma, "start": start, "times": times}


def flow(gamma: Array, start: Array, times: Array, rtol: float = 1e-12) -> Array:
    """Weights along the gradient flow of ||W gamma W^T - I||_F^2, at each time."""
    from scipy.integrate import solve_ivp

    d, m = start.shape

    def velocity(_: float, flat: Array) -> Array:
        W = flat.reshape(d, m)
        seen = W @ gamma
        return np.asarray(-4 * ((seen @ W.T - np.eye(d)) @ seen).ravel())

    found = solve_ivp(
        velocity, (0.0, float(times[-1])), start.ravel(), "DOP853", times, rtol=rtol, atol=1e-14 * np.abs(start).max()
    )
    return np.asarray(found.y.T.reshape(-1, d, m))


def flow_weights(gamma: Array, start: Array, times: Array) -> Array:
    """Weights at the times."""
    return flow(gamma, start, times)


def flow_losses(gamma: Array, start: Array, times: Array) -> Array:
    """Losses at the times, from the definition."""
    eye = np.eye(len(start))
    return np.array([np.sum((W @ gamma @ W.T - eye) ** 2) for W in flow(gamma, start, times)])


def start_error(rng: Rng, shrink: float, gap: float, d: int) -> float:
    """Largest distance in time between the flow from generic weights and from their aligned part, both integrated.

    The weights point in one fixed random direction at every size, or their spread would hide the exponent.
    """
    del rng
    gamma = modes_between(d, gap)
    start = np.random.default_rng(0).standard_normal((d, gamma.size)) / shrink
    q, r = np.linalg.qr(start[:, :d])
    aligned = np.zeros_like(start)
    aligned[:, :d] = q * np.diag(r)
    times = np.linspace(0, 1.2 * np.log(shrink**2 / gamma[d - 1]) / (8 * gamma[d - 1]), 400)
    both = [flow(np.diag(gamma), W, times, 1e-10) for W in (start, aligned)]
    return float(np.max(np.linalg.norm(both[0] - both[1], axis=(1, 2))))


def half_way(rng: Rng, shrink: float, mode: float) -> float:
    """Time at which mode times s^2 is one half, by integrating one mode from s = 1/shrink until it is."""
    del rng
    from scipy.integrate import solve_ivp

    def reached(_: float, s: Array) -> float:
        return float(mode * s[0] ** 2 - 0.5)

    reached.terminal = True  # type: ignore[attr-defined]
    found = solve_ivp(
        lambda _, s: 4 * mode * s * (1 - mode * s**2), (0.0, 1e4), [1 / shrink], "DOP853", events=reached,
        rtol=1e-12, atol=1e-14 / shrink,
    )  # fmt: skip
    return float(found.t_events[0][0])


def dying_modes(rng: Rng, start_size: float, gap: float, d: int) -> float:
    """Logarithm of the share of the weights on negative modes that is left at the end, of a generic start."""
    gamma = modes_between(d, gap)
    start = start_size * rng.standard_normal((d, gamma.size))
    end = flow(np.diag(gamma), start, np.array([0.0, 2.0]), 1e-10)[-1]
    return float(np.log(np.linalg.norm(end[:, gamma < 0]) / np.linalg.norm(start[:, gamma < 0])))


def pairs_and_kernel(rng: Rng, n: int, m: int, kernel: str) -> dict[str, Array]:
    """Kernel matrix of 2n points and which are pairs."""
    points = np.concatenate(gaussian_pairs(rng, n, m))
    gaussian = np.exp(-np.sum((points[:, None] - points[None]) ** 2, axis=2) / 2)
    return {
        "K": points @ points.T if kernel == "linear" else gaussian,
        "pairs": np.column_stack([np.arange(n), np.arange(n, 2 * n)]),
    }


def dual_gram(K: Array, pairs: Array, dim: int) -> Array:
    """Gram matrix of the embedding, from the generalised eigenproblem K Z K c = gamma K c on the range of K."""
    from scipy.linalg import eigh

    Z = np.zeros_like(K)
    for a, b in pairs.astype(int):
        Z[a, b] += 0.5 / len(pairs)
        Z[b, a] += 0.5 / len(pairs)
    values, vectors = np.linalg.eigh(K)
    kept = vectors[:, values > 1e-12 * values[-1]]
    inside = kept.T @ K @ kept
    gamma, c = eigh(kept.T @ K @ Z @ K @ kept, inside)
    lead = K @ kept @ c[:, ::-1][:, :dim]
    return np.asarray(lead / gamma[::-1][:dim] @ lead.T)


@cache
def digits_pairs() -> tuple[Array, Array, Rows]:
    """Handwritten digits, each with a neighbour shifted by one pixel (one of four directions, by turns), and labels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images = data.images / 16.0
    shifted = np.zeros_like(images)
    moves = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    for i, image in enumerate(images):
        rows, columns = moves[i % 4]
        padded = np.pad(image, 1)
        shifted[i] = padded[1 + rows : 9 + rows, 1 + columns : 9 + columns]
    mean = images.reshape(len(images), -1).mean(axis=0)
    return images.reshape(len(images), -1) - mean, shifted.reshape(len(images), -1) - mean, data.target


def probe_accuracy(features: Array, labels: Rows, train: Rows, test: Rows) -> float:
    """Test accuracy of least squares on indicator targets, with intercept, a ridge of a tenth of the largest
    eigenvalue, which keeps directions out that have not been learned yet."""
    centre = features[train].mean(axis=0)
    x, targets = features[train] - centre, np.eye(10)[labels[train]]
    gram = x.T @ x
    fit = np.linalg.solve(gram + 0.1 * np.linalg.eigvalsh(gram)[-1] * np.eye(len(gram)), x.T @ targets)
    scores = (features[test] - centre) @ fit + targets.mean(axis=0)
    return float(np.mean(np.argmax(scores, axis=1) == labels[test]))
