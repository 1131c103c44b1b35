"""The four ways a formula is tried: symbols, high precision, our solver, the simulation."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.branches import branch_points
from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.formula import Formula, read_formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.limited import within
from solvable.analysis.derivation.report import Stage
from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.verification.verifier import Verdict, verify
from solvable.analysis.writing.prose import counted

__all__ = [
    "NOTHING",
    "SAME",
    "against_simulation",
    "against_solver",
    "columns_at",
    "float_values",
    "high_precision",
    "random_points",
    "symbolic",
    "without_outcome",
]

Array = NDArray[np.float64]
_POINTS, _DIGITS, _SECONDS = 20, 50, 2.0
_POINT_SECONDS, _POINT_STEPS = 2.0, 400_000  # of the solver and of the formula, beyond the cells
_STEPS, _FEWEST = 600_000, 5  # steps of a stage, and the points that decide where they are used up
_ROUNDING = 1e-14  # of a solver, where the claim's value is nought
_NOUGHT = 1e-2  # of the absolute tolerance: values below are nought
_DOUBLE = 1e-14  # what the last digit of a double parameter may move
NOTHING = "both are 0 at every point tried"
SAME = 1e-9  # two doubles of one formula, through different operations


def without_outcome(verdict: Verdict) -> str:
    """Summary of a verdict without its first word, for a line that already has one."""
    return verdict.summary().removeprefix(f"{verdict.outcome.value}: ")


def random_points(
    claim: Claim, rng: np.random.Generator, yours: Formula, held: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """Random points of the claim's domain in the range that the author states; without a domain, near the cells.

    Parameters in `held` stay within a third of the cells' values.
    """

    def stated(point: dict[str, Any]) -> bool:
        return yours.condition is None or yours.stated_at(known_values(claim, claim.draw(rng, point)))

    if claim.domain is not None:
        fixed = not claim.draws_predictions and not claim.domain.drawn(claim.grid[0])
        points = claim.domain.points(claim.grid, rng, len(claim.grid) if fixed else _POINTS, held, stated)
        points += [] if fixed or held else branch_points(claim, rng, yours, points, stated)
    else:
        points = [point for point in _near(claim, rng) if stated(point)]
    return [claim.draw(rng, point) for point in points]


def _near(claim: Claim, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Sizes on the grid, other numbers moved by up to a third."""
    points = []
    continuous = claim.formula is not None and claim.quantities is None
    for j in range(_POINTS):
        point = dict(claim.grid[j % len(claim.grid)])
        for name, value in point.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            factor = float(np.exp(rng.uniform(-0.28, 0.28)))
            if isinstance(value, float) or continuous:
                point[name] = float(value) * factor
            else:
                point[name] = max(1, round(value * (1 + abs(factor - 1))))
        points.append(point)
    return points


