"""Words of in-context learning: lengths of prompts, and whether tokens are summed or averaged."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("context", "M", "M", "size", "examples in a prompt at test"),
    Symbol("start_scale", r"\sigma_{0}", "σ₀", "scale", "scale of the start, u = σ₀ and U = σ₀ΘΘᵀ"),
    Symbol("query_shift", "c_{q}", "c_q", "scale", "factor of the query's covariance, over that of the prompt"),
    Symbol("time", "t", "t", "step", "time of the gradient flow"),
    Symbol("shift", "c", "c", "scale", "factor of the covariance at test"),
    Symbol("assumed_noise", r"{\sigma_{a}^{2}}", "σ_a²", "noise", "noise variance that the learner assumes"),
    Symbol("weight_variance", r"\tau^{2}", "τ²", "scale", "variance of a task's weights", ("tau2",)),
    Symbol("linear_power", r"{\|\beta_{f}\|^{2}}", "‖β_f‖²", "other", "mean squared norm of E f(x)x",
           also=(r"E\|\beta_{f}\|^{2}", r"E[\|\beta_{f}\|^{2}]")),
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

# what stands in statements only
NOTATION = (
    Letter(
        "Γ",
        "Λ + (Λ + (tr Λ + σ²)I)/N, Λ the covariance of the inputs, N the length of training prompts",
        ("descent-on-prompts", "flow-limit", "flow-loss-formula", "shifted-risk", "trained-risk"),
    ),
    Letter(
        "Γ",
        "l + (l + Σl)/N with the sum over all eigenvalues, N the length of the prompts",
        ("random-covariance-minimiser",),
    ),
    Letter("Λ", "covariance of the inputs in training"),
    Letter(
        "u",
        "scalar weight of the layer, ŷ = (u/N)x·UΣyᵢxᵢ over the N examples",
        ("descent-on-prompts", "flow-limit", "flow-loss-formula"),
    ),
    Letter(
        "U",
        "matrix of the layer, ŷ = (u/N)x·UΣyᵢxᵢ over the N examples",
        ("descent-on-prompts", "flow-limit", "flow-loss-formula"),
    ),
    Letter("Σ", "covariance of the inputs", ("general-risk", "inverse-prior-is-isotropic", "preconditioner")),
    Letter("B", "covariance of the tasks", ("general-risk", "preconditioner")),
    Letter(
        "P",
        "preconditioner, ŷ = x·PΣyᵢxᵢ",
        ("general-risk", "inverse-prior-is-isotropic", "preconditioner", "preconditioner-is-symmetric"),
    ),
    Letter("S", "Σyᵢxᵢ over the examples of a prompt", ("preconditioner-is-symmetric",)),
    Letter("w", "weights of the task at test", ("shifted-risk",)),
    Letter("w", "weights of the task", ("preconditioner-is-symmetric",)),
    Letter("τ", "positive root of the equation stated", ("mean-variance",)),
    Letter("n", "examples of a prompt, in training where tests have another length"),
    Letter("d", "input dimension", ("mean-variance",)),
    Letter("y", "label, f(x) plus noise", ("nonlinear-targets-same-algorithm",)),
    Letter("x", "input, standard normal", ("nonlinear-targets-same-algorithm",)),
    Letter("b", "(I − Γ⁻¹Λ)w, w the weights of the task at test", ("trained-risk",)),
    Letter("β_f", "E f(x)x of the target f"),
    Letter("l", "eigenvalue of a prompt's covariance", ("random-covariance-minimiser",)),
    Letter("I", "identity matrix", ("preconditioner", "random-covariances-stay-brittle", "shifted-risk")),
    Letter("Σ_t", "covariance of yᵢxᵢ at test", ("trained-risk",)),
)
