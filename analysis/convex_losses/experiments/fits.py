"""Fits by SciPy and scikit-learn on drawn rows, their errors from the angle to the teacher or on fresh labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, huber

from solvable.analysis.convex_losses.settings import eigenvalues, labels

__all__ = ["drawn_rows", "fit", "fitted_error", "fitted_test_loss", "fitted_training_loss", "losses_of"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _slope(loss: str, y: Array, z: Array) -> Array:
    """Derivative of each row's loss by its prediction, of the smooth losses."""
    if loss == "logistic":
        return np.asarray(-y * expit(-y * z))
    if loss == "squared_hinge":
        return np.asarray(-y * np.maximum(1 - y * z, 0))
    return np.clip(z - y, -1, 1) if loss == "huber" else z - y


def _descended(loss: str, X: Array, y: Array, ridge: float) -> Array:
    """Minimiser by SciPy's L-BFGS, to slopes of 1e-8 for each row or 1e-10 of the objective."""

    def objective(w: Array) -> tuple[float, Array]:
        z = X @ w
        return float(losses_of(loss, y, z).sum() + ridge / 2 * w @ w), _slope(loss, y, z) @ X + ridge * w

    options = {"maxiter": 20_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-8 * len(y)}
    found: Any = minimize(objective, np.zeros(X.shape[1]), jac=True, method="L-BFGS-B", options=options)
    # where no step lowers the sum any more in doubles, the ridge's strong convexity bounds what is left of it
    if not (found.success or found.jac @ found.jac <= 2e-10 * ridge * found.fun):
        raise RuntimeError(f"L-BFGS did not settle: {found.message}.")
    return np.asarray(found.x)


def _by_liblinear(loss: str, X: Array, y: Array, ridge: float) -> Array:
    """Minimiser for losses with a corner by scikit-learn's liblinear, coordinate by coordinate of the dual."""
    from sklearn.svm import LinearSVC, LinearSVR

    common = {"C": 1 / ridge, "fit_intercept": False, "dual": True, "tol": 1e-8, "max_iter": 400_000, "random_state": 0}
    model: Any = LinearSVC(loss="hinge", **common) if loss == "hinge" else LinearSVR(epsilon=0.0, **common)
    return np.ravel(model.fit(X, y).coef_)


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
    """Minimiser of the summed loss and half the ridge times |w|^2; labels +-1 where the loss needs them."""
    return (_by_liblinear if loss in ("hinge", "absolute") else _descended)(loss, X, y, ridge)


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
