"""Tokens of LaTeX with the words between them as one item each: what clauses of a sentence are told apart by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import GREEK, RELATIONS

__all__ = [
    "ARITHMETIC",
    "CHATTER",
    "COMMA",
    "COMPARE",
    "CONDITIONS",
    "ENDS",
    "SAYS",
    "SHOWN",
    "Item",
    "Words",
    "closes",
    "is_name",
    "is_token",
    "items_of",
    "outer",
    "parts_of",
    "signs_of",
    "trimmed",
    "worded",
]  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHOWN = (r"\text", r"\textrm", r"\mbox", r"\textnormal", r"\textit", r"\emph")
ENDS = (",", ";", ".", r"\quad")
COMPARE = (*RELATIONS, r"\in", "=")
_NAME_MARKS = ("_", "^", "{", "}", "*", "'", r"\star", r"\mathrm", r"\mathcal", r"\text", r"\pm", "(", ")", r"\ell",
               r"\hat", r"\bar", r"\tilde", r"\max", r"\min", r"\infty", "+", "-", ":")  # fmt: skip
# what makes of words a condition, a choice of a root or a sentence of their own
CONDITIONS = _words(
    """
    if for when whenever while unless until otherwise else or nor not no but except only solution solutions solves
    solving satisfies satisfying root roots zero point determined defined given obtained then hence thus we it at
    where with here such limit asymptotically approximately leading other branch large small about roughly
    sufficiently
    """
)
# what does arithmetic with what it stands beside
ARITHMETIC = _words(
    """
    times plus minus squared square squares cubed half twice double triple third quarter inverse inverted reciprocal
    over per divided by multiplied logarithm log power percent negative derivative integral least largest smallest
    larger smaller lower upper greater maximum minimum order up to from without below above rounded down floor
    modulo mod cent dozen hundred thousand million billion
    """
)
# words of a clause that only leads to a definition, and those of them of which one must be there
CHATTER = _words(
    """
    where with here and in which if as before usual above earlier always again we have has set setting put putting
    let letting write writing written used define defining defined denote denoting denoted use using introduce
    introducing introduced abbreviate abbreviating abbreviated recall recalling remember that once more for brevity
    short convenience simplicity notation shorthand the by namely now throughout also finally moreover furthermore
    further
    """
)
SAYS = _words(
    """
    set setting put putting let letting write writing written used define defining defined denote denoting use using
    introduce introducing introduced abbreviate abbreviating recall recalling remember namely where with here
    """
)


@dataclass(frozen=True)
class Words:
    """Words of a text command outside of brackets, and its tokens."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def plain(self) -> str:
        """Return the words in small letters, without stops around them."""
        return self.text.strip(" ,;:.").lower()

    @property
    def words(self) -> list[str]:
        """Return the words one by one, in small letters."""
        return re.findall(r"[a-zà-žčé]+", self.text.lower())


Item = Token | Words
COMMA = Token(",", False, True)


def worded(text: str) -> Words:
    """Return words as an item."""
    tokens = [Token(r"\text", False, True), Token("{"), *map(Token, text.replace(" ", "")), Token("}")]
    return Words(text, tuple(tokens))


def items_of(tokens: list[Token]) -> list[Item]:
    """Return tokens with every text command outside of brackets as one item; empty ones are left out."""
    found, at = list[Item](), 0
    depth = [level for _, _, level in levels(tokens)]
    while at < len(tokens):
        opened = tokens[at].text in SHOWN and depth[at] == 0 and [t.text for t in tokens[at + 1 : at + 2]] == ["{"]
        end = next((i for i in range(at + 1, len(tokens)) if depth[i] == 0), 0) if opened else 0
        if not end:
            found.append(tokens[at])
            at += 1
            continue
        text = "".join(" " * t.spaced + t.text for t in tokens[at + 2 : end])
        found += [Words(text.strip(), tuple(tokens[at : end + 1]))] if text.strip(" ()") else []
        at = end + 1
    return found


def is_token(item: Item, *texts: str) -> bool:
    """Whether an item is one of some tokens."""
    return isinstance(item, Token) and item.text in texts


def outer(items: list[Item]) -> list[tuple[int, Item]]:
    """Places and items outside of brackets."""
    tokens = [Token(r"\text") if isinstance(item, Words) else item for item in items]
    return [(i, items[i]) for i, _, level in levels(tokens) if level == 0]


def parts_of(items: list[Item]) -> list[tuple[int, int]]:
    """Starts of what stands between commas and words, and where it ends."""
    marks = [-1, *(i for i, item in outer(items) if isinstance(item, Words) or is_token(item, *ENDS)), len(items)]
    return [(a + 1, b) for a, b in pairwise(marks)]


def is_name(items: list[Item]) -> bool:
    """Whether items are a name with its marks and no more."""
    texts = [item.text if isinstance(item, Token) else " " for item in items]
    letters = [text for text in texts if text not in _NAME_MARKS]
    plain = all(text in GREEK or (text.isalnum() and len(text) <= 2) for text in letters)
    return bool(letters) and plain and texts[0] not in ("(", "+", "-") and (letters[0] in GREEK or letters[0].isalpha())


def signs_of(items: list[Item]) -> list[int]:
    """Return the places of equals signs and comparisons outside of brackets."""
    return [i for i, item in outer(items) if is_token(item, *COMPARE)]


def closes(items: list[Item]) -> bool:
    """Whether what was before ends in front of these items."""
    return not items or isinstance(items[0], Words) or is_token(items[0], *ENDS)


def trimmed(items: list[Item]) -> list[Item]:
    """Return items without commas and spaces around them."""
    while items and is_token(items[-1], *ENDS):
        items = items[:-1]
    while items and is_token(items[0], *ENDS):
        items = items[1:]
    return items
