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


def particles(W: np.ndarray, beta: np.ndarray, alpha: float, epsilon: float, time: float) -> np.ndarray:
    """Gradient flow of all particles, as one would write it with SciPy, to the accuracy of the closed flow."""
    from scipy.integrate import solve_ivp

    start_mean, start = W.mean(axis=0), W.T @ W / len(W)

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        w = flat.reshape(W.shape)
        A = alpha * epsilon * (w.T @ w / len(w) - start) - np.outer(beta, beta)
        B = epsilon / (2 * D**2) * (np.trace(A) * np.eye(D) + 2 * A)
        return (-alpha * (alpha / D * (w.mean(axis=0) - start_mean) + w @ B)).ravel()

    end = solve_ivp(velocity, (0.0, time), W.ravel(), "DOP853", rtol=1e-11, atol=1e-11).y[:, -1].reshape(W.shape)
    return np.asarray(end.T @ end / len(end))


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
        gap = np.abs(particles(W, beta, 1.0, 0.5, time) - ours).max()
        compare(f"closed flow to t = {time:g}, d = {D}, N = {PARTICLES:,} particles",
                lambda time=time: quadratic_network_flow(*begun, beta, 1.0, 0.5, [time]),
                lambda time=time: particles(W, beta, 1.0, 0.5, time), note=f"{gap:.0e}")  # fmt: skip
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
