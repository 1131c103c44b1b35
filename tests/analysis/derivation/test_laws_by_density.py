"""Laws that an author states by density and atoms, or by name; least values of integrals; normal densities by name."""

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, optimize, stats

from solvable import check
from solvable.analysis.derivation.checking import Outcome
from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.extrema import least_value
from solvable.analysis.derivation.notation import read

RIGHT, WRONG = Outcome.AGREES, Outcome.DISAGREES
FLOW = "double-descent/isotropic-flow"
SIGNS, LOGISTIC = "convex-losses/separability-of-noisy-signs", "convex-losses/existence-of-logistic-estimates"
GUIDED, DENOISED, MEAN = "denoising/guidance-mean", "denoising/contractive-equals-denoising", "denoising/dps-mean"


def outcome(claim, text, at=None):
    return check(text, against=claim, latex=True, budget=0, at=at).outcome


ROOT = r"\frac{\sqrt{(s_+-s)(s-s_-)}}{2\pi\gamma s}"
ENDS = r",\quad s_\pm=(1\pm\sqrt\gamma)^2"


def flow(measure, stated, ends=ENDS):
    front = r"\sigma^2+\int e^{-2ts}\," + measure + r"+\sigma^2\gamma\int\frac{(1-e^{-ts})^2}{s}\," + measure
    return front + r",\qquad " + stated + ends


