"""Nesterov's schedule: the recursion against Legendre's polynomials, the risk against designs and its first steps."""

import numpy as np
import pytest
from numpy.polynomial import legendre
from scipy.special import j1

from solvable.solvers import Spectrum, gradient_descent_risk, ridge_risk
from solvable.solvers.double_descent.scheduled_momentum import scheduled_filter

Z = np.array([1e-12, 1e-4, 0.01, 0.3, 0.9, 0.3 + 0.1j, 1.2])
SPREAD = Spectrum(np.linspace(0.2, 1, 8), np.full(8, 1 / 8), np.full(8, 25))


@pytest.mark.parametrize("t", [1, 2, 5, 40])
def test_the_filter_is_a_derivative_of_legendre_polynomials(t):
    x = np.sqrt(1 - Z + 0j)
    expected = 2 * x ** (t + 1) / (t * (t + 1)) * legendre.legval(x, legendre.legder(np.eye(t + 1)[t]))
    residual, learned = scheduled_filter(Z + 0j, np.array([float(t), 0.0]), 1.0)
    np.testing.assert_allclose(residual[0], expected, atol=1e-13)
    assert learned[0, 0] == pytest.approx(
        1e-12 * ((t + 1) / 2 + (t - 1) * (t + 2) / 8), rel=1e-9
    )  # the slope of 1 - r at 0
    assert np.all(learned[1] == 0)


def test_many_steps_on_slow_modes_are_a_bessel_function():
    t, u = 800.0, np.array([0.5, 2.0, 6.0])
    found = scheduled_filter((u / t) ** 2 + 0j, np.array([t]), 1.0)[0][0]
    np.testing.assert_allclose(found.real, 2 * j1(u) / u, atol=10 / t)


def test_first_step_has_no_momentum_and_many_are_least_squares():
    """After one step the method is plain descent; 500 steps leave 1e-7 of the slowest mode."""
    found = gradient_descent_risk(SPREAD, 400, 0.4, [0, 1, 500], 0.4, method="nesterov")
    plain = gradient_descent_risk(SPREAD, 400, 0.4, [0, 1], 0.4)
    np.testing.assert_allclose(found.test[:2], plain.test, rtol=1e-9)
    assert found.test[2] == pytest.approx(float(ridge_risk(SPREAD, 400, 0.0, 0.4).test), rel=1e-5)


def test_risk_against_descent_on_designs():
    """Twenty designs of 400 rows, seed 0, four standard errors; accelerated descent overfits before 50 steps."""
    rng, rows, n, eta = np.random.default_rng(0), [], 400, 0.4
    s = np.repeat(SPREAD.eigenvalues, 25)
    for _ in range(20):
        X = rng.standard_normal((n, 200)) * np.sqrt(s)
        target = rng.choice([-1.0, 1.0], 200) / np.sqrt(200 * s)
        y = X @ target + np.sqrt(0.4) * rng.standard_normal(n)
        now = before = np.zeros(200)
        for t in range(10):
            ahead = now + max(t - 1, 0) / (t + 2) * (now - before)
            before, now = now, ahead - eta * (X.T @ (X @ ahead - y)) / n
        rows.append(np.sum(s * (now - target) ** 2) + 0.4)
    risk = float(gradient_descent_risk(SPREAD, n, eta, [10], 0.4, method="nesterov").test[0])
    assert abs(np.mean(rows) - risk) < 4 * np.std(rows) / 20**0.5
