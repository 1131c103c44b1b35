r"""What stands in front of an equation of LaTeX, or behind it as its name: heads, numbers, conditions, =: V.

``\textbf{Theorem 2.}``, ``(3.12)\quad V = ..``, ``For $\gamma<1$, $V = ..$``, ``\gamma<1 \implies V = ..`` and
``.. =: V`` are put in the order V = .., \gamma<1, which the reader of statements takes.
"""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import IMPLIES, LIMITS, RELATIONS

__all__ = ["conditions_behind", "named_in_front", "without_head", "words_of_conditions"]

_KINDS = (r"(?:Theorem|Lemma|Proposition|Corollary|Claim|Fact|Result|Remark|Definition|Example|Exercise|Solution|"
          r"Answer|Conjecture|Observation|Prop|Thm|Cor)\.?")  # fmt: skip
_HEAD = re.compile(
    rf"\s*(?:\\noindent\s*|\\item\s*)?(?:\\(?:textbf|textit|textsc|emph|paragraph)\*?\{{\s*{_KINDS}[^{{}}$=]*\}}\s*[.:]?|"
    rf"{_KINDS}(?:\s+[A-Z]?\d[\d.]*)?(?:\s*\([^()$=]*\))?[.:])\s*(?:\([A-Z][^()$=]*\)[.:]?\s*)?"
)
_NUMBER = re.compile(r"\s*\((?:[A-Z]\.?)?\d+(?:\.\d+)*[a-z]?\)\s*(?:\\q?quad(?![a-zA-Z])|(?<=\.\d\))|(?<=\.\d\d\)))\s*")
_CONDITIONAL = re.compile(r"(?i)(?:for|if|when|whenever|as|in|with|where|while|provided|since|thelimit|inthelimit|"
                          r"forall|forevery|then|wehave|onehas|ithols|and|let|suppose|assume|assuming|under|"
                          r"that)*")  # fmt: skip
_RESPELLED = (
    (re.compile(r"\\eqq?colon(?![a-zA-Z])|=\s*\\mathrel\{:\}"), "=:"),
    (re.compile(r"\\(?:hat|widehat)\s*\{?=\}?"), "="),
    (re.compile(r"\\colon(?![a-zA-Z])"), ":"),
    (re.compile(r"\\mathbb\s*\{?V\}?\s*\\(?:mathrm|operatorname|text|mathsf)\s*\{ar\}"), r"\\operatorname{Var}"),
    (
        re.compile(r"(\\\||\\r?Vert|\\right\s*\|)\s*\^(\{2\}|2)\s*_(\{[^{}]*\}|\\[A-Za-z]+|\w)"),
        r"\1_\3^\2",
    ),  # of a norm
)
_BOXED = re.compile(r"(\s*\$*)\s*\\(?:boxed|fbox)\s*\{")
_PAUSES = (",", r"\quad", ";")
_CASE = re.compile(r"[ ,.;]*(?:and)?(?:for|if|when) *$")
_WORDS = (r"\text", r"\textrm", r"\mbox")


def without_head(text: str) -> str:
    """Return the text without the head of a theorem and the number of an equation in front, in the usual spelling."""
    text = _unboxed(text)
    for pattern in (_HEAD, _NUMBER):
        found = pattern.match(text)
        text = text[found.end() :] if found else text
    for pattern, usual in _RESPELLED:
        text = pattern.sub(usual, text)
    return text


def _unboxed(text: str) -> str:
    r"""Return what stands in a \boxed that holds the whole text."""
    found = _BOXED.match(text)
    if found is None:
        return text
    level = 1
    for place in range(found.end(), len(text)):
        level += {"{": 1, "}": -1}.get(text[place], 0) * (text[place - 1] != "\\")
        if level == 0:
            behind = text[place + 1 :].strip(" .,$")
            return text if behind else f"{found[1]}{text[found.end() : place]}{text[place + 1 :]}"
    return text


def words_of_conditions(words: str) -> bool:
    """Whether words only join the conditions of a formula with it: As .. with .., we have."""
    return bool(words) and _CONDITIONAL.fullmatch(re.sub(r"[\s,.:]", "", words)) is not None


