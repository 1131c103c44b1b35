"""Claims about deep linear networks (duality gap, shrinkage), long-tailed regularisers and compatible features."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.neural_collapse import closed_forms
from solvable.analysis.neural_collapse.experiments import linear as experiments
from solvable.analysis.neural_collapse.experiments.rank_one import trained_relu_norm
from solvable.analysis.neural_collapse.quantities import simplex_cosines
from solvable.analysis.neural_collapse.settings import start_features, target_matrix
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    centre_term,
    duality_gap,
    minimum_angle_bound,
    rank_one_gap,
    shrink_singular_values,
    simplex_compatibility,
)
from solvable.solvers.equivalents.mode_sums import Modes

__all__ = ["LINEAR_CLAIMS"]

_NORM = Source("wang2023parallel", "values derived in docs/theory/neural_collapse.md")
_TAIL = Source("liu2023inducing", "regularisers; minimum derived in docs/theory/neural_collapse.md")
_COMPATIBLE = Source("biondi2024stationary", "model derived in docs/theory/neural_collapse.md")
_TAIL_CELL: dict[str, Any] = {"class_sizes": (100, 100, 1, 1), "decay": 5e-3, "dimension": 6}


_SLOPES = Domain(positive_slope=(0.2, 3.0), negative_slope=(-3.0, 3.0), depth=(2, 6))
_TRAINED = "training knows the minimum to the rounding of the objective, its place to the square root of that"


def _simplex_margin(dimension: int, new: float, old: float, **_: Any) -> float:
    found = simplex_compatibility(dimension, new, old)
    return float(found.new_old_same - found.new_old_different)


@cache
def _values(target: str) -> Any:
    return np.linalg.svd(target_matrix(target), compute_uv=False)


L, beta, K = sp.symbols("depth weight_decay classes", positive=True)
q = 2 / L
jump = (2 * beta * (1 - q) / q) ** (1 / (2 - q))


def _norm_quantities(target: str, depth: int) -> dict[str, Any]:
    import mpmath as mp

    values = [mp.mpf(float(v)) for v in _values(target)]
    values = [v for v in values if v > values[0] * 1e-12]
    ones = [1.0] * len(values)
    modes = Modes(values, m=ones, singular=ones)  # sums of a formula's own run over singular values
    return {"schatten": mp.fsum(v ** (mp.mpf(2) / depth) for v in values), "nuclear": mp.fsum(values), "_modes": modes}


def _centre_quantities(class_sizes: Any, dimension: int, problem: int) -> dict[str, Any]:
    X = np.split(start_features(1, sum(class_sizes), dimension, problem), np.cumsum(class_sizes)[:-1])
    return {"scatter": float(sum(np.mean(np.sum((part - part.mean(0)) ** 2, axis=1)) for part in X)),
            "classes": len(class_sizes)}  # fmt: skip


norm = partial(Claim, source=_NORM, convention="deep-linear")
least_weights = partial(
    norm,
    kind=Kind.NUMERICAL,
    domain=Domain(depth=(2, 8)),
    quantities=_norm_quantities,
    tolerance=1e-7,
    reason="weights are trained at three decays and extrapolated to none",
)
tail = partial(Claim, source=_TAIL, kind=Kind.BOUND)
lower = partial(tail, deterministic=True, side="lower")

LINEAR_CLAIMS = (
    least_weights(
        "neural-collapse/minimum-norm",
        "Half the sum of squared weights of a deep linear network that fits is at least (L/2) Σσ^{2/L}.",
        predict=lambda target, depth: float(duality_gap(_values(target), depth).primal),
        measure=lambda rng, **cell: experiments.trained_minimum_norm(rng, "standard", **cell),
        formula=closed_forms.minimum_norm,
        grid=[{"target": t, "depth": L} for L in (2, 3, 4) for t in ("gaussian", "rank-one")],
        quick=(2,),
    ),
    least_weights(
        "neural-collapse/parallel-minimum-norm",
        "Parallel branches with penalty ½Σ‖·‖^L need (L/2) Σσ: a convex problem, no duality gap.",
        predict=lambda target, depth: float(duality_gap(_values(target), depth).parallel),
        measure=lambda rng, **cell: experiments.trained_minimum_norm(rng, "parallel", **cell),
        formula=closed_forms.parallel_norm,
        grid=[{"target": t, "depth": L} for L in (2, 3, 4) for t in ("gaussian", "identity")],
        quick=(3,),
    ),
    norm(
        "neural-collapse/equal-values-leave-a-gap",
        "Equal singular values do not close the duality gap from three layers on: only rank one does.",
        kind=Kind.ORDER,
        deterministic=True,
        predict=lambda **_: 1.0,
        measure=experiments.equal_values_gap,
        grid=cells("depth", [3, 4]),
        quick=(0,),
        assumptions="third-party notes say that the gap vanishes there",
    ),
    norm(
        "neural-collapse/rank-one-relu",
        "On rank-one data x = ca a ReLU network with slopes p at c > 0 and −q at c < 0 has no duality gap where p and "
        "q have one sign, (L/2)(|p| + |q|)^{2/L}; where they differ it needs (L/2)(|p|^{2/L} + |q|^{2/L}).",
        kind=Kind.NUMERICAL,
        predict=lambda **cell: float(rank_one_gap(**cell).primal),
        measure=lambda rng, **cell: trained_relu_norm(rng, "standard", **cell),
        domain=_SLOPES,
        grid=cells("negative_slope depth", [(0.5, 3), (-0.5, 3), (-0.5, 4), (0.5, 4)], positive_slope=1.0),
        tolerance=1e-7,
        reason="weights are trained at three decays and extrapolated to none",
        assumptions="no biases, one output; a gap for two signs although the abstract states strong duality for "
        "rank-one data: its conditions could not be read",
        quick=(0, 1),
    ),
    norm(
        "neural-collapse/rank-one-parallel-relu",
        "Parallel ReLU branches with penalty ½Σ‖·‖^L on rank-one data need (L/2)(|p| + |q|), the value of the dual: no "
        "gap.",
        kind=Kind.NUMERICAL,
        predict=lambda **cell: float(rank_one_gap(**cell).parallel),
        measure=lambda rng, **cell: trained_relu_norm(rng, "parallel", **cell),
        domain=_SLOPES,
        grid=cells("negative_slope depth", [(-0.5, 3), (0.5, 3), (-0.5, 4)], positive_slope=1.0),
        tolerance=1e-7,
        reason="weights are trained at three decays and extrapolated to none",
        assumptions="no biases, one output",
        quick=(0,),
    ),
    norm(
        "neural-collapse/shrinkage",
        "Weight decay on L layers shrinks singular values by the scalar problem with penalty s^{2/L}.",
        kind=Kind.NUMERICAL,
        predict=lambda index, depth, weight_decay: float(
            shrink_singular_values(_values("gaussian")[index], weight_decay, depth).value
        ),
        measure=experiments.trained_shrinkage,
        domain=Domain(weight_decay=(0.05, 1.0)),
        quantities=lambda index, **_: {"singular_value": float(_values("gaussian")[index])},
        grid=[{"index": i, "depth": L, "weight_decay": 0.6} for L in (1, 2, 3, 4) for i in (0, 2)],
        tolerance=1e-6,
        quick=(0, 2, 5),
        reason=_TRAINED,
    ),
    norm(
        "neural-collapse/shrinkage-jump",
        "From three layers on a singular value leaves zero at a threshold, with a jump.",
        kind=Kind.THRESHOLD,
        deterministic=True,
        predict=lambda depth, weight_decay: float(shrink_singular_values(1.0, weight_decay, depth).threshold),
        measure=experiments.scalar_zero_is_best,
        domain=Domain(depth=(3, 8), weight_decay=(0.05, 3.0)),
        grid=[{"depth": L, "weight_decay": b} for L in (3, 4) for b in (0.37, 1.5)],
        tolerance=0.02,
        formula=jump * (2 - q) / (2 * (1 - q)),
        quick=(0, 3),
    ),
    Claim(
        "neural-collapse/centre-term-at-class-means",
        "Learnt centres end at the class means, and the centre term is the mean over classes of the class variance.",
        source=_TAIL,
        kind=Kind.EXACT,
        predict=lambda class_sizes, dimension, problem: centre_term(
            start_features(1, sum(class_sizes), dimension, problem), np.repeat(range(len(class_sizes)), class_sizes)
        ),
        measure=experiments.trained_centres,
        domain=Domain(),
        formula=sp.Symbol("scatter", positive=True) / K,
        quantities=_centre_quantities,
        grid=cells("problem", [0, 1], class_sizes=(9, 4, 1), dimension=3),
        tolerance=1e-9,
    ),
    Claim(
        "neural-collapse/angle-term-minimum",
        "The minimum-angle term is least at −arccos(−1/(K − 1)), the simplex, when K ≤ d + 1.",
        source=_TAIL,
        kind=Kind.NUMERICAL,
        predict=minimum_angle_bound,
        measure=experiments.spread_centres,
        domain=Domain(classes=(2, 12), dimension=(1, 12), where="classes <= dimension + 1"),
        grid=cells("classes dimension", [(3, 2), (5, 4), (6, 8)]),
        tolerance=1e-8,
        formula=-sp.acos(-1 / (K - 1)),
        reason="soft maxima of growing sharpness end within their smoothing of the term itself",
    ),
    lower(
        "neural-collapse/long-tail-bends-the-simplex",
        "Cross-entropy alone: with classes 100 to 1 the angles between class means are far from the simplex.",
        predict=lambda **_: 0.1,
        measure=experiments.angle_excess,
        domain=Domain(),
        grid=[{"angle_weight": 0.0, **_TAIL_CELL}],
    ),
    tail(
        "neural-collapse/angle-term-restores-the-simplex",
        "A tenth of the minimum-angle term brings the class means of a long-tailed problem back to the simplex.",
        predict=lambda **_: 2e-3,
        measure=experiments.angle_excess,
        domain=Domain(angle_weight=(0.05, 2.0)),
        grid=cells("angle_weight", [0.1, 1.0], **_TAIL_CELL),
        side="upper",
        statistic="median",
    ),
    lower(
        "neural-collapse/angle-term-leaves-the-head",
        "With the minimum-angle term the head's rows of the two small classes still merge: the term acts on "
        "features only.",
        predict=lambda **_: 0.3,
        measure=experiments.minority_head_cosine,
        domain=Domain(angle_weight=(0.0, 0.2)),
        grid=cells("angle_weight", [0.0, 0.1], **_TAIL_CELL),
    ),
    Claim(
        "neural-collapse/compatibility-in-expectation",
        "New-old and old-old cosines of von Mises-Fisher features are products of mean resultants, times −1/d "
        "across classes.",
        source=_COMPATIBLE,
        kind=Kind.MEAN,
        predict=lambda pair, dimension, new, old: float(
            getattr(simplex_compatibility(dimension, new, old), pair.replace("-", "_"))
        ),
        measure=experiments.compatibility_cosine,
        domain=Domain(dimension=(2, 30), new=(1.0, 50.0), old=(1.0, 50.0)),
        formula=closed_forms.pair_cosine,
        quantities=simplex_cosines,
        grid=cells(
            "pair",
            ["new-old-same", "old-old-same", "new-old-different", "old-old-different"],
            dimension=9,
            new=20.0,
            old=8.0,
        ),
        tolerance=0.03,
        quick=(0, 3),
    ),
    Claim(
        "neural-collapse/compatible-simplex-is-best",
        "Whatever the d + 1 prototypes the two models share, a new feature is nearer to the old ones of its class than "
        "to those of every other class by no more than the simplex gives, in mean cosines.",
        source=_COMPATIBLE,
        kind=Kind.BOUND,
        predict=_simplex_margin,
        measure=experiments.prototype_margin,
        domain=Domain(dimension=(2, 30), new=(1.0, 50.0), old=(1.0, 50.0), spread=(0.02, 3.0)),
        grid=cells("spread", [0.05, 3.0], dimension=9, new=20.0, old=8.0),
        side="upper",
        first_draws=8,
        assumptions="von Mises-Fisher features around unit prototypes in d dimensions; least gap over ordered pairs",
    ),
    Claim(
        "neural-collapse/compatibility-fails-for-single-pairs",
        "Compatibility holds in expectation only: single features of the better model violate the inequality more "
        "than one time in five.",
        source=_COMPATIBLE,
        kind=Kind.BOUND,
        predict=lambda **_: 0.2,
        measure=experiments.pair_failures,
        domain=Domain(),
        grid=[{"dimension": 9, "new": 20.0, "old": 8.0}],
        side="lower",
    ),
)
