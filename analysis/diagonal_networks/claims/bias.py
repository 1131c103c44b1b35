"""Claims about the implicit bias of flows: limits, regimes, saddles, the linear branch."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.diagonal_networks.experiments import flows
from solvable.analysis.diagonal_networks.experiments import networks as experiments
from solvable.analysis.diagonal_networks.settings import saddle_problem, sparse_regression, worst_ratio
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.solvers import interpolator, saddle_to_saddle, stochastic_gradient_flow

__all__ = ["BIAS_CLAIMS"]

_BIAS = Source("woodworth2020kernel", "derived in docs/theory/diagonal_networks.md")
_REGIMES = Source("woodworth2020kernel", "constants recalled, checked as inequalities only")
_NOISE = Source("pesme2021implicit", "re-derived")
_SADDLE = Source("pesme2023saddle", "re-derived")
_BENIGN = Source("zhou2023implicit", "parametrisation recalled, implicit bias derived")


def _one(**_: Any) -> float:
    return 1.0


def _minus_one(**_: Any) -> float:
    return -1.0


def _flow_bias(rng: np.random.Generator, initial_scale: float, depth: float, linear_scale: float = 0.0) -> float:
    X, y, _ = sparse_regression(rng, 6, 14, 2, 0.3)
    theory = interpolator(X, y, initial_scale, depth, linear_scale=linear_scale).value
    return worst_ratio(flows.flow_limit(X, y, initial_scale, depth, linear_scale), theory)


def _regime(rng: np.random.Generator, regime: str, epsilon: float) -> float:
    """Norm of the flow's limit over the least norm, at the scale where a published bound begins to hold."""
    X, y, _ = sparse_regression(rng, 3, 6, 1, 0.3)
    if regime == "rich":
        least = np.abs(experiments.least_l1(X, y)).sum()
        power = (2 * (1 + epsilon) * least) ** (-(2 + epsilon) / (2 * epsilon))
        return float(np.abs(flows.flow_limit(X, y, min(power, np.exp(-6 / (epsilon * least))))).sum() / least)
    size = np.linalg.norm(np.linalg.pinv(X) @ y)
    scale = np.sqrt(2 * (1 + epsilon) * (1 + 2 / epsilon) * size)
    return float(np.sum(flows.flow_limit(X, y, scale) ** 2) / size**2)


def _any_time(rng: np.random.Generator, step_size: float, time_step: float) -> float:
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    flow = stochastic_gradient_flow(X, y, step_size, time_step, 500, 0.1, rng=rng)
    return worst_ratio(flow.beta[0], interpolator(X, X @ flow.beta[0], flow.effective_scale[0]).value)


def _path_end(rng: np.random.Generator, n: int, d: int) -> float:
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    return worst_ratio(saddle_to_saddle(X, y).saddles[-1], experiments.least_l1(X, y))


@cache
def _plateau(seed: int, plateau: int, log_scale: float) -> float:
    path = saddle_to_saddle(*saddle_problem(seed))
    ends = np.append(path.times, 2 * path.times[-1])
    middle = ends[plateau : plateau + 2].mean(keepdims=True)
    return worst_ratio(flows.saddle_flow(seed, log_scale, middle)[0], path.saddles[plateau + 1])


@cache
def _levels(seed: int) -> tuple[tuple[float, float], ...]:
    """Times of the jumps and the losses half way down them."""
    path = saddle_to_saddle(*saddle_problem(seed))
    return tuple(zip(path.times.tolist(), ((path.losses[1:] + path.losses[:-1]) / 2).tolist(), strict=True))


