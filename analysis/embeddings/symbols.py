"""Words of embeddings."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

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

_OF_RATINGS = ("cosines-are-arbitrary", "cosines-are-unique", "factor-penalty-minimum", "full-rank-cosine-is-identity",
               "item-model-is-p-regressions", "item-model-objective", "product-penalty-minimum")  # fmt: skip

# what stands in statements only
NOTATION = (
    Letter(
        "λ",
        "decay, ‖x_j − Xb‖² + λ‖b‖² for item j, with no ½ and no 1/n",
        ("item-model-objective",),
    ),
    Letter("X", "ratings, a row a user and a column an item"),
    Letter("A", "p × k factors; the users' are XA", ("factor-penalty-minimum", "product-penalty-minimum")),
    Letter("B", "p × k factors of the items", ("factor-penalty-minimum", "product-penalty-minimum")),
    Letter("B", "p × p weights with diagonal 0, ratings X being predicted by XB", ("item-model-is-p-regressions",)),
    Letter("P", "(XᵀX + λI)⁻¹ of the ratings X"),
    Letter("p", "items", ("item-model-objective", "item-model-is-p-regressions")),
    Letter("p", "input dimension", ("index-space-variance",)),
    Letter("r", "indices, the dimension of what the responses depend on", ("index-space-variance",)),
    Letter("u_j", "right singular vectors of the moment E[xyᵀ]", ("index-space-variance",)),
    Letter("σ_j", "singular values of the moment E[xyᵀ]", ("index-space-variance",)),
    Letter("y", "responses", ("index-space-variance",)),
    Letter("x_{ij}", "input j of sample i"),
    Letter("x_j", "input j of the place where it is predicted", ("lasso-representers",)),
    Letter("α_i", "minus the slope of the loss of sample i, over nλ", ("lasso-representers",)),
    Letter("θ_j", "coefficients of the lasso, (1/2n)‖y − Xθ‖² + λ‖θ‖₁", ("lasso-representers",)),
    Letter("s", "singular values of the ratings", ("product-penalty-minimum",)),
    Letter("W", "weights of the source tasks, one column a task", ("sparse-relevance",)),
    Letter("w", "weights of the target task", ("sparse-relevance",)),
    Letter("ν", "coefficients of the source tasks, whose combination is the target task"),
    Letter("n", "users, the rows of the ratings", _OF_RATINGS),
    Letter("δ", "decay, squared norms without ½ and without 1/n", _OF_RATINGS),
    Letter(
        "λ", "decay, squared norms without ½ and without 1/n", ("factor-penalty-minimum", "product-penalty-minimum")
    ),
)
