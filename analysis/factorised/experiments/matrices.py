"""Recovery of a matrix by subgradient descent on its factor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.factorised.settings import projection_problem
from solvable.solvers import subgradient_descent

__all__ = [
    "dense_outliers", "errors", "grown", "l2_against_l1", "mean_sign", "null_vectors", "small_against_large",
    "truth_is_no_minimum",
]  # fmt: skip

Array = NDArray[np.float64]
Rng = np.random.Generator


def _schedule(first: float, decay: float, steps: int) -> Array:
    return first * decay ** np.arange(steps, dtype=float)


def _distance(run: Any, truth: Array) -> Array:
    return np.asarray(np.linalg.norm(run.matrices - truth, axis=(-2, -1)) / np.linalg.norm(truth))


def errors(
    rng: Rng,
    d: int,
    rank: int,
    m: int,
    outlier_rate: float,
    outlier_std: float,
    scales: Any,
    first: float,
    decay: float,
    steps: int,
    loss: str = "l1",
    columns: int | None = None,
    checkpoints: int = 1,
) -> tuple[Array, NDArray[np.int64]]:
    """Relative errors at the recorded steps for each size of the start, on one problem, and the steps."""
    A, y, truth = projection_problem(rng, d, rank, m, outlier_rate, outlier_std)
    schedule = _schedule(first, decay, steps)
    runs = [subgradient_descent(A, y, columns or d, a, schedule, loss, checkpoints=checkpoints) for a in scales]
    return np.array([_distance(run, truth) for run in runs]), runs[0].times


def mean_sign(rng: Rng, delta: float, outlier_rate: float, outlier_std: float) -> float:
    """Mean over 20,000 measurements of the sign of the residual times the measurement along the error."""
    error = rng.standard_normal((3, 3))
    error *= delta / np.linalg.norm(error)
    A = rng.standard_normal((20_000, 9))
    seen = A @ error.ravel()
    outliers = outlier_std * rng.standard_normal(20_000) * (rng.random(20_000) < outlier_rate)
    return float(np.mean(np.sign(seen - outliers) * seen) / delta)


def small_against_large(rng: Rng, small: float, large: float, **problem: Any) -> float:
    """Logarithm of the ratio of the final errors from a large and a small start, U square."""
    found, _ = errors(rng, scales=(large, small), **problem)
    return float(np.log10(found[0, -1] / found[1, -1]))


def l2_against_l1(rng: Rng, scale: float, **problem: Any) -> float:
    """Logarithm of the least error on the way for the squared loss over the final one for the absolute loss."""
    seed = int(rng.integers(2**31))
    squared, _ = errors(np.random.default_rng(seed), scales=(scale,), loss="l2", checkpoints=200, **problem)
    absolute, _ = errors(np.random.default_rng(seed), scales=(scale,), **problem)
    return float(np.log10(squared.min() / absolute[0, -1]))


def dense_outliers(rng: Rng, scale: float, **problem: Any) -> float:
    """Logarithm of 1/20 over the final relative error: positive where the target is found."""
    found, _ = errors(rng, scales=(scale,), **problem)
    return float(np.log10(0.05 / found[0, -1]))


def truth_is_no_minimum(
    rng: Rng,
    d: int,
    rank: int,
    m: int,
    outlier_std: float,
    small: float,
    large: float,
    first: float,
    decay: float,
    steps: int,
) -> float:
    """With noise on every label: the lesser of two logarithms, positive where both orders hold.

    The truth has a larger loss than the fit from a large start, which is farther from the truth than that from a
    small one.
    """
    A, y, truth = projection_problem(rng, d, rank, m, 1.0, outlier_std)
    schedule = _schedule(first, decay, steps)
    near, far = (subgradient_descent(A, y, d, a, schedule, checkpoints=1) for a in (small, large))
    at_truth = np.mean(np.abs(A.reshape(m, -1) @ truth.ravel() - y))
    return float(min(np.log(at_truth / far.loss[-1]), np.log(_distance(far, truth)[-1] / _distance(near, truth)[-1])))


def grown(
    rng: Rng, d: int, rank: int, m: int, outlier_rate: float, outlier_std: float, scale: float, decay: float, at: float
) -> float:
    """1/2 less the final relative error for a first step size `at`: positive where the target is learned."""
    steps = int(np.ceil(np.log(1e-9) / np.log(decay)))
    found, _ = errors(rng, d, rank, m, outlier_rate, outlier_std, (scale,), at, decay, steps)
    return float(0.5 - found[0, -1])


def null_vectors(rng: Rng, d: int, rank: int, m: int, outlier_rate: float, outlier_std: float, columns: int) -> Array:
    """What a factor of rank `columns` does, after 400 steps, to an orthonormal basis of what it maps to 0 at first."""
    A, y, _ = projection_problem(rng, d, rank, m, outlier_rate, outlier_std)
    basis = np.linalg.qr(rng.standard_normal((d, d)))[0]
    start = rng.standard_normal((d, columns)) @ basis[:, :columns].T
    run = subgradient_descent(A, y, d, 1e-2, _schedule(0.2, 0.98, 400), start=start, checkpoints=1)
    return np.asarray(run.factors[-1] @ basis[:, columns:])
