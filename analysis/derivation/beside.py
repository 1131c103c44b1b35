r"""What stands beside a formula and is not in it, where it contradicts the claim: an agreement is refused then.

Equations that the formula does not use, laws of the noise with another variance, the smaller root of an equation, and
words of a sentence that name another quantity or another size would each count for nothing in the comparison.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.latex_words import GREEK
from solvable.analysis.derivation.other_quantities import left_text
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.derivation.translation import known_names
from solvable.analysis.verification.claim import Claim
from solvable.solvers.validate import refuse

__all__ = ["refuse_contradictions"]

_PLACES, _SAME = 4, 1e-8
_MATHEMATICS = re.compile(r"\$\$?[^$]*\$\$?|\\\(.*?\\\)|\\\[.*?\\\]", re.S)
_INSTEAD = re.compile(r"(?i)\b(?:replac\w+|instead of|doubles|doubled|halves|halved)\b")
_SIZES = "samples|rows|steps|points|observations|dimensions|generations|data points|features"
_OTHER_SIZE = re.compile(rf"\$([^$=<>\\\\,]*(?:\d|[+-])[^$=<>\\\\,]*)\$ (?:{_SIZES})\b")
_SUBJECT = re.compile(r"(?i)\b(?:the|its|their) ([a-z][a-z -]{1,60}?)(?: of [a-z -]+)? "
                      r"(?:is|equals|becomes|reads|tends to|converges to|gives)\b[a-z ]*$")  # fmt: skip
_OTHER_ROOT = re.compile(r"\b(?:negative|smaller|smallest|lesser|least)\s*(?:real)?\s*(?:solution|root)\b")
_POSITIVE_ROOT = re.compile(r"\b(?:positive|larger|largest|greater|greatest)\b")
_NOISE = r"\\(?:varepsilon|epsilon|xi)(?:_(?:\w|\{[^{}]*\}))?"
_SPREADS = (
    re.compile(
        _NOISE + r"\s*\\sim\s*(?:\\(?:mathcal|mathrm|mathsf|text)\s*\{?\s*)?N\}?\s*\\?[(]\s*0\s*,\s*([^()]*?)\\?[)]"
    ),
    re.compile(r"(?:\\operatorname|\\mathrm|\\text)\{Var\}\s*[\[(]?\s*" + _NOISE + r"\s*[\])]?\s*=\s*([^,;.$]*)"),
    re.compile(r"(?:\\mathbb\s*\{?\s*E\}?|\\E|\bE)\s*[\[(]?\s*" + _NOISE + r"\^\{?2\}?\s*[\])]?\s*=\s*([^,;.$]*)"),
)
_IDENTITY = re.compile(
    r"\\(?:mathrm|mathbf|mathbb)\s*\{?I\}?(?:_\w|_\{\w+\})?|I(?:_\w|_\{\w+\})?$|\\[,;! ]|\\text.*|\s"
)
_A_SQUARE = re.compile(r"(?:\\[a-z]+|[a-z])(?:_(?:\w|\{[^{}]*\}|\\[a-z]+))?\^\{?2\}?(?:_(?:\w|\{[^{}]*\}))?|1")

# a quantity, and what a claim must speak of where a sentence says that its formula is one
_KINDS = (
    (r"train(?:ing)?|in-sample|empirical", r"train|fitted|in-sample|empirical"),
    (r"bias", r"bias|square"),
    (r"variance", r"varian|spread|scatter|noise|share|\bvar\b|\bV\b"),
    (r"standard deviation", r"standard deviation|\bsd\b"),
    (r"accuracy", r"accura|right|correct"),
    (r"derivative|slope", r"derivative|slope|rate|gradient|exponent"),
)


def refuse_contradictions(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a formula that agrees where what stands beside it says something else."""
    why = (_of_equations(yours, claim, points) or _of_numbers(yours, claim) or _of_roots(yours)
           or _of_the_noise(yours, claim) or _of_words(yours, claim))  # fmt: skip
    if why:
        raise refuse("formula", yours.text, f"{why}: give the formula alone, if that is what is meant")


