r"""Check a claim: an equivalence test, so that no claim passes by being measured badly.

Every cell is measured until a confidence interval decides it. Let [p - m, p + m] be what the claim allows,
m = tolerance |p| + absolute_tolerance. A cell

* AGREES where the interval of the measured mean lies inside,
* DISAGREES where it lies outside,
* is INCONCLUSIVE otherwise, with the number of draws that would decide it.

Intervals hold simultaneously at level 99.9 % over all cells and all looks: draws double from look to look and
the error probability is shared equally between the looks (Bonferroni), so stopping early is paid for.
Where a claim draws an instance, every draw has its own p and m and enters as (measured - p)/m, in place of the mean
of the measurements; a bound must then hold for every single instance as well.
Asymptotic claims are measured at three sizes and the scaled deviation (measured - p)/m is extrapolated to
size^-order = 0 by least squares, with the error propagated. Intervals are those of
`solvable.analysis.verification.intervals`; what is decided from them, and whether the order of the correction is
supported, `solvable.analysis.verification.decisions`. Events too rare to show in the draws can be missed by any
interval: a row says how rare. Draws that must be equal are declared (`deterministic`); otherwise equal draws decide
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.verification.decisions import (
    Decision,
    Extrapolation,
    Outcome,
    Rule,
    decide,
    extrapolation,
    rate_fit,
)
from solvable.analysis.verification.intervals import missable
from solvable.analysis.writing.prose import counted
from solvable.solvers.validate import as_kind, as_seed, as_whole, refuse

__all__ = ["LEVEL", "Outcome", "Row", "Verdict", "verify"]

LEVEL = 0.999
SAME = 1e-9  # draws of a deterministic experiment may differ by rounding
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One cell of a verdict: prediction, measurement with its simultaneous interval, and what was allowed."""

    parameters: dict[str, Any]
    prediction: float
    measured: float
    low: float
    high: float
    allowed_low: float
    allowed_high: float
    draws: int
    outcome: Outcome
    note: str = ""
    predictions: tuple[float, float] | None = None  # least and largest, where every draw has its own
    missable: float = 0.0  # an event of a lower probability may not have shown in any draw

    def predicted(self, digits: str = ".5g") -> str:
        """Return the prediction, or its range over the instances that were drawn."""
        if self.predictions is None:
            return f"{self.prediction:{digits}}"
        low, high = self.predictions
        return f"{low:{digits}} to {high:{digits}}"


@dataclass(frozen=True)
class Verdict:
    """Outcome of checking one claim, with the table behind it."""

    claim: str
    outcome: Outcome
    rows: tuple[Row, ...]
    seed: int
    quick: bool
    level: float = LEVEL

    @property
    def draws(self) -> int:
        """All draws of all cells."""
        return sum(row.draws for row in self.rows)

    def summary(self) -> str:
        """One sentence: the outcome and the worst cell."""
        head = f"{self.outcome.value}: {counted(len(self.rows), 'cell')}, {counted(self.draws, 'draw')}"
        notes = [row.note for row in self.rows if row.outcome is self.outcome and row.note]
        if notes:
            return f"{head}; {notes[0]}"
        finite = [row for row in self.rows if row.prediction and np.isfinite(row.measured)]
        if not finite:
            return head
        ratios = [row.measured / row.prediction for row in finite]
        if all(row.allowed_low == -math.inf for row in finite):
            return f"{head}; at most {max(ratios):.2f} of the bound"
        if all(row.allowed_high == math.inf for row in finite):
            return f"{head}; at least {min(ratios):.2f} of the bound"
        return f"{head}; largest deviation {max(abs(ratio - 1) for ratio in ratios):.2g} of the prediction"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        data = asdict(self)
        data["outcome"] = self.outcome.value
        for row in data["rows"]:
            row["outcome"] = row["outcome"].value
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Verdict:
        """Inverse of `to_dict`."""
        rows = tuple(
            Row(
                **{
                    **row,
                    "outcome": Outcome(row["outcome"]),
                    "predictions": row["predictions"] and tuple(row["predictions"]),
                }
            )
            for row in data["rows"]
        )
        return cls(data["claim"], Outcome(data["outcome"]), rows, data["seed"], data["quick"], data["level"])

    def __str__(self) -> str:
        """Return the claim, the summary and one line a cell."""
        lines = [f"{self.claim}: {self.summary()}"]
        for row in self.rows:
            cell = " ".join(f"{key}={value}" for key, value in row.parameters.items())
            lines.append(
                f"  {row.outcome.value:<12} {cell}: predicted {row.predicted()}, measured {row.measured:.5g} "
                f"in [{row.low:.5g}, {row.high:.5g}], allowed [{row.allowed_low:.5g}, {row.allowed_high:.5g}], "
                f"{counted(row.draws, 'draw')}"
                + (f" (events below {100 * row.missable:.2g} % may have been missed)" if row.missable else "")
            )
        return "\n".join(lines)


