"""Claims about the linear stability of SGD: deterministic ones held to rounding, simulated ones to a few per cent."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.sgd_stability.experiments import chains as experiments
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.solvers import (
    coherence,
    diagonal_network_sharpness,
    divergence_step_size,
    group_threshold,
    growth_rate,
    relu_network_sharpness,
    stability_conditions,
    stability_threshold,
    weight_decay_equilibrium,
)

__all__ = ["CLAIMS"]

_EXACT = Source("mulayoff2024exact", "second-moment form derived in docs/theory/sgd_stability.md")
_TRACE = Source("wu2023implicit", "derived as a Rayleigh quotient")
_COHERENCE = Source("dexter2024precise", "re-derived and checked by enumeration")
_DECAY = Source("vanlaarhoven2017regularization", "finite-step form derived")


def _curvature(problem: str, n: int, d: int) -> Any:
    if problem == "low-rank":
        return np.random.default_rng(6).standard_normal((n, d, 2))
    return experiments.gradients(problem, n, d)


def _top(problem: str, n: int, d: int) -> float:
    G = experiments.gradients(problem, n, d)
    return float(np.linalg.eigvalsh(G.T @ G / n)[-1])


@cache
def _threshold(problem: str, n: int, d: int, batch_size: int, sampling: str = "without-replacement") -> float:
    return float(stability_threshold(_curvature(problem, n, d), batch_size, sampling).value)


@cache
def _rate(step_size: float, problem: str, n: int, d: int) -> float:
    return float(growth_rate(step_size, _curvature(problem, n, d), 1).value)


def _second_moment(problem: str, n: int, d: int, batch_size: int, sampling: str, step_size: float, steps: int) -> float:
    """Apply T to theta_0 theta_0^T `steps` times, in the formula's own form (matrices, no batches)."""
    G = experiments.gradients(problem, n, d)
    H = G.T @ G / n
    p = {"without-replacement": (n - batch_size) / (batch_size * (n - 1)), "with-replacement": 1 / batch_size,
         "bernoulli": 1 / batch_size - 1 / n}[sampling]  # fmt: skip
    c0 = 1.0 if sampling == "bernoulli" else 1 - p
    M = np.full((d, d), 1 / d)
    for _ in range(steps):
        noise = (G.T * np.einsum("ia,ab,ib->i", G, M, G)) @ G / n
        M = M - step_size * (H @ M + M @ H) + step_size**2 * (c0 * H @ M @ H + p * noise)
    return float(np.trace(M))


def _random_threshold_ratio(rng: np.random.Generator, n: int, d: int, batch_size: int, against: str) -> float:
    """Enumerated threshold of a random problem over the closed-form bound."""
    G = rng.standard_normal((n, d)) * np.exp(0.5 * rng.standard_normal((n, 1)))
    H = G[:, :, None] * G[:, None, :]
    if against == "coherence":
        return experiments.enumerated_threshold(H, batch_size, "bernoulli") / float(divergence_step_size(G, batch_size))
    bound = getattr(stability_conditions(G, batch_size), against)
    return experiments.enumerated_threshold(H, batch_size, "without-replacement") / float(bound)


def _softmax_ratio(rng: np.random.Generator, n: int, d: int, classes: int, batch_size: int) -> float:
    F = experiments.softmax_factors(rng, n, d, classes)
    H = F @ F.transpose(0, 2, 1)
    return experiments.enumerated_threshold(H, batch_size, "bernoulli") / float(divergence_step_size(H, batch_size))


def _diagonal(d: int, quantity: str, **_: Any) -> float:
    return float(getattr(diagonal_network_sharpness(np.linspace(0.2, 1.0, d), np.linspace(0.8, 0.1, d)), quantity))


def _relu(d: int, width: int, quantity: str, **_: Any) -> float:
    weights = np.random.default_rng(7)
    return float(
        getattr(relu_network_sharpness(weights.standard_normal((width, d)), weights.standard_normal(width)), quantity)
    )


def _path_norm_gap(rng: np.random.Generator, d: int, width: int) -> float:
    """Trace of H on Gaussian inputs minus sqrt(d) times the path norm, for random weights."""
    B, c = rng.standard_normal((width, d)), rng.standard_normal(width)
    X = rng.standard_normal((2000, d))
    active = X @ B.T
    trace = np.mean(
        np.sum(np.maximum(active, 0) ** 2, axis=1) + np.sum(((active > 0) * c) ** 2, axis=1) * np.sum(X**2, axis=1)
    )
    return float(trace - np.sqrt(d) * np.sum(np.abs(c) * np.linalg.norm(B, axis=1)))


