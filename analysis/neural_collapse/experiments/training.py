r"""Train unconstrained features and deep linear heads to high accuracy: L-BFGS from several starts.

Loss :math:`\frac1{2N}\|W_M\cdots W_1H+b1^T-Y\|^2+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2`, or
cross-entropy averaged over the samples for the first term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Minimum", "minimise"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Minimum:
    """Where L-BFGS stopped."""

    objective: float
    layers: list[Array]  # the one next to the features first
    features: Array  # (d, N): samples in columns, sorted by class
    bias: Array
    labels: NDArray[np.int64]

    @property
    def classifier(self) -> Array:
        """Product of all layers."""
        product = self.layers[0]
        for layer in self.layers[1:]:
            product = layer @ product
        return product

    @property
    def means(self) -> Array:
        """Class means in columns."""
        return np.array([self.features[:, self.labels == c].mean(axis=1) for c in range(self.bias.size)]).T


def _data_term(loss: str, logits: Array, targets: Array) -> tuple[float, Array]:
    """Loss and its gradient with respect to the logits."""
    total = logits.shape[1]
    if loss == "mse":
        error = logits - targets
        return float(np.sum(error**2) / (2 * total)), error / total
    shifted = logits - logits.max(axis=0)
    weights = np.exp(shifted)
    sums = weights.sum(axis=0)
    value = np.sum(np.log(sums)) - np.sum(shifted * targets)
    return float(value / total), (weights / sums - targets) / total


def minimise(
    rng: np.random.Generator,
    class_sizes: Sequence[int],
    layer_decays: Sequence[float],
    feature_decay: float,
    width: int,
    *,
    loss: str = "mse",
    bias: str = "none",
    bias_decay: float = 0.0,
    scales: Sequence[float] = (0.3,),
    start: tuple[Sequence[Array], Array, Array] | None = None,
) -> Minimum:
    """Best of several L-BFGS runs, one for each scale of the random start (added to `start` where it is given).

    Zero is a local minimum for two layers and more: one random start often ends there, or with a class missing.
    """
    from scipy.optimize import minimize

    counts = np.asarray(class_sizes, dtype=int)
    k, depth = counts.size, len(layer_decays)
    labels = np.repeat(np.arange(k), counts)
    targets = np.eye(k)[:, labels]
    shapes = [(width, width)] * (depth - 1) + [(k, width), (width, labels.size)]
    decays = [*layer_decays, feature_decay]
    cuts = np.cumsum([a * b for a, b in shapes])

    def split(flat: Array) -> list[Array]:
        return [part.reshape(shape) for part, shape in zip(np.split(flat, cuts)[:-1], shapes, strict=True)]

    def objective(flat: Array) -> tuple[float, Array]:
        parts, offset = split(flat), flat[cuts[-1] :]
        passed = [parts[-1]]
        for layer in parts[:-1]:
            passed.append(layer @ passed[-1])
        value, back = _data_term(loss, passed[-1] + offset[:, None], targets)
        gradient_bias = back.sum(axis=1) + bias_decay * offset if bias != "none" else np.zeros(k)
        gradients = [np.empty(0)] * (depth + 1)
        for j in range(depth - 1, -1, -1):
            gradients[j] = back @ passed[j].T + decays[j] * parts[j]
            back = parts[j].T @ back
        gradients[-1] = back + feature_decay * parts[-1]
        value += sum(decay / 2 * float(np.sum(part**2)) for decay, part in zip(decays, parts, strict=True))
        value += bias_decay / 2 * float(offset @ offset) if bias != "none" else 0.0
        return value, np.concatenate([g.ravel() for g in [*gradients, gradient_bias]])

    def search(flat: Array, tolerance: float) -> tuple[float, Array]:
        options = {"ftol": tolerance, "gtol": 1e-12, "maxcor": 40, "maxiter": 20_000, "maxfun": 40_000}
        found = minimize(objective, flat, jac=True, method="L-BFGS-B", options=options)
        return float(found.fun), found.x

    centre = np.zeros(cuts[-1] + k)
    if start is not None:
        centre += np.concatenate([a.ravel() for a in (*start[0], start[1].T, start[2])])
    noise = [scale * np.append(rng.standard_normal(cuts[-1]), np.zeros(k)) for scale in scales]
    best = centre + noise[0]
    if len(noise) > 1:  # rank the starts roughly, polish the best one
        best = min((search(centre + part, 1e-9) for part in noise), key=lambda pair: pair[0])[1]
    value, flat = search(best, 1e-17)
    *layers, features = split(flat)
    return Minimum(value, layers, features, flat[cuts[-1] :], labels)
