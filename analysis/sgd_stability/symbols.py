"""Words of the stability of SGD."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("coherence", r"\sigma", "σ", "other", "overlap of the samples' Hessians, λ₁(S)/max λ₁(H_i)"),
    Symbol(
        "largest_eigenvalue",
        r"\lambda_{1}",
        "λ₁",
        "scale",
        "of the mean Hessian",
        ("lambda_max", "λ_max"),
        (
            r"\|H\|",
            r"\|H\|_{2}",
            r"\|H\|_{op}",
            *(rf"\max_{{{i}}}\lambda_{{{i}}}{of}" for i in "ijk" for of in ("(H)", "")),
        ),
    ),
    Symbol(
        "trace",
        r"\mathrm{tr}H",
        "tr H",
        "scale",
        "of the mean Hessian, the mean squared gradient norm",
        also=tuple(rf"\sum_{{{i}}}\lambda_{{{i}}}{of}" for i in "ijk" for of in ("(H)", "")),
    ),
    Symbol(
        "largest_norm",
        r"\max_{i}\|g_{i}\|^{2}",
        "max‖g_i‖²",
        "scale",
        "largest squared gradient norm",
        also=(r"\max\|g_{i}\|^{2}", r"\max_{i}\|\nabla f_{i}\|^{2}"),
    ),
    Symbol(
        "batch_frobenius",
        r"E\|\hat H\|_{F}^{2}",
        "E‖Ĥ‖²",
        "other",
        "mean squared Frobenius norm over batches",
        also=(
            r"E\|\hat H\|^{2}",
            r"E\|H_{B}\|_{F}^{2}",
            r"E[\|H_{B}\|_{F}^{2}]",
            r"E_{B}\|H_{B}\|_{F}^{2}",
            r"E_{B}[\|H_{B}\|_{F}^{2}]",
            r"E[\|\hat H\|_{F}^{2}]",
            r"E_{B}\|\hat H\|_{F}^{2}",
            r"E\|\hat H_{B}\|_{F}^{2}",
        ),
    ),
    Symbol(
        "frobenius",
        r"\|H\|_{F}",
        "‖H‖_F",
        "scale",
        "Frobenius norm of the mean Hessian",
        also=(r"\sqrt{\mathrm{tr}H^{2}}", r"\sqrt{\mathrm{tr}(H^{2})}"),
    ),
    Symbol(
        "turn", r"\rho_v", "ρ_v", "other", "‖Kv‖/‖v‖, how far the Gram matrix K of derivatives stretches the error v"
    ),
    Symbol("fraction", "f", "f", "other", "of the largest step that is left to the truth"),
    Symbol("s", "s", "s", "other", "nonzero coefficients of the truth"),
    Symbol("is_sphere", r"1_{S}", "1[sphere]", "other", "1 where inputs lie on a sphere, else 0"),
    Symbol("is_gaussian", r"1_{N}", "1[gaussian]", "other", "1 where inputs are Gaussian, else 0"),
    Symbol("decay_exponent", "a", "a", "other", "eigenvalues of the covariance of the gradients fall as i^{−a}"),
    Symbol("weights", r"\|w\|^{2}", "‖w‖²", "scale", "sum of w₊² + w₋²"),
    Symbol("fourth", r"\sum(w_{+}^{2}+w_{-}^{2})^{2}", "Σ(w₊²+w₋²)²", "other", "sum of (w₊² + w₋²)²"),
    Symbol("largest", r"\max(w_{+}^{2}+w_{-}^{2})", "max(w₊²+w₋²)", "other", "largest w₊² + w₋²"),
    Symbol("is_trace", r"1_{\mathrm{tr}}", "1[trace]", "other", "1 where the quantity is the trace, else 0"),
    Symbol("is_frobenius", r"1_{F}", "1[frobenius]", "other", "1 where the quantity is the Frobenius norm, else 0"),
    Symbol(
        "is_top_eigenvalue", r"1_{\max}", "1[top]", "other", "1 where the quantity is the largest eigenvalue, else 0"
    ),
    Symbol("is_norm", r"1_{\|w\|}", "1[norm]", "other", "1 where the quantity is the norm, else 0"),
    Symbol("is_effective_step_size", r"1_{\eta}", "1[step]", "other", "1 where it is the effective step size, else 0"),
    Symbol("is_angle", r"1_{\angle}", "1[angle]", "other", "1 where the quantity is the angle, else 0"),
    Symbol("is_relaxation", r"1_{\tau}", "1[relaxation]", "other", "1 where it is the relaxation factor, else 0"),
    Symbol("weight_decay", r"\lambda", "λ", "ridge", "decay of the weights"),
    Symbol(
        "gradient_norm", "g", "g", "scale", "norm of the gradient at unit weights", also=(r"\|g\|", r"\|\nabla L\|")
    ),
    Symbol("momentum", r"\beta_{1}", "β₁", "other", "Adam's memory of the gradient"),
    Symbol("shrinkage", "p", "p", "other", "share of w that the decay takes in a step"),
    Symbol("width", "m", "m", "size", "hidden neurons"),
    Symbol("classes", "K", "K", "size", "classes"),
    Symbol("scale", r"\alpha", "α", "scale", "scale of the start"),
)

CONVENTIONS = (
    Convention(
        "half-mean-square",
        "(1/2n)Σr_i² at an interpolating minimum, H_i = g_{i}g_{i}ᵀ; losses without the ½ have Hessians twice as large",
        (r"(1/2n)\sum r_i^2",),
        ("step_size", "batch_size"),
        ("divergence_step_size", "growth_rate", "linearised_sgd", "stability_conditions",
         "stability_threshold"),
    ),
    Convention(
        "scale-invariant",
        "w' = (1 − ηλ)w − η∇L(w), penalty (λ/2)‖w‖²; a paper that penalises λ‖w‖² has half our λ",
        (r"w' = (1-\eta\lambda)w - \eta\nabla L(w)", r"(\lambda/2)\|w\|^2"),
        ("step_size", "weight_decay"),
        ("weight_decay_equilibrium",),
    ),
    Convention(
        "adam",
        "w' = w − ηm/√v, m and v running means of the gradient and its squares; decay −ηλw, or a penalty (λ/2)‖w‖²",
        (r"w' = w - \eta\,m/\sqrt v", r"(\lambda/2)\|w\|^2"),
        ("step_size", "weight_decay"),
        ("adam_equilibrium",),
    ),
)  # fmt: skip

# what stands in statements only
NOTATION = (
    Letter("H", "Hessian of the mean loss (1/2n)Σr² at the minimum"),
    Letter("λ_{max}", "largest eigenvalue of the Hessian of the mean loss (1/2n)Σr² at the minimum"),
    Letter("g", "gradient of the output in the weights", ("linear-network-alignment", "random-features-alignment")),
    Letter("g", "standard normal vector", ("stable-minima-generalise",)),
    Letter("r", "error of the output on a sample"),
    Letter("β", "coefficients of the network", ("l1-norm",)),
    Letter("β*", "coefficients of the truth", ("stable-minima-generalise",)),
    Letter("B", "input weights, one row a neuron", ("relu-network-sharpness",)),
    Letter("a", "readout weights", ("relu-network-sharpness",)),
    Letter("w", "weights of both branches together", ("diagonal-network-sharpness",)),
    Letter("w", "weights, under the penalty (λ/2)‖w‖²", ("adam-penalty-equilibrium",)),
    Letter("θ_t", "weights after t steps, from the minimum at 0", ("second-moment",)),
    Letter("η", "step size", ("stable-minima-generalise",)),
    Letter("τ", "factor of the subgradients ∂‖β*‖₁ that dist is the distance to", ("stable-minima-generalise",)),
    Letter("τ", "factor of the subgradients of the ℓ₁ norm at the truth", ("the-truth-alone-is-stable",)),
    Letter(
        "δ(τ)",
        "mean squared distance of a standard normal vector to τ times those subgradients",
        ("the-truth-alone-is-stable",),
    ),
    Letter(
        "d",
        "weights",
        (
            "adam-penalty-equilibrium",
            "adam-remembers-the-gradients",
            "adamw-equilibrium",
            "adamw-forgets-the-gradients",
        ),
    ),
)
