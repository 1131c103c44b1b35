r"""Phrases of LaTeX that stand for one quantity: how a claim's symbols are written, found before anything else is read.

``\|\theta^*\|^2``, ``\operatorname{tr}(\Sigma B)``, ``\mathbf 1_{\mathrm{same}}``: norms, traces, sums and indicators
have no meaning to a reader of numbers, but a claim declares how each of its quantities is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from solvable.analysis.derivation.latex_tokens import Token, tokens_of
from solvable.analysis.derivation.matrix_forms import equal_forms

__all__ = ["Phrase", "longest_phrase", "phrases_of"]

_DROPPED = ("{", "}", r"\mathrm", r"\operatorname", r"\text", r"\textrm", r"\textstyle", r"\displaystyle", r"\mathbb",
            r"\mathbf", r"\mathsf", r"\boldsymbol", r"\bm", r"\limits")  # fmt: skip
_SAME = {r"\Vert": r"\|", r"\lVert": r"\|", r"\rVert": r"\|", r"\star": "*",
         r"\ast": "*", "Σ": r"\Sigma",
         r"\sup": r"\max", r"\tfrac": r"\frac", r"\dfrac": r"\frac",
         r"\varphi": r"\phi", r"\widehat": r"\hat", r"\lbrack": "[", r"\rbrack": "]"}  # fmt: skip
_RANGED = (r"\sum", r"\max", r"\min")  # operators whose range an author may write out
_MARKS = {r"\|", r"\sum", r"\int", r"\max", r"\min", "(", "["}


@dataclass(frozen=True)
class Phrase:
    """Tokens of a quantity and what they mean; an open one ends where its last letter does, and nothing may follow."""

    tokens: tuple[str, ...]
    meaning: str
    open: bool


def _flat(token: Token) -> tuple[str, ...]:
    text = token.text
    if text in _DROPPED:
        return ()
    if text in (r"\tr", r"\Tr"):
        return ("t", "r")
    return ("t",) if text in ("T", r"\top", r"\intercal") else (_SAME.get(text, text),)


def phrases_of(written: Mapping[str, Iterable[str]]) -> tuple[Phrase, ...]:
    """Return the phrases of symbols, from the LaTeX of each name; what is a word already is left out."""
    found = []
    for name, latex in ((name, latex) for name, every in written.items() for latex in every):
        tokens = tuple(part for token in tokens_of(latex) for part in _flat(token))
        transposed = any(pair == ("^", "t") for pair in pairwise(tokens))
        indicator, trace = tokens[:2] == ("1", "_"), tokens[:2] == ("t", "r")
        indexed = (tokens[1:2] == ("_",) and "+" in tokens) or "," in tokens  # \rho_+ and df_{2,0}
        rooted = tokens[0] == r"\sqrt"
        if "/" in tokens or not (transposed or indicator or trace or indexed or rooted or _MARKS & set(tokens)):
            continue
        if rooted:
            found += [Phrase(tokens, f"({name})", False), Phrase(tokens[1:], f"({name})**2", False)]
            continue
        ranged = tokens[0] in _RANGED  # a power behind it is one of what is summed
        closed = tokens[0] == r"\|" or indicator or (tokens[-1] in ")]" and not ranged)
        found += _variants(tokens, f"({name})", not closed)
        for form in equal_forms(tokens):
            found.append(Phrase(form, f"({name})", form[-1] not in (r"\rangle", ")", "]", "2")))
        starred = _with_star_moved(tokens)
        found += _variants(starred, f"({name})", not closed) if starred != tokens else []
        if tokens[0] == r"\sum" and tokens[1:2] != ("_",):  # \Sigma(1-g)^2v^2, as sums are shown in a line of text
            found.append(Phrase((r"\Sigma", *tokens[1:]), f"({name})", True))
        if tokens[0] == r"\sum" and "_" not in tokens:
            for index in "ijkl":  # \sum_k \eta_k \phi_k
                each = tuple(part for token in tokens for part in (token, "_", index))
                found += [Phrase(each, f"({name})", True)]
        if tokens[-2:] == ("^", "2") and tokens[0] == r"\|":
            for each in {tokens, starred}:
                found += _variants(each[:-2], f"sqrt({name})", False)
        if trace:
            found.append(Phrase(("t", "r", "(", *tokens[2:], ")"), f"({name})", False))
            found.append(Phrase(("t", "r", "[", *tokens[2:], "]"), f"({name})", False))
    return tuple(sorted(found, key=lambda phrase: -len(phrase.tokens)))


def _with_star_moved(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Write w^* for w_* and the other way round: authors differ in where the star of a best value stands."""
    moved = {("_", "*"): "^", ("^", "*"): "_"}
    return tuple(moved.get((mark, behind), mark) for mark, behind in zip(tokens, (*tokens[1:], ""), strict=True))


