"""Fits by Newton steps and dual ascent on drawn rows, their errors from the angle to the teacher or on fresh labels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, huber

from solvable.analysis.convex_losses.settings import eigenvalues, labels
from solvable.solvers.compiled import njit

__all__ = ["drawn_rows", "dual_weights", "fit", "fitted_error", "fitted_test_loss", "fitted_training_loss", "losses_of"]

Array = NDArray[np.float64]
Rng = np.random.Generator


@njit(cache=True, fastmath=True)
def _ascend(G, most, accuracy, sweeps):  # type: ignore[no-untyped-def]
    """Maximise sum(a) - a.G a/2 over 0 <= a <= most, coordinate by coordinate, until no slope is above `accuracy`."""
    n = G.shape[0]
    a, slope = np.zeros(n), np.ones(n)
    for _ in range(sweeps):
        largest = 0.0
        for i in range(n):
            moved = min(max(a[i] + slope[i] / G[i, i], 0.0), most)
            step = moved - a[i]
            if step != 0.0:
                largest = max(largest, abs(step) * G[i, i])
                a[i] = moved
                for j in range(n):
                    slope[j] -= step * G[i, j]
        if largest < accuracy:
            return a
    return np.full(n, np.nan)


def dual_weights(Z: Array, most: float, accuracy: float = 1e-7) -> Array:
    """Minimiser of |w|^2/2 + most sum_i (1 - (Zw)_i)_+; at `most` infinite, of the squared norm where Zw >= 1."""
    dual = _ascend(Z @ Z.T, most, accuracy, 1_000_000)
    if np.isnan(dual).any():
        raise RuntimeError("dual coordinate ascent did not settle: the rows may not be separable.")
    return np.asarray(dual @ Z)


def _slope_and_curvature(loss: str, y: Array, z: Array) -> tuple[Array, Array]:
    """Derivatives of each row's loss by its prediction; corners have the second one of a side."""
    if loss == "logistic":
        miss = expit(-y * z)
        return -y * miss, miss * (1 - miss)
    if loss == "squared_hinge":
        return -y * np.maximum(1 - y * z, 0), (y * z < 1).astype(float)
    r = z - y
    return (np.clip(r, -1, 1), (np.abs(r) < 1).astype(float)) if loss == "huber" else (r, np.ones_like(r))


def _newton(loss: str, X: Array, y: Array, ridge: float, accuracy: float = 1e-6) -> Array:
    """Minimiser by Newton steps, halved until the sum falls; one whose decrement is below `accuracy` is the last."""
    w, z = np.zeros(X.shape[1]), np.zeros(len(y))
    value = float(losses_of(loss, y, z).sum())
    for _ in range(200):
        pull, bend = _slope_and_curvature(loss, y, z)
        slope = ridge * w + pull @ X
        curvature = X.T @ (X * bend[:, None])
        curvature.flat[:: len(w) + 1] += ridge
        step = np.linalg.solve(curvature, slope)
        decrement, scale = float(slope @ step), 1.0
        while True:
            moved = w - scale * step
            z = X @ moved
            found = float(losses_of(loss, y, z).sum() + ridge / 2 * moved @ moved)
            if found <= value + 1e-12 * abs(value) or scale < 1e-6:
                break
            scale /= 2
        w, value = moved, found
        if decrement < accuracy**2 * max(1.0, value):
            return w
    raise RuntimeError(f"Newton steps did not settle: decrement {decrement:g}.")


def drawn_rows(rng: Rng, d: int, ratio: float, spread: float, signal: float, teacher: str, noise: float) -> Any:
    """Rows, labels, eigenvalues and coefficients of the teacher, of one size and random signs."""
    s = eigenvalues(d, spread)
    theta = np.sqrt(signal / s.sum()) * rng.choice([-1.0, 1.0], d)
    X = rng.standard_normal((round(ratio * d), d)) * np.sqrt(s)
    return X, labels(rng, X @ theta, teacher, noise), s, theta


