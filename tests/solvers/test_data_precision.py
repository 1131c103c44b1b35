"""Data of any precision and offset: tolerances follow the digits that the data have, and offsets cost nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    Spectrum,
    coherence,
    collapse_metrics,
    cross_entropy_code,
    deep_feature_moments,
    imputation_bias,
    imputed_ridge_risk,
    interpolator,
    minimum_angle_term,
    minimum_l1,
    minimum_l2,
    ridge_path,
    simplex_frame,
    stability_conditions,
    stability_threshold,
)
from solvable.solvers.validate import data_eps, is_symmetric, precision_name


def test_the_coarsest_type_counts():
    assert data_eps([1.0], np.ones(2, np.float32)) == np.finfo(np.float32).eps
    assert data_eps(1, np.ones(2, np.longdouble), np.ones(2, bool), [2.0]) == np.finfo(np.float64).eps
    assert [precision_name(data_eps(kind(1))) for kind in (np.float16, np.float32, np.float64, np.int8)] == [
        "float16",
        "float32",
        "float64",
        "float64",
    ]
    skew = np.array([[1.0, 2.0], [2.0 + 1e-6, 1.0]])
    assert is_symmetric(skew, data_eps(np.float16(1)))
    assert not is_symmetric(skew, data_eps(1.0))
    assert not is_symmetric(np.ones((2, 3)), 1.0)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(30, 120), d=st.integers(1, 4), seed=st.integers(0, 10**6), size=st.floats(-3, 3))
def test_kernels_in_single_precision(n, d, seed, size):
    """Ranks of a linear and a quadratic kernel: d and (d + 1)(d + 2)/2; no wide Gaussian kernel is refused."""
    X = (10**size * np.random.default_rng(seed).standard_normal((n, d))).astype(np.float32)
    unit = X / np.float32(10**size)
    squares = ((unit[:, None] - unit[None]) ** 2).sum(-1)
    assert Spectrum.from_kernel(X @ X.T, X[:, 0]).rank == d
    assert Spectrum.from_kernel((1 + unit @ unit.T) ** 2, X[:, 0]).rank == (d + 1) * (d + 2) // 2
    found = Spectrum.from_kernel(np.exp(-squares / 100), unit[:, 0])
    assert found.target_variance == pytest.approx(float(np.mean(unit[:, 0].astype(float) ** 2)), rel=1e-5)


def test_what_single_precision_excuses_doubles_do_not():
    K = np.diag([1.0, -1e-6])
    with pytest.raises(ValueError, match="semi-definite to the rounding of float64"):
        Spectrum.from_kernel(K, [1.0, 1.0])
    assert Spectrum.from_kernel(K.astype(np.float32), [1.0, 1.0]).rank == 1
    with pytest.raises(ValueError, match="semi-definite to the rounding of float32"):
        Spectrum.from_kernel(np.diag([1.0, -1e-4]).astype(np.float32), [1.0, 1.0])
    with pytest.raises(ValueError, match=r"range of X .* rounding of float32"):
        minimum_l2(np.ones((3, 1), np.float32), np.array([1, 1, 1.01], np.float32))


@settings(max_examples=25, deadline=None)
@given(n=st.integers(6, 150), d=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_labels_in_single_precision(n, d, seed):
    """n > d labels X w: the interpolators are w, to the rounding of the labels times the condition number."""
    rng = np.random.default_rng(seed)
    X, w = rng.standard_normal((n, d)).astype(np.float32), (1 + rng.random(d)).astype(np.float32)
    assert np.linalg.cond(X) < 1e3
    y = X @ w
    for found in (minimum_l2(X, y), minimum_l1(X, y), interpolator(X, y, 0.1).value):
        np.testing.assert_allclose(np.asarray(getattr(found, "value", found)), w, rtol=2e-6 * np.linalg.cond(X))


@settings(max_examples=20, deadline=None)
@given(n=st.integers(2, 8), d=st.integers(2, 12), seed=st.integers(0, 10**6))
def test_matrices_in_single_precision_give_the_answers_of_doubles(n, d, seed):
    """Hessians, covariances and codes rounded to singles: the same answers to their rounding."""
    rng = np.random.default_rng(seed)
    g = rng.standard_normal((n, d, max(1, d - 1)))
    hessians, single = g @ g.transpose(0, 2, 1), (g @ g.transpose(0, 2, 1)).astype(np.float32)
    for function in (
        lambda H: stability_threshold(H, 1).value,
        coherence,
        lambda H: stability_conditions(H, 1).trace,
    ):
        np.testing.assert_allclose(function(single), function(hessians), rtol=1e-5)
    F = rng.standard_normal((d, max(1, d // 2)))
    sigma, beta = F @ F.T, rng.standard_normal(d)
    rounded = sigma.astype(np.float32)
    room = 1e-6 * np.trace(sigma) * beta @ beta  # where the target hardly has a part in the range
    found, want = (float(imputation_bias(s, beta, 0.5)) for s in (rounded, sigma))
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=room)
    found, want = (imputed_ridge_risk(s, beta, 0.5, 4.0 * d, 0.1).test for s in (rounded, sigma))
    np.testing.assert_allclose(found, want, rtol=1e-4)


def test_codes_and_covariances_in_single_precision():
    gram = (simplex_frame(5, 7, rng=0) @ simplex_frame(5, 7, rng=0).T).astype(np.float32)
    found, want = (cross_entropy_code(5, 5, [1e-3] * 3, 1e-4, code).objective for code in (gram, "simplex"))
    np.testing.assert_allclose(found, want, rtol=1e-6)
    X = np.random.default_rng(0).standard_normal((40, 6))
    omega = X.T @ X / 40 + np.triu(1e-8 * np.ones((6, 6)), 1)  # symmetric to singles only
    W = [np.eye(6)]
    single = deep_feature_moments(W, omega.astype(np.float32), "erf").covariance
    np.testing.assert_allclose(single, deep_feature_moments(W, (omega + omega.T) / 2, "erf").covariance, rtol=1e-5)
    with pytest.raises(ValueError, match="symmetric"):
        deep_feature_moments(W, omega, "erf")


@settings(max_examples=30, deadline=None)
@given(
    shift=st.integers(-(2**30), 2**30),
    classes=st.integers(3, 5),
    d=st.integers(4, 8),
    seed=st.integers(0, 10**6),
    imbalanced=st.booleans(),
)
def test_collapse_metrics_do_not_see_an_offset(shift, classes, d, seed, imbalanced):
    """Features on a grid of 2^-20, so that the shifted ones are exact; lengths of uncentred means do move."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), 10 + 3 * np.arange(classes) * imbalanced)
    centres = rng.standard_normal((classes, d))
    features = np.round((centres[labels] + 0.3 * rng.standard_normal((labels.size, d))) * 2**20) / 2**20
    plain = collapse_metrics(features, labels, centres, global_mean="samples")
    moved = collapse_metrics(
        features + shift, labels, centres, bias=-centres.sum(axis=1) * shift, global_mean="samples"
    )
    for name in ("nc1", "nc1_trace", "distance_variance", "nc2", "equinorm", "equiangular", "angle_excess", "nc3"):
        np.testing.assert_allclose(getattr(moved, name), getattr(plain, name), rtol=1e-9, err_msg=name)
    logits = features @ centres.T
    ranked = np.sort(logits, axis=1)
    if np.min(ranked[:, -1] - ranked[:, -2]) > 1e-14 * abs(shift):  # bias and product cancel in the caller's units
        assert moved.nc4 == plain.nc4
    angle = minimum_angle_term(np.round(centres * 2**20) / 2**20 + shift)
    assert angle == pytest.approx(minimum_angle_term(np.round(centres * 2**20) / 2**20), rel=1e-9)


