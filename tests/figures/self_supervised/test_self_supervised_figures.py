"""Data of the figures of self-supervised learning."""

import numpy as np


def test_digits_are_learned_step_by_step(data):
    found = data("digits-stepwise")
    # a finite step of descent is 1 % slow, and neighbours of ratio 0.86 add an error of 1e-12 to the power 0.14
    assert np.all(np.abs(found.crossed.values[0] / found.steps.values[0] - 1) < 0.02)
    assert np.all(np.abs(found.crossed.values[1] / found.steps.values[1] - 1) < 0.08)
    assert np.all(np.diff(found.theory.values, axis=1) <= 1e-9)
    assert found.theory.values[0, 0] == found.sizes["mode"]
    assert abs(found.measured.values[:, -1]).max() < 0.01
    learned, known = found.accuracy.values
    assert np.all(np.abs(learned - known) < 0.06)
    assert learned[-1] > learned[0] + 0.5
    assert found.attrs["gram"] < 1e-2


def test_small_starts_learn_in_steps(data):
    found = data("stepwise-learning")
    for i in range(found.sizes["start"]):
        line = np.interp(found.place.values[i], found.time.values[i], found.theory.values[i])
        # a start of 0.1 is far from the limit
        assert np.abs(line - found.measured.values[i]).max() < (0.15 if i == 0 else 0.05)
    assert np.all(np.diff(found.steps.values, axis=0) > 0)


def test_hard_negatives_bear_more_when_it_is_cold(data):
    found = data("contrastive-temperature")
    np.testing.assert_allclose(found.measured.values, found.predicted.values, atol=1e-8)
    assert np.all(np.diff(found.theory.values[:, 3]) > 0)
    assert np.all(np.diff(found.trained.values[1:], axis=0) > 0)


def test_unlabelled_inputs_lie_between(data):
    found = data("pretraining")
    raw, learned, true = found.theory.values
    assert np.all((raw > learned) & (learned > true))
    # 12 draws: errors of three per cent
    np.testing.assert_allclose(found.measured.values, found.predicted.values, rtol=0.12)


def test_complexity_falls_and_probes_agree(data):
    found = data("augmentation-complexity")
    np.testing.assert_allclose(found.counted.values, found.closed.values, rtol=1e-12)
    assert np.all(np.diff(found.complexity.values, axis=1) < 0)
    gap = np.abs(found.measured.values - found.predicted.values)
    assert np.all(gap < 1.75 * found.error.values)  # 3.5 standard errors of 14 dots


def test_the_head_hides_noisy_features(data):
    found = data("projection-head")
    weights = found.weight.sel(depth=found.layer.values).values
    assert weights.shape == (4, 3)
    np.testing.assert_allclose(found.trained.values, weights, rtol=0.1)
    assert np.array_equal(np.sign(found.predicted.values), np.sign(found.noisiness.values - 1))
    assert np.array_equal(np.sign(found.measured.values), np.sign(found.predicted.values))
