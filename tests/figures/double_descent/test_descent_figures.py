"""Data of the figures of double descent, model collapse and imputation."""

import numpy as np
import pytest


def interpolated(x, curve, places):
    return np.interp(np.log(places), np.log(x), curve)


def test_four_axes_peak_where_they_should(data):
    found = data("double-descent-axes")
    for axis in (0, 1):
        peak = found.x.values[axis, np.argmax(np.nan_to_num(found.test.values[axis], posinf=1e300))]
        assert peak == pytest.approx(found.attrs["peak"], rel=0.04)
    assert 0 < np.argmin(found.test.values[2]) < 120  # the best ridge is neither 0 nor infinite
    epoch = found.test.values[3]
    top = 40 + np.argmax(epoch[40:80])
    assert epoch[:top].min() + 0.2 < epoch[top] > epoch[top:].min() + 0.4
    # 30 designs, seed 0: within 4 standard errors and 8 % for finite size (n = 60, places next to the peak)
    for axis in range(4):
        line = interpolated(found.x.values[axis], found.test.values[axis], found.place.values[axis])
        off = np.abs(found.measured.values[axis] - line)
        assert np.all(off < 2 * found.error.values[axis] + 0.08 * line)


def test_the_peak_grows_with_time_and_with_better_conditioning(data):
    found = data("double-descent-optimisation")
    at = int(np.argmin(np.abs(found.k.values - found.attrs["n"])))
    height = found.times.values[:, at] / found.times.values[:, -1]
    assert np.all(np.diff(height) > 0)
    assert height[-1] > 10 * height[0]
    assert int(np.argmax(found.times.values[-1])) == at
    raw, centred, _ = found.conditionings.values[:, at] / found.conditionings.values[:, -1]
    assert centred > raw
    descent, ball, *_ = found.optimisers.values[:, at]
    assert ball > descent
    assert np.all(np.isfinite(found.optimisers.values))


def test_smallest_eigenvalue_law_and_square_root_growth(data):
    found = data("smallest-eigenvalue-law")
    count = found.sizes["draw"]
    grid = (np.arange(count) + 0.5) / count
    gap = np.abs(found.law_at.values[1] - grid)
    assert gap.max() < 1.95 / count**0.5 + 0.01  # Kolmogorov at 0.1 %, and finite size
    late = found.time.values > 1e3
    slope = np.polyfit(np.log(found.time.values[late]), np.log(found.limit.values[late]), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.01)
    half = np.polyfit(np.log(found.n_half.values), np.log(found.half.values), 1)[0]
    assert half == pytest.approx(2, abs=0.3)  # ten draws of 40 matrices at each of four sizes


def test_bias_falls_variance_rises_and_dots_lie_on_lines(data):
    found = data("gradient-descent-risk")
    bias, variance = found.theory.values
    assert np.all(np.diff(bias, axis=1) < 1e-9)
    assert np.all(np.diff(variance, axis=1) > -1e-9)
    np.testing.assert_allclose(bias[0, -1], found.limit.values[0, 0], rtol=1e-3)
    for j, part in enumerate((bias, variance)):
        for i in range(3):
            line = interpolated(found.step.values, part[i], found.place.values)
            off = np.abs(found.measured.values[j, i] - line)
            seen = line > 2e-3
            # 12 designs of 8 targets: 4 standard errors and 8 %, n = d with its heavy tails apart
            assert np.all(off[seen] < 2 * found.error.values[j, i][seen] + (0.08 if i != 1 else 0.3) * line[seen])


def test_generations_add_up_or_lose_the_signal(data):
    found = data("model-collapse-generations")
    np.testing.assert_allclose(np.diff(found.excess.values[:, [0, 1, 2]], 1), found.gain.values[:, None] * [1, 1])
    assert np.all(np.abs(found.measured.values - found.excess.values) < 2.5 * found.error.values + 0.03)
    fresh = 1 - found.few.values[0, 0]
    np.testing.assert_allclose(fresh, 0.5**found.generation.values, rtol=1e-12)
    assert np.all(np.abs(found.few_measured.values - found.few.values) < 2.5 * found.few_error.values + 0.03)


def test_generations_end_the_scaling_law_and_move_the_best_ridge(data):
    found = data("model-collapse-scaling")
    assert np.all(found.best.values <= found.excess.values * (1 + 1e-3))  # a grid of 120 exponents
    assert np.all(np.diff(found.excess.values, axis=0) > 0)
    best = found.exponent.values[np.argmin(found.curve.values, axis=1)]
    assert np.all(np.diff(best) < 0)
    clean, collapsed = found.best.values[0], found.best.values[-1]
    assert clean[-1] / clean[30] < 0.2 < 0.6 < collapsed[-1] / collapsed[30]


def test_imputation_bias_falls_for_low_rank_only(data):
    found = data("imputation-bias")
    np.testing.assert_allclose(found.bias.values[0], 1 / (found.d.values / 4 + 1), rtol=1e-9)
    np.testing.assert_allclose(found.bias.values[4], 0.5, rtol=1e-9)
    assert np.all(np.diff(found.bias.values[:3], axis=1) < 0)
    columns = [int(np.argmin(np.abs(found.d.values - p))) for p in found.place.values]
    np.testing.assert_allclose(found.measured.values, found.bias.values[:, columns], rtol=0.03)
    np.testing.assert_allclose(found.share.values[:, -1], 0, atol=1e-12)


def test_averaged_sgd_stays_between_the_bias_and_the_bound(data):
    found = data("imputation-averaged-sgd")
    columns = np.nanargmin(np.abs(found.d.values[:, None] - found.place.values[:, None]), axis=2)
    bound, bias, ridge = (np.take_along_axis(found[k].values, columns, axis=1) for k in ("bound", "bias", "ridge"))
    assert np.all(found.measured.values[:, 0] < bound)
    assert np.all(found.measured.values > 0.98 * bias[:, None])
    assert np.all(found.measured.values[:, 1] < found.measured.values[:, 0])
    np.testing.assert_allclose(found.measured.values[:, 2], ridge, rtol=0.1)