def test_a_centre_at_the_mean_is_refused_at_any_offset():
    for shift in (0.0, 0.1, 1e8):
        with pytest.raises(ValueError, match="no direction"):
            minimum_angle_term(np.array([[1.0, 0.3], [-1.0, -0.3], [0.0, 0.0]]) + shift)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
def test_irreducible_power_keeps_its_digits(offset):
    """Features of ones and a wave, target offset + wave + noise of size 1e-3: the noise is left, not rounding."""
    N = 64
    t = 2 * np.pi * np.arange(N) / N
    X, noise = np.stack([np.ones(N), np.sin(t)], axis=1), 2.0**-10 * np.cos(t)
    found = Spectrum.from_features(X, offset + np.sin(t) + noise)
    assert found.irreducible_power == pytest.approx(2.0**-21, rel=1e-9 + 1e-12 * offset)
    assert Spectrum.from_features(np.eye(3) + 1, [1e8, 1.0, 2.0]).irreducible_power == 0


def test_dependent_columns_in_single_precision_add_no_freedom():
    rng = np.random.default_rng(3)
    A = (rng.standard_normal((50, 3)) @ rng.standard_normal((3, 8))).astype(np.float32)
    assert ridge_path(A, rng.standard_normal(50), 0.0).degrees_of_freedom[0] == pytest.approx(3)
    assert Spectrum.from_features(A, rng.standard_normal(50)).rank == 3
