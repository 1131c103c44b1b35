"""ReLU networks trained on rank-one data with weight decay, standard or in parallel branches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["trained_relu_norm"]

Array = NDArray[np.float64]
Rng = np.random.Generator
_OPTIONS = {"ftol": 1e-17, "gtol": 1e-12, "maxcor": 40, "maxiter": 5000, "maxfun": 10_000}
_PLACES = np.array([2.0, 0.5, -1.0, -1.5])
_DIRECTION = np.array([0.6, -0.8])


def _least(rng: Rng, y: Array, depth: int, decays: Array, branches: int, power: int, starts: int) -> list[float]:
    """Least half squared error plus decay/2 times the sum over layers and branches of Frobenius norms to a power.

    The first start has one path for either side of zero, the others are random; smaller decays start where larger
    ones ended.
    """
    from scipy.optimize import minimize

    X, width = np.outer(_PLACES, _DIRECTION), 2
    shapes = [(branches, 2, width)] + [(branches, width, width)] * (depth - 2) + [(branches, width, 1)]
    cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def objective(flat: Array, decay: float) -> tuple[float, Array]:
        W = [part.reshape(shape) for part, shape in zip(np.split(flat, cuts[:-1]), shapes, strict=True)]
        hidden = [np.broadcast_to(X, (branches, *X.shape))]
        for layer in W[:-1]:
            hidden.append(np.maximum(hidden[-1] @ layer, 0.0))
        error = (hidden[-1] @ W[-1]).sum(axis=0)[:, 0] - y
        back = np.broadcast_to(error[:, None], (branches, len(y), 1))
        gradients = []
        for j in range(depth - 1, -1, -1):
            gradients.append(hidden[j].transpose(0, 2, 1) @ back)
            back = (back @ W[j].transpose(0, 2, 1)) * (hidden[j] > 0)
        norms = [np.sqrt(np.sum(layer**2, axis=(1, 2), keepdims=True)) for layer in W]
        value = 0.5 * float(error @ error) + decay / 2 * float(sum(np.sum(norm**power) for norm in norms))
        pull = [decay * power / 2 * norm ** (power - 2) * layer for norm, layer in zip(norms, W, strict=True)]
        return value, np.concatenate([(g + d).ravel() for g, d in zip(gradients[::-1], pull, strict=True)])

    first = np.stack([_DIRECTION, -_DIRECTION], axis=1)
    last = np.sign([[y[0]], [y[-1]]])
    paths = [np.tile(part, (branches, 1, 1)).ravel() for part in (first, *[np.eye(width)] * (depth - 2), last)]
    near = np.concatenate(paths) + 0.05 * rng.standard_normal(cuts[-1])
    best: list[float] = []
    points = [near, *(rng.standard_normal(cuts[-1]) for _ in range(starts))]
    for decay in decays:
        # L-BFGS may stop at a kink of the ReLU, one run in a hundred: a fresh memory goes on from there
        for _again in range(2):
            runs = [minimize(objective, x, (decay,), jac=True, method="L-BFGS-B", options=_OPTIONS) for x in points]
            points = [run.x for run in runs]
        end = min(runs, key=lambda run: run.fun)
        best.append(float(end.fun / decay))
        points = [end.x]
    return best


def trained_relu_norm(
    rng: Rng, network: str, positive_slope: float, negative_slope: float, depth: int, decay: float = 4e-3
) -> float:
    """(Loss + penalty)/decay at three decays, extrapolated to 0: one network of width 2, or three branches of it."""
    y = np.where(_PLACES > 0, positive_slope, negative_slope) * np.abs(_PLACES)
    branches, power = (1, 2) if network == "standard" else (3, depth)
    found = _least(rng, y, depth, decay * np.array([1, 0.5, 0.25]), branches, power, 8 if network == "standard" else 3)
    return float((8 * found[2] - 6 * found[1] + found[0]) / 3)
