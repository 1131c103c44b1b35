"""The scalar problem of deep weight decay against brute force, mpmath and trained factors; the duality gap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import duality_gap, shrink_singular_values
from solvable.solvers.neural_collapse.shrinkage import branch_limits, nonzero_branch


def brute(sigma, beta, depth):
    """Grid, then golden sections of the best cell: no calculus."""
    from scipy.optimize import minimize_scalar

    def f(s):
        return 0.5 * (sigma - s) ** 2 + beta * depth / 2 * s ** (2 / depth)

    grid = np.linspace(1e-6 * sigma, sigma, 4001)
    best = grid[np.argmin(f(grid))]
    width = grid[1] - grid[0]
    low, high = max(best - width, 1e-12), min(best + width, sigma)
    found = minimize_scalar(f, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
    return (0.0, f(0.0)) if f(0.0) <= found.fun else (found.x, found.fun)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6, 9])
@pytest.mark.parametrize("sigma", [0.4, 1.3, 5.0])
def test_shrinkage_against_brute_force(depth, sigma):
    found = shrink_singular_values(sigma, 0.37, depth)
    value, objective = brute(sigma, 0.37, depth)
    # a bounded search finds a minimum to the square root of rounding, its value to rounding
    assert float(found.value) == pytest.approx(value, abs=1e-6)
    assert float(found.objective) == pytest.approx(objective, rel=1e-12)
    if value > 0:
        assert abs(1.05 * found.value - value) > 0.04 * value


def test_depths_one_and_two_are_ridge_and_soft_threshold():
    sigma = np.linspace(0, 3, 13)
    np.testing.assert_allclose(shrink_singular_values(sigma, 0.5, 1).value, sigma / 1.5, rtol=1e-15)
    np.testing.assert_allclose(shrink_singular_values(sigma, 0.5, 2).value, np.maximum(sigma - 0.5, 0), atol=1e-15)


@pytest.mark.parametrize("depth", [3, 4, 7])
def test_jump_and_threshold(depth):
    edge = shrink_singular_values(1.0, 0.37, depth)
    below = shrink_singular_values(edge.threshold * (1 - 1e-9), 0.37, depth)
    above = shrink_singular_values(edge.threshold * (1 + 1e-9), 0.37, depth)
    assert below.value == 0
    assert float(above.value) == pytest.approx(float(edge.jump), rel=1e-8)
    assert float(below.metastable) == pytest.approx(float(edge.jump), rel=1e-8)
    assert float(above.objective) == pytest.approx(0.5 * float(edge.threshold) ** 2, rel=1e-8)  # as good as zero


@pytest.mark.parametrize("factors", [2, 3, 10])
@pytest.mark.parametrize("log_ratio", [-600.0, -3.0, -0.7])
def test_branch_against_fifty_digits(factors, log_ratio):
    import mpmath as mp

    with mp.workdps(50):
        m, start = factors, (mp.log(factors) - mp.mpf(log_ratio)) / (factors + 1)
        expected = float(
            mp.findroot(lambda u: (m - 1) * u + mp.log(m) - 2 * mp.log1p(mp.exp(m * u)) - mp.mpf(log_ratio), start)
        )
    u, residual, _ = nonzero_branch(np.array([log_ratio]), factors)
    assert u[0] == pytest.approx(expected, rel=1e-14)
    assert residual[0] < 1e-12


@pytest.mark.parametrize("factors", [1, 2, 3, 6])
def test_critical_ratio_is_where_zero_is_as_good(factors):
    """phi(x) = 1/(1+x^M) + r x on a grid: its minimum passes 1, the value of zero, at r_c, with x^M = M - 1 there."""
    ratio = np.exp(branch_limits(factors)[0])
    x = np.linspace(0, 4, 400_001)
    for factor in (0.99, 1.01):
        least = np.min(1 / (1 + x**factors) + factor * ratio * x)
        assert (least < 1 - 1e-6) == (factor < 1)
    u, _, _ = nonzero_branch(np.array([np.log(ratio) - 1e-12]), factors)
    assert np.exp(factors * u[0]) == pytest.approx(factors - 1, abs=1e-5)


def test_branch_ends_at_the_spinodal():
    for factors in (2, 3, 6):
        critical, spinodal = branch_limits(factors)
        assert critical < spinodal
        u, _, _ = nonzero_branch(spinodal + np.array([-1e-10, 1e-10]), factors)
        assert u[0] == pytest.approx(np.log((factors - 1) / (factors + 1)) / factors, abs=1e-4)  # a square root there
        assert u[1] == -np.inf


@settings(max_examples=60, deadline=None)
@given(
    sigma=st.floats(1e-3, 1e3),
    beta=st.floats(1e-6, 1e2),
    depth=st.integers(1, 12),
    scale=st.sampled_from([1e-40, 1e40]),
)
def test_shrinkage_properties(sigma, beta, depth, scale):
    found = shrink_singular_values(sigma, beta, depth)
    assert 0 <= found.value <= sigma
    assert found.solution.converged
    more = shrink_singular_values(sigma, 1.5 * beta, depth)
    assert more.value <= found.value * (1 + 1e-12)
    # units: sigma in scale, beta in scale^(2 - 2/L)
    scaled = shrink_singular_values(scale * sigma, beta * scale ** (2 - 2 / depth), depth)
    near = depth > 1 and abs(sigma / float(found.threshold) - 1) < 1e-9  # rounding decides a tie
    assert near or float(scaled.value) == pytest.approx(scale * float(found.value), rel=1e-9)


def test_trained_layers_attain_the_predicted_values():
    """Three layers by L-BFGS from near the prediction, whitened inputs; singular vectors and layers as predicted."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    target, beta = rng.standard_normal((5, 4)) * 2, 0.6
    left, sigma, right = np.linalg.svd(target, full_matrices=False)
    expected = shrink_singular_values(sigma, beta, 3)
    root = expected.value ** (1 / 3)
    start = np.concatenate([(left * root).ravel(), np.diag(root).ravel(), (root[:, None] * right).ravel()])

    def loss(flat):
        a, b, c = flat[:20].reshape(5, 4), flat[20:36].reshape(4, 4), flat[36:].reshape(4, 4)
        error = a @ b @ c - target
        gradient = np.concatenate(
            [(error @ (b @ c).T).ravel(), (a.T @ error @ c.T).ravel(), ((a @ b).T @ error).ravel()]
        )
        return 0.5 * np.sum(error**2) + beta / 2 * flat @ flat, gradient + beta * flat

    found = minimize(loss, start + 1e-2 * rng.standard_normal(start.size), jac=True, method="L-BFGS-B",
                     options={"ftol": 1e-16, "gtol": 1e-11, "maxiter": 5000})  # fmt: skip
    assert found.fun == pytest.approx(expected.objective.sum(), rel=1e-12)
    first = np.linalg.svd(found.x[:20].reshape(5, 4), compute_uv=False)
    np.testing.assert_allclose(first, root, atol=1e-5)


