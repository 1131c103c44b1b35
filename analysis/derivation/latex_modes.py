r"""What an author says of the covariance's eigenvalues: which letter they have, their squares' roots, and their law.

``\lambda_j the eigenvalues of \Sigma``, ``\tau_1, \dots, \tau_d`` or ``\sigma_i^2`` the eigenvalues, ``H the spectral
law of \Sigma``, ``H = \frac1d\sum_i\delta_{s_i}``: the words are taken out, and the letters become those that are read.
"""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_prose import ends_a_part, words_between
from solvable.analysis.derivation.latex_stated import parts_behind
from solvable.analysis.derivation.latex_tokens import Token

__all__ = ["with_modes"]

_THE = r"(?:,|is|are|being|denotes?|denoting|for)?(?:the)?"
_OF = r"of(?:the)?(?:population)?(?:covariance|covariancematrix)?"
_EIGENVALUES = re.compile(rf"{_THE}(?:nonzero|non-zero|positive|ordered|sorted)?eigenvalues{_OF}")
_SPECTRAL = re.compile(rf"{_THE}(?:empirical|limiting|population)?spectral(?:law|distribution|measure){_OF}")
_LETTER = r"(\\?[A-Za-z]+)"
_ONE, _SQUARE = re.compile(rf"{_LETTER}_\w"), re.compile(rf"{_LETTER}(?:_([ijklm])\^2|\^2_([ijklm]))")
_LISTED = re.compile(rf"{_LETTER}_1(?:,|\\geq?|\\leq?)\\[cl]?dots(?:,|\\geq?|\\leq?)\1_\w")
_FAMILY = re.compile(rf"\\\{{{_LETTER}_(\w)\\\}}(?:_\2=1\^\w|_\2)?")
_COUNTED = re.compile(rf"([A-Z]|\\[a-z]+)=\\[td]?frac1[dp]\\sum_(\w)(?:=1\^[dp])?\\delta_{_LETTER}_\2")
_U, _W = r"[ueφ]_\1", r"(?:\\beta|\\theta|w)(?:[_^](?:\\star|\*|0))?"
_PROJECTED = (
    "(?:"
    + "|".join(rf"\\langle{a},{b}\\rangle|\({a}\^(?:\\top|T){b}\)|{a}\^(?:\\top|T){b}" for a, b in ((_U, _W), (_W, _U)))
    + ")"
)
_WEIGHED = rf"(?:{_PROJECTED}|(?:\\beta|\\theta|w)_\1)"
_COEFFICIENT = re.compile(  # what the coefficients of the target are in every claim that has them
    rf"v_(\w)(?:\^2=(?:s|\\lambda)_\1{_WEIGHED}\^2|=\\sqrt(?:s|\\lambda)_\1{_WEIGHED})|(?:\\beta|\\theta|w)_(\w)="
    + _PROJECTED.replace(r"\1", r"\2")
)
_KNOWN = ("s", r"\lambda", r"\mu")  # letters that are read as eigenvalues
_LAW = "H"


def with_modes(tokens: list[Token]) -> list[Token]:
    """Return the tokens without what is said of the eigenvalues, and with their letters as they are read."""
    for start, end in parts_behind(tokens):
        counted = _COUNTED.fullmatch(_flat(tokens[start:end]).replace(":", ""))
        if _COEFFICIENT.fullmatch(_flat(tokens[start:end]).replace(":", "")):
            return with_modes(_without_where([*tokens[:start]]) + tokens[end:])
        if counted is not None:
            return with_modes(_of_law([*tokens[:start], *tokens[end:]], counted[1]))
    for start, place, end, word in words_between(tokens):
        end += end < len(tokens) and tokens[end].text in (r"\Sigma", "Σ")
        if not ends_a_part(tokens, end):
            continue
        if _EIGENVALUES.fullmatch(word):
            first, letter, squared = _letter(tokens, start, place)
            if letter:
                return _of_letter([*_without_where(tokens[:first]), *tokens[end:]], letter, squared)
        elif _SPECTRAL.fullmatch(word) and place == start + 1:
            return with_modes(_of_law([*tokens[:start], *tokens[end:]], tokens[start].text))
    return tokens


def _without_where(tokens: list[Token]) -> list[Token]:
    """Take off the word in front of what was taken out."""
    for word in ("where", "with", "and", "here"):
        if "".join(t.text for t in tokens[-len(word) - 2 :]) == f"{{{word}}}":
            tokens = tokens[: -len(word) - 3]
    while tokens and tokens[-1].text in (",", r"\quad"):
        tokens = tokens[:-1]
    return tokens


def _flat(tokens: list[Token]) -> str:
    return "".join(t.text for t in tokens if t.text not in ("{", "}", "&"))


def _letter(tokens: list[Token], start: int, place: int) -> tuple[int, str, bool]:
    """Where what is named begins, its letter, and whether its square is named; no letter where it is unclear."""
    for first in range(max(0, start - 8), start):  # a list has commas in it
        found = _LISTED.fullmatch(_flat(tokens[first:place]))
        if found is not None and tokens[first].text == found[1]:
            return first, found[1], False
    name = _flat(tokens[start:place])
    found = _LISTED.fullmatch(name) or _ONE.fullmatch(name) or _FAMILY.fullmatch(name)
    squared = None if found else _SQUARE.fullmatch(name)
    found = found or squared
    lone = found is not None and (len(found[1]) == 1 or found[1].startswith("\\"))
    return (start, found[1], squared is not None) if found is not None and lone else (start, "", False)


def _of_letter(tokens: list[Token], letter: str, squared: bool) -> list[Token]:
    """Write the eigenvalues as s_i, and what they are the squares of as the roots of s_i."""
    if letter in _KNOWN and not squared:
        return tokens
    if not squared:
        return [Token("s", False, t.spaced) if t.text == letter and tokens[i + 1 : i + 2] and tokens[i + 1].text == "_"
                else t for i, t in enumerate(tokens)]  # fmt: skip
    found, at, texts = list[Token](), 0, [t.text for t in tokens]
    while at < len(tokens):
        power = (
            texts[at + 2 : at + 3] if texts[at : at + 2] == [letter, "^"] and texts[at + 3 : at + 4] == ["_"] else []
        )
        index = (
            texts[at + 4 : at + 5] if power else texts[at + 2 : at + 3] if texts[at : at + 2] == [letter, "_"] else []
        )
        if index and index[0] in "ijklm":
            root = [Token(text) for text in ("(", r"\sqrt", "{", "s", "_", index[0], "}", ")")]
            found += [*root, *([Token("^"), Token(power[0], power[0].isdigit())] if power else [])]
            at += 5 if power else 3
        else:
            found.append(tokens[at])
            at += 1
    return found


def _of_law(tokens: list[Token], letter: str) -> list[Token]:
    """Write the law of the eigenvalues as the letter that is read as it: dF(s) as dH(s)."""
    found = list(tokens)
    for at, token in enumerate(tokens):
        in_front = [t.text for t in tokens[max(0, at - 2) : at]]
        if token.text == letter and (in_front[-1:] == ["d"] or in_front == ["d", "}"] or _of_measure(tokens, at)):
            found[at] = Token(_LAW, False, token.spaced)
    return found


def _of_measure(tokens: list[Token], at: int) -> bool:
    """Whether (ds) stands behind a letter."""
    behind = _flat(tokens[at + 1 : at + 8])
    return re.match(r"\((?:\\mathrm)?d\w\)", behind) is not None
