"""Claims about weight decay on scale-invariant losses: what gradient descent and Adam settle at."""

from __future__ import annotations

from functools import partial

from solvable.analysis.sgd_stability import closed_forms
from solvable.analysis.sgd_stability.experiments.adaptive import adam_run, gradient_exponent
from solvable.analysis.sgd_stability.experiments.chains import scale_invariant_run
from solvable.analysis.sgd_stability.quantities import adam_quantities, decay_quantities
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import adam_equilibrium, weight_decay_equilibrium

__all__ = ["CLAIMS"]

_PAPER = "vanlaarhoven2017regularization"
_RANGE = Domain(
    step_size=(0.005, 0.5), weight_decay=(0.001, 0.5), gradient_norm=(0.3, 5.0), where="step_size*weight_decay < 0.9"
)
# where a step takes a few per cent of w at most: gradients that are not small, decay that is
_SLOW = Domain(
    step_size=(0.01, 0.04), weight_decay=(0.1, 0.5), gradient_norm=(5.0, 30.0), d=(20, 400), momentum=(0.0, 0.95)
)
_QUANTITIES = ["norm", "effective_step_size", "angle"]

decay = partial(Claim, source=Source(_PAPER, "finite-step form derived"), domain=_RANGE, convention="scale-invariant")
adam = partial(
    Claim,
    source=Source(_PAPER, "the question; law derived"),
    kind=Kind.ASYMPTOTIC,
    predict=lambda quantity, **p: float(getattr(adam_equilibrium(**p), quantity)),
    measure=adam_run,
    domain=_SLOW,
    tolerance=0.02,
    size="d",
    quick=(0, 2),
    first_draws=8,
    quantities=adam_quantities,
    convention="adam",
    assumptions="gradients are noise, alike in all coordinates; β₂ = 0.999; errors of order p, 1 − β₂ and 1/d",
)
exponent = partial(
    Claim,
    source=Source(_PAPER, "Adam eliminates the influence in part; exponents derived"),
    kind=Kind.ASYMPTOTIC,
    measure=gradient_exponent,
    size="gradient_norm",
    order=2 / 3,
    first_draws=8,
    domain=Domain(d=(20, 200), step_size=(0.01, 0.04), weight_decay=(0.1, 0.5), gradient_norm=(3.0, 10.0)),
    absolute_tolerance=0.03,
    convention="adam",
)
_RUN = {"d": 25, "step_size": 0.02, "weight_decay": 0.3, "gradient_norm": 10.0}

CLAIMS = (
    decay(
        "sgd-stability/weight-decay-equilibrium",
        "A scale-invariant model with decay settles at the predicted norm, effective step, angle and relaxation rate.",
        kind=Kind.NUMERICAL,
        predict=lambda quantity, **p: float(getattr(weight_decay_equilibrium(**p), quantity)),
        measure=scale_invariant_run,
        formula=closed_forms.equilibrium,
        quantities=decay_quantities,
        grid=cells("quantity", [*_QUANTITIES, "relaxation"], step_size=0.1, weight_decay=0.05, gradient_norm=2.0),
        tolerance=1e-5,
        assumptions="gradient orthogonal to w and of size g/‖w‖; ηλ < 1",
        reason="the relaxation rate is read where the deviation is 1e-4 of the norm and not yet linear",
    ),
    decay(
        "sgd-stability/effective-step-size",
        "The effective step size depends on ηλ only, step size times weight decay, as its square root.",
        kind=Kind.EXACT,
        predict=lambda **p: float(weight_decay_equilibrium(**p).effective_step_size),
        measure=lambda rng, **p: scale_invariant_run(rng, "effective_step_size", **p),
        grid=cells("step_size weight_decay", [(0.1, 0.05), (0.5, 0.01), (0.2, 0.1)], gradient_norm=2.0),
        tolerance=1e-9,
        formula=closed_forms.effective_step_size,
    ),
    adam(
        "sgd-stability/adamw-equilibrium",
        "Adam with decoupled decay settles at a norm and a turn per step that know the step size, the decay and the "
        "momentum, not the size of the gradients.",
        formula=closed_forms.decoupled_equilibrium,
        grid=cells("quantity", _QUANTITIES, **_RUN, momentum=0.9, decay="decoupled"),
    ),
    adam(
        "sgd-stability/adam-penalty-equilibrium",
        "Adam with the decay in its gradient settles where the share p of w lost in a step solves an algebraic "
        "equation; the norm then knows the size of the gradients, as its cube root.",
        formula=closed_forms.penalty_equilibrium,
        grid=cells("quantity", _QUANTITIES, **_RUN, momentum=0.5, decay="penalty"),
    ),
    exponent(
        "sgd-stability/adam-remembers-the-gradients",
        "With the decay in its gradient Adam's effective step size falls as g^{−1/3}: dividing by the size of the "
        "gradients removes the scale of the loss only where nothing else is added to them.",
        predict=lambda **_: -1 / 3,
        grid=[{**_RUN, "step_size": 0.03, "gradient_norm": 4.0, "momentum": 0.9, "decay": "penalty"}],
    ),
    exponent(
        "sgd-stability/adamw-forgets-the-gradients",
        "With decoupled decay Adam's effective step size does not depend on the size of the gradients.",
        predict=lambda **_: 0.0,
        grid=[{**_RUN, "gradient_norm": 4.0, "momentum": 0.9, "decay": "decoupled"}],
    ),
)
