"""Claims of the perturbation analysis: central path, linear response, attenuation."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.derivation.quantities import cases
from solvable.analysis.neural_collapse import closed_forms
from solvable.analysis.neural_collapse.experiments import perturbation as experiments
from solvable.analysis.neural_collapse.quantities import response_level
from solvable.analysis.neural_collapse.settings import RESPONSE, start_features
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import CentralPath, ResponseSpectrum, central_path, response_spectrum

__all__ = ["RESPONSE_CLAIMS"]

_PATH = Source("tirer2023perturbation", "perturbation analysis, central path")
_SLOPES = Source("tirer2023perturbation", "derivatives derived in docs/theory/neural_collapse.md")
_SPECTRUM = Source(
    "tirer2023perturbation", "extremes of the blocks; full spectrum derived in docs/theory/neural_collapse.md"
)
_KINDS = ("rotation", "outside", "inside", "symmetric")


@cache
def _spectrum(
    classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float
) -> ResponseSpectrum:
    return response_spectrum(classes, samples, dimension, weight_decay, feature_decay)


def _eigenvalue(index: int, **cell: Any) -> float:
    found = _spectrum(**cell)
    return float(np.sort(np.repeat(found.rates, found.multiplicities))[index])


def _singular_value(index: int, other: bool, attachment: float, **cell: Any) -> float:
    found = _spectrum(**cell)
    if other:
        return float(found.cross_rate) / attachment if index == 0 else 0.0
    values = np.abs(1 - np.repeat(found.block_rates, found.block_multiplicities) / attachment)
    return float(np.sort(values)[::-1][index])


@cache
def _path(
    problem: int, classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float
) -> CentralPath:
    start = start_features(classes, samples, dimension, problem)
    return central_path(start, np.repeat(np.arange(classes), samples), weight_decay, feature_decay, [0.0])


beta, lw, lh, K, d = sp.symbols("attachment weight_decay feature_decay classes dimension", positive=True)
isotropic = (K / d) * (beta / (beta + sp.sqrt(lh / lw))) ** 2 + (1 - K / d) * (beta / (beta + lh)) ** 2


def _gain_quantities(kind: str, **_: Any) -> dict[str, float]:
    return cases("kind", kind, *_KINDS)


_COLLAPSED = Domain(weight_decay=(0.05, 0.9), feature_decay=(0.05, 0.9), attachment=(0.1, 100.0))
claim = partial(Claim, convention="per-class")
falls = partial(claim, source=_PATH, kind=Kind.ORDER, predict=lambda **_: -1.0, statistic="median")
slope = partial(claim, source=_SLOPES, kind=Kind.NUMERICAL, domain=_COLLAPSED)
hessian = partial(
    claim,
    source=_SPECTRUM,
    kind=Kind.NUMERICAL,
    domain=_COLLAPSED,
    reason="the Hessian is a central difference of step 1e-4, at trained features",
)

RESPONSE_CLAIMS = (
    falls(
        "neural-collapse/central-path-is-monotone",
        "Along the central path NC1 and e^{2λ_H t} tr Σ_W fall and e^{2λ_H t} tr Σ_B rises, strictly.",
        measure=experiments.flow_rise,
        grid=cells("quantity", ["nc1", "within", "between"], **RESPONSE),
    ),
    slope(
        "neural-collapse/central-path-slopes",
        "The time derivatives of both traces and of their ratio have closed forms in W, H and the decays.",
        predict=lambda quantity, **cell: float(getattr(_path(**cell), f"{quantity}_slope")[0]),
        measure=experiments.flow_slope,
        grid=[{"quantity": q, "problem": i, **RESPONSE} for q in ("within", "between", "nc1") for i in (0, 1)],
        tolerance=1e-7,
        reason="a central difference in time, of step 1e-4",
    ),
    slope(
        "neural-collapse/first-order-in-attachment",
        "To first order in 1/β the minimiser attached to H₀ lowers NC1 by the slope of the central path.",
        predict=lambda attachment, **cell: float(_path(**cell).nc1_slope[0]),
        measure=experiments.proximal_slope,
        domain=_COLLAPSED.but(attachment=(500.0, 5000.0)),
        grid=cells("problem", [0, 1], attachment=1e3, **RESPONSE),
        tolerance=1e-5,
        reason="extrapolated to second order from attachments 1000 and 2000",
    ),
    falls(
        "neural-collapse/attachment-lowers-nc1",
        "The minimiser attached to random features has lower NC1 than they have: for large β by theorem, for "
        "every β as measured.",
        measure=experiments.proximal_change,
        grid=cells("attachment", [0.1, 1.0, 10.0, 100.0], **RESPONSE),
    ),
    hessian(
        "neural-collapse/response-spectrum",
        "Perturbations of collapsed features relax with four rates: 0, λ_H, √(λ_H/λ_W) and 4(1 − c)λ_H, of known "
        "multiplicity.",
        predict=_eigenvalue,
        measure=experiments.hessian_eigenvalue,
        formula=closed_forms.response_rate,
        quantities=response_level,
        grid=cells("index", [8, 9, 20, 21, 26, 27, 44], **RESPONSE),
        absolute_tolerance=1e-7,
        quick=(0, 1, 3, 4, 5),
        assumptions="c = √(λ_Wλ_H) < 1, d ≥ K, exact collapse",
    ),
    hessian(
        "neural-collapse/block-staircase",
        "Blocks of the first-order response have five levels on the diagonal and rank one off it.",
        predict=_singular_value,
        measure=experiments.block_singular_value,
        domain=_COLLAPSED.but(attachment=(50.0, 500.0)),
        grid=cells(
            "index other",
            [(0, False), (2, False), (6, False), (8, False), (14, False), (0, True), (1, True)],
            attachment=100.0,
            **RESPONSE,
        ),
        absolute_tolerance=1e-8,
        quick=(1, 4, 5, 6),
    ),
    hessian(
        "neural-collapse/exact-gains",
        "For any attachment β a small change of H₀ is followed by the factor β/(β + rate) of its kind.",
        predict=lambda kind, attachment, **cell: float(_spectrum(**cell).gains(attachment)[_KINDS.index(kind)]),
        measure=experiments.measured_gain,
        formula=closed_forms.stated_gain,
        quantities=_gain_quantities,
        grid=[{"kind": k, "attachment": b, **RESPONSE} for k in _KINDS for b in (5.0, 0.5)],
        tolerance=2e-6,
        reason="the change of the start is 1e-4, and the minimisers are trained",
    ),
    claim(
        "neural-collapse/isotropic-attenuation",
        "Isotropic noise on H₀ loses within-class variance by the two squared gains weighted K/d and 1 − K/d.",
        source=_SPECTRUM,
        kind=Kind.MEAN,
        predict=lambda attachment, **cell: float(
            _spectrum(**cell).isotropic_gain(attachment, cell["classes"], cell["dimension"])
        ),
        measure=experiments.isotropic_ratio,
        domain=_COLLAPSED.but(classes=(2, 6), dimension=(2, 12), samples=(2, 20), where="classes <= dimension"),
        grid=cells("attachment", [5.0, 1.0], **{**RESPONSE, "samples": 12}),
        tolerance=0.02,
        formula=isotropic,
        quick=(0,),
    ),
)
