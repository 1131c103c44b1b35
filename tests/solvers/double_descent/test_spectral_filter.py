"""Filters against long-double iterations, the data path against explicit descent, and against ridge regression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import descent_path, ridge_path, spectral_response

S = np.array([0.0, 1e-14, 1e-9, 1e-4, 0.01, 0.1, 0.3, 0.7, 1.0, 1.3, 1.9])
STEPPING = [
    ("gradient-descent", None, 1.0),
    ("gradient-descent", None, 1 / 1.3),  # one mode is learned in a single step
    ("heavy-ball", 0.0, 1.0),
    ("heavy-ball", 0.25, 1.3),
    ("heavy-ball", 0.9, 1.0),
    ("heavy-ball", 0.9, 1.9),
    ("nesterov", 0.25, 0.6),
    ("nesterov", 0.5, 1 / 1.9),
    ("nesterov", 0.9, 0.7),
]


def iterate_learned(s, steps, method, eta, mu):
    """1 - r by the recursion, in 80-bit numbers."""
    s, eta, mu = s.astype(np.longdouble), np.longdouble(eta), np.longdouble(mu or 0)
    before, now = np.zeros_like(s), np.zeros_like(s)
    for _ in range(steps):
        if method == "nesterov":
            ahead = now + mu * (now - before)
            before, now = now, ahead - eta * s * (ahead - 1)
        else:
            before, now = now, now + mu * (now - before) - eta * s * (now - 1)
    return now


@pytest.mark.parametrize(("method", "mu", "eta"), STEPPING)
def test_filters_against_iteration(method, mu, eta):
    steps = [0, 1, 2, 3, 10, 101, 1000]
    found = spectral_response(S, steps, method, eta, mu)
    for row, t in enumerate(steps):
        expected = iterate_learned(S, t, method, eta, mu)
        np.testing.assert_allclose(found.residual[row], (1 - expected).astype(float), atol=2e-12)
        # relative, for modes so slow that 1 - r is 1e-14; 1e-12 allows for 1/(1 - momentum) and double roots
        np.testing.assert_allclose(found.learned[row], expected.astype(float), rtol=2e-12)
        slow = iterate_learned(np.array([1e-30]), t, method, eta, mu) / 1e-30
        assert found.gain[row, 0] == pytest.approx(float(slow[0]), rel=1e-12)


def test_flow_and_ridge_filters():
    times = [0.0, 0.5, 1e3, 1e12]
    flow, ridge = (spectral_response(S, times, method) for method in ("gradient-flow", "ridge"))
    t = np.array(times)[:, None]
    np.testing.assert_allclose(flow.learned, -np.expm1(-t * S), rtol=1e-15)
    np.testing.assert_allclose(ridge.residual, 1 / (1 + t * S), rtol=1e-15)
    np.testing.assert_allclose(flow.gain[:, 0], times, rtol=1e-15)
    np.testing.assert_allclose(ridge.gain[:, 0], times, rtol=1e-15)


def test_ten_million_steps_against_mpmath():
    """1 - eta s at 50 digits; rounding of eta*s alone costs t*eps relative to the exponent."""
    import mpmath

    mpmath.mp.dps = 50
    for s in (1e-9, 1e-7, 1.9e-6):
        exact = mpmath.power(1 - mpmath.mpf(s) * mpmath.mpf(0.7), 10**7)
        assert float(spectral_response([s, 1.0], [10**7], step_size=0.7).residual[0, 0]) == pytest.approx(
            float(exact), rel=1e-13
        )


@pytest.mark.parametrize(("n", "p"), [(12, 30), (30, 12), (15, 15)])
@pytest.mark.parametrize(("method", "mu"), [("gradient-descent", None), ("heavy-ball", 0.8), ("nesterov", 0.8)])
def test_path_against_explicit_descent(n, p, method, mu):
    rng = np.random.default_rng(n)
    X, y, start = rng.standard_normal((n, p)), rng.standard_normal((n, 2)), rng.standard_normal((p, 2))
    eta = 0.4 / np.linalg.eigvalsh(X.T @ X / n)[-1]
    steps = [0, 1, 2, 7, 300]
    path = descent_path(X, y, steps, method, eta, mu, start)
    before, w, row = start, start, 0
    for t in range(301):
        if t == steps[row]:
            np.testing.assert_allclose(path.coefficients[row], w, atol=1e-11)
            np.testing.assert_allclose(path.train[row], np.mean((y - X @ w) ** 2, axis=0), atol=1e-12)
            row += 1
        move = (mu or 0.0) * (w - before)
        at = w + move if method == "nesterov" else w
        before, w = w, w + move - eta * X.T @ (X @ at - y) / n


def test_ridge_method_is_ridge_and_long_times_are_least_norm():
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((10, 25)), rng.standard_normal(10)
    path = descent_path(X, y, [0.3, 2.0], "ridge")
    expected = ridge_path(X, y, [10 / 0.3, 10 / 2.0])
    np.testing.assert_allclose(path.coefficients, expected.coefficients, rtol=1e-11)
    late = descent_path(X, y, [10**7]).coefficients[0]
    np.testing.assert_allclose(late, np.linalg.pinv(X) @ y, rtol=1e-10)


@settings(max_examples=40, deadline=None)
@given(
    eta=st.floats(0.05, 1.9),
    mu=st.floats(0, 0.98),
    scale=st.sampled_from([1e-100, 1e-3, 1.0, 1e100]),
    method=st.sampled_from(["gradient-descent", "heavy-ball", "nesterov"]),
)
def test_scale_free_and_contracting(eta, mu, scale, method):
    limit = {"gradient-descent": 2, "heavy-ball": 2 * (1 + mu), "nesterov": 2 * (1 + mu) / (1 + 2 * mu)}[method]
    momentum = None if method == "gradient-descent" else mu
    s, step = np.array([0.01, 0.5, 1.0]), eta / 2 * limit
    one = spectral_response(s, [1, 5, 10**6], method, step, momentum)
    other = spectral_response(scale * s, [1, 5, 10**6], method, step / scale, momentum)
    np.testing.assert_allclose(other.residual, one.residual, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(one.residual + one.learned, 1, atol=1e-9)
    assert np.all(np.abs(one.residual[2]) < 1e-6)  # every mode is learned in the end


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: spectral_response(S, [1], step_size=2 / 1.9), "2/s_max = 1.05263, with s_max the largest"),
        (lambda: spectral_response(S, [1], "heavy-ball", 2.1, 0.5), r"2\(1 \+ momentum\)/s_max"),
        (lambda: spectral_response(S, [1], "nesterov", 0.8, 0.5), "1 \\+ 2 momentum"),
        (lambda: spectral_response(S, [3, 2]), "times must increase"),
        (lambda: spectral_response(S, [1.5]), "whole numbers"),
        (lambda: spectral_response(S, [-1]), "negative"),
        (lambda: spectral_response([-1.0], [1]), "eigenvalues"),
        (lambda: spectral_response(S, [1], "newton"), "choose one of"),
        (lambda: spectral_response(S, [1], "heavy-ball"), "momentum"),
        (lambda: spectral_response(S, [1], momentum=0.5), "momentum"),
        (lambda: spectral_response(S, [1], "heavy-ball", 0.1, 1.0), "below 1"),
        (lambda: spectral_response(S, [1], "ridge", 0.1), "has none"),
        (lambda: descent_path(np.eye(2), [1.0], [1]), "y.shape"),
        (lambda: descent_path(np.eye(2), [1.0, 1.0], [1], start=[1.0]), "start.shape"),
        (lambda: descent_path(np.zeros((2, 2)), [1.0, 1.0], [1]), "vanish"),
        (lambda: descent_path(np.eye(2), [1.0, np.nan], [1]), "NaN"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize("method", ["heavy-ball", "nesterov"])
def test_steps_below_the_least_double_learn_nothing(method):
    found = spectral_response([1e-300, 0.5e-300], [0, 1, 50], method, 1e-100, 0.5)
    np.testing.assert_array_equal(found.residual, 1.0)
    np.testing.assert_array_equal(found.learned, 0.0)


def test_slow_modes_keep_their_digits_at_momentum_close_to_one():
    """(1 + mu - z)^2 - 4 mu cancels to (1 - mu)^2 = 1e-8 of itself; written as (1 - mu + z)^2 - 4 z it does not."""
    slow = np.array([1e-14, 1e-12, 1e-10, 1e-9])
    for t in (10, 300, 3000):
        expected = iterate_learned(slow, t, "heavy-ball", 1.0, 0.9999).astype(float)
        found = spectral_response(slow, [t], "heavy-ball", 1.0, 0.9999).learned[0]
        np.testing.assert_allclose(found, expected, rtol=1e-11)
