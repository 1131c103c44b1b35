"""Words of generalisation."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("trees", "T", "T", "size", "trees of a forest"),
    Symbol("power", r"\alpha", "α", "scale", "frequencies are i^{-α}"),
    Symbol("total", "N", "N", "size", "examples of a population"),
    Symbol("order", r"\ell", "ℓ", "other", "how often an example was seen"),
    Symbol("share", r"\rho", "ρ", "size", "share of labels that are random"),
    Symbol("lam", r"\lambda", "λ", "ridge", "argument of a cumulant, inverse temperature of a posterior"),
    Symbol("mean", "m", "m", "other", "mean of a residual"),
    Symbol("variance", "v", "v", "scale", "variance of a residual"),
    Symbol("prior_variance", r"\sigma_{p}^{2}", "σ_p²", "scale", "variance of a weight under the prior"),
    Symbol("target", r"\|w_{*}\|^{2}", "‖w*‖²", "scale", "squared norm of the target where the data leave it open"),
    Symbol("level", r"\varepsilon", "ε", "other", "squared distance to the target that counts as generalising"),
    Symbol("slack", "s", "s", "other", "distance from every label that is let pass"),
    Symbol("delta", r"\delta", "δ", "other", "probability that a bound fails"),
    Symbol("replicas", "R", "R", "other", "runs that a table is made of"),
)

CONVENTIONS = (
    Convention(
        "squared-residual",
        "r² of a Gaussian residual r with mean m and variance v, no ½",
        (r"\ln Ee^{\lambda",),
        ("lam",),
        ("gaussian_cumulant", "log_sobolev_bound"),
    ),
    Convention(
        "gibbs",
        "posterior ∝ prior·e^{−λL̂}, L̂ the mean of (y − w·x)²",
        (r"e^{-\lambda\hat L}",),
        ("lam",),
        ("pac_bayes_linear",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("U", "fair coin that says which sample of a pair is trained on"),
    Letter("Δ", "loss of the second sample of a pair less that of the first, losses 0 or 1"),
    Letter(
        "I", "mutual information in nats", ("interpolation-beats-it", "interpolation-information", "square-root-bound")
    ),
    Letter("τ_ℓ", "expected frequency of an example that was seen ℓ times"),
    Letter("τ₁", "expected frequency of an example that was seen once"),
    Letter("L", "mean squared error of weights w ~ N(0, σ_p²I), with the label noise"),
    Letter("L̂", "its mean over the n samples"),
)
