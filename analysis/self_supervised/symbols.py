"""Words of self-supervised learning."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("mode", r"\gamma_{j}", "γ_j", "scale", "eigenvalue of the second moment of the pairs"),
    Symbol("shrink", r"1/s_{0}", "1/s₀", "scale", "inverse size of the start"),
    Symbol("start_size", r"\varepsilon", "ε", "scale", "size of generic starting weights"),
    Symbol("gap", "g", "g", "other", "largest ratio of a mode to the one before it"),
    Symbol("temperature", r"\tau", "τ", "scale", "temperature of the contrastive loss"),
    Symbol("labelled", "N", "N", "size", "inputs with a label"),
    Symbol("unlabelled", "m", "m", "size", "inputs without one"),
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
