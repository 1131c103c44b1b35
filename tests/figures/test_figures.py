"""Figures: the data first, then that the files are stable and the captions are about this data."""

import numpy as np
import pytest

from solvable.analysis.verification.catalogue import claim
from solvable.analysis.writing.references import keys
from solvable.figures import figures


@pytest.mark.parametrize("item", figures(), ids=lambda item: item.name)
def test_every_figure_has_a_source_and_known_claims(item):
    assert item.source in keys()
    for name in item.claims:
        claim(name)


@pytest.mark.slow
@pytest.mark.parametrize("item", figures(), ids=lambda item: item.name)
def test_every_figure_writes_the_same_bytes_twice(item, data):
    """In every format; that it draws the same picture twice: test_layout.py."""
    found = data(item.name)
    assert item.render(found) == item.render(found)


def test_double_descent_peaks_at_one_and_the_best_ridge_does_not(data):
    found = data("ridge-double-descent")
    ridgeless, tuned = found.excess.values
    gamma = found.gamma.values
    assert np.all(np.abs(np.log(gamma[np.argmax(ridgeless, axis=1)])) < 0.03)
    assert np.all(np.diff(tuned, axis=1) > 0)
    assert np.all(tuned <= ridgeless * (1 + 1e-12))
    # a second descent for signal-to-noise above one, minimum at sqrt(snr)/(sqrt(snr) - 1); none at one
    for i, snr in enumerate(found.snr.values):
        over = gamma > 1.1
        lowest = gamma[over][np.argmin(ridgeless[i][over])]
        expected = np.sqrt(snr) / (np.sqrt(snr) - 1) if snr > 1 else gamma[-1]
        assert lowest == pytest.approx(expected, rel=0.03)


def test_double_descent_dots_lie_on_the_lines(data):
    found = data("ridge-double-descent")
    theory = found.excess.interp(gamma=found.place.values).values
    z = (found.measured.values - theory) / (found.error.values / 2)
    # 64 dots, 20 designs each, seed 0; at n = 100 the lines themselves are off by 1/n, so the bulk and not the worst
    assert np.median(np.abs(z)) < 1.5
    assert np.median(np.abs(found.measured.values / (1.05 * theory) - 1)) > 0.03  # a 5 % wrong line would show


def test_spectral_density_has_mass_one_and_matches_the_histogram(data):
    found = data("spectral-density")
    for i in range(found.sizes["panel"]):
        mass = np.trapezoid(found.density.values[i], found.x.values[i]) + float(found.atom[i])
        assert mass == pytest.approx(1, abs=0.01)  # 800 uniform points against square-root edges
        histogram = np.sum(found.histogram.values[i] * np.diff(found.bins.values[i]))
        assert histogram + float(found.atom[i]) == pytest.approx(1, abs=0.002)


def test_learning_curves_agree_within_a_tenth_of_the_data(data):
    found = data("learning-curve-real-data")
    assert found.attrs["trials"] >= 30
    for panel in range(2):
        near = found.n.values[panel] <= float(found.points[panel]) / 10
        gap = np.abs(found.theory.values / found.measured.values - 1)[panel, 0][near]
        assert np.median(gap) < 0.04
        assert gap.max() < 0.2
