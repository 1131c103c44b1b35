"""Where the formulas of denoisers and samplers end: no variance, scales far apart, large scales, much noise."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from solvable.solvers import (
    denoiser,
    denoising_chain,
    em_prior,
    guidance_law,
    mixture_denoiser,
    mixture_flow,
    mode_interpolation,
    posterior,
    reverse_ode,
    reverse_sde_marginal,
    single_subspace_loss,
    subspace_denoiser,
    subspace_recovery,
)


def on_subspace(seed, d, rank):
    """Projector of a subspace in general position: a covariance whose other eigenvalues are rounding."""
    U = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0][:, :rank]
    return U @ U.T


@given(st.integers(0, 200), st.integers(2, 6), st.floats(-24, -4), st.floats(-3, 3))
def test_a_point_off_a_subspace_loses_all_of_its_distance_however_small_the_noise(seed, d, log_noise, log_size):
    rng = np.random.default_rng(seed)
    P, size, noise2 = on_subspace(seed, d, d // 2), 10.0**log_size, 10.0**log_noise
    x = rng.standard_normal(d)
    exact = size / (size + noise2) * P @ x
    np.testing.assert_allclose(denoiser(x, 0.0, size * P, noise2), exact, atol=1e-12)
    found = mixture_denoiser(x, [1.0], [np.zeros(d)], [size * P], noise2)
    np.testing.assert_allclose(found.estimate, exact, atol=1e-12)
    chain = denoising_chain(size * P, np.sqrt(noise2))
    np.testing.assert_allclose(chain.transition, size / (size + noise2) * P, atol=1e-12)
    # a measurement of everything pulls along the subspace only
    y = P @ x + np.sqrt(noise2) * rng.standard_normal(d)
    told = posterior(y, np.eye(d), np.zeros(d), size * P, noise2)
    np.testing.assert_allclose(told.mean, size / (size + noise2) * P @ y, atol=1e-10)


@given(st.integers(0, 200), st.integers(2, 6))
def test_no_path_starts_where_a_direction_has_no_variance(seed, d):
    with pytest.raises(ValueError, match="a direction has no variance"):
        reverse_ode(np.ones(d), 0.0, on_subspace(seed, d, d - 1), [0.5], start=0.0)


@given(st.floats(-30, 0), st.floats(-30, 0))
def test_small_eigenvalues_that_are_known_are_kept(log_value, log_noise):
    small, noise2 = 10.0**log_value, 10.0**log_noise
    found = denoiser([1.0, 1.0], 0.0, np.diag([1.0, small]), noise2)
    np.testing.assert_allclose(found, [1 / (1 + noise2), small / (small + noise2)], rtol=1e-13)


def guided_mean(scale, ratio):
    with mp.workdps(30):
        value = mp.hyp2f1((1 - mp.mpf(scale)) / 2, mp.mpf(1) / 2, mp.mpf(3) / 2, 1 - mp.mpf(ratio))
        return mp.mpf(scale) * mp.mpf(ratio) ** ((1 - mp.mpf(scale)) / 2) * value


@pytest.mark.parametrize("scale", [0.25, 1.0, 7.5, 100.0, 1000.0])
@pytest.mark.parametrize("ratio", [1e-6, 0.3, 1 + 1e-9, 4.0, 1e4, 1e12])
def test_guided_means_at_any_scale(scale, ratio):
    """A fixed rule of 64 nodes lost all digits from scales of 300 on."""
    exact = guided_mean(scale, ratio)
    if max(exact, (1 / mp.mpf(ratio)) ** (scale - 1)) > 1e290:
        with pytest.raises(ValueError, match="beyond the range"):
            guidance_law(scale, 1.0, 1.0, 0.0, ratio)
        return
    assert abs(float(guidance_law(scale, 1.0, 1.0, 0.0, ratio).mean) / exact - 1) < 1e-11


@given(st.floats(1e5, 1e12), st.floats(1.01, 1e12))
def test_huge_scales_have_a_limit(scale, ratio):
    """By Laplace's method at the end of the integral, to first order in 1/scale."""
    found = float(guidance_law(scale, 1.0, 1.0, 0.0, ratio).mean)
    np.testing.assert_allclose(found, ratio / (ratio - 1), rtol=1e3 / scale)


