"""Minima at which SGD or gradient descent can stay, what they err, and how gradient noise aligns with the Hessian."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, linprog

from solvable.analysis.sgd_stability.experiments.training import run_diagonal

__all__ = [
    "alignment_of_features",
    "alignment_of_linear_network",
    "drawn_features",
    "drawn_linear_network",
    "drawn_start",
    "error_after_descent",
    "farthest_stable_error",
    "gain_of_leaving",
    "replacement_threshold",
    "settled_readout",
    "truth_is_alone",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _sparse(rng: Rng, n: int, d: int, s: int) -> tuple[Array, Array]:
    """Gaussian rows, and coefficients +-1 on the first s entries."""
    beta = np.zeros(d)
    beta[:s] = rng.choice([-1.0, 1.0], s)
    return rng.standard_normal((n, d)), beta


def _program(X: Array, y: Array, cost: Array, most: float | None = None) -> Array:
    """Minimise cost over (positive, negative parts) of an interpolator, sum_j mean(x_j^2)|beta_j| at most `most`."""
    weight = np.tile(np.mean(X**2, axis=0), 2)
    limit = {} if most is None else {"A_ub": weight[None], "b_ub": [most]}
    run = linprog(cost, A_eq=np.hstack([X, -X]), b_eq=y, bounds=(0, None), method="highs", **limit)
    if run.status != 0:
        raise RuntimeError(f"linear program: {run.message}")
    return np.asarray(run.x[: X.shape[1]] - run.x[X.shape[1] :])


def farthest_stable_error(rng: Rng, n: int, d: int, s: int, fraction: float) -> float:
    """Distance from the truth, relative to it, of the farthest interpolator with tr H at most 2/step; each linear
    program moves along the error of the last, from a random direction.

    tr H of the balanced diagonal network is 4 sum_j mean(x_j^2)|beta_j|; the step is a fraction of the truth's 2/tr H.
    """
    X, beta = _sparse(rng, n, d, s)
    most = float(np.mean(X**2, axis=0) @ np.abs(beta)) / fraction
    direction, far = rng.standard_normal(d), 0.0
    for _ in range(30):
        error = _program(X, X @ beta, np.r_[-direction, direction], most) - beta
        size = float(np.linalg.norm(error))
        if size <= far * 1.001:
            break
        far, direction = size, error / size
    return far / s**0.5


def truth_is_alone(rng: Rng, at: float, d: int, s: int) -> float:
    """1 where no other interpolator of n = at rows has so small a tr H as the truth, else -1."""
    X, beta = _sparse(rng, round(at), d, s)
    found = _program(X, X @ beta, np.tile(np.mean(X**2, axis=0), 2))
    return 1.0 if float(np.abs(found - beta).max()) < 1e-6 else -1.0


def _least_norm(rng: Rng, n: int, d: int, s: int, spread: float) -> tuple[Array, Array, Array, Array, Array]:
    """Rows, truth, minimum of the l2 norm, and weights of the balanced network beside it."""
    X, beta = _sparse(rng, n, d, s)
    least: Array = np.asarray(np.linalg.lstsq(X, X @ beta, rcond=None)[0], dtype=np.float64)
    near = least * (1 + spread * rng.standard_normal(d))
    u, v = (np.asarray(np.sqrt(np.maximum(side * near, 0))) for side in (1, -1))
    return X, beta, least, u, v


def error_after_descent(rng: Rng, n: int, d: int, s: int, fraction: float) -> float:
    """Squared error, relative, where gradient descent ends that starts beside the minimum of the l2 norm; the step is
    a fraction of the truth's 2/lambda_max."""
    X, beta, _, u, v = _least_norm(rng, n, d, s, 0.01)
    own = 2 * X[:, :s]  # balanced weights of size one
    step = fraction * 2 * n / float(np.linalg.eigvalsh(own.T @ own)[-1])
    y = X @ beta
    for _ in range(1000):
        slope = 2 * step / n * ((X @ (u * u - v * v) - y) @ X)
        u, v = u * (1 - slope), v * (1 + slope)
    return float(np.sum((u * u - v * v - beta) ** 2) / s)


def gain_of_leaving(rng: Rng, n: int, d: int, s: int, factor: float) -> float:
    """Relative squared error of the minimum of the l2 norm, less that where SGD ends which starts beside it with
    steps of a factor times its 2/tr H; runs that blow up are drawn anew."""
    while True:
        X, beta, least, u, v = _least_norm(rng, n, d, s, 0.01)
        step = factor / (2 * float(np.mean(X**2, axis=0) @ np.abs(least)))
        if run_diagonal(rng, X, X @ beta, u, v, step, 1, 20_000):
            return float(np.sum((least - beta) ** 2) - np.sum((u * u - v * v - beta) ** 2)) / s


