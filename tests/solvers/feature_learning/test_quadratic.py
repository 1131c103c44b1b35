"""The quadratic network and linear grokking: sampled losses, quadrature over inputs, limits, refusals."""

from itertools import product

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from solvable.solvers import linear_grokking, quadratic_network_flow, quadratic_network_risk
from solvable.solvers.feature_learning import quadratic_network


def drawn(seed, N=12, d=3):
    rng = np.random.default_rng(seed)
    beta = rng.standard_normal(d)
    return rng.standard_normal((N, d)), np.sqrt(d) * beta / np.linalg.norm(beta)


def moments(W):
    return W.mean(axis=0), W.T @ W / len(W)


def nodes(d):
    """Three nodes a coordinate: exact for polynomials of degree five in each."""
    x, w = np.polynomial.hermite_e.hermegauss(3)
    points = np.array(list(product(x, repeat=d))) / np.sqrt(d)
    return points, np.prod(np.array(list(product(w / w.sum(), repeat=d))), axis=1)


def outputs(W, X, alpha, epsilon):
    h = X @ W.T
    return alpha * np.mean(h + epsilon / 2 * h**2, axis=1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 10), st.floats(0, 3), st.booleans())
def test_parts_add_up_to_the_mean_square_over_inputs(seed, alpha, epsilon, centred):
    W, beta = drawn(seed)
    start, _ = drawn(seed + 1)
    X, chance = nodes(3)
    error = outputs(W, X, alpha, epsilon) - centred * outputs(start, X, alpha, epsilon) - (X @ beta) ** 2 / 2
    risk = quadratic_network_risk(*moments(W), moments(start) if centred else None, beta, alpha, epsilon)
    assert risk.test == pytest.approx(chance @ error**2 / 2, rel=1e-12)
    assert risk.linear + risk.alignment_error + risk.variance == pytest.approx(float(risk.test), rel=1e-12)
    assert min(risk.linear, risk.alignment_error, risk.variance) >= 0


def test_risk_broadcasts_over_moments_and_scales():
    sets = [drawn(seed)[0] for seed in range(3)]
    beta = drawn(0)[1]
    mean, second = (np.array(x) for x in zip(*map(moments, sets), strict=True))
    found = quadratic_network_risk(mean, second, None, beta, [0.5, 1.0, 2.0], 0.3).test
    each = [
        quadratic_network_risk(*moments(W), None, beta, a, 0.3).test for W, a in zip(sets, (0.5, 1, 2), strict=True)
    ]
    assert np.allclose(found, each, rtol=1e-14)
    with pytest.raises(ValueError, match="they must broadcast with"):
        quadratic_network_risk(mean, second, None, beta, [0.5, 1.0], 0.3)


@pytest.mark.parametrize("centred", [True, False])
def test_neurons_follow_the_closed_flow(centred):
    W, beta = drawn(7)
    X, chance = nodes(3)
    before, target = centred * outputs(W, X, 1.2, 0.6), (X @ beta) ** 2 / 2

    def velocity(_, flat):
        w = flat.reshape(W.shape)
        error = chance * (outputs(w, X, 1.2, 0.6) - before - target)
        return (-1.2 * ((1 + 0.6 * X @ w.T) * error[:, None]).T @ X).ravel()

    end = solve_ivp(velocity, (0, 4.0), W.ravel(), "DOP853", rtol=1e-12, atol=1e-14).y[:, -1].reshape(W.shape)
    flow = quadratic_network_flow(*moments(W), beta, 1.2, 0.6, [0.0, 4.0], centred)
    assert np.allclose(flow.mean[1], end.mean(axis=0), atol=1e-10)
    assert np.allclose(flow.second[1], end.T @ end / len(end), atol=1e-10)
    assert np.array_equal(flow.second[0], moments(W)[1])


