"""The diagonal-network family: enough claims, and experiments that do what they say."""

import numpy as np
import pytest

from solvable.analysis import claims
from solvable.analysis.diagonal_networks.experiments import flows
from solvable.analysis.diagonal_networks.experiments import networks as experiments
from solvable.analysis.diagonal_networks.settings import saddle_problem, sparse_regression


def test_at_least_sixteen_claims():
    assert len(claims("diagonal-networks")) >= 16


def test_flow_in_closed_form():
    """One feature x = 1: w_+ w_- is conserved, so d beta/dt = 4 sqrt(beta^2 + 4 a^4)(y - beta)."""
    assert flows.flow_limit(np.ones((1, 1)), np.array([0.7]), 0.3)[0] == pytest.approx(0.7, rel=1e-9)
    from scipy.integrate import quad

    end = 0.5 + float(flows.flow_residual(np.ones((1, 1)), np.array([0.5]), 0.4, 1.3)[0])
    time = quad(lambda b: 1 / (4 * np.sqrt(b**2 + 4 * 0.4**4) * (0.5 - b)), 0, end)[0]
    assert time == pytest.approx(1.3, rel=1e-7)


def test_penalised_flow_against_euler_steps():
    """Small Euler steps of the full gradient of L + penalty |grad L|^2/2, by finite differences of that function."""
    X, y, _ = sparse_regression(np.random.default_rng(0), 3, 5, 1)
    penalty, step = 0.2, 2e-3

    def objective(w):
        up, down = w[..., 0, :], w[..., 1, :]
        residual = (up**2 - down**2) @ X.T - y
        g = residual @ X / 3
        square = np.sum(4 * (up**2 + down**2) * g**2, axis=-1)
        return np.sum(residual**2, axis=-1) / 6 + penalty / 2 * square

    w, shifts = np.full((2, 5), 0.4), 1e-5 * np.eye(10).reshape(10, 2, 5)
    for _ in range(10_000):
        w = w - step * ((objective(w + shifts) - objective(w - shifts)) / 2e-5).reshape(2, 5)
    beta, logs, _ = flows.regularised_flow(X, y, 0.4, penalty, 0.0)
    np.testing.assert_allclose(w[0] ** 2 - w[1] ** 2, beta, atol=5e-3)
    np.testing.assert_allclose(np.log(w[0] * w[1]), logs, atol=5e-3)


def test_saddle_flow_starts_at_zero_and_fits():
    X, y = saddle_problem(3)
    ends = flows.saddle_flow(3, 60.0, np.array([1e-6, 30.0]))
    np.testing.assert_allclose(ends[0], 0, atol=1e-20)
    np.testing.assert_allclose(X @ ends[1], y, atol=1e-6)


def test_least_l1_is_a_sparse_interpolator():
    X, y, _ = sparse_regression(np.random.default_rng(1), 6, 20, 2, 0.1)
    beta = experiments.least_l1(X, y)
    np.testing.assert_allclose(X @ beta, y, atol=1e-9)
    assert np.count_nonzero(np.abs(beta) > 1e-9) == 6


def test_runs_that_cannot_interpolate_are_reported():
    X, y, _ = sparse_regression(np.random.default_rng(0), 5, 10, 2)
    with pytest.raises(ArithmeticError, match="did not interpolate"):
        experiments.finite_run(np.random.default_rng(0), (X, y), steps=50, step_size=5.0, initial_scale=1.0)


def test_two_cycle_by_hand():
    orbit = experiments._orbit(0.3, 1.15, 4000)[-2:]
    assert orbit[0] * orbit[1] == pytest.approx(1 / 1.15, rel=1e-12)
    assert (orbit.sum()) ** 2 == pytest.approx(1 + 3 / 1.15, rel=1e-12)


def test_scales_of_the_regimes_are_the_published_ones(monkeypatch):
    """Woodworth et al., Theorems 2 and 3, for norms of 10 and 1/10: which term of the minimum binds, and its value."""
    scales = []

    def limit(X, y, scale):
        scales.append(scale)
        return np.ones(6)

    monkeypatch.setattr(experiments, "flow_limit", limit)
    for norm in (10.0, 0.1):
        monkeypatch.setattr(experiments, "least_l1", lambda X, y, norm=norm: np.array([norm]))
        experiments.rich_norm(np.random.default_rng(0), np.ones((1, 1)), np.ones(1), 0.5)
    np.testing.assert_allclose(scales, [30.0**-2.5, np.exp(-120.0)], rtol=1e-14)
