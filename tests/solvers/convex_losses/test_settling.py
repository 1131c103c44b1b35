"""Bounds on what is left of an error, on linear maps whose fixed points are known at fifty digits."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers.convex_losses.settling import errors, settle


def fixed_point(A, b):
    with mp.workdps(50):
        left = mp.eye(len(b)) - mp.matrix(A.tolist())
        return np.array([float(x) for x in mp.lu_solve(left, mp.matrix(b.tolist()))]), float(mp.mnorm(left**-1, mp.inf))


@pytest.mark.parametrize("gap", [0.5, 1e-2, 1e-4, 1e-6])
def test_a_residual_of_zero_leaves_rounding(gap):
    """2e-15 times the norm of (I - G')^-1, by default; what is given instead, and a larger residual, count alike."""
    A = np.array([[1 - gap, 0.3], [0.0, 0.5]])
    _, gain = fixed_point(A, np.ones(2))
    x = np.zeros((3, 2))
    left = errors(lambda y, i: y @ A.T, x, np.array([0.0, 1e-16, 1e-12]))
    np.testing.assert_allclose(left, gain * np.array([2e-15, 2e-15, 1e-12]), rtol=1e-3)
    np.testing.assert_allclose(
        errors(lambda y, i: y @ A.T, x[:1], np.zeros(1), rounding=1e-13), gain * 1e-13, rtol=1e-3
    )


def test_beyond_what_differences_see_nothing_is_known():
    assert errors(lambda y, i: y * (1 - 1e-10), np.zeros((1, 1)), np.zeros(1))[0] == 1.0


@given(seed=st.integers(0, 10_000), log_gap=st.floats(-6, 0))
@settings(max_examples=40, deadline=None)
def test_settled_points_lie_within_the_bound(seed, log_gap):
    """Maps of three entries, one direction slower than the others by up to 1e6; points of order one."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    A = Q @ np.diag([1 - 10**log_gap, 0.5, -0.4]) @ Q.T
    b = rng.standard_normal(3) @ (np.eye(3) - A)
    truth, _ = fixed_point(A, b)
    found = settle(lambda x, i: x @ A.T + b, np.zeros((1, 3)))
    bound = errors(lambda x, i: x @ A.T + b, found.x, found.residual)
    assert np.abs(found.x[0] - truth).max() <= bound[0] * (1 + np.abs(truth).max())
    assert bound[0] < 1e-12 / 10**log_gap
