"""Model collapse: zero generations are ridge to rounding; closed forms, limits, simulated chains, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    Spectrum,
    Status,
    collapse_exponents,
    interpolating_generators,
    iterated_least_squares_excess,
    iterated_regression_risk,
    ridge_risk,
    synthetic_noise_gain,
)

S = np.linspace(0.2, 3, 100)
SPREAD = Spectrum(S, S / 100, None)


@pytest.mark.parametrize(("n", "ridge"), [(60, 6.0), (150, 30.0), (60, 0.0), (300, 0.0), (100, 1e-9)])
def test_zero_generations_are_clean_regression_to_rounding(n, ridge):
    for rows in (40, 250):
        risk = iterated_regression_risk(SPREAD, n, ridge, 0, rows, 0.3, 0.7)
        clean = ridge_risk(SPREAD, n, ridge, 0.3)
        assert float(risk.test) == pytest.approx(float(clean.test), rel=4e-15)
        assert float(risk.excess) == pytest.approx(float(clean.excess), rel=1e-14)
        assert float(risk.generator_error) == 0.0
        assert float(risk.generator_power) == pytest.approx(SPREAD.target_variance, rel=1e-14)


@settings(max_examples=30, deadline=None)
@given(
    n=st.sampled_from([30, 80, 200, 1000]),
    lam=st.floats(1e-4, 3),
    rows=st.sampled_from([110, 150, 900]),
    noise=st.floats(0, 2),
)
def test_least_squares_generators_are_the_linear_law(n, lam, rows, noise):
    found = iterated_regression_risk(SPREAD, n, n * lam, [0, 1, 7], rows, 0.2, noise).excess
    gain = synthetic_noise_gain(SPREAD, n, n * lam, rows)
    np.testing.assert_allclose(found, found[0] + np.array([0, 1, 7]) * noise * gain, rtol=1e-10)


def test_ridgeless_everything_is_the_exact_form_in_the_limit():
    """d/(n - d) against d/(n - d - 1): at a million dimensions the 1 is gone."""
    big = Spectrum.isotropic(1e6)
    found = iterated_regression_risk(big, 3e6, 0.0, [0, 3], 2e6, 0.4, 0.5).excess
    np.testing.assert_allclose(found, iterated_least_squares_excess(3e6, 1e6, 2e6, [0, 3], 0.4, 0.5), rtol=3e-6)
    np.testing.assert_allclose(
        synthetic_noise_gain(SPREAD, 300, 0.0, 180, finite_size=True) * 79,
        synthetic_noise_gain(SPREAD, 300, 0.0, 180) * 80,
    )


@pytest.mark.parametrize("same_data", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_isotropic_interpolation(same_data, noise):
    """The recursion's generators against the exact finite-size means, at a size where they agree."""
    d, rows, t = 1e6, 0.6e6, [0, 1, 2, 5]
    found = iterated_regression_risk(Spectrum.isotropic(d, 1.4), 2e6, 0.0, t, rows, 0.0, noise, same_data=same_data)
    exact = interpolating_generators(rows, d, t, noise, 1.4, same_data=same_data)
    np.testing.assert_allclose(found.generator_power, exact.power, rtol=5e-6)
    np.testing.assert_allclose(found.generator_error, exact.error, rtol=5e-6, atol=1e-9)


def chain(rng, s, w0, rows, generations, noise, ridge, same_data):
    w = w0
    X = rng.standard_normal((rows, s.size)) * np.sqrt(s)
    for t in range(generations):
        if t and not same_data:
            X = rng.standard_normal((rows, s.size)) * np.sqrt(s)
        y = X @ w + np.sqrt(noise) * rng.standard_normal((rows, w.shape[1]))
        w = np.linalg.pinv(X) @ y if ridge == 0 else np.linalg.solve(X.T @ X + ridge * np.eye(s.size), X.T @ y)
    return w


