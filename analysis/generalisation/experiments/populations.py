"""Populations with drawn frequencies, and learners that leave what they saw once unfitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.generalisation.settings import power_law

__all__ = ["drawn_populations", "excess_of_a_share", "seen_mass", "unfitted_excess"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def drawn_populations(rng: Rng, power: float, total: int, n: int, populations: int) -> tuple[Array, Any]:
    """Normalised frequencies of populations, and how often each example was seen."""
    shares = rng.choice(power_law(power, total), (populations, total))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares, rng.multinomial(n, shares)


def seen_mass(rng: Rng, power: float, total: int, n: int, order: int, populations: int = 100) -> float:
    """Mean frequency of the examples that were seen `order` times, pooled over populations."""
    shares, seen = drawn_populations(rng, power, total, n, populations)
    return float(shares[seen == order].mean())


def unfitted_excess(
    rng: Rng, power: float, total: int, n: int, populations: int = 100
) -> tuple[float, dict[str, float]]:
    """Excess error of a learner that tosses a coin for what it did not see twice, labels 1 with probability .7.

    The best learner repeats every label it saw and says 1 elsewhere. Given: examples seen once that were not fitted.
    """
    shares, seen = drawn_populations(rng, power, total, n, populations)
    labels, coins = rng.random(shares.shape) < 0.7, rng.random(shares.shape) < 0.5
    learner = np.where(seen >= 2, labels, coins)
    best = np.where(seen >= 1, labels, True)
    excess = float(np.sum(shares * (learner != labels)) - np.sum(shares * (best != labels))) / populations
    return excess, {"unfitted": float(np.sum((seen == 1) & (learner != labels))) / populations}


def excess_of_a_share(
    rng: Rng, power: float, total: int, n: int, share: float, populations: int = 100
) -> tuple[float, dict[str, Array]]:
    """Excess error of a learner that fits what it saw but for a share, whatever the number of times.

    Given: unfitted examples by how often they were seen, up to 20 times.
    """
    shares, seen = drawn_populations(rng, power, total, n, populations)
    missed = (rng.random(shares.shape) < share) & (seen >= 1) & (seen <= 20)
    counts = np.bincount(seen[missed], minlength=21)[1:] / populations
    return float(shares[missed].sum()) / populations, {"unfitted": counts}
