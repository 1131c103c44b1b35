"""Claims about which minima are stable and what that buys: diagonal networks, random features, gradient noise."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from solvable.analysis.derivation.quantities import cases
from solvable.analysis.sgd_stability.experiments import stable_minima as experiments
from solvable.analysis.sgd_stability.quantities import hessian_quantities
from solvable.analysis.sgd_stability.sparse_truths import farthest_stable, rows_needed
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain

__all__ = ["STABLE_CLAIMS"]

Array = NDArray[np.float64]
_MINIMA = Source("wu2023implicit", "abstract, diagonal networks; derived in docs/theory/sgd_stability.md")
_NOISE = Source("wu2022alignment", "abstract, linear networks and random features; derived")
_frobenius, _turn, _d, _n = sp.symbols("frobenius turn d n", positive=True)
_B, _gaussian = sp.symbols("batch_size is_gaussian", positive=True)


def _linear(W: Array, a: Array, target: Array, **_: Any) -> float:
    """1 + 2|Kv|^2/(|v|^2 |K|_F^2), K the Gram matrix of the coefficients' derivatives, v their error."""
    v = W.T @ a - target
    K = a @ a * np.eye(len(v)) + W.T @ W
    return float(1 + 2 * np.sum((K @ v) ** 2) / (v @ v) / np.sum(K**2))


def _linear_quantities(W: Array, a: Array, target: Array, **_: Any) -> dict[str, float]:
    """|H|_F from the singular values of W, and how far H turns the error, |Kv|/|v|."""
    v = W.T @ a - target
    left, values, right = np.linalg.svd(W)
    del left
    gains = np.full(len(v), float(a @ a))
    gains[: len(values)] += values**2
    along = right @ v
    return {"frobenius": float(np.linalg.norm(gains)), "turn": float(np.linalg.norm(gains * along) / np.linalg.norm(v))}


def _settled(n: int, G: Array, y: Array, start: Array, **_: Any) -> float:
    """Test error of the interpolator that is nearest to the start."""
    train = G[:n]
    end = start + train.T @ np.linalg.solve(train @ train.T, y[:n] - train @ start)
    return float(np.mean((G[n:] @ end - y[n:]) ** 2))


claim = partial(Claim, source=_MINIMA, convention="half-mean-square")
noise = partial(Claim, source=_NOISE, kind=Kind.ASYMPTOTIC, tolerance=0.03, convention="half-mean-square")

