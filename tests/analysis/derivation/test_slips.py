"""Slips in parts of a formula, in formulas against one's own draws, and the names that are given to them."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from solvable import check
from solvable.analysis.derivation.labels import difference_label, ratio_label
from solvable.analysis.derivation.parts import part_slip

VARIANCE, KAPPA, TEST = "ridge/isotropic-ridgeless-variance", "ridge/isotropic-effective-ridge", "ridge/test-error"


def quickly(formula, against, **more):
    return check(formula, against=against, budget=0, **more)


@pytest.mark.parametrize(
    ("formula", "against", "said"),
    [
        ("r2*(1 - d/n) + sigma^2*n/(d-n-1)", "ridge/overparametrised-excess", "-d/n -> -n/d"),
        ("r2*(1 - n/d)^2 + sigma^2*n/(d-n-1)", "ridge/overparametrised-excess", "1 - n/d -> sqrt(1 - n/d)"),
        ("r2*(1 - n/d) - sigma^2*n/(d-n-1)", "ridge/overparametrised-excess", "the other sign in the term"),
        ("(-sqrt((1-lam-gamma)**2+4*lam)-(1-lam-gamma))/2", KAPPA, "the other root"),
        ("sigma^2*df1/(n-df1)", "ridge/variance", "df1 -> df2"),
        ("unlearned/(1-df2/n)", TEST, "unlearned -> unlearned + noise_variance"),
        ("complete_risk + rho*diagonal_norm", "imputation/ridge-identity", "(1 - rho)*diagonal_norm"),
        ("sigma^2*d/(n-d-1)", "model-collapse/least-squares", "lacks the term"),
        ("sigma^2*d/(n-d-1) + (t+1)*sigma0^2*d/(n_0-d-1)", "model-collapse/least-squares", "t -> t - 1"),
        ("n_0/d + t*sigma0^2*n_0/(d-n_0-1)", "model-collapse/same-data-keeps-the-projection", "n_0/d -> 1 - n_0/d"),
        ("exp(-x/2-sqrt(x))", "double-descent/smallest-eigenvalue", "one minus ours"),
        ("log(K*(1-c)/c) where c = K*sqrt(n*lW*lH)", "neural-collapse/cross-entropy-gap", "-> 1 + "),
        (
            "c^t + (1-c^t)*sigma^2*d*eta^2/(B*(1-c)) where c = 1 - 2*eta + eta^2*(1+(d+2)/B)",
            "double-descent/one-pass-sgd", "in c: agrees after d -> d - 1",
        ),
        ("2/(lambda_1*(sigma+n/B-1))", "sgd-stability/group-threshold", "1/sigma"),
        (
            "(sum(v_i^2*kappa^2/(s_i+kappa)^2, i) + sigma^2)/(1 - df1/n)", TEST, "df1 -> df2",
        ),
    ],
)  # fmt: skip
def test_the_part_that_is_off_is_named(formula, against, said):
    report = quickly(formula, against)
    assert report.outcome.value == "DISAGREES"
    assert said in report.sentence
    assert report.slip


x, y, z = sp.symbols("x y z", positive=True)
RIGHT = [x / (1 + y), x**2 + y * z / (1 + x), sp.sqrt(x + y) - z, sp.log(1 + x * y) / z, (x + sp.exp(-y)) / (z + x)]


def values(expression, columns):
    with np.errstate(all="ignore"):
        return sp.lambdify((x, y, z), expression)(*columns.values())


@pytest.mark.parametrize("right", RIGHT, ids=str)
def test_any_part_times_a_number_is_found(right):
    """Every part of a formula, doubled, divided by three or with the other sign; a symbol in two places may be missed.

    What is said, done to the formula, must give the right one.
    """
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(0.2, 3, 20) for name in "xyz"}
    ours, missed = values(right, columns), 0
    for part in dict.fromkeys(node for node in sp.preorder_traversal(right) if node.free_symbols):
        for factor in (2, sp.Rational(1, 3), -1):
            wrong = right.xreplace({part: part * factor})
            yours = values(wrong, columns)
            if np.allclose(ours, yours) or not np.all(np.isfinite(yours)):
                continue
            sentence = part_slip(wrong, ours, columns)
            missed += sentence is None
            old, arrow, new = (sentence or "").rpartition("agrees after ")[2].partition(" -> ")
            if not arrow:
                continue
            old, new = (sp.sympify(side, {"x": x, "y": y, "z": z}) for side in (old, new))
            if wrong.has(old) and list(sp.preorder_traversal(wrong)).count(old) == 1:
                np.testing.assert_allclose(values(wrong.xreplace({old: new}), columns), ours, rtol=1e-7)
    assert missed <= 2


def test_names_of_ratios_and_differences():
    rng = np.random.default_rng(1)
    n, d, v = rng.integers(20, 90, 20).astype(float), rng.integers(2, 18, 20).astype(float), rng.uniform(0.1, 2, 20)
    columns = {"n": n, "d": d, "noise_variance": v}
    assert ratio_label(0 * n + 2, columns) == "2"
    assert ratio_label(n / d, columns) == "n/d"
    assert ratio_label(1 - d / n, columns) == "(1 - d/n)"
    assert ratio_label(-3 * v / n, columns) == "-3*noise_variance/n"
    assert ratio_label(np.sqrt(n * v) / d**1.5, columns) is None
    assert ratio_label(np.sqrt(n * v) / d**1.5, columns, deep=True) is not None
    assert ratio_label(np.sin(n), columns, deep=True) is None
    assert difference_label(v / 2, columns) == "1/2*noise_variance"
    assert difference_label(v * n, columns) is None
    assert difference_label(v * n, columns, deep=True) == "n*noise_variance"


def test_draws_of_ones_own_get_a_slip_search():
    def draw(rng, n, noise_variance):
        return float(rng.normal(0, noise_variance**0.5, n).mean() ** 2)

    at = {"n": [4, 8, 16], "noise_variance": [0.5, 2.0]}
    report = check("noise_variance**2/n", experiment=draw, at=at, rng=1)
    assert report.outcome.value == "DISAGREES"
    assert report.slip == ("1/noise_variance as a factor",)
    assert "within its intervals (up to" in report.sentence  # which hold more than one formula
    few = check("noise_variance**2/n", experiment=draw, at={"n": 4, "noise_variance": 2.0}, rng=1)
    assert few.slip == ()  # one cell cannot tell slips from each other


def test_in_which_sense_it_agrees():
    assert quickly("sigma^2*gamma/(1-gamma)", VARIANCE).sense == "equal"
    assert quickly("sigma^2*d/(n-d-1) + O(1/n)", VARIANCE).sense == "as sizes grow"
    assert not quickly("sigma^2*d/(n-d-1)", VARIANCE)
    assert quickly("1.23606797749979", "diagonal-networks/two-cycle-stability").sense == "to its digits"
    assert quickly("V <= 2*sigma^2*gamma/(1-gamma)", VARIANCE).sense == "bound"
    assert quickly("2*sigma^2*gamma/(1-gamma)", VARIANCE).sense == ""


def test_a_mean_over_the_isotropic_law_needs_an_isotropic_design():
    with pytest.raises(ValueError, match="spread, two-scales: sum over its modes"):
        quickly("sigma^2*mp_mean(x)", TEST)
    assert quickly("sigma^2*mp_mean(x)", TEST, at={"covariance": "isotropic"}).outcome.value == "DISAGREES"
    with pytest.raises(ValueError, match="does not have"):
        quickly("mp_mean(x)", "ridge/least-squares-excess")


@pytest.mark.parametrize(
    ("formula", "against"),
    [
        ("(lam/kappa)^2*n*(unlearned+sigma^2)/(n-df2)", "ridge/train-error"),  # 0/0 at lam = 0 with kappa = 0 too
        ("kappa*r2/gamma", "ridge/optimal-test-error"),  # gamma counts: exact at 50 digits
        ("mp_mean(exp(-2*t*x)) + sigma^2*(1 + gamma*mp_mean((1-exp(-t*x))^2/x))", "double-descent/isotropic-flow"),
        ("kappa = lam + gamma - gamma/(1+x) where x = lam + gamma*x/(1+x)", KAPPA),  # the left side is the claim's
        ("sigma^2*gamma/abs(1-gamma) + r2*(1-1/gamma)*Heaviside(gamma-1)*0 + sigma^2*(min(1,gamma)-gamma)/abs(1-gamma)"
         " + r2*max(0, 1-1/gamma)", "ridge/isotropic-ridgeless-excess"),
    ],
)  # fmt: skip
def test_right_ones_at_the_edges(formula, against):
    assert quickly(formula, against), str(quickly(formula, against))


@pytest.mark.parametrize(
    ("formula", "against"),
    [
        (r"\frac{2}{\operatorname{tr}H}", "sgd-stability/trace-bound"),
        (r"\frac{2}{\lambda_{\max}}", "sgd-stability/full-batch"),
        (r"\mathrm{complete\_risk}+\rho(1-\rho)\,\mathrm{diagonal\_norm}", "imputation/ridge-identity"),
        (r"\mathbb{P}(n\lambda_{\min}\le x)\to 1-e^{-(x/2+\sqrt{x})}", "double-descent/smallest-eigenvalue"),
        (r"V(\gamma)\simeq\frac{\sigma^2 d}{n-d-1}", VARIANCE),
        (r"\begin{cases}\frac{\gamma\sigma^2}{1-\gamma}&\text{if }\gamma<1,\\ (1-\frac1\gamma)\|\beta\|^2"
         r"+\frac{\sigma^2}{\gamma-1}&\text{if }\gamma>1.\end{cases}", "ridge/isotropic-ridgeless-excess"),
    ],
)  # fmt: skip
def test_more_latex_of_papers(formula, against):
    assert quickly(formula, against, latex=True), str(quickly(formula, against, latex=True))


def test_what_is_read_says_what_the_words_are():
    assert quickly("sigma^2*gamma/(1-gamma)", VARIANCE).read_as.endswith("with sigma = sqrt(noise_variance)")
    assert "alpha = lam*n" in quickly("alpha/n", KAPPA).read_as


def test_the_sentence_never_says_that_nothing_is_decided_where_something_is():
    """An endless sum has no value at the cells: the time that the points took does not hide it."""
    report = quickly("sum(1/j, j, 1, oo)", VARIANCE)
    assert report.outcome.value == "DISAGREES"
    assert "nothing is decided" not in report.sentence
