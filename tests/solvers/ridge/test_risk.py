"""The risk of ridge regression: closed forms, properties, simulation of what has no claim, optima."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    Spectrum,
    Status,
    effective_ridge,
    learnabilities,
    optimal_ridge,
    ridge_cross_risk,
    ridge_risk,
    ridge_risk_general,
    stability_edge,
)

S = np.linspace(0.2, 3, 300) ** 2
BETA = np.random.default_rng(0).standard_normal(300) / np.sqrt(300)
SPREAD = Spectrum.from_parameters(S, BETA)
pairs = st.lists(st.tuples(st.floats(1e-4, 1e4), st.floats(0, 10)), min_size=1, max_size=8)


@settings(max_examples=80, deadline=None)
@given(
    modes=pairs,
    n=st.floats(0.2, 40),
    ridge=st.floats(1e-6, 1e6),
    noise=st.floats(0, 10),
    scale=st.sampled_from([1e-100, 1e100]),
)
def test_properties(modes, n, ridge, noise, scale):
    s, power = np.array(modes).T
    risk = ridge_risk(Spectrum(s, power), n, ridge, noise)
    np.testing.assert_allclose(risk.bias + risk.variance + noise, risk.test, rtol=1e-13)
    np.testing.assert_allclose(risk.excess, risk.test - noise, rtol=1e-9, atol=1e-12 * float(risk.test))
    assert risk.df2 <= risk.df1 * (1 + 1e-14)
    assert risk.df1 <= min(n, s.size) * (1 + 1e-12)
    assert risk.train <= risk.test
    assert risk.test >= noise
    scaled = ridge_risk(Spectrum(scale * s, power), n, scale * ridge, noise)
    shuffled = ridge_risk(Spectrum(s[::-1], power[::-1]), n, ridge, noise)
    louder = ridge_risk(Spectrum(s, scale * power), n, ridge, scale * noise)
    for field in ("test", "train", "bias", "variance", "df1", "df2"):
        expected = getattr(risk, field)
        np.testing.assert_allclose(getattr(scaled, field), expected, rtol=1e-11, err_msg=field)
        np.testing.assert_allclose(getattr(shuffled, field), expected, rtol=1e-11, err_msg=field)
        unit = 1 if field.startswith("df") else scale
        np.testing.assert_allclose(getattr(louder, field) / unit, expected, rtol=1e-11, atol=1e-200, err_msg=field)
    np.testing.assert_allclose(scaled.effective_ridge / scale, risk.effective_ridge, rtol=1e-11)
    np.testing.assert_allclose(
        ridge_cross_risk(Spectrum(s, power), n, ridge, ridge, noise).value, risk.test, rtol=1e-12, atol=1e-300
    )


@pytest.mark.parametrize("gamma", [0.5, 2.0, 4.0, 0.999, 1.001])
def test_isotropic_ridgeless_closed_form(gamma):
    n, signal, noise = 1000, 2.0, 0.3
    expected = noise * gamma / (1 - gamma) if gamma < 1 else signal * (1 - 1 / gamma) + noise / (gamma - 1)
    risk = ridge_risk(Spectrum.isotropic(gamma * n, signal), n, 0.0, noise)
    # the closed form itself loses eps/|1 - gamma|
    np.testing.assert_allclose(risk.excess, expected, rtol=1e-13 if abs(gamma - 1) > 0.1 else 1e-11)
    assert risk.train == (0.0 if gamma > 1 else pytest.approx((1 - gamma) ** 2 * float(risk.test), rel=1e-10))


def test_pole_at_n_equal_rank():
    risk = ridge_risk(SPREAD, [299, 300, 301], 0.0, [[0.5], [0.0]])
    np.testing.assert_array_equal(risk.solution.status, [Status.CONVERGED, Status.DIVERGES, Status.CONVERGED])
    assert np.isinf(risk.test[0, 1])
    assert np.isinf(risk.variance[0, 1])
    assert risk.test[1, 1] == 0  # without noise there is nothing to amplify: n = rank interpolates the truth
    assert np.all(np.isfinite(risk.test[:, ::2]))
    assert risk.train[0, 1] == 0


def test_pole_with_fractional_multiplicities():
    """Ten modes of multiplicity 0.1: the rank is 1 in one order of summation, 1 - eps in another."""
    spectrum = Spectrum(np.ones(10), np.ones(10), np.full(10, 0.1))
    risk = ridge_risk(spectrum, spectrum.rank, 0.0, 0.5)
    assert risk.solution.status == Status.DIVERGES
    assert risk.test == np.inf


def test_every_field_is_an_array():
    for noise in (0.0, [[0.1], [0.2]]):
        risk = ridge_risk(SPREAD, 5, 1.0, noise)
        for field in fields(risk):
            assert field.name == "solution" or isinstance(getattr(risk, field.name), np.ndarray), field.name
        assert isinstance(risk.excess, np.ndarray)


def test_limits_of_large_ridge_and_many_samples():
    total = SPREAD.target_variance
    np.testing.assert_allclose(ridge_risk(SPREAD, 100, [1e12, np.inf], 0.3).test, total + 0.3, rtol=1e-8)
    np.testing.assert_allclose(ridge_risk(SPREAD, 1e12, 1.0, 0.3).excess, 0, atol=1e-8)


@settings(max_examples=60, deadline=None)
@given(modes=pairs, ratio=st.sampled_from([0.1, 0.5, 0.9, 1.2, 3.0]), noise=st.floats(0.01, 10))
def test_ridgeless_is_the_limit_from_both_sides(modes, ratio, noise):
    """Change by at most C ridge with C of order 1/(smallest eigenvalue): 1e-12 of it moves nothing by 1e-8."""
    s, power = np.array(modes).T
    spectrum, step = Spectrum(s, power), 1e-12 * s.min()
    risk = ridge_risk(spectrum, ratio * s.size, [-step, 0.0, step], noise)
    for field in ("test", "train", "bias", "variance", "df1", "df2"):
        values = getattr(risk, field)
        np.testing.assert_allclose(values[[0, 2]], values[1], rtol=1e-8, atol=1e-10 * float(risk.test[1]))
    if ratio < 1:
        assert risk.train[1] == 0


def test_table_answers_the_whole_risk():
    """rtol=1e-10 and the default on large grids against the exact route, field by field, over all shapes of spectra.

    Every field is a smooth function of kappa with logarithmic slope at most 2, but n - df2 turns that into up to
    n/(n - df2) more: the slack of 30.
    """
    i = np.arange(1, 201.0)
    wide = np.r_[np.linspace(1, 199, 60), 200.0, np.linspace(201, 600, 60)], np.r_[0.0, np.geomspace(1e-12, 1e3, 120)]
    narrow = np.linspace(20, 200, 40), np.geomspace(1e-3, 1, 40)  # thousands of quadrature modes: a smaller job
    cases = {
        "power law": (Spectrum(i**-1.5, i**-2.0), *wide),
        "infinite": (Spectrum.power_law(1.2, 1.5, 100), *narrow),
        "exponential": (Spectrum(np.exp(-0.2 * i), np.exp(-0.1 * i), irreducible_power=0.2), *wide),
        "spike": (Spectrum(np.r_[1e8, np.ones(199)], i), *wide),
        "two scales": (Spectrum(np.repeat([1.0, 1e-10], 100), np.repeat([1.0, 0.0], 100)), *wide),
        "no target": (Spectrum(i**-1.5, 0 * i), *wide),
    }
    for name, (spectrum, n, ridges) in cases.items():
        table, fine, exact = (
            ridge_risk(spectrum, n[:, None], ridges, [[0.3]], rtol=rtol) for rtol in (1e-10, 5e-13, 1e-15)
        )
        np.testing.assert_array_equal(table.solution.status, exact.solution.status, err_msg=name)
        assert table.solution.residual.max() < 1e-9
        assert np.mean(table.solution.iterations == 2) > 0.95, name  # what the table cannot answer is solved
        for field in ("effective_ridge", "df1", "df2", "bias", "variance", "test", "train"):
            one, other = getattr(table, field), getattr(exact, field)
            bound = 1.001e-10 if field == "effective_ridge" else 3e-9
            finite = np.isfinite(other)
            np.testing.assert_array_equal(finite, np.isfinite(one))
            np.testing.assert_allclose(one[finite], other[finite], rtol=bound, err_msg=f"{name} {field}")
            np.testing.assert_allclose(
                getattr(fine, field)[finite], other[finite], rtol=bound * 5e-3, err_msg=f"{name} {field}"
            )


def test_broadcasts_over_noise_without_solving_again():
    risk = ridge_risk(SPREAD, np.array([50, 100])[:, None, None], np.array([0.1, 1.0, 10.0])[:, None], [0.0, 0.5])
    assert risk.test.shape == (2, 3, 2)
    assert risk.solution.value.shape == (2, 3, 1)
    one = ridge_risk(SPREAD, 100, 10.0, 0.5)
    for field in ("test", "train", "bias", "variance"):
        np.testing.assert_allclose(getattr(risk, field)[1, 2, 1], getattr(one, field), rtol=1e-13)


def test_overfitting_coefficient_is_the_derivative_of_kappa():
    """n/(n - df2) = n dkappa/dridge: a central difference of the solver, whose own error is 1e-9."""
    risk = ridge_risk(SPREAD, 150, 30.0)
    up, down = effective_ridge(SPREAD, 150, [30.003, 29.997]).value
    np.testing.assert_allclose(150 * (up - down) / 0.006, 150 / (150 - risk.df2), rtol=1e-7)


def test_misspecified_target_is_irreducible_power():
    psi = np.sqrt(S * SPREAD.target_power)
    general = ridge_risk_general(SPREAD, [100, 500], [[0.0], [3.0]], psi, SPREAD.target_variance + 0.2)
    plain = ridge_risk(SPREAD, [100, 500], [[0.0], [3.0]], 0.2)
    np.testing.assert_allclose(general.test, plain.test, rtol=1e-11)


def simulate(n, ridges, draw, count, seed=0):
    """Repeat `draw(rng, X, maps)` on fresh designs; maps[i] takes labels to the fit at ridges[i]."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        X = rng.standard_normal((n, S.size)) * np.sqrt(S)
        out.append(draw(rng, X, [np.linalg.solve(X.T @ X + r * np.eye(S.size), X.T) for r in ridges]))
    return np.array(out)


