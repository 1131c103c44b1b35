"""Recovery by factors against NumPy loops, tubal descent against Fourier slices, passage times against a solve."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import (
    quenched_passage_time,
    residual_limit,
    subgradient_descent,
    tubal_descent,
    tubal_product,
    tubal_transpose,
)


def problems(seeds: int, m: int = 1200, d: int = 15) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian measurements of a projection of rank 2, a tenth of them off by ten."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((seeds, m, d, d))
    truth = np.diag(np.arange(d) < 2).astype(float)
    return A, np.einsum("smab,ab->sm", A, truth) + 10 * rng.standard_normal((seeds, m)) * (rng.random((seeds, m)) < 0.1)


def by_loop(A: np.ndarray, y: np.ndarray, scale: float, schedule: np.ndarray) -> np.ndarray:
    """Two matrix-vector products a step, as a user would write it (JAX is not among the dependencies)."""
    m, d = A.shape[:2]
    flat, U = A.reshape(m, -1), scale * np.eye(d)
    for step in schedule:
        signs = np.sign(flat @ (U @ U.T).ravel() - y)
        D = (signs @ flat).reshape(d, d) / m
        U = U - step * (D + D.T) @ U
    return U


def by_batch(A: np.ndarray, y: np.ndarray, scale: float, schedule: np.ndarray) -> np.ndarray:
    """All seeds at once by batched products."""
    seeds, m, d = A.shape[:3]
    flat, U = A.reshape(seeds, m, -1), np.tile(scale * np.eye(d), (seeds, 1, 1))
    for step in schedule:
        X = (U @ U.transpose(0, 2, 1)).reshape(seeds, -1, 1)
        signs = np.sign((flat @ X)[..., 0] - y)
        D = (signs[:, None] @ flat).reshape(seeds, d, d) / m
        U = U - step * (D + D.transpose(0, 2, 1)) @ U
    return U


def by_slices(A: np.ndarray, y: np.ndarray, U: np.ndarray, step_size: float, steps: int) -> np.ndarray:
    """Products by Fourier transforms."""
    A = (A + np.stack([tubal_transpose(a) for a in A])) / 2
    flat = A.reshape(len(y), -1)
    for _ in range(steps):
        X = tubal_product(U, tubal_transpose(U))
        U = U + step_size * tubal_product(((y - flat @ X.ravel()) @ flat).reshape(X.shape), U)
    return U


def by_solve(p: np.ndarray) -> float:
    """The equations of first steps as a banded system."""
    from scipy.linalg import solve_banded

    n = len(p)
    bands = np.zeros((3, n))
    bands[1], bands[0, 1:], bands[2, :-1] = 1.0, -p[:-1], -(1 - p[1:])
    bands[1, 0] = p[0]
    return solve_banded((1, 1), bands, np.ones(n))[0]


def by_root(y: float, times: np.ndarray) -> np.ndarray:
    """The implicit formula by brentq, one time after another."""
    from scipy.optimize import brentq

    def clock(F: float) -> float:
        return np.log(F / (y - F)) / y**2 - 1 / (y * F) + np.log(y - 1) / y**2 + 1 / y

    return np.array([brentq(lambda F, t=t: clock(F) - t, 1.0, y * (1 - 1e-15), xtol=1e-15) for t in times])


class Recovery:
    def setup(self):
        self.A, self.y = problems(8)
        self.schedule = 0.2 * 0.998 ** np.arange(1000)

    def time_descent(self):
        subgradient_descent(self.A, self.y, 15, 1e-6, self.schedule)


def main() -> None:
    A, y = problems(8)
    schedule = 0.2 * 0.997 ** np.arange(5000)
    run = subgradient_descent(A, y, 15, 1e-4, schedule, checkpoints=1).matrices[:, -1]
    U = by_loop(A[0], y[0], 1e-4, schedule)
    off = float(np.linalg.norm(run[0] - U @ U.T) / np.linalg.norm(U @ U.T))
    note = f"differs by {off:.0e}"
    compare(
        "subgradient_descent, 8 seeds x 5,000 steps, vs NumPy",
        lambda: subgradient_descent(A, y, 15, 1e-4, schedule),
        lambda: by_loop(A[0], y[0], 1e-4, schedule),
        share=1 / 8,
        repeats=3,
        note=note,
    )
    compare(
        "... vs batched NumPy",
        lambda: subgradient_descent(A, y, 15, 1e-4, schedule),
        lambda: by_batch(A, y, 1e-4, schedule[:500]),
        share=0.1,
        repeats=3,
    )
    rng = np.random.default_rng(1)
    truth = tubal_product(B := rng.standard_normal((10, 2, 4)), tubal_transpose(B))
    truth, start = 2 * truth / np.linalg.norm(truth), 0.01 * rng.standard_normal((10, 10, 4))
    T = rng.standard_normal((140, 10, 10, 4)) / 140**0.5
    labels = T.reshape(140, -1) @ truth.ravel()
    ours = tubal_descent(T, labels, start, 0.05, 500, checkpoints=1).factors[-1]
    off = float(np.abs(ours - by_slices(T, labels, start, 0.05, 500)).max() / np.abs(ours).max())
    compare(
        "tubal_descent, 500 steps, vs Fourier slices",
        lambda: tubal_descent(T, labels, start, 0.05, 500),
        lambda: by_slices(T, labels, start, 0.05, 500),
        note=f"differs by {off:.0e}",
    )
    p = rng.uniform(0.45, 0.55, 20_000)
    off = abs(float(quenched_passage_time(p)) / by_solve(p) - 1)
    compare(
        "quenched_passage_time, 20,000 sites, vs solve_banded",
        lambda: quenched_passage_time(p),
        lambda: by_solve(p),
        note=f"differs by {off:.0e}: the solve loses digits",
    )
    times = np.linspace(0.01, 2, 2000)
    off = float(np.abs(residual_limit(2.5, times).output / by_root(2.5, times) - 1).max())
    compare(
        "residual_limit, 2,000 times, vs brentq",
        lambda: residual_limit(2.5, times),
        lambda: by_root(2.5, times),
        note=f"differs by {off:.0e}",
    )


if __name__ == "__main__":
    main()
