"""Data of the figures of separable classification."""

import numpy as np


def test_the_covariance_erases_at_once_and_fits_do_not(data):
    found = data("concept-erasure")
    closed, fits, random = found.theory.values
    np.testing.assert_allclose(closed[1:], 1, atol=0.01)  # from a sample of 4,000, judged on the population
    assert np.all(np.diff(fits) > 0)
    assert np.all(np.diff(random) >= -1e-12)
    assert np.all(fits[1:-1] < closed[1:-1])
    # readers fitted on 2,000 rows: a few standard errors, and d/n = 0.003 more than the best
    assert np.all(np.abs(found.measured.values - found.theory.values) < 2.5 * found.error.values + 0.01)


def test_digits_lose_odd_or_even_to_one_direction(data):
    found = data("digits-erasure")
    np.testing.assert_allclose(found.measured.values[0, :2, 1:], found.theory.values[:2, 1:], atol=1e-9)
    accuracy = found.measured.values[1]
    assert np.all(accuracy[:, 0] > 0.88)
    assert np.all(np.abs(accuracy[0, 1:] - 0.5) < 0.05)
    assert np.all(accuracy[2] > 0.85)
    assert accuracy[1, 1] > 0.85 > accuracy[1, -1]


def test_the_plug_in_rule_lies_on_its_lines(data):
    found = data("naive-bayes")
    gap = np.abs(found.measured.values - found.reached.values)
    assert np.all(gap < 2 * found.error.values + 0.01 * found.reached.values)
    slope = np.polyfit(np.log(found.d.values), np.log(found.found.values.T), 1)[0]
    assert np.all(np.abs(slope - 1) < 0.1)


def test_the_loop_descends_as_the_solver_and_ends_at_the_perceptron(data):
    found = data("large-steps")
    lines = np.stack([found.loss.sel(step=found.shown.values), found.wrong.sel(step=found.shown.values)], axis=1)
    # the loop's loss at huge steps is lost to rounding of margins near 700, the solver's stops there
    np.testing.assert_allclose(found.loop.values[:3], lines[:3], rtol=1e-9)
    np.testing.assert_array_equal(found.loop.values[:, 1], lines[:, 1])
    assert found.digits.values[0] > 10 * found.digits.values[-1]
    assert abs(float(found.needed[-1]) - found.attrs["limit"]) < 2 * float(found.error[-1]) + 0.5


def test_projections_in_turn_agree_and_bounds_hold(data):
    found = data("continual-margin")
    shown = found.theory.sel(step=found.shown.values).values
    np.testing.assert_allclose(found.measured.values[0], shown[0], atol=1e-12)
    assert np.all(np.abs(found.measured.values[1] - shown[1]) < 2 * found.error.values[1] + 1e-12)
    assert np.all(found.theory.values <= found.bound.values * (1 + 1e-12))
    near = [np.linalg.norm(weak - found.path.values[1:], axis=1).max() for weak in found.weak.values]
    assert near[1] < near[0] / 4


def test_true_labels_come_first(data):
    found = data("early-learning")
    share = found.gaussian.values[:, 0]
    assert share[0].max() > 0.99 > 0.05 > share[0, -1]
    assert share[1, -1] > 0.99
    assert np.all(found.gaussian.values[0, 2, :3] > 1 / 6)
    assert found.digits.values[0, 0, -1] < 0.4 < 0.9 < found.digits.values[1, 0, -1]


def test_softmax_falls_silent_at_its_gap(data):
    found = data("numerical-edge")
    for place, losses in zip(found.place.values, found.edge.values[:, :, 0], strict=True):
        first = found.gap.values[np.argmax(losses == 0)]
        assert place - 0.02 <= first <= place + 0.27  # the grid's step is 0.25; half precision moves the gap by 0.01
        seen = (losses > 0) & (found.gap.values < place - 3)
        np.testing.assert_allclose(losses[seen], found.exact.values[seen], rtol=0.1)
    assert found.silent.values[:, -1].tolist() == [1.0, 0.0]
    assert float(found.cosine[-1, 0]) > 0.9


def test_networks_keep_to_seven_slabs_and_turn_to_three(data):
    found = data("simplicity-bias")
    seven, three = found.accuracy.sel(share=0.1).values
    assert seven[2] - seven[1] > 0.1
    assert three[1] - three[2] > 0.3
    gap = np.abs(found.measured.values - found.reached.values)
    assert np.all(gap < 0.03 + found.error.values)
