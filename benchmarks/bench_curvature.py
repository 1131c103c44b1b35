"""Hypergradients against refits by scikit-learn, and the inverse Fisher matrix against a dense solve."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare, cpu_seconds
from solvable.solvers import InverseFisher, ridge_hypergradient

RIDGES, SHIFT = np.linspace(-4, 6, 100), 1e-4
GRADIENTS, WEIGHTS, MANY = 100, 2000, 1_000_000


def data() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    w = rng.standard_normal(200)
    X, V = rng.standard_normal((300, 200)), rng.standard_normal((100, 200))
    return X, X @ w + rng.standard_normal(300), V, V @ w + rng.standard_normal(100)


def refits(X: np.ndarray, y: np.ndarray, V: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Central differences through two refits for each ridge."""
    from sklearn.linear_model import Ridge

    def loss(log_ridge: float) -> float:
        fit = Ridge(alpha=np.exp(log_ridge), fit_intercept=False).fit(X, y)
        return 0.5 * float(np.sum((fit.predict(V) - z) ** 2))

    return np.array([(loss(at + SHIFT) - loss(at - SHIFT)) / (2 * SHIFT) for at in RIDGES])


def dense(G: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.linalg.solve(0.1 * np.eye(G.shape[1]) + G.T @ G / len(G), x)


class Hypergradients:
    def setup(self):
        self.data = data()

    def time_all_ridges(self):
        ridge_hypergradient(*self.data, RIDGES)


class Fisher:
    def setup(self):
        rng = np.random.default_rng(0)
        self.fisher = InverseFisher(rng.standard_normal((GRADIENTS, WEIGHTS)), 0.1)
        self.x = rng.standard_normal(WEIGHTS)

    def time_apply(self):
        self.fisher.apply(self.x)


def main() -> None:
    sets = data()
    ours = ridge_hypergradient(*sets, RIDGES).gradient
    gap = np.abs(refits(*sets) - ours).max() / np.abs(ours).max()
    title = "hypergradient, 100 ridges, 300 x 200, refits"
    compare(title, lambda: ridge_hypergradient(*sets, RIDGES), lambda: refits(*sets), repeats=3, note=f"{gap:.0e}")
    rng = np.random.default_rng(0)
    G, x = rng.standard_normal((GRADIENTS, WEIGHTS)), rng.standard_normal(WEIGHTS)
    gap = np.abs(InverseFisher(G, 0.1).apply(x) - dense(G, x)).max()
    title = f"inverse Fisher, d = {WEIGHTS:,}, m = {GRADIENTS}, formed and applied"
    for calls in (
        20,
        1,
    ):  # one call after a dense solve finds the gradients out of cache
        compare(f"{title}, {calls}", lambda calls=calls: [InverseFisher(G, 0.1).apply(x) for _ in range(calls)],
                lambda: dense(G, x), share=1 / calls, repeats=9, note=f"{gap:.0e}")  # fmt: skip
    fisher = InverseFisher(G, 0.1)
    compare(f"inverse Fisher, d = {WEIGHTS:,}, applied", lambda: fisher.apply(x), lambda: dense(G, x), repeats=3)
    large, wide = rng.standard_normal((32, MANY)), rng.standard_normal(MANY)
    whole = cpu_seconds(lambda: InverseFisher(large, 0.1).apply(wide))
    held = InverseFisher(large, 0.1)
    print(
        f"d = {MANY:,}, m = 32: {whole:.2f} s formed and applied, {cpu_seconds(lambda: held.apply(wide)):.2f} s applied"
    )


if __name__ == "__main__":
    main()
