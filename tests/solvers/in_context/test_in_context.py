"""Linear attention at its optimum: special cases, limits, other conventions, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    bayes_risk,
    mean_predictive_variance,
    optimal_linear_attention,
    optimal_step_size,
    ridge_risk,
    single_index_moments,
)
from solvable.solvers.spectrum import Spectrum


def random_covariances(seed, d):
    A, B = np.random.default_rng(seed).standard_normal((2, d, d + 2))
    return A @ A.T, B @ B.T


@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(1, 1e4), st.floats(0, 10))
@settings(max_examples=40, deadline=None)
def test_the_optimum_is_stationary_in_every_direction(seed, d, n, noise):
    """The risk as a quadratic function of P, by its moments: no small change lowers it."""
    S, B = random_covariances(seed, d)
    found = optimal_linear_attention(n, S, B, noise)
    np.testing.assert_array_equal(found.preconditioner, found.preconditioner.T)
    moment = n * (n + 1) * S @ B @ S + n * (np.trace(S @ B) + noise) * S

    def risk(P):
        return np.trace(S @ B) + noise + np.trace(P.T @ S @ P @ moment) - 2 * n * np.trace(S @ P @ S @ B)

    change = np.random.default_rng(seed).standard_normal((d, d)) * np.abs(found.preconditioner).max()
    assert found.risk == pytest.approx(risk(found.preconditioner), rel=1e-8)
    assert risk(found.preconditioner + 1e-2 * change) > found.risk * (1 - 1e-9)
    assert risk(found.preconditioner - 1e-2 * change) > found.risk * (1 - 1e-9)


def test_the_risk_falls_from_all_of_the_labels_to_the_noise():
    n = np.geomspace(1, 1e9, 40)
    risk = optimal_linear_attention(n, np.eye(5), np.eye(5), 0.3).risk
    assert np.all(np.diff(risk) < 0)
    assert risk[-1] - 0.3 == pytest.approx(5 * 6.3 / 1e9, rel=1e-3)  # d(d + 1 + noise)/n
    assert risk[0] == pytest.approx(5.3 - 5 / 7.3, rel=1e-14)


def test_conventions_differ_by_the_number_of_tokens():
    n = np.array([2.0, 9.0])
    total, mean = (optimal_linear_attention(n, np.eye(3), np.eye(3), 0.1, way) for way in ("sum", "mean"))
    np.testing.assert_allclose(mean.preconditioner, n[:, None, None] * total.preconditioner, rtol=1e-15)
    np.testing.assert_array_equal(mean.risk, total.risk)
    # the matrix that gradient flow finds, of noise-free prompts and tasks N(0, I)
    S = random_covariances(0, 3)[0]
    gamma = S + (S + np.trace(S) * np.eye(3)) / 7
    mean = optimal_linear_attention(7, S, np.eye(3), 0.0, "mean").preconditioner
    np.testing.assert_allclose(mean, np.linalg.inv(gamma), rtol=1e-11)


def test_shapes_follow_n_and_noise():
    found = optimal_linear_attention(np.ones((4, 1)), np.eye(2), np.eye(2), np.ones(3))
    assert found.preconditioner.shape == (4, 3, 2, 2)
    assert found.risk.shape == (4, 3)
    np.testing.assert_array_equal(found.readout, [0.0, 0.0, 1.0])


def test_linear_targets_have_the_step_of_linear_attention():
    d, n, noise = 4, np.array([1.0, 10.0]), 0.25
    step = optimal_step_size(n, d, noise, d * (d + 2), d)  # E (w.x)^2 |x|^2 = d(d + 2)
    np.testing.assert_allclose(step, 1 / (n + d + 1 + noise), rtol=1e-15)


@pytest.mark.parametrize(
    ("link", "moments"),
    [(lambda u: u**3, (15, 105, 9)), ("relu", (0.5, 1.5, 0.25)), (np.polynomial.Polynomial([0, 0, 1]), (3, 15, 0))],
)
def test_moments_of_links(link, moments):
    found = single_index_moments(link)
    np.testing.assert_allclose([found.power, found.weighted_power, found.linear_power], moments, rtol=1e-9, atol=1e-12)
    assert found.second_moment(6) == pytest.approx(found.weighted_power + 5 * found.power)


def test_bayes_is_below_one_step_and_meets_it_at_both_ends():
    S, B = random_covariances(3, 4)
    n = np.geomspace(1, 1e8, 30)
    step, best = optimal_linear_attention(n, S, B, 0.5).risk, bayes_risk(n, S, B, 0.5)
    assert np.all(best < step)
    assert best[-1] == pytest.approx(0.5, rel=1e-6)
    assert step[-1] == pytest.approx(0.5, rel=1e-4)


def test_bayes_risk_is_the_mean_predictive_variance_and_a_ridge():
    n = np.array([1.0, 5.0, 30.0])
    np.testing.assert_allclose(
        bayes_risk(n, np.eye(5), np.eye(5), 0.7), mean_predictive_variance(n, 5, 0.7), rtol=1e-12
    )
    np.testing.assert_allclose(bayes_risk(n, np.diag([2.0, 1.0]), np.diag([0.5, 3.0]), 0.7),
                               ridge_risk(Spectrum([1.0, 3.0], [1.0, 3.0]), n, 0.7, 0.7).test, rtol=1e-12)  # fmt: skip
    assert bayes_risk(5, np.diag([1.0, 0.0]), np.diag([0.0, 1.0]), 0.7) == 0.7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optimal_linear_attention(0.5, np.eye(2), np.eye(2)), "n = "),
        (lambda: optimal_linear_attention(3, -np.eye(2), np.eye(2)), r"least eigenvalue -1\)"),
        (lambda: optimal_linear_attention(3, np.eye(2), [[1.0, 2.0], [2.0, 1.0]]), r"prior = .* eigenvalue -1\)"),
        (lambda: optimal_linear_attention(3, np.eye(2), np.eye(3)), "prior.shape"),
        (lambda: optimal_linear_attention(3, [[1.0, 0.5], [0.0, 1.0]], np.eye(2)), "symmetric"),
        (lambda: optimal_linear_attention(3, np.eye(2), np.eye(2), -0.1), "noise_variance = "),
        (lambda: optimal_linear_attention(3, np.diag([1.0, 0.0]), np.diag([0.0, 1.0])), "all labels are 0"),
        (lambda: optimal_linear_attention(3, np.eye(2), np.eye(2), convention="median"), "convention = "),
        (lambda: optimal_step_size(3, 2, 0.1, 1.0, 2.0), "linear_power = "),
        (lambda: optimal_step_size(3, 0, 0.1, 2.0, 1.0), "d = "),
        (lambda: optimal_step_size(3, 2, 0.0, 0.0, 0.0), "second_moment = "),
        (lambda: bayes_risk(0, np.eye(2), np.eye(2)), "n = "),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_linear_targets_in_one_dimension_have_all_their_moment_in_the_linear_part():
    assert optimal_step_size(5, 1, 0.1, 1.0, 1.0) == pytest.approx(1 / 5.1, rel=1e-14)
    assert optimal_step_size(5, 1, 0.1, 1.0, 1 + 1e-12) == pytest.approx(1 / 5.1, rel=1e-11)  # moments by quadrature
