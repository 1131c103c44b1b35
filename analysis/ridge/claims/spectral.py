"""Claims about resolvents and spectral laws, and about kernels on few dimensions."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.derivation.quantities import modes_of, ridge_quantities
from solvable.analysis.ridge import closed_forms
from solvable.analysis.ridge.experiments import regression as experiments
from solvable.analysis.ridge.settings import USUAL, eigenvalues
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import Spectrum, resolvent_pair_trace, ridge_risk, sample_covariance_density

__all__ = ["SPECTRAL_CLAIMS"]

_KERNEL = Source("simon2023eigenlearning")


def _pair_trace(n: int, gamma: float, lam_a: float, lam_b: float, covariance: str) -> float:
    s = eigenvalues(covariance, round(gamma * n))
    return float(resolvent_pair_trace(Spectrum(s), n, n * lam_a, n * lam_b, s, s).value) / s.size


def _pair_quantities(n: int, gamma: float, lam_a: float, lam_b: float, covariance: str) -> dict[str, Any]:
    import mpmath as mp

    s = eigenvalues(covariance, round(gamma * n))
    kappa_a, kappa_b = (ridge_quantities(Spectrum(s), n, lam)["kappa"] for lam in (lam_a, lam_b))
    pair = mp.fsum(mp.mpf(v) ** 2 / ((mp.mpf(v) + kappa_a) * (mp.mpf(v) + kappa_b)) for v in s.tolist())
    return {"kappa_a": kappa_a, "kappa_b": kappa_b, "pair": pair, "_modes": modes_of(Spectrum(s))}


def _circle_quantities(n: int, ridge: float, points: int, decay: float) -> dict[str, Any]:
    return ridge_quantities(_circle_spectrum(points, decay), n, ridge / n)


@cache
def _fraction(n: int, gamma: float, covariance: str, at: float) -> float:
    """Mass of the limiting spectral law on [0, at]: Gauss-Legendre in an angle on each interval, plus the atom."""
    spectrum = Spectrum(eigenvalues(covariance, round(gamma * n)))
    nodes, weights = np.polynomial.legendre.leggauss(200)
    theta = np.pi / 2 * (1 + nodes)
    found = sample_covariance_density(spectrum, n, [at])
    mass = found.atom
    for low, high in found.edges:
        top = min(high, at)
        if top > low:
            # roots at the edges are sines of half the angle: the integrand is smooth wherever it is cut
            x = low + (top - low) * (1 - np.cos(theta)) / 2
            density = sample_covariance_density(spectrum, n, x).density
            mass += float(np.sum(weights * density * np.sin(theta)) * (top - low) / 2 * np.pi / 2)
    return mass


def _circle_spectrum(points: int, decay: float) -> Spectrum:
    frequency = np.arange(1, points // 2)
    levels = np.r_[1.0, (1.0 + frequency) ** -decay, (1.0 + points // 2) ** -decay]
    power = np.zeros(levels.size)
    power[2] = 1.0
    return Spectrum(levels, power, np.r_[1.0, np.full(frequency.size, 2.0), 1.0])


def _circle_risk(n: int, ridge: float, points: int, decay: float) -> float:
    return float(ridge_risk(_circle_spectrum(points, decay), n, ridge).test)


limit = partial(Claim, kind=Kind.ASYMPTOTIC, domain=USUAL, tolerance=0.01, size="n")
pair_trace = partial(
    limit,
    predict=_pair_trace,
    measure=experiments.pair_trace_draw,
    quantities=_pair_quantities,
    formula=closed_forms.pair_trace,
)

SPECTRAL_CLAIMS = (
    pair_trace(
        "ridge/second-order-trace",
        "tr(ΣQΣQ) has a second-order deterministic equivalent.",
        source=Source("bach2024projections"),
        domain=USUAL.but(n=(20, 250)),
        grid=[
            {"n": n, "gamma": g, "lam_a": lam, "lam_b": lam, "covariance": c}
            for n, g, lam, c in (
                (50, 2.0, 0.2, "spread"),
                (250, 0.5, 0.05, "two-scales"),
                (100, 1.0, 0.5, "isotropic"),
            )
        ],
        sizes=(1, 2, 8),  # with these the sizes tell 1/n from 1/log n
        quick=(0,),
    ),
    pair_trace(
        "ridge/two-ridge-trace",
        "tr(ΣQ_aΣQ_b) for two ridges on one sample has a second-order deterministic equivalent.",
        source=Source("bach2024projections", "two ridges: derived"),
        domain=USUAL.but(n=(20, 250)),
        # at n = 200 the correction is too small for its order to matter
        grid=cells(
            "n gamma lam_a lam_b covariance", [(200, 0.5, 1.0, 0.1, "two-scales"), (100, 1.5, 0.05, 0.7, "spread")]
        ),
        quick=(0,),
    ),
    limit(
        "ridge/spectral-law",
        "The eigenvalues of XᵀX/n follow the generalised Marchenko-Pastur law.",
        source=Source("silverstein1995limiting"),
        predict=_fraction,
        measure=experiments.eigenvalue_fraction_draw,
        grid=cells(
            "gamma covariance at",
            [(0.5, "isotropic", 1.0), (0.25, "two-scales", 0.5), (2.0, "spread", 3.0), (0.5, "spread", 2.0)],
            n=40,
        ),
        quick=(0, 1),
    ),
    Claim(
        "ridge/conservation-law",
        "Ridgeless learnabilities sum to n over any orthonormal basis, for every sample.",
        source=_KERNEL,
        kind=Kind.EXACT,
        measure=experiments.learnability_sum,
        domain=Domain(n=(1, 64), decay=(0.5, 4.0), where="n <= points"),
        formula=sp.Symbol("n", positive=True),
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
        domain=Domain(n=(5, 30), ridge=(0.0, 0.5), decay=(1.2, 4.0)),
        quantities=_circle_quantities,
        formula=sp.Rational(3, 2) * closed_forms.bias,
        grid=[{"n": 20, "ridge": 0.0, "points": 64, "decay": 2.0}],
        side="lower",
        assumptions="one input dimension, ridge 0: samples clump, which Gaussian features cannot show",
    ),
)
