"""Margins against quadratic programs and optimality conditions; certificates of what cannot be separated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from solvable.solvers import (
    ConvergenceWarning,
    Status,
    largest_violation,
    logistic_descent,
    max_margin,
    project_onto_margin,
)
from solvable.solvers.separable.active_set import least_distance
from solvable.solvers.separable.max_margin import _by_least_squares


def separable(seed, n, d):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X * np.sign(X @ rng.standard_normal(d))[:, None]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 30))
def test_optimality_conditions(seed, n, d):
    """Feasible, multipliers not negative, stationary, complementary: sufficient for the optimum."""
    Z = separable(seed, n, d)
    found = max_margin(Z)
    size = np.abs(found.weights).max()
    assert found.solution.converged
    assert (Z @ found.weights).min() >= 1 - 1e-9
    assert found.dual.min() >= 0
    np.testing.assert_allclose(Z.T @ found.dual, found.weights, atol=1e-8 * size)
    np.testing.assert_allclose((Z @ found.weights)[found.support], 1, atol=1e-8)
    assert found.margin == pytest.approx(1 / np.linalg.norm(found.weights), rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(8, 3), (5, 12)])
def test_against_sequential_quadratic_programming(n, d):
    """SLSQP stops at 1e-10 of the objective: half the digits of the weights."""
    Z = separable(4, n, d)
    start = np.random.default_rng(5).standard_normal(d)
    constraint = {"type": "ineq", "fun": lambda w: Z @ w - 1, "jac": lambda w: Z}
    other = minimize(lambda w: ((w - start) @ (w - start), 2 * (w - start)), start, jac=True, method="SLSQP",
                     constraints=[constraint], options={"ftol": 1e-14, "maxiter": 500})  # fmt: skip
    np.testing.assert_allclose(project_onto_margin(Z, start).value, other.x, atol=1e-5 * np.abs(other.x).max())


def test_projection_is_idempotent_and_does_not_expand():
    Z, rng = separable(0, 6, 9), np.random.default_rng(1)
    a, b = rng.standard_normal((2, 9))
    once, other = project_onto_margin(Z, a).value, project_onto_margin(Z, b).value
    np.testing.assert_allclose(project_onto_margin(Z, once).value, once, atol=1e-12)
    assert np.linalg.norm(once - other) <= np.linalg.norm(a - b) * (1 + 1e-12)
    assert largest_violation(Z, once) <= 1e-12


@pytest.mark.parametrize(("n", "d"), [(40, 200), (30, 40), (60, 20), (1, 1)])
def test_the_active_set_finds_what_least_squares_find(n, d):
    """Independent routes; multipliers to rounding times the condition of the active rows, below 1e3 here."""
    Z = separable(6, n, d)
    lengths = np.linalg.norm(Z, axis=1)
    units, wanted = Z / lengths[:, None], lengths.min() / lengths
    dual, move, active = np.empty(n), np.empty(d), np.empty(n, int)
    residual = least_distance(units, units @ units.T, wanted, 4 * n <= d, dual, move, np.empty((n + 3, n)), active)
    other, weights, _, _ = _by_least_squares(units, wanted, np.finfo(float).eps)
    assert residual <= 1e-14
    np.testing.assert_allclose(move, other, rtol=0, atol=1e-13 * np.abs(other).max())
    np.testing.assert_allclose(dual, weights, rtol=0, atol=1e-12 * np.abs(weights).max())


def test_the_active_set_leaves_dependent_rows_to_least_squares():
    """Equal rows share a multiplier in any way; rows that contradict each other have none."""
    for rows in ([[0.6, 0.8, 0.0]] * 2, [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]):
        units, dual, move = np.array(rows), np.empty(2), np.empty(3)
        alone = least_distance(units, units @ units.T, np.ones(2), True, dual, move, np.empty((5, 2)), np.empty(2, int))
        assert alone == np.inf or np.isclose(dual.sum(), 1)
    np.testing.assert_allclose(max_margin([[0.6, 0.8]] * 300).weights, [0.6, 0.8], rtol=1e-14)


@pytest.mark.parametrize("least", [1e-3, 1e-7, 1e-11])
def test_tiny_margins_keep_their_digits(least):
    Z = np.array([[1.0, least], [-1.0, least], [0.3, 2 * least]])
    np.testing.assert_allclose(max_margin(Z).margin, least, rtol=1e-10)


def test_inseparable_rows_come_with_a_combination_that_vanishes():
    Z = np.random.default_rng(0).standard_normal((30, 4))
    with pytest.warns(ConvergenceWarning):
        found = project_onto_margin(Z, np.zeros(4))
    assert found.status == Status.NO_SOLUTION
    assert found.multipliers.min() >= 0
    assert found.multipliers.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.multipliers @ Z, 0, atol=1e-13)
    with pytest.raises(ArithmeticError):
        project_onto_margin(Z, np.zeros(4), on_failure="raise")
    with pytest.raises(ValueError, match=r"z_\d+ .*vanishes"):
        max_margin(Z)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: max_margin([[1.0, 0.0], [0.0, 0.0]]), r"Z\[1\] .* a row of zeros"),
        (lambda: project_onto_margin([[1.0, 0.0]], [1.0]), "start.shape"),
        (lambda: largest_violation([[1.0, 0.0]], [1.0]), "weights.shape"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_descent_weighs_rows_as_the_multipliers_say():
    """zᵀθ − ln(γt) tends to −ln(nα) where all rows carry the margin.

    What is left falls as t^−λ, λ the least eigenvalue of ZZᵀ diag(α): 0.355 here, 0.013 after 2e5 steps.
    """
    Z = np.array([[1.0, 0.2, 0.0], [0.2, 1.0, 0.1], [0.0, 0.1, 1.0]])
    run = logistic_descent(Z, np.ones(3), 0.5, 200_000, checkpoints=1)
    pull = 0.5 * run.times[-1] * np.exp(-Z @ run.weights[-1]) / 3
    np.testing.assert_allclose(pull, max_margin(Z).dual, rtol=0.013)


def test_residuals_are_relative_to_the_largest_margin():
    """Margin 1e-7: the other row leads by 1e7, of which 1e-16 is rounding."""
    found = max_margin([[1, 1e-7], [-1, 1e-7], [0, 1]])
    np.testing.assert_allclose(found.weights, [0, 1e7], rtol=1e-9, atol=1e-9)
    assert found.solution.residual < 1e-14


def test_rows_of_small_multipliers_are_support():
    np.testing.assert_array_equal(max_margin([[2.0, 0.0], [0.0, 2.0], [5.0, 5.0]]).support, [0, 1])
