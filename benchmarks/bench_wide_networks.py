"""Kernels of all layers against a NumPy recursion, and spectra on the sphere against adaptive quadrature by degree."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import sphere_spectrum, wide_network_kernels

N, DEPTH, DEGREES = 3000, 5, 60
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


class Kernels:
    def setup(self):
        self.X = np.random.default_rng(0).standard_normal((N, 20))

    def time_relu(self):
        wide_network_kernels(self.X, depth=DEPTH, out=OUT)

    def time_recursion(self):
        recursion(self.X, DEPTH)


def main() -> None:
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


if __name__ == "__main__":
    main()
