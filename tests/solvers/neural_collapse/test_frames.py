"""Frames by their Gram matrices; metrics against their definitions written with d x d matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import collapse_metrics, orthogonal_frame, simplex_coordinates, simplex_frame

rng = np.random.default_rng(0)
LABELS = np.repeat(np.arange(4), [7, 5, 4, 3])
FEATURES = rng.standard_normal((19, 6)) + 2 * rng.standard_normal((4, 6))[LABELS]
CLASSIFIER, BIAS = rng.standard_normal((4, 6)), rng.standard_normal(4)


@pytest.mark.parametrize("d", [1, 2, 3, 10, 99])
def test_simplex_coordinates(d):
    W = simplex_coordinates(d)
    np.testing.assert_allclose(W @ W.T, (d + 1) / d * np.eye(d + 1) - 1 / d, atol=1e-14)
    np.testing.assert_allclose(W.T @ W, (d + 1) / d * np.eye(d), atol=1e-13)
    np.testing.assert_allclose(W.sum(axis=0), 0, atol=1e-13)


def test_angles_of_the_simplex():
    for d, degrees in ((2, 120.0), (3, 109.4712), (10, 95.7392), (99, 90.5788)):
        W = simplex_coordinates(d)
        assert np.degrees(np.arccos(W[0] @ W[-1])) == pytest.approx(degrees, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(classes=st.integers(2, 9), extra=st.integers(0, 4), seed=st.integers(0, 10**6))
def test_frames_have_their_gram_matrices(classes, extra, seed):
    M = simplex_frame(classes, classes - 1 + extra, rng=seed)
    np.testing.assert_allclose(M @ M.T, (np.eye(classes) - 1 / classes) * classes / (classes - 1), atol=1e-13)
    lengths = np.arange(classes)  # the first one zero
    F = orthogonal_frame(lengths, classes - 1 + extra, rng=seed)
    np.testing.assert_allclose(F @ F.T, np.diag(lengths**2), atol=1e-12)
    O = orthogonal_frame(np.ones(classes))
    centred = O - O.mean(axis=0)
    np.testing.assert_allclose(centred @ centred.T, np.eye(classes) - 1 / classes, atol=1e-14)


def test_frames_span_what_they_need():
    assert simplex_frame(4).shape == (4, 3)
    assert simplex_frame(4, 6).shape == (4, 6)


@pytest.mark.parametrize("global_mean", ["classes", "samples"])
def test_metrics_against_definitions(global_mean):
    found = collapse_metrics(FEATURES, LABELS, CLASSIFIER, BIAS, [4.0, 3.0, 2.0, 1.0], global_mean)
    means = np.array([FEATURES[k == LABELS].mean(axis=0) for k in range(4)])
    centre = means.mean(axis=0) if global_mean == "classes" else FEATURES.mean(axis=0)
    M, D = means - centre, FEATURES - means[LABELS]
    within, between = D.T @ D / 19, M.T @ M / 4
    values, vectors = np.linalg.eigh(between)
    inverse = sum(np.outer(v, v) / x for x, v in zip(values[-3:], vectors.T[-3:], strict=True))
    assert found.nc1 == pytest.approx(np.trace(within @ inverse) / 4, rel=1e-12)
    assert found.nc1_trace == pytest.approx(np.trace(within) / np.trace(between), rel=1e-12)
    gram, simplex = M @ M.T, np.eye(4) - 0.25
    assert found.nc2 == pytest.approx(np.linalg.norm(gram / np.linalg.norm(gram) - simplex / np.sqrt(3)), rel=1e-12)
    gram = means @ means.T / np.linalg.norm(means @ means.T)
    assert found.nc2_orthogonal == pytest.approx(np.linalg.norm(gram - np.eye(4) / 2), rel=1e-12)
    target = np.diag([4.0, 3.0, 2.0, 1.0]) / np.sqrt(30)
    assert found.nc2_target == pytest.approx(np.linalg.norm(gram - target), rel=1e-12)
    lengths = np.linalg.norm(M, axis=1)
    assert found.equinorm == pytest.approx(lengths.std() / lengths.mean(), rel=1e-12)
    cosines = [M[i] @ M[j] / lengths[i] / lengths[j] for i in range(4) for j in range(i)]
    assert found.equiangular == pytest.approx(np.std(cosines), rel=1e-12)
    assert found.angle_excess == pytest.approx(np.mean(np.abs(np.add(cosines, 1 / 3))), rel=1e-12)
    W = CLASSIFIER / np.linalg.norm(CLASSIFIER)
    assert found.nc3 == pytest.approx(np.linalg.norm(W - M / np.linalg.norm(M)), rel=1e-12)
    assert found.nc3_uncentred == pytest.approx(np.linalg.norm(W - means / np.linalg.norm(means)), rel=1e-12)
    differ = [np.argmax(CLASSIFIER @ x + BIAS) != np.argmin([np.linalg.norm(x - m) for m in means]) for x in FEATURES]
    assert found.nc4 == pytest.approx(np.mean(differ))
    variances = [np.mean(np.sum(D[k == LABELS] ** 2, axis=1)) for k in range(4)]
    expected = (variances[1] + variances[2]) / (2 * np.sum((means[1] - means[2]) ** 2))
    assert found.distance_variance[1, 2] == pytest.approx(expected, rel=1e-12)
    assert not found.reasons


def test_nearest_mean_and_bias_decide_nc4():
    """One dimension: means 0 and 4 (short and long), the head splits at 1 or, with the bias, at 2."""
    X, labels = np.array([[-0.5], [0.5], [1.5], [-1.5], [4.2], [3.8]]), [0, 0, 0, 0, 1, 1]
    head = np.array([[0.0], [1.0]])
    assert collapse_metrics(X, labels, head, [1.0, 0.0]).nc4 == pytest.approx(1 / 6)  # 1.5 is labelled 1
    assert collapse_metrics(X, labels, head, [2.0, 0.0]).nc4 == 0
    assert collapse_metrics(X, labels, head, [-2.0, 0.0]).nc4 == pytest.approx(4 / 6)


def test_rank_deficient_covariance_does_not_blow_up():
    """d = 400, Sigma_B has rank 3: a pseudo-inverse with noise directions would give anything."""
    generator = np.random.default_rng(3)
    means = simplex_frame(4, 400, rng=0)
    deviations = generator.standard_normal((40, 400)) * 1e-3
    found = collapse_metrics(np.repeat(means, 10, axis=0) + deviations, np.repeat(np.arange(4), 10))
    # (1/K) tr Sigma_W Sigma_B^+ of isotropic noise: (K-1)/K * variance/(1/(K-1)), 3 directions, 90 % of the noise left
    assert found.nc1 == pytest.approx(0.75 * 3 * 1e-6 * 0.9, rel=0.3)


def test_classes_and_samples_means_differ_only_when_uneven():
    even = np.repeat(np.arange(4), 4)
    a, b = (collapse_metrics(FEATURES[:16], even, global_mean=g) for g in ("classes", "samples"))
    assert a.nc1 == pytest.approx(b.nc1, rel=1e-12)
    a, b = (collapse_metrics(FEATURES, LABELS, global_mean=g) for g in ("classes", "samples"))
    assert abs(a.nc1_trace / b.nc1_trace - 1) > 1e-3


def test_nan_comes_with_a_reason():
    found = collapse_metrics(np.zeros((4, 3)), [0, 0, 1, 1], np.zeros((2, 3)))
    for name in ("nc1", "nc1_trace", "nc2", "nc2_orthogonal", "equinorm", "nc3", "distance_variance"):
        assert np.any(np.isnan(getattr(found, name)))
        assert "0/0" in found.reasons[name]
    assert found.reasons["nc2_target"] == "no target was given"
    rounding = collapse_metrics(np.full((4, 3), 0.1) + 1e-18 * rng.standard_normal((4, 3)), [0, 0, 1, 1])
    assert np.isnan(rounding.nc1)  # means that differ by rounding only are no means


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-80, 1e80]))
def test_rotation_and_scale_do_not_matter(seed, scale):
    generator = np.random.default_rng(seed)
    q, _ = np.linalg.qr(generator.standard_normal((6, 6)))
    a, b = (collapse_metrics(X, LABELS, W) for X, W in ((FEATURES, CLASSIFIER), (scale * FEATURES @ q, CLASSIFIER @ q)))
    for name in ("nc1", "nc1_trace", "nc2", "nc2_orthogonal", "equinorm", "equiangular", "nc3", "nc3_uncentred"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-10)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: simplex_frame(5, 3), "needs at least 4"),
        (lambda: simplex_frame(1), "classes"),
        (lambda: simplex_coordinates(0), "dimension"),
        (lambda: orthogonal_frame([1.0, 2.0, 3.0], 2), "3 orthogonal vectors"),
        (lambda: orthogonal_frame([-1.0, 2.0]), "lengths"),
        (lambda: collapse_metrics(FEATURES, LABELS[:-1]), "labels.shape"),
        (lambda: collapse_metrics(FEATURES, np.zeros(19)), "two classes"),
        (lambda: collapse_metrics(FEATURES, 2 * LABELS), "without holes"),
        (lambda: collapse_metrics(FEATURES, LABELS + 0.5), "whole numbers"),
        (lambda: collapse_metrics(FEATURES, LABELS, CLASSIFIER[:3]), "classifier"),
        (lambda: collapse_metrics(FEATURES, LABELS, bias=[1.0]), "bias.shape"),
        (lambda: collapse_metrics(FEATURES, LABELS, target=[1.0]), "target.shape"),
        (lambda: collapse_metrics(FEATURES, LABELS, global_mean="median"), "global_mean"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()
