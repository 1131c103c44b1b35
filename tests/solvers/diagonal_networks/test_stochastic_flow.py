"""One-pass SGD against its recursion and simulation, the chains against NumPy, the hard edge against samples."""

import numpy as np
import pytest

from solvable.solvers import (
    Spectrum,
    descent_path,
    one_pass_sgd_risk,
    optimiser_chain,
    smallest_eigenvalue_cdf,
    smallest_eigenvalue_quantile,
)


@pytest.mark.parametrize("sigma2", [0.3, 0.0])
@pytest.mark.parametrize(("eta", "batch"), [(0.1, 1), (0.3, 10), (0.9, 50), (1.2, 4)])
def test_isotropic_recursion(eta, batch, sigma2):
    d = 12
    steps = np.array([0, 1, 2, 17, 200])
    risk = one_pass_sgd_risk(Spectrum.isotropic(d, 1.5), eta, batch, steps, sigma2)
    error, expected = 1.5, []
    for t in range(201):
        if t in steps:
            expected.append(error)
        error = (1 - 2 * eta + eta**2 * (1 + (d + 1) / batch)) * error + eta**2 * d * sigma2 / batch
    np.testing.assert_allclose(risk.excess, expected, rtol=1e-11)
    np.testing.assert_allclose(risk.test, risk.excess + sigma2, rtol=1e-15)
    stable = eta < 2 / (1 + (d + 1) / batch)
    assert (risk.growth < 1) == stable == np.isfinite(risk.stationary)


def test_one_pass_against_simulation():
    """Seed 2, 6,000 chains, any covariance: 4 errors; a 5 % wrong error shows."""
    rng = np.random.default_rng(2)
    s, w = np.array([2.0, 0.5, 0.1]), np.array([0.5, -1.0, 2.0])
    spectrum = Spectrum.from_parameters(s, w)
    theta = np.zeros((6000, 3))
    for _ in range(12):
        X = rng.standard_normal((6000, 2, 3)) * np.sqrt(s)
        y = X @ w + 0.4 * rng.standard_normal((6000, 2))
        theta -= 0.2 / 2 * np.einsum("cbp,cb->cp", X, np.einsum("cbp,cp->cb", X, theta) - y)
    errors = (theta - w) ** 2 @ s
    expected, error = float(one_pass_sgd_risk(spectrum, 0.2, 2, [12], 0.16).excess[0]), errors.std() / 6000**0.5
    assert abs(errors.mean() - expected) < 4 * error
    assert abs(errors.mean() - 1.05 * expected) > 4 * error


def test_multiplicities_are_equal_modes():
    joined = one_pass_sgd_risk(Spectrum([2.0, 0.5], [1.0, 0.6], [1, 3]), 0.2, 3, [0, 4, 90], 0.1)
    apart = one_pass_sgd_risk(Spectrum([2.0, 0.5, 0.5, 0.5], [1.0, 0.1, 0.2, 0.3]), 0.2, 3, [0, 4, 90], 0.1)
    np.testing.assert_allclose(joined.test, apart.test, rtol=1e-12)
    assert joined.stationary == pytest.approx(apart.stationary, rel=1e-12)
    assert joined.test[2] == pytest.approx(joined.stationary + 0.1, rel=1e-6)


def test_unstable_means_grow_to_infinity_without_nan():
    risk = one_pass_sgd_risk(Spectrum.isotropic(20), 1.0, 1, [1, 10**6], 0.1)
    assert risk.test[1] == risk.stationary == np.inf


def reference_chain(X, y, steps, adam, eta, w):
    """Full batches in plain NumPy."""
    out, mean, square = [], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, max(steps) + 1):
        g = X.T @ (X @ w - y) / len(y)
        if adam:
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g * g
            g = mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
        w = w - eta * g
        if t in steps:
            out.append(w)
    return np.array(out)


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_full_batch_chain_against_numpy(optimiser):
    rng = np.random.default_rng(3)
    X, y, start = rng.standard_normal((8, 5)), rng.standard_normal(8), rng.standard_normal(5)
    expected = reference_chain(X, y, [1, 2, 60], optimiser == "adam", 0.05, start)
    found = optimiser_chain(X, y, [1, 2, 60], optimiser, step_size=0.05, start=start)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    if optimiser == "sgd":
        path = descent_path(X, y, [1, 2, 60], step_size=0.05, start=start)
        np.testing.assert_allclose(found, path.coefficients, rtol=1e-10, atol=1e-13)


