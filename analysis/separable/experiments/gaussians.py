"""Plug-in rules of two Gaussian classes from drawn class means."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["direct_error", "plug_in_draw", "samples_gap", "samples_needed"]

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


def samples_gap(rng: Rng, d: int, larger: int, each: float) -> float:
    """Log of the samples needed in d dimensions over those in more, every mean at the same distance in each."""
    needed: Any = [samples_needed(rng, size, size * each**2) for size in (d, larger)]
    return float(np.log(needed[0] / needed[1]))
