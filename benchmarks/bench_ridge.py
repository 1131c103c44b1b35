"""Effective ridge and full risk on a 100 x 100 grid of (n, ridge), 2,000 eigenvalues, against a brentq loop."""

from __future__ import annotations

import tracemalloc

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import Spectrum, ridge_risk

S = np.arange(1, 2001) ** -1.5
SPECTRUM = Spectrum(S, S)
N = np.linspace(2, 1500, 100)
RIDGE = np.geomspace(1e-8, 1e2, 100)
NOISE = 0.1


def table():
    return ridge_risk(SPECTRUM, N[:, None], RIDGE, NOISE)


def exact():
    return ridge_risk(SPECTRUM, N[:, None], RIDGE, NOISE, rtol=1e-15)


def brentq_risk(n: float, ridge: float) -> tuple[float, float]:
    """What a careful user writes: one bracketed root in log kappa, numpy sums."""
    from scipy.optimize import brentq

    top = np.log((ridge + S.sum()) / n)
    x = brentq(lambda t: n - np.sum(S / (S + np.exp(t))) - ridge * np.exp(-t), top - 60, top + 1e-9, xtol=1e-10)
    g = S / (S + np.exp(x))
    return np.exp(x), n / (n - np.sum(g * g)) * (np.sum((1 - g) ** 2 * S) + NOISE)


def brentq_loop(step: int = 5) -> np.ndarray:
    return np.array([[brentq_risk(n, r) for r in RIDGE[::step]] for n in N[::step]])


class RidgeGrid:
    def time_table(self):
        table()

    def time_exact(self):
        exact()

    def time_brentq_one_in_25(self):
        brentq_loop()

    def peakmem_table(self):
        table()


def peak_megabytes(job) -> float:
    tracemalloc.start()
    job()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def main() -> None:
    reference, best = brentq_loop(), exact()
    for name, job in (("default (table)", table), ("rtol=1e-15 (cell by cell)", exact)):
        risk = job()
        error = max(
            np.max(np.abs(risk.effective_ridge[::5, ::5] / reference[..., 0] - 1)),
            np.max(np.abs(risk.test[::5, ::5] / reference[..., 1] - 1)),
        )
        own = max(np.max(np.abs(getattr(risk, f) / getattr(best, f) - 1)) for f in ("effective_ridge", "test", "train"))
        compare(f"ridge_risk 100 x 100, {name}, vs brentq loop", job, brentq_loop, share=1 / 25,
                note=f"largest relative difference {error:.1e} (to rounding {own:.1e}), "
                f"peak {peak_megabytes(job):.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
