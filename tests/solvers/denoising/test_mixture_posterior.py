"""Posterior means under mixtures against 40 digits: little noise and much, far points, all units, blocks of points."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvable.solvers import mixture_denoiser

EPS = 2.0**-52


def problem(seed, count, d, n, log_noise):
    """Covariances with eigenvalues in 0.01..1, one of them 1, and points that the components drew, half of them far."""
    rng = np.random.default_rng(seed)
    turns = np.linalg.qr(rng.standard_normal((count, d, d)))[0]
    values = 10.0 ** np.where(np.arange(d) == 0, 0.0, rng.uniform(-2, 0, (count, d)))
    S = (turns * values[:, None]) @ np.swapaxes(turns, 1, 2)
    S = (S + np.swapaxes(S, 1, 2)) / 2
    means, noise2 = rng.standard_normal((count, d)), 10.0**log_noise
    x = means[rng.integers(count, size=n)] + rng.standard_normal((n, d)) * np.where(rng.random((n, 1)) < 0.5, 1, 4)
    return x, rng.dirichlet(np.ones(count)), means, S, noise2


def exact(x, weights, means, S, noise2):
    """Estimates, shares, and the relative error of shares that rounding of a product of d entries explains.

    Squared distances |z|^2 are known to roundings of |y||z| over the noise, y the distance of a point and z its
    whitened one; six: up to 33 times the noise the squares come from y itself, of which |y|^2 < 33 |z|^2.
    """
    d, found, shares, slack = len(x[0]), [], [], []
    with mp.workdps(40):
        parts = []
        for p, m, C in zip(weights, means, S, strict=True):
            total = mp.matrix(C.tolist()) + mp.mpf(noise2) * mp.eye(d)
            parts.append((mp.log(mp.mpf(p)) - mp.log(mp.det(total)) / 2, m, mp.matrix(C.tolist()), total**-1))
        for point in x:
            logs, moved, reach = [], [], 0.0
            for log, m, C, inverse in parts:
                y = mp.matrix([mp.mpf(a) - mp.mpf(b) for a, b in zip(point, m, strict=True)])
                pull = inverse * y
                square = (y.T * pull)[0]
                logs.append(log - square / 2)
                moved.append(mp.matrix(m.tolist()) + C * pull)
                reach = max(reach, float(mp.norm(y) * mp.sqrt(square / noise2)))
            share = [mp.exp(log - max(logs)) for log in logs]
            total = mp.fsum(share)
            found.append([float(mp.fsum(s * e[i] for s, e in zip(share, moved, strict=True)) / total)
                          for i in range(d)])  # fmt: skip
            shares.append([float(s / total) for s in share])
            slack.append(1e-13 + 6 * d * EPS * reach)
    return np.array(found), np.array(shares), np.array(slack)[:, None]


@pytest.mark.parametrize("log_noise", [-6.0, -1.6, -1.4, 0.0, 3.0])
@given(st.integers(0, 10_000), st.integers(1, 4), st.sampled_from([1, 2, 5]), st.integers(-480, 480))
def test_against_forty_digits_in_any_unit(log_noise, seed, count, d, power):
    """Noise on both sides of 1/32, where distances are had another way; units are powers of two and round nothing."""
    law = problem(seed, count, d, 4, log_noise)
    estimate, shares, slack = exact(*law)
    x, weights, means, S, noise2 = law
    unit = 2.0**power
    found = mixture_denoiser(unit * x, weights, unit * means, unit * S * unit, unit * noise2 * unit)
    assert np.all(np.abs(found.responsibilities - shares) <= slack * shares + 1e-290)
    # shares that are off move the mean between centres; a rounding of S moves a gain by at most 25 (values > .01)
    size = np.abs(x).max() + np.abs(means).max()
    assert np.all(np.abs(found.estimate / unit - estimate) <= (slack + 50 * d * EPS) * size)


@pytest.mark.parametrize("log_noise", [-3.0, 0.0])
@pytest.mark.parametrize(("d", "n"), [(1, 20_001), (3, 4_999), (40, 333)])
def test_points_of_all_blocks_and_layouts_are_answered_as_alone(log_noise, d, n):
    x, *law = problem(d, 5, d, n, log_noise)
    whole = mixture_denoiser(x, *law)
    x.flags.writeable = False
    for given_x in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], x[:, None]):
        again = mixture_denoiser(given_x, *law)
        np.testing.assert_array_equal(again.estimate.reshape(n, d), whole.estimate)
        np.testing.assert_array_equal(again.responsibilities.reshape(n, 5), whole.responsibilities)
    # a product may add up in another order for another number of points
    some = np.unique(np.linspace(0, n - 1, 40).astype(int))
    alone = [mixture_denoiser(x[i], *law) for i in some]
    squares = np.sum((x[some, None] - law[1]) ** 2, axis=-1).max() / law[3]
    np.testing.assert_allclose([a.responsibilities for a in alone], whole.responsibilities[some],
                               rtol=1e-13 + 4 * EPS * squares, atol=1e-290)  # fmt: skip
    np.testing.assert_allclose([a.estimate for a in alone], whole.estimate[some], atol=1e-11)


def test_a_component_beyond_the_range_of_squares_has_no_share():
    found = mixture_denoiser([[1.0]], [0.5, 0.5], [[0.0], [1e160]], np.ones((2, 1, 1)), 1.0)
    np.testing.assert_allclose(found.responsibilities, [[1.0, 0.0]])
