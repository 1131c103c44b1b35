"""Residual networks of many layers, trained."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers import residual_training

__all__ = ["balance", "balance_after", "change_with_depth", "mean_change", "output", "scaled_change", "started"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def output(depth: float, y: float, time: float) -> float:
    """Of a network of numbers, from zero weights."""
    return float(residual_training(round(depth), y, [time]).output[0])


def scaled_change(depth: float, y: float, time: float) -> float:
    """2L times the change of the output from depth 2L to depth L."""
    L = round(depth)
    return 2 * L * (output(L, y, time) - output(2 * L, y, time))


def change_with_depth(depth: float, y: float, time: float) -> float:
    """Absolute change of the output from one depth to twice that."""
    return abs(scaled_change(depth, y, time)) / (2 * round(depth))


def started(rng: Rng, depth: int, d: int, smooth: bool) -> Array:
    """Layers drawn one by one, or as values at k/L of a random smooth function."""
    if not smooth:
        return rng.standard_normal((depth, d, d))
    place = np.linspace(0, 1, depth, endpoint=False)[:, None, None]
    a, b, c = rng.standard_normal((3, d, d))
    return np.asarray(a + b * np.cos(np.pi * place) + c * np.sin(np.pi * place))


def trained(rng: Rng, depth: int, d: int, smooth: bool, times: Any) -> Array:
    """Layers at the given times, for a Gaussian target."""
    start = started(rng, depth, d, smooth)
    return residual_training(depth, rng.standard_normal((d, d)), times, start).weights


def mean_change(rng: Rng, depth: float, d: int, smooth: bool) -> float:
    """L times the mean norm of the change from one layer to the next, after training up to time 1."""
    L = round(depth)
    steps = np.diff(trained(rng, L, d, smooth, [1.0])[0], axis=0)
    return float(L * np.mean(np.linalg.norm(steps, axis=(1, 2))))


def balance(W: Array) -> Array:
    """What consecutive layers conserve: the Gram matrix of a layer's rows less that of the next one's columns."""
    factors = np.eye(W.shape[-1]) + W / len(W)
    return np.stack([b.T @ b - a @ a.T for a, b in pairwise(factors)])


def balance_after(start: Array, target: Array) -> Array:
    """The same after training up to time 1."""
    return balance(residual_training(len(start), target, [1.0], start).weights[0])
