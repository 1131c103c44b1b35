"""Data of the figures of derived equivalents."""

import numpy as np
import pytest

from solvable import derive
from solvable.analysis.equivalents.models import (
    one_step_features,
    real_and_synthetic,
    weighted_digits,
    weighted_least_squares,
)


def within(data, share):
    """Dots lie within that share of the lines, or within three standard errors (two are the bar)."""
    off = np.abs(data.measured.values - data.exact.values)
    return np.all(off < np.maximum(share * data.exact.values, 1.5 * data.error.values))


def test_right_synthetic_samples_always_help_and_wrong_ones_have_a_best_number(data):
    found = data("synthetic-share")
    right, *wrong = found.theory.values
    assert np.all(np.diff(right) < 0)
    best = [int(np.argmin(row)) for row in wrong]
    assert 0 < best[1] < best[0] < found.share.size - 1
    assert within(found, 0.02)
    value = float(derive(real_and_synthetic(100, 0.1), at={"n2": 100 * found.share.values[94], "error": 4.0}).value)
    assert abs(wrong[1][94] / value - 1) < 1e-3  # between two solved places


def test_weights_gain_and_stronger_ones_gain_more_near_interpolation(data):
    found = data("weighted-least-squares")
    equal, inverse, squared = found.theory.values
    assert np.all(inverse < equal)
    low = found.ratio.values <= 0.7
    assert np.all(inverse[low] < squared[low])
    assert np.all(squared[found.ratio.values >= 0.8] < inverse[found.ratio.values >= 0.8])
    assert within(found, 0.03)
    value = float(derive(weighted_least_squares(100, 0.02, 0.0, 1.06)).value)
    assert abs(np.interp(1.06, found.ratio.values, equal) / value - 1) < 3e-3  # beside the peak, between solved places
    assert np.all(np.abs(found.found.values / found.known.values - 1) < 0.1)  # digits are not Gaussian


@pytest.mark.parametrize("place", [0.15, 0.95, 1.95])
def test_the_spline_between_derived_weights_is_what_is_derived_there(data, place):
    found = data("weighted-least-squares")
    line = found.theory.sel(weights=2.0, ratio=place, method="nearest")
    assert float(line) == pytest.approx(float(derive(weighted_least_squares(100, 0.02, 2.0, place)).value), rel=1e-3)


def test_the_spline_over_samples_and_over_steps_is_what_is_derived_there(data):
    digits = data("weighted-least-squares").digits.sel(weights=0.0)
    at = np.interp(np.log([53, 720]), np.log(digits.samples), np.log(digits))
    known = [float(derive(weighted_digits(n, 0.02, 0.0)).value) for n in (53, 720)]
    np.testing.assert_allclose(np.exp(at), known, rtol=1e-3)
    steps = data("one-step-features").theory.sel(cosine=0.95, strength=[0.25, 5.75])
    known = derive(one_step_features(80, 0.1, 0.1, 1.0, 0.95), at={"strength": [0.25, 5.75]}).value.value
    np.testing.assert_allclose(steps, known, rtol=1e-4)


def test_a_step_helps_where_it_points_to_the_target(data):
    found = data("one-step-features")
    along, between, across = found.theory.values
    assert np.all(np.diff(along) < 0)
    assert np.all(np.diff(between) < 0)
    assert np.all(np.abs(across / across[0] - 1) < 0.02)
    assert np.ptp(found.theory.values[:, 0]) < 1e-9  # without a step the target's direction does not matter
    assert within(found, 0.03)
    middle = int(np.argmin(np.abs(found.strength.values - 1.25)))  # between two solved places, where it bends most
    assert found.strength.values[middle] == 1.25
    value = float(derive(one_step_features(80, 0.1, 0.1, 1.25, 0.95)).value)
    assert abs(along[middle] / value - 1) < 1e-3  # a fifth of the line's width


def test_every_curve_has_sixty_points(data):
    for name, axes in {"synthetic-share": ["share"], "weighted-least-squares": ["ratio", "samples"],
                       "one-step-features": ["strength"], "derivation-card": ["ridge"]}.items():  # fmt: skip
        assert all(data(name).sizes[axis] >= 60 for axis in axes)


def test_card_shows_a_pencil_of_four_blocks_and_one_effective_ridge(data):
    found = data("derivation-card")
    blocks = found.blocks.values
    assert blocks.shape == (4, 4)
    assert np.sum(blocks != "") == 9
    assert blocks[0, 0] == blocks[2, 2] == r"$\lambda$"
    assert "kappa" in str(found.equations.values[0])
    assert "lambda" not in str(found.equations.values[1])
    assert np.all(np.diff(found.theory.values) > 0)
