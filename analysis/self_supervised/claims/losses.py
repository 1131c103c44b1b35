"""Claims about contrastive losses: temperature, classes, information; and about pretraining on unlabelled data."""

from __future__ import annotations

from functools import partial

import numpy as np

from solvable.analysis.self_supervised.experiments import gaussians, temperatures
from solvable.analysis.self_supervised.settings import USUAL, factor_model, sensor
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import (
    class_transfer,
    factor_pretraining_risk,
    gaussian_infonce,
    linear_sufficiency,
    penalty_entropy,
    temperature_limits,
)

__all__ = ["LOSS_CLAIMS"]

_TEMPERATURE = Source("wang2021understanding")
_SLOPE = Source("wang2021understanding", "the slope derived in docs/theory/self_supervised.md")
_CLASSES = Source("arora2019theoretical", "this form derived in docs/theory/self_supervised.md")
_SUFFICIENT = Source("lin2025statistical", "the Gaussian case derived in docs/theory/self_supervised.md")
_PRETRAINED = Source("ge2024provable", "the risks derived in docs/theory/self_supervised.md")

claim = partial(Claim, domain=USUAL)


def _information(d: int, noise_variance: float) -> float:
    covariance, encoder = sensor(d)
    return gaussian_infonce(covariance, encoder, noise_variance, samples=2, draws=2).mutual_information


def _risk(kind: str, d: int, r: int, labelled: float, noise: float, unlabelled: float = np.inf) -> float:
    B, beta = factor_model(d, r)
    return float(getattr(factor_pretraining_risk(B, beta, noise, labelled, unlabelled), kind))


_ENCODERS = cells("d k", [(3, 1), (5, 2), (6, 5)], noise_variance=0.5)
_FACTORS = cells("d labelled unlabelled", [(30, 50, 2000.0), (40, 60, 4000.0)], r=3, noise=0.1)
_PLACES = USUAL.but(d=(20, 40), labelled=(50, 200))
_STRENGTHS = "BᵀB = diag(20/j), weights of the label 1/√j, so that v_{y} = Σ_{j≤r}1/(20 + j) + σ²"

