"""Kernel regression on spheres, kernels by quadrature, and networks trained by small steps."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_gegenbauer

from solvable.analysis.wide_networks.experiments.networks import PHI

__all__ = [
    "convolution_mode",
    "error_draw",
    "gram_draw",
    "projections",
    "relu_tangent",
    "stairs_draw",
    "trained_draw",
    "trained_spread_draw",
]

Array = NDArray[np.float64]


def relu_tangent(t: Array, depth: int, bias: float) -> Array:
    """Tangent kernel of a relu network with weight variance 2 at inner products of unit vectors, by angles."""
    sigma, q = bias + 2 * t, bias + 2.0
    theta = sigma
    for _ in range(depth):
        angle = np.arccos(np.clip(sigma / q, -1, 1))
        sigma, gain = bias + q * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi, 1 - angle / np.pi
        theta, q = sigma + gain * theta, bias + q
    return np.asarray(theta)


def projections(d: int, bias: float) -> Array:
    """Mean of the one-layer kernel times Gegenbauer polynomials of degree 1, 3, 5, in the variable t itself.

    Tanh-sinh nodes take the root at t = 1 of the arc functions.
    """
    u = np.linspace(-3.2, 3.2, 801)
    t = np.tanh(np.pi / 2 * np.sinh(u))
    rest = 1 / (np.exp(np.pi * np.abs(np.sinh(u))) + 1) * 2  # 1 - |t|
    weight = np.cosh(u) / np.cosh(np.pi / 2 * np.sinh(u)) ** 2 * (rest * (1 + np.abs(t))) ** ((d - 3) / 2)
    values = relu_tangent(t, 1, bias)
    order = (d - 2) / 2
    means = [
        float(weight @ (values * eval_gegenbauer(k, order, t) / eval_gegenbauer(k, order, 1.0))) for k in (1, 3, 5)
    ]
    return np.array(means) / weight.sum()


def _points(rng: np.random.Generator, n: int, d: int) -> Array:
    X = rng.standard_normal((n, d))
    return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True))


def gram_draw(rng: np.random.Generator, n: int, d: int, degree: int) -> float:
    """Mean of the eigenvalues of Gram/n that belong to a degree, two hidden layers, by their order."""
    X = _points(rng, int(n), d)
    counts = [1, d, (d + 2) * (d - 1) // 2]
    values = np.linalg.eigvalsh(relu_tangent(X @ X.T, 2, 0.0) / n)[::-1]
    start = sum(counts[:degree])
    return float(values[start : start + counts[degree]].mean())


def _target(X: Array, d: int) -> Array:
    """Degree 1 and degree 2 with power 1 each."""
    first = np.sqrt(d) * X[:, 0]
    return np.asarray(first + X[:, 1] * X[:, 2] * np.sqrt(d * (d + 2)))


def error_draw(rng: np.random.Generator, n: int, d: int, ridge: float) -> float:
    """Test error of kernel regression with the two-layer kernel on a fresh training set, 300 test points."""
    X, T = _points(rng, int(n), d), _points(rng, 300, d)
    K = relu_tangent(X @ X.T, 2, 0.0) + ridge * np.eye(int(n))
    found = relu_tangent(T @ X.T, 2, 0.0) @ np.linalg.solve(K, _target(X, d))
    return float(np.mean((found - _target(T, d)) ** 2))


def stairs_draw(rng: np.random.Generator, d: int, level: float, at: float) -> float:
    """How far the ridgeless error at n = `at` lies below a level."""
    return level - error_draw(rng, max(round(at), 1), d, 0.0)


@cache
def _problem() -> tuple[Array, Array]:
    """Five training inputs and one more, three coordinates."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((6, 3))
    X[5] = 0.8 * X[0] + 0.3 * X[1]
    return X, np.array([1.0, -1.0, 0.5, 2.0, -1.5])


def _trained(rng: np.random.Generator, width: int, t: float, activation: str, nets: int) -> Array:
    """Outputs at the sixth input of networks with one hidden layer after time t, all weights by steps of 0.02.

    NTK parametrisation, weight variance 1.5, bias variance 0.1, loss half of the sum of squares.
    """
    X, y = _problem()
    phi, slope = PHI[activation]
    d, gain, shift = X.shape[1], 1.5**0.5, 0.1**0.5
    W, b = rng.standard_normal((nets, width, d)), rng.standard_normal((nets, width))
    a, c = rng.standard_normal((nets, width)), rng.standard_normal(nets)
    steps = max(round(t / 0.02), 1)
    size = t / steps
    for step in range(steps + 1):
        z = gain / d**0.5 * W @ X.T + shift * b[:, :, None]
        active = phi(z)
        out = gain / width**0.5 * np.einsum("sw,swi->si", a, active) + shift * c[:, None]
        if step == steps:
            return np.asarray(out[:, 5])
        r = out[:, :5] - y
        back = gain / width**0.5 * a[:, :, None] * slope(z[:, :, :5]) * r[:, None, :]
        a = a - size * gain / width**0.5 * np.einsum("swi,si->sw", active[:, :, :5], r)
        c = c - size * shift * r.sum(axis=1)
        W = W - size * gain / d**0.5 * back @ X[:5]
        b = b - size * shift * back.sum(axis=2)
    raise AssertionError


def trained_draw(rng: np.random.Generator, width: int, t: float, activation: str) -> float:
    """Mean over eight networks."""
    return float(_trained(rng, int(width), t, activation, 8).mean())


def trained_spread_draw(rng: np.random.Generator, width: int, t: float, activation: str) -> float:
    """Sample variance of eight networks."""
    return float(_trained(rng, int(width), t, activation, 8).var(ddof=1))


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
