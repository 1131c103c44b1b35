"""Embeddings, item models, representers, index spaces, tasks: routes of their own, limits, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.linear_model import Lasso, Ridge

from solvable.solvers import (
    allocation_cost,
    factor_penalty,
    first_order_variance,
    index_space,
    item_cosines,
    item_model,
    lasso_relevance,
    lasso_representers,
    nuclear_completion,
    nuclear_representers,
    product_penalty,
    relevance,
    subspace_distance,
)

RNG = np.random.default_rng(3)
X = RNG.standard_normal((12, 6)) * 2.0


def trained(value, size, seed=0):
    """Least value over factors by L-BFGS with numerical polish from a random start."""
    start = np.random.default_rng(seed).standard_normal(size)
    return minimize(value, start, method="BFGS", options={"gtol": 1e-7, "maxiter": 3000})


@pytest.mark.parametrize("penalty", ["product", "factor"])
def test_no_factors_are_better(penalty):
    def value(flat):
        A, B = flat.reshape(2, 6, 2)
        product, each = np.sum((A @ B.T) ** 2), np.sum((X @ A) ** 2) + np.sum(B**2)
        extra = product if penalty == "product" else each
        return np.sum((X - X @ A @ B.T) ** 2) + 1.5 * extra

    found = (product_penalty if penalty == "product" else factor_penalty)(X, 1.5, 2)
    best = trained(value, 24)
    assert_allclose(best.fun, found.objective, rtol=1e-8)
    A, B = best.x.reshape(2, 6, 2)
    assert_allclose(A @ B.T, found.gram, atol=1e-4)
    assert found.unique == (penalty == "factor")


@given(st.integers(1, 6), st.floats(0.1, 10.0), st.integers(0, 99))
def test_fields_are_consistent(rank, ridge, seed):
    Z = np.random.default_rng(seed).standard_normal((9, 6)) * 3
    scales = np.random.default_rng(seed).uniform(0.2, 5.0, rank)
    found = product_penalty(Z, ridge, rank, scales)
    assert_allclose(found.users @ found.items.T, Z @ found.gram, atol=1e-10)
    value = np.sum((Z - Z @ found.gram) ** 2) + ridge * np.sum(found.gram**2)
    assert_allclose(value, found.objective, rtol=1e-9)
    small = 0.5 * np.linalg.svd(Z, compute_uv=False)[rank - 1]
    other = factor_penalty(Z, small, rank)
    assert_allclose(other.users @ other.items.T, Z @ other.gram, atol=1e-10)
    penalty = np.sum(other.users**2) + np.sum(other.items**2)
    assert_allclose(np.sum((Z - Z @ other.gram) ** 2) + small * penalty, other.objective, rtol=1e-9)


def test_a_scaling_makes_items_orthogonal_and_another_gives_users_their_raw_cosines():
    plain = product_penalty(X, 2.0, 6)
    sizes = np.linalg.norm(plain.items, axis=0)
    assert_allclose(item_cosines(product_penalty(X, 2.0, 6, sizes).items), np.eye(6), atol=1e-12)
    users = product_penalty(X, 2.0, 6, 1 / sizes).users
    assert_allclose(item_cosines(users), item_cosines(X), atol=1e-12)


def test_items_are_regressed_like_by_scikit_learn():
    found = item_model(X, 0.7)
    for j in range(6):
        others = [i for i in range(6) if i != j]
        fit = Ridge(alpha=0.7, fit_intercept=False).fit(X[:, others], X[:, j])
        assert_allclose(found.weights[others, j], fit.coef_, atol=1e-12)
    value = np.sum((X - X @ found.weights) ** 2) + 0.7 * np.sum(found.weights**2)
    assert_allclose(found.objective, value, rtol=1e-12)
    assert not np.diag(found.weights).any()


def test_a_lasso_of_scikit_learn_is_a_sum_over_its_samples():
    Z = RNG.standard_normal((40, 60))
    y = Z[:, 0] - 2 * Z[:, 1] + 0.1 * RNG.standard_normal(40)
    fit = Lasso(alpha=0.1, fit_intercept=False, tol=1e-14, max_iter=10**6).fit(Z, y).coef_
    found = lasso_representers(Z, fit, (y - Z @ fit) / (40 * 0.1))
    assert found.kkt_residual < 1e-6
    assert_allclose(found.kernel @ found.weights, Z @ fit, atol=1e-6)
    with pytest.raises(ValueError, match=r"theta = \[.*its KKT residual \d.* exceeds the tolerance 1e-06"):
        lasso_representers(Z, 1.1 * fit, (y - 1.1 * Z @ fit) / (40 * 0.1))


def test_completion_is_certified_and_represented():
    truth = RNG.standard_normal((9, 2)) @ RNG.standard_normal((2, 7))
    places = np.argwhere(RNG.random((9, 7)) < 0.7)
    y = truth[places[:, 0], places[:, 1]]
    found = nuclear_completion(np.column_stack([places, y]), (9, 7), 0.8)
    assert found.solution.converged
    assert 0 <= found.gap < 1e-12

    def value(flat):
        A, B = flat[:45].reshape(9, 5), flat[45:].reshape(7, 5)
        fit = (A @ B.T)[places[:, 0], places[:, 1]]
        return np.sum((fit - y) ** 2) / 2 + 0.4 * (np.sum(A**2) + np.sum(B**2))

    assert_allclose(trained(value, 80).fun, float(found.solution), rtol=1e-8)
    samples = np.zeros((len(y), 9, 7))
    samples[np.arange(len(y)), places[:, 0], places[:, 1]] = 1
    for form in ("symmetric", "one-sided"):
        told = nuclear_representers(samples, found.value, found.dual, 1e-5, form)
        assert told.reconstruction_error < 1e-4


@pytest.mark.parametrize("ridge", [3.0, 0.3, 0.03])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_large_completion_is_optimal(ridge, noise):
    """Subgradients of the nuclear norm: the dual is UVᵀ on the space of the fit and at most one beside it."""
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((32, 2)) @ rng.standard_normal((2, 28)) + noise * rng.standard_normal((32, 28))
    places = np.argwhere(rng.random((32, 28)) < 0.6)
    found = nuclear_completion(np.column_stack([places, truth[places[:, 0], places[:, 1]]]), (32, 28), ridge)
    assert found.solution.converged
    dual = np.zeros((32, 28))
    dual[places[:, 0], places[:, 1]] = found.dual
    u, s, v = np.linalg.svd(found.value)
    rank = int(np.sum(s > 1e-7 * s[0]))
    assert_allclose(u[:, :rank].T @ dual, v[:rank], atol=1e-7)
    assert np.linalg.norm(dual, 2) <= 1 + 1e-9


def test_a_ridge_above_everything_completes_to_zero():
    found = nuclear_completion([[0, 0, 1.0], [1, 2, -2.0]], (2, 3), 5.0)
    assert not found.value.any()


@pytest.mark.parametrize("order", [1, 2])
def test_spaces_are_found(order):
    """Seed 3; sines of 20,000 samples are near 0.02 at order one and 0.05 at order two."""
    B = np.linalg.qr(RNG.standard_normal((6, 2)))[0]
    S = np.diag(np.geomspace(0.5, 2.0, 6))
    Z = RNG.standard_normal((20_000, 6)) @ S + 1.0
    index = (Z - 1.0) @ B
    Y = np.column_stack([index[:, 0], np.tanh(index[:, 1])]) if order == 1 else index**2 @ [[1.0, 1.0], [0.5, -1.0]]
    assert subspace_distance(index_space(Z, Y, 2, order).basis, B) < 0.15
    inverse = np.linalg.inv(S @ S)
    known = index_space(Z, Y, 2, order, lambda x: (x - 1) @ inverse if order == 1 else ((x - 1) @ inverse, inverse))
    assert subspace_distance(known.basis, B) < 0.15


def test_distance_of_spaces():
    A, B = RNG.standard_normal((2, 7, 3))
    P, Q = (M @ np.linalg.pinv(M) for M in (A, B))
    assert_allclose(subspace_distance(A, B), np.linalg.norm(P - Q) / np.sqrt(2), rtol=1e-10)
    assert subspace_distance(A, A @ RNG.standard_normal((3, 3))) < 1e-13
    assert_allclose(subspace_distance(np.eye(4)[:, :2], np.eye(4)[:, 2:]), np.sqrt(2))


def test_variance_of_one_direction():
    assert_allclose(first_order_variance([[2.0]], [[3.0]], 5), 4 * 3 / 4)
    assert first_order_variance(np.eye(2), np.eye(2), 2) == 0


@given(st.integers(0, 99))
def test_relevances(seed):
    rng = np.random.default_rng(seed)
    W, w = rng.standard_normal((3, 8)), rng.standard_normal(3)
    one, two = relevance(W, w, 1), relevance(W, w, 2)
    for nu in (one, two):
        assert_allclose(W @ nu, w, atol=1e-10)
    assert np.count_nonzero(one) <= 3
    assert np.abs(one).sum() <= np.abs(two).sum() + 1e-10
    assert two @ two <= one @ one + 1e-10
    # no other combination of the lasso's residual is sparser, by its own conditions
    nu = lasso_relevance(W, w, 0.05)
    pull = W.T @ (w - W @ nu)
    assert_allclose(pull[nu != 0], 0.05 * np.sign(nu[nu != 0]), atol=1e-12)
    assert np.abs(pull).max() <= 0.05 + 1e-12


def test_sparse_relevance_is_the_lasso_of_scikit_learn():
    W, w = RNG.standard_normal((5, 9)), RNG.standard_normal(5)
    fit = Lasso(alpha=0.3 / 5, fit_intercept=False, tol=1e-14, max_iter=10**6).fit(W, w).coef_
    assert_allclose(lasso_relevance(W, w, 0.3), fit, atol=1e-8)
    assert not lasso_relevance(W, w, 1.0001 * np.abs(W.T @ w).max()).any()


def test_shares_are_best():
    nu = np.array([3.0, -1.0, 0.5, 0.0])
    found = allocation_cost(nu, 7.0)
    assert_allclose(found.shares.sum(), 7)
    used = nu != 0
    assert_allclose(np.sum(nu[used] ** 2 / found.shares[used]), found.best)
    for _ in range(50):
        other = RNG.dirichlet(np.ones(3)) * 7
        assert np.sum(nu[used] ** 2 / other) >= found.best
    squares = nu[used] ** 2 / np.sum(nu**2) * 7
    assert_allclose(np.sum(nu[used] ** 2 / squares), found.squared)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: product_penalty(X, 1.0, 7), "rank = 7"),
        (lambda: factor_penalty(X, 1.0, 7), "rank = 7"),
        (lambda: factor_penalty(X, 100.0, 2), "singular value number 2"),
        (lambda: product_penalty(X, -1.0, 2), "ridge"),
        (lambda: product_penalty(X, 1.0, 2, [1.0, 0.0]), r"scaling\[1\]"),
        (lambda: item_cosines([[1.0, 0.0], [0.0, 0.0]]), "0/0"),
        (lambda: item_model(np.ones((4, 2)), 0.0), "ridge"),
        (lambda: item_model(np.ones((4, 1)), 1.0), "X.shape"),
        (lambda: nuclear_completion([[0, 0, 1.0], [0, 0, 2.0]], (2, 2), 1.0), "twice"),
        (lambda: nuclear_completion([[2, 0, 1.0]], (2, 2), 1.0), "entries"),
        (lambda: nuclear_completion([[0, 0, 1.0]], (2, 2), 0.0), "ridge"),
        (lambda: nuclear_representers(np.ones((1, 2, 2)), np.zeros((2, 2)), [1.0]), "theta"),
        (lambda: nuclear_representers(np.ones((1, 2, 2)), np.eye(2), [1.0]), "KKT residual"),
        (lambda: index_space(X, X[:, :2], 3), "rank"),
        (lambda: index_space(X, X[:, 0], 1, order=3), "order"),
        (lambda: index_space(np.ones((5, 2)), np.arange(5.0), 1), "singular"),
        (lambda: subspace_distance(np.ones((3, 2)), np.eye(3, 2)), "independent"),
        (lambda: relevance(np.ones((2, 4)), [1.0, 2.0]), "W = "),
        (lambda: allocation_cost([0.0, 0.0], 1.0), "nu"),
        (lambda: allocation_cost([1.0], 0.0), "budget"),
        (lambda: allocation_cost([1e150, 1.0], 1e-150), "beyond the range"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
