"""Random features: theory on a whole (n, k, ridge) grid against root finding, and a Monte-Carlo sweep against Ridge."""

from __future__ import annotations

import numpy as np

from benchmarks.bench_ridge import peak_megabytes
from benchmarks.ratio import compare
from solvable.solvers import Spectrum, random_feature_risk, random_feature_sweep

S = np.arange(1, 1001) ** -1.5
SPECTRUM = Spectrum(S, S)
SIZES = np.geomspace(5, 1500, 50)
GRID_RIDGES = np.geomspace(1e-8, 10, 20)
STEP = 7  # the peer solves every 7th value of each axis

SEEDS = 20
WIDTHS = np.unique(np.linspace(10, 1000, 40).astype(int))
RIDGES = np.geomspace(1e-6, 1e2, 20)


def table():
    return random_feature_risk(SPECTRUM, SIZES[:, None, None], SIZES[:, None], GRID_RIDGES, 0.1)


def exact():
    return random_feature_risk(SPECTRUM, SIZES[:, None, None], SIZES[:, None], GRID_RIDGES, 0.1, rtol=1e-15)


def root_loop() -> np.ndarray:
    """What a careful user writes: one unknown, log gamma, bracketed, with the difference k - z free of cancellation."""
    from scipy.optimize import brentq

    found = []
    for n in SIZES[::STEP]:
        for k in SIZES[::STEP]:
            for ridge in GRID_RIDGES[::STEP]:
                least, gap = min(n, k), abs(n - k)

                def equation(t, least=least, gap=gap, force=k * ridge):
                    c = force * np.exp(-t)
                    return least - np.sum(S / (S + np.exp(t))) - 2 * c / (gap + np.sqrt(gap * gap + 4 * c))

                found.append(brentq(equation, -60, np.log(S.sum() + 20) + 3, xtol=1e-10))
    return np.exp(np.array(found))


def data(seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    X, W = rng.standard_normal((1200, 100)), rng.standard_normal((100, 1000)) / 10
    features = np.maximum(X @ W, 0)
    return features[:200], X[:200] @ np.ones(100) / 10 + 0.3 * rng.standard_normal(200), features[200:]


DATA = [data(seed) for seed in range(SEEDS)]


def sweep():
    return [random_feature_sweep(features, y, test, WIDTHS, RIDGES).predictions for features, y, test in DATA]


def ridge_loop(seeds: int = 1) -> np.ndarray:
    from sklearn.linear_model import Ridge

    return np.array([
        [[Ridge(alpha=ridge * k, fit_intercept=False).fit(features[:, :k], y).predict(test[:, :k]) for ridge in RIDGES]
         for k in WIDTHS]
        for features, y, test in DATA[:seeds]
    ])  # fmt: skip


class RandomFeatures:
    def time_table(self):
        table()

    def time_exact(self):
        exact()

    def time_root_loop_one_in_260(self):
        root_loop()

    def peakmem_table(self):
        table()

    def time_sweep(self):
        sweep()

    def time_ridge_loop_one_in_20(self):
        ridge_loop()


def main() -> None:
    reference = root_loop()
    for name, job in (("default (table)", table), ("rtol=1e-15 (cell by cell)", exact)):
        risk = job()
        error = np.max(np.abs(risk.gamma[::STEP, ::STEP, ::STEP].ravel() / reference - 1))
        compare(f"random_feature_risk 50 x 50 x 20, {name}, vs brentq loop", job, root_loop,
                share=reference.size / risk.gamma.size,
                note=f"gamma differs by {error:.1e}, all converged {risk.solution.converged}, "
                f"peak {peak_megabytes(job):.0f} MB")  # fmt: skip
    off = np.max(np.abs(sweep()[0] - ridge_loop()[0]))
    compare(f"random_feature_sweep, {WIDTHS.size} widths, 20 ridges, 20 seeds, vs Ridge loop", sweep, ridge_loop,
            share=1 / SEEDS, repeats=3, note=f"predictions differ by {off:.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
