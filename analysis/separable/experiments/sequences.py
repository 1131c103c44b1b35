"""Sequences of tasks with the least-distance program solved by non-negative least squares, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from solvable.analysis.separable.settings import taught_tasks

__all__ = ["drawn_tasks", "order_gap", "squared_distance", "worst_hinge"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def drawn_tasks(rng: Rng, count: int, rows: int, d: int, steps: int) -> dict[str, Array]:
    """Tasks that one teacher labels."""
    del steps
    return {"sets": taught_tasks(rng, count, rows, d)}


def _nearest(Z: Array, start: Array) -> Array:
    system = np.vstack([Z.T, 1 - Z @ start])
    target = np.zeros(len(system))
    target[-1] = 1.0
    u = nnls(system, target)[0]
    left = system @ u - target
    return np.asarray(start - left[:-1] / left[-1])


def _end(rng: Rng, sets: Array, steps: int, ordering: str) -> Array:
    w = np.zeros(sets.shape[2])
    for k in range(steps):
        w = _nearest(sets[k % len(sets) if ordering == "cyclic" else rng.integers(len(sets))], w)
    return w


def squared_distance(rng: Rng, sets: Array, steps: int, ordering: str) -> float:
    """Squared distance from the weights after the last task to those that separate all tasks."""
    w = _end(rng, sets, steps, ordering)
    return float(np.sum((w - _nearest(sets.reshape(-1, sets.shape[2]), w)) ** 2))


def worst_hinge(rng: Rng, sets: Array, steps: int, ordering: str) -> float:
    """Squared hinge loss of the worst row after the last task."""
    missing = 1 - sets @ _end(rng, sets, steps, ordering)
    return float(max(missing.max(), 0.0) ** 2)


def order_gap(rng: Rng, count: int, rows: int, d: int, steps: int) -> float:
    """Log of the squared distance after a random order over that after the cyclic one, same tasks and steps."""
    sets = taught_tasks(rng, count, rows, d)
    random, cyclic = (max(squared_distance(rng, sets, steps, order), 1e-24) for order in ("random", "cyclic"))
    return float(np.log(random / cyclic))
