"""Claims about finite steps: gains, loss stabilisation, label noise, gradient regularisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.diagonal_networks.experiments import flows
from solvable.analysis.diagonal_networks.experiments import networks as experiments
from solvable.analysis.diagonal_networks.settings import sparse_regression, worst_ratio
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.solvers import interpolator, two_cycle

__all__ = ["DESCENT_CLAIMS"]

_FINITE = Source("even2023sgd", "re-derived")
_SPARSE = Source("andriushchenko2023sgd", "experiment")
_SCALAR = Source("andriushchenko2023sgd", "one-dimensional case, derived")
_PENALTY = Source("karakida2023understanding", "derived")


def _one(**_: Any) -> float:
    return 1.0


def _minus_one(**_: Any) -> float:
    return -1.0


def _run_bias(rng: np.random.Generator, use_offset: bool = True, **options: Any) -> float:
    """Worst coefficient of a run at finite step over the interpolator with its gain and offset."""
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    run = experiments.finite_run(rng, (X, y), loss=1e-22, initial_scale=0.1, accumulate=True, **options)
    offset = run.offset[0] if use_offset else None
    return worst_ratio(run.beta[0, -1], interpolator(X, y, run.effective_scale[0], offset=offset).value)


def _cycle(step_size: float, side: str) -> float:
    return float(two_cycle(step_size)[("lower", "upper").index(side)])


def _penalised_bias(rng: np.random.Generator, penalty: float, ascent: float, quantity: str) -> float:
    X, y, _ = sparse_regression(rng, 8, 16, 2)
    beta, logs, integral = flows.regularised_flow(X, y, 0.3, penalty, ascent)
    scale = 0.3 * np.exp(-4 * penalty * integral)
    if quantity == "scale":
        return worst_ratio(np.log(0.09) - logs, 8 * penalty * integral)
    return worst_ratio(beta, interpolator(X, y, scale).value)


def _sharpness_aware(rng: np.random.Generator, step_size: float, ascent: float) -> float:
    X, y, _ = sparse_regression(rng, 8, 16, 2)
    plain = experiments.sharpness_aware_run(X, y, 0.3, step_size, ascent, 200)
    return worst_ratio(experiments.penalised_path(X, y, 0.3, step_size, ascent, 200), plain)


def _flooding(rng: np.random.Generator, step_size: float, first: str) -> float:
    X, y, _ = sparse_regression(rng, 8, 16, 2)
    moved = experiments.flooding_displacement(X, y, 0.3, step_size, first)
    ascent = -step_size if first == "down" else step_size
    return worst_ratio(moved, experiments.backward_displacement(X, y, 0.3, step_size, ascent))


def _benefit(rng: np.random.Generator, quantity: str, small: float, large: float) -> float:
    """Log of plateau or error at the larger step over that at the smaller."""
    return experiments.decayed_run(rng, large, quantity) - experiments.decayed_run(rng, small, quantity)


def _contrast(rng: np.random.Generator, descent: float, sgd: float) -> float:
    return experiments.gain_contrast(rng, descent, 20) - experiments.gain_contrast(rng, sgd, 1)


D, eta = sp.symbols("depth step_size", positive=True)
curvature, rho = sp.symbols("curvature penalty", positive=True)
n_symbol, d_symbol, signal, sigma2 = sp.symbols("n d signal noise_variance", positive=True)
_RUN_GRID: list[dict[str, Any]] = [
    {"step_size": 0.05, "batch_size": 20},
    {"step_size": 0.01, "batch_size": 1},
    {"step_size": 0.1, "batch_size": 20},
    {"step_size": 0.02, "batch_size": 5},
    {"step_size": 0.02, "batch_size": 5, "sampling": "with-replacement"},
    {"step_size": 0.01, "batch_size": 1, "gradient_penalty": 0.02, "ascent": 0.02},
]

DESCENT_CLAIMS = (
    Claim(
        "diagonal-networks/finite-step-bias",
        "Descent at finite step, full batch or not, ends at the interpolator with its gain and offset, exactly.",
        _FINITE,
        Kind.EXACT,
        _one,
        _run_bias,
        _RUN_GRID,
        tolerance=1e-9,
        quick=(0, 1),
        assumptions="the run interpolates; no step flips a weight to zero; gain and offset are those of the run",
        convention="batches",
    ),
    Claim(
        "diagonal-networks/offset-matters",
        "Without the offset the finite-step bias is off by more than 10⁻³ of the largest coefficient.",
        _FINITE,
        Kind.BOUND,
        lambda **_: 1e-3,
        lambda rng, **p: abs(_run_bias(rng, use_offset=False, **p) - 1),
        [{"step_size": 0.1, "batch_size": 20}],
        side="lower",
        convention="batches",
    ),
    Claim(
        "diagonal-networks/gain-concentrates-under-full-batch",
        "The gain of gradient descent sits on the support of the target more than that of SGD.",
        _FINITE,
        Kind.ORDER,
        _one,
        _contrast,
        [{"descent": 0.1, "sgd": 0.01}],
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/large-full-batch-steps-hurt",
        "Large steps of gradient descent worsen the recovery of a sparse target.",
        _FINITE,
        Kind.ORDER,
        _one,
        experiments.recovery_change,
        [{"step_size": 0.15, "batch_size": 20}],
        convention="batches",
    ),
    Claim(
        "diagonal-networks/large-stochastic-steps-help",
        "Large steps of single-sample SGD improve the recovery of a sparse target.",
        _FINITE,
        Kind.ORDER,
        _minus_one,
        experiments.recovery_change,
        [{"step_size": 0.01, "batch_size": 1}],
        convention="batches",
    ),
    Claim(
        "diagonal-networks/two-cycle",
        "On (1 − θ²)²/4 steps between 1 and √5 − 1 settle on a cycle of two points, known in closed form.",
        _SCALAR,
        Kind.EXACT,
        _cycle,
        experiments.cycle_point,
        [{"step_size": e, "side": side} for e in (1.1, 1.2, 1.23) for side in ("upper", "lower")],
        tolerance=1e-10,
        quick=(0, 3),
        convention="double-well",
    ),
    Claim(
        "diagonal-networks/loss-stabilises",
        "On (1 − θ²)²/4 gradient descent with steps above 1 no longer converges.",
        _SCALAR,
        Kind.THRESHOLD,
        lambda **_: 1.0,
        experiments.scalar_defect,
        [{"period": 1}],
        tolerance=2e-3,
        formula=sp.Integer(1),
        first_draws=8,
        convention="double-well",
    ),
    Claim(
        "diagonal-networks/two-cycle-stability",
        "On (1 − θ²)²/4 the two-cycle is stable up to the step √5 − 1.",
        _SCALAR,
        Kind.THRESHOLD,
        lambda **_: float(np.sqrt(5) - 1),
        experiments.scalar_defect,
        [{"period": 2}],
        tolerance=2e-3,
        formula=sp.sqrt(5) - 1,
        first_draws=8,
        convention="double-well",
    ),
    Claim(
        "diagonal-networks/scalar-divergence",
        "On (1 − θ²)²/4 the iterates of gradient descent stay bounded up to the step 2 and escape beyond.",
        _SCALAR,
        Kind.THRESHOLD,
        lambda **_: 2.0,
        experiments.scalar_defect,
        [{"period": 0}],
        tolerance=2e-3,
        formula=sp.Integer(2),
        first_draws=8,
        convention="double-well",
    ),
    Claim(
        "diagonal-networks/chaotic-loss",
        "On (1 − θ²)²/4 the loss at step 2 averages to 1/8: the map is conjugate to the tripling of an angle.",
        _SCALAR,
        Kind.MEAN,
        lambda **_: 0.125,
        experiments.chaotic_loss,
        [{"step_size": 2.0}],
        tolerance=0.02,
        formula=sp.Rational(1, 8),
        convention="double-well",
    ),
    Claim(
        "diagonal-networks/label-noise-shrinks-the-scale",
        "Label noise of variance δ lowers ln(w₊w₋) by 4γ² diag(XᵀX/n)(δ + mean square residual) a step.",
        _SPARSE,
        Kind.ASYMPTOTIC,
        _one,
        experiments.noisy_shrinkage,
        [{"steps_per_time": 50.0, "label_noise": v} for v in (0.3, 0.1)],
        tolerance=0.02,
        size="steps_per_time",
        quick=(0,),
        first_draws=8,
        assumptions="derived to second order in the step; size is 1/step",
    ),
    Claim(
        "diagonal-networks/residuals-add-to-label-noise",
        "Counting the label noise alone underestimates the shrinkage of the scale by more than a tenth.",
        _SPARSE,
        Kind.BOUND,
        lambda **_: 1.1,
        lambda rng, **p: experiments.noisy_shrinkage(rng, residuals=False, **p),
        [{"steps_per_time": 100.0, "label_noise": 0.3}],
        side="lower",
    ),
    Claim(
        "diagonal-networks/large-steps-raise-the-plateau",
        "SGD with a larger step keeps the training loss on a higher plateau until the step decays.",
        _SPARSE,
        Kind.ORDER,
        _one,
        lambda rng, **p: _benefit(rng, "plateau", **p),
        [{"small": 0.11, "large": 0.12}],
        statistic="median",
        assumptions="runs that diverge are redrawn; single trajectories are chaotic, so medians over seeds",
    ),
    Claim(
        "diagonal-networks/large-steps-lower-the-error",
        "After the decay of the step, SGD that ran with the larger step has recovered the target better.",
        _SPARSE,
        Kind.ORDER,
        _minus_one,
        lambda rng, **p: _benefit(rng, "error", **p),
        [{"small": 0.11, "large": 0.12}],
        statistic="median",
        assumptions="runs that diverge are redrawn; single trajectories are chaotic, so medians over seeds",
    ),
    Claim(
        "diagonal-networks/penalised-flow-scale",
        "Gradient regularisation, by any estimate, shrinks ln(w₊w₋) by 8ρ times the integral of g g'.",
        _PENALTY,
        Kind.EXACT,
        _one,
        lambda rng, **p: _penalised_bias(rng, quantity="scale", **p),
        [{"penalty": 0.1, "ascent": e} for e in (-0.05, 0.0, 0.05, 0.25)],
        tolerance=1e-7,
        quick=(1,),
    ),
    Claim(
        "diagonal-networks/penalised-flow-bias",
        "Gradient flow with a gradient penalty ends at the interpolator of the shrunk scale.",
        _PENALTY,
        Kind.EXACT,
        _one,
        lambda rng, **p: _penalised_bias(rng, quantity="bias", **p),
        [{"penalty": 0.1, "ascent": e} for e in (-0.05, 0.0, 0.05, 0.25)],
        tolerance=1e-8,
        quick=(2,),
    ),
    Claim(
        "diagonal-networks/forward-shrinks-most",
        "The forward estimate of the gradient penalty shrinks the scale more than double backpropagation, and "
        "that more than the backward one.",
        _PENALTY,
        Kind.ORDER,
        _one,
        experiments.penalty_order,
        [{"penalty": 0.1, "low": 0.0, "high": 0.05}, {"penalty": 0.1, "low": -0.05, "high": 0.0}],
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/sharpness-aware",
        "Sharpness-aware minimisation without normalisation is forward regularisation with penalty ρ equal to the "
        "ascent ε.",
        _PENALTY,
        Kind.EXACT,
        _one,
        _sharpness_aware,
        [{"step_size": 0.05, "ascent": e} for e in (0.05, 0.2)],
        tolerance=1e-10,
        quick=(0,),
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/flooding",
        "A flooding step down and one up move the weights by −γ² times the backward estimate; up and down, by the "
        "forward one.",
        _PENALTY,
        Kind.EXACT,
        _one,
        _flooding,
        [{"step_size": 0.1, "first": first} for first in ("down", "up")],
        tolerance=1e-10,
        convention="full-batch",
    ),
    Claim(
        "diagonal-networks/penalised-stability",
        "On a quadratic of curvature h, descent with the penalty is stable up to the step 2/(h(1 + ρh)).",
        _PENALTY,
        Kind.THRESHOLD,
        lambda curvature, penalty, **_: 2 / (curvature + penalty * curvature**2),
        experiments.penalised_growth,
        [
            {"curvature": 2.0, "penalty": 0.1, "ascent": 0.3},
            {"curvature": 0.5, "penalty": 1.0, "ascent": -0.2},
        ],
        tolerance=1e-6,
        formula=2 / (curvature * (1 + rho * curvature)),
        first_draws=8,
    ),
    Claim(
        "diagonal-networks/full-batch-penalty-hurts",
        "With full-batch gradients the gradient penalty worsens the recovery of a sparse target, though it "
        "shrinks the scale.",
        _PENALTY,
        Kind.ORDER,
        _one,
        experiments.penalty_benefit,
        [{"penalty": 0.02, "ascent": 0.02, "batch_size": 30, "step_size": 0.05}],
        first_draws=8,
        convention="batches",
    ),
    Claim(
        "diagonal-networks/single-sample-penalty-helps",
        "With single-sample gradients the gradient penalty improves the recovery of a sparse target.",
        _PENALTY,
        Kind.ORDER,
        _minus_one,
        experiments.penalty_benefit,
        [{"penalty": 0.02, "ascent": 0.02, "batch_size": 1, "step_size": 0.01}],
        first_draws=8,
        convention="batches",
    ),
)
