"""Rational functions cancelled and factored, in two arithmetics that share no code."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.analysis.equivalents import rational_functions
from solvable.analysis.equivalents.rational_functions import factored, quotient

n, d, kappa = sp.symbols("n d kappa", positive=True)
T = sp.Dummy("T", positive=True)
AT = {n: sp.Rational(7, 3), d: sp.Rational(11, 5), kappa: sp.Rational(2, 7), T: sp.Rational(5, 9)}


def expression(seed):
    """A rational expression grown at random."""
    rng = np.random.default_rng(seed)
    parts = [n, d, kappa, T, n - T, sp.Rational(int(rng.integers(1, 9)), 6)]
    for _ in range(7):
        a, b = (parts[int(k)] for k in rng.integers(len(parts), size=2))
        parts.append([a + b, a - b, a * b, a / (b + 1), a**2, (a + 2) ** -1][int(rng.integers(6))])
    return parts[-1] / (parts[-2] ** 2 + 1)


@pytest.mark.parametrize("arithmetic", ["flint", "sympy"])
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_quotients_and_factors_are_the_expression(arithmetic, seed):
    """Exact at rational numbers; numerator and denominator are coprime."""
    made = expression(seed)
    with pytest.MonkeyPatch.context() as patch:
        if arithmetic == "sympy":
            patch.setattr(rational_functions, "flint", None)
        else:
            pytest.importorskip("flint")
        for found in (quotient(made), factored(made)):
            assert sp.Rational(found.xreplace(AT)) == sp.Rational(made.xreplace(AT))
            above, below = sp.fraction(found)
            assert sp.gcd(above, below).is_number


@pytest.mark.parametrize("arithmetic", ["flint", "sympy"])
@pytest.mark.parametrize("wrapped", [quotient, factored])
@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((n**2 - d**2) / (n - d), n + d),
        (sp.sqrt(n) * d / n ** sp.Rational(1, 3) - d * n ** sp.Rational(1, 6), 0),
        ((n - sp.sqrt(n)) / (sp.sqrt(n) - 1), sp.sqrt(n)),
        (sp.sqrt(n + d) * n / (n * sp.sqrt(n + d)), 1),
        (sp.Integer(3), 3),
        (n - n, 0),
        ((1 - n * d) / (n * d - 1) ** 2, 1 / (1 - n * d)),
    ],
)
def test_what_cancels(arithmetic, wrapped, made, expected, monkeypatch):
    if arithmetic == "sympy":
        monkeypatch.setattr(rational_functions, "flint", None)
    else:
        pytest.importorskip("flint")
    assert sp.simplify(wrapped(made) - expected) == 0


def test_a_factor_is_written_with_more_terms_without_a_minus():
    pytest.importorskip("flint")
    assert str(factored((T * kappa - n * kappa) / (T - n - d))) == str(kappa * (n - T) / (d + n - T))
