"""The experiments of double descent, model collapse and imputation: they step, fit and mask as they say."""

import numpy as np
import pytest

from solvable.analysis import claims
from solvable.analysis.double_descent.experiments import axes
from solvable.analysis.double_descent.experiments import descent as experiments
from solvable.analysis.double_descent.settings import AXES, CONDITIONINGS
from solvable.analysis.imputation import experiments as imputation
from solvable.analysis.imputation.settings import covariance, equal_low_rank, leading_target, target
from solvable.analysis.model_collapse import experiments as collapse


def test_at_least_fourteen_claims():
    assert sum(len(claims(family)) for family in ("double-descent", "model-collapse", "imputation")) >= 14


@pytest.mark.parametrize(("n", "d"), [(8, 20), (20, 8)])
@pytest.mark.parametrize("steps", [3, 64, 65, 1000])
def test_repeated_squaring_and_the_dual_are_the_iteration(n, d, steps):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, d)), rng.standard_normal((n, 2))
    step = 0.9 / np.linalg.eigvalsh(X.T @ X / n)[-1]
    expected = experiments.iterated_weights(X, y, "gradient-descent", step, 0.0, steps)
    np.testing.assert_allclose(experiments.descend(X, y, step, 0.0, steps), expected, atol=1e-11)
    ball = experiments.iterated_weights(X, y, "heavy-ball", step, 0.5, steps)
    np.testing.assert_allclose(experiments.descend(X, y, step, 0.5, steps), ball, atol=1e-11)


def test_features_differ_as_named():
    rng = np.random.default_rng(1)
    inputs, weights, scales = rng.standard_normal((20_000, 5)), rng.standard_normal((5, 4)), np.array([1.0, 2, 3, 4])
    raw, centred, scaled = (experiments.features(name, inputs, weights, scales) for name in CONDITIONINGS)
    assert np.all(raw >= 0)
    assert np.all(np.abs(centred.mean(axis=0)) < 5 * centred.std(axis=0) / 20_000**0.5)
    np.testing.assert_allclose(scaled, raw * scales)
    assert [axis.name for axis in AXES] == ["model-wise", "sample-wise", "ridge-wise", "epoch-wise"]


def test_epoch_powers_add_up():
    s, power = axes.epoch_wise_powers(60)
    assert (s.size, int(np.sum(s == 1))) == (42, 36)
    assert power.sum() == pytest.approx(1)


def test_zero_generations_leave_the_truth():
    assert collapse.generator_draw(np.random.default_rng(0), 10, 5, 0, 0.3, "error", False) == 0.0


def test_covariances_have_unit_diagonal_and_targets_unit_variance():
    for name in ("isotropic", "autoregressive", "spiked", "factor-5", "equal-4"):
        sigma = covariance(name, 16)
        np.testing.assert_allclose(np.diag(sigma), 1, rtol=1e-12)
        for beta in (target(sigma), leading_target(sigma)):
            assert beta @ sigma @ beta == pytest.approx(1)
    assert np.linalg.matrix_rank(equal_low_rank(32, 5)) == 5


def test_enumerated_risk_with_everything_seen_is_the_complete_risk():
    sigma = covariance("uneven", 4)
    theta, beta = np.arange(4.0), np.ones(4)
    expected = (beta - theta) @ sigma @ (beta - theta)
    assert imputation.enumerated_risk(theta, sigma, beta, 1.0) == pytest.approx(expected)


def test_the_bound_by_the_largest_variance_is_tight_for_equal_variances():
    """All variances 1: the ridge objective at lambda times the largest variance is the imputation risk itself."""
    from solvable.analysis.imputation import claims as module
    from solvable.analysis.imputation import experiments

    root = np.random.default_rng(3).standard_normal((5, 7))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    sigma, beta = root @ root.T, np.arange(1.0, 6)
    bound = module._largest_variance_value(sigma, beta, 5, 0.7)
    assert bound == pytest.approx(experiments.best_enumerated_risk(sigma, beta, 0.7), rel=1e-10)
