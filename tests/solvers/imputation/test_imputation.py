"""Zero imputation: every mask enumerated, limits, low rank, Gaussian-equivalent risk against simulation, bad input."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    averaged_sgd_bound,
    imputation_bias,
    imputation_optimum,
    imputed_ridge_risk,
    imputed_risk,
    low_rank_imputation_bias,
    ridge_risk,
    ridge_risk_general,
)
from solvable.solvers.spectrum import Spectrum


def problem(seed, d, rank=None):
    rng = np.random.default_rng(seed)
    F = rng.standard_normal((d, rank or d + 2))
    return F @ F.T / F.shape[1], rng.standard_normal(d)


def enumerated(theta, sigma, beta, rho):
    """E (beta x - theta (P x))^2 over Gaussian x and all masks P: a quadratic form for each mask."""
    total = 0.0
    for mask in itertools.product((0, 1), repeat=len(beta)):
        P = np.array(mask)
        gap = beta - P * theta
        total += rho ** P.sum() * (1 - rho) ** (len(P) - P.sum()) * (gap @ sigma @ gap)
    return total


@pytest.mark.parametrize("rho", [0.15, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("d", "rank"), [(6, None), (7, 2)])
def test_risk_and_optimum_against_all_masks(rho, d, rank):
    sigma, beta = problem(d, d, rank)
    theta = np.random.default_rng(9).standard_normal(d)
    exact = enumerated(theta, sigma, beta, rho)
    assert float(imputed_risk(theta, sigma, beta, rho, 0.3)) == pytest.approx(exact + 0.3, rel=1e-12)
    best = imputation_optimum(sigma, beta, rho)
    bias = float(imputation_bias(sigma, beta, rho))
    assert enumerated(best, sigma, beta, rho) == pytest.approx(bias, rel=1e-10, abs=1e-12)
    rng = np.random.default_rng(1)
    for size in (1e-3, 1.0):  # nothing near or far is better
        other = best + size * rng.standard_normal(d)
        assert enumerated(other, sigma, beta, rho) >= bias - 1e-12


def test_optimum_is_ridge_on_complete_inputs():
    """Unit diagonal: (1/rho)(Sigma + lam I)^{-1} Sigma beta, and B is the ridge objective's value."""
    sigma, beta = problem(3, 8)
    scale = np.sqrt(np.diag(sigma))
    sigma = sigma / np.outer(scale, scale)
    for rho in (0.2, 0.7):
        lam = (1 - rho) / rho
        w = np.linalg.solve(sigma + lam * np.eye(8), sigma @ beta)
        np.testing.assert_allclose(imputation_optimum(sigma, beta, rho), w / rho, rtol=1e-11)
        value = (w - beta) @ sigma @ (w - beta) + lam * w @ w
        assert float(imputation_bias(sigma, beta, rho)) == pytest.approx(value, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), d=st.integers(1, 9), scale=st.sampled_from([1e-40, 1.0, 1e40]))
def test_bias_properties(seed, d, scale):
    sigma, beta = problem(seed, d)
    rho = np.array([1e-12, 0.1, 0.5, 0.9, 1 - 1e-12, 1.0])
    bias = imputation_bias(sigma, beta, rho)
    power = beta @ sigma @ beta
    assert np.all(np.diff(bias) <= 1e-12 * power)  # more seen, less lost
    assert bias[-1] == 0.0
    assert bias[0] == pytest.approx(power, rel=1e-9)
    # near rho = 1 the price is lambda beta^T D beta: relative accuracy, though 1e-12 of the power
    assert bias[-2] == pytest.approx((1 - rho[-2]) / rho[-2] * np.diag(sigma) @ beta**2, rel=1e-6)
    largest = np.diag(sigma).max()
    lam = (1 - rho) / rho * largest
    w = [np.linalg.solve(sigma + x * np.eye(d), sigma @ beta) if x > 0 else beta for x in lam]
    ridge = [(v - beta) @ sigma @ (v - beta) + x * v @ v for v, x in zip(w, lam, strict=True)]
    assert np.all(bias <= np.array(ridge) * (1 + 1e-9) + 1e-12 * power)
    # units of single inputs do not matter
    units = np.exp(np.random.default_rng(seed).uniform(-1, 1, d)) * np.sqrt(scale)
    np.testing.assert_allclose(
        imputation_bias(sigma * np.outer(units, units), beta / units, rho), bias, rtol=1e-6, atol=1e-10 * power
    )