STABLE_CLAIMS = (
    claim(
        "sgd-stability/stable-minima-generalise",
        "Diagonal network, sparse truth: where tr H ≤ 2/η, as stability of SGD demands, interpolators err by at most "
        "min_{τ} τ(R − ‖β*‖₁)/(√n − √(δ(τ))), R = 1/(2η) the ℓ₁ norm allowed and δ(τ) the mean of dist²(g, τ∂‖β*‖₁).",
        kind=Kind.BOUND,
        side="upper",
        predict=farthest_stable,
        measure=experiments.farthest_stable_error,
        domain=Domain(n=(40, 300), d=(60, 400), s=(1, 4), fraction=(0.3, 0.95), where="n < d"),
        grid=cells("n d s fraction", [(40, 60, 1, 0.4), (40, 60, 1, 0.7), (60, 100, 3, 0.5)]),
        quick=(0,),
        first_draws=8,
        assumptions="mean over Gaussian rows, up to order 1/n; error over ‖β*‖₂, step a fraction of the truth's",
    ),
    claim(
        "sgd-stability/the-truth-alone-is-stable",
        "At the largest step that tr H ≤ 2/η leaves to a sparse truth, no other interpolator of the diagonal network "
        "meets the condition once there are more rows than min_{τ} δ(τ), the statistical dimension of the ℓ₁ norm.",
        source=Source("amelunxen2014living", "abstract, the transition of the ℓ₁ norm; its place and the step derived"),
        kind=Kind.THRESHOLD,
        predict=rows_needed,
        measure=experiments.truth_is_alone,
        domain=Domain(d=(100, 400), s=(4, 30)),
        grid=cells("d s", [(200, 8), (300, 12), (300, 24)]),
        tolerance=0.2,
        bounds=(-1.0, 1.0),
        first_draws=8,
        quick=(0,),
        assumptions="Gaussian rows; one standard deviation of the transition is some 8 % at d = 300",
    ),
    claim(
        "sgd-stability/gradient-descent-keeps-the-least-norm",
        "At a step at which gradient descent keeps the sparse truth it keeps the minimum of the ℓ₂ norm too, whose "
        "squared error is 1 − n/d of the truth's norm: its stability bounds λ_{max} only and is no guarantee.",
        kind=Kind.MEAN,
        formula=1 - _n / _d,
        measure=experiments.error_after_descent,
        domain=Domain(n=(20, 100), d=(40, 300), s=(1, 5), fraction=(0.3, 0.95), where="2*n <= d"),
        grid=cells("n d s fraction", [(50, 150, 3, 0.95), (50, 100, 3, 0.5), (30, 150, 2, 0.95)]),
        tolerance=0.05,
        quick=(0,),
        assumptions="balanced network beside the minimum, 1,000 steps of a fraction of the truth's 2/λ_{max}",
    ),
    claim(
        "sgd-stability/sgd-leaves-the-least-norm",
        "Beyond 2/tr H of the minimum of the ℓ₂ norm SGD that starts beside it ends nearer to the sparse truth.",
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=experiments.gain_of_leaving,
        grid=cells("n d s", [(50, 150, 3), (100, 200, 4)], factor=1.2),
        quick=(0,),
        first_draws=8,
        assumptions="steps of 1.2 times 2/tr H, one sample each; runs that blow up are drawn anew",
    ),
    claim(
        "sgd-stability/stability-tells-no-readouts-apart",
        "With fixed features H is the same at all minima: SGD ends at the one nearest to its start, so that stability "
        "bounds neither the readout's norm nor its test error.",
        source=_NOISE,
        kind=Kind.NUMERICAL,
        predict=_settled,
        measure=experiments.settled_readout,
        instance=experiments.drawn_start,
        domain=Domain(n=(3, 8), d=(4, 8), width=(50, 100), size=(0.0, 5.0)),
        grid=cells("size", [0.0, 1.0, 3.0], n=6, d=5, width=60),
        tolerance=1e-6,
        reason="20,000 steps of rounding, and what is left of the slowest direction",
    ),
    noise(
        "sgd-stability/linear-network-alignment",
        "Noise of a linear network on Gaussian inputs is aligned with H: E[r²g·Hg] is 1 + 2ρ_v²/‖H‖_F², from 1 to 3, "
        "times E[r²]‖H‖_F²: ρ_v = ‖Kv‖/‖v‖, v the error of the coefficients, K the Gram matrix of their derivatives.",
        predict=_linear,
        measure=experiments.alignment_of_linear_network,
        instance=experiments.drawn_linear_network,
        quantities=_linear_quantities,
        formula=1 + 2 * _turn**2 / _frobenius**2,
        size="n",
        domain=Domain(n=(200, 5000), d=(2, 8), width=(2, 8)),
        grid=cells("d width", [(4, 6), (6, 3)], n=500),
        first_draws=8,
        quick=(0,),
        assumptions="anywhere in weight space, not at minima only",
    ),
    noise(
        "sgd-stability/random-features-alignment",
        "For wide random ReLU features E[r²g·Hg] is E[r²]‖H‖_F² on a sphere, whatever the readout, and 1 + 2/d of it "
        "for Gaussian inputs.",
        predict=lambda d, inputs, **_: 1 + 2 / d if inputs == "gaussian" else 1.0,
        measure=experiments.alignment_of_features,
        quantities=lambda inputs, **_: cases("inputs", inputs, "sphere", "gaussian"),
        formula=1 + 2 * _gaussian / _d,
        size="width",
        domain=Domain(n=(200, 5000), d=(2, 8), width=(20, 400)),
        grid=cells("d inputs", [(3, "sphere"), (3, "gaussian"), (5, "sphere")], width=30, n=400),
        first_draws=8,
        quick=(0,),
    ),
    claim(
        "sgd-stability/random-features-frobenius-bound",
        "On random features of a sphere the loss can be stable up to a step of B/(√(B − 1)‖H‖_F) at most, B ≥ 2.",
        source=_NOISE,
        kind=Kind.BOUND,
        side="upper",
        predict=lambda batch_size, G, **_: (
            batch_size / float(np.sqrt(batch_size - 1) * np.linalg.norm(G.T @ G / len(G)))
        ),
        measure=experiments.replacement_threshold,
        instance=experiments.drawn_features,
        quantities=lambda batch_size, G, **_: hessian_quantities(G, batch_size, "with-replacement"),
        formula=_B / (sp.sqrt(_B - 1) * _frobenius),
        domain=Domain(n=(100, 500), d=(2, 6), width=(10, 14), batch_size=(2, 8)),
        grid=cells("batch_size", [2, 4, 8], n=300, d=3, width=12),
        first_draws=8,
        assumptions="batches drawn with replacement; g·Hg taken as the same at all inputs, as at infinite width",
    ),
)
