"""Data of the figures of convex losses."""

import numpy as np


def test_learning_curves_fall_in_the_end_and_fits_lie_on_them(data):
    found = data("convex-learning-curves")
    assert np.all(np.diff(found.theory.values[:, -20:], axis=1) < 0)
    # 25 dots with bars of two standard errors
    z = np.abs(found.measured.values - found.reached.values) / (found.error.values / 2)
    assert np.mean(z) < 1.6


def test_thresholds_start_at_two_and_separate_the_drawn_sets(data):
    found = data("logistic-existence")
    np.testing.assert_allclose(found.threshold.values[:, 0], 2.0, rtol=1e-10)
    assert np.all(np.diff(found.threshold.values, axis=1) > 0)
    assert np.all(found.separable.values[:, 0] > 0.7)
    assert np.all(found.separable.values[:, -1] < 0.3)
    slope = found.slope.values
    assert np.all((slope > 1) | np.isnan(slope))
    assert np.all(np.isnan(slope[-1, found.kappa.values > 0.4]))


def test_the_peak_is_at_the_threshold(data):
    found = data("logistic-double-descent")
    top = float(found.per.values[np.argmax(found.theory.values[0])])
    assert 0.75 < top / found.attrs["crossing"] < 1.1
    assert found.theory.values[0].max() > 2 * np.interp(1.0, 1 / found.per.values, found.theory.values[0])


def test_networks_lie_on_their_gaussian_equivalent(data):
    found = data("deep-logistic")
    np.testing.assert_allclose(found.measured.values, found.reached.values, rtol=0.12)


def test_digits_are_near_and_not_on_the_lines(data):
    found = data("digits-losses")
    assert np.all(np.diff(found.theory.values, axis=-1) < 0)
    gap = np.abs(found.measured.values / found.reached.values - 1)
    assert 0.05 < gap.mean() < 0.5