@dataclass
class _Arm:
    """One set of draws at one point in parameter space."""

    parameters: dict[str, Any]
    key: tuple[int, int]  # (cell, arm): draw j uses the child seed (cell, arm, j)
    share: int  # draws for every draw of the last arm
    values: list[float]
    pairs: list[tuple[float, float]] = field(
        default_factory=list
    )  # prediction and margin of each draw that has its own


@dataclass
class _Contrast:
    """A weighted sum of arm means, scaled so that the claim allows [low, high]."""

    arms: list[_Arm]
    predictions: Array
    units: Array
    weights: Array
    low: float
    high: float
    log: bool = False
    test: Extrapolation | None = None  # of the order of the correction that is extrapolated

    def decide(self, claim: Claim, alpha: float) -> Decision:
        """Judge the draws so far."""
        rule = Rule(claim.statistic, claim.bounds, claim.deterministic, self.log)
        draws = [np.array(arm.values) for arm in self.arms]
        found = decide(draws, self.predictions, self.units, self.weights, (self.low, self.high), alpha, rule, self.test)
        if found.outcome is None and not found.reason:
            return replace(found, reason=_needed(self, found, sum(x.size for x in draws)))
        return found


def _contrasts(claim: Claim, cell: dict[str, Any], index: int) -> list[_Contrast]:
    """Translate the kind of a claim into weighted sums and the interval each must lie in."""
    inf, positive = math.inf, math.ulp(0.0)  # a sign is not met by zero, while a bound may be attained

    def margin(prediction: float) -> float:
        return claim.tolerance * abs(prediction) + claim.absolute_tolerance

    if claim.kind is Kind.THRESHOLD:
        place = _predict(claim, cell)
        sides = ((place - margin(place), -inf, -positive), (place + margin(place), positive, inf))
        return [
            _Contrast([_Arm({**cell, "at": at}, (index, j), 1, [])], np.zeros(1), np.ones(1), np.ones(1), low, high)
            for j, (at, low, high) in enumerate(sides)
        ]
    multiples = [1.0] if claim.size is None else list(claim.sizes)
    cells = [cell if claim.size is None else {**cell, claim.size: type(cell[claim.size])(cell[claim.size] * f)}
             for f in multiples]  # fmt: skip
    count = len(cells)
    arms = [_Arm(parameters, (index, j), 2 ** (count - 1 - j), []) for j, parameters in enumerate(cells)]
    paired = _is_paired(claim)
    if claim.kind is Kind.ORDER:
        sign = 1.0 if paired else math.copysign(1.0, _predict(claim, cell))
        return [_Contrast(arms, np.zeros(1), np.full(1, sign), np.ones(1), positive, inf)]
    predictions = np.zeros(count) if paired else np.array([_predict(claim, parameters) for parameters in cells])
    units = np.ones(count) if paired else np.array([margin(p) for p in predictions])
    if np.any((units > 0) & (units < 1e-290)):
        raise refuse("tolerance", claim.tolerance, f"{units.min():g} is allowed to deviate: too little for doubles")
    x = np.array(multiples)
    if claim.kind is Kind.RATE:
        t, edge = np.log(x) - np.log(x).mean(), 1.0 if units[-1] > 0 else 0.0
        units = np.where(units > 0, units, 1.0)
        return [_Contrast(arms, predictions, units, t / (t @ t), -edge, edge, True, rate_fit(x, claim.order))]
    weights, test = (np.ones(1), None) if count == 1 else extrapolation(x * float(cell[claim.size or ""]), claim.order)
    if count > 1 and np.any(units == 0) and np.any(units > 0):
        raise refuse(
            "tolerance", claim.tolerance, f"{claim.name}: the prediction is 0 at a size: give absolute_tolerance"
        )
    # without any margin the deviation is compared with zero in the units of the measurement
    edge = 1.0 if np.all(units > 0) and claim.tolerance + claim.absolute_tolerance > 0 else 0.0
    units = np.where(units > 0, units, 1.0)
    low, high = {"upper": (-inf, edge), "lower": (-edge, inf), None: (-edge, edge)}[claim.side]
    return [_Contrast(arms, predictions, units, weights, low, high, test=test)]


def _predict(claim: Claim, parameters: dict[str, Any]) -> float:
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


