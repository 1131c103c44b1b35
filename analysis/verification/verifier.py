r"""Check a claim: an equivalence test, so that no claim passes by being measured badly.

Every cell is measured until a confidence interval decides it. Let [p - m, p + m] be what the claim allows,
m = tolerance |p| + absolute_tolerance. A cell

* AGREES where the interval of the measured mean lies inside,
* DISAGREES where it lies outside,
* is INCONCLUSIVE otherwise, with the number of draws that would decide it.

Intervals hold simultaneously at level 99.9 % over all cells and all looks: draws double from look to look and
the error probability is shared equally between the looks (Bonferroni), so stopping early is paid for.
Asymptotic claims are measured at three sizes and the scaled deviation (measured - p)/m is extrapolated to
1/size = 0 by least squares, with the error propagated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.writing.prose import counted
from solvable.solvers.validate import as_kind, as_seed, as_whole, refuse

__all__ = ["LEVEL", "Outcome", "Row", "Verdict", "verify"]

LEVEL = 0.999
Array = NDArray[np.float64]


class Outcome(str, Enum):
    """What a check found."""

    AGREES = "AGREES"
    DISAGREES = "DISAGREES"
    INCONCLUSIVE = "INCONCLUSIVE"


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
        rows = tuple(Row(**{**row, "outcome": Outcome(row["outcome"])}) for row in data["rows"])
        return cls(data["claim"], Outcome(data["outcome"]), rows, data["seed"], data["quick"], data["level"])

    def __str__(self) -> str:
        """Return the claim, the summary and one line for each cell."""
        lines = [f"{self.claim}: {self.summary()}"]
        for row in self.rows:
            cell = " ".join(f"{key}={value}" for key, value in row.parameters.items())
            lines.append(
                f"  {row.outcome.value:<12} {cell}: predicted {row.prediction:.5g}, measured {row.measured:.5g} "
                f"in [{row.low:.5g}, {row.high:.5g}], allowed [{row.allowed_low:.5g}, {row.allowed_high:.5g}], "
                f"{counted(row.draws, 'draw')}"
            )
        return "\n".join(lines)


@dataclass
class _Arm:
    """One set of draws at one point in parameter space."""

    parameters: dict[str, Any]
    key: tuple[int, int]  # (cell, arm): draw j uses the child seed (cell, arm, j)
    share: int  # draws for every draw of the last arm
    values: list[float]


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
    outcome: Outcome | None = None

    def estimate(self, statistic: str) -> tuple[float, float, float]:
        """Value, standard error and Welch's degrees of freedom."""
        centre, error, freedom = np.array([_location(np.array(arm.values), statistic) for arm in self.arms]).T
        if self.log:
            if np.any(centre <= 0):
                return math.nan, math.nan, 1.0
            value = float(self.weights @ np.log(centre) - self.predictions[-1]) / float(self.units[-1])
            errors = self.weights * error / centre / self.units[-1]
        else:
            value = float(self.weights @ ((centre - self.predictions) / self.units))
            errors = self.weights * error / self.units
        largest = float(errors.max())
        if not largest > 0:
            return value, 0.0, 1.0
        variances = (errors / largest) ** 2  # squared twice below: units may be as small as doubles get
        total = float(variances.sum())
        return value, largest * math.sqrt(total), total**2 / float((variances**2 / freedom).sum())


def _location(values: Array, statistic: str) -> tuple[float, float, float]:
    """Mean or median with its standard error and degrees of freedom."""
    count = values.size
    if count == 1:
        return float(values[0]), 0.0, 1.0
    if statistic == "mean":
        return float(values.mean()), float(values.std(ddof=1)) / math.sqrt(count), count - 1.0
    # order statistics about two binomial standard deviations from the middle bracket the median at 95 %
    ordered, half = np.sort(values), 0.98 * math.sqrt(count)
    low, high = ordered[max(int(count / 2 - half), 0)], ordered[min(math.ceil(count / 2 + half), count - 1)]
    return float(np.median(values)), float(high - low) / (2 * 1.96), count - 1.0


