"""How a claim writes its quantities is read in its own formula; what could be longer is refused."""

from __future__ import annotations

import pytest
import sympy as sp

from solvable import check, claims
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.verification.catalogue import claim as find
from solvable.analysis.writing.conventions import formula_latex

STATED = [claim.name for claim in claims() if claim.formula is not None]


@pytest.mark.parametrize("name", STATED)
def test_the_formula_that_is_shown_is_read_as_it_was_meant(name):
    claim = find(name)
    yours = read_formula(formula_latex(claim), claim, latex=True)
    assert yours.names == {str(symbol) for symbol in claim.formula.free_symbols}


@pytest.mark.parametrize(
    ("against", "text"),
    [
        ("separable/bayes-error", r"\Phi(-\|\mu\|)"),
        ("imputation/ridge-identity", r"R(\rho\theta)+\rho(1-\rho)\,\theta^\top D\theta"),
        ("in-context/general-risk", r"\operatorname{tr}(\Sigma B)+\sigma^2-n\operatorname{tr}(\Sigma P\Sigma B)"),
        ("neural-collapse/within-class-rates", r"\lambda_H\mathbf{1}_{outside}+\frac{\lambda_H 1_{inside}}{1-a}"),
        ("ridge/variance", r"\sigma^2\left(\frac{d\kappa}{d\lambda}-1\right)"),
        ("ridge/isotropic-effective-ridge", r"\lambda\left(1+\gamma\int\frac{\mu(dx)}{x+\lambda}\right)"),
        ("in-context/mean-variance", r"\sigma^2(1+\tau),\ \text{where } \sigma^2\tau^2+(\sigma^2+d/\gamma-d)\tau=d"),
    ],
)  # fmt: skip
def test_the_notation_of_the_trade_agrees(against, text):
    assert check(text, against=against, latex=True, budget=0)


@pytest.mark.parametrize(
    ("against", "text"),
    [
        ("imputation/averaged-sgd-bound", r"\mathrm{tr}\,\Sigma^2"),
        ("in-context/general-risk", r"\mathrm{tr}\,\Sigma B \Sigma"),
        ("imputation/ridge-identity", r"\theta^{T}D\theta\rho"),
        ("separable/bayes-error", r"\|\mu_1\|^2"),
    ],
)
def test_what_could_be_longer_is_refused(against, text):
    with pytest.raises(ValueError, match="not allowed"):
        check(text, against=against, latex=True, budget=0)


def test_a_number_behind_a_trace_is_a_factor_of_it():
    """Within the trace or behind it, it gives the same."""
    claim = find("in-context/general-risk")
    found = read_formula(r"\mathrm{tr}\,\Sigma B n", claim, latex=True).expression
    assert found == read_formula(r"n\,\mathrm{tr}(\Sigma B)", claim, latex=True).expression


def test_a_branch_that_random_points_rarely_meet_is_looked_at():
    against = "ridge/isotropic-ridgeless-variance"
    for wrong in ("sigma^2*min(gamma, 0.975)/(1-gamma)", "sigma^2*gamma/(1-gamma) + max(0, 0.021-gamma)"):
        assert not check(wrong, against=against, budget=0)
    assert check("sigma^2*min(gamma, 0.99)/(1-gamma)", against=against, budget=0)  # beyond the claim's range


def test_definitions_may_hold_each_other_but_not_in_a_circle():
    against = "neural-collapse/balanced-objective"
    assert check("g - g^2/2 where g = K*h, h = sqrt(n*lW*lH)", against=against, budget=0)
    with pytest.raises(ValueError, match="by each other"):
        check("u where u = 2*w, w = u/2", against=against, budget=0)


@pytest.mark.parametrize(
    ("formula", "latex"),
    [(sp.I, False), (sp.Function("f")(sp.Symbol("gamma")), False), ("limit(sin(1/gamma), gamma, 0)", False),
     (r"\frac" * 500 + "1", True)],
)  # fmt: skip
def test_what_has_no_value_is_one_sentence(formula, latex):
    with pytest.raises(ValueError, match="not allowed"):
        check(formula, against="ridge/isotropic-ridgeless-variance", latex=latex, budget=0)


def test_an_empty_list_of_places_is_refused():
    with pytest.raises(ValueError, match="names no value"):
        check("gamma", against="ridge/isotropic-ridgeless-variance", at={"gamma": []}, budget=0)
