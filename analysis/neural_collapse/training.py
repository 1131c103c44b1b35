r"""Train unconstrained features and deep linear heads: gradient descent for many seeds, L-BFGS for high accuracy.

Loss :math:`\frac1{2N}\|W_M\cdots W_1H+b1^T-Y\|^2+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2` (or
cross-entropy for the first term, L-BFGS only). Gradient descent on all N features is the same as on the K class means
and the d x d scatter S of the deviations: a deviation moves by the same matrix P whatever its sample, so S -> P S P.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Descent", "Minimum", "descend", "minimise"]

Array = NDArray[np.float64]
_FLAGS = {"reassoc", "contract", "nsz"}  # keep NaN and inf: divergence must be seen


@njit(cache=True, fastmath=_FLAGS)
def _product(a, b, out):  # type: ignore[no-untyped-def]
    """Out = a b; b square, a quarter of its rows at a time."""
    k, d = a.shape
    for i in range(k):
        for j in range(d):
            out[i, j] = 0.0
        m = 0
        while m + 4 <= d:
            x0, x1, x2, x3 = a[i, m], a[i, m + 1], a[i, m + 2], a[i, m + 3]
            for j in range(d):
                out[i, j] += x0 * b[m, j] + x1 * b[m + 1, j] + x2 * b[m + 2, j] + x3 * b[m + 3, j]
            m += 4
        while m < d:
            for j in range(d):
                out[i, j] += a[i, m] * b[m, j]
            m += 1


@njit(cache=True, fastmath=_FLAGS)
def _product_transposed(a, b, out):  # type: ignore[no-untyped-def]
    """Out = a b^T."""
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            total = 0.0
            for m in range(a.shape[1]):
                total += a[i, m] * b[j, m]
            out[i, j] = total


@njit(cache=True, fastmath=_FLAGS)
def _rank_update(matrix, keep, left, right, factor):  # type: ignore[no-untyped-def]
    """matrix <- keep matrix - factor left^T right."""
    k, d = left.shape
    for i in range(d):
        for j in range(d):
            matrix[i, j] *= keep
        m = 0
        while m + 2 <= k:
            x0, x1 = factor * left[m, i], factor * left[m + 1, i]
            for j in range(d):
                matrix[i, j] -= x0 * right[m, j] + x1 * right[m + 1, j]
            m += 2
        if m < k:
            x0 = factor * left[m, i]
            for j in range(d):
                matrix[i, j] -= x0 * right[m, j]


@njit(cache=True, fastmath=_FLAGS)
def _descend(inner, head, means, scatter, bias, counts, decays, feature_decay, bias_rate, step, times, record):  # type: ignore[no-untyped-def]
    """One seed in place; `record(t)` columns: snapshots of inner, head, means, scatter, bias at the given times."""
    inners, heads, meanss, scatters, biases = record
    k, d = head.shape
    depth = inner.shape[0] + 1
    total = counts.sum()
    suffix, prefix = np.empty((depth, k, d)), np.empty((depth, k, d))
    pull, move, residual, square = np.empty((k, d)), np.empty((k, d)), np.empty((k, k)), np.empty((k, k))
    now = 0
    for t in range(times.size):
        while now < times[t]:
            suffix[depth - 1] = head
            for j in range(depth - 2, -1, -1):
                _product(suffix[j + 1], inner[j], suffix[j])
            whole = suffix[0]
            _product_transposed(means, whole, residual)
            for c in range(k):
                for a in range(k):
                    residual[c, a] += bias[a]
                residual[c, c] -= 1.0
            _product(whole, scatter, pull)  # A S
            for a in range(k):
                for i in range(d):
                    prefix[0, a, i] = pull[a, i]
                for c in range(k):
                    x = counts[c] * residual[c, a]
                    for i in range(d):
                        prefix[0, a, i] += x * means[c, i]
            for j in range(1, depth):
                _product_transposed(prefix[j - 1], inner[j - 1], prefix[j])
            # features: means by their own residual, scatter by P S P
            _product_transposed(pull, whole, square)  # A S A^T
            shrink, rate = 1.0 - step * feature_decay, step / total
            for a in range(k):
                for i in range(d):
                    x = shrink * rate * pull[a, i]
                    for c in range(k):
                        x -= 0.5 * rate * rate * square[a, c] * whole[c, i]
                    move[a, i] = x
            _rank_update(scatter, shrink * shrink, whole, move, 1.0)
            _rank_update(scatter, 1.0, move, whole, 1.0)
            for c in range(k):
                for i in range(d):
                    means[c, i] *= shrink
                for a in range(k):
                    x = rate * residual[c, a]
                    for i in range(d):
                        means[c, i] -= x * whole[a, i]
            if bias_rate >= 0.0:
                for a in range(k):
                    x = bias_rate * bias[a]
                    for c in range(k):
                        x += counts[c] / total * residual[c, a]
                    bias[a] -= step * x
            for j in range(depth - 1):
                _rank_update(inner[j], 1.0 - step * decays[j], suffix[j + 1], prefix[j], rate)
            for a in range(k):
                for i in range(d):
                    head[a, i] = (1.0 - step * decays[depth - 1]) * head[a, i] - rate * prefix[depth - 1, a, i]
            now += 1
        inners[t], heads[t], meanss[t], scatters[t], biases[t] = inner, head, means, scatter, bias


@dataclass(frozen=True)
class Descent:
    """Snapshots of gradient descent; leading axes are seeds and times."""

    times: NDArray[np.int64]
    inner: Array  # (S, T, M - 1, d, d): the hidden layers, the one next to the features first
    head: Array  # (S, T, K, d): the last layer
    means: Array  # (S, T, K, d): class means in rows
    scatter: Array  # (S, T, d, d): sum of outer products of within-class deviations
    bias: Array  # (S, T, K)

    def classifier(self) -> Array:
        """Product of all layers, shape (S, T, K, d)."""
        product = self.head
        for j in range(self.inner.shape[2] - 1, -1, -1):
            product = product @ self.inner[:, :, j]
        return product


def descend(
    rng: np.random.Generator,
    class_sizes: Sequence[int],
    layer_decays: Sequence[float],
    feature_decay: float,
    width: int,
    times: Sequence[int],
    step_size: float,
    *,
    scale: float = 0.1,
    seeds: int = 1,
    bias: str = "none",
    bias_decay: float = 0.0,
    start: tuple[Sequence[Array], Array, Array] | None = None,
) -> Descent:
    """Gradient descent from weights and features N(0, scale^2), or from layers, features (N, d) and bias plus that.

    `times` are step counts; all hidden widths are equal; `bias` is none, free or ridge.
    """
    counts, when = np.asarray(class_sizes, dtype=float), np.asarray(times, dtype=np.int64)
    k, d, depth = counts.size, width, len(layer_decays)
    labels = np.repeat(np.arange(k), counts.astype(int))
    shape = (seeds, when.size)
    found = Descent(
        when,
        np.empty((*shape, depth - 1, d, d)),
        np.empty((*shape, k, d)),
        np.empty((*shape, k, d)),
        np.empty((*shape, d, d)),
        np.empty((*shape, k)),
    )
    decays, rate = np.asarray(layer_decays, dtype=float), -1.0 if bias == "none" else float(bias_decay)
    for s in range(seeds):
        inner, head = scale * rng.standard_normal((depth - 1, d, d)), scale * rng.standard_normal((k, d))
        features, offset = scale * rng.standard_normal((labels.size, d)), np.zeros(k)
        if start is not None:
            inner += np.array(start[0][:-1]).reshape(inner.shape)
            head += start[0][-1]
            features += start[1]
            offset += start[2]
        means = np.array([features[labels == c].mean(axis=0) for c in range(k)])
        deviations = features - means[labels]
        record = found.inner[s], found.head[s], found.means[s], found.scatter[s], found.bias[s]
        _descend(inner, head, means, deviations.T @ deviations, offset, counts, decays, feature_decay, rate,
                 step_size, when, record)  # fmt: skip
    return found


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

    best = None
    for scale in scales:
        flat = scale * rng.standard_normal(cuts[-1] + k)
        flat[cuts[-1] :] = 0.0
        if start is not None:
            flat += np.concatenate([a.ravel() for a in (*start[0], start[1].T, start[2])])
        options = {"ftol": 1e-17, "gtol": 1e-12, "maxcor": 40, "maxiter": 20_000, "maxfun": 40_000}
        found = minimize(objective, flat, jac=True, method="L-BFGS-B", options=options)
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    *layers, features = split(best.x)
    return Minimum(float(best.fun), layers, features, best.x[cuts[-1] :], labels)
