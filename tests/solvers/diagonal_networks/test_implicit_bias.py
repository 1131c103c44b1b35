"""Interpolators against gradient flow, 50 digits, closed cases and limits; properties over depths and scales."""

import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from solvable.solvers import ConvergenceWarning, DegenerateLimitWarning, Status, interpolator, minimum_l1, minimum_l2
from solvable.solvers.diagonal_networks.hyperbolic import inverse_link, link

rng = np.random.default_rng(0)
X = rng.standard_normal((5, 12))
Y = X[:, 0] - X[:, 1] + 0.3 * rng.standard_normal(5)


def flow(X, y, scale, depth, linear=0.0, start=None, time=400.0):
    """Gradient flow of (1/2n)||X beta - y||^2 in the weights themselves."""
    n, d = X.shape
    plus = np.broadcast_to(scale, d) if start is None else start[0]
    minus = np.broadcast_to(scale, d) if start is None else start[1]

    def velocity(_, weights):
        up, down, v = weights.reshape(3, d)
        g = X.T @ (X @ (up**depth - down**depth + linear * v) - y) / n
        return np.concatenate([-depth * up ** (depth - 1) * g, depth * down ** (depth - 1) * g, -linear * g])

    initial = np.concatenate([plus, minus, np.zeros(d)])
    end = solve_ivp(velocity, (0, time), initial, method="LSODA", rtol=1e-11, atol=1e-14).y[:, -1].reshape(3, d)
    return end[0] ** depth - end[1] ** depth + linear * end[2]


@pytest.mark.parametrize(
    ("scale", "depth", "linear"),
    [(1.0, 2, 0.0), (0.1, 2, 0.0), (1.0, 3, 0.0), (0.5, 4, 0.0), (0.1, 2, 0.5), (1.0, 2.5, 0.0), (0.7, 3, 0.6)],
)
def test_flow_ends_at_the_interpolator(scale, depth, linear):
    """The flow has converged to 1e-9 and integrates at 1e-11; a scale 5 % off moves the answer by 1e-3 or more."""
    theory = interpolator(X, Y, scale, depth, linear_scale=linear, on_failure="raise").value
    np.testing.assert_allclose(flow(X, Y, scale, depth, linear), theory, atol=2e-8)
    wrong = interpolator(X, Y, 1.05 * scale, depth, linear_scale=linear).value
    assert np.abs(wrong - theory).max() > 1e-4


def test_scales_and_starts_one_a_coordinate():
    scale = np.linspace(0.2, 0.9, 12)
    for depth in (2, 3):
        np.testing.assert_allclose(flow(X, Y, scale, depth), interpolator(X, Y, scale, depth).value, atol=2e-8)
    plus, minus = scale, scale[::-1]
    theory = interpolator(X, Y, np.sqrt(plus * minus), offset=plus**2 - minus**2).value
    np.testing.assert_allclose(flow(X, Y, None, 2, start=(plus, minus)), theory, atol=2e-8)


def test_start_and_branch_beyond_depth_two():
    plus, minus = np.linspace(0.4, 0.9, 12), np.linspace(0.8, 0.5, 12)
    for depth in (3, 4):
        scale = ((plus ** (2 - depth) + minus ** (2 - depth)) / 2) ** (1 / (2 - depth))
        theory = interpolator(X, Y, scale, depth, offset=plus**depth - minus**depth, linear_scale=0.3).value
        np.testing.assert_allclose(flow(X, Y, None, depth, 0.3, start=(plus, minus)), theory, atol=2e-8)


def test_unequal_scales_beyond_doubles_are_reported():
    """Depth 6, scales a hundredfold apart: coordinates are weighed by 1e20. Most are solved, the rest say so."""
    statuses = []
    for seed in range(18, 24):
        scale = 1e-9 * 10 ** np.random.default_rng(seed).uniform(-1, 1, 12)
        statuses.append(int(interpolator(X, Y, scale, 6, on_failure="ignore").status))
    assert set(statuses) == {Status.CONVERGED, Status.MAX_ITERATIONS}
    failing = 1e-9 * 10 ** np.random.default_rng(18 + statuses.index(Status.MAX_ITERATIONS)).uniform(-1, 1, 12)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        interpolator(X, Y, failing, 6)


