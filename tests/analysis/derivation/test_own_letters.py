"""Letters that an author defines behind a formula: they are the author's, whatever else they mean elsewhere."""

from __future__ import annotations

import pytest

from solvable import check

VARIANCE = "ridge/isotropic-ridgeless-variance"


def outcome(formula: str, claim: str = VARIANCE, **at: str) -> str:
    return check(formula, against=claim, at=at or None, budget=0, latex=True).outcome.value


@pytest.mark.parametrize(
    "letter", [r"\pi", "e", r"\Gamma", r"\zeta", r"\phi", r"\Phi", "E", "I", "O", "N", "Q", r"\mathbb E[x^2]", r"\|w\|"]
)
def test_a_letter_that_is_defined_is_the_authors_and_its_definition_is_not_the_formula(letter: str) -> None:
    right = rf"V = \frac{{{letter}}}{{1-\gamma}},\qquad {letter}=\sigma^2\gamma"
    assert outcome(right) == "AGREES"
    assert outcome(right.replace("1-", "2-")) == "DISAGREES"
    assert outcome(right.replace(r"=\sigma^2\gamma", r"=\frac{\sigma^2\gamma}{1-\gamma}")) == "DISAGREES"


@pytest.mark.parametrize("bars", [r"\|w\|", r"\lVert w\rVert", r"|z|"])
@pytest.mark.parametrize("power", [1, 2, 4])
def test_a_norm_may_be_defined_at_another_power_than_it_is_used_at(bars: str, power: int) -> None:
    right = rf"V = \frac{{{bars}^2}}{{1-\gamma}},\qquad {bars}^{{{power}}}=(\sigma^2\gamma)^{{{power}/2}}"
    assert outcome(right) == "AGREES"
    assert outcome(right.replace(r"(\sigma^2\gamma)", r"(2\sigma^2\gamma)")) == "DISAGREES"


def test_a_norm_of_the_author_is_not_the_claims() -> None:
    claim, at = "sgd-stability/weight-decay-equilibrium", {"quantity": "effective_step_size"}
    right = r"\hat\eta = \frac{\eta}{\|w\|^2},\qquad \|w\|^4 = \frac{\eta g^2}{2\lambda-\eta\lambda^2}"
    assert outcome(right, claim, **at) == "AGREES"
    assert outcome(right.replace("-\\eta\\lambda^2", "+\\eta\\lambda^2"), claim, **at) == "DISAGREES"


def test_pi_that_is_defined_is_a_letter() -> None:
    claim = "neural-collapse/cross-entropy-objective"
    right = r"\mathcal L_\star=-\pi\log\pi-(1-\pi)\log\frac{1-\pi}{K-1},\qquad \pi=1-(K-1)\sqrt{n\lambda_W\lambda_H}"
    assert outcome(right, claim) == "AGREES"
    assert outcome(right.replace("(K-1)\\sqrt", "K\\sqrt"), claim) == "DISAGREES"


def test_an_equation_beside_one_that_is_not_read_is_not_judged_in_its_place() -> None:
    with pytest.raises(ValueError, match="function 'u'"):
        outcome(r"V = \frac{\mathrm{mystery}\,u(x)}{1-\gamma},\qquad u=\sigma^2\gamma")


def test_e_with_a_power_may_be_the_exponential() -> None:
    assert outcome(r"V = \frac{e^2}{1-\gamma},\qquad e=\sqrt{\sigma^2\gamma}") == "AGREES"
    with pytest.raises(ValueError, match="e is defined"):
        outcome(r"V = \frac{e^{\gamma}}{1-\gamma},\qquad e=\sigma^2\gamma")
