"""Ratio tests of in-context learning: closed forms written out again in 60 digits."""

import mpmath as mp
import numpy as np
import pytest
from test_ratios_closed_forms import DECADES, _report, big, exactly, held, symmetric  # noqa: F401 (prints the ratios)

from solvable import solvers


def trace(A):
    return mp.fsum(A[i, i] for i in range(A.rows))


@pytest.mark.parametrize("decades", DECADES)
def test_optimal_linear_attention(decades):
    """An error of the covariance by eps moves P by its norm, the risk by n roundings of the labels' power."""
    S, B, d = symmetric(decades), symmetric(decades / 2, seed=1), 5
    for n, noise in ((1, 0.0), (20, 0.3), (1e4, 1e-6)):
        found = solvers.optimal_linear_attention(n, S, B, noise)
        s, b = exactly(S), exactly(B)
        power = trace(s * b)
        P = b * mp.inverse((mp.mpf(n) + 1) * s * b + (power + mp.mpf(noise)) * mp.eye(d))
        risk = power + mp.mpf(noise) - n * trace(s * P * s * b)
        held("optimal_linear_attention", [found.risk], [risk], risk * d + power)
        # half of the digits of a small eigenvalue of the prior are lost in its root, times what P makes of it
        size = max(abs(x) for x in P) * (1 + mp.mpf(n) * power / (power + mp.mpf(noise)))
        held("optimal_linear_attention", found.preconditioner, list(P), size)


def test_optimal_step_size():
    rng = np.random.default_rng(0)
    for _ in range(50):
        n, d, noise, power, extra = 10.0 ** rng.uniform([0, 0, -9, -9, -9], [9, 3, 3, 3, 3])
        n, d = max(n, 1.0), max(d, 1.0)
        moment = power + extra
        exact = mp.mpf(power) / (mp.mpf(moment) + mp.mpf(noise) * d + (mp.mpf(n) - 1) * power)
        held("optimal_step_size", [solvers.optimal_step_size(n, d, noise, moment, power)], [exact])


@pytest.mark.parametrize("decades", DECADES)
def test_trained_attention(decades):
    """Sums of squares: relative to the value, times the condition of Gamma, at most n."""
    L, B, T = symmetric(decades), symmetric(1, seed=1), symmetric(2, seed=2)
    d, noise = 5, mp.mpf(0.25)
    for n in (2.0, 100.0, 1e6):
        l, b, t = exactly(L), exactly(B), exactly(T)
        gamma = l + (l + trace(l) * mp.eye(d)) / mp.mpf(n)
        inverse = mp.inverse(gamma)
        condition = mp.norm(gamma, 2) * mp.norm(inverse, 2)
        limit = solvers.attention_limit(L, n)
        strength = trace(inverse * inverse) ** mp.mpf("0.25")
        held("attention_limit", [limit.value], [strength], strength * condition)
        held("attention_limit", limit.key_query, list(inverse / strength), mp.norm(inverse, 2) / strength * condition)
        held("attention_limit", [limit.loss], [trace(l - inverse * l * l) / 2], trace(l) / n * condition)
        for test, shown in ((None, l), (T, t)):
            gap = mp.eye(d) - inverse * shown
            scatter = (trace(shown * b) + noise) * shown + shown * b * shown
            for context in (1.0, 50.0, np.inf):
                found = solvers.trained_attention_risk(
                    L, n, context, prior=B, noise_variance=0.25, test_covariance=test
                )
                floor = trace(gap * b * gap.T * shown)
                spread = trace(inverse * shown * inverse * scatter) * (0 if context == np.inf else 1 / mp.mpf(context))
                held("trained_attention_risk", [found], [noise + floor + spread], (noise + floor + spread) * condition)


def test_random_covariance_limit():
    for n in (1.0, 30.0, 1e9):
        rows = [[1.0, 2.0, 6.0], [0.1, 0.02, 0.006], [7.0, 50.0, 400.0]]
        m = [[mp.mpf(x) for x in row] for row in rows]
        total = mp.fsum(row[0] for row in m)
        exact = [row[1] / (row[2] + (2 * row[2] + row[1] * (total - row[0])) / n) for row in m]
        # the sum of the others is a difference of the sum of all
        sizes = [x * (1 + total / (total - row[0])) for x, row in zip(exact, m, strict=True)]
        held("random_covariance_limit", solvers.random_covariance_limit(rows, n), exact, sizes)


def test_mean_predictive_variance():
    rng = np.random.default_rng(1)
    for _ in range(100):
        n, d, noise = 10.0 ** rng.uniform([-2, 0, -12], [6, 6, 6])
        b = mp.mpf(noise) + mp.mpf(n) - mp.mpf(d)
        exact = mp.mpf(noise) + (mp.sqrt(b * b + 4 * mp.mpf(d) * noise) - b) / 2
        # at n near d the difference is rounded once
        held("mean_predictive_variance", [solvers.mean_predictive_variance(n, d, noise)], [exact],
             exact * (1 + (n + d) / (abs(b) + mp.sqrt(4 * mp.mpf(d) * noise))))  # fmt: skip


@pytest.mark.parametrize("noise", [1e-6, 0.3, 1e4])
def test_posterior_predictive(noise):
    """Conditioning in the joint covariance; the condition is that of the prompt or of the noise."""
    rng = np.random.default_rng(2)
    for n, d in ((1, 3), (3, 3), (6, 2), (2, 6)):
        X, y, x = rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal(d)
        found = solvers.posterior_predictive(X, y, x, noise)
        A, cross = exactly(X), exactly(X) * mp.matrix(x.tolist())
        joint = A * A.T + mp.mpf(noise) * mp.eye(n)
        inverse = mp.inverse(joint)
        mean = (cross.T * inverse * mp.matrix(y.tolist()))[0]
        variance = noise + mp.fsum(v * v for v in big(x)) - (cross.T * inverse * cross)[0]
        condition = 1 + np.linalg.cond(X)
        size = np.linalg.norm(x) * np.linalg.norm(y) * np.linalg.norm(np.linalg.pinv(X)) * condition
        held("posterior_predictive", [found.mean], [mean], size)
        held("posterior_predictive", [found.variance], [variance], float(variance) * condition)
