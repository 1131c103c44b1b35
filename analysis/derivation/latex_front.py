"""What stands in front of a formula: definitions, ranges and words, put behind it or left out."""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_items import (
    ARITHMETIC,
    CHATTER,
    COMMA,
    COMPARE,
    ENDS,
    Item,
    Words,
    is_name,
    is_token,
    outer,
    trimmed,
    worded,
)
from solvable.analysis.derivation.latex_words import SOLVES

__all__ = ["formula_first"]

_LEADING = (
    "let",
    "put",
    "set",
    "with",
    "writing",
    "for",
    "if",
    "when",
    "define",
    "defining",
    "denote",
    "denoting",
    "given",
    "suppose",
    "assume",
    "using",
    "setting",
    "putting",
    "letting",
    "introduce",
    "introducing",
    "where",
    "write",
)
_QUANTITY = (
    r"(?:the|its|their) (?:[\w-]+ ){1,7}(?:is|equals|tends to|is given by|reads|becomes|converges to|is equal to)"
)
_THEN = re.compile(
    rf"(?:and )?(?:then|so|hence|thus|therefore|consequently)?,? ?(?:we (?:have|get|find|obtain)|"
    rf"one (?:has|finds|gets|obtains)|it holds|there holds)?(?: that)?,? ?(?:{_QUANTITY})?:?"
)
# a quantity that is told so is not the claim's
_RESCALED = frozenset(["unit", "units", "relative", "normalised", "normalized", "rescaled", "scaled"])


def formula_first(items: list[Item]) -> list[Item]:
    """Put what is defined or assumed first behind the formula: Let c = d/n. Then V = .."""
    first = items[0] if items else None
    if not isinstance(first, Words) or not ({*first.words[:1]} & {*_LEADING, "we"}):
        return _root_named(_without_front(items))
    if not set(first.words) <= CHATTER | set(_LEADING):
        return items
    if first.words[0] in ("for", "if", "when"):
        return _conditions_behind(items)
    thens = [i for i, item in enumerate(items) if i and _is_then(item)]
    ends = [
        i
        for i, item in outer(items)
        if i and is_token(item, *ENDS) and not any(isinstance(j, Words) for j in items[i:])
    ]
    solution = next((i for i, item in enumerate(items) if isinstance(item, Words) and _be(item)), 0)
    if solution:
        items = [*items[:solution], worded(_be(items[solution])), *items[solution + 1 :]]
        if not thens and is_name(items[1:solution]):  # Let x be the root of an equation: x is the formula
            return [*items[1:solution], COMMA, worded("where"), *trimmed(items[1:])]
    cut = thens[-1] if thens else ends[-1] if ends else 0
    stated, rest = trimmed(items[1:cut]), trimmed(items[cut + 1 :])
    if not rest or not any(is_token(item, *COMPARE) for item in stated):
        return items
    return [*rest, COMMA, worded("where"), *stated]


def _be(item: Item) -> str:
    """What "be the root of" and "solve" are in a clause of their own, or nothing."""
    text = item.text if isinstance(item, Words) else ""
    turned = re.sub(r"^be ", "is ", re.sub(r"^(solve|satisfy)$", r"\1s", text)).replace("satisfys", "satisfies")
    return turned if turned != text and (SOLVES.fullmatch(turned.replace(" ", "")) or turned.startswith("is ")) else ""


def _root_named(items: list[Item]) -> list[Item]:
    r"""Write "the positive solution x of f = g" as x, where x is the positive solution of f = g."""
    first, ends = items[0] if items else None, [i for i, item in enumerate(items) if isinstance(item, Words)][1:2]
    if not isinstance(first, Words) or not ends or not is_name(items[1 : ends[0]]):
        return items
    behind = items[ends[0]]
    if isinstance(behind, Words) and behind.plain in ("of", "to") and SOLVES.fullmatch("".join([*first.words, "of"])):
        name = items[1 : ends[0]]
        return [*name, COMMA, worded("where"), *name, worded(f"is {first.plain} of"), *items[ends[0] + 1 :]]
    return items


def _conditions_behind(items: list[Item]) -> list[Item]:
    """Put each range behind its formula: For x < 1, f, and for x > 1, g."""
    leads = [i for i, item in enumerate(items) if isinstance(item, Words) and item.words[-1:] != []
             and item.words[-1] in ("for", "if", "when") and len(item.words) <= 2]  # fmt: skip
    found = list[Item]()
    for start, end in pairwise([*leads, len(items)]):
        each = items[start + 1 : end]
        signs = [i for i, item in outer(each) if is_token(item, *COMPARE, r"\to", r"\rightarrow")]
        cut = next(
            (i for i, item in outer(each) if signs and i > signs[0] and (is_token(item, *ENDS) or _is_then(item))), 0
        )
        value = each[cut:]
        while value and (is_token(value[0], *ENDS) or _is_then(value[0])):
            value = value[1:]
        if not cut or not trimmed(value):
            return items
        found += [*([COMMA] if found else []), *trimmed(value), COMMA, worded("for"), *each[:cut]]
    return found


def _is_then(item: Item) -> bool:
    return isinstance(item, Words) and _THEN.fullmatch(item.plain) is not None and not _changes(item)


def _changes(item: Words) -> bool:
    return bool({*item.words} & (_RESCALED | ARITHMETIC - {"to", "by"}))


def _without_front(items: list[Item]) -> list[Item]:
    first = items[0] if items else None
    named = isinstance(first, Words) and _is_then(first) and "excess" not in first.words
    return items[1:] if named else items
