"""Gradient descent on unconstrained features against NumPy loops, and closed forms on 10^4 parameter settings."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare, cpu_seconds
from solvable.analysis.neural_collapse.experiments.descent import descend
from solvable.solvers import collapse_minimizer

CLASSES, SAMPLES, WIDTH, DEPTH, STEPS, SEEDS = 10, 50, 64, 3, 10_000, 8
DECAY, STEP, SCALE = 5e-3, 0.1, 0.1
SIZES = [SAMPLES] * CLASSES


def ours():
    return descend(np.random.default_rng(0), SIZES, [DECAY] * DEPTH, DECAY, WIDTH, [STEPS], STEP, scale=SCALE,
                   seeds=SEEDS)  # fmt: skip


def start(seed: int):
    """The draws of the first seed, in the same order."""
    rng = np.random.default_rng(seed)
    inner = SCALE * rng.standard_normal((DEPTH - 1, WIDTH, WIDTH))
    layers = [*inner, SCALE * rng.standard_normal((CLASSES, WIDTH))]
    return layers, (SCALE * rng.standard_normal((CLASSES * SAMPLES, WIDTH))).T


def plain(steps: int):
    """Layer by layer over all N columns, as it is usually written."""
    W, H = start(0)
    Y = np.repeat(np.eye(CLASSES), SAMPLES, axis=1)
    for _ in range(steps):
        passed = [H]
        for layer in W:
            passed.append(layer @ passed[-1])
        back = (passed[-1] - Y) / Y.shape[1]
        slopes = []
        for layer, inputs in zip(W[::-1], passed[-2::-1], strict=True):
            slopes.append(back @ inputs.T)
            back = layer.T @ back
        H = H - STEP * (back + DECAY * H)
        W = [layer - STEP * (slope + DECAY * layer) for layer, slope in zip(W, slopes[::-1], strict=True)]
    return W, H


def tuned(steps: int):
    """Products of layers first, so that only K x d matrices meet the N columns; updates in place."""
    W, H = start(0)
    Y, N = np.repeat(np.eye(CLASSES), SAMPLES, axis=1), CLASSES * SAMPLES
    for _ in range(steps):
        suffix = [np.eye(CLASSES), W[-1]]
        for layer in W[-2::-1]:
            suffix.append(suffix[-1] @ layer)
        whole = suffix[-1]
        error = whole @ H
        error -= Y
        error *= STEP / N
        gathered = error @ H.T
        H *= 1 - STEP * DECAY
        H -= whole.T @ error
        for j in range(DEPTH):
            slope = suffix[DEPTH - 1 - j].T @ gathered
            gathered = gathered @ W[j].T
            W[j] = (1 - STEP * DECAY) * W[j] - slope
    return W, H


def grid():
    rng = np.random.default_rng(0)
    return collapse_minimizer(rng.integers(1, 500, (10_000, 10)), rng.uniform(1e-4, 1e-2, (10_000, 3)), 1e-3)


def brentq_grid(cells: int):
    """One bracketed root a class, what a careful user writes."""
    from scipy.optimize import brentq

    rng = np.random.default_rng(0)
    sizes, layers = rng.integers(1, 500, (10_000, 10)), rng.uniform(1e-4, 1e-2, (10_000, 3))
    critical = 2 ** (2 / 3) / 3
    outputs = np.zeros((cells, 10))
    for i in range(cells):
        N = sizes[i].sum()
        b = 3 * N * (N * np.prod(layers[i]) * 1e-3) ** (1 / 3)
        for k in range(10):
            r = b / sizes[i, k]
            if r < critical:
                u = brentq(lambda u, r=r: 2 * u + np.log(3) - 2 * np.logaddexp(0, 3 * u) - np.log(r),
                           np.log(2) / 3, np.log(3 / r) / 4)  # fmt: skip
                outputs[i, k] = 1 / (1 + np.exp(-3 * u))
    return outputs


class NeuralCollapse:
    def time_descent(self):
        ours()

    def time_plain_numpy_one_in_400(self):
        plain(STEPS * SEEDS // 400)

    def time_closed_forms(self):
        grid()


def main() -> None:
    found = descend(np.random.default_rng(0), SIZES, [DECAY] * DEPTH, DECAY, WIDTH, [100], STEP, scale=SCALE)
    title = f"descent, K={CLASSES}, n={SAMPLES}, d={WIDTH}, depth {DEPTH}, {STEPS:,} steps, {SEEDS} seeds"
    for name, peer in (("plain NumPy", plain), ("tuned NumPy", tuned)):
        layers, _ = peer(100)
        off = np.max(np.abs(layers[-1] - found.head[0, 0]))
        compare(f"{title}, vs {name}", ours, lambda peer=peer: peer(1000), share=1000 / (STEPS * SEEDS), repeats=3,
                note=f"last layers differ by {off:.1e} after 100 steps")  # fmt: skip
    off = np.max(np.abs(grid().outputs[:20] - brentq_grid(20)))
    compare("collapse_minimizer, 10,000 settings x 10 classes, vs brentq loop", grid, lambda: brentq_grid(100),
            share=0.01, note=f"differ by {off:.1e}")  # fmt: skip
    print(f"collapse_minimizer, 10,000 settings: {cpu_seconds(grid):.3f} s")


if __name__ == "__main__":
    main()
