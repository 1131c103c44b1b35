"""The flow to a mixture and denoisers on subspaces: limits, other routes, bad input."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvable.solvers import (
    bayes_mean_error,
    fewest_samples,
    k_subspaces,
    mixture_flow,
    pca_cosine2,
    single_subspace_loss,
    subspace_denoiser,
    subspace_recovery,
)


def orthonormal(rng, n, d):
    return np.linalg.qr(rng.standard_normal((n, d)))[0]


@given(st.integers(1, 10**6), st.floats(1e-6, 1e3), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_the_end_does_not_depend_on_the_schedule(n, decay, std, signal):
    linear = mixture_flow(n, decay, std, signal)
    other = mixture_flow(n, decay, std, signal, "trigonometric")
    for field in ("mean", "variance", "mse", "cosine2", "overlap"):
        np.testing.assert_allclose(getattr(linear, field), getattr(other, field), rtol=1e-12)
    # twice the constant of the best estimate, once n is large
    assert linear.cosine2 <= pca_cosine2(n, std, signal) * (1 + 1e-12)


def test_fields_are_consistent_with_each_other():
    found = mixture_flow([2, 9], 0.3, [[0.5], [2.0]], 1.5, times=[[[0.2]], [[0.9]]])
    n, r, s2 = np.array([2, 9]), 1.5, np.array([[0.25], [4.0]])
    mu, xi = found.mean[..., 0], found.mean[..., 1]
    np.testing.assert_allclose(found.mse, (mu - 1) ** 2 * r + mu**2 * s2 / n + xi**2 / n, rtol=1e-12)
    np.testing.assert_allclose(found.cosine2, mu**2 * r / (mu**2 * (r + s2 / n) + xi**2 / n), rtol=1e-12)
    np.testing.assert_allclose(found.overlap, mu * r, rtol=1e-13)
    # the learned reconstruction of the mean estimate is complete: skip and weights add up to k
    alpha, beta = 1 - np.array([0.2, 0.9])[:, None, None], np.array([0.2, 0.9])[:, None, None]
    k = n / (n + 0.3)
    np.testing.assert_allclose(found.weight_mean, k * (1 - beta * found.skip), rtol=1e-12)
    np.testing.assert_allclose(found.weight_noise, -k * alpha * found.skip, rtol=1e-12)


def test_limits_of_the_flow():
    start = mixture_flow(4, 0.1, 0.7, times=0.0)
    assert start.skip == 0
    assert start.variance == 1
    assert start.mse == 1
    np.testing.assert_allclose(start.cosine2, pca_cosine2(4, 0.7), rtol=1e-15)
    collapsed = mixture_flow(4, 0.1, 0.7, no_skip=True)
    assert collapsed.variance == 0
    assert collapsed.skip == 0
    # no decay: the mean estimate is whole
    np.testing.assert_allclose(mixture_flow(5, 0.0, 0.7).mean, [1, -0.7], rtol=1e-14)
    np.testing.assert_allclose(
        mixture_flow(10**9, 0.1, 0.7).mse * 10**9, 2 * bayes_mean_error(10**9, 0.7) * 10**9, rtol=1e-7
    )
    far = mixture_flow(4, 0.1, 0.7, dimension=1e14)
    np.testing.assert_allclose(far.mse, mixture_flow(4, 0.1, 0.7).mse, rtol=1e-6)


def test_the_measured_numbers():
    """Coefficients of trained autoencoders and ends of simulated flows."""
    found = mixture_flow([4, 8, 16], [0.1, 0.1, 1.0], [0.7, 0.3, 1.0], schedule=([0.5, 0.7, 0.3], [0.5, 0.3, 0.7]))
    np.testing.assert_allclose(found.skip, [0.68616, 0.06253, 1.21801], atol=5e-6)
    np.testing.assert_allclose(found.weight_mean, [0.6409, 0.9691, 0.1387], atol=5e-5)
    np.testing.assert_allclose(found.weight_noise, [-0.3347, -0.04323, -0.3439], atol=5e-5)
    path = mixture_flow(8, 0.1, 1.5, times=0.9)
    np.testing.assert_allclose([*path.mean, path.variance**0.5], [0.888889, -1.2423762, 1.3579059], atol=5e-7)
    np.testing.assert_allclose(mixture_flow(4, 0.1, 0.7, dimension=1000).mse, 0.2451, atol=5e-5)


def test_a_schedule_may_be_functions_or_numbers():
    times = np.array([0.25, 0.75])
    named = mixture_flow(4, 0.1, 0.7, times=times)
    functions = mixture_flow(4, 0.1, 0.7, schedule=(lambda t: 1 - t, lambda t: t), times=times)
    values = mixture_flow(4, 0.1, 0.7, schedule=(1 - times, times))
    for other in (functions, values):
        np.testing.assert_array_equal(named.mse, other.mse)


def test_a_subspace_denoiser_is_the_gradient_of_the_log_density():
    rng = np.random.default_rng(0)
    bases, weights, s, g = [orthonormal(rng, 4, d) for d in (1, 2, 3)], np.array([0.2, 0.3, 0.5]), 0.7, 0.4
    x = rng.standard_normal((5, 4))

    def log_density(z):
        covariances = [s * s * U @ U.T + g * g * np.eye(4) for U in bases]
        parts = [p * np.exp(-0.5 * z @ np.linalg.solve(C, z)) / np.sqrt(np.linalg.det(C))
                 for p, C in zip(weights, covariances, strict=True)]  # fmt: skip
        return np.log(sum(parts))

    found = subspace_denoiser(x, bases, weights, s, g).estimate
    h = 1e-5
    slope = np.array([[(log_density(z + h * e) - log_density(z - h * e)) / (2 * h) for e in np.eye(4)] for z in x])
    # error of the difference quotient: h^2, and eps/h
    np.testing.assert_allclose(s * found, x + g * g * slope, atol=1e-8)


@pytest.mark.parametrize("noise", [0.1, 1.0, 5.0])
def test_principal_components_minimise_the_loss(noise):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20, 5)) * [3, 2, 1, 0.5, 0.1]
    best = np.linalg.svd(X)[2][:2].T
    least = single_subspace_loss(X, best, 1.0, noise)
    assert all(single_subspace_loss(X, orthonormal(rng, 5, 2), 1.0, noise) > least for _ in range(50))


def test_the_loss_is_the_mean_over_noise():
    """400,000 noisy rows, seed 2: z = 0.4."""
    rng = np.random.default_rng(2)
    X, U, s, g = rng.standard_normal((4, 5)), orthonormal(rng, 5, 2), 0.8, 0.6
    noisy = s * X + g * rng.standard_normal((100_000, 4, 5))
    errors = np.sum((s / (s * s + g * g) * noisy @ U @ U.T - X) ** 2, axis=2).mean(axis=1)
    assert abs(errors.mean() - single_subspace_loss(X, U, s, g)) < 4 * errors.std() / np.sqrt(len(errors))


def test_missing_directions():
    found = subspace_recovery(48, [4, 4, 8, 8, 4], [2, 3, 6, 7, 4])
    np.testing.assert_allclose(found.error, [1.959, 1.401, 1.952, 1.388, 0], rtol=0.007)  # means of 50 runs
    np.testing.assert_allclose(found.bound, [2, 2**0.5, 2, 2**0.5, 0])
    # a random subspace, nothing seen: 2 d (1 - d/n)
    np.testing.assert_allclose(subspace_recovery(10, 3, 0).error ** 2, 6 * 0.7, rtol=1e-14)
    assert subspace_recovery(5, 5, 0).error == 0
    noisy = subspace_recovery(48, [4, 4, 8], [4, 5, 8], 0.05).error
    assert np.all(noisy < [1.18, 0.92, 1.40])
    assert np.all(noisy > 0.84 * np.array([1.18, 0.92, 1.40]))


def test_clustering_finds_the_best_of_all_assignments():
    rng = np.random.default_rng(3)
    X = np.vstack([rng.standard_normal((4, 1)) @ rng.standard_normal((1, 3)) for _ in range(2)])
    X += 0.3 * rng.standard_normal(X.shape)

    def loss(labels):
        left = [np.linalg.svd(X[labels == k])[1][1:] for k in (0, 1) if np.any(labels == k)]
        return sum(float(np.sum(v**2)) for v in left) / len(X)

    best = min(loss(np.array(labels)) for labels in itertools.product((0, 1), repeat=len(X)))
    found = k_subspaces(X, [1, 1], 50, 0)
    np.testing.assert_allclose(found.loss, best, rtol=1e-10)
    np.testing.assert_allclose(found.loss, loss(found.labels), rtol=1e-10)
    assert found.status == 0
    assert found.losses.shape == (50,)
    for basis in found.bases:
        np.testing.assert_allclose(basis.T @ basis, np.eye(1), atol=1e-14)


def test_clusters_with_too_few_rows_are_completed():
    found = k_subspaces([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]], [2, 3], 5, 0)
    assert [basis.shape for basis in found.bases] == [(3, 2), (3, 3)]
    assert found.loss < 1e-30


def test_two_subspaces_with_as_many_rows_as_dimensions_are_fitted_and_wrong():
    rng = np.random.default_rng(4)
    right = {3: 0, 4: 0}
    for rows in right:
        for seed in range(10):
            X = np.vstack([rng.standard_normal((rows, 3)) @ orthonormal(rng, 30, 3).T for _ in range(2)])
            found = k_subspaces(X, [3, 3], 20, seed)
            assert found.loss < 1e-20
            right[rows] += len(set(found.labels[:rows])) == 1 == len(set(found.labels[rows:]))
    assert right[3] <= 4
    assert right[4] == 10
    np.testing.assert_array_equal(fewest_samples([3, 3]), 4)
    np.testing.assert_array_equal(fewest_samples([1, 1, 1]), 1)
    np.testing.assert_array_equal(fewest_samples([1, 3]), [2, 4])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mixture_flow(1, 0.0, 1.0), "decay"),
        (lambda: mixture_flow(0, 1.0, 1.0), "positive"),
        (lambda: mixture_flow(2.5, 1.0, 1.0), "whole numbers"),
        (lambda: mixture_flow(2, 1.0, 0.0), "std"),
        (lambda: mixture_flow(2, 1.0, -1.0), "std"),
        (lambda: mixture_flow(2, 1.0, 1.0, times=1.5), r"\[0, 1\]"),
        (lambda: mixture_flow(2, 1.0, 1.0, times=-0.5), "negative"),
        (lambda: mixture_flow(2, 1.0, 1.0, schedule="cosine"), "linear, trigonometric"),
        (lambda: mixture_flow(2, 1.0, 1.0, schedule=(0.0, 0.0)), "vanish"),
        (lambda: mixture_flow(2, 1.0, 1.0, schedule=(1.0,)), "pair"),
        (lambda: mixture_flow(2, 1.0, 1.0, schedule=(0.5, 0.5), times=0.5), "has its times"),
        (lambda: bayes_mean_error(0, 1.0), "positive"),
        (lambda: pca_cosine2(2, 1.0, 0.0), "signal"),
        (lambda: subspace_denoiser([1.0, 2.0], [[[1.0], [1.0]]], [1.0], 1.0, 1.0), "orthonormal"),
        (lambda: subspace_denoiser([1.0, 2.0], [[[1.0], [0.0]]], [0.5], 1.0, 1.0), "sum to 1"),
        (lambda: subspace_denoiser([1.0, 2.0], [[[1.0], [0.0]]], [1.0], 1.0, 0.0), "noise"),
        (lambda: subspace_denoiser([1.0], [[[1.0, 0.0]]], [1.0], 1.0, 1.0), "at most 1 dimensions"),
        (lambda: subspace_denoiser([1.0], [], [1.0], 1.0, 1.0), "sequence"),
        (lambda: single_subspace_loss([[1.0]], [[1.0]], 0.0, 0.0), "vanish"),
        (lambda: subspace_recovery(3, 4, 2), "at most n = 3"),
        (lambda: k_subspaces([[1.0, 2.0]], [3], 1, 0), "at most 2"),
        (lambda: k_subspaces([[0.0, 0.0]], [1], 1, 0), "vanish"),
        (lambda: fewest_samples([1.5]), "whole"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
