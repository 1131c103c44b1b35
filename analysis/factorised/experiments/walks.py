"""Walks in random potentials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers import fractional_potential
from solvable.solvers.compiled import njit

__all__ = ["climb", "distances", "log_passage", "passage", "squared_increment"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def passage(p_right: Array) -> float:
    """Mean passage time from the linear equations of first steps."""
    n = len(p_right)
    matrix = np.eye(n)
    for i, p in enumerate(p_right):
        matrix[i, max(i - 1, 0)] -= 1 - p
        if i + 1 < n:
            matrix[i, i + 1] -= p
    return float(np.linalg.solve(matrix, np.ones(n))[0])


def log_passage(p_right: Array) -> float:
    """Its logarithm."""
    return float(np.log(passage(p_right)))


def climb(rng: Rng, n: float, hurst: float) -> float:
    """Largest climb in a drawn potential: the highest place ahead of each, less its own height.

    Mean over the potential and its mirror image, which has the same law: one of them climbs where the other falls.
    """
    V = fractional_potential(round(n), hurst, rng)
    return float(np.mean([np.max(np.maximum.accumulate(v[::-1])[::-1] - v) for v in (V, -V)]))


def squared_increment(rng: Rng, n: int, hurst: float, lag: int) -> float:
    """Mean square of the increments over `lag` sites."""
    V = fractional_potential(n, hurst, rng)
    return float(np.mean((V[lag:] - V[:-lag]) ** 2))


@njit(cache=True)
def _walk(right, place, uniform, times, out):  # type: ignore[no-untyped-def]
    """Walk with the given uniform numbers, and note the place at the given times."""
    now = 0
    for t in range(times[-1]):
        place += 1 if uniform[t] < right[place] else -1
        if t + 1 == times[now]:
            out[now] = place
            now += 1
    return place


def distances(rng: Rng, hurst: float, strength: float, times: Array, walks: int) -> Array:
    """|x| at the given times for one walk in each of `walks` potentials, sites on both sides of the start."""
    last = int(times[-1])
    half = min(last, 4000) + 1
    found = np.empty((walks, times.size))
    for w in range(walks):
        V = strength * fractional_potential(2 * half, hurst, rng)
        right = 1 / (1 + np.exp(np.diff(V)))
        right[0], right[-1] = 1.0, 0.0
        out = np.empty(times.size)
        _walk(right, half, rng.random(last), times.astype(np.int64), out)
        found[w] = np.abs(out - half)
    return found
