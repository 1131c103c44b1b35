"""Claims about deep random features: covariances, errors, universality, teachers of their own.

Tolerances as for shallow features: the extrapolation in d removes the O(1/d) of the equivalents.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from solvable.analysis.random_features.experiments import regression as experiments
from solvable.analysis.random_features.settings import USUAL, frozen_network, frozen_teacher, input_eigenvalues
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import Spectrum, deep_feature_moments, deep_random_feature_risk, layer_coefficients, ridge_risk

__all__ = ["DEEP_CLAIMS"]

_DEEP = Source("schroeder2023deterministic", "the form without weights is derived in docs/theory/random_features.md")


def _deep(d: int, widths: tuple[float, ...], activation: str, ratio: float, ridge: float, noise_variance: float) -> Any:
    sizes = [round(w * d) for w in widths]
    return deep_random_feature_risk(
        input_eigenvalues(d), sizes, activation, round(ratio * d), ridge, noise_variance, on_failure="raise"
    )


def _layer_square(d: int, widths: tuple[float, ...], activation: str) -> float:
    """tr(Omega_L^2)/k_L averaged over weights: Wishart moments, layer by layer."""
    s = input_eigenvalues(d)
    layers = layer_coefficients(activation, len(widths), mean_square=float(s.mean()))
    trace, square, fan = float(s.sum()), float(s @ s), float(d)
    for width, slope, rest in zip(widths, layers.linear**2, layers.nonlinear**2, strict=True):
        k = float(round(width * d))
        inner = k * trace / fan
        inner_square = (k * (k + 1) * square + k * trace**2) / fan**2
        square = slope**2 * inner_square + 2 * slope * rest * inner + k * rest**2
        trace, fan = slope * inner + k * rest, k
    return float(square / fan)


@cache
def _teacher_spectra(d: int, widths: tuple[float, ...], activation: str, teacher: str) -> tuple[Spectrum, ...]:
    moments = deep_feature_moments(frozen_network(d, widths, 0), np.diag(input_eigenvalues(d)), activation)
    hidden, readouts = frozen_teacher(d)
    if teacher == "linear":
        return tuple(moments.linear(t) for t in readouts.T)
    return tuple(moments.hidden_layer(hidden, a, "erf") for a in readouts.T)


def _conditional(
    d: int, widths: tuple[float, ...], activation: str, teacher: str, ratio: float, ridge: float, noise_variance: float
) -> float:
    spectra = _teacher_spectra(d, widths, activation, teacher)
    return float(np.mean([ridge_risk(s, round(ratio * d), ridge, noise_variance).test for s in spectra]))


_DEEP_GRID: list[dict[str, Any]] = cells(
    "widths activation ratio ridge",
    [
        ((1.25,), "tanh", 0.7, 0.03),
        ((1.2, 1.0), "sign", 0.7, 0.05),
        ((1.3, 1.0, 1.25), "erf", 0.7, 0.03),
        ((1.25,), "sign", 1.7, 0.02),
        ((1.2, 1.0), "erf", 1.7, 0.02),
        ((1.3, 1.0, 1.25), "tanh", 1.7, 0.02),
    ],
    d=40,
    noise_variance=0.2,
)

_WIDE = USUAL.but(ratio=(0.3, 3.0), ridge=(0.01, 1.0), counts={"ratio": "d"})
claim = partial(Claim, kind=Kind.ASYMPTOTIC, domain=_WIDE, tolerance=0.03, size="d")
error = partial(claim, source=_DEEP, convention="deep")

DEEP_CLAIMS = (
    claim(
        "random-features/deep-layer-covariance",
        "A frozen layer maps a covariance Ω to κ₁²WΩWᵀ + κ_{⋆}²I.",
        source=_DEEP,
        predict=_layer_square,
        measure=experiments.layer_square_draw,
        grid=cells("widths activation", [((1.5, 1.0), "erf"), ((1.0,), "sign"), ((1.2, 1.0, 0.8), "tanh")], d=40),
        sizes=(1, 2, 8),  # with these the sizes tell 1/d from 1/log d
        quick=(0, 1),
        assumptions="centred activations; all widths proportional to d",
    ),
    error(
        "random-features/deep-test-error",
        "The test error of deep random features has a nested closed form without weights, at any depth.",
        predict=lambda **p: float(_deep(**p).test),
        measure=experiments.deep_error_draw,
        grid=_DEEP_GRID,
        quick=(0, 1, 2),
        assumptions="teacher on the same features; centred activations; all widths and n proportional to d",
    ),
    error(
        "random-features/deep-train-error",
        "The training error of deep random features is (1 − df1/n)² times the test error.",
        predict=lambda **p: float(_deep(**p).train),
        measure=experiments.deep_train_draw,
        grid=_DEEP_GRID,
        tolerance=0.04,
        quick=(3, 4),
    ),
    error(
        "random-features/gaussian-universality",
        "A frozen network and its linearisation with independent noise have the same test error.",
        source=Source("schroeder2023deterministic"),
        predict=lambda **_: 1.0,
        measure=experiments.equivalence_ratio_draw,
        grid=cells(
            "widths slopes rests ratio ridge",
            [
                ((1.5,), (0.797884560803,), (0.602810275,), 1.0, 0.05),
                ((1.5, 1.2), (0.797884560803,) * 2, (0.602810275,) * 2, 1.5, 0.02),
            ],
            d=40,
            activation="sign",
            noise_variance=0.2,
        ),
        quick=(0,),
    ),
    error(
        "random-features/mismatched-teacher",
        "For teachers of their own, what the frozen features do not reach linearly acts as label noise.",
        source=Source(
            "schroeder2024structured", "the general-teacher form is derived in docs/theory/random_features.md"
        ),
        predict=_conditional,
        measure=experiments.conditional_error_draw,
        grid=cells(
            "widths teacher ratio",
            [((1.2,), "linear", 1.0), ((1.2, 1.1), "hidden", 0.7), ((1.2, 1.1), "linear", 2.0)],
            d=40,
            activation="tanh",
            ridge=0.03,
            noise_variance=0.1,
        ),
        tolerance=0.04,
        quick=(0, 1),
        assumptions="given weights, typical of Gaussian ones",
    ),
)
