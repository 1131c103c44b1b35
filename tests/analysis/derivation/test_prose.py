"""What authors say in words of their letters, equations for the quantity itself, and letters that words define."""

import pytest

from solvable import check
from solvable.analysis.derivation.notation import read

RISK, FREEDOM, PLUG_IN = "in-context/bayes-risk", "wide-networks/degrees-of-freedom", "separable/plug-in-error"
RIGHT = {
    r"\mathcal R_\lambda := \mathbb E\bigl(y_0-x_0^\top\hat\beta_\lambda\bigr)^2 \simeq \frac{\sigma^2+\kappa^2\,"
    r"\beta^\top\Sigma(\Sigma+\kappa I)^{-2}\beta}{1-\tfrac1n\operatorname{tr}\bigl[\Sigma^2(\Sigma+\kappa I)^{-2}"
    r"\bigr]}": "ridge/test-error",
    r"\sigma^2\,\frac{\psi}{1-\psi},\qquad \psi=\frac1n\sum_{j}\Bigl(\frac{\lambda_j}{\lambda_j+\kappa}\Bigr)^2"
    r"\ \text{ with } \lambda_j \text{ the eigenvalues of } \Sigma": "ridge/variance",
    r"\sigma^2\,\frac{\psi}{1-\psi},\qquad \psi=\frac1n\sum_{j}\Bigl(\frac{\ell_j}{\ell_j+\kappa}\Bigr)^2, \ell_j"
    r"\text{ being the eigenvalues of the covariance}": "ridge/variance",
    r"\Phi\Bigl(-\frac{n\,\|\mu\|^2}{\sqrt{(n+1)(n\|\mu\|^2+d)}}\Bigr)\quad\text{with } n=r\,d \text{ rows}": PLUG_IN,
    r"N\Bigl(-\frac{n\,\|\mu\|^2}{\sqrt{(n+1)(n\|\mu\|^2+d)}}\Bigr),\ n=r\,d,\ N"
    r"\text{ the standard normal distribution function}": PLUG_IN,
    r"I_{\frac{a}{a+2}}\Bigl(a,\tfrac12\Bigr)": FREEDOM,
    r"I_{\frac{a}{a+2}}\Bigl(a,\tfrac12\Bigr)\text{ where } I_x \text{ is the regularised incomplete beta function}":
    FREEDOM,
    r"R=\sigma^2+\frac{d\,R}{n+R}": RISK,
    r"\sigma^2(1+\tau),\qquad \sigma^2\tau^2+(\sigma^2+n-d)\,\tau=d,\ \ \tau>0": "in-context/mean-variance",
    r"c(t)=\frac12\,\frac{\partial}{\partial\beta}\ln\bigl(\alpha^2+\beta^2 s^2\bigr),\qquad s^2=\sigma^2+"
    r"\frac{\lambda}{n+\lambda-1}": "denoising/learned-field-skip",
    r"\frac{2}{L''(1)},\qquad L(\theta)=\tfrac14(1-\theta^2)^2": "diagonal-networks/loss-stabilises",
    r"1-\sqrt e\,\exp\Bigl(-\tfrac12(1+\sqrt x)^2\Bigr)": "double-descent/smallest-eigenvalue",
    r"\sigma_w^2=\frac{1}{\mathbb E_{z\sim\mathcal N(0,q)}\bigl[\phi'(z)^2\bigr]},\qquad\phi=\operatorname{erf}":
    "wide-networks/edge-of-chaos-of-erf",
    r"\sigma_w^2=\frac{1}{\int Dz\,\operatorname{sech}^4(\sqrt q\,z)},\qquad Dz=\frac{e^{-z^2/2}}{\sqrt{2\pi}}dz":
    "wide-networks/edge-of-chaos",
    r"\sigma_w^2=\frac{1}{\int Dz\,\operatorname{sech}^4(\sqrt q\,z)}": "wide-networks/edge-of-chaos",
    r"\frac{d+1}{d}\,\frac{I_{d/2}(\kappa_{\rm new})}{I_{d/2-1}(\kappa_{\rm new})}\,"
    r"\frac{I_{d/2}(\kappa_{\rm old})}{I_{d/2-1}(\kappa_{\rm old})}": "neural-collapse/compatible-simplex-is-best",
    r"2\lambda v\int_0^\lambda\Bigl[\frac{v}{1-2sv}+\frac{m^2}{(1-2sv)^2}\Bigr]ds": "generalisation/log-sobolev",
}  # fmt: skip


@pytest.mark.parametrize("formula", RIGHT)
def test_what_is_said_of_letters_is_read(formula):
    report = check(formula, against=RIGHT[formula], latex=True, budget=0)
    assert report.sentence == "agrees everywhere tried", str(report)


# one thing changed in each: a measure, an equation, an index, the words
WRONG = {
    r"\sigma_w^2=\frac{1}{\int Dz\,\operatorname{sech}^4(\sqrt q\,z)},\qquad Dz=\frac{e^{-z^2}}{\sqrt{\pi}}dz":
    "wide-networks/edge-of-chaos",
    r"R=\sigma^2+\frac{d\,R}{n-R}": RISK,
    r"I_{\frac{a}{a+1}}\Bigl(a,\tfrac12\Bigr)": FREEDOM,
    r"\sigma_w^2=\frac{1}{\mathbb E_{z\sim\mathcal N(0,q)}\bigl[\phi'(z)^2\bigr]},\qquad\phi=\tanh":
    "wide-networks/edge-of-chaos-of-erf",
}  # fmt: skip


@pytest.mark.parametrize("formula", WRONG)
def test_what_is_said_of_letters_counts(formula):
    try:
        report = check(formula, against=WRONG[formula], latex=True, budget=0)
    except ValueError:  # an equation without one root
        return
    assert not report


@pytest.mark.parametrize(
    "words",
    [r"\text{ of the sample}", r"\text{ the eigenvalues of } H", r"\text{ twice}", r"\text{ P the error function}"],
)
def test_other_words_are_refused(words):
    with pytest.raises(ValueError, match="not allowed"):
        read(r"\sigma^2\gamma,\quad \gamma=d/n" + words, latex=True)


def test_where_ours_vanishes_is_said():
    text = r"(1-u)^2,\quad\text{where } u \text{ solves } a(a-1)\rho\,u^{b}+(a-1)b\,u=a(b-1)"
    report = check(text, against="random-features/fitting-ratio-optimum", latex=True, budget=0)
    assert report.sentence.startswith("ours is 0 at")
    assert report.sentence.endswith("elsewhere they are equal")
