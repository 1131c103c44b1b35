"""Ways of writing that papers and notebooks share: each is read as meant, and nothing is passed over."""

import mpmath as mp
import pytest
import sympy as sp

from solvable import check
from solvable.analysis.derivation.clock import Clock, OutOfTime
from solvable.analysis.derivation.latex import plain_from_latex
from solvable.analysis.derivation.notation import parse, read
from solvable.analysis.derivation.operators import without_values
from solvable.analysis.derivation.quadrature import integral
from solvable.analysis.derivation.typed import in_ascii_words

VARIANCE, EXCESS, RIDGE = "ridge/isotropic-ridgeless-variance", "ridge/isotropic-ridgeless-excess", "ridge/test-error"
RIGHT = r"\frac{\sigma^2\gamma}{1-\gamma}"
ABOVE = r"r^2\frac{\gamma-1}{\gamma}+\frac{\sigma^2}{\gamma-1}"
x, n, d, gamma = sp.symbols("x n d gamma", positive=True)


def latex(text, claim=VARIANCE):
    return check(text, against=claim, budget=0, latex=True)


@pytest.mark.parametrize(
    "text",
    [
        r"\newcommand{\s}{\sigma^2} \s\frac{\gamma}{1-\gamma}",
        r"\newcommand{\share}[2]{\frac{#1}{#2}} \sigma^2\share{\gamma}{1-\gamma}",
        r"\def\g{\gamma} \sigma^2\frac{\g}{1-\g}",
        rf"\boxed{{{RIGHT}}}",
        rf"V_n \xrightarrow[n\to\infty]{{\text{{a.s.}}}} {RIGHT}",
        rf"V \overset{{p}}{{\to}} {RIGHT}",
        rf"{RIGHT}\ (\gamma<1)",
        rf"{RIGHT}\quad\text{{as }} n,d\to\infty,\ d/n\to\gamma",
        rf"{RIGHT}\quad\text{{where }} \gamma = d/n < 1",
        r"\frac{\sigma^2 d/n}{1-d/n},\qquad d/n=\gamma",
        rf"{RIGHT}\quad (12)",
        r"\sigma_\varepsilon^2\,\nicefrac{\gamma}{(1-\gamma)}",
        r"\sigma_{\xi}^{2}\gamma(1-\gamma)^{-1}\mathbf 1\{\gamma<1\}",
        rf"\mathbb{{E}}\,\sigma^2\operatorname{{tr}}(X^\top X)^{{-1}} = {RIGHT}",
        rf"\delta^\star=\arg\min_\delta R(\delta) = {RIGHT}",
    ],
)  # fmt: skip
def test_what_papers_write_around_and_within_a_formula(text):
    report = latex(text)
    assert report or report.sentence.startswith("equal as")


