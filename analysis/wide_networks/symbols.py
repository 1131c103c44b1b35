"""Words of infinitely wide networks."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("width", "n", "n", "size", "neurons of every hidden layer"),
    Symbol("weight_variance", r"\sigma_w^2", "σ_w²", "scale", "variance of a weight times its number of inputs"),
    Symbol("bias_variance", r"\sigma_b^2", "σ_b²", "scale", "variance of a bias"),
    Symbol("q", "q", "q", "other", "variance of a preactivation"),
    Symbol("slope", "s", "s", "other", "slope of an activation below 0, in units of that above"),
    Symbol("layer", "l", "l", "size", "layer, from 1"),
    Symbol("depth", "L", "L", "size", "hidden layers"),
    Symbol("t", "t", "t", "other", "training time of the flow"),
    Symbol("q1", "q_{1}", "q₁", "other", "variance of the first of two preactivations"),
    Symbol("q2", "q_{2}", "q₂", "other", "variance of the second of two preactivations"),
    Symbol("c", "c", "c", "other", "covariance of two preactivations"),
    Symbol("a", "a", "a", "other", "shape of the inverse Γ law of the readout variance"),
    Symbol("b", "b", "b", "other", "scale of the inverse Γ law of the readout variance"),
    Symbol("degree", "k", "k", "other", "degree of the spherical harmonics"),
    Symbol("inverse", r"1/(1-\rho)", "1/(1−ρ)", "other", "one over the distance of the correlation from 1"),
    Symbol("frequency", r"\|k\|", "‖k‖", "other", "frequency, the same in both coordinates of a patch"),
    Symbol("sector", r"d_{l}", "d_l", "other", "patches on which the eigenfunction depends"),
    Symbol("relative_noise", r"\rho", "ρ", "noise", "label noise over the noiseless interpolator's test error"),
    Symbol("bias", "b", "b", "other", "added to the bias variance"),
    Symbol("level", r"\ell", "ℓ", "other", "error at which a step is read"),
)

CONVENTIONS = (
    Convention(
        "ntk-parametrisation",
        "weights √(σ_w²/n) W with standard normal W in every layer, the readout included; where software leaves the "
        "readout at variance 1 without biases, both kernels are ours divided by σ_w²",
        (r"\sigma_w^2/n",),
        ("weight_variance", "bias_variance"),
        ("critical_flow", "wide_network_kernels"),
    ),
    Convention(
        "half-sum-of-squares",
        "½Σ(f(x) − y)² + (λ/2)‖θ − θ₀‖², kernel regression with (Θ + λ)⁻¹, Θ not divided by n",
        (r"\tfrac12\sum_i(f(x_i)-y_i)^2+\tfrac\lambda2\|\theta-\theta_0\|^2",),
        ("ridge",),
        ("linearised_training",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter(
        "ν", "smoothness of the kernel, ½ for the tangent kernel and 3/2 for random features", ("cnn-sector-decay",)
    ),
    Letter("K", "variance of a preactivation; ⟨·⟩ is the mean over N(0, K)", ("critical-flow-of-tanh",)),
    Letter("n", "samples", ("degrees-of-freedom", "student-process")),
    Letter("u", "preactivation of a neuron at one input, with v a Gaussian pair"),
    Letter(
        "v",
        "preactivation of the same neuron at another input",
        ("dual-activations", "nngp-covariance", "ntk-mean", "price-theorem"),
    ),
    Letter("φ", "activation"),
    Letter("σ_w²", "variance of a weight times its number of inputs", ("edge-of-chaos-bias", "edge-of-chaos-of-erf")),
    Letter("σ_b²", "variance of a bias", ("edge-of-chaos-bias",)),
    Letter("q", "variance of the preactivations", ("edge-of-chaos-bias",)),
    Letter("z", "preactivation"),
    Letter("B′", "derivative at 1 of E[φ(u)φ(v)] in the correlation of u and v"),
    Letter("ψ", "limit of the kernel of L layers over a_1^{2L}L, at the correlation ρ of two inputs"),
    Letter("Σ", "covariance of the preactivations at two inputs", ("nngp-covariance",)),
    Letter("Σ", "covariance of the outputs at two inputs", ("ntk-mean",)),
    Letter("Θ", "tangent kernel"),
    Letter("a_1", "coefficient of z in the activation's Hermite series for z standard normal, Σa_k² = 1"),
    Letter(
        "t", "inner product of two inputs of length one, one of them uniform on the sphere", ("sphere-eigenvalues",)
    ),
    Letter("κ", "kernel, as a function of the inner product", ("sphere-eigenvalues",)),
    Letter(
        "P_k", "Legendre polynomial of degree k in the dimension of the inputs, P_k(1) = 1", ("sphere-eigenvalues",)
    ),
    Letter("Q", "yᵀK⁻¹y of the labels y, K the kernel at readout variance 1", ("student-process",)),
    Letter("α", "exponent of the singular kernel, −2 log(a_1²)/log B′", ("finite-depth-exponent", "singular-kernel")),
    Letter("χ", "factor by which a small change of the norm, or of the angle, grows in a layer"),
)