def hadamard(d):
    H = np.ones((1, 1))
    while len(H) < d:
        H = np.block([[H, H], [H, -H]])
    return H / np.sqrt(d)


@pytest.mark.parametrize(("d", "rank"), [(16, 3), (64, 5), (32, 32)])
def test_low_rank_form(d, rank):
    U = hadamard(d)[:, :rank]
    sigma = d / rank * U @ U.T
    np.testing.assert_allclose(np.diag(sigma), 1, rtol=1e-12)
    beta = np.random.default_rng(0).standard_normal(d)
    power = beta @ sigma @ beta
    rho = np.array([0.2, 0.5, 0.9])
    form = low_rank_imputation_bias(d, rank, rho, power)
    np.testing.assert_allclose(imputation_bias(sigma, beta, rho), form, rtol=1e-10)
    assert np.all(form <= (1 - rho) / rho * rank / d * power)


def test_ridge_equivalent_is_the_misspecified_gaussian_model():
    sigma, beta = problem(5, 12)
    rho, noise = 0.6, 0.2
    moment = rho**2 * sigma + rho * (1 - rho) * np.diag(np.diag(sigma))
    s, U = np.linalg.eigh(moment)
    expected = ridge_risk_general(
        Spectrum(s), [10, 40], [3.0, 1.0], rho * U.T @ sigma @ beta, beta @ sigma @ beta + noise
    )
    found = imputed_ridge_risk(sigma, beta, rho, [10, 40], [3.0, 1.0], noise)
    np.testing.assert_allclose(found.test, expected.test, rtol=1e-10)
    complete = imputed_ridge_risk(sigma, beta, 1.0, 40, 1.0, noise)
    plain = ridge_risk_general(
        Spectrum(np.linalg.eigvalsh(sigma)), 40, 1.0,
        np.linalg.eigh(sigma)[1].T @ sigma @ beta, beta @ sigma @ beta + noise,
    )  # fmt: skip
    np.testing.assert_allclose(complete.test, plain.test, rtol=1e-9)


def test_ridge_equivalent_against_simulation():
    """Seed 0, 200 designs, d = 60, n = 150: 2 % for the lack of universality, and 4 errors."""
    rng = np.random.default_rng(0)
    d, n, rho, lam, noise = 60, 150, 0.5, 0.05, 0.2
    sigma = 0.7 ** np.abs(np.subtract.outer(np.arange(d), np.arange(d)))
    beta = rng.standard_normal(d) / np.sqrt(d)
    root = np.linalg.cholesky(sigma)
    moment = rho**2 * sigma + rho * (1 - rho) * np.eye(d)
    V, psi = beta @ sigma @ beta + noise, rho * sigma @ beta
    found = []
    for _ in range(200):
        X = rng.standard_normal((n, d)) @ root.T
        y = X @ beta + np.sqrt(noise) * rng.standard_normal(n)
        Z = X * (rng.random((n, d)) < rho)
        theta = np.linalg.solve(Z.T @ Z + n * lam * np.eye(d), Z.T @ y)
        found.append(V - 2 * theta @ psi + theta @ moment @ theta)
    theory = float(imputed_ridge_risk(sigma, beta, rho, n, n * lam, noise).test)
    mean, error = np.mean(found), np.std(found) / 200**0.5
    assert abs(mean - theory) < 0.02 * theory + 4 * error
    assert abs(mean - 1.05 * theory) > 0.02 * theory


