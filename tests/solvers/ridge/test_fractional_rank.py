"""n next to a rank of fractional multiplicities: the status says where the difference of the two is rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import ConvergenceWarning, Spectrum, Status, ridge_risk


@settings(max_examples=40, deadline=None)
@given(tenths=st.lists(st.integers(1, 50), min_size=2, max_size=8), ulps=st.integers(-20, 20))
def test_within_ulps_of_the_rank(tenths, ulps):
    m = np.array(tenths) / 10 + 1e-3
    spectrum = Spectrum(np.arange(1.0, m.size + 1), np.ones(m.size), m)
    n = spectrum.rank + ulps * np.spacing(spectrum.rank)
    solution = ridge_risk(spectrum, n, 0.0, 0.1, on_failure="ignore").solution
    assert solution.status in ((Status.UNDETERMINED, Status.MAX_ITERATIONS) if ulps else (Status.DIVERGES,))
    assert solution.residual > 1e-3 or not ulps  # or the iteration itself fails there


@settings(max_examples=40, deadline=None)
@given(tenths=st.lists(st.integers(1, 50), min_size=2, max_size=8), gap=st.sampled_from([-1e-3, -1e-5, 1e-5, 1e-3]))
def test_well_beside_the_rank_nothing_is_doubted(tenths, gap):
    m = np.array(tenths) / 10 + 1e-3
    spectrum = Spectrum(np.arange(1.0, m.size + 1), np.ones(m.size), m)
    assert ridge_risk(spectrum, spectrum.rank * (1 + gap), 0.0, 0.1).solution.status == Status.CONVERGED


def test_whole_multiplicities_are_exact_and_the_others_warn():
    n = np.nextafter(5.0, 6.0)
    assert ridge_risk(Spectrum([1.0, 2.0], [1.0, 1.0], [2, 3]), n, 0.0, 0.1).solution.status == Status.CONVERGED
    with pytest.warns(ConvergenceWarning, match="1 of 1 cells"):
        ridge_risk(Spectrum([1.0, 2.0], [1.0, 1.0], [1.7, 3.3]), n, 0.0, 0.1)
