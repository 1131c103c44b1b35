"""Fits by scikit-learn and L-BFGS on drawn rows, their errors from the angle to the teacher or on fresh labels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import huber

from solvable.analysis.convex_losses.settings import eigenvalues, labels

__all__ = ["drawn_rows", "fit", "fitted_error", "fitted_test_loss", "fitted_training_loss", "losses_of"]

Array = NDArray[np.float64]
Rng = np.random.Generator


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

    Logistic: Newton steps by Cholesky factors; hinge and absolute: liblinear's dual coordinate descent; others: L-BFGS.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC, LinearSVR

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if loss == "logistic":
            model: Any = LogisticRegression(
                C=1 / ridge, fit_intercept=False, tol=1e-9, max_iter=500, solver="newton-cholesky"
            )
            return np.asarray(model.fit(X, y).coef_[0] if np.ptp(y) else np.zeros(X.shape[1]))
        if loss == "hinge":  # every row with both signs: the intercept vanishes, each loss counts twice
            both = SVC(C=0.5 / ridge, kernel="linear", tol=1e-5, cache_size=500)
            doubled = both.fit(np.vstack([X, -X]), np.r_[y, -y])
            return np.asarray(doubled.coef_[0])
        if loss == "absolute":
            model = LinearSVR(C=1 / ridge, epsilon=0.0, fit_intercept=False, tol=1e-8, max_iter=200_000, random_state=0)
            return np.asarray(model.fit(X, y).coef_)

    def value(w: Array) -> tuple[float, Array]:
        z = X @ w
        if loss == "huber":
            pull = -np.clip(y - z, -1, 1)
        else:
            pull = z - y if loss == "square" else -y * np.maximum(1 - y * z, 0)
        return float(losses_of(loss, y, z).sum() + ridge / 2 * w @ w), X.T @ pull + ridge * w

    run = minimize(value, np.zeros(X.shape[1]), jac=True, method="L-BFGS-B",
                   options={"maxiter": 5000, "gtol": 1e-9, "ftol": 1e-15})  # fmt: skip
    return np.asarray(run.x)


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