def _draw(claim: Claim, arm: _Arm, count: int, seed: int) -> None:
    """Extend an arm to `count` draws; draw j of a cell has its own child seed, so order never matters."""
    tag = crc32(claim.name.encode())
    for j in range(len(arm.values), count):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(tag, *arm.key, j)))
        if _is_paired(claim):
            value, *pair = _compare(claim, arm.parameters, rng)
            arm.values.append(value)
            arm.pairs.append((pair[0], pair[1]))
        else:
            arm.values.append(_number(claim, "measure", claim.measure(rng, **arm.parameters)))
        if claim.bounds is not None and not claim.bounds[0] <= arm.values[j] <= claim.bounds[1]:
            raise refuse(f"{claim.name}: measure(...)", arm.values[j], f"it must lie within bounds = {claim.bounds}")
    if claim.deterministic and not np.ptp(arm.values) <= SAME * np.max(np.abs(arm.values)):
        raise refuse(f"{claim.name}: deterministic", True, f"two draws differ at {arm.parameters}")


def _is_paired(claim: Claim) -> bool:
    """Whether every draw is compared with a prediction of its own, not their mean with that of the cell."""
    return claim.instance is not None or claim.kind in (Kind.EXACT, Kind.NUMERICAL)


def _compare(claim: Claim, cell: dict[str, Any], rng: np.random.Generator) -> tuple[float, float, float]:
    """Deviation of one draw from its prediction in units of the margin, the prediction and the margin.

    Of arrays the entry that deviates most. An order has the measurement, positive as predicted, in place of a
    deviation; a bound without margin is compared in units of the prediction.
    """
    parameters = claim.draw(rng, cell)
    expected = np.asarray(claim.predict(**parameters), dtype=np.float64)
    if not np.all(np.isfinite(expected)):
        raise ValueError(f"{claim.name}: a prediction at {cell} is not finite: a cell needs a finite one.")
    found = np.asarray(claim.measure(rng, **parameters), dtype=np.float64)
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


def _needed(contrast: _Contrast, found: Decision, draws: int) -> str:
    """Say how many draws would shrink the interval to the nearest border."""
    if contrast.low == contrast.high:
        return "nothing is allowed to deviate from a prediction of 0 but by an absolute_tolerance: give one"
    distance = min(abs(found.value - border) for border in (contrast.low, contrast.high) if math.isfinite(border))
    if distance == 0:
        return "the measurement sits on the border of what is allowed"
    return f"about {math.ceil(draws * ((found.high - found.low) / 2 / distance) ** 2):,} draws would decide"


