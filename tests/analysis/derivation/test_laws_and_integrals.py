"""Means over laws by their names, in words or by weights; integrals within integrals; series whose terms vanish."""

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from solvable import check
from solvable.analysis.derivation.checking import Outcome
from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.quadrature import integrals_along
from solvable.analysis.derivation.series import endless

RIGHT, WRONG = Outcome.AGREES, Outcome.DISAGREES
NOISE, SLOPES, SIGNS = (
    "convex-losses/separability-of-noise",
    "wide-networks/vertex-of-slopes",
    "factorised/sign-factor",
)
BAYES, DEGREES, LARGEST = (
    "separable/bayes-error",
    "wide-networks/degrees-of-freedom",
    "double-descent/smallest-eigenvalue",
)
KERNEL, CUMULANT, SOBOLEV = (
    "attention/single-key-kernel",
    "generalisation/cumulant",
    "generalisation/log-sobolev-equality",
)
ACTIVATION, CHAOS, LEAST = (
    "wide-networks/optimal-activation",
    "diagonal-networks/chaotic-loss",
    "diagonal-networks/least-l2-risk",
)
MEAN, SPREAD, PRESERVING = "denoising/dps-mean", "denoising/dps-variance", "denoising/vp-variance"
EDGE, INDEX, SUBSPACE = (
    "wide-networks/edge-of-chaos-of-erf",
    "embeddings/index-space-variance",
    "factorised/subspace-loss",
)


def outcome(claim, text):
    return check(text, against=claim, latex=True, budget=0).outcome


LAWS = [
    (NOISE, r"\operatorname{Var}(X)\ \text{where}\ X\sim\chi^2_{%s}", "1", "2"),
    (NOISE, r"\mathbb E_{X\sim\mathrm{Gamma}(%s,1)}[X]", "2", "3"),
    (NOISE, r"\mathbb E[X^%s],\qquad X\sim\mathrm{Exp}(1)", "2", "3"),
    (NOISE, r"\frac{1}{\mathbb E[U]},\ U\sim\mathrm{Unif}[0,%s]", "1", "2"),
    (NOISE, r"\mathbb E[(1+\epsilon)^4]/4,\qquad \epsilon\ \text{%s}", "Rademacher", "standard normal"),
    (NOISE, r"\mathbb E[(1+\epsilon)^2],\qquad \epsilon\sim\mathrm{Unif}\{%s\}", r"\pm1", r"0,1"),
    (NOISE, r"\mathbb E[X]/3,\qquad X\sim\mathrm{Poisson}(%s)", "6", "3"),
    (NOISE, r"\mathbb E[X],\qquad X\sim\mathrm{Bin}(%s,1/2)", "4", "8"),
    (NOISE, r"\frac{1}{\Pr[Z\ge %s]} \text{ with } Z \text{ standard normal}", "0", "1"),
    (NOISE, r"\frac{1}{\overline{\max(z,0)^%s}}, \quad z\sim\mathcal N(0,1)", "2", "4"),
    (CHAOS, r"\frac1%s\,\mathbb E[\cos^2(2\Theta)],\qquad \Theta\sim\mathcal U(0,\pi)", "4", "2"),
    (LARGEST, r"\mathbb P(E%s\tfrac x2+\sqrt x),\quad E \text{ exponential with mean } 1", r"\le", ">"),
    (DEGREES, r"\mathbb P(|T|>2),\qquad T\sim t_{%s}", "2a", "a"),
    (ACTIVATION, r"\frac{\mathbb E[\chi_d^2]}{%s}", "2", "1"),
    (BAYES, r"\frac1%s\,\mathbb P\bigl(\chi_1^2>\|\mu\|^2\bigr)", "2", "1"),
    (MEAN, r"\mathbb P(T<s),\qquad T \text{ exponential with %s } \zeta/s_n", "rate", "mean"),
    (CUMULANT, r"\log\mathbb E_R[e^{\lambda R^2}],\ \text{with } R \text{ normal with mean } m"
     r"\text{ and variance } %s", "v", "v^2"),
    (SOBOLEV, r"\frac{\lambda^2}{%s}\,\mathbb E\bigl[(r-\mathbb E r)^2\bigr],\quad r\sim\mathcal N(m,v)", "2", "1"),
    (SOBOLEV, r"\frac{\lambda^2}{%s}\mathbb V[r],\qquad r\sim\mathcal N(m,v)", "2", "1"),
    (KERNEL, r"\iota\,\mathbb E[(x)_+(y)_+],\quad x,y \text{ standard normal with correlation } %s", r"\rho", "0"),
    (KERNEL, r"\iota\,\mathbb E[(U)_+(V)_+],\ U,V\sim\mathcal N(0,1),\ \mathbb E[UV]=%s", r"\rho", r"0"),
    (KERNEL, r"\iota\,\mathbb E[(U)_+(V)_+],\ U,V\sim\mathcal N(0,1),\ \operatorname{Cov}(U,V)=%s", r"\rho", "0"),
    (SIGNS, r"\sqrt{\tfrac2\pi}\;\mathbb E_B\Bigl[\frac{1}{\sqrt{1+B\sigma_s^2/\|\Delta\|^2}}\Bigr],"
     r"\ B\sim\mathrm{Bernoulli}(%s)", "p", "1-p"),
    (SIGNS, r"\sqrt{\tfrac2\pi}\;\mathbb E\Bigl[\frac{1}{\sqrt{1+B\sigma_s^2/\|\Delta\|^2}}\Bigr],"
     r"\quad \mathbb P(B=%s)=p,\ \mathbb P(B=0)=1-p", "1", "2"),
    (LEAST, r"\Bigl(1-\frac nd\Bigr)\|\beta\|^2+\sigma^2n\,\mathbb E\bigl[1/X\bigr],\quad X\sim\chi^2_{%s}",
     "d-n+1", "d-n"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "text", "right", "wrong"), LAWS)
