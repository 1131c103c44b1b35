"""Parts that an author names by what they are, left members, ranges of operators, power laws, sums in plain text."""

import pytest

from solvable import check
from solvable.analysis.derivation.notation import read

STEP = "in-context/nonlinear-targets-same-algorithm"


def asked(formula, claim, latex=True):
    return check(formula, against=claim, latex=latex, budget=0)


@pytest.mark.parametrize(
    ("formula", "meant"),
    [
        (r"A[y^2]+\gamma,\quad A[y^2]=\kappa+1", "kappa+1+gamma"),
        (r"\log(s_j(0)^2\gamma),\qquad s_j(0)=1/\kappa", "log(gamma/kappa**2)"),
        (r"2\,\E[x|y]^2 \text{ where } \E[x|y]=\kappa", "2*kappa**2"),
    ],
)
def test_a_part_is_put_where_its_tokens_stand(formula, meant):
    reading = read(formula, latex=True)
    names = {symbol: reading.definitions[str(symbol)] for symbol in reading.expression.free_symbols
             if str(symbol) in reading.definitions}  # fmt: skip
    difference = reading.expression.xreplace(names) - read(meant).expression
    assert difference.equals(0)


def test_other_tokens_than_the_part_are_not_taken_for_it():
    with pytest.raises(ValueError, match="not allowed"):
        read(r"\E[y^3]+\gamma,\quad \E[y^2]=\kappa+1", latex=True)


@pytest.mark.parametrize(
    ("scripts", "right"),
    [("_k", True), ("_{k=1}^K", True), ("_{k=1}^{K}", True), (r"_{1\le k\le K}", True), ("_{k=2}^K", False),
     ("_{k=1}^{K-1}", False), ("_{k=0}^K", False), ("_{k=1}", False)],
)  # fmt: skip
def test_a_sum_of_the_claim_may_write_its_whole_range_and_no_other(scripts, right):
    text = rf"\frac1K\sum{scripts}V_k"
    if right:
        assert asked(text, "neural-collapse/centre-term-at-class-means")
    else:
        with pytest.raises(ValueError, match="not allowed"):
            asked(text, "neural-collapse/centre-term-at-class-means")


@pytest.mark.parametrize("mean", [r"\mathbb E\|\beta_f\|^2", r"\mathbb E[\|\beta_f\|^2]", r"\|\beta_f\|^2"])
def test_a_quantity_is_its_own_mean_and_its_power_is_not(mean):
    text = rf"\frac{{{mean}}}{{d\sigma^2+\mathbb E[f^2\|x\|^2]+(n-1){mean}}}"
    assert asked(text, STEP)
    with pytest.raises(ValueError, match="not allowed"):
        asked(text.replace(r"\|^2}{", r"\|^4}{", 1).replace("[", "").replace("]", ""), STEP)


def test_what_a_left_member_bounds_is_shown_as_not_compared_and_the_square_of_a_risk_refused():
    report = asked(r"\eta<\eta_c=\frac{2B}{B+d+1}", "double-descent/one-pass-sgd-stability")
    assert report
    assert "not compared" in report.read_as
    with pytest.raises(ValueError, match="states of its root"):
        asked(r"\mathcal E^2=\frac{n\kappa^2 b+\sigma^2\mathrm{df}_2}{n-\mathrm{df}_2}", "equivalents/ridge")


def test_ranges_of_names_in_neither_formula_are_shown():
    report = asked(r"\cos\angle(h_k,h_l)=-\frac{1}{K-1}\quad(k\neq l)", "neural-collapse/free-bias-is-a-simplex")
    assert report
    assert "k" in report.read_as.partition("names that stand in neither formula")[2]


@pytest.mark.parametrize("law", [r"\mathrm{B}\propto n^{-2\ell\min(r,1)}", r"B=O(n^{-2\ell\min(r,1)})",
                                 r"B\asymp n^{-2\ell\min(r,1)}", r"-2\ell\min(r,1)"])  # fmt: skip
def test_a_power_law_states_the_exponent_of_a_rate(law):
    assert asked(law, "model-collapse/bias-exponent")
    assert not asked(law.replace("2", "3"), "model-collapse/bias-exponent")


