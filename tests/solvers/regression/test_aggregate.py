"""Regression from bags of responses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvable.solvers import Status, aggregate_fit, aggregate_risk, optimal_bag


def averaging(n, bag):
    S = np.kron(np.eye(n // bag), np.ones((1, bag))) / np.sqrt(bag)
    np.testing.assert_allclose(S @ S.T, np.eye(n // bag), atol=1e-15)
    return S


@pytest.mark.parametrize("rho", [0.0, 0.2, 1.0, 5.0])
@pytest.mark.parametrize("bag", [1, 2, 5])
def test_fit_minimises_the_loss_written_out(bag, rho):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    S = averaging(20, bag)
    w = aggregate_fit(X, y.reshape(-1, bag).mean(axis=1), rho)
    rest = np.eye(20) - S.T @ S
    gradient = X.T @ S.T @ (S @ (X @ w - y)) + rho * X.T @ rest @ X @ w
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("n", "d", "bag", "rho"), [(600, 60, 2, 0.3), (600, 250, 4, 0.02), (720, 100, 10, 1.0), (600, 150, 3, 3.0)]
)
def test_risk_against_simulation(n, d, bag, rho):
    """24 fits (seed 1); 2 % and four standard errors for corrections of order 1/d."""
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(24):
        X, noise = rng.standard_normal((n, d)), rng.standard_normal(n)
        middle = X.reshape(-1, bag, d).mean(axis=1)
        between = bag * middle.T @ middle
        left = between + rho * (X.T @ X - between)
        bias = np.linalg.solve(left, (left - between)[:, 0])
        variance = np.linalg.solve(left, bag * middle.T @ noise.reshape(-1, bag).mean(axis=1))
        residual = np.sqrt(bag) * (middle @ (bias - variance) + noise.reshape(-1, bag).mean(axis=1))
        errors.append([bias @ bias, variance @ variance, np.mean(residual**2)])
    mean, bar = np.mean(errors, axis=0), np.std(errors, axis=0) / np.sqrt(24)
    found = aggregate_risk(n, d, bag, rho, 1.0)
    expected = np.array([found.bias, found.variance, found.train])
    np.testing.assert_array_less(np.abs(mean - expected), 4 * bar + 0.02 * expected)


def test_best_bags_under_privacy_noise():
    """1, 2, 2, 3 with rho tuned; alone, single rows are always best."""
    for privacy, bag, excess, single in (
        (0.0, 1, 0.00863, 0.00863),
        (4.0, 2, 0.1384, 0.1467),
        (40.0, 2, 0.5911, 1.389),
        (200.0, 3, 0.8764, 6.911),
    ):
        best = optimal_bag(1200, 40, 0.25, privacy_variance=privacy)
        assert best.bag == bag
        assert best.excess == pytest.approx(excess, rel=1e-3)
        assert best.excesses[0] == pytest.approx(single, rel=1e-3)
        alone = aggregate_risk(1200, 40, [1, 2, 3, 4, 5, 10, 20], 0.0, 0.25, privacy_variance=privacy).excess
        assert np.all(np.diff(alone) > 0)


@given(
    st.sampled_from([1, 2, 3, 4, 6]), st.floats(1e-6, 1e6), st.integers(1, 40), st.floats(0, 10), st.floats(0, 10)
)  # fmt: skip
def test_parts_are_positive_and_grow_with_their_sources(bag, rho, d, noise, signal):
    found = aggregate_risk(60, d, bag, rho, noise, signal)
    more = aggregate_risk(60, d, bag, rho, noise + 1, signal + 1)
    assert found.bias >= 0
    assert found.variance >= 0
    assert more.bias >= found.bias
    assert more.variance > found.variance
    assert found.test == pytest.approx(found.bias + found.variance + noise)


def test_bias_vanishes_and_variance_tends_to_least_squares_as_rho_does():
    found = aggregate_risk(600, 60, 4, [1e-9, 0.0], 1.0)
    assert found.bias[0] < 1e-15
    assert found.bias[1] == 0
    assert found.variance[0] == pytest.approx(60 / 90, rel=1e-6)
    assert found.variance[1] == 60 / 89


def test_poles_diverge_and_say_so():
    found = aggregate_risk([100, 104, 108], 25, 4, 0.0, 0.25)
    np.testing.assert_array_equal(found.status, [Status.DIVERGES, Status.DIVERGES, Status.CONVERGED])
    assert np.all(np.isinf(found.excess[:2]))
    assert found.excess[2] == 0.25 * 25
    assert np.isinf(aggregate_risk(25, 25, 5, 0.1, 0.2).excess)


def test_single_rows_are_least_squares_whatever_rho():
    found = aggregate_risk(100, 10, 1, [0.0, 1.0, 7.0], 0.5).excess
    np.testing.assert_array_equal(found, 0.5 * 10 / 89)


def test_tuned_rho_is_a_minimum():
    best = optimal_bag(60, 5, 0.3, privacy_variance=9.0)
    for bag, rho, excess in list(zip(best.bags, best.rhos, best.excesses, strict=True))[1:]:
        near = aggregate_risk(60, 5, bag, rho * np.array([0.9, 1.1]), 0.3, privacy_variance=9.0).excess
        assert np.all(near > excess)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: aggregate_risk(10, 2, 3, 0.1, 1.0), r"bag = 3.0 is not allowed: .* divides n = 10"),
        (lambda: aggregate_risk(10, 2, 2.5, 0.1, 1.0), "bag = 2.5"),
        (lambda: aggregate_risk(100, 26, 4, 0.0, 1.0), r"d = 26.0 is not allowed: m = n/bag must not be less"),
        (lambda: aggregate_risk(10, 20, 2, 0.1, 1.0), r"d = 20.0 is not allowed: n must not be less"),
        (lambda: aggregate_risk(10, 2, 2, -0.1, 1.0), "rho = -0.1"),
        (lambda: aggregate_fit(np.ones((6, 2)), np.ones(4), 0.1), r"responses.shape = \(4,\)"),
        (lambda: aggregate_fit(np.ones((6, 2)), np.ones(3), 0.1), "determine 1 of the 2 weights"),
        (lambda: optimal_bag(10, 9, 1.0), r"n = 10 is not allowed: it must exceed d \+ 1 = 10"),
        (lambda: optimal_bag(10.5, 2, 1.0), "n = 10.5"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
