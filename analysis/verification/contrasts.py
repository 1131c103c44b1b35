"""What is drawn for a claim, and the weighted sums of draws that its kind compares with what it allows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.verification.decisions import Decision, Extrapolation, Rule, decide, extrapolation
from solvable.analysis.verification.rates import RateTest, rate_test
from solvable.solvers.validate import refuse

__all__ = ["Arm", "Contrast", "contrasts_of", "extend", "is_paired", "predicted"]

_NINE_IN_TEN, _WIDTH, _MORE_LOOKS = 1.3, 4.0, 1.1  # normal quantile; half widths in standard errors; for later looks
_CHANCE = 2.6  # standard errors that chance exceeds once in a hundred measurements
SAME = 1e-5  # draws of a deterministic experiment may differ by its accuracy: all of them must lie in what is allowed
Array = NDArray[np.float64]


@dataclass
class Arm:
    """One set of draws at one point in parameter space."""

    parameters: dict[str, Any]
    key: tuple[int, int]  # (cell, arm): draw j uses the child seed (cell, arm, j)
    share: int  # draws for every draw of the last arm
    values: list[float]
    pairs: list[tuple[float, float]] = field(
        default_factory=list
    )  # prediction and margin of each draw that has its own


@dataclass
class Contrast:
    """A weighted sum of arm means, scaled so that the claim allows [low, high]."""

    arms: list[Arm]
    predictions: Array
    units: Array
    weights: Array
    low: float
    high: float
    log: bool = False
    test: Extrapolation | RateTest | None = None  # of the correction that is extrapolated, or of the power

    def decide(self, claim: Claim, alpha: float) -> Decision:
        """Judge the draws so far."""
        rule = Rule(claim.statistic, claim.bounds, claim.deterministic, self.log)
        draws = [np.array(arm.values) for arm in self.arms]
        found = decide(draws, self.predictions, self.units, self.weights, (self.low, self.high), alpha, rule, self.test)
        if found.outcome is None and not found.reason:
            reason, needed = _needed(self, found, draws[-1].size)
            return replace(found, reason=reason, needed=needed)
        return found


def contrasts_of(claim: Claim, cell: dict[str, Any], index: int) -> list[Contrast]:
    """Translate the kind of a claim into weighted sums and the interval each must lie in."""
    inf, positive = math.inf, math.ulp(0.0)  # a sign is not met by zero, while a bound may be attained

    def margin(prediction: float) -> float:
        return claim.tolerance * abs(prediction) + claim.absolute_tolerance

    if claim.kind is Kind.THRESHOLD:
        place = predicted(claim, cell)
        sides = ((place - margin(place), -inf, -positive), (place + margin(place), positive, inf))
        return [
            Contrast([Arm({**cell, "at": at}, (index, j), 1, [])], np.zeros(1), np.ones(1), np.ones(1), low, high)
            for j, (at, low, high) in enumerate(sides)
        ]
    multiples = [1.0] if claim.size is None else list(claim.sizes)
    cells = [cell if claim.size is None else {**cell, claim.size: type(cell[claim.size])(cell[claim.size] * f)}
             for f in multiples]  # fmt: skip
    count = len(cells)
    arms = [Arm(parameters, (index, j), 2 ** (count - 1 - j), []) for j, parameters in enumerate(cells)]
    paired = is_paired(claim)
    if claim.kind is Kind.ORDER:
        sign = 1.0 if paired else math.copysign(1.0, predicted(claim, cell))
        return [Contrast(arms, np.zeros(1), np.full(1, sign), np.ones(1), positive, inf)]
    predictions = np.zeros(count) if paired else np.array([predicted(claim, parameters) for parameters in cells])
    units = np.ones(count) if paired else np.array([margin(p) for p in predictions])
    if np.any((units > 0) & (units < 1e-290)):
        raise refuse("tolerance", claim.tolerance, f"{units.min():g} is allowed to deviate: too little for doubles")
    x = np.array(multiples)
    if claim.kind is Kind.RATE:
        t, edge = np.log(x) - np.log(x).mean(), 1.0 if units[-1] > 0 else 0.0
        units = np.where(units > 0, units, 1.0)
        sizes, slope = x * float(cell[claim.size or ""]), t / (t @ t)
        rate = rate_test(sizes, slope, predictions[-1], claim.order, units[-1])
        return [Contrast(arms, predictions, units, slope, -edge, edge, True, rate)]
    weights, test = (np.ones(1), None) if count == 1 else extrapolation(x * float(cell[claim.size or ""]), claim.order)
    if count > 1 and np.any(units == 0) and np.any(units > 0):
        raise refuse(
            "tolerance", claim.tolerance, f"{claim.name}: the prediction is 0 at a size: give absolute_tolerance"
        )
    # without any margin the deviation is compared with zero in the units of the measurement
    edge = 1.0 if np.all(units > 0) and claim.tolerance + claim.absolute_tolerance > 0 else 0.0
    units = np.where(units > 0, units, 1.0)
    low, high = {"upper": (-inf, edge), "lower": (-edge, inf), None: (-edge, edge)}[claim.side]
    return [Contrast(arms, predictions, units, weights, low, high, test=test)]


def predicted(claim: Claim, parameters: dict[str, Any]) -> float:
    """Return the prediction of a cell."""
    value = _number(claim, "predict", claim.predict(**parameters))
    if not math.isfinite(value):
        raise ValueError(f"{claim.name}: the prediction at {parameters} is {value}: a cell needs a finite one.")
    return value


def _number(claim: Claim, function: str, value: Any) -> float:
    """Return a real scalar as a float; anything else names the claim."""
    if isinstance(value, complex | np.complexfloating | str) or np.ndim(value) != 0:
        raise refuse(f"{claim.name}: {function}(...)", value, "it must return one real number")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise refuse(f"{claim.name}: {function}(...)", value, "it must return one real number") from None


def _reals(claim: Claim, function: str, value: Any) -> Array:
    """Return real numbers as an array of floats; anything else names the claim."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise refuse(f"{claim.name}: {function}(...)", value, "it must return real numbers") from None


