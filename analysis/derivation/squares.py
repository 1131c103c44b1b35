"""Whether an author's left member is what the claim is about, its square or its root: sigma_w = .. for sigma_w².

What the claim calls its own value stands in its statement (σ_w² = ..), or is a quantity of its equations; else the
words of the statement say whether it is a square (a variance, a squared length), and both powers are tried.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from solvable.analysis.derivation.formula import Formula, read_formula
from solvable.analysis.derivation.known import is_ours, known_values
from solvable.analysis.derivation.plain import plain_from_text
from solvable.analysis.derivation.translation import known_names
from solvable.analysis.verification.claim import Claim
from solvable.solvers.validate import refuse

__all__ = ["as_stated", "stated_powers"]

_STATED = re.compile(r"([^\s=,;:(]+)\s=\s")
_ENDS = re.compile(r"[,;:]|\s(?:for|with|where|and|at|in|of|up)\b|$")
_SQUARES = re.compile(r"[Ss]quare|[Vv]ariance|[Mm]oment|[Pp]ower\b|[Ss]pread|²")
_RISKS = (
    "E",
    "R",
    "L",
    "V",
    "eta",
    "rho",
    "p",
    "P",
    "err",
    "loss",
    "risk",
    "error",
    "MSE",
    "mse",
)  # no author squares them to name them
_ROOTS = ("sigma", "std", "sd", "norm", "RMSE", "rmse", "rms")  # what is named beside its square
_CELLS, _SAME = 3, 1e-9  # at which a statement is read


def as_stated(yours: Formula, claim: Claim, agrees: Callable[[Formula], bool]) -> Formula:
    """Return the formula for the power of the left member that the claim states.

    Raises
    ------
    ValueError
        Where the right side alone is ours, and the left member says that its root or its square should be.
    """
    import sympy as sp

    base, power = yours.named
    if yours.expression is None or yours.relation not in ("=", "->") or (not base and power == 1):
        return yours
    stated = stated_powers(claim).get(base, 0)
    wanted = stated or _power_in_words(base, power, claim)
    if wanted == power:
        return yours
    whole = base if power == 1 else f"{base or 'a name'}**2"
    value: Any = yours.expression ** sp.Rational(wanted, power)
    raised = dataclasses.replace(
        yours, expression=value, rounded=None, decimals={}, unread=(),
        outline=None, read_as=f"{whole} = {yours.read_as.partition('; left of it')[0]}",
    )  # fmt: skip
    if not value.has(sp.I) and (stated or agrees(raised)):
        return raised
    if agrees(yours):
        other = "root" if power == 2 else "square"
        why = f"left of = stands {whole}, and the right side alone is what the claim states of its {other}"
        raise refuse("formula", yours.text, why)
    return yours


def _power_in_words(base: str, power: int, claim: Claim) -> int:
    """Power at which the claim states a name of the author's, as far as its words say; else the author's."""
    stem = base.partition("_")[0]
    squares = _SQUARES.search(claim.statement) is not None
    if power == 2:
        kept = stem not in _RISKS and (squares or stem in _ROOTS)
        return 2 if kept else 1
    return 2 if stem in _ROOTS and squares and "singular" not in claim.statement else 1


def stated_powers(claim: Claim) -> dict[str, int]:
    """Names by which a claim calls its own value, and at which power: of its statement, its equations, its choices."""
    chosen = set.intersection(*({value for value in cell.values() if isinstance(value, str)} for cell in claim.grid))
    found = dict.fromkeys(chosen & set(_ROOTS), 1)  # at quantity = norm the value is the norm
    found |= {name: 1 for name in (known_names(claim) or set()) - set(claim.grid[0]) if is_ours(claim, name)}
    for match in _STATED.finditer(claim.statement):
        head, behind = match[1], claim.statement[match.end() :].rstrip(".")
        name = _named(head)
        if name[0] and any(_holds(claim, behind[: end.start()]) for end in _ENDS.finditer(behind)):
            found[name[0]] = name[1]
    return found


def _named(head: str) -> tuple[str, int]:
    """Name and power of what stands left of a sign in a statement; no name where that is none."""
    try:
        return plain_from_text(f"{head} = 1").named
    except ValueError:
        return "", 1


def _holds(claim: Claim, text: str) -> bool:
    """Whether a formula is the claim's value at its first cells."""
    try:
        formula = read_formula(text, claim)
        for cell in claim.grid[:_CELLS]:
            point = claim.draw(np.random.default_rng(0), dict(cell))
            ours, found = float(claim.predict(**point)), float(formula(known_values(claim, point)))
            if not abs(found - ours) <= _SAME * abs(ours):
                return False
    except ValueError:
        return False
    return True
