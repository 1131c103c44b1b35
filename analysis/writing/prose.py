"""Sentences for readers: numbers with their nouns, and plain-text mathematics typeset as HTML.

Statements, assumptions and captions are Unicode text that a terminal shows as it is: Greek letters, ``²``, ``√``,
``ℓ₁``, and ``s_i``, ``λ_max``, ``e^{-2t}`` where Unicode has no sign. Pages turn the latter into indices and powers.
"""

from __future__ import annotations

import re

__all__ = ["counted", "typeset"]

_WORDS = "max|min|eff|imp|new|old|crit|dir"
_INDEX = rf"(\{{[^{{}}]*\}}|{_WORDS}|\d+[ij]?(?!\w)|\d+|[a-z]{{2}}(?!\w)|[a-z](?![a-z](?!_))|[^\W_a-z])"
# A letter that starts a word or follows an index, a letter that is not Latin, a closing sign; step_size is left alone.
_BASE = r"((?:(?<![A-Za-z_])|(?<=_[A-Za-z\d])|(?<=_new))[A-Za-z]|\b(?:max|min)|[^\W\dA-Za-z_]|[‖)∂])"
_POWER = re.compile(r"\^(?:\{([^{}]*)\}|([−-]?(?:\d+(?:\.\d+)?|\w)))")


def counted(number: int, noun: str) -> str:
    """Return ``1 cell``, ``2 cells``, ``1,000 cells``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def typeset(text: str) -> str:
    """Typeset the indices and powers of plain text as HTML; the rest is left as it is, so escape it before."""
    text = re.sub(_BASE + "_" + _INDEX, lambda found: f"{found[1]}<sub>{typeset(found[2].strip('{}'))}</sub>", text)
    return _POWER.sub(lambda found: f"<sup>{found[1] or found[2]}</sup>", text)
