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

Refuse = Callable[[str], ValueError]
_SIGMA = (r"\Sigma", "Σ")
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
    if not any({"(", r"\Sigma"} <= set(p.tokens) and ("^", "t") in pairwise(p.tokens) for p in phrases):
        return tokens
    tokens = _without_diagonal(tokens, refuse)
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


def _without_diagonal(tokens: list[Token], refuse: Refuse) -> list[Token]:
    r"""Take out D = \operatorname{diag}(\Sigma), which D is anyway."""
    for start, end in parts_behind(tokens):
        said = "".join(t.text for t in tokens[start:end] if t.text not in (*"{}:", r"\operatorname", *TEXTS))
        letter, sign, body = said.partition("=")
        if sign and letter in ("D", *_SIGMA):
            if letter != "D" or body.replace("\\", "") not in ("diag(Sigma)", "diagSigma", "Diag(Sigma)", "diag(Σ)"):
                raise refuse(f"{letter} is the claim's, and not {body}: write the formula in numbers")
            return _without_diagonal([*tokens[:start], *tokens[end:]], refuse)
    return tokens


def _bracket(tokens: list[Token], at: int) -> list[Token]:
    """Tokens within the round bracket that opens at a place."""
    if tokens[at].text != "(":
        return []
    close = next((i for i, _, level in levels(tokens[at:]) if level == 0), 0)
    return tokens[at + 1 : at + close] if close else []


def _scalars(tokens: list[Token]) -> list[tuple[str, list[Token]]]:
    """One-letter names that are defined behind the formula, with their bodies."""
    found = []
    for start, end in parts_behind(tokens):
        part = [t for t in tokens[start:end] if t.text != ":"]
        letter = part[0].text if part else ""
        lone = [t.text for t in part[1:2]] == ["="] and (letter in GREEK or (len(letter) == 1 and letter.isalpha()))
        if lone and letter not in _SIGMA and letter != "D":
            found.append((letter, part[2:]))
    return found


def _expanded(inner: list[Token], scalars: dict[str, list[Token]]) -> list[Token]:
    """What a bracket holds with the scalars' bodies in it; a sum stays in brackets."""
    found: list[Token] = []
    for place, token in enumerate(inner):
        body = scalars.get(token.text)
        plain = body is not None and [t.text for t in inner[place + 1 : place + 2]] not in (["_"], ["^"])
        if body is None or not plain or token.text in [t.text for t in body]:
            found.append(token)
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
