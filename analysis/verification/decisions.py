"""What draws say about a claim: outcome, value and interval of a contrast, as a pure function of arrays.

A contrast is a weighted sum of arm means, scaled so that the claim allows [low, high]. Its interval decides, and
where it is an extrapolation over sizes, so does the order of the correction that was extrapolated (of an exponent,
what `solvable.analysis.verification.rates` asks):

* *Lack of fit.* What the sizes leave of ``limit + c size^-order`` is expressed as the error of the limit that a
  correction of half the order would make to leave as much. Where it differs from zero (at 1 %) and is more than a
  quarter of the tolerance, nothing is decided, unless the limit disagrees even when moved by that error.
* *Slower corrections.* A decision must survive an extrapolation at half the order and one in 1/log(size), which
  moves the limit several times as far and so may leave an agreement three times what is allowed; else the order
  matters, and nothing is decided unless the sizes exclude the slower correction (at 1 %).

A slower correction passes both tests only if it is small in the sizes measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.intervals import Interval, bounded, median, studentised
from solvable.analysis.verification.outcome import Outcome, judge
from solvable.analysis.verification.rates import FIT_LEVEL, MATERIAL, Means, RateTest, rescaled_logarithm

__all__ = ["Decision", "Extrapolation", "Outcome", "Rule", "decide", "extrapolation"]

Array = NDArray[np.float64]
_ROOM = 1.0, 3.0  # what an agreement may use of what is allowed at half the order, and in 1/log(size)


@dataclass(frozen=True)
class Decision:
    """Outcome (None: go on), value and interval in units of what is allowed, and what prevents a decision."""

    outcome: Outcome | None
    value: float
    low: float
    high: float
    reason: str = ""
    needed: int = 0  # draws of the last arm that would decide in nine cases of ten; 0 where no number would


@dataclass(frozen=True)
class Extrapolation:
    """Weights, over sizes, of what tests the order of the correction."""

    misfit: Array  # error of the limit that half the order would make
    order: float = 1.0
    slower: tuple[tuple[Array, Array], ...] = ()  # limits with slower corrections, and what the sizes leave of each


@dataclass(frozen=True)
class Rule:
    """How draws are judged."""

    statistic: str = "mean"
    bounds: tuple[float, float] | None = None
    deterministic: bool = False
    log: bool = False

    def interval(self, arms: Sequence[Array], weights: Array, alpha: float) -> Interval:
        """Interval of the weighted sum."""
        if self.deterministic:
            return _hull(arms, weights, self.log)
        if self.statistic == "median":
            used = [(draws, weight) for draws, weight in zip(arms, weights, strict=True) if weight != 0]
            with np.errstate(divide="ignore", invalid="ignore"):  # what is not positive lies below all logarithms
                arms = [np.log(np.maximum(draws, 0.0)) if self.log else draws for draws, _ in used]
                return median(arms, np.array([weight for _, weight in used]), alpha)
        if self.bounds is not None:
            return bounded(arms, weights, alpha, *self.bounds)
        return studentised(arms, weights, alpha, log=self.log)


def _hull(arms: Sequence[Array], weights: Array, log: bool) -> Interval:
    """All that draws which are equal but for their accuracy can say: from the least to the largest sum."""
    ends = np.array([[draws.min(), draws.max()] for draws in arms])
    if log:
        ends = np.where(ends > 0, np.log(np.where(ends > 0, ends, 1.0)), np.nan)
    products = np.sort(weights[:, None] * ends, axis=1).sum(axis=0)
    return products.mean(), products[0], products[1]


def _fit(x: Array) -> tuple[Array, Array]:
    """Weights of the least-squares intercept over `x`, and the matrix that leaves the residuals."""
    basis = np.stack([np.ones_like(x), x], axis=1)
    inverse = np.linalg.pinv(basis)
    return inverse[0], np.eye(x.size) - basis @ inverse


def extrapolation(sizes: Array, order: float) -> tuple[Array, Extrapolation]:
    """Weights of the limit at a correction size^-order, and of the tests of that order."""
    growth = sizes / sizes[0]
    profile, half = growth**-order, growth ** (-order / 2)
    limit, leaves = _fit(profile)
    left = leaves @ half
    misfit = float(limit @ half) * left / float(left @ left)
    slower = []
    for other in (half, 1 / rescaled_logarithm(sizes)):
        weights, remains = _fit(other)
        slower.append((weights, remains @ profile))
    return limit, Extrapolation(misfit, order, tuple(slower))


def decide(
    arms: Sequence[Array],
    predictions: Array,
    units: Array,
    weights: Array,
    allowed: tuple[float, float],
    alpha: float,
    rule: Rule,
    test: Extrapolation | RateTest | None = None,
) -> Decision:
    """Judge the draws of one contrast.

    Parameters
    ----------
    arms : sequence of arrays, shapes (n_i,)
        Draws at each size.
    predictions, units : arrays, shape (number of arms,)
        What is predicted and how far each may deviate; for logarithms the last of each is the exponent's.
    weights : array
        Weights of the arms.
    allowed : pair of floats
        Where the scaled value may lie.
    alpha : float
        Error probability of the interval.
    rule : Rule
        Which interval.
    test : Extrapolation or RateTest, optional
        Tests of the order of the correction, or of what an exponent between sizes may hide.
    """

    def interval(contrast: Array, error: float) -> tuple[float, float, float]:
        if rule.log:
            found = rule.interval(arms, contrast, error)
            return tuple((float(x) - predictions[-1]) / units[-1] for x in found)
        value, low, high = rule.interval(arms, contrast / units, error)
        shift = float(contrast @ (predictions / units))
        return float(value) - shift, float(low) - shift, float(high) - shift

    value, low, high = interval(weights, alpha)
    if not math.isfinite(value):
        return Decision(None, value, -math.inf, math.inf, "the experiment returned values that are not finite (or not "
                        "positive, for an exponent)")  # fmt: skip
    if not (math.isfinite(low) or math.isfinite(high)):
        return Decision(None, value, low, high, _no_interval(arms))
    outcome = judge(low, high, allowed)
    if outcome is None or test is None:
        return Decision(outcome, value, low, high)
    if isinstance(test, RateTest):
        means = Means(
            lambda contrast, error: _floats(rule, arms, contrast, error),
            lambda contrast, error: _floats(replace(rule, log=False), arms, contrast, error),
            sum(draws.size for draws in arms),
        )
        why = test.objection(outcome, (low, high), allowed, alpha, means)
        return Decision(None if why else outcome, value, low, high, why)
    misfit, below, above = interval(test.misfit, FIT_LEVEL)
    significant = abs(misfit) > MATERIAL and not below <= 0 <= above
    # a limit so far off that what half the order would move it changes nothing disagrees all the same
    displaced = (min(low, low - above), max(high, high - below))
    if significant and not (outcome is Outcome.DISAGREES and judge(*displaced, allowed) is Outcome.DISAGREES):
        return Decision(None, value, low, high, f"the sizes do not follow a correction of order {test.order:g}: "
                        "state its order, or measure larger sizes")  # fmt: skip
    # what rejects is asked again at every look: its tests pay for looks and cells as the interval does
    error = FIT_LEVEL if outcome is Outcome.AGREES else min(FIT_LEVEL, 10 * alpha)
    for (limit, remains), room in zip(test.slower, _ROOM, strict=True):
        moved, least, most = interval(limit, error)
        ends = (moved, moved) if outcome is Outcome.AGREES else (min(least, low), max(most, high))
        _, below, above = interval(remains, error)
        low_end, high_end = (room * end for end in allowed) if outcome is Outcome.AGREES else allowed
        if judge(*ends, (low_end, high_end)) is not outcome and below <= 0 <= above:
            return Decision(None, value, low, high, f"a correction slower than order {test.order:g} would change the "
                            "answer, and the sizes do not exclude it: measure larger sizes")  # fmt: skip
    return Decision(outcome, value, low, high)


def _floats(rule: Rule, arms: Sequence[Array], contrast: Array, error: float) -> tuple[float, float, float]:
    value, low, high = rule.interval(arms, contrast, error)
    return float(value), float(low), float(high)


def _no_interval(arms: Sequence[Array]) -> str:
    if any(np.ptp(draws) <= 16 * np.finfo(float).eps * np.max(np.abs(draws)) for draws in arms):
        return "all draws are equal: declare deterministic=True if they must be, or bounds, or draw more"
    return "too few draws carry the spread for an interval: rare or heavy-tailed events; draw more or take the median"
