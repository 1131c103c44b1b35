"""Code and notation of other systems, and LaTeX of several hands: read as meant, or refused in one sentence."""

import mpmath as mp
import pytest
import sympy as sp

from solvable import check
from solvable.analysis.derivation.dialects import in_plain_words
from solvable.analysis.derivation.latex import plain_from_latex
from solvable.analysis.derivation.notation import parse

x, y, n, d = sp.symbols("x y n d", positive=True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('def f(n, d):\n    """Doc."""\n    r = d/n\n    return r/(1 - r)', d / (n - d)),
        ("import numpy as np\nr = d/n\nr/(1 - r)", d / (n - d)),
        ("lambda n, d: d/(n - d)", d / (n - d)),
        ("@(n, d) d./(n - d).^2", d / (n - d) ** 2),
        ("(n, d) -> d/n", d / n),
        ("Sqrt[x] y/n Exp[-x]", sp.sqrt(x) * y / n * sp.exp(-x)),
        ("Sum[k^2, {k, 1, n}]", sp.Sum(sp.Symbol("k", integer=True) ** 2, (sp.Symbol("k", integer=True), 1, n))),
        ("1/2 (x + y)", (x + y) / 2),
        ("d (d + 1)", d * (d + 1)),
        ("d(d + 1)/n", d * (d + 1) / n),
        ("I_1(x)", sp.besseli(1, x)),
        ("scipy.special.ive(0, x)", sp.besseli(0, x) * sp.exp(-x)),
        ("n//d", sp.floor(n / d)),
    ],
)
def test_code_is_read_as_the_formula_it_holds(text, meant):
    from solvable.analysis.derivation.notation import read

    reading = read(text)
    definitions = {sp.Symbol(name, positive=True): value for name, value in reading.definitions.items()}
    assert sp.simplify(reading.expression.xreplace(definitions) - meant) == 0


def test_branches_of_a_function_are_cases():
    code = "def f(x):\n    if x < 1:\n        return x\n    elif x < 2:\n        return 1\n    else:\n        return 2"
    assert in_plain_words(code) == "x if x < 1 else 1 if x < 2 else 2"
    value = parse(code)
    assert [value.subs(x, at) for at in (sp.Rational(1, 2), sp.Rational(3, 2), 3)] == [sp.Rational(1, 2), 1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "1/d(d + 1)", "1/2 pi", "import os; os.system('true')", "def f(x):\n    open('f')\n    return x",
        "def f(x):\n    while True:\n        pass", "def f(x):\n    return x\ndef g(x):\n    return x", "Sqrt[x",
        "Sqrt[x]]",
        "def f(:", "f[x]", "gamma(1-gamma)", "from os import system", "f(x) = f(x + 1); f(gamma)",
        "f(x) = g(x); g(x) = f(x); f(1)",
    ],
)  # fmt: skip
def test_what_code_may_not_hold_is_refused(text):
    with pytest.raises(ValueError, match="is not allowed"):
        parse(text)


def test_what_an_author_defines_as_a_function_is_put_where_it_is_called():
    assert sp.simplify(parse("2*Q(x + y)") - 2 * sp.Symbol("Q", positive=True) * (x + y)) == 0  # no function: a product
    claim = "separable/bayes-error"
    assert parse("Q(2*x) where Q(t) = t + 1") == 2 * x + 1
    text = r"Q(\sqrt{m}), \quad Q(x) := \frac12\operatorname{erfc}(x/\sqrt2),\ m = \|\mu\|^2"
    assert check(text, against=claim, budget=0, latex=True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (r"\frac{\mathrm{d}\kappa}{\mathrm{d}\lambda}", "diff(kappa, lambda)"),
        (r"\frac{\mathrm d\kappa}{d\lambda}", "diff(kappa, lambda)"),
        (r"\frac{\mathrm{df}_1}{d\lambda}", "((df1)/(d*lambda))"),
        (r"\underbrace{x}_{\text{bias}}y", "(x)*y"),
        (r"\mathbb E_{z\sim\mathcal N(0,1)}[z^2]", "E(z**(2), z)"),
        (r"\mathbb{E}_{r\sim\mathcal N(m,v)}\,r^2", "E(((m)+sqrt(v)*r)**(2), r)"),
        (r"\langle z^2\rangle_z", "E(z**(2), z)"),
        (r"\mathsf{E}_z[z^2]\,\mathsf{df}_2", "E(z**(2), z)*df2"),
        (r"\beta^\top\Sigma(\Sigma+\kappa I)^{-2}\beta", "form(Sigma*(Sigma+kappa*I)**(-2))"),
        (r"\langle\beta,\Sigma^2\beta\rangle", "form(Sigma**(2))"),
    ],
)
def test_latex_of_other_hands(text, meant):
    assert plain_from_latex(text).formula == meant


def test_the_last_of_several_equations_is_the_formula():
    first = plain_from_latex(r"\begin{aligned} c &= K n, \\ R_{\mathrm{t}} &= c(1-c) \end{aligned}")
    assert (first.formula, first.definitions) == ("c*(1-c)", (("c", "K*n"),))
    carried = plain_from_latex(r"\begin{aligned} R &= x \\ &\quad + y \end{aligned}")
    assert carried.formula == "x+y"
    script = plain_from_latex(r"\mathcal{L} = \frac{L}{2}c, \quad c = L + 1")
    assert (script.formula, script.definitions) == ("((L)/(2))*c", (("c", "L+1"),))
    with pytest.raises(ValueError, match="which of its equations"):
        plain_from_latex(r"c = K, x = c, y = c")


@pytest.mark.parametrize(
    "text",
    [r"\mathbb E_{data}[d]", r"\langle x\rangle", r"\mathbb E_{x\sim P}[x]", r"\langle a, b\rangle", r"x^\top x"],
)
def test_means_over_what_is_not_said_are_refused(text):
    with pytest.raises(ValueError, match="is not allowed"):
        plain_from_latex(text)


def test_the_mean_of_a_growing_exponential_is_a_number():
    mean, v, lam = 1.2, 0.9, 0.3
    from solvable.analysis.derivation.evaluation import Doubles

    reading = parse("E(exp(lam*(m + sqrt(v)*z)**2), z)")
    given = {s: {"m": mean, "v": v, "lam": lam}[str(s)] for s in reading.free_symbols}
    exact = mp.exp(lam * mean**2 / (1 - 2 * lam * v)) / mp.sqrt(1 - 2 * lam * v)
    assert abs(Doubles()(reading, given) / float(exact) - 1) < 1e-10


def test_sums_over_singular_values_are_those_of_claims_that_have_them():
    text = r"\frac L2\sum_i\sigma_i^{2/L}"
    assert check(text, against="neural-collapse/minimum-norm", budget=0, latex=True)
    with pytest.raises(ValueError, match="singular values"):
        check(r"\sigma^2\sum_i\sigma_i^2", against="ridge/variance", budget=0, latex=True)
