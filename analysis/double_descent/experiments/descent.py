"""Matched experiments: draw data, step, measure. No filter, no deterministic equivalent.

Where a run is long, the iteration matrix is raised to its power by repeated squaring, which is still the iteration
itself and shares nothing with the spectral formulas.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.double_descent.settings import eigenvalues, projection
from solvable.solvers import optimiser_chain

__all__ = [
    "batch_peak_gain",
    "descend",
    "descent_error_draw",
    "features",
    "flow_draw",
    "flow_to_ridge_ratio",
    "half_time_draw",
    "iterated_run",
    "iterated_weights",
    "one_pass_draw",
    "one_pass_growth",
    "peak_ratio",
    "peak_rise",
    "projected_error_draw",
    "random_feature_data",
    "random_problem",
    "smallest_eigenvalue_draw",
    "start_penalty",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
_LABELS = 8  # independent targets and noises for each design


def iterated_weights(
    X: Array, y: Array, method: str, step_size: float, momentum: float, steps: int, start: Array | None = None
) -> Array:
    """Weights after literally stepping down (1/2n)||y - Xw||^2."""
    n = X.shape[0]
    gram, cross = X.T @ X / n, X.T @ y / n
    w = np.zeros_like(cross) if start is None else start.copy()
    before = w
    for _ in range(steps):
        ahead = w + momentum * (w - before)
        at = ahead if method == "nesterov" else w
        before, w = w, ahead - step_size * (gram @ at - cross)
    return np.asarray(w)


def random_problem(rng: Rng, n: int, d: int, start: float, **_: Any) -> dict[str, Any]:
    """Gaussian X, y and start (of the given standard deviation), and 0.6 over the largest eigenvalue as step."""
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    origin = start * rng.standard_normal(d)
    return {"X": X, "y": y, "origin": origin, "step_size": 0.6 / float(np.linalg.eigvalsh(X.T @ X / n)[-1])}


def iterated_run(
    rng: Rng, X: Array, y: Array, origin: Array, step_size: float, method: str, momentum: float, steps: int, **_: Any
) -> Array:
    """Weights after the steps of a drawn problem."""
    del rng
    return iterated_weights(X, y, method, step_size, momentum, steps, origin)


def _power(gram: Array, cross: Array, step_size: float, steps: int) -> Array:
    """w_t of gradient descent from 0 by repeated squaring of w -> (I - step*gram) w + step*cross."""
    d = gram.shape[0]
    move, shift = np.eye(d) - step_size * gram, step_size * cross
    w = np.zeros_like(cross)
    while steps:
        if steps & 1:
            w = move @ w + shift
        steps >>= 1
        if steps:
            shift = move @ shift + shift
            move = move @ move
    return np.asarray(w)


def descend(
    X: Array, y: Array, step_size: float, momentum: float | None, steps: int, method: str = "heavy-ball"
) -> Array:
    """Step down (1/2n)||y - Xw||^2 from 0; with more columns than rows on the coefficients of w = X^T a.

    Without a momentum none for heavy ball, (t - 1)/(t + 2) at step t for Nesterov.
    """
    n, d = X.shape
    gram, cross = (X.T @ X / n, X.T @ y / n) if d <= n else (X @ X.T / n, y / n)
    scheduled = momentum is None and method == "nesterov"
    held = momentum or 0.0
    if scheduled or held > 0 or steps <= 64:
        a = before = np.zeros_like(cross)
        for t in range(steps):
            ahead = a + ((t - 1) / (t + 2) if scheduled else held) * (a - before)
            before, a = a, ahead - step_size * (gram @ (ahead if method == "nesterov" else a) - cross)
    else:
        a = _power(gram, cross, step_size, steps)
    return np.asarray(a if d <= n else X.T @ a)


def descent_error_draw(
    rng: Rng, n: int, gamma: float, covariance: str, quantity: str, step: float, steps: int, noise_variance: float,
    momentum: float | None = None, method: str = "heavy-ball",
) -> float:  # fmt: skip
    """Test, bias, variance or training error after stepping; `step` is relative to 1/((1 + sqrt gamma)^2 s_max)."""
    s = eigenvalues(covariance, round(gamma * n))
    X = rng.standard_normal((n, s.size)) * np.sqrt(s)
    beta = rng.choice([-1.0, 1.0], (s.size, _LABELS)) / np.sqrt(s.size)
    noise = np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS))
    y = {"bias": X @ beta, "variance": noise}.get(quantity, X @ beta + noise)
    size = step / ((1 + np.sqrt(gamma)) ** 2 * s.max())
    w = descend(X, y, size, momentum, steps, method)
    if quantity == "train":
        return float(np.mean((y - X @ w) ** 2))
    gap = w if quantity == "variance" else w - beta
    return float(np.mean(s @ gap**2) + (noise_variance if quantity == "test" else 0.0))


def projected_error_draw(rng: Rng, n: int, gamma: float, step: float, steps: int, noise_variance: float) -> float:
    """Test error of descent on k = gamma n linear random features of 2k Gaussian inputs; step relative to 1/6."""
    F, beta = projection(round(gamma * n), 2 * round(gamma * n))
    X = rng.standard_normal((n, beta.size))
    y = (X @ beta)[:, None] + np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS))
    w = descend(X @ F.T, y, step / 6, 0.0, steps)
    return float(np.mean(np.sum((F.T @ w - beta[:, None]) ** 2, axis=0)) + noise_variance)


def flow_draw(rng: Rng, n: int, gamma: float, time: float, noise_variance: float) -> float:
    """Test error of gradient flow on isotropic rows: descent at two small steps, extrapolated to step 0."""
    d = round(gamma * n)
    X = rng.standard_normal((n, d))
    beta = rng.choice([-1.0, 1.0], (d, _LABELS)) / np.sqrt(d)
    y = X @ beta + np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS))
    errors = [
        np.mean(np.sum((descend(X, y, time / steps, 0.0, steps) - beta) ** 2, axis=0)) for steps in (2**12, 2**13)
    ]
    return float(2 * errors[1] - errors[0] + noise_variance)


def flow_to_ridge_ratio(rng: Rng, n: int, gamma: float, time: float, snr: float) -> float:
    """Risk of gradient flow over that of ridge at lambda = 1/time, one design, averaged over beta and noise."""
    d = round(gamma * n)
    X = rng.standard_normal((n, d)) * np.exp(0.5 * rng.standard_normal(d))
    values, vectors = np.linalg.eigh(X.T @ X / n)
    values = np.maximum(values, 0.0)

    def risk(kept: Array, gain: Array) -> float:  # isotropic prior of variance snr/d, unit noise, parameter error
        return float(snr / d * np.sum(kept**2) + np.sum(gain**2 * values) / n)

    flow = risk(np.exp(-time * values), np.where(values > 1e-12, -np.expm1(-time * values) / values.clip(1e-12), time))
    del vectors
    return flow / risk(1 / (1 + time * values), time / (1 + time * values))


def smallest_eigenvalue_draw(rng: Rng, n: int, at: float) -> float:
    """Fraction of 50 square Gaussian matrices with n*lambda_min(X^T X) at most `at`."""
    X = rng.standard_normal((50, n, n))
    least = np.linalg.svd(X, compute_uv=False)[:, -1] ** 2
    return float(np.mean(n * least <= at))


def half_time_draw(rng: Rng, n: int) -> float:
    """Time of gradient flow at k = n until half of the variance of least squares is there: geometric mean of 40."""
    s = np.linalg.svd(rng.standard_normal((40, n, n)) / np.sqrt(n), compute_uv=False) ** 2
    full = np.sum(1 / s, axis=1)
    low, high = np.full(40, -5.0), np.full(40, 60.0)
    for _ in range(50):
        middle = (low + high) / 2
        reached = np.sum(np.expm1(-np.exp(middle)[:, None] * s) ** 2 / s, axis=1) >= 0.5 * full
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return float(np.exp(np.mean(low)))


def one_pass_draw(
    rng: Rng, d: int, covariance: str, step_size: float, batch_size: int, steps: int, noise_variance: float
) -> float:
    """Excess error of 50 chains of one-pass SGD on Gaussian rows."""
    s = eigenvalues(covariance, d)
    beta = rng.choice([-1.0, 1.0], (50, d)) / np.sqrt(d)
    w = np.zeros((50, d))
    for _ in range(steps):
        X = rng.standard_normal((50, batch_size, d)) * np.sqrt(s)
        residual = np.einsum("cbp,cp->cb", X, w - beta) + np.sqrt(noise_variance) * rng.standard_normal(
            (50, batch_size)
        )
        w = w - step_size / batch_size * np.einsum("cb,cbp->cp", residual, X)
    return float(np.mean(np.sum(s * (w - beta) ** 2, axis=1)))


def one_pass_growth(rng: Rng, at: float, d: int, batch_size: int) -> float:
    """Mean change of ||w - beta||^2 in one noiseless step from a unit vector at step size `at`, 500 batches."""
    X = rng.standard_normal((500, batch_size, d))
    # rotation invariance: any unit vector is as good as the first one
    after = -at / batch_size * np.einsum("cbp,cb->cp", X, X[:, :, 0])
    after[:, 0] += 1.0
    return float(np.mean(np.sum(after**2, axis=1)) - 1)


def features(conditioning: str, inputs: Array, weights: Array, scales: Array) -> Array:
    """ReLU features of inputs (n, d): as they are, without their mean over Gaussian inputs, or with uneven columns."""
    k = weights.shape[1]
    raw = np.maximum(inputs @ weights, 0.0) / np.sqrt(k)
    if conditioning == "centred":
        return np.asarray(raw - np.linalg.norm(weights, axis=0) / np.sqrt(2 * np.pi * k))
    return np.asarray(raw * scales if conditioning == "badly scaled" else raw)


def random_feature_data(
    rng: Rng, n: int, k: int, d: int, noise_variance: float, conditioning: str, fresh: int = 500
) -> tuple[Array, Array, Array, Array]:
    """Features and labels of n training points and `fresh` test points (these without noise), linear target."""
    inputs = rng.standard_normal((n + fresh, d))
    target = inputs @ (rng.standard_normal(d) / np.sqrt(d))
    weights, scales = rng.standard_normal((d, k)) / np.sqrt(d), np.exp(1.5 * rng.standard_normal(k))
    Phi = features(conditioning, inputs, weights, scales)
    y = target[:n] + np.sqrt(noise_variance) * rng.standard_normal(n)
    return Phi[:n], y, Phi[n:], target[n:]


def _stepped_error(
    rng: Rng, n: int, k: int, conditioning: str, steps: int, step: float, momentum: float, start: float
) -> float:
    """Test error of descent on ReLU features (d = n/3), step relative to 1/s_max, start N(0, start^2) in norm."""
    Phi, y, fresh, target = random_feature_data(rng, n, k, max(n // 3, 1), 0.05, conditioning)
    gram, cross = Phi.T @ Phi / n, Phi.T @ y / n
    size = step / float(np.linalg.eigvalsh(gram)[-1])
    origin = start * rng.standard_normal(k)
    if momentum:
        w = iterated_weights(Phi, y, "heavy-ball", size, momentum, steps, origin)
    else:
        w = origin + _power(gram, cross - gram @ origin, size, steps)
    return float(np.mean((fresh @ w - target) ** 2) + 0.05)


def peak_ratio(
    rng: Rng, n: int, conditioning: str, steps: int, step: float = 1.0, momentum: float = 0.0, start: float = 0.0
) -> float:
    """Log of the test error at k = n over that at k = 4n, each the median of five data sets."""
    heights = [
        np.median([_stepped_error(rng, n, k, conditioning, steps, step, momentum, start) for _ in range(5)])
        for k in (n, 4 * n)
    ]
    return float(np.log(heights[0] / heights[1]))


def peak_rise(rng: Rng, first: dict[str, Any], second: dict[str, Any], **shared: Any) -> float:
    """Log peak ratio in the second setting minus that in the first."""
    return peak_ratio(rng, **shared, **second) - peak_ratio(rng, **shared, **first)


def batch_peak_gain(rng: Rng, n: int, conditioning: str, epochs: int, small: int) -> float:
    """Log peak ratio (k = n over 4n) of SGD with batch `small` minus that with the full batch, same epochs and step."""
    heights = np.empty((2, 2))
    for i, k in enumerate((n, 4 * n)):
        errors = np.empty((2, 5))
        for j in range(5):
            Phi, y, fresh, target = random_feature_data(rng, n, k, max(n // 3, 1), 0.05, conditioning)
            step = 0.5 / float(np.max(np.sum(Phi**2, axis=1)))  # stable for every batch
            for b, batch in enumerate((small, n)):
                w = optimiser_chain(Phi, y, [epochs * n // batch], step_size=step, batch_size=batch, rng=rng)[0]
                errors[b, j] = np.mean((fresh @ w - target) ** 2) + 0.05
        heights[:, i] = np.median(errors, axis=1)
    ratios = np.log(heights[:, 0] / heights[:, 1])
    return float(ratios[0] - ratios[1])


def start_penalty(rng: Rng, n: int, ratio: float, conditioning: str, steps: int, start: float) -> float:
    """Log of the test error at k = ratio*n from random initial weights over that from 0, medians of five data sets."""
    k = round(ratio * n)
    far, near = (
        np.median([_stepped_error(rng, n, k, conditioning, steps, 1.0, 0.0, scale) for _ in range(5)])
        for scale in (start, 0.0)
    )
    return float(np.log(far / near))
