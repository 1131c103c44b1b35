r"""Means over a normal vector of a function of its distance: ``\mathbb E_{w\sim\mathcal N(0,\tau^2I_d)}f(\|w-w^*\|)``.

The distance of a normal vector from a fixed point has a law of its own, the root of a noncentral chi-square variable;
here a letter of its own is put for it, with ``L(w)`` and ``s_w``, what is defined by it, under their plain names.
"""

from __future__ import annotations

from solvable.analysis.derivation.latex_tokens import BARS, Token, levels
from solvable.analysis.derivation.latex_words import LAW_STYLES

__all__ = ["DIMENSION", "mean_of_a_distance", "with_distances"]

DIMENSION = r"\dimension"  # in front of the number of components, in a law
_UNUSED = "tuyqxrbczsk"
_ENDS = (",", ";", r"\quad", "{", "(")
_STYLES = (r"\mathbf", r"\boldsymbol", r"\bm", r"\mathrm")
_REACH = 36  # standard deviations beyond the centre: what lies farther off counts for less than 10^-140


def with_distances(tokens: list[Token]) -> list[Token]:
    """Return the tokens with one letter for the distance of a normal vector; as they are where none is read."""
    given, tokens = tokens, _without_bold(tokens)
    law = _law_of_a_vector(tokens)
    letter = next((each for each in _UNUSED if all(t.text != each for t in tokens)), "")
    if law is None or not letter:
        return given
    start, end, name, spread, size = law
    if name in [t.text for t in tokens[: _left_member(tokens)]]:  # it says which quantity this is
        return given
    marked = _with_letter([*tokens[: start - 1], Token("\0"), *tokens[end:]], name, letter)
    if marked is None:
        return given
    found, point = marked
    centre = [Token("0", True)] if not point else [Token(r"\|"), *point, Token(r"\|")]
    inside = [*centre, Token(","), *spread, Token(","), Token(DIMENSION), *size]
    put = [Token(letter), Token(r"\sim"), Token("N"), Token("("), *inside, Token(")")]
    at = next(i for i, t in enumerate(found) if t.text == "\0")
    return [*found[:at], *put, *found[at + 1 :]]


def _without_bold(tokens: list[Token]) -> list[Token]:
    r"""Write \mathbf w and \mathbf{w} as w."""
    kept, at = list[Token](), 0
    while at < len(tokens):
        bold = tokens[at].text in (r"\mathbf", r"\boldsymbol", r"\bm")
        braced = bold and [t.text for t in tokens[at + 1 : at + 4 : 2]] == ["{", "}"]
        kept += [tokens[at + 2]] if braced else [] if bold else [tokens[at]]
        at += 4 if braced else 1
    return kept


def _left_member(tokens: list[Token]) -> int:
    """Place of the last sign of equality of the first equation, or 0."""
    found = 0
    for place, text, level in levels(tokens):
        if level == 0 and text in (",", ";", r"\quad"):
            break
        found = place if level == 0 and text == "=" else found
    return found


def _law_of_a_vector(tokens: list[Token]) -> tuple[int, int, str, list[Token], list[Token]] | None:
    r"""Where w \sim N(0, v I_d) stands, from behind its name on, with its name, v and d; None for none, or several."""
    found = []
    for at in (i for i, t in enumerate(tokens) if t.text == r"\sim" and i):
        texts = [t.text for t in tokens]
        place = at + 1
        while place < len(texts) and texts[place] in LAW_STYLES:
            place += 1
        braced = texts[place + 1 : place + 2] == ["}"]
        if texts[place : place + 1] != ["N"] or texts[place + 1 + braced : place + 2 + braced] != ["("]:
            continue
        start, level, end = place + 2 + braced, 1, place + 2 + braced
        while end < len(texts) and level:
            level += (texts[end] == "(") - (texts[end] == ")")
            end += 1
        inside = [t for t in tokens[start : end - 1] if t.text not in _STYLES]
        comma = next((i for i, t in enumerate(inside) if t.text == ","), 0)
        unit = next((i for i, t in enumerate(inside) if t.text == "I" and i > comma), 0)
        size = [t for t in inside[unit + 2 :] if t.text not in ("{", "}")]
        zero = [t.text for t in inside[:comma] if t.text not in ("{", "}")] == ["0"]
        if not (zero and unit and size) or inside[unit + 1].text != "_" or at < 2 or texts[at - 2] not in _ENDS:
            continue
        opened = sum((t.text == "{") - (t.text == "}") for t in inside[comma + 1 : unit])
        if opened == 0 and len(size) == 1:
            found.append((at, end, texts[at - 1], inside[comma + 1 : unit] or [Token("1", True)], size))
    return found[0] if len(found) == 1 else None


