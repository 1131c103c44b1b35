"""The path of saddles against the flow itself at tiny scales, decoupled cases, and the linear program."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from solvable.solvers import minimum_l1, saddle_to_saddle


def flow(X, y, times, log_scale):
    """Coefficients of the flow of (1/2n)||X beta - y||^2 at rescaled times; log_scale = ln(1/alpha)."""
    n, d = X.shape

    def coefficients(s):
        up, down = (np.exp(np.minimum(2 * log_scale * (sign * s - 1), 300)) for sign in (1, -1))
        return up - down  # capped: a trial step of the integrator may overshoot

    def velocity(_, s):
        return -2 * X.T @ (X @ coefficients(s) - y) / n

    def jacobian(_, s):
        slope = 2 * log_scale * sum(np.exp(np.minimum(2 * log_scale * (sign * s - 1), 300)) for sign in (1, -1))
        return -2 * (X.T @ X) / n * slope

    span, start = (0, times[-1]), np.zeros(d)
    # Radau: BDF steps over the exponential walls at s = +-1 unnoticed
    found = solve_ivp(velocity, span, start, "Radau", times, jac=jacobian, first_step=1e-4, rtol=1e-8, atol=1e-10)
    return coefficients(found.y).T


def test_flow_follows_the_path():
    """Half way through each plateau; the flow lags by O(1/log_scale), so the early plateaus are reached to 1e-2."""
    generator = np.random.default_rng(3)
    X, y = generator.standard_normal((5, 7)), generator.standard_normal(5)
    path = saddle_to_saddle(X, y)
    middle = (path.times[1:] + path.times[:-1]) / 2
    wide = np.diff(path.times) > 0.15  # others are shorter than the lag
    assert wide.sum() >= 4
    seen = flow(X, y, middle, 180.0)
    np.testing.assert_allclose(seen[wide], path.at(middle)[wide], atol=2e-2)
    # with time off by the factor two of the other convention it is somewhere else
    assert np.abs(path.at(2 * middle) - path.at(middle)).max() > 0.05


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 6), extra=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_path_ends_at_least_l1(n, extra, seed):
    generator = np.random.default_rng(seed)
    X, y = generator.standard_normal((n, n + extra)), generator.standard_normal(n)
    path = saddle_to_saddle(X, y)
    np.testing.assert_allclose(path.saddles[-1], minimum_l1(X, y).value, atol=1e-9 * np.abs(path.saddles[-1]).max())
    assert np.all(np.diff(path.times) >= 0)
    assert np.all(np.diff(path.losses) < 1e-13)
    scaled = saddle_to_saddle(1e50 * X, 1e-70 * y)
    np.testing.assert_allclose(1e-20 * scaled.times, path.times, rtol=1e-8)
    np.testing.assert_allclose(1e120 * scaled.saddles, path.saddles, rtol=1e-8, atol=1e-12)


def test_decoupled_coordinates_wake_one_by_one():
    y = np.array([3.0, -0.5, 1.0])
    path = saddle_to_saddle(np.eye(3), y)
    np.testing.assert_allclose(path.times, 3 / (2 * np.array([3, 1, 0.5])), rtol=1e-14)
    np.testing.assert_allclose(path.at([0.0, 0.6, 2.0, 9.0]), [[0, 0, 0], [3, 0, 0], [3, 0, 1], y], atol=1e-15)


def test_more_samples_than_features_end_at_least_squares():
    generator = np.random.default_rng(0)
    X, y = generator.standard_normal((9, 4)), generator.standard_normal(9)
    np.testing.assert_allclose(saddle_to_saddle(X, y).saddles[-1], np.linalg.lstsq(X, y, rcond=None)[0], atol=1e-12)


def test_ties_move_together():
    path = saddle_to_saddle(np.eye(2), [1.0, -1.0])
    assert path.times.tolist() == [1.0]
    nowhere = saddle_to_saddle(np.eye(2), [0.0, 0.0])
    assert nowhere.times.size == 0
    assert nowhere.saddles.tolist() == [[0.0, 0.0]]
    assert nowhere.losses.tolist() == [0.0]


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match=r"y\.shape"):
        saddle_to_saddle(np.eye(2), [1.0])
    with pytest.raises(ValueError, match="the path is longer"):
        saddle_to_saddle(np.eye(2), [1.0, 2.0], most_jumps=1)


def test_coordinates_that_wake_close_together_keep_their_own_times():
    y = np.array([3.0, 2.95, 2.9, 2.899])
    np.testing.assert_allclose(saddle_to_saddle(np.eye(4), y).times, 2 / y, rtol=1e-14)
