r"""Left members that are something else than the claim's quantity, and what stands in front of an equation."""

from __future__ import annotations

import pytest

from solvable import check

VARIANCE, EXCESS = "ridge/isotropic-ridgeless-variance", "ridge/isotropic-ridgeless-excess"
OURS = r"\frac{\sigma^2\gamma}{1-\gamma}"
LEAST_SQUARES, MP = "ridge/least-squares-excess", r"\frac{\sigma^2 d}{n-d-1}"
BAYES, ERROR = "separable/bayes-error", r"\Phi(-\|\mu\|)"
SMALLEST, LAW = "double-descent/smallest-eigenvalue", r"1-e^{-x/2-\sqrt x}"
TEST, WITH_NOISE = "ridge/test-error", r"\frac{\sigma^2+\Sigma(1-g)^2v^2}{1-\mathrm{df}_2/n}"
CUMULANT = r"\frac{\lambda m^2}{1-2\lambda v}-\tfrac12\log(1-2\lambda v)"
MEAN, SPREAD = r"1-e^{-\zeta s/s_n}", r"\frac{s_n}{2\zeta}\left(1-e^{-2\zeta s/s_n}\right)"
KURTOSIS = r"3\left(1+\frac1n\left[\frac{6(1+s^4)}{(1+s^2)^2}-1\right]\right)^{l-1}"
TRAINED = r"\frac2\pi\int_0^\pi e^{-2t(1+\gamma-2\sqrt\gamma\cos x)}\sin^2x\,dx"


def outcome(claim: str, formula: str) -> str:
    return check(formula, against=claim, budget=0, latex=True).outcome.value


@pytest.mark.parametrize(
    ("claim", "formula"),
    [
        (VARIANCE, rf"\frac{{dV}}{{d\gamma}} = {OURS}"),
        (BAYES, rf"\frac{{dR}}{{dq}} = {ERROR}"),
        (BAYES, rf"\partial_q R = {ERROR}"),
        (BAYES, rf"\dot R = {ERROR}"),
        (BAYES, rf"c R = {ERROR}"),
        (BAYES, rf"\lim_q d R = {ERROR}"),
        (BAYES, rf"\lim_{{q\to\infty}} c\,R_q = {ERROR}"),
        (BAYES, rf"\frac{{R}}{{c}} = {ERROR}"),
        (BAYES, rf"\frac{{P_1}}{{P_2}} = {ERROR}"),
        (BAYES, rf"\langle P\rangle^2 = {ERROR}"),
        (BAYES, rf"\mathrm{{Acc}} = {ERROR}"),
        (BAYES, rf"\mathbb P(\hat y = y) = {ERROR}"),
        (BAYES, rf"1-\mathbb P(\hat y \ne y) = {ERROR}"),
        (BAYES, rf"\sup_h \mathbb P\{{h(X) = Y\}} = {ERROR}"),
        (SMALLEST, rf"\mathbb P(n\lambda_{{\min}} > x) = {LAW}"),
        (SMALLEST, rf"1-F(x) = {LAW}"),
        (VARIANCE, rf"V(1-\gamma) = {OURS}"),
        (VARIANCE, rf"V+\sigma^2 = {OURS}"),
        (VARIANCE, rf"\sigma^2+V = {OURS}"),
        (VARIANCE, rf"\sum_i V_i = {OURS}"),
        (LEAST_SQUARES, rf"\mathbb E[R]^{{1/2}} = {MP}"),
        (LEAST_SQUARES, rf"\mathbb E\sqrt R = {MP}"),
        (LEAST_SQUARES, rf"\mathbb E[2R] = {MP}"),
        (LEAST_SQUARES, rf"a_1 R+a_2 = {MP}"),
        ("in-context/step-size", r"\eta^2 = \frac{1}{n+d+1+\sigma^2}"),
        ("denoising/slow-mode", r"\rho_1^2 = \frac{v}{v+\tau^2}"),
        (BAYES, r"\mathbb P(\text{correct}) = \Phi(-\|\mu\|)"),
        (VARIANCE, rf"\tfrac12\hat V(t) = {OURS}"),
        (LEAST_SQUARES, rf"\frac1d\,\mathbb E\|\hat\theta-\theta\|^2 = {MP}"),
        (LEAST_SQUARES, rf"\mathbb E\|\hat\theta-\theta\|^2/d = {MP}"),
        (TEST, rf"R-\sigma^2 = {WITH_NOISE}"),
        (TEST, rf"R-R^* = {WITH_NOISE}"),
        (TEST, rf"\mathbb E R-\mathbb E R^* = {WITH_NOISE}"),
        (TEST, rf"E_{{\mathrm{{train}}}} = {WITH_NOISE}"),
        ("feature-learning/linear-train", rf"\mathcal L_{{\mathrm{{test}}}}(t) = {TRAINED}"),
        ("feature-learning/linear-train", rf"\frac12\hat L(t) = {TRAINED}"),
        ("ridge/bias", r"\operatorname{Var}(\hat f) = \frac{\Sigma(1-g)^2v^2}{1-\mathrm{df}_2/n}"),
        ("ridge/variance", r"\mathrm{Bias}^2 = \frac{\sigma^2\mathrm{df}_2}{n-\mathrm{df}_2}"),
        ("denoising/dps-variance", rf"\mathbb E[x]^2 = {SPREAD}"),
        ("denoising/dps-variance", rf"\mathbb E[x] = {SPREAD}"),
        ("denoising/dps-mean", rf"\mathbb E[x]^2 = {MEAN}"),
        ("denoising/dps-mean", rf"\operatorname{{Var}}[x] = {MEAN}"),
        ("generalisation/cumulant", rf"\mathbb E\,e^{{\lambda r^2}} = {CUMULANT}"),
        ("generalisation/cumulant", rf"\langle e^{{\lambda r^2}}\rangle = {CUMULANT}"),
        ("wide-networks/kurtosis-product", rf"\frac{{\mathbb E[z^4]}}{{\mathbb E[z^2]^2}}-3 = {KURTOSIS}"),
        (VARIANCE, rf"{OURS} =: 2V"),
    ],
)
def test_a_left_member_that_is_something_else_is_refused(claim: str, formula: str) -> None:
    with pytest.raises(ValueError, match="formula = "):
        outcome(claim, formula)


