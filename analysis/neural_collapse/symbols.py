"""Words of neural collapse: one name of a decay stands for four normalisations."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("classes", "K", "K", "size", "classes"),
    Symbol("positive_slope", "p", "p", "other", "slope at positive c, inputs x = ca with a of length 1"),
    Symbol("negative_slope", "q", "q", "other", "growth of the output with |c| at negative c"),
    Symbol("samples", "n", "n", "size", "samples of a class; N = Kn of all of them"),
    Symbol("dimension", "d", "d", "size", "dimension of the features"),
    Symbol("depth", "M", "M", "size", "linear layers on the features"),
    Symbol("width", "d", "d", "size", "width of features and layers"),
    Symbol(
        "weight_decay",
        r"\lambda_{W}",
        "λ_W",
        "ridge",
        "decay of the head, of each of its layers",
        ("lambda", "λ", "lam", "lW", "c = classes*sqrt(samples*weight_decay*feature_decay)"),
    ),
    Symbol("feature_decay", r"\lambda_{H}", "λ_H", "ridge", "decay of the features", ("lH",)),
    Symbol("bias_decay", r"\lambda_{b}", "λ_b", "ridge", "decay of the bias"),
    Symbol("layer_decays", r"\lambda_{j}", "λ_j", "ridge", "decays of the layers, next to the features first"),
    Symbol("decay", r"\lambda", "λ", "ridge", "decay of head and features alike"),
    Symbol("attachment", r"\beta", "β", "ridge", "weight that attaches the features to H₀"),
    Symbol(
        "energy", r"{\textstyle\sum}\eta\varphi", "Σηφ", "other", "sum over the modes of level times least scalar value"
    ),
    Symbol("total", "N", "N", "size", "samples of all classes"),
    Symbol("class_size", "n_{k}", "n_k", "size", "samples of the class of the cell"),
    Symbol("output", "a", "a", "other", "output of the class for its own samples, x^{M}/(1 + x^{M})"),
    Symbol(
        "balance",
        r"\mu_{k}",
        "μ_k",
        "other",
        "decay times squared singular value of the class, the same in every layer",
    ),
    Symbol(
        "top_balance", r"\mu_{1}", "μ_1", "other", "decay times squared singular value of the mode that learns most"
    ),
    Symbol("layer_decay", r"\lambda_{i}", "λ_i", "ridge", "decay of the layer of the cell"),
    Symbol("fit", r"L(s)", "L(s)", "other", "cross-entropy at the best multiple of the code"),
    Symbol(
        "schatten",
        r"{\textstyle\sum}\sigma^{p}",
        "Σσ^{p}",
        "other",
        "sum of singular values to the power p = 2/L, L the number of factors",
        also=tuple(rf"\sum_{{{i}}}\sigma_{{{i}}}^{{p}}" for i in "ijk"),
    ),
    Symbol("mean_decay", "C", "C", "ridge", "geometric mean of the decays"),
    Symbol(
        "nuclear",
        r"{\textstyle\sum}\sigma",
        "Σσ",
        "other",
        "sum of singular values",
        also=(
            r"\|W\|_{*}",
            r"\|Z\|_{*}",
            r"\|W\|_{nuc}",
            r"\|W\|_{\mathrm{tr}}",
            r"\sum_{i}\sigma_{i}",
            r"\sum_{j}\sigma_{j}",
            r"\sum_{k}\sigma_{k}",
            r"\sum_{i}\sigma_{i}(W)",
            r"\sum_{j}\sigma_{j}(W)",
        ),
    ),
    Symbol(
        "scatter",
        r"{\textstyle\sum}_{k}V_{k}",
        "ΣV_k",
        "other",
        "sum over classes of the mean squared distance to the mean",
    ),
    Symbol("new_resultant", "A_{new}", "A_{new}", "other", "mean resultant of the new model's features"),
    Symbol("old_resultant", "A_{old}", "A_{old}", "other", "mean resultant of the old model's features"),
    *(
        Symbol(
            f"is_{name}",
            rf"1_{{\mathrm{{{name}}}}}",
            f"1[{name}]",
            "other",
            f"1 where the cell is about: {name}; else 0",
        )
        for name in ("classifier", "feature", "inside", "outside", "symmetric", "new", "same")
    ),
    Symbol("angle_weight", r"\mu", "μ", "ridge", "weight of the minimum-angle term"),
    Symbol("index", "k", "k", "other", "number of the class, mode or layer of the cell, from 0"),
    Symbol("new", r"\kappa_{new}", "κ_{new}", "other", "concentration of the new model's features"),
    Symbol("old", r"\kappa_{old}", "κ_{old}", "other", "concentration of the old model's features"),
    Symbol("problem", r"\mathrm{problem}", "problem", "other", "number of the start"),
    Symbol("scale", r"\alpha", "α", "scale", "scale of the start"),
    Symbol("spread", r"\varsigma", "ς", "other", "how far prototypes are moved from the simplex, in their length"),
)

_DECAYS = ("weight_decay", "feature_decay", "layer_decays", "bias_decay")

CONVENTIONS = (
    Convention(
        "mean-square",
        "(1/2N)‖WH + b1ᵀ − Y‖² + Σ(λ_j/2)‖W_j‖² + (λ_H/2)‖H‖², W the product of the layers, N all samples",
        (r"\frac1{2N}\|WH", r"\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2"),
        _DECAYS,
        ("collapse_minimizer", "collapse_rates"),
    ),
    Convention(
        "per-class",
        "(1/2Kn)‖WH − Y‖² + (λ_W/2K)‖W‖² + (λ_H/2Kn)‖H‖², attached by (β/2Kn)‖H − H₀‖²; in the mean-square form "
        "the decays are λ_W/K and λ_H/(Kn)",
        (r"\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2",),
        ("weight_decay", "feature_decay", "attachment"),
        ("attached_minimizer", "central_path", "feature_response", "optimal_classifier", "response_operator",
         "response_spectrum"),
    ),
    Convention(
        "cross-entropy",
        "(1/N)ΣCE(W_M⋯W₁h) + Σ(λ_j/2)‖W_j‖² + (λ_H/2)‖H‖², N all samples",
        (r"\frac1N\sum CE(W_M\cdots W_1h)+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2",),
        _DECAYS,
        ("cross_entropy_code",),
    ),
    Convention(
        "deep-linear",
        "½‖XW₁⋯W_L − Y‖² + (β/2)Σ‖W_l‖², inputs whitened, no 1/n",
        (r"\tfrac12\|XW_1\cdots W_L-Y\|_F^2+(\beta/2)\sum_l\|W_l\|_F^2",),
        ("weight_decay",),
        ("shrink_singular_values",),
        (
            Symbol("weight_decay", r"\beta", "β", "ridge", "decay of each layer", ("lambda", "λ", "lam")),
            Symbol("depth", "L", "L", "size", "layers"),
        ),
    ),
    Convention(
        "long-tail",
        "Σ_{k}(n_k/N) CE(W·h_k) + (λ/2)[‖W‖² + Σ_{k}(n_k/N)‖h_k‖²] + μ times the minimum-angle term, h_k one feature a "
        "class",
        (),
        ("decay", "angle_weight"),
    ),
)  # fmt: skip

# what stands in statements only
NOTATION = (
    Letter(
        "c",
        "K√(nλ_Wλ_H), K classes of n samples, decays ½λ_W‖W‖² and ½λ_H‖H‖²",
        (
            "cross-entropy-gap",
            "penalised-bias-output",
            "penalised-bias-switch",
            "response-spectrum",
            "collapse-threshold",
        ),
    ),
    Letter("t", "time of the gradient flow of the features", ("central-path-is-monotone",)),
    Letter("Σ_W", "covariance of the features within their classes"),
    Letter("Σ_B", "covariance of the class means"),
    Letter("W", "head, best for the features", ("central-path-slopes",)),
    Letter("W_j", "layer j, from the features up", ("layers-are-balanced",)),
    Letter("λ_j", "decay of layer j, next to the features first, (λ_{j}/2)‖W_{j}‖² in the objective"),
    Letter("H", "features, one column a sample", ("central-path-slopes",)),
    Letter("H₀", "features to which those of the minimum are attached, by (β/2Kn)‖H − H₀‖²"),
    Letter("K", "classes", ("narrow-layers-keep-the-largest-classes",)),
    Letter("σ", "singular values of the map of least norm that fits", ("minimum-norm", "parallel-minimum-norm")),
    Letter("a", "direction of the inputs, of length one", ("rank-one-relu",)),
    Letter("s", "singular value of the product of the layers", ("shrinkage",)),
)
