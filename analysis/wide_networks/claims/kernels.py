"""Claims about infinitely wide networks: duals against integrals, kernels and vertices against finite networks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.wide_networks.experiments import networks as experiments
from solvable.analysis.wide_networks.experiments.fifty_digits import difference_quotient
from solvable.analysis.wide_networks.settings import DOMAIN, DUALS, pair
from solvable.solvers import (
    critical_flow,
    dual_activation,
    edge_of_chaos,
    kurtosis_product,
    leaky_relu,
    wide_network_kernels,
)

__all__ = ["KERNEL_CLAIMS"]

claim = partial(Claim, domain=DOMAIN)

_NTK = Source("jacot2018neural", "recursion as derived in docs/theory/wide_networks.md")
_NNGP = Source("lee2018deep", "recursion as derived in docs/theory/wide_networks.md")
_DERIVED = Source("cho2009kernel", "derived in docs/theory/wide_networks.md")
_DEPTH = Source("roberts2022principles", "derived in docs/theory/wide_networks.md")
_SMOOTH = ("identity", "relu", "relu2", "abs", "erf", "sin", "cos", "exp", "gauss", "gelu", "tanh")
_PLACES = ((1.3, 0.7, 0.4), (0.5, 2.0, -0.9))
_DUALS = [(name, *place) for name in (*_SMOOTH, "step", "sign") for place in _PLACES]
_NETS = cells(
    "activation depth weight_variance bias_variance",
    [
        ("relu", 1, 2.0, 0.1),
        ("relu", 3, 2.0, 0.1),
        ("erf", 1, 1.5, 0.2),
        ("erf", 3, 1.5, 0.2),
        ("gelu", 1, 1.7, 0.05),
        ("gelu", 3, 1.7, 0.05),
    ],
    width=100,
)
width, layer, q = sp.symbols("width layer q", positive=True)
slope = sp.Symbol("slope", nonnegative=True)


def _nngp(width: int, **net: Any) -> float:
    return float(wide_network_kernels(pair(), **net).nngp[0, 1])


def _ntk(width: int, **net: Any) -> float:
    return float(wide_network_kernels(pair(), **net).ntk[0, 1])


def _vertex(width: int, layer: int, activation: str, weight_variance: float) -> float:
    return float(critical_flow(activation, weight_variance, 0.0, 1.0, layer).vertex[-1])


def _edge(activation: str, q: float) -> Any:
    edge = edge_of_chaos(activation, q)
    return np.array([edge.weight_variance, edge.bias_variance])


KERNEL_CLAIMS = (
    claim(
        "wide-networks/dual-activations",
        "Closed forms of E[φ(u)φ(v)] for a Gaussian pair equal the integral over the plane, for 13 activations.",
        source=_DERIVED,
        kind=Kind.EXACT,
        predict=lambda **p: float(dual_activation(**p)),
        measure=lambda rng, **p: experiments.plane_integral(**p),
        domain=DUALS,
        grid=cells("activation q1 q2 c", _DUALS),
        tolerance=1e-10,
    ),
    claim(
        "wide-networks/price-theorem",
        "The derivative of E[φ(u)φ(v)] in the covariance is E[φ′(u)φ′(v)].",
        source=_DERIVED,
        kind=Kind.EXACT,
        predict=lambda **p: float(dual_activation(**p, derivative=True)),
        measure=lambda rng, **p: difference_quotient(**p),
        domain=DUALS,
        grid=cells("activation q1 q2 c", [(name, *place) for place in _PLACES for name in (*_SMOOTH, "leaky")]),
        tolerance=1e-13,
        quick=range(12),
        assumptions="differences of step 1e-12 at fifty digits; leaky has slope 0.01 below 0",
    ),
    claim(
        "wide-networks/nngp-covariance",
        "The covariance of a wide network's outputs follows Σ ← σ_b² + σ_w² E[φ(u)φ(v)], layer after layer.",
        source=_NNGP,
        kind=Kind.ASYMPTOTIC,
        predict=_nngp,
        measure=experiments.nngp_draw,
        grid=_NETS,
        size="width",
        tolerance=0.05,
        quick=(0, 3),
    ),
    claim(
        "wide-networks/ntk-mean",
        "The sum over all parameters of products of derivatives tends to Θ ← Σ + σ_w² E[φ′(u)φ′(v)] Θ.",
        source=_NTK,
        kind=Kind.ASYMPTOTIC,
        predict=_ntk,
        measure=experiments.ntk_draw,
        grid=_NETS,
        size="width",
        tolerance=0.05,
        quick=(0, 3),
    ),
    claim(
        "wide-networks/kurtosis-product",
        "A critical network of width n whose activation has slopes 1 and s has E z⁴ = 3(1 + (6(1 + s⁴)/(1 + s²)² − "
        "1)/n)^{l−1} at layer l, in units of its variance squared.",
        source=_DEPTH,
        kind=Kind.MEAN,
        predict=lambda width, layer, slope: kurtosis_product([1.0, slope], [width] * round(layer - 1)),
        measure=experiments.kurtosis_draw,
        grid=cells("slope layer", [(s, at) for s in (0.0, 0.5, 1.0) for at in (2, 4, 6)], width=32),
        tolerance=0.02,
        formula=3 * (1 + (6 * (1 + slope**4) / (1 + slope**2) ** 2 - 1) / width) ** (layer - 1),
        quick=(0, 4, 8),
        assumptions="all hidden widths equal, no bias, weight variance 2/(1 + s²); s = 0 is relu, s = 1 linear",
    ),
    claim(
        "wide-networks/vertex-grows-linearly",
        "At criticality the four-point vertex of scale-invariant activations grows by the same amount in every layer.",
        source=_DEPTH,
        kind=Kind.ASYMPTOTIC,
        predict=_vertex,
        measure=experiments.vertex_draw,
        grid=cells(
            "activation weight_variance layer",
            [("relu", 2.0, 2), ("relu", 2.0, 5), ("identity", 1.0, 5)],
            width=64,
        ),
        size="width",
        tolerance=0.05,
        quick=(0,),
    ),
    claim(
        "wide-networks/vertex-of-slopes",
        "Of an activation with slopes 1 and s the vertex at criticality is (6(1 + s⁴)/(1 + s²)² − 1)(l − 1).",
        source=_DEPTH,
        kind=Kind.ASYMPTOTIC,
        predict=lambda width, layer, slope: float(
            critical_flow(leaky_relu(slope), 2 / (1 + slope**2), 0.0, 1.0, layer).vertex[-1]
        ),
        measure=experiments.slope_vertex_draw,
        grid=cells("slope layer", [(0.3, 2), (0.3, 5), (0.5, 3)], width=64),
        size="width",
        tolerance=0.05,
        formula=(6 * (1 + slope**4) / (1 + slope**2) ** 2 - 1) * (layer - 1),
        quick=(0,),
        assumptions="no bias, weight variance 2/(1 + s²), variance 1 in the first layer; leaky ReLU for 0 < s < 1",
    ),
    claim(
        "wide-networks/critical-flow-of-tanh",
        "At weight variance 1, without bias, the variance of tanh preactivations follows K ← ⟨tanh²⟩ at every depth.",
        source=_DEPTH,
        kind=Kind.EXACT,
        predict=lambda layer: float(critical_flow("tanh", 1.0, 0.0, 1.0, layer).kernel[-1]),
        measure=lambda rng, layer: experiments.deep_variance(layer),
        grid=cells("layer", [5, 50, 500]),
        tolerance=1e-9,
        assumptions="variance 1 in the first layer; the quantity is K in layer l",
    ),
    claim(
        "wide-networks/tanh-criticality",
        "At criticality the variance of tanh preactivations falls as 1/(2l).",
        source=_DEPTH,
        kind=Kind.ASYMPTOTIC,
        predict=lambda layer: 1.0,
        measure=lambda rng, layer: 2 * layer * experiments.deep_variance(layer),
        grid=[{"layer": 250}],
        size="layer",
        tolerance=0.01,
        deterministic=True,
        formula=sp.Integer(1),
    ),
    claim(
        "wide-networks/edge-of-chaos-of-erf",
        "For erf the edge of chaos is σ_w² = (π/4)√(1 + 4q), q the variance of the preactivations.",
        source=Source("naitsaada2024beyond", "derived in docs/theory/wide_networks.md"),
        kind=Kind.EXACT,
        predict=lambda q: float(edge_of_chaos("erf", q).weight_variance),
        measure=lambda rng, q: experiments.critical_variances("erf", q)[0],
        grid=cells("q", [0.1, 0.5, 2.0]),
        tolerance=1e-9,
        formula=sp.pi / 4 * sp.sqrt(1 + 4 * q),
    ),
    claim(
        "wide-networks/edge-of-chaos-bias",
        "On the edge of chaos the bias variance is σ_b² = q − σ_w² E[φ²].",
        source=Source("naitsaada2024beyond", "derived in docs/theory/wide_networks.md"),
        kind=Kind.EXACT,
        predict=lambda activation, q: _edge(activation, q),
        measure=lambda rng, activation, q: np.array(experiments.critical_variances(activation, q)),
        grid=cells("activation q", [("erf", 0.5), ("tanh", 0.5), ("tanh", 2.0)]),
        tolerance=1e-9,
    ),
)
