"""`check`: is this formula right, and if not, where and by what?"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.admission import (
    held,
    refuse_outside,
    refuse_unequal_sides,
    refuse_unnamed,
    refuse_unread_factors,
    tried_where,
)
from solvable.analysis.derivation.asked import draws_at_most, given, places_asked, seed_of
from solvable.analysis.derivation.beside import refuse_contradictions
from solvable.analysis.derivation.clock import Clock, OutOfTime
from solvable.analysis.derivation.diagnosis import explained
from solvable.analysis.derivation.fixed import claim_at
from solvable.analysis.derivation.formula import Formula, read_formula
from solvable.analysis.derivation.inside_slips import names_an_inside_slip
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.members import meant_member, solved_for_ours
from solvable.analysis.derivation.own import against_experiment
from solvable.analysis.derivation.quantities import remembered, with_spectrum
from solvable.analysis.derivation.report import CheckReport, Stage
from solvable.analysis.derivation.spoken import in_own_words
from solvable.analysis.derivation.stages import (
    NOTHING,
    against_simulation,
    against_solver,
    columns_at,
    float_values,
    high_precision,
    random_points,
    symbolic,
)
from solvable.analysis.verification.catalogue import claim as find_claim
from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.verifier import Outcome
from solvable.solvers import Spectrum
from solvable.solvers.validate import as_kind, refuse

__all__ = ["check"]

Array = NDArray[np.float64]
_OF_CHECK = re.compile(
    r"(?:formula|symbols|at|budget|rng|quick|spectrum|latex|against|claim)\b|.*: the symbol is not known"
)
_STEPS = 1_200_000  # for a formula's values in all stages but the simulation, which has its own budget


def check(
    formula: Any,
    against: str | Claim | None = None,
    symbols: Mapping[str, Any] | None = None,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    rng: Any = None,
    budget: int | None = None,
    *,
    experiment: Callable[..., float] | None = None,
    size: str | None = None,
    tolerance: float | None = None,
    latex: bool = False,
    quick: bool | None = None,
    spectrum: Spectrum | None = None,
) -> CheckReport:
    r"""Check a formula against a claim of the catalogue, or against your own simulation.

    Four stages: symbolic equality with our formula; equality at 20 random points at 50 digits; agreement with the
    solver over the claim's grid; agreement with the simulation, an equivalence test that a weak simulation cannot
    pass. Where it disagrees, the common convention slips and their pairs are searched, and verified before they are
    named.

    Parameters
    ----------
    formula : str, sympy expression or callable
        In the claim's parameters (or usual names for them: ``sigma**2``, ``lambda``, ``delta``, ``eta``, ...), and in
        what its equations define: ``kappa``, ``df1``, ``df2``, ``unlearned``, ``gamma_rf``, ``z``, ...
        ``mp_mean(f)`` is a mean over x under the Marchenko-Pastur law.
    against : str or Claim
        Name of a claim; or leave it out and give `experiment`.
    symbols : mapping, optional
        What your symbols are in ours: ``{"s": "sqrt(noise_variance)"}``.
    at : mapping or sequence of mappings, optional
        Where to check in place of the claim's grid: cells, or one mapping with lists (their product is taken);
        parameters that are not given keep the values of the claim's first cell.
    rng : Generator, SeedSequence or int, optional
        Seed of the points and of the simulation.
    budget : int, optional
        Draws of each cell at most; 0 skips the simulation. By default, with `experiment`, as many as a minute holds;
        where they do not decide, the report's sentence says what to pass.
    experiment : callable, optional
        ``experiment(rng, **parameters) -> float``, one draw of your own simulation; needs `at`.
    size, tolerance : str, float
        For your own experiment: the parameter that grows (the deviation is extrapolated over s, 2s, 4s) or None for
        equality in the mean, and the relative deviation that still counts as agreement (0.02). Refused with `against`.
    latex : bool
        Whether a string is LaTeX.
    quick : bool
        Simulate the claim's quick cells only (the default). Refused with `experiment`.
    spectrum : Spectrum, optional
        What sums over modes and traces run over, where the claim has no spectrum of its own.

    Returns
    -------
    CheckReport
        Prints as a verdict and its stages; a table and a picture in a notebook.

    Raises
    ------
    ValueError
        A formula that cannot be read, an unknown symbol, a claim about drawn instances that no formula in numbers can
        express, neither or both of `against` and `experiment`.
    LookupError
        An unknown claim, with the closest names.

    Examples
    --------
    >>> from solvable import check
    >>> report = check("sigma**2*gamma/(1 - gamma)", against="ridge/isotropic-ridgeless-variance", budget=0)
    >>> report.sentence
    'agrees everywhere tried'
    >>> check("2*sigma**2*gamma/(1 - gamma)", against="ridge/isotropic-ridgeless-variance", budget=0).sentence
    'differs by the constant factor 2: yours is 2 times ours'
    """
    if (against is None) == (experiment is None):
        raise refuse("against, experiment", (against, experiment), "give one of them")
    seed = seed_of(rng)
    as_kind("latex", latex, bool, "it must be True or False")
    if quick is not None:
        as_kind("quick", quick, bool, "it must be True or False")
    as_kind("spectrum", spectrum, Spectrum | None, "it must be a Spectrum")
    if experiment is not None:
        if quick is not None:
            raise refuse("quick", quick, "it belongs to the claim's simulation, and your own experiment has none")
        with _in_a_sentence(str(formula)):
            return against_experiment(formula, experiment, symbols, at, seed, budget, size, tolerance, latex, spectrum)
    for name, value in (("size", size), ("tolerance", tolerance)):
        if value is not None:
            raise refuse(name, value, "it belongs to your own experiment: the claim states its own")
    claim = find_claim(against) if isinstance(against, str) else against
    claim = as_kind("against", claim, Claim, "it must be a Claim or the name of one")
    refuse_unnamed(claim)
    cells = places_asked(at, dict(claim.grid[0])) or [dict(cell) for cell in claim.grid]
    budget = None if budget is None else draws_at_most(budget)
    claim = remembered(claim if spectrum is None else with_spectrum(claim, spectrum))
    if at is not None:
        refuse_outside(claim, cells)
        claim = dataclasses.replace(claim, grid=cells, quick=None)
    yours = read_formula(formula, claim, symbols, latex, Clock(_STEPS))
    with _in_a_sentence(yours.text), _of_the_formula(yours.text):
        report = _judged(yours, _in_range(claim, yours), given(at), seed, budget, quick is not False)
        there = claim_at(claim, yours.fixed) if yours.fixed and at is None and not report else None
        if there is None:
            return report
        held_at = " and ".join(f"{name} = {value:.6g}" for name, value in yours.fixed.items())
        other = _judged(yours, _in_range(there, yours), frozenset(), seed, budget, quick is not False)
        said = other.sentence.partition(" (at ")[0]
        return dataclasses.replace(other, sentence=f"{said} (at {held_at} alone)") if other or other.slip else report


@contextmanager
def _in_a_sentence(text: str) -> Iterator[None]:
    """What a stage of its own does not end is refused."""
    try:
        yield
    except OutOfTime as error:
        why = f": {error}" if error.args else ""
        raise refuse("formula", text, f"it takes too long to evaluate{why}") from None


@contextmanager
def _of_the_formula(text: str) -> Iterator[None]:
    """What a value that the formula sets makes impossible is said of the formula, not of an argument nobody gave."""
    try:
        yield
    except ValueError as error:
        if _OF_CHECK.match(str(error)) or " is not allowed: " not in str(error):
            raise
        raise refuse("formula", text, f"it is meant where the claim has no value: {error}") from None


def _judged(
    yours: Formula, claim: Claim, held_at: frozenset[str], seed: int, budget: int | None, quick: bool
) -> CheckReport:
    """Try a formula in every stage, and say what came out."""
    points = random_points(claim, np.random.default_rng(seed), yours, held_at)
    try:
        refuse_unequal_sides(yours, claim, points)
        yours = meant_member(yours, claim, points)
    except ValueError:
        solved = solved_for_ours(yours, claim, points)
        if solved is None:
            raise
        yours = solved
    precise, ours, found = high_precision(yours, claim, points)
    points = points[: len(ours)] if len(ours) else points
    solver, rows, tried = against_solver(yours, claim, seed, points)
    unread = None
    if "DISAGREES" in (precise.outcome, solver.outcome):
        if yours.narrowing:
            why = f"it differs, and the sentence says of it what is not read: {yours.narrowing}"
            raise refuse("formula", yours.text, why)
        unread = _of_unread_factors(yours, claim, points)
    elif precise.outcome == "AGREES" or solver.outcome == "AGREES":
        refuse_contradictions(yours, claim, points)
    stages = [symbolic(yours, claim, precise.outcome), precise, solver]
    parts: tuple[str, ...] = ()
    said = None
    if yours.relation != "=" or "DISAGREES" in (precise.outcome, solver.outcome):
        points = [row["parameters"] for row in tried] or points
        stages, said, parts = explained(yours, claim, stages, points, ours, found, [*rows, *tried])
    if unread is not None:
        values = float_values(yours, claim, points, ours, found)
        columns = columns_at(claim, points[: len(values[0])])
        if not names_an_inside_slip(yours, claim, said, parts, columns, *values):
            raise unread
        said = f"{said}; {' = '.join(yours.unread)} left of it was not read"
    budget = 0 if yours.relation != "=" else budget  # the simulation compares for equality
    simulation, verdict = against_simulation(yours, claim, seed, budget, quick)
    stages.append(simulation)
    more = f": pass budget={verdict.needed}" if verdict is not None and verdict.needed else ""
    sentence = in_own_words(_sentence(stages, [*rows, *tried], said, more), yours.words)
    asked = points if claim.formula is not None else [row["parameters"] for row in tried]
    if sentence == "agrees everywhere tried":
        sentence += held(yours, claim, [*(row["parameters"] for row in rows), *asked])
    return CheckReport(
        sentence, _overall(stages), tuple(stages), yours.text, claim.name, parts, rows, verdict,
        yours.read_as, tried_where(claim, asked, stages),
    )  # fmt: skip


def _of_unread_factors(yours: Formula, claim: Claim, points: list[dict[str, Any]]) -> ValueError | None:
    """The refusal of a right side that is not ours behind a member that is not read, or nothing."""
    try:
        refuse_unread_factors(yours, claim, points)
    except ValueError as error:
        if yours.relation != "=" or yours.sides:
            raise
        return error
    return None


def _in_range(claim: Claim, yours: Formula) -> Claim:
    """Return the claim with the cells that lie in the range the author states."""
    if yours.condition is None:
        return claim
    drawn = [claim.draw(np.random.default_rng(0), cell) for cell in claim.grid]  # a quantity may need an instance
    kept = [i for i, cell in enumerate(drawn) if yours.stated_at(known_values(claim, cell))]
    if not kept:
        raise refuse("formula", yours.text, "its range leaves out every cell that is compared")
    quick = None if claim.quick is None else [kept.index(i) for i in claim.quick if i in kept]
    return dataclasses.replace(claim, grid=[claim.grid[i] for i in kept], quick=quick or None)


def _overall(stages: list[Stage]) -> Outcome:
    outcomes = {stage.outcome for stage in stages}
    for outcome in (Outcome.DISAGREES, Outcome.INCONCLUSIVE):
        if outcome.value in outcomes:
            return outcome
    return Outcome.AGREES


def _sentence(stages: list[Stage], rows: Any, said: str | None, more: str = "") -> str:
    """Put the verdict on top."""
    symbols, precise, solver, simulation = (stage.outcome for stage in stages)
    disagrees = "DISAGREES" in (symbols, precise, solver)
    if said and (simulation in ("AGREES", "SKIPPED") or disagrees):
        return said
    if any(stage.detail == NOTHING for stage in stages):
        return f"nothing is decided: {NOTHING}"
    if "INCONCLUSIVE" in (precise, solver) and not disagrees:
        return "takes too long to evaluate: nothing is decided"
    if disagrees:
        gaps = [abs(row["yours"] / row["ours"] - 1) for row in rows if row["ours"]]
        finite = [gap for gap in gaps if np.isfinite(gap)]
        if not finite:
            return "disagrees: it has no finite value on the claim's grid"
        span = f"{100 * min(finite):.2g} % to {100 * max(finite):.2g} %"
        return f"differs by {span} over the grid; no common slip explains it"
    if simulation == "DISAGREES":
        return f"{said or 'equals our formula'}, but the simulation disagrees with it"
    if simulation == "INCONCLUSIVE":
        return f"{said or 'equals our formula'}; the simulation did not decide{more}"
    return "agrees everywhere tried"
