"""The best ridge of spectra with many modes, whose sums are over condensed ones."""

import tracemalloc

import numpy as np
import pytest

from solvable.solvers import Spectrum, optimal_ridge, ridge_risk
from solvable.solvers.equivalents import mode_minimum


@pytest.mark.parametrize(("exponent", "target", "noise"), [(1.5, 1.8, 0.1), (1.1, 1.4, 1e-3), (2.5, 1.2, 3.0)])
def test_condensing_changes_no_digit(monkeypatch, exponent, target, noise):
    """60,000 modes condensed, against sums over all of them."""
    i = np.arange(1.0, 60_001.0)
    spectrum = Spectrum(i**-exponent, i**-target)
    found = float(optimal_ridge(spectrum, 300, noise).value)
    risks = ridge_risk(spectrum, 300, found * np.array([0.9, 1.0, 1.1]), noise).test
    assert risks[1] <= min(risks[0], risks[2]) * (1 + 1e-14)  # flat where the noise is small
    monkeypatch.setattr(mode_minimum, "condensed", lambda modes: modes)
    assert found == pytest.approx(float(optimal_ridge(spectrum, 300, noise).value), rel=1e-12)


def test_an_isotropic_prior_on_many_modes():
    """The best ridge is noise over the squared weight, whatever the spectrum."""
    s = np.random.default_rng(0).random(60_000)
    spectrum = Spectrum.from_parameters(s, np.full(s.size, 0.01))
    assert float(optimal_ridge(spectrum, 500, 0.3).value) == pytest.approx(0.3 / 1e-4, rel=1e-10)


def test_memory_grows_with_the_modes_alone():
    """Least-squares scans kept 200 nodes x modes at once."""
    i = np.arange(1.0, 200_001.0)
    spectrum = Spectrum(i**-1.5, i**-1.8)
    tracemalloc.start()
    optimal_ridge(spectrum, 1000, 0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 * spectrum.eigenvalues.nbytes