@pytest.mark.parametrize(
    "text",
    [
        rf"\mathbb{{1}}_{{\gamma<1}}{RIGHT}+\mathbb{{I}}(\gamma>1)\Bigl({ABOVE}\Bigr)",
        rf"[\gamma<1]{RIGHT}+[\gamma>1]\left({ABOVE}\right)",
        rf"{RIGHT}\text{{ if }}\gamma<1,\quad {ABOVE}\text{{ otherwise}}",
        rf"{RIGHT},\ \gamma<1;\quad {ABOVE},\ \gamma>1",
        r"\|\beta^\star\|^2\left(1-\frac1\gamma\right)_+ + \frac{\sigma^2\min\{\gamma,1\}}{\left|1-\gamma\right|}",
    ],
)
def test_two_branches_in_the_ways_of_papers(text):
    assert latex(text, EXCESS)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (r"\kappa \text{ is the positive root of } \kappa^2+(1-\lambda-\gamma)\kappa-\lambda=0",
         "ridge/isotropic-effective-ridge"),
        (r"\frac{\iota}{2\pi}\bigl(\sin\theta+(\pi-\theta)\cos\theta\bigr),\quad\text{with }\cos\theta=\rho",
         "attention/single-key-kernel"),
        (r"\mathbb{P}\left(z>\|\mu\|\right),\quad z\sim\mathcal{N}(0,1)", "separable/bayes-error"),
        (r"\Pr(Z\le-\|\mu\|),\quad Z\sim\mathcal{N}(0,1)", "separable/bayes-error"),
        (r"\ln\left\langle e^{\lambda r^2}\right\rangle,\ r\sim\mathcal N(m,v)", "generalisation/cumulant"),
        (r"\int_0^s\!\!du\,e^{-2\zeta u/s_n}", "denoising/dps-variance"),
        (r"\mathcal{E}_0\sum_i(1-\mathcal{L}_i)^2v_i^2,\quad "
         r"\mathcal{E}_0=\frac{n}{n-\sum_i\mathcal{L}_i^2},\quad \mathcal{L}_i=\frac{s_i}{s_i+\kappa}",
         "ridge/bias"),
        (r"\sigma^2+\int_{\lambda_-}^{\lambda_+}\left[e^{-2tx}+\sigma^2\gamma\frac{(1-e^{-tx})^2}{x}\right]"
         r"\frac{\sqrt{(\lambda_+-x)(x-\lambda_-)}}"
         r"{2\pi\gamma x}\,dx+\left(1-\frac1\gamma\right)_+,\quad\lambda_\pm=(1\pm\sqrt\gamma)^2",
         "double-descent/isotropic-flow"),
    ],
)  # fmt: skip
def test_definitions_laws_and_equations_behind_a_formula(text, claim):
    assert latex(text, claim)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (rf"\frac{{V}}{{\sigma^2}} = {RIGHT}", "left of ="),  # right as a formula, and wrong as an equation for V
        (r"\newcommand{\s}{\s\s} \s", "by itself"),
        (r"\sigma_\pm = \sigma^2 \pm \gamma", "two values"),
        (r"\sigma^2\gamma+2e0", "two ways"),
        (r"\sigma^2\gamma\overset{?}{\gamma}", "above or below"),
        (r"\int_0^1 du\, u + \gamma", "where the integral ends"),
        (r"\mathbb{E}_{x,y,z\sim\mathcal N(0,1)}[xyz]", "two normal variables at most"),
        (r"\sigma^2\gamma,\ \gamma<1;\quad \sigma^2", "where it holds"),
    ],
)
def test_what_has_two_readings_is_still_refused(text, why):
    with pytest.raises(ValueError, match=why):
        latex(text)


def test_a_left_member_that_is_no_formula_is_said_and_not_compared():
    report = latex(rf"\mathbb{{E}}\,\sigma^2\operatorname{{tr}}(X^\top X)^{{-1}} = {RIGHT}")
    assert report
    assert "left of it, and not compared" in report.read_as
    with pytest.raises(ValueError, match="left of = stands"):
        latex(rf"\mathbb{{E}}\,\sigma^2\operatorname{{tr}}(X^\top X)^{{-1}} = 2{RIGHT}")


@pytest.mark.parametrize("text", [r"50\% \gamma", r"0{,}5\gamma", r"\frac\gamma2"])
def test_halves(text):
    assert sp.simplify(parse(text, latex=True) - gamma / 2) == 0


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("½ log x - √γ |x|", sp.log(x) / 2 - sp.sqrt(gamma) * x),
        ("sin²x + cos² x", sp.sin(x) ** 2 + sp.cos(x) ** 2),
        ("tan⁻¹ x", sp.atan(x)),
        ("xⁿ", x**n),
        ("e^{−2x}", sp.exp(-2 * x)),
        ("with g = d/n: g/(1-g)", d / (n - d)),
        ("let g = d/n in g/(1-g)", d / (n - d)),
    ],
)
def test_typed_signs_are_read_as_meant(text, meant):
    reading = read(text)
    own = {sp.Symbol(name, positive=True): value for name, value in reading.definitions.items()}
    assert sp.simplify(without_values(reading.expression.xreplace(own), {"x", "gamma", "n", "d"}) - meant) == 0


@pytest.mark.parametrize("text", ["√x²", "log x²", "sin x y", "2½", "√2x"])
def test_signs_that_could_reach_further_are_left_and_refused(text):
    with pytest.raises(ValueError, match="is not allowed"):
        parse(text)


def test_cases_in_a_sentence():
    for text in (
        "x for x < 1, 1/x for x > 1",
        "x if x < 1, otherwise 1/x",
        "{ x, x < 1; 1/x, x > 1 }",
        "x if x < 1, 1/x otherwise",
    ):
        value = parse(text)
        assert [value.subs(x, at) for at in (sp.Rational(1, 2), 2)] == [sp.Rational(1, 2), sp.Rational(1, 2)]
    assert in_ascii_words("x if x < 1 else 1") == "x if x < 1 else 1"


