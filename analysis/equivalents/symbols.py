"""Words of derived equivalents."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("share", r"\pi", "π", "size", "synthetic samples for each real one"),
    Symbol("overlap", "c", "c", "other", "share of the samples that two fits have in common"),
    Symbol("strength", r"\beta", "β", "scale", "factor of the rank-one step of the first layer"),
    Symbol("mean_weight", r"\bar\omega", "ω̄", "other", "(1/n)Σω_i/(1 + ω_iq), q = tr(ΣQ)/n"),
    Symbol("square_weight", r"\bar\omega_{2}", "ω̄₂", "other", "(1/n)Σω_i²/(1 + ω_iq)²"),
    Symbol("noisy_weight", r"\bar\omega_{\nu}", "ω̄_ν", "other", "(1/n)Σν_iω_i²/(1 + ω_iq)², ν_i the noise of sample i"),
)

CONVENTIONS = (
    Convention(
        "normalised",
        "‖y − Xw‖² + nλ‖w‖²: the resolvent is (XᵀX/n + λ)⁻¹, for features F with 1/√k in them (FᵀF + nλ)⁻¹",
        (),
        ("lam",),
    ),
)
