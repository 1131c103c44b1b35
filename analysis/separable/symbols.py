"""Words of separable classification."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("separation2", r"\|\mu\|^{2}", "‖μ‖²", "scale", "quarter of the squared distance of the class means"),
    Symbol("ratio", "r", "r", "size", "n/d, balanced rows of both classes together for each dimension"),
    Symbol("samples", "n", "n", "size", "rows"),
    Symbol("classes", "K", "K", "size", "classes"),
    Symbol("rank", "k", "k", "size", "directions that are removed"),
    Symbol("large_step", r"\gamma", "γ", "step", "step size of gradient descent on the mean logistic loss"),
)

CONVENTIONS = (
    Convention(
        "logistic",
        "(1/n)Σln(1 + e^{−yᵢxᵢᵀθ}), mean over the rows; weights w = θ/γ in units of the step size",
        (r"\frac1n\sum_i",),
        ("large_step",),
        ("batch_perceptron",),
    ),
)
