"""Augmentations by enumeration, probes by limits, heads by perturbation."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from solvable.solvers import (
    EqualModesWarning,
    Spectrum,
    augmentation_spectrum,
    layer_weights,
    linear_probe_error,
    masking_complexity,
    masking_spectrum,
    ridge_risk,
    robust_probe_risk,
    spectral_contrastive,
)

RNG = np.random.default_rng(1)


def random_joint(x, a):
    p = RNG.exponential(size=(x, a))
    return p / p.sum()


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 5)])
def test_functions_are_those_of_the_operator(shape):
    p = random_joint(*shape)
    found = augmentation_spectrum(p)
    px, pa = p.sum(axis=1), p.sum(axis=0)
    assert_allclose(found.functions_x.T * px @ found.functions_x, np.eye(min(shape)), atol=1e-12)
    assert_allclose(found.functions_a.T * pa @ found.functions_a, np.eye(min(shape)), atol=1e-12)
    # (Gamma f)(x) = E[f(a)|x] takes one family to the other, times the root of the eigenvalue
    assert_allclose(p / px[:, None] @ found.functions_a, found.functions_x * np.sqrt(found.eigenvalues), atol=1e-12)
    assert_allclose(found.eigenvalues[0], 1)
    assert_allclose(found.functions_x[:, 0], 1, atol=1e-12)
    assert found.complexity >= found.eigenvalues.sum() - 1e-12


def test_ends_of_an_augmentation():
    assert_allclose(augmentation_spectrum(np.eye(3) / 3).eigenvalues, 1)  # nothing is lost
    lost = augmentation_spectrum(np.multiply.outer([0.5, 0.5], [0.25, 0.75]))
    assert_allclose(lost.eigenvalues, [1, 0], atol=1e-15)
    assert_allclose(lost.complexity, 1)


@pytest.mark.parametrize("kind", ["random", "block", "block-flip"])
@pytest.mark.parametrize(("d", "ratio"), [(5, 0.0), (6, 0.5), (9, 1 / 3), (12, 0.25), (4, 1.0)])
def test_masking_spectrum_lists_every_parity(kind, d, ratio):
    found = masking_spectrum(d, ratio, kind)
    assert found.multiplicities.sum() == 2**d
    assert_allclose(found.eigenvalues @ found.multiplicities, masking_complexity(d, ratio, kind), rtol=1e-12)
    block, every = round(ratio * d), []
    for bits in product((0, 1), repeat=d):
        if kind == "random":
            every.append((1 - ratio) ** sum(bits))
        else:
            free = np.mean([not any(bits[s : s + block]) for s in range(d - block + 1)])
            every.append(free * ((1 - ratio) ** (2 * sum(bits)) if kind == "block-flip" else 1))
    assert_allclose(np.repeat(found.eigenvalues, found.multiplicities.astype(int)), sorted(every)[::-1], atol=1e-14)


def test_masking_at_ten_tokens_and_many():
    found = masking_spectrum(10, 0.3)
    assert_allclose(found.multiplicities, [comb(10, k) for k in range(11)])
    assert_allclose(masking_spectrum(200, 0.5).eigenvalues[:3], [1, 0.5, 0.25])
    assert masking_spectrum(40, 0.5, "block").multiplicities.sum() == 2.0**40


def test_measured_complexities():
    """4 tokens at one half, 5 at one fifth."""
    kinds = ("random", "block", "block-flip")
    assert_allclose([masking_complexity(4, 0.5, kind) for kind in kinds], [5.0625, 4, 1.5625], rtol=1e-14)
    assert_allclose([masking_complexity(5, 0.2, kind) for kind in kinds], [18.89568, 16, 7.23394816], rtol=1e-12)


def test_probe_is_ridge_on_the_truncated_kernel():
    values, target = np.array([1.0, 0.4, 0.7, 0.1]), np.array([0.0, 0.5, 1.0, 0.25])
    kept = Spectrum([1.0, 0.7, 0.4], [0.0, 1.0, 0.25], irreducible_power=0.0625)
    found = linear_probe_error(values, target, 3, [10.0, 50.0], 0.2, 0.3)
    assert_allclose(found.test, ridge_risk(kept, [10.0, 50.0], 0.3, 0.2).test, rtol=1e-12)
    many = linear_probe_error(values, target, 3, 1e9, 0.2)
    assert_allclose(many.excess, 0.0625, rtol=1e-7)  # the approximation error is left
    joint = random_joint(4, 6)
    spectrum = augmentation_spectrum(joint)
    assert_allclose(
        linear_probe_error(spectrum, target, 2, 20.0, 0.1).excess,
        linear_probe_error(spectrum.eigenvalues, target, 2, 20.0, 0.1).excess,
    )


def head_loss(W, M, C):
    return -2 * np.trace(W @ C @ W.T) + np.trace(W @ M @ W.T @ W @ M @ W.T)


@given(st.integers(1, 4), st.integers(0, 100))
def test_no_encoder_has_a_lower_loss(dim, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.standard_normal((2, 4, 4))
    M, C = A @ A.T + np.eye(4), B + B.T
    found = spectral_contrastive(M, C, dim)
    values, vectors = np.linalg.eigh(found.gram)
    W = (vectors * np.sqrt(np.maximum(values, 0))).T[::-1][:dim]
    assert_allclose(head_loss(W, M, C), found.loss, atol=1e-10 * (1 + abs(found.loss)))
    for _ in range(20):
        near = W + rng.choice([1e-3, 0.1, 1.0]) * rng.standard_normal(W.shape)
        assert head_loss(near, M, C) >= found.loss - 1e-9
    assert np.all(np.diff(found.selected) <= 0)
    assert np.all(found.selected > 0)


def test_selection_is_by_correlation():
    shared, spread = np.array([2.0, 1.6, 1.2, 1.0, 0.8, 0.6]) ** 2, np.array([0.2, 1.5, 0.3, 1.0, 0.1, 0.05]) ** 2
    found = spectral_contrastive(np.diag(shared + spread), np.diag(shared), 3)
    assert_allclose(np.diag(found.gram), [0.2451, 0, 0, 0, 1.5148, 2.7396], atol=5e-5)
    assert_allclose(found.loss, -2.9360179640, atol=5e-11)
    assert_allclose(np.diag(layer_weights(found.gram, 2, 1)), [0.4950, 0, 0, 0, 1.2308, 1.6552], atol=5e-5)


def test_layers_multiply_to_the_whole():
    A = RNG.standard_normal((4, 2))
    gram = A @ A.T  # rank 2: rounding must not be rooted
    third = layer_weights(gram, 3, 1)
    assert_allclose(third @ third @ third, gram, atol=1e-12)
    assert_allclose(layer_weights(gram, 3, 2), third @ third, atol=1e-12)
    assert_allclose(layer_weights(gram, 5, 5), gram, atol=1e-12)
    assert np.linalg.matrix_rank(layer_weights(gram, 50, 1), tol=1e-8) == 2


def test_probe_before_and_after_the_head():
    """The excess errors first found on a grid of ridges, post over pre, for a target in each feature."""
    q, v = [0.95, 0.9, 0.6, 0.5], [4.0, 1.0, 0.5, 0.3]
    measured = [(0.1000, 0.0776), (0.1014, 0.1008), (0.1118, 0.1138), (0.1153, 0.1187)]
    for feature, (post, pre) in enumerate(measured):
        found = robust_probe_risk(q, v, np.eye(4)[feature], 20, 0.5)
        assert_allclose([found.post, found.pre], [post, pre], atol=4e-4)
        assert (found.post > found.pre) == (np.sqrt(v[feature] / q[feature]) > 1)
        for index, spectrum in enumerate((v, np.sqrt(np.multiply(q, v)), q)):  # no other ridge is better
            for factor in (0.5, 0.9, 1.1, 2.0):
                other = ridge_risk(Spectrum(spectrum, np.eye(4)[feature]), 20, factor * found.ridges[index], 0.5)
                assert other.excess >= found.excess[index]


def test_equal_correlations_warn():
    with pytest.warns(EqualModesWarning, match="equal"):
        spectral_contrastive(np.eye(3), 0.5 * np.eye(3), 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: masking_complexity(5, 0.5, "block"), "whole number"),
        (lambda: masking_spectrum(5, 0.5, "block-flip"), "whole number"),
        (lambda: masking_complexity(5, 1.5), "ratio"),
        (lambda: masking_complexity(5, 0.5, "word"), "kind"),
        (lambda: masking_spectrum(300, 0.5), "d = "),
        (lambda: augmentation_spectrum([[0.5, 0.25]]), "add up to"),
        (lambda: augmentation_spectrum([[0.5, 0.5], [0.0, 0.0]]), r"p_joint\[1\]"),
        (lambda: augmentation_spectrum([[1.5, -0.5]]), r"p_joint\[0, 1\]"),
        (lambda: linear_probe_error([1.0, 0.0], [1.0, 1.0], 2, 9.0, 0.1), "1 of the eigenvalues"),
        (lambda: linear_probe_error([1.0, 0.5], [1.0], 1, 9.0, 0.1), "target.shape"),
        (lambda: spectral_contrastive(np.diag([1.0, 0.0]), np.eye(2), 1), "positive definite"),
        (lambda: spectral_contrastive(np.eye(2), np.eye(2), 3), "dim"),
        (lambda: layer_weights(np.eye(2), 2, 3), "layer"),
        (lambda: robust_probe_risk([1.5], [1.0], [1.0], 9, 0.1), "correlations"),
        (lambda: robust_probe_risk([0.5], [1.0], [0.0], 9, 0.1), "target"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
