"""What stands left of a sign, what an O speaks of, and quantities by name: what a formula is about."""

from __future__ import annotations

import pytest

from solvable import check
from solvable.analysis.derivation.quantities import remembered
from solvable.analysis.derivation.translation import known_names
from solvable.analysis.verification import catalogue
from solvable.analysis.verification.verifier import Outcome

AGREE = [
    # a word of the claim's own behind a sign is its quantity, and no noun that is counted
    ("denoising/missing-directions", r"\frac{2m(n-d)}{n-d+m}, \qquad m = d-\text{rows}"),
    ("model-collapse/same-data-keeps-the-projection",
     r"\frac{d-m}{d}+\frac{g\,m\,\sigma_0^2}{d-m-1}, \qquad m=\text{rows}"),
    ("imputation/averaged-sgd-bound",
     r"\frac{3\,T\,\Theta+\sigma^2+P}{\sqrt n}+\frac{1-\rho}{\rho}\,V, \qquad T=\text{trace},\ "
     r"\Theta=\text{optimum\_norm},\ P=\text{power},\ V=\text{resolvent}"),
    # a least value of a quantity
    ("neural-collapse/balanced-objective",
     r"\min\mathcal L = \frac{1-(1-c)^2}{2}\quad\text{with } c=\sqrt{K^2n\lambda_W\lambda_H}"),
    ("neural-collapse/free-bias-objective",
     r"\min_{W,H,b}\mathcal L = \frac{K-1}{K}\,c\Bigl(1-\frac c2\Bigr),\quad c=K\sqrt{n\lambda_H\lambda_W}"),
    ("ridge/optimal-test-error", r"\min_\lambda R_{\mathrm{test}} = \sigma^2\,\frac{\kappa}{\lambda}"),
    ("ridge/optimal-test-error", r"\inf_{\delta\ge 0} R = \frac{n\sigma^2\kappa}{n\lambda}"),
    # one number as the range of a case
    ("neural-collapse/minority-collapse",
     r"\begin{cases} n^{-1/2}, & M=1\\ \Bigl(\dfrac{(M-1)^{M-1}}{n\,M^{2M}}\Bigr)^{\frac1{M+1}}, & M\ge2\end{cases}"),
    # slopes of logarithms, orders, traces over a size
    ("model-collapse/variance-exponent", r"\frac{d\ln V}{d\ln n}\to-1+\frac{\ell}{\beta}"),
    ("model-collapse/bias-exponent", r"B = \Theta\bigl(n^{-2\ell\min(r,1)}\bigr)"),
    ("equivalents/marchenko-pastur",
     r"\frac1d\operatorname{tr}\Sigma Q\simeq\frac{\kappa}{\lambda}\cdot\frac{\mathrm{df}_1}{d}"),
    # an O of n beside d/n speaks of n alone
    ("in-context/bayes-risk", r"\sigma^2\Bigl(1+\frac dn\Bigr)+O(n^{-2})"),
    ("ridge/isotropic-ridgeless-variance", r"\sigma^2\Bigl(\frac dn+\frac{d^2}{n^2}\Bigr)+O(n^{-3})"),
    # the constant before a law that the statement names
    ("wide-networks/tanh-criticality", r"K^{(l)} \simeq \frac{1}{2l}"),
    ("wide-networks/tanh-criticality", r"\lim_{l\to\infty} 2 l K_l = 1"),
    ("wide-networks/tanh-criticality", r"2lK^{(l)} \to 1"),
    # a function that its own equation defines
    ("ridge/isotropic-effective-ridge",
     r"\kappa = 1/\tilde m(-\lambda), \qquad \tilde m(z) = \frac{1}{-z+\gamma/(1+\tilde m(z))}"),
    # a quantity named in roman type
    ("imputation/low-rank-bias",
     r"\text{Bias} = \frac{\lambda_\rho}{\lambda_\rho + d/r}, \text{ where } \lambda_\rho = \frac{1}{\rho}-1"),
    ("ridge/variance", r"\textrm{variance} \to \frac{\sigma^2\mathrm{df}_2}{n-\mathrm{df}_2}"),
    # norms, eigenvalues and hypergeometric functions
    ("sgd-stability/full-batch", r"\eta_{\max} = \frac{2}{\max_j \lambda_j(H)}"),
    ("sgd-stability/trace-bound", r"\frac{2}{\sum_{i=1}^d\lambda_i(H)}"),
    ("sgd-stability/effective-step-size", r"\frac{\sqrt{\eta\lambda(2-\eta\lambda)}}{\|g\|}"),
    ("neural-collapse/minimum-norm", r"\frac{L}{2}\|W\|_{S_{2/L}}^{2/L}"),
    ("neural-collapse/minimum-norm", r"\tfrac{L}{2}\sum_{i}\sigma_i(W)^{2/L}"),
    ("imputation/averaged-sgd-bound",
     r"\frac{3\operatorname{tr}\Sigma\,\|\theta^*\|^2+\sigma^2+\|\beta\|_\Sigma^2}{\sqrt n}+\frac{1-\rho}{\rho}\,"
     r"\mathrm{resolvent}"),
    ("feature-learning/linear-train", r"e^{-2(1+\gamma)t}\,{}_0F_1\bigl(;2;4\gamma t^2\bigr)"),
]  # fmt: skip
DIFFER = [
    ("denoising/missing-directions", r"2m\Bigl(1-\frac mn\Bigr), \qquad m=d-\text{rows}"),
    ("ridge/optimal-test-error", r"\min_\lambda R_{\mathrm{test}} = \sigma^2\,\frac{\lambda}{\kappa}"),
    ("neural-collapse/minority-collapse",
     r"\begin{cases} n^{-1/2}, & M=1\\ \Bigl(\dfrac{(M-1)^{M-1}}{2n\,M^{2M}}\Bigr)^{\frac1{M+1}}, & M\ge2\end{cases}"),
    ("model-collapse/variance-exponent", r"\frac{d\ln V}{d\ln n}\to-1-\frac{\ell}{\beta}"),
    ("equivalents/marchenko-pastur",
     r"\frac1d\operatorname{tr}\Sigma Q\simeq\frac{\lambda}{\kappa}\cdot\frac{\mathrm{df}_1}{d}"),
    ("in-context/bayes-risk", r"\sigma^2\Bigl(1+\frac {2d}n\Bigr)+O(n^{-2})"),
    ("ridge/isotropic-ridgeless-variance", r"\sigma^2\frac dn+O(n^{-3})"),
    ("ridge/isotropic-ridgeless-variance", r"\sigma^2\gamma+O(1/n)"),  # the ratio is held: all sizes grow
    ("ridge/variance", r"\text{variance} = \frac{\sigma^2\mathrm{df}_1}{n-\mathrm{df}_2}"),
    ("wide-networks/tanh-criticality", r"K^{(l)} \simeq \frac{1}{l}"),
    ("wide-networks/tanh-criticality", r"2lK^{(l)} \to 2"),
    ("neural-collapse/minimum-norm", r"L\,\|W\|_{S_{2/L}}^{2/L}"),
    ("feature-learning/linear-train", r"e^{-2(1+\gamma)t}\,{}_0F_1\bigl(;1;4\gamma t^2\bigr)"),
]  # fmt: skip
REFUSED = [
    ("ridge/test-error", r"\min_\lambda R(\lambda) = \frac{n}{n-\mathrm{df}_2}(\sigma^2+\text{unlearned})",
     "about none"),
    ("equivalents/marchenko-pastur",
     r"\frac1d\operatorname{tr}\Sigma Q\simeq\frac{\kappa}{\lambda}\mathrm{df}_1", "is not read"),
    ("model-collapse/variance-exponent", r"\frac{d\ln V}{d\ln\beta}\to-1-\frac{\ell}{\beta}", "is not read"),
    ("denoising/constant-is-two", r"\mathbb E\|\hat\mu-\mu\|^2\simeq \frac{2\sigma^2}{n}", r"about \(n\) times"),
    ("ridge/isotropic-effective-ridge", r"m(-1)+m(-2), \quad m(z) = \frac{1}{-z+\gamma/(1+m(z))}", "at one place"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "formula"), AGREE)
