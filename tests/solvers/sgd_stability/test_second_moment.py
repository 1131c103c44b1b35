"""Exact thresholds against the map with every batch enumerated, closed-form cases, and properties."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    coherence,
    divergence_step_size,
    group_threshold,
    growth_rate,
    linearised_sgd,
    stability_conditions,
    stability_threshold,
)
from solvable.solvers.sgd_stability.hessians import SAMPLINGS

rng = np.random.default_rng(0)
GRADIENTS = rng.standard_normal((6, 4))
FACTORS = rng.standard_normal((6, 4, 2))
HESSIANS = (lambda F: F @ F.transpose(0, 2, 1))(rng.standard_normal((6, 4, 3)))


def full(curvature):
    if curvature.ndim == 2:
        return curvature[:, :, None] * curvature[:, None, :]
    return curvature if curvature.shape[1] == curvature.shape[2] else curvature @ curvature.transpose(0, 2, 1)


def enumerated(H, step, batch, sampling):
    """Spectral radius of E[J kron J], batches one by one."""
    n, d = H.shape[:2]
    if sampling == "without-replacement":
        batches = [(c, 1.0) for c in itertools.combinations(range(n), batch)]
    elif sampling == "with-replacement":
        batches = [(c, 1.0) for c in itertools.product(range(n), repeat=batch)]
    else:
        q = batch / n
        batches = [(c, q**k * (1 - q) ** (n - k)) for k in range(n + 1) for c in itertools.combinations(range(n), k)]
    total = sum(weight for _, weight in batches)
    T = np.zeros((d * d, d * d))
    for chosen, weight in batches:
        J = np.eye(d) - step / batch * H[list(chosen)].sum(axis=0)
        T += weight / total * np.kron(J, J)
    return np.abs(np.linalg.eigvals(T)).max()


@pytest.mark.parametrize("curvature", [GRADIENTS, FACTORS, HESSIANS], ids=["gradients", "factors", "hessians"])
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_threshold_and_growth_against_enumeration(curvature, sampling, batch):
    H = full(curvature)
    step = float(stability_threshold(curvature, batch, sampling, on_failure="raise").value)
    assert enumerated(H, step, batch, sampling) == pytest.approx(1, abs=1e-11)  # iterations end at changes of 1e-12
    assert enumerated(H, 0.99 * step, batch, sampling) < 1 - 1e-5
    assert enumerated(H, 1.05 * step, batch, sampling) > 1 + 1e-3  # a 5 % wrong threshold shows
    for factor in (0.5, 1.0, 1.7):
        rate = growth_rate(factor * step, curvature, batch, sampling).value
        assert rate == pytest.approx(enumerated(H, factor * step, batch, sampling), rel=1e-11)


@pytest.mark.parametrize("sampling", ["without-replacement", "bernoulli"])
def test_full_batch_is_deterministic(sampling):
    top = np.linalg.eigvalsh(GRADIENTS.T @ GRADIENTS / 6)[-1]
    solution = stability_threshold(GRADIENTS, 6, sampling)
    assert float(solution.value) == pytest.approx(2 / top, rel=1e-14)
    assert solution.iterations == 0
    values = np.linalg.eigvalsh(GRADIENTS.T @ GRADIENTS / 6)
    assert growth_rate(1.5, GRADIENTS, 6, sampling).value == pytest.approx(np.max((1 - 1.5 * values) ** 2), rel=1e-12)


def test_one_sample_has_no_noise():
    np.testing.assert_allclose(stability_threshold([[3.0, 4.0]], 1).value, 2 / 25, rtol=1e-14)


def test_matrix_free_route_equals_the_explicit_one(monkeypatch):
    from solvable.solvers.sgd_stability import second_moment

    expected = stability_threshold(FACTORS, [1, 2, 4]).value, growth_rate(0.2, FACTORS, [1, 3]).value
    monkeypatch.setattr(second_moment, "_EXPLICIT", 0)
    np.testing.assert_allclose(stability_threshold(FACTORS, [1, 2, 4]).value, expected[0], rtol=1e-12)
    np.testing.assert_allclose(growth_rate(0.2, FACTORS, [1, 3]).value, expected[1], rtol=1e-12)


def test_representations_agree():
    as_factors = GRADIENTS[:, :, None] * np.array([0.6, 0.8])  # rank one, written with two columns
    for other in (as_factors, full(GRADIENTS)):
        np.testing.assert_allclose(
            stability_threshold(other, [1, 3]).value, stability_threshold(GRADIENTS, [1, 3]).value, rtol=1e-11
        )
    twice = stability_threshold(GRADIENTS, 2, loss="squared-without-half").value
    np.testing.assert_allclose(2 * twice, stability_threshold(GRADIENTS, 2).value, rtol=1e-13)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 8), d=st.integers(1, 6), seed=st.integers(0, 10**6), scale=st.sampled_from([1e-60, 1.0, 1e60]))
def test_bounds_order_and_scaling(n, d, seed, scale):
    generator = np.random.default_rng(seed)
    G = generator.standard_normal((n, d))
    sizes = np.arange(1, n + 1)
    exact = stability_threshold(G, sizes).value
    assert np.all(np.diff(exact) >= -1e-9 * exact[:-1])  # never falls with the batch
    conditions = stability_conditions(G, sizes)
    assert np.all(exact <= conditions.necessary * (1 + 1e-9))
    assert exact[0] <= conditions.trace * (1 + 1e-9)
    assert np.all(exact >= conditions.sufficient * (1 - 1e-9))
    assert exact[-1] == pytest.approx(conditions.top_eigenvalue, rel=1e-12)
    for sampling in SAMPLINGS:
        stable = stability_threshold(G, sizes, sampling).value
        assert np.all(stable <= divergence_step_size(G, sizes, sampling=sampling) * (1 + 1e-9)), sampling
    np.testing.assert_array_equal(
        divergence_step_size(G, sizes), divergence_step_size(G, sizes, "squared", "bernoulli")
    )
    assert 1 - 1e-9 <= coherence(G) <= n * (1 + 1e-9)
    rotated = scale * G @ np.linalg.qr(generator.standard_normal((d, d)))[0]
    np.testing.assert_allclose(stability_threshold(rotated, sizes).value * scale**2, exact, rtol=1e-9)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize(("n", "size", "batch"), [(12, 3, 2), (12, 1, 5), (12, 12, 4)])
def test_groups_attain_their_threshold(sampling, n, size, batch):
    G = 1.7 * np.repeat(np.eye(n // size), size, axis=0)
    assert coherence(G) == pytest.approx(size)
    expected = group_threshold(1.7**2 * size / n, size, n, batch, sampling)
    np.testing.assert_allclose(stability_threshold(G, batch, sampling).value, expected, rtol=1e-11)


def test_large_problem_is_never_squared():
    """n = 150 gradients in d = 3,000: d^2 x d^2 would be 10^14 numbers. Orthogonal up to noise, so 2/tr H nearly."""
    G = np.random.default_rng(1).standard_normal((150, 3000))
    conditions = stability_conditions(G, 1)
    assert 0.9 * conditions.trace < float(stability_threshold(G, 1).value) <= conditions.trace


def test_broadcasting_and_zero_step():
    grid = growth_rate(np.array([0.0, 0.1, 0.5])[:, None], GRADIENTS, [1, 2, 6])
    assert grid.value.shape == (3, 3)
    np.testing.assert_array_equal(grid.value[0], 1.0)
    assert grid.value[2, 1] == pytest.approx(float(growth_rate(0.5, GRADIENTS, 2).value), rel=1e-12)


def test_chains_follow_the_second_moment():
    """Seed 1, 40,000 chains, 4 steps, 4.5 standard errors; a 5 % wrong second moment fails."""
    step, batch = 0.4, 2
    for sampling in SAMPLINGS:
        norms = np.exp(linearised_sgd(GRADIENTS, step, batch, [4], 40_000, 1, sampling))[:, 0]
        H = full(GRADIENTS)
        M = np.eye(4) / 4
        c0, p = {
            "without-replacement": (1 - 4 / 10, 4 / 10),
            "with-replacement": (1 / 2, 1 / 2),
            "bernoulli": (1.0, 1 / 2 - 1 / 6),
        }[sampling]
        mean = H.mean(axis=0)
        for _ in range(4):
            noise = np.mean(H @ M @ H, axis=0)
            M = M - step * (mean @ M + M @ mean) + step**2 * (c0 * mean @ M @ mean + p * noise)
        error = norms.std() / 200
        assert abs(norms.mean() - np.trace(M)) < 4.5 * error
        assert abs(norms.mean() - 1.05 * np.trace(M)) > 4.5 * error


def test_chains_do_not_depend_on_threads_and_never_overflow():
    import numba

    threads = numba.get_num_threads()
    one = linearised_sgd(GRADIENTS, 50.0, 1, [10, 5000], 8, 3)
    try:
        numba.set_num_threads(1)
        np.testing.assert_array_equal(one, linearised_sgd(GRADIENTS, 50.0, 1, [10, 5000], 8, 3))
    finally:
        numba.set_num_threads(threads)
    assert np.all(np.isfinite(one))
    assert np.all(one[:, 1] > 10_000)  # e^10000 as a number would be infinite


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: stability_threshold(GRADIENTS, 0), "batch_size"),
        (lambda: stability_threshold(GRADIENTS, 7), "from 1 to n = 6"),
        (lambda: stability_threshold(GRADIENTS, 1.5), "batch_size"),
        (lambda: stability_threshold(np.zeros((3, 2)), 1), "vanish"),
        (lambda: stability_threshold(-np.eye(2)[None], 1), "eigenvalue -1"),
        (lambda: stability_threshold([np.eye(2), np.diag([2.0, -1.0])], 1), r"hessians\[1\] has the eigenvalue -1"),
        (lambda: stability_threshold(np.array([[[1.0, 2.0], [0.0, 1.0]]]), 1), "symmetric"),
        (lambda: stability_threshold(GRADIENTS, 1, "shuffled"), "without-replacement"),
        (lambda: stability_threshold(GRADIENTS, 1, loss="huber"), "loss"),
        (lambda: stability_threshold([1.0, 2.0], 1), "hessians.shape"),
        (lambda: stability_threshold([[np.nan]], 1), "hessians"),
        (lambda: growth_rate(-1.0, GRADIENTS, 1), "step_size"),
        (lambda: growth_rate([0.1, 0.2], GRADIENTS, [1, 2, 3]), "broadcast"),
        (lambda: group_threshold(1.0, 0.5, 4, 1), "coherence"),
        (lambda: group_threshold(1.0, 2.0, 4, 5), "batch_size"),
        (lambda: linearised_sgd(GRADIENTS, 0.1, 7, [1], 1), "batch_size"),
        (lambda: linearised_sgd(GRADIENTS, 0.1, 1, [2, 1], 1), "increasing"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_full_batch_chains_against_plain_numpy():
    """Without replacement at B = n nothing is random but the start, which the same generator draws."""
    start = np.random.default_rng(7).standard_normal((3, 4))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    step = np.eye(4) - 0.3 * GRADIENTS.T @ GRADIENTS / 6
    expected = [[np.log(np.sum((np.linalg.matrix_power(step, t) @ x) ** 2)) for t in (0, 1, 30)] for x in start]
    np.testing.assert_allclose(linearised_sgd(GRADIENTS, 0.3, 6, [0, 1, 30], 3, 7), expected, rtol=1e-10, atol=1e-14)


def test_chains_beyond_the_range_of_doubles_keep_their_logarithm():
    """One sample in one dimension multiplies by (1 - step)^2: growth passes 1e100 four times, decay 1e-100 twice."""
    for step, factor in ((3.0, 4.0), (0.5, 0.25)):
        found = linearised_sgd(np.eye(1), step, 1, [1, 170, 700], chains=1, rng=0)[0]
        np.testing.assert_allclose(found, np.log(factor) * np.array([1, 170, 700]), rtol=1e-13)
    found = linearised_sgd([[1e30]], 1.0, 1, [1, 2, 9], chains=1, rng=0)[0]  # beyond 1e100 in every single step
    np.testing.assert_allclose(found, 120 * np.log(10) * np.array([1, 2, 9]), rtol=1e-13)


def test_a_chain_at_exactly_zero_stays_there():
    np.testing.assert_array_equal(
        linearised_sgd(np.eye(1), 1.0, 1, [0, 1, 5], chains=1, rng=0), [[0.0, -np.inf, -np.inf]]
    )
