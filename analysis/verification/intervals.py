r"""Confidence intervals of weighted sums of means and medians, for draws that need not be Gaussian.

Pure functions of arrays of draws: the last axis runs over the draws, leading axes over independent repetitions, so
that thousands of checks can be calibrated at once (`benchmarks/verdict_calibration.py`).

Without a declared range no interval for a mean holds for every law: a value that no draw has shown may carry all of
it. `studentised` is Student's t, lengthened where the draws are skewed or could be. Hall's cubic transformation of the
t-statistic,

    z = t + g t^2/3 + g^2 t^3/27 + g/6,    g = third cumulant of the estimate / its variance^{3/2},

is inverted, with g raised by a margin for its own error; it never shortens the interval. Draws whose variance rests on
few of them give no interval: n/kurtosis counts how many carry it (n p for a rare event of probability p, n/3 for a
Gaussian), and at least `EVENTS` must. Lengths are calibrated, not proved; docs/trust.md has the table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, stdtrit

__all__ = ["EVENTS", "bounded", "median", "missable", "studentised"]

Array = NDArray[np.float64]
Interval = tuple[Array, Array, Array]
EVENTS = 4.0  # draws that must carry the variance of an estimate before it has an interval
FACTOR = 1.5  # samples show less skewness than their law has
ERRORS = 2.0  # standard errors of a Gaussian sample's skewness, added to it


def studentised(arms: Sequence[Array], weights: Array, alpha: float, *, log: bool = False) -> Interval:
    """Interval of ``sum_i weights_i mean_i``, or of the same sum of the means' logarithms.

    Parameters
    ----------
    arms : sequence of arrays, shapes (..., n_i)
        Draws of each mean, at least three.
    weights : array, shape (number of arms,)
        Weights of the means.
    alpha : float
        Error probability of the interval, both sides together.
    log : bool
        Whether to sum logarithms (correct to second order in the means' relative errors).

    Returns
    -------
    value, low, high : arrays, shape (...)
        Low and high are infinite where the draws allow no interval: an arm whose draws are all equal, or fewer than
        `EVENTS` draws that carry the variance.
    """
    used = [(draws, float(weight)) for draws, weight in zip(arms, weights, strict=True) if weight != 0]
    parts = [_moments(draws, weight, log) for draws, weight in used]
    value = np.sum([part[0] for part in parts], axis=0)
    errors, cubes, fewness = (np.array([part[i] for part in parts]) for i in (1, 2, 3))
    counts = np.array([draws.shape[-1] for draws, _ in used], dtype=np.float64).reshape(-1, *[1] * value.ndim)
    with np.errstate(all="ignore"):
        largest = errors.max(axis=0)
        shares = (errors / largest) ** 2  # relative: units may be as small as doubles get
        total = shares.sum(axis=0)
        error, shares = largest * np.sqrt(total), shares / total
        quantile = stdtrit(1 / (shares**2 / (counts - 1)).sum(axis=0), 1 - alpha / 2)
        skew = (shares**1.5 * cubes).sum(axis=0)
        doubt = ERRORS * np.sqrt((shares**3 * 6 / counts**2).sum(axis=0))
        low = value - error * _reach(quantile, doubt - FACTOR * np.minimum(skew, 0))
        high = value + error * _reach(quantile, doubt + FACTOR * np.maximum(skew, 0))
        usable = np.all(errors > 0, axis=0) & ((shares**2 * fewness).sum(axis=0) * EVENTS <= 1) & np.isfinite(value)
    return value, np.where(usable, low, -np.inf), np.where(usable, high, np.inf)


def _moments(draws: Array, weight: float, log: bool) -> tuple[Array, Array, Array, Array]:
    """Weighted mean, its error, its standardised third cumulant (signed as the weight), and kurtosis/n."""
    n = draws.shape[-1]
    with np.errstate(all="ignore"):
        mean = draws.mean(axis=-1)
        gap = draws - mean[..., None]
        largest = np.abs(gap).max(axis=-1)
        gap /= np.where(largest > 0, largest, 1.0)[..., None]  # fourth powers of small units would underflow
        square = (gap * gap).mean(axis=-1)
        error = largest * np.sqrt(square / (n - 1))
        # equal but for rounding is equal
        error = np.where(largest <= 8 * np.finfo(float).eps * np.abs(draws).max(axis=-1), 0.0, error)
        square = np.where(square > 0, square, 1.0)
        cube = (gap**3).mean(axis=-1) / square**1.5 * math.sqrt((n - 1) / max(n - 2, 1) ** 2)
        fewness = (gap**4).mean(axis=-1) / square**2 / n
        if log:  # a mean with relative error e: its logarithm is biased by -e^2/2 and skewed by -3 e
            error = error / mean
            cube = cube - 3 * error
            mean = np.where(mean > 0, np.log(mean) + error**2 / 2, np.nan)
    return weight * mean, abs(weight) * error, math.copysign(1.0, weight) * cube, fewness


def _reach(quantile: Array, skew: Array) -> Array:
    """Distance, in standard errors, that Hall's transformation takes to `quantile`, for a long tail on this side.

    As a function of the skewness it rises to four quantiles near 1.13/quantile and would fall beyond: capped there.
    """
    skew = np.clip(skew, 1e-8, 1.13 / quantile)
    return np.maximum(quantile, (1 - np.cbrt(1 - skew * (quantile + skew / 6))) * 3 / skew)


def bounded(arms: Sequence[Array], weights: Array, alpha: float, low: float, high: float) -> Interval:
    """Interval of ``sum_i weights_i mean_i`` for draws within [low, high]: it holds for every such law.

    Each mean has the shorter of two intervals, each at half of its error probability: Chernoff's (relative entropy;
    sharp for draws that are nearly all equal) and the empirical Bernstein inequality (sharp for small variance).
    """
    return _summed([_bounded_mean((draws - low) / (high - low), alpha / len(arms)) for draws in arms],
                   weights, low, high - low)  # fmt: skip


def _bounded_mean(draws: Array, alpha: float) -> Interval:
    n, mean = draws.shape[-1], draws.mean(axis=-1)
    tail = math.log(4 / alpha)  # four one-sided bounds
    half = np.sqrt(2 * draws.var(axis=-1, ddof=1) * tail / n) + 7 * tail / (3 * (n - 1))
    return mean, np.maximum(1 - _chernoff(1 - mean, tail / n), mean - half), np.minimum(
        _chernoff(mean, tail / n), mean + half)  # fmt: skip


def _chernoff(mean: Array, distance: float) -> Array:
    """Largest q >= mean whose relative entropy from `mean` is at most `distance`, by bisection."""
    from scipy.special import rel_entr

    low, high = np.array(mean, dtype=np.float64), np.ones_like(mean)
    for _ in range(60):
        q = (low + high) / 2
        inside = rel_entr(mean, q) + rel_entr(1 - mean, 1 - q) <= distance
        low, high = np.where(inside, q, low), np.where(inside, high, q)
    return high


def median(arms: Sequence[Array], weights: Array, alpha: float) -> Interval:
    """Interval of ``sum_i weights_i median_i`` between order statistics: it holds for every law.

    The number of draws below a median is binomial; an arm has no interval before 2^(1-n) is below its share of alpha.
    """
    return _summed([_one_median(draws, alpha / len(arms)) for draws in arms], weights, 0.0, 1.0)


def _one_median(draws: Array, alpha: float) -> Interval:
    n, ordered = draws.shape[-1], np.sort(draws, axis=-1)
    middle = np.median(draws, axis=-1)
    # rank k from either end: P(at most k draws on one side) <= alpha/2
    rank = int(np.searchsorted(bdtr(np.arange(n // 2 + 1), n, 0.5), alpha / 2, side="right")) - 1
    if rank < 0:
        return middle, np.full(middle.shape, -np.inf), np.full(middle.shape, np.inf)
    return middle, ordered[..., rank], ordered[..., n - 1 - rank]


def _summed(intervals: Sequence[Interval], weights: Array, origin: float, scale: float) -> Interval:
    """Intervals that hold together, added up."""
    value, low, high = (np.zeros(intervals[0][0].shape) for _ in range(3))
    for weight, (middle, below, above) in zip(weights, intervals, strict=True):
        ends = [weight * (origin + scale * end) for end in ((below, above) if weight >= 0 else (above, below))]
        value = value + weight * (origin + scale * middle)
        low, high = low + ends[0], high + ends[1]
    return value, low, high


def missable(draws: int, level: float) -> float:
    """Probability below which an event may have been missed: in `draws` draws it shows up with probability `level`."""
    return -math.expm1(math.log1p(-level) / draws)
