"""Words of feature learning."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("alpha", r"\alpha", "α", "other", "output scale of the quadratic network: the larger, the lazier"),
    Symbol("epsilon", r"\varepsilon", "ε", "other", "coefficient of the square, hence alignment of the kernel"),
    Symbol("time", "t", "t", "step", "time of the gradient flow"),
    Symbol("samples", "n", "n", "size", "rows that are trained on"),
    Symbol("width", "N", "N", "size", "neurons"),
    Symbol("p", "p", "p", "size", "modulus, an odd prime"),
    Symbol("step", r"\eta", "η", "step", "step of gradient descent"),
    Symbol("z", "z", "z", "other", "median of the largest of p − 1 normal numbers"),
    Symbol("degree", "k", "k", "other", "degree of the eigenfunctions"),
)

CONVENTIONS = (
    Convention(
        "quadratic-network",
        "½E(f − y)² with f = (α/N)Σ(h + ½εh²) and y = ½(β·x)², |β|² = d, x of covariance 1/d; unit speed of a neuron",
        (r"\frac12E(f-y)^2",),
        ("output_scale", "alignment"),
        ("quadratic_network_risk", "quadratic_network_flow"),
    ),
    Convention(
        "linear-flow",
        "flow of (1/2n)‖XΔ‖² at unit rate, errors without ½, |Δ₀|² = 1",
        (r"\frac1{2n}\|X\Delta\|^2",),
        ("time",),
        ("linear_grokking",),
    ),
    Convention(
        "maximal-update",
        "½(f − y)² a row, f = (1/n)Σv u·ξ, every weight at rate η n on it",
        ("squared loss ½",),
        ("step_size",),
        ("maximal_update_moments",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("n", "width of the hidden layers", ("abc-classification", "feature-change-exponent")),
    Letter("n", "samples", ("linear-test",)),
    Letter("a", "exponents of the layers: layer l has the weights n^{−a_l}w^l at width n", ("abc-exponents",)),
    Letter("b", "exponents of the layers: entries of w^l start with variance n^{−2b_l}", ("abc-exponents",)),
    Letter("c", "exponent of the learning rate, in proportion to n^{−c}", ("abc-exponents",)),
    Letter("r", "exponent of the change of the features in a step, n^{−r}", ("abc-exponents",)),
    Letter("θ", "any number", ("abc-exponents",)),
    Letter("u", "input weights of a neuron, in f = (1/n)Σv u·x with n neurons"),
    Letter("v", "output weight of a neuron, in f = (1/n)Σv u·x with n neurons"),
    Letter("α", "output scale of the network f = (α/N)Σφ(w·x)"),
    Letter("ε", "coefficient of the quadratic part in φ(h) = h + ½εh²"),
    Letter("δM", "change of the mean of wwᵀ over the neurons, w their weights", ("test-loss",)),
    Letter("δw̄", "change of the mean of w over the neurons", ("test-loss",)),
    Letter("β", "weights of the target ½(β·x)², |β|² = d", ("test-loss",)),
    Letter("n", "neurons", ("flow-conserves", "mup-finite-width", "mup-limit", "steps-break-the-balance")),
)
