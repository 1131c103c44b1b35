"""Words of ridge regression: the un-normalised ridge."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("trace", r"\mathrm{tr}\,\Sigma", "tr Σ", "scale", "sum of the population eigenvalues"),
    Symbol("kappa_a", r"\kappa_{a}", "κ_a", "ridge", "effective ridge of the first resolvent"),
    Symbol("kappa_b", r"\kappa_{b}", "κ_b", "ridge", "effective ridge of the second resolvent"),
    Symbol(
        "pair",
        r"{\textstyle\sum}g_{a}g_{b}",
        "Σg_a g_b",
        "other",
        "sum over the modes, g_a = s/(s + κ_a), g_b = s/(s + κ_b)",
    ),
    Symbol("lam_a", r"\lambda_{a}", "λ_a", "ridge", "normalised ridge of the first resolvent"),
    Symbol("lam_b", r"\lambda_{b}", "λ_b", "ridge", "normalised ridge of the second resolvent"),
    Symbol("points", r"P", "P", "size", "points of the ring"),
    Symbol("decay", "a", "a", "ridge", "exponent at which the kernel's eigenvalues decay"),
)

CONVENTIONS = (
    Convention(
        "un-normalised",
        "‖y − Xw‖² + δ‖w‖², scikit-learn's alpha; papers' normalised λ = δ/n",
        (r"\|y-Xw\|^2+\delta\|w\|^2",),
        ("ridge", "lam", "lam_a", "lam_b"),
        ("effective_ridge", "learnabilities", "resolvent_trace", "ridge_path", "ridge_risk", "ridge_risk_general",
         "optimal_ridge"),
    ),
)  # fmt: skip

# what stands in statements only
NOTATION = (
    Letter("δ", "un-normalised ridge, of ‖y − Xw‖² + δ‖w‖²", ("optimal-test-error",)),
    Letter("v²", "target power of a mode in function space, v² = sb² for weights b", ("bias",)),
    Letter("d", "input dimension", ("isotropic-ridgeless-variance",)),
    Letter("Q", "resolvent (XᵀX/n + λI)⁻¹"),
    Letter("X", "n rows of inputs, of covariance Σ"),
    Letter("Σ", "covariance of the inputs", ("second-order-trace", "two-ridge-trace")),
)
