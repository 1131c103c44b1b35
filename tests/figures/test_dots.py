"""Dots and bars: against the textbook sums, and only one place computes them."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binomtest

from solvable.figures.dots import distance, mean_and_bar, share_and_bars, two_errors

FIGURES = Path(__file__).resolve().parents[2] / "figures"


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_two_errors_are_twice_the_root_of_the_unbiased_variance_over_the_count(axis):
    draws = np.random.default_rng(0).standard_normal((4, 5, 6))
    count = draws.shape[axis]
    square = ((draws - draws.mean(axis, keepdims=True)) ** 2).sum(axis) / (count - 1) / count
    np.testing.assert_allclose(two_errors(draws, axis), 2 * np.sqrt(square), rtol=1e-13)
    mean, bar = mean_and_bar(draws, axis)
    np.testing.assert_array_equal(mean, draws.mean(axis))
    np.testing.assert_array_equal(bar, two_errors(draws, axis))


def test_distance_is_relative():
    assert distance(np.array([1.1, 0.9]), 1.0) == pytest.approx([0.1, 0.1], rel=1e-12)


def test_no_script_writes_the_error_of_a_mean_by_hand():
    for path in FIGURES.glob("*/*.py"):
        assert not re.search(r"\bstd\(", path.read_text()), path.name


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (3, 8), (1, 60)])
def test_bars_of_a_share_are_wilsons_interval(hits, n):
    """Against SciPy's interval at the level of two standard errors; it never leaves [0, 1]."""
    share, (below, above) = share_and_bars(np.arange(n) < hits)
    known = binomtest(hits, n).proportion_ci(confidence_level=2 * ndtr(2.0) - 1, method="wilson")
    assert share == hits / n
    np.testing.assert_allclose([share - below, share + above], [known.low, known.high], rtol=1e-12, atol=1e-15)
