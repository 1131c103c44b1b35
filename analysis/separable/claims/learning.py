"""Claims about what is learned when: descent, wrong labels, tasks in sequence, simple and complex features."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.separable.experiments import early, networks, sequences
from solvable.analysis.separable.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import continual_bounds, max_margin, slab_moments

__all__ = ["LEARNING_CLAIMS"]

_SEQUENCE = Source("evron2023continual", "this bound derived in docs/theory/separable.md")
_ORDERS = Source("evron2023continual", "this comparison is an observation of this project")
_EARLY = Source("liu2020early")
_BIAS = Source("shah2020pitfalls")
_MOMENTS = Source("shah2020pitfalls", "these moments derived in docs/theory/separable.md")


def _bound(sets: Any, steps: int, ordering: str) -> Any:
    margin = max_margin(sets.reshape(-1, sets.shape[2])).margin
    return continual_bounds(float(np.linalg.norm(sets, axis=2).max()), margin, len(sets), ordering, steps)


def _moment(coordinate: int, power: int, corrupt: float, **data: Any) -> float:
    found = slab_moments(**data, corrupt_linear=corrupt)
    return [[found.linear, found.linear_square], [found.slab, found.slab_square]][coordinate][power - 1]


_TASKS = {"count": 4, "rows": 3, "d": 12}

claim = partial(Claim, domain=USUAL)

LEARNING_CLAIMS = (
    claim(
        "separable/cyclic-bound",
        "In turn, the squared distance to what separates all tasks is at most (1 − μ²/(TR²))^{⌊k/T⌋}/μ².",
        source=_SEQUENCE,
        kind=Kind.BOUND,
        predict=lambda count, rows, d, steps, sets: float(_bound(sets, steps, "cyclic").distance2),
        measure=lambda rng, count, rows, d, steps, sets: sequences.squared_distance(rng, sets, steps, "cyclic"),
        grid=cells("steps", [1, 8, 40], **_TASKS),
        side="upper",
        instance=sequences.drawn_tasks,
        first_draws=32,
    ),
    claim(
        "separable/random-bound",
        "In random order, the mean squared distance to what separates all tasks is at most (1 − μ²/(TR²))^k/μ².",
        source=_SEQUENCE,
        kind=Kind.BOUND,
        predict=lambda count, rows, d, steps, sets: float(_bound(sets, steps, "random").distance2),
        measure=lambda rng, count, rows, d, steps, sets: float(
            np.mean([sequences.squared_distance(rng, sets, steps, "random") for _ in range(8)])
        ),
        grid=cells("steps", [1, 20, 60], **_TASKS),
        side="upper",
        instance=sequences.drawn_tasks,
        first_draws=32,
        assumptions="means over 8 orders of the same tasks",
        quick=(0, 1),
    ),
    claim(
        "separable/forgetting-bound",
        "The squared hinge loss of the worst row of all tasks is at most R² times the bound of the squared distance.",
        source=_SEQUENCE,
        kind=Kind.BOUND,
        predict=lambda count, rows, d, steps, sets: float(_bound(sets, steps, "cyclic").forgetting),
        measure=lambda rng, count, rows, d, steps, sets: sequences.worst_hinge(rng, sets, steps, "cyclic"),
        grid=cells("steps", [1, 8, 40], **_TASKS),
        side="upper",
        instance=sequences.drawn_tasks,
        first_draws=32,
    ),
    claim(
        "separable/random-order-forgets-more",
        "After as many tasks a random order is farther from separating all of them than the cyclic one.",
        source=_ORDERS,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=sequences.order_gap,
        grid=cells("steps", [24], **_TASKS),
        assumptions="24 tasks; true of 46 of 48 instances, medians of the squared distance 0.11 against 0.0013",
    ),
    claim(
        "separable/early-phase",
        "Early in descent most rows with a flipped label are given their true one.",
        source=_EARLY,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=lambda rng, **cell: early.held(rng, strength=0.0, **cell),
        grid=cells("flips", [0.1, 0.2, 0.3], n=500, p=1000, steps=5),
        assumptions="steps of 0.5, noise 0.1; the score of the median row, after 5 steps: all rows in the runs seen",
        quick=(1,),
    ),
    claim(
        "separable/flipped-labels-are-fitted",
        "Late in descent most rows with a flipped label are not given their true one, when dimensions exceed rows.",
        source=_EARLY,
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=lambda rng, **cell: early.held(rng, strength=0.0, **cell),
        grid=cells("flips", [0.1, 0.2, 0.3], n=500, p=1000, steps=1000),
        first_draws=8,
        quick=(1,),
    ),
    claim(
        "separable/gradient-aligns-early",
        "For up to two steps the descent direction has a cosine of at least 1/6 with the true one.",
        source=_EARLY,
        kind=Kind.BOUND,
        predict=lambda **_: 1 / 6,
        measure=early.alignment,
        grid=cells("step", [0, 1, 2], n=500, p=1000, flips=0.2),
        quick=(2,),
        side="lower",
        assumptions="the constant 1/6 is recalled, not read; 0.97, 0.93, 0.84 are measured",
    ),
    claim(
        "separable/early-learning-term-holds",
        "With the early-learning term most rows with a flipped label keep their true one, and without it they lose it.",
        source=_EARLY,
        kind=Kind.ORDER,
        predict=lambda strength, **_: 1.0 if strength else -1.0,
        measure=early.held,
        grid=[
            *cells("strength", [0.0, 1.0, 3.0, 7.0], n=200, p=400, flips=0.2, steps=2000),
            *cells("strength", [0.0, 3.0], n=500, p=1000, flips=0.2, steps=3000),
        ],
        first_draws=8,
        assumptions="β = 0.7; at λ = 0.25, 0.5 and 1 a share of 0.4, 1 and 1 is kept after 3,000 steps",
        quick=(0, 2),
    ),
    claim(
        "separable/linear-moment-of-slabs-vanishes",
        "A linear reader sees (1 − 2ε)(1 + m)/2 of the linear coordinate and nothing of the slabs.",
        source=_MOMENTS,
        kind=Kind.MEAN,
        predict=_moment,
        measure=networks.slab_product,
        grid=cells(
            "coordinate power slabs corrupt slab_margin",
            [(0, 1, 3, 0.0, 0.1), (1, 1, 3, 0.0, 0.1), (1, 2, 3, 0.0, 0.1), (1, 1, 7, 0.1, 0.02), (1, 2, 7, 0.1, 0.02)],
            linear_margin=0.1,
        ),
        tolerance=0.01,
        absolute_tolerance=0.002,
    ),
    claim(
        "separable/network-uses-linear-only",
        "A trained ReLU network loses its accuracy when the linear coordinate is shuffled and none with the slabs.",
        source=_BIAS,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=lambda rng, **cell: networks.reliance_gap(rng, **cell) - 0.45,
        grid=cells("d", [10, 50], slabs=3, corrupt=0.0),
        assumptions="60 units, 1,000 rows, 300 steps with momentum; accuracies 1.0, 0.50 and 1.0; a gap above 0.45",
        quick=(0,),
        first_draws=8,
    ),
    claim(
        "separable/simple-but-worse-feature-wins",
        "With a tenth of the linear coordinate wrong, networks still use it and not 7 slabs, which are always right.",
        source=_BIAS,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=lambda rng, **cell: networks.reliance_gap(rng, **cell) - 0.1,
        grid=cells("d", [10, 50], slabs=7, corrupt=0.1),
        assumptions="7 slabs; accuracies 0.82 to 0.85, shuffled slab 0.80, shuffled linear 0.50 to 0.56",
        quick=(0,),
        first_draws=8,
    ),
    claim(
        "separable/three-slabs-are-learned",
        "With a tenth of the linear coordinate wrong, networks turn to the slab coordinate if it has 3 slabs.",
        source=Source("shah2020pitfalls", "observation of this project, against the abstract's statement"),
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=networks.reliance_gap,
        grid=cells("d", [10], slabs=3, corrupt=0.1),
        assumptions="accuracy 0.998, shuffled slab 0.51, shuffled linear 0.99",
        first_draws=8,
    ),
    claim(
        "separable/ensembles-do-not-help",
        "The mean of five networks relies on the linear coordinate as one does.",
        source=_BIAS,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=networks.ensemble_gap,
        grid=cells("d", [10, 50], slabs=7, corrupt=0.1, nets=5),
        first_draws=8,
        quick=(0,),
    ),
)
