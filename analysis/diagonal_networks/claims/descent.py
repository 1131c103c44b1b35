"""Claims about finite steps: gains, loss stabilisation, label noise, gradient regularisation."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from solvable.analysis.derivation.quantities import cases
from solvable.analysis.diagonal_networks.experiments import instances
from solvable.analysis.diagonal_networks.experiments import networks as experiments
from solvable.analysis.diagonal_networks.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import DescentRun, interpolator, two_cycle

__all__ = ["DESCENT_CLAIMS"]

Array = NDArray[np.float64]
_FINITE = Source("even2023sgd", "re-derived")
_SPARSE = Source("andriushchenko2023sgd", "experiment")
_SCALAR = Source("andriushchenko2023sgd", "one-dimensional case, derived")
_PENALTY = Source("karakida2023understanding", "derived")


_INTEGRATED = "the flow is integrated at a relative tolerance of 1e-11 and stopped at residuals of 1e-10"


def _one(**_: Any) -> float:
    return 1.0


def _minus_one(**_: Any) -> float:
    return -1.0


def _cycle(step_size: float, side: str) -> float:
    return float(two_cycle(step_size)[("lower", "upper").index(side)])


def _finite_step_bias(X: Array, y: Array, run: DescentRun, **_: Any) -> Array:
    return interpolator(X, y, run.effective_scale[0], offset=run.offset[0]).value


def _penalised_bias(X: Array, y: Array, penalty: float, integral: Array, **_: Any) -> Array:
    return interpolator(X, y, 0.3 * np.exp(-4 * penalty * integral)).value


def _shrinkage(steps_per_time: float, label_noise: float, squares: float, residual: float, **_: float) -> float:
    """Fall of ln(w_+ w_-), mean over the coordinates."""
    return 4 * squares * (label_noise + residual) / steps_per_time**2


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

squares, residual = sp.symbols("squares residual", positive=True)
label_noise, steps_per_time = sp.symbols("label_noise steps_per_time", positive=True)
_is_upper = sp.Symbol("is_upper", positive=True)

claim = partial(Claim, domain=USUAL)

DESCENT_CLAIMS = (
    claim(
        "diagonal-networks/finite-step-bias",
        "Descent at finite step, full batch or not, ends at the interpolator with its gain and offset, exactly.",
        source=_FINITE,
        kind=Kind.EXACT,
        predict=_finite_step_bias,
        measure=lambda rng, run, **_: run.beta[0, -1],
        domain=Domain(
            step_size=(0.01, 0.1), batch_size=(1, 20), where="step_size <= 0.01*batch_size**0.5 or batch_size == 20"
        ),
        grid=_RUN_GRID,
        tolerance=1e-9,
        quick=(0, 1),
        assumptions="the run interpolates; no step flips a weight to zero; gain and offset are those of the run",
        instance=instances.finite_step_run,
        convention="batches",
    ),
    claim(
        "diagonal-networks/offset-matters",
        "Without the offset the finite-step bias is off by more than 10⁻³ of the largest coefficient.",
        source=_FINITE,
        kind=Kind.BOUND,
        predict=lambda **_: 1e-3,
        measure=instances.offset_effect,
        domain=Domain(),
        grid=[{"step_size": 0.1, "batch_size": 20}],
        side="lower",
        convention="batches",
    ),
    Claim(
        "diagonal-networks/gain-concentrates-under-full-batch",
        "The gain of gradient descent sits on the support of the target more than that of SGD.",
        source=_FINITE,
        kind=Kind.ORDER,
        predict=_one,
        measure=experiments.gain_contrast_rise,
        grid=[{"descent": 0.1, "sgd": 0.01}],
        first_draws=16,
        statistic="median",
    ),
    Claim(
        "diagonal-networks/large-full-batch-steps-hurt",
        "Large steps of gradient descent worsen the recovery of a sparse target.",
        source=_FINITE,
        kind=Kind.ORDER,
        predict=_one,
        measure=experiments.recovery_change,
        grid=[{"step_size": 0.15, "batch_size": 20}],
        convention="batches",
    ),
    Claim(
        "diagonal-networks/large-stochastic-steps-help",
        "Large steps of single-sample SGD improve the recovery of a sparse target.",
        source=_FINITE,
        kind=Kind.ORDER,
        predict=_minus_one,
        measure=experiments.recovery_change,
        grid=[{"step_size": 0.01, "batch_size": 1}],
        convention="batches",
    ),
    claim(
        "diagonal-networks/two-cycle",
        "On (1 − θ²)²/4 steps between 1 and √5 − 1 settle on a cycle of two points, known in closed form.",
        source=_SCALAR,
        kind=Kind.EXACT,
        predict=_cycle,
        measure=experiments.cycle_point,
        domain=Domain(step_size=(1.02, 1.23), where="step_size > 1"),
        formula=(sp.sqrt(1 + 3 / eta) + (2 * _is_upper - 1) * sp.sqrt(1 - 1 / eta)) / 2,
        quantities=lambda side, **_: cases("side", side, "lower", "upper"),
        grid=[{"step_size": e, "side": side} for e in (1.1, 1.2, 1.23) for side in ("upper", "lower")],
        tolerance=1e-10,
        quick=(0, 3),
        convention="double-well",
    ),
    claim(
        "diagonal-networks/loss-stabilises",
        "On (1 − θ²)²/4 gradient descent with steps above 1 no longer converges.",
        source=_SCALAR,
        kind=Kind.THRESHOLD,
        deterministic=True,
        predict=lambda **_: 1.0,
        measure=experiments.scalar_defect,
        domain=Domain(),
        grid=[{"period": 1}],
        tolerance=2e-3,
        formula=sp.Integer(1),
        convention="double-well",
    ),
    claim(
        "diagonal-networks/two-cycle-stability",
        "On (1 − θ²)²/4 the two-cycle is stable up to the step √5 − 1.",
        source=_SCALAR,
        kind=Kind.THRESHOLD,
        deterministic=True,
        predict=lambda **_: float(np.sqrt(5) - 1),
        measure=experiments.scalar_defect,
        domain=Domain(),
        grid=[{"period": 2}],
        tolerance=2e-3,
        formula=sp.sqrt(5) - 1,
        convention="double-well",
    ),
    claim(
        "diagonal-networks/scalar-divergence",
        "On (1 − θ²)²/4 the iterates of gradient descent stay bounded up to the step 2 and escape beyond.",
        source=_SCALAR,
        kind=Kind.THRESHOLD,
        deterministic=True,
        predict=lambda **_: 2.0,
        measure=experiments.scalar_defect,
        domain=Domain(),
        grid=[{"period": 0}],
        tolerance=2e-3,
        formula=sp.Integer(2),
        convention="double-well",
    ),
    claim(
        "diagonal-networks/chaotic-loss",
        "On (1 − θ²)²/4 the loss at step 2 averages to 1/8: the map is conjugate to the tripling of an angle.",
        source=_SCALAR,
        kind=Kind.MEAN,
        predict=lambda **_: 0.125,
        measure=experiments.chaotic_loss,
        domain=Domain(),
        grid=[{"step_size": 2.0}],
        tolerance=0.02,
        formula=sp.Rational(1, 8),
        convention="double-well",
    ),
    claim(
        "diagonal-networks/label-noise-shrinks-the-scale",
        "Label noise of variance δ lowers ln(w₊w₋) by 4γ² diag(XᵀX/n)(δ + mean square residual) a step.",
        source=_SPARSE,
        kind=Kind.ASYMPTOTIC,
        predict=_shrinkage,
        measure=lambda rng, fall, **_: fall,
        domain=Domain(label_noise=(0.05, 0.5), steps_per_time=(50.0, 120.0)),
        formula=4 * squares * (label_noise + residual) / steps_per_time**2,
        grid=cells("label_noise", [0.3, 0.1], steps_per_time=50.0),
        tolerance=0.02,
        size="steps_per_time",
        quick=(0,),
        first_draws=8,
        assumptions="derived to second order in the step; size is 1/step",
        instance=instances.noisy_run,
    ),
    claim(
        "diagonal-networks/residuals-add-to-label-noise",
        "Counting the label noise alone underestimates the shrinkage of the scale by more than a tenth.",
        source=_SPARSE,
        kind=Kind.BOUND,
        predict=lambda residual, **p: 1.1 * _shrinkage(residual=0.0, **p),
        measure=lambda rng, fall, **_: fall,
        domain=Domain(label_noise=(0.05, 0.5), steps_per_time=(50.0, 120.0)),
        formula=sp.Rational(11, 10) * 4 * squares * label_noise / steps_per_time**2,
        grid=[{"steps_per_time": 100.0, "label_noise": 0.3}],
        side="lower",
        instance=instances.noisy_run,
    ),
    Claim(
        "diagonal-networks/large-steps-raise-the-plateau",
        "SGD with a larger step keeps the training loss on a higher plateau until the step decays.",
        source=_SPARSE,
        kind=Kind.ORDER,
        predict=_one,
        measure=experiments.decayed_rise,
        grid=[{"quantity": "plateau", "small": 0.11, "large": 0.12}],
        statistic="median",
        assumptions="runs that diverge are redrawn; single trajectories are chaotic, so medians over seeds",
    ),
    Claim(
        "diagonal-networks/large-steps-lower-the-error",
        "After the decay of the step, SGD that ran with the larger step has recovered the target better.",
        source=_SPARSE,
        kind=Kind.ORDER,
        predict=_minus_one,
        measure=experiments.decayed_rise,
        grid=[{"quantity": "error", "small": 0.11, "large": 0.12}],
        statistic="median",
        assumptions="runs that diverge are redrawn; single trajectories are chaotic, so medians over seeds",
    ),
    claim(
        "diagonal-networks/penalised-flow-scale",
        "Gradient regularisation, by any estimate, shrinks ln(w₊w₋) by 8ρ times the integral of g g'.",
        source=_PENALTY,
        kind=Kind.NUMERICAL,
        predict=lambda penalty, integral, **_: 8 * penalty * integral,
        measure=lambda rng, logs, **_: np.log(0.09) - logs,
        domain=Domain(penalty=(0.02, 0.2), ascent=(-0.05, 0.25)),
        grid=cells("ascent", [-0.05, 0.0, 0.05, 0.25], penalty=0.1),
        tolerance=1e-7,
        quick=(1,),
        instance=instances.penalised_problem,
        reason=_INTEGRATED,
    ),
    claim(
        "diagonal-networks/penalised-flow-bias",
        "Gradient flow with a gradient penalty ends at the interpolator of the shrunk scale.",
        source=_PENALTY,
        kind=Kind.NUMERICAL,
        predict=_penalised_bias,
        measure=lambda rng, beta, **_: beta,
        domain=Domain(penalty=(0.02, 0.2), ascent=(-0.05, 0.25)),
        grid=cells("ascent", [-0.05, 0.0, 0.05, 0.25], penalty=0.1),
        tolerance=1e-8,
        quick=(2,),
        instance=instances.penalised_problem,
        reason=_INTEGRATED,
    ),
    Claim(
        "diagonal-networks/forward-shrinks-most",
        "The forward estimate of the gradient penalty shrinks the scale more than double backpropagation, and "
        "that more than the backward one.",
        source=_PENALTY,
        kind=Kind.ORDER,
        predict=_one,
        measure=experiments.penalty_order,
        grid=cells("low high", [(0.0, 0.05), (-0.05, 0.0)], penalty=0.1),
        first_draws=16,
        statistic="median",
    ),
    claim(
        "diagonal-networks/sharpness-aware",
        "Sharpness-aware minimisation without normalisation is forward regularisation with penalty ρ equal to the "
        "ascent ε.",
        source=_PENALTY,
        kind=Kind.EXACT,
        predict=lambda **p: experiments.penalised_path(**p, initial_scale=0.3, steps=200),
        measure=lambda rng, **p: experiments.sharpness_aware_run(**p, initial_scale=0.3, steps=200),
        domain=Domain(step_size=(0.02, 0.06), ascent=(0.02, 0.2)),
        grid=cells("ascent", [0.05, 0.2], step_size=0.05),
        tolerance=1e-10,
        quick=(0,),
        instance=partial(instances.sparse_problem, shape=(8, 16, 2)),
        convention="batches",
    ),
    claim(
        "diagonal-networks/flooding",
        "A flooding step down and one up move the weights by −γ² times the backward estimate; up and down, by the "
        "forward one.",
        source=_PENALTY,
        kind=Kind.EXACT,
        predict=lambda first, step_size, **p: experiments.backward_displacement(
            **p, initial_scale=0.3, step_size=step_size, ascent=-step_size if first == "down" else step_size
        ),
        measure=lambda rng, **p: experiments.flooding_displacement(**p, initial_scale=0.3),
        domain=Domain(step_size=(0.02, 0.1)),
        grid=cells("first", ["down", "up"], step_size=0.1),
        tolerance=1e-10,
        instance=partial(instances.sparse_problem, shape=(8, 16, 2)),
        convention="batches",
    ),
    claim(
        "diagonal-networks/penalised-stability",
        "On a quadratic of curvature h, descent with the penalty is stable up to the step 2/(h(1 + ρh)).",
        source=_PENALTY,
        kind=Kind.THRESHOLD,
        deterministic=True,
        predict=lambda curvature, penalty, **_: 2 / (curvature + penalty * curvature**2),
        measure=experiments.penalised_growth,
        domain=Domain(curvature=(0.1, 5.0), penalty=(0.02, 2.0), ascent=(-0.3, 0.5)),
        grid=cells("curvature penalty ascent", [(2.0, 0.1, 0.3), (0.5, 1.0, -0.2)]),
        tolerance=1e-6,
        formula=2 / (curvature * (1 + rho * curvature)),
    ),
    Claim(
        "diagonal-networks/full-batch-penalty-hurts",
        "With full-batch gradients the gradient penalty worsens the recovery of a sparse target, though it "
        "shrinks the scale.",
        source=_PENALTY,
        kind=Kind.ORDER,
        predict=_one,
        measure=experiments.penalty_benefit,
        grid=[{"penalty": 0.02, "ascent": 0.02, "batch_size": 30, "step_size": 0.05}],
        first_draws=16,
        statistic="median",
        convention="batches",
    ),
    Claim(
        "diagonal-networks/single-sample-penalty-helps",
        "With single-sample gradients the gradient penalty improves the recovery of a sparse target.",
        source=_PENALTY,
        kind=Kind.ORDER,
        predict=_minus_one,
        measure=experiments.penalty_benefit,
        grid=[{"penalty": 0.02, "ascent": 0.02, "batch_size": 1, "step_size": 0.01}],
        first_draws=16,
        statistic="median",
        convention="batches",
    ),
)
