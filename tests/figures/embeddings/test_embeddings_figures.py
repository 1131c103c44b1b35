"""Data of the figures of embeddings."""

import numpy as np


def test_cosines_move_with_the_scaling_and_not_with_a_penalty_on_each_factor(data):
    found = data("cosine-similarity")
    assert np.allclose(np.diagonal(found.cosine.values, axis1=1, axis2=2), 1)
    assert found.attrs["moved"] > 0.5
    assert found.attrs["trained"] < 1e-9
    assert found.attrs["contrast"][4] > found.attrs["contrast"][3]


def test_pixels_are_predicted_by_their_neighbours(data):
    found = data("item-model")
    assert found.attrs["twice"] < 1e-10
    assert np.all(found.measured.values[0] < found.measured.values[1])
    assert found.measured.values[1].min() < 0.7 * found.attrs["near"]
    assert np.all(np.abs(found.found - found.true) < 3 * found.found_bar + 0.01)  # ridge 1 of 600 users shrinks by less
    assert found.attrs["ranked"] > found.attrs["by_cosine"] + 0.05
    column = found.weight.values[:, 27].reshape(8, 8)
    assert column[3, 3] == 0
    assert (
        min(column[2, 3], column[4, 3], column[3, 2], column[3, 4]) > np.delete(column.ravel(), [19, 35, 26, 28]).max()
    )


def test_distances_of_spaces_fall_as_the_root(data):
    found = data("index-space")
    np.testing.assert_allclose(found.measured.values, found.predicted.values, rtol=0.12)
    slopes = np.polyfit(np.log(found.samples.values), np.log(found.space.values.T), 1)[0]
    np.testing.assert_allclose(slopes[:2], -0.5, atol=0.12)
    assert abs(slopes[2]) < 0.1