def within(samples, theory, wrong=1.05, finite=0.004):
    """4.5 standard errors plus the 1/n of n = 150..200; and a 5 % wrong constant would fail."""
    mean, error = samples.mean(0), samples.std(0, ddof=1) / np.sqrt(len(samples))
    assert np.all(np.abs(mean - theory) <= 4.5 * error + finite * np.abs(theory))
    assert np.all(np.abs(mean - wrong * theory) > 4.5 * error + finite * np.abs(theory))


def test_cross_risk_of_two_ridges_against_simulation():
    def draw(rng, X, maps):
        y = X @ BETA + np.sqrt(0.3) * rng.standard_normal(X.shape[0])
        errors = [m @ y - BETA for m in maps]
        return [S @ (errors[0] * errors[1]) + 0.3]

    samples = simulate(200, [10.0, 140.0], draw, 200)
    within(samples[:, 0], float(ridge_cross_risk(SPREAD, 200, 10.0, 140.0, 0.3).value))


def test_cross_risk_is_symmetric_and_contains_the_risk():
    value = ridge_cross_risk(SPREAD, 150, [0.0, 5.0, 20.0], [20.0, 5.0, 0.0], 0.3).value
    assert value[0] == pytest.approx(value[2], rel=1e-13)
    assert value[1] == pytest.approx(float(ridge_risk(SPREAD, 150, 5.0, 0.3).test), rel=1e-13)


