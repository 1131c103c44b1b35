"""Deterministic equivalents of the resolvent: identities, and random matrices."""

import numpy as np
import pytest

from solvable.solvers import Spectrum, Status, effective_ridge, resolvent_pair_trace, resolvent_trace

S = np.linspace(0.3, 2.5, 120) ** 2
SPECTRUM = Spectrum(S)
N = 80
rng = np.random.default_rng(0)
U = np.linalg.qr(rng.standard_normal((120, 120)))[0]
A = (lambda a: a @ a.T / 120)(rng.standard_normal((120, 120)))
B = (lambda a: a @ a.T / 120)(rng.standard_normal((120, 120)))


def resolvents(count, lams, seed, vectors=U, s=S):
    """Resolvents of sample covariances whose population has eigenvectors `vectors`."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        X = generator.standard_normal((N, s.size)) @ (vectors * np.sqrt(s)).T
        C = X.T @ X / N
        yield [np.linalg.inv(C + lam * np.eye(len(C))) for lam in lams]


def agree(samples, theory, finite):
    """4.5 standard errors plus the finite-size error; a 5 % wrong constant fails."""
    mean, error = np.mean(samples), np.std(samples, ddof=1) / np.sqrt(len(samples))
    room = 4.5 * error + finite * abs(theory)
    assert abs(mean - theory) <= room
    assert abs(mean - 1.05 * theory) > room


def test_traces_against_random_matrices():
    """Seed 1, 60 matrices, n = 80: second-order traces are off by about 1/n."""
    first, pair = [], []
    for Qa, Qb in resolvents(60, (0.1, 0.8), 1):
        first.append(np.trace(A @ Qa))
        pair.append(np.trace(A @ Qa @ B @ Qb))
    agree(first, float(resolvent_trace(SPECTRUM, N, 0.1 * N, A, eigenvectors=U).value), 0.004)
    theory = resolvent_pair_trace(SPECTRUM, N, 0.1 * N, 0.8 * N, A, B, eigenvectors=U)
    agree(pair, float(theory.value), 0.012)


def test_directions_without_variance():
    """Rank 60 of 120: outside the span the resolvent is n/ridge, and both traces must include it."""
    half, vectors = S[:60], U[:, :60]
    first, pair = [], []
    for Qa, Qb in resolvents(60, (0.5, 1.0), 2, vectors, half):
        first.append(np.trace(A @ Qa))
        pair.append(np.trace(A @ Qa @ B @ Qb))
    spectrum = Spectrum(half)
    agree(first, float(resolvent_trace(spectrum, N, 0.5 * N, A, eigenvectors=vectors).value), 0.004)
    theory = resolvent_pair_trace(spectrum, N, 0.5 * N, 1.0 * N, A, B, eigenvectors=vectors)
    agree(pair, float(theory.value), 0.012)


def test_diagonal_weights_are_diagonal_matrices():
    a, b = np.linspace(1, 2, 120), np.linspace(3, 1, 120)
    for one, other in (
        (resolvent_trace(SPECTRUM, N, 7.0, a), resolvent_trace(SPECTRUM, N, 7.0, U @ np.diag(a) @ U.T, eigenvectors=U)),
        (
            resolvent_pair_trace(SPECTRUM, N, 7.0, 90.0, a, b),
            resolvent_pair_trace(SPECTRUM, N, 7.0, 90.0, U @ np.diag(a) @ U.T, U @ np.diag(b) @ U.T, eigenvectors=U),
        ),
    ):
        np.testing.assert_allclose(one.value, other.value, rtol=1e-10)


def test_second_order_is_the_derivative_of_first_order():
    """d tr(AQ)/d lam = -tr(A Q Q): a central difference, good to about 1e-8."""
    a, lam, h = np.linspace(1, 2, 120), 0.3, 1e-5
    up, down = resolvent_trace(SPECTRUM, N, N * np.array([lam + h, lam - h]), a).value
    pair = resolvent_pair_trace(SPECTRUM, N, N * lam, N * lam, a, 1.0).value
    np.testing.assert_allclose(-(up - down) / (2 * h), pair, rtol=1e-7)


def test_two_ridges_obey_the_resolvent_identity():
    """Q_a - Q_b = (lam_b - lam_a) Q_a Q_b, so the two orders are tied together exactly."""
    a = np.linspace(1, 2, 120)
    qa, qb = resolvent_trace(SPECTRUM, N, N * np.array([0.2, 1.1]), a).value
    pair = resolvent_pair_trace(SPECTRUM, N, 0.2 * N, 1.1 * N, a, 1.0).value
    np.testing.assert_allclose(qa - qb, 0.9 * pair, rtol=1e-11)


@pytest.mark.parametrize("ridge", [0.0, 1e-200, 1e-12, 1.0])
def test_weights_inside_the_span_never_see_the_directions_without_variance(ridge):
    """n > rank: rounding of A outside the span meets n/ridge there, and must not come back as 1e12 or inf."""
    half, vectors = S[:60], U[:, :60]
    spectrum = Spectrum(half)
    sigma, inverse = (vectors * half) @ vectors.T, (vectors / half) @ vectors.T
    first = resolvent_trace(spectrum, 150, ridge, sigma, eigenvectors=vectors)
    np.testing.assert_allclose(first.value, resolvent_trace(spectrum, 150, ridge, half).value, rtol=1e-11)
    pair = resolvent_pair_trace(spectrum, 150, ridge, ridge, sigma, inverse, eigenvectors=vectors)
    expected = resolvent_pair_trace(spectrum, 150, ridge, ridge, half, 1 / half)
    np.testing.assert_allclose(pair.value, expected.value, rtol=1e-11)
    assert pair.status == first.status == Status.CONVERGED


def test_weights_outside_the_span_meet_n_over_ridge():
    """Exactly: Q = n/ridge on those directions, so tr(PQ) and tr(PQPQ) with P their projector are known."""
    half, vectors = S[:60], U[:, :60]
    spectrum, P = Spectrum(half), np.eye(120) - vectors @ vectors.T
    for n in (40, 150):
        ridge = np.array([1e-100, 1e-9, 1.0])
        first = resolvent_trace(spectrum, n, ridge, P, eigenvectors=vectors).value
        np.testing.assert_allclose(first, 60 * n / ridge, rtol=1e-12)
        pair = resolvent_pair_trace(spectrum, n, ridge, 2 * ridge, P, P, eigenvectors=vectors).value
        np.testing.assert_allclose(pair, 60 * n**2 / (2 * ridge**2), rtol=1e-12)
        # -d tr(AQ)/dlam = tr(AQQ) with A everywhere: mixed blocks and all
        h = 1e-5
        up, down = resolvent_trace(spectrum, n, n * np.array([0.3 + h, 0.3 - h]), A, eigenvectors=vectors).value
        both = resolvent_pair_trace(spectrum, n, 0.3 * n, 0.3 * n, A, np.eye(120), eigenvectors=vectors).value
        np.testing.assert_allclose(-(up - down) / (2 * h), both, rtol=1e-7)
    at_zero = resolvent_trace(spectrum, 150, 0.0, P, eigenvectors=vectors)
    assert at_zero.value == np.inf
    assert at_zero.status == Status.DIVERGES
    assert resolvent_pair_trace(spectrum, 150, 0.0, 1.0, P, P, eigenvectors=vectors).value == np.inf
    assert resolvent_pair_trace(spectrum, 150, 0.0, 0.0, P, 0 * P, eigenvectors=vectors).value == 0


@pytest.mark.parametrize("rank", [60, 120])
def test_dense_matrices_give_the_same(rank):
    """The formula as it is written, with inverses of full matrices; A and B not symmetric, so every block counts."""
    generator = np.random.default_rng(3)
    C, D = generator.standard_normal((2, 120, 120))
    values, vectors = S[:rank], U[:, :rank]
    sigma, spectrum, delta = (vectors * values) @ vectors.T, Spectrum(values), np.array([3.0, 70.0])
    for n in (40, 300):
        ka, kb = effective_ridge(spectrum, n, delta).value
        Ga, Gb = (np.linalg.inv(sigma + k * np.eye(120)) for k in (ka, kb))
        gap = n - np.trace(sigma @ Ga @ sigma @ Gb)
        mixed = np.trace(C @ Ga @ sigma @ Gb) * np.trace(D @ Ga @ sigma @ Gb) / gap
        expected = ka * kb * n**2 / delta.prod() * (np.trace(C @ Ga @ D @ Gb) + mixed)
        found = resolvent_pair_trace(spectrum, n, *delta, C, D, eigenvectors=vectors).value
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        first = resolvent_trace(spectrum, n, delta[0], C, eigenvectors=vectors).value
        np.testing.assert_allclose(first, ka * n / delta[0] * np.trace(C @ Ga), rtol=1e-10)


@pytest.mark.parametrize("exponent", [1.05, 1.5])
def test_identities_hold_with_the_infinite_tail(exponent):
    """Modes with g below 1e-16 carry a fifth of the trace at 1.05: no sum may go through 1 - g."""
    spectrum, n = Spectrum.power_law(exponent, 2.0, 100), 50
    lam = np.array([0.2, 1.1])
    kappa = effective_ridge(spectrum, n, n * lam).value
    traces = resolvent_trace(spectrum, n, n * lam, spectrum.eigenvalues).value
    np.testing.assert_allclose(traces, n * (kappa / lam - 1), rtol=1e-12)
    pair = resolvent_pair_trace(spectrum, n, n * lam[0], n * lam[1], spectrum.eigenvalues, 1.0).value
    np.testing.assert_allclose(traces[0] - traces[1], (lam[1] - lam[0]) * pair, rtol=1e-11)


def test_symmetries_and_ends():
    spectrum, a, b = Spectrum([3.0, 1.0]), [1.0, -2.0], [0.5, 4.0]
    one = resolvent_pair_trace(spectrum, 5, [0.1, 0.0], [7.0, 2.0], a, b).value
    np.testing.assert_allclose(resolvent_pair_trace(spectrum, 5, [7.0, 2.0], [0.1, 0.0], b, a).value, one, rtol=1e-13)
    assert resolvent_trace(spectrum, 5, np.inf, a).value == 0
    assert resolvent_pair_trace(spectrum, 5, np.inf, 1.0, a, b).value == 0
    assert resolvent_trace(spectrum, 1, 0.0, [-1.0, -1.0]).value == -np.inf
    rank = resolvent_pair_trace(spectrum, 2, 0.0, 0.0, [0.0, 0.0], [1.0, 1.0])  # n = rank, nothing asked
    assert rank.value == 0
    assert rank.status == Status.CONVERGED
    assert resolvent_pair_trace(spectrum, 2, 0.0, 1.0, 1.0, 1.0).status == Status.DIVERGES
    for scale in (1e-100, 1e100):
        scaled = Spectrum([3.0 * scale, scale])
        for found in (
            resolvent_trace(scaled, 5, 0.1 * scale, a).value / resolvent_trace(spectrum, 5, 0.1, a).value * scale,
            resolvent_pair_trace(scaled, 5, 0.1 * scale, scale, a, b).value * scale * scale
            / resolvent_pair_trace(spectrum, 5, 0.1, 1.0, a, b).value,
        ):  # fmt: skip
            assert found == pytest.approx(1, rel=1e-12)


def test_trace_of_the_sample_covariance_is_known():
    """tr(S Q) = d - lam tr Q, and tr(Sigma Q) = n (kappa/lam - 1) by the fixed point."""
    lam = 0.4
    kappa = effective_ridge(SPECTRUM, N, N * lam).value
    np.testing.assert_allclose(resolvent_trace(SPECTRUM, N, N * lam, S).value, N * (kappa / lam - 1), rtol=1e-12)


def test_poles_and_their_absence():
    under, over = resolvent_trace(SPECTRUM, [60, 240], 0.0, 1.0).value
    assert under == np.inf
    assert over == pytest.approx(240 / (240 - 120) * np.sum(1 / S), rel=1e-12)
    assert resolvent_trace(SPECTRUM, 60, 0.0, 1.0).status == Status.DIVERGES
    assert resolvent_trace(SPECTRUM, 60, 0.0, 0.0).value == 0
    assert resolvent_pair_trace(SPECTRUM, 60, 0.0, 1.0, 1.0, 1.0).status == Status.DIVERGES


def test_multiplicities_and_broadcasting():
    counted = Spectrum([2.0, 0.5], multiplicities=[30.0, 50.0])
    listed = Spectrum(np.repeat([2.0, 0.5], [30, 50]))
    n, ridge = np.array([[40], [200]]), np.array([1.0, 9.0, 100.0])
    one = resolvent_pair_trace(counted, n, ridge, 3.0, [1.0, 2.0], [0.5, 3.0])
    other = resolvent_pair_trace(
        listed, n, ridge, 3.0, np.repeat([1.0, 2.0], [30, 50]), np.repeat([0.5, 3.0], [30, 50])
    )
    assert one.value.shape == (2, 3)
    np.testing.assert_allclose(one.value, other.value, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: resolvent_trace(SPECTRUM, N, 1.0, [1.0, 2.0]), "weights.shape"),
        (lambda: resolvent_trace(SPECTRUM, N, 1.0, A[:3], eigenvectors=U), "weights.shape"),
        (lambda: resolvent_trace(SPECTRUM, N, 1.0, A, eigenvectors=2 * U), "orthonormal"),
        (lambda: resolvent_trace(SPECTRUM, N, 1.0, A, eigenvectors=U[:, :5]), "eigenvectors.shape"),
        (
            lambda: resolvent_trace(Spectrum([1.0], multiplicities=[2.0]), N, 1.0, 1.0, eigenvectors=[[1.0]]),
            "multiplicity",
        ),
        (lambda: resolvent_pair_trace(SPECTRUM, [1, 2], [1.0, 2.0, 3.0], 1.0, 1.0, 1.0), "broadcast"),
        (lambda: resolvent_pair_trace(SPECTRUM, N, -1e9, 1.0, 1.0, 1.0), "ridge_a = .*stability edge"),
        (lambda: resolvent_pair_trace(SPECTRUM, N, 1.0, np.nan, 1.0, 1.0), "ridge_b = nan"),
        (lambda: resolvent_pair_trace(SPECTRUM, N, 1.0, 1.0, 1.0, [1.0, 2.0]), "weights_b.shape"),
        (lambda: resolvent_trace(SPECTRUM, N, 1.0, np.inf), "weights = inf"),
        (lambda: resolvent_trace(SPECTRUM, 0, 1.0, 1.0), "n = 0.0"),
        (lambda: resolvent_trace(SPECTRUM, N, 1.0, A, eigenvectors=np.ones((2, 2, 2))), "eigenvectors.shape"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_wrong_types_are_refused():
    for call, match in (
        (lambda: resolvent_trace(None, N, 1.0, 1.0), "spectrum = None"),
        (lambda: resolvent_pair_trace(np.ones(3), N, 1.0, 1.0, 1.0, 1.0), "spectrum = array"),
        (lambda: resolvent_trace(SPECTRUM, N, "1", 1.0), "ridge = '1'"),
        (lambda: resolvent_pair_trace(SPECTRUM, N, 1.0, None, 1.0, 1.0), "ridge_b = None"),
        (lambda: resolvent_trace(SPECTRUM, N, 1.0, 1j), "weights = 1j"),
    ):
        with pytest.raises(TypeError, match=match):
            call()


def test_a_pair_is_as_good_as_its_worse_half(monkeypatch):
    """Cut off after one step, the ridgeless root above the rank (known in closed form) converges and the other not."""
    from solvable.solvers.equivalents import fixed_point

    monkeypatch.setattr(fixed_point, "_MAX_ITERATIONS", 1)
    for ridges in ((0.0, 5.0), (5.0, 0.0)):
        pair = resolvent_pair_trace(SPECTRUM, 300, *ridges, 1.0, 1.0, on_failure="ignore")
        assert pair.status == Status.MAX_ITERATIONS
        assert pair.residual > 1e-6
