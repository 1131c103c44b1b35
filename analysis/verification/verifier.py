r"""Check a claim: an equivalence test, so that no claim passes by being measured badly.

Every cell is measured until a confidence interval decides it. Let [p - m, p + m] be what the claim allows,
m = tolerance |p| + absolute_tolerance. A cell

* AGREES where the interval of the measured mean lies inside,
* DISAGREES where it lies outside,
* is INCONCLUSIVE otherwise, with the number of draws that would decide it.

Intervals hold simultaneously at level 99.9 % over all cells and all looks: draws grow from look to look and
the error probability is shared equally between the looks (Bonferroni), so stopping early is paid for.
Where a claim draws an instance, every draw has its own p and m and enters as (measured - p)/m, in place of the mean
of the measurements; a bound must then hold for every single instance as well.
Asymptotic claims are measured at three sizes and the scaled deviation (measured - p)/m is extrapolated to
size^-order = 0 by least squares, with the error propagated. Intervals are those of
`solvable.analysis.verification.intervals`; what is decided from them, and whether the order of the correction is
supported, `solvable.analysis.verification.decisions`; a slope of logarithms is an exponent only where
`solvable.analysis.verification.rates` has nothing against it. Events too rare to show in the draws can be missed by any
interval: a row says how rare. Draws that must be equal are declared (`deterministic`); otherwise equal draws decide
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.verification.contrasts import Contrast, contrasts_of, extend, is_paired, predicted
from solvable.analysis.verification.decisions import Decision, Outcome
from solvable.analysis.verification.intervals import missable
from solvable.analysis.writing.prose import counted
from solvable.solvers.validate import as_kind, as_seed, as_whole

__all__ = ["LEVEL", "Outcome", "Row", "Verdict", "looks", "verify"]

LEVEL = 0.999


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
    needed: int = 0  # draws of the cell, at its largest size, that would decide; 0 where no number is known

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

    @property
    def needed(self) -> int:
        """Draws of a cell that would decide all that are open, in nine cases of ten each; 0 where that is not known."""
        open_ = [row.needed for row in self.rows if row.outcome is Outcome.INCONCLUSIVE]
        return max(open_) if open_ and all(open_) else 0

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
        """Return the claim, the summary and one line for each cell."""
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


def verify(
    claim: Claim,
    *,
    seed: int = 0,
    quick: bool = False,
    most_draws: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Check one claim against its matched experiment: `solvable.verify`, which says what the arguments are."""
    as_kind("claim", claim, Claim, "it must be a Claim or the name of one")
    seed, quick = as_seed("seed", seed), as_kind("quick", quick, bool, "it must be True or False")
    as_kind("progress", progress, Callable | None, "it must be callable")
    cells = claim.cells(quick)
    limit = claim.most_draws if most_draws is None else as_whole("most_draws", most_draws)
    rows = []
    with threadpool_limits(1):  # more BLAS threads sum in another order
        for index, cell in enumerate(cells):
            contrasts = contrasts_of(claim, cell, index)
            rows.append(_check_cell(claim, cell, contrasts, seed, limit, len(cells)))
            if progress is not None:
                progress(index + 1, len(cells))
    return Verdict(claim.name, _worst([row.outcome for row in rows]), tuple(rows), seed, quick)


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    for outcome in (Outcome.DISAGREES, Outcome.INCONCLUSIVE):
        if outcome in outcomes:
            return outcome
    return Outcome.AGREES


def looks(first: int, limit: int) -> list[int]:
    """Return the numbers of draws at which a cell is looked at: growing by 3/2 and 4/3, the last one at the limit."""
    counts = [min(first, limit)]
    while counts[-1] < limit:
        whole = first * 2 ** (len(counts) // 2)
        counts.append(min(whole if len(counts) % 2 == 0 else whole * 3 // 2, limit))
    return counts


def _check_cell(
    claim: Claim, cell: dict[str, Any], contrasts: list[Contrast], seed: int, limit: int, cells: int
) -> Row:
    if claim.kind in (Kind.EXACT, Kind.NUMERICAL):
        return _check_exact(claim, cell, contrasts[0], seed)
    # draws that must be equal are drawn three times, to see that they are
    counts = [3] if claim.deterministic else looks(claim.first_draws, limit)
    alpha = (1 - LEVEL) / (cells * len(counts) * len(contrasts))
    found: list[Decision] = []
    for count in counts:
        for contrast in contrasts:
            for arm in contrast.arms:
                extend(claim, arm, count if claim.deterministic else count * arm.share, seed)
        found = [contrast.decide(claim, alpha) for contrast in contrasts]
        if claim.kind is Kind.BOUND and claim.draws_predictions:
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
    if outcome is Outcome.INCONCLUSIVE:
        asked = [decision.needed for decision in found if decision.outcome is None]
        row = replace(row, needed=max(asked) if all(asked) else 0)
    least = min(len(arm.values) for contrast in contrasts for arm in contrast.arms)
    return row if claim.deterministic else replace(row, missable=missable(least, LEVEL))


def _each_instance(contrast: Contrast) -> Outcome | None:
    """Judge a bound that every single draw must keep, not only their mean."""
    values = np.array([value for arm in contrast.arms for value in arm.values])
    if np.any(np.isnan(values)):
        return None
    inside = np.all((contrast.low <= values) & (values <= contrast.high))
    return Outcome.AGREES if inside else Outcome.DISAGREES


def _check_exact(claim: Claim, cell: dict[str, Any], contrast: Contrast, seed: int, instances: int = 3) -> Row:
    """Deterministic equality on three random instances: the worst one counts, and nothing is averaged away."""
    (arm,) = contrast.arms
    extend(claim, arm, instances, seed)
    deviations = np.array(arm.values)
    at = int(np.argmax(np.where(np.isnan(deviations), np.inf, np.abs(deviations))))
    worst = float(deviations[at])
    outcome = Outcome.AGREES if abs(worst) <= 1 else Outcome.DISAGREES
    note = "" if math.isfinite(worst) else "the measurement is not a number"
    return _row(claim, cell, contrast, worst, worst, worst, instances, outcome, note, at)


def _row(
    claim: Claim, cell: dict[str, Any], contrast: Contrast, value: float, low: float, high: float, draws: int,
    outcome: Outcome, note: str, at: int | None = None,
) -> Row:  # fmt: skip
    """Back from scaled units to those of the prediction at the largest size: of draw `at`, or the mean of all."""
    prediction, unit, spread = float(contrast.predictions[-1]), float(contrast.units[-1]), None
    if is_paired(claim) and claim.kind is not Kind.ORDER:
        pairs = np.array(contrast.arms[-1].pairs)
        prediction, unit = map(float, pairs.mean(axis=0) if at is None else pairs[at])
        spread = (float(pairs[:, 0].min()), float(pairs[:, 0].max())) if claim.draws_predictions else None
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
    claim: Claim, cell: dict[str, Any], contrasts: list[Contrast], found: list[Decision], draws: int,
    outcome: Outcome, note: str,
) -> Row:  # fmt: skip
    """A transition is bracketed: where both signs are as predicted it lies between the two places."""
    below, above = (contrast.arms[0].parameters["at"] for contrast in contrasts)
    signs = [decision.value for decision in found]
    low = below if signs[0] < 0 else -math.inf
    high = above if signs[1] > 0 else math.inf
    if not note:
        note = f"order parameter {signs[0]:.3g} at {below:.5g} and {signs[1]:.3g} at {above:.5g}"
    place = predicted(claim, cell)
    return Row(cell, place, place, low, high, below, above, draws, outcome, note)
