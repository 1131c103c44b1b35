"""Words of embeddings."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("rank", "k", "k", "size", "dimensions of the factors"),
    Symbol("tasks", "M", "M", "size", "source tasks"),
    Symbol("samples", "n", "n", "size", "draws of the index model"),
    Symbol("slip", r"\varepsilon", "ε", "scale", "distance from the optimum"),
    Symbol("inputs", "p", "p", "size", "input dimension of the index model"),
)

CONVENTIONS = (
    Convention(
        "factors",
        "squared Frobenius norms without ½, penalty λ times squared norms",
        (r"\|X-X",),
        ("ridge",),
        ("product_penalty", "factor_penalty", "item_model"),
    ),
    Convention(
        "sparse-tasks",
        "½‖Wν − w‖² + λ‖ν‖₁",
        (r"\frac12\|W\nu-w\|^2+\lambda\|\nu\|_1",),
        ("ridge",),
        ("lasso_relevance",),
    ),
    Convention(
        "completion",
        "½Σ(θ − y)² over the known entries + λ times the nuclear norm",
        (r"\frac12\sum_{uv}(\theta_{uv}-y_{uv})^2+\lambda\|\theta\|_*",),
        ("ridge",),
        ("nuclear_completion",),
    ),
)