@pytest.mark.parametrize(
    ("claim", "formula"),
    [
        (VARIANCE, rf"R(\hat\beta)-R(\beta^\star) \to {OURS}"),
        (VARIANCE, rf"\mathcal E_{{\mathrm{{gen}}}}-\mathcal E_{{\mathrm{{Bayes}}}} = {OURS}"),
        (VARIANCE, rf"\frac dn\to\gamma:\quad V \to {OURS}"),
        (LEAST_SQUARES, rf"R-\sigma^2 = {MP}"),
        (BAYES, rf"1-\mathrm{{Acc}} = {ERROR}"),
        (BAYES, rf"\inf_h \mathbb P\{{h(X)\ne Y\}} = {ERROR}"),
        (SMALLEST, rf"1-\mathbb P(n\lambda_{{\min}} > x) = {LAW}"),
        (SMALLEST, r"\mathbb P(n\lambda_{\min}\ge x) = e^{-x/2-\sqrt x}"),
        (BAYES, r"\mathrm{Acc} = \Phi(\|\mu\|)"),
        (VARIANCE, rf"\mathbb E[\mathcal R(\hat f)]-\mathcal R(f^\star) = {OURS}"),
        (VARIANCE, r"V-\gamma V = \sigma^2\gamma"),
        ("denoising/dps-variance", rf"\mathbb E[x^2]-\mathbb E[x]^2 = {SPREAD}"),
        ("denoising/dps-variance", rf"\mathbb{{V}}\mathrm{{ar}}[x] = {SPREAD}"),
        ("denoising/dps-mean", rf"\mathbb E[x] = {MEAN}"),
        ("denoising/vp-variance", r"1-\bar\alpha(t) = 1-e^{-\frac{199}{20}t^2-\frac t{10}}"),
        ("generalisation/cumulant", rf"\log\mathbb E\,e^{{\lambda r^2}} = {CUMULANT}"),
        ("wide-networks/kurtosis-product", rf"\frac{{\mathbb E[z^4]}}{{\mathbb E[z^2]^2}} = {KURTOSIS}"),
        ("wide-networks/kurtosis-product", rf"\mathbb E[z^4]/\mathbb E[z^2]^2 = {KURTOSIS}"),
        ("model-collapse/bias-exponent", r"\frac{d\log B}{d\log n} = -2\ell\min(r,1)"),
        ("feature-learning/linear-train", rf"\frac{{\mathcal L(t)}}{{\mathcal L(0)}} = {TRAINED}"),
        ("ridge/bias", r"\text{Bias}^2(\hat f) = \frac{\Sigma(1-g)^2v^2}{1-\mathrm{df}_2/n}"),
        ("imputation/low-rank-bias", r"\frac{B_{\mathrm{imp}}}{\|\beta\|^2_\Sigma} = \frac{\lambda}{d/r+\lambda}"),
        ("ridge/overparametrised-excess",
         r"\text{Bias}^2 + \text{Var} = \|\beta\|^2\frac{d-n}{d}+\frac{\sigma^2 n}{d-n-1}"),
    ],
)  # fmt: skip
def test_a_left_member_that_is_the_quantity_is_taken(claim: str, formula: str) -> None:
    assert outcome(claim, formula) == "AGREES"


