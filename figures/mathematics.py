"""MathJax with its fonts, from an installed package: formulas of self-contained pages need no network."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["mathjax"]


def mathjax() -> bytes:
    """Return the one script that typesets LaTeX as SVG; nothing else is loaded by it."""
    return files("mathjax").joinpath("static", "mathjax", "es5", "tex-svg-full.js").read_bytes()
