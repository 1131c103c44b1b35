"""Data of the figures of in-context learning."""

import numpy as np


def test_one_step_lies_between_bayes_and_the_labels(data):
    found = data("one-step-of-descent")
    assert np.all(found.bayes < found.one_step)
    assert np.all(np.diff(found.one_step) < 0)
    assert found.step.values[found.parabola.values.argmin()] == 1
    assert np.all(np.abs(found.measured[0] - np.interp(found.place, found.n, found.one_step)) < 0.1 * found.measured[0])
    assert np.all(np.abs(found.learned - found.P) < 0.03 * np.abs(found.P).max())


def test_flow_ends_at_its_limit_and_risks_at_their_floors(data):
    found = data("trained-attention")
    assert np.all(np.diff(found.loss) < 0)
    assert 0 < found.loss.values[-1] / found.attrs["limit_loss"] - 1 < 0.01
    assert np.abs(found.conserved).max() < 1e-10
    assert np.all(found.risk.values > found.floor.values[:, None])
    assert np.all(np.diff(found.floor) < 0)


def test_only_shifted_examples_cost(data):
    found = data("covariate-shift")
    assert 0.9 < found["shift"].values[found.risk.values[0].argmin()] < 1.1
    assert np.ptp(found.risk.values[1:]) < 1e-12
    assert found.exact.values[0, -1] > 50 * found.exact.values[0, 2]
    assert np.all(np.abs(found.measured - found.exact) < 0.1 * found.exact)


def test_stated_variances_are_calibrated(data):
    found = data("in-context-uncertainty")
    gap = np.abs(found.known.values - found.reached.values)
    assert np.all(gap < 0.07 * found.reached.values + found.bar.values)  # the formula is for many dimensions
    off = np.abs(found.binned.values[:, 1] - found.binned.values[:, 0])
    assert np.all(off < 2 * found.error.values)
    assert np.all(found.level.values[-1] > 0.95)
    bayes, ridge, least = found.learner.values[1]
    assert bayes < ridge < least


def test_digits_are_off_the_theory_for_gaussian_inputs(data):
    found = data("digits-in-context")
    gaps = found.measured.values / found.reached.values[:, None] - 1
    assert np.all(np.abs(gaps[:, 0]) < 2 * found.error.values[:, 0] / found.reached.values)
    assert gaps[:, 1].min() < -0.05
    assert np.all(np.abs(gaps[:, 1:]) < 0.2)
