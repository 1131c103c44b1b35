"""Closed forms of flows and guided samplers against sampling, clustering and denoising against loops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.stats import multivariate_normal

from benchmarks.ratio import compare
from solvable.solvers import guided_sampling, k_subspaces, mixture_denoiser, mixture_flow

N, DECAY, STD, D, STEPS = 8, 0.1, 0.7, 50_000, 100
RNG = np.random.default_rng(0)


def euler(samples: int = 10) -> np.ndarray:
    """Trajectories in 50,000 dimensions along the learned field, its coefficients known."""
    mu = np.ones(D)
    x0, x1 = RNG.standard_normal((N, D)), mu + STD * RNG.standard_normal((N, D))
    X = RNG.standard_normal((samples, D))
    for i in range(STEPS):
        t = (i + 0.5) / STEPS
        field = mixture_flow(N, DECAY, STD, times=t)
        w = field.weight_mean * x1.mean(axis=0) + field.weight_noise * x0.mean(axis=0)
        f = field.skip * X + np.sign(X @ w)[:, None] * w
        X = X + ((1 + t / (1 - t)) * f - X / (1 - t)) / STEPS
    return X


def guided(particles: int = 20_000, steps: int = 500) -> np.ndarray:
    """Reversed equation with guidance, s = 1, s_n = 0.25: errors of one per cent."""
    x, grid = RNG.standard_normal(particles), 9.0 * np.linspace(1, 0, steps + 1) ** 2
    for b, after in pairwise(grid):
        h, signal = b - after, np.exp(-b / 2)
        x = x + h * (-x / 2 + 4 * signal * (1 - signal * x)) + np.sqrt(h) * RNG.standard_normal(particles)
    return x


def cluster(X: np.ndarray, d: int, restarts: int) -> float:
    """Two subspaces by singular values and nearest subspaces in turn."""
    best = np.inf
    for _ in range(restarts):
        labels = RNG.integers(2, size=len(X))
        for _ in range(300):
            bases = [np.linalg.svd(X[labels == k], full_matrices=False)[2][:d] for k in (0, 1)]
            inside = np.array([np.sum((X @ B.T) ** 2, axis=1) for B in bases])
            new = np.argmax(inside, axis=0)
            if np.array_equal(new, labels) or min(np.bincount(new, minlength=2)) == 0:
                break
            labels = new
        best = min(best, float(np.sum(X**2) - inside.max(axis=0).sum()))
    return best


def denoise(x: np.ndarray, weights: np.ndarray, means: np.ndarray, S: np.ndarray, noise: float) -> np.ndarray:
    """Responsibilities by SciPy, one component after another."""
    total = S + noise * np.eye(S.shape[1])
    logs = np.stack(
        [np.log(p) + multivariate_normal(m, T).logpdf(x) for p, m, T in zip(weights, means, total, strict=True)]
    )
    shares = np.exp(logs - np.logaddexp.reduce(logs))
    return sum(w[:, None] * (m + (x - m) @ np.linalg.solve(T, C))
               for w, m, T, C in zip(shares, means, total, S, strict=True))  # fmt: skip


def mixture(d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    """10,000 points, 10 components with covariances in general position, a noise between their variances."""
    rng = np.random.default_rng(d)
    x, means, A = rng.standard_normal((10_000, d)), rng.standard_normal((10, d)), rng.standard_normal((10, d, d + 2))
    return x, np.full(10, 0.1), means, A @ np.swapaxes(A, 1, 2) / d, 0.3


class Denoising:
    def time_flow_grid(self):
        flow_grid()


class Mixtures:
    params = (2, 8, 32)

    def setup(self, d):
        self.problem = mixture(d)
        mixture_denoiser(*self.problem)

    def time_mixture(self, d):
        mixture_denoiser(*self.problem)


def flow_grid() -> object:
    return mixture_flow(np.arange(2, 52)[:, None, None], np.linspace(0.01, 2, 50)[:, None], np.linspace(0.1, 2, 50))


def main() -> None:
    compare("mixture_flow, one cell, vs Euler at d=5e4, 1,000 paths", lambda: mixture_flow(N, DECAY, STD), euler,
            share=0.01, repeats=3)  # fmt: skip
    compare("mixture_flow, 125,000 cells, vs one cell of that", flow_grid, euler, share=0.01, repeats=3)
    compare("guided_sampling, 100 calls, vs 20,000 particles, 500 steps each",
            lambda: [guided_sampling(1.0, 0.25, 1.0) for _ in range(100)], guided, share=0.01)  # fmt: skip
    for rows in (6, 20):
        X = np.vstack([RNG.standard_normal((rows, 3)) @ RNG.standard_normal((3, 30)) for _ in range(2)])
        compare(f"k_subspaces, 20 restarts, n=30, {rows} rows, vs NumPy", lambda X=X: k_subspaces(X, [3, 3], 20, 0),
                lambda X=X: cluster(X, 3, 20))  # fmt: skip
    for d in (2, 8, 32):
        problem = mixture(d)
        off = float(np.abs(mixture_denoiser(*problem).estimate - denoise(*problem)).max())
        compare(f"mixture_denoiser, 10,000 points, 10 components, d={d}", lambda p=problem: mixture_denoiser(*p),
                lambda p=problem: denoise(*p), repeats=21, note=f"differs by {off:.0e}")  # fmt: skip


if __name__ == "__main__":
    main()