def test_small_batches_are_unbiased_and_seeded():
    """The mean step over 4,000 seeds is the full-batch step, to 5 errors."""
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((6, 3)), rng.standard_normal(6)
    steps = np.array([optimiser_chain(X, y, [1], step_size=0.1, batch_size=2, rng=i)[0] for i in range(4000)])
    full = 0.1 * X.T @ y / 6
    assert np.all(np.abs(steps.mean(axis=0) - full) < 5 * steps.std(axis=0) / 4000**0.5)
    again = optimiser_chain(X, y, [1], step_size=0.1, batch_size=2, rng=7)[0]
    np.testing.assert_array_equal(again, steps[7])


def test_divergence_shows():
    with np.errstate(all="ignore"):
        assert not np.all(np.isfinite(optimiser_chain(np.eye(2), [1.0, 1.0], [5000], step_size=10.0)))


def test_smallest_eigenvalue_law():
    """Seed 5, 4,000 matrices at n = 60: finite size costs below 0.005, sampling 4 * 0.008."""
    p = np.linspace(0, 0.999, 50)
    np.testing.assert_allclose(smallest_eigenvalue_cdf(smallest_eigenvalue_quantile(p)), p, atol=1e-14)
    assert smallest_eigenvalue_quantile(1e-20) == pytest.approx(1e-40, rel=1e-12)
    rng = np.random.default_rng(5)
    found = np.sort([60 * np.linalg.eigvalsh((lambda X: X.T @ X)(rng.standard_normal((60, 60))))[0]
                     for _ in range(1000)])  # fmt: skip
    gap = np.abs(smallest_eigenvalue_cdf(np.maximum(found, 0)) - (np.arange(1000) + 0.5) / 1000)
    assert gap.max() < 1.95 / 1000**0.5 + 0.005  # Kolmogorov at 0.1 %


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: one_pass_sgd_risk(Spectrum.isotropic(3), -0.1, 1, [1]), "step_size"),
        (lambda: one_pass_sgd_risk(Spectrum.isotropic(3), 0.1, 0, [1]), "batch_size"),
        (lambda: one_pass_sgd_risk(Spectrum.isotropic(3), 0.1, 1, [2, 1]), "increase"),
        (lambda: one_pass_sgd_risk(Spectrum([1.0]), 0.1, 1, [1]), "target_power"),
        (lambda: optimiser_chain(np.eye(2), [1.0, 1.0], [1], "lion", step_size=0.1), "choose one"),
        (lambda: optimiser_chain(np.eye(2), [1.0, 1.0], [1], step_size=0.1, batch_size=3), "from 1 to n = 2"),
        (lambda: optimiser_chain(np.eye(2), [1.0], [1], step_size=0.1), "y.shape"),
        (lambda: optimiser_chain(np.eye(2), [1.0, 1.0], [1], step_size=0.1, start=[0.0]), "start.shape"),
        (lambda: optimiser_chain(np.eye(2), [1.0, 1.0], [1], step_size=0.1, betas=(0.9, 1.0)), "betas"),
        (lambda: smallest_eigenvalue_cdf(-1.0), "negative"),
        (lambda: smallest_eigenvalue_quantile(1.0), r"\[0, 1\)"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_irreducible_power_is_label_noise_that_stays():
    plain = one_pass_sgd_risk(Spectrum([1.0, 0.3], [0.5, 0.5]), 0.2, 2, [0, 9], 0.5)
    moved = one_pass_sgd_risk(Spectrum([1.0, 0.3], [0.5, 0.5], irreducible_power=0.3), 0.2, 2, [0, 9], 0.2)
    np.testing.assert_allclose(moved.test, plain.test, rtol=1e-13)
    assert moved.stationary == pytest.approx(plain.stationary + 0.3, rel=1e-12)


def test_every_generator_draws_batches_of_its_own():
    """200 generators, 40 steps with one of 8 samples each: two alike would share their seed."""
    X = np.diag(np.arange(1.0, 9))
    seen = {tuple(optimiser_chain(X, np.ones(8), [40], step_size=1e-3, batch_size=1, rng=i)[0]) for i in range(200)}
    assert len(seen) == 200
