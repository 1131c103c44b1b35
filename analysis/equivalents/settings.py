"""Covariances, targets, weights and directions of the models that claims about derived equivalents speak of."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = [
    "LINEAR",
    "NONLINEAR",
    "USUAL",
    "Directions",
    "aligned_spike",
    "digits_problem",
    "one_step_directions",
    "power",
    "rotated",
    "sample_weights",
    "two_domains",
]

Array = NDArray[np.float64]

LINEAR, NONLINEAR = 0.5, float(np.sqrt(0.25 - 1 / (2 * np.pi)))  # of ReLU on standard Gaussians
USUAL = Domain(n=(20, 400), lam=(0.01, 1.0), noise_variance=(0.01, 1.0), share=(0.2, 2.0), overlap=(0.1, 0.9),
               strength=(0.1, 4.0))  # fmt: skip


class Directions(NamedTuple):
    """Unit vectors of a gradient step, and the target's."""

    left: Array
    right: Array
    target: Array


def power(d: int, exponent: float) -> Array:
    """Return i^-exponent over its mean."""
    s = np.arange(1, d + 1) ** -float(exponent)
    return np.asarray(s * d / s.sum())


def rotated(s: Array, seed: int) -> Array:
    """Return a symmetric matrix with these eigenvalues in a random basis."""
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((s.size, s.size)))[0]
    return np.asarray((basis * s) @ basis.T)


def two_domains(d: int) -> tuple[Array, Array, Array, Array]:
    """Variances of real inputs, of synthetic ones, of the target's weights, and of the error of the teacher's."""
    return power(d, 1), power(d, 1)[::-1].copy(), power(d, 0.5) / d, 0.3 * power(d, 1) / d


def aligned_spike(d: int) -> tuple[Array, Array]:
    """One variance of 9 among ones, which holds 0.6 of the target's squared weights, and these weights."""
    return np.array([9.0, 1.0]), np.array([0.6, 0.4 / (d - 1)])


@cache
def _digits() -> tuple[Array, Array]:
    """Handwritten digits in their principal axes, centred, of mean variance one; and these variances."""
    from sklearn.datasets import load_digits

    X = load_digits().data
    X = X - X.mean(axis=0)
    variances, axes = np.linalg.eigh(X.T @ X / len(X))
    kept = variances > 1e-3 * variances.max()
    scale = variances[kept].mean()
    return X @ axes[:, kept] / np.sqrt(scale), variances[kept] / scale


def digits_problem(n: int) -> tuple[Array, Array, Array, Array]:
    """Return the inputs, their variances, squared target weights of sum one over them, and n noise variances."""
    X, s = _digits()
    return X, s, np.ones(s.size) / s.size, 1 / sample_weights(n)


def sample_weights(n: int) -> Array:
    """Weights of samples from 0.2 to 2; the variance of their noise is the inverse."""
    return np.linspace(0.2, 2, n)


def one_step_directions(d: int, k: int, cosine: float = 0.8) -> Directions:
    """Return directions of a rank-one step and a target that has this cosine with it."""
    rng = np.random.default_rng(5)
    v, u = rng.standard_normal(d), rng.standard_normal(k)
    v, u = v / np.linalg.norm(v), u / np.linalg.norm(u)
    across = np.linalg.qr(np.c_[v, rng.standard_normal(d)])[0][:, 1]
    return Directions(u, v, cosine * v + np.sqrt(1 - cosine**2) * across)
