"""Trained linear attention: an independent integrator, limits in time, length and scale, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from solvable.solvers import (
    attention_flow,
    attention_limit,
    optimal_linear_attention,
    random_covariance_limit,
    trained_attention_risk,
)


def random_covariance(seed, d):
    A = np.random.default_rng(seed).standard_normal((d, d + 2))
    return A @ A.T / d


def integrated(L, n, scale, time, theta, noise):
    """The matrix equation as it stands."""
    d = len(L)
    G = L + (L + (np.trace(L) + noise) * np.eye(d)) / n
    moment = theta @ theta.T / np.linalg.norm(theta @ theta.T)

    def right(_, state):
        U, u = state[:-1].reshape(d, d), state[-1]
        slope = u * G @ L @ U @ L - L @ L
        return np.append(-u * slope.ravel(), -np.sum(slope * U))

    end = solve_ivp(right, (0, time), np.append(scale * moment, scale), "DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    return end[:-1].reshape(d, d), end[-1]


@given(st.integers(0, 10**6), st.integers(1, 5), st.floats(1, 100), st.floats(0.01, 5), st.floats(0, 2))
@settings(max_examples=15, deadline=None)
def test_flow_is_the_matrix_equation(seed, d, n, time, noise):
    L, theta = random_covariance(seed, d), np.random.default_rng(seed + 1).standard_normal((d, d))
    found = attention_flow(L, n, 0.1, time, theta, noise)
    U, u = integrated(L, n, 0.1, time, theta, noise)
    np.testing.assert_allclose(found.key_query, U, rtol=1e-7, atol=1e-8 * np.abs(U).max())
    assert found.value == pytest.approx(u, rel=1e-8)
    assert abs(found.conserved) < 1e-10 * max(u * u, 1e-4)


def test_the_loss_falls_to_its_limit_above_zero():
    L = random_covariance(0, 4)
    found = attention_flow(L, 9, 0.05, [0.0, 0.1, 1.0, 10.0, 1e4, np.inf])
    assert np.all(np.diff(found.loss[:5]) < 0)
    assert found.loss[4] == pytest.approx(found.loss[5], rel=1e-9)
    assert found.loss[5] > 0
    limit = attention_limit(L, 9)
    np.testing.assert_allclose(found.key_query[4], limit.key_query, atol=1e-9)
    # half the risk of the best layer without noise
    assert limit.loss == pytest.approx(optimal_linear_attention(9, L, np.eye(4)).risk / 2, rel=1e-11)


def test_times_come_back_in_their_order_and_shape():
    found = attention_flow(np.eye(2), 5, 0.1, [[2.0, 0.0], [1.0, 2.0]])
    assert found.key_query.shape == (2, 2, 2, 2)
    assert found.loss[0, 0] == found.loss[1, 1]
    assert found.value[0, 1] == pytest.approx(0.1, rel=1e-15)
    assert attention_flow(np.eye(2), 5, 0.1, 1.0).loss.shape == ()


def test_one_input_keeps_its_own_share_of_gamma():
    assert attention_limit([[2.0]], 8).value ** 2 == pytest.approx(1 / (2 * (1 + 2 / 8)), rel=1e-14)


def test_isotropic_risk():
    """d[(d + 1)/M + (d + 1)^2/N^2]/(1 + (d + 1)/N)^2."""
    d, N, M = 6, np.array([3.0, 50.0])[:, None], np.array([2.0, 7.0, 400.0])
    exact = d * ((d + 1) / M + (d + 1) ** 2 / N**2) / (1 + (d + 1) / N) ** 2
    np.testing.assert_allclose(trained_attention_risk(np.eye(d), N, M, prior=np.eye(d)), exact, rtol=1e-13)
    # trained and tested at one length it is the least risk of the layer
    same = trained_attention_risk(np.eye(d), 9, 9, prior=np.eye(d))
    assert same == pytest.approx(optimal_linear_attention(9, np.eye(d), np.eye(d)).risk, rel=1e-13)


def test_tasks_average_over_their_prior():
    L, w = random_covariance(1, 3), np.random.default_rng(2).standard_normal((50, 3))
    each = [trained_attention_risk(L, 8, 5, row, noise_variance=0.3) for row in w]
    mean = trained_attention_risk(L, 8, 5, prior=w.T @ w / 50, noise_variance=0.3)
    assert np.mean(each) == pytest.approx(mean, rel=1e-12)


def test_shift_by_one_is_none_and_the_query_counts_once():
    L, B = random_covariance(3, 3), random_covariance(4, 3)
    plain = trained_attention_risk(L, 8, 5, prior=B, noise_variance=0.3)
    assert trained_attention_risk(L, 8, 5, prior=B, noise_variance=0.3, test_covariance=L) == pytest.approx(
        plain, rel=1e-11
    )
    double = trained_attention_risk(L, 8, 5, prior=B, noise_variance=0.3, query_covariance=2 * L)
    assert double - 0.3 == pytest.approx(2 * (plain - 0.3), rel=1e-11)


def test_endless_training_and_prompts_leave_the_noise():
    L = random_covariance(5, 3)
    assert trained_attention_risk(L, np.inf, np.inf, prior=np.eye(3), noise_variance=0.3) == pytest.approx(
        0.3, rel=1e-14
    )
    assert attention_limit(L, np.inf).loss == 0


def test_random_covariances_that_are_certain_are_fixed_ones():
    l = np.array([2.0, 1.0, 0.5])
    weights = random_covariance_limit(np.stack([l, l**2, l**3], axis=1), 8)
    limit = attention_limit(np.diag(l), 8)
    np.testing.assert_allclose(weights, limit.value * np.diag(limit.key_query), rtol=1e-13)
    assert random_covariance_limit([[1.0, 2.0, 6.0]] * 4, np.inf)[0] == pytest.approx(1 / 3, rel=1e-15)


def test_a_start_that_is_not_small_warns():
    """2/(sqrt(d) |Gamma|) = sqrt 2/1.375 for two white inputs and N = 8."""
    attention_flow(np.eye(2), 8, 1.01, 0.1)
    with pytest.warns(UserWarning, match="start_scale"):
        attention_flow(np.eye(2), 8, 1.02, 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_limit(np.diag([1.0, 0.0, 2.0]), 5), r"along \(0, 1, 0\)"),
        (lambda: attention_flow(np.diag([1.0, 0.0]), 5, 0.1, np.inf), "inputs vanish"),
        (lambda: attention_limit(np.eye(2), 0.5), "n = "),
        (lambda: attention_limit(-np.eye(2), 5), r"least eigenvalue -1\)"),
        (lambda: attention_flow(np.eye(2), 5, 0.0, 1.0), "start_scale = "),
        (lambda: attention_flow(np.eye(2), 5, 0.1, -1.0), "times = "),
        (lambda: attention_flow(np.eye(2), 5, 0.1, 1.0, np.zeros((2, 2))), "start = "),
        (lambda: trained_attention_risk(np.eye(2), 5, 5), "task_weights = None"),
        (lambda: trained_attention_risk(np.eye(2), 5, 5, [1.0, 0.0], np.eye(2)), "task_weights = "),
        (lambda: trained_attention_risk(np.eye(2), 5, 0.5, [1.0, 0.0]), "context = "),
        (lambda: trained_attention_risk(np.eye(2), 5, 5, [1.0]), "task_weights.shape"),
        (
            lambda: trained_attention_risk(np.eye(2), 5, 5, [1.0, 0.0], test_covariance=np.eye(3)),
            "test_covariance.shape",
        ),
        (lambda: random_covariance_limit([[1.0, 0.5, 6.0]], 5), "eigenvalue_moments = "),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_endless_training_needs_all_directions():
    with pytest.raises(ValueError, match=r"along \(0, 1\) inputs vanish"):
        trained_attention_risk(np.diag([1.0, 0.0]), np.inf, 3, prior=np.eye(2))


def test_two_random_eigenvalues_see_each_other():
    """E l^2/(E l^3 + (2 E l^3 + E l^2 times the mean of the other)/n)."""
    found = random_covariance_limit([[1.0, 2.0, 6.0], [2.0, 8.0, 48.0]], 10)
    np.testing.assert_allclose(found, [2 / 7.6, 8 / 58.4], rtol=1e-14)