def test_a_power_whose_exponent_is_a_sum_is_one_power():
    assert asked(r"V\propto n^{-(1-\ell/\beta)}", "model-collapse/variance-exponent")
    assert not asked(r"V\propto n^{-(1+\ell/\beta)}", "model-collapse/variance-exponent")


@pytest.mark.parametrize("quantity", [r"\frac{d\log E}{d\log n}", r"\mathrm{slope}"])
def test_a_logarithmic_slope_left_of_an_exponent_is_shown(quantity):
    assert asked(rf"{quantity}=-(b-1)", "random-features/power-law-learning-curve")


def test_an_index_of_a_defined_name_is_its_argument():
    defined = r"s_t=0.01\,(5000)^t"
    assert asked(rf"s_t^2-s_0^2,\quad {defined}", "denoising/ve-variance")
    assert not asked(rf"s_t^2-s_1^2,\quad {defined}", "denoising/ve-variance")


def test_a_proportionality_is_no_value():
    with pytest.raises(ValueError, match="proportionality"):
        asked(r"V\propto\frac{\sigma^2\gamma}{1-\gamma}", "ridge/isotropic-ridgeless-variance")


def test_an_exponent_of_e_ends_behind_a_number_and_a_factor_only():
    assert read(r"e^{-x^2/2\sigma^2}", latex=True).expression == read("exp(-x**2/(2*sigma**2))").expression
    for text in (r"e^{-x^2/2\sigma\gamma}", r"x^2/2\sigma^2", r"e^{-x^2/\sigma y}"):
        with pytest.raises(ValueError, match="divided by"):
            read(text, latex=True)


@pytest.mark.parametrize(
    "formula",
    ["n/(n − df2) (Σ(1 − g)²v² + σ²)", "n/(n - df2)*(np.sum((1 - g)**2*v**2) + sigma2)",
     "n/(n − df2) (Σ κ²v²/(s + κ)² + σ²)", "let c = df2; n/(n - c)*(unlearned + sigma2)"],
)  # fmt: skip
def test_sums_of_what_every_mode_has_need_no_index(formula):
    assert asked(formula, "ridge/test-error", latex=False)
    assert not asked(formula.replace("sigma2", "2*sigma2").replace("σ²", "2σ²"), "ridge/test-error", latex=False)


def test_a_root_that_vanishes_with_a_parameter_is_followed():
    trace = r"\operatorname{tr}[\Sigma^2(\Sigma+\kappa I)^{-2}]"
    equation = r"n-\frac{n\lambda}{\kappa}=\operatorname{tr}[\Sigma(\Sigma+\kappa I)^{-1}]"
    formula = rf"\frac{{\sigma^2{trace}}}{{n-{trace}}}\quad\text{{where}}\quad {equation}"
    assert asked(formula, "ridge/variance")


def test_a_slope_of_a_mean_is_taken_under_it():
    means = r"\sigma^2+\sigma^2\gamma(m(-\lambda)-\lambda m'(-\lambda))+\|\beta\|^2\lambda^2m'(-\lambda)"
    law = r"\quad\text{with } m(z)=\int\frac{dF(x)}{x-z}"
    assert asked(means + law, "ridge/isotropic-test-error")
    assert not asked(means.replace(r"\lambda^2m", r"\lambda^2\gamma m") + law, "ridge/isotropic-test-error")


_COMPANION = r"\text{ where }\frac1m=\lambda+\frac\gamma{1+m}"


def test_an_equation_for_m_says_which_transform_it_is():
    """The companion's equation: in our m, of the sample covariance, a right formula would differ."""
    kappa = "ridge/isotropic-effective-ridge"
    assert check(rf"\frac1{{m(-\lambda)}} {_COMPANION}", against=kappa, latex=True, budget=0)
    twice = rf"\frac1{{m(-\lambda)}} {_COMPANION}".replace(r"\frac\gamma", r"2\frac\gamma")
    assert not check(twice, against=kappa, latex=True, budget=0)
    with pytest.raises(ValueError, match="it holds the slope of m"):
        check(rf"-\sigma^2m'(-\lambda) {_COMPANION}", against="ridge/variance", latex=True, budget=0)