@given(st.floats(0.0, 2000.0), st.floats(0.0, 300.0))
def test_stochastic_guidance_towards_a_narrower_law_never_overflows(scale, log):
    found = guidance_law(scale, 1.0, 1.0, 0.0, np.exp(log), "sde")
    with mp.workdps(80):
        g, l = mp.mpf(scale), mp.mpf(float(np.log(np.exp(log))))
        gain, spread = (a if l == 0 else mp.expm1(-a * l) / mp.expm1(-l) for a in (g, 2 * g - 1))
        spread = mp.mpf(1) if l == 0 else l / -mp.expm1(-l) if g == 0.5 else spread / (2 * g - 1)
    np.testing.assert_allclose(float(found.mean), float(gain), rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(float(found.variance), float(spread), rtol=1e-11)


def test_an_infinite_variance_is_refused():
    with pytest.raises(ValueError, match="beyond the range"):
        reverse_sde_marginal(0.0, 1e-125, 0.0, -2.0)


@pytest.mark.parametrize("modes", [[0.0, 2.05, 4.1], [0.0, 2.05, 4.1, 6.15, 8.2]])
def test_modes_that_a_neighbour_closes_are_refused(modes):
    with pytest.raises(ValueError, match="two of them merge"):
        mode_interpolation(modes, 1.0, 1.0)


@pytest.mark.parametrize(("dtype", "count"), [(np.float32, 10), (np.float32, 3), (np.float16, 3)])
def test_weights_may_come_in_any_precision(dtype, count):
    weights = np.full(count, 1 / count, dtype)
    found = subspace_denoiser(np.ones(3), [np.eye(3)[:, :1]] * count, weights, 1.0, 1.0)
    np.testing.assert_allclose(found.responsibilities, 1 / count, rtol=1e-12)
    assert mixture_denoiser([0.0], weights, np.zeros((count, 1)), np.ones((count, 1, 1)), 1.0).estimate == 0


def measured_error(rng, n, d, N, g, trials):
    squares = []
    for _ in range(trials):
        U = np.linalg.qr(rng.standard_normal((n, d)))[0]
        X = rng.standard_normal((N, d)) @ U.T + g * rng.standard_normal((N, n))
        right = np.linalg.svd(X, full_matrices=False)[2][:d]
        right = np.linalg.qr(np.vstack([right, rng.standard_normal((d - len(right), n))]).T)[0].T
        squares.append(2 * d - 2 * np.sum((right @ U) ** 2))
    return np.sqrt(np.mean(squares))


@pytest.mark.parametrize(
    ("n", "d", "N", "g"),
    [(48, 4, 8, 0.2), (48, 4, 8, 0.5), (48, 4, 100, 0.5), (48, 4, 100, 1.0), (48, 4, 400, 3.0), (48, 4, 2, 0.5)],
)
def test_subspaces_in_noise(n, d, N, g):
    """Seed 0: a standard error of 1 % (g = 0.2: 1.7 %), and 5.5 % is what the two limits miss where neither holds."""
    found = float(subspace_recovery(n, d, N, g).error)
    assert found == pytest.approx(measured_error(np.random.default_rng(0), n, d, N, g, 100), rel=0.09)


@given(st.integers(2, 60), st.integers(1, 60), st.integers(0, 200))
def test_noise_that_hides_everything_leaves_a_random_subspace(n, d, N):
    d = min(d, n)
    found = float(subspace_recovery(n, d, N, 1e6).error)
    np.testing.assert_allclose(found, np.sqrt(2 * d * (1 - d / n)), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: single_subspace_loss(np.ones((2, 2)), [[1.0], [0.0]], np.ones(2), np.ones(3)), "broadcast together"),
        (lambda: mixture_flow(4, 0.1, 0.7, schedule=np.array(1.0)), "schedule"),
        (lambda: em_prior(np.ones((3, 2)), np.ones((4, 2, 2)), 1.0), r"\(3, 2, d\)"),
    ],
)
def test_bad_shapes_are_told_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
def test_a_mixture_far_from_the_origin_is_the_one_at_the_origin(offset):
    """Whole numbers, so that the offset itself rounds nothing away; points of several blocks, the last one short."""
    rng = np.random.default_rng(1)
    x, means = rng.integers(-6, 7, (3001, 3)).astype(float), rng.integers(-3, 4, (11, 3)).astype(float)
    S = np.array([np.cov(rng.standard_normal((3, 8))) for _ in range(11)])
    near = mixture_denoiser(x, np.full(11, 1 / 11), means, S, 0.25)
    far = mixture_denoiser(x + offset, np.full(11, 1 / 11), means + offset, S, 0.25)
    np.testing.assert_allclose(far.responsibilities, near.responsibilities, rtol=1e-12 + 1e-15 * offset, atol=1e-300)
    np.testing.assert_allclose(far.estimate - offset, near.estimate, atol=1e-13 + 1e-15 * offset)
    alone = [mixture_denoiser(point, np.full(11, 1 / 11), means, S, 0.25).estimate for point in x[::500]]
    np.testing.assert_allclose(near.estimate[::500], alone, rtol=1e-12, atol=1e-13)


