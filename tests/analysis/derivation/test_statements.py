"""What claims state in their own letters, written by hand as they write it, is read as the claim."""

import pytest

from solvable import check
from solvable.analysis import Outcome

STATED = [
    ("kα²AB/D", "denoising/learned-field-loss"),
    ("−kαβA/D", "denoising/learned-field-noise"),
    ("A/B", "denoising/flow-variance"),
    ("x v/(v + τ²)", "denoising/contractive-equals-denoising"),
    ("(κ²nb + cσ²df₂)/(n − c df₂)", "equivalents/ensemble-cross-term"),
    ("(1 − ρ)‖β‖²", "imputation/isotropic-bias"),
    ("d + σ² − nd/(n + d + 1 + σ²)", "in-context/one-step-risk"),
    ("1 − c(1 + λ_b)/λ_b", "neural-collapse/penalised-bias-output"),
    ("c/(1 − c)", "neural-collapse/penalised-bias-switch"),
    ("n[S₁(a + w) + S₂w]/(ab + w(a + b)), a = k − z, b = n − z", "random-features/bias"),
    ("((n − z)/n)² E_test", "random-features/train-error"),
    ("σ²(aq + wz)/(ab + w(a + b)), a = k − z, b = n − z", "random-features/variance"),
    ("(1 − df1/n)² E_test", "ridge/train-error"),
]
LATEX = [
    (r"\frac{n}{n-\mathrm{df}_2(\kappa)}\Bigl(\sigma^2+\sum_{i=1}^{d}\Bigl(\frac{\kappa}{s_i+\kappa}\Bigr)^2v_i^2\Bigr)",
     "ridge/test-error"),
    (r"\kappa'(\lambda)\,\Bigl(\sigma^2+\kappa^2\sum_{j=1}^{p}\frac{\lambda_j\beta_j^2}{(\lambda_j+\kappa)^2}\Bigr)",
     "ridge/test-error"),
    (r"\frac12\left[\sigma^2+d-n+\sqrt{(\sigma^2+n-d)^2+4d\sigma^2}\,\right]", "in-context/bayes-risk"),
    (r"\sigma^2\frac{d-2\kappa\operatorname{tr}(\Sigma+\kappa I)^{-1}+\kappa^2\operatorname{tr}(\Sigma+\kappa I)^{-2}}"
     r"{n-\mathrm{df}_2}", "ridge/variance"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "claim"), STATED)
def test_a_statement_is_read(formula, claim):
    assert check(formula, against=claim, budget=0).outcome is Outcome.AGREES


@pytest.mark.parametrize(("formula", "claim"), LATEX)
def test_a_usual_form_is_read(formula, claim):
    assert check(formula, against=claim, budget=0, latex=True).outcome is Outcome.AGREES


@pytest.mark.parametrize(
    ("formula", "latex", "why"),
    [
        (r"\sigma^2\operatorname{tr}(\Sigma(\Sigma+\kappa I)^{-1})^2/(n-\mathrm{df}_2)", True, "or of its matrix"),
        ("sigma2*nd/(n - df2)", False, "the symbol is not known here"),  # in code two letters are a name
        ("σ² ne/(n − df2)", False, "the symbol is not known here"),
        ("sigma2*n[df2]/(n - df2)", False, "subscript is not part of a formula"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused(formula, latex, why):
    with pytest.raises(ValueError, match=why):
        check(formula, against="ridge/variance", budget=0, latex=latex)
