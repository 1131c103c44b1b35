"""The four ways a formula is tried: symbols, high precision, our solver, the simulation."""

from __future__ import annotations

import ctypes
import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.formula import Formula, known_values, read_formula
from solvable.analysis.derivation.report import Stage
from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.verification.verifier import Verdict, verify
from solvable.analysis.writing.prose import counted

__all__ = [
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
_POINT_SECONDS = 2.0  # of the solver, beyond the cells
_PRECISE_SECONDS, _FEWEST = 3.0, 5
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
        fixed = claim.instance is None and not claim.domain.drawn(claim.grid[0])
        points = claim.domain.points(claim.grid, rng, len(claim.grid) if fixed else _POINTS, held, stated)
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
    reference = read_formula(claim.formula, claim)
    double = yours.expression is None  # functions are good to doubles, and integrals are not worth more
    with mp.workdps(20 if double else _DIGITS + 10):
        pairs: list[tuple[Any, Any]] = []
        start = time.process_time()
        for point in points:
            if time.process_time() - start > _PRECISE_SECONDS and len(pairs) >= _FEWEST:
                break
            values = known_values(claim, point)
            pairs.append((yours(values), reference(values)))
        ours, found = (np.array([float(pair[i]) for pair in pairs]) for i in (1, 0))
        room = mp.mpf(10) ** (-9 if double else 5 - _DIGITS)
        usable = [(a, b) for a, b in pairs if mp.isfinite(b)]
        same = [mp.isfinite(a) and abs(a - b) <= room * abs(b) for a, b in usable]
        worst = max((abs(a / b - 1) if b and mp.isfinite(a) else mp.inf for a, b in usable), default=mp.inf)
    if not usable:
        return Stage("50 digits", "SKIPPED", "our formula has no finite value at the points"), ours, found
    agree, digits = sum(same), "doubles" if double else f"{_DIGITS} digits"
    detail = f"{agree} of {len(usable)} random points equal at {digits}, relative difference up to {mp.nstr(worst, 2)}"
    return Stage("50 digits", "AGREES" if agree == len(usable) else "DISAGREES", detail), ours, found


def symbolic(yours: Formula, claim: Claim, numeric: str) -> Stage:
    """Prove equality by simplification within a time limit; tried only where the numbers agree."""
    if yours.expression is None or claim.formula is None:
        return Stage("symbols", "SKIPPED", "needs a closed form on both sides")
    if numeric == "DISAGREES":
        return Stage("symbols", "DISAGREES", "not equal: the values differ")
    difference = yours.expression - read_formula(claim.formula, claim).expression
    proof = _within(_SECONDS, lambda: _vanishes(difference))
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


def _within(seconds: float, work: Callable[[], Any]) -> Any:
    """Result of `work`, or None where it takes longer: the thread is then told to stop."""
    result: list[Any] = []

    def run() -> None:
        try:
            result.append(work())
        except Exception:  # sympy may fail in many ways on an expression it cannot treat
            result.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    deadline = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < deadline:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeoutError))
        thread.join(0.1)
    return result[0] if result else None


def against_solver(
    yours: Formula, claim: Claim, seed: int = 0, points: list[dict[str, Any]] | None = None
) -> tuple[Stage, tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Compare with the claim's float solver at every cell and at random points; return the rows of both.

    Where the claim draws instances, a cell is one of them. Points are asked for within a time limit, and only where no
    closed form of ours stands for the solver.
    """
    rng = np.random.default_rng(seed)
    rows = [_row(yours, claim, claim.draw(rng, cell)) for cell in claim.grid]
    tried: list[dict[str, Any]] = []
    start = time.process_time()
    for point in points if points and claim.domain is not None and claim.formula is None else ():
        if time.process_time() - start > _POINT_SECONDS:
            break
        tried.append(_row(yours, claim, point))
    both = [*rows, *tried]
    floor = 1e-14 * max(abs(row["ours"]) for row in both)  # where ours vanishes, yours may be rounding
    wrong = [not abs(row["yours"] - row["ours"]) <= max(SAME * abs(row["ours"]), floor) for row in both]
    good = len(rows) - sum(wrong[: len(rows)])
    detail = f"{good} of {counted(len(rows), 'cell')} {'agrees' if len(rows) == 1 else 'agree'}"
    if tried:
        detail += f", and {len(tried) - sum(wrong[len(rows) :])} of {counted(len(tried), 'random point')}"
    ratios = [row["yours"] / row["ours"] for row, bad in zip(both, wrong, strict=True) if bad and row["ours"]]
    if ratios:
        detail += f"; yours/ours from {min(ratios):.4g} to {max(ratios):.4g} elsewhere"
    return Stage("solver", "DISAGREES" if any(wrong) else "AGREES", detail), tuple(rows), tuple(tried)


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
    rows = [{name: float(value) for name, value in known_values(claim, point).items()} for point in points]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


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
    return Stage("simulation", verdict.outcome.value, without_outcome(verdict)), verdict
