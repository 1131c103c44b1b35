"""Words of the stability of SGD."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("coherence", r"\sigma", "σ", "other", "overlap of the samples' Hessians, λ₁(S)/max λ₁(H_i)"),
    Symbol("largest_eigenvalue", r"\lambda_{1}", "λ₁", "scale", "of the mean Hessian"),
    Symbol("weight_decay", r"\lambda", "λ", "ridge", "decay of the weights"),
    Symbol("gradient_norm", "g", "g", "scale", "norm of the gradient at unit weights"),
    Symbol("width", "m", "m", "size", "hidden neurons"),
    Symbol("classes", "K", "K", "size", "classes"),
)

CONVENTIONS = (
    Convention(
        "half-mean-square",
        "(1/2n)Σr_i² at an interpolating minimum, H_i = g_{i}g_{i}ᵀ; losses without the ½ have Hessians twice as large",
        (r"(1/2n)\sum r_i^2",),
        ("step_size", "batch_size"),
        ("divergence_step_size", "growth_rate", "linearised_sgd", "stability_conditions",
         "stability_threshold"),
    ),
    Convention(
        "scale-invariant",
        "w' = (1 − ηλ)w − η∇L(w), penalty (λ/2)‖w‖²; a paper that penalises λ‖w‖² has half our λ",
        (r"w' = (1-\eta\lambda)w - \eta\nabla L(w)", r"(\lambda/2)\|w\|^2"),
        ("step_size", "weight_decay"),
        ("weight_decay_equilibrium",),
    ),
)  # fmt: skip
