r"""Means, norms and variances in a left member, put as one name: E\|x\|^2/d = .. is an equation for E\|x\|^2."""

from __future__ import annotations

from collections.abc import Callable

from solvable.analysis.derivation.latex_tokens import BARS, CLOSING, Token, levels

__all__ = ["MEAN_OF", "with_one_name"]

MEAN_OF = "statistic"
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
    return [*tokens[:start], *_name(), *tokens[end:]]


def _name() -> list[Token]:
    return [Token(r"\mathrm", False, True), Token("{"), *map(Token, MEAN_OF), Token("}")]


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
            at += next(i for i, _, level in levels(tokens[at:]) if level == 0)
        at += 1
    return at
