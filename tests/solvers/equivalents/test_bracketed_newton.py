"""Newton inside brackets: roots that are known, steps that must be refused, cells that leave the loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers.equivalents.bracketed_newton import bracketed_newton, iterate_active

EPS = np.finfo(float).eps


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=8))
def test_roots_of_cubes_where_the_slope_vanishes(cells):
    """(x - a)^3 has a slope of 0 at its root, where Newton gains a factor 3/2 a step: the bracket decides."""
    root, below, above = np.array(cells).T

    def evaluate(x, i):
        return (x - root[i]) ** 3, 3 * (x - root[i]) ** 2

    low, high = root - below - 1, root + above + 1
    found = bracketed_newton(evaluate, low, high, high)
    assert found.converged.all()
    # the last step, at most 4 eps, is a third of the distance: underflow of the cube hides nothing above 1e-107
    assert np.all(np.abs(found.x - root) <= 13 * EPS * np.maximum(1.0, np.abs(root)))
    assert np.all((found.low <= found.x) & (found.x <= found.high))


@settings(max_examples=60, deadline=None)
@given(st.floats(-20, 20), st.floats(1, 1e6), st.floats(-30, 30))
def test_a_steep_function_from_any_start(root, steepness, start):
    """Of tanh Newton overshoots by far wherever it is flat."""

    def evaluate(x, _):
        u = steepness * (x - root)
        return np.tanh(u), steepness / np.cosh(np.minimum(abs(u), 350)) ** 2

    found = bracketed_newton(evaluate, np.array([-40.0]), np.array([40.0]), np.array([start]))
    assert found.converged.all()
    assert abs(found.x[0] - root) <= 5 * EPS * max(1.0, abs(root))


def test_monotone_newton_is_newton():
    """On a convex function, from the right, every step is Newton's own: the same iterates, none a bisection."""
    seen, t = [], 3.0

    def evaluate(x, _):
        seen.append(float(x[0]))
        return np.exp(x) - 2.0, np.exp(x)

    found = bracketed_newton(evaluate, np.array([-100.0]), np.array([3.0]), np.array([3.0]))
    for x in seen[:6]:
        assert x == pytest.approx(t, rel=1e-15)
        t -= (np.exp(t) - 2.0) / np.exp(t)
    assert found.x[0] == pytest.approx(np.log(2.0), rel=4 * EPS)
    assert len(seen) == found.iterations[0] == 8


def test_cells_keep_their_own_data_and_leave_when_done():
    roots, calls = np.array([1.0, -2.0, 7.5, 0.25]), []
    last = np.full(4, np.nan)

    def evaluate(x, i):
        calls.append(i.copy())
        last[i] = x
        return np.sinh(x - roots[i]), np.cosh(x - roots[i])

    start = roots + np.array([0.0, 3.0, 1e-3, -8.0])
    found = bracketed_newton(evaluate, roots - 10, roots + 10, start, tolerance=1e-15)
    np.testing.assert_allclose(found.x, roots, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(last, found.x)  # the last evaluation of a cell is at its answer
    np.testing.assert_array_equal(found.value, np.sinh(found.x - roots))
    assert [sum(cell in call for call in calls) for cell in range(4)] == found.iterations.tolist()
    assert found.iterations[0] == 1 < found.iterations[2] < found.iterations[1]


def test_outside_the_domain_the_upper_end_is_the_answer():
    """A jump from -inf to inf at pi, as at a ridge of 0: bisection, and an answer inside the domain."""
    edge = np.array([np.pi, 1e-3])
    found = bracketed_newton(
        lambda x, i: (np.where(x > edge[i], np.inf, -np.inf), np.ones(x.size)), np.full(2, -10.0), np.full(2, 50.0),
        np.full(2, 50.0),
    )  # fmt: skip
    assert found.converged.all()
    assert np.all(found.x > edge)
    assert np.all(found.x - edge <= 8 * EPS * np.maximum(1, edge))
    np.testing.assert_array_equal(found.x, found.high)


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf, -1.0])
def test_useless_slopes_leave_bisection(slope):
    """An infinite slope steps nowhere: that alone is taken for convergence, as a step below rounding is."""
    found = bracketed_newton(
        lambda x, i: (x - 0.3, np.full(x.size, slope)), np.array([-1.0]), np.array([1.0]), np.array([1.0])
    )
    if slope == np.inf:
        assert found.iterations[0] <= 60
    else:
        assert abs(found.x[0] - 0.3) <= 8 * EPS


def test_the_limit_is_reported_cell_by_cell():
    roots = np.array([0.0, 0.3])
    found = bracketed_newton(
        lambda x, i: (x - roots[i], np.where(i == 0, 1.0, np.nan)),
        np.full(2, -1.0),
        np.full(2, 2.0),
        np.ones(2),
        limit=9,
    )
    assert found.converged.tolist() == [True, False]
    assert found.iterations.tolist() == [2, 9]
    assert found.low[1] <= 0.3 <= found.high[1]
    assert found.high[1] - found.low[1] == pytest.approx(3 / 2**9, rel=0.6)


def test_active_iteration_of_complex_cells():
    """Square roots of -1 and 2i by Newton's map, the second from its root: one step each until done."""
    squares = np.array([-1.0, 2.0j])

    def advance(z, i):
        new = (z + squares[i] / z) / 2
        return new, abs(new - z) < 1e-14

    z, spent, left = iterate_active(advance, np.array([1 + 2j, 1 + 1j]), 50)
    np.testing.assert_allclose(z, [1j, 1 + 1j], rtol=1e-15)
    assert spent[1] == 1 < spent[0] < 12
    assert left.size == 0
    assert iterate_active(advance, np.array([1 + 2j, 1 + 1j]), 2)[2].tolist() == [0]
