"""Other ways to be right than equality: a bound, equality as the sizes grow, equality to the digits given."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.formula import Formula, read_formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.verification.verifier import Outcome
from solvable.analysis.writing.conventions import names_of_kind

__all__ = ["another_sense", "as_bound", "on_both_sides"]

Array = NDArray[np.float64]
Finding = tuple[str, Outcome]
_SMALL = (1e-2, 1e-3, 1e-4)  # of a parameter that vanishes
_STEADY = 3  # growth of a difference in units of its order that is still steady
_DIGITS = 30
_RATIO = re.compile(r"gamma|γ|ratio")  # an author who writes it lets all sizes grow together
_ROUNDING, _FACTORS, _MOST_CELLS, _LARGEST_GAP = 1e-9, (1, 4, 16), 4, 0.25
_CLOSE = 1.1  # a bound that is nearer says by how many per cent it is looser
_SECONDS, _STEEP = 1.0, 4  # of CPU for values at larger sizes, where the next takes at least so many times the last


def as_bound(relation: str, ours: Array, found: Array) -> Finding:
    """Compare as a bound: it is attained, valid and looser, or crossed."""
    upper = relation == "<="
    room = _ROUNDING * np.abs(ours)
    gap = found - ours if upper else ours - found
    empty = found == (np.inf if upper else -np.inf)  # which bounds nothing there, and is right
    if not np.all(np.isfinite(found) | empty) or np.all(empty):
        return "the bound has no finite value at some points", Outcome.DISAGREES
    if np.any(empty):
        sentence, outcome = as_bound(relation, ours[~empty], found[~empty])
        infinite = f"{'+' if upper else '-'}inf at {np.sum(empty)} of {len(empty)} points"
        return (f"{sentence}, and {infinite}", outcome) if outcome is Outcome.AGREES else (sentence, outcome)
    if np.any(gap < -room):
        share = float(np.max(-gap / np.maximum(np.abs(ours), 1e-300)))
        crossed = int(np.sum(gap < -room))
        side = "above" if upper else "below"
        return (
            f"not a bound: ours lies {side} it at {crossed} of {len(ours)} points, by up to {100 * share:.2g} %",
            Outcome.DISAGREES,
        )
    if np.all(np.abs(gap) <= room):
        return "a bound that ours attains everywhere tried", Outcome.AGREES
    if not (np.all(ours > 0) and np.all(found > 0)):
        return f"a valid bound, looser by up to {np.max(gap):.3g}", Outcome.AGREES
    ratio = found / ours if upper else ours / found
    if np.max(ratio) < _CLOSE:
        return f"a valid bound, looser by up to {100 * (np.max(ratio) - 1):.2g} %", Outcome.AGREES
    return f"a valid bound, looser by {np.min(ratio):.2g}x to {np.max(ratio):.2g}x", Outcome.AGREES


def on_both_sides(finding: Finding, yours: Formula, claim: Claim, ours: Array, points: list[Any]) -> Finding:
    """Judge the other end of a chain of bounds too: a finding on one end stands only where the other holds."""
    other = dataclasses.replace(yours, expression=yours.other_end)
    found = np.array([float(other(known_values(claim, point))) for point in points])
    sentence, outcome = as_bound(">=" if yours.relation == "<=" else "<=", ours, found)
    if finding[1] is not Outcome.AGREES:
        return f"right end: {finding[0]}", finding[1]
    if outcome is not Outcome.AGREES:
        return f"left end: {sentence}", outcome
    return f"{finding[0]}; left end: {sentence}", outcome


def another_sense(yours: Formula, claim: Claim, ours: Array, found: Array) -> Finding | None:
    """Return what holds where equality does not, with its outcome; nothing where none of it holds."""
    if claim.kind is Kind.BOUND and claim.side is not None:
        sentence, outcome = as_bound("<=" if claim.side == "upper" else ">=", ours, found)
        if outcome is Outcome.AGREES:
            return sentence, outcome
    digits = _to_the_digits(yours, claim)
    if digits is not None:
        return digits
    shrunk = _as_it_vanishes(yours, claim)
    if shrunk is not None:
        return shrunk
    alone = _as_n_grows_alone(yours, claim)
    if alone is not None:
        return alone
    grown = _as_it_grows(yours, claim) or _as_one_grows(yours, claim)
    if grown is not None:
        if yours.orders:
            return grown, Outcome.AGREES
        return f"{grown}: where that is meant, write + o(1) behind it", Outcome.DISAGREES
    if yours.orders:
        return "not equal as the sizes grow together: the difference does not vanish as stated", Outcome.DISAGREES
    return None


def _to_the_digits(yours: Formula, claim: Claim) -> Finding | None:
    """Equality within half a unit of the last digit of every decimal, at every cell."""
    import sympy as sp

    if yours.rounded is None or not yours.decimals or claim.draws_predictions:
        return None
    exact = {symbol: value for symbol, (value, _) in yours.decimals.items()}
    for cell in claim.grid:
        values, ours = known_values(claim, cell), float(claim.predict(**cell))
        here = float(yours(values))
        room = 0.0
        for symbol, (value, half) in yours.decimals.items():
            moved = dataclasses.replace(yours, expression=yours.rounded.xreplace({**exact, symbol: value + half}))
            room += abs(float(moved(values)) - here)
        if not (abs(here - ours) <= 1.5 * room + _ROUNDING * abs(ours) and room <= 1e-3 * abs(ours)):
            return None
    given = ", ".join(sp.sstr(sp.Float(value, 15)).rstrip("0") for value in exact.values())
    return f"equal to the digits given ({given})", Outcome.AGREES


def _as_it_vanishes(yours: Formula, claim: Claim) -> Finding | None:
    """What an O of a parameter that is no count states: how the difference vanishes as the parameter does."""
    names = {str(symbol) for order in yours.orders for symbol in order.free_symbols}
    if len(names) != 1 or len(yours.orders) != 1 or claim.formula is None:
        return None
    name = names.pop()
    if not isinstance(claim.grid[0].get(name), float) or claim.draws_predictions:
        return None
    shares = _shares(yours, claim, lambda cell, factor: {**cell, name: cell[name] * factor})
    if shares is None:
        return None
    if max(row[-1] / max(row[0], 1e-300) for row in shares) > _STEADY:
        return f"not equal as {name} vanishes: the difference does not vanish as stated", Outcome.DISAGREES
    largest = max(row[-1] for row in shares)
    return f"equal as {name} vanishes (differs by {largest:.2g} times the order stated)", Outcome.AGREES


def _as_n_grows_alone(yours: Formula, claim: Claim) -> Finding | None:
    """What an O of n states where the author writes d and n, and not their ratio: n grows, and d is held."""
    import sympy as sp

    cell, n = claim.grid[0], sp.Symbol("n", positive=True)
    if len(yours.orders) != 1 or claim.formula is None or claim.draws_predictions or _RATIO.search(yours.text):
        return None
    d, gamma = (sp.Symbol(name, positive=True) for name in ("d", "gamma"))
    order = yours.orders[0] if "n" in cell else yours.orders[0].xreplace({d: gamma * n})
    if not isinstance(cell.get("gamma"), float) or ("n" in cell) == ("d" in cell) or order.free_symbols != {n}:
        return None

    def moved(cell: dict[str, Any], factor: float) -> dict[str, Any]:
        grown = {"n": cell["n"] / factor} if "n" in cell else {}
        return {**cell, **grown, "gamma": cell["gamma"] * factor}

    shares = _shares(yours, claim, moved)
    if shares is None or max(row[-1] / max(row[0], 1e-300) for row in shares) > _STEADY:
        return None
    largest = max(row[-1] for row in shares)
    return f"equal as n grows with d held (differs by {largest:.2g} times the order stated)", Outcome.AGREES


def _shares(
    yours: Formula, claim: Claim, moved: Callable[[dict[str, Any], float], dict[str, Any]]
) -> list[list[float]] | None:
    """Differences in units of the order stated, as cells move to a limit; None where the order does not vanish there.

    A limit may lie outside of the claim's domain: both are formulas there.
    """
    import mpmath as mp

    order, reference = yours.orders[0], read_formula(claim.formula, claim)
    aside = dataclasses.replace(yours, expression=order, names=frozenset(map(str, order.free_symbols)))
    shares = []
    with mp.workdps(_DIGITS):
        for cell in claim.grid[:_MOST_CELLS]:
            places = [known_values(claim, moved(dict(cell), factor)) for factor in _SMALL]
            sizes = [float(aside(values)) for values in places]
            if not sizes[-1] < 0.5 * sizes[0]:
                return None
            gaps = [float(abs(yours(values) - reference(values))) for values in places]
            shares.append([gap / size for gap, size in zip(gaps, sizes, strict=True)])
    return shares if np.all(np.isfinite(shares)) else None


def _as_one_grows(yours: Formula, claim: Claim) -> str | None:
    """The same where the author's orders name one size, or none, and the others are held."""
    names = {str(symbol) for order in yours.orders for symbol in order.free_symbols}
    counts = [name for name in names_of_kind("size") if isinstance(claim.grid[0].get(name), int)]
    if not yours.orders or claim.size is not None or "n" not in counts or not ({"n"} <= names or not names):
        return None
    size = "n"
    said = _as_it_grows(yours, claim, size)
    others = [name for name in counts if name != size and name != "batch_size"]
    return said if said is None or not others else said.replace("grows", f"grows with {' and '.join(others)} held")


