"""The prediction is tried on the data that the spectrum came from, and the warning says by how much it is off."""

import re
import warnings

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from solvable.solvers import FinitePoolWarning, Spectrum, ridge_risk
from solvable.solvers.ridge.sample_check import left_out_error


def diabetes_kernel():
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    X = X / X.std(axis=0)
    return np.exp(-(cdist(X, X) ** 2) / (2 * X.shape[1])), (y - y.mean()) / y.std()


def held_out(K, y, n, ridge, trials=40):
    """Mean error on all points outside a random training set."""
    errors = []
    for seed in range(trials):
        order = np.random.default_rng([seed, 7]).permutation(y.size)
        rows, others = order[:n], order[n:]
        alpha = np.linalg.solve(K[np.ix_(rows, rows)] + ridge * np.eye(n), y[rows])
        errors.append(np.mean((y[others] - K[np.ix_(others, rows)] @ alpha) ** 2))
    return np.mean(errors), np.std(errors) / np.sqrt(trials)


@pytest.mark.parametrize(("n", "ridge"), [(300, 1e-6), (300, 0.1), (40, 1e-6)])
def test_the_warning_states_the_ratio_that_is_found_on_held_out_points(n, ridge):
    K, y = diabetes_kernel()
    with pytest.warns(FinitePoolWarning) as caught:
        predicted = ridge_risk(Spectrum.from_kernel(K, y), n, ridge).test
    (said,) = (found for w in caught if (found := re.search(r"gives .*, ([\d.e+]+) times", str(w.message))))
    measured, _ = held_out(K, y, n, ridge)
    # leave-one-out trains on one point fewer, and both are means over random sets: within a third of each other
    assert float(said[1]) == pytest.approx(measured / predicted, rel=0.33)
    assert float(said[1]) > 1.2


def test_a_moderate_ridge_is_predicted_and_nothing_is_said():
    K, y = diabetes_kernel()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted = ridge_risk(Spectrum.from_kernel(K, y), [20, 40], 1.0).test
    measured, error = held_out(K, y, 40, 1.0)
    assert abs(predicted[1] - measured) <= 0.05 * measured + 3 * error


def test_gaussian_features_are_predicted_at_any_ridge():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 60)) / np.sqrt(np.arange(1, 61))
    y = X @ rng.standard_normal(60) + 0.3 * rng.standard_normal(2000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ridge_risk(Spectrum.from_features(X, y), [100, 190], [[1e-6], [1.0]])


def test_leave_one_out_is_what_leaving_out_gives():
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((9, 4)), rng.standard_normal(9)
    K, errors = X @ X.T, []
    for i in range(9):
        rows = np.delete(np.arange(9), i)
        alpha = np.linalg.solve(K[np.ix_(rows, rows)] + 0.3 * np.eye(8), y[rows])
        errors.append((y[i] - K[i, rows] @ alpha) ** 2)
    assert left_out_error(K, y, 0.3) == pytest.approx(np.mean(errors), rel=1e-10)
