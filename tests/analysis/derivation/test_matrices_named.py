r"""Matrices, vectors, traces and eigenvalues that an author names; forms of a claim in other spellings; their twins."""

from __future__ import annotations

import pytest
from judged import outcome

from solvable import check
from solvable.analysis.derivation.matrix_forms import equal_forms

ERROR, NOISE, TRACE, TWO = "ridge/test-error", "ridge/variance", "equivalents/marchenko-pastur", "ridge/two-ridge-trace"
BIAS, LARGEST, PROMPTS = (
    "imputation/bias-is-the-ridge-value",
    "imputation/largest-variance-bound",
    "in-context/trained-risk",
)
FACTORS, GRADIENTS = "self-supervised/supervised-risk", "sgd-stability/largest-gradient-bound"
FLOW = "feature-learning/linear-train"
RISK = r"\frac{\sigma^2+%s}{1-\frac1n\operatorname{tr}\Sigma^2(\Sigma+\kappa I)^{-2}}"
SHARE = r"\sigma^2\frac{%s}{n-%s}, \quad G := \Sigma(\Sigma+\kappa I)^{-1}"
BAR = r", \qquad \bar\beta := \kappa(\Sigma+\kappa I)^{-1}\beta"
FORM = r"\beta^\top D(\Sigma+%s D)^{-1}\Sigma\beta"
PAIR = r"\operatorname{tr}G_aG_b"
TWICE = rf"\frac{{\kappa_a\kappa_b}}{{\lambda_a\lambda_b}}\,\frac{{\frac1d{PAIR}}}{{1-\frac1%s{PAIR}}}"
GAINS = r", \quad G_a := \Sigma(\Sigma+\kappa_aI)^{-1},\ G_b := \Sigma(\Sigma+\kappa_bI)^{-1}"
PROMPT = r"\sigma^2+%s+\frac1M%s"
SCATTER = r"\operatorname{tr}[\Gamma^{-1}\Lambda\Gamma^{-1}\Sigma_t]"


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        (RISK % r"\bar\beta^\top\Sigma\bar\beta" + BAR, ERROR),
        (RISK % r"\langle\bar\beta,\Sigma\bar\beta\rangle" + BAR, ERROR),
        (RISK % r"\|\bar\beta\|_\Sigma^2" + BAR + r", \ \|v\|_\Sigma^2 = v^\top\Sigma v", ERROR),
        (RISK % r"\|\Sigma^{1/2}\bar\beta\|^2" + BAR, ERROR),
        (RISK % r"\beta^\top(I-G)\Sigma(I-G)\beta" + r", \ G := \Sigma(\Sigma+\kappa\mathbf I)^{-1}", ERROR),
        (RISK % r"\kappa^2\theta^{*\top}\Sigma(\Sigma+\kappa\mathrm{Id})^{-2}\theta^*", ERROR),
        (RISK % r"\kappa^2\beta^\top R(\kappa)\Sigma R(\kappa)\beta" + r", \ R(z) = (\Sigma+z\mathbb I)^{-1}", ERROR),
        (SHARE % (r"\operatorname{tr}G^2", r"\operatorname{tr}G^2"), NOISE),
        (SHARE % (r"\operatorname{Tr}[G^\top G]", r"\operatorname{Tr}[GG^\top]"), NOISE),
        (SHARE % (r"\|G\|_F^2", r"\|G\|_F^2"), NOISE),
        (SHARE.replace(":=", "=R") .replace(r"R \Sigma(\Sigma+\kappa I)^{-1}", r"R\Sigma, \ R = (\Sigma+\kappa I)^{-1}")
         % (r"\operatorname{tr}G^2", r"\operatorname{tr}G^2"), NOISE),
        (TWICE % "n" + GAINS, TWO),
        (r"\frac1d\operatorname{tr}\Sigma\bar Q, \quad \bar Q := \frac\kappa\lambda(\Sigma+\kappa I)^{-1}", TRACE),
        (r"\frac\kappa\lambda\mathrm{tr}_d[\Sigma(\Sigma+\kappa)^{-1}], \ \mathrm{tr}_d = \frac1d\mathrm{tr}", TRACE),
        (r"\frac\kappa\lambda\langle\Sigma(\Sigma+\kappa)^{-1}\rangle, \ \langle A\rangle = \frac1d\tr A", TRACE),
        (r"\frac\kappa\lambda\int\frac s{s+\kappa}dF(s), \quad F \text{ the spectral law of } \Sigma", TRACE),
        (r"\frac\kappa\lambda\int\frac s{s+\kappa}dH(s), \quad H = \frac1d\sum_{i=1}^d\delta_{s_i}", TRACE),
        (r"\frac\kappa{d\lambda}\sum_i\frac{\tau_i}{\tau_i+\kappa}, \ \tau_1,\dots,\tau_d \text{ the eigenvalues of }"
         r" \Sigma", TRACE),
        (r"\frac\kappa{d\lambda}\sum_i\frac{\sigma_i^2}{\sigma_i^2+\kappa}, \ \sigma_i^2 \text{ the eigenvalues of }"
         r" \Sigma", TRACE),
        (r"\frac\kappa{d\lambda}\sum_i\frac{\mu_i}{\mu_i+\kappa}, \text{ where } \mu_1\ge\dots\ge\mu_d"
         r" \text{ are the eigenvalues of } \Sigma", TRACE),
    ],
)  # fmt: skip
def test_what_an_author_names_is_put_where_it_stands(formula, claim):
    assert outcome(formula, claim) == "AGREES"


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        (RISK % r"\bar\beta^\top\bar\beta" + BAR, ERROR),
        (RISK % r"\langle\bar\beta,\bar\beta\rangle" + BAR, ERROR),
        (RISK % r"\|\Sigma\bar\beta\|^2" + BAR, ERROR),
        (RISK % r"\beta^\top(I-G)\Sigma\beta" + r", \ G := \Sigma(\Sigma+\kappa\mathbf I)^{-1}", ERROR),
        (RISK % r"\kappa^2\beta^\top R(\lambda)\Sigma R(\kappa)\beta" + r", \ R(z) = (\Sigma+z\mathbb I)^{-1}", ERROR),
        (SHARE % (r"\operatorname{tr}G", r"\operatorname{tr}G^2"), NOISE),
        (SHARE % (r"(\operatorname{tr}G)^2", r"(\operatorname{tr}G)^2"), NOISE),
        (SHARE % (r"\|G\|_F", r"\|G\|_F"), NOISE),
        (TWICE % "d" + GAINS, TWO),
        (r"\frac1d\operatorname{tr}\bar Q, \quad \bar Q := \frac\kappa\lambda(\Sigma+\kappa I)^{-1}", TRACE),
        (r"\frac\kappa\lambda\mathrm{tr}_d[\Sigma(\Sigma+\kappa)^{-1}], \ \mathrm{tr}_d = \frac1n\mathrm{tr}", TRACE),
        (r"\frac\kappa\lambda\langle\Sigma(\Sigma+\kappa)^{-1}\rangle, \ \langle A\rangle := \mathrm{tr}A", TRACE),
        (r"\frac\kappa{\lambda d}\int\frac s{s+\kappa}dF(s), \quad F \text{ the spectral law of } \Sigma", TRACE),
        (r"\frac\kappa{d\lambda}\sum_i\frac{\sigma_i}{\sigma_i+\kappa}, \ \sigma_i^2 \text{ the eigenvalues of }"
         r" \Sigma", TRACE),
    ],
)  # fmt: skip
def test_a_slip_in_it_differs(formula, claim):
    assert outcome(formula, claim) == "DISAGREES"


