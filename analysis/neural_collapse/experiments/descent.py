r"""Gradient descent on unconstrained features and deep linear heads, squared loss, many seeds.

Loss :math:`\frac1{2N}\|W_M\cdots W_1H+b1^T-Y\|^2+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2`. Descent
on all N features is the same as on the K class means and the d x d scatter S of the deviations: a deviation moves by
the same matrix P whatever its sample, so S -> P S P, and no step costs N.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit

__all__ = ["Descent", "descend"]

Array = NDArray[np.float64]
_FLAGS = {"reassoc", "contract", "nsz"}  # keep NaN and inf: divergence must be seen


@njit(inner=True, fastmath=_FLAGS)
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


@njit(inner=True, fastmath=_FLAGS)
def _product_transposed(a, b, out):  # type: ignore[no-untyped-def]
    """Out = a b^T."""
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            total = 0.0
            for m in range(a.shape[1]):
                total += a[i, m] * b[j, m]
            out[i, j] = total


@njit(inner=True, fastmath=_FLAGS)
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
def _advance(inner, suffix, means, scatter, bias, counts, decays, feature_decay, bias_rate, step, steps):  # type: ignore[no-untyped-def]
    """Take steps in place for one seed; suffix[-1] holds the last layer, the others its products with those before."""
    depth, k, d = suffix.shape
    total = counts.sum()
    prefix = np.empty((depth, k, d))
    pull, move, residual, square = np.empty((k, d)), np.empty((k, d)), np.empty((k, k)), np.empty((k, k))
    shrink, rate = 1.0 - step * feature_decay, step / total
    for _ in range(steps):
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
                x = (1.0 - step * decays[depth - 1]) * suffix[depth - 1, a, i]
                suffix[depth - 1, a, i] = x - rate * prefix[depth - 1, a, i]


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
        inner, suffix = scale * rng.standard_normal((depth - 1, d, d)), np.empty((depth, k, d))
        suffix[-1] = scale * rng.standard_normal((k, d))
        features, offset = scale * rng.standard_normal((labels.size, d)), np.zeros(k)
        if start is not None:
            inner += np.array(start[0][:-1]).reshape(inner.shape)
            suffix[-1] += start[0][-1]
            features += start[1]
            offset += start[2]
        means = np.array([features[labels == c].mean(axis=0) for c in range(k)])
        deviations = features - means[labels]
        scatter, now = deviations.T @ deviations, 0
        for t, then in enumerate(when):
            _advance(inner, suffix, means, scatter, offset, counts, decays, float(feature_decay), rate,
                     float(step_size), int(then) - now)  # fmt: skip
            now = int(then)
            found.inner[s, t], found.head[s, t], found.means[s, t] = inner, suffix[-1], means
            found.scatter[s, t], found.bias[s, t] = scatter, offset
    return found