FUNCTIONS = {
    "matlab": "function v = f(n, d)\n  if d < n\n    v = d/(n - d);\n  else\n    v = 0;\n  end\nend",
    "julia": "function f(n, d)\n    if d < n\n        return d/(n - d)\n    end\n    return 0\nend",
    "r": "f <- function(n, d) {\n  if (d < n) { d/(n - d) } else { 0 }\n}",
    "javascript": "const f = (n, d) => { if (d < n) { return d/(n - d); } else { return 0; } }",
    "python": "def f(n, d):\n  if d >= n:\n    v = 0\n  else:\n    g = d/n\n    v = g/(1 - g)\n  return v",
    "select": "np.select([d < n, d >= n], [d/(n - d), 0])",
    "maple": "piecewise(d < n, d/(n - d), 0)",
    "mathematica": "Piecewise[{{d/(n - d), d < n}}, 0]",
    "booleans": "(d < n)*d/(n - d)",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_with_a_case_in_every_language(name):
    reading = read(FUNCTIONS[name])
    own = {sp.Symbol(key, positive=True): value for key, value in reading.definitions.items()}
    value = without_values(reading.expression.xreplace(own), {"n", "d"})
    assert [value.subs({n: 10, d: at}) for at in (5, 20)] == [1, 0]


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    total = 0\n    for k in range(1, n + 1):\n        total += k**2\n    return total",
        "function s = f(n)\n s = 0;\n for k = 1:n\n  s = s + k^2;\n end\nend".replace("s = s + k^2", "s += k^2"),
        "sum(k^2, k=1..n)", "symsum(k^2, k, 1, n)", "Sum[k^2, {k, 1, n}]", "summation(k**2, (k, 1, n))",
    ],
)  # fmt: skip
def test_sums_of_all_kinds(text):
    assert parse(text).subs(n, 4).doit() == 30


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    t = 1\n    for k in range(n):\n        t += t*k\n    return t",
        "def f(n):\n    while n > 1:\n        n = n - 1\n    return n",
        "def f(n):\n    try:\n        return n\n    except ValueError:\n        return 1",
        "def f(n, *rest):\n    return n\ndef g(n):\n    return f(n)",
        "N (1 - x)(", "Log[2, x", "quad(lambda t: t, 0, 1)",
    ],
)  # fmt: skip
def test_code_that_is_no_formula_is_refused(text):
    with pytest.raises(ValueError, match="is not allowed"):
        parse(text)


def test_the_base_of_a_logarithm_stands_first_in_mathematica_and_last_in_python():
    assert sp.simplify(parse("Log[2, x]") - sp.log(x) / sp.log(2)) == 0
    assert sp.simplify(parse("math.log(x, 2)") - sp.log(x) / sp.log(2)) == 0
    assert sp.simplify(parse(r"\log_{10} x", latex=True) - sp.log(x) / sp.log(10)) == 0


def test_orders_count_the_factors_they_stand_in():
    claim, left = "ridge/least-squares-excess", rf"{RIGHT}\left(1+\frac{{%s}}{{n(1-\gamma)}}+O(n^{{-2}})\right)"
    assert latex(left % 1 + r",\ \gamma=d/n", claim)
    assert not latex(left % 2 + r",\ \gamma=d/n", claim)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"\sigma^2\gamma+O(\gamma^2)", r"\sigma^2\gamma+O(\gamma^3)"),
        (r"\sigma^2\gamma(1+\gamma)+O(\gamma^3)", r"\sigma^2(\gamma+2\gamma^2)+O(\gamma^3)"),
    ],
)
def test_orders_of_what_vanishes(right, wrong):
    assert latex(right)
    assert not latex(wrong)


def test_orders_of_one_size_alone():
    claim, tail = "ridge/least-squares-excess", r"+O(n^{-2})\right)"
    right = latex(r"\frac{\sigma^2d}{n}\left(1+\frac{d+1}{n}" + tail, claim)
    assert "with d held" in right.sentence
    assert not latex(r"\frac{\sigma^2d}{n}\left(1+\frac dn" + tail, claim)


