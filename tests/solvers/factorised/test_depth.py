"""Residual and recurrent depth against other routes: quadratures, finite depth, matrix powers, finite differences."""

from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.special import spence

from solvable.solvers import (
    clip,
    gradient_norms,
    jacobian_bounds,
    layer_roughness,
    residual_limit,
    residual_training,
)
from solvable.solvers.factorised import residual_flow
from solvable.solvers.solution import ConvergenceWarning, Status


def implicit(y, F):
    return np.log(F / (y - F)) / y**2 - 1 / (y * F) + np.log(y - 1) / y**2 + 1 / y


@given(st.floats(1.05, 50), st.floats(1e-3, 5))
def test_the_limit_solves_the_implicit_formula(y, time):
    found = residual_limit(y, time)
    assert found.solution.converged
    F = float(found.output)
    assert 1 < F <= y
    if y - F > 1e-6 * y:
        assert implicit(y, F) == pytest.approx(time, rel=1e-8)


@pytest.mark.parametrize(("shift", "converged"), [(0.0, True), (2e-13, True), (2e-12, False), (1e-6, False)])
def test_a_root_that_misses_its_time_is_reported(monkeypatch, shift, converged):
    """The residual is recomputed from the answer: roots moved by hand miss the time by v/F^2 as much."""
    search = residual_flow.bracketed_newton

    def moved(*arguments):
        roots = search(*arguments)
        return replace(roots, x=roots.x + shift)

    monkeypatch.setattr(residual_flow, "bracketed_newton", moved)
    with nullcontext() if converged else pytest.warns(ConvergenceWarning, match="residual_limit"):
        solution = residual_limit(2.5, 1.0).solution
    v = float(solution.value)
    F = 1 - 1.5 * np.expm1(-v)
    assert float(solution.residual) == pytest.approx(v * shift / F**2, rel=0.01, abs=3e-15)
    assert bool(solution.converged) is converged
    assert solution.status == (Status.CONVERGED if converged else Status.MAX_ITERATIONS)


def test_the_sheet_value():
    assert implicit(2.5, float(residual_limit(2.5, 0.25).output)) == pytest.approx(0.25, abs=1e-14)


@pytest.mark.parametrize(("y", "time"), [(1.8, 0.7), (2.5, 1.0), (2.5, 0.05), (1.01, 3.0), (30.0, 0.01), (4.0, 3.0)])
def test_the_correction_by_dilogarithms(y, time):
    """Li2(1 - z) is scipy's spence(z)."""
    found = residual_limit(y, time)
    F = float(found.output)
    gap = (y - 1) * np.exp(-float(found.solution.value))
    inner = np.log(y) * float(found.solution.value) + spence(F / y) - spence(1 / y)
    integral = inner / y**2 + np.log(F) ** 2 / (2 * y**2) + (1 - (np.log(F) + 1) / F) / y
    assert float(found.correction) == pytest.approx(-2 * gap * F**2 * integral, rel=1e-8)


@given(st.floats(-15, -7), st.floats(0.05, 30))
def test_the_correction_keeps_its_digits_near_a_target_of_one(power, time):
    y = 1 + 10.0**power
    first = -2 * (y - 1) ** 2 * np.exp(-time) * (time + np.expm1(-time))
    assert residual_limit(y, time).correction == pytest.approx(first, rel=100 * (y - 1) + 1e-12)


def test_endless_training_is_refused(monkeypatch):
    monkeypatch.setattr("solvable.solvers.factorised.residual_flow._MOST_EVALUATIONS", 1000)
    with pytest.raises(ArithmeticError, match=r"1,000 evaluations reached time .* of 1e\+300: choose a smaller one"):
        residual_training(2, 2.0, [1e300])


@pytest.mark.parametrize("L", [1, 2, 7])
def test_training_of_numbers_follows_its_quadrature(L):
    run = residual_training(L, 2.2, [0.0, 0.3, 0.8])
    np.testing.assert_allclose(np.prod(1 + run.weights / L, axis=1), run.output, rtol=1e-12)
    assert run.output[0] == 1
    for time, F in zip(run.times[1:], run.output[1:], strict=True):
        assert quad(lambda f: 1 / ((2.2 - f) * f ** (2 - 2 / L)), 1, F, epsabs=1e-13)[0] == pytest.approx(
            time, rel=1e-9
        )


def test_training_of_matrices_is_the_flow_of_the_stated_loss():
    rng = np.random.default_rng(0)
    start, Y, L = rng.standard_normal((4, 3, 3)), rng.standard_normal((3, 3)), 4

    def loss(flat):
        F = np.eye(3)
        for W in flat.reshape(4, 3, 3):
            F = F + W @ F / L
        return np.sum((F - Y) ** 2) / 2

    def velocity(_, flat):
        steps = 1e-5 * np.eye(flat.size)
        return np.array([-L * (loss(flat + e) - loss(flat - e)) / 2e-5 for e in steps])

    run = residual_training(L, Y, [0.5], start)
    slow = solve_ivp(velocity, (0, 0.5), start.ravel(), rtol=1e-9, atol=1e-9).y[:, -1]
    np.testing.assert_allclose(run.weights[0].ravel(), slow, atol=1e-7)
    factors = np.eye(3) + run.weights[0] / L
    np.testing.assert_allclose(run.output[0], factors[3] @ factors[2] @ factors[1] @ factors[0], atol=1e-13)