def _l1_norm_gap(rng: np.random.Generator, d: int) -> float:
    """Trace of H on Gaussian inputs minus 4 times the l1 norm of beta = u^2 - v^2, for random weights."""
    u, v = rng.standard_normal((2, d))
    X = rng.standard_normal((2000, d))
    trace = np.mean(np.sum((2 * X * u) ** 2, axis=1) + np.sum((2 * X * v) ** 2, axis=1))
    return float(trace - 4 * np.sum(np.abs(u**2 - v**2)))


_SMALL = {"n": 6, "d": 4}
_GRID = [
    {"problem": p, **_SMALL, "batch_size": b, "sampling": s}
    for p, b, s in (
        ("gaussian", 1, "without-replacement"),
        ("gaussian", 2, "without-replacement"),
        ("scaled", 2, "with-replacement"),
        ("gaussian", 3, "bernoulli"),
        ("low-rank", 2, "without-replacement"),
        ("low-rank", 3, "bernoulli"),
    )
]
_DECAY_GRID = [
    {"quantity": q, "step_size": 0.1, "weight_decay": 0.05, "gradient_norm": 2.0}
    for q in ("norm", "effective_step_size", "angle", "relaxation")
]
eta, lam, g = sp.symbols("step_size weight_decay gradient_norm", positive=True)
top, sigma, n_symbol, B = sp.symbols("largest_eigenvalue coherence n batch_size", positive=True)

