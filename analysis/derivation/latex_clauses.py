r"""Clauses of a sentence around a formula: definitions in front of it, verbs for equals signs, words that add nothing.

``Let c = d/n. Then V = ..`` is ``V = .., where c = d/n``; ``\phi`` that ``stands for`` n/d equals it; of ``c = d/n is
the aspect ratio`` the words are a comment, for the equation says what c is. Words that could change a value, and words
behind what is no equation, stay where they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from solvable.analysis.derivation.latex_tokens import CLOSING, Token, levels
from solvable.analysis.derivation.latex_words import GREEK, RELATIONS, SOLVES

__all__ = ["in_clauses"]

_SHOWN = (r"\text", r"\textrm", r"\mbox", r"\textnormal", r"\textit", r"\emph")
_ENDS = (",", ";", ".", r"\quad")
_COMPARE = (*RELATIONS, r"\in", "=")
_NAME_MARKS = ("_", "^", "{", "}", "*", "'", r"\star", r"\mathrm", r"\mathcal", r"\text", r"\pm", "(", ")", r"\ell",
               r"\hat", r"\bar", r"\tilde", r"\max", r"\min", r"\infty", "+", "-", ":")  # fmt: skip
# what makes of words a condition, a choice of a root or a sentence of their own
_CONDITIONS = frozenset(
    "if for when whenever while unless until otherwise else or nor not no but except only solution solutions solves solving "
    "satisfies satisfying root roots zero point determined defined given obtained then hence thus we it at where with "
    "here such limit asymptotically approximately leading large small about roughly sufficiently".split()
)
# what does arithmetic with what it stands beside
_ARITHMETIC = frozenset(
    "times plus minus squared square squares cubed half twice double triple third quarter inverse inverted reciprocal over per "
    "divided by multiplied logarithm log power percent negative derivative integral least largest smallest larger smaller "
    "lower upper greater maximum minimum order up to from without below above rounded down floor modulo mod cent dozen hundred "
    "thousand million billion".split()
)
_LEADING = ("let", "put", "set", "with", "writing", "for", "if", "when", "define", "defining", "denote", "denoting", "given",
            "suppose", "assume", "using", "setting", "putting", "letting", "introduce", "introducing", "where", "write")  # fmt: skip
_QUANTITY = r"(?:the|its|their) (?:[\w-]+ ){1,7}(?:is|equals|tends to|is given by|reads|becomes|converges to|is equal to)"
_THEN = re.compile(
    rf"(?:and )?(?:then|so|hence|thus|therefore|consequently)?,? ?(?:we (?:have|get|find|obtain)|one (?:has|finds|gets|obtains)|"
    rf"it holds|there holds)?(?: that)?,? ?(?:{_QUANTITY})?:?"
)
_CHATTER = frozenset(
    "where with here and in which if as before usual above earlier always again we have has set setting put putting let "
    "letting write writing written used define defining defined denote denoting denoted use using introduce introducing introduced "
    "abbreviate abbreviating abbreviated recall recalling remember that once more for brevity short convenience simplicity "
    "notation shorthand the by namely now throughout also finally moreover furthermore further".split()
)
_SAYS = frozenset("set setting put putting let letting write writing written used define defining defined denote denoting use "
                  "using introduce introducing introduced abbreviate abbreviating recall recalling remember namely where with "
                  "here".split())  # fmt: skip
_EQUALS = re.compile(
    r"stands for|(?:is|are) (?:short|shorthand|an abbreviation) for|abbreviates|denotes|equals|is|is (?:just|simply|now)|"
    r"is equal to|is defined (?:as|by|to be)|is given by|means|is the same as|given by|defined (?:as|by)"
)
_SHORT = re.compile(r".*\b(?:writing|write|abbreviating|shorthand)")
_OPENERS = ("is", "are", "denotes", "denoting", "being", "called", "represents", "the", "a", "an", "our")
_SURELY = re.compile(r"(?:(?:,|both)? ?(?:almost surely|a\.s\.|in probability|with high probability|w\.h\.p\.)),? (?:as|when|if|for)")
_ASIDE = re.compile(r"(?:for (?:simplicity|brevity|short|convenience|definiteness)|without loss of generality|w\.l\.o\.g|wlog|"
                    r"with probability (?:tending|going|converging|approaching) (?:to )?one)")
_REGIME = re.compile(r"in the (?:under|over)-?(?:parameteri[sz]ed|parametri[sz]ed|determined) (?:regime|case|phase|setting)")
_EXPLAINED = re.compile(r"([a-z][a-z -]*?) (?:in|of|from|and|with) (?:the )?([a-z]+)")


@dataclass(frozen=True)
class _Words:
    """Words of a text command outside of brackets, and its tokens."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def plain(self) -> str:
        return self.text.strip(" ,;:.").lower()

    @property
    def words(self) -> list[str]:
        return re.findall(r"[a-zà-žčé]+", self.text.lower())


