"""Kernel regression on spheres, kernels by quadrature, and networks trained by small steps."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_gegenbauer

from solvable.analysis.wide_networks.experiments.networks import PHI
from solvable.analysis.wide_networks.settings import training_problem

__all__ = [
    "error_draw",
    "gram_draw",
    "initial_covariance",
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
        cosine = np.clip(sigma / q, -1, 1)
        angle, sine = np.arccos(cosine), np.sqrt((1 - cosine) * (1 + cosine))
        sigma, gain = bias + q * (sine + (np.pi - angle) * cosine) / np.pi, 1 - angle / np.pi
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


def error_draw(
    rng: np.random.Generator, n: int, d: int, ridge: float, powers: tuple[float, ...] = (1.0, 1.0), noise: float = 0.0
) -> float:
    """Test error of kernel regression with the two-layer kernel on a fresh training set, 100 test points.

    The mean over all targets that are random combinations of the harmonics of degree 1, 2, ... with these powers, and
    over label noise, is taken by algebra: their covariance is the sum of powers times Gegenbauer polynomials.
    """
    X, T = _points(rng, int(n), d), _points(rng, 100, d)
    among, between = X @ X.T, X @ T.T
    K = relu_tangent(among, 2, 0.0)
    K.flat[:: len(K) + 1] += ridge
    A = np.linalg.solve(K, relu_tangent(between, 2, 0.0))

    def target(t: Array) -> Array:
        before, now, total = np.ones_like(t), t, np.zeros_like(t)
        for k, power in enumerate(powers, 1):
            total += power * now
            before, now = now, ((2 * k + d - 2) * t * now - k * before) / (k + d - 2)
        return total

    left = sum(powers) - 2 * np.sum(A * target(between), axis=0) + np.sum(A * (target(among) @ A), axis=0)
    return float(left.mean() + noise * (1 + np.sum(A * A) / 100))


def stairs_draw(rng: np.random.Generator, d: int, level: float, at: float) -> float:
    """How far the ridgeless error at n = `at` lies below a level."""
    return level - error_draw(rng, max(round(at), 1), d, 0.0)


def _trained(
    rng: np.random.Generator, width: int, t: float, activation: str, nets: int, mirrored: bool = False
) -> tuple[Array, Array]:
    """Outputs of networks with one hidden layer, all weights by steps of 0.02: at the training and the test inputs
    before, and at the test inputs after time t.

    NTK parametrisation, weight variance 1.5, bias variance 0.1, loss half of the sum of squares. Mirrored: the second
    half has the hidden weights of the first and the opposite readout.
    """
    X, y, test = training_problem()
    phi, slope = PHI[activation]
    d, gain, shift = X.shape[1], 1.5**0.5, 0.1**0.5
    W, b = rng.standard_normal((nets, width, d)), rng.standard_normal((nets, width))
    a, c = rng.standard_normal((nets, width)), rng.standard_normal(nets)
    if mirrored:
        W, b, a, c = (
            np.concatenate([x[: nets // 2], s * x[: nets // 2]]) for x, s in ((W, 1), (b, 1), (a, -1), (c, -1))
        )

    def layers(inputs: Array) -> tuple[Array, Array, Array]:
        z = gain / d**0.5 * W @ inputs.T + shift * b[:, :, None]
        active = phi(z)
        return z, active, gain / width**0.5 * (a[:, None] @ active)[:, 0] + shift * c[:, None]

    start = layers(np.vstack([X, test]))[2]
    steps = max(round(t / 0.02), 1)
    size = t / steps
    for _ in range(steps):
        z, active, out = layers(X)
        r = out - y
        back = gain / width**0.5 * a[:, :, None] * slope(z) * r[:, None, :]
        a = a - size * gain / width**0.5 * (active @ r[:, :, None])[:, :, 0]
        c = c - size * shift * r.sum(axis=1)
        W = W - size * gain / d**0.5 * back @ X
        b = b - size * shift * back.sum(axis=2)
    return start, layers(test)[2]


def trained_draw(rng: np.random.Generator, width: int, t: float, activation: str) -> float:
    """Mean over four networks and their mirror images at the first test input."""
    return float(_trained(rng, int(width), t, activation, 8, True)[1][:, 0].mean())


def initial_covariance(activation: str) -> Array:
    """Of the untrained networks' outputs at training and test inputs, which one hidden layer has at every width."""
    X = np.vstack(training_problem()[::2])
    c = 0.5 * X @ X.T + 0.1
    q = np.diag(c)
    if activation == "erf":
        return np.asarray(0.1 + 3 / np.pi * np.arcsin(2 * c / np.sqrt(np.outer(1 + 2 * q, 1 + 2 * q))))
    size = np.sqrt(np.outer(q, q))
    angle = np.arccos(np.clip(c / size, -1, 1))
    return np.asarray(0.1 + 0.75 / np.pi * size * (np.sin(angle) + (np.pi - angle) * np.cos(angle)))


@cache
def _control(width: int, t: float, activation: str) -> tuple[Array, float]:
    """Linear map from outputs before to outputs after training, fitted to 64 networks of their own; and the variance
    of what it gives, mean over the test inputs, from the covariance before training."""
    before, after = _trained(np.random.default_rng(1), width, t, activation, 64)
    design = np.column_stack([before[:, :5], np.ones(len(before))])
    fit = np.linalg.lstsq(design, after - before[:, 5:], rcond=None)[0][:5]
    to_tests = np.vstack([fit, np.eye(fit.shape[1])])
    return to_tests, float(np.mean(np.sum(to_tests * (initial_covariance(activation) @ to_tests), axis=0)))


def trained_spread_draw(rng: np.random.Generator, width: int, t: float, activation: str) -> float:
    """Sample variance of eight networks, mean over the test inputs; the fitted linear map of their initial outputs,
    whose variance is known, serves as control variate: it takes away most of the scatter and no mean."""
    to_tests, known = _control(int(width), t, activation)
    before, after = _trained(rng, int(width), t, activation, 8)
    spread = after.var(axis=0, ddof=1) - (before @ to_tests).var(axis=0, ddof=1)
    return float(known + spread.mean())
