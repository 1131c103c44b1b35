r"""What an author states of letters behind a formula: conventions and script functions.

``0^0 := 1``, ``\mathcal L(\theta) = ..`` with ``\mathcal L''(1)`` before it: each is put where it is used, or left out
where it only says what is meant anyway.
"""

from __future__ import annotations

from solvable.analysis.derivation.latex_tokens import TEXTS, Token, levels
from solvable.analysis.derivation.latex_words import LETTER_STYLES

__all__ = ["parts_behind", "with_statements"]

_ENDS, _WORDS = (",", ";", r"\quad", r"\\"), (r"\text", r"\textrm", r"\mbox", r"\textnormal")
_CONVENTIONS = ("0^0=1", r"0\log0=0", r"0\ln0=0")  # values that limits have too


def with_statements(tokens: list[Token]) -> list[Token]:
    """Return the tokens with what is stated of the author's letters put where it is used."""
    for step in (_without_conventions, _with_plain_functions):
        tokens = step(tokens)
    return tokens


def parts_behind(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where the parts behind the formula begin and end; words between them belong to none."""
    found, start, inside = list[tuple[int, int]](), len(tokens), False
    for place, text, level in levels([*tokens, Token(",")]):
        words = text in _WORDS and tokens[place - 1].text not in (r"\sim", "=")
        if level == 0 and (text in _ENDS or words):
            found += [(start, place)] if start < place else []
            start, inside = place + 1, words
        elif inside and level == 0:
            start, inside = place + 1, False
    return found


def _without_conventions(tokens: list[Token]) -> list[Token]:
    """Take out that 0^0 is 1 and 0 log 0 is 0."""
    for start, end in parts_behind(tokens):
        said = "".join(t.text for t in tokens[start:end] if t.text not in ("{", "}", ":", "(", ")", "."))
        if said in _CONVENTIONS:
            return _without_conventions([*tokens[:start], *tokens[end:]])
    return tokens


def _with_plain_functions(tokens: list[Token]) -> list[Token]:
    r"""Write \mathcal L as L where \mathcal L(\theta) = .. is stated, and no plain L stands beside it."""
    for start, end in parts_behind(tokens):
        style = tokens[start].text
        body = [t for t in tokens[start + 1 : end] if t.text not in ("{", "}")]
        if style.removeprefix("\\") not in LETTER_STYLES or [t.text for t in body[1:2] + body[3:4]] != ["(", ")"]:
            continue
        letter = body[0].text
        if [t.text for t in body[4:5]] not in (["="], [":"]) or not letter.isalpha():
            continue
        styled = _styled(tokens, style, letter)
        lone = [t.text for t in _outside_of_words(tokens)].count(letter) == len(styled)
        called = all(tokens[b].text in ("(", "'", "^", "[") for _, b in styled)
        if lone and called and len(styled) > 1:
            for a, b in reversed(styled):
                tokens = [*tokens[:a], Token(letter, False, tokens[a].spaced), *tokens[b:]]
            return _with_plain_functions(tokens)
    return tokens


def _outside_of_words(tokens: list[Token]) -> list[Token]:
    """Tokens that stand in no text, in which letters spell words."""
    found, inside, outer = list[Token](), False, 0
    for place, text, level in levels(tokens):
        opened = text == "{" and place > 0 and tokens[place - 1].text in TEXTS
        if not inside and not opened:
            found.append(tokens[place])
        outer = level - 1 if opened and not inside else outer if inside else level
        inside = (inside or opened) and level > outer
    return found


def _styled(tokens: list[Token], style: str, letter: str) -> list[tuple[int, int]]:
    r"""Where \mathcal L, with braces or without, begins and ends."""
    found = []
    for at, token in enumerate(tokens):
        for form in ([letter], ["{", letter, "}"]):
            end = at + 1 + len(form)
            if token.text == style and [t.text for t in tokens[at + 1 : end]] == form and end < len(tokens):
                found.append((at, end))
    return found
