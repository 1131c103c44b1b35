"""Data of the figures of curvature and hyperparameters."""

import numpy as np


def test_truncation_inexactness_and_refits(data):
    found = data("hypergradients")
    np.testing.assert_allclose(found.measured.values, found.reached.values, rtol=1e-7, atol=1e-13)
    assert np.all(found.reached.values[:, -1] < 0.1 * found.reached.values[:, 0])
    assert found.left.values[0, -1] < 0.1 * found.left.values[1, -1]
    assert found.attrs["best"] <= found.tuned.values[0, -1] < found.tuned.values[1, -1] < found.tuned.values[0, 0]
    # central differences: the square of the shift, 1e-8, times the third derivative
    np.testing.assert_allclose(found.refit.values, found["at"].values, atol=1e-6 * np.abs(found.slope.values).max())


def test_solves_lose_no_more_than_their_condition(data):
    found = data("curvature-solves")
    reached = np.array([np.interp(np.log(found.damping), np.log(found.grid), row) for row in found.condition.values])
    # a factor for the sums of 120 products in either solve
    assert np.all(found.error.values < 30 * reached)
    assert np.all(found.kept.values < found.dense.values)
