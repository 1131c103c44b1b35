r"""Slips behind a left member that is not read, E(y - x'b)^2 = ..: named where no scale of the quantity explains them.

An author may write of c R, R/c, R^2, log R or R - c where the claim is about R, and is right. Such a right side is a
power or a logarithm of ours up to a factor in parameters or factors of the formula, or up to a whole term. That is
looked for by value: the logarithm of the ratio lies in the span of those of the factors. A slip is named only where it
does not, and where the member is one mean, norm or probability, with nothing in front of it.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.formula import Formula, read_formula
from solvable.analysis.verification.claim import Claim

__all__ = ["names_an_inside_slip"]

Array = NDArray[np.float64]
_RTOL, _SPARE, _TOGETHER = 1e-8, 3, 2  # points beyond the factors, so that no ratio is a product of powers by accident
_STATISTIC = re.compile(
    r"\\mathbb ?\{?[EPV]\}?|(?:\\(?:mathrm|mathsf|mathbf|operatorname) ?\{?)?(?:\\?(?:E|Var|Cov|P)|\\Pr|V)(?![A-Za-z])|"
    r"\\langle|\\\||\\lVert"
)
_FRACTION = re.compile(r"\\[dt]?frac ?\{(.*)\}\{(.*)\}")
_OUTER = re.compile(
    r"differs by|agrees without|another base|two slips|yours (?:is|lacks|[+-])(?! ours after)|a special case|leading"
)


def names_an_inside_slip(
    yours: Formula, claim: Claim, said: str | None, parts: tuple[str, ...], columns: Any, ours: Array, found: Array
) -> bool:
    """Whether what is said of a formula is a slip within it, and it is no rescaled quantity's right formula."""
    if yours.orders and len(parts) > 1:
        return False  # of the leading order of c R a slip of the constant and another may be seen
    if not said or not parts or _OUTER.search(said) or not all(map(_is_one_statistic, yours.unread)):
        return False
    try:
        return not _is_of_a_scale(yours, claim, columns, ours, found)
    except (OutOfTime, ArithmeticError, LookupError, TypeError, ValueError):
        return False


def _is_one_statistic(member: str) -> bool:
    """Whether a member is a mean, a norm or a probability, or a quotient of two, with nothing before or behind it."""
    quotient = _FRACTION.fullmatch(member)
    if quotient is not None:
        return all(re.match(r"\(*", part) and _is_one_statistic(_bare(part)) for part in quotient.groups())
    if _STATISTIC.match(member) is None:
        return False
    outside = _outside_of_brackets(member)
    return re.search(r"[-+−*/=]|\\cdot|\\frac", outside) is None


def _bare(part: str) -> str:
    """A denominator without the bracket and the power around it."""
    match = re.fullmatch(r"\((.*)\)\^\{?2\}?", part)
    return match[1] if match else part


def _outside_of_brackets(member: str) -> str:
    text = re.sub(r"\\langle.*?\\rangle|\\(?:\||lVert).*?\\(?:\||rVert)", "", member)
    while True:
        inner = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", text)
        if inner == text:
            return text
        text = inner


def _is_of_a_scale(yours: Formula, claim: Claim, columns: Any, ours: Array, found: Array) -> bool:
    """Whether yours is a simple function of ours as a whole."""
    good = np.isfinite(ours) & np.isfinite(found) & (ours != 0) & (found != 0)
    reference = None if claim.formula is None else read_formula(claim.formula, claim)
    used = {*claim.grid[0], *yours.names, *(() if reference is None else reference.names)}
    names = [column for name, column in columns.items() if name in used and _is_number(column)]
    bases = [np.asarray(column, dtype=float) for column in names]
    factors = {side: [*_values(formula, columns, "factors")] for side, formula in
               (("yours", yours), ("ours", reference)) if formula is not None}  # fmt: skip
    terms = [term for formula in (yours, reference) if formula is not None
             for term in _values(formula, columns, "terms")]  # fmt: skip
    a, b = ours[good], found[good]
    for power in _powers(a):
        for side in factors.values() or ([],):
            if _is_a_product(b / power, [base[good] for base in (*bases, *side)]):
                return True
        for gap in (b - power, b + power):
            if _is_a_product(gap, [base[good] for base in bases]):
                return True
            if any(_same(gap, sign * term[good]) for term in terms for sign in (1, -1)):
                return True
    return False


def _is_number(column: Any) -> bool:
    values = np.asarray(column)
    return values.dtype != object and bool(np.all(np.isfinite(values.astype(float))))


def _powers(ours: Array) -> Iterator[Array]:
    with np.errstate(all="ignore"):
        for values in (ours, ours**2, np.sqrt(ours), 1 / ours, np.log(np.abs(ours)), np.exp(ours), 1 - ours, 1 + ours,
                       1 - ours**2, ours / (1 + ours), ours / (1 - ours), np.log(np.abs(1 - ours))):  # fmt: skip
            if np.all(np.isfinite(values)) and np.all(values != 0):
                yield values


def _values(formula: Formula, columns: Any, which: str) -> Iterator[Array]:
    """Values of the factors of a formula, or of its terms, where it has more than one."""
    import sympy as sp

    whole: Any = formula.expression
    numerator, denominator = sp.fraction(sp.together(whole))
    if which == "factors":
        powers = [part.as_base_exp() for half in (numerator, denominator, whole) for part in sp.Mul.make_args(half)]
        every = [base for base, power in powers if not power.free_symbols]
    else:
        every = [*sp.Add.make_args(whole), *(term / denominator for term in sp.Add.make_args(sp.expand(numerator)))]
    for part in dict.fromkeys(every):
        if part.free_symbols and part != whole:
            names = frozenset(map(str, part.free_symbols)) - frozenset(map(str, formula.implicit))
            own = dataclasses.replace(formula, expression=part, names=names, rounded=None, decimals={}, outline=None)
            values = np.asarray(own.on(columns), dtype=float)
            yield values * np.ones(len(next(iter(columns.values()))))


def _is_a_product(ratio: Array, bases: list[Array]) -> bool:
    """Whether values are a constant times powers of the bases, seen from their logarithms."""
    if not np.all(np.isfinite(ratio)) or np.any(ratio == 0):
        return not np.any(ratio)
    if len(set(np.sign(ratio))) > 1:
        return False
    logs = [np.log(np.abs(base)) for base in bases if np.all(base != 0) and np.all(np.isfinite(base))]
    target = np.log(np.abs(ratio))
    room = len(ratio) - _SPARE - 1  # factors that so many points can tell from others
    groups = [logs] if len(logs) <= room else itertools.combinations(logs, max(0, min(room, _TOGETHER)))
    return any(_is_spanned(target, list(group)) for group in groups)


def _is_spanned(target: Array, logs: list[Array]) -> bool:
    matrix = np.array([np.ones(len(target)), *logs]).T
    rest = target - matrix @ np.linalg.lstsq(matrix, target, rcond=None)[0]
    return bool(np.max(np.abs(rest)) <= _RTOL * max(1.0, float(np.max(np.abs(target)))))


def _same(left: Array, right: Array) -> bool:
    return bool(np.all(np.abs(left - right) <= _RTOL * np.abs(right)))
