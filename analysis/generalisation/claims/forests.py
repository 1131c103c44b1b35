"""Claims about forests as smoothers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.generalisation.experiments import forests
from solvable.analysis.generalisation.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import effective_parameters, forest_weights

__all__ = ["FOREST_CLAIMS"]

_PAPER = Source("curth2024why")
claim = partial(Claim, domain=USUAL.but(n=(10, 120), d=(2, 6)))


class _Leaves:
    """A forest of which only the leaves of some rows are known; its inputs are the rows' numbers."""

    def __init__(self, here: Any, there: Any) -> None:
        self.table = np.vstack([here, there])
        self.here = np.arange(len(here), dtype=float)[:, None]
        self.there = len(here) + np.arange(len(there), dtype=float)[:, None]

    def apply(self, X: Any) -> Any:
        return self.table[np.asarray(X)[:, 0].astype(int)]


def _weights(here: Any, there: Any, counts: Any) -> Any:
    forest = _Leaves(here, there)
    return forest_weights(forest, forest.here, forest.there, counts)


def _mean_of_trees(here: Any, there: Any, counts: Any, **_: Any) -> float:
    one = [slice(t, t + 1) for t in range(len(counts))]
    return float(np.mean([effective_parameters(_weights(here[:, t], there[:, t], counts[t])) for t in one]))


FOREST_CLAIMS = (
    claim(
        "generalisation/forest-is-a-smoother",
        "What a forest predicts is a weighted mean of the training labels, with the weights of its leaves.",
        source=_PAPER,
        kind=Kind.EXACT,
        predict=lambda here, there, counts, y, **_: _weights(here, there, counts) @ y,
        measure=forests.forest_values,
        grid=cells("bootstrap", [False, True], n=60, d=4, trees=20),
        given=("here", "there", "counts", "y"),
        tolerance=1e-10,
    ),
    claim(
        "generalisation/parameters-of-a-tree",
        "A tree without bootstrap is a projection: at its training inputs it uses as many effective parameters as "
        "leaves.",
        source=_PAPER,
        kind=Kind.EXACT,
        predict=lambda there, **_: effective_parameters(_weights(there, there, np.ones((1, len(there))))),
        measure=forests.leaves_of_a_tree,
        grid=cells("leaves", [5, 20], n=60, d=4),
        given=("there",),
        tolerance=1e-10,
    ),
    claim(
        "generalisation/effective-parameters-fall",
        "A forest uses at most as many effective parameters as its trees do on average, at any inputs.",
        source=_PAPER,
        kind=Kind.BOUND,
        side="upper",
        predict=_mean_of_trees,
        measure=forests.forest_size,
        grid=cells(
            "where bootstrap", [(where, drawn) for where in ("train", "test", "far") for drawn in (False, True)],
            n=100, d=5, trees=50,
        ),
        given=("here", "there", "counts"),
        quick=(0, 3, 5),
        first_draws=8,
    ),
    claim(
        "generalisation/test-below-train",
        "A forest uses fewer effective parameters at test inputs than at its training inputs.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=forests.test_less_train,
        grid=cells("bootstrap", [False, True], n=100, d=5, trees=50),
        first_draws=8,
    ),
    claim(
        "generalisation/far-inputs",
        "At inputs three times wider a forest uses more effective parameters than at test inputs.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=forests.far_less_test,
        grid=cells("bootstrap", [False, True], n=100, d=5, trees=50),
        assumptions="wider Gaussians stand for inputs unlike those of training",
        quick=(0,),
        first_draws=8,
    ),
    claim(
        "generalisation/bootstrap-breaks-the-trace",
        "With bootstrap a tree is no projection: it uses more effective parameters at its training inputs than its "
        "trace.",
        source=Source("curth2024why", "observation of this project"),
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=forests.trace_gap,
        grid=cells("n", [50, 100], d=5),
    ),
)  # fmt: skip
