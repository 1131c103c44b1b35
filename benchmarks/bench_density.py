"""Spectral density of 100 levels at 2,000 points, against a tight march of dv/dx = 1/x'(v) by solve_ivp."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import Spectrum, sample_covariance_density, support_edges

LEVELS = np.geomspace(0.1, 10, 100)
RATIO = 0.2  # d/n
SPECTRUM = Spectrum(LEVELS, multiplicities=np.full(100, 10.0))
SAMPLES = 5000
GRID = np.linspace(1e-3, 22, 2000)


def ours():
    return sample_covariance_density(SPECTRUM, SAMPLES, GRID).density


def ode():
    """Start from a root found above the axis, then integrate along the real axis inside each bulk."""
    from scipy.integrate import solve_ivp

    density = np.zeros(GRID.size)

    def place(v):
        return -1 / v + RATIO * np.mean(LEVELS / (1 + LEVELS * v))

    def slope(v):
        return 1 / v**2 - RATIO * np.mean((LEVELS / (1 + LEVELS * v)) ** 2)

    for low, high in support_edges(SPECTRUM, SAMPLES):
        inside = np.flatnonzero((low < GRID) & (high > GRID))
        z, v = (low + high) / 2 + 8j, complex(0, 1 / 8)
        for eta in np.geomspace(8, 1e-9, 60):  # down to the axis in the middle of the bulk
            z = complex(z.real, eta)
            for _ in range(20):
                v = v - (place(v) - z) / slope(v)
        start = z.real
        for part in (inside[GRID[inside] >= start], inside[GRID[inside] < start][::-1]):
            if part.size:
                stop = GRID[part[-1]]
                found = solve_ivp(lambda x, y: [1 / slope(y[0])], (start, stop), [v], "DOP853", GRID[part],
                                  rtol=1e-8, atol=1e-10)  # fmt: skip
                density[part] = found.y[0].imag / np.pi / RATIO
    return density


class Density:
    def setup(self):
        ours()

    def time_ours(self):
        ours()

    def time_ode(self):
        ode()


def main() -> None:
    difference = float(np.max(np.abs(ours() - ode())))
    compare(
        "density, 100 levels x 2,000 points, vs solve_ivp march",
        ours,
        ode,
        note=f"largest difference {difference:.1e}",
    )


if __name__ == "__main__":
    main()
