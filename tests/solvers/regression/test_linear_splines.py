"""Penalised linear splines and the networks that they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from solvable.solvers import linear_spline_fit, minimal_total_variation, spline_network


def bends(x):
    h, D = np.diff(x), np.zeros((len(x) - 2, len(x)))
    for i in range(len(x) - 2):
        D[i, i : i + 3] = 1 / h[i], -1 / h[i] - 1 / h[i + 1], 1 / h[i + 1]
    return D


def curve(n, seed=0):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(-1, 1, n))
    return x, np.sin(4 * x) + 0.2 * rng.standard_normal(n)


@pytest.mark.parametrize(("n", "ridge"), [(3, 0.1), (10, 0.05), (10, 0.001), (30, 0.01), (60, 0.1), (60, 10.0)])
def test_the_box_dual_of_scipy(n, ridge):
    """bvls leaves rounding in the changes of slope, up to 1e-7 of its objective: ours is never above it."""
    x, y = curve(n)
    D, fit = bends(x), linear_spline_fit(x, y, ridge)
    z = lsq_linear(D.T, y, bounds=(-ridge, ridge), method="bvls", tol=1e-14).x
    u = y - D.T @ z
    np.testing.assert_allclose(fit.values, u, atol=1e-10)
    assert fit.objective <= (0.5 * np.sum((y - u) ** 2) + ridge * np.abs(D @ u).sum()) * (1 + 1e-13)
    assert fit.dual_gap <= 1e-12 * fit.objective


@pytest.mark.parametrize("ridge", [1e-3, 0.01, 1.0])
def test_two_thousand_points(ridge):
    x, y = curve(2000)
    fit = linear_spline_fit(x, y, ridge)
    assert fit.dual_gap <= 1e-11 * fit.objective
    assert len(fit.knots) <= 1998


@given(st.integers(3, 25), st.floats(1e-4, 10), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_optimality(n, ridge, seed):
    """The dual of the residual lies in the box, and at its side wherever the slope changes."""
    x, y = curve(n, seed)
    fit = linear_spline_fit(x, y, ridge)
    residual = y - fit.values
    z = np.array([np.sum(residual * np.maximum(x[i] - x, 0)) for i in range(1, n - 1)])
    change = bends(x) @ fit.values
    assert np.all(np.abs(z) <= ridge * (1 + 1e-9) + 1e-12)
    assert abs(np.sum(residual)) + abs(residual @ x) < 1e-10
    large = np.isin(x[1:-1], fit.knots)
    np.testing.assert_allclose(z[large], ridge * np.sign(change[large]), rtol=1e-8, atol=1e-12)
    assert fit.dual_gap <= 1e-10 * fit.objective + 1e-14


@given(st.integers(2, 20), st.integers(0, 10**6), st.sampled_from([0.0, 0.01, 0.3]))
@settings(max_examples=40, deadline=None)
def test_the_network_is_the_spline(n, seed, ridge):
    x, y = curve(n, seed)
    fit = linear_spline_fit(x, y, ridge)
    net = spline_network(fit)
    np.testing.assert_allclose(net.output(x), fit.values, atol=1e-9 * (1 + np.abs(fit.slopes).max()))
    assert net.penalty == pytest.approx(0.5 * np.sum(net.inner**2 + net.outer**2))
    objective = 0.5 * np.sum((y - fit.values) ** 2) + ridge * net.penalty
    assert fit.objective == pytest.approx(objective, rel=1e-10, abs=1e-14)


def test_limits():
    x, y = curve(12)
    interpolant, line = linear_spline_fit(x, y, 0.0), linear_spline_fit(x, y, 1e6)
    np.testing.assert_allclose(interpolant.values, y, rtol=1e-15)
    assert interpolant.objective == 0
    assert len(interpolant.knots) == 10
    np.testing.assert_allclose(line.values, np.polyval(np.polyfit(x, y, 1), x), atol=1e-12)
    assert len(line.knots) == 0
    assert spline_network(interpolant).penalty == pytest.approx(minimal_total_variation(x, y))
    assert minimal_total_variation([0, 1, 2, 3], [1, 3, 5, 7]) == 0


def test_order_does_not_matter():
    x, y = curve(15)
    shuffled = np.random.default_rng(0).permutation(15)
    a, b = linear_spline_fit(x, y, 0.02), linear_spline_fit(x[shuffled], y[shuffled], 0.02)
    np.testing.assert_array_equal(a.values, b.values)
    np.testing.assert_array_equal(b.x, x)


def test_objectives_are_unique_where_knots_are_not():
    """Neighbouring changes of slope of one sign: a network with one knot between the points does as well."""
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0, 3.0])
    assert minimal_total_variation(x, y) == 2.0  # knots at 1 and 2
    np.testing.assert_array_equal(2 * np.maximum(x - 1.5, 0), y)  # one knot, where the outer lines meet


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_spline_fit([0.0, 1.0, 1.0], [1.0, 2.0, 3.0], 0.1), r"x = 1.0 is not allowed: it occurs twice"),
        (lambda: linear_spline_fit([0.0], [1.0], 0.1), r"x.shape = \(1,\)"),
        (lambda: linear_spline_fit([0.0, 1.0], [1.0], 0.1), r"y.shape = \(1,\)"),
        (lambda: linear_spline_fit([0.0, 1.0], [1.0, 2.0], -0.1), "ridge = -0.1"),
        (lambda: minimal_total_variation([1.0, 1.0], [1.0, 2.0]), "it occurs twice"),
        (lambda: spline_network(3), "fit = 3"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
