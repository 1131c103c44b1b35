"""Words of zero imputation."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("observed", r"\rho", "ρ", "other", "probability to see an entry, in training and in test"),
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
