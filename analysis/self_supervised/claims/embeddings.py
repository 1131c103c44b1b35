"""Claims about what is learned, and when: embeddings of pairs, augmentations, projection heads."""

from __future__ import annotations

from functools import partial

import numpy as np
import sympy as sp

from solvable.analysis.self_supervised.experiments import augmentations, embeddings, heads
from solvable.analysis.self_supervised.settings import (
    PROBE_CORRELATIONS,
    PROBE_VARIANCES,
    USUAL,
    head_moments,
    token_sets,
)
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import (
    final_embedding,
    layer_weights,
    linear_probe_error,
    masking_complexity,
    masking_spectrum,
    robust_probe_risk,
    spectral_contrastive,
    stepwise_embedding,
)

__all__ = ["EMBEDDING_CLAIMS"]

_STEPWISE = Source("simon2023stepwise")
_RATE = Source("simon2023stepwise", "the exponent derived in docs/theory/self_supervised.md")
_KERNEL = Source("simon2023stepwise", "this form derived in docs/theory/self_supervised.md")
_AUGMENTED = Source("zhai2024understanding", "values derived in docs/theory/self_supervised.md")
_PROBE = Source("zhai2024understanding", "the equivalent derived in docs/theory/self_supervised.md")
_HEAD = Source("xue2024investigating", "this form derived in docs/theory/self_supervised.md")

_KINDS = ("random", "block", "block-flip")
_MASKED = cells(
    "kind d ratio", [(kind, *case) for kind in _KINDS for case in ((4, 0.5), (5, 0.2), (6, 0.5))]
)  # fmt: skip

claim = partial(Claim, domain=USUAL)


def _all_eigenvalues(d: int, ratio: float, kind: str) -> np.ndarray:
    found = masking_spectrum(d, ratio, kind)
    return np.repeat(found.eigenvalues, found.multiplicities.astype(int))


def _gram(K: np.ndarray, pairs: np.ndarray, dim: int) -> np.ndarray:
    rows = final_embedding(K, pairs, dim)
    return np.asarray(rows @ rows.T)


def _probe(n: float, tokens: int, degree: int, ratio: float, noise: float, ridge: float) -> float:
    every = np.array([len(s) for s in token_sets(tokens, degree + 1)], float)
    target = np.where(every > 0, 0.3**every, 0.0)
    kept = len(token_sets(tokens, degree))
    return float(linear_probe_error((1 - ratio) ** every, target, kept, n, noise, ridge).excess)


def _head_weight(feature: int, dim: int) -> float:
    gram = layer_weights(spectral_contrastive(*head_moments(), dim).gram, layers=2, layer=1)
    return float(gram[feature, feature])


def _which_probe(feature: int, n: int, noise: float) -> float:
    target = np.eye(PROBE_CORRELATIONS.size)[feature]
    probe = robust_probe_risk(PROBE_CORRELATIONS, PROBE_VARIANCES, target, n, noise)
    return float(np.sign(probe.post - probe.pre))


_mode, _shrink = sp.symbols("mode shrink", positive=True)

