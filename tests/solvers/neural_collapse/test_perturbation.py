"""Central path and linear response: finite differences, dense matrices, and the minimiser itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    central_path,
    collapse_minimizer,
    feature_response,
    optimal_classifier,
    orthogonal_frame,
    response_operator,
    response_spectrum,
)

K, N, D = 4, 6, 9
LABELS = np.repeat(np.arange(K), N)
Y = np.eye(K)[LABELS]
START = np.random.default_rng(1).standard_normal((K * N, D))


def reduced_loss(X, lw, lh):
    """Kn times the loss with the classifier minimised out, from its definition."""
    W = np.linalg.lstsq(np.vstack([X, np.sqrt(N * lw) * np.eye(D)]), np.vstack([Y, np.zeros((D, K))]), rcond=None)[0].T
    return 0.5 * np.sum((X @ W.T - Y) ** 2) + 0.5 * N * lw * np.sum(W**2) + 0.5 * lh * np.sum(X**2)


def collapsed(lw, lh):
    length = np.sqrt((1 - np.sqrt(lw * lh)) * np.sqrt(lw / lh))
    return np.repeat(orthogonal_frame(np.full(K, length), D, rng=0), N, axis=0)


@pytest.mark.parametrize("d", [3, 9, 40])
def test_optimal_classifier_against_least_squares(d):
    X = np.random.default_rng(0).standard_normal((K * N, d))
    stacked = np.vstack([X, np.sqrt(N * 0.3) * np.eye(d)]), np.vstack([Y, np.zeros((d, K))])
    expected = np.linalg.lstsq(*stacked, rcond=None)[0].T
    np.testing.assert_allclose(optimal_classifier(X, LABELS, 0.3), expected, atol=1e-13)


def test_operator_is_the_hessian_of_the_reduced_loss():
    """Central differences along random directions, far from collapse; step 1e-3, error of order 1e-6."""
    T = response_operator(START, LABELS, 0.3, 0.05)
    generator = np.random.default_rng(2)
    for _ in range(3):
        v = generator.standard_normal(START.shape)
        h = 1e-3
        second = (
            reduced_loss(START + h * v, 0.3, 0.05) - 2 * reduced_loss(START, 0.3, 0.05)
            + reduced_loss(START - h * v, 0.3, 0.05)
        ) / h**2  # fmt: skip
        assert v.ravel() @ (T @ v.ravel()) == pytest.approx(second, rel=1e-5)
    u, v = generator.standard_normal((2, START.size))
    assert u @ (T @ v) == pytest.approx(v @ (T @ u), rel=1e-12)


@pytest.mark.parametrize(("lw", "lh"), [(0.8, 0.3), (0.3, 0.05), (0.1, 2.5)])
def test_spectrum_with_multiplicities(lw, lh):
    X = collapsed(lw, lh)
    T = response_operator(X, LABELS, lw, lh) @ np.eye(X.size)
    found = response_spectrum(K, N, D, lw, lh)
    assert found.multiplicities.sum() == X.size
    assert found.block_multiplicities.sum() == N * D
    expected = np.sort(np.repeat(found.rates, found.multiplicities))
    np.testing.assert_allclose(np.linalg.eigvalsh(T), expected, atol=1e-12)
    block = np.sort(np.repeat(found.block_rates, found.block_multiplicities))
    np.testing.assert_allclose(np.linalg.eigvalsh(T[: N * D, : N * D]), block, atol=1e-12)
    cross = np.linalg.svd(T[: N * D, N * D : 2 * N * D], compute_uv=False)
    assert cross[0] == pytest.approx(float(found.cross_rate), rel=1e-12)
    assert cross[1] < 1e-12


def test_collapsed_features_are_the_minimiser_and_gains_are_their_response():
    lw, lh, beta = 0.8, 0.3, 5.0
    X = collapsed(lw, lh)
    minimiser = collapse_minimizer([N] * K, lw / K, lh / (K * N))
    np.testing.assert_allclose(X[::N] @ X[::N].T, minimiser.feature_gram, atol=1e-13)
    spectrum = response_spectrum(K, N, D, lw, lh)
    generator = np.random.default_rng(0)
    within = generator.standard_normal(X.shape)
    within -= np.repeat(np.array([within[k == LABELS].mean(axis=0) for k in range(K)]), N, axis=0)
    span = np.linalg.svd(X, full_matrices=False)[2][:K]
    inside = within @ span.T @ span
    for change, kind in ((within - inside, 1), (inside, 2)):
        found = feature_response(X, LABELS, lw, lh, beta, change)
        assert found.converged
        np.testing.assert_allclose(found.value, spectrum.gains(beta)[kind] * change, atol=1e-10)
    rotation = np.triu(generator.standard_normal((D, D)), 1)
    rotation = X @ (rotation - rotation.T)
    np.testing.assert_allclose(feature_response(X, LABELS, lw, lh, beta, rotation).value, rotation, atol=1e-10)


def test_response_is_linear_in_the_change():
    X = collapsed(0.8, 0.3)
    change = np.random.default_rng(1).standard_normal(X.shape)
    one = feature_response(X, LABELS, 0.8, 0.3, 2.0, change)
    for scale in (1e-30, 1e30):
        scaled = feature_response(X, LABELS, 0.8, 0.3, 2.0, scale * change)
        assert scaled.converged
        np.testing.assert_allclose(scaled.value / scale, one.value, atol=1e-10)
    nothing = feature_response(X, LABELS, 0.8, 0.3, 2.0, np.zeros_like(X))
    assert nothing.converged
    assert not nothing.value.any()


def test_response_against_the_nonlinear_minimiser():
    """Newton on the full problem, by the operator itself, from a change of 1e-4: errors of second order."""
    lw, lh, beta = 0.8, 0.3, 5.0
    X = collapsed(lw, lh)
    change = 1e-4 * np.random.default_rng(5).standard_normal(X.shape)
    H = X + change
    for _ in range(20):
        W = optimal_classifier(H, LABELS, lw)
        gradient = (H @ W.T - Y) @ W + lh * H + beta * (H - X - change)
        T = response_operator(H, LABELS, lw, lh) @ np.eye(X.size)
        H = H - np.linalg.solve(T + beta * np.eye(X.size), gradient.ravel()).reshape(X.shape)
    assert np.abs(gradient).max() < 1e-14
    linear = feature_response(X, LABELS, lw, lh, beta, change).value
    assert np.linalg.norm(H - X - linear) < 1e-3 * np.linalg.norm(linear)
    assert np.linalg.norm(H - X - 1.05 * linear) > 1e-2 * np.linalg.norm(linear)


def test_central_path_derivatives_and_monotone_traces():
    times = np.linspace(0, 20, 41)
    path = central_path(START, LABELS, 0.3, 0.05, times)
    assert np.all(np.diff(path.nc1) < 0)
    assert np.all(np.diff(np.exp(0.1 * times) * path.within) < 0)
    assert np.all(np.diff(np.exp(0.1 * times) * path.between) > 0)
    close = central_path(START, LABELS, 0.3, 0.05, [0.0, 0.999, 1.0, 1.001])
    for value, slope in ((close.within, close.within_slope), (close.between, close.between_slope),
                         (close.nc1, close.nc1_slope)):  # fmt: skip
        assert (value[3] - value[1]) / 0.002 == pytest.approx(slope[2], rel=1e-5)
    np.testing.assert_allclose(path.nc1[[0, 2, 10, 40]], [8.273106, 6.074678, 1.999886, 0.395212], rtol=1e-6)


def test_central_path_lowers_the_loss_to_collapse():
    path = central_path(START, LABELS, 0.3, 0.5, [0.0, 1.0, 5.0, 60.0])
    losses = [reduced_loss(X, 0.3, 0.5) for X in path.features]
    assert np.all(np.diff(losses) < 0)
    best = float(collapse_minimizer([N] * K, 0.3 / K, 0.5 / (K * N)).objective) * K * N
    assert losses[-1] == pytest.approx(best, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(lw=st.floats(0.01, 0.99), lh=st.floats(0.01, 0.99), beta=st.floats(1e-3, 1e3))
def test_gains_are_ordered(lw, lh, beta):
    """Rotations survive, deviations in the span shrink most: 4c(1-c) <= 1."""
    found = response_spectrum(3, 4, 8, lw, lh)
    gains = found.gains(beta)
    assert gains[0] == 1
    assert gains[2] <= gains[3] + 1e-15
    assert gains[2] <= gains[1]
    assert np.isclose(found.isotropic_gain(beta, 3, 8), 3 / 8 * gains[2] ** 2 + 5 / 8 * gains[1] ** 2)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: response_spectrum(4, 6, 3, 0.5, 0.5), "at least 4"),
        (lambda: response_spectrum(4, 6, 9, 2.0, 0.5), "below 1"),
        (lambda: response_spectrum(4, 6, 9, -1.0, 0.5), "weight_decay"),
        (lambda: response_spectrum(1, 6, 9, 0.5, 0.5), "classes"),
        (lambda: optimal_classifier(START, LABELS, 0.0), "weight_decay"),
        (lambda: optimal_classifier(START, LABELS[1:], 0.1), "labels.shape"),
        (lambda: optimal_classifier(START, np.minimum(LABELS, 2), 0.1), "same number"),
        (lambda: response_spectrum(4, 6, 9, 0.5, 0.5).isotropic_gain(1.0, 3, 2), "classes"),
        (lambda: central_path(START, LABELS, 0.3, -0.1, [1.0]), "feature_decay"),
        (lambda: central_path(START, LABELS, 0.3, 0.1, [1.0, 0.5]), "increase"),
        (lambda: feature_response(START, LABELS, 0.3, 0.1, 0.0, START), "attachment"),
        (lambda: feature_response(START, LABELS, 0.3, 0.1, 1.0, START[1:]), "change"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_a_path_of_one_time_is_that_point():
    everything = central_path(START, LABELS, 0.3, 0.05, [0.0, 0.5, 1.0, 2.0, 3.0])
    for index, time in enumerate(everything.times[:-1]):
        alone = central_path(START, LABELS, 0.3, 0.05, [time])
        np.testing.assert_allclose(alone.features[0], everything.features[index], rtol=1e-7, atol=1e-9)


def test_an_accuracy_out_of_reach_is_reported():
    change = np.random.default_rng(1).standard_normal((K * N, D))
    found = feature_response(collapsed(0.8, 0.3), LABELS, 0.8, 0.3, 0.1, change, rtol=1e-30, on_failure="ignore")
    assert not found.converged
    assert 1e-29 < found.residual < 1e-13
