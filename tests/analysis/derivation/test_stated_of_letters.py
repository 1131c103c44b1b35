"""What stands behind a formula: powers that are defined, conventions, coins, laws by densities, ranges in words."""

import pytest

from solvable import check
from solvable.analysis.derivation.notation import read

NOISE, PLUG_IN, LOSS = "attention/inverse-distances-keep-noise", "separable/plug-in-error", "generalisation/cumulant"
COINS, SLOPES = "imputation/risk-on-drawn-masks", "diagonal-networks/loss-stabilises"
RISK, FLOW, RIDGELESS = "in-context/bayes-risk", "double-descent/isotropic-flow", "ridge/overparametrised-excess"
_FLOW = r"\sigma^2+\int e^{-2ts}\,d\nu(s)+\gamma\sigma^2\int\frac{(1-e^{-ts})^2}{s}\,d\nu(s)"
_ENDS = r"a=(1-\sqrt\gamma)^2,\ b=(1+\sqrt\gamma)^2"
RIGHT = {
    r"1-\delta,\qquad \delta=d/p\in[0,1)": NOISE,
    r"1-\frac1u,\qquad u^{-1}=d/p,\ u>1": NOISE,
    r"\log r+\lambda m^2r^2,\qquad r^{-2}:=1-2\lambda v": LOSS,
    r"\frac{\lambda m^2}{w^2}-\log w,\qquad w^2=1-2\lambda v": LOSS,
    r"b^2\Bigl(1-\frac nd\Bigr)+\frac{n\,s^2}{d-n-1},\quad b^2=\|\beta\|^2,\ s^2=\sigma^2": RIDGELESS,
    r"\frac{2}{\mathcal V''(1)},\quad\text{with }\mathcal V(x):=\frac{(1-x^2)^2}{4}": SLOPES,
    r"R(\rho\theta)+\operatorname{Var}[M]\,\theta^TD\theta,\quad\text{where } M\sim\text{Bernoulli}(\rho)": COINS,
    r"R(\rho\theta)+\mathbb E[M_1](1-\mathbb E[M_1])\,\theta^TD\theta,\quad M_1\sim\mathrm{Bern}(\rho)": COINS,
    r"\sigma^2(1+\tau),\quad\tau>0:\ \sigma^2\tau^2+(\sigma^2+n-d)\tau=d,\quad n=d/\gamma": RISK,
    r"\frac{\kappa\,\|\beta\|^2}{\gamma},\quad\text{because }\lambda_*=\gamma\sigma^2/\|\beta\|^2":
    "ridge/optimal-test-error",
    r"\left(\frac{(M-1)^{M-1}}{n\,M^{2M}}\right)^{\frac{1}{M+1}},\quad 0^{0}=1": "neural-collapse/minority-collapse",
    rf"{_FLOW},\quad d\nu(s)=\frac{{\sqrt{{(s-a)(b-s)}}}}{{2\pi\gamma s}}\,ds+(1-1/\gamma)_+\delta_0(ds),"
    rf"\ {_ENDS}": FLOW,
    r"\Phi\Bigl(-\frac{m^2}{\sqrt{(1+1/n)(m^2+1/\alpha)}}\Bigr),\quad m=\|\mu\|,\ \alpha=n/d": PLUG_IN,
}  # fmt: skip


@pytest.mark.parametrize("formula", RIGHT)
def test_what_is_stated_of_letters_is_read(formula):
    report = check(formula, against=RIGHT[formula], latex=True, budget=0)
    assert report.sentence == "agrees everywhere tried", str(report)


# one thing changed in each, in what stands behind the formula
WRONG = {
    r"\tfrac12\log s+\lambda m^2s,\qquad s^{-1}=1-\lambda v": LOSS,
    r"\tfrac12\log s+\lambda m^2s,\qquad s^{-2}=1-2\lambda v": LOSS,
    r"b^2\Bigl(1-\frac nd\Bigr)+\frac{n\,s^2}{d-n-1},\quad b^2=\|\beta\|,\ s^2=\sigma^2": RIDGELESS,
    r"\frac{2}{\mathcal V''(1)},\quad\mathcal V(x)=\frac{(1-x^2)^2}{2}": SLOPES,
    r"R(\rho\theta)+\operatorname{Var}(M)\,\theta^TD\theta,\quad M\sim\mathrm{Bernoulli}(\rho/2)": COINS,
    r"\sigma^2(1+\tau),\quad\tau>0:\ \sigma^2\tau^2+(\sigma^2+n-d)\tau=2d,\quad n=d/\gamma": RISK,
    rf"{_FLOW},\quad d\nu(s)=\frac{{\sqrt{{(s-a)(b-s)}}}}{{2\pi\gamma s}}\,ds,\ {_ENDS}": FLOW,
    rf"{_FLOW},\quad d\nu(s)=\frac{{\sqrt{{(s-a)(b-s)}}}}{{2\pi s}}\,ds+(1-1/\gamma)_+\,\delta_0(ds),\ {_ENDS}": FLOW,
    r"\Phi\Bigl(-\frac{m^2}{\sqrt{(1+1/n)(m^2+1/\alpha)}}\Bigr),\quad m=\|\mu\|,\ \alpha=d/n": PLUG_IN,
}  # fmt: skip


@pytest.mark.parametrize("formula", WRONG)
def test_what_is_stated_of_letters_counts(formula):
    assert not check(formula, against=WRONG[formula], latex=True, budget=0)


# what cannot be put where it is used, or says two things
REFUSED = {
    r"\tfrac12\log s+\lambda m^2s,\qquad s^{-1}=1-2\lambda v,\ s^2=1-2\lambda v": LOSS,  # s is defined twice
    r"1-\frac dp,\qquad 0^0=0": NOISE,  # not what powers are
    r"R(\rho\theta)+M\,\theta^TD\theta,\quad M\sim\mathrm{Bernoulli}(\rho)": COINS,  # M itself is no number
    rf"{_FLOW},\quad d\nu(s)=\frac{{1}}{{s}}\,ds": FLOW,  # from where to where is not said
}  # fmt: skip


@pytest.mark.parametrize("formula", REFUSED)
def test_what_is_not_clear_is_refused(formula):
    with pytest.raises(ValueError, match="is not allowed"):
        check(formula, against=REFUSED[formula], latex=True, budget=0)


@pytest.mark.parametrize("words", [", as long as", " provided that", ", provided", " whenever", ", assuming", " for"])
def test_a_range_in_words(words):
    said = read(f"variance left = (p - d)/p{words} p > d")
    assert str(said.condition) == "value(p) > value(d)"
    assert str(said.expression) == "(-d + p)/p"
