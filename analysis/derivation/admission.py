"""Which claims take a formula, where they may be asked, and what a report says of where it asked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.labels import constant, ratio_label
from solvable.analysis.derivation.latex_words import GREEK, IMPLIES
from solvable.analysis.derivation.report import Stage
from solvable.analysis.derivation.stated_factors import stated_divisors
from solvable.analysis.derivation.translation import known_names
from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.writing.conventions import names_of_kind, symbols, translations, used_conventions
from solvable.analysis.writing.prose import counted
from solvable.solvers.validate import refuse

__all__ = [
    "held",
    "refuse_outside",
    "refuse_unequal_sides",
    "refuse_unnamed",
    "refuse_unread_factors",
    "tried_where",
    "usable_names",
    "why_not",
]

# a name squared is a quantity itself, with an accent and an index in roman type too
_SQUARED = re.compile(
    r"(?:\\(?:wide)?(?:hat|tilde|bar|overline) ?)?\{?(?:\\\w+ ?)?\{?\w*\}?\}?"
    r"(?:_\{?(?:\\(?:rm|mathrm|text|textrm|operatorname) ?)?\{?[\w, ]+\}?\}?)?\^\{?2\}?"
)
_EXTREMUM = re.compile(r"\\(?:min|max|inf|sup) ?(?:_(?:\{[^{}]*\}|\\?\w+ ?))?")  # a least value, and over what
_LOG_SLOPE = re.compile(r"\\[dt]?frac ?\{d\\(?:ln|log) ?\w+\}\{d\\(?:ln|log) ?(\\?\w+) ?\}")
_OVER_A_SIZE = re.compile(r"\\[dt]?frac ?(?:\{1\}|1) ?(?:\{[a-z]\}|[a-z])(?=\\(?:operatorname|mathrm|tr|Tr|text))")
_COSINE = re.compile(r"\\?cos ?(?:\\angle ?)?\([^(),]*,[^(),]*\)")  # of an angle between two
_RATIOS_TRIED = 12
_SIDES_TRIED, _SAME_SIDES = 6, 1e-8


def why_not(claim: Claim) -> str:
    """Why no formula can be compared with a claim, or nothing where one can."""
    if claim.kind is Kind.ORDER and claim.formula is None:
        return "it says which of two quantities is larger, not how large one is"
    if claim.formula is not None:
        return ""
    cell = claim.draw(np.random.default_rng(0), claim.grid[0])
    if claim.draws_predictions and claim.quantities is None:
        drawn = {name: value for name, value in cell.items() if name not in claim.grid[0]}
        unnamed = [name for name, value in drawn.items() if not isinstance(value, int | float)]
        if unnamed:
            listed = ", ".join(unnamed)
            return f"its prediction is made for a single draw, whose {listed} no formula in numbers can name"
    value = claim.predict(**cell)
    if np.ndim(value):
        return "its prediction is a vector, and a formula gives one number"
    if claim.quantities is None and _constant(claim, float(value)):
        return (
            f"its prediction is the number {float(value):g} everywhere, and no formula can be told from another there"
        )
    return ""


def _constant(claim: Claim, value: float) -> bool:
    """Whether the prediction is one number at all cells and at a few points of the domain."""
    rng = np.random.default_rng(1)
    points = [*claim.grid[1:4], *(claim.domain.points(claim.grid, rng, 3) if claim.domain else ())]
    return bool(points) and all(float(claim.predict(**claim.draw(rng, point))) == value for point in points)


def refuse_unnamed(claim: Claim) -> None:
    """Refuse a claim that takes no formula, naming those of its family that do."""
    why = why_not(claim)
    if not why:
        return
    raise refuse("against", claim.name, why + _others(claim))


def usable_names(claim: Claim) -> list[str]:
    """Return what formulas may name, each with the words of authors that are read as it."""
    known = known_names(claim) or set()
    rows = {row.name: row for row in (*symbols(claim.family),)[::-1]}
    rows |= {row.name: row for fixed in used_conventions(claim) for row in fixed.symbols}
    lines = []
    for name in sorted(known):
        words = [word if meaning == name else f"{word} = {meaning}" for word, meaning in
                 (rows[name].words().items() if name in rows else ()) if translated(claim, word, known)]  # fmt: skip
        words = words or _choice(claim, name)
        lines.append(f"{name}{' (' + ', '.join(words) + ')' if words else ''}")
    return lines


def _choice(claim: Claim, name: str) -> list[str]:
    """What an indicator of a choice in words says."""
    held = {(parameter, value) for cell in claim.grid for parameter, value in cell.items() if isinstance(value, str)}
    return [f"1 where {parameter} is {value}, else 0" for parameter, value in sorted(held)
            if name == f"is_{value.replace('-', '_')}"]  # fmt: skip


def translated(claim: Claim, word: str, known: set[str]) -> bool:
    """Whether an author's word is read in names that the claim knows."""
    if word in known:
        return False
    return any(set(re.findall(r"[a-z]\w*", text)) - {"sqrt"} <= known for text in translations(claim, word))


def _others(claim: Claim) -> str:
    from solvable.analysis.verification import catalogue

    if claim.family not in catalogue.families():
        return ""
    taking = [other.name for other in catalogue.claims(claim.family) if not why_not(other)]
    return f"; of its family these take a formula: {', '.join(taking)}" if taking else "; none of its family takes one"


