"""Models that `derive` is asked about, fitted on drawn data: the estimator itself, written down apart from its traces.

Where an error is quadratic in target and label noise, their mean is taken in closed form for the drawn inputs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.equivalents.settings import (
    LINEAR,
    NONLINEAR,
    aligned_spike,
    digits_problem,
    one_step_directions,
    power,
    rotated,
    sample_weights,
    two_domains,
)

__all__ = [
    "compiled",
    "covariate_shift_draw",
    "deep_linear_features_draw",
    "ensemble_draw",
    "marchenko_pastur_draw",
    "one_step_draw",
    "random_features_draw",
    "real_and_synthetic_draw",
    "relu_draw",
    "ridge_draw",
    "spike_draw",
    "tangent_kernel_draw",
    "weighted_digits_draw",
    "weighted_draw",
    "weights_contrast",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _inputs(rng: Rng, n: int, s: Array) -> Array:
    return np.asarray(rng.standard_normal((n, s.size)) * np.sqrt(s))


def _ridge_map(X: Array, ridge: float, weights: Array | float = 1.0) -> Array:
    """Matrix that takes labels to fitted weights."""
    left = X.T * weights
    return np.asarray(np.linalg.solve(left @ X + ridge * np.eye(X.shape[1]), left))


def _squares(left: Array, M: Array, right: Array) -> float:
    """Weighted sum of squares of the entries of M: E (M w)' diag(left) (M w) for weights of variances `right`."""
    return float(left @ (M * M) @ right)


def marchenko_pastur_draw(rng: Rng, n: int, lam: float) -> float:
    """Mean of s_i Q_ii for the resolvent Q of a sample covariance, d = 1.5 n."""
    s = power(int(1.5 * n), 1)
    X = _inputs(rng, n, s)
    Q = np.linalg.inv(X.T @ X / n + lam * np.eye(s.size))
    return float(np.mean(s * np.diagonal(Q)))


def ridge_draw(rng: Rng, n: int, lam: float, noise_variance: float) -> float:
    """Excess risk of ridge regression, d = 0.8 n."""
    d = int(0.8 * n)
    s, b2 = power(d, 1.2), power(d, 0.5) / d
    X = _inputs(rng, n, s)
    A = _ridge_map(X, n * lam)
    return _squares(s, A @ X - np.eye(d), b2) + noise_variance * _squares(s, A, np.ones(n))


def spike_draw(rng: Rng, n: int, lam: float, noise_variance: float) -> float:
    """Excess risk of ridge regression where one variance is large, d = 1.2 n."""
    d = int(1.2 * n)
    s, b2 = (np.repeat(pair, [1, d - 1]) for pair in aligned_spike(d))
    X = _inputs(rng, n, s)
    A = _ridge_map(X, n * lam)
    return _squares(s, A @ X - np.eye(d), b2) + noise_variance * _squares(s, A, np.ones(n))


def _features_maps(rng: Rng, X: Array, W: Array, linear: float, nonlinear: float, ridge: float) -> tuple[Array, Array]:
    """Return the map from labels to a linear predictor, and to the coefficients of what the features add to it."""
    n, k = len(X), len(W)
    F = (linear * X @ W.T + nonlinear * rng.standard_normal((n, k))) / np.sqrt(k)
    G = np.linalg.solve(F.T @ F + ridge * np.eye(k), F.T)
    return linear / np.sqrt(k) * W.T @ G, nonlinear / np.sqrt(k) * G


def random_features_draw(rng: Rng, n: int, lam: float, noise_variance: float) -> float:
    """Excess risk of ridge regression on Gaussian features with the coefficients of ReLU, d = 0.7 n, k = 1.4 n."""
    d, k = int(0.7 * n), int(1.4 * n)
    s, b2 = power(d, 0.7), power(d, 0.5) / d
    X, W = _inputs(rng, n, s), rng.standard_normal((k, d)) / np.sqrt(d)
    M, G = _features_maps(rng, X, W, LINEAR, NONLINEAR, n * lam)
    noise = noise_variance * (_squares(s, M, np.ones(n)) + float(np.sum(G * G)))
    return _squares(s, M @ X - np.eye(d), b2) + _squares(np.ones(k), G @ X, b2) + noise


def one_step_draw(rng: Rng, n: int, lam: float, noise_variance: float, strength: float, cosine: float = 0.8) -> float:
    """Excess risk on features whose weights had a rank-one step, isotropic inputs, d = 0.5 n, k = 0.7 n."""
    d, k = int(0.5 * n), int(0.7 * n)
    u, v, b = one_step_directions(d, k, cosine)
    X = rng.standard_normal((n, d))
    W = rng.standard_normal((k, d)) / np.sqrt(d) + strength * np.outer(u, v)
    M, G = _features_maps(rng, X, W, 0.6, 0.4, n * lam)
    missed, spread = M @ (X @ b) - b, G @ (X @ b)
    noise = noise_variance * float(np.sum(M * M) + np.sum(G * G))
    return float(missed @ missed + spread @ spread) + noise


def deep_linear_features_draw(rng: Rng, n: int, lam: float, noise_variance: float) -> float:
    """Excess risk on two random linear layers, the teacher random in the features; d = n, k1 = 1.3 n, k2 = 0.8 n."""
    s, k1, k2 = power(n, 0.7), int(1.3 * n), int(0.8 * n)
    X = _inputs(rng, n, s)
    layers = rng.standard_normal((n, k1)) @ rng.standard_normal((k1, k2)) / np.sqrt(n * k1 * k2)
    F, root = X @ layers, np.sqrt(s)[:, None] * layers
    A = _ridge_map(F, n * lam)
    return float(np.sum((root @ (A @ F - np.eye(k2))) ** 2) + noise_variance * np.sum((root @ A) ** 2))


