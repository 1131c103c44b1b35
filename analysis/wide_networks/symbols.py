"""Words of infinitely wide networks."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("width", "n", "n", "size", "neurons of every hidden layer"),
    Symbol("weight_variance", r"\sigma_w^2", "σ_w²", "scale", "variance of a weight times its number of inputs"),
    Symbol("bias_variance", r"\sigma_b^2", "σ_b²", "scale", "variance of a bias"),
    Symbol("q", "q", "q", "scale", "variance of a preactivation"),
    Symbol("layer", "l", "l", "size", "layer, from 1"),
)

CONVENTIONS: tuple[Convention, ...] = ()