def test_cross_risk_keeps_the_infinite_tail():
    """Exponent 1.05: a fifth of the risk sits in modes with g below 1e-16, which 1 - (1 - g) would drop."""
    for a in (1.05, 1.2, 2.0):
        spectrum = Spectrum.power_law(a, 1.5, 100)
        for n, ridge in ((50, 0.0), (50, 0.1), (300, 1e-3)):
            np.testing.assert_allclose(
                ridge_cross_risk(spectrum, n, ridge, ridge, 0.3).value,
                ridge_risk(spectrum, n, ridge, 0.3).test,
                rtol=1e-13,
            )


def test_cross_risk_at_poles_and_ends():
    """Infinite only where both ridges are 0 at n = rank and there is noise; arrays of one shape throughout."""
    spectrum = Spectrum([3.0, 2.0, 1.0], [0.3, 0.2, 0.1])
    cross = ridge_cross_risk(spectrum, 3, 0.0, [[0.0], [1.0], [np.inf]], [0.0, 1.0])
    assert cross.value.shape == cross.residual.shape == cross.status.shape == cross.iterations.shape == (3, 2)
    np.testing.assert_array_equal(cross.status, [[Status.CONVERGED, Status.DIVERGES], [0, 0], [0, 0]])
    assert cross.value[0, 0] == 0
    assert cross.value[0, 1] == np.inf
    # against an infinite ridge the other predictor is multiplied by the target's mean square it leaves
    np.testing.assert_allclose(ridge_cross_risk(spectrum, 2, np.inf, np.inf, 1.0).value, 1.6, rtol=1e-14)
    # negative ridges are allowed, and n > rank ridgeless is least squares
    edge = float(stability_edge(spectrum, 9).value)
    at = ridge_cross_risk(spectrum, 9, [0.9 * edge, 0.0], [0.9 * edge, 0.0], 1.0).value
    np.testing.assert_allclose(at, ridge_risk(spectrum, 9, [0.9 * edge, 0.0], 1.0).test, rtol=1e-12)
    solution = ridge_cross_risk(spectrum, 2, 1.0, 2.0)
    for array in (solution.value, solution.residual, solution.status, solution.iterations):
        assert isinstance(array, np.ndarray)


