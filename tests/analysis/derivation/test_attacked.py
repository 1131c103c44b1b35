"""What stands beside a formula counts: an agreement that it contradicts is refused, and so is what is cut."""

import pytest

from solvable import check

VARIANCE, EXCESS = r"\sigma^2\frac{\mathrm{df}_2(\kappa)}{n-\mathrm{df}_2(\kappa)}", r"\frac{p\sigma^2}{n-p-1}"
RIDGE, LEAST = "ridge/variance", "ridge/least-squares-excess"
BAYES = r"\Phi\Bigl(-\|\mu\|^2\sqrt{\frac{\alpha}{1+\alpha\|\mu\|^2}}\Bigr)"


def outcome(formula, claim):
    return check(formula, against=claim, latex=True, budget=0).outcome.value


def said(formula, claim):
    """Return the outcome, or that it is refused."""
    try:
        return outcome(formula, claim)
    except ValueError:
        return "refused"


@pytest.mark.parametrize("formula", [
    r"R=" + EXCESS + r",\quad \varepsilon\sim\mathcal N(0,\sigma^2)",
    r"R=" + EXCESS + r",\quad \varepsilon_i\sim\mathcal{N}(0,\sigma^2)",
    r"R=" + EXCESS + r",\quad \operatorname{Var}(\varepsilon)=\sigma^2",
    rf"The excess risk is ${EXCESS}$.",
    rf"The expected excess risk with $n$ samples is ${EXCESS}$.",
])  # fmt: skip
def test_what_says_the_same_is_taken(formula):
    assert outcome(formula, LEAST) == "AGREES"


@pytest.mark.parametrize("formula", [
    r"R=" + EXCESS + r",\quad \varepsilon\sim\mathcal N(0,2\sigma^2)",
    r"R=" + EXCESS + r",\quad \varepsilon\sim\mathcal N(0,\sigma)",
    r"R=" + EXCESS + r",\quad \operatorname{Var}(\varepsilon)=\sigma",
    r"R=" + EXCESS + r",\quad \operatorname{Var}(\varepsilon)=2\sigma^2",
    r"R=" + EXCESS + r",\quad \mathbb E\varepsilon^2=\sigma",
    rf"The risk with $n+1$ samples is ${EXCESS}$.",
    rf"The risk on $2n$ samples is ${EXCESS}$.",
    rf"With $n$ replaced by $2n$ we have $R={EXCESS}$.",
    rf"If the noise doubles, the risk becomes ${EXCESS}$.",
    rf"The training error is ${EXCESS}$.",
])  # fmt: skip
def test_what_contradicts_the_claim_is_refused(formula):
    with pytest.raises(ValueError, match="is not allowed"):
        outcome(formula, LEAST)


@pytest.mark.parametrize(("formula", "claim"), [
    (r"The bias is $\sigma^2\frac{\mathrm{df}_2}{n-\mathrm{df}_2}$.", RIDGE),
    (r"The variance is $\sigma^2\frac{u}{1-u}$, where $u=\mathrm{df}_2/n$ is at $\lambda$ instead of $\kappa$.", RIDGE),
    (r"The generated standard deviation is $\sigma^2+\frac{\lambda}{n+\lambda-1}$.", "denoising/flow-variance"),
    (rf"The accuracy of the Bayes rule is ${BAYES}$ with $\alpha=n/d$.", "convex-losses/mixture-bayes"),
    (r"\mathbb E[x_0|y]=1-e^{-\zeta s/s_n},\quad y=2", "denoising/dps-mean"),
    (r"\kappa=\lambda+\frac{\gamma\kappa}{1+\kappa},\ \kappa\text{ the negative solution}",
     "ridge/isotropic-effective-ridge"),
])  # fmt: skip
def test_another_quantity_in_words_is_refused(formula, claim):
    with pytest.raises(ValueError, match="is not allowed"):
        outcome(formula, claim)


def test_a_wrong_equation_for_the_effective_ridge_counts():
    equation = r",\qquad \lambda = \kappa\Bigl(1-\frac{1}{%s}\operatorname{tr}\Sigma(\Sigma+\kappa I)^{-1}\Bigr)"
    assert outcome(VARIANCE + equation % "n", RIDGE) == "AGREES"
    assert said(VARIANCE + equation % "d", RIDGE) in ("DISAGREES", "refused")  # it may have no solution


def test_a_derivative_beside_a_wrong_equation_is_refused():
    slope = r"\sigma^2\bigl(\kappa'(\lambda)-1\bigr),\qquad \kappa=\lambda+\frac{\kappa}{n}\mathrm{df}_%s"
    assert outcome(slope % 1, RIDGE) == "AGREES"
    assert said(slope % 2, RIDGE) in ("DISAGREES", "refused")


@pytest.mark.parametrize(("formula", "claim"), [
    (r"s^{1-\gamma},\qquad s=v,\ s_c=1\sim\mathcal N(0", "denoising/guidance-variance"),
    (r"\frac{1}{\mathbb E[\tanh^2 Z]},\qquad Z\sim1)", "embeddings/index-space-variance"),
    (r"H)=\frac1n\sum_{i=1}^n\|g_i\|^2", "sgd-stability/trace-bound"),
    (r"^2}{1-2\lambda v}, \qquad r\sim\mathcal N(m,v) ,", "generalisation/cumulant"),
    (r"z\sim\mathcal N(0", "denoising/flow-variance"),
])  # fmt: skip
def test_what_is_cut_is_refused_in_a_sentence(formula, claim):
    with pytest.raises(ValueError, match=r"formula = .* is not allowed"):
        outcome(formula, claim)


def test_an_equation_with_a_pole_is_no_raw_error():
    formula = (r"E=\frac{\partial\sigma}{\partial\lambda}\bigl(\sigma^2+U\bigr),\qquad \frac{\partial\kappa}{\partial"
               r"\lambda}=\Bigl(1-\frac{\mathrm{df}_2}{n}\Bigr)^{-1},\quad U=\mathrm{unlearned}")  # fmt: skip
    assert said(formula, "ridge/test-error") in ("DISAGREES", "refused")
