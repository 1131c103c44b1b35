"""Words that say nothing of a value: comments on an equation that says it all, regimes whose range stands beside."""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_items import (
    ARITHMETIC,
    COMMA,
    CONDITIONS,
    ENDS,
    SHOWN,
    Item,
    Words,
    closes,
    parts_of,
    signs_of,
    worded,
)
from solvable.analysis.derivation.latex_tokens import Token, levels

__all__ = ["REGIME", "in_cases", "without_comments"]

_BARELY = (
    "of",
    "in",
    "on",
    "at",
    "by",
    "with",
    "as",
    "to",
    "from",
    "for",
    "modulo",
    "and",
    "all",
    "any",
    "each",
    "times",
)
_OPENERS = ("is", "are", "denotes", "denoting", "being", "called", "represents", "the", "a", "an", "our")
_ASIDE = re.compile(
    r"(?:for (?:simplicity|brevity|short|convenience|definiteness)|without loss of generality|w\.l\.o\.g|wlog|"
    r"with probability (?:tending|going|converging|approaching) (?:to )?one)"
)
REGIME = re.compile(
    r"in the (?:under|over)-?(?:parameteri[sz]ed|parametri[sz]ed|determined) (?:regime|case|phase|setting)"
)


def in_cases(tokens: list[Token]) -> list[Token]:
    """Take comments in brackets out of the rows of cases, and name a regime there by its range alone."""
    depth = [level for _, _, level in levels(tokens)]
    for at, token in enumerate(tokens):
        if token.text not in SHOWN or depth[at] != 1 or [t.text for t in tokens[at + 1 : at + 2]] != ["{"]:
            continue
        end = next((i for i in range(at + 1, len(tokens)) if depth[i] == 1), at)
        said = "".join(" " * t.spaced + t.text for t in tokens[at + 2 : end]).strip(" ,.").lower()
        ends = [t.text for t in tokens[end + 1 : end + 2]] in ([r"\\"], [r"\end"])
        if ends and said.startswith("(") and _is_comment(said):
            start = at - (tokens[at - 1].text in ENDS)
            return in_cases([*tokens[:start], *tokens[end + 1 :]])
        if REGIME.fullmatch(said) and not ends:
            return in_cases([*tokens[:at], *worded("if").tokens, *tokens[end + 1 :]])
    return tokens


def without_comments(items: list[Item]) -> list[Item]:
    """Take out what is said of an equation that says it all: c = d/n is the aspect ratio."""
    found = list[Item]()
    spans = {end: start for start, end in parts_of(items)}
    for place, item in enumerate(items):
        start = spans.get(place, place)
        if isinstance(item, Words) and _ASIDE.fullmatch(item.plain) and closes(items[place + 1 :]):
            found.append(COMMA)
            continue
        if not isinstance(item, Words) or not start or not signs_of(items[start:place]):
            found.append(item)
            continue
        text = re.sub(r" (?:and|where|with)$", "", item.text.strip(" ,;:.").lower())
        ends = closes(items[place + 1 :]) or text != item.plain
        found.append(COMMA if ends and _is_comment(text) else item)
    return found


def _is_comment(text: str) -> bool:
    if _ASIDE.fullmatch(text.strip("()")):
        return True
    words = re.findall(r"[^\W\d_]+", text)
    if (
        not words
        or any(len(word) == 1 and word != "a" for word in words)
        or re.search(r"[^\w\s()'’–-]|\d", text)
        or set(words) & CONDITIONS
    ):
        return False
    if text.startswith("(") != text.endswith(")"):
        return False
    named = words[0] in _OPENERS and len(words) > 1
    if words[0] in ("the", "a", "an", "our") and len(words) > 1 and not set(words) & ARITHMETIC - {"to", "from", "per"}:
        return True
    return (named and words[1] in ("the", "a", "an", "our")) or (
        not set(words) & ARITHMETIC and (named or text.startswith("(") or (len(words) > 1 and words[0] not in _BARELY))
    )
