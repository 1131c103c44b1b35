"""Best ridges of many cells at once: each as if it were alone, and lowest among all ridges of a dense scan."""

import numpy as np
import pytest

from solvable.solvers import Spectrum, optimal_random_feature_ridge, optimal_ridge, random_feature_risk, ridge_risk

RNG = np.random.default_rng(7)
ROUGH = Spectrum(np.exp(3 * RNG.standard_normal(40)), np.exp(RNG.standard_normal(40)), RNG.choice([1.0, 2.5], 40))
SPIKES = Spectrum(np.r_[30.0, np.full(300, 0.1)], np.r_[30.0, np.full(300, 1e-4)])
SIZES = np.array([0.3, 7.0, 30.0, ROUGH.rank, 90.0, 3000.0])
NOISES = np.r_[0.0, 10.0 ** np.arange(-10, 5, 2)]


def alone(solve, *arrays):
    return np.array([float(solve(*cell).value) for cell in zip(*map(np.ravel, arrays), strict=True)])


@pytest.mark.parametrize("negative", [False, True])
def test_a_cell_of_a_grid_is_the_cell_alone(negative):
    """The shared nodes differ, and with them every bracket; conditioning costs digits at the least noise."""
    n, noise = np.broadcast_arrays(SIZES[:, None], NOISES)
    found = optimal_ridge(ROUGH, n, noise, allow_negative=negative)
    single = alone(lambda *cell: optimal_ridge(ROUGH, *cell, allow_negative=negative), n, noise).reshape(n.shape)
    assert found.converged
    scale = n * ROUGH.trace / np.minimum(n, ROUGH.rank)
    np.testing.assert_array_less(np.abs(found.value - single), 1e-10 * np.abs(single) + 1e-14 * scale)


def test_a_cell_of_a_grid_of_features_is_the_cell_alone():
    n, k, noise = np.broadcast_arrays(SIZES[:, None, None], 1.01 * SIZES[:, None], NOISES[1::3])
    found = optimal_random_feature_ridge(ROUGH, n, k, noise)
    single = alone(lambda *cell: optimal_random_feature_ridge(ROUGH, *cell), n, k, noise).reshape(n.shape)
    assert found.converged
    scale = n * ROUGH.trace / np.minimum(n, ROUGH.rank)
    np.testing.assert_array_less(np.abs(found.value - single), 1e-10 * np.abs(single) + 1e-14 * scale)


@pytest.mark.parametrize("spectrum", [ROUGH, SPIKES])
def test_no_ridge_of_a_scan_does_better(spectrum):
    """Errors on 400 ridges over thirty decades, from the solvers of the risk."""
    ridges = np.r_[0.0, np.geomspace(1e-15, 1e15, 400)]
    for n in (20.0, 90.0, 2000.0):
        best = optimal_ridge(spectrum, n, [1e-3, 0.1, 10.0]).value
        errors = ridge_risk(spectrum, n, np.c_[best, np.tile(ridges, (3, 1))], np.array([[1e-3], [0.1], [10.0]])).test
        assert (errors[:, :1] <= errors[:, 1:] * (1 + 1e-12)).all()
        for k in (15.0, 1000.0):
            best = float(optimal_random_feature_ridge(spectrum, n, k, 0.1).value)
            errors = random_feature_risk(spectrum, n, k, np.r_[best, ridges], 0.1).test
            assert (errors[0] <= errors[1:] * (1 + 1e-12)).all()


def test_the_lower_of_two_minima():
    """Ten strong modes and a weak bulk: one ridge fits those alone, a smaller one all."""
    spectrum = Spectrum(np.array([1.0, 1e-4]), np.array([1.0, 1.0]), np.array([10.0, 500.0]))
    n, ridges = np.linspace(28.0, 120.0, 12), np.geomspace(1e-10, 1e8, 1500)
    errors = ridge_risk(spectrum, n[:, None], ridges, 0.3).test
    steps = np.diff(errors, axis=1)
    assert (((steps[:, :-1] < 0) & (steps[:, 1:] >= 0)).sum(axis=1) == 2).all()
    found = ridge_risk(spectrum, n, optimal_ridge(spectrum, n, 0.3).value, 0.3).test
    assert (found <= errors.min(axis=1) * (1 + 1e-12)).all()


def test_target_of_the_smallest_modes_only():
    """Nothing to gain from the large modes: the best ridge is tiny or infinite, never missed."""
    spectrum = Spectrum(np.array([1.0, 1e-9]), np.array([0.0, 1.0]), np.array([50.0, 50.0]))
    for noise in (1e-12, 1e-3, 1e3):
        best = float(optimal_ridge(spectrum, 200.0, noise).value)
        # on modes that carry the target with equal weights the prior is isotropic: noise/(power/s)
        assert best > 0
        around = ridge_risk(spectrum, 200.0, best * np.array([0.5, 1.0, 2.0]), noise).test
        assert around[1] <= around[[0, 2]].min() * (1 + 1e-12)
