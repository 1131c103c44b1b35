"""Reading as a property: what sympy prints is read back, and no part of a formula is passed over in silence."""

import itertools

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solvable.analysis.derivation.latex_tokens import tokens_of
from solvable.analysis.derivation.notation import parse, read

NAMES = sp.symbols("gamma sigma n d lambda_1 kappa", positive=True)
POINT = dict(zip(NAMES, (0.37, 1.21, 2.9, 1.7, 0.83, 0.59), strict=True))
ATOMS = st.one_of(st.sampled_from(NAMES), st.integers(1, 12).map(sp.Integer), st.just(sp.pi),
                  st.builds(sp.Rational, st.integers(1, 9), st.integers(2, 9)))  # fmt: skip


def _larger(inner):
    """Sums, products, quotients, powers and functions of smaller expressions."""
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda pair: pair[0] + pair[1]),
        two.map(lambda pair: pair[0] - 2 * pair[1]),
        two.map(lambda pair: pair[0] * pair[1]),
        two.map(lambda pair: pair[0] / (1 + pair[1] ** 2)),
        inner.map(lambda part: sp.sqrt(1 + part**2)),
        inner.map(lambda part: (1 + part**2) ** sp.Rational(-3, 2)),
        inner.map(lambda part: sp.exp(-(part**2))),
        inner.map(lambda part: sp.log(2 + part**2)),
        inner.map(lambda part: sp.atan(part)),
        inner.map(lambda part: sp.Abs(part - 1)),
        two.map(lambda pair: sp.Max(pair[0], pair[1])),
        inner.map(lambda part: sp.Piecewise((part, NAMES[0] < 1), (1 + part, True))),
    )


def _is_taken(expression):
    """Whether no number in it is so large that it is refused."""
    return all(max(abs(number.p), number.q) <= 10**30 for number in expression.atoms(sp.Rational))


def _value(expression):
    """Value at a point where no two names have the same."""
    given_there = {symbol: POINT[next(name for name in NAMES if str(name) == str(symbol))]
                   for symbol in expression.free_symbols}  # fmt: skip
    function = sp.Function("value")
    plain = expression.replace(lambda e: e.func == function, lambda e: e.args[0])
    return complex(plain.subs(given_there).evalf(20))


@settings(max_examples=60, deadline=None)
@given(st.recursive(ATOMS, _larger, max_leaves=6), st.sampled_from([None, "times", "dot"]))
def test_what_sympy_prints_in_latex_reads_back(expression, sign):
    assume(
        all(max(abs(number.p), number.q) <= 10**30 for number in expression.atoms(sp.Rational))
    )  # others are refused
    text = sp.latex(expression) if sign is None else sp.latex(expression, mul_symbol=sign)
    assert _value(parse(text, latex=True)) == pytest.approx(_value(expression), rel=1e-12, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.recursive(ATOMS, _larger, max_leaves=6))
def test_what_sympy_prints_in_python_reads_back(expression):
    assume(
        all(max(abs(number.p), number.q) <= 10**30 for number in expression.atoms(sp.Rational))
    )  # others are refused
    assert _value(parse(str(expression))) == pytest.approx(_value(expression), rel=1e-12, abs=1e-12)


FORMULAS = (
    r"\sigma^2\frac{\gamma}{1-\gamma}",
    r"\frac{n\sigma^2}{d-n-1}+\left(1-\frac nd\right)",
    r"\sqrt{1+\frac{\gamma}{\kappa}}-\log(1+\sigma)",
    r"\sigma^{2}e^{-2\gamma\kappa}+\max(\gamma,1)",
    r"\sum_{k=1}^{3}\gamma^k\sigma",
    r"\int_0^{\sigma}e^{-\gamma u}\,du",
    r"\frac{\gamma}{\bar\gamma},\quad\bar\gamma=1+\kappa",
)
NEUTRAL = ("{", "}", "(", ")", r"\cdot", ",", r"\quad")  # what only places or separates
TAILS = (r"+7\gamma", r"\gamma", r"^3", r"!", r"_+", r"\,\kappa", r", +7\gamma", r"\quad 2", r"\text{ twice }", r"-",
         r"\frac{1}{2}", r"\ldots", r"\pm\gamma", r"; \gamma+1", r"\\ \gamma", r"|", r"=2", r"\ (2\gamma)")  # fmt: skip


def _understood(text):
    """What is read, a definition put in, with the range, or nothing."""
    try:
        reading = read(text, latex=True)
    except ValueError:
        return None
    names = {sp.Symbol(name, positive=True): value for name, value in reading.definitions.items()}
    return reading.expression.xreplace(names), reading.condition, reading.left, reading.relation, reading.sides


@pytest.mark.parametrize("text", FORMULAS)
def test_no_token_can_be_taken_out_unseen(text):
    whole = _understood(text)
    assert whole is not None
    tokens = list(tokens_of(text))
    for place, token in enumerate(tokens):
        if token.text in NEUTRAL:
            continue
        rest = " ".join(other.text for i, other in enumerate(tokens) if i != place)
        assert _understood(rest) != whole, f"{token.text} in {text}"


@pytest.mark.parametrize(("text", "tail"), list(itertools.product(FORMULAS[:4], TAILS)))
def test_no_tail_is_passed_over(text, tail):
    assert _understood(text + tail) != _understood(text)


def test_a_cut_formula_is_never_read_as_the_whole():
    """Cut behind any token a formula is refused, or is another one."""
    for text in FORMULAS:
        tokens, whole = [token.text for token in tokens_of(text)], _understood(text)
        for end in range(1, len(tokens)):
            assert _understood(" ".join(tokens[:end])) != whole, (text, end)


def test_the_point_tells_names_apart():
    assert len(set(POINT.values())) == len(NAMES)
    assert np.all(np.diff(sorted(POINT.values())) > 0.1)
