"""Words of attention: heads, keys and tokens."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("heads", "M", "M", "size", "random heads"),
    Symbol("keys", "N", "N", "size", "keys of a query"),
    Symbol("T", "T", "T", "size", "tokens of a prompt"),
    Symbol("rho", r"\rho", "ρ", "other", "correlation of the preactivations of two prompts"),
    Symbol("inner", r"\iota", "ι", "other", "1 + x·x' of two keys"),
    Symbol("singularity", "p", "p", "other", "exponent of the inverse distance"),
    Symbol("radius", "R", "R", "scale", "Frobenius norm of the weights"),
)

CONVENTIONS = (
    Convention(
        "normalised-descent",
        "(1/n)Σ log(1 + e^{−f}), f a softmax average of the scores; steps are along the gradient over its norm",
        (r"L=\frac1n\sum_i\log(1+e^{-f_i})", r"W\leftarrow W-\eta\,\nabla L/\|\nabla L\|"),
        ("step_size",),
        ("attention_descent",),
    ),
)
