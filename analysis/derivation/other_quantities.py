r"""Left members that by their own form are not the claim's quantity: its derivative, its complement, a part of it.

Where the right side alone is ours, a left member in strange names is taken as the author's name for it. That holds for
a name and for a mean; a derivative, c R, R/c, 1 - F, E[x]^2, an accuracy for an error say that it is something else.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.latex_words import ACCENTS, GREEK, IMPLIES
from solvable.analysis.derivation.quantity_members import (
    derivative_by_another,
    derivative_of_the_claim,
    is_another_sum,
    is_lowered,
)
from solvable.analysis.verification.claim import Claim, Kind
from solvable.solvers.validate import refuse

__all__ = ["OF_PROBABILITIES", "as_a_complement", "left_text", "refuse_another_quantity", "refuse_noise_twice"]

_SIGN = re.compile(
    r":?=|\\(?:to|rightarrow|longrightarrow|rightsquigarrow|leadsto|approx|simeq|sim|asymp|le|leq|ge|geq|x?rightarrow)(?![a-zA-Z])|[<>]"
)
_CUT = re.compile(r"[,;]|:(?!=)|\\text\{[^{}]*\}")
_SIZED = re.compile(r"\\(?:left|right|middle|[bB]igg?[lrm]?)(?![a-zA-Z])|\\[,;:! ]|[&~$]|\\limits|\\displaystyle")
_STYLED = re.compile(r"\\(?:math(?:bb|bf|cal|rm|sf|scr|frak|it)|text(?:rm|bf|it|sf)?|operatorname\*?|mbox)\s*"
                     r"(?:\{\s*([A-Za-z]+)\s*\}|([A-Za-z]))")  # fmt: skip
_SCRIPTS = r"(?:[_^](?:\{[^{}]*\}|\\[A-Za-z]+(?![a-zA-Z]) ?|[A-Za-z*+\d]|@\w+@))*"
_WRAPPED = re.compile(r"\\(?:begin|label|tag)\{[^{}]*\}|\\end\{[^{}]*\}")
_GREEK = rf"\\(?:{'|'.join(word[1:] for word in GREEK if word[:1] == chr(92) and word[1:] not in ('Delta', 'delta'))})"
_LETTER = rf"(?:{_GREEK}(?![a-zA-Z]) ?|[A-DF-OQ-Za-z])"
_ACCENTED = rf"\\(?:{'|'.join(ACCENTS)})(?![a-zA-Z])(?:\{{[^{{}}]*\}}| ?{_LETTER})"
_NAME = rf"(?:{_ACCENTED}|{_LETTER}){_SCRIPTS}"
_PRODUCT = re.compile(rf"(?:\\lim{_SCRIPTS})?{_NAME}{_NAME}")
_OVER = rf"(?:{_NAME}|P{_SCRIPTS})"
_QUOTIENT = re.compile(rf"(?:\\lim{_SCRIPTS})?(?:\\[dt]?frac\{{{_OVER}\}}\{{{_OVER}\}}|{_OVER}/{_OVER})")
_DERIVATIVE = re.compile(
    r"\\[dt]?frac\{(?:d|\\partial ?)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\{(?:d|\\partial ?)[A-Za-z\\]|"
    r"\\partial ?_|\\d?dot(?![a-z])|diff\("
)
_LOG_SLOPE = re.compile(r"\\[dt]?frac\{(?:d|\\partial ?)\\(?:ln|log)")
_OF_A_LONE_NAME = r"[^\[\]()+\-−,]*"
_SQUARED_MEAN = re.compile(rf"(?:\\?E{_SCRIPTS}[\[(]{_OF_A_LONE_NAME}[\])]|\\langle{_OF_A_LONE_NAME}\\rangle ?)"
                           r"\^(?:\{2\}|2)")  # fmt: skip
_MULTIPLE = re.compile(
    r"(?:\\[dt]?frac(?:\{\d+\}|\d)(?:\{\d+\}|\d)|\d+(?:\.\d+)?(?:/\d+)?(?![\d/^]))(?!\\(?:sum|int|\|))[\\A-Za-z(]"
)
_OF_A_MEAN = re.compile(rf"\\?E{_SCRIPTS}(?:[\[(]?\\sqrt|[\[(]\d+{_NAME}|[\[(]{_OF_A_LONE_NAME}[\])]\^(?!\{{?2\b))")
_SUM = re.compile(rf"\\sum{_SCRIPTS}{_NAME}")
_PER_DIMENSION = re.compile(r"\\[dt]?frac(?:1|\{1\})(?:d|\{d\})[^=]*(?:\\\||\\lVert)|[^/]*(?:\\\||\\lVert)[^/n]*/d$")
_COMPLEMENT = re.compile(r"1[-−]")
_MEAN_OF_EXPONENTIAL = re.compile(rf"(?:\\?E{_SCRIPTS}[\[({{\\]*|\\langle ?)(?:e\^|\\exp)")

_OF_DERIVATIVES = re.compile(r"(?i)derivative|gradient|slope|speed|velocity|density|flow|sensitiv")
_OF_RATIOS = re.compile(r"(?i)ratio|share|relative|fraction|in units|\bover\b|divided|normali[sz]|for each|per\b|times|"
                        r"kurtosis|factor|correlat|falls as|grows as|\bof the\b|\bcosine\b")  # fmt: skip
_OF_LOGARITHMS = re.compile(r"(?i)cumulant|logarithm|free energy|\blog\b|\bln\b")
_ERROR, _ACCURACY = re.compile(r"(?i)err(?:or|s)?\b|wrong|misclass"), re.compile(r"(?i)\bacc(?:uracy)?\b|correct")
_TRAIN, _TEST = re.compile(r"(?i)\b(?:train(?:ing)?|empirical)\b"), re.compile(r"(?i)\b(?:test|generali[sz]ation)\b")
_BIAS, _VARIANCE = re.compile(r"(?i)\bbias\b"), re.compile(r"(?i)\bvar(?:iance)?\b")
_EXCLUDING = ((_TRAIN, _TEST), (_TEST, _TRAIN), (_BIAS, _VARIANCE), (_VARIANCE, _BIAS),
              (_VARIANCE, re.compile(r"(?i)\bhas the mean\b|/\w+ mean$")),
              (re.compile(rf"(?:^|\s)\\?E{_SCRIPTS}[\[(]{_OF_A_LONE_NAME}[\])]$"),
               re.compile(r"(?i)\bhas the variance\b|/\w+ variance$")))  # fmt: skip
_AT_MOST = re.compile(r"P\([^()]*(?:\([^()]*\))?[^()]*≤")
_EVENT = re.compile(r"(?:\\Pr|\\?P)(?:_\{[^{}]*\}|_\w)?\\?[\[({](.*)\\?[\])}]")
OF_PROBABILITIES = re.compile(r"(?i)err(?:or|s)?\b|wrong|probab|\bP\(")
_EXCESS = re.compile(r"(?i)excess|variance|bias")


def left_text(text: str) -> str:
    r"""Left member of the first equation without spaces and styles; words in @, as in @Acc@; empty without one."""
    pieces = re.split(r"\${1,2}", text)
    if len(pieces) == 3 and re.search("[A-Za-z]{2}", pieces[0]):  # words in front of the one formula
        text = pieces[1]
    spaced = re.sub(r"\\q?quad(?![a-zA-Z])", ",", _SIZED.sub("", _WRAPPED.sub("", text.replace("\n", " "))))
    short = _STYLED.sub(lambda m: (m[1] or m[2]) if len(m[1] or m[2]) == 1 else f"@{m[1]}@", spaced)
    short = re.split(rf"(?:{'|'.join(map(re.escape, IMPLIES))})(?![a-zA-Z])", short)[-1]
    short = re.sub(r"(\\[A-Za-z]+) +(?=[A-Za-z])| +", lambda m: f"{m[1]} " if m[1] else "", short)
    for part in _parts(short):
        sign = _first_sign(part)
        if sign is None and not re.fullmatch(r"(?:\\forall)?\\?\w*", part):
            return ""  # the formula itself, with equations behind it
        if sign is not None and (sign[0].endswith("=") or not re.fullmatch(r"\\?\w+[+.]?", part[sign.end() :])):
            return part[: sign.start()]
    return ""


def _parts(text: str) -> list[str]:
    """Cut a text at commas, colons and arrows of implication outside of brackets."""
    level, start, parts, place = 0, 0, [], 0
    while place < len(text):
        level += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[place], 0)
        cut = _CUT.match(text, place) if level == 0 else None
        if cut:
            parts.append(text[start:place])
            start = place = cut.end()
        else:
            place += 1
    return [*parts, text[start:]]


def _first_sign(part: str) -> re.Match[str] | None:
    level = 0
    for place, letter in enumerate(part):
        level += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        sign = _SIGN.match(part, place) if level == 0 else None
        if sign:
            return sign
    return None


def refuse_another_quantity(yours: Formula, claim: Claim, agrees: Callable[[Formula], bool]) -> None:
    """Refuse a left member that is something else than the quantity which the right side alone is."""
    left = left_text(yours.text)
    plain = "\\" not in yours.text and re.fullmatch(r"\w*", left)  # a name of plain text
    read = plain or yours.implicit or yours.relation not in ("=", "->")
    why = _something_else(left, claim) if left and not read else ""
    why = "" if "sum of products" in why and not yours.unread else why  # an equation that is solved
    if "one minus" in why and _is_one_minus(yours) and not OF_PROBABILITIES.search(f"{claim.name} {claim.statement}"):
        why = ""  # 1 - a = 1 - e^-t, as the claim itself is written
    if why and agrees(yours):
        ours = "" if "claim" in why else ", and the right side alone is ours"
        raise refuse("formula", yours.text, f"left of = stands {why}{ours}")


def _is_one_minus(yours: Formula) -> bool:
    return bool(yours.expression is not None and yours.expression.is_Add and 1 in yours.expression.args)


def _something_else(left: str, claim: Claim) -> str:
    """What a left member is by its form, where the claim is about no such thing."""
    about = f"{claim.name} {claim.statement}"
    other = _of_another_kind(left, claim)
    if other:
        return f"{other}, and the claim is about another quantity"
    if derivative_by_another(left, claim):
        return "a derivative by another parameter than the claim's"
    derived = _OF_DERIVATIVES.search(about) or _of_a_rate(left, claim) or derivative_of_the_claim(left, claim)
    if _DERIVATIVE.match(left) and not derived:
        return "a derivative"
    if is_another_sum(left, claim):
        return "another sum or difference of its values"
    if is_lowered(left, claim):
        return "a change, where the claim says by how much that is lowered: it lacks its sign"
    if _SQUARED_MEAN.fullmatch(left) and not re.search("(?i)bias|square", about):
        return "the square of a mean"
    if _MEAN_OF_EXPONENTIAL.match(left) and _OF_LOGARITHMS.search(about):
        return "the mean of an exponential, not its logarithm"
    if _OF_A_MEAN.match(left) and not re.search("(?i)root|length|norm|distance|margin", about):
        return "another mean"
    if _SUM.fullmatch(left) and not re.search("(?i)sum|total|trace|add|(?-i:Σ)", about):
        return "a sum"
    if any(_PRODUCT.fullmatch(term) for term in re.split("[-+−]", left)[1:]) or (
        re.search("[-+−]", left) and _PRODUCT.match(left.partition("+")[0])
    ):
        return "a sum of products"
    complement = _COMPLEMENT.match(left) is not None
    if complement and _is_opposite(left[2:], claim):
        return ""
    if _is_opposite(left, claim):
        return "the probability of the opposite"
    if complement and re.fullmatch(rf"1[-−]{_NAME}(?:\([^()]*\))?", left):
        return "one minus a quantity"
    if _PER_DIMENSION.match(left) and "d" in claim.grid[0] and "dimension" not in claim.statement:
        return "a mean over dimensions"
    if re.fullmatch(rf"{_NAME}\(1[-+−].*\)", left):
        return "a product"
    multiple = _MULTIPLE.match(left)
    if multiple and re.fullmatch(rf"{_NAME}(?:\([^()]*\))?", left[multiple.end() - 1 :]):
        return "a multiple"
    if _PRODUCT.fullmatch(left) and not left.startswith("df") and not _OF_RATIOS.search(about):
        return "a product"
    if _QUOTIENT.fullmatch(left) and not _OF_RATIOS.search(about):
        return "a quotient"
    return ""


def _of_another_kind(left: str, claim: Claim) -> str:
    """A word in a left member, where the claim speaks of what that excludes: train for a test error, bias, variance."""
    named = left.replace("@", " ").replace("_", " ")
    for words, others in _EXCLUDING:
        found = words.search(named)
        called = claim.name.replace("-", " ")
        about = called if words.search(called) or others.search(called) else f"{called} {claim.statement}"
        if found and not others.search(named) and others.search(about) and not words.search(about):
            return found[0].strip()
    return ""


def _of_a_rate(left: str, claim: Claim) -> bool:
    return claim.kind is Kind.RATE and _LOG_SLOPE.match(left) is not None


def _is_opposite(left: str, claim: Claim) -> bool:
    """Whether a left member is the probability of what the claim's is not: right signs for wrong ones, > for ≤."""
    error, accuracy = (words.search(f"{claim.name} {claim.statement}") for words in (_ERROR, _ACCURACY))
    named = left.replace("@", " ").replace("_", " ")
    event = _EVENT.fullmatch(left)
    inside = "" if event is None else event[1]
    if error and not accuracy:
        hits = re.search(r"(?<![:<>])=", inside) is not None and "|" not in inside.partition("=")[0]
        return hits or (_ACCURACY.search(named) is not None and not _ERROR.search(named))
    if _AT_MOST.search(claim.statement):
        return re.search(r">|\\geq?(?![a-z])", inside) is not None and "<" not in inside
    return False