def _contrasts(claim: Claim, cell: dict[str, Any], index: int) -> list[_Contrast]:
    """Translate the kind of a claim into weighted sums and the interval each must lie in."""
    inf = math.inf

    def margin(prediction: float) -> float:
        return claim.tolerance * abs(prediction) + claim.absolute_tolerance

    if claim.kind is Kind.THRESHOLD:
        place = _predict(claim, cell)
        sides = ((place - margin(place), -inf, 0.0), (place + margin(place), 0.0, inf))
        return [
            _Contrast([_Arm({**cell, "at": at}, (index, j), 1, [])], np.zeros(1), np.ones(1), np.ones(1), low, high)
            for j, (at, low, high) in enumerate(sides)
        ]
    multiples = [1.0] if claim.size is None else list(claim.sizes)
    cells = [cell if claim.size is None else {**cell, claim.size: type(cell[claim.size])(cell[claim.size] * f)}
             for f in multiples]  # fmt: skip
    count = len(cells)
    arms = [_Arm(parameters, (index, j), 2 ** (count - 1 - j), []) for j, parameters in enumerate(cells)]
    if claim.kind is Kind.ORDER:
        sign = math.copysign(1.0, _predict(claim, cell))
        return [_Contrast(arms, np.zeros(1), np.full(1, sign), np.ones(1), 0.0, inf)]
    predictions = np.array([_predict(claim, parameters) for parameters in cells])
    units = np.array([margin(p) for p in predictions])
    if np.any((units > 0) & (units < 1e-290)):
        raise refuse("tolerance", claim.tolerance, f"{units.min():g} is allowed to deviate: too little for doubles")
    x = np.array(multiples)
    if claim.kind is Kind.RATE:
        t = np.log(x) - np.log(x).mean()
        return [_Contrast(arms, predictions, units, t / (t @ t), -1.0, 1.0, log=True)]
    inverse = 1 / x
    centred = inverse - inverse.mean()
    weights = np.ones(1) if count == 1 else 1 / count - inverse.mean() * centred / (centred @ centred)
    # a bound may be claimed without any margin: it is then compared with zero in the units of the measurement
    edge = 1.0 if np.all(units > 0) else 0.0
    units = np.where(units > 0, units, 1.0)
    low, high = {"upper": (-inf, edge), "lower": (-edge, inf), None: (-1.0, 1.0)}[claim.side]
    return [_Contrast(arms, predictions, units, weights, low, high)]


def _predict(claim: Claim, parameters: dict[str, Any]) -> float:
    value = float(claim.predict(**parameters))
    if not math.isfinite(value):
        raise ValueError(f"{claim.name}: the prediction at {parameters} is {value}: a cell needs a finite one.")
    return value


def _draw(claim: Claim, arm: _Arm, count: int, seed: int) -> None:
    """Extend an arm to `count` draws; draw j of a cell has its own child seed, so order never matters."""
    tag = crc32(claim.name.encode())
    for j in range(len(arm.values), count):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(tag, *arm.key, j)))
        arm.values.append(float(claim.measure(rng, **arm.parameters)))


def _decide(contrast: _Contrast, statistic: str, alpha: float) -> tuple[Outcome | None, float, float, float]:
    """Outcome (None: go on), value and interval, all in scaled units."""
    from scipy.special import stdtrit

    value, error, dof = contrast.estimate(statistic)
    if not math.isfinite(value) or not math.isfinite(error):
        return None, value, -math.inf, math.inf
    half = float(stdtrit(dof, 1 - alpha / 2)) * error
    low, high = value - half, value + half
    # rounding aside, an interval that touches the border is not inside it
    if low > contrast.low and high < contrast.high:
        return Outcome.AGREES, value, low, high
    if low > contrast.high or high < contrast.low or (half == 0 and not contrast.low < value < contrast.high):
        return Outcome.DISAGREES, value, low, high
    return None, value, low, high


