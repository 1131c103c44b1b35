"""One convention table: symbol, argument name and meaning, the same in every family."""

from __future__ import annotations

from typing import Any

__all__ = ["CONVENTIONS", "formula_latex"]

CONVENTIONS: tuple[tuple[str, str, str], ...] = (
    ("n, d, k", "n, d, k", "samples, input dimension, random features"),
    (
        "δ",
        "ridge",
        "un-normalised: minimise ‖y − Xw‖² + ridge ‖w‖² (scikit-learn's alpha); papers' normalised λ = ridge/n. "
        "Random features enter as φ/√k",
    ),
    ("σ²", "noise_variance", "label noise; `test` includes it, `excess` does not"),
    (
        "s, v²",
        "eigenvalues, target_power",
        "population eigenvalues; target power in function space, v² = s b²",
    ),
    ("κ", "effective_ridge", "root of n = Σ s/(s+κ) + ridge/κ"),
    ("df1, df2", "df1, df2", "Σ s/(s+κ), Σ (s/(s+κ))²"),
    ("Σ(1−g)²v²", "unlearned", "target power the fit misses, g = s/(s+κ), with what no mode carries"),
    (
        "γ, z, q, w, S₁, S₂",
        "gamma_rf, z, q, w, S1, S2",
        "random features: root of γ(k−z)(n−z) = kδ, and Σg, Σg², Σg(1−g), Σ(1−g)²v², Σg(1−g)v² with g = s/(s+γ)",
    ),
    (
        "η, B",
        "step_size, batch_size",
        "losses are (1/2n)‖·‖² unless said; sampling is named: without-replacement, with-replacement, bernoulli",
    ),
    ("α", "initial_scale", "diagonal networks: β = w₊² − w₋², w₊ = w₋ = α (the u*v form converts by √2)"),
    (
        "λ_W, λ_H",
        "weight_decay, feature_decay",
        "unconstrained features: (1/2N)‖WH − Y‖² + (λ_W/2)‖W‖² + (λ_H/2)‖H‖²",
    ),
)

# How arguments are typeset in formulas.
_LATEX = {
    "lam": r"\lambda",
    "ridge": r"\delta",
    "noise_variance": r"{\sigma^{2}}",
    "signal": r"{\|\beta\|^{2}}",
    "step_size": r"\eta",
    "weight_decay": r"\lambda",
    "gradient_norm": "g",
    "batch_size": "B",
    "coherence": r"\sigma",
    "largest_eigenvalue": r"\lambda_{1}",
    "df1": r"\mathrm{df}_{1}",
    "df2": r"\mathrm{df}_{2}",
    "unlearned": r"{\textstyle\sum}(1-g)^{2}v^{2}",
    "exponent": "a",
    "target_exponent": "b",
    "relative_noise": r"\rho",
    "depth": "D",
    "classes": "K",
    "feature_decay": r"\lambda_{H}",
    "bias_decay": r"\lambda_{b}",
    "attachment": r"\beta",
    "dimension": "d",
    "penalty": r"\rho",
    "curvature": "h",
    "steps": "t",
    "observed": r"\rho",
    "generations": "g",
    "generator_noise": r"{\sigma_{0}^{2}}",
    "generator_samples": "n_{0}",
    "samples": "n",
    "rank": "r",
    "at": "x",
}


def formula_latex(formula: Any) -> str:
    """LaTeX of a claim's formula, with the symbols of the convention table instead of argument names."""
    import sympy
    from sympy.printing.latex import LatexPrinter

    class PositiveFirst(LatexPrinter):
        """Writes n - d, not -d + n."""

        def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
            terms = super()._as_ordered_terms(expr, order=order)
            first = next((i for i, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
            return [terms[first], *terms[:first], *terms[first + 1 :]]

    names = dict(_LATEX)
    if any(symbol.name == "feature_decay" for symbol in getattr(formula, "free_symbols", ())):
        names["weight_decay"] = r"\lambda_{W}"
    symbols = {sympy.Symbol(key, positive=True): value for key, value in names.items()}
    return str(PositiveFirst({"symbol_names": symbols}).doprint(formula))