STATED = [
    (r"dF_\gamma(s)", rf"dF_\gamma(s)={ROOT}\,ds+\bigl(1-\tfrac1\gamma\bigr)%s\delta_0", "_+", ""),
    (r"dG(s)", rf"dG(s)=\max(0,1-%s)\,\delta_0(s)\,ds+{ROOT}\mathbf 1_{{[s_-,s_+]}}(s)\,ds", r"\gamma^{-1}", r"\gamma"),
    (r"\mu(ds)", rf"\mu(ds)=\Bigl(1-\frac1\gamma\Bigr)_+\delta_%s(ds)+{ROOT}\,ds", "0", None),
    (r"\mathrm d\nu(s)", r"\mathrm d\nu(s)=\frac{\mathrm ds}{2\pi\gamma s}\sqrt{(s_+-s)(s-s_-)}"
     r"+%s\Bigl(1-\frac1\gamma\Bigr)^+\delta_0(\mathrm ds)", "", None),
    (r"\rho(s)\,ds", rf"\rho(s)={ROOT}\mathbb 1_{{s_-\le s\le s_+}}%s", r"+(1-1/\gamma)_+\delta(s)", ""),
    (r"dF(s)", rf"F'(s)={ROOT}%s", r"+(1-1/\gamma)_+\delta_0(s)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "stated", "right", "wrong"), STATED)
def test_an_integral_is_over_the_law_that_is_stated(measure, stated, right, wrong):
    assert outcome(FLOW, flow(measure, stated % right)) is RIGHT
    assert wrong is None or outcome(FLOW, flow(measure, stated % wrong)) is WRONG


@pytest.mark.parametrize(
    ("measure", "stated"),
    [
        (r"dF(s)", r"F \text{ the Marchenko--Pastur law of } X^\top X/n"),
        (r"d\mu_{\rm MP}(s)", r"\mu_{\rm MP}\text{ is the Marchenko-Pastur distribution with parameter }\gamma"),
        (r"dF_\gamma^{\mathrm{MP}}(s)", r"\gamma=d/n"),
        (r"dG(s)", r"G=\mathrm{MP}(\gamma)"),
    ],
)
def test_a_law_by_name(measure, stated):
    assert outcome(FLOW, flow(measure, stated, "")) is RIGHT


@pytest.mark.parametrize(
    "stated", [r"F=\mathrm{MP}(1/\gamma)", r"F \text{ the Marchenko--Pastur law of } XX^\top/n",
               r"dF(s)=\frac{1}{2\pi\gamma s}\,ds", r"dF(s)=f\,ds-\delta_0"]
)  # fmt: skip
def test_another_law_by_name_and_a_density_without_ends_are_refused(stated):
    with pytest.raises(ValueError, match=r"law|nought"):
        outcome(FLOW, flow("dF(s)", stated, ""))


SQUARE = r"\min_{t\in\mathbb R}\mathbb E\bigl[(Z-tV)_+^2\bigr]"
DENSITIES = [
    (SIGNS, r"Z\sim\mathcal N(0,1)\perp V,\quad p_V(v)=%s\varphi(v)\,\Phi\bigl(v\sqrt{\rho/\Delta}\bigr)", "2", ""),
    (SIGNS, r"V\sim 2\phi(v)\,\Phi\bigl(v\sqrt{%s}\bigr),\quad Z\sim\mathcal N(0,1)", r"\rho/\Delta", r"\Delta/\rho"),
    (SIGNS, r"V\text{ has density }2\varphi(v)\Phi(v\sqrt{\rho/\Delta}),\ Z\sim\mathcal N(0,%s)", "1", ""),
    (LOGISTIC, r"V\sim 2\phi(v)\,\mathbb E_\xi\bigl[\sigma(\sqrt\rho\,v+\sqrt\Delta\,\xi)\bigr],"
     r"\quad \sigma(x)=\frac{1}{1+e^{-%sx}}", "", "2"),
    (LOGISTIC, r"V\sim 2\varphi(v)\,\mathbb E_\xi\,\frac{1}{1+e^{-%s\sqrt\rho\,v-\sqrt\Delta\,\xi}},"
     r"\ Z,\xi\sim\mathcal N(0,1)", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "stated", "right", "wrong"), DENSITIES)
def test_a_variable_has_the_density_that_is_stated(claim, stated, right, wrong):
    front = rf"\alpha_c=\frac{{1}}{{{SQUARE}}},\qquad "
    assert outcome(claim, front + stated % right) is RIGHT
    assert not wrong or outcome(claim, front + stated % wrong) is WRONG


def test_a_least_value_of_an_integral_is_that_of_quadpack_and_brent():
    reading = read(
        r"\min_{t\in\mathbb R}\int 2\varphi(v)\Phi(3v)\bigl[(1+t^2v^2)\Phi(tv)+tv\,\varphi(tv)\bigr]dv", True
    )

    def mean(t):
        density, at = lambda v: 2 * stats.norm.pdf(v) * stats.norm.cdf(3 * v), stats.norm
        body = lambda v: density(v) * ((1 + (t * v) ** 2) * at.cdf(t * v) + t * v * at.pdf(t * v))  # noqa: E731
        return integrate.quad(body, -12, 12, epsabs=1e-13, epsrel=1e-13, limit=200)[0]

    node = next(part for part in sp.preorder_traversal(reading.expression) if part.func.__name__ == "least_value")
    found = least_value(Doubles(), node, {})
    assert np.isclose(found, optimize.minimize_scalar(mean, bounds=(-9, 0), options={"xatol": 1e-9}).fun, rtol=1e-11)


OTHERS = [
    (GUIDED, r"\frac\gamma2\,v^{\frac{1-\gamma}{2}}\int_0^\infty(1+\nu)^{-1-\gamma/2}\,(v+\nu)^{(\gamma%s)/2}\,d\nu",
     "-1", "-2", {"sampler": "ode"}),
    (DENOISED, r"x+\tau^2\frac{\partial}{\partial x}\log\mathcal N(x;0,%s)", r"v+\tau^2", "v", None),
    (DENOISED, r"x+\tau^2\,\partial_x\log p(x),\qquad p(x)=\mathcal N(x\mid 0,%s)", r"v+\tau^2", r"v+\tau", None),
    (DENOISED, r"x+\tau^2\frac{\nabla_x N(x;0,%s)}{N(x;0,v+\tau^2)}", r"v+\tau^2", r"v", None),
    (MEAN, r"-\operatorname{expm1}(%s\zeta s/s_n)", "-", "", None),
    (MEAN, r"1-e^{-\operatorname{log1p}(e^{%s\zeta s/s_n}-1)}", "", "2", None),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "text", "right", "wrong", "at"), OTHERS)
def test_other_integrals_and_densities(claim, text, right, wrong, at):
    assert outcome(claim, text % right, at) is RIGHT
    assert outcome(claim, text % wrong, at) is WRONG


def test_degrees_of_freedom_are_no_measure():
    stated = r"\quad \mathrm{df}_2(\kappa)=\sum_i\frac{%s}{(s_i+\kappa)^2}"
    whole = r"\frac{\kappa^2b+\sigma^2}{1-\mathrm{df}_2(\kappa)/n}-\sigma^2, " + stated
    assert check(whole % "s_i^2", "equivalents/spike", latex=True, budget=0)
    assert not check(whole % "s_i", "equivalents/spike", latex=True, budget=0)