def refuse_outside(claim: Claim, cells: Sequence[Mapping[str, Any]]) -> None:
    """Refuse cells of a user's at which the claim says nothing, or has no value."""
    for cell in cells if claim.domain is not None else ():
        assert claim.domain is not None
        if not claim.domain.allows(cell):
            raise refuse("at", dict(cell), f"{claim.name} is about {claim.domain.where}")
        for name, word in cell.items():
            if isinstance(word, str) and all(word != place[name] for place in claim.grid):
                raise refuse("at", dict(cell), _no_value(claim))
        try:
            value = claim.predict(**claim.draw(np.random.default_rng(0), cell))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise refuse("at", dict(cell), _no_value(claim)) from error
        if not np.all(np.isfinite(value)):
            raise refuse("at", dict(cell), _no_value(claim))


def _no_value(claim: Claim) -> str:
    domain = claim.domain.describe(claim.grid) if claim.domain is not None else ""
    return f"{claim.name} has no finite value there, and is asked within {domain}"


def held(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> str:
    """Say which names that only one of the two formulas has had one value wherever they were tried, or nothing."""
    said, ours = [], {str(symbol) for symbol in getattr(claim.formula, "free_symbols", ())}
    rows = [known_values(claim, point) for point in points] if len(points) > 1 else []
    for name in sorted(yours.names ^ ours) if rows else ():
        values = {float(row[name]) for row in rows if name in row}
        if len(values) == 1 and all(name in row for row in rows):
            said.append(f"{name} = {values.pop():.6g}")
    return f" (at {' and '.join(said)} alone)" if said else ""


def refuse_unread_factors(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a right side that differs where a left member that is not read holds names of the claim.

    (1 - gamma) V = sigma**2 gamma is right, though its right side alone is not V.
    """
    known = known_names(claim) or set()
    for member in yours.unread:
        if member.endswith(IMPLIES) or _SQUARED.fullmatch(member) or _is_slope_in_the_size(member, claim):
            continue
        if _COSINE.fullmatch(member) and "cosine" in claim.statement:
            continue
        over_a_size = _OVER_A_SIZE.match(member)
        if over_a_size and not _is_off_by_sizes(yours, claim, points):
            member = member[over_a_size.end() :]
        member = _EXTREMUM.sub("", member)
        if any(re.fullmatch(rf"[A-Za-z]\w*/{re.escape(divisor)}", member) for divisor in stated_divisors(claim)):
            continue  # one name over what the claim's statement has it over
        names = {name.removesuffix("_") for name in re.findall(r"[A-Za-z]\w*", member)}
        divided = "/" in member or r"\frac" in member or "**" in member or member.startswith(("-", "−"))
        if divided or any(name in known or translations(claim, name) for name in names):
            why = f"left of = stands {member}, which is not read, and its right side is not ours: give one formula"
            raise refuse("formula", yours.text, why)


def _is_slope_in_the_size(member: str, claim: Claim) -> bool:
    """Whether a left member is the slope of a logarithm by that of the size that grows, which is what a rate is."""
    by = _LOG_SLOPE.fullmatch(member)
    word = "" if by is None else GREEK.get(by[1].strip(), by[1].strip())
    return claim.kind is Kind.RATE and claim.size in (word, *translations(claim, word))


def _is_off_by_sizes(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the formula is ours times powers of sizes, which its left member may hold."""
    rows = [(claim.predict(**point), known_values(claim, point)) for point in points[:_RATIOS_TRIED]]
    ratio = np.array([float(yours(values)) / float(ours) if ours else np.nan for ours, values in rows])
    sizes = [name for name in names_of_kind("size") if all(name in values for _, values in rows)]
    columns = {name: np.array([float(values[name]) for _, values in rows]) for name in sizes}
    return constant(ratio) is None and ratio_label(ratio, columns) is not None


def refuse_unequal_sides(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> None:
    """Refuse an equality of two formulas that does not hold: it is not clear then which of them is meant."""
    for side in yours.sides:
        aside = dataclasses.replace(yours, expression=side, names=frozenset(map(str, side.free_symbols)))
        for point in points[:_SIDES_TRIED]:
            values = known_values(claim, point)
            last, other = float(yours(values)), float(aside(values))
            terms = (yours.expression, side) if 0 in (yours.expression, side) else ()  # all on one side: f(x) = 0
            sizes = [_largest_term(dataclasses.replace(aside, expression=term), values) for term in terms]
            if not abs(last - other) <= _SAME_SIDES * max(abs(last), abs(other), *sizes):
                raise refuse("formula", yours.text, f"its sides are not equal: {other:.6g} and {last:.6g} at one point")


def _largest_term(formula: Formula, values: Mapping[str, Any]) -> float:
    """Size of the largest term of a sum."""
    import sympy as sp

    terms = sp.Add.make_args(formula.expression)
    return max(abs(float(dataclasses.replace(formula, expression=term)(values))) for term in terms)


def tried_where(claim: Claim, points: Sequence[Mapping[str, Any]], stages: Sequence[Stage]) -> str:
    """Say at how many points and cells, in which ranges, and which stages were skipped."""
    points = [point for point in points if {name: point[name] for name in claim.grid[0]} not in claim.grid]
    places = [*claim.grid, *points]
    spans = []
    for name in claim.grid[0]:
        values = [place[name] for place in places]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            low, high = min(values), max(values)
            spans.append(f"{name} {low:.3g}" if low == high else f"{name} {low:.3g} to {high:.3g}")
        else:
            spans.append(f"{name} {', '.join(dict.fromkeys(map(str, values)))}")
    head = f"{counted(len(points), 'random point')} and " if points else ""
    skipped = [f"{stage.name} ({stage.detail})" for stage in stages if stage.outcome == "SKIPPED"]
    text = f"{head}{counted(len(claim.grid), 'cell')}: {'; '.join(spans)}"
    return text + (f"; skipped: {', '.join(skipped)}" if skipped else "")
