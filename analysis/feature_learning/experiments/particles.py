"""Particle networks trained step by step on finite samples, or by exact quadrature over the inputs."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit

__all__ = [
    "delay_gap",
    "drawn_weights",
    "fall_times",
    "flown_moments",
    "kernel_level",
    "left_test_loss",
    "losses_along",
    "sampled_loss",
    "time_gap",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


@njit(cache=True, fastmath=True)
def _outputs(W, X, epsilon, out):  # type: ignore[no-untyped-def]
    """Mean of h + epsilon h^2/2 over the particles, at every row of X."""
    for p in range(X.shape[0]):
        total = 0.0
        for i in range(W.shape[0]):
            h = 0.0
            for j in range(X.shape[1]):
                h += W[i, j] * X[p, j]
            total += h + epsilon / 2 * h * h
        out[p] = total / W.shape[0]


@njit(cache=True, fastmath=True)
def _descend(W, X, y, fresh, y_fresh, alpha, epsilon, rate, steps, every, share):  # type: ignore[no-untyped-def]
    """Train f - f_0, every particle at `rate`; half mean squares on both samples every few steps, to a share of it."""
    P, D = X.shape
    N = W.shape[0]
    rows = steps // every + 1
    losses = np.zeros((rows, 2))
    begun, found = np.zeros(P), np.zeros(P)
    begun_fresh, found_fresh = np.zeros(fresh.shape[0]), np.zeros(fresh.shape[0])
    move = np.zeros(D)
    _outputs(W, X, epsilon, begun)
    _outputs(W, fresh, epsilon, begun_fresh)
    for step in range(steps + 1):
        _outputs(W, X, epsilon, found)
        train = 0.0
        for p in range(P):
            found[p] = alpha * (found[p] - begun[p]) - y[p]
            train += found[p] ** 2
        if step % every == 0:
            _outputs(W, fresh, epsilon, found_fresh)
            test = 0.0
            for p in range(fresh.shape[0]):
                test += (alpha * (found_fresh[p] - begun_fresh[p]) - y_fresh[p]) ** 2
            losses[step // every, 0] = train / (2 * P)
            losses[step // every, 1] = test / (2 * fresh.shape[0])
            if losses[step // every, 1] < share * losses[0, 1] and losses[step // every, 0] < share * losses[0, 0]:
                return losses[: step // every + 1]
        for i in range(N):
            for j in range(D):
                move[j] = 0.0
            for p in range(P):
                h = 0.0
                for j in range(D):
                    h += W[i, j] * X[p, j]
                slope = found[p] * (1 + epsilon * h)
                for j in range(D):
                    move[j] += slope * X[p, j]
            for j in range(D):
                W[i, j] -= rate * alpha / P * move[j]
    return losses


def losses_along(
    rng: Rng, d: int, N: int, samples: int, alpha: float, epsilon: float, steps: int, every: int = 5, share: float = 0.0
) -> Array:
    """Train and test loss every few steps of size 0.15 d/alpha^2, unit speed for each particle."""
    W = rng.standard_normal((N, d))
    beta = rng.standard_normal(d)
    beta *= np.sqrt(d) / np.linalg.norm(beta)
    X, fresh = rng.standard_normal((samples, d)) / np.sqrt(d), rng.standard_normal((400, d)) / np.sqrt(d)
    y, y_fresh = (X @ beta) ** 2 / 2, (fresh @ beta) ** 2 / 2
    found: Array = _descend(W, X, y, fresh, y_fresh, alpha, epsilon, 0.15 * d / alpha**2, steps, every, share)
    return found


def fall_times(
    rng: Rng, d: int, N: int, samples: int, alpha: float, epsilon: float, steps: int, every: int = 5
) -> tuple[float, float]:
    """Steps until train and test loss have fallen to 5 %; the last step where that never happens."""
    losses = losses_along(rng, d, N, samples, alpha, epsilon, steps, every, share=0.05)
    low = losses < 0.05 * losses[0]
    train, test = (float(every * np.argmax(fallen)) if fallen.any() else float(steps) for fallen in low.T)
    return train, test


def _both(rng: Rng, name: str, pair: tuple[float, float], cell: dict[str, float]) -> list[tuple[float, float]]:
    """Fall times at two values of one argument, from the same weights and data."""
    seed = int(rng.integers(2**32))
    return [fall_times(np.random.default_rng(seed), **{**cell, name: value}) for value in pair]  # type: ignore[arg-type]


def delay_gap(rng: Rng, name: str, first: float, second: float, **cell: float) -> float:
    """Logarithm of the ratio of test to train time at the second value, less that at the first."""
    before, after = _both(rng, name, (first, second), cell)
    return float(np.log(after[1] / after[0]) - np.log(before[1] / before[0]))


def time_gap(rng: Rng, first: float, second: float, product: float, **cell: float) -> float:
    """Logarithm of the test time at the second alignment, less that at the first; alpha, or alpha epsilon, is kept."""
    seed, found = int(rng.integers(2**32)), []
    for epsilon in (first, second):
        alpha = product / epsilon if product else 1.0
        cell = {**cell, "alpha": alpha, "epsilon": epsilon}
        found.append(fall_times(np.random.default_rng(seed), **cell)[1])  # type: ignore[arg-type]
    return float(np.log(found[1] / found[0]))


def left_test_loss(rng: Rng, **cell: float) -> float:
    """Test loss after all steps in units of the first one, less 5 %; -1 where the train loss has not fallen there."""
    losses = losses_along(rng, **cell)  # type: ignore[arg-type]
    share = losses[-1] / losses[0]
    return float(share[1] - 0.05) if share[0] < 0.05 else -1.0


def drawn_weights(rng: Rng, d: int, N: int, **_: float) -> dict[str, Array]:
    """Weights at the start, weights some way off, and a target of square d."""
    beta = rng.standard_normal(d)
    start = rng.standard_normal((N, d))
    beta *= np.sqrt(d) / np.linalg.norm(beta)
    return {"start": start, "W": start + 0.3 * rng.standard_normal((N, d)) + 0.3 * beta, "beta": beta}


def sampled_loss(
    rng: Rng, d: int, alpha: float, epsilon: float, start: Array, W: Array, beta: Array, **_: int
) -> float:
    """Half mean square of f - f_0 - y over 8,000 inputs."""
    X = rng.standard_normal((8000, d)) / np.sqrt(d)
    f, f0 = np.empty(8000), np.empty(8000)
    _outputs(W, X, epsilon, f)
    _outputs(start, X, epsilon, f0)
    return float(np.mean((alpha * (f - f0) - (X @ beta) ** 2 / 2) ** 2) / 2)


def flown_moments(alpha: float, epsilon: float, time: float, centred: bool, W: Array, beta: Array) -> Array:
    """Mean and second moment of particles along their own gradient flow, the inputs by Gauss-Hermite quadrature.

    The velocity is of degree five at most in an input coordinate, for which three nodes are exact.
    """
    from scipy.integrate import solve_ivp

    N, D = W.shape
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    X = np.array(list(product(nodes, repeat=D))) / np.sqrt(D)
    chance = np.prod(np.array(list(product(weights / weights.sum(), repeat=D))), axis=1)
    target = (X @ beta) ** 2 / 2

    def outputs(particles: Array) -> Array:
        h = X @ particles.T
        return np.asarray(alpha / N * (h + epsilon / 2 * h * h).sum(axis=1))

    before = outputs(W) if centred else 0.0

    def velocity(_: float, flat: Array) -> Array:
        particles = flat.reshape(N, D)
        error = chance * (outputs(particles) - before - target)
        return np.asarray(-alpha * ((1 + epsilon * (X @ particles.T)) * error[:, None]).T @ X).ravel()

    found = solve_ivp(velocity, (0.0, time), W.ravel(), "DOP853", rtol=1e-11, atol=1e-13).y[:, -1].reshape(N, D)
    return np.concatenate([found.mean(axis=0), (found.T @ found / N).ravel()])


def kernel_level(rng: Rng, n: float, d: int, epsilon: float, degree: int) -> float:
    """Mean of the eigenvalues of the Gram matrix over n, at the start of 4n particles: the d of degree 1, or the rest.

    Of degree 2 all but the largest, which belongs to the trace.
    """
    count = round(n)
    X = rng.standard_normal((count, d)) / np.sqrt(d)
    slopes = 1 + epsilon * X @ rng.standard_normal((d, 4 * count))
    values = np.linalg.eigvalsh((slopes @ slopes.T) * (X @ X.T) / (4 * count * count))[::-1]
    block = values[:d] if degree == 1 else values[d + 1 : d + d * (d + 1) // 2]
    return float(block.mean())
