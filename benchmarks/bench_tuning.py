"""Best ridges of 400 cells, 2,000 modes, against scipy's bounded minimisation of each cell's test error, interleaved.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.bench_tuning

The peer minimises over the log ridge, its tolerance the square root of rounding; each error takes one bracketed root.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import Spectrum, optimal_random_feature_ridge, optimal_ridge

S = np.arange(1, 2001) ** -1.5
SPECTRUM = Spectrum(S, S)
SIZES = np.geomspace(5, 4000, 20)
NOISES = np.geomspace(1e-3, 10, 20)
NOISE = 0.1
STEP = 4  # the peer solves every 4th value of each axis


def ridges():
    return optimal_ridge(SPECTRUM, SIZES[:, None], NOISES).value


def feature_ridges():
    return optimal_random_feature_ridge(SPECTRUM, SIZES[:, None], SIZES, NOISE).value


def ridge_error(log_ridge: float, n: float, noise: float) -> float:
    """One bracketed root in log kappa, numpy sums."""
    from scipy.optimize import brentq

    ridge = np.exp(log_ridge)
    top = np.log((ridge + S.sum()) / n)
    x = brentq(lambda t: n - np.sum(S / (S + np.exp(t))) - ridge * np.exp(-t), top - 60, top + 1e-9, xtol=1e-10)
    g = S / (S + np.exp(x))
    return n / (n - np.sum(g * g)) * (np.sum((1 - g) ** 2 * S) + noise)


def feature_error(log_ridge: float, n: float, k: float) -> float:
    """One bracketed root in log gamma, with the difference k - z free of cancellation."""
    from scipy.optimize import brentq

    least, gap, force = min(n, k), abs(n - k), k * np.exp(log_ridge)

    def pull(t: float) -> float:
        c = force * np.exp(-t)
        return 2 * c / (gap + np.sqrt(gap * gap + 4 * c))

    t = brentq(lambda t: least - np.sum(S / (S + np.exp(t))) - pull(t), -60, np.log(S.sum() + np.exp(log_ridge)) + 6,
               xtol=1e-10)  # fmt: skip
    g = S / (S + np.exp(t))
    small, w = pull(t), np.sum(g * (1 - g))
    a, b = (small, gap + small) if n > k else (gap + small, small)
    unlearned = (np.sum((1 - g) ** 2 * S) + NOISE) * (a + w) + np.sum(g * (1 - g) * S) * w
    return n * unlearned / (a * b + w * (a + b))


def bounded(error: Callable[[float, float, float], float], rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize_scalar

    cells = [(a, b) for a in rows[::STEP] for b in columns[::STEP]]
    found = [minimize_scalar(error, bounds=(np.log(1e-10), np.log(1e4)), args=cell, method="bounded",
                             options={"xatol": 1e-8}).x for cell in cells]  # fmt: skip
    return np.exp(np.array(found))


def bounded_ridges():
    return bounded(ridge_error, SIZES, NOISES)


def bounded_feature_ridges():
    return bounded(feature_error, SIZES, SIZES)


class Tuning:
    def time_ridges(self):
        ridges()

    def time_feature_ridges(self):
        feature_ridges()

    def time_bounded_ridges_one_in_16(self):
        bounded_ridges()

    def time_bounded_feature_ridges_one_in_16(self):
        bounded_feature_ridges()


def main() -> None:
    for name, job, peer in (
        ("optimal_ridge", ridges, bounded_ridges),
        ("optimal_random_feature_ridge", feature_ridges, bounded_feature_ridges),
    ):
        off = np.max(np.abs(job()[::STEP, ::STEP].ravel() / peer() - 1))
        compare(f"{name}, 20 x 20, vs bounded minimisation", job, peer, share=1 / STEP**2, repeats=7,
                note=f"largest relative difference {off:.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
