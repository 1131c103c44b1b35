r"""The diagonal of the covariance, sums to the number of modes, what stands behind a formula; its twins."""

from __future__ import annotations

import pytest
from judged import outcome

from solvable import check

IDENTITY, LARGEST, RIDGE = (
    "imputation/ridge-identity",
    "imputation/largest-variance-bound",
    "imputation/bias-is-the-ridge-value",
)
GAP = r"R(\rho\theta)+\rho(1-\rho)%s"
BOUND = r"%s\beta^\top(\Sigma+%s I)^{-1}\Sigma\beta, \qquad %s = \frac{1-\rho}\rho%s"


@pytest.mark.parametrize(
    "form",
    [
        r"\,\theta^\top\operatorname{diag}(\Sigma)\,\theta",
        r"\,\theta^{\top}\mathrm{diag}(\Sigma)\theta",
        r"\langle\theta,\operatorname{diag}(\Sigma)\theta\rangle",
        r"\|\theta\|^2_{\operatorname{diag}(\Sigma)}",
        r"\|\operatorname{diag}(\Sigma)^{1/2}\theta\|_2^2",
        r"\|D^{1/2}\theta\|^2, \quad D = \mathrm{diag}\,\Sigma",
        r"\theta^\top D\theta, \qquad D := \operatorname{diag}(\Sigma)",
    ],
)
def test_the_diagonal_of_the_covariance_is_the_claims(form):
    assert outcome(GAP % form, IDENTITY) == "AGREES"


@pytest.mark.parametrize(
    "form",
    [
        r"\theta^\top\Sigma\theta",
        r"\|\theta\|_{\operatorname{diag}(\Sigma)}",
        r"\theta^\top\operatorname{diag}(\Sigma^2)\theta",
        r"\theta^\top\operatorname{diag}(\Sigma)^2\theta",
        r"\theta^\top D\theta, \quad D = \operatorname{diag}(\Sigma^{-1})",
        r"\theta^\top D\theta, \quad D = 2\operatorname{diag}(\Sigma)",
        r"\theta^\top D\theta, \quad D = I",
    ],
)
def test_another_matrix_is_not_its_diagonal(form):
    assert outcome(GAP % form, IDENTITY) in ("refused", "DISAGREES")


@pytest.mark.parametrize("name", [r"\lambda'", r"\lambda^\prime", r"\tilde\lambda", r"\lambda_1", r"\lambda_{\max}"])
def test_a_ridge_with_a_mark_is_put_within_a_form(name):
    for entry in (r"\max_jD_{jj}", r"\max_k\Sigma_{kk}"):
        assert outcome(BOUND % (name, name, name, entry), LARGEST) == "AGREES"
    for twin in (r"\min_jD_{jj}", r"\max_j\Sigma_{jj}^2", r"\max_k\Sigma_{kl}"):
        assert outcome(BOUND % (name, name, name, twin), LARGEST) in ("refused", "DISAGREES")
    assert outcome(BOUND % (r"\lambda", name, name, r"\max_jD_{jj}"), LARGEST) in ("refused", "DISAGREES")
    assert outcome(BOUND % (name, r"\lambda", name, r"\max_jD_{jj}"), LARGEST) in ("refused", "DISAGREES")


def test_the_ridge_of_a_claim_holds_the_diagonal_too():
    form = r"\lambda\beta^\top\Sigma(\Sigma+\lambda\operatorname{diag}(\Sigma))^{-1}%s\beta"
    assert outcome(form % r"\operatorname{diag}(\Sigma)", RIDGE) == "AGREES"
    assert outcome(form % r"\Sigma", RIDGE) in ("refused", "DISAGREES")


SLOPE, NOISE = "factorised/subspace-of-a-slope", "ridge/variance"
LEFT = r"\frac1n\sum%s\frac\kappa{s_i+\kappa}, \qquad\text{where }\kappa\text{ solves }\sum%s\frac{s_i}{s_i+\kappa}=%s"
SHARE = r"\sigma^2\frac{\sum%s(\frac{s_i}{s_i+\kappa})^2}{n-\sum%s(\frac{s_i}{s_i+\kappa})^2}"


@pytest.mark.parametrize("ends", ["_i", "_{i=1}^n", r"_{i\le n}", r"_{1\le i\le n}"])
def test_a_sum_to_the_number_of_modes_is_one_over_all(ends):
    assert outcome(LEFT % (ends, ends, "d"), SLOPE) == "AGREES"
    assert outcome(LEFT % (ends, ends, "n"), SLOPE) in ("refused", "DISAGREES")


@pytest.mark.parametrize("ends", ["_i", "_{i=1}^d", r"_{i\le d}", "_{i=1}^p"])
def test_the_number_of_modes_may_be_the_dimension(ends):
    assert outcome(SHARE % (ends, ends), NOISE) == "AGREES"


@pytest.mark.parametrize("ends", ["_{i=1}^d", "_{i=1}^{n-1}", "_{i=2}^n", "_{i=1}^K", "_{i=0}^n"])
def test_a_sum_that_ends_elsewhere_is_refused(ends):
    assert outcome(LEFT % (ends, "_i", "d"), SLOPE) == "refused"
    assert outcome(LEFT % ("_i", ends, "d"), SLOPE) == "refused"


def test_where_samples_are_as_many_as_modes_by_chance_a_sum_over_them_is_refused():
    assert outcome(SHARE % ("_{i=1}^n", "_i"), NOISE) == "refused"
    with pytest.raises(ValueError, match="ends at n is not one over all"):
        check(r"\sigma^2\sum_{i=1}^n\frac{s_i}{s_i+\kappa}", "model-collapse/ridge-generators", latex=True, budget=0)


def test_an_equation_with_a_sum_where_there_are_no_modes_is_refused_in_a_sentence():
    formula = r"\tau, \qquad\text{where }\tau\text{ solves }\sum_i\frac{s_i}{s_i+\tau}=d"
    with pytest.raises(ValueError, match="no spectrum to sum over"):
        check(formula, "factorised/subspace-loss-spread", latex=True, budget=0)
