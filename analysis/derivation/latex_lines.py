"""What stands around a formula of LaTeX: lines, a range in brackets, and members of an equation that are none."""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import IMPLIES, LIMITS, PROPORTIONAL, RELATIONS, STATISTICS

__all__ = [
    "bracketed_range",
    "end_of_environment",
    "has_own_factor",
    "is_mean",
    "is_square",
    "is_statistic",
    "lines_joined",
    "with_matrices",
    "without_consequence",
    "without_number",
    "written",
]

_ABOVE, _BELOW = (">", r"\gt", r"\ge", r"\geq", r"\geqslant"), ("<", r"\lt", r"\le", r"\leq", r"\leqslant")
_OF_ITERATES = r"\\text(?:is|it|the|sgd|iterates?|loss|moment|second|weights?)*"
_DIVERGES = re.compile(rf"(?i){_OF_ITERATES}(?:diverg\w*|unstable|instability|blows?up)")
_CONVERGES = re.compile(rf"(?i){_OF_ITERATES}(?:converg\w*|stable|stability|bounded)")

_CARRY = (
    "+",
    "-",
    "−",
    "=",
    "*",
    "/",
    r"\cdot",
    r"\times",
    ",",
    ";",
    r"\le",
    r"\leq",
    r"\ge",
    r"\geq",
    "<",
    ">",
    r"\text",
    *LIMITS,
)

_ALIGNED = {*_CARRY, *RELATIONS, *LIMITS, *PROPORTIONAL, "&", r"\\", r"\quad", ":", "("}  # beside what & stands
_LONE_MEAN = r"(?:\\mathbb\{?|\\operatorname\{|\\mathrm\{|\\)E\}?[\[(][A-Za-z][\])]"  # E[x]: of a normal x it is 0
_E, _LETTER = r"(?:\\mathbb\{?|\\operatorname\{|\\mathrm\{|\\)?E\}?", r"[A-Za-z](?:_(?:\w|\{\w+\}))?"
_MOMENT = rf"{_E}[\[(](?:{_LETTER}|\({_LETTER}\))(?:\^(?:\{{\d\}}|\d))?[\])](?:\^(?:\{{\d\}}|\d))?"
_VARIANCE = rf"{_E}[\[(]({_LETTER})\^(?:2|\{{2\}})[\])][-−]{_E}[\[(]\1[\])]\^(?:2|\{{2\}})"
_DIVIDED_MEAN = re.compile(rf"\\[dt]?frac\{{{_LONE_MEAN}\}}.*|{_LONE_MEAN}/.*|"
                           rf"\\[dt]?frac\{{{_MOMENT}\}}\{{{_MOMENT}\}}|{_MOMENT}/{_MOMENT}|{_VARIANCE}")  # fmt: skip


def lines_joined(tokens: list[Token]) -> list[Token]:
    """Tokens without alignment; a new line carries a formula on before a sign, else it begins a definition.

    What stands in an environment within stays as it is.
    """
    kept: list[Token] = []
    level, begins = 0, False
    for place, token in enumerate(tokens):
        if begins and token.text in ("&", r"\quad"):
            continue  # indents a line
        begins = level == 0 and token.text == r"\\"
        level += {r"\begin": 1, r"\end": -1}.get(token.text, 0)
        beside = [t.text for t in (*tokens[place + 1 : place + 2], *kept[-1:])] if token.text == "&" else []
        if level or token.text not in ("&", r"\\") or (len(beside) == 2 and not _ALIGNED.intersection(beside)):
            kept.append(token)  # an & that aligns nothing is refused where it stands
        elif token.text == r"\\":
            ahead = [t.text for t in tokens[place + 1 :] if t.text not in ("&", r"\quad")][:1]
            before = [t.text for t in kept if t.text not in ("&", r"\quad")][-1:]
            if ahead and ahead[0] not in _CARRY and before and before[0] not in _CARRY:
                kept.append(Token(",", False, True))
    return kept


def end_of_environment(tokens: list[Token]) -> int:
    r"""Place of the \end that closes the environment which the tokens begin with; 0 where none does."""
    level = 0
    for place, token in enumerate(tokens):
        level += {r"\begin": 1, r"\end": -1}.get(token.text, 0)
        if level == 0:
            return place
    return 0


def bracketed_range(tokens: list[Token]) -> list[Token]:
    """Tokens without the brackets of ranges, which stand last or before a comma: f(x) (x > 0), g(x) (x < 0)."""
    level, ends = 0, []
    for place, token in enumerate(tokens[:-1]):
        level += {"(": 1, "[": 1, "{": 1, r"\begin": 1, ")": -1, "]": -1, "}": -1, r"\end": -1}.get(token.text, 0)
        if level == 0 and token.text == ")" and tokens[place + 1].text in (",", ";"):
            ends.append(place + 1)
    for end in reversed(ends):
        tokens = [*_last_bracketed(tokens[:end]), *tokens[end:]]
    return _last_bracketed(tokens)


