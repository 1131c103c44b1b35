"""Networks that interpolate, and the norm of random labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import interpolating_network, random_label_norm

RNG = np.random.default_rng(0)


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 1000), st.integers(-100, 100))
@settings(max_examples=30, deadline=None)
def test_fits_and_counts(n, d, seed, exponent):
    rng = np.random.default_rng(seed)
    X, y = 10.0**exponent * rng.standard_normal((n, d)), rng.standard_normal(n)
    net = interpolating_network(X, y)
    size = np.abs(net.outer[:, None] * np.maximum(net.biases[-1] - net.biases, 0)).max(initial=1.0)
    np.testing.assert_allclose(net.predict(X), y, atol=1e-13 * max(size, 1 / net.gap))
    assert net.weights == 2 * n + d == net.direction.size + net.biases.size + net.outer.size
    assert np.all(np.diff(net.biases) > 0)


def test_is_the_linear_interpolation_along_its_direction():
    X, y = RNG.standard_normal((12, 3)), RNG.standard_normal(12)
    net = interpolating_network(X, y, rng=4)
    z = X @ net.direction
    order = np.argsort(z)
    places = np.linspace(z.min(), z.max(), 50)
    inputs = places[:, None] * net.direction
    np.testing.assert_allclose(net.predict(inputs), np.interp(places, z[order], y[order]), atol=1e-9)


def test_inputs_of_very_different_sizes():
    X, y = [[1e200, 1e-200], [-1e200, 1e-150], [0.5, 2e199]], [1.0, -2.0, 3.0]
    np.testing.assert_allclose(interpolating_network(X, y).predict(X), y, rtol=1e-12)


def test_many_inputs_in_single_precision():
    """Seed 0: five hundred rows lie nearer along any direction than singles are fine; their projections are doubles."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((500, 3)).astype(np.float32), rng.standard_normal(500)
    net = interpolating_network(X, y)
    assert net.gap < 64 * np.finfo(np.float32).eps
    np.testing.assert_allclose(net.predict(X), y, atol=1e-13 / net.gap)


def test_the_lower_triangular_system():
    """The same outer weights as a dense solve with the biases."""
    X, y = RNG.standard_normal((8, 2)), RNG.standard_normal(8)
    net = interpolating_network(X, y)
    A = np.maximum((X @ net.direction)[:, None] - net.biases, 0)
    np.testing.assert_allclose(np.linalg.solve(A, y), net.outer, rtol=1e-8)


def test_mean_norm_over_all_flips():
    """Every pattern of replaced labels and signs of five labels."""
    X = RNG.standard_normal((5, 2))
    K = np.exp(-np.sum((X[:, None] - X[None]) ** 2, axis=2))
    y, share = np.array([1.0, -1, 1, 1, -1]), 0.3
    total = 0.0
    for code in range(3**5):
        digits = np.array([code // 3**i % 3 for i in range(5)])  # kept, +1, -1
        labels = np.where(digits == 0, y, np.where(digits == 1, 1.0, -1.0))
        total += np.prod(np.where(digits == 0, 1 - share, share / 2)) * labels @ np.linalg.solve(K, labels)
    assert float(random_label_norm(K, y, share)) == pytest.approx(total, rel=1e-10)
    ends = random_label_norm(K, y, [0.0, 1.0])
    np.testing.assert_allclose(ends, [y @ np.linalg.solve(K, y), np.trace(np.linalg.inv(K))], rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interpolating_network(np.ones((2, 3)), [1.0, 1.0]), "rows must be distinct"),
        (lambda: interpolating_network([[1.0, 2], [3, 4], [1, 2]], np.ones(3)), "rows must be distinct"),
        (lambda: interpolating_network(np.ones((2, 3)), [1.0]), "y.shape"),
        (lambda: interpolating_network([[1.0], [2.0]], [1.0, 2]).predict([[1.0, 2]]), "X.shape"),
        (lambda: random_label_norm(np.ones((2, 3)), [1.0, 2]), "kernel.shape"),
        (lambda: random_label_norm([[1.0, 2], [0, 1]], [1.0, 2]), "kernel.shape"),
        (lambda: random_label_norm(-np.eye(2), [1.0, 2]), "positive definite"),
        (lambda: random_label_norm(np.eye(2), [1.0]), "y.shape"),
        (lambda: random_label_norm(np.eye(2), [1.0, 2], 1.5), "share = 1.5"),
        (lambda: random_label_norm(np.eye(2), [1.0, 2], 0.5, -1.0), "variance = -1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
