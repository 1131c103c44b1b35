"""Claims about training and about spheres: trained networks, spectra, learning curves, convolutional kernels."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.wide_networks.experiments import regression as experiments
from solvable.analysis.wide_networks.settings import DOMAIN
from solvable.solvers import (
    convolution_exponents,
    linearised_training,
    ridge_risk,
    sphere_spectrum,
    wide_network_kernels,
)

__all__ = ["REGRESSION_CLAIMS"]

claim = partial(Claim, domain=DOMAIN)

_FLOW = Source("jacot2018neural", "flow as derived in docs/theory/wide_networks.md")
_SPHERE = Source("bordelon2020spectrum", "derived in docs/theory/wide_networks.md")
_CONVOLUTION = Source("cagnetta2023wide", "asymptotics as recalled, docs/theory/wide_networks.md")
_NETS = cells("t activation", [(3.0, "erf"), (0.5, "relu")], width=60)
N, D = sp.symbols("n d", positive=True)


@cache
def _training(t: float, activation: str) -> Any:
    rng = np.random.default_rng(5)  # the inputs of the claim
    X = rng.standard_normal((6, 3))
    X[5] = 0.8 * X[0] + 0.3 * X[1]
    found = wide_network_kernels(X, None, 1, activation, 1.5, 0.1)
    ntk, nngp = (((K[:5, :5], K[5:, :5], K[5:, 5:])) for K in (found.ntk, found.nngp))
    return linearised_training(ntk, nngp, t, [1.0, -1.0, 0.5, 2.0, -1.5])


@cache
def _sphere(d: int) -> Any:
    return sphere_spectrum({"depth": 2}, d, 40)


def _curve(n: float, d: int, ridge: float) -> float:
    found = _sphere(d)
    return float(ridge_risk(found.spectrum([0.0, 1.0, 1.0]), n, found.ridge(ridge)).test)


@cache
def _stair(d: int, level: float) -> float:
    """Sample size at which the ridgeless error falls through a level."""
    from scipy.optimize import brentq

    return float(brentq(lambda n: _curve(n, d, 0.0) - level, 1.0, 10.0 * d * d))


REGRESSION_CLAIMS = (
    claim(
        "wide-networks/trained-ensemble-mean",
        "The mean prediction of wide networks trained for a time t follows the flow of the tangent kernel.",
        source=_FLOW,
        kind=Kind.ASYMPTOTIC,
        predict=lambda width, t, activation: float(_training(t, activation).mean[0]),
        measure=experiments.trained_draw,
        grid=_NETS,
        size="width",
        tolerance=0.08,
        quick=(1,),
        assumptions="loss half of the sum of squares; NTK parametrisation, all weights and biases trained",
    ),
    claim(
        "wide-networks/trained-ensemble-variance",
        "The variance of predictions over initialisations follows from both kernels at every time.",
        source=_FLOW,
        kind=Kind.ASYMPTOTIC,
        predict=lambda width, t, activation: float(_training(t, activation).covariance[0, 0]),
        measure=experiments.trained_spread_draw,
        grid=_NETS,
        size="width",
        tolerance=0.15,
        quick=(1,),
        assumptions="loss half of the sum of squares; NTK parametrisation, all weights and biases trained",
    ),
    claim(
        "wide-networks/odd-degrees-vanish",
        "The tangent kernel of one ReLU layer without bias has no odd degrees above 1; a bias restores them.",
        source=_SPHERE,
        kind=Kind.EXACT,
        predict=lambda d, bias: sphere_spectrum({"bias_variance": bias}, d, 5, nodes=1000).eigenvalues[[1, 3, 5]],
        measure=lambda rng, d, bias: experiments.projections(d, bias),
        grid=cells("d bias", [(3, 0.0), (5, 0.0), (10, 0.0), (3, 0.3), (10, 0.3)]),
        tolerance=1e-9,
    ),
    claim(
        "wide-networks/sphere-eigenvalues",
        "Eigenvalues of a kernel matrix over n tend, degree by degree, to the means of κ(t)P_k(t).",
        source=_SPHERE,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, d, degree: float(_sphere(d).eigenvalues[degree]),
        measure=experiments.gram_draw,
        grid=cells("degree", [0, 1, 2], n=100, d=5),
        size="n",
        tolerance=0.05,
        quick=(1,),
    ),
    claim(
        "wide-networks/sphere-learning-curve",
        "Kernel regression on the sphere has the error of the eigenframework, the degrees left out added to the ridge.",
        source=_SPHERE,
        kind=Kind.ASYMPTOTIC,
        predict=_curve,
        measure=experiments.error_draw,
        grid=cells("ridge d n", [(0.1, 10, 30), (0.1, 10, 60), (0.0, 10, 60)]),
        size="n",
        tolerance=0.1,
        quick=(0,),
    ),
    claim(
        "wide-networks/stairs-of-degrees",
        "Kernel regression learns a polynomial degree by degree: the error falls through the middle of its first step "
        "where the eigenframework says.",
        source=_SPHERE,
        kind=Kind.THRESHOLD,
        predict=_stair,
        measure=experiments.stairs_draw,
        grid=cells("d level", [(10, 1.5), (20, 1.5)]),
        tolerance=0.25,
    ),
    claim(
        "wide-networks/cnn-sector-decay",
        "Eigenvalues of a two-layer convolutional kernel fall as ‖k‖ to the power −2ν − d_l in the sector of level l.",
        source=_CONVOLUTION,
        kind=Kind.RATE,
        deterministic=True,
        predict=lambda kind, frequency, sector: -convolution_exponents(kind, "rfk", (2, 2), sector).sector,
        measure=lambda rng, **p: experiments.convolution_mode(p["kind"], round(p["frequency"]), p["sector"]),
        grid=cells("kind sector frequency", [("rfk", 1, 32), ("rfk", 2, 32), ("ntk", 1, 64), ("ntk", 2, 64)]),
        size="frequency",
        tolerance=0.0125,
        quick=(0, 1),
        assumptions="two patches of two coordinates; even frequencies, both equal in the sector of both patches",
    ),
)
