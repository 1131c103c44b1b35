"""Plug-in rules of Gaussian classes from drawn class means, and discriminants with a drawn covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "direct_error",
    "discriminant_samples",
    "many_classes_draw",
    "plug_in_draw",
    "samples_gap",
    "samples_needed",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
_tail = np.vectorize(lambda x: math.erfc(x / math.sqrt(2)) / 2)


def _errors(a: Array, b: Array, c: Array, n: float, mu: float) -> Array:
    """Exact error of each rule; a: noise of half the difference along mu, b: its square elsewhere, c: of the middle.

    The middle's noise along the weights is independent of them, its size 1/sqrt n.
    """
    along = mu + a / np.sqrt(n)
    length = np.sqrt(along**2 + b / n)
    shift = c / np.sqrt(n)
    return np.asarray((_tail((mu * along / length) - shift) + _tail((mu * along / length) + shift)) / 2)


def _noise(rng: Rng, d: int, count: int) -> tuple[Array, Array, Array]:
    """The Gaussian noise that the sample means bring, through the three numbers the error depends on."""
    elsewhere = rng.chisquare(d - 1, count) if d > 1 else np.zeros(count)
    return rng.standard_normal(count), np.asarray(elsewhere), rng.standard_normal(count)


def plug_in_draw(rng: Rng, d: float, ratio: float, separation2: float) -> float:
    """Test error of one plug-in rule, the class means drawn row by row, averaged over test rows in closed form."""
    dimension = round(d)
    half = max(1, round(ratio * d / 2))
    mu = np.zeros(dimension)
    mu[0] = math.sqrt(separation2)
    plus = (mu + rng.standard_normal((half, dimension))).mean(axis=0)
    minus = (-mu + rng.standard_normal((half, dimension))).mean(axis=0)
    w, middle = plus - minus, (plus + minus) / 2
    size = float(np.linalg.norm(w))
    return float((_tail((w @ (mu - middle)) / size) + _tail((w @ (mu + middle)) / size)) / 2)


def direct_error(rng: Rng, n: int, d: int, separation2: float, tests: int = 4000) -> float:
    """Share of fresh rows that one plug-in rule gets wrong."""
    mu = np.full(d, math.sqrt(separation2 / d))
    plus = (mu + rng.standard_normal((n // 2, d))).mean(axis=0)
    minus = (-mu + rng.standard_normal((n // 2, d))).mean(axis=0)
    y = np.where(rng.random(tests) < 0.5, 1.0, -1.0)
    rows = rng.standard_normal((tests, d)) + y[:, None] * mu
    return float(np.mean(y * ((rows - (plus + minus) / 2) @ (plus - minus)) < 0))


def samples_needed(rng: Rng, d: float, separation2: float, gap: float = 0.01, count: int = 400) -> float:
    """Samples until the error averaged over rules is the Bayes error plus a gap, the same noise at every size."""
    noise, mu = _noise(rng, round(d), count), math.sqrt(separation2)
    goal = float(_tail(mu)) + gap
    low, high = 1.0, 1e9
    while high / low > 1 + 1e-6:
        middle = math.sqrt(low * high)
        if float(_errors(*noise, middle, mu).mean()) > goal:
            low = middle
        else:
            high = middle
    return high


def many_classes_draw(rng: Rng, d: float, ratio: float, separation2: float, classes: int) -> float:
    """Error of the nearest sample mean on 3,000 fresh rows of each of many classes, means at equal distances.

    Only what it depends on is drawn: the sample means, and the scores of fresh rows, normal with the Gram matrix of
    the sample means as their covariance.
    """
    dimension = round(d)
    each = max(1, round(ratio * d / classes))
    means = np.zeros((classes, dimension))
    means[:, :classes] = math.sqrt(2 * separation2) * np.eye(classes)
    seen = means + rng.standard_normal(means.shape) / math.sqrt(each)
    spread = np.linalg.qr(seen.T, mode="r")
    wrong = 0
    for k, mu in enumerate(means):
        scores = mu @ seen.T + rng.standard_normal((3000, classes)) @ spread
        wrong += int(np.sum(np.argmax(scores - np.sum(seen**2, axis=1) / 2, axis=1) != k))
    return wrong / (3000 * classes)


def _discriminant_errors(rng: Rng, n: int, d: int, mu: float, count: int) -> Array:
    """Exact errors of linear discriminants, their covariances drawn by the triangular factors."""
    root = np.tril(rng.standard_normal((count, d, d)), -1)
    root[:, np.arange(d), np.arange(d)] = np.sqrt(rng.chisquare(n - 2 - np.arange(d), (count, d)))
    plus, minus = rng.standard_normal((2, count, d)) / math.sqrt(n / 2)
    plus[:, 0] += mu
    minus[:, 0] -= mu
    w = np.linalg.solve(root.transpose(0, 2, 1), np.linalg.solve(root, (plus - minus)[..., None]))[..., 0]
    middle, size = np.sum(w * (plus + minus), axis=1) / 2, np.linalg.norm(w, axis=1)
    return np.asarray((_tail((w[:, 0] * mu - middle) / size) + _tail((w[:, 0] * mu + middle) / size)) / 2)


def discriminant_samples(rng: Rng, d: float, separation2: float, gap: float, count: int = 60) -> float:
    """Samples until the mean error of drawn discriminants is the Bayes error plus a gap, between two sizes."""
    size, mu = round(d), math.sqrt(separation2)
    n, best, seen = 2.0 * size, float(_tail(mu)), [(0.0, math.inf)]
    while seen[-1][1] > gap:
        n *= 1.3
        seen.append((round(n), float(_discriminant_errors(rng, round(n), size, mu, count).mean()) - best))
    (before, above), (after, below) = seen[-2:]
    if not math.isfinite(above):
        return float(after)
    share = math.log(above / gap) / math.log(above / below)
    return float(before * (after / before) ** share)


def samples_gap(rng: Rng, d: int, larger: int, each: float) -> float:
    """Log of the samples needed in d dimensions over those in more, every mean at the same distance in each."""
    needed: Any = [samples_needed(rng, size, size * each**2) for size in (d, larger)]
    return float(np.log(needed[0] / needed[1]))
