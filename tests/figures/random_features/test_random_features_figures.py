"""Data of the random-feature figures."""

import numpy as np
import pytest

from solvable.figures import find_figure


def test_a_fixed_ridge_peaks_at_equality_and_the_best_one_falls(data):
    found = data("random-features-more-is-better")
    for axis in (0, 1):
        small = found.theory.values[axis, 0]
        # at ridge 0.001 the peak sits where features and samples are equal, to the grid's spacing
        assert abs(np.log(found["size"].values[np.argmax(small)] / found.attrs["fixed"])) < 0.05
        assert np.all(np.diff(found.envelope.values[axis]) < 0)
        assert np.all(found.envelope.values[axis] <= found.theory.values[axis].min(axis=0) + 1e-12)


def test_the_heat_map_is_monotone_at_the_best_ridge_only(data):
    found = data("random-features-heat-map")
    for axis in (0, 1):
        assert np.diff(found.best.values, axis=axis).max() < 0
        assert np.diff(found.small.values, axis=axis).max() > 0


def test_the_best_fitting_ratio_minimises_the_curves(data):
    found = data("fitting-ratio")
    for i in range(2):
        for j in range(found.noise.size):
            curve = found.theory.values[i, j]
            lowest = found.ratio.values[np.argmin(curve)]
            assert abs(np.sqrt(lowest) - np.sqrt(float(found.best[i, j]))) < 0.006  # the grid's spacing in t is 0.005
    assert np.all(found.best.values[1][found.noise.values <= float(found.threshold[1])] == 0)


def test_the_peak_of_relu_features_and_its_dots(data):
    found = data("mei-montanari-peak")
    assert found.psi1.values[np.argmax(found.theory.values[0])] == pytest.approx(3.0, rel=0.05)
    far = np.abs(found.place.values - 3) > 1.4
    at = np.array([np.interp(found.place, found.psi1, line) for line in found.theory])
    # d = 40: finite-size shifts of a few per cent beside two standard errors
    assert np.all(np.abs(found.measured.values - at)[:, far] < 2 * found.error.values[:, far] + 0.08 * at[:, far])


def test_deep_features_meet_their_theory(data):
    found = data("deep-random-features")
    lines = found.theory.values.reshape(-1, found.ratio.size)
    at = np.array([np.interp(np.log(found.place), np.log(found.ratio), line) for line in lines])
    assert np.median(np.abs(found.measured.values.reshape(at.shape) / at - 1)) < 0.03


def test_real_data_caption_states_the_deviation(data):
    figure = find_figure("real-data-random-features")
    found = data(figure.name)
    text = figure.caption(found)
    assert text.count("dots beyond their bars") == found.ridge.size
    assert np.all(found.theory.values <= 10)
