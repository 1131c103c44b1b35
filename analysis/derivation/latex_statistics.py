r"""Means, norms and variances in a left member, put as one name: E\|x\|^2/d = .. is an equation for E\|x\|^2."""

from __future__ import annotations

import re
from collections.abc import Callable

from solvable.analysis.derivation.latex_forms import group_at
from solvable.analysis.derivation.latex_tokens import BARS, CLOSING, Token, levels
from solvable.analysis.derivation.latex_words import GREEK

__all__ = ["DESIGN_OF", "EXPONENTIAL_OF", "MEAN_OF", "with_arguments_as_indices", "with_one_name"]

MEAN_OF, DESIGN_OF, EXPONENTIAL_OF = "statistic", "statisticofinputs", "statisticofexponentials"
_TRACE = re.compile(r"\\?\b[tT]r(?:ace)?\b|\{[tT]r(?:ace)?\}")
_MEANS = (r"\E", r"\Var", r"\Cov", r"\Pr")
_WORDS = ("E", "Var", "Cov", "Corr", "P", "MSE", "Bias", "bias", "Risk", "risk", "Err", "err")
_STYLES = (r"\mathbb", r"\mathrm", r"\mathsf", r"\operatorname", r"\text", r"\mathbf")


def with_one_name(tokens: list[Token], known_at: Callable[[int], int]) -> list[Token]:
    """Return the tokens with a name for the one statistic they hold; as they are where there is none, or several.

    Parameters
    ----------
    tokens : list of Token
        A left member.
    known_at : callable
        Place behind a quantity of the claim that begins at a place, or 0: such a one is no statistic.
    """
    at, found = 0, list[tuple[int, int]]()
    while at < len(tokens):
        end = 0 if known_at(at) else _statistic_at(tokens, at)
        if end:
            found.append((at, end))
        at = max(end, known_at(at), at + 1)
    if len(found) != 1:
        return tokens
    start, end = found[0]
    name = DESIGN_OF if _of_a_design(tokens[start:end]) else MEAN_OF
    name = EXPONENTIAL_OF if _of_exponentials(tokens[start:end]) else name
    return [*tokens[:start], Token(r"\mathrm", False, True), Token("{"), *map(Token, name), Token("}"), *tokens[end:]]


def with_arguments_as_indices(tokens: list[Token]) -> list[Token]:
    r"""Tokens of a left member in which \sigma^2(t) is \sigma_t^2; of B_i(\rho) the argument is left out."""
    found, at = list[Token](), 0
    tokens = [Token(r"\cdot", False, t.spaced) if t.text == r"\odot" else t for t in tokens]  # read for its names
    texts = [t.text for t in tokens]
    while at < len(tokens):
        end, marks = at + 1, list[tuple[str, list[Token]]]()
        named = texts[at] in GREEK or (len(texts[at]) == 1 and texts[at].isalpha())
        while named and texts[end : end + 1] in (["_"], ["^"]) and end + 1 < len(tokens):
            inner, behind = group_at(tokens, end + 1, ValueError)
            marks.append((texts[end], inner))
            end = behind
        argued = marks and texts[end : end + 1] == ["("] and texts[end + 2 : end + 3] == [")"]
        letter = argued and (texts[end + 1] in GREEK or len(texts[end + 1]) == 1) and texts[end + 1] not in "+-−*"
        kinds = [kind for kind, _ in marks]
        if letter and "_" in kinds:
            found += tokens[at:end]
            at = end + 3
        elif letter and kinds == ["^"] and "".join(t.text for t in marks[0][1]) == "2":
            found += [tokens[at], Token("_"), Token("{"), tokens[end + 1], Token("}"), *tokens[at + 1 : end]]
            at = end + 3
        else:
            found += tokens[at:end]
            at = end
    return found


def _of_a_design(tokens: list[Token]) -> bool:
    """Whether a statistic holds a trace of functions of inputs alone, which no noise enters."""
    letters = {t.text for t in tokens if t.text.isalpha() and len(t.text) == 1} - set("trTEI")
    return _TRACE.search("".join(t.text for t in tokens)) is not None and letters <= {"X", "Z"} and bool(letters) and (
        not {t.text for t in tokens} & set(GREEK) - {r"\Sigma"}
    )  # fmt: skip


def _of_exponentials(tokens: list[Token]) -> bool:
    """Whether a statistic is the mean of an exponential, whose logarithm has a name of its own: a cumulant."""
    texts = [t.text for t in tokens if t.text not in (*_STYLES, *CLOSING, *CLOSING.values(), r"\E", "E")]
    if texts[:1] == ["_"]:
        texts = texts[2:]
    return texts[:2] == ["e", "^"] or texts[:1] == [r"\exp"]


def _statistic_at(tokens: list[Token], at: int) -> int:
    """Place behind the mean, the variance or the norm that begins at a place, or 0."""
    texts = [t.text for t in tokens]
    start = at
    if texts[at] in _STYLES and len(texts) > at + 1:
        braced = texts[at + 1] == "{"
        end = texts.index("}", at) if braced and "}" in texts[at:] else at + 1
        if "".join(texts[at + 1 + braced : end + (not braced)]) not in _WORDS:
            return 0
        at = end + 1
    elif texts[at] in _MEANS:
        at += 1
    at = _behind_scripts(tokens, at)
    if at > start and texts[at : at + 1] in ([r"\hat"], [r"\widehat"]) and texts[at + 1 : at + 2]:
        named = group_at(tokens, at + 1, ValueError)[1]  # \Var\hat v, the estimator's
        at = _behind_scripts(tokens, named)
        if at < len(tokens) and texts[at] == "(":  # at a place
            at += 1 + next((i for i, _, level in levels(tokens[at:]) if level == 0), 0)
        return at
    if at > start and texts[at : at + 2] == ["e", "^"]:
        return _behind_scripts(tokens, at + 1)
    if at < len(tokens) and texts[at] in BARS:
        close = next((i for i in range(at + 1, len(tokens)) if texts[i] in BARS), 0)
        return _behind_scripts(tokens, close + 1) if close else 0
    if at == start or at >= len(tokens) or texts[at] not in CLOSING:
        return 0
    close = next((i for i, _, level in levels(tokens[at:]) if level == 0), 0)
    return _behind_scripts(tokens, at + close + 1) if close else 0


def _behind_scripts(tokens: list[Token], at: int) -> int:
    """Place behind powers and indices."""
    while at + 1 < len(tokens) and tokens[at].text in ("^", "_"):
        at += 1
        if tokens[at].text == "{":
            at += next((i for i, _, level in levels(tokens[at:]) if level == 0), len(tokens) - at)
        at += 1
    return at
