"""Sums as they are printed, with the letters in them; factors of a mean in a left member."""

from __future__ import annotations

import pytest
from judged import outcome

ERROR, DEEP, PAIR = "ridge/test-error", "neural-collapse/minimum-norm", "ridge/two-ridge-trace"
WORTH, POSTERIOR, KEYS = "denoising/constant-is-two", "denoising/dps-mean", "attention/inverse-distances-keep-noise"
SIMPLEX = "neural-collapse/free-bias-is-a-simplex"
RISK = r"\frac{n}{n-\mathrm{df}_2}(\sigma^2+%s)"
TRACE = r"\frac{\kappa_a\kappa_b}{\gamma\lambda_a\lambda_b}\cdot\frac{\psi}{1-\psi}, \quad \psi := \frac1n %s"
MEAN = r"1-\exp(-\zeta s/s_n)"
DISTANCE = r"\mathbb E\|\hat\mu-\mu\|^2"


@pytest.mark.parametrize("sign", [r"\sum", r"\Sigma", r"\Sigma ", "Σ", r"{\textstyle\sum}"])
@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        (RISK % "@(1-g)^2v^2", ERROR),
        (RISK % "@(1-g)^2v^2" + r", \quad g = \frac{s}{s+\kappa}", ERROR),
        (r"\frac L2 @\sigma^{p}", DEEP),
        (r"\frac L2 @\sigma^{p}, \quad p = 2/L", DEEP),
        (TRACE % "@ g_a g_b", PAIR),
        (TRACE % "@ g_a g_b" + r", \quad g_a = \frac{s}{s+\kappa_a}, g_b = \frac{s}{\kappa_b+s}", PAIR),
    ],
)
def test_a_sum_without_an_index_is_read_in_every_sign(sign, formula, claim):
    assert outcome(formula.replace("@", sign), claim) == "AGREES"


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        (RISK % r"\Sigma(1-g)^2v", ERROR),
        (RISK % r"\Sigma(1-g)^2v^2" + r"\Sigma", ERROR),
        (RISK % r"\Sigma(1-g)^2v^2\sigma^2", ERROR),
        (r"\frac L2 \Sigma\sigma^{p}\sigma", DEEP),
        (r"\frac L2 \Sigma", DEEP),
    ],
)
def test_other_sums_are_not_taken_for_it(formula, claim):
    assert outcome(formula, claim) == "refused"


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        (RISK % r"\sum(1-g)^2v^2" + r", \quad g = \kappa", ERROR),
        (RISK % r"\Sigma(1-g)^2v^2" + r", \quad g = \frac{s}{s+2\kappa}", ERROR),
        (RISK % r"\sum(1-g)^2v^2" + r", \quad g_i = \frac{s_i}{s_i+2\kappa}", ERROR),
        (RISK % r"\sum(1-g)^2v^2" + r", \quad g = \frac{s}{s+\tau},\ \tau = 2\kappa", ERROR),
        (RISK % r"\sum(1-g)^2v^2" + r", \quad v = 1", ERROR),
        (r"\frac L2 \sum_i\sigma_i^{p}, \quad p = 1/L", DEEP),
        (TRACE % r"\sum g_a g_b" + r", \quad g_a = \frac{s}{s+\kappa_b}", PAIR),
    ],
)
def test_letters_of_a_sum_with_another_meaning_are_not_passed_over(formula, claim):
    assert outcome(formula, claim) != "AGREES"


@pytest.mark.parametrize(
    ("formula", "claim", "expected"),
    [
        ("n/(n - df2)*(σ² + Σ(1−g)²v²)", ERROR, "AGREES"),
        ("n/(n - df2)*(σ² + Σ(1−g)²v²), g = kappa", ERROR, "refused"),
        ("L/2*Σσ^p", DEEP, "AGREES"),
        ("L/2*Σσ^{p}, p = 2/L", DEEP, "AGREES"),
        ("L/2*Σσ^p, p = 1/L", DEEP, "refused"),
        ("L/2*Σσ^p**2", DEEP, "refused"),
        ("kappa_a*kappa_b/(gamma*lam_a*lam_b)*Σg_a g_b/(n - Σ g_a g_b)", PAIR, "AGREES"),
    ],
)
def test_sums_of_plain_text_as_they_are_printed(formula, claim, expected):
    assert outcome(formula, claim, latex=False) == expected


