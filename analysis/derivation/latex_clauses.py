r"""Clauses of a sentence around a formula: definitions in front of it, verbs for equals signs, words that add nothing.

``Let c = d/n. Then V = ..`` is ``V = .., where c = d/n``; ``\phi`` that ``stands for`` n/d equals it; of ``c = d/n is
the aspect ratio`` the words are a comment, for the equation says what c is. Words that could change a value, and words
behind what is no equation, stay where they are.
"""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_comments import REGIME, in_cases, without_comments
from solvable.analysis.derivation.latex_front import formula_first
from solvable.analysis.derivation.latex_items import (
    ARITHMETIC,
    CHATTER,
    COMMA,
    CONDITIONS,
    ENDS,
    SAYS,
    SHOWN,
    Item,
    Words,
    closes,
    is_name,
    is_token,
    items_of,
    parts_of,
    signs_of,
    worded,
)
from solvable.analysis.derivation.latex_tokens import CLOSING, Token, levels
from solvable.analysis.derivation.latex_words import SOLVES

__all__ = ["in_clauses"]

_EQUALS = re.compile(
    r"stands for|(?:is|are) (?:short|shorthand|an abbreviation) for|abbreviates|denotes|equals|is|"
    r"is (?:just|simply|now)|is equal to|is defined (?:as|by|to be)|is given by|means|is the same as|given by|"
    r"defined (?:as|by)"
)
_SHORT = re.compile(r".*\b(?:writing|write|abbreviating|shorthand)")
_SURELY = re.compile(
    r"(?:(?:,|both)? ?(?:almost surely|a\.s\.|in probability|with high probability|w\.h\.p\.)),? (?:as|when|if|for)"
)
# what counts or measures, and leaves the value of its letter open
_SIZES = frozenset(
    """
    size dimension dimensions samples generation generations step steps time classes class width depth layers layer
    rows columns mode index coordinate coordinates noise ridge rank fixed every any all each finite observations
    parameters features
    """.split()  # noqa: SIM905
) | {"batch size", "sample size", "step size", "learning rate", "data points"}
_EXPLAINED = re.compile(r"([a-z][a-z -]*?) (?:in|of|from|and|with) (?:the )?([a-z]+)")


def in_clauses(tokens: list[Token]) -> list[Token]:
    """Return the tokens with the formula in front, equations for what words define, and without comments."""
    items = items_of(_opened(in_cases(tokens)))
    for step in (_apart, formula_first, _short_for, _equated, _explained, _sized, _led, _bounded, without_comments):
        items = step(items)
    return [token for item in items for token in (item.tokens if isinstance(item, Words) else (item,))]


def _opened(tokens: list[Token]) -> list[Token]:
    r"""Take off brackets that hold words in their own right behind the formula: [\text{with } c = d/n]."""
    depth = [level for _, _, level in levels(tokens)]
    for place, token in enumerate(tokens):
        if token.text not in ("(", "[") or depth[place] != 1 or not place:
            continue
        end = next((i for i in range(place, len(tokens)) if depth[i] == 0), 0)
        spoken = any(token.text in SHOWN for token in tokens[place + 1 : place + 3])
        said = items_of(tokens[place + 1 : end])[0] if spoken else None
        leads = isinstance(said, Words) and bool({*said.words} & SAYS)
        apart = tokens[place - 1].text in ENDS or leads
        last = tokens[end].text == CLOSING[token.text] and all(t.text in ENDS for t in tokens[end + 1 :])
        if end and spoken and apart and last:
            return [*tokens[:place], COMMA, *tokens[place + 1 : end]]
    return tokens


def _apart(items: list[Item]) -> list[Item]:
    """Put commas outside of words, and a word behind one by itself: "is the dimension, and"."""
    found = list[Item]()
    for item in items:
        if not isinstance(item, Words) or not re.search(
            r"^[,;.]|[,;]$|[,;] (?:and|where|with|for|here)$|[a-z]\. [A-Z][a-z]", item.text
        ):
            found.append(item)
            continue
        before, _, text = (
            item.text.rpartition(". ") if re.search(r"[a-z]\. [A-Z][a-z]", item.text) else ("", "", item.text)
        )
        found += [worded(before), COMMA] if before else []
        if text[0] in ",;.":
            found.append(COMMA)
        text, last = text.strip(" ,;"), text[-1] in ",;"
        text = text.lstrip(". ")
        cut = re.fullmatch(r"(.*[a-z)])[,;] (and|where|with|for|here)", text)
        found += [worded(cut[1]), COMMA, worded(cut[2])] if cut else [worded(text)] if text else []
        found += [COMMA] if last and not set(re.findall("[a-z]+", text.lower())) <= CHATTER else []
    return found


def _short_for(items: list[Item]) -> list[Item]:
    r"""Write "writing \phi for n/d" as an equation, and "A for .." behind one that is short for something."""
    short = False
    for start, end in parts_of(items):
        lead = items[start - 1] if start else None
        word = items[end] if end < len(items) else None
        if isinstance(lead, Words):
            short = short or bool(_SHORT.match(lead.plain)) or lead.plain == "is short for"
        behind = next(((a, b) for a, b in parts_of(items) if a == end + 1), None)
        if not isinstance(word, Words) or word.plain != "for" or not isinstance(lead, Words) or not short or not behind:
            continue
        if behind[0] < behind[1] and is_name(items[start:end]) and not signs_of(items[behind[0] : behind[1]]):
            return _short_for([*items[: start - 1], worded("where"), *items[start:end], Token("=", False, True),
                               *items[end + 1 :]])  # fmt: skip
    return items


