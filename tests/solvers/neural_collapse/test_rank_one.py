"""Least weights of ReLU networks on rank-one data against searches over the weights themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from solvable.solvers import duality_gap, rank_one_gap


@pytest.mark.parametrize(("p", "q"), [(1.0, 0.5), (1.0, -0.5), (-1.0, -2.0), (0.7, 0.0)])
def test_bounded_primal_against_a_search_over_the_first_layer(p, q):
    """Three layers: given gains u, v of the neurons for c > 0 and c < 0, the others cost a norm of (p/u, q/v)."""

    def cost(angle):
        u, v = 0.9 * np.cos(angle[0]), 0.9 * np.sin(angle[0])
        # one sign: one neuron of the second layer serves both sides; two signs: one for each
        sides = np.array([abs(p) / u, abs(q) / v])
        return float(np.hypot(*sides)) if p * q > 0 else float(sides.sum())

    best = min(minimize(cost, [a], method="Nelder-Mead", bounds=[(1e-9, np.pi / 2 - 1e-9)],
                        options={"xatol": 1e-12, "fatol": 1e-13}).fun for a in (0.3, 0.8, 1e-6))  # fmt: skip
    assert float(rank_one_gap(p, q, 3, norm_bound=0.9).primal) == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize(("p", "q"), [(1.0, 0.5), (1.0, -0.5), (-2.0, 0.3)])
def test_dual_is_a_linear_program(p, q):
    """Maximise what the labels say over multipliers under which no network of gain 1 earns more than 1."""
    c = np.array([2.0, 0.5, -1.0, -0.25])
    y = np.where(c > 0, p, q) * np.abs(c)
    t = 0.9
    up, down = np.maximum(c, 0), np.maximum(-c, 0)
    # a network of three layers of norms t, 1, 1 gives either side at most t times its slope, in shares that sum to 1
    sides = np.array([up, -up, down, -down]) * t
    found = linprog(-y, A_ub=sides, b_ub=np.ones(4), bounds=(None, None))
    assert float(rank_one_gap(p, q, 3, norm_bound=t).dual) == pytest.approx(-found.fun, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(p=st.floats(-1e3, 1e3), q=st.floats(-1e3, 1e3), depth=st.integers(2, 9))
def test_gap_opens_where_the_signs_differ(p, q, depth):
    found = rank_one_gap(p, q, depth)
    assert found.gap >= -1e-12 * found.primal
    assert float(rank_one_gap(q, p, depth).primal) == pytest.approx(float(found.primal), rel=1e-14)
    assert float(rank_one_gap(-p, -q, depth).primal) == pytest.approx(float(found.primal), rel=1e-14)
    if p * q > 0 or depth == 2:
        assert float(found.gap) == pytest.approx(0, abs=1e-13 * float(found.primal))
    elif min(abs(p), abs(q)) > 1e-3:
        assert float(found.gap) > 1e-3 * float(found.primal)


def test_one_side_is_a_linear_network_of_rank_one():
    assert float(rank_one_gap(3.0, 0.0, 4).primal) == float(duality_gap([3.0], 4).primal)
    assert float(rank_one_gap(3.0, -0.0, 4).gap) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rank_one_gap(1.0, 1.0, 1), "at least two layers"),
        (lambda: rank_one_gap(np.nan, 1.0, 3), "positive_slope"),
        (lambda: rank_one_gap(1.0, [1.0, np.inf], 3), "negative_slope"),
        (lambda: rank_one_gap([1.0, 2.0], [1.0, 2.0, 3.0], 3), "positive_slope"),
        (lambda: rank_one_gap(1.0, 1.0, 3, norm_bound=0.0), "norm_bound"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
