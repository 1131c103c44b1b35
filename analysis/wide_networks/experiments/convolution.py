"""Two patches on circles: Fourier modes of convolutional kernels by sums, and kernel regression on the torus."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["borderline_draw", "convolution_mode", "error_slope_draw", "teacher_errors", "torus_kernels"]

Array = NDArray[np.float64]


@cache
def convolution_mode(kind: str, frequency: int, sector: int) -> float:
    """Fourier coefficient at (k, 0) or (k, k) of the two-patch kernel, by a sum over a grid of angles."""
    n = max(2048, 32 * frequency)
    angle = 2 * np.pi * np.arange(n // 2 + 1) / n
    angle = np.minimum(angle, 2 * np.pi - angle)
    k0, k1 = 1 - angle / np.pi, (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    weight = np.full(angle.size, 2.0)
    weight[[0, -1]] = 1.0
    left = weight * np.cos(frequency * angle) / n
    right = left if sector == 2 else weight / n
    total = 0.0
    for i in range(angle.size):  # one row of the grid at a time
        mean = (k1[i] + k1) / 2
        turn = np.arccos(np.clip(mean, -1, 1))
        above = (np.sin(turn) + (np.pi - turn) * mean) / np.pi
        if kind == "ntk":
            below = (k1[i] + np.cos(angle[i]) * k0[i] + k1 + np.cos(angle) * k0) / 2
            above = above + (1 - turn / np.pi) * below
        total += left[i] * float(right @ above)
    return total


def torus_kernels(angles: Array, others: Array) -> dict[tuple[str, str], Array]:
    """Between two sets of angles (points, 2): tangent and random-feature kernel, of both patches and of the first
    alone with one layer less, each 1 at equal inputs."""  # fmt: skip
    turn = np.abs(angles[:, None] - others)
    turn = np.minimum(turn, 2 * np.pi - turn)
    slope, feature = 1 - turn / np.pi, (np.sin(turn) + (np.pi - turn) * np.cos(turn)) / np.pi
    tangent = feature + np.cos(turn) * slope
    mean = np.minimum(feature.mean(axis=2), 1.0)
    above = np.arccos(mean)
    both = (np.sin(above) + (np.pi - above) * mean) / np.pi
    return {
        ("ntk", "both"): (both + (1 - above / np.pi) * tangent.mean(axis=2)) / 3,
        ("rfk", "both"): both,
        ("ntk", "one"): tangent[:, :, 0] / 2,
        ("rfk", "one"): feature[:, :, 0],
    }


def teacher_errors(
    rng: np.random.Generator, teachers: tuple[tuple[str, str], ...], sizes: tuple[int, ...], points: int = 300
) -> Array:
    """Error of the tangent kernel on targets drawn from each teacher (kind, scale), (teachers, sizes).

    Inputs are uniform, there is neither ridge nor noise, targets have variance 1; the mean over targets is taken by
    algebra, the smaller sets are the first points of the largest.
    """
    X, T = (2 * np.pi * rng.random((count, 2)) for count in (max(sizes), points))
    within, across = torus_kernels(X, X), torus_kernels(T, X)
    errors = np.empty((len(teachers), len(sizes)))
    for j, n in enumerate(sizes):
        A = np.linalg.solve(within["ntk", "both"][:n, :n], across["ntk", "both"][:, :n].T)
        for i, teacher in enumerate(teachers):
            inner, cross = within[teacher][:n, :n], across[teacher][:, :n]
            errors[i, j] = np.mean(1 - 2 * np.sum(A.T * cross, axis=1) + np.sum(A * (inner @ A), axis=0))
    return errors


def error_slope_draw(rng: np.random.Generator, n: int, teacher: str, scale: str) -> float:
    """Error at n training points."""
    return float(teacher_errors(rng, ((teacher, scale),), (int(n),))[0, 0])


def borderline_draw(rng: np.random.Generator, n: int) -> float:
    """9/4 less the exponent between n and 4 n points of the one-patch target of the random-feature kernel."""
    first, last = teacher_errors(rng, (("rfk", "one"),), (n, 4 * n), 100)[0]
    return float(9 / 4 - np.log(first / last) / np.log(4))
