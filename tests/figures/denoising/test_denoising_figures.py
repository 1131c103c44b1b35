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


def test_a_learned_flow_follows_its_line_and_costs_twice_the_best(data):
    found = data("mixture-flow")
    # four runs at d = 500: scatter of single per cents, and 1/sqrt(d) beyond what is predicted
    np.testing.assert_allclose(found.measured.values, found.predicted.values, rtol=0.08, atol=0.005)
    np.testing.assert_allclose(found.missed.values, found.expected.values, rtol=0.15)
    np.testing.assert_allclose(found.limit.values[-1] / found.best.values[-1], 2, rtol=0.01)


def test_subspaces_are_found_from_the_predicted_rows_on(data):
    found = data("subspace-transition")
    rows, share, fewest = found.rows.values[:, None], found.share.values, found.fewest.values
    assert np.all(share[0][rows >= fewest[0]] == 1)
    assert np.all(share[0][rows < fewest[0]] == 0)
    assert np.mean(share[1][rows == fewest[1]]) > 0.7
    assert np.all(share[1][rows < fewest[1]] <= 0.6)


def test_displacements_tend_to_the_score(data):
    found = data("what-autoencoders-learn")
    miss = np.abs(found.theory.values - found.score.values).max(axis=1)
    assert np.all(np.diff(miss) < 0)
    # windows of 0.1 change the slope of the score by a per cent
    np.testing.assert_allclose(found.measured.values, found.predicted.values, atol=0.06)


def test_held_out_digits_are_denoised_as_predicted(data):
    found = data("digits-denoiser")
    np.testing.assert_allclose(found.measured.values[0], found.predicted.values, rtol=0.05)
    assert np.all(found.theory.values < found.nothing.values)
    middle = slice(3, 7)
    assert np.all(found.measured.values[1, middle] < 0.9 * found.measured.values[0, middle])