def named_in_front(tokens: list[Token]) -> list[Token]:
    """Return the tokens with a name that is given behind, F =: V, in front; without it where another stands there."""
    outer = [(i, text) for i, text, level in levels(tokens) if level == 0]
    places = [i for i, text in outer if text == "="]
    starts = [
        i + 1 if text in _PAUSES else _behind_words(tokens, i) for i, text in outer if text in (*_PAUSES, *_WORDS)
    ]
    for place in places:
        if [t.text for t in tokens[place + 1 : place + 2]] != [":"]:
            continue
        start = max((i for i in starts if i <= place), default=0)
        end = next((i for i, text in outer if i > place and text in (*_PAUSES, "=")), len(tokens))
        name, stated, rest = tokens[place + 2 : end], tokens[start:place], tokens[end:]
        if not name or any(start <= i < place or i == end for i in places):
            return [*tokens[:place], *rest]
        return [*tokens[:start], *name, Token("=", False, True), *stated, *rest]
    return tokens


def conditions_behind(tokens: list[Token]) -> list[Token]:
    """Return the tokens with the conditions that stand in front of an equation behind it."""
    start = _begin_of_equation(tokens)
    words = [i for i, token in enumerate(tokens) if i > start and token.text in _WORDS]
    if not start or any(
        _CASE.match("".join(t.text for t in tokens[i + 2 : _behind_words(tokens, i) - 1])) for i in words
    ):
        return tokens  # as they are, or one case of several
    conditions = _without_words(tokens[:start])
    return [*tokens[start:], Token(",", False, True), *conditions] if conditions else tokens


def _begin_of_equation(tokens: list[Token]) -> int:
    """Place of the first part with a sign of equality, where all parts in front of it are conditions; else 0."""
    start, conditional, place = 0, False, 0
    depth = [level for _, _, level in levels(tokens)]
    while place <= len(tokens):
        text = tokens[place].text if place < len(tokens) else ","
        after = tokens[place + 1].text if place + 1 < len(tokens) else ""
        words, colon = text in _WORDS, text == ":" and after != "="
        ends = place == len(tokens) or (depth[place] == 0 and (text in (*_PAUSES, *IMPLIES) or words or colon))
        if ends:
            part = tokens[start:place]
            if _is_equation(part):
                return start if conditional else 0
            if part and not (_compares(part) or all(len(t.text) == 1 and t.text.isalpha() for t in part)):
                return 0
            conditional = conditional or words or colon or text in IMPLIES or part[:1] == [Token(r"\forall")]
            start = _behind_words(tokens, place) if words else place + 1
            place = start - 1
        place += 1
    return 0


def _behind_words(tokens: list[Token], place: int) -> int:
    return next((i for i in range(place, len(tokens)) if tokens[i].text == "}"), len(tokens) - 1) + 1


def _is_equation(part: list[Token]) -> bool:
    """Whether a part states what a quantity is: it has a sign of equality, or an arrow to more than one name."""
    signs = [(i, text) for i, text, level in levels(part) if level == 0 and text in ("=", *LIMITS, *RELATIONS, r"\in")]
    if not signs or signs[0][1] in (*RELATIONS, r"\in"):
        return False
    place, sign = signs[0]
    return sign == "=" or (len([t for t in part[place + 1 :] if t.text != r"\quad"]) > 1 and len(signs) == 1)


def _compares(part: list[Token]) -> bool:
    return any(text in (*RELATIONS, *LIMITS, r"\in", r"\forall") for _, text, level in levels(part) if level == 0)


def _without_words(tokens: list[Token]) -> list[Token] | None:
    """Return conditions without the words that only join them; nothing where other words stand among them."""
    parts: list[list[Token]] = [[]]
    place = 0
    while place < len(tokens):
        text = tokens[place].text
        if text in _WORDS:
            end = _behind_words(tokens, place)
            word = "".join(t.text for t in tokens[place + 2 : end - 1])
            if not _CONDITIONAL.fullmatch(re.sub(r"[ ,.:]", "", word)):
                return None
            parts.append([])
            place = end
            continue
        if text in IMPLIES or text == ":" or text == r"\quad":
            parts.append([])
        elif text != r"\forall":
            parts[-1].append(tokens[place])
        place += 1
    kept: list[Token] = []
    for part in parts:
        while part and part[-1].text in _PAUSES:
            part.pop()
        if _compares(part):  # a name alone, of which something holds, says nothing
            kept += [*([Token(",", False, True)] if kept else []), *part]
    return kept
