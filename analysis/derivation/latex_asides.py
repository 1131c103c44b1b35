r"""What stands behind a formula and gives no value: ``k = 1, \dots, K``, ``m = n/k \text{ bags}``.

Also what the claim's own quantities are by their names, ``\operatorname{tr}H = \frac1n\sum_i\|g_i\|^2``; and of two
sizes with one range, ``n, n_0 > d + 1``, each gets it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_stated import parts_behind
from solvable.analysis.derivation.latex_tokens import TEXTS, Token, levels, tokens_of

__all__ = ["without_asides"]

_ENDS, _DOTS = (",", ";", r"\quad", r"\qquad", r"\\"), (r"\dots", r"\ldots", r"\cdots")
_OPERATES = ("=", "+", "-", "*", "/", "(", "{", r"\cdot", r"\times")
_ORDERS = ("<", ">", r"\le", r"\leq", r"\ge", r"\geq")
_LEADS = ("for", "forall", "foreach", "where", "with", "and", "here")
_NOUNS = frozenset(
    """
    bags groups batches blocks samples points rows columns equations observations examples classes steps features
    parameters members models layers heads keys modes
    """.split()  # noqa: SIM905
)
_GRADIENTS = r"(?:\\\|g_i\\\|(?:_2)?\^2(?:_2)?|g_i\^(?:\\top|T)g_i)"
_OF_NAMES = (  # what holds by what the names are
    re.compile(rf"(?:tr|Tr|\\tr|\\Tr)\(?H\)?=\\[td]?frac1n\\sum_i(?:=1\^n)?{_GRADIENTS}"),
    re.compile(r"h=(?:L|\\mathcalL|\\ell|f)(?:''|\^\\prime\\prime)\((?:\\theta|w)[_^]?(?:\\star|\*)?\)"),
)
_RANK = re.compile(r"\\?rank\(?(?:\\Sigma|Σ)\)?=(\w)|(\w)=\\?rank\(?(?:\\Sigma|Σ)\)?")


def without_asides(tokens: list[Token]) -> list[Token]:
    """Return the tokens without what has no value, and with the range of several sizes at each of them."""
    for step in (_without_counts, _without_nouns, _each_in_range, _without_names):
        tokens = step(tokens)
    return tokens


def _without_counts(tokens: list[Token]) -> list[Token]:
    r"""Leave out k = 1, \dots, K and k \in \{1, \dots, K\} of a letter that is an index alone."""
    texts = [t.text for t in tokens]
    for at in (i for i, _, level in levels(tokens) if level == 0 and _begins(texts, i)):
        letter, last = texts[at], texts[at + 6 : at + 7]
        listed = texts[at + 1 : at + 6 : 2] == ["=", ",", ","] and texts[at + 2 : at + 3] == ["1"]
        listed = listed and texts[at + 4] in _DOTS and bool(last) and last[0].isalpha()
        end = at + 7
        if texts[at + 1 : at + 5] == [r"\in", r"\{", "1", ","] and texts[at + 6 : at + 9 : 2] == [",", r"\}"]:
            listed, end = texts[at + 5] in _DOTS and texts[at + 7].isalpha(), at + 9
        others = [i for i, text in enumerate(texts) if text == letter and i != at]
        if not listed or not _closes(texts, end) or not all(_is_index(texts, i) for i in others):
            continue
        return _without_counts([*_without_lead(tokens[:at]), *tokens[end:]])
    return tokens


def _begins(texts: list[str], at: int) -> bool:
    return at > 0 and len(texts[at]) == 1 and texts[at].isalpha() and texts[at - 1] in (*_ENDS, "}")


def _closes(texts: list[str], at: int) -> bool:
    return at >= len(texts) or texts[at] in (*_ENDS, ".", *TEXTS)


def _is_index(texts: list[str], at: int) -> bool:
    """Whether a token stands in a subscript."""
    opened = at
    while opened and (texts[opened - 1] not in ("{", "}", "^", "_")):
        opened -= 1
    return texts[at - 1] == "_" or texts[max(0, opened - 2) : opened] == ["_", "{"]


def _word_before(tokens: list[Token]) -> tuple[int, str]:
    """Where the words that end these tokens begin, and what they are; empty where none do."""
    if not tokens or tokens[-1].text != "}":
        return len(tokens), ""
    start = max((i for i, t in enumerate(tokens) if t.text == "{"), default=0)
    spoken = start > 0 and tokens[start - 1].text in TEXTS
    return (start - 1, "".join(t.text for t in tokens[start + 1 : -1])) if spoken else (len(tokens), "")


def _without_lead(tokens: list[Token]) -> list[Token]:
    start, word = _word_before(tokens)
    return tokens[:start] if word.strip(",").lower() in _LEADS else tokens


def _without_nouns(tokens: list[Token]) -> list[Token]:
    r"""Leave out what is counted behind an equation: m = n/k \text{ bags}."""
    texts, begun = [t.text for t in tokens], 0
    for at, text, level in levels(tokens):
        if level == 0 and text in _ENDS:
            begun = at
        if level == 0 and text == "}" and begun and _word_before(tokens[: at + 1])[1].lower() in _LEADS:
            begun = at  # m = d - r \text{ with } r \text{ rows}: the noun says what r is
        if (
            level != 0
            or text not in TEXTS
            or texts[at + 1 : at + 2] != ["{"]
            or not begun
            or texts[at - 1] in _OPERATES  # the name of a quantity
            or "=" not in texts[begun:at]
        ):
            continue
        end = texts.index("}", at) + 1 if "}" in texts[at:] else at
        if "".join(texts[at + 2 : end - 1]) in _NOUNS and _closes(texts, end):
            return _without_nouns([*tokens[:at], *tokens[end:]])
    return tokens


def _each_in_range(tokens: list[Token]) -> list[Token]:
    """Write n, m > d as n > d, m > d."""
    parts = parts_behind(tokens)
    for (start, end), (start2, end2) in pairwise(parts):
        cut = next((i for i in range(start2, end2) if tokens[i].text in _ORDERS), 0)
        beside = end + 1 == start2 and tokens[end].text == ","
        if cut and beside and _is_size(tokens[start:end]) and _is_size(tokens[start2:cut]):
            return _each_in_range([*tokens[:end], *tokens[cut:end2], *tokens[end:]])
    return tokens


def _is_size(tokens: list[Token]) -> bool:
    texts = [t.text for t in tokens if t.text not in ("{", "}")]
    return len(texts) in (1, 3) and texts[0].isalpha() and (len(texts) == 1 or (texts[1] == "_" and texts[2].isalnum()))


def _without_names(tokens: list[Token]) -> list[Token]:
    """Leave out what holds by what the names are."""
    texts = [t.text for t in tokens]
    for start, end in parts_behind(tokens):
        part = [text for text in texts[start:end] if text not in ("{", "}", ":", ".", r"\operatorname", r"\mathrm")]
        rank = _RANK.fullmatch("".join(part))
        if rank is not None:  # by the claim's name, which it may have
            said = tokens_of(rf"{rank[1] or rank[2]} = \mathrm{{rank}}")
            return _without_names([*tokens[:start], *said, *tokens[end:]])
        if any(form.fullmatch("".join(part)) for form in _OF_NAMES):
            return _without_names([*_without_lead(tokens[:start]), *tokens[end:]])
    return tokens
