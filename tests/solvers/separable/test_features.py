"""Slab data against their moments, formats against plain loops, relaxed erasure, samples to reach."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from solvable.solvers import (
    bayes_error,
    collapse_gap,
    erase_squared,
    kernel_staircase,
    nullspace_projection,
    plug_in_error,
    relaxed_erasure,
    samples_to_reach,
    slab_data,
    slab_moments,
    softmax_descent,
)
from solvable.solvers.separable import logistic_fit


@pytest.mark.parametrize("slabs", [3, 5, 7])
def test_slab_data_have_their_moments(slabs):
    """Seed 0, 200,000 rows: four standard errors of each mean; largest z-score 1.6."""
    data, exact = slab_data(200_000, 3, 0, 0.1, 0.04, slabs, 0.1), slab_moments(0.1, 0.04, slabs, 0.1)
    for column, power, value in (
        (0, 1, exact.linear),
        (0, 2, 0.0),
        (1, 1, 0.0),
        (1, 2, exact.slab_square),
        (2, 1, 0.0),
    ):
        draws = data.y * data.X[:, column] ** power
        assert abs(draws.mean() - value) < 4 * draws.std() / np.sqrt(draws.size)
    assert np.abs(data.X).max() <= 1
    edges = np.sort(np.abs(data.X[data.y > 0, 1]))
    assert edges[0] > (2 - 0.08 * (slabs - 1)) / slabs / 2 + 0.08 - 1e-12


def test_the_staircase_climbs_with_n_and_falls_with_degree():
    found = kernel_staircase(np.geomspace(2, 1e5, 12)[:, None], 12, 0.02, [0, 1, 2, 3])
    assert np.all(np.diff(found, axis=0) > 0)
    assert np.all(np.diff(found, axis=1) < 0)
    assert kernel_staircase(1e5, 12, 0.02, 3) > 0.99


def test_double_precision_is_a_plain_loop():
    rng = np.random.default_rng(0)
    X, labels, W = rng.standard_normal((9, 4)), rng.integers(3, size=9), 0.1 * rng.standard_normal((4, 3))
    run = softmax_descent(X, labels, 0.5, 30, start=W)
    for step in range(31):
        np.testing.assert_allclose(run.weights[step], W, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(run.loss[step], -log_softmax(X @ W, axis=1)[np.arange(9), labels].mean(), rtol=1e-11)
        p = softmax(X @ W, axis=1)
        p[np.arange(9), labels] -= 1
        W = W - 0.5 / 9 * X.T @ p


def test_half_precision_is_double_to_its_digits():
    rng = np.random.default_rng(1)
    X, labels = rng.standard_normal((9, 4)), rng.integers(3, size=9)
    runs = [softmax_descent(X, labels, 0.25, 10, dtype=dtype).weights for dtype in ("float16", "float32", "float64")]
    assert np.abs(runs[0] - runs[2]).max() < 0.01
    assert np.abs(runs[1] - runs[2]).max() < 1e-6
    assert np.all(runs[0] == runs[0].astype(np.float16))


def test_softmax_falls_silent_at_the_gap_and_stablemax_does_not():
    X = [[1.0, 0.0], [0.0, 1.0]]
    gap = collapse_gap("float16", 2, "first")
    start = gap * 1.01 * np.array([[1.0, 0.0], [0.0, 1.0]])
    assert softmax_descent(X, [0, 1], 0.1, 1, "float16", start=start).silent[0] == 1
    assert softmax_descent(X, [0, 1], 0.1, 1, "float16", start=0.9 * start).silent[0] == 0
    assert softmax_descent(X, [0, 1], 0.1, 1, "float16", "stablemax", start=start).silent[0] == 0


def test_projected_steps_keep_the_length():
    rng = np.random.default_rng(2)
    X, labels, W = rng.standard_normal((12, 5)), rng.integers(3, size=12), rng.standard_normal((5, 3))
    lengths = [
        np.linalg.norm(softmax_descent(X, labels, 1e-3, 100, projection=across, start=W).weights[-1])
        for across in (True, False)
    ]
    assert abs(lengths[0] / np.linalg.norm(W) - 1) < 1e-5 < abs(lengths[1] / np.linalg.norm(W) - 1)


def classes(seed, n=200, d=5):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.4 * rng.standard_normal((d, d))) + 1
    return X, np.where(X @ rng.standard_normal(d) + rng.standard_normal(n) > 0.5, 1.0, -1.0)


@pytest.mark.parametrize("seed", range(6))
def test_relaxation_finds_the_difference_of_the_means(seed):
    X, y = classes(seed)
    found = relaxed_erasure(X, y, 1 + seed % 2)
    assert found.converged
    mine = erase_squared(X, y, 1).directions[0]
    assert np.linalg.norm(found.directions @ mine) == pytest.approx(1, abs=1e-7)


def test_logistic_fit_and_removal_leaves_more_to_read():
    X, y = classes(0)
    bound = relaxed_erasure(X, y, 1).bound
    values = [nullspace_projection(X, y, k, fit="logistic").value for k in range(1, 6)]
    assert np.all(np.diff(values) > -1e-12)
    assert np.all(np.array(values[:-1]) < bound - 1e-9)
    assert values[-1] == pytest.approx(bound, rel=1e-12)


def test_samples_to_reach_inverts_the_error():
    for gap in (1e-9, 1e-3, 0.1):
        n = samples_to_reach(gap, [10.0, 100.0], 1.7)
        np.testing.assert_allclose(plug_in_error(n, [10.0, 100.0], 1.7) - bayes_error(1.7), gap, rtol=1e-6)
        assert np.all(samples_to_reach(gap, [10.0, 100.0], 1.7, "discriminant") > n)
    assert samples_to_reach(0.45, 10.0, 1.7) == 0


X2, Y2 = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [1.0, -1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: slab_data(5, 3, 0, 0.1, 0.1, 4), "3, 5 or 7"),
        (lambda: slab_data(5, 1, 0, 0.1, 0.1), "two coordinates"),
        (lambda: slab_data(5, 3, 0, 1.0, 0.1), "linear_margin"),
        (lambda: slab_moments(0.1, 0.3, 5), "width"),
        (lambda: slab_moments(0.1, 0.1, corrupt_linear=0.5), "1/2"),
        (lambda: kernel_staircase(3, 10, 1.5, 1), "decay"),
        (lambda: kernel_staircase(3, 10, 0.05, 0.5), "whole numbers"),
        (lambda: softmax_descent(X2, [0, 1, 3], 1.0, 2, dtype="float8"), "float16"),
        (lambda: softmax_descent(X2, [0, 0, 0], 1.0, 2), "two classes"),
        (lambda: softmax_descent(X2, [0, 1, 1], 1e30, 3, dtype="float16"), "range of float16"),
        (lambda: relaxed_erasure(X2, [1.0, 1.0, 1.0], 1), "both must occur"),
        (lambda: relaxed_erasure(X2, Y2, 2), r"1\.\.1"),
        (lambda: nullspace_projection(X2, Y2, 1, fit="logistic"), "diverges"),
        (lambda: nullspace_projection(X2, Y2, 1, weight_decay=0.1), "takes none"),
        (lambda: samples_to_reach(0.0, 3.0, 1.0), "gap"),
        (lambda: samples_to_reach(0.1, 3.0, 1.0, "forest"), "plug-in, discriminant"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def by_hand(X, labels, eta, steps, number, projection):
    """Scalars of the format itself, one operation at a time; the weights after the steps."""
    x = [[number(v) for v in row] for row in X]
    n, d, K = len(x), len(x[0]), 3
    W = [[number(0)] * K for _ in range(d)]

    def total(terms):
        found = terms[0]
        for term in terms[1:]:
            found = number(found + term)
        return found

    for _ in range(steps):
        slopes = []
        for row, label in zip(x, labels, strict=True):
            z = [total([number(row[i] * W[i][k]) for i in range(d)]) for k in range(K)]
            terms = [number(np.exp(number(v - max(z)))) for v in z]
            whole = total(terms)
            slopes.append([number(number(e / whole) - number(k == label)) for k, e in enumerate(terms)])
        G = [
            [total([number(x[r][i] * number(slopes[r][k] / number(n))) for r in range(n)]) for k in range(K)]
            for i in range(d)
        ]
        if projection and any(any(row) for row in W):
            g, w = [v for row in G for v in row], [v for row in W for v in row]
            along = total([number(a * b) for a, b in zip(g, w, strict=True)])
            share = number(along / total([number(b * b) for b in w]))
            G = [[number(G[i][k] - number(share * W[i][k])) for k in range(K)] for i in range(d)]
        W = [[number(W[i][k] - number(number(eta) * G[i][k])) for k in range(K)] for i in range(d)]
    return np.array(W, dtype=float)


@pytest.mark.parametrize("projection", [False, True])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_operation_is_rounded_to_the_format(dtype, projection):
    """Bit by bit in half precision; the exponential of scalars may differ from that of arrays by an ulp beyond."""
    rng = np.random.default_rng(4)
    X, labels = rng.standard_normal((5, 4)), [0, 2, 1, 1, 2]
    found = softmax_descent(X, labels, 0.5, 12, dtype, projection=projection).weights[-1]
    mine = by_hand(X, labels, 0.5, 12, np.dtype(dtype).type, projection)
    if dtype == "float16":
        np.testing.assert_array_equal(found, mine)
    np.testing.assert_allclose(found, mine, rtol=0, atol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize(("d", "decay"), [(10, 0.9), (3, 0.95)])
def test_degrees_left_out_are_refused_where_they_matter(d, decay):
    with pytest.raises(ValueError, match="decay = "):
        kernel_staircase(100, d, decay, 1)


@pytest.mark.parametrize("slabs", [3, 5, 7])
def test_the_middle_slab_reaches_the_middle(slabs):
    """Seed 1, 4,000 rows: the slab at 0 is one interval, uniform from its middle to its end."""
    data = slab_data(4000, 2, 1, 0.1, 0.02, slabs)
    inner = np.sort(np.abs(data.X[:, 1]))
    width = (2 - 0.02 * (2 * slabs - 2)) / slabs
    middle = inner[inner < width / 2 + 1e-9]
    assert middle[0] < 0.01
    assert middle.mean() == pytest.approx(width / 4, rel=0.1)


def test_accuracy_is_the_share_of_rows_with_their_logit_first():
    rng = np.random.default_rng(4)
    X, labels = rng.standard_normal((30, 3)), rng.integers(3, size=30)
    run = softmax_descent(X, labels, 0.5, 20, checkpoints=5)
    shares = [np.mean((X @ W).argmax(axis=1) == labels) for W in run.weights[1:]]  # all logits are equal at the start
    np.testing.assert_allclose(run.accuracy[1:], shares)


def test_logistic_fits_say_where_they_end(monkeypatch):
    """A stationary point where full steps overshoot; and the shape of what did not converge."""
    x = np.array([[8.0], [9.0], [-10.0], [0.3], [-0.2]])
    labels = np.array([1.0, 1.0, -1.0, -1.0, 1.0])
    theta, loss, slopes, converged = logistic_fit.fit_logistic(x, labels, 1e-6)
    assert converged
    np.testing.assert_allclose([slopes @ x[:, 0] + 1e-6 * theta[0], slopes.sum()], 0, atol=1e-12)
    monkeypatch.setattr(logistic_fit, "_MOST", 1)
    theta, other, _, converged = logistic_fit.fit_logistic(x, labels, 1e-6)
    assert theta.shape == (1,)
    assert not converged
    assert other > loss
