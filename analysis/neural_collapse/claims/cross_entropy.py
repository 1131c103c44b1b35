"""Claims about unconstrained features with cross-entropy: the simplex, and what beats it under deep heads."""

from __future__ import annotations

from functools import partial

import sympy as sp

from solvable.analysis.neural_collapse import closed_forms
from solvable.analysis.neural_collapse.experiments import minimizers as experiments
from solvable.analysis.neural_collapse.quantities import code_quantities
from solvable.analysis.neural_collapse.settings import BALANCED, USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import cross_entropy_code

__all__ = ["CROSS_ENTROPY_CLAIMS"]

_CROSS = Source("zhu2021geometric", "closed form derived in docs/theory/neural_collapse.md")
_LOW_RANK = Source("garrod2024persistence", "abstract; values derived in docs/theory/neural_collapse.md")
_CROSS_CELLS = cells("depth", [2, 3, 4], classes=4, samples=5, weight_decay=1e-3, feature_decay=1e-4)

K, n, lw, lh = sp.symbols("classes samples weight_decay feature_decay", positive=True)
c = K * sp.sqrt(n * lw * lh)


_TRAINED = "training knows the minimum to the rounding of the objective, its place to the square root of that"


def _best_code(code: str, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float) -> float:
    return float(cross_entropy_code(classes, samples, [weight_decay] * depth, feature_decay, code).objective)


_ALIVE = USUAL.but(where="classes*sqrt(samples*weight_decay*feature_decay) < 1")
_WEAK = Domain(samples=(4, 6), weight_decay=(5e-4, 2e-3), feature_decay=(5e-5, 2e-4))
claim = partial(Claim, convention="cross-entropy")
simplex = partial(claim, source=_CROSS, domain=_ALIVE, grid=BALANCED)
best = partial(
    claim,
    source=_LOW_RANK,
    kind=Kind.EXACT,
    measure=experiments.best_random_objective,
    domain=_WEAK,
    formula=closed_forms.code_objective,
    tolerance=1e-9,
)

CROSS_ENTROPY_CLAIMS = (
    simplex(
        "neural-collapse/cross-entropy-gap",
        "One layer, cross-entropy: own minus other logits are log(1 + K(1 − c)/c).",
        kind=Kind.NUMERICAL,
        predict=lambda classes, samples, weight_decay, feature_decay: float(
            cross_entropy_code(classes, samples, weight_decay, feature_decay).scale
        ),
        measure=experiments.logit_gap,
        tolerance=1e-7,
        formula=sp.log(1 + K * (1 - c) / c),
        reason=_TRAINED,
    ),
    simplex(
        "neural-collapse/cross-entropy-objective",
        "One layer, cross-entropy: the simplex is the global minimum, with a value in closed form.",
        kind=Kind.EXACT,
        predict=lambda classes, samples, weight_decay, feature_decay: float(
            cross_entropy_code(classes, samples, weight_decay, feature_decay).objective
        ),
        measure=lambda rng, **cell: experiments.trained_quantity(rng, "objective", loss="ce", **cell),
        formula=closed_forms.cross_entropy_objective,
        tolerance=1e-9,
    ),
    best(
        "neural-collapse/cross-entropy-two-layers",
        "Two layers, cross-entropy, weak decay: the best of several runs is still the simplex.",
        predict=lambda **cell: _best_code("simplex", **cell),
        quantities=partial(code_quantities, code="simplex"),
        grid=_CROSS_CELLS[:1],
    ),
    best(
        "neural-collapse/cross-entropy-two-layers-not-always",
        "Two layers, cross-entropy: stronger decay or more classes suffice for the square, or pairs of opposite "
        "axes, to win.",
        predict=_best_code,
        measure=lambda rng, code, **cell: experiments.best_random_objective(rng, **cell),
        domain=Domain(samples=(4, 6)),
        quantities=code_quantities,
        grid=cells(
            "code classes weight_decay feature_decay",
            [("orthoplex", 6, 1e-3, 1e-4), ("circle", 4, 0.015, 0.015)],
            samples=5,
            depth=2,
        ),
    ),
    best(
        "neural-collapse/cross-entropy-square",
        "Three layers and more, four classes, weak decay: the best runs form a square, of rank two.",
        predict=lambda **cell: _best_code("circle", **cell),
        quantities=partial(code_quantities, code="circle"),
        grid=_CROSS_CELLS[1:],
        quick=(0,),
    ),
    claim(
        "neural-collapse/cross-entropy-not-a-simplex",
        "Three layers and more: training ends below the best simplex, so the simplex is not the global minimum.",
        source=_LOW_RANK,
        kind=Kind.ORDER,
        deterministic=True,
        predict=lambda **_: -1.0,
        measure=experiments.simplex_excess,
        grid=_CROSS_CELLS[1:],
        quick=(0,),
        assumptions="contradicts a literal reading of the abstract of the paper for cross-entropy",
    ),
    claim(
        "neural-collapse/cross-entropy-within-class",
        "Under cross-entropy with three layers the simplex fails, not within-class collapse: features of a class "
        "still coincide.",
        source=_LOW_RANK,
        kind=Kind.EXACT,
        predict=lambda **_: 0.0,
        measure=experiments.within_class_trace,
        domain=_WEAK,
        grid=_CROSS_CELLS[1:],
        absolute_tolerance=1e-9,
        quick=(0,),
    ),
)
