"""Words of derived equivalents."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("share", r"\pi", "π", "size", "synthetic samples for each real one"),
    Symbol("unlearned", r"{\kappa^{2}b}", "κ²b", "other", "target power the fit misses", ("b = unlearned/kappa**2",)),
    Symbol("overlap", "c", "c", "other", "share of the samples that two fits have in common"),
    Symbol("strength", r"\beta", "β", "scale", "factor of the rank-one step of the first layer"),
    Symbol("mean_weight", "a", "a", "other", "(1/n)Σ ω_i/(1 + qω_i) over samples of weight ω_i, q = tr(ΣQ)/n"),
    Symbol("square_weight", "a_{2}", "a₂", "other", "(1/n)Σ ω_i²/(1 + qω_i)²"),
    Symbol("noisy_weight", r"a_{\nu}", "a_ν", "other", "(1/n)Σ ν_iω_i²/(1 + qω_i)², ν_i the noise of sample i"),
)

CONVENTIONS = (
    Convention(
        "normalised",
        "‖y − Xw‖² + nλ‖w‖²: the resolvent is (XᵀX/n + λ)⁻¹, for features F with 1/√k in them (FᵀF + nλ)⁻¹",
        (),
        ("lam",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("b", "target power the fit misses, over κ²", ("ensemble-cross-term", "weighted-heteroscedastic")),
    Letter("Θ", "matrix of the size of XWᵀ with independent standard normal entries"),
    Letter("μ₁", "E[zφ(z)], z standard normal, φ the activation", ("relu-universality",)),
    Letter("μ₂", "root of E[φ²] − E[φ]² − μ₁²", ("relu-universality",)),
    Letter("X", "n inputs of squared length d", ("relu-universality",)),
    Letter("W", "weights of the features, entries of variance 1/d", ("relu-universality",)),
    Letter("Q", "resolvent of the sample covariance, (XᵀX/n + λI)⁻¹"),
    Letter("Σ", "covariance of the inputs", ("marchenko-pastur",)),
)
