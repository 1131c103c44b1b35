"""Which part of a left member is the claim's quantity: V/sigma**2 = gamma/(1 - gamma) is a statement about V.

A left member that holds one name which the claim does not know says something about that name, or about a part of the
member, R - sigma**2. The parts are tried at points; a product is never taken for the quantity itself, since then its
factors would count for nothing.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.latex_statistics import DESIGN_OF, EXPONENTIAL_OF, MEAN_OF
from solvable.analysis.derivation.left_members import is_about_an_extremum
from solvable.analysis.derivation.notation import parse
from solvable.analysis.derivation.other_quantities import (
    OF_PROBABILITIES,
    as_a_complement,
    left_text,
    refuse_another_quantity,
    refuse_noise_twice,
)
from solvable.analysis.derivation.quantity_members import is_a_difference, is_the_quantity, names_the_claim
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.derivation.squares import as_stated, stated_powers
from solvable.analysis.derivation.stated_factors import over_its_law, refuse_without_factor, stated_factors
from solvable.analysis.derivation.translation import known_names
from solvable.analysis.verification.claim import Claim, Kind
from solvable.analysis.writing.conventions import names_of_kind, translations
from solvable.analysis.writing.letters import declared
from solvable.solvers.validate import refuse

__all__ = ["meant_member", "solved_for_ours"]

_TRIED, _SAME = 5, 1e-9
_SQUARED_NORMS = ("signal", "norm2_")
_SHARE_OF_NOISE = re.compile(r"\bshare\b.*\bvariance\b.*\bnoise\b")


def _inversions(member: Any, name: Any, right: Any) -> list[tuple[Any, Any]]:
    """Parts of a member around a name, from the outside, each with what the equation gives it."""
    import sympy as sp

    found = []
    while member != name:
        if isinstance(member, sp.Add | sp.Mul):
            inner = next(part for part in member.args if part.has(name))
            rest = member.func(*(part for part in member.args if part is not inner))
            right = right - rest if isinstance(member, sp.Add) else right / rest
        elif isinstance(member, sp.Pow) and member.base.has(name):
            if member.base == name and member.exp != 2:  # a variance is written as a square
                found.append((name**2, right ** (2 / member.exp)))
            inner, right = member.base, right ** (1 / member.exp)
        elif isinstance(member, sp.log | sp.exp):
            inner, right = member.args[0], sp.exp(right) if isinstance(member, sp.log) else sp.log(right)
        else:
            break
        member = inner
        found.append((member, right))
    return found


def meant_member(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> Formula:
    """Return the formula for the part of the left member that is the claim's quantity, as it is where there is none."""
    import sympy as sp

    if yours.expression is None or not points:
        return yours
    ours = lambda formula: _is_ours(formula, claim, points)  # noqa: E731
    complement = as_a_complement(yours, claim, ours)
    if complement is not yours:
        return complement
    if yours.member is None or not _is_one_name(*yours.member, claim):
        refuse_another_quantity(yours, claim, ours)
    refuse_noise_twice(yours, claim, points, ours)
    if _is_settled(yours, claim, ours):
        return dataclasses.replace(yours, unread=(), sides=(), member=None)
    if yours.member is None:
        yours = over_its_law(yours, claim)
        yours = as_stated(yours, claim, ours)
        refuse_without_factor(yours, claim, ours)
        return _known_member(yours, claim, points)
    from solvable.analysis.derivation.understood import written

    member, name = yours.member
    if isinstance(member, sp.Limit):
        member = _in_the_limit(member, claim)
    if isinstance(member, sp.Add) and _is_ours(yours, claim, points):
        number = member.as_coeff_Add()[0]
        if number and member - number == name**2 and not re.search(r"1 \+|[+−] 1", claim.statement):
            raise _right_side_alone(yours, member)
        if _is_taken_off(member, name) and not _are_both_from_one(member, name, yours, claim):
            raise _right_side_alone(yours, member)
        return yours
    if _is_exponent(member, name, claim) or _is_one_name(member, name, claim):
        return dataclasses.replace(yours, unread=(), member=None)
    found, parts = [], _inversions(member, name, yours.expression)
    if parts and str(name).startswith(_SQUARED_NORMS) and stated_powers(claim).get("norm") == 1:
        parts = [(sp.sqrt(part), sp.sqrt(value)) for part, value in parts[-1:]]  # \|w\|^4 = ..: the norm is asked
    for part, value in parts:
        names = frozenset(map(str, value.free_symbols)) - {str(symbol) for symbol in yours.implicit}
        solved = dataclasses.replace(
            yours, expression=value, names=names, rounded=None, decimals={}, unread=(), outline=None, member=None,
            read_as=f"{written(part)} = {written(value)}",
        )  # fmt: skip
        if _is_ours(solved, claim, points) or part == sp.sqrt(name):
            return solved
        found.append(solved)
    if not isinstance(member, sp.Add) and _is_ours(yours, claim, points):
        factor, rest = member.as_independent(name, as_Add=False)
        plain = rest == name or isinstance(rest, sp.Add)
        least = member.func.__name__ in ("least_value", "greatest_value") and member.args[0].expr == name
        if least and is_about_an_extremum(claim):
            return yours
        if member == name or (str(name) == EXPONENTIAL_OF and member == sp.log(name)):
            return yours
        if plain and _is_stated_factor(factor, claim):
            return yours
        if rest == name and str(name) == MEAN_OF and _belongs_to_a_mean(factor, claim):
            return yours
        if rest == name and str(name) == DESIGN_OF and not _shares_names(factor, yours.expression / factor):
            return yours  # noise does not enter what a statistic of inputs is: it is multiplied by it
        raise _right_side_alone(yours, member)
    if str(name) == EXPONENTIAL_OF and member == sp.log(name):
        return dataclasses.replace(yours, unread=(), member=None)
    if str(name) == MEAN_OF and member != name and _belongs_to_a_mean(member / name, claim):
        return dataclasses.replace(yours, unread=(), member=None)
    plain = found and found[-1].read_as.startswith(f"{written(name)} = ")
    if isinstance(member, sp.Add) or not plain:
        return yours
    strange = found[-1].names - (known_names(claim) or found[-1].names)
    if strange:
        why = f"left of = stands {written(member)}, which holds {min(strange)}: the claim has no such name"
        raise refuse("formula", yours.text, why)
    return found[-1]