def extend(claim: Claim, arm: Arm, count: int, seed: int) -> None:
    """Extend an arm to `count` draws; draw j of a cell has its own child seed, so order never matters."""
    tag, paired = crc32(claim.name.encode()), is_paired(claim)
    for j in range(len(arm.values), count):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(tag, *arm.key, j)))
        if paired:
            value, *pair = _compare(claim, arm.parameters, rng)
            arm.values.append(value)
            arm.pairs.append((pair[0], pair[1]))
        else:
            arm.values.append(_number(claim, "measure", claim.measure(rng, **arm.parameters)))
        if claim.bounds is not None and not claim.bounds[0] <= arm.values[j] <= claim.bounds[1]:
            raise refuse(f"{claim.name}: measure(...)", arm.values[j], f"it must lie within bounds = {claim.bounds}")
    if claim.deterministic and not np.ptp(arm.values) <= SAME * np.max(np.abs(arm.values)):
        raise refuse(f"{claim.name}: deterministic", True, f"two draws differ at {arm.parameters}")


def is_paired(claim: Claim) -> bool:
    """Whether every draw is compared with a prediction of its own, not their mean with that of the cell."""
    return claim.draws_predictions or claim.kind in (Kind.EXACT, Kind.NUMERICAL)


def _compare(claim: Claim, cell: dict[str, Any], rng: np.random.Generator) -> tuple[float, float, float]:
    """Deviation of one draw from its prediction in units of the margin, the prediction and the margin.

    Of arrays the entry that deviates most. An order has the measurement, positive as predicted, in place of a
    deviation; a bound without margin is compared in units of the prediction.
    """
    parameters, measured = claim.trial(rng, cell)
    expected = _reals(claim, "predict", claim.predict(**parameters))
    if not np.all(np.isfinite(expected)):
        raise ValueError(f"{claim.name}: a prediction at {cell} is not finite: a cell needs a finite one.")
    found = _reals(claim, "measure", measured)
    if found.shape != expected.shape:
        raise ValueError(f"{claim.name}: measured shape {found.shape} is not the predicted {expected.shape} at {cell}.")
    if claim.kind is Kind.ORDER:
        sign = math.copysign(1.0, float(expected))
        return sign * float(found), sign, 1.0
    size = float(np.max(np.abs(expected)))
    unit = claim.tolerance * size + claim.absolute_tolerance
    if claim.kind is Kind.BOUND and unit == 0:
        unit = size or 1.0
    if unit < 1e-290:
        raise refuse("tolerance", claim.tolerance, f"{unit:g} is allowed to deviate: too little for doubles")
    deviations = np.ravel(found - expected) / unit
    worst = int(np.argmax(np.where(np.isnan(deviations), np.inf, np.abs(deviations))))
    return float(deviations[worst]), float(np.ravel(expected)[worst]), unit


def _needed(contrast: Contrast, found: Decision, draws: int) -> tuple[str, int]:
    """Say how many draws of the last arm would decide in nine cases of ten, and the number.

    The interval must shrink to the nearest border, whose distance is known to a standard error s only: 1.3 s are taken
    off it, and what the next measurement may move added. Simultaneous intervals are at least 4 s wide to each side.
    Where chance alone puts the measurement beyond the border, or at it, its distance forecasts nothing; where what is
    measured may still be what is predicted, the number is then that of a claim that holds.
    """
    if contrast.low == contrast.high:
        return "nothing is allowed to deviate from a prediction of 0 but by an absolute_tolerance: give one", 0
    half, middle = (found.high - found.low) / 2, (contrast.low + contrast.high) / 2
    error = half / _WIDTH
    distance = min(abs(found.value - border) for border in (contrast.low, contrast.high) if math.isfinite(border))
    sure = distance - _NINE_IN_TEN * error
    inside = contrast.low <= found.value <= contrast.high
    holds = ""
    if (not inside and distance <= _CHANCE * error) or sure <= 0:
        plausible = math.isfinite(middle) and abs(found.value - middle) <= _CHANCE * error
        sure = (contrast.high - contrast.low) / 2 if plausible else 0.0
        holds = " if the claim holds"
    if not (math.isfinite(half) and sure > 0):
        return "the measurement lies too near to the border of what is allowed to say how many draws would decide", 0
    needed = math.ceil(_MORE_LOOKS * draws * (half * (1 + _NINE_IN_TEN / _WIDTH) / sure) ** 2)
    needed = int(float(f"{needed:.1e}") if needed >= 1000 else needed)
    place = ", of a cell at its largest size" if len(contrast.arms) > 1 else " of a cell"
    return f"about {needed:,} draws would decide in nine cases of ten{holds}{place}", needed
