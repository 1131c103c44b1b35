"""Embeddings of pairs: integrators and dual problems of their own, limits, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from solvable.solvers import (
    EqualModesWarning,
    embedding_descent,
    final_embedding,
    pair_kernel,
    pair_matrix,
    stepwise_embedding,
)

RNG = np.random.default_rng(0)
GAMMA = np.array([2.0, 1.0, 0.5, 0.25, 0.1, -0.3, -0.6])


def integrated(gamma, start, times):
    d = len(start)

    def velocity(_, flat):
        W = flat.reshape(d, -1)
        return (-4 * (W @ gamma @ W.T - np.eye(d)) @ W @ gamma).ravel()

    found = solve_ivp(velocity, (0, times[-1]), start.ravel(), "RK45", times, rtol=1e-10, atol=1e-13)
    return found.y.T.reshape(-1, *start.shape)


def test_aligned_weights_follow_the_formula():
    turned = np.linalg.qr(RNG.standard_normal((7, 7)))[0]
    gamma = turned * GAMMA @ turned.T
    mixed = np.linalg.qr(RNG.standard_normal((3, 3)))[0]
    start = mixed * [0.05, 0.1, 0.02] @ turned.T[:3]
    times = np.array([0.0, 0.3, 1.0, 3.0])
    path = stepwise_embedding(gamma, start, times, 3)
    found = integrated(gamma, start, times)
    assert_allclose(path.weights, found, atol=1e-8)
    lead, first = GAMMA[:3], np.array([0.05, 0.1, 0.02])
    sizes = np.exp(1.2 * lead) / np.sqrt(first**-2 + np.expm1(2.4 * lead) * lead)
    assert_allclose(np.sort(np.linalg.svd(path.weights[1], compute_uv=False)), np.sort(sizes), rtol=1e-10)
    losses = [np.sum((W @ gamma @ W.T - np.eye(3)) ** 2) for W in found]
    assert_allclose(path.losses, losses, atol=1e-8)


def test_eigenvalues_are_a_matrix_in_its_own_basis():
    """Weights with one entry a mode are written without a product; in turned coordinates they are the same."""
    order = RNG.permutation(7)
    gamma, start, times = GAMMA[order], [0.05, 0.0, 0.02], [0.0, 0.4, 2.0, np.inf]
    turned = np.linalg.qr(RNG.standard_normal((7, 7)))[0]
    plain = stepwise_embedding(gamma, start, times, 3)
    product = stepwise_embedding(turned * gamma @ turned.T, start, times, 3)
    assert_allclose(np.abs(product.weights @ turned), np.abs(plain.weights), atol=1e-13)
    assert_allclose(np.nonzero(plain.weights[1]), [[0, 2], np.argsort(-gamma)[[0, 2]]])
    assert_allclose(plain.weights[1].max(axis=1), plain.singular_values[1], rtol=1e-15)


@given(st.floats(1e-6, 0.5), st.floats(0.05, 5.0))
def test_half_way_at_the_step_time(size, mode):
    start = size / np.sqrt(mode)
    path = stepwise_embedding([mode], [start], [-np.log(size**2) / (8 * mode)], 1)
    assert_allclose(mode * path.singular_values[0, 0] ** 2, 1 / (2 - size**2), rtol=1e-12)
    assert_allclose(path.step_times, -np.log(size**2) / (8 * mode), rtol=1e-12)


def test_ends_and_starts():
    path = stepwise_embedding([2.0, 1.0], [0.0, 0.3], [0.0, 1e3, np.inf], 2)
    assert_allclose(path.singular_values, [[0, 0.3], [0, 1], [0, 1]])
    assert path.step_times[0] == np.inf
    assert_allclose(path.losses[1:], 1)
    above = stepwise_embedding([2.0], [3.0], [0.0, 0.01, np.inf], 1)
    assert np.all(np.diff(above.singular_values[:, 0]) < 0)
    assert above.step_times[0] < 0
    assert_allclose(above.singular_values[-1], np.sqrt(0.5))


def test_vector_and_matrix_agree_and_order_does_not_matter():
    times = [0.0, 0.5, 2.0]
    one = stepwise_embedding([0.5, 2.0, 1.0], [1e-3, 1e-2], times, 2)
    two = stepwise_embedding(np.diag([0.5, 2.0, 1.0]), [1e-3, 1e-2], times, 2)
    assert_allclose(one.losses, two.losses, rtol=1e-12)
    assert_allclose(np.abs(one.weights), np.abs(two.weights), atol=1e-15)


def test_descent_with_small_steps_is_the_flow():
    start = 0.1 * RNG.standard_normal((2, 7))
    coarse, fine = (embedding_descent(np.diag(GAMMA), start, eta, round(1 / eta), 2) for eta in (1e-3, 2.5e-4))
    exact = integrated(np.diag(GAMMA), start, np.array([0.0, 1.0]))[-1]
    errors = [np.abs(run.weights[-1] - exact).max() for run in (coarse, fine)]
    assert_allclose(errors[0] / errors[1], 4, rtol=0.1)  # of first order in the step
    assert coarse.steps.tolist() == [0, 1000]


def test_descent_is_a_plain_loop():
    start = 0.1 * RNG.standard_normal((2, 7))
    W = start.copy()
    for _ in range(50):
        W = W - 4 * 0.01 * (W @ np.diag(GAMMA) @ W.T - np.eye(2)) @ W @ np.diag(GAMMA)
    run = embedding_descent(np.diag(GAMMA), start, 0.01, 50, 3)
    assert_allclose(run.weights[-1], W, rtol=1e-12)
    assert_allclose(run.singular_values[-1], np.linalg.svd(W, compute_uv=False), rtol=1e-12)
    assert_allclose(run.losses[-1], np.sum((W @ np.diag(GAMMA) @ W.T - np.eye(2)) ** 2), rtol=1e-12)


@pytest.mark.parametrize("kernel", ["linear", "gaussian"])
def test_a_trained_embedding_ends_at_the_final_one(kernel):
    """Descent on explicit features (a Cholesky factor of the kernel), never told of the closed form."""
    x = RNG.standard_normal((8, 3)) * [2.0, 1.0, 0.5]
    points = np.concatenate([x, x + 0.3 * RNG.standard_normal((8, 3))])
    gaussian = np.exp(-np.sum((points[:, None] - points) ** 2, axis=2) / 40)  # wide, or its modes are close
    K = (points @ points.T if kernel == "linear" else gaussian) + 1e-6 * np.eye(16)
    features = np.linalg.cholesky(K)
    gamma = pair_matrix(features[:8], features[8:])
    top = np.linalg.eigvalsh(gamma)[::-1]
    run = embedding_descent(gamma, 1e-4 * RNG.standard_normal((2, 16)), 0.1 / top[0], round(60 * top[0] / top[1]), 2)
    rows = features @ run.weights[-1].T
    pairs = [[i, i + 8] for i in range(8)]
    # what the small start leaves: eps^(1 - ratio of modes), and a slow third mode
    found = final_embedding(K, pairs, 2)
    assert_allclose(rows @ rows.T, found @ found.T, atol=0.02 * np.abs(rows @ rows.T).max())
    assert_allclose(np.linalg.eigvalsh(pair_kernel(K, pairs))[::-1][:3], top[:3], rtol=1e-8)


def test_new_points_are_embedded_like_the_old():
    points = RNG.standard_normal((10, 4))
    K, pairs = points @ points.T + 0.1 * np.eye(10), [[i, i + 5] for i in range(5)]
    f = final_embedding(K, pairs, 2)
    assert_allclose(final_embedding(K, pairs, 2, new=K[:3]), f[:3], atol=1e-12)
    pair = sum(np.multiply.outer(f[a], f[b]) + np.multiply.outer(f[b], f[a]) for a, b in pairs) / 10
    assert_allclose(pair, np.eye(2), atol=1e-12)


def test_equal_modes_warn():
    with pytest.warns(EqualModesWarning, match="less than"):
        stepwise_embedding([1.0, 1.0, 0.5], 1e-3 * np.ones((2, 3)) + 1e-4 * np.eye(2, 3), [1.0], 2)
    with pytest.warns(EqualModesWarning):  # the first that is left out counts too
        stepwise_embedding([2.0, 1.0, 1.0], 1e-3 * np.ones((2, 3)) + 1e-4 * np.eye(2, 3), [1.0], 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pair_matrix(np.ones((3, 2)), np.ones((3, 4))), r"X_pair.shape = \(3, 4\)"),
        (lambda: pair_matrix(np.ones((3, 2)), np.ones((4, 2))), "X_pair.shape"),
        (lambda: stepwise_embedding([1.0, 0.5, -1.0], [0.1] * 3, [1.0], 3), "2 of the modes of the pairs are positive"),
        (lambda: stepwise_embedding([1.0, 0.5], [0.1, -0.1], [1.0], 2), r"start\[1\]"),
        (lambda: stepwise_embedding([1.0, 0.5], [0.1], [1.0], 2), "start.shape"),
        (lambda: stepwise_embedding([1.0], [1e-200], [1.0], 1), "start"),
        (lambda: stepwise_embedding([1.0], [0.1], [-1.0], 1), r"times\[0\]"),
        (lambda: stepwise_embedding(np.array([[1.0, 2.0], [0.0, 1.0]]), [0.1], [1.0], 1), "gamma.shape"),
        (lambda: final_embedding(np.eye(4), [[0, 1], [2, 3]], 3), "2 of the modes of the pairs are positive"),
        (lambda: pair_kernel(np.eye(4), [[0, 4]]), "pairs"),
        (lambda: pair_kernel(np.eye(4), [[0, 0.5]]), "pairs"),
        (lambda: pair_kernel(-np.eye(4), [[0, 1]]), "K"),
        (lambda: embedding_descent(np.diag(GAMMA), np.ones((2, 7)), 10.0, 100), "step_size"),
        (lambda: embedding_descent(np.diag(GAMMA), np.ones((2, 3)), 0.1, 100), "start.shape"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
