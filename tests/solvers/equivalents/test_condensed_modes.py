"""Fewer modes with the same sums: against 40 digits over all of them, and where there is nothing to gain."""

import tracemalloc

import mpmath
import numpy as np
import pytest

from solvable.solvers.equivalents.condensed_modes import condensed
from solvable.solvers.equivalents.mode_sums import Modes

EPS = float(np.finfo(float).eps)
TERMS = [("m", p, q) for p in range(3) for q in range(3) if p + q] + [("v", p, q) for p, q in ((0, 2), (1, 2), (2, 2))]
RNG = np.random.default_rng(11)
SPECTRA = {
    "decaying": np.arange(1.0, 401) ** -1.5,
    "scattered": np.exp(2 * RNG.standard_normal(500)),
    "one value": np.full(60, 0.737),
    "band, moved twice": np.linspace(1, 8, 2400),
    "two clumps": np.r_[np.linspace(1, 1.5, 200), np.linspace(1e-6, 2e-6, 200)],
    "tiny": 1e-290 * np.linspace(1, 50, 200),
    "huge": 1e290 * np.linspace(1, 50, 200),
}


def modes_of(s):
    return Modes(s, m=RNG.choice([1.0, 2.5], s.size), v=RNG.exponential(size=s.size) * RNG.choice([0.0, 1.0], s.size))


@pytest.mark.parametrize("name", SPECTRA)
def test_sums_are_those_over_all_modes(name):
    """Wherever x is, inside the spectrum, far below and far above: to 24 roundings; all sums are positive."""
    s = SPECTRA[name]
    modes = modes_of(s)
    few = condensed(modes)
    assert few.eigenvalues.size < 0.5 * s.size
    x = np.r_[0.3 * s.min() * np.array([1e-12, 1e-3, 1.0]), np.median(s), s.max() * np.array([3.0, 1e4])]
    sums = few.at(x, *TERMS)
    with mpmath.workdps(40):
        for i, at in enumerate(x):
            precise = modes.precisely(at)
            for term in TERMS:
                expected = precise(*term)
                assert abs(sums(*term)[i] - expected) <= 24 * EPS * expected, term


def test_sums_of_two_points():
    s = SPECTRA["decaying"]
    modes, x, y = modes_of(s), np.array([1e-9, 1e-3, 0.2]), np.array([2e-9, 1e-3, 5.0])
    term = ("m", 1, 0, 0, 1)
    np.testing.assert_allclose(
        condensed(modes).between(x, y, term)(*term), modes.between(x, y, term)(*term), rtol=24 * EPS
    )


def test_ends_of_x():
    """Sums of weights: nothing is lost at 0 and at infinity."""
    modes = modes_of(SPECTRA["scattered"])
    sums = condensed(modes).at(np.array([0.0, np.inf]), ("m", 1, 0), ("v", 0, 2))
    np.testing.assert_allclose(sums("m", 1, 0), [modes.weights["m"].sum(), 0.0], rtol=24 * EPS)
    np.testing.assert_allclose(sums("v", 0, 2), [0.0, modes.weights["v"].sum()], rtol=24 * EPS)


@pytest.mark.parametrize("power", [-200, 3, 200])
def test_units_by_powers_of_two_change_no_bit(power):
    modes = modes_of(SPECTRA["decaying"])
    plain, moved = condensed(modes), condensed(Modes(2.0**power * modes.eigenvalues, **modes.weights))
    np.testing.assert_array_equal(moved.eigenvalues, 2.0**power * plain.eigenvalues)
    for name, weight in plain.weights.items():
        np.testing.assert_array_equal(moved.weights[name], weight)


@pytest.mark.parametrize(
    "s",
    [np.array([]), np.geomspace(1, 1e-3, 100), np.geomspace(1, 1e-300, 4000), np.linspace(1, 30, 500) * 5e306,
     np.linspace(1, 40, 500) * 1e-308, np.r_[0.0, np.ones(500)]],
    ids=["none", "few", "spread", "at the largest double", "at the least", "zero"],
)  # fmt: skip
def test_modes_that_stay(s):
    modes = Modes(s, m=np.ones(s.size))
    assert condensed(modes) is modes


def test_memory_is_that_of_a_block():
    s = np.linspace(1.0, 30.0, 200_000)
    modes = Modes(s, m=np.ones(s.size), v=s)
    tracemalloc.start()
    condensed(modes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * s.nbytes
