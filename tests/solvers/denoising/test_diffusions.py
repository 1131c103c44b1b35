"""Denoisers, diffusions, inverse problems, noisy rows, guidance: other routes, limits, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import multivariate_normal

from solvable.solvers import (
    contractive_reconstruction,
    denoiser,
    denoising_chain,
    diffusion_marginals,
    em_prior,
    error_propagation,
    guidance_law,
    guided_sampling,
    heterogeneous_mle,
    latent_recovery,
    mixture_denoiser,
    mixture_information,
    mode_interpolation,
    posterior,
    reverse_ode,
    reverse_sde_marginal,
    sample_worth,
    worth_exponent,
)


def covariance(rng, d):
    A = rng.standard_normal((d, d + 2))
    return A @ A.T / d


def test_one_component_is_the_gaussian_denoiser():
    rng = np.random.default_rng(0)
    S, m, x = covariance(rng, 3), rng.standard_normal(3), rng.standard_normal((300, 3))
    found = mixture_denoiser(x, [1.0], [m], [S], 0.3)
    np.testing.assert_allclose(found.estimate, denoiser(x, m, S, 0.3), rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(found.responsibilities, 1)
    np.testing.assert_array_equal(contractive_reconstruction(x, m, S, 0.3), denoiser(x, m, S, 0.3))


@pytest.mark.parametrize("d", [1, 3, 4, 9])
def test_responsibilities_are_those_of_scipy(d):
    rng = np.random.default_rng(d)
    weights, means = rng.dirichlet(np.ones(3)), rng.standard_normal((3, d))
    S, x = np.array([covariance(rng, d) for _ in range(3)]), rng.standard_normal((2, 150, d))
    found = mixture_denoiser(x, weights, means, S, 0.5)
    logs = np.stack([np.log(p) + multivariate_normal(m, C + 0.5 * np.eye(d)).logpdf(x)
                     for p, m, C in zip(weights, means, S, strict=True)], axis=-1)  # fmt: skip
    shares = np.exp(logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True))
    np.testing.assert_allclose(found.responsibilities, shares, rtol=1e-10, atol=1e-13)
    parts = [denoiser(x, m, C, 0.5) for m, C in zip(means, S, strict=True)]
    np.testing.assert_allclose(found.estimate, np.einsum("abk,kabd->abd", shares, parts), rtol=1e-9, atol=1e-11)


def test_far_points_have_responsibilities():
    found = mixture_denoiser([[1e6], [-1e6]], [0.5, 0.5], [[1.0], [-1.0]], np.zeros((2, 1, 1)), 1e-3)
    np.testing.assert_array_equal(found.responsibilities, [[1, 0], [0, 1]])
    empty = mixture_denoiser([0.0], [0.0, 1.0], [[0.0], [9.0]], np.ones((2, 1, 1)), 1.0)
    np.testing.assert_array_equal(empty.responsibilities, [0, 1])


def test_noise_limits_of_the_denoiser():
    S, x = np.diag([2.0, 0.0]), np.array([3.0, 3.0])
    np.testing.assert_allclose(denoiser(x, 1.0, S, 1e-300), [3, 1])
    np.testing.assert_allclose(denoiser(x, 1.0, S, 1e300), [1, 1])


def test_the_measured_scores():
    """A mixture at x = 0.4: the score read off the denoiser approaches that of the density as the noise squared."""
    rng = np.random.default_rng(0)
    law = ([0.4, 0.6], rng.standard_normal((2, 1)), [[[0.3]], [[0.2]]])
    read = [(mixture_denoiser([0.4], *law, s).estimate[0] - 0.4) / s for s in (1e-2, 1e-3, 1e-4)]
    gaps = np.diff(read)
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.05)


def test_the_chain_keeps_the_data():
    rng = np.random.default_rng(1)
    S = covariance(rng, 4)
    found = denoising_chain(S, 0.7)
    np.testing.assert_allclose(found.transition @ S @ found.transition.T + found.injected, S, atol=1e-13)
    np.testing.assert_allclose(found.stationary, S, atol=1e-13)
    top = np.linalg.eigvalsh(S)[-1]
    assert found.slow_mode == pytest.approx(top / (top + 0.49), rel=1e-13)
    assert denoising_chain(np.diag([1.0, 0.0]), 1e-8).slow_mode == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("kind", ["vp", "sub-vp", "ve"])
def test_paths_keep_the_law(kind):
    """Points of the law at one time are points of the law at another; and paths go back to where they came from."""
    rng = np.random.default_rng(2)
    S, m, x = covariance(rng, 3), rng.standard_normal(3), rng.standard_normal((4, 3))
    there = reverse_ode(x, m, S, [0.3, 0.9], kind, 0.1)
    assert there.shape == (2, 4, 3)
    np.testing.assert_allclose(reverse_ode(there[1], m, S, 0.1, kind, 0.9), x, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(reverse_ode(x, m, S, 0.1, kind, 0.1), x, rtol=1e-12)
    marginal = diffusion_marginals(kind, [0.1, 0.9])
    law = [a * a * S + v * np.eye(3) for a, v in zip(marginal.alpha, marginal.variance, strict=True)]
    off = x - marginal.alpha[0] * m, there[1] - marginal.alpha[1] * m
    before, after = (np.sum(z * np.linalg.solve(C, z.T).T, axis=1) for z, C in zip(off, law, strict=True))
    np.testing.assert_allclose(before, after, rtol=1e-10)


def test_marginals_at_the_ends():
    for kind in ("vp", "sub-vp", "ve"):
        start = diffusion_marginals(kind, 0.0)
        assert start.alpha == 1
        assert start.variance == 0
    np.testing.assert_allclose(diffusion_marginals("ve", 1.0).variance, 50**2 - 0.01**2, rtol=1e-14)
    np.testing.assert_allclose(diffusion_marginals("vp", 1e-12).variance, 1e-13, rtol=1e-9)
    np.testing.assert_allclose(diffusion_marginals("sub-vp", 0.5).variance, 0.848123, atol=5e-7)


@pytest.mark.parametrize("kind", ["vp", "sub-vp", "ve"])
def test_the_exact_score_keeps_the_law(kind):
    marginal = diffusion_marginals(kind, [0.0, 0.2, 0.7])
    law = marginal.alpha**2 * 2.0 + marginal.variance
    found = reverse_sde_marginal(1.5, 2.0, [0.0, 0.2], 0.0, kind, 0.7, 1.5 * marginal.alpha[2], law[2])
    np.testing.assert_allclose(found.mean, 1.5 * marginal.alpha[:2], rtol=1e-12)
    np.testing.assert_allclose(found.variance, law[:2], rtol=1e-12)
    still = reverse_sde_marginal(1.5, 2.0, 0.7, 0.3, kind, 0.7, 4.0, 5.0)
    np.testing.assert_allclose([still.mean, still.variance], [4, 5], rtol=1e-14)


def test_a_long_reversal_forgets_its_start():
    found = reverse_sde_marginal(1.0, 2.0, 0.0, [-0.25, 0.0, 0.1, 0.5], start_mean=3.0, beta_max=200.0)
    np.testing.assert_allclose(found.variance, 2 / (1 + 2 * np.array([-0.25, 0, 0.1, 0.5])), rtol=1e-6)
    np.testing.assert_allclose(found.mean, 1, atol=1e-6)


def test_a_posterior_by_conditioning_the_joint_law():
    rng = np.random.default_rng(3)
    for l, d in ((2, 4), (4, 2), (3, 3)):
        A, S, m, y = rng.standard_normal((l, d)), covariance(rng, d), rng.standard_normal(d), rng.standard_normal(l)
        found, M = posterior(y, A, m, S, 0.2), A @ S @ A.T + 0.2 * np.eye(l)
        np.testing.assert_allclose(found.mean, m + S @ A.T @ np.linalg.solve(M, y - A @ m), rtol=1e-10)
        np.testing.assert_allclose(found.covariance, S - S @ A.T @ np.linalg.solve(M, A @ S), atol=1e-12)


def test_a_fixed_direction_keeps_its_small_variance():
    found = posterior([1.0], [[2.0, 0.0]], [0.0, 0.0], np.diag([1.0, 2.0]), 1e-20)
    np.testing.assert_allclose(found.covariance, np.diag([2.5e-21, 2.0]), rtol=1e-13)


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(-5, 5))
def test_guidance_overshoots_what_the_data_allow(s, noise, y):
    found = guided_sampling(s, noise, y)
    assert abs(found.mean) >= abs(y) * s / (s + noise) * (1 - 1e-12)
    assert 0 < found.variance <= s * (1 + 1e-12)
    prior = guided_sampling(s, noise, y, 0.0)
    assert prior.mean == 0
    assert prior.variance == s


def test_the_measured_guidance():
    found = guided_sampling([1.0, 0.5], [0.25, 0.5], 1.0)
    np.testing.assert_allclose(found.mean, [0.98168, 0.63212], atol=5e-6)
    np.testing.assert_allclose(found.variance, [0.12496, 0.21617], atol=5e-6)
    r = np.array([0.1, 1.0, 4.0, 50.0])
    repaired = guided_sampling(r, 1.0, 1.0, np.log1p(r) / r)
    np.testing.assert_allclose(repaired.mean, r / (1 + r), rtol=1e-13)
    factor = (1 + r) * (1 - (1 + r) ** -2.0) / (2 * np.log1p(r))
    np.testing.assert_allclose(repaired.variance / (r / (1 + r)), factor, rtol=1e-12)
    assert np.all(factor > 1)


def test_latent_recovery():
    rng = np.random.default_rng(4)
    for rows in (4, 2):
        A, S = np.linalg.qr(rng.standard_normal((8, rows)))[0].T, rng.standard_normal((8, 3))
        truth, start = rng.standard_normal((2, 3))
        found = latent_recovery(A, S, start, A @ S @ truth)
        assert found.exact == (rows == 4)
        assert found.lost_directions.shape == (max(3 - rows, 0), 3)
        lost = found.lost_directions.T @ found.lost_directions @ (start - truth)
        np.testing.assert_allclose(found.estimate - truth, lost, atol=1e-12)


def test_the_gluing_residual_is_the_gradient():
    rng = np.random.default_rng(5)
    A, S = np.linalg.qr(rng.standard_normal((8, 4)))[0].T, np.linalg.qr(rng.standard_normal((8, 3)))[0]
    z, y = rng.standard_normal(3), rng.standard_normal(4)
    glued = A.T @ y + S @ z - A.T @ A @ S @ z
    np.testing.assert_allclose(S.T @ glued - z, -S.T @ A.T @ (A @ S @ z - y), atol=1e-14)


@pytest.mark.parametrize(("mean", "std"), [(1.0, 0.3), (1.0, 1.0), (1.0, 10.0), (0.1, 1.0), (8.0, 1.0), (9.5, 1.0)])
def test_information_by_adaptive_quadrature(mean, std):
    def square(x):
        return ((x * np.tanh(x * mean / std**2) - mean) / std**2) ** 2 * np.exp(-((x - mean) ** 2) / (2 * std**2))

    value = quad(square, mean - 12 * std, mean + 12 * std, points=[0, mean], limit=200, epsabs=0, epsrel=1e-11)[0]
    np.testing.assert_allclose(mixture_information(mean, std), value / np.sqrt(2 * np.pi) / std, rtol=1e-9)


def test_information_limits():
    np.testing.assert_allclose(mixture_information(1.0, [1e-3, 1e3]), [1e6, 2e-12], rtol=1e-5)
    assert mixture_information(0.0, 1.0) == 0
    np.testing.assert_allclose(mixture_information([1.0, 1e150, 1e-150], [1e-150, 1.0, 1.0]), [1e300, 1, 2e-300])
    np.testing.assert_allclose(sample_worth(1.0, 1e-150, 1e-149), 100)
    np.testing.assert_allclose(mixture_information(-2.0, 1.0), mixture_information(2.0, 1.0), rtol=1e-15)
    noise = np.array([64.0, 128.0])
    slope = np.diff(np.log2(sample_worth(1.0, noise, 0.5)))
    np.testing.assert_allclose(slope, worth_exponent(2), atol=2e-3)


def test_the_likeliest_mean_is_where_em_ends():
    rng = np.random.default_rng(6)
    stds = np.r_[np.full(20, 0.5), np.full(80, 2.0)]
    x = rng.choice([-1.0, 1.0], (5, 100)) + stds * rng.standard_normal((5, 100))
    found, m = heterogeneous_mle(x, stds), np.ones(5)
    for _ in range(2000):
        m = np.sum(x * np.tanh(x * m[:, None] / stds**2) / stds**2, axis=1) / np.sum(1 / stds**2)
    np.testing.assert_allclose(found.value, m, rtol=1e-9)
    assert found.solution.converged
    assert found.solution.residual.max() < 1e-12


def test_rows_closer_than_their_noise_have_no_mean():
    found = heterogeneous_mle([0.5, -0.5, 0.2], 1.0)
    assert found.value == 0
    assert found.variance == np.inf
    assert heterogeneous_mle([0.0, 0.0], 1.0).value == 0


@pytest.mark.parametrize("ratio", [1e-3, 0.3, 1.0, 4.0, 1e4])
@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 2.5, 9.0])
def test_guidance_as_a_hypergeometric_function(scale, ratio):
    share = scale * ratio ** ((1 - scale) / 2) * hyp2f1(0.5, (1 - scale) / 2, 1.5, 1 - ratio)
    np.testing.assert_allclose(guidance_law(scale, 1.0, 1.0, 0.0, ratio).mean, share, rtol=1e-9)


def test_guidance_at_both_ends():
    for sampler in ("ode", "sde"):
        found = guidance_law([0.0, 1.0], 3.0, 0.5, 1.0, 2.0, sampler)
        np.testing.assert_allclose(found.mean, [1, 3], rtol=1e-12)
        np.testing.assert_allclose(found.variance, [2, 0.5], rtol=1e-12)
        equal = guidance_law(4.0, 3.0, 2.0, 1.0, 2.0, sampler)
        np.testing.assert_allclose([equal.mean, equal.variance], [9, 2], rtol=1e-12)


def test_modes_join_as_the_score_is_smoothed():
    steepest = 16 - 1  # of modes eight apart with unit variance
    masses = [mode_interpolation([-4.0, 4.0], 1.0, L).mass for L in (1.0, 2.0, 5.0, 10.0)]
    assert np.all(np.diff(masses) < 0)
    sharp = mode_interpolation([-4.0, 4.0], 1.0, steepest + 0.1)
    assert sharp.mass == sharp.true_mass == 0
    assert not sharp.half_widths.any()
    found = mode_interpolation([7.0, -1.0, 3.0], 0.5, 8.0)
    assert found.mass > found.true_mass > 0
    np.testing.assert_allclose(found.middles, [1, 5], atol=1e-6)


def test_a_prior_from_whole_observations():
    """With the identity as operator the maximum is closed: the part of the sample covariance above the noise."""
    rng = np.random.default_rng(7)
    y = rng.standard_normal((40, 2)) * [2.0, 0.5]
    found = em_prior(y, np.eye(2), 1.0, 3000, on_failure="ignore")  # a vanishing variance falls as 1/step, and along it
    values, vectors = np.linalg.eigh(np.cov(y.T, bias=True))  # the mean as 1/step too, from a start that is near
    np.testing.assert_allclose(found.mean, y.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.covariance, vectors * np.maximum(values - 1, 0) @ vectors.T, atol=2e-3)
    assert np.all(np.diff(found.log_likelihood) > -1e-12)


def test_a_prior_from_projections():
    """2,000 rows measured twice each in three dimensions, seed 8; standard errors of the covariance are 0.1."""
    rng = np.random.default_rng(8)
    S, m = np.diag([3.0, 1.0, 0.5]), np.array([1.0, 2.0, 3.0])
    A, x = rng.standard_normal((2000, 2, 3)), rng.standard_normal((2000, 3)) @ np.sqrt(S) + m
    y = np.einsum("nij,nj->ni", A, x) + 0.3 * rng.standard_normal((2000, 2))
    found = em_prior(y, A, 0.3)
    assert found.solution.converged
    np.testing.assert_allclose(found.covariance, S, atol=0.4)
    np.testing.assert_allclose(found.mean, m, atol=0.25)


def test_errors_along_a_chain():
    rng = np.random.default_rng(9)
    g, e = rng.standard_normal((2, 3, 5))
    found = error_propagation(g, e)
    np.testing.assert_allclose(found.contributions.sum(axis=-1), found.total[..., -1], rtol=1e-12)
    same = error_propagation(np.full(6, 1.5), np.ones(6))
    np.testing.assert_allclose(same.total, (1.5 ** np.arange(1, 7) - 1) / 0.5, rtol=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: denoiser([1.0], 0.0, [[1.0]], 0.0), "noise_variance"),
        (lambda: denoiser([1.0], 0.0, [[1.0]], -1.0), "noise_variance"),
        (lambda: denoiser([1.0, 2.0], 0.0, [[1.0]], 1.0), "x.shape"),
        (lambda: denoiser([1.0], [0.0, 1.0], [[1.0]], 1.0), "mean.shape"),
        (lambda: contractive_reconstruction([1.0], 0.0, [[1.0]], 0.0), "noise_variance"),
        (lambda: mixture_denoiser([1.0], [0.5, 0.6], [[0.0], [1.0]], np.ones((2, 1, 1)), 1.0), "sum to 1"),
        (lambda: mixture_denoiser([1.0], [1.5, -0.5], [[0.0], [1.0]], np.ones((2, 1, 1)), 1.0), "negative"),
        (lambda: mixture_denoiser([1.0], [1.0], [[0.0], [1.0]], np.ones((2, 1, 1)), 1.0), "weights.shape"),
        (lambda: mixture_denoiser([1.0], [1.0], [[0.0, 1.0]], np.ones((1, 1, 1)), 1.0), "means.shape"),
        (lambda: mixture_denoiser([1.0], [1.0], [[0.0]], np.ones((2, 1, 1)), 1.0), "covariances.shape"),
        (lambda: mixture_denoiser([1.0], [1.0], [[0.0]], [[[-1.0]]], 1.0), "positive semi-definite"),
        (lambda: mixture_denoiser([1.0, 1.0], [1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]], 1.0), "symmetric"),
        (lambda: mixture_denoiser([1e200], [1.0], [[0.0]], [[[1.0]]], 1.0), "overflow"),
        (lambda: denoising_chain([[1.0]], 0.0), "noise"),
        (lambda: diffusion_marginals("cosine", 0.5), "vp, sub-vp, ve"),
        (lambda: diffusion_marginals("vp", 1.5), r"\[0, 1\]"),
        (lambda: diffusion_marginals("vp", 0.5, 2.0, 1.0), "beta_max"),
        (lambda: reverse_ode([1.0, 1.0], 0.0, np.diag([1.0, 0.0]), 0.5, start=0.0), "no variance"),
        (lambda: reverse_sde_marginal(0.0, 0.0, 0.5), "variance"),
        (lambda: reverse_sde_marginal(0.0, 1.0, 0.5, start=0.2), "later times"),
        (lambda: posterior([1.0], [[1.0]], [0.0], [[1.0]], 0.0), "noise_variance"),
        (lambda: posterior([1.0, 2.0], [[1.0]], [0.0], [[1.0]], 1.0), "measurement.shape"),
        (lambda: guided_sampling(1.0, 0.0, 1.0), "noise_variance"),
        (lambda: guided_sampling(1.0, 1.0, 1.0, -1.0), "guidance"),
        (lambda: latent_recovery([[1.0, 1.0]], [[1.0], [0.0]], [0.0], [1.0]), "orthonormal"),
        (lambda: latent_recovery([[1.0, 0.0]], [[1.0], [0.0]], [0.0, 1.0], [1.0]), "start.shape"),
        (lambda: mixture_information(1.0, 0.0), "std"),
        (lambda: sample_worth(0.0, 1.0, 1.0), "same place"),
        (lambda: worth_exponent(1.5), "whole"),
        (lambda: heterogeneous_mle([1.0], -1.0), "stds"),
        (lambda: heterogeneous_mle(np.empty((2, 0)), 1.0), "rows along the last axis"),
        (lambda: mode_interpolation([0.0, 1.0], 1.0, 2.0), "apart"),
        (lambda: mode_interpolation([0.0], 1.0, 2.0), "two modes"),
        (lambda: mode_interpolation([0.0, 9.0], 1.0, 0.5), "smoothness"),
        (lambda: guidance_law(-1.0, 0.0, 1.0, 0.0, 1.0), "negative"),
        (lambda: guidance_law(1.0, 0.0, 1.0, 0.0, 1.0, "euler"), "ode, sde"),
        (lambda: em_prior([[1.0]], [[1.0]], 0.0), "noise"),
        (lambda: em_prior([[1.0]], [[1.0], [1.0]], 1.0), "operators.shape"),
        (lambda: em_prior([[1.0]], [[0.0]], 1.0), "measure something"),
        (lambda: error_propagation(1.0, 1.0), "steps along"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