def test_a_matrix_of_an_argument_that_its_definition_does_not_name_is_refused():
    formula = SHARE % (r"\operatorname{tr}(\Sigma R(\kappa))^2", r"\operatorname{tr}[\Sigma R(\kappa)\Sigma R(\kappa)]")
    assert outcome(formula + r", \ R := (\Sigma+\kappa I)^{-1}", NOISE) == "refused"


@pytest.mark.parametrize("c", [r"\frac{1-\rho}\rho", r"\rho^{-1}-1", r"(1-\rho)/\rho", r"\tfrac1\rho-1"])
def test_a_scalar_of_a_form_is_known_by_its_definition(c):
    assert outcome("c" + FORM % "c" + r", \quad c := " + c, BIAS) == "AGREES"
    assert (
        outcome(r"\lambda" + FORM % r"\lambda" + r", \quad D = \operatorname{diag}(\Sigma), \lambda = " + c, BIAS)
        == "AGREES"
    )


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        ("c" + FORM % "c" + r", \quad c := 1-\rho", BIAS),
        (r"\frac{1-\rho}\rho" + FORM % "c" + r", \quad c := \rho", BIAS),
        (r"\frac{1-\rho}\rho" + FORM % r"\lambda" + r", \quad \lambda := \rho", BIAS),
        (r"\lambda" + FORM % r"2\lambda", BIAS),
        (r"\lambda" + FORM % r"\lambda" + r", \quad D = I", BIAS),
        (r"\lambda\beta^\top\Sigma(\Sigma+\lambda D)^{-1}\Sigma\beta", BIAS),
        (r"\lambda v\beta^\top(\Sigma+\lambda vI)^{-1}\Sigma\beta, \quad v := \min_jD_{jj}", LARGEST),
        (r"\lambda v\beta^\top(\Sigma+\lambda vI)^{-1}\Sigma\beta, \quad v := 2\max D", LARGEST),
        (r"\lambda v\beta^\top(\Sigma+vI)^{-1}\Sigma\beta, \quad v := \max D", LARGEST),
        (PROMPT % (r"\|\Lambda b\|^2", SCATTER), PROMPTS),
        (PROMPT % (r"\|b\|^2", SCATTER), PROMPTS),
        (PROMPT % (r"b^\top\Lambda b", r"\operatorname{tr}[\Gamma^{-1}\Gamma^{-1}\Lambda\Sigma_t]"), PROMPTS),
    ],
)
def test_another_form_is_not_taken_for_the_claims(formula, claim):
    assert outcome(formula, claim) in ("refused", "DISAGREES")


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        (r"\lambda\beta^\top\Sigma(\Sigma+\lambda D)^{-1}D\beta", BIAS),
        (r"\lambda\langle\beta, D(\Sigma+\lambda D)^{-1}\Sigma\beta\rangle", BIAS),
        (r"\lambda v\beta^\top(\Sigma+\lambda vI)^{-1}\Sigma\beta, \quad v := \max_jD_{jj}", LARGEST),
        (r"\mu\beta^\top\Sigma(\Sigma+\mu I_d)^{-1}\beta, \quad \mu := \lambda\max_i\Sigma_{ii}", LARGEST),
        (PROMPT % (r"\|b\|_\Lambda^2", SCATTER), PROMPTS),
        (
            PROMPT % (r"\langle b,\Lambda b\rangle", r"\operatorname{tr}(\Lambda\Gamma^{-1}\Sigma_t\Gamma^{-1})"),
            PROMPTS,
        ),
        (PROMPT % (r"\|\Lambda^{1/2}b\|^2", r"\operatorname{Tr}(\Sigma_t\Gamma^{-1}\Lambda\Gamma^{-1})"), PROMPTS),
        (r"\frac2{\sup_i\|g_i\|^2}", GRADIENTS),
        (r"\frac2{\max_ig_i^\top g_i}", GRADIENTS),
        (r"\Bigl(\sigma^2+\sum_{j\le r}\frac1{20+j}\Bigr)\frac d{N-d-1}", FACTORS),
    ],
)
def test_forms_of_the_claims_are_read_in_every_spelling(formula, claim):
    assert outcome(formula, claim) == "AGREES"


