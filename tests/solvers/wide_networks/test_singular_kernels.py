"""Kernels that rounding cannot tell from singular ones, blocks of no process, variances at the end of doubles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    dual_activation,
    predict_from_duals,
    sparse_duals,
    student_process,
    trained_ensemble,
    wide_network_kernels,
)


def kernel(rows, others=None):
    """Smooth, positive definite on different rows: exp of minus half the squared distance."""
    others = rows if others is None else others
    return np.exp(-((rows[:, None] - others[None]) ** 2).sum(-1) / 2)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 6), seed=st.integers(0, 10**6), single=st.booleans(), scale=st.floats(-100, 100))
def test_repeated_inputs_are_refused_without_noise(n, seed, single, scale):
    """A row that is another one, or their sum in a linear kernel: labels off its range made variances of 1e15."""
    rng = np.random.default_rng(seed)
    rows = 3 * rng.standard_normal((n, 2))
    rows = np.vstack([rows, rows[rng.integers(n)]])
    unit, kind = 10**scale if not single else 1.0, np.float32 if single else np.float64
    K, cross = (unit * kernel(rows)).astype(kind), (unit * kernel(np.zeros((1, 2)), rows)).astype(kind)
    y, test = rng.standard_normal(n + 1), np.full((1, 1), unit, kind)
    linear = rng.standard_normal((n + 2, n))
    for call in (
        lambda: student_process(K, y, cross, test, 2.0, 3.0),
        lambda: trained_ensemble(K, y, cross, test, 2.0, 3.0),
        lambda: predict_from_duals(K, sparse_duals(K, y, np.ones(n + 1), y), cross, test[0]),
        lambda: student_process(linear @ linear.T, np.ones(n + 2), np.zeros((1, n + 2)), np.eye(1), 2.0, 3.0),
    ):
        with pytest.raises(ValueError, match="positive definite to the rounding"):
            call()
    noisy = student_process(K, y, cross, test, 2.0, 3.0, noise=0.1 * unit)
    assert np.all(np.isfinite(noisy.mean))
    assert np.all(noisy.scale >= 0)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_variances_at_the_inputs_themselves_are_not_negative(n, seed):
    rng = np.random.default_rng(seed)
    rows = np.cumsum(0.5 + rng.random((n, 1)), axis=0)
    K, y = kernel(rows), rng.standard_normal(n)
    assert np.all(np.diag(student_process(K, y, K, K, 2.0, 3.0).scale) >= 0)
    for precision in (0.0, 1.0, 1e12):
        found = predict_from_duals(K, sparse_duals(K, y, np.full(n, precision), y), K, np.diag(K))
        assert np.all(found.variance >= 0)


def test_blocks_of_no_process_are_refused():
    """A covariance of 5 between variances of 1: the variance was -24."""
    duals = sparse_duals(np.eye(2), np.ones(2), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="positive semidefinite"):
        predict_from_duals(np.eye(2), duals, np.full((1, 2), 5.0), np.ones(1))


@pytest.mark.parametrize("decade", [5, 75, 80, 120, 150])
@pytest.mark.parametrize("depth", [1, 2])
def test_wide_erf_networks_of_huge_inputs_are_networks_of_signs(decade, depth):
    """2/pi asin of the cosine, to 1/(variance) relative; products of variances left the doubles, and gave 0."""
    X = 10.0**decade * np.array([[1.0, 2.0], [1.0, 3.0], [-2.0, 0.5]])
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    first = 2 / np.pi * np.arcsin(np.clip(unit @ unit.T, -1, 1))
    found = wide_network_kernels(X, depth=1, activation="erf", weight_variance=1.0).nngp
    np.testing.assert_allclose(found, first, atol=1e-14 + 2 * 10.0**-decade)
    if depth == 2:
        second = wide_network_kernels(X, depth=2, activation="erf", weight_variance=1.0).nngp
        expected = 2 / np.pi * np.arcsin(2 * first / 3)
        np.testing.assert_allclose(second, expected, atol=1e-14 + 3 * 10.0**-decade)
    q, c = np.array([1.0, 2.0]) * 100.0**decade, 0.3 * 100.0**decade
    found = dual_activation("erf", *q, c)
    assert found == pytest.approx(2 / np.pi * np.arcsin(0.3 / 2**0.5), abs=1e-14 + 2 * 10.0**-decade)