def _last_bracketed(tokens: list[Token]) -> list[Token]:
    """Tokens whose last bracket, where it holds a comparison, is a range."""
    end = len(tokens)
    while end and tokens[end - 1].text in (".", ",", ";", r"\quad"):
        end -= 1
    if not end or tokens[end - 1].text != ")":
        return tokens
    level = 0
    for place in range(end - 1, 0, -1):
        level += {")": 1, "]": 1, "}": 1, "(": -1, "[": -1, "{": -1}.get(tokens[place].text, 0)
        if level == 0:
            break
    inner = tokens[place + 1 : end - 1]
    before = [t.text for t in tokens[max(0, place - 4) : place]]
    styled = before[-1:] == ["}"] and before[:1] != [] and before[0].startswith(r"\math") and before[1:2] == ["{"]
    before = ["", before[2]] if styled else before
    # the ends of a sum are no comparison
    signs = {*RELATIONS, r"\in", r"\to", "="}
    compares = any(text in signs and depth == 0 for _, text, depth in levels(inner))
    taken = before[-1:] in (["1"], ["I"], ["P"], [r"\Pr"]) and before != ["1"]  # an indicator, or a probability
    if level or taken or not compares:
        return tokens
    return [*tokens[:place], Token(",", False, True), *inner]


def without_consequence(tokens: list[Token]) -> list[Token]:
    r"""Tokens of a threshold without what happens beyond it, \eta > .. \Rightarrow E\|w\|^2 = \infty; else as they are.

    Above a threshold something diverges, below it stays finite; what else stands behind an arrow is not taken off.
    What holds above x says that the threshold is x at most.
    """
    arrows = [i for i, text, level in levels(tokens) if text in IMPLIES and level == 0]
    if len(arrows) != 1:
        return tokens
    first, rest = ([t for t in part if t.text != r"\quad"] for part in (tokens[: arrows[0]], tokens[arrows[0] + 1 :]))
    ends = (*RELATIONS, "=", *LIMITS, ",", ";")
    signs, behind = ([text for _, text, level in levels(part) if level == 0 and text in ends] for part in (first, rest))
    signs = [text for text in signs if text not in (",", ";")]
    if len(signs) != 1 or signs[0] not in (*_ABOVE, *_BELOW):
        return tokens
    above, texts = signs[0] in _ABOVE, [t.text for t in rest if t.text not in "{}"]
    if texts[:1] == [r"\text"]:
        told = (_DIVERGES if above else _CONVERGES).fullmatch("".join(texts)) is not None
    else:
        told = texts[-1:] == [r"\infty"] and len(behind) == 1
        told = told and (behind[0] in ("=", *LIMITS) if above else behind[0] == "<")
    if not told:
        return tokens
    bound = Token(r"\le" if above else r"\ge", False, True)
    return [bound if t.text == signs[0] else t for t in first]


def written(tokens: list[Token]) -> str:
    """LaTeX of tokens."""
    return "".join(t.text + (" " if t.text[:1] == "\\" and t.text[1:].isalpha() else "") for t in tokens).strip()


def without_number(tokens: list[Token]) -> list[Token]:
    """Tokens without the number of an equation behind a wide space: \\quad (12)."""
    texts = [t.text for t in tokens]
    numbered = texts[-4:-3] == [r"\quad"] and texts[-3:-2] == ["("] and texts[-1:] == [")"] and tokens[-2].number
    return tokens[:-4] if numbered else tokens


def with_matrices(tokens: list[Token]) -> list[Token]:
    """Tokens in which a matrix stands where the name is used that the author gives it."""
    texts = [t.text for t in tokens]
    for place in range(1, len(texts) - 2):
        begins = texts[place + 1 : place + 3] == [r"\begin", "{"]
        if texts[place] != "=" or not begins or texts[place + 4 : place + 10] != list("matrix"):
            continue
        start = place - 1 - (texts[place - 2] in (",", r"\quad"))
        end = texts.index(r"\end", place) + 10  # \end{pmatrix}
        name, matrix = texts[place - 1], tokens[place + 1 : end]
        rest = [*tokens[:start], *tokens[end:]]
        return [token for each in rest for token in (matrix if each.text == name else [each])]
    return tokens


def has_own_factor(tokens: list[Token]) -> bool:
    """Whether a left member begins with a number or a sign, which a right side would have to be divided by."""
    texts = [t.text for t in tokens if t.text not in ("{", "&")]
    fraction = texts[:1] in ([r"\frac"], [r"\tfrac"], [r"\dfrac"])
    if fraction and texts[1:2] == ["1"] and is_statistic(tokens):
        size = [text for text in texts[2:4] if text != "}"][:1]
        if size and len(size[0]) == 1 and size[0].isalpha():
            return False  # a mean or a trace over a size, which is what the quantity is
    first = texts[1:2] if fraction or texts[:1] == [r"\sqrt"] else texts[:1]
    return bool(first) and (first[0] in ("-", "−", "+") or (first[0].isdigit() and r"\|" not in texts))


def is_statistic(tokens: list[Token]) -> bool:
    """Whether tokens hold what no formula in numbers has: a mean over data, an estimator, a matrix, a minimiser."""
    texts = [t.text for t in tokens]
    word = "".join(texts)
    return (
        any(text in STATISTICS for text in texts)
        or "{tr}" in word
        or "{Tr}" in word
        or any(pair in (("^", r"\top"), ("^", "T"), (r"\mathbb", "E"), (r"\mathbb", "P")) for pair in pairwise(texts))
    )


def is_square(tokens: list[Token]) -> bool:
    """Whether a left member is a name squared, E^2: whether the claim's quantity is E or its square it does not say."""
    texts = [t.text for t in tokens if t.text not in "{}&"]
    return texts[-2:] == ["^", "2"] and not any(bar in texts for bar in (r"\|", r"\Vert", "|", r"\lVert"))


def is_mean(tokens: list[Token]) -> bool:
    """Whether tokens are averages in angle brackets, or of a mere letter, whose law nothing in them says."""
    texts = [t.text for t in tokens]
    return _DIVIDED_MEAN.fullmatch("".join(texts)) is not None or (
        r"\langle" in texts and r"\sim" not in texts and "," not in texts
    )