def test_equal_forms_of_traces_and_norms():
    assert ("t", "r", "(", "B", "C", "A", ")") in equal_forms(("t", "r", "A", "B", "C"))
    assert ("t", "r", "C", "B", "A") in equal_forms(("t", "r", "A", "B", "C"))
    assert all(
        sorted(form[2:]) == sorted("ABCD")
        for form in equal_forms(("t", "r", *"ABCD"))
        if "(" not in form and "[" not in form
    )
    assert equal_forms((r"\|", "H", r"\|", "_", "F", "^", "2")) == []
    assert equal_forms((r"\|", "x", r"\|", "_", r"\infty", "^", "2")) == []


@pytest.mark.parametrize(
    ("formula", "claim", "words"),
    [
        (r"\sigma^2\frac{d\kappa}{d\lambda}-1", NOISE, "brackets"),
        (r"\sigma^2\frac n{n-\mathrm{df}_2}-1", NOISE, "brackets"),
        (r"\frac2\pi\int_0^\pi e^{-2(t-1)(1+\gamma-2\sqrt\gamma\cos x)}\sin^2x\,dx", FLOW, "t -> t + 1"),
    ],
)
def test_a_bracket_that_ends_too_early_and_a_step_of_time_are_named(formula, claim, words):
    report = check(formula, claim, latex=True, budget=0)
    assert report.outcome.value == "DISAGREES"
    assert words in report.sentence
