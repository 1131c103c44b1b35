"""Embeddings of pairs and of items: closed forms against integrators, regressions and plain iterations."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.integrate import solve_ivp
from sklearn.linear_model import Ridge

from benchmarks.ratio import compare
from solvable.solvers import item_model, nuclear_completion, stepwise_embedding

RNG = np.random.default_rng(0)
M, D, TIMES = 50, 10, np.linspace(0, 30, 1000)
GAMMA = 2.0 * 0.85 ** np.arange(M)
X = RNG.standard_normal((1000, 200)) @ RNG.standard_normal((200, 200)) / 14
ENTRIES = np.argwhere(RNG.random((50, 40)) < 0.5)
TRUTH = RNG.standard_normal((50, 3)) @ RNG.standard_normal((3, 40))
KNOWN = np.column_stack([ENTRIES, TRUTH[ENTRIES[:, 0], ENTRIES[:, 1]]])


def integrated(method: str = "DOP853") -> np.ndarray:
    """Weights from the gradient flow, relative tolerance 1e-8."""
    start = np.zeros((D, M))
    start[:, :D] = 0.01 * np.eye(D)

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        W = flat.reshape(D, M)
        return (-4 * ((W * GAMMA) @ W.T - np.eye(D)) @ W * GAMMA).ravel()

    found = solve_ivp(velocity, (0, 30), start.ravel(), t_eval=TIMES, rtol=1e-8, atol=1e-10, method=method)
    return found.y.T.reshape(-1, D, M)


def ease() -> object:
    return item_model(X, 5.0)


def regressions(items: int = 10) -> float:
    """The first columns, each regressed on the others; how far they are from the item model."""
    weights, off = ease().weights, 0.0
    for j in range(items):
        others = np.delete(np.arange(X.shape[1]), j)
        fit = Ridge(alpha=5.0, fit_intercept=False).fit(X[:, others], X[:, j])
        off = max(off, float(np.abs(fit.coef_ - weights[others, j]).max()))
    return off


def soft_impute(ridge: float = 1.0) -> np.ndarray:
    """Plain iteration until the matrix moves by less than 1e-12 of itself."""
    rows, columns = ENTRIES.T
    theta = np.zeros((50, 40))
    for _ in range(100_000):
        filled = theta.copy()
        filled[rows, columns] = KNOWN[:, 2]
        u, s, v = np.linalg.svd(filled, full_matrices=False)
        new = u * np.maximum(s - ridge, 0) @ v
        done = np.linalg.norm(new - theta) <= 1e-12 * np.linalg.norm(new)
        theta = new
        if done:
            break
    return theta


class Embeddings:
    def time_ease(self):
        ease()


def main() -> None:
    ours = lambda: stepwise_embedding(GAMMA, np.full(D, 0.01), TIMES, D)  # noqa: E731
    off = float(np.abs(ours().weights - integrated()).max())
    for method in ("DOP853", "RK45"):
        compare(f"stepwise_embedding, 1,000 times, 20 calls, vs {method} at 1e-8",
                lambda: deque((ours() for _ in range(20)), 0), lambda m=method: integrated(m), share=1 / 20,
                note=f"differs by {off:.0e} (DOP853)")  # fmt: skip
    compare("item_model, 200 items, vs scikit-learn Ridge per item", ease, regressions, share=10 / 200,
            repeats=21, note=f"differs by {regressions():.0e}")  # fmt: skip
    found = nuclear_completion(KNOWN, (50, 40), 1.0)
    off = float(np.abs(found.value - soft_impute()).max())
    compare("nuclear_completion, 50x40, vs soft-impute", lambda: nuclear_completion(KNOWN, (50, 40), 1.0), soft_impute,
            repeats=3, note=f"differs by {off:.0e}, gap {found.gap:.0e}")  # fmt: skip


if __name__ == "__main__":
    main()
