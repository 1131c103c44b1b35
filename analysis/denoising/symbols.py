"""Words of denoisers, diffusions and flows."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol(
        "decay",
        r"\lambda",
        "λ",
        "ridge",
        "decay of the autoencoder's weights",
        (
            "k = n/(n + decay)",
            "B = n + decay - 1",
            "A = decay + std**2*(n + decay - 1)",
            "D = alpha**2*(n + decay - 1) + beta**2*(decay + std**2*(n + decay - 1))",
        ),
    ),
    Symbol("std", r"\sigma", "σ", "noise", "standard deviation of a cluster or of a noisy row"),
    Symbol("prior_variance", "s", "s", "scale", "variance of the clean signal"),
    Symbol("measurement_noise", r"s_{n}", "sₙ", "noise", "variance of the measurement's noise"),
    Symbol("guidance", r"\zeta", "ζ", "other", "factor of the gradient of the measurement's residual"),
    Symbol("alpha", r"\alpha", "α", "other", "coefficient of the base point in a flow"),
    Symbol("beta", r"\beta", "β", "other", "coefficient of the target in a flow"),
    Symbol("score_error", r"\epsilon", "ε", "other", "relative error of a score"),
    Symbol("variance", "v", "v", "scale", "variance of a clean coordinate"),
    Symbol("noise", r"\tau", "τ", "noise", "standard deviation of the corruption", ("sigma",)),
    Symbol(
        "noise_variance",
        r"{\tau^{2}}",
        "τ²",
        "noise",
        "variance of the corruption",
        ("tau = sqrt(noise_variance)", "sigma = sqrt(noise_variance)"),
    ),
    Symbol("place", "x", "x", "other", "point that is denoised"),
    Symbol("time", "t", "t", "step", "time of the diffusion, from 0 to 1"),
    Symbol("precision", "p", "p", "size", "one over the variance of the noise"),
    Symbol("mean", r"\mu", "μ", "other", "mean of a law, or distance of a cluster's centre from 0"),
    Symbol("rows", "N", "N", "size", "rows that are given"),
    Symbol("begin", r"x_{t}", "x_t", "other", "place where a reversal begins"),
    Symbol("gap", r"\Delta", "Δ", "other", "distance of two modes"),
    Symbol("smoothness", "L", "L", "other", "largest slope of a smoothed score"),
    Symbol("scale", r"\gamma", "γ", "scale", "scale of the guidance, 1 without"),
)

CONVENTIONS = (
    Convention(
        "pairs",
        "Σ‖f(xₜ) − x₁‖² + λ‖w‖², a sum over the pairs with no ½ and no 1/n; as ½ of the sum + (λ/2)‖w‖²",
        (r"\sum_{m\le n}\|f(x_t^m)-x_1^m\|^2+\lambda\|w\|^2",),
        ("decay",),
        ("mixture_flow",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("A", "λ + σ²(n + λ − 1)"),
    Letter("B", "n + λ − 1"),
    Letter("D", "β²A + α²B"),
    Letter("k", "n/(n + λ)"),
    Letter("c", "coefficient of the point x_t in the autoencoder c·x_t + wφ(wᵀx_t/√d)", ("learned-field-skip",)),
    Letter("x", "noisy row", ("noisy-sample-worth",)),
    Letter("y", "measurement, the signal plus noise of variance s_n", ("dps-mean",)),
    Letter("s_c", "variance with the condition, s the one without"),
    Letter("s", "variance of the clean signal", ("score-error-scales-variance",)),
    Letter("s", "variance without the condition", ("guidance-variance",)),
    Letter("β", "rate at which noise is added, integrated over time", ("sub-vp-variance", "vp-variance")),
    Letter("σ_t", "standard deviation of the noise at time t, σ_0 at time 0"),
    Letter("σ", "standard deviation of the corruption", ("score-error-is-noise-variance",)),
    Letter(
        "n",
        "dimension of the points",
        (
            "missing-directions",
            "missing-directions-at-most",
            "noise-smooths-the-transition",
            "several-need-one-more",
            "transition-at-d",
        ),
    ),
    Letter(
        "d",
        "dimension of the subspace",
        (
            "missing-directions",
            "missing-directions-at-most",
            "noise-smooths-the-transition",
            "several-need-one-more",
            "transition-at-d",
        ),
    ),
    Letter("t", "steps of the chain", ("error-propagation",)),
)
