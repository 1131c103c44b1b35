"""Claims about the risk of ridge regression for any covariance, and about its estimates.

Tolerances: deterministic equivalents hold up to O(1/n), and the extrapolation over n, 2n, 4n removes that term; what
is left at n = 50 is of order 1/n^2 ~ 4e-4, so 2 % leaves room for the statistics only.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from solvable.analysis.derivation.quantities import ridge_quantities
from solvable.analysis.ridge import closed_forms
from solvable.analysis.ridge.experiments import regression as experiments
from solvable.analysis.ridge.settings import USUAL, eigenvalues, weights
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import Spectrum, ridge_risk

__all__ = ["RISK_CLAIMS"]

_RISK = Source("hastie2022surprises", "general covariance: derived in docs/theory/ridge.md")
_KERNEL = Source("simon2023eigenlearning")


@cache
def _spectrum(covariance: str, target: str, d: int) -> Spectrum:
    s = eigenvalues(covariance, d)
    return Spectrum(s, s * weights(target, s))


def _risk(n: int, gamma: float, lam: float, covariance: str, target: str, noise_variance: float = 0.0, **_: Any) -> Any:
    return ridge_risk(_spectrum(covariance, target, round(gamma * n)), n, n * lam, noise_variance)


def _quantities(n: int, gamma: float, lam: float, covariance: str, target: str = "even", **_: Any) -> dict[str, Any]:
    return ridge_quantities(_spectrum(covariance, target, round(gamma * n)), n, lam)


def _with_test_error(noise_variance: float, **cell: Any) -> dict[str, Any]:
    found = _quantities(**cell)
    return {**found, "test_error": cell["n"] * (found["unlearned"] + noise_variance) / (cell["n"] - found["df2"])}


def _variance(n: int, gamma: float, lam: float, covariance: str, noise_variance: float) -> float:
    return float(_risk(n, gamma, lam, covariance, "even", noise_variance).variance)


_SPIKES = Spectrum(np.r_[np.full(10, 50.0), np.ones(390)], np.r_[np.full(10, 5.0), np.zeros(390)])
_GRID: list[dict[str, Any]] = cells(
    "gamma lam covariance target noise_variance",
    [
        (2.0, 0.1, "spread", "even", 0.4),
        (0.5, 0.02, "spread", "aligned", 0.4),
        (2.0, 0.0, "isotropic", "even", 0.2),
        (1.0, 0.3, "two-scales", "aligned", 0.5),
        (0.5, 0.0, "two-scales", "even", 0.3),
        (3.0, 0.5, "isotropic", "even", 0.0),
    ],
    n=50,
)


_REGULAR = [cell for cell in _GRID if cell["lam"] > 0 and cell["noise_variance"] > 0]


def _without(cells: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in cell.items() if key not in names} for cell in cells]


def _larger(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two scales at a larger size: at 50 the order of their corrections barely shows (20,000 draws and more)."""
    return [{**cell, "n": 80} if cell["covariance"] == "two-scales" else cell for cell in cells]


error = partial(
    Claim, source=_RISK, kind=Kind.ASYMPTOTIC, domain=USUAL, quantities=_quantities, tolerance=0.02, size="n"
)
estimate = partial(
    error,
    source=Source("golub1979gcv", "the limit is derived in docs/theory/ridge.md"),
    predict=lambda **p: float(_risk(**p).test),
    grid=_REGULAR,
    tolerance=0.03,
    formula=closed_forms.test_error,
    quick=(0, 1),
)

RISK_CLAIMS = (
    error(
        "ridge/test-error",
        "The test error of ridge regression is n/(n − df2) times (unlearned target power + label noise).",
        predict=lambda **p: float(_risk(**p).test),
        measure=experiments.fresh_error_draw,
        grid=_GRID,
        formula=closed_forms.test_error,
        quick=(0, 1, 2),
        assumptions="independent standardised entries in the eigenbasis; n and d large at fixed ratio, not n = d "
        "with a vanishing ridge",
    ),
    error(
        "ridge/bias",
        "Without label noise the test error is n/(n − df2) Σ(1 − g)²v².",
        predict=lambda **p: float(_risk(**p).bias),
        measure=experiments.bias_draw,
        grid=_larger(_without([c for c in _GRID if c["lam"] > 0 or c["gamma"] > 1], "noise_variance")),
        formula=closed_forms.bias,
        quick=(0, 2),
    ),
    error(
        "ridge/variance",
        "Label noise alone contributes σ² df2/(n − df2).",
        predict=_variance,
        measure=experiments.variance_draw,
        grid=_larger(_without([c for c in _GRID if c["noise_variance"] > 0], "target")),
        formula=closed_forms.variance,
        quick=(0, 2),
    ),
    error(
        "ridge/train-error",
        "The training error of ridge regression is (1 − df1/n)² times the test error.",
        source=_KERNEL,
        predict=lambda **p: float(_risk(**p).train),
        measure=experiments.train_error_draw,
        grid=[c for c in _GRID if c["lam"] > 0 or c["gamma"] < 1],
        tolerance=0.03,
        quantities=_with_test_error,
        formula=closed_forms.train_error,
        quick=(0, 1),
    ),
    estimate(
        "ridge/gcv",
        "Generalised cross-validation estimates the test error consistently.",
        measure=experiments.gcv_draw,
    ),
    estimate(
        "ridge/leave-one-out",
        "The leave-one-out error estimates the test error consistently.",
        measure=experiments.leave_one_out_draw,
    ),
    error(
        "ridge/universality",
        "The test error does not depend on the law of the entries beyond mean and variance.",
        predict=lambda entries, **p: float(_risk(**p).test),
        measure=experiments.fresh_error_draw,
        grid=[
            {**_GRID[i], "entries": e}
            for i, e in ((0, "rademacher"), (1, "student-8"), (3, "uniform"), (0, "student-8"))
        ],
        tolerance=0.03,
        formula=closed_forms.test_error,
        quick=(0, 1),
        assumptions="independent entries with a finite fourth moment",
    ),
    Claim(
        "ridge/best-ridge-can-be-negative",
        "When strong spikes carry the target, the weak modes act as a ridge and the best ridge is negative.",
        source=_KERNEL,
        kind=Kind.ORDER,
        predict=lambda n, ridge, noise_variance: float(
            ridge_risk(_SPIKES, n, 0.0, noise_variance).test - ridge_risk(_SPIKES, n, ridge, noise_variance).test
        ),
        measure=experiments.spiked_gain_draw,
        grid=[{"n": 100, "ridge": -60.0, "noise_variance": 0.1}],
    ),
)
