"""Words of self-supervised learning."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

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
