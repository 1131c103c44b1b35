"""Plain text as people type it, brought to Python's notation: Greek letters, raised digits, products without a sign."""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_words import GREEK
from solvable.solvers.validate import refuse

__all__ = ["plain_from_text"]

_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊", "0123456789+", strict=True))
_RAISE = str.maketrans("".join(_RAISED), "".join(_RAISED.values()))
_LOWER = str.maketrans("".join(_LOWERED), "".join(_LOWERED.values()))
_SIGNS = {"^": "**", "−": "-", "–": "-", "·": "*", "×": "*", "⋅": "*", "∞": "oo", "≤": "<=", "≥": ">=", "≠": "!=",
          "÷": "/", "√": "sqrt", "∑": "sum", "Σ": "Sigma", "∫": "integral", "ℓ": "ell"}  # fmt: skip
_LETTERS = {letter: name for letter, name in GREEK.items() if len(letter) == 1}
_TOKEN = re.compile(
    r"\s+|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    rf"|(?P<greek>[{''.join(_LETTERS)}](?:_[A-Za-z0-9]+|[{''.join(_LOWERED)}]+)?)"
    rf"|(?P<raised>[{''.join(_RAISED)}]+)|(?P<sign>\*\*|<=|>=|==|!=|->|.)",
    re.S,
)
_KEYWORDS = ("if", "else", "and", "or", "True", "for", "when", "where")


def plain_from_text(text: str) -> tuple[str, str, str]:
    """Return the formula, its range and the name left of = (or empty strings) in Python's notation.

    Raises
    ------
    ValueError
        In one sentence, where a product without a sign could be read in two ways.

    Examples
    --------
    >>> plain_from_text("V = σ²γ/(1−γ), γ < 1")
    ('sigma**(2)*gamma/(1-gamma)', 'gamma<1', 'V')
    """
    pieces = _pieces(text)
    cut = _left_side(text, pieces)
    left = pieces[0][0] if cut else ""
    pieces = pieces[cut:]
    level = 0
    for place, (piece, _) in enumerate(pieces):
        level += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        if level == 0 and piece in (",", ";", "for", "when"):
            condition = pieces[place + 1 :]
            while condition and condition[0][0] in ("for", "when", "if"):
                condition = condition[1:]
            joined = "".join("and" if p == "," else p for p, _ in condition)
            if not re.search(r"[<>]", joined):
                raise refuse("formula", text, f"what stands behind {piece} is not a range")
            range_ = [(" and ", "sign") if p == "," else (p, k) for p, k in condition]
            return _join(text, pieces[:place]), _join(text, range_), left
    return _join(text, pieces), "", left


def _pieces(text: str) -> list[tuple[str, str]]:
    """Cut into (piece, kind), in ASCII."""
    found = []
    for match in _TOKEN.finditer(text.strip().rstrip(".")):
        kind = match.lastgroup
        piece = match.group()
        if kind is None:
            continue
        if kind == "greek":
            index = piece[1:].translate(_LOWER).lstrip("_")
            piece = _LETTERS[piece[0]] + (f"_{index}" if index else "")
        elif kind == "raised":
            piece = "**(" + piece.translate(_RAISE) + ")"
        elif kind == "sign" and piece in _SIGNS:
            piece = _SIGNS[piece]
            kind = "name" if piece.isalpha() else "sign"
        elif kind == "name" and piece in _KEYWORDS:
            kind = "keyword"
        found.append((piece, kind))
    return found


def _left_side(text: str, pieces: list[tuple[str, str]]) -> int:
    """Number of pieces of ``y =`` or ``V(gamma) =`` in front of the formula."""
    level, marks = 0, []
    for place, (piece, _) in enumerate(pieces):
        level += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        if piece == "=" and level == 0:
            marks.append(place)
    if not marks:
        return 0
    left = [piece for piece, _ in pieces[: marks[0]]]
    if len(marks) > 1 or not re.fullmatch(r"\w+(\([\w,]*\))?", "".join(left)):
        raise refuse("formula", text, "left of = stands more than the name of one quantity: give the right side alone")
    return marks[0] + 1


def _join(text: str, pieces: list[tuple[str, str]]) -> str:
    """Write the pieces with the products that were left out; ``a/bc`` is refused, since it is read both ways."""
    written, before, slashed = [], ("", ""), False
    for place, (piece, kind) in enumerate(pieces):
        ends = before[1] in ("number", "greek", "raised") or before[0] in (")", "]")
        starts = kind in ("number", "name", "greek") or piece == "("
        names = (before[1] == "greek" and kind == "name") or (before[1] == "name" and kind == "greek")
        if before[1] == "name" and kind in ("name", "number"):
            raise refuse("formula", text, f"{before[0]} and {piece} follow each other: write the sign between them")
        if (ends and starts) or names:
            if slashed:
                raise refuse("formula", text, f"what is divided by before {piece} is not clear: brackets are needed")
            written.append("*")
        if kind == "sign":
            bracket = place + 1 < len(pieces) and pieces[place + 1][0] == "("
            slashed = piece == "/" and not bracket if piece in "/*+-<>=,)" else slashed
        if kind == "keyword":
            piece, slashed = f" {piece} ", False
        written.append(piece)
        before = (piece, kind)
    return "".join(written)
