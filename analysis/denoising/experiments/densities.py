"""Scores and posterior means by differences, quadrature, importance sampling and minimisation over all functions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import diags
from scipy.sparse.linalg import spsolve

from solvable.analysis.denoising.settings import on_subspace

__all__ = [
    "best_basis",
    "chain_autocorrelation",
    "chain_variance",
    "density",
    "digits",
    "grid_minimiser",
    "importance_estimate",
    "posterior_spread",
    "product_chain",
    "regressed_score",
    "score",
    "score_gap",
    "smoothed_mass",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def score(weights: Array, means: Array, covariances: Array, x: Array, noise_variance: float) -> Array:
    """Gradient of the log-density of the noised mixture, by the densities themselves."""
    value, slope = 0.0, np.zeros(len(x))
    for p, m, S in zip(weights, means, covariances, strict=True):
        total = S + noise_variance * np.eye(len(x))
        pull = np.linalg.inv(total) @ (m - x)
        density = p * np.exp(-0.5 * (m - x) @ pull) / np.sqrt(np.linalg.det(2 * np.pi * total))
        value, slope = value + density, slope + density * pull
    return np.asarray(slope / value)


def density(weights: Array, means: Array, covariances: Array, x: Array) -> Array:
    """Density of a mixture at points, shape (..., d)."""
    total = np.zeros(x.shape[:-1])
    for p, m, S in zip(weights, means, covariances, strict=True):
        distance = np.sum((x - m) @ np.linalg.inv(S) * (x - m), axis=-1)
        total += p * np.exp(-0.5 * distance) / np.sqrt(np.linalg.det(2 * np.pi * S))
    return total


def posterior_spread(weights: Array, means: Array, covariances: Array, x: Array, noise_variance: float) -> Array:
    """Covariance of the clean point given the noisy one, from the components' own laws."""
    shares, centres, spreads = [], [], []
    for p, m, S in zip(weights, means, covariances, strict=True):
        total = S + noise_variance * np.eye(len(x))
        shares.append(p * np.exp(-0.5 * (m - x) @ np.linalg.inv(total) @ (m - x)) / np.sqrt(np.linalg.det(total)))
        centres.append(m + S @ np.linalg.inv(total) @ (x - m))
        spreads.append(S - S @ np.linalg.inv(total) @ S)
    w, c = np.array(shares) / sum(shares), np.array(centres)
    mean = w @ c
    return np.asarray(sum(p * (V + np.outer(m - mean, m - mean)) for p, m, V in zip(w, c, spreads, strict=True)))


def score_gap(precision: float, place: float) -> float:
    """|(r - x)/s - clean score|, s = 1/precision, r by quadrature, for 0.3 N(-1, .25) + 0.7 N(1, .49)."""
    s = 1 / precision
    u, weight = np.polynomial.hermite_e.hermegauss(80)
    near = place + np.sqrt(s) * u

    def density(y: Array) -> Array:
        first = 0.3 * np.exp(-((y + 1) ** 2) / 0.5) / 0.5
        return first + 0.7 * np.exp(-((y - 1) ** 2) / 0.98) / 0.7

    # posterior density is density times kernel; offsets from x keep their digits
    shift = np.sqrt(s) * float((weight * u) @ density(near)) / float(weight @ density(near))
    left, right = 0.3 * np.exp(-((place + 1) ** 2) / 0.5) / 0.5, 0.7 * np.exp(-((place - 1) ** 2) / 0.98) / 0.7
    clean = (-left * (place + 1) / 0.25 - right * (place - 1) / 0.49) / (left + right)
    return float(abs(shift / s - clean))


def smoothed_mass(gap: float, smoothness: float, size: int = 200_001) -> float:
    """Mass between unit components at 0 and gap where a line of that slope cuts the score, by sums over a grid."""
    x = np.linspace(-10, gap + 10, size)
    weight = 1 / (1 + np.exp(gap * (gap / 2 - x)))
    slope = gap * weight - x
    line = smoothness * (x - gap / 2)
    inside = (x > 0) & (x < gap) & (np.abs(line) < np.abs(slope))
    slope = np.where(inside, line, slope)
    logs = np.concatenate([[0.0], np.cumsum(slope[1:] + slope[:-1]) / 2 * (x[1] - x[0])])
    density = np.exp(logs - logs.max())
    return float(density[inside].sum() / density.sum())