def test_a_law_is_the_one_that_is_named(claim, text, right, wrong):
    assert outcome(claim, text % right) is RIGHT
    assert outcome(claim, text % wrong) is WRONG


INTEGRALS = [
    (NOISE, r"\Bigl(\int_0^\infty z^%s\,\mathcal Dz\Bigr)^{-1}", "2", "4"),
    (NOISE, r"\Bigl[\int Dz\,(z)_+^%s\Bigr]^{-1}, \qquad Dz = \frac{dz}{\sqrt{2\pi}}e^{-z^2/2}", "2", "4"),
    (NOISE, r"\Bigl(\int_{\mathbb R} (x)_+^2\,d\Phi(x)\Bigr)^{%s}", "-1", "-2"),
    (NOISE, r"\Bigl(\int_{\mathbb R} (x)_+^2\,\Phi(dx)\Bigr)^{%s}", "-1", "-2"),
    (NOISE, r"\frac{12}{\pi^2}\,\zeta(%s)", "2", "3"),
    (NOISE, r"\frac{1}{B(1,%s)}", "2", "3"),
    (NOISE, r"\frac{2}{\pi}\iint %s e^{-x^2-y^2}\,dx\,dy", "", "x^2"),
    (BAYES, r"\int_{\|\mu\|%s}^\infty\varphi(z)\,dz", "", "^2"),
    (BAYES, r"\frac12 e^{-\|\mu\|^2/2}\operatorname{erfcx}\bigl(\|\mu\|%s\bigr)", r"/\sqrt2", ""),
    (BAYES, r"\frac{\Gamma(\frac12,\|\mu\|^2/%s)}{2\sqrt\pi}", "2", "1"),
    (MEAN, r"\gamma\bigl(%s,\zeta s/s_n\bigr)", "1", "2"),
    (SPREAD, r"\int_0^s\exp\Bigl(-%s\int_u^s\frac{\zeta}{s_n}\,dr\Bigr)\,du", "2", "1"),
    (PRESERVING, r"\int_0^t\beta(s)e^{-%s\int_s^t\beta(u)du}\,ds,\qquad \beta(s)=0.1+19.9\,s", "", "2"),
    (KERNEL, r"\iota\int Dz_1\int Dz_2\,(z_1)_+\bigl(\rho z_1+\sqrt{1-\rho%s}\,z_2\bigr)_+", "^2", ""),
    (EDGE, r"\frac{1}{\mathbb E_{x\sim\mathcal N(0,%s)}[y^2]},\quad y=\frac{2}{\sqrt\pi}e^{-x^2}", "q", "q^2"),
    (INDEX, r"(p-1)\frac{\mathbb E[y^2]}{\mathbb E[xy]^2},\ y=\tanh x+\varepsilon,\ x\sim\mathcal N(0,1),"
     r"\ \varepsilon\sim\mathcal N(0,%s)", "0.09", "0.3"),
    (SUBSPACE, r"\sum_{i=1}^G\sum_{j=1}^{i}(2j%s1)\,\frac{G-d}{G}", "-", "+"),
    (NOISE, r"\sum_{k\ge0} %s\,2^{-k}", "k", "k^2"),
    (NOISE, r"\sum_{k\ge0} 2^{-k}(1+\cos(k\pi))\cdot\frac34%s", "", r"\cdot\frac{1024}{1023}"),
    (NOISE, r"\sum_{s=\pm1}\bigl(1+\tfrac s%s\bigr)^2-\frac12", "2", "3"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "text", "right", "wrong"), INTEGRALS)
