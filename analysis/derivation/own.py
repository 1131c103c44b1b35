"""`check` against a simulation of the user's own: a mean, an exponent, a bound."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from solvable.analysis.derivation.asked import draws_at_most, places_asked, seed_of
from solvable.analysis.derivation.formula import Formula, read_formula
from solvable.analysis.derivation.quantities import modes_of
from solvable.analysis.derivation.replacements import fitting
from solvable.analysis.derivation.report import CheckReport, Stage
from solvable.analysis.derivation.stages import without_outcome
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.analysis.verification.contrasts import contrasts_of, extend
from solvable.analysis.verification.verifier import Outcome, Verdict, verify
from solvable.analysis.writing.prose import counted
from solvable.solvers import Spectrum
from solvable.solvers.validate import as_choice, as_scalar, as_whole, refuse

__all__ = ["against_experiment", "check_bound", "check_rate", "more_draws"]

_FEWEST = 3  # cells that a slip must fit
_MORE = 1000  # times the draws that were taken are worth a forecast
_SECONDS, _LEAST_DRAWS, _MOST_DRAWS = 40.0, 32, 2**20  # by default: of all cells together; draws of each


def check_rate(
    experiment: Callable[..., float],
    size: str = "n",
    exponent: float = -1.0,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    tolerance: float = 0.1,
    rng: Any = None,
    budget: int = 4096,
) -> CheckReport:
    """Check that a positive quantity of your own simulation scales as a power of `size`.

    Agreement means that the slope of the logarithms lies within `tolerance`, that a power with a correction of relative
    order 1/size fits, and, for a negative exponent, that no constant is added which moves the local exponent at the
    largest size by a quarter of `tolerance`: 1/n + 0.001 at n = 10 to 40 is no 1/n. Disagreement holds beside such a
    correction and beside one factor log(size) or 1/log(size). What the draws do not exclude is INCONCLUSIVE, with the
    number of draws that would: at n = 10 to 40 and a tolerance of 0.1 about (250 s)^2 at the largest size for draws of
    relative standard deviation s, so average within a draw where it is large.

    Parameters
    ----------
    experiment : callable
        ``experiment(rng, **parameters) -> float``, one draw; its mean must be positive.
    size : str
        The parameter that grows: measured at the value in `at`, twice and four times it.
    exponent : float
        The power that is claimed.
    at : mapping or sequence of mappings
        Cells, `size` among their parameters.
    tolerance : float
        Deviation of the exponent that still counts as agreement.
    rng, budget
        As `check`.

    Returns
    -------
    CheckReport
        One stage: the simulation.

    Examples
    --------
    >>> from solvable import check_rate
    >>> def variance_of_mean(rng, n):
    ...     return (rng.standard_normal((200, n)).mean(axis=1) ** 2).mean()
    >>> check_rate(variance_of_mean, exponent=-1, at={"n": 10}).outcome.value
    'AGREES'
    >>> floor = check_rate(lambda rng, n: variance_of_mean(rng, n) + 0.001, exponent=-1, at={"n": 10}, budget=512)
    >>> floor.outcome.value
    'INCONCLUSIVE'
    """
    exponent, budget = as_scalar("exponent", exponent), as_whole("budget", budget)
    claim = Claim(
        "user/rate",
        "an exponent",
        source=Source("derived"),
        kind=Kind.RATE,
        predict=lambda **_: exponent,
        measure=experiment,
        grid=_own_cells(at),
        absolute_tolerance=tolerance,
        size=size,
        most_draws=budget,
    )
    return _own_report(claim, f"{size}**{exponent:g}", seed_of(rng))


def check_bound(
    formula: Any,
    experiment: Callable[..., float],
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    side: str = "upper",
    symbols: Mapping[str, Any] | None = None,
    latex: bool = False,
    rng: Any = None,
    budget: int = 4096,
) -> CheckReport:
    """Check that a formula bounds the mean of your own simulation.

    Parameters
    ----------
    formula : str, sympy expression or callable
        The bound, in the parameters of `at`.
    experiment : callable
        ``experiment(rng, **parameters) -> float``, one draw.
    at : mapping or sequence of mappings
        Cells.
    side : {"upper", "lower"}
        Whether the formula bounds from above or from below.
    symbols, latex, rng, budget
        As `check`.

    Returns
    -------
    CheckReport
        One stage: the simulation.

    Examples
    --------
    >>> from solvable import check_bound
    >>> report = check_bound("1/sqrt(n)", lambda rng, n: abs(rng.standard_normal(n).mean()), at={"n": [4, 16]})
    >>> report.outcome.value
    'AGREES'
    """
    as_choice("side", side, ("upper", "lower"))
    yours = read_formula(formula, None, symbols, latex)
    claim = Claim(
        "user/bound",
        "a bound",
        source=Source("derived"),
        kind=Kind.BOUND,
        predict=_as_prediction(yours),
        measure=experiment,
        grid=_own_cells(at, yours),
        side=side,  # type: ignore[arg-type]
        most_draws=as_whole("budget", budget),
    )
    return _own_report(claim, yours.text, seed_of(rng), yours)


def _own_cells(at: Any, yours: Formula | None = None) -> list[dict[str, Any]]:
    cells = places_asked(at, {})
    if not cells:
        raise refuse("at", at, "your own experiment needs the parameters to run it at")
    for cell in cells:
        missing = sorted(set(yours.names) - set(cell)) if yours else []
        if missing:
            raise refuse("at", cell, f"the formula also needs {missing[0]}")
    return cells


def _as_prediction(yours: Formula, spectrum: Spectrum | None = None) -> Callable[..., float]:
    more = {} if spectrum is None else {"_modes": modes_of(spectrum)}

    def predict(**parameters: Any) -> float:
        return float(yours({**parameters, **more}))

    return predict


def against_experiment(
    formula: Any, experiment: Callable[..., float], symbols: Any, at: Any, seed: int, budget: int | None,
    size: str | None, tolerance: float | None, latex: bool, spectrum: Spectrum | None,
) -> CheckReport:  # fmt: skip
    """Compare a formula with draws of a user's experiment."""
    if budget is not None and not draws_at_most(budget):
        raise refuse("budget", budget, "without draws of your own experiment there is nothing to compare with")
    yours = read_formula(formula, None, symbols, latex)
    claim = Claim(
        "user/formula", "your formula", source=Source("derived"), kind=Kind.MEAN if size is None else Kind.ASYMPTOTIC,
        predict=_as_prediction(yours, spectrum), measure=experiment, grid=_own_cells(at, yours),
        tolerance=0.02 if tolerance is None else tolerance, size=size,
    )  # fmt: skip
    limit = _in_a_minute(claim) if budget is None else draws_at_most(budget)
    return _own_report(dataclasses.replace(claim, most_draws=limit), yours.text, seed, yours)


