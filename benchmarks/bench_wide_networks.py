"""Kernels of all layers against a NumPy recursion, spectra on the sphere against adaptive quadrature by degree, all
ridges of a kernel at once against scikit-learn, and the memory of 10,000 inputs."""  # fmt: skip

from __future__ import annotations

import resource

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import sphere_spectrum, wide_network_kernels
from solvable.solvers.random_features.width_sweep import _tridiagonal_solve

N, DEPTH, DEGREES = 3000, 5, 60
RIDGES = np.geomspace(1e-4, 10.0, 20)
OUT = (np.empty((N, N)), np.empty((N, N)))


def recursion(X: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Arc-cosine formulas on whole matrices."""
    sigma = 2 * X @ X.T / X.shape[1]
    theta = sigma
    for _ in range(depth):
        norm = np.sqrt(np.diag(sigma))
        size = norm[:, None] * norm
        angle = np.arccos(np.clip(sigma / size, -1, 1))
        sigma = size * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
        theta = sigma + (1 - angle / np.pi) * theta
    return sigma, theta


def by_degree(d: int) -> np.ndarray:
    """One adaptive integral for each degree."""
    from scipy.integrate import quad
    from scipy.special import eval_gegenbauer

    order = (d - 2) / 2
    mass = quad(lambda x: np.sin(x) ** (d - 2), 0, np.pi)[0]

    def tangent(t: float) -> float:
        angle = np.arccos(t)
        return 2 * (np.sin(angle) + (np.pi - angle) * t) / np.pi + 2 * t * (1 - angle / np.pi)

    def one(k: int) -> float:
        return quad(
            lambda x: np.sin(x) ** (d - 2) * tangent(np.cos(x)) * eval_gegenbauer(k, order, np.cos(x)), 0, np.pi,
            limit=200,
        )[0] / mass / eval_gegenbauer(k, order, 1.0)  # fmt: skip

    return np.array([one(k) for k in range(DEGREES + 1)])


def all_ridges(K: np.ndarray, y: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """Predictions for all ridges from one tridiagonal form."""
    return cross @ _tridiagonal_solve(K, y, RIDGES)


def each_ridge(K: np.ndarray, y: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """One fit of scikit-learn for each ridge."""
    from sklearn.kernel_ridge import KernelRidge

    fits = (KernelRidge(alpha=ridge, kernel="precomputed").fit(K, y) for ridge in RIDGES)
    return np.column_stack([fit.predict(cross) for fit in fits])


class Kernels:
    def setup(self):
        self.X = np.random.default_rng(0).standard_normal((N, 20))

    def time_relu(self):
        wide_network_kernels(self.X, depth=DEPTH, out=OUT)

    def time_recursion(self):
        recursion(self.X, DEPTH)


def main() -> None:
    wide_network_kernels(np.random.default_rng(0).standard_normal((10_000, 20)), depth=3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"both kernels of 10,000 inputs, depth 3: {peak:.2f} GB at most in the process, 1.49 of them the results")
    X = np.random.default_rng(0).standard_normal((N, 20))
    ours, theirs = wide_network_kernels(X, depth=DEPTH, out=OUT), recursion(X, DEPTH)
    off = float(np.max(np.abs(ours.ntk - theirs[1])) / np.max(theirs[1]))
    compare(f"NNGP and NTK of relu, n={N}, depth {DEPTH}, vs NumPy",
            lambda: wide_network_kernels(X, depth=DEPTH, out=OUT), lambda: recursion(X, DEPTH), repeats=3,
            note=f"NTK differs by {off:.1e} of the largest")  # fmt: skip
    found, slow = sphere_spectrum({"depth": 1}, 10, DEGREES).eigenvalues, by_degree(10)
    compare(f"sphere_spectrum, {DEGREES} degrees, d=10, vs quad", lambda: sphere_spectrum({"depth": 1}, 10, DEGREES),
            lambda: by_degree(10), repeats=3,
            note=f"differ by {np.max(np.abs(found - slow)) / slow[0]:.1e} of the largest")  # fmt: skip
    whole = wide_network_kernels(X[:1800], depth=3).ntk
    K, cross, y = whole[:1500, :1500], whole[1500:, :1500], np.sin(X[:1500, 0])
    one, other = all_ridges(K, y, cross), each_ridge(K, y, cross)
    compare("kernel regression, n=1500, 20 ridges, vs scikit-learn", lambda: all_ridges(K, y, cross),
            lambda: each_ridge(K, y, cross), repeats=3,
            note=f"differ by {np.max(np.abs(one - other)) / np.max(np.abs(other)):.1e} of the largest")  # fmt: skip


if __name__ == "__main__":
    main()