_Item = Token | _Words
_COMMA = Token(",", False, True)


def in_clauses(tokens: list[Token]) -> list[Token]:
    """Return the tokens with the formula in front, equations for what words define, and without comments."""
    items = _items(_opened(_in_cases(tokens)))
    for step in (_apart, _formula_first, _short_for, _equated, _explained, _sized, _led, _without_comments):
        items = step(items)
    return [token for item in items for token in (item.tokens if isinstance(item, _Words) else (item,))]


def _said(text: str) -> _Words:
    tokens = [Token(r"\text", False, True), Token("{"), *map(Token, text.replace(" ", "")), Token("}")]
    return _Words(text, tuple(tokens))


def _items(tokens: list[Token]) -> list[_Item]:
    found, at = list[_Item](), 0
    depth = [level for _, _, level in levels(tokens)]
    while at < len(tokens):
        opened = tokens[at].text in _SHOWN and depth[at] == 0 and [t.text for t in tokens[at + 1 : at + 2]] == ["{"]
        end = next((i for i in range(at + 1, len(tokens)) if depth[i] == 0), 0) if opened else 0
        if not end:
            found.append(tokens[at])
            at += 1
            continue
        text = "".join(" " * t.spaced + t.text for t in tokens[at + 2 : end])
        found += [_Words(text.strip(), tuple(tokens[at : end + 1]))] if text.strip(" ()") else []
        at = end + 1
    return found


def _opened(tokens: list[Token]) -> list[Token]:
    r"""Take off brackets that hold words in their own right behind the formula: [\text{with } c = d/n]."""
    depth = [level for _, _, level in levels(tokens)]
    for place, token in enumerate(tokens):
        if token.text not in ("(", "[") or depth[place] != 1 or not place:
            continue
        end = next((i for i in range(place, len(tokens)) if depth[i] == 0), 0)
        spoken = tokens[place + 1].text in _SHOWN or (len(tokens) > place + 2 and tokens[place + 2].text in _SHOWN)
        said = _items(tokens[place + 1 : end])[0] if spoken else None
        leads = isinstance(said, _Words) and bool({*said.words} & _SAYS)
        apart = tokens[place - 1].text in _ENDS or leads
        last = tokens[end].text == CLOSING[token.text] and all(t.text in _ENDS for t in tokens[end + 1 :])
        if end and spoken and apart and last:
            return [*tokens[:place], _COMMA, *tokens[place + 1 : end]]
    return tokens


def _in_cases(tokens: list[Token]) -> list[Token]:
    """Take comments in brackets out of the rows of cases, and name a regime there by its range alone."""
    depth = [level for _, _, level in levels(tokens)]
    for at, token in enumerate(tokens):
        if token.text not in _SHOWN or depth[at] != 1 or [t.text for t in tokens[at + 1 : at + 2]] != ["{"]:
            continue
        end = next((i for i in range(at + 1, len(tokens)) if depth[i] == 1), at)
        said = "".join(" " * t.spaced + t.text for t in tokens[at + 2 : end]).strip(" ,.").lower()
        ends = [t.text for t in tokens[end + 1 : end + 2]] in ([r"\\"], [r"\end"])
        if ends and said.startswith("(") and _is_comment(said):
            start = at - (tokens[at - 1].text in _ENDS)
            return _in_cases([*tokens[:start], *tokens[end + 1 :]])
        if _REGIME.fullmatch(said) and not ends:
            return _in_cases([*tokens[:at], *_said("if").tokens, *tokens[end + 1 :]])
    return tokens


