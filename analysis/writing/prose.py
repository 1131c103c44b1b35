"""Sentences for readers: numbers with their nouns, and plain-text mathematics typeset as HTML.

Statements, assumptions and captions are Unicode text that a terminal shows as it is: Greek letters, ``²``, ``√``,
``ℓ₁``, and ``s_i``, ``λ_{max}``, ``e^{-2t}`` where Unicode has no sign. Pages turn the latter into indices and powers;
whatever is longer than one sign stands in braces.
"""

from __future__ import annotations

import re

__all__ = ["counted", "typeset"]

# An index is in braces, or one sign that nothing alphanumeric follows, after one letter or a closing sign: step_size is
# left alone, and so is what could be split in two ways (s_ij, λ_HI), which the tests refuse.
_INDEX = re.compile(r"_\{([^{}]*)\}|(?:(?<=[^\W\d_])(?<![A-Za-z_][A-Za-z])|(?<=[‖)∂]))_([^\W_])(?![A-Za-z\d_])")
_POWER = re.compile(r"\^\{([^{}]*)\}|\^([^\W_])(?![A-Za-z\d]|\.\d)")


def counted(number: int, noun: str) -> str:
    """Return ``1 cell``, ``2 cells``, ``1,000 cells``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def typeset(text: str) -> str:
    """Typeset the indices and powers of plain text as HTML; the rest is left as it is, so escape it before."""
    before = None
    while before != text:  # from the innermost braces outwards
        before = text
        text = _INDEX.sub(lambda found: f"<sub>{found[1] or found[2]}</sub>", text)
        text = _POWER.sub(lambda found: f"<sup>{found[1] or found[2]}</sup>", text)
    return text