def fifty_digits(X, y, scale, depth, beta):
    """Newton from a nearby answer in 50 digits on [z = link^-1(beta) in range(X^T), X beta = y], unknowns nu."""
    mpmath.mp.dps = 50 + int(4 * abs(np.log10(scale)))
    n, d = X.shape
    M, a = mpmath.matrix(X.tolist()), mpmath.mpf(scale)
    p = mpmath.mpf(depth) / (depth - 2) if depth > 2 else None

    def ends(z):
        return (mpmath.exp(z), mpmath.exp(-z)) if p is None else ((1 - z / p) ** -p, (1 + z / p) ** -p)

    def dual(b):  # exact inverse at the largest coordinates
        t = abs(b) / a**depth
        z = mpmath.asinh(t / 2) if p is None else p * (1 - (t + 1) ** (-1 / p))
        for _ in range(60):
            up, down = ends(z)
            z -= (up - down - t) / (up / (1 - z / p) + down / (1 + z / p) if p else up + down)
        return mpmath.sign(b) * z

    largest = np.argsort(-np.abs(beta))[:n].tolist()
    square = mpmath.matrix([[M[i, j] for i in range(n)] for j in largest])
    nu = mpmath.lu_solve(square, mpmath.matrix([dual(mpmath.mpf(float(beta[j]))) for j in largest]))
    for _ in range(60):
        z = M.T * nu
        value, slope = [], []
        for i in range(d):
            up, down = ends(z[i])
            value.append(a**depth * (up - down))
            slope.append(a**depth * (up / (1 - z[i] / p) + down / (1 + z[i] / p) if p else up + down))
        gap = mpmath.matrix(y.tolist()) - M * mpmath.matrix(value)
        if mpmath.norm(gap) < mpmath.mpf(10) ** -40:
            break
        H = mpmath.matrix(n, n)
        for i in range(n):
            for j in range(n):
                H[i, j] = mpmath.fsum(M[i, k] * slope[k] * M[j, k] for k in range(d))
        nu += mpmath.lu_solve(H, gap)
    assert mpmath.norm(gap) < mpmath.mpf(10) ** -40
    return np.array([float(v) for v in value])


@pytest.mark.parametrize(("scale", "depth"), [(0.1, 2), (1e-6, 2), (1e-60, 2), (0.01, 3), (1e-12, 3), (1e-3, 8)])
def test_fifty_digits(scale, depth):
    small, y = X[:3, :6], Y[:3]
    found = interpolator(small, y, scale, depth, on_failure="raise").value
    exact = fifty_digits(small, y, scale, depth, found)
    # rounding of the data at the condition number of a 3 x 3 block
    np.testing.assert_allclose(found, exact, atol=1e-13)
    # relative accuracy too, down to the smallest coefficient, where z is O(100) at most
    if depth == 2:
        np.testing.assert_allclose(found, exact, rtol=1e-10)


def test_one_sample_in_closed_form():
    """Equal features: beta_i = y/d at every scale; unequal ones: solve 2 alpha^2 sum x_i sinh(x_i nu) = y by hand."""
    np.testing.assert_allclose(interpolator(np.ones((1, 4)), [2.0], 1e-9).value, 0.5, rtol=1e-14)
    scale, nu, x = 0.3, 1.7, np.array([0.5, 1.0, 2.0])
    beta = 2 * scale**2 * np.sinh(x * nu)
    np.testing.assert_allclose(interpolator(x[None], [x @ beta], scale).value, beta, rtol=1e-13)
    z = 0.9 * np.array([-0.5, 0.25, 1.0])  # depth 3: p = 3
    beta = scale**3 * ((1 - z) ** -3.0 - (1 + z) ** -3.0)
    np.testing.assert_allclose(interpolator(z[None], [z @ beta], scale, 3).value, beta, rtol=1e-12)


def test_limits():
    np.testing.assert_allclose(interpolator(X, Y, 1e4).value, minimum_l2(X, Y), atol=1e-14)
    for depth in (3, 5):
        np.testing.assert_allclose(interpolator(X, Y, 1e-60, depth).value, minimum_l1(X, Y).value, atol=1e-13)
    # at depth 2 the gap is scale^(2(1-c)), c the largest dual variable off the support: here c = 0.97
    gaps = [np.abs(interpolator(X, Y, a).value - minimum_l1(X, Y).value).max() for a in (1e-15, 1e-30, 1e-60)]
    assert gaps[0] > gaps[1] > gaps[2] < 1e-3
    branch = interpolator(X, Y, 1e-9, linear_scale=100.0).value
    np.testing.assert_allclose(branch, minimum_l2(X, Y), atol=1e-12)  # a wide branch learns alone


