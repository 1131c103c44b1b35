"""Claims about unconstrained features with cross-entropy: the simplex, and what beats it under deep heads."""

from __future__ import annotations

import sympy as sp

from solvable.analysis.neural_collapse.experiments import minimizers as experiments
from solvable.analysis.neural_collapse.settings import BALANCED
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.solvers import cross_entropy_code

__all__ = ["CROSS_ENTROPY_CLAIMS"]

_CROSS = Source("zhu2021geometric", "closed form derived in docs/theory/neural_collapse.md")
_LOW_RANK = Source("garrod2024persistence", "abstract; values derived in docs/theory/neural_collapse.md")
_CROSS_CELLS = [
    {"classes": 4, "samples": 5, "depth": m, "weight_decay": 1e-3, "feature_decay": 1e-4} for m in (2, 3, 4)
]

K, n, lw, lh = sp.symbols("classes samples weight_decay feature_decay", positive=True)
c = K * sp.sqrt(n * lw * lh)


def _best_code(code: str, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float) -> float:
    return float(cross_entropy_code(classes, samples, [weight_decay] * depth, feature_decay, code).objective)


CROSS_ENTROPY_CLAIMS = (
    Claim(
        "neural-collapse/cross-entropy-gap",
        "One layer, cross-entropy: own minus other logits are log(1 + K(1 − c)/c).",
        _CROSS,
        Kind.EXACT,
        lambda classes, samples, weight_decay, feature_decay: float(
            cross_entropy_code(classes, samples, weight_decay, feature_decay).scale
        ),
        experiments.logit_gap,
        BALANCED,
        tolerance=1e-5,
        formula=sp.log(1 + K * (1 - c) / c),
        convention="cross-entropy",
    ),
    Claim(
        "neural-collapse/cross-entropy-objective",
        "One layer, cross-entropy: the simplex is the global minimum, with a value in closed form.",
        _CROSS,
        Kind.EXACT,
        lambda classes, samples, weight_decay, feature_decay: float(
            cross_entropy_code(classes, samples, weight_decay, feature_decay).objective
        ),
        lambda rng, **cell: experiments.trained_quantity(rng, "objective", loss="ce", **cell),
        BALANCED,
        tolerance=1e-9,
        convention="cross-entropy",
    ),
    Claim(
        "neural-collapse/cross-entropy-two-layers",
        "Two layers, cross-entropy, weak decay: the best of several runs is still the simplex.",
        _LOW_RANK,
        Kind.EXACT,
        lambda **cell: _best_code("simplex", **cell),
        experiments.best_random_objective,
        _CROSS_CELLS[:1],
        tolerance=1e-9,
        convention="cross-entropy",
    ),
    Claim(
        "neural-collapse/cross-entropy-two-layers-not-always",
        "Two layers, cross-entropy: stronger decay or more classes suffice for the square, or pairs of opposite "
        "axes, to win.",
        _LOW_RANK,
        Kind.EXACT,
        _best_code,
        lambda rng, code, **cell: experiments.best_random_objective(rng, **cell),
        [
            {"code": "orthoplex", "classes": 6, "samples": 5, "depth": 2, "weight_decay": 1e-3, "feature_decay": 1e-4},
            {"code": "circle", "classes": 4, "samples": 5, "depth": 2, "weight_decay": 0.015, "feature_decay": 0.015},
        ],
        tolerance=1e-9,
        convention="cross-entropy",
    ),
    Claim(
        "neural-collapse/cross-entropy-square",
        "Three layers and more, four classes, weak decay: the best runs form a square, of rank two.",
        _LOW_RANK,
        Kind.EXACT,
        lambda **cell: _best_code("circle", **cell),
        experiments.best_random_objective,
        _CROSS_CELLS[1:],
        tolerance=1e-9,
        quick=(0,),
        convention="cross-entropy",
    ),
    Claim(
        "neural-collapse/cross-entropy-not-a-simplex",
        "Three layers and more: training ends below the best simplex, so the simplex is not the global minimum.",
        _LOW_RANK,
        Kind.ORDER,
        lambda **_: -1.0,
        experiments.simplex_excess,
        _CROSS_CELLS[1:],
        first_draws=8,
        quick=(0,),
        assumptions="contradicts a literal reading of the abstract of the paper for cross-entropy",
        convention="cross-entropy",
    ),
    Claim(
        "neural-collapse/cross-entropy-within-class",
        "Under cross-entropy with three layers the simplex fails, not within-class collapse: features of a class "
        "still coincide.",
        _LOW_RANK,
        Kind.EXACT,
        lambda **_: 0.0,
        experiments.within_class_trace,
        _CROSS_CELLS[1:],
        absolute_tolerance=1e-8,
        quick=(0,),
        convention="cross-entropy",
    ),
)