def _variants(tokens: tuple[str, ...], meaning: str, is_open: bool) -> list[Phrase]:
    """A phrase, and with the index 2 that a plain norm may carry."""
    found = [Phrase(tokens, meaning, is_open)]
    bars = [place for place, token in enumerate(tokens) if token == r"\|"]
    if len(bars) == 2 and tokens[bars[1] + 1 : bars[1] + 2] != ("_",):
        end = bars[1] + 1
        found.append(Phrase((*tokens[:end], "_", "2", *tokens[end:]), meaning, is_open))
    return found


def longest_phrase(phrases: Iterable[Phrase], tokens: Sequence[Token], at: int) -> tuple[Phrase, int] | None:
    """Return the phrase that stands at a place and the place behind it; braces that it opens must close in it.

    A sum, a least or a greatest value may name its range where the claim does not: \\sum_{k=1}^K V_k is \\sum_k V_k.
    """
    for phrase in phrases:
        end, level, left = at, 0, list(phrase.tokens)
        while end < len(tokens) and (left or level > 0):
            flat = _flat(tokens[end])
            if flat and (not left or list(flat) != left[: len(flat)]):
                break
            level += {"{": 1, "}": -1}.get(tokens[end].text, 0)
            if level < 0:
                break
            del left[: len(flat)]
            end += 1
            if flat and flat[0] in _RANGED:
                own = left[1] if left[:1] == ["_"] else ""
                behind = _behind_range(tokens, end, flat[0], own)
                if behind == end and own:
                    continue
                end, left = behind, left[2:] if own else left
        if not left and level == 0:
            return phrase, end
    return None


def _behind_range(tokens: Sequence[Token], at: int, operator: str, own: str) -> int:
    """Place behind the scripts of an operator where they name the whole range of its index, or an equation."""
    scripts, end = {"_": [""], "^": [""]}, at
    while end < len(tokens) and tokens[end].text in ("_", "^", r"\limits"):
        mark = tokens[end].text
        end += 1
        if mark == r"\limits":
            continue
        start, level = end, 0
        while end < len(tokens):
            level += {"{": 1, "}": -1}.get(tokens[end].text, 0)
            end += 1
            if level == 0:
                break
        scripts[mark] = [t.text for t in tokens[start:end] if t.text not in "{}"]
    low, high = scripts["_"], scripts["^"]
    if operator in (r"\min", r"\max") and not own:
        return end if "=" in low and high == [""] else at
    lone = len(high) == 1 and (high == [""] or high[0].isalpha())
    named = lambda last: len(last) == 1 and last[0].isalpha()  # noqa: E731
    whole = (
        (low == [own] and lone)
        or (low == [own, "=", "1"] and high != [""] and lone)
        or (low[:4] == ["1", r"\le", own, r"\le"] and named(low[4:]) and high == [""])
        or (low[:4] == ["1", r"\leq", own, r"\leq"] and named(low[4:]) and high == [""])
        or (low[:3] == [own, r"\in", "["] and low[4:] == ["]"] and high == [""])
    )
    return end if whole else at