def _needed(contrast: _Contrast, value: float, low: float, high: float, draws: int) -> str:
    """Say how many draws would shrink the interval to the nearest border."""
    if not math.isfinite(low) or not math.isfinite(high):
        return "the experiment returned values that are not finite (or not positive, for an exponent)"
    distance = min(abs(value - border) for border in (contrast.low, contrast.high) if math.isfinite(border))
    if distance == 0:
        return "the measurement sits on the border of what is allowed"
    return f"about {math.ceil(draws * ((high - low) / 2 / distance) ** 2):,} draws would decide"


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
    if claim.kind is Kind.EXACT:
        return _check_exact(claim, cell, contrasts[0], seed)
    looks = _looks(claim.first_draws, limit)
    alpha = (1 - LEVEL) / (cells * len(looks) * len(contrasts))
    found: list[tuple[Outcome | None, float, float, float]] = []
    for count in looks:
        for contrast in contrasts:
            for arm in contrast.arms:
                _draw(claim, arm, count * arm.share, seed)
        found = [_decide(contrast, claim.statistic, alpha) for contrast in contrasts]
        if all(outcome is not None for outcome, *_ in found) or any(o is Outcome.DISAGREES for o, *_ in found):
            break
    draws = sum(len(arm.values) for contrast in contrasts for arm in contrast.arms)
    notes = [_needed(c, v, a, b, draws) for c, (o, v, a, b) in zip(contrasts, found, strict=True) if o is None]
    outcome = _worst([o or Outcome.INCONCLUSIVE for o, *_ in found])
    note = notes[0] if notes and outcome is Outcome.INCONCLUSIVE else ""
    if claim.kind is Kind.THRESHOLD:
        return _threshold_row(claim, cell, contrasts, found, draws, outcome, note)
    _, value, low, high = found[0]
    return _row(cell, contrasts[0], value, low, high, draws, outcome, note)


def _check_exact(claim: Claim, cell: dict[str, Any], contrast: _Contrast, seed: int, instances: int = 3) -> Row:
    """Deterministic equality on three random instances: the worst one counts, and nothing is averaged away."""
    (arm,) = contrast.arms
    _draw(claim, arm, instances, seed)
    deviations = (np.array(arm.values) - contrast.predictions[0]) / contrast.units[0]
    worst = float(deviations[np.argmax(np.where(np.isnan(deviations), np.inf, np.abs(deviations)))])
    outcome = Outcome.AGREES if abs(worst) <= 1 else Outcome.DISAGREES
    note = "" if math.isfinite(worst) else "the measurement is not a number"
    return _row(cell, contrast, worst, worst, worst, instances, outcome, note)


def _row(
    cell: dict[str, Any], contrast: _Contrast, value: float, low: float, high: float, draws: int,
    outcome: Outcome, note: str,
) -> Row:  # fmt: skip
    """Back from scaled units to those of the prediction at the largest size."""
    prediction, unit = float(contrast.predictions[-1]), float(contrast.units[-1])
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
    )


def _threshold_row(
    claim: Claim, cell: dict[str, Any], contrasts: list[_Contrast], found: list[Any], draws: int,
    outcome: Outcome, note: str,
) -> Row:  # fmt: skip
    """A transition is bracketed: where both signs are as predicted it lies between the two places."""
    below, above = (contrast.arms[0].parameters["at"] for contrast in contrasts)
    signs = [result[1] for result in found]
    low = below if signs[0] < 0 else -math.inf
    high = above if signs[1] > 0 else math.inf
    if not note:
        note = f"order parameter {signs[0]:.3g} at {below:.5g} and {signs[1]:.3g} at {above:.5g}"
    place = _predict(claim, cell)
    return Row(cell, place, place, low, high, below, above, draws, outcome, note)
