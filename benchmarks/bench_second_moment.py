"""Thresholds and growth rates of n = 200 rank-one Hessians in d = 50, against eigsh on a LinearOperator."""

from __future__ import annotations

import resource
import time

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import growth_rate, stability_threshold

G = np.random.default_rng(0).standard_normal((200, 50))
BATCHES = np.array([1, 2, 4, 8, 16, 32, 64, 128])
STEPS = np.linspace(0.05, 1.6, 50)


def thresholds():
    return stability_threshold(G, BATCHES).value


def growth_map():
    return growth_rate(STEPS[:, None], G, BATCHES).value


def eigsh_rate(step: float, batch: int, tuned: bool = False) -> float:
    """The second-moment map as a LinearOperator on matrices, largest eigenvalue by ARPACK.

    The noise term as one einsum, as it is usually written; `tuned` uses matrix products and starts from the identity.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    n, d = G.shape
    H, p = G.T @ G / n, (n - batch) / (batch * (n - 1))

    def apply(vector):
        M = vector.reshape(d, d)
        level = np.einsum("ia,ia->i", G @ M, G) if tuned else np.einsum("ia,ab,ib->i", G, M, G)
        noise = (G.T * level) @ G / n
        HM = H @ M
        return (M - step * (HM + M @ H) + step**2 * ((1 - p) * HM @ H + p * noise)).ravel()

    operator = LinearOperator((d * d, d * d), matvec=apply, dtype=float)
    start = np.eye(d).ravel() if tuned else None
    return float(eigsh(operator, k=1, which="LA", return_eigenvectors=False, tol=1e-11, v0=start)[0])


def eigsh_threshold(batch: int, tuned: bool = False) -> float:
    from scipy.optimize import brentq

    top = 2 / np.linalg.eigvalsh(G.T @ G / len(G))[-1]
    return brentq(lambda step: eigsh_rate(step, batch, tuned) - 1, 1e-3 * top, 1.001 * top, xtol=1e-11)


class SecondMoment:
    def time_thresholds(self):
        thresholds()

    def time_growth_map(self):
        growth_map()

    def time_eigsh_one_rate(self):
        eigsh_rate(0.1, 4)


def main() -> None:
    some = BATCHES[::4]
    cells = [(i, j) for i in range(3, 50, 15) for j in range(0, 8, 3)]
    for tuned in (False, True):
        name = "tuned eigsh" if tuned else "eigsh"
        peer = np.array([eigsh_threshold(b, tuned) for b in some])
        off = np.max(np.abs(thresholds()[::4] / peer - 1))
        compare(
            f"8 thresholds, n=200, d=50, vs brentq over {name}",
            thresholds,
            lambda tuned=tuned: [eigsh_threshold(b, tuned) for b in some],
            share=some.size / 8,
            repeats=3,
            note=f"differ by {off:.1e}",
        )
        rates = np.array([eigsh_rate(STEPS[i], BATCHES[j], tuned) for i, j in cells])
        off = np.max(np.abs(np.array([growth_map()[i, j] for i, j in cells]) / rates - 1))
        compare(
            f"growth map, 50 steps x 8 batches, vs {name}",
            growth_map,
            lambda tuned=tuned: [eigsh_rate(STEPS[i], BATCHES[j], tuned) for i, j in cells],
            share=len(cells) / 400,
            repeats=3,
            note=f"differ by {off:.1e}",
        )
    large = np.random.default_rng(1).standard_normal((500, 10_000))
    start = time.perf_counter()
    stability_threshold(large, [1, 8, 64])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"n=500, d=10,000, three batch sizes: {time.perf_counter() - start:.1f} s, peak memory {memory:.0f} MB")


if __name__ == "__main__":
    main()