def _of_equations(yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]]) -> str:
    """Where an equation for a quantity of ours that is not in the formula does not hold for it."""
    for symbol in yours.implicit:
        if yours.expression is None or symbol in _outside_derivatives(yours.expression):
            continue  # a derivative is one of ours
        alone = dataclasses.replace(yours, expression=symbol, sides=(), rounded=None,
                                    decimals={})  # fmt: skip
        for point in points[:_PLACES]:
            values = dict(known_values(claim, dict(point)))
            if str(symbol) not in values:
                break
            ours = float(values.pop(str(symbol)))
            try:
                found = float(alone(values))
            except (ArithmeticError, ValueError):  # 0/0 at a place
                continue
            if not abs(found - ours) <= _SAME * abs(ours):
                return f"the equation for {symbol} beside it does not give ours"
    return ""


def _outside_derivatives(expression: Any) -> set[Any]:
    """Symbols that stand in no derivative."""
    import sympy as sp

    taken = {part: sp.Integer(0) for part in expression.atoms(sp.Function) if part.func.__name__ == "derivative"}
    return set(expression.xreplace(taken).free_symbols)


def _of_numbers(yours: Formula, claim: Claim) -> str:
    """Where a letter of the left member, or a norm, is held at a number other than 0 and 1 that the formula has not."""
    del claim
    left = left_text(yours.text)
    for letter, number in re.findall(r"(?:[,;]|\\quad|\\text\{[^{}]*\})\s*(\\\|[^=|]*\\\|(?:_\w+)?\^2|[a-z])\s*=\s*"
                                     r"(\d+(?:\.\d+)?)\s*(?=$|[,;.$])", yours.text):  # fmt: skip
        unused = letter not in yours.words and letter not in yours.fixed
        bare = re.sub(r"\s", "", letter)
        held = bare.startswith("\\|") or re.search(rf"(?<![A-Za-z\\]){bare}(?![A-Za-z])", left) is not None
        if unused and held and float(number) not in (0, 1) and not _stands(bare, yours.text):
            return f"{letter} = {number} beside it is not in the formula"
    return ""


def _stands(letter: str, text: str) -> bool:
    """Whether a letter stands right of the first equals sign, apart from what it is held at."""
    right = re.sub(r"\s", "", text.partition("=")[2])
    return len(re.findall(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])(?!=)", right)) > 0


def _of_roots(yours: Formula) -> str:
    r"""Where words name the smaller or the negative solution of an equation that is not solved."""
    words = " ".join(re.findall(r"\\(?:text|mbox|textrm)\s*\{([^{}]*)\}", yours.text))
    found = _OTHER_ROOT.search(words)
    if found and not yours.implicit and yours.named[0] and not _POSITIVE_ROOT.search(words):
        return f"the {found[0]} of an equation is named, and the equation is compared at ours"
    return ""


def _of_the_noise(yours: Formula, claim: Claim) -> str:
    """Where the noise has another variance than the square of its letter."""
    known = known_names(claim) or set()
    for pattern in _SPREADS if "noise_variance" in known else ():
        for spread in pattern.findall(yours.text):
            said = _IDENTITY.sub("", spread)
            name = GREEK.get(said, said)
            ours = in_known(claim, name, known) if re.fullmatch(r"\w+", name) and not name.isdigit() else []
            if not said or _A_SQUARE.fullmatch(said) or (ours and ours[0] == "noise_variance"):
                continue
            return f"the noise has the variance {spread.strip()} beside it, which is none of ours"
    return ""


def _of_words(yours: Formula, claim: Claim) -> str:
    """Where a sentence names another quantity, another size, or something that is replaced."""
    if not _MATHEMATICS.search(yours.text) or not re.search(r"[a-z] [a-z]", _MATHEMATICS.sub("", yours.text)):
        return ""
    words = _MATHEMATICS.sub(" ", yours.text)
    found = _INSTEAD.search(words)
    if found:
        return f"the word {found[0]!r} may change what is stated"
    size = _OTHER_SIZE.search(yours.text)
    if size:
        return f"the sentence speaks of {size[1]}"
    about = f"{claim.name.replace('-', ' ')} {claim.statement}"
    for lead in re.split(_MATHEMATICS, yours.text)[:-1]:
        subject = _SUBJECT.search(re.split(r"[.;:]\s", lead)[-1].strip())
        for said, meant in _KINDS if subject else ():
            named = re.search(rf"(?i)\b(?:{said})\b", subject[1]) if subject else None
            if named and not re.search(rf"(?i){meant}", about):
                return f"the sentence speaks of the {named[0]}, and the claim does not"
    return ""
