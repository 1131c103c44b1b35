"""Claims about training and about spheres: trained networks, spectra, learning curves, convolutional kernels."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, Literal

import numpy as np
import sympy as sp

from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.wide_networks.experiments import digits
from solvable.analysis.wide_networks.experiments import regression as experiments
from solvable.analysis.wide_networks.experiments.convolution import borderline_draw, convolution_mode, error_slope_draw
from solvable.analysis.wide_networks.settings import DOMAIN, training_problem
from solvable.solvers import (
    convolution_exponents,
    linearised_training,
    power_law_exponents,
    ridge_risk,
    sphere_spectrum,
    wide_network_kernels,
)

__all__ = ["REGRESSION_CLAIMS"]

claim = partial(Claim, domain=DOMAIN)

_FLOW = Source("jacot2018neural", "flow as derived in docs/theory/wide_networks.md")
_SPHERE = Source("bordelon2020spectrum", "derived in docs/theory/wide_networks.md")
_MORE = Source(
    "simon2024more", "the threshold and the exponents' estimators as derived in docs/theory/random_features.md"
)
_CONVOLUTION = Source("cagnetta2023wide", "asymptotics as recalled, docs/theory/wide_networks.md")
_NETS = cells("width t activation", [(60, 0.5, "relu"), (60, 3.0, "erf"), (250, 0.5, "relu"), (250, 3.0, "erf")])
N, D = sp.symbols("n d", positive=True)


@cache
def _training(t: float, activation: str) -> Any:
    X, y, test = training_problem()
    found = wide_network_kernels(np.vstack([X, test]), None, 1, activation, 1.5, 0.1)
    ntk, nngp = (((K[:5, :5], K[5:, :5], K[5:, 5:])) for K in (found.ntk, found.nngp))
    return linearised_training(ntk, nngp, t, y)


@cache
def _sphere(d: int) -> Any:
    return sphere_spectrum({"depth": 2}, d, 40)


def _curve(n: float, d: int, ridge: float) -> float:
    found = _sphere(d)
    return float(ridge_risk(found.spectrum([0.0, 1.0, 1.0]), n, found.ridge(ridge)).test)


def _error_exponent(teacher: Literal["ntk", "rfk"], scale: str) -> float:
    return float(convolution_exponents("ntk", teacher, (2, 2), 1 if scale == "one" else 2).error)


@cache
def _digits_threshold() -> float:
    """Relative noise up to which interpolation is best, from exponents estimated on all digits."""
    X, y = digits.unit_digits()
    return power_law_exponents(wide_network_kernels(X, None, 3, normalise_input=False).ntk, y).threshold


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
        quick=(0,),
        assumptions="loss half of the sum of squares; NTK parametrisation, all weights and biases trained",
    ),
    claim(
        "wide-networks/trained-ensemble-variance",
        "The variance of predictions over initialisations follows from both kernels at every time.",
        source=_FLOW,
        kind=Kind.ASYMPTOTIC,
        predict=lambda width, t, activation: float(np.mean(np.diag(_training(t, activation).covariance))),
        measure=experiments.trained_spread_draw,
        grid=_NETS,
        size="width",
        tolerance=0.08,
        quick=(0,),
        assumptions="mean over 24 test inputs; loss half of the sum of squares; NTK parametrisation, all parameters "
        "trained",
    ),
    claim(
        "wide-networks/odd-degrees-vanish",
        "The tangent kernel of one ReLU layer without bias has no odd degrees above 1; a bias restores them.",
        source=_SPHERE,
        kind=Kind.EXACT,
        predict=lambda d, bias: sphere_spectrum({"bias_variance": bias}, d, 5, nodes=1000).eigenvalues[[1, 3, 5]],
        measure=lambda rng, d, bias: experiments.projections(d, bias),
        grid=cells("d bias", [(3, 0.0), (5, 0.0), (10, 0.0), (3, 0.3), (10, 0.3)]),
        tolerance=1e-12,
    ),
    claim(
        "wide-networks/sphere-eigenvalues",
        "Eigenvalues of a kernel matrix over n tend, degree by degree, to the means of κ(t)P_k(t).",
        source=_SPHERE,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, d, degree: float(_sphere(d).eigenvalues[degree]),
        measure=experiments.gram_draw,
        grid=cells("degree n d", [(k, n, d) for n, d in ((100, 5), (400, 10)) for k in (0, 1, 2)]),
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
        grid=cells("ridge", [0.1, 0.0], d=10, n=60),
        size="n",
        tolerance=0.06,
        quick=(1,),
        assumptions="ten dimensions, power 1 in the degrees 1 and 2, no noise, mean over the target's directions",
    ),
    claim(
        "wide-networks/sphere-misses-in-low-dimension",
        "In five dimensions kernel regression errs by more than 5 % above the eigenframework, where it has few modes.",
        source=_SPHERE,
        kind=Kind.BOUND,
        side="lower",
        predict=lambda n, d, ridge: 1.05 * _curve(n, d, ridge),
        measure=experiments.error_draw,
        grid=cells("ridge n", [(0.1, 30), (0.1, 60), (0.0, 60), (0.1, 120), (0.0, 120)], d=5),
        quick=(1, 2),
        assumptions="power 1 in the degrees 1 and 2, mean over directions; measured: 9 to 11 % at n = 30, 16 to 24 % "
        "at 60 and 120",
    ),
    claim(
        "wide-networks/stairs-of-degrees",
        "Kernel regression learns a polynomial degree by degree: the error falls through the middle of each step where "
        "the eigenframework says.",
        source=_SPHERE,
        kind=Kind.THRESHOLD,
        predict=_stair,
        measure=experiments.stairs_draw,
        grid=cells("d level", [(10, 1.5), (20, 1.5), (10, 0.5)]),
        tolerance=0.25,
        quick=(0, 1),
    ),
    claim(
        "wide-networks/digits-overfitting-is-obligatory",
        "The exponents of the tangent kernel and of the labels predict that interpolating odd against even digits "
        "beats a ridge, and that with label noise of four times its error a ridge is better: both are so.",
        source=_MORE,
        kind=Kind.ORDER,
        predict=lambda n, relative_noise: _digits_threshold() - relative_noise,
        measure=digits.ridge_loss_draw,
        grid=cells("relative_noise", [0.0, 4.0], n=200),
        domain=DOMAIN.but(relative_noise=(0.0, 10.0)),
        assumptions="three hidden layers, digits centred and of unit length; exponents 1.223 ± .002 and 1.54 ± .02 by "
        "blocks of 56 to 448 rows, threshold 1.2 ± .1; the ridge is 0.3 n κ",
    ),
    claim(
        "wide-networks/digits-noise-threshold",
        "The label noise at which a ridge begins to help on the digits is the one that the estimated exponents give.",
        source=_MORE,
        kind=Kind.THRESHOLD,
        predict=lambda n: _digits_threshold(),
        measure=digits.noise_margin_draw,
        grid=cells("n", [400, 200]),
        first_draws=8,
        tolerance=0.15,  # two error bars of the prediction, 2 x .09 of 1.20
        quick=(1,),
        assumptions="in units of the noiseless error at that n; measured 1.18 ± .03 at n = 400, 1.14 ± .05 at 200",
    ),
    claim(
        "wide-networks/cnn-sector-decay",
        "Eigenvalues of a two-layer convolutional kernel fall as ‖k‖ to the power −2ν − d_l in the sector of level l.",
        source=_CONVOLUTION,
        kind=Kind.RATE,
        deterministic=True,
        predict=lambda kind, frequency, sector: -convolution_exponents(kind, "rfk", (2, 2), sector).sector,
        measure=lambda rng, **p: convolution_mode(p["kind"], round(p["frequency"]), p["sector"]),
        grid=cells("kind sector frequency", [("rfk", 1, 32), ("rfk", 2, 32), ("ntk", 1, 64), ("ntk", 2, 64)]),
        size="frequency",
        absolute_tolerance=0.04,
        quick=(0, 1),
        assumptions="two patches of two coordinates; even frequencies, both equal in the sector of both patches",
    ),
    claim(
        "wide-networks/cnn-adapts-to-scale",
        "The error of a wide convolutional network falls as n^{−β}, β set by the dimension of the patch its target "
        "depends on: 3/4 for one of two patches against 1/2 for both, of its own smoothness.",
        source=_CONVOLUTION,
        kind=Kind.RATE,
        predict=lambda teacher, scale, n: -_error_exponent(teacher, scale),
        measure=error_slope_draw,
        grid=cells(
            "teacher scale n", [("ntk", "one", 64), ("ntk", "one", 256), ("ntk", "both", 256), ("rfk", "both", 256)]
        ),
        size="n",
        absolute_tolerance=0.15,
        quick=(0,),
        assumptions="two patches of two coordinates, student the tangent kernel, no ridge and no noise",
    ),
    claim(
        "wide-networks/cnn-borderline-target-is-slow",
        "For the one-patch target of the random-feature kernel, nearly too smooth for the student, the error still "
        "falls by less than the exponent 9/4 at n = 64 to 256.",
        source=_CONVOLUTION,
        kind=Kind.ORDER,
        predict=lambda n: float(np.sign(_error_exponent("rfk", "one") - 2.0)),
        measure=borderline_draw,
        grid=cells("n", [64]),
        assumptions="measured local exponents 1.87 to 2.1 up to n = 1024",
    ),
)
