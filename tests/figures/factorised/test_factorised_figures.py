"""Data of the figures of factorised dynamics."""

import numpy as np


def test_the_smaller_the_start_the_smaller_the_error(data):
    found = data("robust-recovery")
    end = found.error.values[:, -1]
    assert np.all(np.diff(end) < -1.5)
    assert found.squared.values.min() > -1
    for j, threshold in enumerate(found.threshold.values):
        below = found.place.values < threshold / 1.25
        above = found.place.values > 1.25 * threshold
        assert np.all(found.final.values[below, j] > -0.05)
        assert np.all(found.final.values[above, j] < -1.5)


def test_the_predicted_time_is_where_the_error_starts_to_fall(data):
    found = data("robust-recovery")
    for error, reach in zip(found.error.values, found.reach.values, strict=True):
        halfway = np.interp(np.log10(0.5), error[:8][::-1], found.time.values[:8][::-1])
        assert 0.5 * reach - 15 < halfway < 1.5 * reach + 15


def test_a_small_start_keeps_the_third_tube_small(data):
    found = data("tubal-rank")
    small, large = found.tubes.values[:, -1]
    np.testing.assert_allclose(small[:2], found.exact.values, atol=0.02)
    assert small[2] < large[2] - 1
    assert found.errors.values[0, -1] < found.errors.values[1, -1] - 1


def test_changes_between_layers_and_the_distance_from_the_limit(data):
    found = data("depth-limit")
    log = np.log(found.depth.values)
    smooth, rough = (np.polyfit(log, np.log(row), 1)[0] for row in found.change.values)
    assert abs(smooth) < 0.15
    assert abs(rough - 1) < 0.1
    scaled = found.error.values * found.depth.values / found.correction.values[:, None]
    assert np.all(np.abs(scaled[:, -1] - 1) < 0.02)
    assert np.all(np.diff(np.abs(scaled - 1), axis=1) < 1e-3)


def test_what_subspaces_leave(data):
    found = data("random-subspace")
    assert np.all(np.abs(found.toy.values - found.law.values) < 2 * found.toy_bar.values + 1e-12)
    # 4 draws of subspaces that share nothing but the digits: two bars, or a hundredth
    gap = np.abs(found.measured.values - found.predicted.values)
    assert np.all(gap < 2 * found.bar.values + 0.01)
    assert 0.2 < found.attrs["rest"] < 0.4


def test_climbs_have_their_exponents_and_walks_are_slow(data):
    found = data("slow-diffusion")
    log = np.log(found.length.values)
    for hurst, row in zip(found.hurst.values, found.climb.values, strict=True):
        assert abs(np.polyfit(log, np.log(row), 1)[0] - hurst) < 0.12
    late = found.time.values > 1e3
    slopes = [np.polyfit(np.log(found.time.values[late]), np.log(row[late]), 1)[0] for row in found.distance.values]
    assert max(slopes) < 0.4
