"""ridge_path with many rows and more features: the tridiagonal form of the Gram matrix, and where it is left."""

import numpy as np
import pytest

from solvable.solvers import ridge_path
from solvable.solvers.ridge import path as path_module
from solvable.solvers.ridge.tridiagonal import shifted_inverses, tridiagonal_form

RIDGES = np.array([0.0, 1e-3, 0.7, 300.0])


def without(X, y, i, ridge, intercept):
    """Residual of row i under the fit to the others: a system in their Gram matrix, bordered for an intercept."""
    A, b = np.delete(X, i, 0), np.delete(y, i, 0)
    n, edge = len(A), np.full((len(A), 1), float(intercept))
    system = np.block([[A @ A.T + ridge * np.eye(n), edge], [edge.T, np.full((1, 1), float(not intercept))]])
    found = np.linalg.solve(system, np.vstack([b, np.zeros((1, b.shape[1]))]))
    return y[i] - X[i] @ A.T @ found[:-1] - intercept * found[-1]


@pytest.mark.parametrize(("n", "p", "intercept"), [(64, 90, False), (65, 66, True), (67, 100, False), (70, 300, True)])
def test_left_out_rows_are_refits(n, p, intercept):
    rng = np.random.default_rng(n)
    X, y = rng.standard_normal((n, p)) + 3.0 * intercept, rng.standard_normal((n, 2)) + 20.0 * intercept
    found = ridge_path(X, y, RIDGES, intercept=intercept)
    mean_x, mean_y = (X.mean(0), y.mean(0)) if intercept else (np.zeros(p), np.zeros(2))
    # every quantity solves a system in the Gram matrix: rounding times its condition
    condition = np.linalg.cond(X - mean_x if not intercept else (X - mean_x)[:-1]) ** 2
    tolerance = 1e-14 * condition
    for m, ridge in enumerate(RIDGES):
        left = np.array([without(X, y, i, ridge, intercept) for i in range(0, n, 9)])
        np.testing.assert_allclose(found.leave_one_out_residuals[m, ::9], left, rtol=tolerance, atol=tolerance)
        A = np.vstack([X - mean_x, np.sqrt(ridge) * np.eye(p)])
        w = np.linalg.lstsq(A, np.vstack([y - mean_y, np.zeros((p, 2))]), rcond=1e-12)[0]
        np.testing.assert_allclose(found.coefficients[m], w, rtol=0, atol=tolerance)
        np.testing.assert_allclose(found.intercept[m], mean_y - mean_x @ w, rtol=0, atol=10 * tolerance)
        np.testing.assert_allclose(found.fitted[m], X @ w + found.intercept[m], rtol=0, atol=10 * tolerance)
        squares = np.linalg.svd(X - mean_x, compute_uv=False)[: n - intercept] ** 2
        freedom = np.sum(squares / (squares + ridge)) + intercept
        np.testing.assert_allclose(found.degrees_of_freedom[m], freedom, rtol=1e-12)


@pytest.mark.parametrize("size", [64, 65, 66, 67])
def test_tridiagonal_form_and_its_inverses(size):
    rng = np.random.default_rng(size)
    A = rng.standard_normal((size, 2 * size))
    G = A @ A.T
    diagonal, beside, rotation = tridiagonal_form(G.copy())
    rows = rotation()
    T = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    np.testing.assert_allclose(rows.T @ rows, np.eye(size), atol=1e-13)
    np.testing.assert_allclose(rows.T @ T @ rows, G, atol=1e-13 * np.abs(G).max())
    right, ridges = rng.standard_normal((3, size)), np.array([0.0, 5.0])
    solved, level = shifted_inverses(diagonal, beside, rows, right @ rows.T, ridges)
    for m, ridge in enumerate(ridges):
        inverse = np.linalg.inv(G + ridge * np.eye(size))
        np.testing.assert_allclose(level[m], np.diag(inverse), rtol=1e-12)
        np.testing.assert_allclose(solved[m] @ rows, right @ inverse, atol=1e-12 * np.abs(right @ inverse).max())


def test_a_gram_matrix_that_loses_digits_is_left():
    """Singular values down to 1e-5: their squares are rounding to six digits; residuals follow from those of X."""
    rng = np.random.default_rng(5)
    U, V = np.linalg.qr(rng.standard_normal((80, 80)))[0], np.linalg.qr(rng.standard_normal((120, 80)))[0]
    s, y = np.geomspace(1, 1e-5, 80), rng.standard_normal(80)
    found = ridge_path((U * s) @ V.T, y, 1e-12)
    c = 1 / (s**2 + 1e-12)
    np.testing.assert_allclose(found.leave_one_out_residuals[0], (U * c) @ (U.T @ y) / (U**2 @ c), rtol=1e-9)


@pytest.mark.parametrize("kind", [float, np.float32])
def test_rows_that_depend_on_others_are_no_features(kind):
    """Repeated rows up to the rounding of the data: the rank is that of those that differ."""
    X = np.random.default_rng(6).standard_normal((50, 200)).astype(kind)
    found = ridge_path(np.vstack([X, X[:30] + X[10:40]]), np.ones(80), [0.0, 1.0])
    assert found.degrees_of_freedom[0] == pytest.approx(50, abs=1e-9)
    assert np.isfinite(found.leave_one_out_residuals).all()


@pytest.mark.parametrize(("ridges", "n"), [([-1e-3, 1.0], 80), (np.ones(81), 80), ([1.0], 63)])
def test_where_eigenvectors_are_kept(monkeypatch, ridges, n):
    """Negative ridges, which have an edge; more ridges than rows; few rows."""
    rng = np.random.default_rng(7)
    X, y, seen = rng.standard_normal((n, 100)), rng.standard_normal(n), []
    plain = path_module._svd
    monkeypatch.setattr(path_module, "_svd", lambda *args: seen.append(1) or plain(*args))
    ridge_path(X, y, ridges)
    assert seen
