r"""What stands beside a formula and only says what it is of; powers, products and letters as the claim names them."""

from __future__ import annotations

import pytest

from solvable import check

ADAM = (
    r"\frac{\eta d}{\lambda(2-\eta\lambda)}\cdot\frac{1-\beta_1}{1+\beta_1}\cdot"
    r"\frac{1+\beta_1(1-\eta\lambda)}{1-\beta_1(1-\eta\lambda)}"
)
COND = (
    r"\operatorname{cond}=\frac{\max_{0\le\xi\le m/2}(1+\xi^2)^{s}e^{-2b\xi^2}}"
    + r"{\min_{0\le\xi\le m/2}(1+\xi^2)^{s}e^{-2b\xi^2}}"
)
PAIRS = [  # right, wrong
    ("neural-collapse/minimum-norm", r"\frac L2\sum_i\sigma_i(A)^{2/L}", r"\frac L2\sum_i\sigma_i(A)^{1/L}"),
    ("feature-learning/logit-means-of-wrong-answers",
     r"\mathbb E[f_c] = \frac{1}{2-2p},\qquad c\neq a+b \bmod p",
     r"\mathbb E[f_c] = \frac{1}{2-p},\qquad c\neq a+b \bmod p"),
    ("ridge/optimal-ridge", r"n\lambda^\star=\frac{d\sigma^2}{\|\beta\|^2}",
     r"n\lambda^\star=\frac{\sigma^2}{\|\beta\|^2}"),
    ("regression/sobolev-conditioning", COND, COND.replace("-2b", "-b")),
]  # fmt: skip


def outcome(claim: str, formula: str, **at: str) -> str:
    return check(formula, against=claim, at=at or None, budget=0, latex=True).outcome.value


@pytest.mark.parametrize(("claim", "right", "wrong"), PAIRS)
def test_what_only_says_what_it_is_of_is_left_out(claim: str, right: str, wrong: str) -> None:
    assert outcome(claim, right) == "AGREES"
    assert outcome(claim, wrong) == "DISAGREES"


def test_what_holds_modulo_a_number_is_not_left_out_where_the_formula_uses_its_letters() -> None:
    with pytest.raises(ValueError, match="bmod"):
        outcome("ridge/isotropic-ridgeless-variance", r"V=\frac{\sigma^2d}{n-d},\qquad n\neq 1\bmod d")


def test_several_names_are_defined_at_once() -> None:
    formula = r"V^{(\ell)}=(\ell-1)\left(\frac{3A_4}{A_2^2}-1\right),\qquad A_2=A_4=\tfrac12"
    assert outcome("wide-networks/vertex-grows-linearly", formula, activation="relu") == "AGREES"
    wrong = formula.replace(r"\tfrac12", r"\tfrac14")
    assert outcome("wide-networks/vertex-grows-linearly", wrong, activation="relu") == "DISAGREES"


def test_a_function_of_a_letter_in_a_range_may_solve_an_equation() -> None:
    formula = (
        r"x(t)\in(1,y)\quad\text{solving}\quad \frac{1}{y^2}\log\frac{x(y-1)}{y-x}+\frac1y\Bigl(1-\frac1x\Bigr) = t"
    )
    assert outcome("factorised/resnet-limit", formula) == "AGREES"
    assert outcome("factorised/resnet-limit", formula.replace(r"\frac1y", r"\frac2y")) == "DISAGREES"


@pytest.mark.parametrize("claim", ["adamw-equilibrium", "weight-decay-equilibrium"])
def test_a_norm_is_no_square_where_the_quantity_that_is_asked_is_the_norm(claim: str) -> None:
    square = ADAM if claim == "adamw-equilibrium" else r"g\sqrt{\frac{\eta}{2\lambda-\eta\lambda^2}}"
    claim = f"sgd-stability/{claim}"
    for formula in (rf"\|w\|=\sqrt{{{square}}}", rf"\|w\|^2={square}"):
        assert outcome(claim, formula, quantity="norm") == "AGREES"
    assert outcome(claim, rf"\|w\|^4=\Bigl({square}\Bigr)^2", quantity="norm") == "AGREES"
    assert outcome(claim, rf"\|w\|^4={square}", quantity="norm") == "DISAGREES"
    for formula in (rf"\|w\|={square}", rf"\|w\|^2=\sqrt{{{square}}}"):
        assert outcome(claim, formula, quantity="norm") == "DISAGREES"