def test_nonlinear_target_against_simulation():
    """y = beta.x + (x_1^2 - s_1)/(s_1 sqrt 2): the quadratic part has power 1 and no linear predictor sees it."""

    def draw(rng, X, maps):
        y = X @ BETA + (X[:, -1] ** 2 - S[-1]) / (S[-1] * np.sqrt(2))
        w = maps[0] @ y
        return [S @ (w - BETA) ** 2 + 1.0]

    samples = simulate(200, [60.0], draw, 200, seed=1)
    theory = ridge_risk_general(SPREAD, 200, 60.0, S * BETA, float(S @ BETA**2) + 1.0).test
    within(samples[:, 0], float(theory))


def test_learnabilities_sum_to_n():
    g = learnabilities(SPREAD, [10, 150], [[0.0], [2.0]])
    assert g.shape == (2, 2, 300)
    np.testing.assert_allclose(g[0].sum(-1), [10, 150], rtol=1e-12)
    assert np.all(g[1].sum(-1) < [10, 150])


@pytest.mark.parametrize("n", [10, 300, 500, 1000])
@pytest.mark.parametrize("noise", [1e-6, 0.3, 50.0])
def test_optimal_ridge_of_an_isotropic_prior(n, noise):
    spectrum = Spectrum.from_parameters(S, np.full(300, np.sqrt(2.0 / 300)))
    found = optimal_ridge(spectrum, n, noise)
    # where the ridge is far below kappa the risk hardly feels it: eps*kappa*w/ridge = 1e-9 at worst here
    np.testing.assert_allclose(found.value, noise * 300 / 2.0, rtol=1e-8)
    risk = ridge_risk(spectrum, n, found.value, noise)
    # test = noise * kappa/lam at the optimum
    np.testing.assert_allclose(risk.test, noise * risk.effective_ridge * n / found.value, rtol=1e-8)


