"""Information of loss differences, cumulants, PAC-Bayes bounds and inductive bias."""

import itertools

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import ncx2

from solvable.solvers import (
    bias_scaling,
    gaussian_cumulant,
    inductive_bias,
    log_sobolev_bound,
    loss_difference_information,
    pac_bayes_linear,
)

RNG = np.random.default_rng(0)


def entropy(p):
    p = p[p > 0]
    return -np.sum(p * np.log(p))


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_information_is_a_sum_of_entropies(seed):
    table = np.random.default_rng(seed).dirichlet(np.full(6, 0.7)).reshape(3, 2)
    found = loss_difference_information(table)
    expected = entropy(table.sum(0)) + entropy(table.sum(1)) - entropy(table.ravel())
    assert float(found.information) == pytest.approx(expected, abs=1e-13)
    # a coin that is not fair leaves a mean of its own
    fair = table / table.sum(axis=0) / 2
    found = loss_difference_information(fair)
    assert abs(float(found.gap)) <= float(found.square_root)


def test_every_supersample_of_a_finite_population():
    """Nearest neighbour on two points of {0,...,5} with distinct places: the joint table by enumeration, exactly."""
    places, labels = np.arange(6.0), np.array([0, 1, 1, 0, 1, 0])
    tables, errors = np.zeros((3, 2)), []
    for drawn in itertools.permutations(range(6), 4):
        pairs = np.array(drawn).reshape(2, 2)
        for coins in itertools.product((0, 1), repeat=2):
            train, test = pairs[[0, 1], coins], pairs[[0, 1], 1 - np.array(coins)]

            def wrong(i, train=train):
                return int(labels[train[np.argmin(np.abs(places[train] - places[i]))]] != labels[i])

            assert not any(map(wrong, train))
            errors.append(np.mean([wrong(i) for i in test]))
            tables[wrong(pairs[0, 1]) - wrong(pairs[0, 0]) + 1, coins[0]] += 1
    found = loss_difference_information(tables / tables.sum())
    assert float(found.interpolation_error) == pytest.approx(np.mean(errors), rel=1e-12)
    assert float(found.gap) == pytest.approx(np.mean(errors), rel=1e-12)


def test_tables_in_single_precision():
    """Seed 0: sums of singles miss 1 by more than 1e-9; the information is that of the table divided by its sum."""
    rng = np.random.default_rng(0)
    tables = rng.dirichlet(np.full(6, 0.7), 40).reshape(-1, 3, 2).astype(np.float32)
    exact = tables.astype(float) / tables.astype(float).sum(axis=(1, 2), keepdims=True)
    assert np.abs(tables.astype(float).sum(axis=(1, 2)) - 1).max() > 1e-9
    found = loss_difference_information(tables).information
    np.testing.assert_allclose(found, loss_difference_information(exact).information, rtol=1e-12)
    with pytest.raises(ValueError, match="sum to 1"):
        loss_difference_information(tables.astype(float))


@pytest.mark.parametrize("share", [1e-9, 1e-3, 0.29, 0.31, 0.9, 1 - 1e-9])
def test_information_of_a_symmetric_channel(share):
    """Both differences equally likely, right with probability (1 + share)/2: ln 2 less the binary entropy."""
    with mp.workdps(40):
        p = (1 + mp.mpf(share)) / 2
        expected = float(mp.log(2) + p * mp.log(p) + (1 - p) * mp.log(1 - p))
    table = np.array([[1 - share, 1 + share], [0.0, 0.0], [1 + share, 1 - share]]) / 4
    found = float(loss_difference_information(table).information)
    assert found == pytest.approx(expected, rel=max(1e-13, 1e-15 / share))  # the table rounds 1 + share


def test_small_information_keeps_its_digits():
    e = 2.0**-40
    table = np.array([[1 / 8, 1 / 8], [1 / 4 + e, 1 / 4 - e], [1 / 8 - e, 1 / 8 + e]])
    # second order: half the sum of squared relative differences times the product law
    expected = 0.5 * (2 * e**2 / (1 / 4) + 2 * e**2 / (1 / 8))
    assert float(loss_difference_information(table).information) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("lam", [-3.0, -0.5, 0.2, 0.45])
