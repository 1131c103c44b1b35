"""Words of model collapse: chains of fitted generators."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("generations", "g", "g", "other", "fits between the truth and the final labels", ("t",)),
    Symbol(
        "generator_noise",
        r"{\sigma_{0}^{2}}",
        "σ₀²",
        "noise",
        "label noise of the generators",
        ("sigma0 = sqrt(generator_noise)", "sigma_0 = sqrt(generator_noise)"),
    ),
    Symbol("generator_samples", "n_{0}", "n₀", "size", "rows of a generator", ("n0",)),
    Symbol("rows", "n_{0}", "n₀", "size", "rows of a generator"),
    Symbol("kept", "n_{0}/d", "n₀/d", "other", "share of the signal that one generation keeps"),
    Symbol("added", r"a_{0}", "a₀", "noise", "power of the noise that one generation adds, σ₀²n₀/(d − n₀ − 1)"),
    Symbol("generator_kappa", r"\kappa_{0}", "κ₀", "ridge", "effective ridge of the generators"),
    Symbol(
        "generator_df2", r"\mathrm{df}_{2,0}", "df₂,₀", "other", "degrees of freedom of the generators, Σ (s/(s+κ₀))²"
    ),
    Symbol("generator_lam", r"\lambda_{0}", "λ₀", "ridge", "normalised ridge of the generators", ("lam0",)),
    Symbol("truth_lost", r"L_{V}", "L_V", "other", "power of the truth that the last fit misses, Σ(1 − gp)²V"),
    Symbol("noise_kept", r"R_{g}", "R_g", "other", "power of the generators' noise in the last fit, Σg²R"),
    Symbol("labels_unlearned", r"L_{U}", "L_U", "other", "power of the labels that the last fit misses, Σ(1 − g)²U"),
    Symbol("capacity", r"\beta", "β", "other", "decay of the eigenvalues, i^{−β}", ("alpha", "α")),
    Symbol("smoothness", "r", "r", "other", "smoothness of the target, s_{i}w_i² = i^{−(1+2rβ)}"),
    Symbol("ridge_exponent", r"\ell", "ℓ", "other", "the normalised ridge is n^{−ℓ}"),
    Symbol("noise_growth", "b", "b", "other", "the generators' noise times their number grows as n^{b}"),
    Symbol("first", "g_{1}", "g₁", "size", "generations of the first fit compared"),
    Symbol("second", "g_{2}", "g₂", "size", "generations of the second fit compared"),
    Symbol("modes", "m", "m", "size", "modes of the power law"),
)

CONVENTIONS = (
    Convention(
        "un-normalised",
        "‖y − Xw‖² + δ‖w‖² for the final fit and the generators; papers' normalised λ = δ/n",
        (r"\|y-Xw\|^2+\delta\|w\|^2",),
        ("ridge", "lam", "generator_lam"),
        ("iterated_regression_risk", "synthetic_noise_gain", "ridge_risk"),
        (Symbol("rows", "n_{0}/d", "n₀/d", "size", "rows of a generator over the dimension"),),
    ),
)  # fmt: skip

# what stands in statements only
NOTATION = (
    Letter(
        "t",
        "generations of generators",
        ("adaptive-ridge", "exponential-collapse", "ridge-after-least-squares", "least-squares"),
    ),
    Letter("σ₀²", "variance of the generators' label noise", ("adaptive-ridge",)),
    Letter(
        "ρ",
        "excess error that one generation adds, over σ₀²",
        ("growth-a-generation", "ridge-after-least-squares"),
    ),
    Letter("ℓ", "ridge exponent that is best without generations, λ = n^{−ℓ}", ("adaptive-ridge",)),
)
