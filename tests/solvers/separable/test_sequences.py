"""Descent with large steps, sequences of projections, weakly regularised paths: against plain loops and limits."""

import numpy as np
import pytest
from scipy.special import expit

from solvable.solvers import (
    batch_perceptron,
    continual_bounds,
    logistic_descent,
    max_margin,
    project_onto_margin,
    sequential_max_margin,
    weak_regularisation_path,
)
from solvable.solvers.compiled import njit
from solvable.solvers.separable.logistic_descent import _exponential


@njit()
def exponential(x):
    return _exponential(x)


def data(seed, n, d):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, np.where(X @ rng.standard_normal(d) > 0, 1.0, -1.0)


def unit_tasks(seed, count=4, rows=3, d=12):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((count, rows, d))
    Z *= np.where(Z @ rng.standard_normal(d) > 0, 1.0, -1.0)[..., None]
    return Z / np.linalg.norm(Z, axis=2, keepdims=True)


@pytest.mark.parametrize("count", [1, 3, 40])
def test_many_step_sizes_are_one_after_another(count):
    """Blocks of 32, of one, and a plain loop: the same to rounding that 60 steps do not blow up."""
    X, y = data(0, 30, 4)
    sizes = np.geomspace(0.1, 30, count)
    run = logistic_descent(X, y, sizes, 60, checkpoints=100)
    for g, gamma in enumerate(sizes):
        theta, first = np.zeros(4), -1
        for step in range(61):
            margins = y * (X @ theta)
            first = step if first < 0 and np.all(margins > 0) else first
            assert run.errors[g, step] == np.sum(margins <= 0)
            np.testing.assert_allclose(run.loss[g, step], np.logaddexp(0, -margins).mean(), rtol=1e-9)
            np.testing.assert_allclose(run.weights[g, step], theta, rtol=1e-9, atol=1e-12)
            theta = theta + gamma / 30 * X.T @ (y * expit(-margins))
        assert run.first_separated[g] == first


def test_many_data_sets_are_one_after_another():
    X, y = data(1, 24, 3)
    both = logistic_descent(X.reshape(2, 12, 3), y.reshape(2, 12), [[1.0], [4.0]], 20)
    one = logistic_descent(X[12:], y[12:], 4.0, 20)
    assert both.weights.shape == (2, 2, 1, 21, 3)
    np.testing.assert_allclose(both.weights[1, 1, 0], one.weights, rtol=1e-12)
    np.testing.assert_allclose(both.cosine_to_margin[1, 1, 0], one.cosine_to_margin, rtol=1e-12)


@pytest.mark.parametrize("normalised", [False, True])
def test_huge_steps_are_the_perceptron(normalised):
    X, y = data(0, 20, 5)
    rule = batch_perceptron(X, y, 1000, normalised)
    run = logistic_descent(X, y, 1e300, rule.first_separated, normalised, checkpoints=1)
    assert run.first_separated == rule.first_separated
    np.testing.assert_allclose(run.weights[0] / 1e300, rule.weights, rtol=1e-12)


def test_normalised_steps_go_on_where_every_weight_underflows():
    X, y = data(0, 20, 5)
    run = logistic_descent(X, y, 1e4, 2000, normalised=True)
    assert run.loss[-1] == 0
    assert run.cosine_to_margin[run.first_separated] < 0.99 < 0.9999 < run.cosine_to_margin[-1]


@pytest.mark.parametrize(("steps", "memory", "strength"), [(400, 0.7, 7.0), (4000, 0.7, 1.0), (2000, 0.0, 3.0)])
def test_early_learning_follows_a_loop_in_logarithms(steps, memory, strength):
    """Its force is a ratio of vanishing numbers: margins go to 140, 900 and 5,000, where doubles end at 745."""
    X, y = data(3, 10, 20)
    Z, theta = X * y[:, None], np.zeros(20)
    mine, other = np.zeros(10), np.zeros(10)  # ln of what the targets lack of one
    with np.errstate(divide="ignore"):
        old, new = np.log(memory), np.log1p(-memory)
    for _ in range(steps):
        margin = 2 * Z @ theta
        wrong, right = -np.logaddexp(0, margin), -np.logaddexp(0, -margin)
        mine, other = np.logaddexp(old + mine, new + wrong), np.logaddexp(old + other, new + right)
        share = np.exp(right + wrong - np.logaddexp(right + mine, wrong + other))
        theta += 0.1 * (np.exp(wrong) + strength * share * (np.exp(other) - np.exp(mine))) @ Z
    run = logistic_descent(X, y, 0.5, steps, loss="tanh", label_targets=strength, momentum=memory, checkpoints=1)
    np.testing.assert_allclose(run.weights[-1], theta, atol=1e-11 * np.abs(theta).max())


