"""Whole grids in one call, interleaved with what one would write cell by cell: deep random features, gradient descent.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.bench_grids

The interpolator of a wide diagonal network has no peer here; its processor time is printed.
"""

from __future__ import annotations

import statistics

import numpy as np

from benchmarks.ratio import compare, cpu_seconds
from solvable.solvers import (
    Spectrum,
    deep_random_feature_risk,
    gradient_descent_risk,
    interpolator,
    layer_coefficients,
)

INPUTS = np.arange(1, 201) ** -1.0
WIDTHS = np.array([150.0, 120.0, 200.0])
SIZES, RIDGES = np.geomspace(20, 2000, 50), np.geomspace(1e-4, 10, 50)
STEP = 7  # the peer of the deep grid solves every 7th value of each axis

SPECTRUM = Spectrum.power_law(1.4, 1.3, 200, tail=False)
SAMPLES, STEPS = np.linspace(50, 400, 20), np.geomspace(0.01, 0.15, 20)


def deep():
    return deep_random_feature_risk(INPUTS, WIDTHS, "erf", SIZES[:, None], RIDGES, 0.1)


def deep_roots() -> np.ndarray:
    """Innermost effective ridge of each cell: one bracketed root in its log, numpy sums, the layers in a loop."""
    from scipy.optimize import brentq

    layers = layer_coefficients("erf", 3, mean_square=INPUTS.mean())
    a, b = layers.linear**2, layers.nonlinear**2

    def equation(x: float, n: float, delta: float) -> float:
        kappa = np.exp(x)
        effective, before = np.sum(INPUTS / (INPUTS + kappa)), float(INPUTS.size)
        for width, slope, noise in zip(WIDTHS, a, b, strict=True):
            outer = slope * kappa * (width - effective) / before
            if width <= effective or outer <= noise:
                return -1e300  # below the edge
            kappa = outer - noise
            effective, before = (width * noise + kappa * effective) / outer, width
        return kappa * (n - effective) - delta

    found = [brentq(equation, -40, 40, args=(n, WIDTHS[-1] * ridge), xtol=1e-12)
             for n in SIZES[::STEP] for ridge in RIDGES[::STEP]]  # fmt: skip
    return np.exp(np.array(found))


def descent():
    return gradient_descent_risk(SPECTRUM, SAMPLES[:, None], STEPS, 100, 0.5)


def descent_calls() -> np.ndarray:
    return np.array([[float(gradient_descent_risk(SPECTRUM, n, step, 100, 0.5).test) for step in STEPS[::4]]
                     for n in SAMPLES[::4]])  # fmt: skip


def wide_interpolator():
    X = np.random.default_rng(0).standard_normal((200, 4000))
    return interpolator(X, X[:, :10].sum(axis=1), 1e-6)


class Grids:
    def time_deep(self):
        deep()

    def time_deep_roots_one_in_39(self):
        deep_roots()

    def time_descent(self):
        descent()

    def time_descent_calls_one_in_16(self):
        descent_calls()

    def time_wide_interpolator(self):
        wide_interpolator()


def main() -> None:
    off = np.max(np.abs(deep().inner_ridge[::STEP, ::STEP].ravel() / deep_roots() - 1))
    compare("deep_random_feature_risk, 50 x 50, depth 3, vs brentq", deep, deep_roots, share=64 / 2500,
            note=f"inner ridge differs by {off:.1e}")  # fmt: skip
    off = np.max(np.abs(descent().test[::4, ::4] / descent_calls() - 1))
    compare("gradient_descent_risk, 20 x 20, vs single calls", descent, descent_calls, share=1 / 16,
            note=f"test error differs by {off:.1e}")  # fmt: skip
    wide_interpolator()
    seconds = statistics.median(cpu_seconds(wide_interpolator) for _ in range(5))
    print(f"{'interpolator, n = 200, d = 4000, scale 1e-6':<58} {1e3 * seconds:9.1f} ms")


if __name__ == "__main__":
    main()