def test_cumulants_by_quadrature(lam):
    m, v = 0.7, 1.0
    whole = quad(lambda r: np.exp(lam * r * r - (r - m) ** 2 / 2) / np.sqrt(2 * np.pi), -60, 60, points=[m, 0, 7, 12])[
        0
    ]
    assert float(gaussian_cumulant(lam, m, v)) == pytest.approx(np.log(whole), rel=1e-9)
    central = gaussian_cumulant(lam, m, v, central=True)
    assert float(central) == pytest.approx(np.log(whole) - lam * (m * m + v), rel=1e-8)
    assert float(central) <= float(log_sobolev_bound(lam, m, v))


def test_the_bound_integrates_the_tilted_gradient():
    lam, m, v = -0.8, 1.3, 0.6

    def gradient(s):
        def law(r):
            return np.exp(s * r * r - (r - m) ** 2 / (2 * v))

        return quad(lambda r: 4 * r * r * law(r), -20, 20)[0] / quad(law, -20, 20)[0]

    expected = lam * quad(lambda s: v / 2 * gradient(s), 0, lam)[0]
    assert float(log_sobolev_bound(lam, m, v)) == pytest.approx(expected, rel=1e-8)


def test_limits_of_cumulants():
    assert np.isinf(gaussian_cumulant(0.5, 1.0, 1.0))
    assert np.isinf(log_sobolev_bound(0.6, 0.0, 1.0))
    assert float(gaussian_cumulant(0.7, 3.0, 0.0)) == pytest.approx(0.7 * 9)
    assert float(log_sobolev_bound(0.7, 3.0, 0.0)) == 0
    # at small lambda the central cumulant is half the variance, lam^2 (2 v^2 + 4 m^2 v)/2; the bound doubles the v^2
    lam, m, v = 1e-9, 1.5, 0.5
    assert float(gaussian_cumulant(lam, m, v, central=True)) == pytest.approx(lam**2 * (v**2 + 2 * m**2 * v), rel=1e-7)
    assert float(log_sobolev_bound(lam, m, v)) == pytest.approx(lam**2 * (2 * v**2 + 2 * m**2 * v), rel=1e-7)
    # a large mean makes the loss linear
    assert float(log_sobolev_bound(1e-9, 1e6, 1.0) / gaussian_cumulant(1e-9, 1e6, 1.0, central=True)) == pytest.approx(
        1, rel=1e-9)  # fmt: skip
    np.testing.assert_array_equal(
        gaussian_cumulant(-2.0, 1.0, 3.0, "linear", True), log_sobolev_bound(-2, 1, 3, "linear")
    )


def test_cumulants_far_from_one():
    """Products in an order that neither overflows nor vanishes: lambda m^2 v and lambda^2 m^2 v alone matter."""
    for central, expected in ((False, 1.0), (True, 2e-100)):
        found = gaussian_cumulant(1e-200, 1e100, 1e100, central=central)
        assert float(found) == pytest.approx(1e-200 * 1e200 if not central else expected, rel=1e-12)
    assert float(log_sobolev_bound(1e-200, 1e100, 1e100)) == pytest.approx(2e-100, rel=1e-12)
    assert float(gaussian_cumulant(-1e-200, 1e200, 1.0)) == pytest.approx(-1e200, rel=1e-12)
    assert float(log_sobolev_bound(1e-200, 0.0, 1e250, "linear")) == pytest.approx(5e-151, rel=1e-12)