def drawn_linear_network(rng: Rng, d: int, width: int, **_: Any) -> dict[str, Array]:
    """Weights of f = a.Wx, not at a minimum, and the coefficients of its target."""
    W, a = rng.standard_normal((width, d)) / d**0.5, rng.standard_normal(width) / width**0.5
    return {"W": W, "a": a, "target": rng.standard_normal(d) / d**0.5}


def _alignment(G: Array, residuals: Array) -> float:
    """E[r^2 g.Hg]/(E r^2 |H|_F^2) over rows, mean over the columns of residuals."""
    H = G.T @ G / len(G)
    along = np.sum((G @ H) * G, axis=1) @ residuals**2 / np.sum(residuals**2, axis=0)
    return float(np.mean(along) / np.sum(H**2))


def alignment_of_linear_network(rng: Rng, d: int, width: int, n: int, W: Array, a: Array, target: Array) -> float:
    """From the gradients of both layers at n Gaussian inputs."""
    X = rng.standard_normal((n, d))
    first = a[None, :, None] * X[:, None, :]
    G = np.hstack([first.reshape(n, width * d), X @ W.T])
    return _alignment(G, (X @ (W.T @ a - target))[:, None])


def _inputs(rng: Rng, inputs: str, n: int, d: int) -> Array:
    X = rng.standard_normal((n, d))
    return X if inputs == "gaussian" else X * (d**0.5 / np.linalg.norm(X, axis=1, keepdims=True))


def _relu_features(rng: Rng, X: Array, width: int) -> Array:
    return np.asarray(np.maximum(X @ rng.standard_normal((X.shape[1], width)), 0) / width**0.5)


def alignment_of_features(rng: Rng, width: float, d: int, n: int, inputs: str) -> float:
    """Of random ReLU features of n inputs, mean over 100 random errors of the readout."""
    G = _relu_features(rng, _inputs(rng, inputs, n, d), round(width))
    return _alignment(G, G @ rng.standard_normal((round(width), 100)))


def drawn_features(rng: Rng, n: int, d: int, width: int, **_: Any) -> dict[str, Array]:
    """Random ReLU features of inputs on a sphere."""
    return {"G": _relu_features(rng, _inputs(rng, "sphere", n, d), width)}


def replacement_threshold(rng: Rng, G: Array, batch_size: int, **_: Any) -> float:
    """Largest stable step of batches drawn with replacement: the d^2 x d^2 map of the mean of pairs of samples."""
    del rng
    n, d = G.shape
    pairs = (G[:, :, None] * G[:, None, :]).reshape(n, d * d)
    H, same = G.T @ G / n, pairs.T @ pairs / n  # E[gg^T kron gg^T], indices (ab, cd): reordered to act on M
    same = same.reshape(d, d, d, d).transpose(0, 2, 1, 3).reshape(d * d, d * d)
    second = same / batch_size + (1 - 1 / batch_size) * np.kron(H, H)
    first = np.kron(H, np.eye(d)) + np.kron(np.eye(d), H)

    def growth(step: float) -> float:
        return float(np.linalg.eigvalsh(np.eye(d * d) - step * first + step**2 * second)[-1]) - 1

    top = 2 / float(np.linalg.eigvalsh(H)[-1])
    return float(brentq(growth, 1e-3 * top, 1.001 * top, xtol=1e-10))


def drawn_start(rng: Rng, n: int, d: int, width: int, size: float) -> dict[str, Array]:
    """Features of training and test inputs, labels of a linear target, and a start of the readout."""
    X = _inputs(rng, "sphere", n + 100, d)
    return {"G": _relu_features(rng, X, width), "y": X[:, 0], "start": size * rng.standard_normal(width)}


def settled_readout(rng: Rng, n: int, d: int, width: int, size: float, G: Array, y: Array, start: Array) -> float:
    """Test error where SGD ends, one sample a step, steps of 1 over the largest squared norm of the features."""
    a, train = start.copy(), G[:n]
    step = 1 / float(np.sum(train**2, axis=1).max())
    for i in rng.integers(0, n, 20_000):
        a += step * (y[i] - train[i] @ a) * train[i]
    return float(np.mean((G[n:] @ a - y[n:]) ** 2))
