r"""What an author states of letters behind a formula: conventions, script functions, laws by densities.

``0^0 := 1``, ``\mathcal L(\theta) = ..`` with ``\mathcal L''(1)`` before it, ``d\mu(s) = f(s)\,ds + a\,\delta_0(ds)``
under ``\int g\,d\mu(s)``: each is put where it is used, or left out where it only says what is meant anyway.
"""

from __future__ import annotations

from solvable.analysis.derivation.latex_tokens import TEXTS, Token, levels, tokens_of
from solvable.analysis.derivation.latex_words import LETTER_STYLES

__all__ = ["parts_behind", "with_statements"]

_ENDS, _WORDS = (",", ";", r"\quad", r"\\"), (r"\text", r"\textrm", r"\mbox", r"\textnormal")
_CONVENTIONS = ("0^0=1", r"0\log0=0", r"0\ln0=0")  # values that limits have too


def with_statements(tokens: list[Token]) -> list[Token]:
    """Return the tokens with what is stated of the author's letters put where it is used."""
    for step in (_without_conventions, _with_plain_functions, _with_densities):
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


def _with_densities(tokens: list[Token]) -> list[Token]:
    r"""Put d\mu(s) = f(s)\,ds + a\,\delta_0(ds) where an integral is over that law: between the ends of its support."""
    texts = [t.text for t in tokens]
    for start, end in parts_behind(tokens):
        cut = next((i for i in range(start, end) if texts[i] == "="), 0)
        left = [text for text in texts[start:cut] if text != ":"]
        if left[:1] != ["d"] or left[-3:-2] != ["("] or left[-1:] != [")"] or r"\int" not in texts[:start]:
            continue
        law, variable = left, left[-2]
        density, mass = _continuous_and_atom(tokens[cut + 1 : end], variable)
        ends = _support(density, variable)
        rest = [*tokens[:start], *tokens[end:]]
        places = [i for i in range(len(rest)) if [t.text for t in rest[i : i + len(law)]] == law]
        if not density or ends is None or not places:
            return tokens
        for behind in reversed(places):
            first = max((i for i in range(behind) if rest[i].text == r"\int"), default=-1)
            body = rest[first + 1 : behind]
            if first < 0 or not body or {body[0].text} & {"_", "^", r"\limits"} or "d" in [t.text for t in body]:
                return tokens
            whole = [
                *_cut(r"( \int _ {"), *ends[0], *_cut("} ^ {"), *ends[1], *_cut("} ("), *body, *_cut(") ("), *density,
                *_cut(f") d {variable}"),
            ]  # fmt: skip
            if mass:
                zero = [*_cut(rf"\lim _ {{ {variable} \to 0 }} ["), *body, *_cut("]")]
                whole += [*_cut("+ ("), *mass, *_cut(")"), *zero]
            rest = [*rest[:first], *whole, *_cut(")"), *rest[behind + len(law) :]]
        return _with_densities(rest)
    return tokens


def _cut(text: str) -> list[Token]:
    return list(tokens_of(text))


def _continuous_and_atom(tokens: list[Token], variable: str) -> tuple[list[Token], list[Token]]:
    r"""Density in front of ds, and the mass in front of \delta_0(ds); empty where it is not written so."""
    depth = [level for _, _, level in levels(tokens)]
    texts = [t.text for t in tokens]
    cut = next((i for i in range(len(texts)) if texts[i : i + 2] == ["d", variable] and depth[i] == 0), 0)
    density, atom = tokens[:cut], texts[cut + 2 :]
    if not atom:
        return density, []
    mark = [r"\delta", "_", "0", "(", "d", variable, ")"]
    if atom[0] != "+" or atom[-len(mark) :] != mark:
        return [], []
    return density, tokens[cut + 3 : len(tokens) - len(mark)]


def _support(density: list[Token], variable: str) -> tuple[list[Token], list[Token]] | None:
    r"""Ends between which \sqrt{(b-s)(s-a)} is real; None where that root is not in the density."""
    texts = [t.text for t in density]
    for at in (i for i, text in enumerate(texts) if text == r"\sqrt" and texts[i + 1 : i + 2] == ["{"]):
        level = [n for _, _, n in levels(density[at + 1 :])]
        inside = density[at + 2 : at + 1 + level.index(0)] if 0 in level else []
        marks = [i for i, text, n in levels(inside) if n == 0 and text == ")"]
        if len(marks) != 2 or marks[1] != len(inside) - 1 or [t.text for t in inside[:1]] != ["("]:
            continue
        above, below = None, None
        for factor in (inside[1 : marks[0]], inside[marks[0] + 2 : marks[1]]):
            words = [t.text for t in factor]
            if words[-2:] in (["-", variable], ["−", variable]) and not {"+", "-"} & set(words[:-2]):
                above = factor[:-2]
            elif words[:2] in ([variable, "-"], [variable, "−"]) and not {"+", "-"} & set(words[2:]):
                below = factor[2:]
        if above and below:
            return below, above
    return None
