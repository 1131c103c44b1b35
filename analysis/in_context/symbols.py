"""Words of in-context learning: lengths of prompts, and whether tokens are summed or averaged."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("context", "M", "M", "size", "examples in a prompt at test"),
    Symbol("start_scale", r"\sigma_{0}", "σ₀", "scale", "scale of the start, u = σ₀ and U = σ₀ΘΘᵀ"),
    Symbol("query_shift", "c_{q}", "c_q", "scale", "factor of the query's covariance, over that of the prompt"),
    Symbol("time", "t", "t", "step", "time of the gradient flow"),
    Symbol("shift", "c", "c", "scale", "factor of the covariance at test"),
    Symbol("assumed_noise", r"{\sigma_{a}^{2}}", "σ_a²", "noise", "noise variance that the learner assumes"),
    Symbol("weight_variance", r"\tau^{2}", "τ²", "scale", "variance of a task's weights", ("tau2",)),
    Symbol("linear_power", r"{\|\beta_{f}\|^{2}}", "‖β_f‖²", "other", "mean squared norm of E f(x)x"),
    Symbol("second_moment", r"E[f^{2}\|x\|^{2}]", "E[f²‖x‖²]", "other", "of a target f, without noise"),
    Symbol("power", r"\mathrm{tr}\,\Sigma B", "tr ΣB", "scale", "variance of the labels without noise"),
    Symbol("explained", r"\mathrm{tr}\,\Sigma P\Sigma B", "tr ΣPΣB", "other", "what one example explains of them"),
    Symbol("floor", r"b^{T}\Lambda b", "bᵀΛb", "other", "error with endless examples"),
    Symbol("spread", r"\mathrm{tr}\,\Gamma^{-1}\Lambda\Gamma^{-1}\Sigma_{t}", "tr Γ⁻¹ΛΓ⁻¹Σ_t", "other",
           "M times the variance of the prediction"),
    Symbol("row", "i", "i", "other", "row of the matrix, from 0"),
    Symbol("column", "j", "j", "other", "column of the matrix, from 0"),
)  # fmt: skip

CONVENTIONS = (
    Convention(
        "flow",
        "½E(ŷ − w·x)² at the query x, ŷ = (u/N)Σ y_i (Ux)·x_i: an average over the training prompt; risks have no ½",
        (r"\tfrac12E(\hat y-w^Tx_q)^2", r"\tfrac1N"),
        ("start_scale",),
        ("attention_flow",),
    ),
    Convention(
        "test-prompts",
        "E(ŷ − y)² at the query without ½, label noise included, ŷ = (1/M)Σ y_i x·Γ⁻¹x_i",
        (r"E(\hat y-y_q)^2", r"\frac1M\sum_{i\le M}y_ix_i"),
        ("context",),
        ("trained_attention_risk",),
    ),
    Convention(
        "wrong-prior",
        "‖y − Xw‖² + δ‖w‖², δ = σ_a²/τ_a² of the prior that is assumed; τ² is the variance of each weight",
        (r"\|y-Xw\|^2+\delta\|w\|^2", r"\delta=\sigma_a^2/\tau_a^2"),
        ("weight_variance",),
        ("out_of_prior_risk",),
    ),
)
