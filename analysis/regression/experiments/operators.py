"""Dense convolutions and norms on a grid, and random graphs with cycles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.regression.settings import cyclic_graph

__all__ = [
    "dense_condition",
    "dense_descent",
    "dense_tikhonov",
    "followed_effects",
    "random_graph",
    "random_noise",
    "relaxed_covariance",
    "sobolev_error",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _dense(size: int, order: float, blur: float) -> tuple[Array, Array]:
    """A circular convolution and the Gram matrix of the norm of order s, from their rows in space."""
    k = np.minimum(np.arange(size), size - np.arange(size)).astype(float)
    waves = np.cos(2 * np.pi * np.outer(np.arange(size), np.arange(size)) / size)
    lags = (np.arange(size)[:, None] - np.arange(size)) % size
    kernel = waves @ np.exp(-blur * k**2) / size
    gram = waves @ (1 + k**2) ** order / size
    return kernel[lags], gram[lags]


def dense_tikhonov(rng: Rng, size: int, order: float, ridge: float, blur: float) -> Array:
    """Solve the normal equations for a unit pulse; spectrum of the solution over that of the pulse."""
    A, gram = _dense(size, order, blur)
    pulse = np.eye(size)[0]
    u = np.linalg.solve(A.T @ gram @ A + ridge * np.eye(size), A.T @ gram @ pulse)
    return np.asarray(np.fft.fft(u).real)


def dense_descent(rng: Rng, size: int, order: float, step_size: float, steps: int, blur: float) -> Array:
    """Step by step from zero, for a unit pulse."""
    A, gram = _dense(size, order, blur)
    hessian, right, u = A.T @ gram @ A, A.T @ gram[0], np.zeros(size)
    for _ in range(steps):
        u = u - step_size * (hessian @ u - right)
    return np.asarray(np.fft.fft(u).real)


def dense_condition(rng: Rng, size: int, order: float, blur: float) -> float:
    """Ratio of the extreme singular values of the dense Hessian."""
    A, gram = _dense(size, order, blur)
    values = np.linalg.svd(A.T @ gram @ A, compute_uv=False)
    return float(values[0] / values[-1])


def sobolev_error(
    rng: Rng, size: int, order: float, step_size: float, steps: list[int], blur: float, noise: float
) -> Array:
    """Squared error of descent on a noisy, blurred step function after each of the numbers of steps."""
    A, gram = _dense(size, order, blur)
    truth = np.where(np.arange(size) < size // 2, 1.0, -1.0)
    data = A @ truth + noise * rng.standard_normal(size)
    u, errors = np.zeros(size), []
    for step in range(max(steps) + 1):
        if step in steps:
            errors.append(np.mean((u - truth) ** 2))
        u = u - step_size * (A.T @ (gram @ (A @ u - data)))
    return np.array(errors)


def random_graph(rng: Rng, nodes: int, edges: int) -> dict[str, Array]:
    """Weights of a cyclic graph whose effects die out."""
    return {"graph": cyclic_graph(rng, nodes, edges)}


def random_noise(rng: Rng, nodes: int, edges: int) -> dict[str, Array]:
    """A graph, and a covariance of the noise."""
    root = rng.standard_normal((nodes, nodes))
    return {"graph": cyclic_graph(rng, nodes, edges), "noise": root @ root.T}


def followed_effects(rng: Rng, graph: Array, **_: Any) -> Array:
    """A unit at one node at a time, sent along the edges until it has died out."""
    arriving = total = np.eye(len(graph))
    while np.abs(arriving).max() > 1e-18:
        arriving = arriving @ graph
        total = total + arriving
    return np.asarray(total)


def relaxed_covariance(rng: Rng, graph: Array, noise: Array, **_: Any) -> Array:
    """Covariance of an equilibrium: noise drawn once along each principal axis and the equations iterated to rest."""
    values, axes = np.linalg.eigh(noise)
    states = np.zeros_like(graph)
    sources = axes * np.sqrt(np.maximum(values, 0.0))
    for _step in range(400):
        states = graph.T @ states + sources
    return np.asarray(states @ states.T)