@pytest.mark.parametrize(
    ("formula", "claim", "expected"),
    [
        (rf"\lim_{{d\to\infty}}\frac nd {DISTANCE} = 2\sigma^2", WORTH, "AGREES"),
        (rf"\lim_{{d\to\infty}}\frac nd {DISTANCE} = \sigma^2", WORTH, "DISAGREES"),
        (rf"\frac nd {DISTANCE} = 2\sigma^2", WORTH, "AGREES"),
        (rf"n {DISTANCE} = \sigma^2", WORTH, "DISAGREES"),
        (rf"\frac{{\mathbb E[x]}}{{y}} = {MEAN}, \quad y = 1", POSTERIOR, "AGREES"),
        (rf"\frac{{\mathbb E[x]}}{{y}} = {MEAN}", POSTERIOR, "AGREES"),
        (rf"\mathbb E[x_0]/y = {MEAN}", POSTERIOR, "AGREES"),
        (r"\frac{\operatorname{Var}\hat f(x)}{\sigma^2} = 1-\frac{d}{p}", KEYS, "AGREES"),
        (r"\lim_{N\to\infty}\frac{\operatorname{Var}\hat f(x)}{\sigma_\varepsilon^2} = \frac{d}{p}", KEYS, "DISAGREES"),
        (r"\cos\angle(\mu_i,\mu_j) = -\frac1{K-1}", SIMPLEX, "AGREES"),
        (r"\cos\angle(\mu_i,\mu_j) = -\frac1K", SIMPLEX, "DISAGREES"),
    ],
)
def test_factors_that_a_claim_states_belong_to_its_quantity(formula, claim, expected):
    assert outcome(formula, claim) == expected


@pytest.mark.parametrize(
    ("member", "claim", "right"),
    [
        *((rf"{factor} {DISTANCE}", WORTH, r"2\sigma^2") for factor in
          (r"d", r"\frac dn", r"\frac n{d^2}", r"\frac{n^2}d", r"\frac{2n}d", r"\lim_{q\to\infty}\frac nq")),
        *((member, POSTERIOR, MEAN) for member in
          (r"\frac{\mathbb E[x]}{c}", r"\frac{\mathbb E[x]}{2}", r"\frac{y}{\mathbb E[x]}", r"\zeta\,\mathbb E[x]",
           r"\mathbb E[x]+1", r"2\,\mathbb E[x]", r"\frac{\mathbb E[x]}{s}")),
        (r"\frac{\operatorname{Var}\hat f(x)}{\sigma}", KEYS, r"1-\frac dp"),
        (r"\frac{\operatorname{Var}\hat f(x)}{\sigma^4}", KEYS, r"1-\frac dp"),
        (r"-\cos(\mu_i,\mu_j)", SIMPLEX, r"\frac1{K-1}"),
        (r"\cos^2(\mu_i,\mu_j)", SIMPLEX, r"\frac1{(K-1)^2}"),
        (r"\sin\angle(\mu_i,\mu_j)", SIMPLEX, r"-\frac1K"),
    ],
)  # fmt: skip
def test_other_factors_are_not_passed_over(member, claim, right):
    assert outcome(f"{member} = {right}", claim) == "refused"


@pytest.mark.parametrize(
    "limit", [r"\lim_{d\to\infty}", r"\lim_{q\to\infty}", r"\lim_{d\to0}", r"\sup_d", r"\lim_{n\to\infty}"]
)
@pytest.mark.parametrize(
    "member",
    [r"dR", r"\sqrt d\,R", rf"d\,{DISTANCE}", rf"\frac{{1}}{{d\,{DISTANCE}}}", rf"\log\frac{{{DISTANCE}}}{{d}}"],
)
@pytest.mark.parametrize("right", [r"\sigma^2", r"\sigma^2+d"])
def test_limits_over_names_that_a_claim_has_not_raise_no_raw_error(limit, member, right):
    assert outcome(f"{limit} {member} = {right}", WORTH) in ("refused", "DISAGREES")


@pytest.mark.parametrize("name", ["V", r"\operatorname{Var}(\hat f)", "w"])
def test_what_is_taken_off_in_a_left_member_is_not_ours(name):
    ours = r"\frac{\sigma^2\gamma}{1-\gamma}"
    for member in (rf"1-\frac{{{name}}}{{\sigma^2}}", rf"\sigma^2-{name}", rf"2-3{name}"):
        assert outcome(f"{member} = {ours}", "ridge/isotropic-ridgeless-variance") == "refused"
