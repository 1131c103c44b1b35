"""Data of the figures of regression beyond ridge."""

import numpy as np


def test_bags_lie_on_their_lines(data):
    found = data("aggregate-learning")
    # corrections of order 1/d beside four standard errors
    gap = np.abs(found.measured.values - found.reached.values)
    assert np.all(gap < 2 * found.bar.values + 0.03 * found.reached.values)
    gap = np.abs(found.private.values - found.tuned_at.values)
    assert np.all(gap < 2 * found.spread.values + 0.03 * found.tuned_at.values)
    assert np.all(found.ridge.values < found.tuned.values)
    assert np.all(found.tuned.values <= found.single.values)


def test_trained_networks_are_the_splines(data):
    found = data("splines-are-networks")
    np.testing.assert_allclose(found.trained_loss.values, found.loss.values, rtol=1e-9)
    np.testing.assert_allclose(found.trained.values, found.reached.values, rtol=1e-5)
    assert np.all(np.diff(found.variation.values) <= 1e-9)
    assert found.attrs["gap"] < 1e-10


def test_dense_operators_lie_on_their_lines(data):
    found = data("sobolev-norms")
    np.testing.assert_allclose(found.dense.values, found.response.values, atol=1e-9)
    gap = np.abs(found.measured.values - found.reached.values)
    assert np.all(gap < 2 * found.bar.values + 0.01 * found.reached.values)
    assert np.all(np.diff(found.attrs["conditions"]) < 0)
