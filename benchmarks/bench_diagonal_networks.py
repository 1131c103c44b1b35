"""SGD on a diagonal network against NumPy loops, and the interpolator against a general solver."""

from __future__ import annotations

import resource
import time

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import diagonal_descent, interpolator

N, D, STEPS, SEEDS = 40, 200, 200_000, 20
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, D))
Y = X[:, :5].sum(axis=1) / 5
STEP, SCALE = 0.02, 0.1


def kernel(seeds: int = SEEDS):
    return diagonal_descent(X, Y, STEP, STEPS, SCALE, 1, seeds=seeds, rng=0)


def numpy_loop(steps: int, seed: int = 0):
    """One seed, one step at a time: what one writes first."""
    p, m = np.full(D, SCALE), np.full(D, SCALE)
    for i in np.random.default_rng(seed).integers(0, N, steps):
        move = 2 * STEP * (X[i] @ (p * p - m * m) - Y[i]) * X[i]
        p *= 1 - move
        m *= 1 + move
    return p, m


def numpy_batched(steps: int):
    """All seeds at once, in place."""
    p, m, beta = (np.full((SEEDS, D), SCALE) for _ in range(3))
    for chosen in np.random.default_rng(0).integers(0, N, (steps, SEEDS)):
        rows = X[chosen]
        np.multiply(p, p, out=beta)
        beta -= m * m
        rows *= (2 * STEP * (np.einsum("sd,sd->s", beta, rows) - Y[chosen]))[:, None]
        m *= 1 + rows
        np.subtract(1, rows, out=rows)
        p *= rows
    return p, m


def mirror_descent(A, y, scale: float, tolerance: float = 1e-8):
    """The convex problem by SciPy: L-BFGS on its dual, continued in the scale."""
    from scipy.optimize import minimize

    nu = np.zeros(len(A))
    for a in np.geomspace(1.0, scale, 40):

        def dual(v, a=a):
            z = np.clip(A.T @ v, -500, 500)
            return 2 * a * a * np.cosh(z).sum() - y @ v, A @ (2 * a * a * np.sinh(z)) - y

        nu = minimize(dual, nu, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 0, "gtol": tolerance}).x
    return 2 * scale**2 * np.sinh(A.T @ nu)


class DiagonalNetworks:
    def setup(self):
        kernel(1)

    def time_sgd(self):
        kernel()

    def time_numpy_batched_one_hundredth(self):
        numpy_batched(STEPS // 100)


class Interpolator:
    def setup(self):
        rng = np.random.default_rng(0)
        self.A = rng.standard_normal((200, 4000))
        self.y = self.A[:, :5].sum(axis=1) + 0.5 * rng.standard_normal(200)

    def time_interpolator(self):
        interpolator(self.A, self.y, 1e-6)

    def peakmem_interpolator(self):
        interpolator(self.A, self.y, 1e-6)


def main() -> None:
    share = 1 / (100 * SEEDS)
    compare(
        "SGD, n=40, d=200, 2e5 steps, 20 seeds, vs NumPy loop",
        kernel,
        lambda: numpy_loop(STEPS // 100),
        share=share,
    )
    compare("the same vs NumPy over all seeds at once", kernel, lambda: numpy_batched(STEPS // 100), share=1 / 100)
    small = np.random.default_rng(1)
    A = small.standard_normal((40, 400))
    y = A[:, :3].sum(axis=1) + 0.3 * small.standard_normal(40)
    off = np.abs(interpolator(A, y, 1e-3).value - mirror_descent(A, y, 1e-3)).max()
    compare(
        "interpolator, n=40, d=400, scale 1e-3, vs L-BFGS",
        lambda: interpolator(A, y, 1e-3),
        lambda: mirror_descent(A, y, 1e-3),
        note=f"differ by {off:.1e}",
    )
    job = Interpolator()
    job.setup()
    start = time.perf_counter()
    residual = float(interpolator(job.A, job.y, 1e-6).residual)
    seconds, memory = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"interpolator, n=200, d=4000, scale 1e-6: {seconds:.2f} s, residual {residual:.0e}, peak {memory:.0f} MB")


if __name__ == "__main__":
    main()
