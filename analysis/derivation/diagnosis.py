"""Why a formula differs: where it agrees, or the slip that explains it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.definitions import slip_in_definitions
from solvable.analysis.derivation.edits import edits
from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.formula import Formula, operators_of, read_formula
from solvable.analysis.derivation.kinks import sides_of
from solvable.analysis.derivation.labels import RTOL, constant, same
from solvable.analysis.derivation.parts import evaluator
from solvable.analysis.derivation.places import differs, partial_agreement, threshold, where_ours_vanishes
from solvable.analysis.derivation.regimes import kind_of_cell, leading_order, special_value
from solvable.analysis.derivation.report import Stage
from solvable.analysis.derivation.senses import another_sense, as_bound, on_both_sides
from solvable.analysis.derivation.slips import Slip, find_slip
from solvable.analysis.derivation.stages import SAME, columns_at, float_values
from solvable.analysis.derivation.within_sums import slip_within_sums
from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.verifier import Outcome

__all__ = ["explained"]

Array = NDArray[np.float64]
_STEPS = 500_000
_OTHERS = "agrees at the others"
_MOST_OF_OURS = 600  # changes of the pen in our formula
_FEWEST = 5  # points of a branch in which a slip is sought
_TINY = 1e-5  # differences in which a slip would be an accident


def explained(
    yours: Formula,
    claim: Claim,
    stages: list[Stage],
    points: list[dict[str, Any]],
    ours: Array,
    found: Array,
    rows: Any,
) -> tuple[list[Stage], str | None, tuple[str, ...]]:  # fmt: skip
    """Return the stages as the formula's own sense has them, what is said on top, and the parts of a diagnosis."""
    if yours.clock is not None:
        yours.clock.stage(_STEPS)
    values = [np.array([row[key] for row in rows], dtype=float) for key in ("ours", "yours")]
    if ours.size:
        values = [np.r_[values[0], ours], np.r_[values[1], found]]
    try:
        if yours.relation != "=":
            finding: Any = as_bound(yours.relation, *values)
            if yours.other_end is not None:
                asked = [*(row["parameters"] for row in rows), *(points if ours.size else ())]
                finding = on_both_sides(finding, yours, claim, values[0], asked)
        else:
            finding = another_sense(yours, claim, *values)
    except OutOfTime:
        finding = None
    if finding is not None and (finding[1] is Outcome.AGREES or yours.relation != "=" or yours.orders):
        sentence, outcome = finding
        kept = [stage if stage.outcome in ("SKIPPED", "INCONCLUSIVE", outcome.value)
                else Stage(stage.name, outcome.value, sentence) for stage in stages]  # fmt: skip
        if stages[0].outcome == "DISAGREES":
            kept[0] = Stage("symbols", "SKIPPED", "not an equality")
        said: str | None = None
        parts: tuple[str, ...] = ()
        if outcome is Outcome.DISAGREES and yours.relation == "=" and yours.orders:
            said, parts = _diagnose(yours, claim, points, ours, found)
        return kept, f"{sentence}; {said}" if said and parts else sentence, parts
    said, parts = _diagnose(yours, claim, points, ours, found)
    if said and said.startswith("has no real value") and said.endswith(_OTHERS):  # it is not wrong anywhere
        stages = [dataclasses.replace(stage, outcome="INCONCLUSIVE") if stage.outcome == "DISAGREES" else stage
                  for stage in stages]  # fmt: skip
    return stages, said or (finding[0] if finding else None), parts


def _diagnose(
    yours: Formula, claim: Claim, points: list[dict[str, Any]], ours: Array, found: Array
) -> tuple[str | None, tuple[str, ...]]:
    """Return the sentence and the parts of a diagnosis; nothing where none is verified within its time."""
    if yours.clock is not None:
        yours.clock.stage(_STEPS)
    try:
        ours, found = float_values(yours, claim, points, ours, found)
        columns = columns_at(claim, points[: len(ours)])
        if yours.chosen and _is_of_the_other_root(yours, columns, ours):
            return "the other root: agrees with it", ("the other root",)
        close = np.abs(found - ours) <= SAME * np.maximum(np.abs(ours), 1e-300)
        tiny = (
            np.all(np.abs(found - ours) <= _TINY * np.abs(ours)) and constant(found / np.where(ours, ours, 1)) is None
        )
        if tiny or np.all(np.abs(found - ours) <= RTOL * np.abs(ours)):
            gap = float(np.max(np.abs(found / np.where(ours == 0, 1, ours) - 1)))
            return f"equal to {max(1, int(-np.log10(max(gap, 1e-15))))} digits, and not beyond", ()
        partial = partial_agreement(close, columns)
        if not partial and yours.expression is not None and sides_of(yours.expression):  # the other side of a branch
            partial = threshold(close, columns, claim.grid[0], fewest=1)
        if partial:
            slip = _elsewhere(yours, ours, columns, ~close)
            more = f"; elsewhere: {slip.sentence}" if slip is not None else ""
            return f"agrees for {partial} only{more}", () if slip is None else slip.parts
        reference = None if claim.formula is None else read_formula(claim.formula, claim).expression

        def regimes(stage: int) -> Slip | None:
            return _regime(yours, claim, reference, points[: len(ours)], ours, found, columns, close, stage)

        slip = _lacking(reference, found, ours, columns)
        try:
            slip = slip or _slip(yours, ours, columns, reference, regimes)
        except OutOfTime:
            slip = _of_ours(reference, found, columns)
            if slip is None:
                raise
        slip = slip or _of_ours(reference, found, columns)
        if slip:
            return slip.sentence, slip.parts
        partial = partial_agreement(close, columns, degenerate=True) or threshold(close, columns, claim.grid[0])
        if partial:
            return f"agrees for {partial} only", ()
        gaps = np.abs(found / np.where(ours == 0, np.nan, ours) - 1)
        lost = int(np.sum(~np.isfinite(found)))
        if lost:
            fine = np.all(close | ~np.isfinite(found))
            if lost == len(found):
                return "has no real value at any point tried", ()
            others = _OTHERS if fine else "no common slip explains the others"
            return f"has no real value at {lost} of {len(found)} points; {others}", ()
        vanishing = where_ours_vanishes(ours, found, columns, claim.grid[0])
        return vanishing or differs(gaps, columns, claim.grid[0]), ()
    except OutOfTime:
        return None, ()