def test_targets_without_strength_change_nothing():
    X, y = data(2, 15, 4)
    plain = logistic_descent(X, y, 0.7, 30, loss="tanh")
    np.testing.assert_array_equal(
        logistic_descent(X, y, 0.7, 30, loss="tanh", label_targets=0.0).weights, plain.weights
    )
    np.testing.assert_allclose(
        logistic_descent(X, y, 0.7, 30, loss="tanh", label_targets=1e-9, momentum=0.5).weights, plain.weights, atol=1e-7
    )


def test_sequences_are_projections():
    Z = unit_tasks(0)
    order = np.random.default_rng(1).integers(4, size=30)
    run = sequential_max_margin(Z, order, 1)
    w = np.zeros(12)
    for k, t in enumerate(order):
        w = project_onto_margin(Z[t], w).value
        np.testing.assert_allclose(run.weights[k + 1], w, atol=1e-12)
        near = project_onto_margin(Z.reshape(-1, 12), w).value
        assert run.distance[k + 1] == pytest.approx(np.linalg.norm(w - near), abs=1e-10)
    assert np.all(np.diff(run.distance) <= 1e-12)


def test_tasks_with_dependent_rows_and_many_rows():
    """Both leave the compiled path: a singular Gram matrix, and more rows than it takes."""
    twice = [[[1.0, 0.0], [1.0, 0.0]], [[0.5, 1.0]]]
    once = [[[1.0, 0.0]], [[0.5, 1.0]]]
    np.testing.assert_allclose(
        sequential_max_margin(twice, [0, 1], 3).weights, sequential_max_margin(once, [0, 1], 3).weights, atol=1e-12
    )
    X, y = data(3, 60, 5)
    Z = X * y[:, None]
    run = sequential_max_margin([Z, Z[:3]], [0, 1], 1)
    np.testing.assert_allclose(run.weights[1], max_margin(Z).weights, rtol=1e-9)
    assert run.distance[-1] < 1e-9


def test_weak_ridges_reach_the_projections_slowly():
    Z = unit_tasks(2)
    limit = sequential_max_margin(Z, range(4), 1).weights[1:]
    level = np.array([16.0, 64.0, 256.0]) * np.log(10)
    path = weak_regularisation_path(Z, np.exp(-level))
    assert path.converged
    off = np.linalg.norm(path.value / level[:, None, None] - limit, axis=-1).max(axis=1)
    assert np.all(np.diff(off) < 0)
    ratio = off * level / np.log(level)
    assert ratio.max() < 1.2 * ratio.min()


def test_weak_ridges_of_tiny_rows_are_linear():
    """Rows of 1e-150 never saturate: the weights are the sum of the rows over the ridge."""
    Z = unit_tasks(2)[0]
    found = weak_regularisation_path([1e-150 * Z], 1e-3)
    np.testing.assert_allclose(found.value[0], 1e-147 * Z.sum(axis=0), rtol=1e-12)


def test_weak_ridges_refuse_what_nothing_separates():
    with pytest.raises(ValueError, match="nothing separates"):
        weak_regularisation_path([[[1.0], [-1.0]]], 1e-3)


@pytest.mark.parametrize(("ordering", "at"), [("cyclic", [0, 3, 4]), ("random", [0, 1])])
def test_bounds_start_at_the_squared_length(ordering, at):
    found = continual_bounds(2.0, 0.5, 4, ordering, at)
    assert found.distance2[0] == 4
    np.testing.assert_allclose(found.distance2[-1], 4 * (1 - 1 / 64), rtol=1e-14)
    np.testing.assert_allclose(found.forgetting, 4 * found.distance2, rtol=1e-14)