def _apart(items: list[_Item]) -> list[_Item]:
    """Put commas outside of words, and a word behind one by itself: "is the dimension, and"."""
    found = list[_Item]()
    for item in items:
        if not isinstance(item, _Words) or not re.search(
            r"^[,;.]|[,;]$|[,;] (?:and|where|with|for|here)$|[a-z]\. [A-Z][a-z]", item.text
        ):
            found.append(item)
            continue
        before, _, text = item.text.rpartition(". ") if re.search(r"[a-z]\. [A-Z][a-z]", item.text) else ("", "", item.text)
        found += [_said(before), _COMMA] if before else []
        if text[0] in ",;.":
            found.append(_COMMA)
        text, last = text.strip(" ,;"), text[-1] in ",;"
        text = text.lstrip(". ")
        cut = re.fullmatch(r"(.*[a-z)])[,;] (and|where|with|for|here)", text)
        found += [_said(cut[1]), _COMMA, _said(cut[2])] if cut else [_said(text)] if text else []
        found += [_COMMA] if last and not set(re.findall("[a-z]+", text.lower())) <= _CHATTER else []
    return found


def _formula_first(items: list[_Item]) -> list[_Item]:
    """Put what is defined or assumed first behind the formula: Let c = d/n. Then V = .."""
    first = items[0] if items else None
    if not isinstance(first, _Words) or not ({*first.words[:1]} & {*_LEADING, "we"}):
        return _root_named(_without_front(items))
    if not set(first.words) <= _CHATTER | set(_LEADING):
        return items
    if first.words[0] in ("for", "if", "when"):
        return _conditions_behind(items)
    thens = [i for i, item in enumerate(items) if i and _is_then(item)]
    ends = [i for i, item in _outer(items) if i and _is(item, *_ENDS) and not any(isinstance(j, _Words) for j in items[i:])]
    solution = next((i for i, item in enumerate(items) if isinstance(item, _Words) and _be(item)), 0)
    if solution:
        items = [*items[:solution], _said(_be(items[solution])), *items[solution + 1 :]]
        if not thens and _is_name(items[1:solution]):  # Let x be the root of an equation: x is the formula
            return [*items[1:solution], _COMMA, _said("where"), *_trimmed(items[1:])]
    cut = thens[-1] if thens else ends[-1] if ends else 0
    stated, rest = _trimmed(items[1:cut]), _trimmed(items[cut + 1 :])
    if not rest or not any(_is(item, *_COMPARE) for item in stated):
        return items
    return [*rest, _COMMA, _said("where"), *stated]


def _be(item: _Item) -> str:
    """What "be the root of" and "solve" are in a clause of their own, or nothing."""
    text = item.text if isinstance(item, _Words) else ""
    turned = re.sub(r"^be ", "is ", re.sub(r"^(solve|satisfy)$", r"\1s", text)).replace("satisfys", "satisfies")
    return turned if turned != text and (SOLVES.fullmatch(turned.replace(" ", "")) or turned.startswith("is ")) else ""


def _root_named(items: list[_Item]) -> list[_Item]:
    r"""Write "the positive solution x of f = g" as x, where x is the positive solution of f = g."""
    first, ends = items[0] if items else None, [i for i, item in enumerate(items) if isinstance(item, _Words)][1:2]
    if not isinstance(first, _Words) or not ends or not _is_name(items[1 : ends[0]]):
        return items
    behind = items[ends[0]]
    if isinstance(behind, _Words) and behind.plain in ("of", "to") and SOLVES.fullmatch("".join([*first.words, "of"])):
        name = items[1 : ends[0]]
        return [*name, _COMMA, _said("where"), *name, _said(f"is {first.plain} of"), *items[ends[0] + 1 :]]
    return items


def _conditions_behind(items: list[_Item]) -> list[_Item]:
    """Put each range behind its formula: For x < 1, f, and for x > 1, g."""
    leads = [i for i, item in enumerate(items) if isinstance(item, _Words) and item.words[-1:] != []
             and item.words[-1] in ("for", "if", "when") and len(item.words) <= 2]  # fmt: skip
    found = list[_Item]()
    for start, end in pairwise([*leads, len(items)]):
        each = items[start + 1 : end]
        signs = [i for i, item in _outer(each) if _is(item, *_COMPARE, r"\to", r"\rightarrow")]
        cut = next((i for i, item in _outer(each) if signs and i > signs[0] and (_is(item, *_ENDS) or _is_then(item))), 0)
        value = each[cut:]
        while value and (_is(value[0], *_ENDS) or _is_then(value[0])):
            value = value[1:]
        if not cut or not _trimmed(value):
            return items
        found += [*([_COMMA] if found else []), *_trimmed(value), _COMMA, _said("for"), *each[:cut]]
    return found


