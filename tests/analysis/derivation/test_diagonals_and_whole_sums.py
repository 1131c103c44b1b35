r"""The diagonal of the covariance, sums to the number of modes, remarks: what stands behind a formula, and its twins."""

from __future__ import annotations

import pytest

from solvable import check

IDENTITY, LARGEST, RIDGE = (
    "imputation/ridge-identity",
    "imputation/largest-variance-bound",
    "imputation/bias-is-the-ridge-value",
)
GAP = r"R(\rho\theta)+\rho(1-\rho)%s"
BOUND = r"%s\beta^\top(\Sigma+%s I)^{-1}\Sigma\beta, \qquad %s = \frac{1-\rho}\rho%s"


def outcome(formula: str, claim: str) -> str:
    """Verdict, or that it is refused in a sentence."""
    try:
        return check(formula, claim, latex=True, budget=0).outcome.value
    except ValueError:
        return "refused"


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
