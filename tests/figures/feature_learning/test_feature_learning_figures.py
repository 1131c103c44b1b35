"""Data of the figures of feature learning."""

import numpy as np


def test_outputs_near_the_maximal_update_limit_by_the_root_of_the_width(data):
    found = data("mup-limit")
    assert abs(found.attrs["slope"] + 0.5) < 0.1
    assert found.attrs["own"] < 1e-10
    assert np.all(np.diff(found.gap.values[:, 0]) < 0)


def test_cosines_add_and_their_logits_are_the_expected_ones(data):
    found = data("modular-addition")
    assert np.all(found.accuracy.values[:, -1, 0] > 0.99)
    answer, bar = found.logit.values[0].T
    assert np.all(np.abs(answer - 0.5) < 2 * bar)
    assert found.attrs["periodic"] > 0.5
