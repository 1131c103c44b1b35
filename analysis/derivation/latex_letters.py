r"""Letters of two shapes: beside \sigma the letter \varsigma is another one, and the author's own is called so."""

from __future__ import annotations

from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import OTHER_SHAPES

__all__ = ["letters_apart"]

_STARTS = (",", ";", r"\quad", "}")  # what may stand in front of a definition


def letters_apart(tokens: list[Token]) -> list[Token]:
    r"""Return the tokens with a letter of its own for one of \sigma and \varsigma, where both stand.

    It is the one that the author defines; where none or both are, the letter of the rarer shape.
    """
    held = {t.text for t in tokens}
    for shape, (variant, plain) in OTHER_SHAPES.items():
        if {variant, plain} <= held:
            own = plain if _is_defined(plain, tokens) and not _is_defined(variant, tokens) else variant
            tokens = [Token(shape, t.number, t.spaced, t.apart) if t.text == own else t for t in tokens]
    return tokens


def _is_defined(letter: str, tokens: list[Token]) -> bool:
    """Whether a letter stands with its index and argument before a sign of equality, behind the formula."""
    for place, text, level in levels(tokens):
        if text != letter or level or not place or tokens[place - 1].text not in _STARTS:
            continue
        if [t.text for t in tokens[_behind(tokens, place) :][:1]] in (["="], [":"]):
            return True
    return False


def _behind(tokens: list[Token], place: int) -> int:
    """Place behind a letter with its index and argument."""
    at, texts = place + 1, [t.text for t in tokens]
    if texts[at : at + 1] == ["_"]:
        at += 1 if texts[at + 1 : at + 2] == ["{"] else 2
    while texts[at : at + 1] in (["{"], ["("]):
        at += 1 + next((i for i, _, level in levels(tokens[at:]) if level == 0), len(texts))
    return at
