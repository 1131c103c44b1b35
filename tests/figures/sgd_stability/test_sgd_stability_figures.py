"""Data of the SGD-stability figures."""

import numpy as np
import pytest


def test_growth_changes_sign_at_the_threshold_and_below_the_bound(data):
    found = data("stability-diagram")
    exact = np.interp(found.coherence, found.fine, found.exact)
    step = found.step.values
    for row, threshold in zip(found.log_growth.values, exact, strict=True):
        assert np.all(row[step < 0.999 * threshold] <= 1e-12)
        assert np.all(row[step > 1.001 * threshold] > 0)
    assert np.all(found.sufficient.values >= found.exact.values - 1e-12)


def test_thresholds_rise_with_the_batch_below_the_bounds(data):
    found = data("threshold-against-batch")
    assert np.all(np.diff(found.threshold.values, axis=1) > 0)
    assert np.all(found.threshold.values[0] <= found.necessary.values)
    np.testing.assert_allclose(found.threshold.values[[0, 2], -1], found.attrs["full"], rtol=1e-12)


def test_only_the_right_sharpness_is_bounded(data):
    found = data("sharpness-at-convergence")
    ratio = found.value.values * found.step.values[:, None] / 2
    sgd, _, descent = ratio
    assert np.all(sgd[0] <= 1)  # trace, batch size 1
    assert np.all(descent[2] <= 1)  # top eigenvalue
    assert np.any(descent[0] > 2)  # the trace is free under gradient descent


def test_single_chains_lag_behind_the_mean_square(data):
    found = data("mean-square-against-almost-sure")
    exact = np.interp(found.factor, found.fine, found.mean_square)
    assert np.all(found.almost_sure.values + found.error.values / 2 < exact + 1e-3)
    between = (exact > 0) & (found.almost_sure.values < 0)
    assert between.any()


def test_effective_step_size_has_slope_one_half(data):
    found = data("weight-decay-equilibrium")
    few = found["product"].values < 0.05
    slope = np.polyfit(np.log(found["product"].values[few]), np.log(found.effective.values[few]), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.01)


def test_stable_minima_stay_below_their_bound_and_noise_aligns(data):
    found = data("stable-minima")
    # means of a few draws against a bound on the mean: two bars
    assert np.all(found.error.values - 2 * found.error_bar.values < found.reached.values)
    assert np.all(np.diff(found.bound.values[:, -30:], axis=1) < 0)
    assert np.all(found.alone.values[:, 0] < 0.4)
    assert np.all(found.alone.values[:, -1] > 0.6)
    excess = found.alignment.values / found.limit.values[:, None] - 1
    # the excess is of order 1/width: 16 times less of it at 16 times the width
    np.testing.assert_array_less(np.abs(excess[:, -1]), np.abs(excess[:, 0]) / 5)
    assert np.all(np.abs(excess[:, -1]) < 0.06)
