"""What stands left of a formula is compared too: the claim's quantity, its square, its root, a multiple of it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from judged import outcome

from solvable import check
from solvable.analysis.derivation.admission import why_not
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.derivation.members import meant_member
from solvable.analysis.derivation.squares import stated_powers
from solvable.analysis.verification.catalogue import claim, claims
from solvable.analysis.writing.conventions import formula_latex

WITH_FORMULA = [c.name for c in claims() if c.formula is not None and c.formula.free_symbols and not why_not(c)]
EDGE = "wide-networks/edge-of-chaos-of-erf"
HEAD = "neural-collapse/balanced-head-length"
WHERE = r",\ c=K\sqrt{n\lambda_W\lambda_H}"


def holds(text: str, name: str) -> bool | None:
    """Whether an equation gives the claim's value at its cells; None where it is refused."""
    asked = claim(name)
    points = [asked.draw(np.random.default_rng(0), dict(cell)) for cell in asked.grid[:3]]
    try:
        yours = meant_member(read_formula(text, asked, latex=True), asked, points)
    except ValueError:
        return None
    found = [float(yours(known_values(asked, point))) for point in points]
    return found == pytest.approx([float(asked.predict(**point)) for point in points], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", WITH_FORMULA)
def test_the_square_of_a_risk_is_not_the_risk(name):
    """Our own right side behind R^2 never agrees."""
    right = formula_latex(claim(name))
    assert not holds(rf"\mathcal{{R}}^2 = {right}", name)


def test_statements_that_show_their_left_member_are_found():
    """Names and powers as the statements have them."""
    assert stated_powers(claim(EDGE)) == {"sigma_w": 2}
    assert stated_powers(claim("denoising/learned-field-skip")) == {"c": 1}
    assert stated_powers(claim("ridge/isotropic-effective-ridge")) == {"kappa": 1}


@pytest.mark.parametrize("name", WITH_FORMULA)
def test_a_name_that_the_statement_shows_is_read_at_its_power(name):
    """X = r and X² = r are two equations, of which the statement says which holds."""
    right = str(claim(name).formula)
    for (word, power), stated in product(stated_powers(claim(name)).items(), (1, 2)):
        left = word if stated == 1 else f"{word}**2"
        try:
            found = check(f"{left} = ({right})**({stated}/{power})", against=name, budget=0).outcome.value
            wrong = check(f"{left} = ({right})**({3 - stated}/{power})", against=name, budget=0).outcome.value
        except ValueError:  # kappa = kappa says nothing
            assert right == word
            continue
        assert (found, wrong) == ("AGREES", "DISAGREES"), (name, left)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (r"\sigma_w = \frac{\sqrt\pi}{2}(1+4q)^{1/4}", EDGE, "AGREES"),
        (r"\sigma_w = \frac{\pi}{4}\sqrt{1+4q}", EDGE, "DISAGREES"),
        (r"\sigma_w^2 = \frac{\pi}{4}\sqrt{1+4q}", EDGE, "AGREES"),
        (r"\sigma_w^2 = \frac{\sqrt\pi}{2}(1+4q)^{1/4}", EDGE, "DISAGREES"),
        (rf"\|w\|=(1-c)\sqrt{{\frac{{n\lambda_H}}{{\lambda_W}}}}{WHERE}", HEAD, "refused"),
        (rf"\|w\|=\sqrt{{1-c}}\left(\frac{{n\lambda_H}}{{\lambda_W}}\right)^{{1/4}}{WHERE}", HEAD, "AGREES"),
        (rf"\|w\|^2=(1-c)\sqrt{{\frac{{n\lambda_H}}{{\lambda_W}}}}{WHERE}", HEAD, "AGREES"),
        (r"\hat\sigma=\sigma^2+\frac{\lambda}{n+\lambda-1}", "denoising/flow-variance", "refused"),
        (r"\hat\sigma=\sqrt{\sigma^2+\frac{\lambda}{n+\lambda-1}}", "denoising/flow-variance", "AGREES"),
        (r"\kappa^2 = \frac12(\gamma+\lambda-1+\sqrt{(1-\gamma-\lambda)^2+4\lambda})",
         "ridge/isotropic-effective-ridge", "DISAGREES"),
    ],
)  # fmt: skip
def test_squares_and_roots(text, name, expected):
    """The right side is compared at the power that the left member has."""
    assert outcome(text, name) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (r"\lambda = \kappa - \frac{\gamma\kappa}{1+\kappa}", "ridge/isotropic-effective-ridge", "AGREES"),
        (r"\lambda = \kappa - \frac{\gamma\kappa}{2+\kappa}", "ridge/isotropic-effective-ridge", "DISAGREES"),
        (r"\kappa\left(1-\frac{\gamma}{1+\kappa}\right)=\lambda", "ridge/isotropic-effective-ridge", "AGREES"),
        (r"\frac{\mathbb E\|\hat\beta-\beta\|^2}{\sigma^2}=\frac{d}{n/k-d-1}", "regression/bag-loss-risk", "AGREES"),
        (r"\frac{\mathbb E\|\hat\beta-\beta\|^2}{\sigma^2}=\frac{d}{n/k-d}", "regression/bag-loss-risk", "DISAGREES"),
        (r"\frac{\operatorname{Var}(x)}{\sigma^2}=\sigma^2\frac{\gamma}{1-\gamma}",
         "ridge/isotropic-ridgeless-variance", "refused"),
        (r"\mathcal L/d=\frac{n}{n+\lambda}\Bigl(\frac1A+\frac{\beta^2}{\alpha^2B}\Bigr)^{-1},"
         r"\ B=n+\lambda-1,\ A=\lambda+\sigma^2B", "denoising/learned-field-loss", "AGREES"),
        (r"\mathcal L/n=\frac{n}{n+\lambda}\Bigl(\frac1A+\frac{\beta^2}{\alpha^2B}\Bigr)^{-1},"
         r"\ B=n+\lambda-1,\ A=\lambda+\sigma^2B", "denoising/learned-field-loss", "refused"),
        (r"e^{\Delta}=1+\frac{K(1-c)}{c}" + WHERE, "neural-collapse/cross-entropy-gap", "AGREES"),
    ],
)  # fmt: skip
def test_left_members_are_solved_for_the_quantity(text, name, expected):
    """A factor or a function of it on the left is taken to the right, unless the right side alone is ours."""
    assert outcome(text, name) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (r"\min_{t\ge0}\left[\sigma^2+d(1-tn)^2+t^2nd(d+1+\sigma^2)\right]", "in-context/one-step-risk", "AGREES"),
        (r"\min_{t}\left[\sigma^2+d(1-tn)^2+t^2nd(d+\sigma^2)\right]", "in-context/one-step-risk", "DISAGREES"),
        (
            r"\min_{\tau>0:\,\delta(\tau)<n}\frac{\tau\sqrt s\,(1/f-1)}{\sqrt n-\sqrt{\delta(\tau)}},\qquad"
            r"\delta(\tau)=s(1+\tau^2)+2(d-s)\bigl[(1+\tau^2)\Phi(-\tau)-\tau\varphi(\tau)\bigr]",
            "sgd-stability/stable-minima-generalise",
            "AGREES",
        ),
        (r"\sup_{x\in\mathbb R}\left(\lambda x\sqrt v-\tfrac12x^2\right)", "generalisation/log-sobolev-equality",
         "AGREES"),
        (r"-2\ell\inf\{r,1\}", "model-collapse/bias-exponent", "AGREES"),
        (r"\frac12\left(\sqrt{1+\frac3\gamma}\pm\sqrt{1-\frac1\gamma}\right)",
         "diagonal-networks/two-cycle", "AGREES"),
        (r"\frac12\left(\sqrt{1+\frac2\gamma}\pm\sqrt{1-\frac1\gamma}\right)",
         "diagonal-networks/two-cycle", "refused"),
        (r"\frac{\gamma+\lambda-1\pm\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}", "ridge/isotropic-effective-ridge",
         "AGREES"),
        (r"Q(\|\mu\|)", "separable/bayes-error", "AGREES"),
        (r"Q(\|\mu\|^2)", "separable/bayes-error", "DISAGREES"),
        (r"2\,\lambda_{\max}^{-1}(\mathbf H)", "sgd-stability/full-batch", "AGREES"),
        (r"\sigma^2\frac{\texttt{df2}}{n-\texttt{df2}}", "ridge/variance", "AGREES"),
        (r"\frac1m\text{ where $m$ solves }\frac1m=\lambda+\frac{\gamma}{1+m}",
         "ridge/isotropic-effective-ridge", "AGREES"),
    ],
)  # fmt: skip
def test_forms_of_papers(text, name, expected):
    """Least and greatest values over a letter, two signs, tails, words in typewriter."""
    assert outcome(text, name) == expected
