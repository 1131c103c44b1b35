"""Data of the figures of denoisers, diffusions and flows."""

import numpy as np


def test_guided_samples_lie_on_their_lines_and_not_on_the_posterior(data):
    found = data("posterior-sampling")
    gap = np.abs(found.measured.values - found.predicted.values)
    # 250 steps leave a per cent
    assert np.all(gap < 2 * found.error.values + 0.015 * found.predicted.values)
    np.testing.assert_allclose(found.theory.values[0, 1], found.exact.values[0], rtol=1e-10)
    assert np.all(found.theory.values[1, 1] > found.exact.values[1])
    assert np.all(found.theory.values[0, 0] > found.exact.values[0])


def test_the_worth_of_a_row_falls_with_its_noise(data):
    found = data("noisy-worth")
    assert np.all(np.diff(found.theory.values, axis=1) < 0)
    gap = np.abs(found.measured.values - found.predicted.values)
    assert np.all(gap < 2 * found.error.values)
    slope = np.diff(np.log(found.theory.values[:, -2:])) / np.diff(np.log(found.noise.values[-2:]))
    np.testing.assert_allclose(slope, -4, atol=0.03)


def test_noise_only_grows_and_integrations_agree(data):
    found = data("score-diffusion")
    assert np.all(np.diff(found.variance.values, axis=1) > 0)
    assert np.all(found.variance.values[1] <= found.variance.values[0])
    np.testing.assert_allclose(found.integrated.values, found.closed.values, rtol=1e-8)
    np.testing.assert_allclose(found.stepped.values, found.reached.values, atol=1e-8)
