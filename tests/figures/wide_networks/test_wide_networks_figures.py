"""Data of the figures of wide networks."""

import numpy as np


def test_finite_networks_reach_the_kernels_and_spread_as_one_over_the_root(data):
    found = data("wide-network-kernels")
    last = found.isel(width=-1)
    assert np.all(np.abs(last.ratio - 1) < 2 * last.error)  # four standard errors
    for row in found.spread.values[:, 1]:
        slope = np.polyfit(np.log(found.width.values), np.log(row), 1)[0]
        assert -0.75 < slope < -0.3


def test_only_critical_relu_keeps_its_variance_and_both_relu_fluctuate_alike(data):
    found = data("criticality")
    kernel, vertex = found.theory.values
    np.testing.assert_allclose(kernel[0], 1, rtol=1e-12)
    assert kernel[1, -1] < 0.05
    np.testing.assert_allclose(vertex[0], vertex[1], rtol=1e-10)
    places = found.place.values.astype(int) - 1
    assert np.all(np.abs(found.measured.values[0] / kernel[:, places] - 1) < 0.1)