def high_precision(yours: Formula, claim: Claim, points: list[dict[str, Any]]) -> tuple[Stage, Array, Array]:
    """Compare with our formula at random points, 50 digits; also return both as doubles."""
    import mpmath as mp

    if claim.formula is None:
        skipped = Stage("50 digits", "SKIPPED", "the claim has no closed form of ours; see the solver")
        return skipped, np.zeros(0), np.zeros(0)
    _start(yours, _STEPS)
    reference = read_formula(claim.formula, claim)
    double = yours.doubles or reference.doubles  # functions are good to doubles, and integrals are not worth more
    with mp.workdps(20 if double else _DIGITS + 10):
        pairs = []
        for point in points:
            values = known_values(claim, point)
            try:
                pairs.append((yours(values), reference(values)))
            except OutOfTime:
                break
        if len(pairs) < min(_FEWEST, len(points)):
            return Stage("50 digits", "INCONCLUSIVE", f"no value within {_STEPS:,} steps"), np.zeros(0), np.zeros(0)
        ours, found = (np.array([float(pair[i]) for pair in pairs]) for i in (1, 0))
        usable = [(a, b) for a, b in pairs if mp.isfinite(b)]
        room = mp.mpf(10) ** (-9 if double else 5 - _DIGITS)
        # what an equation defines may follow a parameter that is a double: beyond its digits nothing is wrong then
        rounded = claim.quantities is not None and all(abs(a - b) <= _DOUBLE * abs(b) for a, b in usable)
        room = mp.mpf(_DOUBLE) if rounded and not double else room
        # where ours vanishes, both are rounding
        floor = mp.mpf(10) ** (-14 if double else -_DIGITS) * max((abs(b) for _, b in usable), default=0)
        same = [mp.isfinite(a) and abs(a - b) <= max(room * abs(b), floor) for a, b in usable]
        off = [abs(a / b - 1) if mp.isfinite(a) else mp.inf for a, b in usable if abs(b) > floor]
        worst = max(off, default=mp.mpf(0))
    if not usable:
        return Stage("50 digits", "SKIPPED", "our formula has no finite value at the points"), ours, found
    if not any(a or b for a, b in usable):
        return Stage("50 digits", "INCONCLUSIVE", NOTHING), ours, found
    late = f"; {len(points) - len(pairs)} not reached within {_STEPS:,} steps" if len(pairs) < len(points) else ""
    agree, digits = sum(same), "doubles" if double else f"{_DIGITS} digits"
    detail = (
        f"{agree} of {len(usable)} random points equal at {digits}, relative difference up to {mp.nstr(worst, 2)}{late}"
    )
    return Stage("50 digits", "AGREES" if agree == len(usable) else "DISAGREES", detail), ours, found


def symbolic(yours: Formula, claim: Claim, numeric: str) -> Stage:
    """Prove equality by simplification within a time limit; tried only where the numbers agree."""
    if not yours.plain or claim.formula is None:
        return Stage("symbols", "SKIPPED", "needs a closed form on both sides")
    if numeric == "DISAGREES":
        return Stage("symbols", "DISAGREES", "not equal: the values differ")
    reference: Any = read_formula(claim.formula, claim).expression
    difference = yours.expression - reference
    proof = within(_SECONDS, lambda: _vanishes(difference))
    if proof is None:
        return Stage("symbols", "SKIPPED", f"no decision within {_SECONDS:g} s")
    return Stage("symbols", "AGREES" if proof else "SKIPPED", "equal" if proof else "sympy could not decide")


def _vanishes(difference: Any) -> bool:
    import sympy as sp

    if difference == 0 or sp.expand(difference) == 0:
        return True
    for step in (lambda e: sp.cancel(sp.together(e)), sp.radsimp, sp.simplify):
        if step(sp.piecewise_fold(difference)) == 0:
            return True
    return False


