r"""What only says what a formula is of: ``\sigma_i(A)`` for \sigma_i, and ``c \neq a + b \bmod p`` behind it."""

from __future__ import annotations

from solvable.analysis.derivation.latex_tokens import Token, levels

__all__ = ["without_objects"]

_SPECTRAL, _INDICES, _ENDS = (r"\sigma", r"\lambda", r"\mu", "s"), "ijkl", (",", ";", r"\quad")
_MODULO = (r"\bmod", r"\pmod", r"\mod")


def without_objects(tokens: list[Token]) -> list[Token]:
    """Return the tokens without the matrix of a singular value, and without what holds modulo a number behind them."""
    return _without_matrix(_without_modulo(tokens))


def _without_matrix(tokens: list[Token]) -> list[Token]:
    r"""Write \sigma_i(A) as \sigma_i where A stands nowhere else on the right side."""
    texts, start = [t.text for t in tokens], 0
    for place, text, level in levels(tokens):
        start = place if text == "=" and level == 0 else start
    places = [
        i for i in range(len(texts) - 5)
        if texts[i] in _SPECTRAL and texts[i + 1] == "_" and texts[i + 2] in _INDICES and texts[i + 3] == "("
        and texts[i + 5] == ")" and (texts[i + 4] == r"\Sigma" or texts[i + 4].isupper())
    ]  # fmt: skip
    names = {texts[i + 4] for i in places}
    if len(names) != 1 or texts[start:].count(names.pop()) != len([i for i in places if i >= start]):
        return tokens
    left_out = {i + step for i in places for step in (3, 4, 5)}
    return [token for i, token in enumerate(tokens) if i not in left_out]


def _without_modulo(tokens: list[Token]) -> list[Token]:
    r"""Leave out a part behind the formula that compares modulo a number letters which the right side does not hold."""
    cuts = [place for place, text, level in levels(tokens) if level == 0 and text in _ENDS]
    if not cuts:
        return tokens
    equals = [place for place, text, level in levels(tokens[: cuts[0]]) if level == 0 and text == "="]
    right = {t.text for t in tokens[equals[-1] if equals else 0 : cuts[0]]}
    kept = tokens[: cuts[0]]
    for a, b in zip(cuts, [*cuts[1:], len(tokens)], strict=True):
        texts = [t.text for t in tokens[a + 1 : b]]
        mark = next((i for i, text in enumerate(texts) if text in _MODULO), 0)
        letters = {text for text in texts[:mark] if text.isalpha() or text[1:].isalpha()} - {r"\neq", r"\ne", r"\equiv"}
        compared = {r"\neq", r"\ne", r"\equiv", "="} & set(texts[:mark])
        kept += [] if compared and not letters & right else tokens[a:b]
    return kept