def covariate_shift_draw(rng: Rng, n: int, lam: float, noise_variance: float) -> float:
    """Excess risk under another covariance than that of the training inputs, nothing commuting; d = 0.8 n."""
    d = int(0.8 * n)
    S, T, B = rotated(power(d, 1), 1), rotated(power(d, 0.5), 2), rotated(power(d, 1) / d, 3)
    X = rng.standard_normal((n, d)) @ np.linalg.cholesky(S).T
    A = _ridge_map(X, n * lam)
    E = A @ X - np.eye(d)
    return float(np.sum((E.T @ T @ E) * B) + noise_variance * np.sum((T @ A) * A))


def real_and_synthetic_draw(rng: Rng, n: int, lam: float, share: float, error: float = 1.0) -> float:
    """Excess risk on n real and share n synthetic samples, whose teacher errs by weights `error` times C."""
    d = int(0.9 * n)
    s, s2, b2, c2 = two_domains(d)
    X, Y = _inputs(rng, n, s), _inputs(rng, round(share * n), s2)
    both = np.concatenate([X, Y])
    A = _ridge_map(both, n * lam)
    noise = np.concatenate([np.full(n, 0.3), np.full(len(Y), 0.1)])
    mistaught = _squares(s, A[:, n:] @ Y, error * c2)
    return _squares(s, A @ both - np.eye(d), b2) + mistaught + _squares(s, A, noise)


def tangent_kernel_draw(rng: Rng, n: int, lam: float, noise_variance: float) -> float:
    """Training loss of a kernel machine on features of two layers, linear target; d = 0.6 n, k = 1.2 n."""
    d, k = int(0.6 * n), int(1.2 * n)
    X, W = rng.standard_normal((n, d)), rng.standard_normal((k, d)) / np.sqrt(d)
    F = (LINEAR * X @ W.T + NONLINEAR * rng.standard_normal((n, k))) / np.sqrt(k)
    K = F @ F.T + 0.25 / d * X @ X.T + 0.25 * np.eye(n)
    residual = lam * np.linalg.inv(K + lam * np.eye(n))
    return float(np.sum((residual @ X) ** 2) / d + noise_variance * np.sum(residual**2)) / n


def weighted_draw(rng: Rng, n: int, lam: float, exponent: float = 1.0, ratio: float = 0.5) -> float:
    """Excess risk of ridge regression weighted by powers of the inverse noise variances, d = ratio n."""
    d, base = round(ratio * n), sample_weights(n)
    s, b2, weights = power(d, 0.8), power(d, 0.5) / d, base**exponent
    X = _inputs(rng, n, s)
    A = _ridge_map(X, n * lam, weights)
    return _squares(s, A @ X - np.eye(d), b2) + _squares(s, A, 1 / base)


def weighted_digits_draw(rng: Rng, n: int, lam: float, exponent: float) -> float:
    """As `weighted_draw` on n handwritten digits, drawn without replacement."""
    X, s, b2, noise = digits_problem(n)
    X = X[rng.permutation(len(X))[:n]]
    A = _ridge_map(X, n * lam, 1 / noise**exponent)
    return _squares(s, A @ X - np.eye(s.size), b2) + _squares(s, A, noise)


def weights_contrast(rng: Rng, n: int, lam: float, exponent: float, ratio: float) -> float:
    """Excess risk at these weights less that at inverse variances, on the same inputs."""
    seed = int(rng.integers(2**31))
    other, best = (weighted_draw(np.random.default_rng(seed), n, lam, e, ratio) for e in (exponent, 1.0))
    return other - best


def ensemble_draw(rng: Rng, n: int, lam: float, noise_variance: float, overlap: float) -> float:
    """Mean product of the errors of two ridge fits on n samples each, of which a share is common; d = 0.8 n."""
    d, common = int(0.8 * n), round(overlap * n)
    s, b2 = power(d, 1.2), power(d, 0.5) / d
    X = _inputs(rng, common, s)
    errors, maps = [], []
    for _ in range(2):
        own = np.concatenate([X, _inputs(rng, n - common, s)])
        maps.append(_ridge_map(own, n * lam))
        errors.append(maps[-1] @ own - np.eye(d))
    bias = float(s @ (errors[0] * errors[1]) @ b2)
    return bias + noise_variance * float(np.sum(s @ (maps[0] * maps[1])[:, :common]))


def relu_draw(rng: Rng, n: int, lam: float) -> float:
    """Mean diagonal of the resolvent of a kernel of centred ReLU features of points on a sphere; d = 0.8 n, k = n."""
    d = int(0.8 * n)
    X = rng.standard_normal((n, d))
    X *= np.sqrt(d) / np.linalg.norm(X, axis=1, keepdims=True)
    F = np.maximum(X @ rng.standard_normal((n, d)).T / np.sqrt(d), 0) - 1 / np.sqrt(2 * np.pi)
    return float(np.trace(np.linalg.inv(F @ F.T / n + lam * np.eye(n)))) / n


def compiled(name: str, rng: Rng, n: int, **parameters: float) -> float:
    """Value of a model's traces by the general compiler; nothing is drawn."""
    from solvable.analysis.equivalents.deriving import derive
    from solvable.analysis.equivalents.models import MODELS

    return float(derive(MODELS[name](n, **parameters)).value)