def test_optimal_ridge_is_a_minimum():
    noise = np.array([0.1, 0.3, 3.0])
    best = optimal_ridge(SPREAD, 100, noise).value
    assert np.all(best > 0)
    at = ridge_risk(SPREAD, 100, best * np.array([[0.99], [1.0], [1.01]]), noise).test
    assert np.all(at[1] < at[0])
    assert np.all(at[1] < at[2])


modes_of_all_sizes = st.lists(
    st.tuples(st.floats(-12, 4), st.floats(-4, 1), st.integers(1, 20)), min_size=1, max_size=8
)


@settings(max_examples=100, deadline=None)
@given(
    modes=modes_of_all_sizes,
    ratio=st.sampled_from([0.01, 0.3, 0.9, 1.0, 1.1, 3.0]),
    noise=st.sampled_from([0.0, 1e-8, 1e-3, 0.1, 10.0]),
    negative=st.booleans(),
)
def test_no_ridge_is_better_than_the_optimal_one(modes, ratio, noise, negative):
    """Against 800 ridges over 60 decades, either sign: the risk may have several minima."""
    exponents, powers, counts = np.array(modes).T
    spectrum = Spectrum(10.0**exponents, 10.0**powers, counts)
    n = ratio * spectrum.rank
    grid = np.r_[0.0, spectrum.eigenvalues.max() * np.geomspace(1e-30, 1e30, 500)]
    if negative and n != spectrum.rank:
        edge = float(stability_edge(spectrum, n).value)
        grid = np.r_[grid, edge * np.geomspace(1e-20, 0.99, 200), edge * (1 - np.geomspace(1e-6, 0.5, 100))]
    best = optimal_ridge(spectrum, n, noise, allow_negative=negative).value
    assert negative or best >= 0
    least = ridge_risk(spectrum, n, grid, noise).test.min()
    assert ridge_risk(spectrum, n, best, noise).test <= least * (1 + 1e-9)


@pytest.mark.parametrize("n", [3, 150, 301, 600])
def test_optimal_ridge_of_hard_spectra(n):
    """Isotropic priors, so the answer is noise * d/signal = noise: decay to e^-600, whose square underflows."""
    for s in (np.exp(-2.0 * np.arange(301)), np.r_[1e8, np.ones(300)], np.r_[np.ones(150), np.full(151, 1e-10)]):
        for scale in (1e-40, 1.0, 1e40):
            found = optimal_ridge(Spectrum(scale * s, s), n, 1e-3).value
            np.testing.assert_allclose(found, scale * 1e-3, rtol=1e-9)