def _elsewhere(yours: Formula, ours: Array, columns: dict[str, Any], there: Any) -> Slip | None:
    """Search where a formula of several branches differs; nothing but what is short is said."""
    if yours.expression is None or not sides_of(yours.expression) or there.sum() < _FEWEST or not yours.plain:
        return None
    part = {name: np.asarray(column)[there] for name, column in columns.items()}
    slip = find_slip(yours.on, yours.names, ours[there], part, yours.expression, yours.clock)
    short = slip is not None and slip.sentence.startswith(("agrees after", "differs by", "sign: agrees", "in one"))
    return slip if short else None


def _slip(
    yours: Formula, ours: Array, columns: dict[str, Any], reference: Any, regimes: Callable[[int], Slip | None]
) -> Slip | None:
    """Search in a formula whose sums and means are numbers, then in the formula itself."""
    frozen, more = yours.frozen(columns)
    columns = {**columns, **more}
    found = find_slip(frozen.on, frozen.names, ours, columns, frozen.expression, yours.clock, reference, regimes)
    if frozen is yours:
        return found
    if found is not None and not any(f"{part} ->" in found.sentence for part in operators_of(yours.expression)):
        return found
    inside = slip_within_sums(yours, ours, columns)
    if found is not None and not inside:
        return found
    return Slip(inside, (inside,)) if inside else find_slip(yours.on, yours.names, ours, columns, None, yours.clock)


def _regime(
    yours: Formula, claim: Claim, reference: Any, points: list[dict[str, Any]], ours: Array, found: Array,
    columns: dict[str, Any], close: Any, stage: int,
) -> Slip | None:  # fmt: skip
    """Say in which part of the domain a formula agrees; then that it is a special case of ours, or leading order."""
    if stage == 0:
        kind = kind_of_cell(close, points)
        if kind is not None:
            return Slip(f"agrees for {kind} only", (kind,))
    names = [name for name in claim.grid[0] if name in columns]
    if stage == 0:
        return slip_in_definitions(yours, ours, columns)
    if reference is None:
        return None
    if stage == 1:
        special = special_value(reference, found, columns, names)
        return None if special is None else Slip(f"a special case: yours is ours at {special}", (special,))
    own = {str(symbol) for symbol in reference.free_symbols} | yours.names
    order = leading_order(reference, yours.on, columns, names) if yours.plain and own <= set(names) else None
    if order is None:
        return None
    return Slip(f"leading order: yours tends to ours for {order}, and is not equal to it", (order,))


def _is_of_the_other_root(yours: Formula, columns: dict[str, Any], ours: Array) -> bool:
    other = dataclasses.replace(yours, chosen="least" if yours.chosen == "greatest" else "greatest")
    try:
        return same(other.on(columns), ours)
    except ValueError:  # there is one root alone
        return False


def _of_ours(formula: Any, found: Array, columns: dict[str, Any]) -> Slip | None:
    """Find one change of the pen in our formula that gives yours, which may be written in another way."""
    plain = {name: np.asarray(value, dtype=float) for name, value in columns.items() if name[0] != "_"}
    if formula is None or not {str(symbol) for symbol in formula.free_symbols} <= set(plain):
        return None
    value = evaluator(plain, len(found))
    for text, changed in edits(formula, _MOST_OF_OURS):
        values = value(changed)
        if np.all(np.isfinite(values)) and same(found, values):
            return Slip(f"yours is ours after {text} in it", (text,))
    return None


def _lacking(formula: Any, found: Array, ours: Array, columns: dict[str, Any]) -> Slip | None:
    """Find one term of our sum that is missing, or has the other sign; what is one name alone is a convention."""
    import sympy as sp

    if not isinstance(formula, sp.Add):
        return None
    given = {sp.Symbol(name, positive=True): value for name, value in columns.items()}
    for term in formula.args:
        if not term.free_symbols or term.is_Symbol or not {str(s) for s in term.free_symbols} <= set(columns):
            continue
        with np.errstate(all="ignore"):
            value = np.asarray(Doubles()(term, given), dtype=float) * np.ones(len(ours))
            if np.any(value) and same(found, ours - value):
                return Slip(f"yours lacks the term {term}", (f"without {term}",))
            if np.any(value) and same(found, ours - 2 * value):
                rooted = any(
                    isinstance(part, sp.Pow) and abs(part.exp) == sp.Rational(1, 2) for part in sp.Mul.make_args(term)
                )
                word = "the other root: " if rooted else ""
                return Slip(f"{word}yours has the other sign in the term {term}", (f"sign of {term}",))
    return None
