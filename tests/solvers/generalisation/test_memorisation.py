"""Expected frequencies of what was seen so often, against an integral of Laguerre polynomials and limits."""

import itertools

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import excess_from_unfitted, tail_mass
from solvable.solvers.generalisation.sums_of_draws import compressed, sum_law


def by_laplace(pi, n, total, order):
    """E a^{l+1}(1-a)^{n-l} with s^k/(s+p)^{k+l+1} as the Laplace transform of a Laguerre polynomial, 60 digits."""
    with mp.workdps(60):
        pi = [mp.mpf(float(p)) for p in pi]

        def moment(power, rest):  # E a^power (1-a)^rest, power >= 1
            def inside(t):
                phi = mp.fsum(mp.exp(-t * q) for q in pi) / len(pi)
                own = mp.fsum(p**power * mp.exp(-p * t) * mp.laguerre(rest, power - 1, p * t) for p in pi) / len(pi)
                return t ** (power - 1) * own * phi ** (total - 1)

            scale = len(pi) / mp.fsum(pi) / total
            value = mp.quad(inside, [0, *(scale * x for x in (1, 3, 10, 30, 100, 400))])
            return value * mp.factorial(rest) / mp.factorial(rest + power - 1)

        return float(moment(order + 1, n - order) / moment(order, n - order))


@pytest.mark.parametrize(("n", "total", "order"), [(20, 30, 1), (30, 20, 3), (12, 60, 2)])
def test_against_laplace_transforms(n, total, order):
    pi = np.arange(1, 7.0) ** -1
    assert float(tail_mass(pi, n, total, order)) == pytest.approx(by_laplace(pi, n, total, order), rel=1e-11)


def test_the_average_over_orders_is_the_mean_frequency():
    """Sum over l of P(seen l times) tau_l = 1/N, with P from differences of moments of 1 - a."""
    pi, n, total = np.array([1.0, 0.5, 0.2]), 3, 9
    # P(l) from tau alone: E a^{l+1}(1-a)^{n-l} = tau_l m_l, m of n - 1 from m of n; starts at E(1-a)^0 = 1
    zero = [1.0]
    for seen in range(1, n + 1):
        zero.append(zero[-1] * (1 - float(tail_mass(pi, seen - 1, total, 0)) if seen > 1 else 1 - 1 / total))
    tau = tail_mass(pi, n, total, np.arange(n + 1.0))
    # m_{l}(n) = E a^l (1-a)^(n-l) by m_{l+1}(n) = tau_l(n-1) m_l(n-1)
    table = {(0, k): zero[k] for k in range(n + 1)}
    for k in range(1, n + 1):
        for order in range(1, k + 1):
            before = 1 / total if k == 1 else float(tail_mass(pi, k - 1, total, order - 1))
            table[order, k] = before * table[order - 1, k - 1]
    weights = np.array([mp.binomial(n, order) * table[order, n] for order in range(n + 1)], float)
    assert weights.sum() == pytest.approx(1, rel=1e-12)
    assert weights @ tau == pytest.approx(1 / total, rel=1e-12)


@given(st.integers(2, 300), st.integers(1, 2000), st.floats(1e-200, 1e200))
@settings(max_examples=10, deadline=None)
def test_uniform_lists(total, n, unit):
    np.testing.assert_allclose(tail_mass([unit, unit], n, total, [0, n]), 1 / total, rtol=1e-12)


def test_rises_with_the_order_and_does_not_see_the_unit():
    pi = np.arange(1, 101.0) ** -1
    tau = tail_mass(pi, 100, 100, np.arange(10.0))
    assert np.all(np.diff(tau) > 0)
    np.testing.assert_allclose(tail_mass(1e-90 * pi, 100, 100, np.arange(10.0)), tau, rtol=1e-13)


def test_sums_keep_their_moments():
    """Mean, variance and third cumulant of 37 draws, and rare small sums by inclusion."""
    values, weights = np.array([0.1, 1.0, 2.0]), np.array([0.2, 0.5, 0.3])
    sums, logs = sum_law(compressed(values, np.log(weights), 1.5, 8), 37, 1.5, 8)
    p, mean = np.exp(logs), weights @ values
    assert p.sum() == pytest.approx(1, rel=1e-12)
    assert p @ sums == pytest.approx(37 * mean, rel=1e-12)
    for power in (2, 3):
        cumulant = 37 * weights @ (values - mean) ** power
        assert p @ (sums - 37 * mean) ** power == pytest.approx(cumulant, rel=1e-9, abs=1e-9)
    assert logs[0] == pytest.approx(37 * np.log(0.2), rel=1e-12)


@pytest.mark.parametrize("order", [0, 3])
def test_many_sights_keep_their_digits(order):
    """Five draws of three frequencies and 1e9 sights, by enumeration at 60 digits."""
    pi, n = [1.0, 0.5, 0.2], 10**9
    with mp.workdps(60):
        up = down = mp.mpf(0)
        for own, *rest in itertools.product(map(mp.mpf, pi), repeat=6):
            a = own / (own + sum(rest))
            weight = a**order * mp.exp((n - order) * mp.log1p(-a))
            up, down = up + weight * a, down + weight
        expected = float(up / down)
    assert float(tail_mass(pi, n, 6, order)) == pytest.approx(expected, rel=1e-12)


def test_excess():
    assert excess_from_unfitted([2, 0, 1], [0.5, 7.0, 0.25]) == 1.25


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tail_mass([[1.0]], 5, 5, 0), "frequencies.shape"),
        (lambda: tail_mass([0.0, 1.0], 5, 5, 0), r"frequencies\[0\]"),
        (lambda: tail_mass([1.0], 5, 1, 0), "total = 1"),
        (lambda: tail_mass([1.0], 5, 5, 6), "orders = 6"),
        (lambda: tail_mass([1.0], 5, 5, 0.5), "orders = 0.5"),
        (lambda: tail_mass([1.0], 2.5, 5, 0), "n = 2.5"),
        (lambda: excess_from_unfitted([1.0], [1.0, 2.0]), "counts.shape"),
        (lambda: excess_from_unfitted([-1.0], [1.0]), r"counts\[0\]"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
