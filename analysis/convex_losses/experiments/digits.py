"""Fits on odd against even digits, pixels or random features of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from solvable.analysis.convex_losses.experiments.fits import fit
from solvable.analysis.convex_losses.settings import digits_halves

__all__ = ["digits_error", "digits_features", "digits_fit"]

Array = NDArray[np.float64]


@cache
def digits_features(kind: str) -> tuple[Array, Array]:
    """Centred features of all digits, and labels."""
    X, y = digits_halves()
    if kind == "pixels":
        return X, y
    W = np.random.default_rng(0).standard_normal((100, X.shape[1])) / 2
    features = erf(X @ W.T) / 2
    return features - features.mean(axis=0), y


def digits_fit(rng: np.random.Generator, X: Array, y: Array, n: int, ridge: float, loss: str) -> float:
    """Share of wrong labels among the digits that were not drawn to train on."""
    order = rng.permutation(len(y))
    train, rest = order[:n], order[n:]
    w = fit(loss, X[train], y[train], ridge)
    return float(np.mean(np.sign(X[rest] @ w) != y[rest]))


def digits_error(rng: np.random.Generator, rows: int, features: str, loss: str, ridge: float = 1.0) -> float:
    """Share of wrong labels of a fit of that many random digits, on all others."""
    return digits_fit(rng, *digits_features(features), int(rows), ridge, loss)
