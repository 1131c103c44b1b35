"""Data of the figures of attention."""

import numpy as np


def test_biased_heads_win_where_the_query_counts(data):
    found = data("random-attention").kernel.values[:, :, -1]
    assert found[0, 0] < found[0, 1]
    assert found[1, 1] < found[1, 0]
    assert np.all(data("random-attention").kernel.values[0, :2, -1] < data("random-attention").kernel.values[0, :2, 0])