def test_norm_falls_from_l2_to_l1():
    norms = [np.abs(interpolator(X, Y, a).value).sum() for a in np.geomspace(1e-8, 100, 30)]
    assert np.all(np.diff(norms) > 0)
    assert norms[0] == pytest.approx(np.abs(minimum_l1(X, Y).value).sum(), rel=5e-3)  # near tie, see above


@pytest.mark.parametrize("depth", [2, 2.5, 3, 4])
def test_degenerate_limit_says_so(depth):
    sparse = np.r_[1.0, -1.0, 1.0, np.zeros(27)]
    design = np.random.default_rng(0).standard_normal((10, 30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = interpolator(design, design @ sparse, 0.2, depth).value
    assert np.abs(before).sum() > 3 + 1e-6
    with pytest.warns(DegenerateLimitWarning, match="3 nonzeros, fewer than the rank 10"):
        solution = interpolator(design, design @ sparse, 1e-30, depth)
    assert solution.converged
    np.testing.assert_allclose(solution.value, sparse, atol=1e-12)


def test_rank_deficient_designs_and_unique_solutions():
    repeated = np.vstack([X, X[0] + X[1]])
    np.testing.assert_allclose(
        interpolator(repeated, np.r_[Y, Y[0] + Y[1]], 0.1).value, interpolator(X, Y, 0.1).value, atol=1e-12
    )
    square = X[:, :5]
    np.testing.assert_allclose(interpolator(square, Y, 1e-3).value, np.linalg.solve(square, Y), atol=1e-10)
    assert interpolator(X, np.zeros(5), 0.1).value.tolist() == [0.0] * 12
    twins = np.hstack([X, X])  # equal columns share their coefficient
    np.testing.assert_allclose(np.diff(interpolator(twins, Y, 1e-3).value.reshape(2, 12), axis=0), 0, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 6),
    extra=st.integers(1, 8),
    seed=st.integers(0, 10**6),
    log_scale=st.floats(-60, 3),
    depth=st.sampled_from([2, 2, 2.2, 3, 4, 7]),
    units=st.sampled_from([1e-40, 1.0, 1e40]),
)
def test_kkt_conditions(n, extra, seed, log_scale, depth, units):
    generator = np.random.default_rng(seed)
    A, y = generator.standard_normal((n, n + extra)), generator.standard_normal(n)
    scale = 10.0**log_scale
    solution = interpolator(A, y, scale, depth, on_failure="raise")
    beta = solution.value
    np.testing.assert_allclose(A @ beta, y, atol=1e-11 * np.abs(beta).max() * np.abs(A).sum(axis=1).max())
    p = np.inf if depth == 2 else depth / (depth - 2)
    level = np.full(beta.size, depth * np.log(scale))
    z = inverse_link(beta, level, p)
    outside = z - A.T @ np.linalg.lstsq(A.T, z, rcond=None)[0]
    if np.abs(z).max() < (1 - 1e-7) * p:  # closer to the pole z cannot be told from it
        # rounding of beta (1e-12 of the largest) in units of its slope, on top of rounding of z
        blur = 1e-12 * np.abs(beta).max() / link(z, level, p)[1].min()
        if blur < 1e-3:
            np.testing.assert_allclose(outside, 0, atol=1e-9 * np.abs(z).max() + 10 * blur)
    other = interpolator(A * units, y, scale * units ** (-1 / depth), depth).value * units
    np.testing.assert_allclose(other, beta, atol=1e-9 * np.abs(beta).max())


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 10),
    extra=st.integers(1, 20),
    seed=st.integers(0, 10**6),
    log_scale=st.floats(-60, 2),
    branch=st.sampled_from([0.0, 0.0, 0.1, 3.0]),
)
def test_unequal_scales_offsets_and_branches(n, extra, seed, log_scale, branch):
    """Depth 2, where everything converges: interpolation, and the dual of what is not dominated by rounding."""
    generator = np.random.default_rng(seed)
    A, y = generator.standard_normal((n, n + extra)), generator.standard_normal(n)
    scale = 10.0**log_scale * 10 ** generator.uniform(-1, 1, n + extra)
    offset = 3 * scale**2 * generator.uniform(-1, 1, n + extra)
    solution = interpolator(A, y, scale, offset=offset, linear_scale=branch, on_failure="raise")
    np.testing.assert_allclose(A @ solution.value, y, atol=1e-11 * np.abs(solution.value).max() * (n + extra))
    if branch == 0:
        z = np.arcsinh(solution.value / (2 * scale**2)) - np.arcsinh(offset / (2 * scale**2))
        outside = z - A.T @ np.linalg.lstsq(A.T, z, rcond=None)[0]
        blur = np.abs(solution.value).max() / np.sqrt(solution.value**2 + 4 * scale**4).min()
        if blur < 1e9:
            np.testing.assert_allclose(outside, 0, atol=1e-9 * np.abs(z).max() + 1e-11 * blur)


