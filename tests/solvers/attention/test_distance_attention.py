"""Attention by inverse distances: softmax of logarithms, the keys' own values, nearest keys, moves of the plane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import distance_attention

RNG = np.random.default_rng(0)
X, K, V = RNG.standard_normal((4, 3)), RNG.standard_normal((6, 3)), RNG.standard_normal((6, 2))


@pytest.mark.parametrize("p", [0.1, 1.0, 7.0, 60.0])
def test_weights_are_the_softmax_of_log_distances(p):
    scores = -p * np.log(np.linalg.norm(X[:, None] - K, axis=-1))
    weights = np.exp(scores)
    weights /= weights.sum(axis=1, keepdims=True)
    found = distance_attention(X, K, V, p)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-12)
    np.testing.assert_allclose(found.value, weights @ V, rtol=1e-12, atol=1e-15)


@given(st.floats(1e-3, 1e3), st.integers(0, 5))
@settings(deadline=None, max_examples=20)
def test_a_key_has_its_own_value(p, j):
    np.testing.assert_array_equal(distance_attention(K[[j]], K, V, p).value[0], V[j])


def test_coincident_keys_share_and_nearest_keys_tie():
    keys = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(distance_attention([[0.0, 0.0]], keys, [1.0, 2.0, 9.0], 2.0).value, [1.5])
    ring = np.stack([np.cos(np.arange(5.0)), np.sin(np.arange(5.0))], axis=1)
    np.testing.assert_allclose(distance_attention([[0.0, 0.0]], ring, np.eye(5), np.inf).weights, 0.2, rtol=1e-15)
    near = distance_attention(X, K, V[:, 0], np.inf).value
    np.testing.assert_array_equal(near, V[np.linalg.norm(X[:, None] - K, axis=-1).argmin(axis=1), 0])


@given(st.sampled_from([1e-150, 1e-100, 1e100, 1e150]), st.floats(0.1, 20.0), st.integers(0, 2**31))
@settings(deadline=None, max_examples=20)
def test_rotations_shifts_and_units_change_nothing(c, p, seed):
    rng = np.random.default_rng(seed)
    Q, shift = np.linalg.qr(rng.standard_normal((3, 3)))[0], rng.standard_normal(3)
    one = distance_attention(X, K, V, p).value
    np.testing.assert_allclose(
        distance_attention(c * (X @ Q + shift), c * (K @ Q + shift), V, p).value, one, rtol=1e-11, atol=1e-13
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distance_attention(X, K[:, :2], V, 1.0), "keys.shape"),
        (lambda: distance_attention(X, K, V[:3], 1.0), "values.shape"),
        (lambda: distance_attention(X, K, V, 0.0), "exponent"),
        (lambda: distance_attention(X, K, V, [1.0, 2.0]), "exponent.shape"),
        (lambda: distance_attention(X, K, V * np.nan, 1.0), "values"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
