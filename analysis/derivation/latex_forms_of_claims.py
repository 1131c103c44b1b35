r"""Scalars within the matrices of a claim's own forms: c in \beta^\top D(\Sigma+cD)^{-1}\Sigma\beta.

Such a form is one quantity of the claim, found by its tokens. Within its brackets what the author defines is put for
its name, and a quantity has its shortest spelling: v of v := \max_jD_{jj} becomes \max D.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from solvable.analysis.derivation.latex_phrases import Phrase, longest_phrase
from solvable.analysis.derivation.latex_stated import parts_behind
from solvable.analysis.derivation.latex_tokens import TEXTS, Token, levels, tokens_of
from solvable.analysis.derivation.latex_words import GREEK

__all__ = ["with_scalars_in_forms"]

_ACCENTS = (r"\bar", r"\tilde", r"\hat", r"\widetilde", r"\widehat")
_MARKED = re.compile(
    r"(?:\\[a-z]+)?\{?\\?[A-Za-z]+\}?"
    r"(?:'|\^\{?\\prime\}?|\^\{?(?:\\star|\*)\}?|_\{?(?:\\[a-z]+\{)?\\?\w+\}?\}?)?"
)
Refuse = Callable[[str], ValueError]
_SIGMA = (r"\Sigma", "Σ")
_DIAGONALS = [  # the longest first
    [t.text for t in tokens_of(head + covariance)]
    for covariance in (r"(\Sigma)", r"[\Sigma]", r"\{\Sigma\}", r"{\Sigma}", r"\Sigma", "(Σ)")
    for head in (r"\operatorname{diag}", r"\mathrm{diag}", r"\text{diag}", r"\diag", r"\operatorname{Diag}",
                 r"\mathrm{Diag}", r"\Diag", r"\operatorname*{diag}")
]  # fmt: skip
_GREATEST = re.compile(r"\\(?:max|sup)(?:\\limits)?_\{?([k-m])\}?(?:D|\\Sigma|Σ)_\{\1\1\}")
_X = r"(\\?[A-Za-z]+)"
_ODDS = re.compile(  # against a probability, as authors write them
    rf"\\[td]?frac1-{_X}\1|\(1-{_X}\)/{_X}|\\[td]?frac1{_X}-1|1/{_X}-1|{_X}\^-1-1|\(1-{_X}\){_X}\^-1"
)


def with_scalars_in_forms(tokens: list[Token], phrases: tuple[Phrase, ...], refuse: Refuse) -> list[Token]:
    """Return the tokens with the scalars of brackets that hold the covariance written out, where a form holds them.

    Raises
    ------
    ValueError
        Where a matrix of the claim is said to be another: the form would be read with the claim's.
    """
    forms = [set(p.tokens) for p in phrases if ("^", "t") in pairwise(p.tokens)]
    if any("D" in form for form in forms):
        tokens = _without_diagonal(_with_plain_diagonal(tokens), refuse)
    if not any({"(", r"\Sigma"} <= form for form in forms):
        return tokens
    scalars = dict(_scalars(tokens))
    found, at = list[Token](), 0
    while at < len(tokens):
        inner = _bracket(tokens, at)
        held = [t.text for t in inner if t.text in _SIGMA]
        if not held or len(held) > 1:
            found.append(tokens[at])
            at += 1
            continue
        found += [tokens[at], *_spelled(list(_expanded(inner, scalars)), phrases), tokens[at + len(inner) + 1]]
        at += len(inner) + 2
    return found


def _with_plain_diagonal(tokens: list[Token]) -> list[Token]:
    r"""Write \operatorname{diag}(\Sigma) as D, \Sigma_{jj} as D_{jj}, and the greatest of them as that over j."""
    found, at, texts = list[Token](), 0, [t.text for t in tokens]
    for place, token in enumerate(tokens):
        entry = _GREATEST.match("".join(texts[place : place + 14])) if token.text in (r"\max", r"\sup") else None
        if entry is not None:
            tokens = [*tokens[:place], *_over_j(tokens[place : place + 14], entry[1]), *tokens[place + 14 :]]
            texts = [t.text for t in tokens]
    while at < len(tokens):
        held = next((form for form in _DIAGONALS if texts[at : at + len(form)] == form), None)
        index = texts[at + 1 : at + 6] if texts[at] in _SIGMA else []
        each = index[:2] == ["_", "{"] and index[4:] == ["}"] and index[2] == index[3] and index[2] in "ijklm"
        if held is not None or each:
            found.append(Token("D", False, tokens[at].spaced))
            at += 1 if held is None else len(held)
        else:
            found.append(tokens[at])
            at += 1
    return found


def _over_j(tokens: list[Token], index: str) -> list[Token]:
    """The greatest entry with the index j; what follows keeps its letters."""
    left, found = 3, list[Token]()
    for token in tokens:
        named = left > 0 and token.text == index
        found.append(Token("j", False, token.spaced) if named else token)
        left -= named
    return found


def _without_diagonal(tokens: list[Token], refuse: Refuse) -> list[Token]:
    r"""Take out D = \operatorname{diag}(\Sigma), which D is anyway."""
    for start, end in parts_behind(tokens):
        said = "".join(t.text for t in tokens[start:end] if t.text not in (*"{}:", r"\operatorname", *TEXTS))
        letter, sign, body = said.partition("=")
        if sign and letter in ("D", *_SIGMA):
            if letter != "D" or body != "D":  # as the diagonal of the covariance stands here
                raise refuse(f"{letter} is the claim's, and not {body}: write the formula in numbers")
            return _without_diagonal([*tokens[:start], *tokens[end:]], refuse)
    return tokens


def _bracket(tokens: list[Token], at: int) -> list[Token]:
    """Tokens within the round bracket that opens at a place."""
    if tokens[at].text != "(":
        return []
    close = next((i for i, _, level in levels(tokens[at:]) if level == 0), 0)
    return tokens[at + 1 : at + close] if close else []


def _scalars(tokens: list[Token]) -> list[tuple[tuple[str, ...], list[Token]]]:
    """Names of one letter, perhaps with marks, that are defined behind the formula, with bodies; longest first."""
    found = []
    for start, end in parts_behind(tokens):
        part = [t for t in tokens[start:end] if t.text != ":"]
        cut = next((i for i, t in enumerate(part) if t.text == "="), 0)
        name = tuple(t.text for t in part[:cut])
        letter = next((text for text in name if text not in _ACCENTS and text != "{"), "")
        lone = (letter in GREEK or (len(letter) == 1 and letter.isalpha())) and _MARKED.fullmatch("".join(name))
        if lone and letter not in _SIGMA and letter != "D":
            found.append((name, part[cut + 1 :]))
    return sorted(found, key=lambda each: -len(each[0]))


def _expanded(inner: list[Token], scalars: dict[tuple[str, ...], list[Token]]) -> list[Token]:
    """What a bracket holds with the scalars' bodies in it; a sum stays in brackets."""
    found: list[Token] = []
    at, texts = 0, tuple(t.text for t in inner)
    while at < len(inner):
        name = next((name for name in scalars if texts[at : at + len(name)] == name), ())
        body, end = scalars.get(name), at + max(1, len(name))
        plain = texts[end : end + 1] not in (("_",), ("^",), ("'",)) and texts[at - 1 : at] != ("_",)
        plain = plain and (len(name) > 1 or texts[max(0, at - 1) : at][-1:] not in [(accent,) for accent in _ACCENTS])
        own = body is not None and any(tuple(t.text for t in body)[i : i + len(name)] == name for i in range(len(body)))
        start, at = at, end
        if body is None or not plain or own:
            found += inner[start:end]
        elif _odds(body):
            found += _odds(body)
        elif any(text in ("+", "-", "−", "/") and level == 0 for _, text, level in levels(body)):
            found += [Token("("), *body, Token(")")]
        else:
            found += body
    return found


def _odds(tokens: list[Token]) -> list[Token]:
    r"""Tokens of \frac{1-x}{x} where that is what stands here; none for anything else."""
    said = _ODDS.fullmatch("".join(t.text for t in tokens if t.text not in "{}"))
    letters = {letter for letter in said.groups() if letter} if said else set()
    if len(letters) != 1:
        return []
    letter = letters.pop()
    return list(tokens_of(rf"\frac{{1-{letter}}}{{{letter}}}"))


def _spelled(inner: list[Token], phrases: tuple[Phrase, ...]) -> list[Token]:
    """What a bracket holds with the claim's quantities in their shortest spelling."""
    found, at = list[Token](), 0
    while at < len(inner):
        held = longest_phrase(phrases, inner, at)
        within = _bracket(inner, at)
        if _odds(within):
            found += _odds(within)
            at += len(within) + 2
            continue
        if held is None:
            found.append(inner[at])
            at += 1
            continue
        shortest = min((p.tokens for p in phrases if p.meaning == held[0].meaning), key=len)
        found += map(Token, shortest)
        at = held[1]
    return found
