"""Data of the figures of embeddings."""

import numpy as np


def test_cosines_move_with_the_scaling_and_not_with_a_penalty_on_each_factor(data):
    found = data("cosine-similarity")
    assert np.allclose(np.diagonal(found.cosine.values, axis1=1, axis2=2), 1)
    assert found.attrs["moved"] > 0.5
    assert found.attrs["trained"] < 1e-9
    assert found.attrs["contrast"][4] > found.attrs["contrast"][3]
