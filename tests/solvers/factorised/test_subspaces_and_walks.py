"""Random subspaces against a Beta law, walks against linear solves and simulated steps, potentials by their rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from solvable.solvers import (
    barrier,
    fractional_potential,
    intrinsic_dimension,
    quenched_passage_time,
    subspace_loss,
)


@given(st.integers(2, 30), st.integers(1, 29))
def test_moments_are_those_of_a_beta_law(groups, d):
    if d >= groups:
        d = groups - 1
    found = subspace_loss(groups, 3, d)
    law = stats.beta((groups - d) / 2, d / 2)
    assert float(found.mean) == pytest.approx(found.start * law.mean(), rel=1e-12)
    assert float(found.variance) == pytest.approx(found.start**2 * law.var(), rel=1e-12)
    assert found.start == pytest.approx(groups * (groups + 1) * (2 * groups + 1) / 6)


def test_from_the_solution_nothing_is_left():
    solved = np.repeat(np.arange(1, 4) / 2, 2)
    assert subspace_loss(3, 2, [0, 1, 6], solved).mean.tolist() == [0, 0, 0]
    shifted = subspace_loss(3, 2, 1, 0.5)
    assert shifted.start == pytest.approx(0 + 1 + 4)
    assert float(subspace_loss(3, 2, 1, np.full(6, 0.5)).mean) == float(shifted.mean)


def test_intrinsic_dimension_takes_the_least_that_is_enough():
    assert intrinsic_dimension([8, 2, 4], [0.9, 0.1, 0.85], 0.94) == 4
    assert intrinsic_dimension([8, 2, 4], [0.9, 0.1, 0.85], 0.94, 1.0) == np.inf
    law = subspace_loss(10, 100, np.arange(11))
    assert intrinsic_dimension(np.arange(11), 1 - law.mean / law.start, 1.0, 1.0) == 10


@given(st.lists(st.floats(0.2, 0.8), min_size=1, max_size=12))
def test_passage_times_solve_the_equations_of_first_steps(p):
    n = len(p)
    M = np.eye(n)
    for i, right in enumerate(p):
        M[i, max(i - 1, 0)] -= 1 - right
        if i + 1 < n:
            M[i, i + 1] -= right
    assert float(quenched_passage_time(p)) == pytest.approx(np.linalg.solve(M, np.ones(n))[0], rel=1e-9)


def test_a_passage_time_is_the_mean_of_simulated_walks():
    """Seed 0, 4,000 walks: 0.6 standard errors off."""
    p, rng = np.array([0.6, 0.3, 0.7, 0.5]), np.random.default_rng(0)
    place, times = np.zeros(4000, dtype=int), np.zeros(4000)
    while (active := place < 4).any():
        times += active
        step = np.where(rng.random(4000) < p[np.minimum(place, 3)], 1, -1)
        place = np.where(active, np.maximum(place + step, 0), place)
    assert abs(times.mean() - quenched_passage_time(p)) < 4 * times.std() / 4000**0.5


def test_passage_times_over_environments():
    p = np.random.default_rng(1).uniform(0.3, 0.7, (2, 3, 6))
    found = quenched_passage_time(p)
    assert found.shape == (2, 3)
    assert found[1, 2] == quenched_passage_time(p[1, 2])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=15))
def test_a_barrier_is_the_largest_of_all_climbs(V):
    assert float(barrier(V)) == max(b - a for i, a in enumerate(V) for b in V[i:])


@pytest.mark.parametrize("hurst", [0.2, 0.5, 0.8, 1.0])
def test_the_covariance_of_potentials(hurst):
    """Seeds 0..3,999: entries of the covariance of 6 sites, each within 4.5 standard errors."""
    V = np.array([fractional_potential(5, hurst, seed) for seed in range(4000)])
    x = np.arange(6.0)
    exact = (x[:, None] ** (2 * hurst) + x ** (2 * hurst) - np.abs(x[:, None] - x) ** (2 * hurst)) / 2
    error = np.sqrt((exact**2 + np.outer(np.diag(exact), np.diag(exact))) / 4000)
    assert np.all(np.abs(V.T @ V / 4000 - exact) <= 4.5 * error)
    assert np.all(V[:, 0] == 0)


@pytest.mark.parametrize("hurst", [0.01, 0.3, 0.7, 0.99])
def test_the_circulant_matrix_needs_no_clipping(hurst):
    k = np.arange(1001.0)
    row = (np.abs(k + 1) ** (2 * hurst) + np.abs(k - 1) ** (2 * hurst)) / 2 - k ** (2 * hurst)
    assert np.fft.rfft(np.concatenate([row, row[-2:0:-1]])).real.min() > -1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: subspace_loss(3, 2, 7), "whole numbers up to 6"),
        (lambda: subspace_loss(3, 2, 0.5), "whole numbers"),
        (lambda: subspace_loss(0, 2, 1), "groups"),
        (lambda: subspace_loss(3, 2, 1, np.ones(5)), r"start\.shape"),
        (lambda: intrinsic_dimension([1, 2], [1.0], 1.0), r"performance\.shape"),
        (lambda: intrinsic_dimension([1], [1.0], 1.0, 1.5), "share"),
        (lambda: quenched_passage_time([0.5, 1.0]), r"must lie in \(0, 1\)"),
        (lambda: quenched_passage_time([0.5, 0.0]), r"p_right\[1\]"),
        (lambda: quenched_passage_time(np.full(400, 1e-3)), "longer than a double"),
        (lambda: barrier([]), r"potential\.shape"),
        (lambda: fractional_potential(3, 1.5, 0), "hurst"),
        (lambda: fractional_potential(0, 0.5, 0), "n = "),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
