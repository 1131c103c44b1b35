"""Drawn deep networks whose last layer is fitted, and logistic fits of random features of growing number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from solvable.analysis.convex_losses.experiments.fits import fit, losses_of

__all__ = ["drawn_network", "network_loss", "peak_difference", "random_feature_fit"]

Array = NDArray[np.float64]
Rng = np.random.Generator
_FUNCTIONS: dict[str, Any] = {"erf": erf, "tanh": np.tanh, "sign": np.sign}


def drawn_network(rng: Rng, d: int, depth: int, **_: Any) -> dict[str, Any]:
    """Weights of a network whose layers are half wider than its inputs, and the coefficients of the teacher."""
    width, before, weights = round(1.5 * d), d, []
    for _layer in range(depth):
        weights.append(rng.standard_normal((width, before)) / np.sqrt(before))
        before = width
    return {"weights": weights, "coefficients": rng.choice([-1.0, 1.0], d) / np.sqrt(d)}


def _features(weights: Any, activation: str, X: Array) -> Array:
    for W in weights:
        X = _FUNCTIONS[activation](X @ W.T)
    return np.asarray(X / np.sqrt(X.shape[1]))


def network_loss(
    rng: Rng, d: int, depth: int, ratio: float, penalty: float, loss: str, activation: str, weights: Any,
    coefficients: Array, fits: int = 4,
) -> float:  # fmt: skip
    """Mean loss of fitted readouts, each of its own rows, on the same 2,000 fresh inputs; labels are signs of a field.

    The network is what costs: a few fits of one leave less to chance than as many networks.
    """
    del depth
    fresh = rng.standard_normal((2000, d))
    features, truth, found = _features(weights, activation, fresh), np.sign(fresh @ coefficients), 0.0
    for _fit in range(fits):
        X = rng.standard_normal((round(ratio * d), d))
        w = fit(loss, _features(weights, activation, X), np.sign(X @ coefficients), penalty)
        found += float(losses_of(loss, truth, features @ w).mean()) / fits
    return found


def random_feature_fit(rng: Rng, d: int, ratio: float, per_feature: float, penalty: float, noise: float) -> float:
    """Test loss of a nearly unpenalised logistic fit of k random features, n = ratio d, n/k = per_feature."""
    n = round(ratio * d)
    k = max(1, round(n / per_feature))
    W = rng.standard_normal((k, d)) / np.sqrt(d)
    theta = rng.choice([-1.0, 1.0], d) / np.sqrt(d)

    def drawn(count: int) -> tuple[Array, Array]:
        X = rng.standard_normal((count, d))
        noisy = X @ theta + np.sqrt(noise) * rng.standard_normal(count)
        return np.asarray(erf(X @ W.T) / np.sqrt(k)), np.where(noisy > 0, 1.0, -1.0)

    X, y = drawn(n)
    w = fit("logistic", X, y, penalty)
    fresh, truth = drawn(4000)
    return float(losses_of("logistic", truth, fresh @ w).mean())


def peak_difference(rng: Rng, d: int, ratio: float, place: float, penalty: float, noise: float) -> float:
    """Log of the test loss at n/k = place over that at n = k."""
    high = random_feature_fit(rng, d, ratio, place, penalty, noise)
    return float(np.log(high / random_feature_fit(rng, d, ratio, 1.0, penalty, noise)))