EMBEDDING_CLAIMS = (
    claim(
        "self-supervised/stepwise-trajectory",
        "From aligned weights each mode of the pairs is learned by itself, s_{j}(t) = [γ_j + e^{−8γ_{j}t}(s_{j}(0)⁻² − "
        "γ_j)]^{−½}.",
        source=_STEPWISE,
        kind=Kind.NUMERICAL,
        predict=lambda m, d, n, gamma, start, times: stepwise_embedding(gamma, start, times, d).weights,
        measure=lambda rng, m, d, n, gamma, start, times: embeddings.flow_weights(gamma, start, times),
        grid=[{"m": 8, "d": 4, "n": 30}],
        instance=embeddings.aligned_run,
        tolerance=1e-6,
        reason="an integrator of order eight with a relative tolerance of 1e-12, over some ten time constants",
        domain=USUAL.but(d=(2, 4), m=(6, 12), n=(20, 60), where="d < m"),
    ),
    claim(
        "self-supervised/loss-staircase",
        "Along the flow from aligned weights the loss is Σ(1 − γ_{j}s_j²)²: it falls by one as each mode is learned.",
        source=_STEPWISE,
        kind=Kind.EXACT,
        predict=lambda m, d, n, gamma, start, times: stepwise_embedding(gamma, start, times, d).losses,
        measure=lambda rng, m, d, n, gamma, start, times: embeddings.flow_losses(gamma, start, times),
        grid=[{"m": 8, "d": 4, "n": 30}],
        instance=embeddings.aligned_run,
        tolerance=1e-9,
        domain=USUAL.but(d=(2, 4), m=(6, 12), n=(20, 60), where="d < m"),
    ),
    claim(
        "self-supervised/small-start-rate",
        "Weights of generic start ε stay within a distance of order ε^{1−g} of the aligned trajectory, g the largest "
        "ratio of a mode to the one before it: ε^{½} for modes that halve.",
        source=_RATE,
        kind=Kind.RATE,
        predict=lambda gap, **_: gap - 1,
        measure=embeddings.start_error,
        grid=cells("gap", [0.5, 0.25, 0.7], shrink=1e4, d=3),
        sizes=(1, 1e2, 1e4),
        size="shrink",
        order=0.35,
        absolute_tolerance=0.02,
        deterministic=True,
        domain=USUAL.but(gap=(0.2, 0.8), d=(2, 4), shrink=(1e3, 1e9)),
        assumptions="modes in a geometric sequence, the d-th and the next included; sup over the whole flow",
        quick=(0,),
    ),
    claim(
        "self-supervised/step-times",
        "Mode j is half learned, γ_{j}s_j² = ½, at τ_j = −ln(s_{j}(0)²γ_j)/(8γ_j).",
        source=_STEPWISE,
        kind=Kind.ASYMPTOTIC,
        formula=sp.log(_shrink**2 / _mode) / (8 * _mode),
        measure=embeddings.half_way,
        grid=cells("mode", [0.7, 0.1], shrink=10.0),
        size="shrink",
        order=2.0,
        tolerance=0.005,
        deterministic=True,
        domain=USUAL.but(mode=(0.05, 2.0)),
        assumptions="start 1/shrink; the difference is ln(1 − γs²)/(8γ)",
    ),
    claim(
        "self-supervised/negative-modes-die",
        "What a generic start has on modes with negative eigenvalue vanishes.",
        source=_STEPWISE,
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=embeddings.dying_modes,
        grid=cells("start_size", [1e-3, 0.1], gap=0.5, d=3),
        assumptions="logarithm of the share that is left at time 2",
        quick=(0,),
    ),
    claim(
        "self-supervised/final-embedding-is-kernel-pca",
        "The embedding at the end has the Gram matrix of kernel PCA of the pairs, its components divided by √γ_j.",
        source=_KERNEL,
        kind=Kind.EXACT,
        predict=lambda n, m, kernel, dim, K, pairs: _gram(K, pairs, dim),
        measure=lambda rng, n, m, kernel, dim, K, pairs: embeddings.dual_gram(K, pairs, dim),
        grid=cells("kernel", ["linear", "gaussian"], n=15, m=6, dim=3),
        instance=lambda rng, n, m, kernel, dim: embeddings.pairs_and_kernel(rng, n, m, kernel),
        tolerance=1e-10,
        domain=USUAL.but(n=(12, 30), m=(5, 8), dim=(1, 3)),
    ),
    claim(
        "self-supervised/masking-complexity",
        "Augmentation complexity of masked signs: (2 − α)^d at random, 2^{(1−α)d} in blocks, (α² − 2α + 2)^{(1−α)d} in "
        "blocks with flips.",
        source=_AUGMENTED,
        kind=Kind.EXACT,
        predict=masking_complexity,
        measure=lambda rng, d, ratio, kind: augmentations.enumerated_complexity(d, ratio, kind),
        grid=_MASKED,
        tolerance=1e-12,
        domain=USUAL.but(counts={"ratio": "d"}, d=(2, 6)),
        quick=(0, 1, 3, 4, 6),
    ),
    claim(
        "self-supervised/spectra-agree",
        "Inputs and augmented inputs have one spectrum; that of masked signs is listed by the parities.",
        source=_AUGMENTED,
        kind=Kind.EXACT,
        predict=lambda d, ratio, kind, side: _all_eigenvalues(d, ratio, kind),
        measure=lambda rng, d, ratio, kind, side: augmentations.enumerated_spectrum(d, ratio, kind, side),
        grid=[cell | {"side": side} for cell in _MASKED for side in ("inputs", "augmented")],
        absolute_tolerance=1e-12,
        domain=USUAL.but(counts={"ratio": "d"}, d=(2, 6)),
        quick=(0, 1, 2, 3, 7, 9, 13),
    ),
    claim(
        "self-supervised/near-optimal-encoder",
        "A ridge probe on the leading eigenfunctions has the risk of ridge regression with the truncated kernel; what "
        "the target has beyond it acts as label noise.",
        source=_PROBE,
        kind=Kind.ASYMPTOTIC,
        predict=_probe,
        measure=augmentations.probe_draw,
        grid=cells("tokens", [8, 10], n=50, degree=1, ratio=0.3, noise=0.1, ridge=1.0),
        size="n",
        tolerance=0.03,
        domain=USUAL.but(tokens=(6, 10), ratio=(0.1, 0.6), ridge=(0.1, 3.0), n=(40, 400)),
        assumptions="uniform signs; with all 37 parities of up to two of 8 tokens the deviation is 12 % at n = 50 and "
        "2 % at n = 200",
        quick=(0,),
    ),
    claim(
        "self-supervised/stronger-masking-trades",
        "At a fixed ridge a higher mask ratio raises the error without label noise and lowers what the noise adds.",
        source=_PROBE,
        kind=Kind.ORDER,
        predict=lambda what, **_: 1.0 if what == "bias" else -1.0,
        measure=augmentations.traded,
        grid=cells(
            "degree what",
            [(degree, what) for degree in (1, 2, 3) for what in ("bias", "variance")],
            n=60,
            tokens=7,
            low=0.2,
            high=0.5,
            noise=0.5,
            ridge=1.0,
        ),
        assumptions="targets of one degree, the leading eigenfunctions of up to that degree",
    ),
    claim(
        "self-supervised/head-minimiser",
        "The spectral contrastive loss of a linear encoder is least at WᵀW = M^{−½}QM^{−½}, Q the leading positive "
        "part of M^{−½}CM^{−½}: features are selected by q, not by variance.",
        source=_HEAD,
        kind=Kind.NUMERICAL,
        predict=lambda dim: spectral_contrastive(*head_moments(), dim).gram,
        measure=lambda rng, dim: heads.trained_gram(rng, dim),
        grid=cells("dim", [3, 2]),
        tolerance=1e-6,
        reason="L-BFGS stops at a gradient of 1e-12 or where the loss no longer changes in doubles",
        domain=USUAL.but(dim=(1, 6)),
    ),
    claim(
        "self-supervised/head-loss",
        "The least spectral contrastive loss is minus the sum of the squares of the selected correlations.",
        source=_HEAD,
        kind=Kind.EXACT,
        predict=lambda dim: spectral_contrastive(*head_moments(), dim).loss,
        measure=lambda rng, dim: heads.trained_loss(rng, dim),
        grid=cells("dim", [3, 2]),
        tolerance=1e-12,
        domain=USUAL.but(dim=(1, 6)),
    ),
    claim(
        "self-supervised/square-root-weights",
        "Trained from a small start, the layer before a one-layer head has the square root of the weights of the "
        "whole.",
        source=_HEAD,
        kind=Kind.ASYMPTOTIC,
        predict=lambda shrink, feature, dim: _head_weight(feature, dim),
        measure=heads.first_layer_weight,
        grid=cells("feature", [0, 4, 5], shrink=10.0, dim=3),
        size="shrink",
        order=2.0,
        tolerance=0.02,
        domain=USUAL.but(feature=(0, 5), dim=(1, 6), shrink=(8.0, 100.0)),
        assumptions="start 1/shrink, errors of its square; from 0.0125 descent may linger at the saddle at 0",
        quick=(1,),
        first_draws=8,
    ),
    claim(
        "self-supervised/head-helps-when",
        "A probe before the head beats one after it for a feature with much augmentation noise, and loses for one with "
        "little: here √(v/q) = 2.05 and 1.05 against 0.91 and 0.77.",
        source=_HEAD,
        kind=Kind.ORDER,
        predict=_which_probe,
        measure=heads.probes_apart,
        grid=cells("feature", [0, 2, 3, 1], n=20, noise=0.5),
        assumptions="each probe with its best ridge; the difference for the second feature is 0.0006 of 0.1",
        quick=(0, 1, 2),
    ),
)