def _is_then(item: _Item) -> bool:
    return isinstance(item, _Words) and _THEN.fullmatch(item.plain) is not None and not _changes(item)


def _changes(item: _Words) -> bool:
    return bool({*item.words} & (_ARITHMETIC - {"to", "by"}))


def _without_front(items: list[_Item]) -> list[_Item]:
    first = items[0] if items else None
    named = isinstance(first, _Words) and _is_then(first) and "excess" not in first.words
    return items[1:] if named else items


def _trimmed(items: list[_Item]) -> list[_Item]:
    while items and _is(items[-1], *_ENDS):
        items = items[:-1]
    while items and _is(items[0], *_ENDS):
        items = items[1:]
    return items


def _is(item: _Item, *texts: str) -> bool:
    return isinstance(item, Token) and item.text in texts


def _outer(items: list[_Item]) -> list[tuple[int, _Item]]:
    """Places and items outside of brackets."""
    tokens = [Token(r"\text") if isinstance(item, _Words) else item for item in items]
    return [(i, items[i]) for i, _, level in levels(tokens) if level == 0]


def _parts(items: list[_Item]) -> list[tuple[int, int]]:
    """Starts of what stands between commas and words, and where it ends."""
    marks = [-1, *(i for i, item in _outer(items) if isinstance(item, _Words) or _is(item, *_ENDS)), len(items)]
    return [(a + 1, b) for a, b in pairwise(marks)]


def _is_name(items: list[_Item]) -> bool:
    texts = [item.text if isinstance(item, Token) else " " for item in items]
    letters = [text for text in texts if text not in _NAME_MARKS]
    plain = all(text in GREEK or (text.isalnum() and len(text) <= 2) for text in letters)
    return bool(letters) and plain and texts[0] not in ("(", "+", "-") and (letters[0] in GREEK or letters[0].isalpha())


def _signs(items: list[_Item]) -> list[int]:
    return [i for i, item in _outer(items) if _is(item, *_COMPARE)]


def _short_for(items: list[_Item]) -> list[_Item]:
    r"""Write "writing \phi for n/d" as an equation, and "A for .." behind one that is short for something."""
    short = False
    for start, end in _parts(items):
        lead = items[start - 1] if start else None
        word = items[end] if end < len(items) else None
        if isinstance(lead, _Words):
            short = short or bool(_SHORT.match(lead.plain)) or lead.plain == "is short for"
        behind = next(((a, b) for a, b in _parts(items) if a == end + 1), None)
        if not isinstance(word, _Words) or word.plain != "for" or not isinstance(lead, _Words) or not short or not behind:
            continue
        if behind[0] < behind[1] and _is_name(items[start:end]) and not _signs(items[behind[0] : behind[1]]):
            return _short_for([*items[: start - 1], _said("where"), *items[start:end], Token("=", False, True),
                               *items[end + 1 :]])  # fmt: skip
    return items


def _equated(items: list[_Item]) -> list[_Item]:
    """Write "stands for" and "denotes" as an equals sign between a name and what is no equation."""
    spans = _parts(items)
    for (start, end), (start2, end2) in pairwise(spans):
        word = items[end]
        if not isinstance(word, _Words) or not _EQUALS.fullmatch(word.plain) or start2 == end2:
            continue
        if _is_name(items[start:end]) and not _signs(items[start2:end2]) and (start or end2 == len(items)):
            return _equated([*items[:end], Token("=", False, True), *items[end + 1 :]])
    return items


def _explained(items: list[_Item]) -> list[_Item]:
    """Write "n: number of samples" as "n is the number of samples", "n samples in dimension d" likewise."""
    for start, end in _parts(items):
        word = items[end] if end < len(items) else None
        if not isinstance(word, _Words) or not start or not _is_name(items[start:end]):
            continue
        rest = items[end + 1 :]
        if word.text.startswith(":") and set(word.words).isdisjoint(_CONDITIONS) and _closes(rest):
            noun = _said("is the " + re.sub(r"^(?:the|an?) ", "", word.plain))
            return _explained([*items[:end], noun, *rest])
        before = items[start - 1] if start else None
        if (isinstance(before, _Words) and before.plain in ("after", "for", "with", "at", "in") and _closes(rest)
                and not set(word.words) & (_CONDITIONS | _ARITHMETIC | {"the", "is", "are"}) and len(word.words) == 1):
            noun = [_COMMA, *items[start:end], _said(f"the {word.plain}")]
            return _explained([*items[: start - 1], *noun, *rest])
        both = _EXPLAINED.fullmatch(word.plain)
        last = next((i for i in range(len(rest) + 1) if _closes(rest[i:])), 0)
        if both and last and _is_name(rest[:last]) and not set(word.words) & (_CONDITIONS | _ARITHMETIC):
            return _explained([*items[:end], _said(f"the {both[1]}"), _COMMA, *rest[:last], _said(f"the {both[2]}"),
                               *rest[last:]])  # fmt: skip
    return items


