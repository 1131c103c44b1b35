"""Chains of bounds and infinite ends, choices in words, derivatives that are named, stars, traces in other letters."""

from __future__ import annotations

import numpy as np
import pytest

from solvable import check
from solvable.analysis.derivation.senses import as_bound
from solvable.analysis.verification.verifier import Outcome

EFFECTIVE = "ridge/isotropic-effective-ridge"
EXCESS = "equivalents/ridge"
VARIANCE = "ridge/variance"
MASKED = "self-supervised/masking-complexity"
SETTLED = "sgd-stability/weight-decay-equilibrium"
RESOLVED = r"\Sigma(\Sigma+\kappa)^{-1}"
RIGHT = [
    # bounds: on both sides, infinite where nothing is bounded, nearly attained
    (EFFECTIVE, r"\lambda\le\kappa\le\lambda+\gamma"),
    (EFFECTIVE, r"\lambda+\gamma\ge\kappa\ge\lambda"),
    (VARIANCE, r"V\le\frac{\sigma^2\mathrm{df}_1}{n-\mathrm{df}_1}"),
    ("sgd-stability/rayleigh-bound", r"\eta^\star\le\frac{2\operatorname{tr}H}{\mathbb E\|\hat H\|^2}"),
    # derivatives that the author names and says
    (EXCESS, r"\frac{\kappa^2 b+\sigma^2\,\mathrm{df}_2/n}{\partial\lambda/\partial\kappa},\qquad "
             r"\frac{\partial\lambda}{\partial\kappa}=1-\frac{\mathrm{df}_2}{n}"),
    (VARIANCE, r"\frac{\mathrm{df}_2}{n}\sigma^2\frac{d\kappa}{d\lambda}\quad\text{with }"
               r"\frac{d\kappa}{d\lambda}=\frac{1}{1-\mathrm{df}_2/n}"),
    # what a claim chooses, in words
    (MASKED, r"\kappa^2=\begin{cases}(2-\alpha)^d & \text{random}\\ 2^{(1-\alpha)d} & \text{if block}\\ "
             r"(\alpha^2-2\alpha+2)^{(1-\alpha)d} & \text{block-flip}\end{cases}"),
    (SETTLED, r"\mathbb 1[\mathrm{norm}]\Bigl(\frac{\eta g^2}{\lambda(2-\eta\lambda)}\Bigr)^{1/4}+"
              r"\mathbb 1[\mathrm{step}]\frac{\sqrt{\eta\lambda(2-\eta\lambda)}}{g}+"
              r"\mathbb 1[\mathrm{angle}]\arccos(1-\eta\lambda)+\mathbb 1[\mathrm{relaxation}][2(1-\eta\lambda)^2-1]"),
    # the star of a best value above or below; a series whose integrals overflow far out
    ("generalisation/inductive-bias-by-rejection",
     r"e^{-\|w^*\|^2/2}\sum_{j=0}^{\infty}\frac{(\|w^*\|^2/2)^j}{j!}\,\frac{1}{\Gamma(\frac{d-n}{2}+j)}"
     r"\int_0^{\varepsilon/2}u^{\frac{d-n}{2}+j-1}e^{-u}\,du"),
    # traces
    (VARIANCE, r"\sigma^2\frac{\mathrm{Trace}(\Sigma^2(\Sigma+\kappa I)^{-2})}"
               r"{n-\mathrm{Trace}(\Sigma^2(\Sigma+\kappa I)^{-2})}"),
    (VARIANCE, rf"\sigma^2\frac{{\langle{RESOLVED},{RESOLVED}\rangle_F}}{{n-\langle{RESOLVED},{RESOLVED}\rangle_F}}"),
    ("imputation/fit-on-imputed-inputs", r"\frac{nU}{n-\mathrm{df}^{(2)}}"),
    # a limit in a letter of the author's leaves the claim's quantities as they are
    ("attention/single-key-kernel",
     r"\frac{\iota}{2\pi}\lim_{\epsilon\downarrow0}\left(\sqrt{1-\rho^2+\epsilon}+(\pi-\arccos\rho)\rho\right)"),
    # a dimension is a whole number at every point
    ("factorised/subspace-of-a-slope",
     r"\frac1n\sum_{i=1}^{n}\frac{\kappa}{s_i+\kappa},\qquad\sum_{i=1}^n\frac{s_i}{s_i+\kappa}=d,\quad s_i=i^{-a}"),
]  # fmt: skip
WRONG = [
    (EFFECTIVE, r"\lambda+\gamma\le\kappa\le\lambda+2\gamma", "left end: not a bound: ours lies below it"),
    (EFFECTIVE, r"\lambda/2\le\kappa\le\lambda", "right end: not a bound: ours lies above it"),
    (VARIANCE, r"V\ge\frac{\sigma^2\mathrm{df}_1}{n-\mathrm{df}_1}", "the bound has no finite value at some points"),
    (EXCESS, r"\frac{\kappa^2 b+\sigma^2\,\mathrm{df}_2/n}{\partial\lambda/\partial\kappa},\qquad "
             r"\frac{\partial\lambda}{\partial\kappa}=1+\frac{\mathrm{df}_2}{n}", "agrees after df2/n -> -df2/n"),
    (MASKED, r"\begin{cases}(2-\alpha)^d & \text{random}\\ 2^{(1-\alpha)d} & \text{block-flip}\\ "
             r"(\alpha^2-2\alpha+2)^{(1-\alpha)d} & \text{block}\end{cases}", "is_block <-> is_block_flip"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "formula"), RIGHT)
