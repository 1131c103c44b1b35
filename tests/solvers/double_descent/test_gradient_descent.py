"""Contour risks against ridge theory at infinite time, a quadrature, a real-line integral and simulated descent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    FinitePoolWarning,
    Spectrum,
    descent_path,
    gradient_descent_risk,
    isotropic_flow_risk,
    ridge_risk,
    support_edges,
)

EIGENVALUES = np.linspace(0.2, 3, 200) ** 2
SPREAD = Spectrum(EIGENVALUES, EIGENVALUES / 200)


@pytest.mark.parametrize("n", [80, 120, 400, 900])
@pytest.mark.parametrize(("momentum", "method"), [(None, "heavy-ball"), (0.5, "heavy-ball"), (0.5, "nesterov")])
def test_infinite_time_is_ridgeless_regression(n, momentum, method):
    eta = 1 / support_edges(SPREAD, n)[-1, 1]
    risk = gradient_descent_risk(SPREAD, n, eta, [0, 10**6], 0.4, momentum, method=method)
    expected = ridge_risk(SPREAD, n, 0.0, 0.4)
    assert risk.test[0] == pytest.approx(SPREAD.target_variance + 0.4, rel=1e-8)
    # 1e-8 of the scale is what the contour promises
    for name in ("test", "bias", "variance", "train"):
        assert getattr(risk, name)[1] == pytest.approx(float(getattr(expected, name)), rel=1e-7, abs=3e-8)
    assert risk.solution.converged
    assert np.all(risk.solution.residual < 1e-8)


@pytest.mark.parametrize("gamma", [0.25, 1.0, 3.0])
def test_small_steps_are_the_flow(gamma):
    """Richardson in the step size: descent with t/eta steps differs from the flow by O(eta)."""
    n = 200
    spectrum = Spectrum.isotropic(gamma * n, 1.3)
    times = np.array([1.0, 8.0, 40.0])
    flow = isotropic_flow_risk(gamma, times, 0.7, 1.3)
    coarse, fine = (gradient_descent_risk(spectrum, n, eta, times / eta, 0.7) for eta in (1 / 128, 1 / 256))
    for name in ("test", "bias", "variance", "train"):
        limit = 2 * getattr(fine, name) - getattr(coarse, name)
        np.testing.assert_allclose(limit, getattr(flow, name), rtol=5e-4, atol=1e-9)  # O(eta^2) is left
        assert np.any(np.abs(1.05 * limit - getattr(flow, name)) > 5e-4 * limit)


def test_known_value_of_the_flow():
    assert float(isotropic_flow_risk(2.0, [3.0]).bias[0]) == pytest.approx(0.511465, abs=1e-6)
    square = isotropic_flow_risk(1.0, [1e5], 1.0).variance[0]
    # at d = n the density is 1/(pi sqrt s) near 0: the variance grows as 4(1 - 1/sqrt 2) sqrt(t/pi)
    assert square / np.sqrt(1e5) == pytest.approx(4 * (1 - 0.5**0.5) / np.sqrt(np.pi), rel=0.01)


def test_few_steps_are_moments():
    """One step: r = 1 - eta z, so that E tr of S and S^2 decide; both are known in closed form."""
    n, eta, sigma2 = 150, 0.05, 0.3
    s, v = EIGENVALUES, EIGENVALUES / 200
    risk = gradient_descent_risk(SPREAD, n, eta, [1], sigma2)
    # (I - eta S) Sigma (I - eta S): E S = Sigma, E S Sigma S = Sigma^3 + Sigma tr(Sigma^2)/n to leading order in 1/n
    bias = np.sum(v * (1 - 2 * eta * s + eta**2 * (s**2 + np.sum(s**2) / n)))
    assert risk.bias[0] == pytest.approx(bias, rel=1e-8)
    assert risk.variance[0] == pytest.approx(sigma2 * eta**2 * np.sum(s**2) / n, rel=1e-8)
    assert risk.train[0] == pytest.approx(
        np.sum(v * (1 - 2 * eta * (s + s.sum() / n))) + eta**2 * np.sum(v * third_moment(s, n))
        + sigma2 * (1 - 2 * eta * s.sum() / n + eta**2 * (np.sum(s**2) / n + (s.sum() / n) ** 2)),
        rel=1e-8,
    )  # fmt: skip


def third_moment(s, n):
    """Diagonal of E S^3 over s in the limit: free-probability moments of a sample covariance."""
    t1, t2 = s.sum() / n, np.sum(s**2) / n
    return s**2 + 2 * s * t1 + t1**2 + t2


@pytest.mark.parametrize(("momentum", "method"), [(None, "gradient-descent"), (0.7, "heavy-ball"), (0.7, "nesterov")])
@pytest.mark.parametrize("n", [120, 400])
def test_against_simulated_descent(n, momentum, method):
    """Seed 0, 60 designs of 8 targets, exact filter on each; finite size costs 1/n, so 1 % and 4 errors."""
    rng = np.random.default_rng(0)
    sigma2, steps = 0.4, np.array([5, 100])
    eta = 0.9 / support_edges(SPREAD, n)[-1, 1]
    how = "nesterov" if method == "nesterov" else "heavy-ball"
    risk = gradient_descent_risk(SPREAD, n, eta, steps, sigma2, momentum, method=how)
    errors = np.empty((60, 2, 2))
    for i in range(60):
        X = rng.standard_normal((n, 200)) * np.sqrt(EIGENVALUES)
        beta = np.sqrt(1 / 200) * rng.choice([-1.0, 1.0], (200, 8))
        clean, noise = X @ beta, np.sqrt(sigma2) * rng.standard_normal((n, 8))
        both = descent_path(X, np.hstack([clean, noise]), steps, method, eta, momentum).coefficients
        gap = both - np.hstack([beta, np.zeros((200, 8))])
        errors[i] = np.mean(np.einsum("tpq,p->tq", gap**2, EIGENVALUES).reshape(2, 2, 8), axis=2)
    mean, error = errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(60)
    theory = np.stack([risk.bias, risk.variance], axis=1)
    assert np.all(np.abs(mean - theory) < 0.01 * theory + 4 * error)
    assert np.any(np.abs(mean - 1.05 * theory) > 0.01 * theory + 4 * error)


@settings(max_examples=15, deadline=None)
@given(
    gamma=st.floats(0.1, 8),
    eta=st.floats(0.05, 1.9),
    scale=st.sampled_from([1e-60, 1.0, 1e60]),
    last=st.sampled_from([1, 30, 10**5]),
)
def test_scale_and_order(gamma, eta, scale, last):
    s = np.array([0.1, 1.0, 2.0])
    spectrum = Spectrum(scale * s, [0.2, 0.5, 0.3], [30 * gamma] * 3)
    reference = Spectrum(s, [0.2, 0.5, 0.3], [30 * gamma] * 3)
    step = eta / support_edges(reference, 90)[-1, 1]
    steps = [0, last]
    risk = gradient_descent_risk(spectrum, 90, step / scale, steps, 0.1)
    expected = gradient_descent_risk(reference, 90, step, steps, 0.1)
    np.testing.assert_allclose(risk.test, expected.test, rtol=1e-7)
    assert risk.train[1] <= risk.train[0] * (1 + 1e-7)
    np.testing.assert_allclose(risk.excess, risk.test - 0.1, atol=1e-12)


@pytest.mark.parametrize(("momentum", "method"), [(None, "heavy-ball"), (0.5, "heavy-ball"), (0.5, "nesterov")])
def test_steps_next_to_the_limit(momentum, method):
    """0.05 % below it the filter of the largest eigenvalues turns sign at every step and decays over thousands."""
    for n in (60, 400):
        mu = momentum or 0.0
        limit = 2 * (1 + mu) / (1 + (2 * mu if method == "nesterov" else 0)) / support_edges(SPREAD, n)[-1, 1]
        risk = gradient_descent_risk(SPREAD, n, 0.9995 * limit, [10, 10**6], 0.4, momentum, method=method)
        assert risk.test[1] == pytest.approx(float(ridge_risk(SPREAD, n, 0.0, 0.4).test), rel=1e-7)


def test_nesterov_near_its_limits():
    """Without momentum gradient descent; the first step has none; small steps are the flow, 1/(1 - mu) as fast."""
    eta = 0.9 / support_edges(SPREAD, 120)[-1, 1]
    plain = gradient_descent_risk(SPREAD, 120, eta, [1, 7, 90], 0.4)
    none, some = (gradient_descent_risk(SPREAD, 120, eta, [1, 7, 90], 0.4, mu, method="nesterov") for mu in (0, 0.6))
    np.testing.assert_allclose(none.test, plain.test, rtol=1e-12)
    assert some.test[0] == pytest.approx(plain.test[0], rel=1e-10)
    assert np.all(np.abs(some.test[1:] / plain.test[1:] - 1) > 0.01)
    n, mu, times = 200, 0.6, np.array([1.0, 8.0, 40.0])
    flow = isotropic_flow_risk(0.5, times, 0.7, 1.3)
    coarse, fine = (
        gradient_descent_risk(Spectrum.isotropic(100, 1.3), n, eta * (1 - mu), times / eta, 0.7, mu, method="nesterov")
        for eta in (1 / 128, 1 / 256)
    )
    np.testing.assert_allclose(2 * fine.test - coarse.test, flow.test, rtol=1e-3)


def test_nesterov_with_momentum_that_is_too_much_for_the_contour_says_so(monkeypatch):
    """Near 1 the region in which the filter stays small is a cusp: convergence is reported, never made up."""
    from solvable.solvers.double_descent import gradient_descent

    monkeypatch.setattr(gradient_descent, "_MOST_NODES", 256)
    eta = 0.9 / support_edges(SPREAD, 120)[-1, 1]
    with pytest.raises(ArithmeticError, match="did not converge"):
        gradient_descent_risk(SPREAD, 120, eta, [3000], 0.4, 0.99, method="nesterov")


def test_irreducible_power_is_label_noise_that_stays():
    plain = gradient_descent_risk(Spectrum([1.0], [1.0], [50]), 100, 0.3, [7], 0.5)
    moved = gradient_descent_risk(Spectrum([1.0], [1.0], [50], irreducible_power=0.3), 100, 0.3, [7], 0.2)
    for name in ("test", "train"):
        np.testing.assert_allclose(getattr(moved, name), getattr(plain, name), rtol=1e-12)


def test_too_few_nodes_are_refused(monkeypatch):
    from solvable.solvers import ConvergenceWarning
    from solvable.solvers.double_descent import gradient_descent

    monkeypatch.setattr(gradient_descent, "_MOST_NODES", 128)
    arguments = SPREAD, 120, 0.05, [10**6]
    with pytest.raises(ArithmeticError, match="did not converge"):
        gradient_descent_risk(*arguments)
    with pytest.warns(ConvergenceWarning):
        assert not gradient_descent_risk(*arguments, on_failure="warn").solution.converged


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: gradient_descent_risk(SPREAD, 120, 0.2, [1]), "upper edge of the spectrum"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.2, [1], 0.0, 0.1), r"2\(1 \+ momentum\)"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.11, [1], 0.0, 0.9, method="nesterov"), r"\(1 \+ 2 momentum\)"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.01, [2001], method="nesterov"), "at most 2,000 steps"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.11, [1], method="nesterov"), r"\(1 \+ 2 momentum\)"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.01, [1], 0.0, 0.5, method="adam"), "choose one of"),
        (lambda: gradient_descent_risk(SPREAD, 120, [0.01, 0.02], [5, 6, 7]), "broadcast"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.01, [0.5]), "whole"),
        (lambda: gradient_descent_risk(SPREAD, -3, 0.01, [1]), "n = -3"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.01, [1], -0.1), "noise_variance"),
        (lambda: gradient_descent_risk(SPREAD, 120, 0.01, [1], 0.0, 1.0), "below 1"),
        (lambda: gradient_descent_risk(Spectrum([1.0]), 10, 0.01, [1]), "target_power"),
        (lambda: gradient_descent_risk(Spectrum.power_law(1.5, 2.0, 100, tail=True), 9, 0.1, [1]), "finite dimension"),
        (lambda: isotropic_flow_risk(0.0, [1.0]), "gamma"),
        (lambda: isotropic_flow_risk(1.0, [2.0, 1.0]), "increase"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize("steps", [10**6, 10**9, 10**12])
def test_interpolators_variance_does_not_lose_digits_with_time(steps):
    """The pole of the mean resolvent at zero, there for n below the rank, once left rounding of order t eps."""
    spectrum = Spectrum([2.0, 1.0, 0.1], [0.5, 0.7, 0.2], [20.0, 50.0, 130.0])
    risk = gradient_descent_risk(spectrum, 60, 0.3, [steps], 0.4)
    limit = ridge_risk(spectrum, 60, 0.0, 0.4)
    np.testing.assert_allclose([risk.bias[0], risk.variance[0]], [limit.bias, limit.variance], rtol=1e-13)


def test_few_steps_with_momentum_close_to_one_converge():
    """A dozen steps cannot leave the ellipse in which the filter grows by a factor e; t = 1 knows no momentum."""
    spectrum = Spectrum([2.0, 1.0, 0.1], [0.5, 0.7, 0.2], [20.0, 50.0, 130.0])
    heavy = gradient_descent_risk(spectrum, 60, 0.05, [1, 12], 0.4, momentum=0.999)
    plain = gradient_descent_risk(spectrum, 60, 0.05, [1], 0.4)
    np.testing.assert_allclose(heavy.test[0], plain.test[0], rtol=1e-13)


def test_a_small_pool_is_warned_of_once():
    spectrum = Spectrum.from_kernel(np.diag(np.arange(1.0, 60.0)), np.ones(59))
    with pytest.warns(FinitePoolWarning) as caught:
        gradient_descent_risk(spectrum, 20, 0.1, [1, 10])
    assert len(caught) == 1


def test_a_grid_is_its_cells():
    """Shared contours against one for each cell: both settle to 1e-9 of the error's scale."""
    n, step = np.array([40.0, 120.0])[:, None, None, None], np.array([0.01, 0.03, 0.06])[:, None, None]
    steps, noise = np.array([[7, 0, 7], [400, 20, 3]]), np.array([0.0, 0.3, 2.0])
    risk = gradient_descent_risk(SPREAD, n, step, steps, noise, 0.3)
    assert risk.test.shape == risk.noise_variance.shape == risk.solution.status.shape == (2, 3, 2, 3)
    for i, j, k, m in np.ndindex(2, 3, 2, 3):
        cell = gradient_descent_risk(SPREAD, n[i, 0, 0, 0], step[j, 0, 0], steps[k, m], noise[m], 0.3)
        for name in ("test", "train", "bias", "variance"):
            assert getattr(risk, name)[i, j, k, m] == pytest.approx(getattr(cell, name), rel=1e-9, abs=3e-9)


