"""Plain text as people type it, brought to Python's notation: Greek letters, raised digits, products without a sign."""

from __future__ import annotations

import re
from typing import NamedTuple

from solvable.analysis.derivation.functions import CALLABLE
from solvable.analysis.derivation.latex_words import FUNCTIONS, GREEK
from solvable.analysis.derivation.notebook import as_one_statement
from solvable.solvers.validate import refuse

__all__ = ["Statement", "plain_from_text"]


class Statement(NamedTuple):
    """A formula in Python's notation, with what the author writes around it."""

    formula: str
    condition: str = ""
    left: str = ""
    relation: str = "="  # between the left side and the formula: = <= >=
    definitions: tuple[tuple[str, str], ...] = ()  # where name = expression; without a name, where it vanishes
    sides: tuple[str, ...] = ()  # what else the formula is said to equal
    unread: tuple[str, ...] = ()  # what stands left of it and is no formula: how the quantity is defined
    statistic: str = ""  # the first side with one name for the statistic in it
    named: tuple[str, int] = ("", 1)  # the name left of the sign, and its power
    chosen: str = ""  # of several roots of an equation the least or the greatest
    other_end: str = ""  # what stands left of the quantity in a chain of bounds
    words: tuple[str, str] = ("", "")  # of a sentence: what was not read, and what of that may narrow the formula


_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿᵏᵗᵈᵐˡʲⁱᴸᴷᵀ⁽⁾", "0123456789-+nktdmljiLKT()", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+aehijklmnoprstuvx", strict=True))
_RAISE = str.maketrans("".join(_RAISED), "".join(_RAISED.values()))
_LOWER = str.maketrans("".join(_LOWERED), "".join(_LOWERED.values()))
_SIGNS = {"^": "**", "−": "-", "–": "-", "·": "*", "×": "*", "⋅": "*", "∞": "oo", "≤": "<=", "≥": ">=", "≠": "!=",
          "÷": "/", "∕": "/", "⁄": "/", "√": "sqrt", "∑": "sum", "Σ": "Sigma", "∫": "integral", "ℓ": "ell"}  # fmt: skip
_LETTERS = {letter: name for letter, name in GREEK.items() if len(letter) == 1}
_TOKEN = re.compile(
    rf"\s+|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)(?P<low>[{''.join(_LOWERED)}]*)"
    rf"|(?P<greek>[{''.join(_LETTERS)}](?:_[A-Za-z0-9]+|_[{''.join(_LETTERS)}]|[{''.join(_LOWERED)}]+)?)"
    rf"|(?P<raised>[{''.join(_RAISED)}]+)|(?P<sign>\*\*|<=|>=|==|!=|->|.)",
    re.S,
)
_WORDS = (*FUNCTIONS, "sqrt", "abs", "sum", "product", "E", "Tr", "tr", "trace", "integral", "diff", "mp_mean", "Phi")
_KEYWORDS = ("if", "else", "and", "or", "True", "for", "when", "where", "with", "in")
_BEHIND = (",", ";", "for", "when", "where", "with")
_SPACED = re.compile(r"(?<![\w.])([^\W\d]\w*)[ \t]+(?=\()")
_AS_LONG_AS = re.compile(r"\s*\b(?:(?:as|so) long as|provided(?: that)?|assuming(?: that)?|whenever|given that)\s+")
_NAMED = re.compile(r"(?:^|[;,\n]|\b(?:where|and|with)\b)\s*([^\W\d]\w*)\s*=(?!=)")
_APPLIED = re.compile(r"(?<![\w.])([^\W\d]\w*)\s*\(\s*[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*\s*\)\s*:?=(?!=)")
_TIMES = "\u2062"  # a product that is not written


def plain_from_text(text: str) -> Statement:
    """Return the formula with its range, left side and definitions in Python's notation.

    Raises
    ------
    ValueError
        In one sentence, where a product without a sign could be read in two ways.

    Examples
    --------
    >>> plain_from_text("V = σ²γ/(1−γ), γ < 1")[:3]
    ('sigma**(2)*gamma/(1-gamma)', 'gamma<1', 'V')
    """
    statement = _AS_LONG_AS.sub(" for ", as_one_statement(text))
    twice = re.search(r"(?<![\w.])\d+\.\d+\.\d", statement)
    if twice is not None:
        raise refuse("formula", text, f"{twice[0]} is no number")
    if not re.search(r"\b(?:Gamma|Γ)\s*(?:\([^()]*\)\s*)?:?=", statement):
        statement = re.sub(r"(?<![\w.])(?:Gamma|Γ)(?=\()", "gamma_function", statement)
    applied = frozenset(_APPLIED.findall(statement))
    pieces = _pieces(_with_products(statement, applied))
    behind = (*_BEHIND, "if") if not any(piece == "else" for piece, _ in pieces) else _BEHIND
    start = _end_of_chain(pieces)
    other_end = _join(text, pieces[: start - 1], applied) if start else ""
    pieces = pieces[start:]
    cut, relation = _left_side(text, pieces)
    left = pieces[0][0] if cut > 1 else ""
    named = (left, 2 if "**" in [piece[:2] for piece, _ in pieces[:cut]] else 1)
    pieces = pieces[cut:]
    level = 0
    for place, (piece, _) in enumerate(pieces):
        level += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        if level == 0 and piece in behind:
            range_, definitions = _behind(text, pieces[place:], applied)
            formula = _join(text, pieces[:place], applied)
            return Statement(formula, range_, left, relation, definitions, named=named, other_end=other_end)
    return Statement(_join(text, pieces, applied), "", left, relation, named=named, other_end=other_end)


