"""Words of attention: heads, keys and tokens."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("heads", "M", "M", "size", "random heads"),
    Symbol("keys", "N", "N", "size", "keys of a query"),
    Symbol("T", "T", "T", "size", "tokens of a prompt"),
    Symbol("rho", r"\rho", "ρ", "other", "correlation of the preactivations of two prompts"),
    Symbol("inner", r"\iota", "ι", "other", "1 + x·x' of two keys"),
    Symbol("singularity", "p", "p", "other", "exponent of the inverse distance"),
    Symbol("radius", "R", "R", "scale", "Frobenius norm of the weights"),
)

CONVENTIONS = (
    Convention(
        "normalised-descent",
        "(1/n)Σ log(1 + e^{−f}), f a softmax average of the scores; steps are along the gradient over its norm",
        (r"L=\frac1n\sum_i\log(1+e^{-f_i})", r"W\leftarrow W-\eta\,\nabla L/\|\nabla L\|"),
        ("step_size",),
        ("attention_descent",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("W", "weights of the scores, xᵀWz of a token x and a query z", ("descent-direction",)),
    Letter("W_{mm}", "weights of least Frobenius norm that put the best tokens first by at least 1"),
    Letter("R", "bound on the Frobenius norm of the weights on the path", ("path-slope",)),
    Letter(
        "x", "query x₀ and keys x_i, of length one", ("biased-heads-learn-query-targets", "few-samples-no-difference")
    ),
    Letter("x", "query", ("inverse-distances-are-a-softmax",)),
    Letter("x", "key, of length one", ("kernel",)),
    Letter("x", "keys x₁ and x'₁ of two prompts, of length one", ("single-key-kernel",)),
    Letter("b", "direction on which the target depends, of length one"),
    Letter("k", "key", ("inverse-distances-are-a-softmax",)),
    Letter(
        "κ", "mean of σ(u)σ(u') over a Gaussian pair of means μ and μ', variances 1 and correlation ρ, σ the activation"
    ),
    Letter("μ", "mean of a preactivation over the heads"),
    Letter("ρ", "correlation of two preactivations over the heads", ("kernel", "single-key-kernel")),
    Letter(
        "n",
        "prompts",
        (
            "descent-direction",
            "direction-rate",
            "feasible",
            "key-query-is-nuclear",
            "local-optima",
            "margin-one",
            "naive-softmax-stalls",
            "nuclear-below-frobenius",
            "nuclear-norm-is-least",
            "overparametrisation-makes-it-feasible",
            "path-slope",
            "rank-bound",
        ),
    ),
)
