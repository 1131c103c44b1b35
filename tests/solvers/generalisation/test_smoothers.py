"""Weights of smoothers and forests."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from solvable.solvers import effective_parameters, forest_weights

RNG = np.random.default_rng(0)
X, T = RNG.standard_normal((40, 3)), RNG.standard_normal((25, 3))
Y = np.sin(X[:, 0]) + RNG.standard_normal(40)


def test_projections_use_as_many_parameters_as_their_rank():
    A = RNG.standard_normal((20, 6))
    hat = A @ np.linalg.pinv(A)
    assert effective_parameters(hat) == pytest.approx(6, rel=1e-12)
    tree = DecisionTreeRegressor(max_leaf_nodes=7, random_state=0).fit(X, Y)
    assert effective_parameters(forest_weights(tree, X)) == pytest.approx(7, rel=1e-12)


def test_noise_in_the_labels():
    """n/|I| sum |s|^2 is the variance of predictions for unit noise, times n."""
    S = RNG.standard_normal((5, 8))
    noise = RNG.standard_normal((200_000, 8))
    expected = 8 * np.mean((noise @ S.T) ** 2)  # standard error .2 %
    assert effective_parameters(S) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("bootstrap", [False, True])
def test_predictions_of_scikit_learn(bootstrap):
    forest = RandomForestRegressor(10, bootstrap=bootstrap, min_samples_leaf=2, random_state=1).fit(X, Y)
    counts = None
    if bootstrap:
        counts = np.array([np.bincount(rows, minlength=40) for rows in forest.estimators_samples_])
    S = forest_weights(forest, T, X, counts)
    np.testing.assert_allclose(S @ Y, forest.predict(T), atol=1e-12)
    np.testing.assert_allclose(S.sum(axis=1), 1, atol=1e-12)
    assert np.all(S >= 0)
    each = [forest_weights(t, T, X, None if counts is None else counts[i : i + 1])
            for i, t in enumerate(forest.estimators_)]  # fmt: skip
    np.testing.assert_allclose(np.mean(each, axis=0), S, atol=1e-14)
    assert effective_parameters(S) <= np.mean([effective_parameters(s) for s in each])


class Wrong:
    def apply(self, X):
        return np.zeros(len(X) + 1, int)


class Stump:
    def apply(self, X):
        return (np.asarray(X)[:, 0] > 0).astype(int)


class Fractions:
    def apply(self, X):
        return np.asarray(X)[:, 0]


def test_leaves_are_told_apart_as_they_are_named():
    np.testing.assert_array_equal(forest_weights(Fractions(), [[0.2], [0.7]]), np.eye(2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: effective_parameters([1.0, 2.0]), ValueError, "weights.shape"),
        (lambda: forest_weights(3, X), TypeError, "forest = int is not allowed"),
        (lambda: forest_weights(Wrong(), X), ValueError, r"forest.apply\(X\).shape"),
        (lambda: forest_weights(Stump(), T, X[:, :2]), ValueError, "X_train.shape"),
        (lambda: forest_weights(Stump(), X, X, np.ones((2, 40))), ValueError, "counts.shape"),
        (lambda: forest_weights(Stump(), X, X, -np.ones((1, 40))), ValueError, r"counts\[0, 0\]"),
        (lambda: forest_weights(Stump(), [[1.0]], [[-1.0]]), ValueError, r"X\[0\].*leaf of tree 0 without training"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
