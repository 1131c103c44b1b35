"""What a mark belongs to, which of two letters is meant, and of which name an equation is."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from solvable import check
from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.notation import read
from solvable.analysis.derivation.quadrature import mean_along

MEMORISATION = "separable/memorisation"
FIELD = "denoising/learned-field-mean"
NOISE = "convex-losses/separability-of-noise"


@pytest.mark.parametrize("marks", ["_+^2", "^2_+", "_{+}^{2}"])
def test_a_positive_part_behind_a_mean_is_of_what_is_averaged(marks: str) -> None:
    least = (rf"\Bigl[\min_{{t\ge0}}\bigl\{{(1-\phi)\,\mathbb E\bigl(z-\tfrac t\sigma-tg\bigr){marks}+\phi\,\mathbb E"
             rf"\bigl(z+\tfrac t\sigma-tg\bigr){marks}\bigr\}}\Bigr]^{{-1}},\qquad z,g\sim\mathcal N(0,1)")  # fmt: skip
    assert check(least, MEMORISATION, latex=True, budget=0)


@pytest.mark.parametrize(("a", "b"), [(1, 0), (2, -1), (-1, 3)])
def test_its_value_is_the_integral(a: float, b: float) -> None:
    expression = read(rf"3\mathbb E_z({a}z+({b}))_+^2+1", latex=True).expression
    value = quad(lambda z: 3 * max(a * z + b, 0) ** 2 * norm.pdf(z), -40, 40, points=[-b / a], limit=200)[0] + 1
    assert abs(float(Doubles()(expression, {})) - value) <= 1e-7 * value  # what quad states


@pytest.mark.parametrize(
    ("mean", "why"),
    [
        (r"\mathbb E[z]_+^2", "do its marks belong to the mean"),
        (r"\mathbb E\{z\}_+^2", "do its marks belong to the mean"),
        (r"\mathbb E(\max(z,0))^2", "do its marks belong to the mean"),
        (r"\mathbb E(z)_+(z)_+", "where the mean ends"),
    ],
)
def test_what_two_readers_take_differently_is_refused(mean: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check(rf"\frac{{1}}{{{mean}}},\quad z\sim\mathcal N(0,1)", NOISE, latex=True, budget=0)


def test_a_squared_mean_in_square_brackets_is_as_before() -> None:
    value = Doubles()(read(r"\mathbb E_z[\max(z,0)]^2", latex=True).expression, {})
    assert abs(float(value) - norm.pdf(0) ** 2) <= 1e-10


def test_of_two_shapes_of_a_letter_one_is_the_authors() -> None:
    written = r"\frac{n\alpha^2}{(n+\lambda)(\alpha^2+\beta^2 OWN)},\quad OWN=OTHER^2+\frac{\lambda}{n+\lambda-1}"
    for own, other in itertools.permutations((r"\sigma", r"\varsigma")):
        for index in ("", "_n", "_{\\rm f}"):
            text = written.replace("OWN", own + index).replace("OTHER", other)
            assert check(text, FIELD, latex=True, budget=0), text
    assert not check(text.replace(f"{other}^2", other), FIELD, latex=True, budget=0)
    functions = (r"\Bigl[\min_{t\ge0}\bigl\{(1-SHARE)\,OWN(-1)+SHARE\,OWN(1)\bigr\}\Bigr]^{-1},\quad "
                 r"OWN(s)=\mathbb E\bigl(z+s\tfrac t\sigma-tg\bigr)_+^2,\quad z,g\sim\mathcal N(0,1)")  # fmt: skip
    for own, share in itertools.permutations((r"\phi", r"\varphi")):
        assert check(functions.replace("OWN", own).replace("SHARE", share), MEMORISATION, latex=True, budget=0)


def test_a_shape_alone_is_the_letter() -> None:
    variance = r"\varsigma^2\frac{\gamma}{1-\gamma},\ \gamma<1"
    assert check(variance, "ridge/isotropic-ridgeless-variance", latex=True, budget=0)


@pytest.mark.parametrize("range_", ["1<F<y", "y>F>1", r"1\le F\le y"])
def test_an_equation_is_for_the_name_in_the_middle(range_: str) -> None:
    behind = (rf"\quad\text{{where }} {range_} \text{{ solves }} \frac{{1}}{{y^2}}\ln\frac{{F(y-1)}}{{y-F}}"
              r"-\frac{1}{y}\Bigl(\frac1F-1\Bigr)=t")  # fmt: skip
    loss = rf"-2(y-F)F^2\int_1^F\frac{{\ln f}}{{(y-f)f^2}}\,df,{behind}"
    assert check(loss, "factorised/depth-correction", latex=True, budget=0)
    assert check(f"F,{behind}", "factorised/resnet-limit", latex=True, budget=0)
    assert not check(loss[1:], "factorised/depth-correction", latex=True, budget=0)


SIGNS = (r"\Bigl\{\min_{t\ge0}2\int_{-\infty}^{\infty}\mathbb E_\xi\Bigl[\frac{1}{1+e^{-\sqrt\rho\,u-\sqrt\Delta\,\xi}}"
         r"\Bigr]h(tu)\varphi(u)\,du\Bigr\}^{-1},\quad h(a)=(1+a^2)\Phi(-a)-a\,\varphi(a),\quad "
         r"\varphi(u)=\frac{e^{-u^2/2}}{\sqrt{2\pi}},\quad \xi\sim\mathcal N(0,1)")  # fmt: skip


def test_a_normal_mean_in_an_integral_in_a_least_value() -> None:
    claim = "convex-losses/existence-of-logistic-estimates"
    assert check(SIGNS, claim, latex=True, budget=0)
    assert not check(SIGNS.replace(r"\sqrt\Delta", r"\Delta"), claim, latex=True, budget=0)


@pytest.mark.parametrize("width", [0.1, 1.0, 8.0])
def test_means_along_an_array_are_those_one_by_one(width: float) -> None:
    """Probits have a mean in closed form; of logistic functions, which have poles, it is compared with quad."""
    u = np.linspace(-3, 3, 7)
    found = mean_along(lambda z: norm.cdf(u[:, None] + width * z) * norm.pdf(z))
    assert np.abs(found - norm.cdf(u / np.sqrt(1 + width**2))).max() <= 1e-12
    logistic = mean_along(lambda z: expit(u[:, None] + width * z) * norm.pdf(z))
    singly = [quad(lambda z, at=at: expit(at + width * z) * norm.pdf(z), -38, 38, points=[-at / width], epsabs=1e-13,
                   limit=500)[0] for at in u]  # fmt: skip
    assert np.abs(logistic - singly).max() <= 1e-11


def test_means_along_an_array_that_do_not_settle_are_not_known() -> None:
    u = np.ones((3, 1))
    for growing in (lambda z: np.exp(25 * u * z) * norm.pdf(z), lambda z: np.abs(z - u / 3) * norm.pdf(z)):
        with pytest.raises(OutOfTime):
            mean_along(growing)


@pytest.mark.parametrize("inner", [r"|u-\xi|", r"\max(\xi,u)", r"\mathbb E_\zeta[\cos(u\zeta\xi)]"])
def test_means_that_bend_within_an_integral_are_refused(inner: str) -> None:
    with pytest.raises(ValueError, match="an integral within an integral is not evaluated"):
        check(rf"\int_0^1\mathbb E_\xi[{inner}e^{{\xi u}}]\,du", NOISE, latex=True, budget=0)


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        ("kappa = lam + gamma*kappa/(1+kappa) + mystery", "'mystery' is not allowed: the symbol is not known here"),
        ("kappa - lam = gamma*kappa/(1+kappa) + mystery", "'mystery' is not allowed: the symbol is not known here"),
        ("kappa - lam = gamma*kappa/(1+kappa) + mystery**2", "'mystery' is not allowed: the symbol is not known here"),
        ("mystery = lam", "kappa is what the claim is about: write what it is"),
        ("mystery = kappa + lam", "kappa is what the claim is about: write what it is"),
        ("cos(mystery) = lam", "kappa is what the claim is about: write what it is"),
    ],
)
def test_what_is_said_of_nobodys_name_makes_kappa_no_formula_for_itself(beside: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        check(f"kappa where {beside}", "ridge/isotropic-effective-ridge", budget=0)


def test_an_equation_for_a_name_that_the_formula_uses_is_solved_for_it() -> None:
    variance = "sigma**2*sum(s_i**2/(s_i+k)**2, i)/(n - sum(s_i**2/(s_i+k)**2, i))"
    assert check(f"{variance} where n = sum(s_i/(s_i+k), i) + n*lam/k", "ridge/variance", budget=0)


def test_a_slip_beside_a_name_over_what_the_statement_has_it_over_is_named() -> None:
    claim = "feature-learning/initial-kernel-eigenvalues"
    assert check(r"\frac{\lambda_2}{\alpha^2}=\frac{2\varepsilon^2}{d^2}", claim, latex=True, budget=0)
    slip = check(r"\frac{\lambda_2}{\alpha^2}=\frac{\varepsilon^2}{d^2}", claim, latex=True, budget=0)
    assert slip.sentence == "differs by the constant factor 1/2: yours is 1/2 times ours"
    for other in (
        r"\frac{d\lambda_2}{\alpha^2}=\frac{2\varepsilon^2}{d}",
        r"\frac{\lambda_2}{\alpha}=\frac{\varepsilon^2}{d}",
    ):
        with pytest.raises(ValueError, match="left of = stands"):
            check(other, claim, latex=True, budget=0)


def test_a_least_value_of_what_does_not_settle_is_not_decided() -> None:
    """It had been rejected as without a finite value."""
    unsettled = r"\min_{t\ge0}\int_0^{\infty}\frac{\sin(x^3)}{x^{1/9}}(1+t)\,dx"
    assert check(unsettled, "ridge/isotropic-ridgeless-variance", latex=True).outcome.value == "INCONCLUSIVE"