ROW, ONE = [[1.0, 2.0]], [1.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: logistic_descent(ROW, [2.0], 1.0, 3), r"\+1 or -1"),
        (lambda: logistic_descent([[0.0, 0.0]], ONE, 1.0, 3), "row of zeros"),
        (lambda: logistic_descent(ROW, ONE, 1e301, 3), "1e\\+300"),
        (lambda: logistic_descent(ROW, ONE, 1.0, 3, momentum=0.5), "label_targets"),
        (lambda: logistic_descent(ROW, ONE, 1.0, 3, normalised=True, label_targets=1.0), "no normalised form"),
        (lambda: logistic_descent([[1.0], [-1.0]], [1.0, 1.0], 1.0, 3).cosine_to_margin, "vanishes"),
        (lambda: sequential_max_margin([ROW, [[-1.0, -2.0]]], [0, 1], 1), "vanishes"),
        (lambda: sequential_max_margin([ROW], [1], 1), r"0\.\.0"),
        (lambda: sequential_max_margin([ROW, [[1.0]]], [0], 1), "columns"),
        (lambda: sequential_max_margin([[[0.0, 0.0]]], [0], 1), "row of zeros"),
        (lambda: weak_regularisation_path([ROW], 0.0), "ridges"),
        (lambda: weak_regularisation_path([ROW], 0.9), "1e-300"),
        (lambda: continual_bounds(1.0, 2.0, 3, "cyclic", 1), "radius"),
        (lambda: continual_bounds(1.0, 0.5, 3, "sorted", 1), "cyclic, random"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_distances_of_many_rows_are_those_of_single_projections():
    """Two tasks of 45 rows: too many together for the compiled pass."""
    rng = np.random.default_rng(0)
    tasks = rng.standard_normal((2, 45, 60))
    tasks *= np.where(tasks @ rng.standard_normal(60) >= 0, 1.0, -1.0)[..., None]
    run, rows = sequential_max_margin(tasks, [0, 1], 1), tasks.reshape(90, 60)
    away = [np.linalg.norm(w - project_onto_margin(rows, w).value) for w in run.weights]
    np.testing.assert_allclose(run.distance, away, rtol=1e-10)


def test_compiled_exponential_is_that_of_numpy():
    x = np.r_[0.0, np.linspace(1e-3, 40, 2001), 300.5, 707.9, 708.0]
    x = np.r_[x, -x]
    np.testing.assert_allclose([exponential(value) for value in x], np.exp(x), rtol=5e-16)
    assert exponential(0.0) == 1.0  # the tie rule
    sizes = np.linspace(0.1, 30, 301)  # the same through the loss of one row after one step
    run = logistic_descent([[1.0]], [1.0], 2 * sizes, 1, checkpoints=1)
    np.testing.assert_allclose(run.loss[:, 0], np.log1p(np.exp(-sizes)), rtol=2e-15)


@pytest.mark.parametrize("normalised", [False, True])
def test_loss_of_many_rows_keeps_its_digits(normalised):
    """2,500 rows: more than one product of factors; a loss of 1e-200 has the digits of a loss of 1."""
    X, y = data(3, 2500, 3)
    X = X[keep := np.abs(X).min(axis=1) > 0.05]
    y = np.where(X @ [1.0, 2.0, -1.0] > 0, 1.0, -1.0)
    run = logistic_descent(X, y, [1e-3, 1.0, 200.0], 40, normalised, checkpoints=100)
    margins = np.einsum("n,nd,gcd->gcn", y, X, run.weights)
    assert keep.sum() > 2000
    np.testing.assert_allclose(run.loss, np.logaddexp(0, -margins).mean(axis=2), rtol=1e-12)
    assert np.all(np.abs(run.errors - np.sum(margins <= 0, axis=2)) <= np.sum(np.abs(margins) < 1e-12, axis=2))


def test_small_losses_keep_their_digits():
    for size in (30.0, 600.0, 707.0):
        run = logistic_descent([[1.0], [2.0]], [1.0, 1.0], 2 * size / 1.5, 1, checkpoints=1)
        (w,) = run.weights[0]
        assert w == pytest.approx(size, rel=1e-14)
        np.testing.assert_allclose(run.loss[0], np.logaddexp(0, [-w, -2 * w]).mean(), rtol=1e-12)


def test_saturated_rows_pull_no_more():
    """Where every margin is beyond 600 the weights stay; the early-learning term pulls on."""
    run = logistic_descent([[1.0, 1e-9], [2.0, 1e-9]], [1.0, 1.0], 1e4, 5)
    np.testing.assert_array_equal(run.weights[1:], np.broadcast_to(run.weights[1], (5, 2)))
    both = logistic_descent([[1.0, 0.0], [1.0, 1.0]], [1.0, 1.0], [1e4, 1e300], 3, label_targets=1.0)
    assert np.all(np.isfinite(both.weights))
