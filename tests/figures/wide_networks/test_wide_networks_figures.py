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


def test_errors_on_the_sphere_fall_degree_by_degree_as_the_eigenframework_says(data):
    found = data("sphere-stairs")
    assert np.all(np.diff(found.measured.values[:, 0]) < 0)
    np.testing.assert_allclose(found.measured, found.theory_at, rtol=0.08)
    np.testing.assert_array_equal(found.harmonics[0], [10, 54, 210])


def test_deep_networks_become_the_rule_that_is_named(data):
    found = data("deep-taxonomy")
    np.testing.assert_array_equal(found.named, [0, 1, 2])
    last = found.measured.values[:, :, -1]
    assert np.all(np.argmax(last, axis=1) == found.named.values)
    assert np.diag(last).min() > 0.95
    assert found.measured.values[:, :, 0].max() < 0.7  # not yet after one layer


def test_convolutional_spectra_and_errors_have_their_exponents(data):
    found = data("cnn-spectrum-and-error")
    octave = np.log2(found.modes.values[:, -2] / found.modes.values[:, -1])
    np.testing.assert_allclose(octave, found.decay, atol=0.05)
    slopes = -np.polyfit(np.log(found.n.values[1:]), np.log(found.measured.values[:, 1:].T), 1)[0]
    np.testing.assert_allclose(slopes[[0, 1, 3]], found.beta.values[[0, 1, 3]], atol=0.15)
    assert slopes[2] < found.beta.values[2] - 0.15  # at the edge of saturation
    assert np.all(found.framework < found.measured)  # low dimension


def test_wide_enough_ensembles_are_gaussian_and_share_one_edge(data):
    found = data("pseudo-iid")
    gap = np.abs(found.measured - found.gaussian)
    assert float(gap.sel(width=3).max()) > 3 * float(gap.sel(width=300).max())
    assert np.all(gap.sel(width=300) < 2 * found.error.sel(width=300) + 0.02)
    assert np.all(np.abs(found.edge - found.predicted) < 2 * found.edge_error + 0.1 * found.predicted)


def test_posterior_and_trained_ensemble_have_their_own_tails(data):
    found = data("student-process")
    np.testing.assert_array_equal(found.degrees, [9, 3])
    assert np.all(np.abs(found.measured - found.expected) < 2.5 * found.error)
    assert np.all(found.expected.values[1, [0, -1]] > 2 * found.expected.values[0, [0, -1]])


def test_the_eigenframework_lies_below_the_errors_on_digits(data):
    found = data("digits-wide-kernels")
    np.testing.assert_allclose(found.fine[::9], found.ridge, rtol=1e-12)
    ratio = found.theory.values[..., ::9] / found.measured.values
    assert 0.75 < float(ratio.min()) < float(ratio.max()) < 1.03
    assert np.all(np.diff(found.measured.values[:, :, -4:]) > 0)  # too much ridge