LEADING = [
    r"{} =: V_\infty",
    r"{} \eqqcolon \mathcal V(\gamma)",
    r"{} =: V, \quad \gamma<1",
    r"\mathbb E\|\hat\beta-\beta\|^2 =: V = {}",
    r"(3.12)\quad V = {}",
    r"(3.12) V = {}",
    r"(A7)\qquad V = {}",
    r"\textbf{{Theorem 2 (Ridge).}} V = {}",
    r"Lemma 3.2. V = {}",
    r"\text{{For }} \gamma<1,\quad V = {}",
    r"\text{{As }} n\to\infty,\ V \to {}",
    r"\text{{As }} n,d\to\infty \text{{ with }} d/n\to\gamma,\ V \to {}",
    r"\forall\gamma<1:\quad V = {}",
    r"\gamma<1:\ V = {}",
    r"\gamma<1 \implies V = {}",
    r"For $\gamma<1$, $V = {}$.",
    r"Let $\gamma<1$. Then $V={}$.",
    r"Let $\gamma<1$. Then the variance tends to ${}$.",
    r"\textbf{{Theorem 2.}} As $n,d\to\infty$ with $d/n\to\gamma<1$, $$\mathcal V \to {}.$$",
    r"\textbf{{Claim.}} The variance converges to ${}$.",
    r"\text{{Excess risk}} = \text{{Variance}} = {}",
    r"V_n \to B+V = {}",
    r"V_n \rightsquigarrow {}",
    r"V_n \cong {}",
    r"V \;\hat{{=}}\; {}",
    r"\boxed{{V = {}}}",
    r"\begin{{aligned}} V &= \sigma^2\,\mathbb E\operatorname{{tr}}(X^\top X)^{{-1}}\\ &\to {} \end{{aligned}}",
]


@pytest.mark.parametrize("form", LEADING)
def test_what_stands_in_front_of_an_equation_is_put_in_order(form: str) -> None:
    assert outcome(VARIANCE, form.format(OURS)) == "AGREES"


@pytest.mark.parametrize("form", LEADING)
def test_a_slip_behind_it_is_not_taken(form: str) -> None:
    wrong = form.format(r"\frac{\sigma^2}{1-\gamma}")
    if r"operatorname{{tr}}" in form or "B+V" in form:
        with pytest.raises(ValueError, match="is not ours"):  # behind a side that is not read
            outcome(VARIANCE, wrong)
    else:
        assert outcome(VARIANCE, wrong) == "DISAGREES"


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        (rf"\gamma<1 \implies R = {OURS}", "AGREES"),
        (rf"\gamma>1 \implies R = {OURS}", "DISAGREES"),
        (r"\text{If } \gamma>1 \text{ then } R = \|\beta\|^2(1-1/\gamma)+\frac{\sigma^2}{\gamma-1}", "AGREES"),
        (r"\text{If } \gamma<1 \text{ then } R = \|\beta\|^2(1-1/\gamma)+\frac{\sigma^2}{\gamma-1}", "DISAGREES"),
    ],
)
def test_a_condition_in_front_is_the_range(formula: str, found: str) -> None:
    assert outcome(EXCESS, formula) == found


def test_a_middle_side_behind_an_arrow_is_compared() -> None:
    assert outcome(VARIANCE, rf"V_n \to \frac{{\sigma^2}}{{1-\gamma}}-\sigma^2 = {OURS}") == "AGREES"
    with pytest.raises(ValueError, match="its sides are not equal"):
        outcome(VARIANCE, rf"V_n \to 2\sigma^2 = {OURS}")