def _sized(items: list[_Item]) -> list[_Item]:
    """Write "for batch size B in dimension d" as what these letters are."""
    for start, end in _parts(items):
        lead = items[start - 1] if start > 1 else None
        if not isinstance(lead, _Words) or not _is_name(items[start:end]) or not _closes(items[end:]):
            continue
        said = re.fullmatch(r"(?:for|in|with|at|of|and) (?:the )?((?:[a-z]+ )?[a-z]+)", lead.plain)
        said = said if end == len(items) or not isinstance(items[end], _Words) or items[end].plain[:3] == "in " else None
        if said and not set(lead.words[1:]) & (_CONDITIONS | _ARITHMETIC | _CHATTER - {"the"}):
            return _sized([*items[: start - 1], _COMMA, *items[start:end], _said(f"the {said[1]}"), *items[end:]])
    return items


def _closes(items: list[_Item]) -> bool:
    return not items or isinstance(items[0], _Words) or _is(items[0], *_ENDS)


def _led(items: list[_Item]) -> list[_Item]:
    """Write "where, as before," and "with discriminant" in front of an equation as "where"."""
    found = list(items)
    for start, end in _parts(items):
        lead = items[start - 1] if start else None
        signs = _signs(items[start:end])
        if not isinstance(lead, _Words) or start == 1:
            continue
        arrow = any(_is(item, r"\to", r"\rightarrow") for item in items[start:])
        if _SURELY.fullmatch(lead.text.lower()) and arrow:
            found[start - 1] = _said("as")
        if not signs or not _is_name([item for item in items[start : start + signs[0]] if not _is(item, ":")]):
            continue
        words = lead.words
        spoken = set(words) <= _CHATTER and bool(_SAYS & set(words))
        noun = words[:1] != [] and words[0] in ("with", "where", "and", "here", "using", "denoting", "writing", "the") \
            and not set(words[1:]) & (_CONDITIONS | _ARITHMETIC) and not SOLVES.fullmatch("".join(words))  # fmt: skip
        if (len(words) > 1 and (spoken or noun) and words != ["with", "probability"]) or words in (["denoting"], ["writing"], ["recalling"], ["namely"]):
            found[start - 1] = _said("where")
        elif _REGIME.fullmatch(lead.plain) and not _is(items[start + signs[0]], "="):
            found[start - 1] = _said("for")
    return found


def _without_comments(items: list[_Item]) -> list[_Item]:
    """Take out what is said of an equation that says it all: c = d/n is the aspect ratio."""
    found = list[_Item]()
    spans = {end: start for start, end in _parts(items)}
    for place, item in enumerate(items):
        start = spans.get(place, place)
        if not isinstance(item, _Words) or not start or not _signs(items[start:place]):
            found.append(item)
            continue
        text = re.sub(r" (?:and|where|with)$", "", item.text.strip(" ,;:.").lower())
        ends = _closes(items[place + 1 :]) or text != item.plain
        found.append(_COMMA if ends and _is_comment(text) else item)
    return found


def _is_comment(text: str) -> bool:
    if _ASIDE.fullmatch(text.strip("()")):
        return True
    words = re.findall(r"[^\W\d_]+", text)
    if not words or re.search(r"[^\w\s()'’–-]|\d", text) or set(words) & _CONDITIONS:
        return False
    if text.startswith("(") != text.endswith(")"):
        return False
    named = words[0] in _OPENERS and len(words) > 1
    if words[0] in ("the", "a", "an", "our") and len(words) > 1 and not set(words) & _ARITHMETIC - {"to", "from", "per"}:
        return True
    return (named and words[1] in ("the", "a", "an", "our")) or (
        not set(words) & _ARITHMETIC and (named or text.startswith("(") or len(words) > 1)
    )
