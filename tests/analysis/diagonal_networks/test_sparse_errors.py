"""Errors drawn from their law without a design, against designs drawn in full."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from solvable.analysis.diagonal_networks.experiments.networks import whitened_lasso
from solvable.analysis.diagonal_networks.experiments.sparse_errors import _active, sparse_error
from solvable.analysis.diagonal_networks.settings import sparse_regression

N, D, NOISE = 120, 600, 0.03
PENALTY = 2 * NOISE * np.sqrt(2 * N * np.log(D))


def test_the_active_equations_give_the_whitened_lasso():
    """The same data: b on the relevant columns, the least-norm fit of what is left, and the length of both."""
    X, y, target = sparse_regression(np.random.default_rng(3), N, D, 2, NOISE)
    both = np.column_stack([X[:, :2], y - X @ target])
    K = both.T @ np.linalg.solve(X @ X.T, both)
    moved, fitted2 = _active(K[None], PENALTY / D)
    beta = whitened_lasso(X, y, PENALTY / D)
    np.testing.assert_allclose(beta[:2], 1 + moved[0] + PENALTY / D, rtol=1e-6)
    assert np.sum(beta[2:] ** 2) == pytest.approx(fitted2[0] - 2 * (PENALTY / D) ** 2, rel=1e-5)


@pytest.mark.parametrize("estimator", ["branch", "lasso"])
def test_the_law_of_the_errors(estimator):
    """Means of 60 designs and of 3,000 draws without one: within four standard errors (seed 4)."""
    rng, full = np.random.default_rng(4), []
    for _ in range(60):
        X, y, target = sparse_regression(rng, N, D, 1, NOISE)
        if estimator == "branch":
            beta = whitened_lasso(X, y, PENALTY / D, tol=1e-8)
        else:
            beta = Lasso(alpha=PENALTY / N, fit_intercept=False, tol=1e-8).fit(X, y).coef_
        full.append(np.sum((beta - target) ** 2))
    drawn = [sparse_error(rng, N, D, 1, NOISE, estimator, sets=1) for _ in range(3000)]
    gap, spread = np.mean(full) - np.mean(drawn), np.hypot(np.std(full) / 60**0.5, np.std(drawn) / 3000**0.5)
    assert abs(gap) < 4 * spread


def test_other_active_coefficients_are_refused():
    with pytest.raises(ArithmeticError, match="other coefficients are active"):
        sparse_error(np.random.default_rng(0), 50, 10**4, 1, 0.1, "lasso", factor=0.5)