def verify(
    claim: Claim,
    *,
    seed: int = 0,
    quick: bool = False,
    most_draws: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Check one claim against its matched experiment.

    Parameters
    ----------
    claim : Claim
        What to check.
    seed : int
        Root seed; the draws of a cell depend on it, the claim's name and the cell alone.
    quick : bool
        Check only the claim's quick cells, at unchanged tolerance and level.
    most_draws : int, optional
        Replaces the claim's own limit of draws for each cell and size.
    progress : callable, optional
        Called as ``progress(decided cells, all cells)``.

    Returns
    -------
    Verdict
        DISAGREES if any cell does, else INCONCLUSIVE if any cell is, else AGREES.

    Raises
    ------
    ValueError
        If a prediction is not finite.

    Examples
    --------
    >>> from solvable.analysis import Claim, Kind, Source, verify
    >>> claim = Claim("demo/uniform-mean", "The mean of a uniform draw is one half.", Source("derived"),
    ...               Kind.MEAN, lambda high: high / 2, lambda rng, high: high * rng.random(),
    ...               grid=[{"high": 1.0}], tolerance=0.05)
    >>> verify(claim).outcome.value
    'AGREES'
    """
    as_kind("claim", claim, Claim, "it must be a Claim; solvable.claim(name) returns one")
    seed, quick = as_seed("seed", seed), as_kind("quick", quick, bool, "it must be True or False")
    as_kind("progress", progress, Callable | None, "it must be callable")
    cells = claim.cells(quick)
    limit = claim.most_draws if most_draws is None else as_whole("most_draws", most_draws)
    rows = []
    with threadpool_limits(1):  # more BLAS threads sum in another order
        for index, cell in enumerate(cells):
            contrasts = _contrasts(claim, cell, index)
            rows.append(_check_cell(claim, cell, contrasts, seed, limit, len(cells)))
            if progress is not None:
                progress(index + 1, len(cells))
    return Verdict(claim.name, _worst([row.outcome for row in rows]), tuple(rows), seed, quick)


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    for outcome in (Outcome.DISAGREES, Outcome.INCONCLUSIVE):
        if outcome in outcomes:
            return outcome
    return Outcome.AGREES


def _looks(first: int, limit: int) -> list[int]:
    """Numbers of draws at which a cell is looked at: doubling, the last one at the limit."""
    looks = [min(first, limit)]
    while looks[-1] < limit:
        looks.append(min(2 * looks[-1], limit))
    return looks


def _check_cell(
    claim: Claim, cell: dict[str, Any], contrasts: list[_Contrast], seed: int, limit: int, cells: int
) -> Row:
    if claim.kind in (Kind.EXACT, Kind.NUMERICAL):
        return _check_exact(claim, cell, contrasts[0], seed)
    # draws that must be equal are drawn three times, to see that they are
    looks = [3] if claim.deterministic else _looks(claim.first_draws, limit)
    alpha = (1 - LEVEL) / (cells * len(looks) * len(contrasts))
    found: list[Decision] = []
    for count in looks:
        for contrast in contrasts:
            for arm in contrast.arms:
                _draw(claim, arm, count if claim.deterministic else count * arm.share, seed)
        found = [contrast.decide(claim, alpha) for contrast in contrasts]
        if claim.kind is Kind.BOUND and claim.instance is not None:
            found = [replace(found[0], outcome=_each_instance(contrasts[0]))]
        outcomes = [decision.outcome for decision in found]
        if None not in outcomes or Outcome.DISAGREES in outcomes:
            break
    draws = sum(len(arm.values) for contrast in contrasts for arm in contrast.arms)
    outcome = _worst([decision.outcome or Outcome.INCONCLUSIVE for decision in found])
    notes = [decision.reason for decision in found if decision.outcome is None]
    note = notes[0] if notes and outcome is Outcome.INCONCLUSIVE else ""
    if claim.kind is Kind.THRESHOLD:
        row = _threshold_row(claim, cell, contrasts, found, draws, outcome, note)
    else:
        row = _row(claim, cell, contrasts[0], found[0].value, found[0].low, found[0].high, draws, outcome, note)
    least = min(len(arm.values) for contrast in contrasts for arm in contrast.arms)
    return row if claim.deterministic else replace(row, missable=missable(least, LEVEL))


def _each_instance(contrast: _Contrast) -> Outcome | None:
    """Judge a bound that every single draw must keep, not only their mean."""
    values = np.array([value for arm in contrast.arms for value in arm.values])
    if np.any(np.isnan(values)):
        return None
    inside = np.all((contrast.low <= values) & (values <= contrast.high))
    return Outcome.AGREES if inside else Outcome.DISAGREES


def _check_exact(claim: Claim, cell: dict[str, Any], contrast: _Contrast, seed: int, instances: int = 3) -> Row:
    """Deterministic equality on three random instances: the worst one counts, and nothing is averaged away."""
    (arm,) = contrast.arms
    _draw(claim, arm, instances, seed)
    deviations = np.array(arm.values)
    at = int(np.argmax(np.where(np.isnan(deviations), np.inf, np.abs(deviations))))
    worst = float(deviations[at])
    outcome = Outcome.AGREES if abs(worst) <= 1 else Outcome.DISAGREES
    note = "" if math.isfinite(worst) else "the measurement is not a number"
    return _row(claim, cell, contrast, worst, worst, worst, instances, outcome, note, at)


def _row(
    claim: Claim, cell: dict[str, Any], contrast: _Contrast, value: float, low: float, high: float, draws: int,
    outcome: Outcome, note: str, at: int | None = None,
) -> Row:  # fmt: skip
    """Back from scaled units to those of the prediction at the largest size: of draw `at`, or the mean of all."""
    prediction, unit, spread = float(contrast.predictions[-1]), float(contrast.units[-1]), None
    if _is_paired(claim) and claim.kind is not Kind.ORDER:
        pairs = np.array(contrast.arms[-1].pairs)
        prediction, unit = map(float, pairs.mean(axis=0) if at is None else pairs[at])
        spread = (float(pairs[:, 0].min()), float(pairs[:, 0].max())) if claim.instance is not None else None
    points = [prediction + unit * x for x in (low, high, contrast.low, contrast.high)]
    low, high, allowed_low, allowed_high = points if unit > 0 else (points[1], points[0], points[3], points[2])
    return Row(
        cell,
        prediction,
        prediction + unit * value,
        low,
        high,
        allowed_low,
        allowed_high,
        draws,
        outcome,
        note,
        spread,
    )


def _threshold_row(
    claim: Claim, cell: dict[str, Any], contrasts: list[_Contrast], found: list[Decision], draws: int,
    outcome: Outcome, note: str,
) -> Row:  # fmt: skip
    """A transition is bracketed: where both signs are as predicted it lies between the two places."""
    below, above = (contrast.arms[0].parameters["at"] for contrast in contrasts)
    signs = [decision.value for decision in found]
    low = below if signs[0] < 0 else -math.inf
    high = above if signs[1] > 0 else math.inf
    if not note:
        note = f"order parameter {signs[0]:.3g} at {below:.5g} and {signs[1]:.3g} at {above:.5g}"
    place = _predict(claim, cell)
    return Row(cell, place, place, low, high, below, above, draws, outcome, note)