def test_what_was_never_varied_is_said_and_nothing_compared_decides_nothing():
    assert (
        check("2*B/trH", against="sgd-stability/trace-bound", budget=0).sentence
        == "agrees everywhere tried (at batch_size = 1 alone)"
    )
    report = check("7*sigma", against=VARIANCE, at={"noise_variance": 0.0}, budget=0)
    assert not report
    assert report.outcome.value == "INCONCLUSIVE"
    assert "both are 0" in report.sentence


def test_a_wrong_branch_is_where_it_is_and_a_slip_in_it_is_named():
    claim = "ridge/least-squares-excess"
    assert check("sigma**2*d/(n-d-1) if d < 50 else 0", against=claim, budget=0).sentence == "agrees for d <= 49 only"
    text = "sigma**2*gamma/(1-gamma) if gamma < 1 else r**2*(1-gamma) + sigma**2/(gamma-1)"
    assert "1/gamma" in check(text, against=EXCESS, budget=0).sentence
    close = check("sigma**2*gamma/(1-gamma)*(1+n/10**9)", against=VARIANCE, budget=0)
    assert not close
    assert close.sentence == "equal to 7 digits, and not beyond"


def test_a_missing_number_is_named_before_a_name_that_is_moved():
    report = check(
        "log(K*(1-c)/c) where c = K*sqrt(n*lambda_W*lambda_H)", against="neural-collapse/cross-entropy-gap", budget=0
    )
    assert "-> 1 + " in report.sentence
    assert "K -> K" not in report.sentence


def test_the_steps_of_a_search_do_not_depend_on_time():
    text = "n*alpha**2*A/((n+lambda)*(beta**2*B+alpha**2*A)) where A = lambda + sigma**2*(n+lambda-1), B = n+lambda-1"
    first, second = (check(text, against="denoising/learned-field-mean", budget=0) for _ in range(2))
    assert first.sentence == second.sentence
    clock = Clock(10)
    clock.stage(5)
    clock.check(5)
    with pytest.raises(OutOfTime):
        clock.check()
    clock.stage(100)
    with pytest.raises(OutOfTime):
        clock.check(10)


def test_an_integral_ends_though_a_piece_is_the_rounding_of_a_kink():
    import numpy as np

    density = lambda at: np.where(at <= -1, np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi), 0.0)  # noqa: E731
    exact = float(mp.erfc(1 / mp.sqrt(2)) / 2)
    assert abs(integral(density, -np.inf, np.inf, [-1.0000000000000002]) - exact) < 1e-12


def test_macros_and_equal_signs_above_are_tokens_of_the_formula():
    assert plain_from_latex(r"\newcommand{\half}{\frac12} \half x").formula == "((1)/(2))*x"
    assert plain_from_latex(r"R \stackrel{\text{def}}{=} x").formula == "x"
    assert plain_from_latex(r"\lfloor x \rfloor + \lvert x\lvert y\rvert\rvert").formula == "floor(x)+abs(x*abs(y))"


def test_nought_is_what_a_solver_returns_up_to_its_rounding():
    """The conserved quantity comes out as 1e-12; what is small but not nought still differs."""
    assert check("0", against="in-context/flow-conserves", at={"start_scale": 0.1}, budget=0)
    assert not check("start_scale**4", against="in-context/flow-conserves", at={"start_scale": 0.1}, budget=0)


def test_a_distribution_function_is_compared_to_its_last_digits():
    """Cut inside its support a midpoint rule is off by 2e-8: no formula agreed with it."""
    text = (r"\left(1-\frac1\gamma\right)_++\int_{(1-\sqrt\gamma)^2}^{x}\frac{\sqrt{\left((1+\sqrt\gamma)^2-u\right)"
            r"\left(u-(1-\sqrt\gamma)^2\right)}}{2\pi\gamma u}\,du")  # fmt: skip
    inside = {"covariance": "isotropic", "gamma": [0.5, 0.8, 1.5], "at": 1.2}
    assert check(text, against="ridge/spectral-law", at=inside, budget=0, latex=True)
    anywhere = check(text, against="ridge/spectral-law", at={"covariance": "isotropic"}, budget=0, latex=True)
    assert "no real value" in anywhere.sentence
    assert "agrees at the others" in anywhere.sentence
