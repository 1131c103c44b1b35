"""Claims about infinite depth and about weights that are not independent."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.wide_networks.experiments import depth as experiments
from solvable.analysis.wide_networks.settings import DOMAIN, pair
from solvable.solvers import critical_flow, deep_classifier, edge_of_chaos, optimal_activation, wide_network_kernels

__all__ = ["DEPTH_CLAIMS"]

claim = partial(Claim, domain=DOMAIN.but(d=(2, 24)))

_DEEP = Source("radhakrishnan2023wide", "cases as recalled, derived in docs/theory/wide_networks.md")
_ENSEMBLES = Source("naitsaada2024beyond", "derived in docs/theory/wide_networks.md")
_FLOW = Source("roberts2022principles", "derived in docs/theory/wide_networks.md")
_SINGULAR = (0.0, 0.3, 0.5, 0.2)
_NEAREST, _MAJORITY, _FLAT = (0.0, 0.0, 0.5, 0.5), (0.2, 0.2, 0.3, 0.3), (0.5, 0.4, 0.05, 0.05)
_KINDS = {"nearest": "nearest-neighbour", "majority": "majority", "distance": "singular"}


def _is_kind(coefficients: tuple[float, ...], rule: str, **_: Any) -> float:
    return 1.0 if deep_classifier(coefficients).kind == _KINDS[rule] else -1.0


def _exponent(coefficients: Any) -> float:
    return float(deep_classifier(coefficients).exponent or 0.0)


def _design(d: int) -> tuple[float, ...]:
    outer = 2.0 ** (-d / 2)
    return (0.0, outer, 1 - 2 * outer, outer)


def _classifier(name: str, statement: str, grid: list[dict[str, Any]], **more: Any) -> Claim:
    return claim(
        name, statement, source=_DEEP, kind=Kind.ORDER, predict=_is_kind, measure=experiments.agreement_draw, grid=grid,
        **more,
    )  # fmt: skip


DEPTH_CLAIMS = (
    _classifier(
        "wide-networks/nearest-neighbour",
        "With E φ = E φ′ = 0 a deep network decides as the nearest neighbour: at L = 9 on more than 97 % of points.",
        [{"coefficients": _NEAREST, "depth": 9, "ridge": 0.0, "rule": "nearest", "share": 0.97}],
    ),
    _classifier(
        "wide-networks/majority-vote",
        "With E φ ≠ 0 and B′ > 1 a deep network decides by majority: at L = 30 on more than 99 % of points.",
        [{"coefficients": _MAJORITY, "depth": 30, "ridge": 0.0, "rule": "majority", "share": 0.99}],
    ),
    _classifier(
        "wide-networks/singular-kernel",
        "With E φ = 0 ≠ E φ′ a deep network decides by the sum of labels over distances to the power α: at L = 400 on "
        "more than 90 % of points, at L = 20,000 on more than 94 %.",
        cells("depth share", [(400, 0.9), (20_000, 0.94)], coefficients=_SINGULAR, ridge=0.0, rule="distance"),
        quick=(0,),
    ),
    claim(
        "wide-networks/ridgeless-is-not-majority",
        "With B′ < 1 the ridgeless limit is no majority vote, below 70 % of points; a ridge of 0.001 makes it one.",
        source=_DEEP,
        kind=Kind.ORDER,
        predict=_is_kind,
        measure=experiments.agreement_draw,
        grid=cells(
            "depth ridge share",
            [(20, 0.0, -0.7), (60, 1e-3, 0.99), (120, 1e-3, 0.99)],
            coefficients=_FLAT,
            rule="majority",
        ),
        quick=(0, 1),
    ),
    claim(
        "wide-networks/optimal-activation",
        "The designed activation has a singular kernel of exponent d: ψ grows as (1 − ρ)^{−d/2}.",
        source=_DEEP,
        kind=Kind.RATE,
        deterministic=True,
        predict=lambda d, inverse: _exponent(optimal_activation(d) ** 2) / 2,
        measure=lambda rng, d, inverse: experiments.singular_value(_design(d), inverse),
        grid=cells("d", [2, 4, 6, 10], inverse=2.0**14),
        size="inverse",
        tolerance=1e-4,
        formula=sp.Symbol("d", positive=True) / 2,
    ),
    claim(
        "wide-networks/singular-exponent",
        "The kernel of infinite depth is singular with exponent α = −2 log(a_1²)/log B′, along steps of B′ in 1 − ρ.",
        source=_DEEP,
        kind=Kind.RATE,
        deterministic=True,
        predict=lambda inverse: _exponent(_SINGULAR) / 2,
        measure=lambda rng, inverse: experiments.singular_value(_SINGULAR, inverse),
        grid=[{"inverse": 2.0**14}],
        sizes=(1, 1.9, 1.9**2),
        size="inverse",
        tolerance=1e-4,
        assumptions="(a_k²) = (0, 0.3, 0.5, 0.2), B′ = 1.9",
    ),
    claim(
        "wide-networks/finite-depth-exponent",
        "At depths far below 1/(1 − ρ) the tangent kernel grows with exponent α + 2, not α.",
        source=_DEEP,
        kind=Kind.RATE,
        deterministic=True,
        predict=lambda d, inverse: (_exponent(optimal_activation(d) ** 2) + 2) / 2,
        measure=lambda rng, d, inverse: experiments.deep_slope(_design(d), inverse),
        grid=cells("d", [2, 4], inverse=2.0**16),
        size="inverse",
        tolerance=1e-3,
        formula=sp.Symbol("d", positive=True) / 2 + 1,
    ),
    claim(
        "wide-networks/tanh-susceptibilities",
        "At criticality tanh networks have l(1 − χ) → 2 for the norm and 1 for angles.",
        source=_FLOW,
        kind=Kind.ASYMPTOTIC,
        deterministic=True,
        predict=lambda layer, which: 2.0 if which == "parallel" else 1.0,
        measure=lambda rng, layer, which: experiments.tanh_slopes(layer, which),
        grid=cells("which", ["parallel", "perpendicular"], layer=250),
        size="layer",
        tolerance=0.01,
        assumptions="weight variance 1, no bias, variance 1 in the first layer",
    ),
    claim(
        "wide-networks/tanh-susceptibilities-at-depth",
        "Layer by layer the susceptibilities of tanh are those of difference quotients.",
        source=_FLOW,
        kind=Kind.NUMERICAL,
        predict=lambda layer: _susceptibilities(layer),
        measure=lambda rng, layer: np.array([experiments.tanh_slopes(layer, w) for w in ("parallel", "perpendicular")]),
        grid=cells("layer", [10, 200]),
        tolerance=1e-6,
        reason="difference quotients of fourth order in the variance",
    ),
    claim(
        "wide-networks/pseudo-iid-same-kernel",
        "Orthogonal, low-rank, sparse and Laplace weights give the variances of independent Gaussian ones.",
        source=_ENSEMBLES,
        kind=Kind.ASYMPTOTIC,
        predict=lambda width, ensemble: float(
            wide_network_kernels(pair(), None, 3, "tanh", 1.5, 0.1).nngp_diagonals[0][0]
        ),
        measure=experiments.ensemble_draw,
        grid=cells(
            "width ensemble",
            [(w, e) for w in (64, 128) for e in ("gaussian", "orthogonal", "low-rank", "sparse", "laplace")],
        ),
        size="width",
        tolerance=0.05,
        quick=(3,),
        assumptions="weight variance 1.5, bias variance 0.1, first layer Gaussian; ranks n/4, 8 blocks",
    ),
    claim(
        "wide-networks/fixed-rank-is-a-mixture",
        "Where the rank of the weights stays fixed, preactivations are no Gaussians: their kurtosis stays larger.",
        source=_ENSEMBLES,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=experiments.fixed_rank_draw,
        grid=[{"width": 64, "rank": 2}],
    ),
    claim(
        "wide-networks/edge-of-chaos",
        "Nearby signals separate above the edge of chaos and merge below it, for all ensembles alike.",
        source=_ENSEMBLES,
        kind=Kind.THRESHOLD,
        domain=DOMAIN.but(q=(0.499, 0.501)),  # the bias variance is that of q = 0.5
        predict=lambda q, bias, ensemble, width: float(edge_of_chaos("tanh", q).weight_variance),
        measure=experiments.growth_draw,
        grid=cells("ensemble", ["gaussian", "orthogonal", "sparse", "low-rank"], q=0.5, bias=0.03804117, width=160),
        tolerance=0.15,
        quick=(0, 2),
        assumptions="tanh; bias variance at which the variance 0.5 is fixed on the edge; width 160",
    ),
)


def _susceptibilities(layer: int) -> Any:
    flow = critical_flow("tanh", 1.0, 0.0, 1.0, layer)
    return layer * (1 - np.array([flow.chi_parallel[-1], flow.chi_perpendicular[-1]]))
