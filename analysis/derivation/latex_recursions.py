r"""Recursions of LaTeX, x_{t+1} = a x_t + c with x_0 = b: what they lead to takes their place."""

from __future__ import annotations

from dataclasses import dataclass

from solvable.analysis.derivation.latex_tokens import TEXTS, Token, levels

__all__ = ["ITERATE", "Recursion", "taken_out"]

ITERATE, PREVIOUS = "iterate", "previous"
_ENDS = (",", ";", r"\quad", *TEXTS)


@dataclass(frozen=True)
class Recursion:
    """Tokens of a step as a function of `previous`, those of the start, and the letter that counts the steps."""

    step: list[Token]
    start: list[Token]
    count: Token


def taken_out(tokens: list[Token]) -> tuple[list[Token], Recursion | None]:
    """Return the tokens with a name for what a recursion leads to, and the recursion; as they are where none is."""
    parts = _parts(tokens)
    for at, (first, last) in enumerate(parts):
        found = _step(tokens[first:last])
        if found is None:
            continue
        base, count, step = found
        starts = [part for part in parts if _is_start(tokens[slice(*part)], base)]
        if len(starts) != 1:
            return tokens, None
        begins, ends = starts[0]
        start = tokens[begins + len(base) + _index_length(tokens, begins + len(base)) + 1 : ends]
        kept = [token for i, part in enumerate(parts) if i not in (at, parts.index(starts[0]))
                for token in (*tokens[slice(*part)], *_gap(tokens, parts, i))]  # fmt: skip
        asked, letter = _with_name(kept, base)
        if letter is None:
            asked = [*_named(ITERATE), Token(",", False, True), *kept]
        return asked, Recursion(step, start, letter or count)
    return tokens, None


def _parts(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where the parts between commas, spaces and words begin and end."""
    found, start, inside = [], 0, False
    for place, text, level in levels(tokens):
        if inside:
            inside = level > 0
            start = place + 1
        elif level == 0 and text in _ENDS:
            if place > start:
                found.append((start, place))
            start, inside = place + 1, text in TEXTS
    return [*found, (start, len(tokens))] if start < len(tokens) else found


def _gap(tokens: list[Token], parts: list[tuple[int, int]], at: int) -> list[Token]:
    """Tokens between a part and the next one."""
    return tokens[parts[at][1] : parts[at + 1][0]] if at + 1 < len(parts) else []


def _index(tokens: list[Token], at: int) -> list[Token]:
    """Tokens of the index that stands at a place."""
    if [t.text for t in tokens[at : at + 1]] != ["_"]:
        return []
    end = at + _index_length(tokens, at)
    return [t for t in tokens[at + 1 : end] if t.text not in "{}"]


def _index_length(tokens: list[Token], at: int) -> int:
    if [t.text for t in tokens[at + 1 : at + 2]] != ["{"]:
        return 2
    return 2 + next((i for i, _, level in levels(tokens[at + 1 :]) if level == 0), 0)


def _step(part: list[Token]) -> tuple[list[Token], Token, list[Token]] | None:
    """Name, counting letter and step of a recursion."""
    signs = [i for i, text, level in levels(part) if text == "=" and level == 0]
    mark = next((i for i, text, level in levels(part[: signs[0]]) if text == "_" and level == 0), 0) if signs else 0
    index = _index(part, mark) if mark else []
    if not mark or mark + _index_length(part, mark) != signs[0] or not index[0].text.isalpha():
        return None
    texts = [t.text for t in index[1:]]
    if texts not in ([], ["+", "1"]):
        return None
    before = [index[0].text] if texts else [index[0].text, "-", "1"]
    base, right = part[:mark], part[signs[0] + 1 :]
    step, at = list[Token](), 0
    while at < len(right):
        name = [t.text for t in right[at : at + len(base)]] == [t.text for t in base]
        if name and [t.text for t in _index(right, at + len(base))] == before:
            step += _named(PREVIOUS)
            at += len(base) + _index_length(right, at + len(base))
        else:
            step.append(right[at])
            at += 1
    return (base, index[0], step) if len(step) != len(right) else None


def _is_start(part: list[Token], base: list[Token]) -> bool:
    length = len(base)
    if [t.text for t in part[:length]] != [t.text for t in base] or [t.text for t in _index(part, length)] != ["0"]:
        return False
    return [t.text for t in part[length + _index_length(part, length) :][:1]] == ["="]


def _with_name(tokens: list[Token], base: list[Token]) -> tuple[list[Token], Token | None]:
    """Tokens in which the quantity after so many steps has its name, and the letter that counts them."""
    for at in range(len(tokens) - len(base)):
        index = _index(tokens, at + len(base))
        if [t.text for t in tokens[at : at + len(base)]] == [t.text for t in base] and len(index) == 1:
            end = at + len(base) + _index_length(tokens, at + len(base))
            return [*tokens[:at], *_named(ITERATE), *tokens[end:]], index[0]
    return tokens, None


def _named(word: str) -> list[Token]:
    return [Token(r"\mathrm", False, True), Token("{"), *map(Token, word), Token("}")]
