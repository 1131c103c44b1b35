"""Words of separable classification."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("separation2", r"\|\mu\|^{2}", "‖μ‖²", "scale", "quarter of the squared distance of the class means"),
    Symbol(
        "ratio", "r", "r", "size", "n/d, balanced rows of both classes together for each dimension", ("n = ratio*d",)
    ),
    Symbol("samples", "n", "n", "size", "rows"),
    Symbol("classes", "K", "K", "size", "classes"),
    Symbol("rank", "k", "k", "size", "directions that are removed"),
    Symbol("corrupt", r"\varepsilon", "ε", "other", "share of the linear coordinate with the wrong sign"),
    Symbol("linear_margin", "m", "m", "other", "least size of the linear coordinate, at most 1"),
    Symbol("slab_margin", r"m_{s}", "m_s", "other", "half of the gap between two slabs"),
    Symbol("slabs", "s", "s", "other", "slabs of a slab coordinate, of alternating labels"),
    Symbol("coordinate", "j", "j", "other", "0 for the linear coordinate, 1 for a slab coordinate"),
    Symbol("power", "q", "q", "scale", "moment E[y x^q], q = 1 or 2"),
    Symbol("large_step", r"\gamma", "γ", "step", "step size of gradient descent on the mean logistic loss"),
    Symbol("degree", "L", "L", "other", "coordinates of the product"),
    Symbol("flips", r"\varphi", "φ", "other", "share of labels that are flipped"),
    Symbol("gap", r"\Delta", "Δ", "other", "excess over the Bayes error"),
    Symbol("level", "c", "c", "other", "d times the decay of the kernel a degree"),
    Symbol("noise", r"\sigma", "σ", "noise", "standard deviation of a class"),
    Symbol("normalised", r"\mathrm{normalised}", "normalised", "other", "whether steps are divided by the wrong rows"),
)

CONVENTIONS = (
    Convention(
        "logistic",
        "(1/n)Σln(1 + e^{−yᵢxᵢᵀθ}), mean over the rows; weights w = θ/γ in units of the step size",
        (r"\frac1n\sum_i",),
        ("large_step",),
        ("batch_perceptron",),
    ),
    Convention(
        "rounded",
        "mean cross-entropy of z = XW, no ½; every operation rounded to the format",
        (r"mean cross-entropy of a linear classifier, :math:`z = XW`",),
        ("step_size",),
        ("softmax_descent",),
    ),
    Convention(
        "weak-ridge",
        "Σe^{−zᵀw} + (λ/2)‖w − wₜ₋₁‖², a sum over the rows of one task",
        (r"\sum_{z\in t}e^{-z^Tw}+\frac{\lambda}{2}\|w-w_{t-1}\|^2",),
        ("ridges",),
        ("weak_regularisation_path",),
    ),
    Convention(
        "reader",
        "mean logistic loss + (c/2)‖θ‖², c the weight decay; inputs in units of their root mean square",
        ("root mean square",),
        ("weight_decay",),
        ("nullspace_projection", "relaxed_erasure"),
    ),
    Convention(
        "staircase",
        "ridge added to the kernel matrix, a sum over modes with no 1/n",
        ("no 1/n",),
        ("ridge", "decay"),
        ("kernel_staircase",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("γ", "step size of gradient descent on the mean logistic loss", ("loss-rises-iterations-fall",)),
    Letter("μ", "largest margin of all tasks together", ("cyclic-bound", "random-bound")),
    Letter("μ", "largest margin of the rows", ("normalised-bound", "perceptron-bound")),
    Letter("R", "greatest length of a row"),
    Letter("k", "tasks that were fitted, repetitions counted", ("cyclic-bound", "random-bound")),
    Letter("T", "number of tasks", ("cyclic-bound", "random-bound")),
    Letter("t", "time of the flow of the mean loss", ("margin-direction", "flow-weighs-rows-as-multipliers")),
    Letter("zᵢ", "row i times its label"),
    Letter(
        "αᵢ",
        "multipliers of the largest margin, ŵ = Σαᵢzᵢ being the least weights with margin 1",
        ("flow-weighs-rows-as-multipliers",),
    ),
    Letter("θ", "weights at time t", ("flow-weighs-rows-as-multipliers",)),
    Letter(
        "t",
        "tasks that were fitted, repetitions counted",
        ("cyclic-bound", "forgetting-bound", "random-bound", "random-order-forgets-more"),
    ),
    Letter("d", "rows of the matrix", ("rayleigh-erasure", "rayleigh-erasure-is-optimal")),
)