@pytest.mark.parametrize(("d", "alpha", "epsilon"), [(3, 1.0, 0.8), (6, 3.0, 0.1), (4, 0.4, 1.0)])
def test_a_flow_at_rest_stands_for_all_times(monkeypatch, d, alpha, epsilon):
    """Forty neurons whose covariance is positive definite: late moments against steps taken all the way."""
    W, beta = drawn(11, 40, d)
    late = 300 * d / (alpha * min(1.0, epsilon)) ** 2
    flow = quadratic_network_flow(*moments(W), beta, alpha, epsilon, [late, 1e8, 1e300])
    size = np.trace(flow.second[0])
    np.testing.assert_array_equal(flow.second[1], flow.second[2])
    fitted = alpha * epsilon * (flow.second[-1] - moments(W)[1]) - np.outer(beta, beta)
    assert np.abs(fitted).max() < 1e-9 * d
    monkeypatch.setattr(quadratic_network, "_settled", lambda *_: 0.0)
    steps = quadratic_network_flow(*moments(W), beta, alpha, epsilon, [late, 3 * late])
    for k in (0, 1):
        np.testing.assert_allclose(flow.second[min(k, 1)], steps.second[k], atol=2e-10 * size)
        np.testing.assert_allclose(flow.mean[min(k, 1)], steps.mean[k], atol=2e-10 * size**0.5)


def test_a_flow_stopped_too_early_goes_on(monkeypatch):
    """Where the bound has grown stricter on the way, the steps go on from there, to the times that are left."""
    W, beta = drawn(11, 40)
    times = [0.0, 2.0, 9.0, 30.0, 31.0]
    whole = quadratic_network_flow(*moments(W), beta, 1.0, 0.8, times)
    losses = iter([0.2, 1e-4, 0.0])
    monkeypatch.setattr(quadratic_network, "_settled", lambda *_: next(losses))
    parts = quadratic_network_flow(*moments(W), beta, 1.0, 0.8, times)
    assert next(losses, None) is None
    np.testing.assert_allclose(parts.second, whole.second, atol=1e-9)


def test_what_bounds_the_rest_bounds_the_speed():
    """V^2 >= r L at random states, V the root mean square speed of twelve neurons (seeds 0 to 49)."""
    X, chance = nodes(3)
    for seed in range(50):
        W, beta = drawn(seed)
        start = W + 0.1 * drawn(seed + 100)[0]
        error = outputs(W, X, 1.3, 0.4) - outputs(start, X, 1.3, 0.4) - (X @ beta) ** 2 / 2
        speed = np.mean((1.3 * ((1 + 0.4 * X @ W.T) * (chance * error)[:, None]).T @ X) ** 2) * 3
        mean, second = moments(W)
        least = quadratic_network._settled(np.vstack([second, mean]), 1.3, 0.4)
        rate = least / (quadratic_network._REST / 4) ** 2 / np.trace(second)
        assert 0 < rate * (chance @ error**2) / 2 <= speed
    # a linear error alone, a: V = alpha |a|/D and L = |a|^2/2D
    least = quadratic_network._settled(np.vstack([np.eye(3), np.zeros(3)]), 1.3, 50.0)
    assert 0 < least / (quadratic_network._REST / 4) ** 2 / 3 <= 2 * 1.3**2 / 3


def test_a_flow_that_slows_down_as_a_power_is_refused(monkeypatch):
    """Without centring the neurons must lie along the target: what is across dies out as 1/t."""
    monkeypatch.setattr(quadratic_network, "_MOST_STEPS", 1000)
    W, beta = drawn(5)
    with pytest.raises(ArithmeticError, match=r"1,000 steps did not reach time 1e\+08"):
        quadratic_network_flow(*moments(W), beta, 1.0, 1.0, [1e8], centred=False)


