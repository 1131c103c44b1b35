r"""Parts of a formula that an author names by what they are: ``E[y^2] + 1, where E[y^2] = a + b``, ``s_j(0) = 1/S``.

What stands left of such a definition is no name, but wherever the same tokens stand it is put for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from solvable.analysis.derivation.latex_tokens import BARS, TEXTS, Token, levels
from solvable.analysis.derivation.latex_words import GREEK

__all__ = ["with_named_parts"]

_ENDS = (",", ";", r"\quad", r"\\", *TEXTS)
_STYLES = (r"\mathrm", r"\mathbb", r"\mathbf", r"\operatorname", r"\mathsf", r"\text", "{", "}")


def with_named_parts(tokens: list[Token], known: Callable[[list[Token]], bool]) -> list[Token]:
    """Return the tokens with a name for every part that is defined behind the formula and is no name itself.

    Parameters
    ----------
    tokens : list of Token
        A formula with what stands behind it.
    known : callable
        Whether tokens are a quantity of the claim: such a one keeps its name.
    """
    for start, end in _definitions(tokens):
        left = _without_power(tokens, start, end, known)
        slope = _derivative(left)
        if not (slope or _is_opaque(left)) or known(left):
            continue
        spelled = [left, *(other for other in slope if [t.text for t in other] != [t.text for t in left])]
        places = [(at, len(each)) for each in spelled for at in _places(tokens, each) if at != start]
        if not places and left[0].text not in (*BARS, r"\mathbb", r"\E"):
            continue
        name = _name_of(left)
        for at, length in sorted([*places, (start, len(left))], reverse=True):
            tokens = [*tokens[:at], *name, *tokens[at + length :]]
        return with_named_parts(tokens, known)
    return tokens


def _definitions(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where the left members of definitions behind the formula begin and end."""
    found, start, inside, brace = [], -1, False, 0
    for place, text, level in levels(tokens):
        if brace:  # of a word, which ends a part behind its brace
            brace = brace if level else 0
            start = place + 1
        elif level == 0 and text in _ENDS:
            start, inside, brace = place + 1, True, int(text in TEXTS)
        elif level == 0 and text == "=" and inside:
            left = [t for t in tokens[start:place] if t.text not in (":", "&")]
            found.append((start, start + len(left)))
            inside = False
    return found


def _without_power(tokens: list[Token], start: int, stop: int, known: Callable[[list[Token]], bool]) -> list[Token]:
    r"""Return the norm of which a power is defined, \|w\|^4 = .., which may stand at another power in the formula."""
    left = tokens[start:stop]
    texts = [t.text for t in left]
    bars = [place for place, text in enumerate(texts) if text in BARS]
    if len(bars) != 2 or bars[0]:
        return left
    end = len(left)
    if texts[-2:-1] == ["^"] and left[-1].number:
        end -= 2
    elif texts[-4:-3] == ["^"] and texts[-3] == "{" and left[-2].number and texts[-1] == "}":
        end -= 4
    base = left[:end]
    if not any(at not in range(start, start + len(base)) for at in _places(tokens, base)):
        return left
    squared = [*base, Token("^"), Token("2", True)]
    return left if known(base) or known(squared) else base


def _is_opaque(left: list[Token]) -> bool:
    """Whether tokens are neither a name with scripts nor a function of lone names."""
    texts = [t.text for t in left if t.text not in ("{", "}", r"\mathrm", r"\text", r"\mathsf", r"\operatorname")]
    if len(texts) < 2 or not any(t in ("(", "[", r"\|", "|", r"\mathbb", r"\langle", r"\E") for t in texts):
        return False
    if texts[0] in ("(", "[", "-", "+") or any(text in ("+", "/", r"\frac", r"\sqrt", r"\cos", "=") for text in texts):
        return False  # an equation, not a name
    head = re.fullmatch(r"[^()]*\(([^()]*)\)", " ".join(texts))
    if head is None:
        return True
    inner = head[1].split()
    return not all(text == "," or text in GREEK or (len(text) == 1 and text.isalpha()) for text in inner)


def _derivative(left: list[Token]) -> list[list[Token]]:
    r"""Both spellings, \frac{\partial f}{\partial x} and \partial f/\partial x, where tokens are one of them."""
    for sign in (r"\partial", "d"):
        letters = [t.text for t in left if t.text not in ("{", "}", r"\frac", r"\tfrac", r"\dfrac", "/")]
        if len(letters) != 4 or letters[::2] != [sign, sign] or not all(map(_is_letter, letters[1::2])):
            continue
        f, x = ([Token(sign), Token(letter)] for letter in letters[1::2])
        below = [Token("{"), *f, Token("}"), Token("{"), *x, Token("}")]
        spelled = [[Token(command), *below] for command in (r"\frac", r"\tfrac", r"\dfrac")]
        spelled.append([*f, Token("/"), *x])
        return spelled if [t.text for t in left] in [[t.text for t in each] for each in spelled] else []
    return []


def _is_letter(text: str) -> bool:
    return text in GREEK or (len(text) == 1 and text.isalpha())


def _places(tokens: list[Token], part: list[Token]) -> list[int]:
    """Where the same tokens stand."""
    texts, wanted = [t.text for t in tokens], [t.text for t in part]
    found, at = list[int](), 0
    while at <= len(texts) - len(wanted):
        if texts[at : at + len(wanted)] == wanted:
            found.append(at)
            at += len(wanted)
        else:
            at += 1
    return found


def _name_of(part: list[Token]) -> list[Token]:
    """Tokens of a name that is made of the letters of a part."""
    spelled = {**GREEK, r"\partial": "d", r"\frac": "", r"\tfrac": "", r"\dfrac": ""}
    letters = "".join(spelled.get(t.text, t.text.lstrip("\\")) for t in part if t.text not in _STYLES)
    word = "of" + re.sub(r"[^A-Za-z0-9]", "", letters)
    return [Token(r"\mathrm", False, True), Token("{"), *(Token(letter) for letter in word), Token("}")]