def as_a_complement(yours: Formula, claim: Claim, agrees: Callable[[Formula], bool]) -> Formula:
    """Return an equation for the probability of the opposite, or for one minus it, as one for the claim's own."""
    left = left_text(yours.text)
    if _COMPLEMENT.match(left) and _is_opposite(left[2:], claim):
        return dataclasses.replace(yours, unread=(), member=None)
    if yours.expression is None or yours.relation != "=" or not _is_opposite(left, claim) or agrees(yours):
        return yours
    return dataclasses.replace(
        yours, expression=1 - yours.expression, rounded=None, decimals={}, outline=None, unread=(), member=None,
        named=("", 1), read_as=f"1 - ({yours.read_as.partition('; left of it')[0]})",
    )  # fmt: skip


def refuse_noise_twice(
    yours: Formula, claim: Claim, points: Sequence[Mapping[str, Any]], agrees: Callable[[Formula], bool]
) -> None:
    """Refuse R - sigma^2 = .. for an error with its noise, and V + sigma^2 = .. for one without it.

    An error on noisy labels is nowhere below the variance of the noise; what is below it somewhere has no noise in it.
    """
    left = left_text(yours.text)
    taken, added = (
        re.search(r"(?<![\[({^])[-−](?=[^-−]+$)", left),
        re.search(r"(?:^|\+)\\?sigma_?\w*\^2\+|\+(?=\\?sigma)", left),
    )
    inside = left[: taken.start()] if taken else ""
    if taken and inside.count("(") + inside.count("{") + inside.count("[") != sum(map(inside.count, ")}]")):
        taken = None
    if not (taken or added) or re.match(r"\d", left) or not agrees(yours):
        return
    rows = [(claim.predict(**point), known_values(claim, point).get("noise_variance")) for point in points]
    noisy = [(float(ours), float(noise)) for ours, noise in rows if noise]
    includes = bool(noisy) and all(ours >= noise for ours, noise in noisy)
    if taken and includes and not _EXCESS.search(f"{claim.name} {claim.statement}"):
        why = "left of = stands a difference of errors, and the right side alone is the error with its noise"
        raise refuse("formula", yours.text, why)
    if added and noisy and not includes:
        why = "left of = stands a sum with the noise, and the right side alone is the error without it"
        raise refuse("formula", yours.text, why)
