"""Words of factorised dynamics."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol(
        "delta", r"\|\Delta\|_{F}", "‖Δ‖", "other", "Frobenius norm of the error of a matrix", also=(r"\|\Delta\|",)
    ),
    Symbol("outlier_rate", "p", "p", "other", "share of labels that are corrupted"),
    Symbol("outlier_std", r"\sigma_{s}", "σ_s", "scale", "standard deviation of what corrupts a label"),
    Symbol("decay", r"\rho", "ρ", "ridge", "factor from one step size to the next"),
    Symbol("m", "m", "m", "size", "measurements"),
    Symbol("rank", "r", "r", "size", "rank of the matrix that is sought"),
    Symbol("scale", r"\alpha", "α", "scale", "scale of the start"),
    Symbol("depth", "L", "L", "size", "layers"),
    Symbol("y", "y", "y", "scale", "what a network of scalar layers is to multiply its input by"),
    Symbol("time", "t", "t", "step", "time of the gradient flow"),
    Symbol("gain", "g", "g", "scale", "entries of a recurrent matrix have variance g²/n"),
    Symbol("steps", "k", "k", "other", "steps through time"),
    Symbol("hurst", "H", "H", "other", "increments over x sites have variance |x|^{2H}"),
    Symbol("groups", "G", "G", "size", "groups of coordinates, each with one condition"),
    Symbol("size", "B", "B", "size", "coordinates of a group"),
    Symbol("exponent", "a", "a", "other", "curvatures fall as i^{−a}"),
    Symbol("ratio", r"{\tfrac{d}{n}}", "d/n", "size", "dimensions of the subspace over those of the space"),
    Symbol("lag", "x", "x", "size", "sites between two places"),
)

CONVENTIONS = (
    Convention(
        "recovery",
        "(1/m)Σ|⟨Aᵢ,UUᵀ⟩ − yᵢ|, mean over measurements with entries of variance 1; a step is η(D + Dᵀ)U",
        ("Gaussian A of unit entries",),
        ("outlier_rate",),
        ("learning_budget", "sign_factor"),
    ),
    Convention(
        "tubal",
        "¼Σ(yᵢ − ⟨Aᵢ,U∗Uᵀ⟩)², a sum over measurements with entries of variance 1/m",
        (r"\frac14\sum_i",),
        ("step_size",),
        ("tubal_descent",),
    ),
    Convention(
        "residual",
        "½‖F_L − Y‖², every layer moving by −L times its gradient",
        (r"\frac12\|F_L-Y\|_F^2", r"-L\,\partial\ell/\partial W_k"),
        ("time",),
        ("residual_training",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("t", "steps of the walk", ("barrier-exponent",)),
    Letter("W", "trained matrix of a layer", ("layers-stay-balanced",)),
    Letter("L", "number of layers", ("layers-stay-balanced",)),
    Letter("n", "sites to pass", ("passage-below-barrier",)),
    Letter("k", "number of a layer", ("smooth-start-stays-smooth",)),
    Letter("s_i", "curvature of the loss along mode i", ("subspace-of-a-slope",)),
    Letter("κ", "effective ridge, the root of Σs_i/(s_i + κ) = d", ("subspace-of-a-slope",)),
    Letter("A", "tensor, each slice of which is a matrix", ("tubal-transpose",)),
    Letter("B", "tensor, each slice of which is a matrix", ("tubal-transpose",)),
    Letter("n", "sites", ("barrier-exponent", "potential-increments")),
    Letter("n", "width, rows of the matrix", ("gradients-vanish", "norm-is-twice-the-gain", "recurrent-growth")),
    Letter("n", "modes of the loss", ("subspace-of-a-slope",)),
    Letter(
        "n",
        "rows of a slice of the tensor",
        ("tubal-product", "tubal-transpose", "small-start-has-low-tubal-rank", "tubal-small-start"),
    ),
    Letter(
        "d",
        "rows of the matrix that is sought",
        (
            "dense-outliers",
            "l2-fails",
            "learning-budget",
            "null-vectors-stay",
            "small-start-forgives-rank",
            "truth-is-no-minimum",
        ),
    ),
    Letter("d", "width of the layers", ("layers-stay-balanced", "smooth-start-stays-smooth")),
    Letter("d", "dimension of the subspace", ("subspace-loss", "subspace-loss-spread")),
    Letter(
        "k",
        "steps of gradient descent",
        (
            "dense-outliers",
            "l2-fails",
            "small-start-forgives-rank",
            "truth-is-no-minimum",
            "small-start-has-low-tubal-rank",
            "tubal-small-start",
        ),
    ),
)