def test_right_formulas_agree(claim, formula):
    assert check(formula, against=claim, budget=0, latex=True).outcome is Outcome.AGREES


@pytest.mark.parametrize(("claim", "formula"), DIFFER)
def test_slips_in_them_differ(claim, formula):
    assert check(formula, against=claim, budget=0, latex=True).outcome is Outcome.DISAGREES


@pytest.mark.parametrize(("claim", "formula", "why"), REFUSED)
def test_statements_about_something_else_are_refused(claim, formula, why):
    with pytest.raises(ValueError, match=why):
        check(formula, against=claim, budget=0, latex=True)


def _with_names():
    """Claims with a formula, and the names that it may hold."""
    for claim in catalogue.claims():
        if claim.formula is not None and claim.formula.free_symbols:
            yield claim


@pytest.mark.parametrize("style", [r"\text", r"\mathrm", r"\operatorname"])
def test_a_claims_own_names_are_read_in_roman_type(style):
    from solvable.analysis.derivation.formula import read_formula

    for claim in _with_names():
        for name in sorted(known_names(claim) or ()):
            word = name.replace("_", r"\_")
            if name.isidentifier() and len(name) > 1:
                formula = read_formula(rf"1 + {style}{{{word}}}", remembered(claim), latex=True)
                assert formula.names == {name}, (claim.name, name)


@pytest.mark.parametrize("n", [99, 100, 400])
def test_the_coherence_of_many_samples_is_that_of_few(n):
    """Lanczos' method against all eigenvalues; seed 3, to rounding."""
    import numpy as np

    from solvable.analysis.sgd_stability.quantities import hessian_quantities

    gradients = np.random.default_rng(3).standard_normal((n, 5))
    overlaps = np.abs(gradients @ gradients.T)
    expected = np.linalg.eigvalsh(overlaps)[-1] / np.max(np.sum(gradients**2, axis=1))
    assert hessian_quantities(gradients, 1, "bernoulli")["coherence"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("claim", "formula"),
    [
        ("random-features/relu-on-the-sphere", "n*(S2*w + (S1 + n)*(a + w))/(a*b + w*(a + b)) - noise_variance"),
        ("model-collapse/ridge-after-least-squares",
         "df2*(generations - 1)*generator_noise*(1 + (gamma*n - 2*df1 + df2)/(n - df2))"
         "/(generator_samples - gamma*n - 1) + (df2*noise_variance + n*unlearned)/(n - df2)"),
    ],
)  # fmt: skip
def test_slips_of_long_formulas_are_named(claim, formula):
    report = check(formula, against=claim, budget=0)
    assert report.outcome is Outcome.DISAGREES
    assert report.slip
