"""Linear structural equations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import path_weights, structural_covariance


def graph(seed, d, density=0.5):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((d, d)) < density, rng.standard_normal((d, d)), 0.0)


@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_the_rule_is_the_inverse(seed, d, density):
    weights = graph(seed, d, density)
    loops = np.eye(d) - weights
    condition = np.linalg.cond(loops)
    if condition < 1e6:
        inverse = np.linalg.inv(loops)
        np.testing.assert_allclose(path_weights(weights), inverse, atol=1e-14 * condition * np.abs(inverse).max())


@pytest.mark.parametrize("seed", range(4))
def test_expressions_are_the_numbers(seed):
    weights = graph(seed, 5, 0.4)
    found = path_weights(weights, symbolic=True)
    values = {f"lambda_{i + 1}_{j + 1}": weights[i, j] for i, j in np.argwhere(weights)}
    numbers = np.array([[float(entry.subs(values)) for entry in row] for row in found])
    np.testing.assert_allclose(numbers, path_weights(weights), rtol=1e-10, atol=1e-12)


def test_simulated_equilibria_have_the_covariance():
    """200,000 draws (seed 2): entries within 2 % of the largest, four standard errors."""
    rng = np.random.default_rng(2)
    weights, root = 0.2 * graph(3, 4), rng.standard_normal((4, 4))
    noise = rng.standard_normal((200_000, 4)) @ root.T
    states = np.zeros_like(noise)
    for _ in range(60):
        states = states @ weights + noise
    expected = structural_covariance(weights, root @ root.T)
    np.testing.assert_allclose(states.T @ states / len(noise), expected, atol=0.02 * np.abs(expected).max())


def test_no_edges():
    np.testing.assert_array_equal(path_weights(np.zeros((3, 3))), np.eye(3))
    assert path_weights([[0.0]], symbolic=True)[0, 0] == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: path_weights([[0.0, 2.0], [0.5, 0.0]]), r"det\(I - Lambda\) vanishes"),
        (lambda: structural_covariance([[0.0, 1e99], [0.0, 0.0]], np.eye(2)), "to the rounding of its largest"),
        (lambda: structural_covariance([[1.0]], [[1.0]]), r"det\(I - Lambda\) vanishes"),
        (lambda: path_weights(np.zeros((11, 11))), "it may have 10 nodes"),
        (lambda: path_weights(np.zeros((9, 9)), symbolic=True), "it may have 8 nodes"),
        (lambda: path_weights(np.zeros((2, 3))), "it must be square"),
        (lambda: structural_covariance(np.zeros((2, 2)), np.eye(3)), r"Omega.shape = \(3, 3\)"),
        (lambda: structural_covariance(np.zeros((2, 2)), -np.eye(2)), "positive semi-definite"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