D, eta = sp.symbols("depth step_size", positive=True)
curvature, rho = sp.symbols("curvature penalty", positive=True)
n_symbol, d_symbol, signal, sigma2 = sp.symbols("n d signal noise_variance", positive=True)
_FLOW_GRID = [
    {"initial_scale": a, "depth": depth}
    for a, depth in ((0.1, 2), (0.3, 3), (1.0, 2), (0.01, 2), (1.0, 2.5), (1.0, 3), (0.5, 4))
]
BIAS_CLAIMS = (
    Claim(
        "diagonal-networks/flow-is-interpolator",
        "Gradient flow ends at the interpolator of least hyperbolic entropy, at every scale and depth.",
        _BIAS,
        Kind.EXACT,
        _one,
        _flow_bias,
        _FLOW_GRID,
        tolerance=1e-8,
        quick=(0, 1),
    ),
    Claim(
        "diagonal-networks/kernel-limit",
        "From large scales α the limit approaches the minimum-ℓ₂ interpolator as α^{−2D}, D the depth.",
        _BIAS,
        Kind.RATE,
        lambda depth, **_: -2.0 * depth,
        lambda rng, **p: experiments.distance_to_l2(**p),
        [{"initial_scale": 2.0, "depth": 2}, {"initial_scale": 1.5, "depth": 3}],
        tolerance=0.02,
        size="initial_scale",
        formula=-2 * D,
    ),
    Claim(
        "diagonal-networks/kernel-dynamics",
        "From large scales α the residual decays with the tangent kernel 8α²XXᵀ/n.",
        _BIAS,
        Kind.ASYMPTOTIC,
        _one,
        experiments.kernel_residual,
        [{"initial_scale": 4.0, "time": t} for t in (0.05, 0.2)],
        tolerance=0.01,
        size="initial_scale",
        quick=(0,),
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/rich-bound",
        "Below a published scale the ℓ₁ norm is at most 1 + ε times the least.",
        _REGIMES,
        Kind.BOUND,
        lambda epsilon, **_: 1 + epsilon,
        _regime,
        [{"regime": "rich", "epsilon": e} for e in (1.0, 2.0)],
        side="upper",
        quick=(0,),
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/kernel-bound",
        "Above a published scale the squared ℓ₂ norm is at most 1 + ε times the least.",
        _REGIMES,
        Kind.BOUND,
        lambda epsilon, **_: 1 + epsilon,
        _regime,
        [{"regime": "kernel", "epsilon": e} for e in (0.5, 2.0)],
        side="upper",
        quick=(0,),
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/smaller-scales-are-sparser",
        "The ℓ₁ norm of the limit falls with the initial scale.",
        _BIAS,
        Kind.ORDER,
        _one,
        experiments.flow_norm_rise,
        [{"small": (0.1, 2), "large": (0.3, 2)}],
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/deeper-is-sparser",
        "At the same small scale a deeper network has the smaller ℓ₁ norm.",
        _BIAS,
        Kind.ORDER,
        _one,
        experiments.flow_norm_rise,
        [{"small": (0.3, 3), "large": (0.3, 2)}, {"small": (0.4, 4), "large": (0.4, 3)}],
        quick=(0,),
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/stochastic-flow-at-any-time",
        "Stochastic gradient flow minimises, at every time, the potential of a scale shrunk by the integrated loss.",
        _NOISE,
        Kind.EXACT,
        _one,
        _any_time,
        [{"step_size": g, "time_step": dt} for g, dt in ((0.05, 0.01), (0.15, 0.01), (0.05, 0.04))],
        tolerance=1e-12,
        quick=(0,),
        assumptions="Euler steps in the logarithms of the weights; the loss integral by left sums",
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/saddles-end-at-least-l1",
        "The path of saddles ends at the minimum-ℓ₁ interpolator.",
        _SADDLE,
        Kind.EXACT,
        _one,
        _path_end,
        [{"n": 3, "d": 8}, {"n": 6, "d": 14}, {"n": 10, "d": 40}],
        tolerance=1e-8,
        assumptions="columns in general position",
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/plateaus",
        "Half way between two jumps the flow from a small start sits on the predicted saddle.",
        _SADDLE,
        Kind.EXACT,
        _one,
        lambda rng, **p: _plateau(**p),
        [
            {"seed": s, "plateau": k, "log_scale": 180.0}
            for s, k in ((3, 0), (3, 2), (3, 4), (3, 6), (4, 1), (4, 4), (5, 3))
        ],
        tolerance=1e-6,
        quick=(0, 3),
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/jump-times",
        "Jumps of the flow from saddle to saddle approach the predicted times as 1/ln(1/α).",
        _SADDLE,
        Kind.RATE,
        lambda **_: -1.0,
        lambda rng, log_scale, seed, jump: experiments.jump_lag(seed, jump, log_scale, _levels(seed)),
        [{"log_scale": 45.0, "seed": s, "jump": k} for s, k in ((3, 0), (3, 3), (4, 3), (5, 1))],
        tolerance=0.05,
        size="log_scale",
        quick=(0,),
        formula=sp.Integer(-1),
        assumptions="times at which the loss falls through the middle of a jump",
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/linear-branch",
        "With a linear branch the flow minimises the infimal convolution of the entropy with a square.",
        _BENIGN,
        Kind.EXACT,
        _one,
        _flow_bias,
        [
            {"initial_scale": a, "depth": depth, "linear_scale": b}
            for a, depth, b in ((0.1, 2, 0.2), (0.01, 2, 0.5), (0.5, 3, 0.4))
        ],
        tolerance=1e-8,
        quick=(0,),
    ),
    Claim(
        "diagonal-networks/branch-is-a-lasso",
        "At fixed cap the limit tends, as 1/ln(1/α), to a whitened LASSO plus the least-norm fit of its residuals.",
        _BENIGN,
        Kind.RATE,
        lambda **_: -1.0,
        lambda rng, **p: experiments.lasso_gap(**p),
        [{"log_scale": 160.0, "cap": c} for c in (0.02, 0.1)],
        tolerance=0.05,
        size="log_scale",
        formula=sp.Integer(-1),
        quick=(0,),
        assumptions="cap = s² ln(1/α²)/4, s the scale of the linear branch; one fixed data set",
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/branch-beats-least-l1",
        "On a sparse target with noise the network with a linear branch has less excess risk than the minimum ℓ₁ norm.",
        _BENIGN,
        Kind.ORDER,
        _minus_one,
        lambda rng, **p: experiments.combined_excess(rng, against="l1", **p),
        [{"n": 100, "d": 1000, "cap": 0.01}],
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/branch-beats-least-l2",
        "On a sparse target with noise the network with a linear branch has less excess risk than the minimum ℓ₂ norm.",
        _BENIGN,
        Kind.ORDER,
        _minus_one,
        lambda rng, **p: experiments.combined_excess(rng, against="l2", **p),
        [{"n": 100, "d": 1000, "cap": 0.01}],
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/branch-window",
        "With fewer samples and a wider linear branch the network loses to minimum ℓ₁: the branch then fits the "
        "signal itself.",
        _BENIGN,
        Kind.ORDER,
        _one,
        lambda rng, **p: experiments.combined_excess(rng, against="l1", **p),
        [{"n": 50, "d": 600, "cap": 0.03}],
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/least-l2-risk",
        "The minimum ℓ₂ norm on Gaussian designs has excess risk ‖β‖²(1 − n/d) + σ²n/(d − n − 1).",
        Source("hastie2022surprises", "exact at finite size, derived"),
        Kind.MEAN,
        lambda n, d, signal, noise_variance: signal * (1 - n / d) + noise_variance * n / (d - n - 1),
        experiments.least_l2_excess,
        [
            {"n": n, "d": d, "signal": 3.0, "noise_variance": v}
            for n, d, v in ((20, 60, 0.25), (10, 40, 4.0), (40, 60, 0.25))
        ],
        tolerance=0.02,
        formula=signal * (1 - n_symbol / d_symbol) + sigma2 * n_symbol / (d_symbol - n_symbol - 1),
        quick=(0,),
    ),
)
