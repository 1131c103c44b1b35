"""Words of convex losses."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("ratio", r"{\tfrac{n}{d}}", "n/d", "size", "rows for each dimension", ("n = ratio*d",)),
    Symbol("penalty", r"\lambda", "λ", "ridge", "ridge for each dimension, λ = δ/d", ("ridge = penalty*d",)),
    Symbol("spread", "c", "c", "other", "eigenvalues of the covariance lie evenly in [1 − c, 1 + c]"),
    Symbol("signal", r"\rho", "ρ", "scale", "variance of the teacher's field"),
    Symbol("noise", r"\Delta", "Δ", "noise", "variance of the noise on the teacher's field"),
    Symbol("strength", r"\gamma_{0}", "γ₀", "scale", "standard deviation of the teacher's field"),
    Symbol("separation", r"\|\mu\|", "‖μ‖", "scale", "half the distance of the class means"),
    Symbol("balance", r"\rho_{+}", "ρ₊", "other", "chance of the label 1"),
    Symbol("depth", "L", "L", "size", "random layers"),
    Symbol("place", r"{\tfrac{n}{k}}", "n/k", "other", "rows for each feature"),
    Symbol("rows", "n", "n", "size", "rows that are fitted"),
)

CONVENTIONS = (
    Convention(
        "convex-ridge",
        "Σℓ(yᵢ, xᵢᵀw) + ½δ‖w‖², sums over the rows; the square loss is half a square; λ = δ/d",
        (r"\sum_i\ell(y_i,x_i^Tw)+\tfrac\delta2\|w\|^2",),
        ("penalty", "ridge"),
        ("state_evolution",),
    ),
    Convention(
        "mixture-ridge",
        "Σℓ(yᵢ, xᵢᵀw + b) + ½λd‖w‖², sums over the rows, no ridge on the intercept",
        (r"\sum_i\ell(y_i,x_i^Tw+b)+\tfrac{\lambda d}2\|w\|^2",),
        ("penalty", "ridge"),
        ("mixture_risk", "best_ridge"),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("σ*", "limit of √n times the standard deviation of an estimate, for features of variance 1"),
    Letter("n", "samples", ("logistic-spread",)),
    Letter("n", "rows of both classes", ("mixture-bayes",)),
    Letter("Φ", "distribution function of a standard normal number"),
)
