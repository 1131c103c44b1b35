"""Units: columns, rows and responses of any size, and what no data determine."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from solvable.solvers import index_space, item_model, relevance, subspace_distance

seeds = st.integers(0, 10_000)


@given(seeds, st.sampled_from(["rows", "columns", "both"]))
def test_least_relevances_in_any_units(seed, what):
    """Against every vertex, k of the M tasks at a time; sizes over twelve decades."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 4))
    W, w = rng.standard_normal((k, k + int(rng.integers(0, 4)))), rng.standard_normal(k)
    if what != "rows":
        W = W * 10.0 ** rng.integers(-6, 7, W.shape[1])
    if what != "columns":
        rows = 10.0 ** rng.integers(-6, 7, k)
        W, w = W * rows[:, None], w * rows
    nu = relevance(W, w)
    assert np.all(np.abs(W @ nu - w) <= 1e-9 * (np.abs(W) @ np.abs(nu) + np.abs(w)))
    vertices = (np.linalg.solve(W[:, list(c)], w) for c in combinations(range(W.shape[1]), k))
    assert_allclose(np.abs(nu).sum(), min(np.abs(v).sum() for v in vertices), rtol=1e-8)


@given(seeds, st.integers(1, 2), st.floats(-60, 60))
def test_index_spaces_follow_the_units_of_the_inputs(seed, order, log_size):
    """The moment changes by the units, whatever their size: compared with that of inputs in one unit."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((200, 4)) + rng.standard_normal(4)
    y = X[:, 0] + X[:, 1] ** 2
    plain = index_space(X, y, 1, order)
    same = index_space(X * 10.0**log_size, y, 1, order)
    assert subspace_distance(same.basis, plain.basis) < 1e-9
    units = 10.0 ** rng.integers(-12, 13, 4)
    everything = index_space(X * units, y, 4, 2).basis
    assert_allclose(everything.T @ everything, np.eye(4), atol=1e-12)
    if order == 1:
        turned = plain.basis[:, 0] / units
        found = index_space(X * units, y, 1).basis
        assert subspace_distance(found, (turned / np.abs(turned).max())[:, None]) < 1e-9


@pytest.mark.parametrize("order", [1, 2])
def test_what_does_not_vary_shows_no_direction(order):
    X = np.random.default_rng(0).standard_normal((50, 3))
    with pytest.raises(ValueError, match="it must vary"):
        index_space(X, np.full(50, 3.7), 1, order)


def test_two_responses_that_are_one_show_one_direction():
    X = np.random.default_rng(0).standard_normal((50, 3))
    with pytest.raises(ValueError, match="1 of the moment's strengths"):
        index_space(X, np.column_stack([X[:, 0], 2 * X[:, 0]]), 2)


@given(seeds, st.floats(-3, 18))
def test_the_item_models_objective_is_that_of_its_weights_at_any_ridge(seed, log_ridge):
    X, ridge = np.random.default_rng(seed).standard_normal((9, 4)), 10.0**log_ridge
    found = item_model(X, ridge)
    value = np.sum((X - X @ found.weights) ** 2) + ridge * np.sum(found.weights**2)
    assert_allclose(found.objective, value, rtol=1e-11)


@given(seeds, st.integers(-145, 145), st.sampled_from("CF"), st.sampled_from([0.0, 1.3]))
def test_the_item_model_in_any_unit_and_layout(seed, log_size, order, ridge):
    """Between units of 1e-50 and 1e50 the data are read where they lie; powers of two, so that units round nothing."""
    unit, rng = 2.0 ** int(log_size * np.log2(10)), np.random.default_rng(seed)
    X = rng.standard_normal((9, 4))
    plain, given_X = item_model(X, ridge), np.asarray(unit * X, order=order)
    kept = given_X.copy()
    given_X.flags.writeable = False
    found = item_model(given_X, ridge * unit**2)
    assert_allclose(found.weights, plain.weights, rtol=1e-11, atol=1e-13)
    assert_allclose(found.objective / unit / unit, plain.objective, rtol=1e-11)
    assert_allclose(given_X, kept, rtol=0)
    # every column on the others, by least squares on rows that the ridge adds
    rows = np.vstack([X, np.sqrt(ridge) * np.eye(4)])
    for j, others in enumerate(np.arange(4)[np.arange(4) != j] for j in range(4)):
        target = np.where(np.arange(13) < 9, rows[:, j], 0.0)
        assert_allclose(plain.weights[others, j], np.linalg.lstsq(rows[:, others], target)[0], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_distances_do_not_depend_on_the_lengths_of_columns(scale):
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((2, 5, 2))
    assert_allclose(subspace_distance(A * [1.0, scale], B * [scale, 3.0]), subspace_distance(A, B), rtol=1e-12)
