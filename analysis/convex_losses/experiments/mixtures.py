"""Fits of two Gaussian classes, judged by their exact error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from solvable.analysis.convex_losses.experiments.fits import fit

__all__ = ["excess_over_bayes", "large_ridge_gain", "mixture_error"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _classes(rng: Rng, d: int, ratio: float, separation: float, balance: float) -> tuple[Array, Array, Array]:
    mu = np.full(d, separation / np.sqrt(d))
    y = np.where(rng.random(round(ratio * d)) < balance, 1.0, -1.0)
    return y[:, None] * mu + rng.standard_normal((y.size, d)), y, mu


def _error(w: Array, b: float, mu: Array, balance: float) -> float:
    size, m = float(np.linalg.norm(w)), float(w @ mu)
    return float(balance * ndtr(-(m + b) / size) + (1 - balance) * ndtr(-(m - b) / size))


def _fit(loss: str, X: Array, y: Array, ridge: float, intercept: bool) -> tuple[Array, float]:
    if not intercept:
        return fit(loss, X, y, ridge), 0.0
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    model: Any = LogisticRegression(C=1 / ridge, tol=1e-9, max_iter=500, solver="newton-cholesky")
    if loss == "hinge":
        model = SVC(C=1 / ridge, kernel="linear", tol=1e-5)
    model.fit(X, y)
    return np.asarray(model.coef_[0]), float(model.intercept_[0])


def mixture_error(
    rng: Rng, d: int, ratio: float, penalty: float, separation: float, balance: float, loss: str
) -> float:
    """Exact error of a fit, with an intercept where the classes are unequal."""
    X, y, mu = _classes(rng, d, ratio, separation, balance)
    w, b = _fit(loss, X, y, penalty * d, balance != 0.5)
    return _error(w, b, mu, balance)


def excess_over_bayes(rng: Rng, d: int, ratio: float, penalty: float, separation: float, loss: str) -> float:
    """Error of a fit, equal classes."""
    return mixture_error(rng, d, ratio, penalty, separation, 0.5, loss)


def large_ridge_gain(rng: Rng, d: int, ratio: float, penalty: float, separation: float, loss: str) -> float:
    """Error at a ridge, less the error of the mean of the rows, on the same rows."""
    X, y, mu = _classes(rng, d, ratio, separation, 0.5)
    return _error(fit(loss, X, y, penalty * d), 0.0, mu, 0.5) - _error(y @ X, 0.0, mu, 0.5)
