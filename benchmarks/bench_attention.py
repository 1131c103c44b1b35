"""Kernels of random attention, margins and descent against SciPy and NumPy."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import attention_descent, attention_kernel, attention_margin, bivariate_relu


def sphere(rng: np.random.Generator, *shape: int) -> np.ndarray:
    x = rng.standard_normal(shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def by_cdf(m1: np.ndarray, m2: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Truncated moments of a Gaussian pair, its distribution function by SciPy."""
    from scipy.stats import multivariate_normal, norm

    out = np.empty(m1.size)
    for i, (a, b, c) in enumerate(zip(m1, m2, r, strict=True)):
        both = multivariate_normal.cdf([a, b], cov=[[1, c], [c, 1]])
        root = np.sqrt(1 - c * c)
        density = np.exp(-(a * a - 2 * c * a * b + b * b) / (2 * root**2)) / (2 * np.pi * root)
        first = norm.pdf(a) * norm.cdf((b - c * a) / root)
        second = norm.pdf(b) * norm.cdf((a - c * b) / root)
        out[i] = (a * b + c) * both + b * first + a * second + root**2 * density
    return out


def by_loop(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Centred ReLU kernel, prompt after prompt."""
    out = np.empty((len(q), len(q)))
    for i in range(len(q)):
        for j in range(len(q)):
            inner = 1 + k[i] @ k[j].T
            rho = np.clip((1 + q[i] @ q[j]) * inner / 4, -1, 1)
            angle = np.arccos(rho)
            out[i, j] = np.mean((np.sin(angle) + (np.pi - angle) * rho) / (2 * np.pi) * inner)
    return out


def rows_of(x: np.ndarray, z: np.ndarray, best: np.ndarray) -> np.ndarray:
    return np.array([np.outer(x[i, best[i]] - x[i, t], z[i]).ravel()
                     for i in range(len(x)) for t in range(x.shape[1]) if t != best[i]])  # fmt: skip


def by_slsqp(x: np.ndarray, z: np.ndarray, best: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    A = rows_of(x, z, best)
    return minimize(
        lambda w: w @ w / 2, np.zeros(A.shape[1]), jac=lambda w: w, method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
        constraints={"type": "ineq", "fun": lambda w: A @ w - 1, "jac": lambda w: A},
    ).x  # fmt: skip


def by_numpy(x: np.ndarray, z: np.ndarray, g: np.ndarray, start: np.ndarray, steps: int) -> np.ndarray:
    """Normalised descent of one seed; the gradient of the mean logistic loss as it is written."""
    W = start.copy()
    for _ in range(steps):
        a = np.einsum("itd,de,ie->it", x, W, z, optimize=True)
        s = np.exp(a - a.max(axis=1, keepdims=True))
        s /= s.sum(axis=1, keepdims=True)
        f = np.sum(s * g, axis=1)
        pull = -s * (g - f[:, None]) / (1 + np.exp(f))[:, None] / len(x)
        G = np.einsum("it,itd,ie->de", pull, x, z, optimize=True)
        W -= 0.1 * G / np.linalg.norm(G)
    return W


class Kernels:
    def setup(self):
        rng = np.random.default_rng(0)
        self.q, self.k = sphere(rng, 500, 10), sphere(rng, 500, 8, 10)

    def time_attention_kernel(self):
        attention_kernel(self.q, self.k)


def main() -> None:
    rng = np.random.default_rng(0)
    m1, m2, r = rng.standard_normal(2000), rng.standard_normal(2000), rng.uniform(-0.95, 0.95, 2000)
    off = float(np.max(np.abs(bivariate_relu(m1, m2, r) - by_cdf(m1, m2, r))))
    compare("bivariate_relu, 2,000 pairs, vs scipy multivariate_normal", lambda: bivariate_relu(m1, m2, r),
            lambda: by_cdf(m1[:200], m2[:200], r[:200]), share=0.1, note=f"differ by {off:.0e}")  # fmt: skip
    q, k = sphere(rng, 500, 10), sphere(rng, 500, 8, 10)
    off = float(np.max(np.abs(attention_kernel(q[:40], k[:40]) - by_loop(q[:40], k[:40]))))
    compare("attention_kernel, n=500, N=8, vs NumPy double loop", lambda: attention_kernel(q, k),
            lambda: by_loop(q[:100], k[:100]), share=0.04, repeats=3, note=f"differ by {off:.0e}")  # fmt: skip
    problems = []
    while len(problems) < 100:
        x, z, best = sphere(rng, 6, 8, 10), sphere(rng, 6, 10), rng.integers(8, size=6)
        problems.append((x, z, best))
    gaps = [attention_margin(*p).norm - np.linalg.norm(by_slsqp(*p)) for p in problems[:10]]
    compare("attention_margin, 100 of n=6, T=8, d=10, vs SLSQP", lambda: [attention_margin(*p) for p in problems],
            lambda: [by_slsqp(*p) for p in problems[:50]], share=0.5, repeats=15,
            note=f"norms differ by {np.max(np.abs(gaps)):.0e}")  # fmt: skip
    x, z, best = problems[0]
    g = rng.standard_normal((6, 8))
    compare("attention_descent, 8 seeds x 2,000, vs NumPy", lambda: attention_descent(x, z, g, 0.1, 2000, seeds=8),
            lambda: by_numpy(x, z, g, 0.01 * rng.standard_normal((10, 10)), 500), share=1 / 32, repeats=3)  # fmt: skip


if __name__ == "__main__":
    main()