def test_times_come_back_in_their_order():
    run = residual_training(3, 1.5, [0.5, 0.0, 0.5])
    assert run.output[0] == run.output[2] > run.output[1] == 1


def test_roughness():
    W = np.random.default_rng(1).standard_normal((6, 2, 2))
    assert layer_roughness(W) == pytest.approx(6 * max(np.linalg.norm(b - a) for a, b in pairwise(W)))
    assert layer_roughness(np.ones(5)) == 0


def test_gradient_norms_are_those_of_powers():
    W = np.random.default_rng(2).standard_normal((5, 5)) / 2
    found = gradient_norms(W, [[0, 1], [4, 4]])
    powers = [np.linalg.matrix_power(W, k) for k in (0, 1, 4, 4)]
    np.testing.assert_allclose(found.spectral.ravel(), [np.linalg.norm(P, 2) for P in powers], rtol=1e-12)
    np.testing.assert_allclose(found.mean_square.ravel(), [np.sum(P**2) / 5 for P in powers], rtol=1e-12)
    assert gradient_norms([[0.5]], 10_000).spectral == 0  # below the range
    assert gradient_norms([[0.0, 1.0], [0.0, 0.0]], 3).spectral == 0


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_bounds_hold_for_powers(seed, k):
    W = np.random.default_rng(seed).standard_normal((4, 4))
    found, size = jacobian_bounds(W), gradient_norms(W, k).spectral
    assert found.radius**k <= size * (1 + 1e-9)
    assert size <= found.per_step**k * (1 + 1e-9)
    assert found.vanishes == (found.per_step < 1)
    assert found.may_explode == (found.per_step > 1)


def test_the_gradient_of_a_linear_recurrence_by_differences():
    """Loss (w^T x0 - y)^2/2, T = 50: its derivative in w has the power T - 1 that `gradient_norms` takes."""
    w, T, x0, y = 1.02, 50, 0.5, 0.7
    exact = (w**T * x0 - y) * T * float(gradient_norms([[w]], T - 1).spectral) * x0
    ends = [((w + s * 1e-6) ** T * x0 - y) ** 2 / 2 for s in (1, -1)]
    assert exact == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-7)
    assert exact == pytest.approx(42.603222, abs=1e-6)


@given(st.integers(0, 10**6), st.floats(1e-3, 1e3))
def test_clipping_keeps_the_direction(seed, threshold):
    g = np.random.default_rng(seed).standard_normal((3, 2))
    found, size = clip(g, threshold), np.linalg.norm(g)
    assert np.linalg.norm(found) == pytest.approx(min(size, threshold), rel=1e-12)
    np.testing.assert_allclose(found / np.linalg.norm(found), g / size, rtol=1e-12)
    np.testing.assert_allclose(
        clip(1e200 * np.append(g, 0.0), threshold)[:-1], threshold * g.ravel() / size, rtol=1e-12
    )
    np.testing.assert_array_equal(clip(0 * g, threshold), 0 * g)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: residual_limit(0.9, 1.0), "y = 0.9 is not allowed: it must be at least 1"),
        (lambda: residual_limit(2.0, -1.0), "times"),
        (lambda: residual_training(0, 2.0, [1.0]), "L = 0.0 is not allowed"),
        (lambda: residual_training(2, np.ones(3), [1.0]), r"y\.shape"),
        (lambda: residual_training(2, 2.0, 1.0), r"times\.shape"),
        (lambda: residual_training(2, 2.0, [1.0], np.ones(3)), r"start\.shape"),
        (lambda: layer_roughness([1.0]), "two layers at least"),
        (lambda: gradient_norms(np.ones((2, 3)), 1), "square"),
        (lambda: gradient_norms(np.eye(2), 0.5), "whole numbers"),
        (lambda: gradient_norms(9 * np.eye(2), 1000), "rescale"),
        (lambda: jacobian_bounds(np.eye(2), 0.0), "slope"),
        (lambda: jacobian_bounds(np.full((3, 3), 1e308)), "beyond the range of doubles"),
        (lambda: jacobian_bounds(1e200 * np.eye(3), 1e200), "beyond the range of doubles"),
        (lambda: clip([1.0], 0.0), "threshold"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_bound_of_one_neither_vanishes_nor_may_explode():
    found = jacobian_bounds(np.eye(2))
    assert (found.vanishes, found.may_explode) == (False, False)
