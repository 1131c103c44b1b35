"""Data of the diagonal-network figures."""

import numpy as np
import pytest


def test_norms_go_from_one_limit_to_the_other(data):
    found = data("kernel-to-rich")
    assert np.all(np.diff(found.excess_l1.values, axis=1) > -1e-9)
    assert np.all(np.diff(found.excess_l2.values[:, found.scale.values > 0.1], axis=1) < 1e-9)
    rich = found.scale.values < 0.05
    assert np.all(np.diff(found.excess_l1.values[:, rich], axis=0) <= 1e-12)  # deeper is sparser
    np.testing.assert_allclose(found.error.values[:, -1], found.limits.values[1], rtol=1e-2)
    assert found.attrs["gap"] < 1e-8  # flows on the theory, all coefficients


def test_gradient_descent_and_sgd_move_apart(data):
    found = data("finite-step-bias")
    np.testing.assert_allclose(found.error.values, found.theory.values, rtol=1e-6)
    assert np.all(np.diff(found.error.values[1]) < 0)
    assert found.error.values[0, -1] > 1 > found.error.values[1, -1]
    gain = found.gain.values
    contrast = gain[:, :3].mean(axis=1) / gain[:, 3:].mean(axis=1)
    assert contrast[0] > 2 * contrast[1]


def test_the_flow_sits_on_the_saddles(data):
    found = data("saddle-to-saddle")
    away = np.abs(found.time.values[:, None] - found.jump_time.values).min(axis=1) > 0.5
    assert away.sum() > 50
    np.testing.assert_allclose(found.beta.values[away], found.saddle.values[away], atol=1e-6)
    slope = np.polyfit(np.log(found.log_scale.values), np.log(found.lag.values[:, 0]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.02)


def test_larger_steps_end_sparser_and_better(data):
    found = data("sgd-sparse-features")
    assert np.all(np.isfinite(found.value.values))
    final = found.value.values[:, :, 1, -1]
    test, nonzeros = final[1], final[3]
    assert test[0] > 3 * test[1] > 9 * test[2]  # constant small, constant larger, decayed
    assert nonzeros[0] > nonzeros[1] > nonzeros[2]


def test_bifurcation_diagram_meets_the_closed_forms(data):
    found = data("loss-stabilisation")
    stable = found.step.values < 0.99
    np.testing.assert_allclose(found.orbit.values[:, stable], 1, atol=1e-8)
    cycle = (found.step.values > 1.02) & (found.step.values < 1.22)
    ends = [np.interp(found.step.values[cycle], found.cycle, e) for e in found.ends.values]
    np.testing.assert_allclose(found.orbit.values[:, cycle].max(axis=0), ends[0], atol=1e-3)
    np.testing.assert_allclose(found.orbit.values[:, cycle].min(axis=0), ends[1], atol=1e-3)
    assert float(found.loss[-1]) == pytest.approx(1 / 8, abs=0.01)


def test_estimates_are_ordered_and_batches_decide(data):
    found = data("gradient-regularisation")
    assert np.all(np.diff(found.found.values, axis=0) > 0)  # backward < exact < forward < wider forward
    expected = [np.interp(found.penalty, found.fine, line) for line in found.theory.values]
    # the step of descent adds a gain of its own: a few per cent of the largest fall
    np.testing.assert_allclose(found.found.values, expected, atol=0.003)
    assert found.change.values[0, -1] > 1 > found.change.values[2, -1]


def test_the_branch_beats_both_norms_inside_its_window(data):
    found = data("benign-overfitting")
    best = found.by_cap.values[0].min()
    assert best < 0.85 * found.fixed.values[1] < 0.12 * found.fixed.values[0]
    assert found.by_cap.values[0, -1] > found.fixed.values[1]  # too wide a branch fits the signal
    assert found.attrs["gap"] < 0.06
    exact = np.interp(found.n, found.fine, found.exact_l2)
    np.testing.assert_allclose(found.by_size.values[0], exact, rtol=0.15)
