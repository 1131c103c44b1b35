"""Letters in front of brackets: functions that everybody knows, names that cancel, and mixtures that mean nothing."""

import contextlib
import random

import mpmath as mp
import pytest

from solvable import check
from solvable.analysis.derivation.evaluation import Precise
from solvable.analysis.derivation.latex_tokens import tokens_of
from solvable.analysis.derivation.notation import parse

DISTANCES, ONE, FREEDOM = (
    "attention/inverse-distances-keep-noise",
    "feature-learning/modular-accuracy-one",
    "wide-networks/degrees-of-freedom",
)
OPTIMAL = "ridge/optimal-test-error"
WHERE = r",\qquad\alpha=\frac dp"
RIGHT = {
    r"\frac{\Gamma(2-\alpha)}{\Gamma(1-\alpha)}" + WHERE: DISTANCES,
    r"\frac{\Gamma\bigl(2-\frac dp\bigr)}{\Gamma\left(1-\frac dp\right)}": DISTANCES,
    r"\frac{\Gamma(2-\alpha)^2}{\Gamma(2-\alpha)\Gamma(1-\alpha)}" + WHERE: DISTANCES,
    r"\frac{1}{\Gamma(\alpha)\Gamma(1-\alpha)}\int_0^1 x^{1-\alpha}(1-x)^{\alpha-1}\,dx" + WHERE: DISTANCES,
    r"\tfrac92\Bigl[\Phi^{-1}\bigl(2^{-1/(p-1)}\bigr)\Bigr]^2": ONE,
    r"9\,\Bigl[\operatorname{erf}^{-1}\bigl(2^{1-\frac{1}{p-1}}-1\bigr)\Bigr]^2": ONE,
    r"\frac{2\,\Gamma(a+\frac12)}{\sqrt{2\pi a}\;\Gamma(a)}\int_2^\infty\Bigl(1+\frac{t^2}{2a}\Bigr)^{-a-\frac12}dt":
    FREEDOM,
    r"\frac{\sigma^2}{\lambda\,\tilde m(-\lambda)},\qquad \frac{1}{\tilde m(-\lambda)}=\lambda+\frac1n\operatorname{tr}"
    r"\Bigl[\Sigma\bigl(I+\tilde m(-\lambda)\Sigma\bigr)^{-1}\Bigr]": OPTIMAL,
}  # fmt: skip
# each is our formula, times or plus something in a name that cancels
CANCELLED = (
    r"\frac{\Delta(2-\alpha)}{\Delta(1-\alpha)}" + WHERE,
    r"\frac{f(2-\alpha)}{f(1-\alpha)}" + WHERE,
    r"\frac{\Gamma}{\Gamma}\Bigl(1-\frac dp\Bigr)",
    r"\Bigl(1-\frac dp\Bigr)\frac{\xi}{\xi}",
    r"1-\frac dp+\mu-\mu",
    r"1-\alpha,\quad\alpha=\frac{d\,\omega}{p\,\omega}",
)


@pytest.mark.parametrize("formula", RIGHT)
def test_letters_that_are_functions(formula):
    assert check(formula, against=RIGHT[formula], latex=True, budget=0).sentence == "agrees everywhere tried"


@pytest.mark.parametrize("text", ["Gamma(2 - d/p)/Gamma(1 - d/p)", "Γ(2-α)/Γ(1-α) where α = d/p"])
def test_gamma_in_plain_text(text):
    assert check(text, against=DISTANCES, budget=0)


def test_a_letter_that_the_author_defines_is_no_function():
    assert check(r"1-\Gamma(\alpha+1)+\Gamma" + WHERE + r",\ \Gamma=1", against=DISTANCES, latex=True, budget=0)


@pytest.mark.parametrize("formula", CANCELLED)
def test_a_name_that_nobody_knows_is_refused_where_it_cancels(formula):
    with pytest.raises(ValueError, match="not known here"):
        check(formula, against=DISTANCES, latex=True, budget=0)


VALUES = {
    r"\Phi^{-1}(\tfrac{9}{10})": mp.sqrt(2) * mp.erfinv(mp.mpf("0.8")),
    r"\operatorname{erfc}^{-1}(\tfrac15)": mp.erfinv(mp.mpf("0.8")),
    r"\Phi(1)^2": mp.ncdf(1) ** 2,
    r"\Gamma(\tfrac13)": mp.gamma(mp.mpf(1) / 3),
}


@pytest.mark.parametrize("text", VALUES)
def test_values_are_those_of_mpmath(text):
    assert mp.almosteq(Precise()(parse(text, latex=True), {}), VALUES[text], 1e-14)


def test_mixtures_of_tokens_raise_nothing_but_refusals():
    """Formulas with a token put in, taken out or from another formula, at random (seed 20): read or refused."""
    rng = random.Random(20)
    tokens = {text: [f"{t.text} " if t.text[-1].isalpha() else t.text for t in tokens_of(text)] for text in RIGHT}
    pool = [token for each in tokens.values() for token in each]
    for _ in range(60):
        text = rng.choice(list(RIGHT))
        mixed = list(tokens[text])
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(mixed))
            mixed[place : place + rng.randint(0, 1)] = rng.choice([[], [rng.choice(pool)]])
        with contextlib.suppress(ValueError):
            check("".join(mixed), against=RIGHT[text], latex=True, budget=0)


def test_a_root_that_grows_without_end_as_the_ridge_vanishes_has_a_limit():
    """At ridge 0 and n > d the companion transform is infinite, and the risk is not."""
    text = (
        r"\frac{\sigma^2+\sum_i\frac{v_i^2}{(1+s_iu)^2}}{1-\frac1n\sum_i\frac{s_i^2u^2}{(1+s_iu)^2}},\qquad "
        r"\frac1u=\lambda+\frac1n\sum_i\frac{s_i}{1+s_iu}"
    )
    report = check(text, against="ridge/test-error", latex=True, budget=0)
    assert report
    assert any(row["parameters"]["lam"] == 0 and row["parameters"]["gamma"] < 1 for row in report.rows)


def test_what_takes_too_long_is_a_sentence():
    """Against one's own experiment a formula has no stage of its own that could end undecided."""
    endless = r"\int_0^{\infty}\frac{\sin(x^3)}{x^{1/9}}dx"
    with pytest.raises(ValueError, match="takes too long to evaluate: an integral that does not settle"):
        check(endless, experiment=lambda rng, sigma: rng.standard_normal(), at={"sigma": 1.0}, latex=True)
    assert check(endless, against="ridge/variance", latex=True).outcome.value == "INCONCLUSIVE"


def test_a_strange_name_in_an_equation_for_ours_is_not_what_it_defines():
    """An equation for kappa in itself that holds a name of nobody's: refused, not solved for that name."""
    with pytest.raises(ValueError, match="'mystery' is not allowed: the symbol is not known here"):
        check("kappa where kappa = lam + gamma*kappa/(1+kappa) + mystery", against="ridge/isotropic-effective-ridge")


def test_a_range_beside_a_claim_about_drawn_instances():
    """Which cells lie in the range is asked of drawn instances: a quantity of the claim needs one."""
    assert check("(1/rho - 1)*resolvent, 0 < rho < 1", against="imputation/bias-is-the-ridge-value", budget=0)
