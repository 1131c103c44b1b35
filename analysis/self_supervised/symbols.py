"""Words of self-supervised learning."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("mode", r"\gamma_{j}", "γ_j", "scale", "eigenvalue of the second moment of the pairs"),
    Symbol("shrink", "S", "S", "scale", "inverse size 1/s₀ of the start"),
    Symbol("start_size", r"\varepsilon", "ε", "scale", "size of generic starting weights"),
    Symbol("gap", "g", "g", "other", "largest ratio of a mode to the one before it"),
    Symbol("temperature", r"\tau", "τ", "scale", "temperature of the contrastive loss"),
    Symbol("labelled", "N", "N", "size", "inputs with a label"),
    Symbol("unlabelled", "m", "m", "size", "inputs without one"),
    Symbol("degree", r"\ell", "ℓ", "other", "highest degree of the parities that are kept"),
    Symbol("dim", "k", "k", "size", "dimension behind the head"),
    Symbol("feature", "j", "j", "other", "number of the feature, from 0"),
    Symbol(
        "noise", r"{\sigma^{2}}", "σ²", "noise", "label noise", ("sigma2", "sigma = sqrt(noise)", "σ = sqrt(noise)")
    ),
    Symbol("r", "r", "r", "size", "true factors"),
    Symbol("ratio", r"\alpha", "α", "size", "share of the tokens that are masked"),
    Symbol("samples", "M", "M", "size", "pairs of a batch"),
    Symbol("tokens", "T", "T", "size", "tokens of an input"),
)

CONVENTIONS = (
    Convention(
        "pairs",
        "‖WΓWᵀ − I‖_F², no ½; gradient flow of unit speed",
        (r"\|W\Gamma W^T-I_d\|_F^2",),
        ("step_size",),
        ("embedding_descent",),
    ),
    Convention(
        "probe",
        "‖y − Xw‖² + δ‖w‖², un-normalised ridge δ",
        (r"\|y-Xw\|^2+\delta\|w\|^2",),
        ("ridge",),
        ("linear_probe_error",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("L_{un}", "contrastive loss of two views and one negative", ("class-transfer",)),
    Letter("L", "softmax loss of the positive against the negatives", ("cold-limit", "hot-limit")),
    Letter("τ", "probability that two inputs have the same latent class", ("class-transfer",)),
    Letter("τ", "standard deviation of the noise in z", ("sufficiency-bound", "sufficiency-identity")),
    Letter("s₀", "score of the positive", ("cold-limit", "hot-limit")),
    Letter("s̄", "mean of all scores", ("hot-limit",)),
    Letter(
        "s",
        "scores of the negatives, whose variance is taken over r, their softmax at temperature τ",
        ("hardness-aware",),
    ),
    Letter("s_j", "scores of the negatives", ("cold-limit",)),
    Letter(
        "s_j", "singular value of the weights along mode j", ("loss-staircase", "step-times", "stepwise-trajectory")
    ),
    Letter("N", "negatives", ("hot-limit",)),
    Letter("N", "normal law", ("sufficiency-identity",)),
    Letter("γ_j", "eigenvalues of (1/2n)Σ(xx₊ᵀ + x₊xᵀ) over the pairs"),
    Letter("t", "time of the gradient flow, at unit speed", ("stepwise-trajectory",)),
    Letter("q", "share of a feature's variance that both views have in common", ("head-helps-when",)),
    Letter("q", "eigenvalues of Q", ("head-minimiser",)),
    Letter("v", "variance of a feature", ("head-helps-when",)),
    Letter(
        "v_y",
        "variance of the label given the inputs x = Bz + e: βᵀ(BᵀB + I)⁻¹β + σ²",
        ("supervised-risk", "true-factors-risk"),
    ),
    Letter("W", "weights of the encoder, one row an output", ("head-minimiser",)),
    Letter("M", "second moment of a view", ("head-minimiser",)),
    Letter("C", "moment E[xx₊ᵀ] of the two views of an input", ("head-minimiser",)),
    Letter("x", "Gaussian input", ("sufficiency-bound",)),
    Letter("z", "second view, x + N(0, τ²I)", ("sufficiency-bound",)),
    Letter("fx", "linear features of x"),
    Letter("θ", "weights of what is predicted", ("sufficiency-bound",)),
    Letter("Δ", "covariance of x given fx"),
    Letter("w_i", "weights of the label's mean given the inputs, along the component i", ("unlabelled-cost",)),
    Letter("ℓ_i", "eigenvalue of component i of the inputs' covariance, noise 1 included", ("unlabelled-cost",)),
    Letter("n", "negatives", ("cold-limit", "hardness-aware", "hot-limit")),
    Letter(
        "σ²",
        "τ², variance of the noise of the second view",
        ("infonce-below-mi", "sufficiency-bound", "sufficiency-identity"),
    ),
    Letter("I", "identity matrix; the information is written out", ("sufficiency-identity",)),
)
