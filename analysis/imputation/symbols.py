"""Words of zero imputation."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

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
    Symbol(
        "resolvent",
        r"\beta^{T}D(\Sigma+\lambda D)^{-1}\Sigma\beta",
        "βᵀD(Σ+λD)⁻¹Σβ",
        "other",
        "λ = (1 − ρ)/ρ",
        also=(r"\beta^{T}D(\Sigma+\frac{1-\rho}{\rho}D)^{-1}\Sigma\beta",),
    ),
    Symbol(
        "largest_variance",
        r"\max D",
        "max D",
        "scale",
        "largest variance of an input",
        also=(r"\max_jD_{jj}", r"\max_iD_{ii}", r"\max_j\Sigma_{jj}", r"\max_i\Sigma_{ii}", r"\|D\|_{\mathrm{op}}"),
    ),
    Symbol(
        "ridge_resolvent",
        r"\beta^{T}(\Sigma+\lambda\max D)^{-1}\Sigma\beta",
        "βᵀ(Σ+λ max D)⁻¹Σβ",
        "other",
        "the ridge form at the largest variance",
        also=(r"\beta^{T}(\Sigma+\frac{1-\rho}{\rho}\max D)^{-1}\Sigma\beta",),
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

# what stands in statements only
NOTATION = (
    Letter("Σ", "covariance of the inputs", ("constant-step-is-better", "optimum-is-ridge", "ridge-identity")),
    Letter("‖β‖²_Σ", "βᵀΣβ, Σ the covariance of the inputs"),
    Letter("λ", "(1 − ρ)/ρ, ρ the probability to see an entry", ("low-rank-bias", "optimum-is-ridge")),
    Letter("β", "weights of the target, y = βᵀx + ε", ("optimum-is-ridge",)),
    Letter("R", "mean squared error on complete inputs", ("ridge-identity",)),
    Letter("θ", "any weights", ("ridge-identity",)),
    Letter("θ*", "best weights on imputed inputs", ("averaged-sgd-bound",)),
    Letter("Σ", "covariance of the inputs", ("averaged-sgd-bound",)),
)