def losses_of(loss: str, y: Array, z: Array) -> Array:
    """Losses, each by its definition."""
    if loss == "logistic":
        return np.asarray(np.log1p(np.exp(-np.abs(y * z))) + np.maximum(-y * z, 0))
    if loss == "huber":
        return np.asarray(huber(1.0, y - z))
    if loss == "square":
        return np.asarray((y - z) ** 2 / 2)
    if loss == "absolute":
        return np.asarray(np.abs(y - z))
    return np.asarray(np.maximum(1 - y * z, 0) ** (2 if loss == "squared_hinge" else 1) / (1 + (loss != "hinge")))


def fit(loss: str, X: Array, y: Array, ridge: float) -> Array:
    """Minimiser of the summed loss and half the ridge times the squared weights; labels +-1 where the loss needs them.

    Newton steps; for hinge and absolute dual coordinate ascent (liblinear's for the absolute loss).
    """
    if loss == "hinge":
        return dual_weights(y[:, None] * X / np.sqrt(ridge), 1.0) / np.sqrt(ridge)
    if loss != "absolute":
        return _newton(loss, X, y, ridge)
    from sklearn.svm import LinearSVR

    model: Any = LinearSVR(C=1 / ridge, epsilon=0.0, fit_intercept=False, tol=1e-8, max_iter=200_000, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(X, y).coef_)


def _wrong(w: Array, s: Array, theta: Array, teacher: str, noise: float) -> float:
    """Chance of the wrong sign for Gaussian rows, or the mean squared error."""
    q, m, signal = float(s @ w**2), float(s @ (w * theta)), float(s @ theta**2)
    if teacher == "linear":
        return q - 2 * m + signal + noise
    if teacher == "sign":
        return float(np.arccos(m / np.sqrt(q * (signal + noise))) / np.pi)
    # the field given the sign of the prediction: average over standardised predictions and the rest of the field
    t = (np.arange(400) + 0.5) / 50  # 0 to 8
    rest = np.sqrt(signal - m * m / q + noise) * np.linspace(-8, 8, 161)[:, None]
    weight = np.exp(-(np.linspace(-8, 8, 161) ** 2) / 2)
    chance = weight @ (0.5 * (1 - np.tanh((m / np.sqrt(q) * t + rest) / 2))) / weight.sum()
    return float(2 * (np.exp(-t * t / 2) @ chance) * 0.02 / np.sqrt(2 * np.pi))


def fitted_error(
    rng: Rng, d: int, ratio: float, penalty: float, loss: str, teacher: str, spread: float, signal: float, noise: float
) -> float:
    """Test error of a fit: for Gaussian rows it follows from the angle to the teacher."""
    X, y, s, theta = drawn_rows(rng, d, ratio, spread, signal, teacher, noise)
    return _wrong(fit(loss, X, y, penalty * d), s, theta, teacher, noise)


def fitted_training_loss(
    rng: Rng, d: int, ratio: float, penalty: float, loss: str, teacher: str, spread: float, signal: float, noise: float
) -> float:
    """Mean loss of the rows that were fitted."""
    X, y, *_ = drawn_rows(rng, d, ratio, spread, signal, teacher, noise)
    return float(losses_of(loss, y, X @ fit(loss, X, y, penalty * d)).mean())


def fitted_test_loss(
    rng: Rng, d: int, ratio: float, penalty: float, loss: str, teacher: str, spread: float, signal: float, noise: float
) -> float:
    """Mean loss of 5,000 fresh rows."""
    X, y, s, theta = drawn_rows(rng, d, ratio, spread, signal, teacher, noise)
    w = fit(loss, X, y, penalty * d)
    fresh = rng.standard_normal((5000, d)) * np.sqrt(s)
    return float(losses_of(loss, labels(rng, fresh @ theta, teacher, noise), fresh @ w).mean())
