"""Exponents: what few sizes can hide, and that true powers are still accepted. Truths and noises are made here."""

import dataclasses
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable import check_rate
from solvable.analysis import Claim, Kind, Outcome, Source, verify

calibration = runpy.run_path(str(Path(__file__).parents[3] / "benchmarks" / "rate_calibration.py"))
verdict, TRUE, HIDDEN = (calibration[name] for name in ("verdict", "TRUE", "HIDDEN"))
AGREES, DISAGREES, OPEN = Outcome.AGREES, Outcome.DISAGREES, Outcome.INCONCLUSIVE


def outcomes(mean, seeds, noise, exponent=-1.0, most=4096, **options):
    return [verdict(mean, noise, seed, exponent, most=most, **options)[0] for seed in range(seeds)]


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_no_power_is_left_open(name):
    """10 % noise, seeds 0 to 39: no verdict about the power may be given, in either direction."""
    mean, wrong = HIDDEN[name]
    assert outcomes(mean, 40, 0.1, most=1024).count(wrong) == 0


@pytest.mark.parametrize("name", TRUE)
def test_true_powers_are_accepted(name):
    mean, seeds = TRUE[name], 20
    assert outcomes(mean, seeds, 0.1).count(AGREES) >= seeds - 1
    assert outcomes(mean, seeds, 0.01).count(AGREES) == seeds


@pytest.mark.parametrize("truth", [-0.5, -0.8, -1.2, -2.0, 0.0])
def test_wrong_powers_are_rejected(truth):
    assert outcomes(lambda n: n**truth, 20, 0.1).count(DISAGREES) >= 19


@settings(max_examples=25, deadline=None)
@given(
    exponent=st.floats(-3, -0.3), offset=st.floats(-1, 0), first=st.integers(3, 10**6), scale=st.floats(-100, 100),
    noise=st.floats(-4, -0.5), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_an_offset_that_matters_never_agrees(exponent, offset, first, scale, noise, seed):
    """A constant that moves the exponent at the largest size by 0.26 of its tolerance and more, at any scale."""
    share = (0.26 + 0.74 * (1 + offset)) * 0.1 / -exponent  # of the value at the largest size, s = f/(C n^e + f)
    constant = share / (1 - share) * (4 * first) ** exponent
    mean = lambda n: 10**scale * (n**exponent + constant)  # noqa: E731
    assert verdict(mean, 10**noise, seed, exponent, first=first, most=512)[0] is not AGREES


@settings(max_examples=25, deadline=None)
@given(exponent=st.floats(-3, 3), first=st.integers(3, 10**6), scale=st.floats(-100, 100), seed=st.integers(0, 10**6))
def test_units_change_nothing(exponent, first, scale, seed):
    """The verdict is that of the same draws in other units; without noise the power itself agrees."""
    one = verdict(lambda n: (n / first) ** exponent, 0.02, seed, exponent, first=first, most=1024)
    other = verdict(lambda n: 10**scale * (n / first) ** exponent, 0.02, seed, exponent, first=first, most=1024)
    assert one == other
    assert one[0] is not DISAGREES
    if exponent <= 0:
        assert one[0] is AGREES


def test_offset_is_a_correction_of_growing_powers():
    """√n + 5 has the local exponent 0.24 at n = 10 to 40, and is a √n."""
    assert outcomes(lambda n: math.sqrt(n) + 5, 10, 0.01, exponent=0.5, most=1024).count(DISAGREES) == 0
    assert outcomes(math.sqrt, 10, 0.01, exponent=0.5, most=1024).count(AGREES) == 10


@pytest.mark.parametrize("exponent", [0.06, 0.3, 2.0])
def test_a_flat_run_has_no_growing_power(exponent):
    """A run that always gives one number; an offset with a power of 0.4 % of it beside is left open, in any unit."""
    flat = Claim("demo/flat", "A power.", source=Source("derived"), kind=Kind.RATE, predict=lambda n: exponent,
                 size="n", measure=lambda rng, n: 7.0, grid=[{"n": 10}], absolute_tolerance=0.02,
                 deterministic=True)  # fmt: skip
    assert verify(flat).outcome is DISAGREES
    assert verify(dataclasses.replace(flat, predict=lambda n: 0.0)).outcome is AGREES
    for unit in (1e-200, 1.0, 1e200):
        slow = dataclasses.replace(flat, measure=lambda rng, n, unit=unit: unit * (1 + 0.004 * (n / 40) ** exponent))
        assert verify(slow).outcome is OPEN
        shaken = dataclasses.replace(
            flat, deterministic=False, measure=lambda rng, n, unit=unit: unit * rng.normal(1, 1e-5)
        )
        assert verify(shaken).outcome is DISAGREES


def test_through_the_front_door():
    """The report names what is not excluded, and the draws that would exclude it."""
    noisy = lambda mean, noise: lambda rng, n: mean(n) * (1 + noise * rng.normal())  # noqa: E731
    floor = check_rate(noisy(lambda n: 1 / n + 0.001, 0.1), exponent=-1, at={"n": 10}, budget=1024)
    assert floor.outcome is OPEN
    assert "offset" in str(floor)
    weak = check_rate(noisy(lambda n: 1 / n, 0.1), exponent=-1, at={"n": 10}, budget=128)
    assert weak.outcome is OPEN
    needed = int(str(weak).rsplit("about ", 1)[1].split(" ")[0].replace(",", ""))
    assert 7 * 128 < needed < 50_000
    assert check_rate(noisy(lambda n: 1 / n, 0.1), exponent=-1, at={"n": 10}, budget=4096).outcome is AGREES
    exact = check_rate(lambda rng, n: np.exp(-np.log(n)) * (1 + 1e-9 * rng.normal()), exponent=-1, at={"n": 10})
    assert exact.outcome is AGREES


def test_medians_are_medians_for_exponents_too():
    """Draws n^-1 times a Cauchy's modulus, whose median is 1 and whose mean does not exist."""
    claim = Claim("demo/median", "A median.", source=Source("derived"), kind=Kind.RATE, predict=lambda n: -1.0,
                  size="n", measure=lambda rng, n: abs(rng.standard_cauchy()) ** 0.2 / n, grid=[{"n": 10}],
                  absolute_tolerance=0.2, statistic="median")  # fmt: skip
    assert verify(claim).outcome is AGREES
    heavy = lambda rng, n: abs(rng.standard_cauchy()) / n  # noqa: E731
    report = verify(dataclasses.replace(claim, measure=heavy, absolute_tolerance=0.9))
    assert report.outcome is AGREES
    assert -1.2 < report.rows[0].measured < -0.8
    signs = lambda rng, n: rng.normal() / n  # noqa: E731
    assert verify(dataclasses.replace(claim, measure=signs), most_draws=64).outcome is OPEN
