"""Recovery by factors against plain loops, Monte Carlo and limits; tubal tensors against explicit circular sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvable.solvers import (
    learning_budget,
    sign_factor,
    subgradient_descent,
    tubal_descent,
    tubal_product,
    tubal_rank,
    tubal_singular_values,
    tubal_transpose,
)


def problem(seed, m=40, d=4):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, d, d)), rng.standard_normal(m)


@pytest.mark.parametrize("loss", ["l1", "l2"])
@pytest.mark.parametrize("rank", [1, 4])
def test_descent_is_the_plain_loop(loss, rank):
    A, y = problem(0, m=42)  # no multiple of the four rows that the kernel takes at a time
    schedule = 0.05 * 0.95 ** np.arange(30)
    run = subgradient_descent(A, y, rank, 0.3, schedule, loss, checkpoints=30)
    U = 0.3 * np.eye(4, rank)
    for step, found, value in zip(schedule, run.factors, run.loss, strict=False):
        np.testing.assert_allclose(found, U, atol=1e-13)
        residual = np.einsum("iab,ab->i", A, U @ U.T) - y
        assert value == pytest.approx(np.mean(np.abs(residual) if loss == "l1" else residual**2 / 2), rel=1e-12)
        D = np.einsum("i,iab->ab", np.sign(residual) if loss == "l1" else residual, A) / len(y)
        U = U - step * (D + D.T) @ U


@pytest.mark.parametrize("loss", ["l1", "l2"])
def test_a_step_is_the_gradient_of_the_stated_loss(loss):
    A, y = problem(1)
    start = np.random.default_rng(2).standard_normal((4, 2))
    run = subgradient_descent(A, y, 2, 1.0, [1e-3], loss, start=start, checkpoints=1)
    move = (start - run.factors[-1]) / 1e-3
    direction = np.random.default_rng(3).standard_normal((4, 2))
    ends = [
        subgradient_descent(A, y, 2, 1.0, [1e-9], loss, start=start + s * 1e-6 * direction).loss[0] for s in (1, -1)
    ]
    assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(np.sum(move * direction), rel=1e-6)


def test_seeds_are_separate_runs_and_may_share_measurements():
    A, y = problem(4)
    B, z = problem(5)
    schedule = 0.05 * 0.9 ** np.arange(20)
    both = subgradient_descent(np.stack([A, B]), np.stack([y, z]), 3, 0.1, schedule, checkpoints=2)
    shared = subgradient_descent(A, np.stack([y, z]), 3, 0.1, schedule, checkpoints=2)
    for found, (M, labels) in zip([*both.factors, *shared.factors], [(A, y), (B, z), (A, y), (A, z)], strict=True):
        np.testing.assert_array_equal(found, subgradient_descent(M, labels, 3, 0.1, schedule, checkpoints=2).factors)


def test_sign_factor_is_the_mean_that_it_stands_for():
    """Seed 6; 4 million draws: standard error 4e-4, the largest of three deviations is 1.6 of them."""
    rng = np.random.default_rng(6)
    z, s, hit = rng.standard_normal(4_000_000), rng.standard_normal(4_000_000), rng.random(4_000_000)
    for delta, rate, std in ((0.7, 0.3, 6.0), (2.0, 1.0, 1.0), (0.1, 0.5, 3.0)):
        measured = np.mean(np.sign(delta * z - std * s * (hit < rate)) * z)
        assert abs(measured - sign_factor(delta, rate, std)) < 4 * 4e-4


@given(st.floats(1e-6, 1e6), st.floats(0, 1), st.floats(0, 1e9))
def test_sign_factor_lies_between_its_limits(delta, rate, std):
    most = np.sqrt(2 / np.pi)
    found = sign_factor(delta, rate, std)
    assert (1 - rate) * most * (1 - 1e-15) <= found <= most * (1 + 1e-15)
    assert sign_factor(delta, rate, np.inf) == pytest.approx((1 - rate) * most, rel=1e-14)
    assert sign_factor(delta, rate, 0.0) == pytest.approx(most, rel=1e-14)


def test_the_budget_is_the_growth_of_the_mean_descent():
    """Steps of the expected direction, at the error of the zero matrix."""
    values, schedule = np.array([2.0, 0.5]), 0.3 * 0.97 ** np.arange(50)
    found = learning_budget(schedule, values, 0.2, 1e-4, 3.0)
    norm = np.linalg.norm(values)
    u = np.full(2, 1e-4)
    for step in schedule:
        u = u + step * 2 * sign_factor(norm, 0.2, 3.0) / norm * values * u
    np.testing.assert_allclose(found.growth, np.log(u / 1e-4), rtol=1e-12)
    np.testing.assert_allclose(found.needed, np.log(np.sqrt(values) / 1e-4), rtol=1e-12)
    np.testing.assert_array_equal(found.learned, u > np.sqrt(values))


# Tensors


def tensor(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def circular(A, B):
    k = A.shape[2]
    return sum(
        np.einsum("ia,aj,c->ijc", A[:, :, s], B[:, :, t], np.eye(k)[(s + t) % k]) for s in range(k) for t in range(k)
    )


@pytest.mark.parametrize("k", [1, 2, 3, 4, 7])
def test_products_are_circular_sums_and_transposes_turn_them(k):
    A, B = tensor(0, 3, 2, k), tensor(1, 2, 4, k)
    np.testing.assert_allclose(tubal_product(A, B), circular(A, B), atol=1e-14)
    np.testing.assert_array_equal(tubal_transpose(tubal_transpose(A)), A)
    np.testing.assert_allclose(
        tubal_transpose(tubal_product(A, B)), tubal_product(tubal_transpose(B), tubal_transpose(A)), atol=1e-14
    )


@pytest.mark.parametrize("k", [1, 2, 3, 4, 7])
def test_singular_tubes_are_those_of_the_block_circulant_matrix(k):
    A = tensor(2, 3, 5, k)
    block = np.block([[A[:, :, (i - j) % k] for j in range(k)] for i in range(k)])
    found = tubal_singular_values(A)
    assert found.shape == (3, k)
    np.testing.assert_allclose(np.sort(found.ravel()), np.sort(np.linalg.svd(block, compute_uv=False)), atol=1e-13)
    for c in range(k):
        np.testing.assert_allclose(found[:, c], found[:, -c % k], atol=1e-13)
    assert np.sum(found**2) / k == pytest.approx(np.sum(A**2), rel=1e-13)
    assert tubal_rank(A) == 3
    assert tubal_rank(np.zeros((2, 2, 3))) == 0
    low = tubal_product(tensor(3, 5, 2, k), tensor(4, 2, 5, k))
    assert tubal_rank(low) == 2
    assert tubal_rank(low.astype(np.float32)) == 2


@pytest.mark.parametrize("k", [1, 2, 3])
def test_tubal_descent_is_the_loop_with_products(k):
    A, y, U = tensor(5, 6, 3, 3, k) / 3, tensor(6, 6), 0.3 * tensor(7, 3, 2, k)
    run = tubal_descent(A, y, U, 0.1, 12, checkpoints=12)
    for found, loss in zip(run.factors, run.loss, strict=True):
        np.testing.assert_allclose(found, U, atol=1e-13)
        residual = y - np.einsum("iabc,abc->i", A, circular(U, tubal_transpose(U)))
        assert loss == pytest.approx(np.sum(residual**2) / 4, rel=1e-12)
        G = np.einsum("i,iabc->abc", residual, A)
        U = U + 0.1 * circular((G + tubal_transpose(G)) / 2, U)


def test_a_tubal_step_is_the_gradient_of_the_stated_loss():
    A, y, U = tensor(5, 6, 3, 3, 4), tensor(6, 6), tensor(7, 3, 2, 4)
    move = (tubal_descent(A, y, U, 1e-6, 1).factors[-1] - U) / 1e-6
    direction = tensor(8, 3, 2, 4)
    ends = [tubal_descent(A, y, U + s * 1e-6 * direction, 1e-12, 1).loss[0] for s in (1, -1)]
    assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(-np.sum(move * direction), rel=1e-6)


A, Y = problem(7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: subgradient_descent(A[0], Y, 2, 0.1, [0.1]), r"A\.shape"),
        (
            lambda: subgradient_descent(A, Y[:-1], 2, 0.1, [0.1]),
            r"y\.shape = \(39,\) is not allowed: it must be \(40,\)",
        ),
        (lambda: subgradient_descent(A, Y, 5, 0.1, [0.1]), "rank = 5 is not allowed: it must be at most d = 4"),
        (lambda: subgradient_descent(A, Y, 2, 0.0, [0.1]), "scale"),
        (lambda: subgradient_descent(A, Y, 2, 0.1, [0.1, -0.1]), r"schedule\[1\]"),
        (lambda: subgradient_descent(A, Y, 2, 0.1, [0.1], "l3"), "choose one of l1, l2"),
        (lambda: subgradient_descent(A, Y, 2, 0.1, [0.1], start=np.eye(4)), r"start\.shape"),
        (lambda: subgradient_descent(A, Y, 2, 1.0, np.full(400, 5.0), "l2"), "leaves the range of doubles at step"),
        (lambda: subgradient_descent(A[None], Y, 2, 0.1, [0.1]), r"y\.shape"),
        (lambda: sign_factor(1.0, 1.5, 1.0), "it is a probability"),
        (lambda: sign_factor(0.0, 0.5, 1.0), "delta"),
        (lambda: sign_factor(1.0, 0.5, -1.0), "outlier_std"),
        (lambda: learning_budget([0.1], [0.0], 0.1, 0.1), "eigenvalues"),
        (lambda: learning_budget([[0.1]], [1.0], 0.1, 0.1), r"schedule\.shape"),
        (lambda: learning_budget([0.1], [1.0], -0.1, 0.1), "outlier_rate"),
        (lambda: tubal_product(np.ones((2, 2, 3)), np.ones((2, 2, 4))), r"B\.shape"),
        (lambda: tubal_transpose(np.ones((2, 2))), "three axes"),
        (lambda: tubal_rank(np.ones((2, 2, 2)), -1.0), "rtol"),
        (lambda: tubal_descent(np.ones((4, 2, 3, 1)), np.ones(4), np.ones((2, 1, 1)), 0.1, 3), r"A\.shape"),
        (lambda: tubal_descent(np.ones((4, 2, 2, 1)), np.ones(3), np.ones((2, 1, 1)), 0.1, 3), r"y\.shape"),
        (lambda: tubal_descent(np.ones((4, 2, 2, 1)), np.ones(4), np.ones((2, 1, 2)), 0.1, 3), r"start\.shape"),
        (lambda: tubal_descent(np.ones((4, 2, 2, 1)), np.ones(4), np.ones((2, 1, 1)), 9.0, 99), "take smaller steps"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
