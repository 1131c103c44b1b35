"""Words of diagonal linear networks: scales, steps and times, and the factors of two between their forms."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

_UV = "β = u⊙v has √2 times our α"

SYMBOLS = (
    Symbol("initial_scale", r"\alpha", "α", "scale", "w₊ = w₋ = α at the start"),
    Symbol("depth", "D", "D", "size", "β = w₊^D − w₋^D"),
    Symbol("log_scale", r"\ln(1/\alpha)", "ln(1/α)", "scale", "minus the logarithm of the initial scale"),
    Symbol("step_size", r"\gamma", "γ", "step", "step on w₊ and w₋", ("eta", "η")),
    Symbol("penalty", r"\rho", "ρ", "ridge", "weight of the gradient penalty (ρ/2)‖∇L‖²"),
    Symbol("ascent", r"\epsilon", "ε", "step", "ascent step of the penalty's finite difference"),
    Symbol("curvature", "h", "h", "other", "second derivative of the loss"),
    Symbol("linear_scale", r"\lambda", "λ", "scale", "factor of the linear branch, β + λv"),
    Symbol("label_noise", r"\delta", "δ", "noise", "variance of fresh label noise"),
    Symbol(
        "steps_per_time",
        r"1/\gamma",
        "1/γ",
        "step",
        "steps a unit of time, one over the step",
        ("gamma = 1/steps_per_time", "γ = 1/steps_per_time", "eta = 1/steps_per_time"),
    ),
    Symbol(
        "squares",
        r"{\textstyle\sum}_{t}x^{2}",
        "Σx²",
        "other",
        "sum over the steps of the mean squared entry of X",
        also=(r"\sum x^{2}", r"\sum_{t}x_{t}^{2}", r"\sum_{i}x_{i}^{2}"),
    ),
    Symbol("residual", r"\bar r^{2}", "r̄²", "noise", "mean squared residual of the run", ("r_bar = sqrt(residual)",)),
    Symbol("epsilon", r"\varepsilon", "ε", "other", "excess of the norm over the least"),
    Symbol("least_norm", r"\min\|\beta\|_{1}", "min‖β‖₁", "scale", "least ℓ₁ norm of an interpolator"),
    Symbol(
        "least_square_norm", r"\min\|\beta\|_{2}^{2}", "min‖β‖²", "scale", "least squared ℓ₂ norm of an interpolator"
    ),
    Symbol("cap", r"s^{2}\ln(1/\alpha^{2})/4", "s²ln(1/α²)/4", "scale", "s the scale of the linear branch"),
    Symbol("is_lower", r"1_{-}", "1[lower]", "other", "1 for the lower point of the cycle, else 0"),
    Symbol("is_upper", r"1_{+}", "1[upper]", "other", "1 for the upper point of the cycle, else 0"),
    Symbol("level", r"\ell", "ℓ", "other", "loss at which a jump is timed"),
    Symbol("sparsity", "s", "s", "size", "coefficients that are not 0"),
    Symbol("noise", r"\sigma", "σ", "noise", "standard deviation of the label noise"),
    Symbol("period", r"\mathrm{period}", "period", "size", "points of the cycle, 0 for none"),
    Symbol("seed", r"\mathrm{seed}", "seed", "other", "number of the data set"),
)

CONVENTIONS = (
    Convention(
        "interpolator",
        f"β = w₊^D − w₋^D from w₊ = w₋ = α, any loss of Xβ: its factor only rescales time; {_UV}",
        (r"\beta=w_+^D-w_-^D", r"w_+=w_-=\alpha"),
        ("initial_scale", "depth"),
        ("interpolator",),
    ),
    Convention(
        "full-batch",
        f"L = (1/2n)‖Xβ − y‖², β = w₊² − w₋²; {_UV}, its steps and times are twice ours",
        (r"\beta=w_+^2-w_-^2", r"L=(1/2n)\|X\beta-y\|^2"),
        ("step_size", "time", "log_scale"),
        ("saddle_to_saddle", "stochastic_gradient_flow", "regularised_flow"),
    ),
    Convention(
        "batches",
        f"L = (1/2B)Σ(x_i·β − y_i)² over the batch, β = w₊² − w₋²; {_UV}, γ' = 2γ",
        (r"\beta=w_+^2-w_-^2", r"L=(1/2B)\sum_{i\in batch}(x_i\cdot\beta-y_i)^2", r"\gamma'=2\gamma"),
        ("step_size", "batch_size"),
        ("diagonal_descent",),
    ),
    Convention(
        "double-well",
        "(1 − θ²)²/4 in one dimension; a network with one sample x = 1 and label y has the step 2γy",
        (r"(1-\theta^2)^2/4",),
        ("step_size",),
        ("two_cycle",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("θ", "weight of the scalar network θ², whose target is 1"),
    Letter("X", "inputs, one row a sample"),
    Letter("n", "samples", ("kernel-dynamics", "label-noise-shrinks-the-scale")),
    Letter(
        "w", "weights of the two branches, β = w₊² − w₋²", ("label-noise-shrinks-the-scale", "penalised-flow-scale")
    ),
    Letter(
        "g",
        "gradient Xᵀ(Xβ − y)/n in the coefficients; g' is the one at the weights after an ascent",
        ("penalised-flow-scale",),
    ),
)
