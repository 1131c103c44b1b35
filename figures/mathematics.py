"""Mathematics of self-contained pages: MathJax with its fonts, from an installed package, without a network."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files

from solvable.analysis.writing.inline import typeset_inline

__all__ = ["mathjax", "sentence_html"]


def mathjax() -> bytes:
    """Return the one script that typesets LaTeX as SVG; nothing else is loaded by it."""
    return files("mathjax").joinpath("static", "mathjax", "es5", "tex-svg-full.js").read_bytes()


def sentence_html(text: str) -> str:
    """Return a sentence as HTML, its mathematics between the signs that MathJax looks for.

    A comma or a full stop behind a formula stays on its line.
    """
    set_apart = typeset_inline(text, escape, lambda tex: rf"\({escape(tex)}\)")
    return re.sub(r"\\\((?:(?!\\\)).)*\\\)[]).,;:]+", r'<span class="keep">\g<0></span>', set_apart)