@pytest.mark.parametrize(
    ("rows", "generations", "ridge", "same_data"), [(50, 3, 0.0, False), (50, 3, 0.0, True), (80, 2, 20.0, False)]
)
def test_recursion_against_simulated_chains(rows, generations, ridge, same_data):
    """Seed 0, 150 chains of 8 targets at d = 100: finite size 1 %, and 4 errors; a 5 % wrong error shows."""
    rng = np.random.default_rng(0)
    n, lam, sigma2, label = 150, 0.2, 0.2, 0.2
    found = []
    for _ in range(150):
        w0 = rng.choice([-0.1, 0.1], (100, 8))
        w = chain(rng, S, w0, rows, generations, label, ridge, same_data)
        X = rng.standard_normal((n, 100)) * np.sqrt(S)
        y = X @ w + np.sqrt(sigma2) * rng.standard_normal((n, 8))
        last = np.linalg.solve(X.T @ X + n * lam * np.eye(100), X.T @ y)
        found.append([np.mean(S @ (last - w0) ** 2), np.mean(S @ (w - w0) ** 2)])
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / 150**0.5
    risk = iterated_regression_risk(
        SPREAD, n, n * lam, generations, rows, sigma2, label, generator_ridge=ridge, same_data=same_data
    )
    theory = np.array([risk.excess, risk.generator_error])
    assert np.all(np.abs(mean - theory) < 0.01 * theory + 4 * error)
    assert np.any(np.abs(mean - 1.05 * theory) > 0.01 * theory + 4 * error)


def test_multiplicities_are_equal_modes_and_scale_is_free():
    joined = Spectrum([2.0, 0.5], [1.0, 0.6], [20, 60])
    apart = Spectrum(1e50 * np.repeat([2.0, 0.5], [20, 60]), np.repeat([0.05, 0.01], [20, 60]))
    for rows in (50, 120):
        one = iterated_regression_risk(joined, 90, 9.0, [0, 1, 4], rows, 0.1, 0.2).excess
        two = iterated_regression_risk(apart, 90, 9.0 * 1e50, [0, 1, 4], rows, 0.1, 0.2).excess
        np.testing.assert_allclose(one, two, rtol=1e-11)


