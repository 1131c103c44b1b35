r"""Operators as papers write them: norms of matrices, variances, measures, least values of sums, slopes by primes."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from solvable import check
from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.equations import angle_of
from solvable.analysis.derivation.evaluation import Precise
from solvable.analysis.derivation.latex import plain_from_latex
from solvable.analysis.derivation.operators import mode_sum
from solvable.analysis.derivation.quantities import modes_of
from solvable.analysis.derivation.slips import Slip, _shortest
from solvable.solvers import Spectrum

_LEARNED = r"\Sigma(\Sigma+\kappa I)^{-1}"
_SCORE = r"x\tanh\frac{\mu x}{\sigma^2}"
_ARGUMENT = r"\Bigl(\frac{\|\mu\|^2}{\sqrt{\|\mu\|^2+d/n}}\Bigr)"

_PLANE = r"\|\beta\|^2\Bigl(1-\frac1\gamma\Bigr)+\frac{\sigma^2}{\gamma-1}"
# what is right, and one place in it that makes it wrong
PAIRS = [
    ("ridge/variance", rf"\sigma^2\frac{{\|{_LEARNED}\|_F^2}}{{n-\|{_LEARNED}\|_{{\mathrm F}}^2}}", "n-", "n+"),
    ("ridge/variance", r"\frac{\sigma^2\int\frac{s^2}{(s+\kappa)^2}dH(s)}{n/d-\int\frac{s^2}{(s+\kappa)^2}dH(s)}",
     "n/d", "d/n"),
    ("ridge/variance", r"\sigma^2\frac{\mathrm{Tr}[\Sigma^2(\Sigma+\kappa\mathrm{Id})^{-2}]}{n-\mathrm{df}_2}",
     r"\kappa\mathrm{Id}", r"\lambda\mathrm{Id}"),
    ("denoising/noisy-sample-worth", rf"\sigma^{{-4}}\operatorname{{Var}}\bigl[{_SCORE}\bigr],\quad x\sim\mathcal N"
     r"(\mu,\sigma^2)", r"(\mu,\sigma^2)", r"(0,\sigma^2)"),
    ("denoising/noisy-sample-worth", r"\sigma^{-4}\mathrm{Var}_{x\sim\mathcal N(\mu,\sigma^2)}"
     rf"\bigl[{_SCORE}\bigr]", r"\sigma^{-4}", r"\sigma^{-2}"),
    ("convex-losses/mixture-bayes", rf"Q{_ARGUMENT}\text{{, where }}Q\text{{ is the Gaussian tail function}}", "d/n",
     "n/d"),
    ("convex-losses/mixture-bayes", rf"H{_ARGUMENT}", "d/n", "n/d"),
    ("in-context/one-step-is-attained", r"\min_\eta\ d+\sigma^2-2\eta nd+\eta^2nd(n+d+1+\sigma^2)", "-2", "-3"),
    ("in-context/one-step-is-attained", r"d+\sigma^2+\min_\eta\eta^2nd(n+d+1+\sigma^2)-2\eta nd", "-2", "-3"),
    ("sgd-stability/coherence-divergence", r"\frac{2}{\lambda_{\max}}\wedge\frac{\sigma}{\lambda_{\max}}"
     r"\sqrt{\frac{B}{n-B}}", "n-B", "n+B"),
    ("wide-networks/edge-of-chaos-of-erf", r"1/\mathbb E_{z\sim\mathcal N(0,q)}\bigl[(\operatorname{erf}'(z))^2\bigr]",
     "(0,q)", "(0,1)"),
    ("wide-networks/edge-of-chaos", r"\chi_1=\sigma_w^2\int\mathcal Dz\,\bigl[\tanh'(\sqrt qz)\bigr]^2=1", "=1", "=2"),
    ("wide-networks/edge-of-chaos", r"\chi=\sigma_w^2\,\mathbb E_{z\sim\mathcal N(0,1)}[\phi'(\sqrt qz)^2]=1,\ "
     r"\phi=\tanh", "=1", "=2"),
    ("ridge/isotropic-effective-ridge", r"\kappa^2-(\lambda+\gamma-1)\kappa-\lambda=0,\quad\kappa>0",
     r"-\lambda=", r"+\lambda="),
    ("ridge/isotropic-ridgeless-excess", r"\begin{aligned}R&=\sigma^2\frac{\gamma}{1-\gamma}\quad&&\text{for }\gamma<1,"
     rf"\\R&={_PLANE}\quad&&\text{{for }}\gamma>1\end{{aligned}}",
     r"1-\frac1\gamma", r"1+\frac1\gamma"),
    ("ridge/variance", r"\sigma^2\frac{\sum_ig_i^2}{n-\sum_ig_i^2}\quad\text{with shrinkage factors } g_i=\frac{s_i}"
     r"{s_i+\kappa}", r"{s_i+\kappa}", r"{s_i-\kappa}"),
    ("ridge/least-squares-excess", r"\frac{\sigma^2\gamma}{1-\gamma-1/n}\text{ with the ratio }\gamma=d/n", "d/n",
     "n/d"),
    ("ridge/isotropic-ridgeless-excess", r"\begin{cases}\frac{\sigma^2\gamma}{1-\gamma},&\text{low-dimensional }"
     rf"(\gamma<1)\\[2mm]{_PLANE},&\text{{high-dimensional }}(\gamma>1)\end{{cases}}",
     r"1-\frac1\gamma", r"\frac1\gamma"),
    ("ridge/isotropic-effective-ridge", r"\kappa=\lambda+\gamma\kappa\int_0^\infty e^{-t(1+\kappa)}dt", "-t", "-2t"),
    ("embeddings/index-space-variance", r"(p-1)\frac{m_2}{(1.09-m_2)^2},\quad m_2=\int Dz\,\tanh^2z+0.09", "=",
     "=0.1+"),
    ("factorised/sign-factor", r"\sqrt{\frac2\pi}[1-p+p\cos\theta],\ \tan\theta=\frac{\sigma_s}{\|\Delta\|}",
     r"\tan", r"\cos"),
]  # fmt: skip


@pytest.mark.parametrize(("against", "right", "there", "instead"), PAIRS)
def test_the_notation_is_read_and_a_change_in_it_counts(against, right, there, instead):
    wrong = right.replace(there, instead)
    assert wrong != right
    assert check(right, against=against, latex=True, budget=0)
    try:
        assert not check(wrong, against=against, latex=True, budget=0)
    except ValueError as error:
        assert "not allowed" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\frac{\partial_x f-1}{2}", "((diff(f, x)-1)/(2))"),
        (r"\frac{\partial f}{\partial x}", "diff(f, x)"),
        (r"\min_t t^2+a-t", "least(t**(2)+a-t, t, -oo, oo)"),
        (r"\min_t (t^2)+a", "least((t**(2)), t, -oo, oo)+a"),
        (r"\max_t -t^2+2t", "(-least(-(-t**(2)+2*t), t, -oo, oo))"),
        (r"\erf'(x)".replace(r"\erf", r"\operatorname{erf}"), "at_place(diff(erf(t_slope), t_slope), t_slope, (x))"),
        (r"\|\Sigma\|_{HS}^2", "sqrt(Tr((Sigma)**2))**(2)"),
    ],
)
def test_where_an_operator_ends(latex, plain):
    assert plain_from_latex(latex).formula == plain


def test_a_tangent_gives_the_angle_from_nought_to_pi():
    x = sp.Symbol("x", real=True)
    name, value = angle_of(sp.tan(sp.Symbol("theta")) - x)
    assert name == "theta"
    for angle in (0.3, 1.2, 1.9, 3.0):
        assert float(value.subs(x, np.tan(angle))) == pytest.approx(angle, rel=1e-12)


@pytest.mark.parametrize("words", ["with the square of the ratio", "with twice the ratio", "where the inverse ratio"])
def test_words_that_say_more_of_a_name_are_refused(words):
    text = rf"\frac{{\sigma^2\gamma}}{{1-\gamma-1/n}}\text{{ {words} }}\gamma=d/n"
    with pytest.raises(ValueError, match="not allowed"):
        check(text, against="ridge/least-squares-excess", latex=True, budget=0)


@pytest.mark.parametrize("text", [r"\int_0^1 dx\,x+\gamma", r"\int_0^1 dx\,x+x^2"])
def test_an_integral_with_ends_whose_differential_leads_ends_clearly(text):
    with pytest.raises(ValueError, match="where the integral ends"):
        plain_from_latex(text)


def test_a_recursion_without_a_start_is_refused_as_one():
    text = r"e_t=\rho e_{t-1}+\eta^2\sigma^2\frac dB,\quad\rho=(1-\eta)^2+\eta^2\frac{d+1}{B}"
    with pytest.raises(ValueError, match="a recursion"):
        check(text, against="double-descent/one-pass-sgd", latex=True, budget=0)


def test_the_spectral_norm_is_no_frobenius_norm():
    with pytest.raises(ValueError, match="the norm of"):
        check(rf"\|{_LEARNED}\|_2", against="ridge/variance", latex=True, budget=0)


def test_a_slip_in_an_order_or_an_argument_is_named():
    right = r"\frac{e^{-2(1+\gamma)t}\,I_1(4\sqrt\gamma\,t)}{2\sqrt\gamma\,t}"
    for place, instead in ((r"4\sqrt\gamma\,t", r"4\gamma t"), ("I_1", "I_0")):
        report = check(right.replace(place, instead), against="feature-learning/linear-train", latex=True, budget=0)
        assert report.sentence.startswith("agrees after")


def test_what_cannot_be_evaluated_does_not_end_a_search():
    def cannot() -> None:
        raise OutOfTime("an integral within another one")

    def spent() -> None:
        raise OutOfTime

    found = Slip("agrees after a -> b", ("a -> b",))
    assert _shortest((cannot, lambda: found)) == found
    assert _shortest((lambda: Slip("a factor " + "of many words " * 9, ("factor",)), spent)) is not None
    with pytest.raises(OutOfTime):
        _shortest((spent, lambda: found))


def test_a_sum_over_modes_is_taken_once_for_the_same_numbers(monkeypatch):
    s, v, k = sp.symbols("s_i v_i k", positive=True)
    inner = mode_sum(s / (s + k), s, v)
    nested = mode_sum(sp.exp(-s * sp.exp(-inner)), s, v)
    given = {"_modes": modes_of(Spectrum.isotropic(3.0)), k: mp.mpf(2)}
    calls = []
    once = Precise.modes
    monkeypatch.setattr(Precise, "modes", lambda self, body, given: calls.append(body) or once(self, body, given))
    walk = Precise()
    first = walk(nested + inner, given)
    assert len(calls) == 2
    assert mp.almosteq(first, 3 * mp.exp(-mp.exp(-1)) + 1)
    assert walk(inner, {**given, k: mp.mpf(1)}) == mp.mpf("1.5")  # another number, another sum
    assert len(calls) == 3
