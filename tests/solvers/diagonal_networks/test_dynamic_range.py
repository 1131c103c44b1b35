"""Sparse signals whose entries differ by many orders of magnitude: least l1 norm, and the saddle path to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import minimum_l1, saddle_to_saddle


def least_l1(X, y):
    found = minimum_l1(X, y)
    return np.asarray(getattr(found, "value", found))


def planted(seed, smallest, n=20, d=40):
    """Three entries, 1, -1/2 and the given one, few enough for n Gaussian rows to recover."""
    rng = np.random.default_rng(seed)
    X, signal = rng.standard_normal((n, d)), np.zeros(d)
    signal[rng.choice(d, 3, replace=False)] = 1.0, -0.5, smallest
    return X, signal


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), power=st.floats(0, 12), scale=st.sampled_from([1e-80, 1.0, 1e80]))
def test_interpolates_to_rounding_at_no_more_than_the_planted_norm(seed, power, scale):
    X, signal = planted(seed, -(10.0**-power))
    y = X @ signal
    found = least_l1(X, scale * y) / scale
    # an absolute error of 1e-15 C, whatever the entry
    assert np.abs(X @ found - y).max() < 1e-13
    assert np.abs(found).sum() <= np.abs(signal).sum() * (1 + 1e-13)
    assert np.count_nonzero(found) <= 20
    if np.abs(found).sum() > np.abs(signal).sum() * (1 - 1e-9):  # the planted signal is the minimiser
        np.testing.assert_allclose(found, signal, rtol=0, atol=1e-13)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), power=st.floats(0, 16))
def test_the_path_ends_at_the_signal(seed, power):
    """General position: few jumps, losses that fall, and the end is the interpolator of least l1 norm."""
    X, signal = planted(seed, 10.0**-power)
    y = X @ signal
    path = saddle_to_saddle(X, y, most_jumps=200)
    assert np.all(np.diff(path.times) >= 0)
    assert np.all(np.diff(path.losses) <= 1e-28)
    np.testing.assert_allclose(path.saddles[-1], least_l1(X, y), rtol=0, atol=1e-12)
    assert np.abs(X @ path.saddles[-1] - y).max() < 1e-13


@pytest.mark.parametrize("smallest", [1e-6, 1e-9, 1e-10, 1e-11])
def test_the_last_coordinate_wakes_last(smallest):
    """Orthogonal columns: coordinate i wakes at n/(2|y_i|), however late."""
    y = np.array([1.0, -0.5, smallest])
    path = saddle_to_saddle(np.eye(3), y)
    np.testing.assert_allclose(path.times, 3 / (2 * np.abs(y)), rtol=1e-14)
    np.testing.assert_array_equal(path.saddles[-1], y)
