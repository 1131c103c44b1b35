"""The closed flow against particles, moments against a NumPy loop, modular logits against einsum."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import (
    maximal_update_moments,
    modular_addition_weights,
    modular_logits,
    quadratic_network_flow,
)

D, PARTICLES, STEPS, P, WIDTH = 10, 1000, 10_000, 97, 1536


def velocity(w: np.ndarray, start: tuple[np.ndarray, np.ndarray], beta: np.ndarray, epsilon: float) -> np.ndarray:
    """Of all particles, at output scale 1."""
    A = epsilon * (w.T @ w / len(w) - start[1]) - np.outer(beta, beta)
    B = epsilon / (2 * D**2) * (np.trace(A) * np.eye(D) + 2 * A)
    return -((w.mean(axis=0) - start[0]) / D + w @ B)


def particles(W: np.ndarray, beta: np.ndarray, epsilon: float, time: float) -> np.ndarray:
    """Gradient flow of all particles, as one would write it with SciPy, to the accuracy of the closed flow."""
    from scipy.integrate import solve_ivp

    start = W.mean(axis=0), W.T @ W / len(W)
    flow = solve_ivp(lambda _, flat: velocity(flat.reshape(W.shape), start, beta, epsilon).ravel(), (0.0, time),
                     W.ravel(), "DOP853", rtol=1e-11, atol=1e-11)  # fmt: skip
    end = flow.y[:, -1].reshape(W.shape)
    return np.asarray(end.T @ end / len(end))


def steps(W: np.ndarray, beta: np.ndarray, epsilon: float, time: float, count: int) -> np.ndarray:
    """The same by the classical Runge-Kutta method in NumPy; 630 steps are as accurate at time 20."""
    w, h = W, time / count

    def rate(at: np.ndarray) -> np.ndarray:
        return velocity(at, start, beta, epsilon)

    start = W.mean(axis=0), W.T @ W / len(W)
    for _ in range(count):
        a = rate(w)
        b = rate(w + h / 2 * a)
        c = rate(w + h / 2 * b)
        w = w + h / 6 * (a + 2 * b + 2 * c + rate(w + h * c))
    return np.asarray(w.T @ w / len(w))


def loop(X: np.ndarray, y: np.ndarray, rate: float) -> float:
    """The recursion of the moments in NumPy, one row a step."""
    suu, suv, svv = np.eye(X.shape[1]), np.zeros(X.shape[1]), 1.0
    for step in range(STEPS):
        x = X[step % len(y)]
        g = rate * (x @ suv - y[step % len(y)]) * x
        suu, suv, svv = (
            suu - np.outer(g, suv) - np.outer(suv, g) + svv * np.outer(g, g),
            suv - svv * g - suu @ g + (g @ suv) * g,
            svv - 2 * g @ suv + g @ suu @ g,
        )
    return float(suv @ X[0])


def main() -> None:
    rng = np.random.default_rng(0)
    W, beta = rng.standard_normal((PARTICLES, D)), np.sqrt(D) * np.eye(D)[0]
    begun = W.mean(axis=0), W.T @ W / PARTICLES
    for time in (20.0, 200.0):
        ours = quadratic_network_flow(*begun, beta, 1.0, 0.5, [time]).second[0]
        gap = np.abs(particles(W, beta, 0.5, time) - ours).max()
        for calls in (20, 1):  # one call after the particles finds its code and data out of cache
            compare(f"{calls} closed flows to t = {time:g}, d = {D}, N = {PARTICLES:,} particles",
                    lambda time=time, calls=calls: [quadratic_network_flow(*begun, beta, 1.0, 0.5, [time])
                                                    for _ in range(calls)],
                    lambda time=time: particles(W, beta, 0.5, time), share=1 / calls, repeats=15,
                    note=f"{gap:.0e}")  # fmt: skip
    ours = quadratic_network_flow(*begun, beta, 1.0, 0.5, [20.0]).second[0]
    gap = np.abs(steps(W, beta, 0.5, 20.0, 630) - ours).max()
    compare("... to t = 20, particles by 630 steps in NumPy",
            lambda: quadratic_network_flow(*begun, beta, 1.0, 0.5, [20.0]),
            lambda: steps(W, beta, 0.5, 20.0, 630), repeats=3, note=f"{gap:.0e}")  # fmt: skip
    X, y = rng.standard_normal((30, 20)) / np.sqrt(20), rng.standard_normal(30)
    gap = abs(maximal_update_moments(X, y, 0.05, STEPS).outputs[-1, 0] - loop(X, y, 0.05))
    compare(f"moments, {STEPS:,} steps at d = 20", lambda: maximal_update_moments(X, y, 0.05, STEPS),
            lambda: loop(X, y, 0.05), repeats=3, note=f"{gap:.0e}")  # fmt: skip
    weights = modular_addition_weights(P, WIDTH, 0)

    def einsum() -> np.ndarray:
        alone = np.einsum("qk,km->mq", weights.W, weights.U**2)[:, None] + np.einsum(
            "qk,kn->nq", weights.W, weights.V**2
        )
        return (alone + 2 * np.einsum("qk,km,kn->mnq", weights.W, weights.U, weights.V)) / WIDTH

    gap = np.abs(modular_logits(weights) - einsum()).max()
    compare(f"modular logits, p = {P}, N = {WIDTH:,}, einsum", lambda: modular_logits(weights), einsum, repeats=3,
            note=f"{gap:.0e}")  # fmt: skip


if __name__ == "__main__":
    main()