@given(st.integers(0, 500), st.floats(-3, 8))
def test_shares_of_two_far_components_to_all_their_digits(seed, log_apart):
    """Against 40 digits; allowed is what a rounding of the points does to the squares of two whitened distances."""
    rng = np.random.default_rng(seed)
    apart, s2 = 10.0**log_apart, float(rng.uniform(0.1, 3.0))
    x = float(rng.standard_normal() * min(1.0, 1 / apart))
    found = mixture_denoiser([x], [0.3, 0.7], [[apart], [-apart]], np.zeros((2, 1, 1)), s2)
    with mp.workdps(40):
        odds = mp.mpf(7) / 3 * mp.exp(-2 * mp.mpf(x) * mp.mpf(apart) / mp.mpf(s2))
        share = 1 / (1 + odds)
    np.testing.assert_allclose(found.responsibilities[0], float(share), rtol=1e-13 + 1e-15 * apart**2 / s2)


@given(st.integers(2, 50), st.floats(0.01, 3.0), st.floats(0.1, 2.0), st.floats(0.1, 1.0), st.sampled_from([None, 500]))
def test_the_moments_of_a_flow_fit_together(n, decay, std, time, dimension):
    """The squared length of the mean is told by its error and its overlap, and the cosine by these."""
    found = mixture_flow(n, decay, std, 1.3, times=time, dimension=dimension)
    length2 = found.mse + 2 * found.overlap - 1.3
    np.testing.assert_allclose(found.cosine2, found.overlap**2 / 1.3 / length2, rtol=1e-9)


def test_likelihoods_of_priors_are_those_of_scipy():
    rng = np.random.default_rng(3)
    A, y = rng.standard_normal((6, 2, 3)), rng.standard_normal((6, 2))
    found = em_prior(y, A, 0.7, steps=4, on_failure="ignore")
    exact = [multivariate_normal(B @ found.mean, B @ found.covariance @ B.T + 0.49 * np.eye(2)).logpdf(v)
             for B, v in zip(A, y, strict=True)]  # fmt: skip
    np.testing.assert_allclose(found.log_likelihood[-1], np.mean(exact), rtol=1e-12)


@pytest.mark.parametrize(("kind", "noise"), [("vp", 1.0), ("sub-vp", 1.0), ("ve", 50.0**2 - 0.01**2)])
def test_reversals_start_at_the_noise_of_their_process(kind, noise):
    plain = reverse_sde_marginal(2.0, 4.0, 0.5, 0.2, kind)
    told = reverse_sde_marginal(2.0, 4.0, 0.5, 0.2, kind, start_variance=noise)
    np.testing.assert_allclose(plain.variance, told.variance, rtol=1e-12)
    assert (
        abs(reverse_sde_marginal(2.0, 4.0, 0.5, 0.2, kind, start_variance=3 * noise).variance / plain.variance - 1)
        > 1e-9
    )


@pytest.mark.parametrize("scale", [1e-3, 7.0, 1e5])
def test_mass_between_modes_in_any_unit(scale):
    plain = mode_interpolation([-4.0, 4.5], 1.0, 2.0)
    other = mode_interpolation([-4.0 * scale, 4.5 * scale], scale, 2.0 / scale**2)
    np.testing.assert_allclose([other.mass, other.true_mass], [plain.mass, plain.true_mass], rtol=1e-10)