def _is_settled(yours: Formula, claim: Claim, agrees: Callable[[Formula], bool]) -> bool:
    """Whether the one left member that is not compared is the claim's quantity by its form, or by the name it has."""
    if len(yours.unread) != 1 or yours.relation not in ("=", "->"):
        return False
    left = left_text(yours.text)
    right: Any = yours.expression
    if is_a_difference(left) and agrees(dataclasses.replace(yours, expression=-right, rounded=None, decimals={})):
        why = f"left of = stands {yours.unread[0]}, and the right side is ours with the other sign: give ours"
        raise refuse("formula", yours.text, why)
    if is_the_quantity(left, claim):
        return True
    if yours.sides or yours.relation != "=" or yours.member is None or yours.named[1] != 1:
        return False
    if not names_the_claim(yours.named[0], claim):
        return False
    factor = yours.member[0] * yours.member[1]  # \eta_{eff} := \eta/x, in a name x that the claim has not
    stem = yours.named[0].partition("_")[0]
    return str(factor) in (stem, *translations(claim, stem)) and agrees(yours)


def _right_side_alone(yours: Formula, member: Any) -> ValueError:
    from solvable.analysis.derivation.understood import written

    why = f"left of = stands {written(member)}, and the right side alone is ours: give the quantity itself"
    return refuse("formula", yours.text, why)


def _is_taken_off(member: Any, name: Any) -> bool:
    """Whether a sum falls as a name in it grows, 1 - V/sigma^2: it is not what an author calls by that name."""
    return any(part.has(name) and part.could_extract_minus_sign() for part in member.args)


def _are_both_from_one(member: Any, name: Any, yours: Formula, claim: Claim) -> bool:
    """Whether 1 - a^2 = 1 - e^-t stands there, for a claim whose value is written so and which is no probability."""
    right: Any = yours.expression
    if not (right.is_Add and 1 in right.args and member == 1 - name**2):
        return False
    return "1 −" in claim.statement and not OF_PROBABILITIES.search(f"{claim.name} {claim.statement}")


def _is_exponent(member: Any, name: Any, claim: Claim) -> bool:
    """Whether a left member is log(R)/log(n), in the size of a rate."""
    import sympy as sp

    size = in_known(claim, str(claim.size), known_names(claim) or set())
    return claim.kind is Kind.RATE and bool(size) and member == sp.log(name) / sp.log(parse(size[0]))


def _is_one_name(member: Any, name: Any, claim: Claim) -> bool:
    r"""Whether n\lambda^*, by what the author's letter is in ours (ridge/n), is one name, and no parameter."""
    letter = re.sub(r"_?(?:star|opt|c)$", "", str(name))
    put = [member.xreplace({name: parse(ours)}) for ours in translations(claim, letter)] if member != name else []
    return any(each.is_Symbol and str(each) not in claim.grid[0] for each in put)