def test_bound_holds_for_simulated_averaged_sgd():
    sigma, beta = problem(2, 15, 3)
    rng = np.random.default_rng(3)
    n, rho, noise = 500, 0.7, 0.1
    root = np.linalg.cholesky(sigma + 1e-12 * np.eye(15))
    step = 1 / (3 * np.trace(sigma) * np.sqrt(n))
    errors = []
    for _ in range(20):
        theta, mean = np.zeros(15), np.zeros(15)
        for _ in range(n):
            x = root @ rng.standard_normal(15)
            y = x @ beta + np.sqrt(noise) * rng.standard_normal()
            z = x * (rng.random(15) < rho)
            theta = theta - step * (theta @ z - y) * z
            mean += theta / n
        errors.append(float(imputed_risk(mean, sigma, beta, rho)))
    assert np.mean(errors) < float(averaged_sgd_bound(sigma, beta, rho, n, noise))
    assert np.mean(errors) > float(imputation_bias(sigma, beta, rho))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: imputation_bias(np.eye(2), [1.0, 1.0], 0.0), r"\(0, 1\]"),
        (lambda: imputation_bias(np.eye(2), [1.0, 1.0], 1.1), r"\(0, 1\]"),
        (lambda: imputation_bias(np.eye(2), [1.0], 0.5), "target.shape"),
        (lambda: imputation_bias(np.ones((2, 3)), [1.0, 1.0], 0.5), "covariance.shape"),
        (lambda: imputation_bias([[1.0, 0.5], [0.0, 1.0]], [1.0, 1.0], 0.5), "symmetric"),
        (lambda: imputation_bias(-np.eye(2), [1.0, 1.0], 0.5), "positive semi-definite"),
        (lambda: imputed_risk([1.0], np.eye(2), [1.0, 1.0], 0.5), "weights.shape"),
        (lambda: low_rank_imputation_bias(4, 5, 0.5), "rank"),
        (lambda: averaged_sgd_bound(np.eye(2), [1.0, 1.0], 0.5, 0), "n = 0"),
        (lambda: averaged_sgd_bound(np.eye(2), [1.0, 1.0], 2.0, 10), "observed"),
        (lambda: imputed_ridge_risk(np.eye(2), [1.0, 1.0], 0.5, 10, 1.0, -0.1), "noise_variance"),
        (lambda: imputation_bias(np.eye(2), [1.0, np.nan], 0.5), "target"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_inputs_without_variance_do_not_matter():
    sigma = np.diag([1.0, 0.0])
    assert float(imputation_bias(sigma, [1.0, 5.0], 0.5)) == pytest.approx(0.5)
    np.testing.assert_allclose(imputation_optimum(sigma, [1.0, 5.0], 0.5), [1.0, 0.0], atol=1e-15)


def test_bound_term_by_term():
    """One input: theta* = beta, trace s, bias (1 - rho) s beta^2."""
    s, beta, rho, n, noise = 2.0, 0.7, 0.6, 49, 0.3
    expected = (3 * s * beta**2 + noise + s * beta**2) / 7 + (1 - rho) * s * beta**2
    assert float(averaged_sgd_bound([[s]], [beta], rho, n, noise)) == pytest.approx(expected, rel=1e-13)
    assert float(averaged_sgd_bound([[s]], [beta], rho, n, noise, kurtosis=1.0)) == pytest.approx(
        expected - 2 * s * beta**2 / 7, rel=1e-13
    )


@pytest.mark.parametrize("scale", [1.0, 1e-20, 1e20])
def test_everything_observed_in_a_subspace_is_ridge_there(scale):
    """Rank 2 of 6 (seed 5), nothing missing, any unit: directions without variance must not enter, rounding or not."""
    rng = np.random.default_rng(5)
    F, w = rng.standard_normal((6, 2)), rng.standard_normal(6)
    covariance = F @ F.T
    s, U = np.linalg.eigh(covariance)
    expected = ridge_risk(Spectrum.from_parameters(s[-2:], (U.T @ w)[-2:]), [1.5, 20.0], [[0.0], [0.7]], 0.2)
    ridge = scale * np.array([[0.0], [0.7]])
    found = imputed_ridge_risk(scale * covariance, w / np.sqrt(scale), 1.0, [1.5, 20.0], ridge, 0.2)
    np.testing.assert_allclose(found.test, expected.test, rtol=1e-10)


def test_rounding_does_not_make_a_covariance_asymmetric():
    sigma = np.diag([1.0, 2.0, 3.0])
    sigma[0, 1] = 1e-16
    np.testing.assert_allclose(
        imputation_bias(sigma, np.ones(3), 0.5), imputation_bias(np.diag([1.0, 2, 3]), np.ones(3), 0.5)
    )