CLAIMS = (
    Claim(
        "sgd-stability/exact-threshold",
        "SGD is mean-square stable exactly up to the step size where the second-moment map has spectral radius one.",
        _EXACT,
        Kind.THRESHOLD,
        _threshold,
        experiments.enumerated_growth,
        _GRID,
        tolerance=1e-6,
        assumptions="linearised at an interpolating minimum; quadratic mean; range of the mean Hessian",
    ),
    Claim(
        "sgd-stability/full-batch",
        "With the whole batch the threshold is 2/λ_{max}.",
        _EXACT,
        Kind.THRESHOLD,
        lambda problem, n, d, **_: (
            2
            / float(
                np.linalg.eigvalsh(experiments.gradients(problem, n, d).T @ experiments.gradients(problem, n, d) / n)[
                    -1
                ]
            )
        ),
        experiments.enumerated_growth,
        [
            {"problem": "gaussian", **_SMALL, "batch_size": 6, "sampling": s}
            for s in ("without-replacement", "bernoulli")
        ],
        tolerance=1e-6,
    ),
    Claim(
        "sgd-stability/second-moment",
        "The mean of ‖θ_t‖² follows the second-moment map at every step, for all three samplings.",
        _EXACT,
        Kind.MEAN,
        _second_moment,
        experiments.second_moment_draw,
        [
            {"problem": "gaussian", **_SMALL, "batch_size": 2, "sampling": s, "step_size": 0.4, "steps": 5}
            for s in ("without-replacement", "with-replacement", "bernoulli")
        ],
        tolerance=0.02,
        convention="half-mean-square",
    ),
    Claim(
        "sgd-stability/threshold-grows-with-batch",
        "The threshold never falls when the batch grows.",
        _EXACT,
        Kind.ORDER,
        lambda **_: 1.0,
        experiments.threshold_rise,
        [{"n": 6, "d": 3, "batch_size": b} for b in (1, 3)],
    ),
    Claim(
        "sgd-stability/trace-bound",
        "At batch size 1 with rank-one Hessians the threshold is at most 2/tr H.",
        _TRACE,
        Kind.BOUND,
        lambda **_: 1.0,
        lambda rng, **p: _random_threshold_ratio(rng, against="trace", **p),
        [{"n": 6, "d": 3, "batch_size": 1}],
        side="upper",
    ),
    Claim(
        "sgd-stability/rayleigh-bound",
        "The threshold is at most 2 tr H over the mean squared Frobenius norm of the sampled Hessian.",
        _TRACE,
        Kind.BOUND,
        lambda **_: 1.0,
        lambda rng, **p: _random_threshold_ratio(rng, against="necessary", **p),
        [{"n": 6, "d": 3, "batch_size": b} for b in (1, 3)],
        side="upper",
    ),
    Claim(
        "sgd-stability/largest-gradient-bound",
        "The threshold is at least 2 over the largest squared gradient norm.",
        _TRACE,
        Kind.BOUND,
        lambda **_: 1.0,
        lambda rng, **p: _random_threshold_ratio(rng, against="sufficient", **p),
        [{"n": 6, "d": 3, "batch_size": b} for b in (1, 3)],
        side="lower",
    ),
    Claim(
        "sgd-stability/trace-bound-is-attained",
        "Orthogonal gradients of equal norm attain the threshold 2/tr H at batch size 1.",
        _TRACE,
        Kind.THRESHOLD,
        lambda problem, n, d, **_: 2 / float(np.sum(experiments.gradients(problem, n, d) ** 2) / n),
        experiments.enumerated_growth,
        [{"problem": "orthogonal", "n": 4, "d": 4, "batch_size": 1, "sampling": "without-replacement"}],
        tolerance=1e-6,
    ),
    Claim(
        "sgd-stability/coherence-divergence",
        "Above σ(n/B − 1)^{−1/2}/λ_{max} or 2/λ_{max} the second moment diverges (Bernoulli sampling, "
        "σ the coherence).",
        _COHERENCE,
        Kind.BOUND,
        lambda **_: 1.0,
        lambda rng, **p: _random_threshold_ratio(rng, against="coherence", **p),
        [{"n": 6, "d": 3, "batch_size": b} for b in (1, 2, 4)],
        side="upper",
    ),
    Claim(
        "sgd-stability/coherence-divergence-cross-entropy",
        "The divergence condition holds for the Gauss-Newton Hessians of cross-entropy, which are not rank one.",
        _COHERENCE,
        Kind.BOUND,
        lambda **_: 1.0,
        _softmax_ratio,
        [{"n": 5, "d": 2, "classes": 3, "batch_size": b} for b in (1, 2)],
        side="upper",
    ),
    Claim(
        "sgd-stability/group-threshold",
        "n/σ orthogonal groups of σ equal gradients have threshold 2σ/(λ_{max}(σ + n/B − 1)).",
        _COHERENCE,
        Kind.THRESHOLD,
        lambda problem, n, d, batch_size, sampling: float(
            group_threshold(
                np.linalg.eigvalsh(experiments.gradients(problem, n, d).T @ experiments.gradients(problem, n, d) / n)[
                    -1
                ],
                coherence(experiments.gradients(problem, n, d)),
                n,
                batch_size,
                sampling,
            )
        ),
        experiments.enumerated_growth,
        [
            {"problem": p, "n": 6, "d": d, "batch_size": b, "sampling": "bernoulli"}
            for p, d, b in (("groups-2", 3, 1), ("groups-3", 2, 2), ("groups-6", 1, 3))
        ],
        tolerance=1e-6,
    ),
    Claim(
        "sgd-stability/almost-sure-is-weaker",
        "A single chain grows more slowly than the mean square: the mean is carried by rare chains.",
        _EXACT,
        Kind.ORDER,
        lambda **_: 1.0,
        lambda rng, factor, **p: experiments.almost_sure_gap(
            rng,
            step_size=factor * _threshold(batch_size=1, **p),
            rate=_rate(factor * _threshold(batch_size=1, **p), **p),
            steps=2000,
            **p,
        ),
        [{"problem": "gaussian", **_SMALL, "factor": f} for f in (0.8, 1.1)],
    ),
    Claim(
        "sgd-stability/converges-beyond-the-threshold",
        "Just above the mean-square threshold almost every chain still converges: the two notions are confused often.",
        _EXACT,
        Kind.ORDER,
        lambda **_: -1.0,
        lambda rng, factor, **p: experiments.almost_sure_growth(
            rng, factor * _threshold(batch_size=1, **p), steps=2000, **p
        ),
        [{"problem": "gaussian", **_SMALL, "factor": 1.15}],
    ),
    Claim(
        "sgd-stability/diagonal-network-sharpness",
        "Diagonal network, Gaussian inputs: tr H = 4‖w‖², and ‖H‖_F and λ_{max} in closed form.",
        _TRACE,
        Kind.ASYMPTOTIC,
        _diagonal,
        experiments.diagonal_network_norms,
        [{"d": 10, "quantity": q, "n": 500} for q in ("trace", "frobenius", "top_eigenvalue")],
        tolerance=0.02,
        size="n",
    ),
    Claim(
        "sgd-stability/relu-network-sharpness",
        "Two-layer ReLU network, Gaussian inputs: tr H = ‖B‖²/2 + d‖a‖²/2; ‖H‖_F, λ_{max} in closed form.",
        _TRACE,
        Kind.ASYMPTOTIC,
        _relu,
        experiments.relu_network_norms,
        [{"d": 4, "width": 5, "quantity": q, "n": 500} for q in ("trace", "frobenius", "top_eigenvalue")],
        tolerance=0.02,
        size="n",
    ),
    Claim(
        "sgd-stability/l1-norm",
        "For a diagonal network tr H is at least 4 times the ℓ₁ norm of β, so stability of SGD bounds that norm.",
        _TRACE,
        Kind.ORDER,
        lambda **_: 1.0,
        _l1_norm_gap,
        [{"d": 5}, {"d": 20}],
    ),
    Claim(
        "sgd-stability/path-norm",
        "For a two-layer ReLU network tr H is at least √d times the path norm.",
        _TRACE,
        Kind.ORDER,
        lambda **_: 1.0,
        _path_norm_gap,
        [{"d": 4, "width": 5}, {"d": 10, "width": 3}],
    ),
    Claim(
        "sgd-stability/sgd-settles-below-the-trace-bound",
        "Trained by SGD with batch size 1, both networks settle where tr H is at most 2/η.",
        _TRACE,
        Kind.BOUND,
        lambda step_size, **_: 2 / step_size,
        experiments.settled_sharpness,
        [
            {
                "network": "diagonal",
                "quantity": "trace",
                "step_size": 0.08,
                "batch_size": 1,
                "scale": 0.3,
                "steps": 20000,
            },
            {"network": "relu", "quantity": "trace", "step_size": 0.03, "batch_size": 1, "scale": 1.5, "steps": 5000},
        ],
        side="upper",
        first_draws=12,
        convention="half-mean-square",
    ),
    Claim(
        "sgd-stability/gradient-descent-ignores-the-trace",
        "Gradient descent settles with tr H above 2/η: only λ_{max} is bounded.",
        _TRACE,
        Kind.BOUND,
        lambda step_size, **_: 2 / step_size,
        experiments.settled_sharpness,
        [
            {
                "network": "diagonal",
                "quantity": "trace",
                "step_size": 0.05,
                "batch_size": 10,
                "scale": 0.6,
                "steps": 4000,
            },
            {"network": "relu", "quantity": "trace", "step_size": 0.15, "batch_size": 40, "scale": 1.5, "steps": 1000},
        ],
        side="lower",
        first_draws=12,
        convention="half-mean-square",
    ),
    Claim(
        "sgd-stability/gradient-descent-settles-below-the-top-eigenvalue",
        "Gradient descent settles where λ_{max} is at most 2/η.",
        _TRACE,
        Kind.BOUND,
        lambda step_size, **_: 2 / step_size,
        experiments.settled_sharpness,
        [
            {
                "network": "diagonal",
                "quantity": "top",
                "step_size": 0.12,
                "batch_size": 10,
                "scale": 0.6,
                "steps": 4000,
            },
            {"network": "relu", "quantity": "top", "step_size": 0.15, "batch_size": 40, "scale": 1.5, "steps": 1000},
        ],
        side="upper",
        first_draws=12,
        convention="half-mean-square",
    ),
    Claim(
        "sgd-stability/weight-decay-equilibrium",
        "A scale-invariant model with decay settles at the predicted norm, effective step, angle and relaxation rate.",
        _DECAY,
        Kind.EXACT,
        lambda quantity, **p: float(getattr(weight_decay_equilibrium(**p), quantity)),
        experiments.scale_invariant_run,
        _DECAY_GRID,
        tolerance=1e-3,
        assumptions="gradient orthogonal to w and of size g/‖w‖; ηλ < 1",
        convention="scale-invariant",
    ),
    Claim(
        "sgd-stability/effective-step-size",
        "The effective step size depends on ηλ only, step size times weight decay, as its square root.",
        _DECAY,
        Kind.EXACT,
        lambda **p: float(weight_decay_equilibrium(**p).effective_step_size),
        lambda rng, **p: experiments.scale_invariant_run(rng, "effective_step_size", **p),
        [{"step_size": e, "weight_decay": w, "gradient_norm": 2.0} for e, w in ((0.1, 0.05), (0.5, 0.01), (0.2, 0.1))],
        tolerance=1e-6,
        formula=sp.sqrt(eta * lam * (2 - eta * lam)) / g,
        convention="scale-invariant",
    ),
)
