"""Contrastive losses by finite differences and limits, classes by sampling, information by determinants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from solvable.solvers import (
    class_transfer,
    class_transfer_bound,
    contrastive_gradient,
    factor_pretraining_risk,
    gaussian_infonce,
    linear_sufficiency,
    penalty_entropy,
    temperature_limits,
    tolerance,
    uniformity,
)

RNG = np.random.default_rng(2)


@given(st.integers(1, 9), st.floats(0.05, 20.0), st.integers(0, 99))
def test_gradient_by_differences(negatives, temperature, seed):
    s = np.random.default_rng(seed).uniform(-1, 1, negatives + 1)
    found = contrastive_gradient(s, temperature)
    step = 1e-5 * temperature
    numeric = [
        (contrastive_gradient(s + step * e, temperature).loss - contrastive_gradient(s - step * e, temperature).loss)
        / (2 * step)
        for e in np.eye(negatives + 1)
    ]
    assert_allclose(found.gradient, numeric, atol=1e-8 / temperature)
    assert_allclose(found.gradient.sum(), 0, atol=1e-13 / temperature)
    assert_allclose(found.penalties, found.gradient[1:] / found.gradient[1:].sum(), rtol=1e-10)


def test_cold_temperatures_neither_overflow_nor_cancel():
    s = np.array([0.2, 0.8, 0.5])
    losses = [t * contrastive_gradient(s, t).loss for t in (0.01, 1e-3, 1e-6)]
    assert_allclose(losses, 0.6, atol=1e-12)
    assert_allclose(temperature_limits(s).cold, 0.6)
    easy = contrastive_gradient([0.9, -0.5], 0.01)  # e^-140
    assert_allclose(easy.loss, np.exp(-140), rtol=1e-12)
    assert_allclose(easy.gradient, [-100 * np.exp(-140), 100 * np.exp(-140)], rtol=1e-12)


def test_hot_temperatures():
    s = RNG.uniform(-1, 1, 8)
    ends = temperature_limits(s)
    assert_allclose(contrastive_gradient(s, 1e6).loss, ends.hot + ends.hot_slope / 1e6, atol=1e-11)


def test_entropy_runs_from_nothing_to_the_number_of_negatives():
    s = np.array([0.0, 0.1, 0.4, 0.9])
    taus = np.geomspace(1e-3, 1e3, 25)
    values = [float(penalty_entropy(s, t).entropy) for t in taus]
    assert np.all(np.diff(values) >= 0)
    assert values[0] == pytest.approx(0, abs=1e-12)
    assert values[-1] == pytest.approx(np.log(3), rel=1e-6)
    for t in (0.05, 0.3, 2.0):
        step = 1e-5 * t
        numeric = (penalty_entropy(s, t + step).entropy - penalty_entropy(s, t - step).entropy) / (2 * step)
        assert_allclose(penalty_entropy(s, t).slope, numeric, rtol=1e-7)


def test_uniformity_and_tolerance_of_known_arrangements():
    corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    assert_allclose(uniformity(corners), np.log((4 * np.exp(-4) + 2 * np.exp(-8)) / 6))
    assert_allclose(uniformity(corners, 1.0), np.log((4 * np.exp(-2) + 2 * np.exp(-4)) / 6))
    assert_allclose(tolerance(corners, [0, 0, 1, 1]), 0, atol=1e-15)
    assert_allclose(tolerance(corners, [0, 1, 0, 1]), -1)
    assert uniformity(np.ones((5, 3))) == pytest.approx(0, abs=1e-12)
    assert uniformity(RNG.standard_normal((300, 4))) == pytest.approx(-2.41, abs=0.06)  # the sphere: ln(e^-4 I_1(4)/2)


@pytest.mark.parametrize("kind", ["hinge", "log2"])
def test_mean_classifiers_obey_the_bound(kind):
    for seed in range(64):
        rng = np.random.default_rng(seed)
        members = rng.dirichlet(np.ones(6), 3)
        found = class_transfer(2 * rng.standard_normal((6, 2)), members, rng.dirichlet(np.ones(3)), kind)
        assert found.supervised <= found.bound * (1 + 1e-12)


def test_small_features_reach_the_bound_of_the_hinge():
    """All margins below one: the hinge is linear there, and Jensen loses nothing."""
    found = class_transfer(0.1 * RNG.standard_normal((6, 2)), RNG.dirichlet(np.ones(6), 3), [0.2, 0.3, 0.5])
    assert_allclose(found.supervised, found.bound, rtol=1e-12)


def test_embeddings_that_vanish_cost_one():
    found = class_transfer(np.zeros((4, 2)), np.full((2, 4), 0.25), [0.5, 0.5], "log2")
    assert_allclose([found.unsupervised, found.supervised, found.bound], 1)


def test_sufficiency_ends():
    S = np.cov(RNG.standard_normal((3, 20)))
    everything = linear_sufficiency(S, RNG.standard_normal((3, 3)), 0.5)
    assert_allclose([everything.loss, everything.excess], 0, atol=1e-12)
    nothing = linear_sufficiency(S, np.zeros((1, 3)), 0.5)
    assert_allclose(nothing.loss, np.linalg.slogdet(np.eye(3) + S / 0.5)[1] / 2)
    assert_allclose(nothing.excess, np.linalg.eigvalsh(S)[-1])
    repeated = linear_sufficiency(S, [[1.0, 0, 0], [2.0, 0, 0]], 0.5)  # rows that depend on each other
    assert_allclose(repeated.loss, linear_sufficiency(S, [[1.0, 0, 0]], 0.5).loss, rtol=1e-10)


@given(st.integers(1, 4), st.floats(0.05, 5.0), st.integers(0, 99))
def test_excess_is_below_its_bound(k, noise, seed):
    rng = np.random.default_rng(seed)
    A, weights = rng.standard_normal((5, 5)), rng.standard_normal(5)
    S, f = A @ A.T, rng.standard_normal((k, 5))
    found, worst = linear_sufficiency(S, f, noise, weights), linear_sufficiency(S, f, noise)
    assert found.excess <= found.bound * (1 + 1e-9)
    assert worst.excess <= worst.bound * (1 + 1e-9)
    assert found.excess <= worst.excess * float(weights @ weights) * (1 + 1e-9)


def test_infonce_is_bounded_twice():
    S = np.diag([50.0, 30.0])
    found = gaussian_infonce(S, np.eye(2), 0.1, samples=4, draws=2000, rng=3)
    assert found.value <= np.log(4) + 1e-12
    assert found.mutual_information == pytest.approx(np.log(501) / 2 + np.log(301) / 2)
    small = gaussian_infonce(np.eye(1), [[1.0]], 5.0, samples=400, draws=4000, rng=4)
    assert small.value == pytest.approx(small.mutual_information, abs=4 * small.error + 0.002)
    assert gaussian_infonce(np.eye(2), np.zeros((1, 2)), 1.0, 5, 10).mutual_information == 0


def test_pretraining_ends():
    B, beta = RNG.standard_normal((6, 2)), np.array([1.0, -0.5])
    found = factor_pretraining_risk(B, beta, 0.2, [10.0, 50.0, 1e6], np.inf)
    assert_allclose(found.pretrained, found.true)
    assert np.all(found.true < found.supervised)
    few = factor_pretraining_risk(B, beta, 0.2, 50.0, [100.0, 1000.0, 10_000.0])
    assert_allclose((few.pretrained - few.true)[:-1] / (few.pretrained - few.true)[1:], 10)
    inner = np.linalg.inv(B.T @ B + np.eye(2))
    assert_allclose(found.true[0], (beta @ inner @ beta + 0.2) * 2 / 7)


def test_principal_components_cost_what_first_order_says():
    """Population error of 4000 sample subspaces at m = 400, seed 5; second order is d/m = 2 % of it, z = -0.5."""
    rng = np.random.default_rng(5)
    B, beta, d, m = 1.5 * rng.standard_normal((8, 2)), np.array([1.0, 0.5]), 8, 400
    S = B @ B.T + np.eye(d)
    w = np.linalg.solve(S, B @ beta)
    root, found = np.linalg.cholesky(S), []
    for _ in range(1000):
        x = rng.standard_normal((m, d)) @ root.T
        U = np.linalg.eigh(x.T @ x)[1][:, -2:]
        found.append(w @ S @ w - w @ S @ U @ np.linalg.solve(U.T @ S @ U, U.T @ S @ w))
    costs = factor_pretraining_risk(B, beta, 0.0, 1e9, m)
    assert np.mean(found) == pytest.approx(costs.pretrained - costs.true, rel=0.06)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: contrastive_gradient([0.1, 0.2], 0.0), "temperature = 0"),
        (lambda: penalty_entropy([0.1, 0.2], -1.0), "temperature = -1"),
        (lambda: contrastive_gradient([0.1], 1.0), "similarities.shape"),
        (lambda: uniformity([[1.0, 0.0]]), "embeddings.shape"),
        (lambda: uniformity([[1.0, 0.0], [0.0, 0.0]]), r"embeddings\[1\]"),
        (lambda: tolerance(np.eye(2), [0, 1]), "labels"),
        (lambda: class_transfer_bound([0.5, 0.5], 0.4), "tau"),
        (lambda: class_transfer_bound([0.5, 0.4], 0.9), "rho"),
        (lambda: class_transfer_bound([1.0, 0.0], 0.9), "rho"),
        (lambda: class_transfer(np.eye(2), [[0.5, 0.5]], [0.5, 0.5]), "members.shape"),
        (lambda: linear_sufficiency(np.eye(2), [[1.0, 0.0]], 0.0), "noise_variance"),
        (lambda: linear_sufficiency(np.eye(2), [[1.0]], 1.0), "encoder.shape"),
        (lambda: gaussian_infonce(np.eye(2), [[1.0, 0.0]], 1.0, samples=1), "samples"),
        (lambda: factor_pretraining_risk(np.eye(3, 1), [1.0], 0.1, 4.0), "labelled"),
        (lambda: factor_pretraining_risk(np.eye(3, 1), [1.0], 0.1, 9.0, 3.0), "unlabelled"),
        (lambda: factor_pretraining_risk(np.ones((3, 2)), [1.0, 1.0], 0.1, 9.0), "loadings"),
        (lambda: factor_pretraining_risk(np.eye(2), [1.0, 1.0], 0.1, 9.0), "loadings.shape"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("kind", ["hinge", "log2"])
def test_class_losses_by_all_triples(kind):
    """Three points on a line, two classes that share one of them."""
    f, members, rho = np.array([1.0, -0.5, 0.25]), np.array([[0.75, 0.0, 0.25], [0.0, 0.5, 0.5]]), np.array([0.4, 0.6])

    def loss(margin):
        return max(0.0, 1 - margin) if kind == "hinge" else np.log2(1 + np.exp(-margin))

    triples = sum(
        rho[c] * rho[e] * members[c, i] * members[c, j] * members[e, k] * loss(f[i] * (f[j] - f[k]))
        for c in (0, 1) for e in (0, 1) for i in range(3) for j in range(3) for k in range(3)
    )  # fmt: skip
    apart = members[0] @ f - members[1] @ f
    pairs = (members[0] @ [loss(x * apart) for x in f] + members[1] @ [loss(-x * apart) for x in f]) / 2
    found = class_transfer(f[:, None], members, rho, kind)
    assert_allclose([found.unsupervised, found.supervised], [triples, pairs], rtol=1e-13)


def test_risks_of_one_factor_by_hand():
    """x = 2z + e in four inputs: given x, z has the variance 1/17 and is told by w = 2B/17."""
    found = factor_pretraining_risk([[2.0], [2.0], [2.0], [2.0]], [3.0], 0.5, 20)
    rest = 9 / 17 + 0.5
    assert_allclose([found.true, found.supervised], [rest / 18, 4 * rest / 15], rtol=1e-13)