def _equated(items: list[Item]) -> list[Item]:
    """Write "stands for" and "denotes" as an equals sign between a name and what is no equation."""
    spans = parts_of(items)
    for (start, end), (start2, end2) in pairwise(spans):
        word = items[end]
        if not isinstance(word, Words) or not _EQUALS.fullmatch(word.plain) or start2 == end2:
            continue
        if is_name(items[start:end]) and not signs_of(items[start2:end2]) and (start or end2 == len(items)):
            return _equated([*items[:end], Token("=", False, True), *items[end + 1 :]])
    return items


def _explained(items: list[Item]) -> list[Item]:
    """Write "n: number of samples" as "n is the number of samples", "n samples in dimension d" likewise."""
    for start, end in parts_of(items):
        word = items[end] if end < len(items) else None
        if not isinstance(word, Words) or not start or not is_name(items[start:end]):
            continue
        rest = items[end + 1 :]
        if word.text.startswith(":") and set(word.words).isdisjoint(CONDITIONS) and closes(rest):
            noun = worded("is the " + re.sub(r"^(?:the|an?) ", "", word.plain))
            return _explained([*items[:end], noun, *rest])
        before = items[start - 1] if start else None
        led = isinstance(before, Words) and before.plain in ("after", "for", "with", "at", "in")
        if led and closes(rest) and word.plain in _SIZES:
            counted = [COMMA, *items[start:end], worded(f"the {word.plain}")]
            return _explained([*items[: start - 1], *counted, *rest])
        both = _EXPLAINED.fullmatch(word.plain)
        last = next((i for i in range(len(rest) + 1) if closes(rest[i:])), 0)
        if both and last and is_name(rest[:last]) and {both[1], both[2]} <= _SIZES:
            return _explained([*items[:end], worded(f"the {both[1]}"), COMMA, *rest[:last], worded(f"the {both[2]}"),
                               *rest[last:]])  # fmt: skip
    return items


def _sized(items: list[Item]) -> list[Item]:
    """Write "for batch size B in dimension d" as what these letters are."""
    for start, end in parts_of(items):
        lead = items[start - 1] if start > 1 else None
        if not isinstance(lead, Words) or not is_name(items[start:end]) or not closes(items[end:]):
            continue
        said = re.fullmatch(r"(?:for|in|with|at|of|and) (?:the )?((?:[a-z]+ )?[a-z]+)", lead.plain)
        behind = items[end] if end < len(items) else None
        said = None if isinstance(behind, Words) and not behind.plain.startswith("in ") else said
        if said and said[1] in _SIZES:
            return _sized([*items[: start - 1], COMMA, *items[start:end], worded(f"the {said[1]}"), *items[end:]])
    return items


def _led(items: list[Item]) -> list[Item]:
    """Write "where, as before," and "with discriminant" in front of an equation as "where"."""
    found = list(items)
    for start, end in parts_of(items):
        lead = items[start - 1] if start else None
        signs = signs_of(items[start:end])
        if not isinstance(lead, Words) or start == 1:
            continue
        arrow = any(is_token(item, r"\to", r"\rightarrow") for item in items[start:])
        if _SURELY.fullmatch(lead.text.lower()) and arrow:
            found[start - 1] = worded("as")
        if not signs or not is_name([item for item in items[start : start + signs[0]] if not is_token(item, ":")]):
            continue
        words = lead.words
        spoken = set(words) <= CHATTER and bool(SAYS & set(words))
        noun = words[:1] != [] and words[0] in ("with", "where", "and", "here", "using", "denoting", "writing", "the") \
            and not set(words[1:]) & (CONDITIONS | ARITHMETIC) and not SOLVES.fullmatch("".join(words))  # fmt: skip
        if (len(words) > 1 and (spoken or noun) and words != ["with", "probability"]) or words in (
            ["denoting"],
            ["writing"],
            ["recalling"],
            ["namely"],
        ):
            found[start - 1] = worded("where")
        elif REGIME.fullmatch(lead.plain) and not is_token(items[start + signs[0]], "="):
            found[start - 1] = worded("for")
    return found


def _bounded(items: list[Item]) -> list[Item]:
    """Write "where b > d is the singularity" as what b is, with its range behind, where no equation says that."""
    for start, end in parts_of(items):
        word, signs = items[end] if end < len(items) else None, signs_of(items[start:end])
        if not start or not isinstance(word, Words) or len(signs) != 1 or not closes(items[end + 1 :]):
            continue
        name, sign = items[start : start + signs[0]], items[start + signs[0]]
        noun = re.fullmatch(r"(?:is|being|denotes) the ((?:[a-z]+ ){0,2}[a-z]+ of (?:the )?[a-z]+|[a-z]+)", word.plain)
        free = set(word.words).isdisjoint(CONDITIONS | ARITHMETIC)
        if noun is None or not free or not is_name(name) or is_token(sign, "=", r"\in"):
            continue
        texts = [item.text for item in items]
        if any(texts[i : i + len(name) + 1] == [*(item.text for item in name), "="] for i in range(len(texts))):
            continue
        said = [*name, worded(f"is the {noun[1]}"), COMMA, *items[start:end], COMMA]
        return _bounded([*items[:start], *said, *items[end + 1 :]])
    return items
