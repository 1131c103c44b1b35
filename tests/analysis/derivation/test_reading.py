"""Formulas as they are written: LaTeX and typed text are read to the end, or refused; never read in part."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable import check
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.derivation.notation import parse, read
from solvable.analysis.derivation.operators import without_values
from solvable.analysis.verification.verifier import Outcome

CLAIM = "ridge/isotropic-ridgeless-variance"
s, g, n, d, t, k, x = sp.symbols("sigma gamma n d t kappa x", positive=True)

READ = {
    # products, powers and arguments as authors write them
    r"\sin^{-2} x": 1 / sp.sin(x) ** 2,
    r"\gamma(1-\gamma)^{-1}": g / (1 - g),
    r"\gamma(1-\gamma)^2": g * (1 - g) ** 2,
    r"d(n-d)^{-1}": d / (n - d),
    r"\sigma^2\frac d{n-d}": s**2 * d / (n - d),
    r"\frac{d\sigma^2}{n-d-1}": d * s**2 / (n - d - 1),
    r"d\frac{\sigma^2}{n}": d * s**2 / n,
    r"\sigma^2 d n": s**2 * d * n,
    r"1-\frac1\gamma": 1 - 1 / g,
    r"\frac12\sigma^2": s**2 / 2,
    r"1/2\,\sigma^2": s**2 / 2,
    r"\sqrt\gamma": sp.sqrt(g),
    r"\sqrt[3]{n}": sp.cbrt(n),
    r"1{,}000\gamma": 1000 * g,
    r"{\gamma}^{2}{\sigma}": g**2 * s,
    r"(-\gamma)^3": -(g**3),
    r"\left\{1-\gamma\right\}^2": (1 - g) ** 2,
    r"\sigma^2\bigl(1+\tfrac{d}{n-d-1}\bigr)": s**2 * (1 + d / (n - d - 1)),
    r"\sigma^2 \cdot \gamma \times 2": 2 * s**2 * g,
    # functions
    r"\exp\left(-\frac{t}{2}\right)": sp.exp(-t / 2),
    r"e^{-2t}": sp.exp(-2 * t),
    r"\log^2 n": sp.log(n) ** 2,
    r"\log 2n": sp.log(2 * n),
    r"\log_2 n": sp.log(n) / sp.log(2),
    r"\tanh\frac{x}{2}": sp.tanh(x / 2),
    r"\cos^{-1}(x)": sp.acos(x),
    r"\max\{1,\gamma\}": sp.Max(1, g),
    r"\operatorname{max}(1,\gamma)^2": sp.Max(1, g) ** 2,
    r"(1-\gamma)_+": sp.Max(1 - g, 0),
    r"|1-\gamma|": sp.Abs(1 - g),
    r"\binom{n}{2}": sp.binomial(n, 2),
    # names
    r"\sigma^2_0": sp.Symbol("sigma_0", positive=True) ** 2,
    r"\sigma_0^{2}": sp.Symbol("sigma_0", positive=True) ** 2,
    r"\kappa_{\mathrm{eff}}+1": sp.Symbol("kappa_eff", positive=True) + 1,
    r"\lambda_{\max}": sp.Symbol("lambda_max", positive=True),
    r"\gamma^{*}+1": sp.Symbol("gamma_star", positive=True) + 1,
    r"\hat\kappa'": sp.Symbol("kappa_hat_prime", positive=True),
    r"\mathrm{df}_2(\kappa)/n": sp.Symbol("df2", positive=True) / n,
    r"\|\beta\|_2^2": sp.Symbol("signal", positive=True),
    r"\lVert\beta\rVert^2\gamma": sp.Symbol("signal", positive=True) * g,
    # what stands around a formula
    r"$$ V = \sigma^2\gamma. $$": s**2 * g,
    r"&= \sigma^2\gamma \\": s**2 * g,
    r"\begin{align} R(\gamma) &= \sigma^2\gamma \end{align}": s**2 * g,
    r"\mathcal{R} = \sigma^2\gamma\,,": s**2 * g,
    r"\mathbb{E}\|\hat\beta-\beta\|_\Sigma^2 = \sigma^2\gamma": s**2 * g,
    r"\lim_{n\to\infty} R_n(\gamma) = \sigma^2\gamma": s**2 * g,
    r"\gamma\,(n\wedge d)": g * sp.Min(n, d),
    r"\Phi(-\gamma)": sp.erfc(g / sp.sqrt(2)) / 2,
    r"\begin{cases} 1, & \text{if } \gamma<1,\\[4pt] \gamma, & \text{otherwise.}\end{cases}": sp.Piecewise(
        (1, g < 1), (g, True)
    ),
}
REFUSED = {  # what has two readings, or none
    r"\gamma^-1": "braces",
    r"2^10": "braces",
    r"\frac123": "braces",
    r"\sigma^2/2n": "brackets",
    r"a/b/c": "brackets",
    r"\log n d": "brackets",
    r"\log(1+x)^2": "brackets",
    r"\gamma, +7\gamma": "not a range",
    r"\frac{\sigma^2}{1-\gamma}{\gamma}_{n}, 5": "not a range",
    r"x^\top x": "matrices",
    r"\frac{d\lambda}{d\gamma}": "derivative",
    r"2V = 2\sigma^2\gamma": "one quantity",
    r"\lambda V = \sigma^2\gamma": "one quantity",
    r"2\cdot 1_+ - 1": "positive part",
    r"a\pm b": "not understood",
    r"\gamma = 2 = 3": "left of =",
    r"1 - \gamma = \sigma": "left of =",
    r"\mathcal{R} + R": "two styles",
    r"\log^{-1} x": "two ways",
    r"\frac{a}{b": "missing",
    r"(1-\gamma": "missing",
    r"1-\gamma)": "not understood",
    r"\begin{matrix} 1 \end{matrix}": "environment",
    r"x_+": "max",
    r"\gamma \% 2": "not understood",
}


@pytest.mark.parametrize("text", READ)
def test_latex_means_what_it_says(text):
    difference = sp.simplify(parse(text, latex=True) - READ[text])
    assert difference == 0


@pytest.mark.parametrize("text", REFUSED)
def test_two_readings_are_refused(text):
    with pytest.raises(ValueError, match=REFUSED[text]):
        parse(text, latex=True)


def condition(text, latex=False):
    found = read(text, latex).condition
    return without_values(found, {str(symbol) for symbol in found.free_symbols})


def test_cases_and_ranges():
    cases = r"\begin{cases} \gamma & \gamma<1, \\ 1/\gamma & \text{otherwise} \end{cases}"
    assert parse(cases, latex=True) == sp.Piecewise((g, g < 1), (1 / g, True))
    assert condition(r"\sigma^2\gamma, \qquad \gamma \le 1.", latex=True) == (g <= 1)
    assert condition(r"\gamma \quad\text{for } 0<\gamma<1", latex=True) == (g < 1)  # what is read has positive names
    assert condition(r"\gamma, \gamma\in(0,1]", latex=True) == (g <= 1)
    assert condition("γ², γ < 1") == (g < 1)


def test_a_sign_that_a_name_may_have_is_kept():
    zero, minus = {"gamma": 0, "n": 2}, {"gamma": -2.0, "n": 2}
    for text, at, expected in (
        ("1 if gamma > 0 else 5", zero, 5), ("abs(gamma)", minus, 2), ("max(gamma, 0)", minus, 0),
        ("sqrt(gamma^2)", minus, 2), ("sign(gamma)", minus, -1), ("min(0, gamma)", minus, -2),
        ("(gamma^2*n)^(1/2)", minus, 8**0.5),
    ):  # fmt: skip
        assert float(read_formula(text, None)(at)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("σ²γ/(1−γ)", s**2 * g / (1 - g)), ("n gamma", n * g), ("γ n₀/n", g * sp.Symbol("n_0", positive=True) / n),
     ("y = 2n", 2 * n), ("γ(1−γ)^-1", g / (1 - g)), ("√(γ) + κ₁", sp.sqrt(g) + sp.Symbol("kappa_1", positive=True)),
     ("lambda*n", sp.Symbol("lambda_", positive=True) * n)],
)  # fmt: skip
def test_typed_text(text, expected):
    assert sp.simplify(parse(text) - expected) == 0


@pytest.mark.parametrize("text", ["n n", "sin n d", "n 2", "σ²/2n", "γ, 7", "a + b = c", "gamma(1-gamma)"])
def test_typed_text_with_two_readings(text):
    with pytest.raises(ValueError, match="is not allowed"):
        parse(text)


def trees():
    leaves = st.sampled_from([g, n, sp.Integer(2), sp.Rational(1, 3)])
    pair = lambda inner: st.tuples(st.sampled_from(["+", "-", "*", "/", "^"]), inner, inner)  # noqa: E731
    return st.recursive(leaves, pair, max_leaves=6)


def write(tree):
    """LaTeX of a tree, bracketed with macros, and its value."""
    if not isinstance(tree, tuple):
        return sp.latex(tree), tree
    sign, (a, left), (b, right) = tree[0], write(tree[1]), write(tree[2])
    match sign:
        case "/":
            return rf"\frac{{{a}}}{{{b}}}", left / right if right != 0 else sp.nan
        case "^":
            return rf"\left({a}\right)^{{2}}", left**2
        case "*":
            return rf"\left({a}\right)\left({b}\right)", left * right
    return rf"{a} {sign} \left({b}\right)", left + right if sign == "+" else left - right


@settings(max_examples=60, deadline=None, derandomize=True)
@given(trees())
def test_what_is_written_is_what_is_read(tree):
    text, value = write(tree)
    if not value.has(sp.nan, sp.zoo):
        assert sp.simplify(parse(text, latex=True) - value) == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(trees(), st.sampled_from([r"\oops", "%", r"_{", ")", r"\\gamma x", r"\!\!)", ", 3"]))
def test_nothing_behind_a_formula_is_passed_over(tree, tail):
    text, value = write(tree)
    if not value.has(sp.nan, sp.zoo):
        with pytest.raises(ValueError, match="is not allowed"):
            parse(text + tail, latex=True)


def test_the_report_says_what_was_read():
    report = check(r"V = \sigma^2\gamma(1-\gamma)^{-1}, \quad \gamma<1", against=CLAIM, latex=True, budget=0)
    assert report.outcome is Outcome.AGREES
    assert report
    assert "read as: gamma*sigma**2/(1 - gamma)" in str(report)
    with pytest.raises(ValueError, match="leaves out every cell"):
        check(r"\sigma^2\gamma, \gamma>50", against=CLAIM, latex=True, budget=0)
    with pytest.raises(ValueError, match="left of ="):
        check("gamma = 1", against=CLAIM, budget=0)
