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