LOSS_CLAIMS = (
    claim(
        "self-supervised/hardness-aware",
        "The entropy of the penalties on negatives grows with the temperature, dH/dτ = Var_{r}(s)/τ³.",
        source=_SLOPE,
        kind=Kind.EXACT,
        predict=lambda n, temperature, similarities: float(penalty_entropy(similarities, temperature).slope),
        measure=lambda rng, n, temperature, similarities: temperatures.complex_slope(similarities, temperature),
        grid=cells("temperature", [1e-4, 1e-2, 0.1, 1.0, 50.0], n=12),
        instance=temperatures.random_similarities,
        tolerance=1e-9,
        domain=USUAL.but(n=(2, 40), temperature=(1e-4, 50.0)),
    ),
    claim(
        "self-supervised/cold-limit",
        "As the temperature falls, τL becomes a triplet loss with the hardest negative, max(max_{j}s_j − s₀, 0).",
        source=_TEMPERATURE,
        kind=Kind.EXACT,
        predict=lambda n, temperature, similarities: float(temperature_limits(similarities).cold),
        measure=lambda rng, n, temperature, similarities: temperatures.cold_loss(similarities, temperature),
        grid=cells("n", [12, 40], temperature=1e-4),
        instance=temperatures.separated_similarities,
        absolute_tolerance=1e-9,
        domain=USUAL.but(n=(2, 40), temperature=(9e-5, 1e-4)),
        assumptions="similarities at least 2/n apart, a hundred temperatures and more",
    ),
    claim(
        "self-supervised/hot-limit",
        "As the temperature rises, L ≈ ln(N + 1) − (s₀ − s̄)/τ: all negatives count alike.",
        source=_TEMPERATURE,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, temperature, similarities: float(temperature_limits(similarities).hot_slope),
        measure=lambda rng, n, temperature, similarities: temperatures.hot_loss(similarities, temperature),
        grid=cells("n", [12], temperature=10.0),
        instance=temperatures.separated_similarities,
        size="temperature",
        absolute_tolerance=0.005,
        domain=USUAL.but(n=(2, 40), temperature=(5.0, 1e3)),
    ),
    claim(
        "self-supervised/uniformity-tolerance-dilemma",
        "The warmer a linear encoder is trained, the less evenly it covers the sphere and the closer it keeps a "
        "cluster.",
        source=_TEMPERATURE,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=temperatures.trained_change,
        grid=cells(
            "low high what",
            [(a, b, what) for a, b in ((0.2, 0.5), (0.5, 1.0), (1.0, 2.0)) for what in ("uniformity", "tolerance")],
            n=128,
            d=12,
            m=4,
            clusters=6,
        ),
        assumptions="temperatures from 0.2 on: at 0.05 both orders break",
        quick=(0, 1),
    ),
    claim(
        "self-supervised/class-transfer",
        "The mean classifier of latent classes has at most the loss (L_{un} − τ)/(1 − τ), hinge or logistic in bits.",
        source=_CLASSES,
        kind=Kind.BOUND,
        predict=lambda classes, points, kind, features, members, rho: (
            class_transfer(features, members, rho, kind).bound
        ),
        measure=lambda rng, classes, points, kind, features, members, rho: gaussians.mean_classifier_loss(
            features, members, rho, kind
        ),
        grid=cells("kind", ["hinge", "log2"], classes=4, points=12),
        side="upper",
        instance=gaussians.latent_classes,
        first_draws=64,
        domain=USUAL.but(classes=(2, 6), points=(5, 20)),
    ),
    claim(
        "self-supervised/contrastive-loss-of-classes",
        "The contrastive loss of finitely many points is the sum over all triples.",
        source=_CLASSES,
        kind=Kind.MEAN,
        predict=lambda classes, points, kind, features, members, rho: (
            class_transfer(features, members, rho, kind).unsupervised
        ),
        measure=lambda rng, classes, points, kind, features, members, rho: gaussians.sampled_contrastive(
            rng, features, members, rho, kind
        ),
        grid=cells("kind", ["hinge", "log2"], classes=4, points=12),
        tolerance=0.02,
        instance=gaussians.latent_classes,
        domain=USUAL.but(classes=(2, 6), points=(5, 20)),
    ),
    claim(
        "self-supervised/sufficiency-identity",
        "Features fx of Gaussian x miss ½ ln det(I + Δ/τ²) of the information that x has about z = x + N(0, τ²I).",
        source=_SUFFICIENT,
        kind=Kind.EXACT,
        predict=lambda d, k, noise_variance, covariance, encoder, weights: (
            linear_sufficiency(covariance, encoder, noise_variance).loss
        ),
        measure=lambda rng, d, k, noise_variance, covariance, encoder, weights: gaussians.determinant_loss(
            covariance, encoder, noise_variance
        ),
        grid=_ENCODERS,
        instance=gaussians.random_encoder,
        absolute_tolerance=1e-9,
        domain=USUAL.but(d=(2, 6), k=(1, 5), where="k < d"),
    ),
    claim(
        "self-supervised/sufficiency-bound",
        "Predicting θᵀz from fx and not from x costs at most τ²‖θ‖²(e^{2 loss} − 1).",
        source=_SUFFICIENT,
        kind=Kind.BOUND,
        predict=lambda d, k, noise_variance, covariance, encoder, weights: (
            linear_sufficiency(covariance, encoder, noise_variance, weights).bound
        ),
        measure=lambda rng, d, k, noise_variance, covariance, encoder, weights: gaussians.regression_excess(
            covariance, encoder, weights
        ),
        grid=_ENCODERS,
        side="upper",
        instance=gaussians.random_encoder,
        first_draws=64,
        domain=USUAL.but(d=(2, 6), k=(1, 5), where="k < d"),
    ),
    claim(
        "self-supervised/infonce-below-mi",
        "InfoNCE with the best critic stays below the mutual information of features and augmented view.",
        source=_SUFFICIENT,
        kind=Kind.BOUND,
        predict=lambda d, samples, noise_variance: _information(d, noise_variance),
        measure=gaussians.sampled_infonce,
        grid=cells("samples", [8, 64], d=4, noise_variance=0.3),
        side="upper",
        domain=USUAL.but(d=(2, 8)),
    ),
    claim(
        "self-supervised/pretraining-risk",
        "On the principal components of many unlabelled inputs r weights are fitted, not d, at a cost of order 1/m.",
        source=_PRETRAINED,
        kind=Kind.MEAN,
        predict=lambda **cell: _risk("pretrained", **cell),
        measure=gaussians.factor_draw,
        grid=_FACTORS,
        tolerance=0.03,
        domain=_PLACES,
        quick=(0,),
    ),
    claim(
        "self-supervised/unlabelled-cost",
        "Few unlabelled inputs cost (d − r)/m Σw_i²ℓ_i/(ℓ_i − 1)², to first order in 1/m.",
        source=_PRETRAINED,
        kind=Kind.ASYMPTOTIC,
        predict=lambda **cell: _risk("pretrained", **cell),
        measure=gaussians.factor_draw,
        grid=cells("unlabelled", [100.0], d=30, labelled=50, r=3, noise=0.1),
        size="unlabelled",
        order=2.0,
        tolerance=0.05,
        domain=_PLACES.but(unlabelled=(100.0, 1e5)),
    ),
    claim(
        "self-supervised/true-factors-risk",
        "Least squares on the true factors has excess v_{y}r/(N − r − 1).",
        source=_PRETRAINED,
        kind=Kind.MEAN,
        predict=lambda **cell: _risk("true", **cell),
        measure=lambda rng, **cell: gaussians.factor_draw(rng, unlabelled=np.inf, **cell),
        grid=cells("d labelled", [(30, 50)], r=3, noise=0.1),
        tolerance=0.03,
        domain=_PLACES,
        assumptions=_STRENGTHS,
    ),
    claim(
        "self-supervised/supervised-risk",
        "Least squares on raw inputs has excess v_{y}d/(N − d − 1).",
        source=_PRETRAINED,
        kind=Kind.MEAN,
        predict=lambda **cell: _risk("supervised", **cell),
        measure=gaussians.supervised_draw,
        grid=cells("d labelled", [(30, 50), (40, 60)], r=3, noise=0.1),
        tolerance=0.03,
        domain=_PLACES,
        assumptions=_STRENGTHS,
        quick=(0,),
    ),
)
