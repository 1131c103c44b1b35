"""All times of gradient descent in one call, against iterating; the contour risk at d = 200 for 30 times."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import Spectrum, descent_path, gradient_descent_risk, support_edges

rng = np.random.default_rng(0)
N, P = 120, 480
X, y = rng.standard_normal((N, P)), rng.standard_normal(N)
TIMES = 10 ** np.arange(8)
STEP = 0.9 / float(np.linalg.eigvalsh(X @ X.T / N)[-1])
EIGENVALUES = np.linspace(0.2, 3, 200) ** 2
SPECTRUM = Spectrum(EIGENVALUES, EIGENVALUES / 200)
STEPS = np.unique(np.round(np.geomspace(1, 1e5, 30)))
RISK_STEP = 1 / float(support_edges(SPECTRUM, 120)[-1, 1])


def path():
    return descent_path(X, y, TIMES, step_size=STEP).coefficients


def iterate(steps: int):
    """The best NumPy loop: w = X^T a, so each step is one product with the 120 x 120 Gram matrix, all in place."""
    K, b = np.eye(N) - STEP * (X @ X.T) / N, STEP * y / N
    a, other = np.zeros(N), np.empty(N)
    for _ in range(steps):
        np.matmul(K, a, out=other)
        other += b
        a, other = other, a
    return X.T @ a


SAMPLES = np.geomspace(40, 800, 20)


def risk():
    return gradient_descent_risk(SPECTRUM, 120, RISK_STEP, STEPS, 0.4).test


def grid(step_sizes):
    """Twenty numbers of samples in one call; edges of stability differ, so the steps are those of the smallest n."""
    return gradient_descent_risk(SPECTRUM, SAMPLES[:, None, None], step_sizes[:, None], STEPS, 0.4).test


def cell_by_cell(step_sizes):
    return np.array(
        [[gradient_descent_risk(SPECTRUM, n, size, STEPS, 0.4).test for size in step_sizes] for n in SAMPLES[::4]]
    )


class SpectralFilter:
    def time_all_times(self):
        path()

    def time_iterate_10_000_steps(self):
        iterate(10_000)

    def time_contour_risk(self):
        risk()


def main() -> None:
    some = 100_000
    off = max(
        float(np.max(np.abs(path()[i] - iterate(int(t)))) / np.max(np.abs(path()[i]))) for i, t in enumerate(TIMES[:7])
    )
    compare(
        "GD 120 x 480, times 1 ... 1e7 in one call, vs iterating",
        path,
        lambda: iterate(some),
        share=some / 10**7,
        repeats=5,
        note=f"differ by {off:.1e} up to 1e6 steps",
    )
    sizes = RISK_STEP * np.linspace(0.02, 0.3, 20)
    off = float(np.max(np.abs(grid(sizes)[::4] / cell_by_cell(sizes) - 1)))
    compare(
        "risk on 20 x 20 (n, step size), one call vs cell by cell",
        lambda: grid(sizes),
        lambda: cell_by_cell(sizes),
        share=0.25,
        repeats=3,
        note=f"differ by {off:.1e}",
    )
    start = time.process_time()
    for _ in range(5):
        risk()
    print(f"contour risk, d=200, {STEPS.size} times: {200 * (time.process_time() - start):.0f} ms")


if __name__ == "__main__":
    main()