def _with_letter(tokens: list[Token], name: str, letter: str) -> tuple[list[Token], list[Token]] | None:
    r"""Put the letter for \|w - a\|, and for w under a mean, and leave (w) and the index w out; with the point a."""
    texts, found, points, at = [t.text for t in tokens], list[Token](), list[list[Token]](), 0
    while at < len(tokens):
        closing = next((i for i in range(at + 1, len(texts)) if texts[i] in BARS), 0) if texts[at] in BARS else 0
        if closing and name in _plain(texts[at + 1 : closing], texts[at + 1 : closing]):
            point = _point_of(tokens[at + 1 : closing], name)
            if point is None or texts[at] in ("|", r"\lvert"):
                return None
            points.append(point)
            found.append(Token(letter))
            at = closing + 1
            at += 2 if texts[at : at + 2] == ["_", "2"] else 0
        elif texts[at : at + 3] == ["(", name, ")"]:
            at += 3
        elif texts[at] == "_" and _index(texts, at) == [name]:
            if found and found[-1].text in ("E", r"\E", "}"):  # of a mean
                found += [Token("_"), Token(letter)]
            at += 2 if texts[at + 1] == name else 4
        elif texts[at] == name and not _is_other(texts, at):
            return None
        else:
            found.append(tokens[at])
            at += 1
    same = points and len({tuple(map(_spelled, each)) for each in points}) == 1
    return (found, points[0]) if same else None


def _spelled(token: Token) -> str:
    """Spelling in which w_* and w^\\star are one point."""
    return {"_": "^", r"\star": "*", r"\ast": "*"}.get(token.text, token.text)


def _plain(texts: list[str], inside: list[str]) -> list[str]:
    """Letters that stand alone, with no script behind them."""
    return [text for text, after in zip(texts, [*inside[1:], ""], strict=True) if after not in ("^", "_")]


def _index(texts: list[str], at: int) -> list[str]:
    """Tokens of the index that begins at a place, where they are one letter."""
    return texts[at + 1 : at + 2] if texts[at + 1 : at + 2] != ["{"] else texts[at + 2 : at + 3] * (
        texts[at + 3 : at + 4] == ["}"]
    )  # fmt: skip


def _is_other(texts: list[str], at: int) -> bool:
    """Whether a letter has a star or an index of its own: w^* is another vector."""
    return texts[at + 1 : at + 2] in (["^"], ["_"])


def _point_of(inside: list[Token], name: str) -> list[Token] | None:
    """What is taken off a vector, or what it is taken off; empty for the vector alone."""
    texts = [t.text for t in inside]
    if texts == [name]:
        return []
    if texts[:2] == [name, "-"]:
        point = inside[2:]
    elif texts[-2:] == ["-", name]:
        point = inside[:-2]
    else:
        return None
    return None if {"+", "-"} & {t.text for t in point} else point


def mean_of_a_distance(body: str, letter: str, law: str) -> str:
    """Write the mean of a function of a distance, by the law ``centre | variance | dimension``."""
    centre, v, d = (part.strip() for part in law.split("|"))
    if centre == "0":
        density = (
            f"{letter}**(({d})-1)*exp(-{letter}**2/(2*({v})))/(2**(({d})/2-1)*({v})**(({d})/2)*gamma_function(({d})/2))"
        )
    else:
        bessel = f"besseli(({d})/2-1, {letter}*({centre})/({v}))"
        density = (
            f"{letter}/({v})*({letter}/({centre}))**(({d})/2-1)*exp(-({letter}**2+({centre})**2)/(2*({v})))*{bessel}"
        )
    return f"integral(({body})*({density}), {letter}, 0, ({centre})+{_REACH}*sqrt({v}))"