def test_exponents_against_the_recursion():
    """Local slopes between n = 1e4 and 1e5 of a power law with an infinite tail: drift below 4 %."""
    beta, r = 1.5, 0.5
    spectrum = Spectrum.power_law(beta, 1 + 2 * r * beta, 10**5, tail=True)
    n = np.array([1e4, 1e5])
    for ell in (0.3, 0.6, 1.0):
        risk = ridge_risk(spectrum, n, n ** (1 - ell), 1.0)
        slopes = [np.diff(np.log(x))[0] / np.log(10) for x in (risk.bias, risk.variance)]
        expected = collapse_exponents(beta, r, ell)
        np.testing.assert_allclose(slopes, [float(expected.bias), float(expected.variance)], rtol=0.04)
    best = collapse_exponents(beta, r, 0.6, 0.25)
    assert float(best.clean) == pytest.approx(beta / (1 + 2 * r * beta))
    # balance at the adaptive exponent
    there = collapse_exponents(beta, r, best.adaptive, 0.25)
    assert float(there.bias) == pytest.approx(float(there.synthetic))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: iterated_regression_risk(SPREAD, [150, 200], 0.0, [1, 2, 3], 200), "broadcast"),
        (lambda: iterated_regression_risk(SPREAD, 150, 0.0, 1.5, 200), "whole number of generations"),
        (lambda: iterated_regression_risk(SPREAD, 150, 0.0, -1, 200), "generations"),
        (lambda: iterated_regression_risk(SPREAD, 150, -1.0, 1, 200), "ridge"),
        (lambda: iterated_regression_risk(SPREAD, 150, 1.0, 1, 0), "generator_samples"),
        (lambda: iterated_regression_risk(SPREAD, 150, 1.0, 1, 50, generator_ridge=1.0, same_data=True), "ridgeless"),
        (lambda: iterated_regression_risk(Spectrum([1.0], [1.0], irreducible_power=0.1), 5, 1.0, 1, 9), "linear"),
        (lambda: synthetic_noise_gain(SPREAD, 150, 1.0, 100), "exceed 100"),
        (lambda: synthetic_noise_gain(SPREAD, 150, 1.0, 101, finite_size=True), "exceed 101"),
        (lambda: iterated_least_squares_excess(101, 100, 200, 1), "n > d"),
        (lambda: iterated_least_squares_excess(201, 100, 101, 1), "above d"),
        (lambda: interpolating_generators(119, 120, 1), "below d - 1 = 119"),
        (lambda: collapse_exponents(1.0, 0.5, 0.3), "capacity"),
        (lambda: collapse_exponents(1.5, 0.5, 1.5), "below capacity"),
        (lambda: collapse_exponents(1.5, 0.5, 0.5, 1.0), "noise_growth"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_zero_generations_need_no_generator():
    assert float(iterated_least_squares_excess(300, 100, 50, 0, 0.5)) == pytest.approx(0.5 * 100 / 199)
    assert float(iterated_regression_risk(SPREAD, 150, 1.0, 0, 100).generator_error) == 0.0


def test_arguments_broadcast_like_single_calls(monkeypatch):
    from solvable.solvers.model_collapse import iterated_regression

    n, ridge = np.array([30.0, 150.0])[:, None, None], np.array([0.5, 20.0])[:, None]
    generations, noise = np.array([0, 1, 4]), 0.3
    grids = []
    for chunk in (1 << 17, 250):  # 250: two cells at once
        monkeypatch.setattr(iterated_regression, "_CHUNK", chunk)
        grids.append(iterated_regression_risk(SPREAD, n, ridge, generations, 60, 0.1, noise))
    np.testing.assert_allclose(grids[0].excess, grids[1].excess, rtol=1e-14)  # sums in another order
    assert grids[0].excess.shape == grids[0].solution.status.shape == (2, 2, 3)
    for i, j, k in np.ndindex(2, 2, 3):
        one = iterated_regression_risk(SPREAD, n[i, 0, 0], ridge[j, 0], generations[k], 60, 0.1, noise)
        for name in ("excess", "test", "generator_error", "generator_power"):
            assert getattr(grids[0], name)[i, j, k] == pytest.approx(float(getattr(one, name)), rel=1e-13)


def test_poles_are_infinite_with_their_status():
    from solvable.solvers import Status

    final = iterated_regression_risk(SPREAD, [100, 150], 0.0, 1, 200, 0.1, 0.1)
    np.testing.assert_array_equal(np.isinf(final.excess), [True, False])
    np.testing.assert_array_equal(final.solution.status, [Status.DIVERGES, Status.CONVERGED])
    made = iterated_regression_risk(SPREAD, 150, 10.0, [0, 1, 3], 100, 0.1, 0.1)
    np.testing.assert_array_equal(np.isinf(made.excess), [False, True, True])
    np.testing.assert_array_equal(made.solution.status == Status.DIVERGES, [False, True, True])
    # without noise interpolation of a linear truth is exact, pole or not
    clean = iterated_regression_risk(SPREAD, 150, 10.0, [0, 1, 3], 100)
    np.testing.assert_allclose(clean.excess, clean.excess[0], rtol=1e-12)
    assert not np.any(np.isnan(np.r_[final.test, made.test, made.generator_error, made.generator_power]))


def test_a_pole_needs_noise():
    """A ridgeless final fit at n = rank: exact without noise, infinite with it, and the status says which."""
    clean, noisy = (iterated_regression_risk(SPREAD, 100, 0.0, 2, 250, noise) for noise in (0.0, 0.1))
    assert float(clean.excess) == pytest.approx(0.0, abs=1e-14)
    assert clean.solution.status == Status.CONVERGED
    assert float(noisy.excess) == np.inf
    assert noisy.solution.status == Status.DIVERGES
