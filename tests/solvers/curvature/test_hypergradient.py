"""Hypergradients and descent with them."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    approximate_gradient_descent,
    implicit_hypergradient,
    neumann_error,
    ridge_hypergradient,
)

RNG = np.random.default_rng(0)
X, Y, V, Z = (
    RNG.standard_normal((30, 8)),
    RNG.standard_normal(30),
    RNG.standard_normal((12, 8)),
    RNG.standard_normal(12),
)
H = X.T @ X + np.eye(8)
C, G = RNG.standard_normal((8, 2)), RNG.standard_normal(8)
TOP = float(np.linalg.eigvalsh(H)[-1])


def loss(X, y, V, z, log_ridge):
    w = np.linalg.solve(X.T @ X + np.exp(log_ridge) * np.eye(X.shape[1]), X.T @ y)
    return 0.5 * np.sum((V @ w - z) ** 2)


@given(st.integers(2, 12), st.integers(1, 12), st.floats(-3, 5), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_differences_of_refits(n, d, log_ridge, seed):
    """Central differences of step 1e-4: 1e-7 of the loss, with ridges that keep the condition below 1e4."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal((5, d)), rng.standard_normal(5)
    found = ridge_hypergradient(*data, log_ridge)
    assert found.loss == pytest.approx(loss(*data, log_ridge), rel=1e-9)
    slope = (loss(*data, log_ridge + 1e-4) - loss(*data, log_ridge - 1e-4)) / 2e-4
    assert found.gradient == pytest.approx(slope, abs=1e-6 * (1 + float(found.loss)))


@pytest.mark.parametrize("shape", [(14, 6), (6, 14), (9, 9)])
@pytest.mark.parametrize("condition", [3.0, 31.5, 32.0, 1e6])
def test_both_decompositions(shape, condition):
    """Condition numbers on either side of where the Gram matrix is taken; normal equations at 50 digits, seed 5."""
    rng = np.random.default_rng(5)
    k = min(shape)
    left, right = (np.linalg.qr(rng.standard_normal((size, k)))[0] for size in shape)
    data = (left * np.geomspace(1, 1 / condition, k)) @ right.T, rng.standard_normal(shape[0])
    held, targets = rng.standard_normal((4, shape[1])), rng.standard_normal(4)
    for log_ridge in (-30.0, -4.0, 2.0):
        with mp.workdps(50):
            A, y, B, z = (mp.matrix(a.tolist()) for a in (*data, held, targets))
            M = A.T * A + mp.exp(log_ridge) * mp.eye(shape[1])
            w = mp.lu_solve(M, A.T * y)
            off = B * w - z
            slope = -mp.exp(log_ridge) * (w.T * mp.lu_solve(M, B.T * off))[0]
            loss_there = (off.T * off)[0] / 2
        found = ridge_hypergradient(*data, held, targets, log_ridge)
        accuracy = 1e-15 * condition * max(condition, 1e3)  # of the weights, as the data round
        assert float(found.loss) == pytest.approx(float(loss_there), rel=accuracy)
        assert float(found.gradient) == pytest.approx(float(slope), rel=accuracy)


def test_ends_of_the_ridge():
    found = ridge_hypergradient(X, Y, V, Z, [-60.0, 60.0])
    w = np.linalg.lstsq(X, Y)[0]
    assert found.loss[0] == pytest.approx(0.5 * np.sum((V @ w - Z) ** 2))
    assert found.loss[1] == pytest.approx(0.5 * Z @ Z)
    assert np.all(np.abs(found.gradient) < 1e-20)
    assert np.isfinite(ridge_hypergradient(X, Y, V, Z, [-745.0, 709.0, 1e4, -1e4]).gradient).all()