def _as_it_grows(yours: Formula, claim: Claim, alone: str | None = None) -> str | None:
    """Say how the difference vanishes as all sizes grow together, or one alone, if it does in every cell."""
    coefficients, powers = [], []
    size = alone or claim.size or next((name for name in ("n", "d", "k") if name in claim.grid[0]), None)
    if size is None or claim.draws_predictions or not isinstance(claim.grid[0].get(size), int | float):
        return None
    counts = [name for name in names_of_kind("size") if isinstance(claim.grid[0].get(name), int)]
    together = (size,) if claim.size or alone else tuple(name for name in counts if name != "batch_size")
    if not yours.orders and any(not _gap(yours, claim, cell)[0] <= _LARGEST_GAP for cell in claim.grid):
        return None  # what the author does not say must be plain: small already, and (below) of first order
    start, last = time.thread_time(), 0.0
    for cell in claim.grid[:_MOST_CELLS] if yours.orders else claim.grid:
        gaps, stated = [], []
        for factor in _FACTORS:
            grown = {**cell, **{name: cell[name] * factor for name in together if name in cell}}
            if claim.domain is not None and not claim.domain.allows(grown):
                return None  # where it grows the claim says nothing
            before = time.thread_time()
            if not yours.orders and before - start + _STEEP * last > _SECONDS:
                return None
            gap, values, ours = _gap(yours, claim, grown)
            last = time.thread_time() - before
            if not ours:
                return None
            gaps.append(gap)
            for order in yours.orders:
                aside = dataclasses.replace(yours, expression=order, names=frozenset(map(str, order.free_symbols)))
                stated.append(float(aside(values)) / abs(ours))
        if max(gaps) <= _ROUNDING:
            continue
        if not (np.all(np.isfinite(gaps)) and min(gaps) > 0):
            return None
        power = -float(np.log(gaps[-1] / gaps[-2]) / np.log(_FACTORS[-1] / _FACTORS[-2]))
        if power < 0.4 or gaps[-1] > gaps[0] / 2:
            return None
        if (
            len(stated) == len(_FACTORS)
            and stated[-1] < 0.9 * stated[0]
            and (gaps[-1] / stated[-1] > 2 * max(gaps[0] / stated[0], 1e-300))
        ):
            return None  # it vanishes, but not as fast as stated
        if not yours.orders and power < 0.9:
            return None
        powers.append(power)
        coefficients.append(gaps[-1] * (cell[size] * _FACTORS[-1]) ** _round(power))
    if not powers:
        return None
    power = _round(min(powers))
    below = {1.0: size, 0.5: f"sqrt({size})"}.get(power, f"{size}**{power:g}")
    low, high = min(coefficients), max(coefficients)
    amount = f"{high:.2g}/{below}" if low > 0.9 * high or _round(max(powers)) != power else (
        f"{low:.2g}/{below} to {high:.2g}/{below}")  # fmt: skip
    return f"equal as {size} grows (differs by {amount})"


def _gap(yours: Formula, claim: Claim, cell: Mapping[str, Any]) -> tuple[float, dict[str, Any], float]:
    """Relative difference at a cell, with the values there and ours."""
    values, ours = known_values(claim, cell), float(claim.predict(**cell))
    return (abs(float(yours(values)) / ours - 1) if ours else np.inf), values, ours


def _round(power: float) -> float:
    """Nearest half, where it is near."""
    return round(2 * power) / 2 if abs(2 * power - round(2 * power)) < 0.3 else round(power, 2)
