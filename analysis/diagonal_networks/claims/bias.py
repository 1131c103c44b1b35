"""Claims about the implicit bias of flows: limits, regimes, saddles, the linear branch."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from solvable.analysis.diagonal_networks.experiments import flows, instances, runs
from solvable.analysis.diagonal_networks.experiments import networks as experiments
from solvable.analysis.diagonal_networks.experiments.sparse_errors import sparse_error
from solvable.analysis.diagonal_networks.settings import USUAL, saddle_problem
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import interpolator, minimum_l1, saddle_to_saddle

__all__ = ["BIAS_CLAIMS"]

Array = NDArray[np.float64]
_BIAS = Source("woodworth2020kernel", "derived in docs/theory/diagonal_networks.md")
_REGIMES = Source("woodworth2020kernel", "constants recalled, checked as inequalities only")
_NOISE = Source("pesme2021implicit", "re-derived")
_SADDLE = Source("pesme2023saddle", "re-derived")
_BENIGN = Source("zhou2023implicit", "parametrisation recalled, implicit bias derived")


def _flow_bias(X: Array, y: Array, initial_scale: float, depth: float, linear_scale: float = 0.0) -> Array:
    return interpolator(X, y, initial_scale, depth, linear_scale=linear_scale).value


def _tangent_residual(X: Array, y: Array, time: float, **_: float) -> float:
    """Norm of the residual after time/scale^2 of the linear flow of the tangent kernel."""
    values, vectors = np.linalg.eigh(X @ X.T / len(X))
    return float(np.linalg.norm(np.exp(-8 * time * values) * (vectors.T @ y)))


def _saddle(seed: int, time: float, **_: float) -> Array:
    path = saddle_to_saddle(*saddle_problem(seed))
    return np.asarray(path.saddles[np.searchsorted(path.times, time)])


def _jump_time(seed: int, level: float, **_: float) -> float:
    """Time of the jump in which the loss falls through a level."""
    path = saddle_to_saddle(*saddle_problem(seed))
    return float(path.times[np.argmax(path.losses[1:] < level)])


D = sp.Symbol("depth", positive=True)
n_symbol, d_symbol, signal, sigma2 = sp.symbols("n d signal noise_variance", positive=True)
sparsity, noise = sp.symbols("sparsity noise", positive=True)
_FLOW_GRID = cells("initial_scale depth", [(0.1, 2), (0.3, 3), (1.0, 2), (0.01, 2), (1.0, 2.5), (1.0, 3), (0.5, 4)])
epsilon, least_norm, least_square_norm = sp.symbols("epsilon least_norm least_square_norm", positive=True)


def _least_square_norm(X: Array, y: Array, **_: Any) -> dict[str, Any]:
    """Squared norm of the minimum-norm fit."""
    return {"least_square_norm": float(np.sum((np.linalg.pinv(X) @ y) ** 2))}


limit = partial(
    Claim,
    kind=Kind.NUMERICAL,
    predict=_flow_bias,
    measure=lambda rng, **p: flows.flow_limit(**p),
    tolerance=1e-8,
    instance=partial(instances.sparse_problem, shape=(6, 14, 2, 0.3)),
    reason="the flow is integrated at a relative tolerance of 1e-11 and stopped at residuals of 1e-10",
)
regime = partial(
    Claim,
    source=_REGIMES,
    kind=Kind.BOUND,
    domain=Domain(epsilon=(0.2, 4.0)),
    side="upper",
    quick=(0,),
    first_draws=8,
    instance=partial(instances.sparse_problem, shape=(3, 6, 1, 0.3)),
)
saddle = partial(Claim, source=_SADDLE, convention="full-batch")
order = partial(Claim, kind=Kind.ORDER, statistic="median")
sparser = partial(order, source=_BIAS, predict=lambda **_: 1.0, measure=experiments.flow_norm_rise)
branch = partial(order, source=_BENIGN)
wide = partial(
    Claim,
    source=Source("zhou2023implicit", "introduction: s ln(d/s)/n is the order to reach; cap, sizes, constant are ours"),
    measure=sparse_error,
    domain=Domain(n=(500, 20_000), d=(1e6, 1e9), sparsity=(1, 3), noise=(0.03, 0.12)),
    grid=cells("estimator sparsity", [("branch", 1), ("lasso", 1), ("branch", 3), ("lasso", 3)], n=500, d=10**8,
               noise=0.1),
    size="n",
    sizes=(1, 4, 16),
    first_draws=8,
    quick=(0,),
    assumptions="limit α → 0; coefficients of 1, penalty 2σ√(2n ln d) and the cap 1/d of it, a mean over 32 data sets; "
    "corrections 6/n, and n/(8d ln d) of the noise that is fitted",
)  # fmt: skip
BIAS_CLAIMS = (
    limit(
        "diagonal-networks/flow-is-interpolator",
        "Gradient flow ends at the interpolator of least hyperbolic entropy, at every scale and depth.",
        source=_BIAS,
        domain=Domain(initial_scale=(0.01, 1.0), depth=(2, 4)),
        grid=_FLOW_GRID,
        quick=(0, 1),
    ),
    Claim(
        "diagonal-networks/kernel-limit",
        "From large scales α the limit approaches the minimum-ℓ₂ interpolator as α^{−2D}, D the depth.",
        source=_BIAS,
        kind=Kind.RATE,
        deterministic=True,
        measure=lambda rng, **p: experiments.distance_to_l2(**p),
        domain=Domain(initial_scale=(1.2, 3.0), depth=(2, 5)),
        grid=cells("initial_scale depth", [(2.0, 2), (1.5, 3)]),
        tolerance=0.02,
        size="initial_scale",
        formula=-2 * D,
    ),
    Claim(
        "diagonal-networks/kernel-dynamics",
        "From large scales α the residual decays with the tangent kernel 8α²XXᵀ/n.",
        source=_BIAS,
        kind=Kind.ASYMPTOTIC,
        predict=_tangent_residual,
        measure=lambda rng, X, y, initial_scale, time: float(
            np.linalg.norm(flows.flow_residual(X, y, initial_scale, time / initial_scale**2))
        ),
        domain=Domain(initial_scale=(3.0, 8.0), time=(0.02, 0.5)),
        grid=cells("time", [0.05, 0.2], initial_scale=4.0),
        tolerance=0.01,
        size="initial_scale",
        quick=(0,),
        instance=partial(instances.sparse_problem, shape=(5, 12, 2, 0.3)),
        convention="full-batch",
    ),
    regime(
        "diagonal-networks/rich-bound",
        "Below a published scale the ℓ₁ norm is at most 1 + ε times the least.",
        predict=lambda X, y, epsilon: (1 + epsilon) * float(np.abs(minimum_l1(X, y)).sum()),
        measure=experiments.rich_norm,
        formula=(1 + epsilon) * least_norm,
        quantities=lambda X, y, **_: {"least_norm": float(np.abs(minimum_l1(X, y)).sum())},
        grid=cells("epsilon", [1.0, 2.0]),
    ),
    regime(
        "diagonal-networks/kernel-bound",
        "Above a published scale the squared ℓ₂ norm is at most 1 + ε times the least.",
        predict=lambda X, y, epsilon: (1 + epsilon) * float(y @ np.linalg.solve(X @ X.T, y)),
        measure=experiments.kernel_norm,
        formula=(1 + epsilon) * least_square_norm,
        quantities=_least_square_norm,
        grid=cells("epsilon", [0.5, 2.0]),
    ),
    sparser(
        "diagonal-networks/smaller-scales-are-sparser",
        "The ℓ₁ norm of the limit falls with the initial scale.",
        grid=[{"small": (0.1, 2), "large": (0.3, 2)}],
    ),
    sparser(
        "diagonal-networks/deeper-is-sparser",
        "At the same small scale a deeper network has the smaller ℓ₁ norm.",
        grid=cells("small large", [((0.3, 3), (0.3, 2)), ((0.4, 4), (0.4, 3))]),
        quick=(0,),
    ),
    Claim(
        "diagonal-networks/stochastic-flow-at-any-time",
        "Stochastic gradient flow minimises, at every time, the potential of a scale shrunk by the integrated loss.",
        source=_NOISE,
        kind=Kind.EXACT,
        predict=lambda X, fitted, effective_scale, **_: interpolator(X, fitted, effective_scale).value,
        measure=runs.stochastic_state,
        domain=Domain(step_size=(0.03, 0.15)),
        grid=cells("step_size time_step", [(0.05, 0.01), (0.15, 0.01), (0.05, 0.04)]),
        tolerance=1e-12,
        quick=(0,),
        assumptions="Euler steps in the logarithms of the weights; the loss integral by left sums",
        instance=partial(instances.sparse_problem, shape=(20, 40, 3)),
        given=("fitted", "effective_scale"),
        convention="full-batch",
    ),
    saddle(
        "diagonal-networks/saddles-end-at-least-l1",
        "The path of saddles ends at the minimum-ℓ₁ interpolator.",
        kind=Kind.EXACT,
        predict=lambda X, y, **_: saddle_to_saddle(X, y).saddles[-1],
        measure=lambda rng, X, y, **_: experiments.least_l1(X, y),
        domain=Domain(n=(3, 10), d=(8, 40), where="d > n"),
        grid=cells("n d", [(3, 8), (6, 14), (10, 40)]),
        tolerance=1e-9,
        assumptions="columns in general position",
        instance=instances.gaussian_problem,
    ),
    saddle(
        "diagonal-networks/plateaus",
        "Half way between two jumps the flow from a small start sits on the predicted saddle.",
        kind=Kind.NUMERICAL,
        predict=_saddle,
        measure=lambda rng, seed, log_scale, time: flows.saddle_flow(seed, log_scale, np.array([time]))[0],
        domain=Domain(log_scale=(100.0, 300.0)),
        grid=cells(
            "seed time", [(3, 0.57), (3, 1.75), (3, 5.9), (3, 14.1), (4, 0.93), (4, 30.8), (5, 4.08)], log_scale=180.0
        ),
        tolerance=1e-7,
        quick=(0, 3),
        reason="stiff steps at a relative tolerance of 1e-7 and an absolute one of 1e-9",
    ),
    saddle(
        "diagonal-networks/jump-times",
        "Jumps of the flow from saddle to saddle approach the predicted times as 1/ln(1/α).",
        kind=Kind.ASYMPTOTIC,
        deterministic=True,
        predict=_jump_time,
        measure=lambda rng, seed, log_scale, level: float(flows.crossing_times(seed, log_scale, (level,), 12.0)[0]),
        domain=Domain(log_scale=(45.0, 200.0)),
        grid=cells("seed level", [(3, 1.142), (3, 0.3554), (4, 0.0389), (5, 0.2748)], log_scale=45.0),
        tolerance=0.01,
        size="log_scale",
        quick=(0,),
        assumptions="times at which the loss falls through a level half way down a jump; the lag falls as 1/ln(1/α)",
    ),
    limit(
        "diagonal-networks/linear-branch",
        "With a linear branch the flow minimises the infimal convolution of the entropy with a square.",
        source=_BENIGN,
        domain=Domain(initial_scale=(0.01, 0.5), linear_scale=(0.1, 0.6)),
        grid=cells("initial_scale depth linear_scale", [(0.1, 2, 0.2), (0.01, 2, 0.5), (0.5, 3, 0.4)]),
        quick=(0,),
    ),
    Claim(
        "diagonal-networks/branch-is-a-lasso",
        "At fixed cap the limit tends, as 1/ln(1/α), to a whitened LASSO plus the least-norm fit of its residuals.",
        source=_BENIGN,
        kind=Kind.RATE,
        deterministic=True,
        measure=lambda rng, **p: experiments.lasso_gap(**p),
        domain=Domain(log_scale=(160.0, 400.0), cap=(0.01, 0.2)),
        grid=cells("cap", [0.02, 0.1], log_scale=160.0),
        tolerance=0.05,
        size="log_scale",
        formula=sp.Integer(-1),
        quick=(0,),
        assumptions="cap = s² ln(1/α²)/4, s the scale of the linear branch; one fixed data set",
        convention="full-batch",
    ),
    branch(
        "diagonal-networks/branch-beats-least-l1",
        "On a sparse target with noise the network with a linear branch has less excess risk than the minimum ℓ₁ norm.",
        predict=lambda **_: -1.0,
        measure=lambda rng, **p: experiments.combined_excess(rng, against="l1", **p),
        grid=[{"n": 100, "d": 1000, "cap": 0.01}],
    ),
    branch(
        "diagonal-networks/branch-beats-least-l2",
        "On a sparse target with noise the network with a linear branch has less excess risk than the minimum ℓ₂ norm.",
        predict=lambda **_: -1.0,
        measure=lambda rng, **p: experiments.combined_excess(rng, against="l2", **p),
        grid=[{"n": 100, "d": 1000, "cap": 0.01}],
    ),
    branch(
        "diagonal-networks/branch-window",
        "With fewer samples and a wider linear branch the network loses to minimum ℓ₁: the branch then fits the "
        "signal itself.",
        predict=lambda **_: 1.0,
        measure=lambda rng, **p: experiments.combined_excess(rng, against="l1", **p),
        grid=[{"n": 50, "d": 600, "cap": 0.03}],
    ),
    wide(
        "diagonal-networks/branch-rate",
        "At fixed sparsity s and very many features the error of the network with a linear branch falls as 1/n, as the "
        "LASSO's does, although it fits the noise.",
        kind=Kind.RATE,
        absolute_tolerance=0.03,
        formula=sp.Integer(-1),
    ),
    wide(
        "diagonal-networks/branch-error",
        "With twice the penalty that hides the noise this error is sσ²(8 ln d + 1)/n, for the network with a linear "
        "branch and for the LASSO.",
        kind=Kind.ASYMPTOTIC,
        tolerance=0.03,
        formula=sparsity * noise**2 * (8 * sp.log(d_symbol) + 1) / n_symbol,
    ),
    Claim(
        "diagonal-networks/least-l2-risk",
        "The minimum ℓ₂ norm on Gaussian designs has excess risk ‖β‖²(1 − n/d) + σ²n/(d − n − 1).",
        source=Source("hastie2022surprises", "exact at finite size, derived"),
        kind=Kind.MEAN,
        measure=experiments.least_l2_excess,
        domain=USUAL.but(n=(2, 60), d=(4, 200), where="d > n + 1"),
        grid=cells("n d noise_variance", [(20, 60, 0.25), (10, 40, 4.0), (40, 60, 0.25)], signal=3.0),
        tolerance=0.02,
        formula=signal * (1 - n_symbol / d_symbol) + sigma2 * n_symbol / (d_symbol - n_symbol - 1),
        quick=(0,),
    ),
)