def _behind(
    text: str, pieces: list[tuple[str, str]], applied: frozenset[str]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Read what stands behind a formula: its range, and what its names are."""
    parts: list[list[tuple[str, str]]] = [[]]
    level = 0
    for piece, kind in pieces:
        level += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        if level == 0 and piece in (*_BEHIND, "and", "if"):
            parts.append([])
        else:
            parts[-1].append((piece, kind))
    ranges, definitions = [], []
    for part in filter(None, parts):
        words = [piece for piece, _ in part]
        if len(words) > 2 and words[1] == "=" and words[0].isidentifier() and "=" not in words[2:]:
            definitions.append((words[0], _join(text, part[2:], applied)))
        elif (cut := _head_of(words)) and "=" not in words[cut:]:
            definitions.append(("".join(words[: cut - 1]), _join(text, part[cut:], applied)))
        elif words.count("=") == 1 and 0 < words.index("=") < len(words) - 1:
            cut = words.index("=")  # an equation in a name of the author's
            definitions.append(("", f"({_join(text, part[:cut], applied)})-({_join(text, part[cut + 1 :], applied)})"))
        elif re.search(r"[<>]", "".join(words)):
            ranges.append(_join(text, part, applied))
        else:
            raise refuse("formula", text, f"what stands behind {pieces[0][0]} is not a range")
    return " and ".join(ranges), tuple(definitions)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Cut into (piece, kind), in ASCII."""
    found = []
    for match in _TOKEN.finditer(text.strip().rstrip(".")):
        kind = match.lastgroup
        piece = match.group()
        if kind is None:
            continue
        if kind == "low":
            index = match["low"].translate(_LOWER)
            kind, piece = "name", match["name"] + (f"_{index}" if index else "")
        if kind == "greek":
            index = piece[1:].translate(_LOWER).lstrip("_")
            index = _LETTERS.get(index, index)
            piece = _LETTERS[piece[0]] + (f"_{index}" if index else "")
        elif kind == "raised":
            piece = "**(" + piece.translate(_RAISE) + ")"
        elif kind == "sign" and piece in _SIGNS:
            piece = _SIGNS[piece]
            kind = "name" if piece.isalpha() else "sign"
        elif kind == "name" and piece in _KEYWORDS:
            kind = "keyword"
        found.append((piece, kind))
    return _with_round_brackets(found)


def _with_round_brackets(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """E[f] and Tr[A] with the brackets of a call; other square brackets stay, and are refused."""
    found, open_ = list(pieces), []
    for place, (piece, _) in enumerate(pieces):
        if piece in ("(", "["):
            called = place > 0 and pieces[place - 1][0] in ("E", "Tr", "trace", "tr")
            open_.append(piece == "[" and called)
        elif piece in (")", "]") and open_:
            found[place] = (")", "sign") if open_.pop() else found[place]
        if piece == "[" and open_ and open_[-1]:
            found[place] = ("(", "sign")
    return found


def _with_products(text: str, applied: frozenset[str]) -> str:
    """Mark the products between a name and a bracket: behind a space, or where the author says what the name is."""
    named = set(_NAMED.findall(text)) - applied

    def product(match: re.Match[str]) -> str:
        own = match[1] in named and not (match[1] in CALLABLE and match.string[match.end() + 1 :].lstrip()[:1] in "-−")
        own = own and match[1] not in ("E", "O", "o", "sum", "Tr")
        plain = match[1] in CALLABLE | applied or match[1] in _KEYWORDS or _applied_to(match.string, match.end())
        return f"{match[1]}{_TIMES}" if own or not plain else match.group()

    text = _SPACED.sub(product, text)
    return re.sub(
        r"(?<![^\W\d])(?<!\.)([^\W\d]\w*)(?=\()", lambda match: product(match) if match[1] in named else match[1], text
    )


def _applied_to(text: str, start: int) -> bool:
    """Whether a bracket holds arguments: a comma at its level."""
    level = 0
    for character in text[start:]:
        level += (character in "([") - (character in ")]")
        if level == 0:
            return False
        if level == 1 and character == ",":
            return True
    return False


def _applies(pieces: list[tuple[str, str]]) -> bool:
    """Whether a bracket, its opening passed, holds arguments: one name or number, perhaps signed, or several."""
    level, inside = 0, []
    for piece, kind in pieces:
        if level == 0 and piece == ")":
            break
        if level == 0 and piece == ",":
            return True
        level += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        inside.append((piece, kind))
    inside = inside[1:] if inside[:1] == [("-", "sign")] else inside
    return not inside or (len(inside) == 1 and inside[0][1] in ("name", "greek", "number"))


def _head_of(words: list[str]) -> int:
    """Number of pieces of ``f(x) =`` at the head of a definition, or 0."""
    if len(words) < 6 or words[1] != "(" or ")" not in words or not words[0].isidentifier():
        return 0
    end = words.index(")")
    names = words[2:end:2]
    listed = all(name.isidentifier() for name in names) and set(words[3:end:2]) <= {","}
    colon = words[end + 1 : end + 2] == [":"]
    return end + 2 + colon if listed and words[end + 1 + colon : end + 2 + colon] == ["="] else 0


def _end_of_chain(pieces: list[tuple[str, str]]) -> int:
    """Place of the name in a <= x <= b, a chain of bounds in one direction; 0 where none stands in front."""
    stop = next((i for i, (piece, _) in enumerate(pieces) if piece in (*_BEHIND, "if")), len(pieces))
    marks = [i for i, (piece, _) in enumerate(pieces[:stop]) if piece in ("<", ">", "<=", ">=", "=", "==")]
    if len(marks) != 2 or not marks[0] or marks[1] != marks[0] + 2 or pieces[marks[0] + 1][1] not in ("name", "greek"):
        return 0
    signs = [pieces[mark][0][0] for mark in marks]
    return marks[0] + 1 if signs in (["<", "<"], [">", ">"]) else 0


def _left_side(text: str, pieces: list[tuple[str, str]]) -> tuple[int, str]:
    """Number of pieces of ``y =``, ``V(gamma) =`` or ``V <=`` in front of the formula, and the relation."""
    level, marks = 0, []
    for place, (piece, _) in enumerate(pieces):
        level += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        if piece in (*_BEHIND, "if") and level == 0:
            break
        if piece in ("=", "<=", ">=", "<", ">", "==") and level == 0:
            marks.append(place)
    if not marks:
        return 0, "="
    sign = pieces[marks[0]][0]
    left = "".join(piece for piece, _ in pieces[: marks[0]])
    named = re.fullmatch(r"\w+(?:\*\*\(?2\)?|\*+|'+)?(\([\w,]*\))?", left) is not None and not left[0].isdigit()
    if len(marks) > 1 or not (named or (sign in ("<=", ">=") and not left)):
        if sign in ("<", ">", "=="):
            return 0, "="  # a condition: the reader says so
        raise refuse("formula", text, "left of = stands more than the name of one quantity: give the right side alone")
    if sign == "==":
        raise refuse("formula", text, "an equality is written with one =")
    return marks[0] + 1, {"<": "<=", ">": ">="}.get(sign, sign)


def _join(text: str, pieces: list[tuple[str, str]], applied: frozenset[str]) -> str:
    """Write the pieces with the products that were left out; ``a/bc`` is refused, since it is read both ways."""
    written, before, slashed = [], ("", ""), False
    for place, (piece, kind) in enumerate(pieces):
        ends = before[1] in ("number", "greek", "raised") or before[0] in (")", "]")
        if piece == _TIMES:
            before = (")", "sign")  # what comes next is a factor
            continue
        lone = piece == "(" and before[1] in ("name", "greek") and _applies(pieces[place + 1 :])
        ends = ends or (before[1] == "name" and before[0] not in CALLABLE | applied and piece == "(" and not lone)
        ends = ends and not (piece == "(" and before[0] in applied)
        starts = kind in ("number", "name", "greek") or (piece == "(" and not (before[1] == "greek" and lone))
        names = (before[1] == "greek" and kind == "name") or (before[1] == "name" and kind == "greek")
        twice = piece == before[0] or before[0] in _WORDS
        numbers = before[1] == kind == "number"
        if numbers or (before[1] == "name" and (kind == "number" or (kind == "name" and twice))):
            raise refuse("formula", text, f"{before[0]} and {piece} follow each other: write the sign between them")
        names = names or (before[1] == "name" and kind == "name")
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
