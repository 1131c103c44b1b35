"""Claims about identity covariance and isotropic priors: closed forms, exact means, the best ridge."""

from __future__ import annotations

from functools import partial
from typing import Any

from solvable.analysis.derivation.quantities import isotropic_quantities, ridge_quantities
from solvable.analysis.ridge import closed_forms
from solvable.analysis.ridge.experiments import regression as experiments
from solvable.analysis.ridge.settings import USUAL, eigenvalues
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import RidgeRisk, Spectrum, effective_ridge, optimal_ridge, ridge_risk

__all__ = ["ISOTROPIC_CLAIMS"]


def _risk(n: int, gamma: float, noise_variance: float, lam: float = 0.0, signal: float = 1.0) -> RidgeRisk:
    return ridge_risk(Spectrum.isotropic(gamma * n, signal), n, n * lam, noise_variance)


def _best_ridge(n: int, d: int, covariance: str, signal: float, noise_variance: float) -> float:
    s = eigenvalues(covariance, d)
    return float(optimal_ridge(Spectrum(s, signal / d * s), n, noise_variance))


def _tuned_error(n: int, gamma: float, covariance: str, signal: float, noise_variance: float) -> float:
    s = eigenvalues(covariance, round(gamma * n))
    ridge = noise_variance * s.size / signal
    return noise_variance * float(effective_ridge(Spectrum(s), n, ridge)) / (ridge / n)


def _isotropic_quantities(n: int, gamma: float, lam: float, signal: float = 1.0, **_: Any) -> dict[str, Any]:
    return isotropic_quantities(n, gamma, lam, signal)


def _tuned_quantities(n: int, gamma: float, covariance: str, signal: float, noise_variance: float) -> dict[str, Any]:
    import mpmath as mp

    s = eigenvalues(covariance, round(gamma * n))
    lam = mp.mpf(noise_variance) * s.size / n / mp.mpf(signal)
    return {**ridge_quantities(Spectrum(s), n, lam), "lam": lam}


asymptotic = partial(Claim, kind=Kind.ASYMPTOTIC, domain=USUAL, tolerance=0.02, size="n")
ridgeless = partial(
    Claim,
    source=Source("hastie2022surprises"),
    kind=Kind.ASYMPTOTIC,
    measure=experiments.ridgeless_excess_draw,
    tolerance=0.03,
    size="n",
    quick=(0, 1),
)
mean = partial(
    Claim,
    source=Source("hastie2022surprises", "inverse-Wishart mean, derived"),
    kind=Kind.MEAN,
    tolerance=0.03,
    most_draws=32768,
)

