"""Experiments of the random-feature claims: what they rest on."""

import numpy as np
import pytest

from solvable.analysis.random_features import settings
from solvable.analysis.random_features.experiments import real_data
from solvable.analysis.random_features.experiments import regression as experiments
from solvable.solvers import Spectrum, ridge_risk


def test_fits_for_several_ridges_are_separate_fits():
    rng = np.random.default_rng(0)
    Phi, y = rng.standard_normal((12, 7)), rng.standard_normal((12, 3))
    found = experiments._fits(Phi, y, np.array([0.0, 0.5]))
    np.testing.assert_allclose(found[0], np.linalg.lstsq(Phi, y, rcond=None)[0], rtol=1e-10)
    np.testing.assert_allclose(found[1], np.linalg.solve(Phi.T @ Phi + 0.5 * np.eye(7), Phi.T @ y), rtol=1e-10)


def test_the_cut_of_the_power_law_experiment_is_not_felt():
    """Seed 0: 40 draws at n = 60 against the whole infinite tail; 4.5 standard errors and 1/n; 5 % is caught."""
    rng = np.random.default_rng(0)
    draws = [experiments.power_law_curve(rng, 60, 1.5, 1.3, np.array([0.5]), 0.2)[0][0] for _ in range(40)]
    theory = float(ridge_risk(Spectrum.power_law(1.5, 1.3, 2000), 60, 0.5, 0.2).test)
    room = 4.5 * np.std(draws, ddof=1) / np.sqrt(40) + theory / 60
    assert abs(np.mean(draws) - theory) < room
    assert abs(np.mean(draws) - 1.05 * theory) > abs(np.mean(draws) - theory)


def test_the_arc_cosine_kernel_is_that_of_relu_features():
    """Seed 0, 200,000 features: the standard error of an entry is below 0.002."""
    X, _ = real_data.load_digits_pair()
    features = np.maximum(X[:6] @ np.random.default_rng(0).standard_normal((64, 200_000)), 0)
    np.testing.assert_allclose(features @ features.T / 200_000, real_data.relu_kernel(X)[:6, :6], atol=0.01)


def test_frozen_networks_do_not_change():
    first, second = (settings.frozen_network(10, (1.5, 2.0), 0) for _ in range(2))
    assert [w.shape for w in first] == [(15, 10), (20, 15)]
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert np.var(first[1]) == pytest.approx(1 / 15, rel=0.3)