def against_solver(
    yours: Formula, claim: Claim, seed: int = 0, points: list[dict[str, Any]] | None = None
) -> tuple[Stage, tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Compare with the claim's float solver at every cell and at random points; return the rows of both.

    Where the claim draws instances, a cell is one of them. Points are asked for within a time limit, and only where no
    closed form of ours stands for the solver.
    """
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    tried: list[dict[str, Any]] = []
    try:
        _start(yours, _STEPS)
        for cell in claim.grid:
            rows.append(_row(yours, claim, claim.draw(rng, cell)))
        _start(yours, _POINT_STEPS)
        start = time.thread_time()
        for point in points if points and claim.domain is not None and claim.formula is None else ():
            if time.thread_time() - start > _POINT_SECONDS:
                break
            tried.append(_row(yours, claim, point))
    except OutOfTime:
        if len(rows) < len(claim.grid):
            return Stage("solver", "INCONCLUSIVE", f"no value within {_STEPS:,} steps"), tuple(rows), ()
    both = [*rows, *tried]
    if not any(row["ours"] or row["yours"] for row in both):
        return Stage("solver", "INCONCLUSIVE", NOTHING), tuple(rows), tuple(tried)
    finite = [abs(row["ours"]) for row in both if np.isfinite(row["ours"])]
    if not finite:
        return Stage("solver", "INCONCLUSIVE", "the solver has no finite value there"), tuple(rows), tuple(tried)
    largest = max(finite)
    floor = 1e-14 * largest  # where ours vanishes, yours may be rounding
    if largest < _NOUGHT * claim.absolute_tolerance:  # ours is nothing but the rounding of a solver
        floor = max(_ROUNDING, 2 * largest)
    wrong = [not _equal(row["yours"], row["ours"], floor) for row in both]
    good = len(rows) - sum(wrong[: len(rows)])
    detail = f"{good} of {counted(len(rows), 'cell')} {'agrees' if len(rows) == 1 else 'agree'}"
    if tried:
        detail += f", and {len(tried) - sum(wrong[len(rows) :])} of {counted(len(tried), 'random point')}"
    ratios = [row["yours"] / row["ours"] for row, bad in zip(both, wrong, strict=True)
              if bad and row["ours"] and np.isfinite(row["yours"]) and np.isfinite(row["ours"])]  # fmt: skip
    if ratios:
        detail += f"; yours/ours from {min(ratios):.4g} to {max(ratios):.4g} elsewhere"
    return Stage("solver", "DISAGREES" if any(wrong) else "AGREES", detail), tuple(rows), tuple(tried)


def _equal(yours: float, ours: float, floor: float) -> bool:
    """Whether two values are one to rounding; what is infinite is equal to itself alone."""
    return yours == ours or (bool(np.isfinite(ours)) and abs(yours - ours) <= max(SAME * abs(ours), floor))


def _start(yours: Formula, steps: int) -> None:
    """Give a stage its share of the steps."""
    if yours.clock is not None:
        yours.clock.stage(steps)


def _row(yours: Formula, claim: Claim, point: dict[str, Any]) -> dict[str, Any]:
    """Yours and ours at a point."""
    ours = float(claim.predict(**point))
    return {"parameters": dict(point), "yours": float(yours(known_values(claim, point))), "ours": ours}


def float_values(
    yours: Formula, claim: Claim, points: list[dict[str, Any]], ours: Array, found: Array
) -> tuple[Array, Array]:
    """Values for the diagnosis: ours and yours at the points, from the solver where there is no closed form of ours."""
    if ours.size:
        return ours, found
    rows = [_row(yours, claim, point) for point in points]
    return np.array([row["ours"] for row in rows]), np.array([row["yours"] for row in rows])


def columns_at(claim: Claim, points: list[dict[str, Any]]) -> dict[str, Array]:
    """Value of every quantity a formula may name at each point, by name."""
    rows = [known_values(claim, point) for point in points]
    columns: dict[str, Any] = {}
    for name in rows[0]:
        if name.startswith("_"):
            columns[name] = np.empty(len(rows), dtype=object)
            columns[name][:] = [row[name] for row in rows]
        else:
            columns[name] = np.array([float(row[name]) for row in rows])
    return columns or {"_place": np.arange(len(rows))}  # where cells hold names alone, points are counted all the same


def against_simulation(
    yours: Formula, claim: Claim, seed: int, budget: int | None, quick: bool
) -> tuple[Stage, Verdict | None]:
    """Check the formula as the claim's prediction, against our simulation, with the draws that `budget` allows."""
    if budget == 0:
        return Stage("simulation", "SKIPPED", "budget 0"), None
    if claim.kind is Kind.ORDER:
        return Stage("simulation", "SKIPPED", "the claim is about an order: its simulation knows signs only"), None

    def predict(**parameters: Any) -> float:
        return float(yours(known_values(claim, parameters)))

    try:
        verdict = verify(
            dataclasses.replace(claim, predict=predict, formula=None, quantities=None),
            seed=seed, quick=quick, most_draws=budget,
        )  # fmt: skip
    except ValueError as error:
        return Stage("simulation", "DISAGREES", str(error)), None
    except OutOfTime:  # what stands before took most of the steps, and decided
        return Stage("simulation", "SKIPPED", "the formula takes too long to evaluate again"), None
    return Stage("simulation", verdict.outcome.value, without_outcome(verdict)), verdict