def test_a_sharp_posterior_keeps_its_digits():
    """Three rows in six dimensions at a precision of 1e14: mean, covariance and divergence at 60 digits (seed 3)."""
    rng = np.random.default_rng(3)
    X, y, lam, prior = 1e6 * rng.standard_normal((3, 6)), rng.standard_normal(3), 50.0, 2.0
    found = pac_bayes_linear(X, y, lam, prior, 0.1, 1.0)
    with mp.workdps(60):
        M, z = mp.matrix(X.tolist()), mp.matrix(y.tolist())
        gram = M.T * M
        C = (mp.eye(6) / prior + 2 * mp.mpf(lam) / 3 * gram) ** -1
        mean = C * (M.T * z) * 2 * lam / 3
        left = z - M * mean
        empirical = (left.T * left)[0] / 3 + sum(gram[i, j] * C[i, j] for i in range(6) for j in range(6)) / 3
        trace = sum(C[i, i] for i in range(6)) / prior
        divergence = (trace - 6 + (mean.T * mean)[0] / prior + 6 * mp.log(prior) - mp.log(mp.det(C))) / 2
        covariance = np.array(C.tolist(), float)
    assert found.empirical == pytest.approx(float(empirical), rel=1e-12)
    assert found.divergence == pytest.approx(float(divergence), rel=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-14)
    np.testing.assert_allclose(found.mean, np.array(mean.tolist(), float)[:, 0], rtol=1e-9)


def test_pac_bayes_parts_by_draws():
    """Seed 0; divergence and training loss from 200,000 posterior draws, standard errors below .5 %."""
    X, rng = RNG.standard_normal((15, 3)), np.random.default_rng(0)
    y = X @ np.array([1.0, 0, -0.5]) + 0.3 * RNG.standard_normal(15)
    found = pac_bayes_linear(X, y, 0.6, 0.5, 0.09, 1.25)
    w = rng.multivariate_normal(found.mean, found.covariance, 200_000)
    assert np.mean((y - w @ X.T) ** 2) == pytest.approx(found.empirical, rel=0.01)
    gap = w - found.mean
    own = (
        -0.5 * np.sum(gap @ np.linalg.inv(found.covariance) * gap, axis=1) - np.linalg.slogdet(found.covariance)[1] / 2
    )
    prior = -0.5 * np.sum(w**2, axis=1) / 0.5 - 1.5 * np.log(0.5)
    assert np.mean(own - prior) == pytest.approx(found.divergence, rel=0.01)
    assert found.bound == pytest.approx(found.empirical + (found.divergence + np.log(20) + found.cumulant) / 0.6)


def test_the_cumulant_of_a_prior_at_a_point():
    """A prior without width: n times the cumulant of one loss, and its mean."""
    n, lam, noise, target = 12, 0.7, 0.4, 2.0
    found = pac_bayes_linear(np.eye(n, 2), np.zeros(n), lam, 1e-12, noise, target)
    v = noise + target
    assert found.cumulant == pytest.approx(n * float(gaussian_cumulant(-lam / n, 0, v, central=True)), rel=1e-9)
    assert np.isinf(pac_bayes_linear(np.eye(3), np.ones(3), 1.0, 0.5, 1.0, 1.0).bound)


def test_bias_against_scipy():
    d, n, target, level = 10, np.array([2, 5, 9]), np.array([[0.5], [4.0]]), 3.0
    found = inductive_bias(d, n, target, level)
    np.testing.assert_allclose(np.exp(-found), ncx2.cdf(level, d - n, target), rtol=1e-10)