def test_optimal_ridge_at_its_ends():
    assert optimal_ridge(SPREAD, 400, 0.0).value == 0  # least squares without noise
    assert optimal_ridge(Spectrum([1.0, 2.0], [0.0, 0.0]), 5, 1.0).value == np.inf  # nothing to learn
    spikes = Spectrum(np.r_[np.full(10, 50.0), np.ones(390)], np.r_[np.full(10, 5.0), np.zeros(390)])
    assert optimal_ridge(spikes, 100, 0.1).value == 0
    free = optimal_ridge(spikes, 100, 0.1, allow_negative=True).value
    assert free < 0
    around = ridge_risk(spikes, 100, free * np.array([0.98, 1.0, 1.02]), 0.1).test
    assert np.argmin(around) == 1


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ridge_risk(Spectrum([1.0]), 5, 1.0), "target_power"),
        (lambda: ridge_risk(SPREAD, 5, 1.0, -0.1), "noise_variance"),
        (lambda: ridge_risk(SPREAD, [5, 6], 1.0, [0.1, 0.2, 0.3]), "noise_variance.shape"),
        (lambda: optimal_ridge(SPREAD, 0, 0.1), "n = "),
        (lambda: optimal_ridge(SPREAD, [1, 2], [0.1, 0.2, 0.3]), "noise_variance.shape"),
        (lambda: ridge_risk_general(SPREAD, 5, 1.0, [1.0], 2.0), "cross_moment.shape"),
        (lambda: ridge_cross_risk(SPREAD, [1, 2], [1.0, 2.0, 3.0], 1.0), "broadcast"),
        (lambda: learnabilities(SPREAD, -1, 1.0), "n = "),
        (lambda: ridge_risk(SPREAD, 5, -1e6), "ridge = -1000000.0 .* at n = 5 it must exceed the stability edge"),
        (lambda: ridge_risk(SPREAD, 5, 1.0, [0.1, np.nan]), r"noise_variance\[1\] = nan"),
        (lambda: ridge_risk(SPREAD, 5, 1.0, np.inf), "noise_variance = inf"),
        (lambda: ridge_risk_general(SPREAD, 5, 1.0, np.zeros(300), [1.0, 2.0]), "second_moment.shape"),
        (lambda: ridge_risk_general(SPREAD, 5, 1.0, np.ones(300), 1.0), "second_moment = 1.0"),
        (lambda: ridge_cross_risk(SPREAD, 5, np.nan, 1.0), "ridge_a = nan"),
        (lambda: ridge_cross_risk(SPREAD, 5, 1.0, -1e6), "ridge_b = -1000000.0"),
        (lambda: ridge_cross_risk(SPREAD, [1, 2], 1.0, 1.0, [1.0, 2.0, 3.0]), "noise_variance.shape"),
        (lambda: ridge_cross_risk(Spectrum([1.0]), 5, 1.0, 1.0), "target_power"),
        (lambda: optimal_ridge(Spectrum([1.0]), 5, 1.0), "target_power"),
        (lambda: optimal_ridge(SPREAD, 5, -1.0), "noise_variance = -1.0"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ridge_risk(np.ones(3), 5, 1.0), r"spectrum = array\(.*it must be a Spectrum"),
        (lambda: ridge_risk_general(None, 5, 1.0, [1.0], 1.0), "spectrum = None"),
        (lambda: ridge_cross_risk("spectrum", 5, 1.0, 1.0), "spectrum = 'spectrum'"),
        (lambda: learnabilities(3, 5, 1.0), "spectrum = 3"),
        (lambda: optimal_ridge([1.0], 5, 1.0), r"spectrum = \[1\.0\]"),
        (lambda: stability_edge({}, 5), "spectrum = {}"),
        (lambda: ridge_risk(SPREAD, "5", 1.0), "n = '5'"),
        (lambda: ridge_risk(SPREAD, 5, None), "ridge = None"),
        (lambda: ridge_risk(SPREAD, 5, 1.0, 1j), "noise_variance = 1j"),
        (lambda: ridge_cross_risk(SPREAD, 5, 1.0, ["1"]), r"ridge_b = \['1'\]"),
        (lambda: optimal_ridge(SPREAD, 5, object()), "noise_variance = <object"),
        (lambda: ridge_risk_general(SPREAD, 5, 1.0, np.zeros(300), "V"), "second_moment = 'V'"),
    ],
)
def test_wrong_types_are_refused(call, match):
    with pytest.raises(TypeError, match=match) as caught:
        call()
    assert str(caught.value).endswith(".")


def test_cross_risk_counts_the_irreducible_power_and_no_noise_by_default():
    """What no mode can fit stays in the error: equal ridges give the risk."""
    spectrum = Spectrum([2.0, 1.0, 0.2], [1.0, 0.5, 0.3], [3.0, 5.0, 9.0], irreducible_power=0.4)
    for n in (4.0, 30.0):
        expected = ridge_risk(spectrum, n, 0.3, 0.0).test
        np.testing.assert_allclose(ridge_cross_risk(spectrum, n, 0.3, 0.3).value, expected, rtol=1e-13)
