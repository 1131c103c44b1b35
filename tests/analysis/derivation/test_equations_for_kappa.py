r"""A ridge in terms of the effective one is an equation for that; what the target's coefficients are is a remark."""

from __future__ import annotations

import pytest
from judged import outcome

from solvable.analysis.derivation import diagnosis

ERROR, BIAS, NOISE, ROUND = "ridge/test-error", "ridge/bias", "ridge/variance", "ridge/isotropic-effective-ridge"
RISK = r"\frac{\sigma^2+\kappa^2\sum_i\frac{v_i^2}{(s_i+\kappa)^2}}{1-\frac1n\sum_i(\frac{s_i}{s_i+\kappa})^2}, \qquad "
SLOPE = r"\frac{\partial%s}{\partial\lambda}\sum_i\frac{%s^2v_i^2}{(s_i+%s)^2}, \qquad \lambda = %s(1-\frac1n\sum_i%s)"
SPREAD = r"\sigma^2\Bigl(\frac{\partial\kappa}{\partial\lambda}-1\Bigr), \qquad "
KEPT = r"\frac{s_i}{s_i+%s}"


@pytest.fixture(autouse=True)
def _verdict_alone(monkeypatch):
    """Verdicts are asked for: the search for a slip takes seconds where sums and equations are within."""
    monkeypatch.setattr(diagnosis, "_diagnose", lambda *_: ("", ()))


@pytest.mark.parametrize("name", [r"\kappa", r"\tau"])
def test_a_derivative_follows_the_equation_that_is_stated(name):
    kept = KEPT % name
    assert outcome(SLOPE % (name, name, name, name, kept), BIAS) == "AGREES"
    for wrong in (rf"({kept})^2", kept.replace("{s_i}{", "{2s_i}{", 1)):
        assert outcome(SLOPE % (name, name, name, name, wrong), BIAS) in ("DISAGREES", "refused", "INCONCLUSIVE")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"\lambda = \kappa(1-\frac1n\mathrm{df}_1(\kappa))", r"\lambda = \kappa(1+\frac1n\mathrm{df}_1(\kappa))"),
        (
            r"n = \sum_i\frac{s_i}{s_i+\kappa}+\frac{n\lambda}\kappa",
            r"n = \sum_i\frac{s_i}{s_i+\kappa}+\frac\lambda\kappa",
        ),
        (
            r"\kappa = \lambda+\frac\kappa n\sum_i\frac{s_i}{s_i+\kappa}",
            r"\kappa = \lambda+\frac\kappa d\sum_i\frac{s_i}{s_i+\kappa}",
        ),
    ],
)
def test_a_wrong_equation_beside_a_derivative_counts(right, wrong):
    assert outcome(SPREAD + right, NOISE) == "AGREES"
    assert outcome(SPREAD + wrong, NOISE) in ("DISAGREES", "refused", "INCONCLUSIVE")


def test_a_ridge_in_terms_of_kappa_without_sums_is_an_equation_too():
    assert outcome(r"\kappa, \quad \lambda = \kappa(1-\frac\gamma{1+\kappa})", ROUND) == "AGREES"
    assert outcome(r"\kappa, \quad \lambda = \kappa(1-\frac\gamma{2+\kappa})", ROUND) in (
        "DISAGREES",
        "refused",
        "INCONCLUSIVE",
    )


def test_a_ridge_of_the_authors_in_a_sum_that_is_named_is_not_the_noise():
    formula = r"\sigma^2\frac A{n-A}, \quad A = \sum_i\frac{s_i^2}{(s_i+\tau)^2}, "
    formula += r"\quad \lambda = \tau(1-\frac1%s\sum_i%s)"
    assert outcome(formula % ("n", KEPT % r"\tau"), NOISE) == "AGREES"
    assert outcome(formula % ("d", KEPT % r"\tau"), NOISE) in ("DISAGREES", "refused", "INCONCLUSIVE")


@pytest.mark.parametrize(
    "said",
    [
        r"v_i^2 = s_i\langle u_i,\beta\rangle^2",
        r"v_i^2 := s_i(u_i^\top\beta_\star)^2",
        r"v_i^2 = s_i\beta_i^2",
        r"v_i = \sqrt{s_i}\,\langle\beta, u_i\rangle",
        r"n = \sum_i\frac{s_i}{s_i+\kappa}+\frac{n\lambda}\kappa"
        r"\text{ and }v_i^2 = s_i\langle u_i,\beta\rangle^2, \ \lambda>0",
    ],
)
def test_what_the_coefficients_of_the_target_are_is_a_remark(said):
    assert outcome(RISK + said, ERROR) == "AGREES"


@pytest.mark.parametrize(
    "said", [r"(u_i^\top\beta)^2", r"s_i^2\beta_i^2", r"s_i\langle u_i,\beta\rangle", r"s_i\langle u_j,\beta\rangle^2"]
)
def test_other_coefficients_are_no_remark(said):
    assert outcome(RISK + "v_i^2 = " + said, ERROR) in ("DISAGREES", "refused", "INCONCLUSIVE")