def grid_minimiser(variance: float, noise_variance: float, place: float, size: int = 20_001) -> float:
    """Value at a place of the function on a grid that minimises the contractive loss for N(0, variance)."""
    x = np.linspace(-9, 9, size) * np.sqrt(variance)
    h = x[1] - x[0]
    p = np.exp(-(x**2) / (2 * variance))
    middle = np.exp(-(((x[1:] + x[:-1]) / 2) ** 2) / (2 * variance)) * noise_variance / h**2
    diagonal = p + np.concatenate([[0.0], middle]) + np.concatenate([middle, [0.0]])
    r = spsolve(diags([-middle, diagonal, -middle], [-1, 0, 1]).tocsc(), p * x)
    return float(np.interp(place, x, r))


def _chain(rng: Rng, variance: float, noise: float, steps: int, chains: int) -> Array:
    """Paths of x -> x + noise -> a draw from its posterior, for N(0, variance), from the stationary law."""
    x = np.empty((steps, chains))
    x[0] = np.sqrt(variance) * rng.standard_normal(chains)
    gain = 1 / (1 / variance + 1 / noise**2) / noise**2
    spread = np.sqrt(1 / (1 / variance + 1 / noise**2))
    for t in range(1, steps):
        seen = x[t - 1] + noise * rng.standard_normal(chains)
        x[t] = gain * seen + spread * rng.standard_normal(chains)
    return x


def chain_variance(rng: Rng, variance: float, noise: float, steps: int = 400, chains: int = 50) -> float:
    """Second moment of the chain, its first half left out; started at 0."""
    x = np.zeros(chains)
    gain, spread = 1 / (1 / variance + 1 / noise**2) / noise**2, np.sqrt(1 / (1 / variance + 1 / noise**2))
    total = 0.0
    for t in range(steps):
        x = gain * (x + noise * rng.standard_normal(chains)) + spread * rng.standard_normal(chains)
        total += float(np.mean(x**2)) if t >= steps // 2 else 0.0
    return total / (steps - steps // 2)


def chain_autocorrelation(rng: Rng, variance: float, noise: float, chains: int = 20_000) -> float:
    """Regression of the next point on the last."""
    x = _chain(rng, variance, noise, 2, chains)
    return float(np.sum(x[0] * x[1]) / np.sum(x[0] ** 2))


def product_chain(law: Array, corruption: Array) -> Array:
    """Where the chain of corruption and posterior draw ends, by squaring its matrix."""
    joint = law[:, None] * corruption
    step = corruption @ (joint / joint.sum(axis=0)).T
    for _ in range(60):
        step = step @ step
        step /= step.sum(axis=1, keepdims=True)
    return np.asarray(step[0])


def importance_estimate(rng: Rng, scale: float, noise: float, bases: Any, x: Array, draws: int = 50_000) -> float:
    """Projection of the posterior mean on the noisy point, clean points weighted by the density of the noise."""
    total, weight, top = np.zeros(5), 0.0, float(x @ x) / (2 * noise**2)
    for p, basis in zip((0.2, 0.3, 0.5), bases, strict=True):
        clean = on_subspace(rng, basis, draws)
        w = p * np.exp(top - np.sum((x - scale * clean) ** 2, axis=1) / (2 * noise**2))
        total, weight = total + w @ clean, weight + float(w.sum())
    return float(total @ x / weight / (x @ x))


def best_basis(rng: Rng, X: Array, subspace: int, scale: float, noise: float) -> Array:
    """Projector of the subspace that minimises the noise-averaged loss, by BFGS from a random start."""
    n = X.shape[1]
    c = scale / (scale**2 + noise**2)

    def loss(flat: Array) -> float:
        M = c * _projector(flat.reshape(n, subspace))
        rest = X @ (scale * M - np.eye(n))
        return float(np.sum(rest**2) / len(X) + noise**2 * np.sum(M**2))

    found = minimize(loss, rng.standard_normal(n * subspace), method="BFGS", options={"gtol": 1e-9, "maxiter": 2000})
    return _projector(found.x.reshape(n, subspace))


def _projector(B: Array) -> Array:
    Q = np.linalg.qr(B)[0]
    return np.asarray(Q @ Q.T)


def regressed_score(rng: Rng, noise_variance: float, places: Array, draws: int = 400_000) -> Array:
    """(r - x)/noise_variance of 0.3 N(-1, .25) + 0.7 N(1, .49), r the mean clean point of noisy ones near a place."""
    left = rng.random(draws) < 0.3
    clean = np.where(left, -1.0, 1.0) + np.where(left, 0.5, 0.7) * rng.standard_normal(draws)
    noisy = clean + np.sqrt(noise_variance) * rng.standard_normal(draws)
    found = []
    for place in places:
        near = np.abs(noisy - place) < 0.05
        found.append(np.mean(clean[near] - noisy[near]) / noise_variance)
    return np.array(found)


@cache
def digits() -> tuple[Array, NDArray[np.intp]]:
    """Handwritten digits, pixels between 0 and 1, in a random order, and what they show."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    return data.data[order] / 16.0, data.target[order]