def test_bias_at_both_ends():
    # nearly everything generalises: the complement, from scipy's survival function
    assert float(inductive_bias(4, 0, 2.0, 90.0)) == pytest.approx(ncx2.sf(90, 4, 2), rel=1e-6)
    assert float(inductive_bias(4, 0, 2.0, 1e6)) == 0
    np.testing.assert_array_equal(inductive_bias(12, 8, [0.0, 1e-300, 1.0, 1e8], 1e150), 0)
    # hardly anything does: the density at the target times the volume of the ball
    k, target, level = 50, 3.0, 1e-9
    volume = k / 2 * np.log(np.pi * level) - np.sum(np.log(np.arange(1, k // 2 + 1)))
    expected = -volume + k / 2 * np.log(2 * np.pi) + target / 2
    assert float(inductive_bias(k + 3, 3, target, level)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("target", "level"),
    [(1e5, (1e5**0.5 + 30) ** 2), (1e8, 1e8), (1e8, 9.9e7), (1e8, 1.003e8), (1e6, 9.9e5), (1e6, 1.06e6), (1e4, 9e3)],
)
def test_bias_far_from_the_origin(target, level):
    """One and three open directions, in closed form by normal probabilities at 300 digits."""
    with mp.workdps(300):
        m, r = mp.sqrt(mp.mpf(target)), mp.sqrt(mp.mpf(level))
        beyond = mp.ncdf(m - r) + mp.ncdf(-r - m)
        for k, more in ((1, 0), (3, (mp.npdf(r - m) - mp.npdf(r + m)) / m)):
            inside = mp.ncdf(r - m) - mp.ncdf(-r - m) - more
            expected = float(-mp.log1p(-beyond - more) if beyond < 0.5 else -mp.log(inside))
            assert float(inductive_bias(k + 3, 3, target, level)) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(("k", "level"), [(10**6, 7e5), (10**6, 9.7e5), (301, 1e-9), (2, 1e-280), (40, 1e-9)])
def test_bias_of_many_directions(k, level):
    """The series of the incomplete gamma function at 60 digits."""
    with mp.workdps(60):
        a, x = mp.mpf(k) / 2, mp.mpf(level) / 2
        term = total = mp.mpf(1)
        for i in range(1, 10**5):
            term *= x / (a + i)
            total += term
            if term < 1e-25 * total:
                break
        expected = float(mp.loggamma(a + 1) + x - a * mp.log(x) - mp.log(total))
    assert float(inductive_bias(k + 1, 1, 0.0, level)) == pytest.approx(expected, rel=1e-13)


def test_the_bias_grows_and_its_fit():
    levels = np.geomspace(1e-8, 1e-6, 5)
    for left in (1, 4, 9):
        fit = bias_scaling(levels, inductive_bias(left + 3, 3, 1.0, levels))
        assert fit.dimensions == pytest.approx(left, rel=1e-5)
        assert fit.residual < 1e-5
    assert np.all(np.diff(inductive_bias(np.arange(9, 30), 8, 2.0, 4.0)) > 0)
    assert np.all(np.diff(inductive_bias(12, 8, np.linspace(0, 9, 20), 4.0)) > 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: loss_difference_information(np.full((3, 2), 0.2)), "every table must sum to 1"),
        (lambda: loss_difference_information(np.full((2, 3), 1 / 6)), "joint.shape"),
        (lambda: loss_difference_information([[-0.5, 0.5], [0.5, 0.5], [0, 0]]), r"joint\[0, 0\]"),
        (lambda: gaussian_cumulant(1.0, 0.0, -1.0), "variance = -1"),
        (lambda: gaussian_cumulant(1.0, 0.0, 1.0, "hinge"), "loss = 'hinge'"),
        (lambda: log_sobolev_bound(1.0, 0.0, -1.0), "variance = -1"),
        (lambda: pac_bayes_linear(np.eye(2), np.ones(2), 0.0, 1, 1, 1), "lam = 0"),
        (lambda: pac_bayes_linear(np.eye(2), np.ones(2), 1.0, 1, 1, 1, 1.0), "delta = 1"),
        (lambda: pac_bayes_linear(np.eye(2), np.ones(3), 1.0, 1, 1, 1), "y.shape"),
        (lambda: inductive_bias(5, 5, 1.0, 1.0), "n = 5"),
        (lambda: inductive_bias(5, 2, 1.0, 0.0), "level = 0"),
        (lambda: inductive_bias(5.5, 2, 1.0, 1.0), "d = 5.5"),
        (lambda: inductive_bias(5, 2, 1e9, 1.0), "target = "),
        (lambda: bias_scaling([1.0, 1.0], [1.0, 2.0]), "at least two different levels"),
        (lambda: bias_scaling([1.0, 2.0], [1.0]), "bias.shape"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
