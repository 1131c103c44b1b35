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
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()
