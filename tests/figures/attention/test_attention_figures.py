"""Data of the figures of attention."""

import numpy as np


def test_biased_heads_win_where_the_query_counts(data):
    found = data("random-attention").kernel.values[:, :, -1]
    assert found[0, 0] < found[0, 1]
    assert found[1, 1] < found[1, 0]
    assert np.all(data("random-attention").kernel.values[0, :2, -1] < data("random-attention").kernel.values[0, :2, 0])


def test_descent_tends_to_the_program_of_what_it_selects(data):
    found = data("attention-margin")
    end = found.measured.values[:, :, -1]
    assert end[0, 0] > 0.999 > end[0, 1]
    assert end[1, 1] > end[1, 0]
    assert np.all(end[:, 2] > 0.99)
    assert np.all(found.ranks.values <= 3 + 1e-12)
    np.testing.assert_array_equal(found.ranks.values[:, 0], found.ranks.values[:, 2])
