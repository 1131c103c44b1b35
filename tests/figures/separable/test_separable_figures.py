"""Data of the figures of separable classification."""

import numpy as np


def test_the_covariance_erases_at_once_and_fits_do_not(data):
    found = data("concept-erasure")
    closed, fits, random = found.theory.values
    np.testing.assert_allclose(closed[1:], 1, atol=0.01)  # from a sample of 4,000, judged on the population
    assert np.all(np.diff(fits) > 0)
    assert np.all(np.diff(random) >= -1e-12)
    assert np.all(fits[1:-1] < closed[1:-1])
    # readers fitted on 2,000 rows: a few standard errors, and d/n = 0.003 more than the best
    assert np.all(np.abs(found.measured.values - found.theory.values) < 2.5 * found.error.values + 0.01)


def test_digits_lose_odd_or_even_to_one_direction(data):
    found = data("digits-erasure")
    np.testing.assert_allclose(found.measured.values[0, :2, 1:], found.theory.values[:2, 1:], atol=1e-9)
    accuracy = found.measured.values[1]
    assert np.all(accuracy[:, 0] > 0.88)
    assert np.all(np.abs(accuracy[0, 1:] - 0.5) < 0.05)
    assert np.all(accuracy[2] > 0.85)
    assert accuracy[1, 1] > 0.85 > accuracy[1, -1]


def test_the_plug_in_rule_lies_on_its_lines(data):
    found = data("naive-bayes")
    gap = np.abs(found.measured.values - found.reached.values)
    assert np.all(gap < 2 * found.error.values + 0.01 * found.reached.values)
    slope = np.polyfit(np.log(found.d.values), np.log(found.found.values.T), 1)[0]
    assert np.all(np.abs(slope - 1) < 0.1)
