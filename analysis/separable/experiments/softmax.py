"""Softmax operation by operation in a floating-point format, linear softmax regression, finite differences."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "at_the_gap",
    "cosine_draw",
    "cosine_path",
    "first_collapsed_gap",
    "loss_and_gradient",
    "norm_drift",
    "projected_by_regression",
    "random_logits",
    "random_pair",
    "stablemax_differences",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def loss_and_gradient(dtype: str, classes: int, order: str, gap: float) -> tuple[float, float]:
    """Loss, and its gradient in the right class's logit, every operation rounded to the format."""
    number: Any = np.dtype(dtype).type
    other = np.exp(number(-gap)) if dtype == "float64" else number(np.exp(-gap))
    terms = [number(1.0)] + [other] * (classes - 1)
    total = number(0.0)
    for term in terms if order == "first" else terms[::-1]:
        total = number(total + term)
    return float(np.log(total)), float(number(number(1.0) / total) - number(1.0))


def first_collapsed_gap(rng: Rng, dtype: str, classes: int, order: str) -> float:
    """Least gap with a loss of exactly 0, by bisection; only the exponential takes the gap in double precision."""
    del rng
    low, high = 1.0, 60.0
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if loss_and_gradient(dtype, classes, order, middle)[0] == 0:
            high = middle
        else:
            low = middle
    return high


def at_the_gap(rng: Rng, dtype: str, classes: int, order: str, gap: float) -> Array:
    """Loss and gradient a little beyond a gap, in units of the format's rounding."""
    del rng
    return np.array(loss_and_gradient(dtype, classes, order, 1.01 * gap)) / float(np.finfo(dtype).eps)


def random_logits(rng: Rng, classes: int) -> dict[str, Any]:
    """Logits of both signs and a label."""
    return {"logits": 3 * rng.standard_normal(classes), "label": int(rng.integers(classes))}


def _stablemax_loss(logits: list[Any], label: int) -> Any:
    s = [1 + z if z >= 0 else 1 / (1 - z) for z in logits]
    return mp.log(mp.fsum(s)) - mp.log(s[label])


def stablemax_differences(rng: Rng, logits: Array, label: int) -> Array:
    """Central differences of the loss at 50 digits."""
    del rng
    found = []
    with mp.workdps(50):
        step = mp.mpf(10) ** -18
        for j in range(logits.size):
            ends = []
            for side in (1, -1):
                moved = [mp.mpf(z) + side * step * (i == j) for i, z in enumerate(logits.tolist())]
                ends.append(_stablemax_loss(moved, label))
            found.append(float((ends[0] - ends[1]) / (2 * step)))
    return np.array(found)


def random_pair(rng: Rng, size: int) -> dict[str, Array]:
    """A gradient and parameters."""
    return {"gradient": rng.standard_normal(size), "parameters": rng.standard_normal(size)}


def projected_by_regression(rng: Rng, gradient: Array, parameters: Array) -> Array:
    """What least squares on the parameters leaves of the gradient."""
    del rng
    share = np.linalg.lstsq(parameters[:, None], gradient, rcond=None)[0]
    return np.asarray(gradient - parameters * share[0])


def _softmax_gradient(W: Array, X: Array, labels: NDArray[np.intp]) -> Array:
    z = X @ W
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(X)), labels] -= 1
    return np.asarray(X.T @ p / len(X))


def _data(rng: Rng, samples: int, d: int, classes: int) -> tuple[Array, NDArray[np.intp], Array]:
    return rng.standard_normal((samples, d)), rng.integers(classes, size=samples), rng.standard_normal((d, classes))


def cosine_draw(rng: Rng, samples: int, d: int, classes: int, steps: int, step_size: float = 5.0) -> float:
    """Cosine of minus the gradient with the weights, after so many steps of linear softmax regression."""
    X, labels, W = _data(rng, samples, d, classes)
    W = 0.01 * W
    for _ in range(steps):
        W = W - step_size * _softmax_gradient(W, X, labels)
    g = _softmax_gradient(W, X, labels)
    return float(-np.sum(g * W) / np.linalg.norm(g) / np.linalg.norm(W))


def cosine_path(rng: Rng, samples: int, d: int, classes: int, times: Any, step_size: float = 5.0) -> Array:
    """Cosine with the weights, after each number of steps: of the descent direction, and of what projection leaves."""
    X, labels, W = _data(rng, samples, d, classes)
    W, found = 0.01 * W, []
    for step in range(max(times) + 1):
        g = _softmax_gradient(W, X, labels)
        if step in times:
            rest = projected_by_regression(rng, g.ravel(), W.ravel())
            found.append([-np.sum(h * W.ravel()) / np.linalg.norm(h) / np.linalg.norm(W) for h in (g.ravel(), rest)])
        W = W - step_size * g
    return np.array(found)


def norm_drift(rng: Rng, step_size: float, samples: int, d: int, classes: int) -> float:
    """How much one step along the gradient without its part along the weights changes their norm."""
    X, labels, W = _data(rng, samples, d, classes)
    g = _softmax_gradient(W, X, labels)
    g = g - np.sum(g * W) / np.sum(W * W) * W
    return float(np.linalg.norm(W - step_size * g) - np.linalg.norm(W))