def test_right_ones_agree(name: str, formula: str) -> None:
    assert check(formula, against=name, latex=True, budget=0), formula


@pytest.mark.parametrize(("name", "formula", "sentence"), WRONG)
def test_wrong_ones_differ(name: str, formula: str, sentence: str) -> None:
    report = check(formula, against=name, latex=True, budget=0)
    assert report.outcome is Outcome.DISAGREES
    assert sentence in report.sentence


@pytest.mark.parametrize(
    ("name", "formula", "why"),
    [
        (EFFECTIVE, r"\lambda\le\kappa\ge\lambda", "a chain of bounds goes one way"),
        (EFFECTIVE, r"\operatorname{diag}(1,2)", "diag is of a matrix"),
        (VARIANCE, r"\langle\beta,\Sigma\rangle_F", "a form is read in the target's weights"),
        (MASKED, r"\begin{cases}1 & \text{random}\\ 2 & \text{stripes}\end{cases}", "is not a range"),
    ],
)
def test_others_are_refused_in_a_sentence(name: str, formula: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check(formula, against=name, latex=True, budget=0)


def test_chains_in_plain_text() -> None:
    assert check("lam <= kappa <= lam + gamma", against=EFFECTIVE, budget=0)
    assert not check("lam + gamma <= kappa <= lam + 2*gamma", against=EFFECTIVE, budget=0)


def test_a_bound_is_infinite_on_its_own_side_alone() -> None:
    ours = np.array([1.0, 2.0, 3.0])
    for relation, sign in (("<=", 1), (">=", -1)):
        valid = ours + sign * np.array([0.0, np.inf, 1.0])
        assert as_bound(relation, ours, valid)[1] is Outcome.AGREES
        assert as_bound(relation, ours, ours - sign * np.array([0.0, np.inf, 0.0]))[1] is Outcome.DISAGREES
        assert as_bound(relation, ours, valid - sign * np.array([0.5, 0.0, 0.0]))[1] is Outcome.DISAGREES
        assert as_bound(relation, ours, np.full(3, sign * np.inf))[1] is Outcome.DISAGREES
        assert as_bound(relation, ours, np.array([1.0, np.nan, 3.0]))[1] is Outcome.DISAGREES


def test_a_near_bound_says_by_how_many_per_cent() -> None:
    assert as_bound("<=", np.ones(2), np.array([1.0, 1.015]))[0] == "a valid bound, looser by up to 1.5 %"


def test_a_power_of_a_fraction_is_shown_in_brackets() -> None:
    shown = check(r"\Bigl(\frac{\eta g^2}{\lambda(2-\eta\lambda)}\Bigr)^{1/4}", against=SETTLED, latex=True, budget=0)
    assert "(eta*g**2/(lambda*(-eta*lambda + 2)))**(1/4)" in shown.read_as
