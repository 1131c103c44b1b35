"""Data of the neural-collapse figures."""

import numpy as np
import pytest

from solvable.figures.neural_collapse.dynamics import slopes


def test_features_vanish_at_one_and_the_bias_switches_at_the_kink(data):
    found = data("collapse-threshold")
    assert np.all(found.length.values[:, found.c.values > 1] == 0)
    assert np.all(found.length.values[:, found.c.values < 1] > 0)
    np.testing.assert_allclose(found.value.values[:, -1], 1)
    for i, strength in enumerate(found.strength.values):
        on = found.output.values[i] > 0
        np.testing.assert_array_equal(on, found.bias_decay.values > strength / (1 - strength))
    theory = found.length.interp(c=found.place).values
    inside = found.place.values < 0.9
    np.testing.assert_allclose(found.trained_length.values.mean(-1)[:, inside], theory[:, inside], rtol=2e-3)


def test_metrics_fall_at_the_predicted_rates(data):
    """7 %: several modes of nearly the same rate are still mixed between the two times."""
    found = data("collapse-dynamics")
    np.testing.assert_allclose(slopes(found), 1, atol=0.07)
    np.testing.assert_allclose(slopes(found)[:, 1], 1, atol=1e-3)  # the trace form has one mode


def test_trained_lengths_are_the_predicted_ones(data):
    found = data("imbalanced-collapse")
    np.testing.assert_allclose(found.trained.values / found.length.values[..., None], 1, atol=1e-4)
    assert np.all(found.curve.values[:, :, -1] < 1e-4)


def test_minority_jumps_at_its_critical_size(data):
    found = data("minority-collapse")
    size = found["size"].values
    for i, depth in enumerate(found.depth.values):
        stable, critical = found.stable.values[i], float(found.critical[i])
        assert np.all((stable > 0) == (size > critical))
        first = stable[size > critical][0]
        assert first == pytest.approx((depth - 1) / depth, abs=0.03)  # whole sizes: the first one above the jump
    theory = found.stable.interp(size=found.place).values
    np.testing.assert_allclose(found.trained.values[0], theory, atol=1e-4)


def test_staircase_has_five_levels_and_matches_the_hessian(data):
    found = data("perturbation-spectrum")
    np.testing.assert_allclose(found.measured, found.theory, atol=1e-8)
    for row in found.theory.values:
        assert np.unique(row.round(12)).size == 5
    assert np.all(np.diff(found.theory.values[:, -1]) < 0)  # stronger feature decay attenuates more


def test_ratio_falls_everywhere(data):
    found = data("central-path")
    for values in (found.path, -found.fall, found.layered):
        assert np.all(np.diff(values, axis=1) < 0)
    np.testing.assert_allclose(found.stepped, found.path, rtol=1e-5)
    np.testing.assert_allclose(found.first_order.values[:, 0], found.fall.values[:, 0], rtol=2e-3)


def test_gap_is_there_for_equal_values(data):
    found = data("duality-gap")
    assert np.all(found.ratio.values[:, 0] > 1.2)
    assert np.all(np.diff(found.ratio.values, axis=1) < 0)
    np.testing.assert_allclose(found.value.values[:, 0], found.value.values[0, 0])  # two layers: no gap
    kept = np.isfinite(found.trained.values)
    np.testing.assert_allclose(found.trained.values[kept], found.value.values[[0, 2]][kept], rtol=1e-6)


def test_square_wins_from_three_layers_on(data):
    found = data("cross-entropy-not-etf")
    np.testing.assert_array_equal(found.value.values[1] < found.value.values[0], found.depth.values >= 3)
    np.testing.assert_allclose(found.trained, found.value.min("code"), rtol=1e-6)
    assert np.all(found.spectrum.values[2:, 2] < 1e-3)


def test_angle_term_restores_the_features_only(data):
    found = data("long-tailed-geometry")
    assert found.bend.values[0, -1] > 0.15
    assert np.all(found.bend.values[-1] < 3e-3)
    assert np.all(found.aligned.values[:, -1] > 0.8)
    simplex = found.classes.values <= 5
    np.testing.assert_allclose(found.spread.values[simplex], found.bound.values[simplex], atol=1e-3)
    assert np.all(found.spread.values[~simplex] < found.bound.values[~simplex] - 1)
