"""Words of random features: sizes and ridges of shallow and deep features, the sums at γ."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

_SUMS = "g = s/(s+γ)"

SYMBOLS = (
    Symbol("k", "k", "k", "size", "random features", ("ratio = k/n",)),
    Symbol("ratio", r"{\tfrac{k}{n}}", "k/n", "size", "features over samples", ("k = ratio*n",)),
    Symbol("exponent", "a", "a", "other", "decay of the eigenvalues, i^{−a}", ("alpha", "α")),
    Symbol("target_exponent", "b", "b", "other", "decay of the target power, i^{−b}"),
    Symbol("relative_noise", r"\rho", "ρ", "noise", "label noise over the noiseless interpolator's test error"),
    Symbol("gamma_rf", r"\gamma", "γ", "ridge", "root of γ(k−z)(n−z) = kδ"),
    Symbol("z", "z", "z", "other", f"Σg, {_SUMS}"),
    Symbol("q", "q", "q", "other", f"Σg², {_SUMS}"),
    Symbol("w", "w", "w", "other", f"Σg(1−g), {_SUMS}"),
    Symbol("S1", "S_{1}", "S₁", "other", f"Σ(1−g)²v², {_SUMS}"),
    Symbol("S2", "S_{2}", "S₂", "other", f"Σg(1−g)v², {_SUMS}"),
    Symbol("a", "a", "a", "other", "k − z"),
    Symbol("b", "b", "b", "other", "n − z"),
    Symbol("psi1", r"\psi_{1}", "ψ₁", "size", "features over dimension"),
    Symbol("psi2", r"\psi_{2}", "ψ₂", "size", "samples over dimension"),
    Symbol("mu1", r"\mu_{1}", "μ₁", "scale", "linear Hermite coefficient of the activation"),
    Symbol("mu_star", r"\mu_{\star}", "μ_{⋆}", "scale", "root of the activation's power beyond the linear part"),
    Symbol(
        "noise", r"{\sigma^{2}}", "σ²", "noise", "label noise", ("sigma2", "sigma = sqrt(noise)", "σ = sqrt(noise)")
    ),
    Symbol("nonlinear", r"F_{\star}^{2}", "F_{⋆}²", "noise", "power of the target beyond its linear part"),
)

CONVENTIONS = (
    Convention(
        "layer-of-features",
        "features φ(w·x + b) with w of N(0, σ_w²I), no factor 1/d; eigenvalues of their kernel divided by N",
        (r"\sigma_w^2\,x_i^Tx_j+\sigma_b^2",),
        ("weight_variance", "bias_variance"),
        ("activation_spectrum",),
    ),
    Convention(
        "shallow",
        "‖y − Φw‖² + δ‖w‖², features φ/√k; for features without the root and penalty nλ‖w‖², δ = nλ/k",
        (r"\|y-\Phi w\|^2+\delta\|w\|^2", r"features divided by :math:`\sqrt k`"),
        ("ridge",),
        ("random_feature_risk", "optimal_random_feature_ridge"),
    ),
    Convention(
        "widths",
        "‖y − Φ_{k}w‖² + δ‖w‖² on the first k features, divided by √k",
        (r"\|y-\Phi_kw\|^2+\delta\|w\|^2", r"divided by :math:`\sqrt k`"),
        ("ridge",),
        ("random_feature_sweep",),
    ),
    Convention(
        "deep",
        "‖y − Φw‖² + δ‖w‖², last-layer features Φ = x_L/√k_L; for features without the root and penalty nλ‖w‖², "
        "δ = nλ/k_L",
        (r"\|y-\Phi w\|^2+\delta\|w\|^2", r"\Phi=x_L/\sqrt{k_L}", r"\delta=n\lambda/k_L"),
        ("ridge",),
        ("deep_random_feature_risk",),
        (Symbol("ratio", r"{\tfrac{n}{d}}", "n/d", "size", "samples over input dimension"),),
    ),
    Convention(
        "mei-montanari",
        "(1/n)Σ(y − f)² + (Nλ/d)‖a‖², N features without a root: δ = nλ/d here",
        (),
        ("lam",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("n", "samples", ("deep-train-error",)),
    Letter("W", "weights of the layer, entries of variance one over its inputs", ("deep-layer-covariance",)),
    Letter(
        "κ₁",
        "coefficient of u in the Gaussian equivalent κ₁u + κ_{⋆}ξ of the activation of u",
        ("deep-layer-covariance",),
    ),
    Letter("κ_{⋆}", "coefficient of the noise ξ in it", ("deep-layer-covariance",)),
    Letter("ν₁", "effective ridge of the samples, κ elsewhere"),
    Letter("ν₂", "effective ridge of samples and features, γ elsewhere"),
    Letter("I", "identity matrix", ("deep-layer-covariance",)),
)