def test_flow_from_many_neurons_stays_symmetric_about_the_target():
    """w_bar stays 0, M keeps one eigenvalue along beta and one across: two numbers, a scalar system."""
    d, alpha, epsilon = 6, 1.0, 1.0
    beta = np.sqrt(d) * np.eye(d)[2]
    flow = quadratic_network_flow(np.zeros(d), np.eye(d), beta, alpha, epsilon, [20.0])

    def scalar(_, m):
        a, b = alpha * epsilon * (m[0] - 1) - d, alpha * epsilon * (m[1] - 1)
        trace = a + (d - 1) * b
        return [-alpha * epsilon / d**2 * (trace + 2 * x) * y for x, y in ((a, m[0]), (b, m[1]))]

    end = solve_ivp(scalar, (0, 20.0), [1.0, 1.0], "DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    assert np.diag(flow.second[0]) == pytest.approx(np.where(np.arange(d) == 2, end[0], end[1]), rel=1e-9)
    assert not flow.mean.any()


def test_a_network_without_squares_learns_nothing_of_a_square():
    W, beta = drawn(3)
    flow = quadratic_network_flow(*moments(W), beta, 1.0, 0.0, [0.0, 50.0])
    assert flow.risk.test == pytest.approx([3 / 8, 3 / 8], rel=1e-12)


@pytest.mark.parametrize(("change", "message"), [
    ({"beta": [1.0, 0.0]}, "its square must be D = 2, it is 1"),
    ({"output_scale": 0.0}, "output_scale = 0.0 is not allowed: it must be positive"),
    ({"alignment": -1.0}, "it must not be negative"),
    ({"second0": [[1.0, 0.5], [0.0, 1.0]]}, "it must be symmetric"),
    ({"second0": [[0.1, 0.0], [0.0, 0.1]]}, "at least the outer square of mean0"),
    ({"second0": np.eye(3)}, "it must be \\(2, 2\\)"),
    ({"mean0": [1.0, 0.0, 0.0]}, "its last axis must be 2"),
    ({"times": [1.0, 0.5]}, "they must increase"),
    ({"centred": 1}, "it must be True or False"),
])  # fmt: skip
def test_flow_refuses(change, message):
    good = {"mean0": [1.0, 0.0], "second0": 2 * np.eye(2), "beta": [1.0, 1.0], "output_scale": 1.0, "alignment": 0.5,
            "times": [1.0]}  # fmt: skip
    with pytest.raises((ValueError, TypeError), match=message):
        quadratic_network_flow(**{**good, **change})


@pytest.mark.parametrize("gamma", [0.2, 0.9, 1.0, 1.3, 5.0])
@pytest.mark.parametrize("t", [0.0, 0.7, 30.0])
def test_linear_errors_are_integrals_over_the_density(gamma, t):
    low, high = (1 - np.sqrt(gamma)) ** 2, (1 + np.sqrt(gamma)) ** 2

    def integral(power):
        def f(u):
            x = low + (high - low) * np.sin(u) ** 2
            root = (high - low) ** 2 * 2 * np.sin(u) ** 2 * np.cos(u) ** 2
            return x ** (power - 1) * np.exp(-2 * (x - low) * t) * root / (2 * np.pi * gamma)

        return np.exp(-2 * low * t) * quad(f, 0, np.pi / 2, epsabs=0, epsrel=1e-10, limit=200)[0]

    found = linear_grokking(gamma, t)
    assert found.train == pytest.approx(integral(1), rel=1e-9)
    assert found.test == pytest.approx(integral(0) + max(0, 1 - 1 / gamma), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 20), st.floats(0, 50))
def test_train_error_is_the_slope_of_the_test_error_and_lies_below_it(gamma, t):
    h = 1e-4 * (1 + t)
    a, b, c = linear_grokking(gamma, [max(t - h, 0), t, max(t - h, 0) + 2 * h]).test
    middle = linear_grokking(gamma, max(t - h, 0) + h)
    assert (a - c) / (4 * h) == pytest.approx(float(middle.train), rel=1e-4, abs=1e-9)
    assert middle.train <= middle.test * (1 + np.sqrt(gamma)) ** 2 + 1e-15
    assert b <= 1 + 1e-12


@pytest.mark.parametrize("power", [-12, -9, -6, 0, 3, 5.3, 5.5, 6, 7, 8, 9, 12, 20, 40, 60])
def test_errors_of_square_designs_at_any_time_by_bessel_functions(power):
    t = 10.0**power
    if t < 1e25:  # beyond, more digits than it takes to see that nothing changes
        with mpmath.workdps(60):
            zero, one = (mpmath.exp(-4 * mpmath.mpf(t)) * mpmath.besseli(order, 4 * mpmath.mpf(t)) for order in (0, 1))
            train, test = float(one / (2 * mpmath.mpf(t))), float(zero + one)
    else:
        train, test = (2 * np.pi) ** -0.5 / 4 * t**-1.5, (2 * np.pi * t) ** -0.5
    found = linear_grokking(1.0, t)
    assert found.train == pytest.approx(train, rel=2e-13)
    assert found.test == pytest.approx(test, rel=2e-13)


@given(st.floats(1e-15, 1e6))
def test_the_floor_of_the_test_error_keeps_its_digits_near_square_designs(over):
    gamma = 1 + over
    if gamma > 1:
        assert linear_grokking(gamma, 1e290 / gamma).test == pytest.approx((gamma - 1) / gamma, rel=1e-15)
