"""Claims about zero imputation: identities with every mask enumerated, sampled fits held to a few per cent."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.imputation import closed_forms, experiments
from solvable.analysis.imputation.quantities import fit_quantities, imputation_quantities, risk_quantities
from solvable.analysis.imputation.settings import USUAL, equal_low_rank, target
from solvable.analysis.imputation.settings import covariance as matrix
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    averaged_sgd_bound,
    imputation_bias,
    imputation_optimum,
    imputed_ridge_risk,
    imputed_risk,
    low_rank_imputation_bias,
)

__all__ = ["CLAIMS"]

_PAPER = Source("ayme2023naive")
_DERIVED = Source("ayme2023naive", "this form derived in docs/theory/imputation.md")
_RECALLED = Source("ayme2023naive", "constants as recalled")


def _largest_variance_value(sigma: Any, beta: Any, d: int, observed: float) -> float:
    """Ridge objective at lambda times the largest variance."""
    lam = (1 - observed) / observed * float(np.diag(sigma).max())
    w = np.linalg.solve(sigma + lam * np.eye(d), sigma @ beta)
    return float((w - beta) @ sigma @ (w - beta) + lam * w @ w)


@cache
def _sgd_bound(n: int, d: int, covariance: str, observed: float, noise_variance: float) -> float:
    sigma = matrix(covariance, d)
    return float(averaged_sgd_bound(sigma, target(sigma), observed, n, noise_variance))


@cache
def _ridge(n: int, gamma: float, lam: float, covariance: str, observed: float, noise_variance: float) -> float:
    sigma = matrix(covariance, round(gamma * n))
    return float(imputed_ridge_risk(sigma, target(sigma), observed, n, n * lam, noise_variance).test)


def _problem(d: int, covariance: str, **_: Any) -> tuple[Any, Any]:
    sigma = matrix(covariance, d)
    return sigma, target(sigma)


def _scaled_quantities(d: int, covariance: str, observed: float) -> dict[str, Any]:
    return risk_quantities(*_problem(d, covariance), observed, np.full(d, d**-0.5))


def _bound_quantities(d: int, covariance: str, observed: float, **_: Any) -> dict[str, Any]:
    return imputation_quantities(*_problem(d, covariance), observed)


def _fit_quantities(n: int, gamma: float, lam: float, covariance: str, observed: float, noise_variance: float) -> Any:
    return fit_quantities(*_problem(round(gamma * n), covariance), observed, n, lam, noise_variance)


d, rank, rho = sp.symbols("d rank observed", positive=True)
_lam = (1 - rho) / rho
_SGD = cells(
    "n d covariance observed",
    [
        (400, 16, "equal-4", 0.7),
        (400, 128, "equal-4", 0.7),
        (400, 64, "factor-5", 0.4),
        (1600, 64, "autoregressive", 0.5),
        (400, 40, "isotropic", 0.5),
    ],
    noise_variance=0.1,
)

claim = partial(Claim, domain=USUAL)
exact = partial(claim, source=_DERIVED, kind=Kind.EXACT, tolerance=1e-9)
optimum = partial(exact, grid=cells("d observed", [(5, 0.3), (8, 0.9)]), instance=experiments.random_problem)
fit = partial(Claim, source=_DERIVED, measure=experiments.imputed_fit_draw, quantities=_fit_quantities)

CLAIMS = (
    claim(
        "imputation/ridge-identity",
        "The risk on zero-imputed inputs is R(ρθ) + ρ(1 − ρ) θᵀ diag(Σ) θ, for any covariance.",
        source=_PAPER,
        kind=Kind.EXACT,
        predict=lambda d, theta, sigma, beta, observed: float(imputed_risk(theta, sigma, beta, observed)),
        measure=lambda rng, d, **p: experiments.enumerated_risk(**p),
        quantities=risk_quantities,
        formula=closed_forms.imputed_risk,
        grid=cells("d observed", [(5, 0.3), (8, 0.9)]),
        instance=experiments.random_weights,
        tolerance=1e-12,
    ),
    Claim(
        "imputation/risk-on-drawn-masks",
        "The ridge identity of zero imputation holds in dimensions where masks can only be drawn.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=lambda d, covariance, observed: float(
            imputed_risk(np.full(d, d**-0.5), matrix(covariance, d), target(matrix(covariance, d)), observed)
        ),
        measure=experiments.sampled_risk,
        domain=USUAL.but(d=(4, 60)),
        quantities=_scaled_quantities,
        formula=closed_forms.imputed_risk,
        grid=cells("covariance observed", [("uneven", 0.5), ("spiked", 0.2)], d=60),
        tolerance=0.02,
    ),
    optimum(
        "imputation/optimum-is-ridge",
        "The best weights on imputed inputs are a ridge solution, (1/ρ)(Σ + λ diag Σ)⁻¹Σβ.",
        predict=lambda d, sigma, beta, observed: imputation_optimum(sigma, beta, observed),
        measure=lambda rng, d, **p: experiments.best_enumerated_weights(**p),
        assumptions="λ = (1 − ρ)/ρ, ρ the probability to see an entry",
    ),
    optimum(
        "imputation/bias-is-the-ridge-value",
        "What imputation costs is the value of the ridge objective on complete inputs, not its squared bias alone.",
        predict=lambda d, sigma, beta, observed: float(imputation_bias(sigma, beta, observed)),
        measure=lambda rng, d, **p: experiments.best_enumerated_risk(**p),
        quantities=imputation_quantities,
        formula=closed_forms.bias,
    ),
    claim(
        "imputation/largest-variance-bound",
        "With unequal variances the bias is at most the ridge value at λ times the largest of them.",
        source=_PAPER,
        kind=Kind.BOUND,
        predict=_largest_variance_value,
        measure=lambda rng, d, **p: experiments.best_enumerated_risk(**p),
        quantities=imputation_quantities,
        formula=closed_forms.largest_variance_bound,
        grid=cells("observed", [0.3, 0.9], d=5),
        side="upper",
        instance=experiments.random_problem,
    ),
    exact(
        "imputation/isotropic-bias",
        "Without correlation nothing replaces what is missing: the bias is (1 − ρ)‖β‖² in any dimension.",
        predict=lambda d, observed: float(imputation_bias(np.eye(d), target(np.eye(d)), observed)),
        measure=lambda rng, d, observed: experiments.best_enumerated_risk(np.eye(d), target(np.eye(d)), observed),
        domain=USUAL.but(d=(1, 30)),
        grid=cells("d", [3, 9], observed=0.6),
        tolerance=1e-10,
        quantities=lambda **_: {"signal": 1.0},
        formula=1 - rho,
    ),
    exact(
        "imputation/low-rank-bias",
        "For r equal eigenvalues and unit variances the bias is λ‖β‖²_Σ/(d/r + λ).",
        predict=lambda d, rank, observed: float(low_rank_imputation_bias(d, rank, observed)),
        measure=lambda rng, d, rank, observed: experiments.best_enumerated_risk(
            equal_low_rank(d, rank), target(equal_low_rank(d, rank)), observed
        ),
        domain=USUAL.but(d=(2, 64), where="rank <= d"),
        grid=cells("d rank observed", [(4, 1, 0.5), (8, 3, 0.5), (8, 2, 0.2)]),
        quantities=lambda **_: {"power": 1.0},
        formula=_lam / (d / rank + _lam),
    ),
    Claim(
        "imputation/low-rank-rate",
        "The bias of low-rank inputs falls as 1/d: in high dimension imputation by zero costs nothing.",
        source=_PAPER,
        kind=Kind.RATE,
        predict=lambda **_: -1.0,
        measure=experiments.bias_draw,
        domain=Domain(observed=(0.3, 0.9)),
        grid=[{"d": 16, "covariance": "equal-2", "observed": 0.7}],
        tolerance=0.05,
        size="d",
        assumptions="local slope from d = 16 to 64, where d/r exceeds λ twentyfold",
    ),
    fit(
        "imputation/fit-on-imputed-inputs",
        "Ridge on imputed inputs has the error of a Gaussian model with the same second moments, to 3 % with a ridge.",
        kind=Kind.ASYMPTOTIC,
        predict=_ridge,
        domain=USUAL.but(n=(20, 80)),
        formula=closed_forms.fit,
        grid=cells(
            "gamma covariance observed",
            [(0.4, "autoregressive", 0.5), (0.4, "isotropic", 0.5), (0.4, "factor-5", 0.7)],
            n=80,
            lam=0.05,
            noise_variance=0.2,
        ),
        tolerance=0.03,
        size="n",
        quick=(0,),
    ),
    fit(
        "imputation/gaussian-universality-fails",
        "Without a ridge, at low rank and with few entries seen, the error exceeds the Gaussian equivalent by "
        "more than 2 %.",
        kind=Kind.BOUND,
        predict=lambda **cell: 1.02 * _ridge(**cell),
        domain=USUAL.but(n=(50, 150), gamma=(0.1, 0.6), lam=(0.0, 0.02)),
        formula=sp.Rational(51, 50) * closed_forms.fit,
        grid=[{"n": 150, "gamma": 0.4, "lam": 0.0, "covariance": "factor-5", "observed": 0.2, "noise_variance": 0.1}],
        side="lower",
        assumptions="at fixed rank it does not go away with n and d (8 to 9 % at n = 600); it falls as the rank grows",
    ),
    Claim(
        "imputation/averaged-sgd-bound",
        "One-pass averaged SGD stays below (3 tr Σ ‖θ*‖² + σ² + ‖β‖²_Σ)/√n + bias.",
        source=_RECALLED,
        kind=Kind.BOUND,
        predict=_sgd_bound,
        measure=experiments.averaged_sgd_draw,
        domain=Domain(n=(100, 2000), observed=(0.2, 0.95), noise_variance=(0.0, 2.0)),
        quantities=_bound_quantities,
        formula=closed_forms.averaged_sgd_bound,
        grid=_SGD,
        side="upper",
        quick=(0, 1, 4),
    ),
    Claim(
        "imputation/constant-step-is-better",
        "The constant step 1/(6 tr Σ) does better than the step 1/(3 tr Σ √n) of the bound.",
        source=Source("ayme2023naive", "observation of this project"),
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=experiments.averaged_sgd_gain,
        grid=[_SGD[1], _SGD[2]],
        quick=(0,),
    ),
)