def test_an_integral_is_read_with_its_measure_and_its_ends(claim, text, right, wrong):
    assert outcome(claim, text % right) is RIGHT
    assert outcome(claim, text % wrong) is WRONG


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (r"\mathbb E[X],\qquad X\sim\mathrm{Exp}(2)", "the rate or the mean"),
        (r"\mathbb E_{X\sim\mathrm{Gamma}(2,2)}[X]", "the rate or the scale"),
        (r"\mathbb E[1+B],\qquad \mathbb P(B=1)=\frac13,\ \mathbb P(B=0)=\frac13", "do not add up to one"),
        (r"\mathbb E[y],\ y=1+B,\ B\sim\mathrm{Bernoulli}(1/2)", "a definition holds B"),
        (r"\pi(1-\pi), \quad \mathbb P(y=1)=\pi", "not a range"),
        (r"\mathbb E_{x\sim\mathrm{Foo}(3)}[x]", "write its density"),
        (r"\iint_{x>0} e^{-x^2-y^2}\,dx\,dy", "whole plane"),
    ],
)
def test_what_would_be_a_guess_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        outcome(NOISE, text)


def test_integrals_at_many_places_follow_their_ends():
    """Against incomplete gamma functions; the ends follow the place, and one may be infinite."""
    at = np.linspace(0.1, 5, 7)
    found = integrals_along(lambda x: np.exp(-x) * np.sqrt(x), 0.0, at)
    assert np.allclose(found, special.gammainc(1.5, at) * special.gamma(1.5), rtol=1e-11)  # of the rule's own error
    found = integrals_along(lambda x: np.exp(-x) * np.sqrt(x), at, np.inf)
    assert np.allclose(found, special.gammaincc(1.5, at) * special.gamma(1.5), rtol=1e-11)


def test_an_integral_that_bends_is_not_guessed():
    with pytest.raises(OutOfTime):
        integrals_along(lambda x: np.abs(x - 0.3), 0.0, np.array([1.0, 2.0]))


def test_series_whose_terms_vanish_are_added_up():
    """k x^k begins with nothing and every other term of the second series is nothing: both have closed forms."""
    assert endless(lambda k: k * mp.mpf(2) ** -k, 0) == pytest.approx(2, rel=1e-14)
    assert endless(lambda k: (1 + mp.cos(mp.pi * k)) * mp.mpf(2) ** -k, 0) == pytest.approx(8 / 3, rel=1e-14)
    with pytest.raises(OutOfTime):
        endless(lambda k: mp.cos(mp.pi * k / 2) ** 2 / (k + 1) ** 2 if k % 2 == 0 else mp.mpf(0), 0)
