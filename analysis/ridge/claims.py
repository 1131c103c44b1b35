"""Claims about ridge and kernel ridge regression, each against its matched experiment.

Tolerances: deterministic equivalents hold up to O(1/n), and the extrapolation over n, 2n, 4n removes that term; what
is left at n = 50 is of order 1/n^2 ~ 4e-4, so 2 % leaves room for the statistics only.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from solvable.analysis.derivation.quantities import isotropic_quantities, ridge_quantities
from solvable.analysis.ridge import closed_forms
from solvable.analysis.ridge.experiments import regression as experiments
from solvable.analysis.ridge.settings import eigenvalues, weights
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import (
    Spectrum,
    effective_ridge,
    optimal_ridge,
    resolvent_pair_trace,
    ridge_risk,
    sample_covariance_density,
)

__all__ = ["CLAIMS"]

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


def _isotropic_quantities(n: int, gamma: float, lam: float, signal: float = 1.0, **_: Any) -> dict[str, Any]:
    return isotropic_quantities(n, gamma, lam, signal)


def _variance(n: int, gamma: float, lam: float, covariance: str, noise_variance: float) -> float:
    return float(_risk(n, gamma, lam, covariance, "even", noise_variance).variance)


def _pair_trace(n: int, gamma: float, lam_a: float, lam_b: float, covariance: str) -> float:
    s = eigenvalues(covariance, round(gamma * n))
    return float(resolvent_pair_trace(Spectrum(s), n, n * lam_a, n * lam_b, s, s).value) / s.size


@cache
def _fraction(n: int, gamma: float, covariance: str, at: float) -> float:
    """Mass of the limiting spectral law on [0, at]: Gauss-Chebyshev on each support interval, plus the atom."""
    spectrum = Spectrum(eigenvalues(covariance, round(gamma * n)))
    theta = (np.arange(2000) + 0.5) * np.pi / 2000
    found = sample_covariance_density(spectrum, n, [at])
    mass = found.atom
    for low, high in found.edges:
        top = min(high, at)
        if top > low:
            # x = low + (top - low) (1 - cos theta)/2 absorbs the square roots at the edges
            x = low + (top - low) * (1 - np.cos(theta)) / 2
            density = sample_covariance_density(spectrum, n, x).density
            mass += float(np.sum(density * np.sin(theta)) * (top - low) / 2 * np.pi / theta.size)
    return mass


def _closed(name: str, **values: float) -> float:
    expression = getattr(closed_forms, name)
    return float(expression.subs({symbol: values[str(symbol)] for symbol in expression.free_symbols}))


def _circle_spectrum(points: int, decay: float) -> Spectrum:
    frequency = np.arange(1, points // 2)
    levels = np.r_[1.0, (1.0 + frequency) ** -decay, (1.0 + points // 2) ** -decay]
    power = np.zeros(levels.size)
    power[2] = 1.0
    return Spectrum(levels, power, np.r_[1.0, np.full(frequency.size, 2.0), 1.0])


def _circle_risk(n: int, ridge: float, points: int, decay: float) -> float:
    return float(ridge_risk(_circle_spectrum(points, decay), n, ridge).test)


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


CLAIMS = (
    Claim(
        "ridge/test-error",
        "The test error of ridge regression is n/(n − df2) times (unlearned target power + label noise).",
        source=_RISK,
        kind=Kind.ASYMPTOTIC,
        predict=lambda **p: float(_risk(**p).test),
        measure=experiments.fresh_error_draw,
        grid=_GRID,
        tolerance=0.02,
        formula=closed_forms.test_error,
        quantities=_quantities,
        size="n",
        quick=(0, 1, 2),
        assumptions="independent standardised entries in the eigenbasis; n and d large at fixed ratio, not n = d "
        "with a vanishing ridge",
    ),
    Claim(
        "ridge/bias",
        "Without label noise the test error is n/(n − df2) Σ(1 − g)²v².",
        source=_RISK,
        kind=Kind.ASYMPTOTIC,
        predict=lambda **p: float(_risk(**p).bias),
        measure=experiments.bias_draw,
        grid=_without([c for c in _GRID if c["lam"] > 0 or c["gamma"] > 1], "noise_variance"),
        tolerance=0.02,
        formula=closed_forms.bias,
        quantities=_quantities,
        size="n",
        quick=(0, 2),
    ),
    Claim(
        "ridge/variance",
        "Label noise alone contributes σ² df2/(n − df2).",
        source=_RISK,
        kind=Kind.ASYMPTOTIC,
        predict=_variance,
        measure=experiments.variance_draw,
        grid=_without([c for c in _GRID if c["noise_variance"] > 0], "target"),
        tolerance=0.02,
        formula=closed_forms.variance,
        quantities=_quantities,
        size="n",
        quick=(0, 2),
    ),
    Claim(
        "ridge/train-error",
        "The training error of ridge regression is (1 − df1/n)² times the test error.",
        source=_KERNEL,
        kind=Kind.ASYMPTOTIC,
        predict=lambda **p: float(_risk(**p).train),
        measure=experiments.train_error_draw,
        grid=[c for c in _GRID if c["lam"] > 0 or c["gamma"] < 1],
        tolerance=0.03,
        formula=closed_forms.train_error,
        quantities=_quantities,
        size="n",
        quick=(0, 1),
    ),
    Claim(
        "ridge/gcv",
        "Generalised cross-validation estimates the test error consistently.",
        source=Source("golub1979gcv", "the limit is derived in docs/theory/ridge.md"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda **p: float(_risk(**p).test),
        measure=experiments.gcv_draw,
        grid=_REGULAR,
        tolerance=0.03,
        formula=closed_forms.test_error,
        quantities=_quantities,
        size="n",
        quick=(0, 1),
    ),
    Claim(
        "ridge/leave-one-out",
        "The leave-one-out error estimates the test error consistently.",
        source=Source("golub1979gcv", "the limit is derived in docs/theory/ridge.md"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda **p: float(_risk(**p).test),
        measure=experiments.leave_one_out_draw,
        grid=_REGULAR,
        tolerance=0.03,
        formula=closed_forms.test_error,
        quantities=_quantities,
        size="n",
        quick=(0, 1),
    ),
    Claim(
        "ridge/universality",
        "The test error does not depend on the law of the entries beyond mean and variance.",
        source=_RISK,
        kind=Kind.ASYMPTOTIC,
        predict=lambda entries, **p: float(_risk(**p).test),
        measure=experiments.fresh_error_draw,
        grid=[
            {**_GRID[i], "entries": e}
            for i, e in ((0, "rademacher"), (1, "student-8"), (3, "uniform"), (0, "student-8"))
        ],
        tolerance=0.03,
        formula=closed_forms.test_error,
        quantities=_quantities,
        size="n",
        quick=(0, 1),
        assumptions="independent entries with a finite fourth moment",
    ),
    Claim(
        "ridge/isotropic-effective-ridge",
        "With identity covariance the effective ridge solves a quadratic equation.",
        source=Source("marchenko1967distribution", "derived from the fixed point"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda gamma, lam, **_: float(
            effective_ridge(Spectrum.isotropic(1000 * gamma), 1000, 1000 * lam).value
        ),
        measure=experiments.companion_stieltjes_draw,
        grid=cells("gamma lam", [(0.5, 0.1), (2.0, 0.1), (1.0, 1.0), (5.0, 0.01)], n=40),
        tolerance=0.005,
        quantities=_isotropic_quantities,
        formula=closed_forms.effective_ridge,
        size="n",
    ),
    Claim(
        "ridge/isotropic-test-error",
        "With identity covariance the test error is algebraic in d/n and the ridge.",
        source=Source("dobriban2018high", "derived"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, gamma, lam, signal, noise_variance: float(
            ridge_risk(Spectrum.isotropic(gamma * n, signal), n, n * lam, noise_variance).test
        ),
        measure=lambda rng, signal, **p: (
            signal
            * experiments.fresh_error_draw(
                rng,
                covariance="isotropic",
                target="even",
                **{**p, "noise_variance": p["noise_variance"] / signal},
            )
        ),
        grid=cells(
            "gamma lam signal noise_variance", [(0.5, 0.2, 2.0, 0.5), (2.0, 0.5, 1.0, 0.3), (1.0, 0.1, 1.0, 1.0)], n=50
        ),
        tolerance=0.02,
        quantities=_isotropic_quantities,
        formula=closed_forms.isotropic_test_error,
        size="n",
        quick=(0, 1),
    ),
    Claim(
        "ridge/isotropic-ridgeless-excess",
        "Ridgeless isotropic excess risk: a pole at d = n, descent on both sides of it.",
        source=Source("hastie2022surprises"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, gamma, signal, noise_variance: float(
            ridge_risk(Spectrum.isotropic(gamma * n, signal), n, 0.0, noise_variance).excess
        ),
        measure=lambda rng, n, gamma, **p: experiments.ridgeless_excess_draw(rng, n=n, d=round(gamma * n), **p),
        grid=cells(
            "gamma signal noise_variance", [(0.5, 1.0, 0.5), (2.0, 1.0, 0.2), (0.25, 3.0, 1.0), (4.0, 2.0, 1.0)], n=60
        ),
        tolerance=0.03,
        formula=closed_forms.ridgeless_excess,
        size="n",
        quick=(0, 1),
        assumptions="γ = d/n away from 1, where the error has no mean",
    ),
    Claim(
        "ridge/isotropic-ridgeless-variance",
        "Ridgeless isotropic least squares has variance σ²γ/(1 − γ) for γ = d/n < 1.",
        source=Source("hastie2022surprises"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, gamma, noise_variance: float(
            ridge_risk(Spectrum.isotropic(gamma * n), n, 0.0, noise_variance).variance
        ),
        measure=lambda rng, n, gamma, noise_variance: experiments.ridgeless_excess_draw(
            rng, n=n, d=round(gamma * n), signal=1.0, noise_variance=noise_variance
        ),
        grid=cells("gamma noise_variance", [(0.2, 1.0), (0.5, 0.5), (0.6, 2.0)], n=60),
        tolerance=0.03,
        formula=closed_forms.noise_variance * closed_forms.gamma / (1 - closed_forms.gamma),
        size="n",
        quick=(0, 1),
        assumptions="γ < 1",
    ),
    Claim(
        "ridge/least-squares-excess",
        "At every size, least squares on Gaussian rows has excess risk σ²d/(n − d − 1).",
        source=Source("hastie2022surprises", "inverse-Wishart mean, derived"),
        kind=Kind.MEAN,
        predict=lambda noise_variance, **p: _closed("least_squares_excess", noise_variance=noise_variance, **p),
        measure=lambda rng, **p: experiments.ridgeless_excess_draw(rng, signal=1.0, **p),
        grid=cells("n d noise_variance", [(30, 10, 1.0), (12, 4, 0.5)]),
        tolerance=0.04,
        formula=closed_forms.least_squares_excess,
        most_draws=32768,
        assumptions="n > d + 1; any covariance",
    ),
    Claim(
        "ridge/overparametrised-excess",
        "At every size, isotropic least-norm interpolation errs by ‖β‖²(1 − n/d) + σ²n/(d − n − 1).",
        source=Source("hastie2022surprises", "inverse-Wishart mean, derived"),
        kind=Kind.MEAN,
        predict=lambda **p: _closed("overparametrised_excess", **p),
        measure=experiments.ridgeless_excess_draw,
        grid=cells("n d signal noise_variance", [(10, 30, 1.0, 0.5), (5, 20, 2.0, 1.0)]),
        tolerance=0.03,
        formula=closed_forms.overparametrised_excess,
        most_draws=32768,
        assumptions="d > n + 1, identity covariance",
    ),
    Claim(
        "ridge/optimal-ridge",
        "For an isotropic prior the best ridge is σ²d/‖β‖², whatever the covariance and n.",
        source=Source("dobriban2018high", "derived: the ridge estimator is then the posterior mean"),
        kind=Kind.THRESHOLD,
        predict=lambda n, d, covariance, signal, noise_variance: float(
            optimal_ridge(
                Spectrum(eigenvalues(covariance, d), signal / d * eigenvalues(covariance, d)),
                n,
                noise_variance,
            ).value
        ),
        measure=experiments.ridge_slope,
        grid=cells(
            "n d covariance signal noise_variance",
            [(30, 60, "spread", 1.0, 0.5), (60, 30, "two-scales", 2.0, 1.0), (40, 40, "isotropic", 1.0, 2.0)],
        ),
        tolerance=0.04,
        formula=closed_forms.noise_variance * closed_forms.d / closed_forms.signal,
    ),
    Claim(
        "ridge/optimal-test-error",
        "At the best ridge the test error is σ²κ/λ, λ = δ/n.",
        source=Source("dobriban2018high", "derived"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, gamma, covariance, signal, noise_variance: float(
            noise_variance
            * effective_ridge(
                Spectrum(eigenvalues(covariance, round(gamma * n))),
                n,
                noise_variance * round(gamma * n) / signal,
            ).value
            / (noise_variance * round(gamma * n) / n / signal)
        ),
        measure=experiments.tuned_error_draw,
        grid=cells(
            "gamma covariance signal noise_variance",
            [(2.0, "spread", 1.0, 0.5), (0.5, "two-scales", 2.0, 1.0), (1.0, "isotropic", 1.0, 0.3)],
            n=50,
        ),
        tolerance=0.02,
        size="n",
        quick=(0, 2),
    ),
    Claim(
        "ridge/tuned-ridge-is-monotone",
        "With the best ridge more data never hurts: the double-descent peak is gone.",
        source=Source("hastie2022surprises", "derived for the isotropic prior"),
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=experiments.tuned_error_drop,
        grid=cells("n", [30, 54, 66], d=60, ratio=1.25, covariance="spread", signal=1.0, noise_variance=0.2),
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
    Claim(
        "ridge/second-order-trace",
        "tr(ΣQΣQ) has a second-order deterministic equivalent.",
        source=Source("bach2024projections"),
        kind=Kind.ASYMPTOTIC,
        predict=_pair_trace,
        measure=experiments.pair_trace_draw,
        grid=[
            {"n": 40, "gamma": g, "lam_a": lam, "lam_b": lam, "covariance": c}
            for g, lam, c in ((2.0, 0.2, "spread"), (0.5, 0.05, "two-scales"), (1.0, 0.5, "isotropic"))
        ],
        tolerance=0.01,
        size="n",
        quick=(0, 1),
    ),
    Claim(
        "ridge/two-ridge-trace",
        "tr(ΣQ_aΣQ_b) for two ridges on one sample has a second-order deterministic equivalent.",
        source=Source("bach2024projections", "two ridges: derived"),
        kind=Kind.ASYMPTOTIC,
        predict=_pair_trace,
        measure=experiments.pair_trace_draw,
        grid=cells("gamma lam_a lam_b covariance", [(1.5, 0.05, 0.7, "spread"), (0.5, 1.0, 0.1, "two-scales")], n=40),
        tolerance=0.01,
        size="n",
        quick=(0,),
    ),
    Claim(
        "ridge/spectral-law",
        "The eigenvalues of XᵀX/n follow the generalised Marchenko-Pastur law.",
        source=Source("silverstein1995limiting"),
        kind=Kind.ASYMPTOTIC,
        predict=_fraction,
        measure=experiments.eigenvalue_fraction_draw,
        grid=cells(
            "gamma covariance at",
            [(0.5, "isotropic", 1.0), (0.25, "two-scales", 0.5), (2.0, "spread", 3.0), (0.5, "spread", 2.0)],
            n=40,
        ),
        tolerance=0.01,
        size="n",
        quick=(0, 1),
    ),
    Claim(
        "ridge/conservation-law",
        "Ridgeless learnabilities sum to n over any orthonormal basis, for every sample.",
        source=_KERNEL,
        kind=Kind.EXACT,
        predict=lambda n, **_: float(n),
        measure=experiments.learnability_sum,
        grid=cells("n points decay", [(20, 64, 2.0), (60, 64, 1.0), (1, 16, 3.0)]),
        tolerance=1e-10,
    ),
    Claim(
        "ridge/low-dimensional-kernels-deviate",
        "Ridgeless kernel regression on a ring errs at least 1.5 times as much as the Gaussian-design formula says.",
        source=Source("simon2023eigenlearning", "the failure is measured, not in the paper"),
        kind=Kind.BOUND,
        predict=lambda **p: 1.5 * _circle_risk(**p),
        measure=experiments.kernel_circle_error,
        grid=[{"n": 20, "ridge": 0.0, "points": 64, "decay": 2.0}],
        side="lower",
        assumptions="one input dimension, ridge 0: samples clump, which Gaussian features cannot show",
    ),
)
