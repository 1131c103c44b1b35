"""Indicators of the claim's own, extrema with ranges, sets, roots in words, recursions, and equations side by side."""

from __future__ import annotations

import dataclasses

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from solvable import check
from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.implicit import solve
from solvable.analysis.derivation.normal_means import along_a_line, of_a_positive_part
from solvable.analysis.derivation.notation import read
from solvable.analysis.verification.catalogue import claim

EFFECTIVE = "ridge/isotropic-effective-ridge"
DESCENT = "double-descent/one-pass-sgd"
STABLE = "double-descent/one-pass-sgd-stability"
CYCLE = "diagonal-networks/two-cycle"
SOBOLEV = "regression/sobolev-conditioning"
RIDGELESS = "ridge/isotropic-ridgeless-variance"
RATE = r"\rho=1-2\eta+\eta^2(1+\tfrac{d+1}{B})"
BIAS = r"\frac{n\kappa^2\beta^\top\Sigma(\Sigma+\kappa)^{-2}\beta}{n-\mathrm{df}_2}"
TIME = r"\frac{1}{y^2}\ln\frac{F(y-1)}{y-F}+\frac1y\Bigl(1-\frac1F\Bigr)"
RIGHT = [
    # indicators of what the claim chooses, in any brackets
    (CYCLE, r"\tfrac12\sqrt{1+\tfrac3\eta}+\tfrac12\sqrt{1-\tfrac1\eta}\,\bigl(2\cdot\mathbf1[\mathrm{upper}]-1\bigr)"),
    (CYCLE, r"\frac12\sqrt{1+\frac3\eta}+\frac12\bigl([\text{upper}]-[\text{lower}]\bigr)\sqrt{1-\frac1\eta}"),
    (CYCLE, r"\frac12\sqrt{1+\frac3\eta}+\frac s2\sqrt{1-\frac1\eta},\qquad "
            r"s=\mathbb 1\{\text{side}=\text{upper}\}-\mathbf 1_{\{\mathrm{lower}\}}"),
    # least and greatest values over whole numbers and in intervals, their places, ends of sets
    (SOBOLEV, r"\frac{\max_{0\le\xi\le m/2}e^{-2b\xi^2}(1+\xi^2)^s}{\min_{0\le\xi\le m/2}e^{-2b\xi^2}(1+\xi^2)^s}, "
              r"\qquad\xi\in\mathbb{Z}"),
    (SOBOLEV, r"\frac{\max_{k\in\mathbb Z,\,|k|\le m/2}e^{-2bk^2}(1+k^2)^s}"
              r"{\min_{k=0,\dots,m/2}e^{-2bk^2}(1+k^2)^s}"),
    ("in-context/step-size", r"\eta^\star=\argmin_\eta\;-2\eta nd+\eta^2nd(n+d+1+\sigma^2)"),
    ("in-context/step-size", r"\operatorname*{arg\,max}_{x>0}\bigl\{2x-x^2(n+d+1+\sigma^2)\bigr\}"),
    (STABLE, r"\eta_{\max}=\sup\Bigl\{\eta>0:\;1-2\eta+\eta^2\Bigl(1+\frac{d+1}{B}\Bigr)<1\Bigr\}"),
    (STABLE, r"\inf\{x>0\mid 1-2x+x^2(1+(d+1)/B)>1\}"),
    ("imputation/largest-variance-bound",
     r"B \le \Bigl(\frac1\rho-1\Bigr)\,\max D\;\beta^T(\Sigma+\lambda\max D)^{-1}\Sigma\beta"),
    # roots in words; a root that lies at the end of its range but for a small number
    (EFFECTIVE, r"\text{the positive root of } \kappa^2+\kappa(1-\gamma-\lambda)-\lambda=0"),
    (EFFECTIVE, r"\kappa>0\ \text{solves}\ \kappa=\lambda+\frac{\gamma\kappa}{1+\kappa}"),
    ("factorised/resnet-limit", rf"F \quad\text{{where }} F\in(1,y) \text{{ solves }} t={TIME}"),
    ("factorised/resnet-limit", rf"1<F<y\ \text{{solves}}\ t={TIME}"),
    # recursions
    (DESCENT, rf"\mathcal E_{{t+1}}=\rho\,\mathcal E_t+\frac{{\eta^2\sigma^2d}}{{B}},\quad\mathcal E_0=1,\quad {RATE}"),
    (DESCENT, rf"r_t \text{{ where }} r_k=\rho r_{{k-1}}+c,\ r_0=1,\ {RATE},\ c=\frac{{\eta^2\sigma^2d}}{{B}}"),
    # equations side by side
    (RIDGELESS, r"B = 0,\qquad V = \frac{\sigma^2\gamma}{1-\gamma}"),
    ("ridge/bias", rf"V=\frac{{\sigma^2\mathrm{{df}}_2}}{{n-\mathrm{{df}}_2}},\qquad B={BIAS}"),
    ("neural-collapse/balanced-head-length",
     r"\|h\|^2=\frac{\sqrt{\lambda_W}}{\sqrt{n\lambda_H}}\bigl(1-K\sqrt{n\lambda_W\lambda_H}\bigr),\qquad"
     r"\|w\|^2=\sqrt{\frac{n\lambda_H}{\lambda_W}}\bigl(1-K\sqrt{n\lambda_W\lambda_H}\bigr)"),
    # a cumulant, and what noise multiplies
    ("generalisation/log-sobolev-equality",
     r"\ln\mathbb{E}\bigl[e^{\lambda(X-\mathbb{E}X)}\bigr]=\tfrac12\lambda^2v"),
    ("ridge/least-squares-excess",
     r"\mathbb{E}_X\left[\operatorname{tr}\left((X^TX)^{-1}\right)\right]\sigma^2=\frac{\sigma^2d}{n-d-1}"),
    # two normal variables in one linear form
    ("separable/memorisation",
     r"\frac{1}{\min_{t}\bigl\{(1-\varphi)\,\mathbb{E}\bigl[(Z-t(g+1/\sigma))_+^2\bigr]+\varphi\,\mathbb{E}\bigl["
     r"(Z-t(g-1/\sigma))_+^2\bigr]\bigr\}}, \qquad Z,g\sim\mathcal{N}(0,1) \text{ independent}"),
    # what letters are called, which of two roots, an equation alone, implications
    ("convex-losses/mixture-bayes",
     r"\Phi\!\left(-\mu\sqrt q\right),\quad q=\frac{\alpha\mu^2}{1+\alpha\mu^2},\ \alpha=n/d,\ "
     r"\text{where } \mu \text{ is the separation}"),
    ("in-context/out-of-prior-risk",
     r"\sigma^2+\frac{\kappa^2dw+\gamma\sigma^2}{(1+\kappa)^2-\gamma},\quad "
     r"\kappa=\frac{a}{n}+\frac{\gamma\kappa}{1+\kappa},\ \kappa>0,\quad"
     r"\text{where } w \text{ is the weight variance and } a \text{ the assumed noise}"),
    ("double-descent/isotropic-flow",
     r"\sigma^2+\int e^{-2ts}\,dF_\gamma(s)+\gamma\sigma^2\int\frac{(1-e^{-ts})^2}{s}\,dF_\gamma(s),\quad"
     r"\text{where } F_\gamma \text{ is the Marchenko-Pastur law}"),
    ("ridge/isotropic-test-error", r"\frac{\sigma^2+\|\beta\|^2(1-g)^2}{1-\gamma g^2},\quad "
                                   r"g \text{ the smaller root of } (1-g)(1-\gamma g)=\lambda g"),
    (EFFECTIVE, r"\text{the largest root of } \kappa^2+(1-\gamma-\lambda)\kappa-\lambda=0"),
    (STABLE, r"(1-\eta)^2+\frac{\eta^2(d+1)}{B}=1,\qquad \eta>0"),
    ("separable/discriminant-samples",
     r"\Phi\Bigl(-\frac{\|\mu\|^2\sqrt{1-d/n}}{\sqrt{\|\mu\|^2+d/n}}\Bigr)-\Phi(-\|\mu\|)=\Delta,\qquad n>d"),
    ("ridge/optimal-test-error",
     r"R=\sigma^2+\frac Rn\sum_i\frac{s_i}{s_i+\kappa},\qquad \kappa=\lambda R/\sigma^2"),
    ("neural-collapse/collapse-threshold",
     r"K^2n\lambda_W\lambda_H=1\ \Longrightarrow\ \lambda_H=\frac{1}{nK^2\lambda_W}"),
    # letters of a least value in definitions, two indices of a sum, powers behind a function's own brackets
    ("convex-losses/separability-of-noisy-signs",
     r"\alpha_\star^{-1}=\min_{t\ge0}\ \frac{1+t^2}{\pi}\Bigl[\frac{\pi}{2}-\arcsin r-r\sqrt{1-r^2}\Bigr],\quad "
     r"r=\frac{t}{\sqrt{1+t^2}}\sqrt{\frac{\rho}{\rho+\Delta}}"),
    ("ridge/second-order-trace",
     r"\frac1d\,\frac{\kappa_a\kappa_b}{\lambda_a\lambda_b}\left(\frac{1}{\sum_ig_{a,i}g_{b,i}}-\frac1n\right)^{-1},"
     r"\qquad d=\gamma n,\ g_{a,i}=\frac{s_i}{s_i+\kappa_a},\ g_{b,i}=\frac{s_i}{s_i+\kappa_b}"),
    ("neural-collapse/imbalanced-objective", r"\mathcal L^*=\frac{1}{2N}\sum_k\eta_k\varphi_k"),
    ("embeddings/index-space-variance",
     r"\frac{(p-1)\left(\tau^2+\int_{-\infty}^{\infty}\tanh(x)^2\varphi(x)\,dx\right)}{\left(\int_{-\infty}^{\infty}x"
     r"\tanh(x)\varphi(x)\,dx\right)^2},\quad \varphi(x)=\frac{e^{-x^2/2}}{\sqrt{2\pi}},\ \tau=0.3"),
    ("diagonal-networks/penalised-stability",
     r"$\eta<\frac{2}{h(1+h\mu)}$, where $h$ is the curvature and $\mu$ is the penalty."),
    ("diagonal-networks/penalised-stability",
     r"\frac{2}{h(1+h\mu)}\quad\text{(where } h \text{ denotes the curvature and } \mu \text{ the penalty)}"),
    ("factorised/recurrent-growth", r"$g^{2T}$ with $T$ the number of steps"),
    (RIDGELESS, r"The variance is $\sigma^2\frac{\gamma}{1-\gamma}$."),
    # ranges of several kinds in front and behind, orders in probability, positive parts of brackets
    (RIDGELESS, r"V \longrightarrow \frac{\sigma^2}{\gamma^{-1}-1}\qquad\text{as } n,d\to\infty,\; d/n\to\gamma<1"),
    (RIDGELESS, r"V=\frac{\sigma^2\gamma}{1-\gamma}\bigl(1+o_{\mathbb P}(1)\bigr)"),
    (EFFECTIVE, r"\text{the unique } \kappa>0 \text{ with } \kappa=\lambda+\frac{\gamma\kappa}{1+\kappa}"),
    (STABLE, r"0<\eta<\frac{2B}{B+d+1}"),
    ("ridge/least-squares-excess",
     r"\mathbb E\|\Sigma^{1/2}(\hat\beta-\beta)\|^2 = \frac{d}{n-d-1}\sigma^2,\quad n\ge d+2"),
    ("ridge/isotropic-ridgeless-excess",
     r"\frac{\sigma^2\min\{\gamma,1\}}{\lvert1-\gamma\rvert}+r^2\Bigl(1-\frac1\gamma\Bigr)^+"),
    ("ridge/optimal-ridge", r"\lambda_{\mathrm{opt}}:=\operatorname*{argmin}_{\lambda>0}R_\lambda="
                            r"\frac{d}{\mathrm{SNR}},\qquad\mathrm{SNR}:=\frac{r^2}{\sigma^2}"),
    ("ridge/test-error",
     r"\frac{n}{n-\sum_{i\le d}\frac{s_i^2}{(s_i+\kappa)^2}}\Bigl(\sigma^2+\sum_{j\in[d]}"
     r"\frac{\kappa^2s_j\beta_j^2}{(s_j+\kappa)^2}\Bigr)"),
    (DESCENT, r"\rho^t + \frac{\eta^2\sigma^2 d}{B}\sum_{0\le s<t}\rho^s,\qquad \rho=(1-\eta)^2+\frac{\eta^2(d+1)}{B}"),
]  # fmt: skip
SLIPS = [
    (EFFECTIVE, r"\text{the largest root of } \kappa^2+(1+\gamma-\lambda)\kappa-\lambda=0"),
    ("generalisation/log-sobolev-equality", r"\log\mathbb E\,e^{\lambda(X-\mathbb EX)}=\lambda^2v"),
    ("ridge/isotropic-test-error", r"\frac{\sigma^2+\|\beta\|^2(1-g)^2}{1-\gamma g^2},\quad "
                                   r"g \text{ the larger root of } (1-g)(1-\gamma g)=\lambda g"),
    (CYCLE, r"\tfrac12\sqrt{1+\tfrac3\eta}+\tfrac12\sqrt{1-\tfrac1\eta}\,\bigl(2\cdot\mathbf1[\mathrm{lower}]-1\bigr)"),
    ("in-context/step-size", r"\argmax_{x>0} \; 2x-x^2(n+d+\sigma^2)"),
    (DESCENT, r"e_{t+1} = \bigl(1-2\eta+\eta^2(1+\tfrac{d+1}{B})\bigr)e_t+\frac{\eta\sigma^2 d}{B},\qquad e_0=1"),
    (DESCENT, rf"\rho^t + \frac{{c}}{{1-\rho}},\quad {RATE},\ c=\frac{{\eta^2\sigma^2d}}{{B}}"),
    ("ridge/bias", rf"V=\sigma^2,\qquad B={BIAS.replace('kappa^2', 'kappa')}"),
    ("factorised/subspace-loss", r"\left(1-\frac dG\right)\sum_{g=1}^{G-1}g^2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "formula"), RIGHT)
def test_right_ones_agree(name: str, formula: str) -> None:
    assert check(formula, name, latex=True, budget=0)


@pytest.mark.parametrize(("name", "formula"), SLIPS)
def test_slips_are_named(name: str, formula: str) -> None:
    report = check(formula, name, latex=True, budget=0)
    assert not report
    assert report.slip


def test_slips_in_plain_text_are_named() -> None:
    swapped = "n/(n+lam)*alpha**2*B/(alpha**2*A + beta**2*B) where B = n+lam-1, A = lam + sigma**2*B"
    inverted = "noise_variance - n**3/(d*(n + noise_variance + 1 + n**2/d)) + n**2/d"
    for name, formula in (("denoising/learned-field-mean", swapped), ("in-context/one-step-risk", inverted)):
        assert check(formula, name, budget=0).slip


def test_what_is_not_compared_is_said() -> None:
    report = check(r"B = 0,\qquad V = \frac{\sigma^2\gamma}{1-\gamma}", RIDGELESS, latex=True, budget=0)
    assert report.read_as.endswith("beside it, and not compared: B = 0")


@pytest.mark.parametrize(
    ("name", "formula", "why"),
    [
        (DESCENT, r"e_{t+1} = e_t^2+\frac{\eta\sigma^2 d}{B},\qquad e_0=1", "its step is linear"),
        (SOBOLEV, r"\argmin_{k\in\mathbb Z} k^2", "whole numbers"),
        (CYCLE, r"\mathbf1[\mathrm{middle}]", "not a range: middle"),
        (DESCENT, r"\sum_{s<t}\rho^s,\ \rho=1-\eta", "from where to where"),
        (RIDGELESS, r"O(1/n)", "an order alone"),
        (RIDGELESS, r"\gamma & \sigma", "& is not understood"),
        (RIDGELESS, r"\sigma^2\gamma s, \text{ where } s \text{ is the slope}", "is said to be what none"),
    ],
)
def test_others_are_refused_in_a_sentence(name: str, formula: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check(formula, name, latex=True, budget=0)


def test_what_is_infinite_is_equal_to_itself_alone() -> None:
    held = claim("factorised/resnet-limit")

    def predict(**cell: float) -> float:
        return np.inf if cell["time"] == held.grid[0]["time"] else held.predict(**cell)

    report = check("y + time", dataclasses.replace(held, predict=predict, domain=None), budget=0)
    assert not report
    assert "0 of 3 cells agree" in report.stages[2].detail


def test_numbers_are_read_whole() -> None:
    assert check("sum(k**2 for k in range(1, G + 1))*(G - d)/G", "factorised/subspace-loss", budget=0)
    with pytest.raises(ValueError, match="is no number"):
        check("1.2.3*gamma", RIDGELESS, budget=0)


def test_noughts_at_the_end_of_a_decimal_are_digits() -> None:
    right, wrong = (check(f"{number}*sqrt(1 + 4*q)", "wide-networks/edge-of-chaos-of-erf", budget=0)
                    for number in ("0.78540", "0.78550"))  # fmt: skip
    assert right.sentence.startswith("equal to the digits given")
    assert not wrong


def test_no_false_word_of_a_root() -> None:
    x = sp.Symbol("x", positive=True)
    with pytest.raises(ValueError, match="no positive solution of it is found"):
        solve("x", x, x + x**2 + 1, None, {})
    for gap in (1e-4, 1e-8, 1e-13):  # a root so close to the end of its range
        with mp.workdps(50):
            root = solve("x", x, x + sp.log((2 - x) / sp.Rational(gap)), sp.And(x > 1, x < 2), {})
            assert abs(2 - root - mp.mpf(gap)) <= mp.mpf(10) ** -40


def test_means_of_positive_parts_are_integrals() -> None:
    z = sp.Symbol("z", real=True)
    nodes, weights = np.polynomial.legendre.leggauss(100)
    for a, b, power in ((2, -1, 1), (-1.5, 0.4, 2), (0.3, -1, 2), (1, 0, 2)):
        ends = sorted((-b / a, 12.0 * np.sign(a)))  # from the bend to where the density is nothing
        at = (ends[0] + ends[1]) / 2 + (ends[1] - ends[0]) / 2 * nodes
        density = (ends[1] - ends[0]) / 2 * weights * np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
        found = of_a_positive_part(3 * sp.Max(0, sp.Rational(str(a)) * z + sp.Rational(str(b))) ** power, z)
        integral = 3 * np.sum(density * (a * at + b) ** power)
        assert abs(float(found) - integral) <= 1e-12 * abs(integral)
    assert of_a_positive_part(sp.Max(0, z) ** 3, z) is None
    assert of_a_positive_part(sp.Max(0, z**2 - 1), z) is None


def test_one_linear_form_of_two_normal_variables_is_one() -> None:
    u, v = sp.symbols("u v", real=True)
    assert along_a_line(sp.cos(u + 2 * v + 1), u, v) == sp.cos(1 + sp.sqrt(5) * u)
    assert along_a_line(sp.cos(u + v) * u, u, v) is None
    assert along_a_line(u * v, u, v) is None


def test_a_letter_of_a_range_is_bound() -> None:
    for text, value in (
        (r"\min_{x\in[1,2]} x^2", 1), (r"\max_{|x|\le 2} x", 2), (r"\sup_{0<x<1} x(1-x)", 0.25),
        (r"\min_{k\in\mathbb Z} (k-\tfrac13)^2", None), (r"\max_{k=1,\dots,4} k(5-k)", 6),
        (r"\sup\{x\in(0,3): x^2\le 2\}", 2**0.5), (r"\argmin_{x>0} x+\tfrac4x", 2),
    ):  # fmt: skip
        expression = read(text, latex=True).expression
        if value is None:
            with pytest.raises(ArithmeticError):
                Doubles()(expression, {})
        else:
            assert abs(float(Doubles()(expression, {})) - value) <= 1e-9