def _in_the_limit(member: Any, claim: Claim) -> Any:
    """Return what a limit is of, with its variable by our name."""
    known = known_names(claim) or set()
    ours = in_known(claim, str(member.args[1]), known)
    return member.args[0].xreplace({member.args[1]: parse(ours[0])}) if ours else member.args[0]


def _known_member(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> Formula:
    """Return the formula solved for the quantity where that is a name of the claim and stands in a left member.

    The equality of the two sides has been seen to hold; what it gives for the quantity is compared as any formula is.
    """
    right: Any = yours.expression
    if not yours.sides or _is_ours(yours, claim, points):
        return yours
    for side in yours.sides:
        for name in sorted(side.free_symbols | right.free_symbols, key=str):
            alone = dataclasses.replace(yours, expression=name, names=frozenset({str(name)}), rounded=None, decimals={})
            if name in (side, right) or not _is_ours(alone, claim, points):
                continue
            if side.count(name) != 1 or right.has(name):  # an equation that it solves
                names = frozenset(map(str, side.free_symbols | right.free_symbols)) - {str(name)}
                return dataclasses.replace(alone, names=names, implicit={name: name + side - right},
                                           sides=(), outline=None)  # fmt: skip
            part, value = _inversions(side, name, right)[-1]
            if part == name and value != name:
                names = frozenset(map(str, value.free_symbols))
                from solvable.analysis.derivation.understood import written

                return dataclasses.replace(alone, expression=value, names=names, sides=(), outline=None,
                                           read_as=f"{written(name)} = {written(value)}")  # fmt: skip
    return yours


def _shares_names(factor: Any, rest: Any) -> bool:
    import sympy as sp

    return bool(factor.free_symbols & sp.cancel(rest).free_symbols) or not factor.free_symbols


def solved_for_ours(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> Formula | None:
    """Return an equation that does not hold as one for the claim's quantity, where that stands in it; else nothing."""
    if len(yours.sides) != 1 or yours.expression is None or yours.implicit:
        return None
    residual = yours.sides[0] - yours.expression
    for name in sorted(residual.free_symbols, key=str):
        alone = dataclasses.replace(yours, expression=name, names=frozenset({str(name)}), rounded=None, decimals={})
        if str(name) not in claim.grid[0] and _is_ours(alone, claim, points):
            names = frozenset(map(str, residual.free_symbols)) - {str(name)}
            return dataclasses.replace(alone, names=names, implicit={name: name + residual}, sides=(), outline=None)
    return None


def _belongs_to_a_mean(factor: Any, claim: Claim) -> bool:
    """Whether a factor of a statistic is one over a size, or one that the claim states, or both: n/d."""
    import sympy as sp

    if _is_stated_factor(factor, claim) or _is_over_noise(1 / factor, claim) or _is_one(1 / factor, claim):
        return True
    return any(_is_one_over_a_size(sp.cancel(factor / stated)) for stated in (1, *stated_factors(claim)))


def _is_one(divisor: Any, claim: Claim) -> bool:
    """Whether a divisor is a quantity that is 1 by the claim's assumptions: E[x]/y, "the measurement is 1"."""
    rows = [row for row in declared(claim.family) if row.sign == str(divisor)]
    return any(f"the {row.meaning.split(',')[0]} is 1" in claim.assumptions for row in rows)


def _is_over_noise(divisor: Any, claim: Claim) -> bool:
    """Whether a divisor is the variance of a noise of which the claim states a share."""
    import sympy as sp

    squared = isinstance(divisor, sp.Pow) and divisor.exp == 2 and str(divisor.base).split("_")[0] == "sigma"
    return squared and _SHARE_OF_NOISE.search(claim.statement) is not None


def _is_one_over_a_size(factor: Any) -> bool:
    return bool((1 / factor).is_Symbol) and str(1 / factor) in names_of_kind("size")


def _is_stated_factor(factor: Any, claim: Claim) -> bool:
    """Whether the claim says that its value is the quantity times a factor: n times the error, for each dimension."""
    import sympy as sp

    return any(sp.cancel(stated / factor) == 1 for stated in stated_factors(claim))


def _is_ours(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> bool:
    try:
        rows = [(float(claim.predict(**point)), float(yours(known_values(claim, dict(point)))))
                for point in points[:_TRIED]]  # fmt: skip
    except OutOfTime:
        return False
    return all(abs(found - ours) <= _SAME * abs(ours) for ours, found in rows)
