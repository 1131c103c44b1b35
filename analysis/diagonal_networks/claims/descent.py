"""Claims about finite steps: gains, loss stabilisation, label noise, gradient regularisation."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from solvable.analysis.derivation.quantities import cases
from solvable.analysis.diagonal_networks.experiments import instances, runs
from solvable.analysis.diagonal_networks.experiments import networks as experiments
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import interpolator, two_cycle

__all__ = ["DESCENT_CLAIMS"]

Array = NDArray[np.float64]
_FINITE = Source("even2023sgd", "re-derived")
_SPARSE = Source("andriushchenko2023sgd", "experiment")
_SCALAR = Source("andriushchenko2023sgd", "one-dimensional case, derived")
_PENALTY = Source("karakida2023understanding", "derived")


def _cycle(step_size: float, side: str) -> float:
    return float(two_cycle(step_size)[("lower", "upper").index(side)])


def _finite_step_bias(X: Array, y: Array, effective_scale: Array, offset: Array, **_: Any) -> Array:
    return interpolator(X, y, effective_scale, offset=offset).value


def _penalised_bias(X: Array, y: Array, penalty: float, integral: Array, **_: Any) -> Array:
    return interpolator(X, y, 0.3 * np.exp(-4 * penalty * integral)).value


eta, is_upper = sp.symbols("step_size is_upper", positive=True)
curvature, rho = sp.symbols("curvature penalty", positive=True)
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

positive = partial(Claim, kind=Kind.ORDER, predict=lambda **_: 1.0, statistic="median")
negative = partial(Claim, kind=Kind.ORDER, predict=lambda **_: -1.0, statistic="median")
recovery = partial(Claim, source=_FINITE, kind=Kind.ORDER, measure=experiments.recovery_change, convention="batches")
double_well = partial(Claim, source=_SCALAR, domain=Domain(), convention="double-well")
transition = partial(
    double_well, kind=Kind.THRESHOLD, deterministic=True, measure=experiments.scalar_defect, tolerance=2e-3
)
label_noise_run = partial(
    Claim,
    source=_SPARSE,
    domain=Domain(label_noise=(0.05, 0.5), steps_per_time=(50.0, 120.0)),
    measure=runs.noisy_fall,
    given=("squares", "residual"),
)
penalised = partial(
    Claim,
    source=_PENALTY,
    kind=Kind.NUMERICAL,
    domain=Domain(penalty=(0.02, 0.2), ascent=(-0.05, 0.25)),
    grid=cells("ascent", [-0.05, 0.0, 0.05, 0.25], penalty=0.1),
    instance=partial(instances.sparse_problem, shape=(8, 16, 2)),
    given=("integral",),
    reason="the flow is integrated at a relative tolerance of 1e-11 and stopped at residuals of 1e-10",
)
same_step = partial(
    Claim,
    source=_PENALTY,
    kind=Kind.EXACT,
    tolerance=1e-10,
    instance=partial(instances.sparse_problem, shape=(8, 16, 2)),
    convention="batches",
)

DESCENT_CLAIMS = (
    Claim(
        "diagonal-networks/finite-step-bias",
        "Descent at finite step, full batch or not, ends at the interpolator with its gain and offset, exactly.",
        source=_FINITE,
        kind=Kind.EXACT,
        predict=_finite_step_bias,
        measure=runs.finite_step_end,
        domain=Domain(
            step_size=(0.01, 0.1), batch_size=(1, 20), where="step_size <= 0.01*batch_size**0.5 or batch_size == 20"
        ),
        grid=_RUN_GRID,
        tolerance=1e-9,
        quick=(0, 1),
        assumptions="the run interpolates; no step flips a weight to zero; gain and offset are those of the run",
        instance=partial(instances.sparse_problem, shape=(20, 40, 3)),
        given=("effective_scale", "offset"),
        convention="batches",
    ),
    Claim(
        "diagonal-networks/offset-matters",
        "Without the offset the finite-step bias is off by more than 10⁻³ of the largest coefficient.",
        source=_FINITE,
        kind=Kind.BOUND,
        predict=lambda **_: 1e-3,
        measure=runs.offset_effect,
        domain=Domain(),
        grid=[{"step_size": 0.1, "batch_size": 20}],
        side="lower",
        convention="batches",
    ),
    positive(
        "diagonal-networks/gain-concentrates-under-full-batch",
        "The gain of gradient descent sits on the support of the target more than that of SGD.",
        source=_FINITE,
        measure=experiments.gain_contrast_rise,
        grid=[{"descent": 0.1, "sgd": 0.01}],
    ),
    recovery(
        "diagonal-networks/large-full-batch-steps-hurt",
        "Large steps of gradient descent worsen the recovery of a sparse target.",
        predict=lambda **_: 1.0,
        grid=[{"step_size": 0.15, "batch_size": 20}],
    ),
    recovery(
        "diagonal-networks/large-stochastic-steps-help",
        "Large steps of single-sample SGD improve the recovery of a sparse target.",
        predict=lambda **_: -1.0,
        grid=[{"step_size": 0.01, "batch_size": 1}],
    ),
    double_well(
        "diagonal-networks/two-cycle",
        "On (1 − θ²)²/4 steps between 1 and √5 − 1 settle on a cycle of two points, known in closed form.",
        kind=Kind.EXACT,
        predict=_cycle,
        measure=experiments.cycle_point,
        domain=Domain(step_size=(1.02, 1.23), where="step_size > 1"),
        formula=(sp.sqrt(1 + 3 / eta) + (2 * is_upper - 1) * sp.sqrt(1 - 1 / eta)) / 2,
        quantities=lambda side, **_: cases("side", side, "lower", "upper"),
        grid=[{"step_size": e, "side": side} for e in (1.1, 1.2, 1.23) for side in ("upper", "lower")],
        tolerance=1e-10,
        quick=(0, 3),
    ),
    transition(
        "diagonal-networks/loss-stabilises",
        "On (1 − θ²)²/4 gradient descent with steps above 1 no longer converges.",
        grid=[{"period": 1}],
        formula=sp.Integer(1),
    ),
    transition(
        "diagonal-networks/two-cycle-stability",
        "On (1 − θ²)²/4 the two-cycle is stable up to the step √5 − 1.",
        grid=[{"period": 2}],
        formula=sp.sqrt(5) - 1,
    ),
    transition(
        "diagonal-networks/scalar-divergence",
        "On (1 − θ²)²/4 the iterates of gradient descent stay bounded up to the step 2 and escape beyond.",
        grid=[{"period": 0}],
        formula=sp.Integer(2),
    ),
    double_well(
        "diagonal-networks/chaotic-loss",
        "On (1 − θ²)²/4 the loss at step 2 averages to 1/8: the map is conjugate to the tripling of an angle.",
        kind=Kind.MEAN,
        measure=experiments.chaotic_loss,
        grid=[{"step_size": 2.0}],
        tolerance=0.02,
        formula=sp.Rational(1, 8),
    ),
    label_noise_run(
        "diagonal-networks/label-noise-shrinks-the-scale",
        "Label noise of variance δ lowers ln(w₊w₋) by 4γ² diag(XᵀX/n)(δ + mean square residual) a step.",
        kind=Kind.ASYMPTOTIC,
        formula=4 * squares * (label_noise + residual) / steps_per_time**2,
        grid=cells("label_noise", [0.3, 0.1], steps_per_time=80.0),  # at 50 the second order barely shows its order
        tolerance=0.02,
        size="steps_per_time",
        quick=(0,),
        first_draws=8,
        assumptions="derived to second order in the step; size is 1/step",
    ),
    label_noise_run(
        "diagonal-networks/residuals-add-to-label-noise",
        "Counting the label noise alone underestimates the shrinkage of the scale by more than a tenth.",
        kind=Kind.BOUND,
        formula=sp.Rational(11, 10) * 4 * squares * label_noise / steps_per_time**2,
        grid=[{"steps_per_time": 100.0, "label_noise": 0.3}],
        side="lower",
    ),
    positive(
        "diagonal-networks/large-steps-raise-the-plateau",
        "SGD with a larger step keeps the training loss on a higher plateau until the step decays.",
        source=_SPARSE,
        measure=experiments.decayed_rise,
        grid=[{"quantity": "plateau", "small": 0.11, "large": 0.12}],
        assumptions="runs that diverge are redrawn; single trajectories are chaotic, so medians over seeds",
    ),
    negative(
        "diagonal-networks/large-steps-lower-the-error",
        "After the decay of the step, SGD that ran with the larger step has recovered the target better.",
        source=_SPARSE,
        measure=experiments.decayed_rise,
        grid=[{"quantity": "error", "small": 0.11, "large": 0.12}],
        assumptions="runs that diverge are redrawn; single trajectories are chaotic, so medians over seeds",
    ),
    negative(
        "diagonal-networks/longer-phases-are-sparser",
        "The longer SGD stays at the large step before it decays, the fewer coefficients are left and the smaller is "
        "the error.",
        source=_SPARSE,
        measure=experiments.phase_effect,
        grid=cells(
            "quantity short long",
            [("support", 1000, 4000), ("support", 4000, 16_000), ("error", 1000, 4000), ("error", 4000, 16_000)],
            step_size=0.12,
        ),
        quick=(0, 1, 2),
        assumptions="coefficients above a hundredth of the largest; 10,000 steps at a quarter of the step at the end; "
        "diverging runs are redrawn; medians over at least 16 seeds",
        convention="batches",
    ),
    penalised(
        "diagonal-networks/penalised-flow-scale",
        "Gradient regularisation, by any estimate, shrinks ln(w₊w₋) by 8ρ times the integral of g g'.",
        predict=lambda penalty, integral, **_: 8 * penalty * integral,
        measure=runs.penalised_fall,
        tolerance=1e-7,
        quick=(1,),
    ),
    penalised(
        "diagonal-networks/penalised-flow-bias",
        "Gradient flow with a gradient penalty ends at the interpolator of the shrunk scale.",
        predict=_penalised_bias,
        measure=runs.penalised_end,
        tolerance=1e-8,
        quick=(2,),
    ),
    positive(
        "diagonal-networks/forward-shrinks-most",
        "The forward estimate of the gradient penalty shrinks the scale more than double backpropagation, and "
        "that more than the backward one.",
        source=_PENALTY,
        measure=experiments.penalty_order,
        grid=cells("low high", [(0.0, 0.05), (-0.05, 0.0)], penalty=0.1),
    ),
    same_step(
        "diagonal-networks/sharpness-aware",
        "Sharpness-aware minimisation without normalisation is forward regularisation with penalty ρ equal to the "
        "ascent ε.",
        predict=lambda **p: experiments.penalised_path(**p, initial_scale=0.3, steps=200),
        measure=lambda rng, **p: experiments.sharpness_aware_run(**p, initial_scale=0.3, steps=200),
        domain=Domain(step_size=(0.02, 0.06), ascent=(0.02, 0.2)),
        grid=cells("ascent", [0.05, 0.2], step_size=0.05),
        quick=(0,),
    ),
    same_step(
        "diagonal-networks/flooding",
        "A flooding step down and one up move the weights by −γ² times the backward estimate; up and down, by the "
        "forward one.",
        predict=lambda first, step_size, **p: experiments.backward_displacement(
            **p, initial_scale=0.3, step_size=step_size, ascent=-step_size if first == "down" else step_size
        ),
        measure=lambda rng, **p: experiments.flooding_displacement(**p, initial_scale=0.3),
        domain=Domain(step_size=(0.02, 0.1)),
        grid=cells("first", ["down", "up"], step_size=0.1),
    ),
    Claim(
        "diagonal-networks/penalised-stability",
        "On a quadratic of curvature h, descent with the penalty is stable up to the step 2/(h(1 + ρh)).",
        source=_PENALTY,
        kind=Kind.THRESHOLD,
        deterministic=True,
        measure=experiments.penalised_growth,
        domain=Domain(curvature=(0.1, 5.0), penalty=(0.02, 2.0), ascent=(-0.3, 0.5)),
        grid=cells("curvature penalty ascent", [(2.0, 0.1, 0.3), (0.5, 1.0, -0.2)]),
        tolerance=1e-6,
        formula=2 / (curvature * (1 + rho * curvature)),
    ),
    positive(
        "diagonal-networks/full-batch-penalty-hurts",
        "With full-batch gradients the gradient penalty worsens the recovery of a sparse target, though it "
        "shrinks the scale.",
        source=_PENALTY,
        measure=experiments.penalty_benefit,
        grid=[{"penalty": 0.02, "ascent": 0.02, "batch_size": 30, "step_size": 0.05}],
        convention="batches",
    ),
    negative(
        "diagonal-networks/single-sample-penalty-helps",
        "With single-sample gradients the gradient penalty improves the recovery of a sparse target.",
        source=_PENALTY,
        measure=experiments.penalty_benefit,
        grid=[{"penalty": 0.02, "ascent": 0.02, "batch_size": 1, "step_size": 0.01}],
        convention="batches",
    ),
)
