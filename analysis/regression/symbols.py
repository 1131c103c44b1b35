"""Words of regression beyond ridge."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("bag", "k", "k", "size", "rows of a bag"),
    Symbol("share", r"\gamma", "γ", "size", "dimensions for each row, d/n"),
    Symbol("rho", r"\rho", "ρ", "other", "weight of the spread of predictions within bags"),
    Symbol("privacy_variance", r"\tau^{2}", "τ²", "noise", "privacy noise of one label; τ²/k² on the mean of a bag"),
    Symbol("points", "N", "N", "size", "points of a curve"),
    Symbol("order", "s", "s", "other", "order of the Sobolev norm"),
    Symbol("nodes", "p", "p", "size", "nodes of a graph"),
    Symbol("blur", "b", "b", "other", "width of the blur"),
    Symbol("size", "m", "m", "size", "points of the grid"),
)

CONVENTIONS = (
    Convention(
        "bags",
        "‖S(Xw − y)‖² + ρ‖(I − SᵀS)Xw‖², sums without a ½, SSᵀ = I",
        (r"\|S(Xw-y)\|^2+\rho\|(I-S^TS)Xw\|^2",),
        ("bag",),
        ("aggregate_fit", "aggregate_risk"),
    ),
    Convention(
        "spline",
        "½Σ(yᵢ − f(xᵢ))² + ridge·TV(f′), a sum with a ½",
        ("half the squared residuals plus ridge times the total variation",),
        ("ridge",),
        ("linear_spline_fit",),
    ),
    Convention(
        "sobolev",
        "½‖Au − g‖² in the norm of order s + ½ ridge ‖u‖², sums over frequencies",
        (r"\tfrac12\|Au-g\|_{H^s}^2",),
        ("ridge", "step_size"),
        ("sobolev_descent", "sobolev_filter"),
    ),
)
