"""Words of zero imputation."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol(
        "observed",
        r"\rho",
        "ρ",
        "other",
        "probability to see an entry, in training and in test",
        ("lambda = (1 - observed)/observed",),
    ),
    Symbol("complete_risk", r"R(\rho\theta)", "R(ρθ)", "other", "risk of the scaled weights on complete inputs"),
    Symbol("diagonal_norm", r"\theta^{T}D\theta", "θᵀDθ", "other", "squared norm of the weights in the variances"),
    Symbol("resolvent", r"\beta^{T}D(\Sigma+\lambda D)^{-1}\Sigma\beta", "βᵀD(Σ+λD)⁻¹Σβ", "other", "λ = (1 − ρ)/ρ"),
    Symbol("largest_variance", r"\max D", "max D", "scale", "largest variance of an input"),
    Symbol(
        "ridge_resolvent",
        r"\beta^{T}(\Sigma+\lambda\max D)^{-1}\Sigma\beta",
        "βᵀ(Σ+λ max D)⁻¹Σβ",
        "other",
        "the ridge form at the largest variance",
    ),
    Symbol("trace", r"\mathrm{tr}\,\Sigma", "tr Σ", "scale", "sum of the variances"),
    Symbol(
        "optimum_norm", r"\|\theta^{*}\|^{2}", "‖θ*‖²", "scale", "squared norm of the best weights on imputed inputs"
    ),
    Symbol("power", r"\|\beta\|_{\Sigma}^{2}", "‖β‖²_Σ", "scale", "variance of the target"),
    Symbol("unlearned", "U", "U", "other", "Σ(1 − g)²v², and the noise of what is missing, which no mode carries"),
    Symbol("rank", "r", "r", "size", "rank of the covariance"),
)

CONVENTIONS = (
    Convention(
        "imputed",
        "‖y − X̃θ‖² + δ‖θ‖² on zero-imputed inputs; papers' normalised λ = δ/n",
        (r"\|y-\tilde X\theta\|^2+\delta\|\theta\|^2",),
        ("ridge", "lam"),
        ("imputed_ridge_risk",),
    ),
)
