r"""Signs that define names otherwise than ``name = value``, written so: n/d =: phi, f: x \mapsto .., (u, v) = (a, b).

Blocks of equations behind a formula are taken apart, and that an index runs over all dimensions is left out.
"""

from __future__ import annotations

from itertools import pairwise

from solvable.analysis.derivation.latex_tokens import Token, levels

__all__ = ["in_equations"]

_ENDS = (",", ";", r"\quad")
_WORDS = (r"\text", r"\textrm", r"\mbox", r"\textnormal")
_BLOCKS = ("aligned", "align", "align*", "split", "gathered", "array")
_COMMA, _EQUALS = Token(",", False, True), Token("=", False, True)


def in_equations(tokens: list[Token]) -> list[Token]:
    """Return the tokens with equations in place of such signs."""
    for step in (_blocks_apart, _turned, _pairs_apart, _without_indices):
        tokens = step(tokens)
    return tokens


def _parts(tokens: list[Token]) -> list[tuple[int, int]]:
    """Starts and ends of what stands between commas and words."""
    marks, inside = [(-1, 0)], 0
    depth = [0, *(level for _, _, level in levels(tokens))]
    for place, token in enumerate(tokens):
        if depth[place] == 0 and depth[place + 1] == 0 and (token.text in _ENDS or token.text in _WORDS):
            inside = place
            end = place + 1
            if token.text in _WORDS and [t.text for t in tokens[end : end + 1]] == ["{"]:
                end = next((i for i in range(end, len(tokens)) if depth[i + 1] == 0), end) + 1
            marks.append((inside, end - 1))
    marks.append((len(tokens), 0))
    return [(a[1] + 1 if a[0] >= 0 else 0, b[0]) for a, b in pairwise(marks)]


def _blocks_apart(tokens: list[Token]) -> list[Token]:
    r"""Write \begin{aligned} u &= a \\ v &= b \end{aligned} behind the formula as u = a, v = b."""
    kept, at = list[Token](), 0
    while at < len(tokens):
        name = ""
        if tokens[at].text == r"\begin" and kept:
            close = next((i for i in range(at, len(tokens)) if tokens[i].text == "}"), at)
            name = "".join(t.text for t in tokens[at + 2 : close])
        end = next((i for i in range(at + 1, len(tokens)) if tokens[i].text in (r"\begin", r"\end")), 0) if name else 0
        if name not in _BLOCKS[:-1] or not end or tokens[end].text != r"\end":
            kept.append(Token(",", False, True) if tokens[at].text == r"\&" else tokens[at])
            at += 1
            continue
        inner = [_COMMA if t.text == r"\\" else t for t in tokens[close + 1 : end] if t.text != "&"]
        kept += inner
        at = end + 3 + len(name)
    return kept


def _turned(tokens: list[Token]) -> list[Token]:
    r"""Write n/d =: \phi as \phi = n/d, f \colon x \mapsto v as f(x) = v, and \kappa = \kappa(\lambda) as \kappa."""
    for start, end in _parts(tokens):
        part = tokens[start:end]
        texts = [t.text for t in part]
        turned = next((i for i, text in enumerate(texts) if text == r"\eqqcolon" or texts[i : i + 2] == ["=", ":"]), 0)
        if turned:
            name = part[turned + 1 + (texts[turned] == "=") :]
            if name and _is_name(name) and "=" not in texts[:turned]:
                return _turned([*tokens[:start], *name, _EQUALS, *part[:turned], *tokens[end:]])
        if texts[1:2] in ([r"\colon"], [":"]) and texts[3:4] == [r"\mapsto"] and len(part) > 4:
            called = [part[0], Token("("), part[2], Token(")"), _EQUALS]
            return _turned([*tokens[:start], *called, *part[4:], *tokens[end:]])
        own = texts[:1] == texts[2:3] and texts[1:2] == ["="] and texts[3:4] == ["("]
        if own and start and texts[-1] == ")" and len(texts) == 6:
            return _turned([*tokens[:start], part[0], *tokens[end:]])
    return tokens


def _is_name(tokens: list[Token]) -> bool:
    texts = [t.text for t in tokens]
    return len(texts) == 1 or texts[1:2] in (["_"], ["^"])


def _pairs_apart(tokens: list[Token]) -> list[Token]:
    """Write (u, v) = (a, b) as u = a, v = b."""
    for start, end in _parts(tokens):
        part = tokens[start:end]
        texts = [t.text for t in part]
        depth = [level for _, _, level in levels(part)]
        sign = next((i for i, text in enumerate(texts) if text == "=" and depth[i] == 0), 0)
        if not start or not sign or texts[0] != "(" or texts[sign + 1 : sign + 2] != ["("] or texts[-1] != ")":
            continue
        if 0 in depth[: sign - 1 - (texts[sign - 1] == ":")] or 0 in depth[sign + 1 : -1]:
            continue
        names, values = (_between_commas(side) for side in (part[1 : texts.index(")")], part[sign + 2 : -1]))
        if len(names) == len(values) > 1 and all(_is_name(name) for name in names):
            pairs = [
                each for name, value in zip(names, values, strict=True) for each in (*name, _EQUALS, *value, _COMMA)
            ]
            return _pairs_apart([*tokens[:start], *pairs[:-1], *tokens[end:]])
    return tokens


def _between_commas(tokens: list[Token]) -> list[list[Token]]:
    marks = [-1, *(i for i, text, level in levels(tokens) if text == "," and level == 0), len(tokens)]
    return [tokens[a + 1 : b] for a, b in pairwise(marks)]


def _without_indices(tokens: list[Token]) -> list[Token]:
    r"""Take out that an index runs over all dimensions: (i = 1, \dots, d), where a name has that index."""
    texts = [t.text for t in tokens]
    for at in range(1, len(texts) - 6):
        index, dots, last = texts[at], texts[at + 4 : at + 5], texts[at + 6 : at + 7]
        if index not in ("i", "j", "k") or texts[at + 1 : at + 4] != ["=", "1", ","] or texts[at + 5 : at + 6] != [","]:
            continue
        indexed = any(pair == ("_", index) for pair in pairwise(texts[:at]))
        if dots not in ([r"\dots"], [r"\ldots"], [r"\dotsc"], [r"\cdots"]) or last not in (["d"], ["p"]) or not indexed:
            continue
        bracketed = texts[at - 1] == "(" and texts[at + 7 : at + 8] == [")"]
        if bracketed or (texts[at - 1] in _ENDS and texts[at + 7 : at + 8] in ([], [","], [r"\quad"])):
            return [*tokens[: at - bracketed], *tokens[at + 7 + bracketed :]]
    return tokens