@pytest.mark.parametrize("terms", [0, 1, 5, 20, 80])
def test_series_unrolling_and_error_agree(terms):
    exact = implicit_hypergradient(H, C, G)
    series = implicit_hypergradient(H, C, G, "neumann", terms, 1 / TOP)
    unrolled = implicit_hypergradient(lambda v: H @ v, C, G, "unrolled", terms, 1 / TOP)
    np.testing.assert_allclose(unrolled.value, series.value, rtol=1e-12)
    np.testing.assert_allclose(series.value - exact.value, neumann_error(H, C, G, terms, 1 / TOP), atol=1e-14)
    assert exact.residual < 1e-14 < series.residual


def test_conjugate_gradients_end_after_the_dimension():
    found = implicit_hypergradient(lambda v: H @ v, C, G, "cg", 8)
    np.testing.assert_allclose(found.value, -C.T @ np.linalg.solve(H, G), rtol=1e-10)
    assert found.residual < 1e-10
    assert implicit_hypergradient(H, C[:, 0], G, "cg", 3).residual > 1e-4


def test_one_hyperparameter_is_a_number_and_several_a_vector():
    assert implicit_hypergradient(H, C[:, 0], G).value.shape == ()
    assert implicit_hypergradient(H, C, G).value.shape == (2,)
    assert neumann_error(H, C, G, [[1, 2, 3]], 0.01).shape == (1, 3, 2)


@pytest.mark.parametrize("power", [-150, 150])
def test_conjugate_gradients_of_any_size_of_the_outer_gradient(power):
    size = 10.0**power
    found = implicit_hypergradient(size * H, C, size * G, "cg", 40)
    np.testing.assert_allclose(found.value, implicit_hypergradient(H, C, G, "exact").value, rtol=1e-10)


def test_summable_tolerances_reach_a_stationary_ridge():
    k = np.arange(1, 201)
    runs = [approximate_gradient_descent(X, Y, V, Z, 0.0, 1.0, goals) for goals in (0.1 / k**2, np.full(200, 0.1))]
    left = [abs(float(ridge_hypergradient(X, Y, V, Z, run.log_ridges[-1]).gradient)) for run in runs]
    assert left[0] < 1e-5 < 1e-3 < left[1]
    assert runs[0].inner_steps.sum() > runs[1].inner_steps.sum()
    np.testing.assert_allclose(np.diff(runs[0].log_ridges), -runs[0].gradients, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: implicit_hypergradient(H, C, G, "neumann", 3, 2.1 / TOP), r"step = .* it must be below 2 over"),
        (lambda: implicit_hypergradient(lambda v: H @ v, C, G, "neumann", 99, 2.1 / TOP), "the series grows"),
        (lambda: implicit_hypergradient(H, C, G, "unrolled", 3, 2 / TOP), "it must be below 2 over"),
        (lambda: neumann_error(H, C, G, 3, 2 / TOP), "it must be below 2 over"),
        (lambda: implicit_hypergradient(H, C, G, "neumann", 3), "step = None .* neumann needs one"),
        (lambda: implicit_hypergradient(H, C, G, "cg"), "terms = None .* cg needs them"),
        (lambda: implicit_hypergradient(H, C, G, "cg", -1), "terms = -1"),
        (lambda: implicit_hypergradient(H - 40 * np.eye(8), C, G), "must be positive definite"),
        (lambda: implicit_hypergradient(H, C[:3], G), r"cross.shape = \(3, 2\)"),
        (lambda: implicit_hypergradient(H, C, G[:3]), r"cross.shape = \(8, 2\)"),
        (lambda: implicit_hypergradient(lambda v: v[:2], C, G), r"hvp\(v\).shape = \(2,\)"),
        (lambda: implicit_hypergradient(H, C, G, "newton"), "choose one of exact, neumann, cg, unrolled"),
        (lambda: ridge_hypergradient(X, Y, V, Z[:3], 0.0), r"y_val.shape = \(3,\)"),
        (lambda: ridge_hypergradient(X, Y, V[:, :3], Z, 0.0), "X_val.shape"),
        (lambda: approximate_gradient_descent(X, Y, V, Z, 0.0, 1.0, [0.1, 0.0]), r"tolerances\[1\] = 0.0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
