"""Kernels of wide networks: conventions, diagonals, blocks, closed limits, refusals."""

import numpy as np
import pytest

from solvable.solvers import dual_activation, leaky_relu, wide_network_kernels
from solvable.solvers.wide_networks import kernels as module

X = np.random.default_rng(0).standard_normal((6, 4))
Y = np.random.default_rng(1).standard_normal((5, 4))


def loops(X, Y, depth, activation, weight, bias):
    """Recursion pair by pair, its own three numbers each."""
    out = np.empty((2, len(X), len(Y)))
    for i, x in enumerate(X):
        for j, y in enumerate(Y):
            a, b, c = (bias + weight * float(p @ q) / len(x) for p, q in ((x, x), (y, y), (x, y)))
            theta = c
            for _ in range(depth):
                gain = weight * float(dual_activation(activation, a, b, c, True))
                a, b, c = (
                    bias + weight * float(dual_activation(activation, *t)) for t in ((a, a, a), (b, b, b), (a, b, c))
                )
                theta = c + gain * theta
            out[:, i, j] = c, theta
    return out


@pytest.mark.parametrize("activation", ["relu", "erf", "gelu", "tanh", "abs", "cos"])
def test_matrices_are_pairs(activation):
    found = wide_network_kernels(X, Y, 2, activation, 1.5, 0.3)
    np.testing.assert_allclose([found.nngp, found.ntk], loops(X, Y, 2, activation, 1.5, 0.3), rtol=1e-11, atol=1e-14)


def test_diagonals_are_exact_and_the_same_in_all_three_places():
    alone, twice = wide_network_kernels(X, depth=5), wide_network_kernels(X, X, depth=5)
    np.testing.assert_array_equal(np.diag(alone.nngp), alone.nngp_diagonals[0])
    np.testing.assert_array_equal(np.diag(alone.ntk), alone.ntk_diagonals[1])
    np.testing.assert_array_equal(twice.nngp_diagonals[0], alone.nngp_diagonals[0])
    norms = 2 * np.sum(X**2, axis=1) / 4
    np.testing.assert_allclose(np.diag(alone.nngp), norms, rtol=1e-14)  # relu at 2 keeps the variance
    np.testing.assert_allclose(np.diag(alone.ntk), 6 * norms, rtol=1e-14)


def test_blocks_change_nothing(monkeypatch):
    whole = wide_network_kernels(X, Y, 3, "erf", 1.5, 0.1)
    monkeypatch.setattr(module, "_BLOCK", 7)
    parts = wide_network_kernels(X, Y, 3, "erf", 1.5, 0.1)
    np.testing.assert_allclose(parts.ntk, whole.ntk, rtol=1e-14)


def test_a_readout_of_variance_one_without_biases_divides_by_the_weight_variance():
    """The convention of software that leaves the readout alone: last step with gain 1."""
    body = wide_network_kernels(X, Y, 1, "relu", 2.0)
    q1, q2 = body.nngp_diagonals[0][:, None], body.nngp_diagonals[1][None, :]
    covariance = dual_activation("relu", q1, q2, body.nngp)
    tangent = covariance + dual_activation("relu", q1, q2, body.nngp, True) * body.ntk
    ours = wide_network_kernels(X, Y, 2, "relu", 2.0)
    np.testing.assert_allclose(covariance, ours.nngp / 2, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(tangent, ours.ntk / 2, rtol=1e-13, atol=1e-16)


def test_linear_networks_have_the_kernel_of_the_inputs():
    found = wide_network_kernels(X, Y, 3, "identity", 1.0, normalise_input=False)
    np.testing.assert_allclose(found.nngp, X @ Y.T, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found.ntk, 4 * X @ Y.T, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("activation", ["relu", "erf", "gelu", "tanh", "gauss"])
def test_kernels_are_positive_semidefinite(activation):
    found = wide_network_kernels(X, None, 3, activation, 1.5, 0.1)
    for K in (found.nngp, found.ntk):
        np.testing.assert_allclose(K, K.T, rtol=1e-11)
        assert np.linalg.eigvalsh(K).min() > -1e-12 * np.trace(K)


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"depth": 0}, "depth = 0"),
        ({"activation": "step"}, "step has no derivative"),
        ({"weight_variance": 0.0}, "weight_variance = 0"),
        ({"bias_variance": -1.0}, "bias_variance = -1"),
        ({"normalise_input": "yes"}, "normalise_input"),
        ({"activation": "exp", "depth": 9}, "in layer"),
        ({"Y": np.ones((2, 3))}, "Y.shape"),
    ],
)
def test_refusals_name_the_argument(keywords, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        wide_network_kernels(X, **keywords)


def test_an_input_of_zero_needs_a_bias():
    with pytest.raises(ValueError, match="must not be 0"):
        wide_network_kernels([[0.0, 0.0], [1.0, 0.0]])
    assert wide_network_kernels([[0.0, 0.0], [1.0, 0.0]], bias_variance=0.1).ntk[0, 0] > 0


def test_orthogonal_inputs_and_many_layers_are_allowed():
    found = wide_network_kernels(np.eye(3), None, 2, "tanh", parametrisation="standard")
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose([found.nngp[off], found.ntk[off]], 0.0, atol=1e-30)
    np.testing.assert_allclose(wide_network_kernels(np.eye(2), depth=100).ntk.diagonal(), 101, rtol=1e-12)


def test_leaky_networks_keep_their_digits_at_nearly_opposite_inputs():
    """Compiled strips against the dual itself, inputs of length 3."""
    x = np.array([[3.0, 0.0]])
    y = -3 * np.column_stack([np.cos([0.02, 0.4]), np.sin([0.02, 0.4])])
    leaky = leaky_relu(0.3)
    found = wide_network_kernels(x, y, 1, leaky, 1.0, normalise_input=False)
    np.testing.assert_allclose(found.nngp[0], dual_activation(leaky, 9.0, 9.0, (x @ y.T)[0]), rtol=1e-13)
