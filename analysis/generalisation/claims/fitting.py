"""Claims about fitting everything: long tails, networks that interpolate, and random labels."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from solvable.analysis.generalisation.experiments import labels, populations
from solvable.analysis.generalisation.settings import USUAL, power_law
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import excess_from_unfitted, interpolating_network, random_label_norm, tail_mass

__all__ = ["FITTING_CLAIMS"]

_TAIL = Source("feldman2020does")
_LABELS = Source("zhang2017understanding")


@cache
def _masses(power: float, total: int, n: int, most: int) -> Any:
    """Masses from 0 to the given order; every draw of a cell asks for the same."""
    return tail_mass(power_law(power, total), n, total, np.arange(most + 1))


def _shared_excess(power: float, total: int, n: int, unfitted: Any, **_: Any) -> float:
    return excess_from_unfitted(unfitted, _masses(power, total, n, len(unfitted))[1:])


claim = partial(Claim, domain=USUAL)
_POPULATION = Domain(power=(0.3, 1.2), total=(100, 1000), n=(100, 1000), order=(0, 3))

FITTING_CLAIMS = (
    claim(
        "generalisation/tail-mass",
        "Expected frequency of an example that was seen ℓ times, frequencies drawn from a power law.",
        source=_TAIL,
        kind=Kind.MEAN,
        predict=lambda power, total, n, order: float(_masses(power, total, n, max(order, 1))[order]),
        measure=populations.seen_mass,
        domain=_POPULATION,
        grid=cells(
            "power total n order",
            [(power, total, total, order) for power in (1.0, 0.8) for total in (500, 1000) for order in range(4)]
            + [(0.8, 500, 800, 1)],
        ),
        tolerance=0.02,
        assumptions="means over all examples of 100 populations",
        quick=(0, 7, 9, 16),
    ),
    claim(
        "generalisation/unfitted-mass",
        "A learner that fits all but some of what it saw, whatever those are, errs more by exactly Σ τ_ℓ times their "
        "number.",
        source=Source("feldman2020does", "equality for labels without noise derived in docs/theory/generalisation.md"),
        kind=Kind.MEAN,
        predict=_shared_excess,
        measure=populations.excess_of_a_share,
        domain=_POPULATION.but(share=(0.05, 0.9)),
        given=("unfitted",),
        grid=cells("power total n share", [(1.0, 500, 500, 0.3), (0.8, 500, 1000, 0.1)]),
        tolerance=0.02,
        quick=(0,),
    ),
    claim(
        "generalisation/not-fitting-costs",
        "Not fitting examples that were seen once costs at least τ₁ for each of them.",
        source=_TAIL,
        kind=Kind.BOUND,
        side="lower",
        predict=lambda unfitted, **cell: excess_from_unfitted([unfitted], [_masses(most=1, **cell)[1]]),
        measure=populations.unfitted_excess,
        domain=_POPULATION,
        given=("unfitted",),
        grid=cells("power total n", [(1.0, 500, 500), (0.8, 1000, 1000)]),
        assumptions="the learner also guesses worse than the best where it saw nothing",
        quick=(0,),
    ),
    claim(
        "generalisation/interpolating-network",
        "A two-layer ReLU network with 2n + d weights fits any labels.",
        source=_LABELS,
        kind=Kind.EXACT,
        predict=lambda X, y, **_: interpolating_network(X, y).predict(X),
        measure=labels.given_labels,
        domain=USUAL.but(n=(2, 60), d=(1, 12)),
        grid=cells("n d", [(20, 5), (60, 2), (10, 1)]),
        instance=labels.random_points,
        tolerance=1e-9,
    ),
    claim(
        "generalisation/random-labels-cost-norm",
        "What fits random labels has a larger norm than what fits those of a teacher.",
        source=_LABELS,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=labels.random_less_true,
        grid=cells("n d", [(20, 5), (60, 5)]),
    ),
    claim(
        "generalisation/random-label-norm",
        "Expected squared norm of the interpolant after a share of the labels was made random.",
        source=Source("zhang2017understanding", "this formula derived in docs/theory/generalisation.md"),
        kind=Kind.MEAN,
        predict=lambda share, K, y, **_: float(random_label_norm(K, y, share)),
        measure=labels.flipped_norm,
        domain=USUAL.but(n=(5, 60), d=(2, 8)),
        grid=cells("share", [0.25, 0.5, 1.0], n=30, d=5),
        instance=labels.kernel_problem,
        tolerance=0.02,
        quick=(0, 2),
    ),
)