ISOTROPIC_CLAIMS = (
    asymptotic(
        "ridge/isotropic-effective-ridge",
        "With identity covariance the effective ridge solves a quadratic equation.",
        source=Source("marchenko1967distribution", "derived from the fixed point"),
        predict=lambda gamma, lam, **_: float(
            effective_ridge(Spectrum.isotropic(1000 * gamma), 1000, 1000 * lam).value
        ),
        measure=experiments.companion_stieltjes_draw,
        domain=USUAL.but(gamma=(0.2, 6.0), counts={}),
        grid=cells("gamma lam", [(0.5, 0.1), (2.0, 0.1), (1.0, 1.0), (5.0, 0.01)], n=100),
        tolerance=0.005,
        sizes=(1, 2, 8),  # with these the sizes tell 1/n from 1/log n
        quick=(0, 1),
        quantities=_isotropic_quantities,
        formula=closed_forms.effective_ridge,
    ),
    asymptotic(
        "ridge/isotropic-test-error",
        "With identity covariance the test error is algebraic in d/n and the ridge.",
        source=Source("dobriban2018high", "derived"),
        predict=lambda **p: float(_risk(**p).test),
        measure=experiments.isotropic_error_draw,
        grid=cells(
            "gamma lam signal noise_variance", [(0.5, 0.2, 2.0, 0.5), (2.0, 0.5, 1.0, 0.3), (1.0, 0.1, 1.0, 1.0)], n=50
        ),
        quantities=_isotropic_quantities,
        formula=closed_forms.isotropic_test_error,
        quick=(0, 1),
    ),
    ridgeless(
        "ridge/isotropic-ridgeless-excess",
        "Ridgeless isotropic excess risk: a pole at d = n, descent on both sides of it.",
        predict=lambda **p: float(_risk(**p).excess),
        domain=USUAL.but(where="gamma != 1"),
        grid=cells(
            "gamma signal noise_variance", [(0.5, 1.0, 0.5), (2.0, 1.0, 0.2), (0.25, 3.0, 1.0), (4.0, 2.0, 1.0)], n=60
        ),
        formula=closed_forms.ridgeless_excess,
        assumptions="γ = d/n away from 1, where the error has no mean",
    ),
    ridgeless(
        "ridge/isotropic-ridgeless-variance",
        "Ridgeless isotropic least squares has variance σ²γ/(1 − γ) for γ = d/n < 1.",
        predict=lambda **p: float(_risk(**p).variance),
        domain=USUAL.but(gamma=(0.02, 0.98), where="gamma < 1"),
        grid=cells("gamma noise_variance", [(0.2, 1.0), (0.5, 0.5), (0.6, 2.0)], n=60),
        formula=closed_forms.noise_variance * closed_forms.gamma / (1 - closed_forms.gamma),
        assumptions="γ < 1",
    ),
    mean(
        "ridge/least-squares-excess",
        "At every size, least squares on Gaussian rows has excess risk σ²d/(n − d − 1).",
        measure=experiments.ridgeless_excess_draw,
        domain=USUAL.but(n=(5, 200), where="d < n - 1"),
        grid=cells("n d noise_variance", [(30, 10, 1.0), (12, 4, 0.5)]),
        tolerance=0.04,
        formula=closed_forms.least_squares_excess,
        assumptions="n > d + 1; any covariance",
    ),
    mean(
        "ridge/overparametrised-excess",
        "At every size, isotropic least-norm interpolation errs by ‖β‖²(1 − n/d) + σ²n/(d − n − 1).",
        measure=experiments.ridgeless_excess_draw,
        domain=USUAL.but(n=(2, 100), d=(4, 300), where="d > n + 1"),
        grid=cells("n d signal noise_variance", [(10, 30, 1.0, 0.5), (5, 20, 2.0, 1.0)]),
        formula=closed_forms.overparametrised_excess,
        assumptions="d > n + 1, identity covariance",
    ),
    Claim(
        "ridge/optimal-ridge",
        "For an isotropic prior the best ridge is σ²d/‖β‖², whatever the covariance and n.",
        source=Source("dobriban2018high", "derived: the ridge estimator is then the posterior mean"),
        kind=Kind.THRESHOLD,
        predict=_best_ridge,
        measure=experiments.ridge_slope,
        domain=USUAL.but(noise_variance=(0.02, 3.0)),
        grid=cells(
            "n d covariance signal noise_variance",
            [(30, 60, "spread", 1.0, 0.5), (60, 30, "two-scales", 2.0, 1.0), (40, 40, "isotropic", 1.0, 2.0)],
        ),
        tolerance=0.04,
        formula=closed_forms.noise_variance * closed_forms.d / closed_forms.signal,
    ),
    asymptotic(
        "ridge/optimal-test-error",
        "At the best ridge the test error is σ²κ/λ, λ = δ/n.",
        source=Source("dobriban2018high", "derived"),
        predict=_tuned_error,
        measure=experiments.tuned_error_draw,
        domain=USUAL.but(noise_variance=(0.02, 3.0)),
        quantities=_tuned_quantities,
        formula=closed_forms.tuned_test_error,
        grid=cells(
            "gamma covariance signal noise_variance",
            [(2.0, "spread", 1.0, 0.5), (0.5, "two-scales", 2.0, 1.0), (1.0, "isotropic", 1.0, 0.3)],
            n=50,
        ),
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
)
