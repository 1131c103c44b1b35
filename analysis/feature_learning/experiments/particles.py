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


@njit(inner=True, fastmath=True)
def _monomials(X):  # type: ignore[no-untyped-def]
    """Coordinates and products of two of them, of every row."""
    P, D = X.shape
    rows = np.empty((P, D + D * (D + 1) // 2))
    for p in range(P):
        for j in range(D):
            rows[p, j] = X[p, j]
        at = D
        for j in range(D):
            for k in range(j, D):
                rows[p, at] = X[p, j] * X[p, k]
                at += 1
    return rows


@njit(inner=True, fastmath=True)
def _coefficients(W, epsilon, out):  # type: ignore[no-untyped-def]
    """Mean of h + epsilon h^2/2 over the particles, a polynomial of the inputs."""
    N, D = W.shape
    out[:] = 0.0
    for i in range(N):
        at = D
        for j in range(D):
            out[j] += W[i, j] / N
            scale = epsilon / N * W[i, j]
            out[at] += scale / 2 * W[i, j]
            for k in range(j + 1, D):
                out[at + k - j] += scale * W[i, k]
            at += D - j


@njit(inner=True, fastmath=True)
def _values(rows, coefficients, out):  # type: ignore[no-untyped-def]
    for p in range(rows.shape[0]):
        total = 0.0
        for c in range(rows.shape[1]):
            total += rows[p, c] * coefficients[c]
        out[p] = total


@njit(inner=True, fastmath=True)
def _move(W, weights, epsilon, rate):  # type: ignore[no-untyped-def]
    """Step of all particles: the sum over samples of error (1 + epsilon h) x is linear in w."""
    N, D = W.shape
    move, square = np.empty(D), np.empty((D, D))
    at = D
    for j in range(D):
        for k in range(j, D):
            square[j, k] = square[k, j] = epsilon * weights[at]
            at += 1
    for i in range(N):
        for j in range(D):
            move[j] = weights[j]
        for k in range(D):
            for j in range(D):
                move[j] += W[i, k] * square[k, j]
        for j in range(D):
            W[i, j] -= rate * move[j]


@njit(cache=True, fastmath=True)
def _descend(W, X, y, fresh, y_fresh, alpha, epsilon, rate, steps, every, share):  # type: ignore[no-untyped-def]
    """Train f - f_0, every particle at `rate`; half mean squares on both samples every few steps, to a share of it."""
    P = X.shape[0]
    rows, rows_fresh = _monomials(X), _monomials(fresh)
    losses = np.zeros((steps // every + 1, 2))
    begun, found = np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    error, error_fresh, slope = np.zeros(P), np.zeros(fresh.shape[0]), np.zeros(rows.shape[1])
    _coefficients(W, epsilon, begun)
    for step in range(steps + 1):
        _coefficients(W, epsilon, found)
        for c in range(found.size):
            found[c] = alpha * (found[c] - begun[c])
        _values(rows, found, error)
        train = 0.0
        for p in range(P):
            error[p] -= y[p]
            train += error[p] ** 2
        if step % every == 0:
            _values(rows_fresh, found, error_fresh)
            test = 0.0
            for p in range(fresh.shape[0]):
                test += (error_fresh[p] - y_fresh[p]) ** 2
            losses[step // every, 0] = train / (2 * P)
            losses[step // every, 1] = test / (2 * fresh.shape[0])
            if losses[step // every, 1] < share * losses[0, 1] and losses[step // every, 0] < share * losses[0, 0]:
                return losses[: step // every + 1]
        slope[:] = 0.0
        for p in range(P):
            for c in range(slope.size):
                slope[c] += error[p] * rows[p, c]
        _move(W, slope, epsilon, rate * alpha / P)
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

    Of degree 2 all but the largest, which belongs to the trace. A particle's gradient (1 + epsilon w.x) x is linear in
    the products of (1, x) and x, so that the Gram matrix has the eigenvalues of a matrix over these products.
    """
    count = round(n)
    X = rng.standard_normal((count, d)) / np.sqrt(d)
    products = (np.column_stack([np.ones(count), X])[:, :, None] * X[:, None, :]).reshape(count, -1)
    slopes = np.column_stack([np.ones(4 * count), epsilon * rng.standard_normal((4 * count, d))])
    factor = np.kron(np.linalg.cholesky(slopes.T @ slopes / (4 * count)), np.eye(d))
    values = np.linalg.eigvalsh(factor.T @ (products.T @ products) @ factor / count)[::-1]
    block = values[:d] if degree == 1 else values[d + 1 : d + d * (d + 1) // 2]
    return float(block.mean())
