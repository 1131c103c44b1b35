"""Bayes with uncertain noise: quadrature, limits, mixtures that become known noise, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_t

from solvable.solvers import InverseGamma, mean_predictive_variance, out_of_prior_risk, posterior_predictive


def prompt(seed, n, d):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal(d)


@given(st.integers(0, 10**6), st.integers(0, 7), st.integers(1, 7), st.floats(1e-3, 10), st.floats(0.1, 5))
@settings(max_examples=40, deadline=None)
def test_known_noise_is_ridge_regression(seed, n, d, noise, scale):
    X, y, x = prompt(seed, n, d)
    H = np.linalg.inv(X.T @ X + noise / scale**2 * np.eye(d))
    found = posterior_predictive(X, y, x, noise, scale)
    assert found.mean == pytest.approx(x @ H @ X.T @ y, rel=1e-7, abs=1e-9)
    assert found.variance == pytest.approx(noise * (1 + x @ H @ x), rel=1e-7)
    one = posterior_predictive(X, y, x, ([noise, 3.0], [1.0, 0.0]), scale)
    assert one.mean == pytest.approx(float(found.mean), rel=1e-13, abs=1e-300)
    assert one.log_likelihood == pytest.approx(float(found.log_likelihood), rel=1e-13, abs=1e-300)
    np.testing.assert_array_equal(one.weights, [1.0, 0.0])


def test_an_inverse_gamma_is_many_levels():
    """A fine grid in the variance with weights scaled alike; the evidence is a multivariate Student density."""
    X, y, x = prompt(1, 5, 3)
    found = posterior_predictive(X, y, x, InverseGamma(4.0, 3.0), 1.5)
    levels = np.exp(np.linspace(np.log(0.01), np.log(1e4), 4001))
    parts = [posterior_predictive(X, y, x, s, 1.5 * np.sqrt(s)) for s in levels]
    log = np.array([float(p.log_likelihood) for p in parts]) - 4 * np.log(levels) - 3 / levels
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean = weight @ [float(p.mean) for p in parts]
    square = weight @ [float(p.variance + p.mean**2) for p in parts]
    assert found.mean == pytest.approx(mean, rel=1e-9)
    assert found.variance == pytest.approx(square - mean**2, rel=1e-9)
    shape = 3.0 / 4.0 * (np.eye(5) + 1.5**2 * X @ X.T)
    assert found.log_likelihood == pytest.approx(multivariate_t(shape=shape, df=8).logpdf(y), rel=1e-12)


def test_without_noise_short_prompts_are_interpolated():
    X, y, x = prompt(2, 2, 5)
    found = posterior_predictive(X, y, x, 0.0, 2.0)
    assert found.mean == pytest.approx(x @ np.linalg.pinv(X) @ y, rel=1e-12)
    assert found.variance == pytest.approx(4 * (x @ x - x @ np.linalg.pinv(X) @ X @ x), rel=1e-12)
    near = posterior_predictive(X, y, x, 1e-12, 2.0)
    for field in ("mean", "variance", "log_likelihood"):
        assert getattr(near, field) == pytest.approx(float(getattr(found, field)), rel=1e-9)


def test_nothing_shown_is_the_prior():
    found = posterior_predictive(np.empty((3, 0, 2)), np.empty((3, 0)), np.ones((3, 2)), 0.5, 2.0)
    np.testing.assert_array_equal(found.mean, np.zeros(3))
    np.testing.assert_allclose(found.variance, 0.5 + 4 * 2)
    assert mean_predictive_variance(0, 7, 0.5) == 7.5


def test_batches_are_their_prompts():
    prompts = [prompt(seed, 4, 3) for seed in range(6)]
    X, y, x = (np.stack(part).reshape(2, 3, *part[0].shape) for part in zip(*prompts, strict=True))
    for noise in (0.3, ([0.1, 1.0], [0.5, 0.5]), InverseGamma(2.0, 1.0)):
        found = posterior_predictive(X, y, x, noise)
        for i, one in enumerate(prompts):
            alone = posterior_predictive(*one, noise)
            for field in ("mean", "variance", "log_likelihood"):
                assert getattr(found, field).reshape(6)[i] == pytest.approx(float(getattr(alone, field)), rel=1e-12)


def test_levels_far_apart_are_told_apart():
    X = np.random.default_rng(3).standard_normal((200, 2))
    y = X @ [1.0, -1.0] + 0.1 * np.random.default_rng(4).standard_normal(200)
    found = posterior_predictive(X, y, [1.0, 0.0], ([0.01, 1.0, 1e6], [0.2, 0.4, 0.4]))
    np.testing.assert_allclose(found.weights, [1, 0, 0], atol=1e-30)


def test_the_spread_of_the_means_counts():
    X, y, x = [[1.0]], [4.0], [1.0]
    found = posterior_predictive(X, y, x, ([0.01, 10.0], [0.5, 0.5]))
    parts = [posterior_predictive(X, y, x, s) for s in (0.01, 10.0)]
    within = found.weights @ [float(p.variance) for p in parts]
    means = np.array([float(p.mean) for p in parts])
    assert found.variance - within == pytest.approx(found.weights @ (means - found.mean) ** 2, rel=1e-12)


def test_mean_variance_solves_its_equation():
    n, d, noise = np.array([1.0, 5.0, 5.0, 50.0]), 5, np.array([0.1, 1.0, 1e-8, 3.0])
    tau = mean_predictive_variance(n, d, noise) / noise - 1
    np.testing.assert_allclose(tau, d / (noise + n / (1 + tau)), rtol=1e-12)
    np.testing.assert_array_equal(mean_predictive_variance([2, 5, 9], 5, 0.0), [3, 0, 0])


def test_the_right_prior_is_best_outside_as_well():
    assumed = np.geomspace(0.01, 100, 41)
    risk = out_of_prior_risk(12, 10, 1.0, assumed)
    assert assumed[risk.argmin()] == pytest.approx(1.0)
    assert risk.min() == pytest.approx(mean_predictive_variance(12, 10, 1.0), rel=1e-12)
    # in units of the weights: only the ratio of noise and weights matters to the learner
    same = out_of_prior_risk(12, 10, 1.0, 4 * assumed, assumed_weight_variance=4.0)
    np.testing.assert_allclose(same, risk, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: posterior_predictive([[1.0]], [1.0, 2.0], [1.0], 0.1), "y.shape"),
        (lambda: posterior_predictive([[1.0]], [1.0], [1.0, 2.0], 0.1), "x.shape"),
        (lambda: posterior_predictive([1.0], 1.0, [1.0], 0.1), "X.shape"),
        (lambda: posterior_predictive([[1.0]], [1.0], [1.0], -0.1), "noise = "),
        (lambda: posterior_predictive([[1.0], [2.0]], [1.0, 1.0], [1.0], 0.0), "have no density"),
        (lambda: posterior_predictive([[1.0]], [1.0], [1.0], ([0.1, 0.2], [0.5, 0.4])), "add up to 1"),
        (lambda: posterior_predictive([[1.0]], [1.0], [1.0], ([0.0, 0.2], [0.5, 0.5])), r"noise\[0\]"),
        (lambda: posterior_predictive([[1.0]], [1.0], [1.0], ([0.1], [0.5, 0.5])), "noise = "),
        (lambda: posterior_predictive([[1.0]], [1.0], [1.0], (1.0, 2.0, 3.0)), "noise = "),
        (lambda: posterior_predictive([[1.0]], [1.0], [1.0], InverseGamma(0.5, 1.0)), "a [+] n/2 > 1"),
        (lambda: InverseGamma(0.0, 1.0), "a = "),
        (lambda: mean_predictive_variance(-1, 5, 1.0), "n = "),
        (lambda: out_of_prior_risk(5, 5, 1.0, 1.0, assumed_weight_variance=0.0), "assumed_weight_variance"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_prior_has_variance_one_unless_given():
    X, y, x = prompt(3, 4, 2)
    assert posterior_predictive(X, y, x, 0.3).variance == posterior_predictive(X, y, x, 0.3, 1.0).variance


def test_without_a_prompt_uncertain_noise_has_the_variance_of_its_prior():
    """At the query 0: b/(a - 1)."""
    found = posterior_predictive(np.zeros((0, 2)), np.zeros(0), np.zeros(2), InverseGamma(3.0, 2.0))
    assert found.variance == pytest.approx(1.0, rel=1e-10)