def _in_a_minute(claim: Claim) -> int:
    """Draws of each cell that fit into the default time: a power of two, so that looks are at the same numbers."""
    seconds = 0.0
    for index, cell in enumerate(claim.grid):
        for arm in contrasts_of(claim, dict(cell), index)[0].arms:
            trial = dataclasses.replace(arm, values=[])
            start = time.perf_counter()
            extend(claim, trial, 1, 0)
            first = time.perf_counter() - start  # may hold a compilation
            count = 1 if first > 1 else 4
            extend(claim, trial, 1 + count, 0)
            seconds += arm.share * min(first, (time.perf_counter() - start - first) / count)
    room = _SECONDS / max(seconds, 1e-9)
    return int(2 ** np.floor(np.log2(np.clip(room, _LEAST_DRAWS, _MOST_DRAWS))))


def _own_report(claim: Claim, text: str, seed: int, yours: Formula | None = None) -> CheckReport:
    verdict = verify(claim, seed=seed)
    stage = Stage("simulation", verdict.outcome.value, without_outcome(verdict))
    sentence = {Outcome.AGREES: "agrees with the simulation", Outcome.DISAGREES: "the simulation disagrees",
                Outcome.INCONCLUSIVE: "the simulation does not decide"}[verdict.outcome]  # fmt: skip
    if verdict.outcome is Outcome.INCONCLUSIVE:
        draws = counted(claim.most_draws, "draw")
        sentence += f" within {draws} a cell: {more_draws(verdict, claim.most_draws)}"
    slips: tuple[str, ...] = ()
    if verdict.outcome is Outcome.DISAGREES and claim.kind in (Kind.MEAN, Kind.ASYMPTOTIC) and yours is not None:
        slips = _slips(yours, verdict, claim.tolerance)
        if slips:  # an interval holds more than one formula
            width = max((row.high - row.low) / 2 / max(abs(row.measured), 1e-300) for row in verdict.rows)
            sentence += f"; within its intervals (up to {100 * width:.2g} % either way) it would agree with "
            sentence += " or ".join(slips)
    return CheckReport(sentence, verdict.outcome, (stage,), text, "experiment", slips, (), verdict,
                       yours.read_as if yours else "")  # fmt: skip


def more_draws(verdict: Verdict, limit: int) -> str:
    """What to pass where a number of draws did not decide."""
    if 0 < verdict.needed <= _MORE * limit:
        return f"pass budget={max(verdict.needed, limit + 1)}"
    if verdict.needed:
        return f"about {verdict.needed:,} draws would; tolerance= gives more room"
    return "it lies at the border of what is allowed; budget= gives more draws, tolerance= more room"


def _slips(yours: Formula, verdict: Verdict, tolerance: float) -> tuple[str, ...]:
    """Slips after which the formula lies in the interval of every cell; none where there are few cells."""
    rows = verdict.rows
    names = [name for name, value in rows[0].parameters.items() if isinstance(value, int | float)]
    if len(rows) < _FEWEST or yours.implicit:
        return ()
    columns = {name: np.array([float(row.parameters[name]) for row in rows]) for name in names}
    low, high = (np.array([getattr(row, side) for row in rows]) for side in ("low", "high"))

    def fits(values: Any) -> bool:
        room = tolerance * np.abs(values)
        return bool(np.all((values + room >= low) & (values - room <= high)))

    return fitting(yours.on, yours.names, columns, fits)
