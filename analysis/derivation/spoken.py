"""A diagnosis in the author's names: what `check` found in ours, said in the words that the formula was written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["in_own_words"]

# where a name of mathematics stands in a sentence: "noise" and "place" are words of English too
_BEFORE = "".join(
    ["(?:", "|".join(f"(?<={before})" for before in (
        "after ", "-> ", r"[*/(+-]", r"[+-] ", "factor ", "additive ", "yours is ", "for ", "term ", "at ", "small ",
        "large ", "slips: ", r"\*\*")), ")"]
)  # fmt: skip


def in_own_words(sentence: str, words: Mapping[str, Any]) -> str:
    """Return a sentence with the author's names for ours, where each of ours has one and none is mistaken for another.

    Parameters
    ----------
    sentence : str
        In our names.
    words : mapping
        What the author's names are in ours, as sympy expressions.

    Examples
    --------
    >>> import sympy as sp
    >>> noise, classes = sp.symbols("noise_variance classes", positive=True)
    >>> words = {"sigma": sp.sqrt(noise), "K": classes}
    >>> in_own_words("agrees after noise_variance -> noise_variance**2", words)
    'agrees after sigma -> sigma**2'
    >>> in_own_words("yours is 1/classes times ours", words)
    'yours is 1/K times ours'
    """
    import sympy as sp

    plain, roots = dict[str, list[str]](), dict[str, list[str]]()
    for word, value in words.items():
        if value.is_Symbol:
            plain.setdefault(str(value), []).append(word)
        elif isinstance(value, sp.Pow) and value.exp == sp.Rational(1, 2) and value.base.is_Symbol:
            roots.setdefault(str(value.base), []).append(word)
    named = {ours: names[0] for ours, names in plain.items() if len(names) == 1 and ours not in roots}
    rooted = {ours: names[0] for ours, names in roots.items() if len(names) == 1 and ours not in plain}
    spoken = set(re.findall(r"[^\W\d]\w*", sentence))
    replaced = {ours for ours in (*named, *rooted) if ours in spoken}
    if not replaced or {_written(own) for own in (*named.values(), *rooted.values())} & (spoken - replaced):
        return sentence  # a name of the author's is one of ours for something else
    for ours, own in rooted.items():
        own = _written(own)
        sentence = re.sub(rf"sqrt\({ours}\)", f"\0{own}", sentence)
        sentence = re.sub(rf"{_BEFORE}{ours} -> {ours}\*\*2(?!\w)", f"\0{own} -> \0{own}**2", sentence)
        powers = {int(power) for power in re.findall(rf"{_BEFORE}{ours}\*\*(\d+)", sentence)}
        for power in sorted(powers, reverse=True):
            sentence = re.sub(rf"{_BEFORE}{ours}\*\*{power}(?!\d)", f"\0{own}**{2 * power}", sentence)
        sentence = re.sub(rf"{_BEFORE}{ours}(?!\w|\*\*)", f"\0{own}**2", sentence)
        sentence = re.sub(rf"{_BEFORE}{ours}(?!\w)", f"(\0{own}**2)", sentence)
    found = {ours: _written(own) for ours, own in named.items()}
    sentence = re.sub(rf"{_BEFORE}[^\W\d]\w*", lambda name: found.get(name[0], name[0]), sentence)
    return sentence.replace("\0", "")


def _written(word: str) -> str:
    return re.sub(r"^lambda_(?=$|_)", "lambda", word)
