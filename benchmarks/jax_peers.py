"""The same training loops in JAX (scan, vmap over seeds, double precision, CPU), side by side with ours.

Needs jax, which nothing else here does. Compilation is excluded on both sides; pin the process to one core:

    taskset -c 0 python -m benchmarks.jax_peers
"""

from __future__ import annotations

import sys
import time

import numpy as np

from benchmarks import bench_diagonal_networks as diagonal
from benchmarks import bench_factorised as factorised
from benchmarks import bench_neural_collapse as collapse
from solvable.solvers import subgradient_descent

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    sys.exit("benchmarks.jax_peers needs jax: pip install jax")

jax.config.update("jax_enable_x64", True)
RATES = 0.2 * 0.997 ** np.arange(5000)


def diagonal_network(steps: int):
    """SGD with single samples on w_+^2 - w_-^2, all seeds at once, 200 checkpoints."""
    X, Y = jnp.asarray(diagonal.X), jnp.asarray(diagonal.Y)
    inner = steps // 200

    def one_seed(key):
        rows = jax.random.randint(key, (200, inner), 0, diagonal.N)

        def step(state, i):
            p, m = state
            x = X[i]
            move = 2 * diagonal.STEP * (x @ (p * p - m * m) - Y[i]) * x
            return (p * (1 - move), m * (1 + move)), None

        def block(state, chosen):
            state, _ = jax.lax.scan(step, state, chosen)
            return state, state[0] ** 2 - state[1] ** 2

        start = (jnp.full(diagonal.D, diagonal.SCALE), jnp.full(diagonal.D, diagonal.SCALE))
        return jax.lax.scan(block, start, rows)

    run = jax.jit(jax.vmap(one_seed))
    keys = jax.random.split(jax.random.PRNGKey(0), diagonal.SEEDS)
    return lambda: jax.block_until_ready(run(keys))


def unconstrained_features(steps: int):
    """Gradient descent by automatic differentiation on the loss as it is written, all seeds at once."""
    N = collapse.CLASSES * collapse.SAMPLES
    target = jnp.repeat(jnp.eye(collapse.CLASSES), collapse.SAMPLES, axis=1)

    def loss(weights):
        *layers, H = weights
        out = H
        for layer in layers:
            out = layer @ out
        size = sum(jnp.sum(w**2) for w in weights)
        return jnp.sum((out - target) ** 2) / (2 * N) + collapse.DECAY / 2 * size

    def one_seed(weights):
        def step(_, now):
            slopes = jax.grad(loss)(now)
            return [w - collapse.STEP * s for w, s in zip(now, slopes, strict=True)]

        return jax.lax.fori_loop(0, steps, step, weights)

    starts = [collapse.start(seed) for seed in range(collapse.SEEDS)]
    weights = [jnp.asarray(np.array([s[0][j] for s in starts])) for j in range(collapse.DEPTH)]
    weights.append(jnp.asarray(np.array([s[1] for s in starts])))
    run = jax.jit(jax.vmap(one_seed))
    return lambda: jax.block_until_ready(run(weights))


def recovery(steps: int, at_once: bool):
    """Subgradient descent on a factorised matrix; all seeds at once, or one after another, each in the cache."""
    A, y = factorised.problems(8)
    m, d = A.shape[1:3]
    measurements, labels = jnp.asarray(A.reshape(8, m, -1)), jnp.asarray(y)
    schedule = jnp.asarray(RATES[:steps])

    def one_seed(problem):
        rows, targets = problem

        def step(U, rate):
            signs = jnp.sign(rows @ (U @ U.T).ravel() - targets)
            D = (signs @ rows).reshape(d, d) / m
            return U - rate * (D + D.T) @ U, None

        return jax.lax.scan(step, 1e-4 * jnp.eye(d), schedule)[0]

    run = jax.jit(jax.vmap(one_seed) if at_once else lambda problems: jax.lax.map(one_seed, problems))
    return lambda: jax.block_until_ready(run((measurements, labels)))


def report(title: str, ours, peer, share: float, repeats: int = 3) -> None:
    """Wall time: JAX uses threads of its own."""
    ours(), peer()
    pairs = []
    for _ in range(repeats):
        clock = [time.perf_counter()]
        for job in (ours, peer):
            job()
            clock.append(time.perf_counter())
        pairs.append((clock[1] - clock[0], (clock[2] - clock[1]) / share))
    mine, theirs = np.median(np.array(pairs), axis=0)
    print(f"{title:<58} {mine:8.3f} s  {theirs:8.3f} s  {theirs / mine:6.1f} x")


def main() -> None:
    report("SGD on a diagonal network, 2e5 steps, 20 seeds, vs JAX", diagonal.kernel,
           diagonal_network(diagonal.STEPS), 1.0)  # fmt: skip
    report("descent on unconstrained features, 1e4 steps, 8 seeds, vs JAX", collapse.ours,
           unconstrained_features(collapse.STEPS // 20), 1 / 20)  # fmt: skip
    A, y = factorised.problems(8)
    for title, at_once in (("at once", True), ("one after another", False)):
        report(f"recovery, 5,000 steps, 8 seeds {title}, vs JAX", lambda: subgradient_descent(A, y, 15, 1e-4, RATES),
               recovery(1000, at_once), 1 / 5)  # fmt: skip


if __name__ == "__main__":
    main()
