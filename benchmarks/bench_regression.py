"""Penalised splines against SciPy's box-constrained least squares; the risk of bags on a grid of ten thousand cells."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare, cpu_seconds
from solvable.solvers import aggregate_risk, linear_spline_fit

POINTS, RIDGE = 2000, 0.01
GRID = np.geomspace(1e-3, 10, 10_000)


def curve(points: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(-1, 1, points))
    return x, np.sin(8 * x) + 0.2 * rng.standard_normal(points)


def box_dual(x: np.ndarray, y: np.ndarray, ridge: float, method: str) -> np.ndarray:
    """Values of the spline from the dual, by SciPy; "sparse" is its interior method on a sparse matrix."""
    from scipy.optimize import lsq_linear
    from scipy.sparse import diags_array

    h = np.diff(x)
    D = diags_array([1 / h[:-1], -1 / h[:-1] - 1 / h[1:], 1 / h[1:]], offsets=[0, 1, 2], shape=(len(x) - 2, len(x)))
    A = D.T.tocsr() if method == "sparse" else D.T.toarray()
    method = "trf" if method == "sparse" else method
    return y - D.T @ lsq_linear(A, y, bounds=(-ridge, ridge), method=method, tol=1e-12).x


def objective(x: np.ndarray, y: np.ndarray, values: np.ndarray) -> float:
    """What both minimise: half the squares and the ridge times the total variation of the slope."""
    return float(np.sum((values - y) ** 2) / 2 + RIDGE * np.abs(np.diff(np.diff(values) / np.diff(x))).sum())


class Splines:
    def setup(self):
        self.data = curve(POINTS)

    def time_fit(self):
        linear_spline_fit(*self.data, RIDGE)


class Bags:
    def time_grid(self):
        aggregate_risk(1200, 40, 4, GRID, 0.25)


def main() -> None:
    # bvls stops at its last iteration from 400 points on and the sparse interior method far from the minimum: there the
    # ratio is against a worse answer, and the note says by how much
    for points, method in ((120, "bvls"), (120, "trf"), (400, "trf"), (400, "bvls"), (POINTS, "sparse")):
        x, y = curve(points)
        best = objective(x, y, linear_spline_fit(x, y, RIDGE).values)
        excess = objective(x, y, box_dual(x, y, RIDGE, method)) / best - 1
        compare(
            f"spline, {points} points, lsq_linear {method}", lambda x=x, y=y: linear_spline_fit(x, y, RIDGE),
            lambda x=x, y=y, method=method: box_dual(x, y, RIDGE, method), repeats=3,
            note=f"its least value {excess:+.0e} of ours",
        )  # fmt: skip
    seconds = min(cpu_seconds(lambda: aggregate_risk(1200, 40, 4, GRID, 0.25)) for _ in range(3))
    print(f"aggregate_risk, {GRID.size:,} cells: {1e3 * seconds:.1f} ms")


if __name__ == "__main__":
    main()