def test_duality_gap_known_values():
    equal = duality_gap([1.0, 1.0], 3)
    assert float(equal.primal) == 3.0
    assert float(equal.gap) == pytest.approx(3 - 1.5 * 2 ** (2 / 3), rel=1e-14)  # equal values: still a gap
    assert float(duality_gap([2.0, 0.0], 5).gap) == pytest.approx(0, abs=1e-14)  # rank one: none
    assert float(duality_gap([2.0, 1.0], 2).gap) == pytest.approx(0, abs=1e-14)  # two layers: none
    bounded = duality_gap([3.0, 1.0], 3, norm_bound=0.9)
    assert float(bounded.primal) == pytest.approx((3 ** (2 / 3) + 1) ** 1.5 / 0.9, rel=1e-14)
    assert float(bounded.dual) == pytest.approx(4 / 0.9, rel=1e-14)


@pytest.mark.parametrize("values", [(3.0, 1.0), (1.0, 1.0), (2.0, 0.3)])
def test_bounded_primal_against_a_search_over_the_first_layer(values):
    """Three layers: given W_1 the others cost the nuclear norm of W_1^{-1} Y, and W_1 has Frobenius norm t."""
    from scipy.optimize import minimize

    def cost(flat):
        W = 0.9 * flat.reshape(2, 2) / np.linalg.norm(flat)
        return np.linalg.svd(np.linalg.solve(W, np.diag(values)), compute_uv=False).sum()

    rng = np.random.default_rng(0)
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000}
    found = min(minimize(cost, rng.standard_normal(4), method="Nelder-Mead", options=options).fun for _ in range(3))
    assert float(duality_gap(values, 3, norm_bound=0.9).primal) == pytest.approx(found, rel=1e-7)


def test_rounding_noise_does_not_enter_the_gap():
    clean, noisy = duality_gap([2.0, 0.0], 10), duality_gap([2.0, 1e-16], 10)
    assert float(noisy.primal) == float(clean.primal)  # (1e-16)^(1/5) would add 0.003


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=6), depth=st.integers(2, 9))
def test_values_are_ordered(values, depth):
    found = duality_gap(values, depth)
    assert found.gap >= -1e-12 * found.primal
    # adding (L-2)t^2/2 and minimising over the bound t gives the penalised values back, at t^L = the bounded value at 1
    for which in ("primal", "dual"):
        best = float(getattr(duality_gap(values, depth, norm_bound=1.0), which)) ** (1 / depth)
        for t, at_least in ((best, False), (1.1 * best, True), (0.9 * best, True)):
            total = float(getattr(duality_gap(values, depth, norm_bound=t), which)) + (depth - 2) * t**2 / 2
            expected = float(getattr(found, which))
            assert total >= expected * (1 - 1e-9)
            assert at_least or total == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: shrink_singular_values(-1.0, 1.0, 2), "singular_values"),
        (lambda: shrink_singular_values(1.0, -1.0, 2), "weight_decay"),
        (lambda: shrink_singular_values(1.0, 1.0, 1.5), "depth"),
        (lambda: duality_gap([1.0], 1), "at least two layers"),
        (lambda: duality_gap(1.0, 3), "axis"),
        (lambda: duality_gap([1.0], 3, norm_bound=0.0), "norm_bound"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_what_counts_as_zero_is_relative(scale):
    """Singular values 1, 2 and rounding at 1e-14, in any unit: in the sum of s^(2/3) it would weigh 5e-10."""
    found = duality_gap(scale * np.array([1.0, 2.0, 2e-14]), 3)
    expected = 1.5 * scale ** (2 / 3) * (1 + 2 ** (2 / 3))
    assert float(found.primal) == pytest.approx(expected, rel=1e-13)