@pytest.mark.parametrize("method", ["heavy-ball", "nesterov"])
@given(data=st.data())
@settings(max_examples=3, deadline=None)
def test_lists_in_every_argument_are_single_calls(method, data):
    """Any order, repeats, and axes in any argument: n, momentum, step, steps and noise, schedule included."""

    def some(values):
        return data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))

    scheduled = data.draw(st.booleans())
    n, momentum = some([40, 90.0, 120]), [0.0] if scheduled else some([0.0, 0.3, 0.6])
    axes = np.ix_(n, some([0.01, 0.03]), some([0, 1, 7, 60]), some([0.0, 0.5]), momentum)
    risk = gradient_descent_risk(SPREAD, *axes[:4], None if scheduled else axes[4], method=method)
    labelled = risk.to_dataset()
    assert {"n", "step_size", "steps", "noise_variance"} <= set(labelled.coords)
    assert labelled.test.shape == risk.test.shape
    for index in list(np.ndindex(risk.test.shape))[::3]:  # a third of the cells, the first among them
        cell = [float(np.broadcast_to(axis, risk.test.shape)[index]) for axis in axes]
        single = gradient_descent_risk(SPREAD, *cell[:4], None if scheduled else cell[4], method=method)
        for name in ("test", "train", "bias", "variance"):
            assert getattr(risk, name)[index] == pytest.approx(getattr(single, name), rel=1e-9, abs=3e-9)


@given(st.permutations(range(6)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_steps_does_not_matter(order):
    steps, order = np.array([0, 1, 5, 30, 30, 200]), list(order)
    risk = gradient_descent_risk(SPREAD, 120, 0.05, steps, 0.4)
    assert np.array_equal(gradient_descent_risk(SPREAD, 120, 0.05, steps[order], 0.4).train, risk.train[order])