def test_link_and_its_inverse():
    for p in (np.inf, 30.0, 3.0, 1.2):
        z = np.r_[-1, 1] * np.array([[1e-9], [0.3], [0.9]]) * (20 if np.isinf(p) else p)
        level = np.full_like(z, -5.0)
        np.testing.assert_allclose(inverse_link(link(z, level, p)[0], level, p), z, rtol=1e-12)
        step = 1e-6
        slope = (link(z + step, level, p)[0] - link(z - step, level, p)[0]) / (2 * step)
        np.testing.assert_allclose(link(z, level, p)[1], slope, rtol=1e-6)


@pytest.mark.slow
def test_large_problem_is_fast_and_small():
    import time
    import tracemalloc

    A = np.random.default_rng(0).standard_normal((200, 4000))
    y = A[:, :5].sum(axis=1) + 0.5 * np.random.default_rng(1).standard_normal(200)
    start = time.process_time()
    interpolator(A, y, 1e-6, on_failure="raise")
    assert time.process_time() - start < 3
    tracemalloc.start()
    interpolator(A, y, 1e-6)
    assert tracemalloc.get_traced_memory()[1] < 500e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: interpolator(X, Y, 0.0), "initial_scale = 0.0 is not allowed: it must be positive"),
        (lambda: interpolator(X, Y, -1.0), "initial_scale"),
        (lambda: interpolator(X, Y, [1.0, 2.0]), "initial_scale.shape"),
        (lambda: interpolator(X, Y, 1.0, 1.5), "depth = 1.5 is not allowed: it must be at least 2"),
        (lambda: interpolator(X, Y, 1.0, offset=[1.0]), "offset.shape"),
        (lambda: interpolator(X, Y, 1.0, linear_scale=-1.0), "linear_scale"),
        (lambda: interpolator(X, Y[:3], 1.0), "y.shape"),
        (lambda: interpolator(np.zeros((2, 3)), [0.0, 0.0], 1.0), "vanish"),
        (lambda: interpolator([[1.0, 1.0], [1.0, 1.0]], [1.0, 2.0], 1.0), "range of X"),
        (lambda: interpolator(np.ones((3, 1)), [1.0, 2.0, 3.0], 1.0), "range of X"),
        (lambda: minimum_l1([[1.0, 1.0], [1.0, 1.0]], [1.0, 2.0]), "range of X"),
        (lambda: minimum_l2(X, Y[:3]), "y.shape"),
        (lambda: interpolator(X, [np.nan] * 5, 1.0), "y"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_failure_is_reported_not_hidden():
    """A huge offset at a tiny scale: whatever comes back says how good it is."""
    solution = interpolator(X, Y, 1e-3, offset=0.4, on_failure="ignore")
    assert (solution.status == Status.CONVERGED) == (solution.residual <= 1e-10)


@pytest.mark.parametrize("scale", [1e-150, 1e150, 1e300])
def test_least_norms_do_not_depend_on_the_scale_of_the_design(scale):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((3, 6)), rng.standard_normal(3)
    for minimum in (minimum_l1, minimum_l2):
        np.testing.assert_allclose(np.asarray(minimum(X * scale, y)) * scale, minimum(X, y), rtol=1e-12)


@pytest.mark.parametrize("minimum", [minimum_l1, minimum_l2])
def test_least_norms_of_zero_and_unit_labels(minimum):
    np.testing.assert_array_equal(minimum([[1.0, 2.0]], [0.0]), [0.0, 0.0])
    np.testing.assert_allclose(minimum([[1.0]], [1.0]), [1.0], rtol=1e-15)
    np.testing.assert_allclose(minimum(np.eye(3), [0.0, 2.0, 0.0]), [0.0, 2.0, 0.0], rtol=1e-15)
