"""Claims about representers, index spaces and the choice of tasks."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from solvable.analysis.embeddings.experiments import index_models, sparse
from solvable.analysis.embeddings.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import (
    allocation_cost,
    first_order_variance,
    lasso_representers,
    nuclear_representers,
    relevance,
)

__all__ = ["SPACE_CLAIMS"]

_REPRESENTER = Source("tsai2023representer", "this form derived in docs/theory/embeddings.md")
_INDEX = Source("tian2025nonlinear", "the moments derived in docs/theory/embeddings.md")
_TASKS = Source("wang2023active", "costs derived in docs/theory/embeddings.md")

claim = partial(Claim, domain=USUAL)
relevance_claim = partial(
    Claim, source=_TASKS, measure=lambda rng, k, tasks, W, target: sparse.least_l1(W, target),
    grid=cells("k tasks", [(4, 12), (3, 20)]), instance=sparse.drawn_tasks, domain=USUAL.but(where="k < tasks"),
)  # fmt: skip


def _summed(found):  # type: ignore[no-untyped-def]
    return found.kernel @ found.weights


@cache
def _variance(inputs: int) -> float:
    """Constant for tanh of one index with noise 0.3, its moments by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    gradient = float(weights @ (1 - np.tanh(nodes) ** 2))
    return first_order_variance([[gradient]], [[float(weights @ np.tanh(nodes) ** 2) + 0.09]], inputs)


SPACE_CLAIMS = (
    claim(
        "embeddings/lasso-representers",
        "A lasso prediction is a sum over samples, Σα_iΣ_j|θ_j|x_{ij}x_j.",
        source=_REPRESENTER,
        kind=Kind.EXACT,
        predict=lambda n, d, penalty, X, y, theta, dual: _summed(lasso_representers(X, theta, dual)),
        measure=lambda rng, n, d, penalty, X, y: sparse.lasso_prediction(X, y, penalty),
        grid=cells("n d", [(60, 100), (60, 20)], penalty=0.1),
        instance=sparse.drawn_lasso,
        given=("theta", "dual"),
        tolerance=1e-10,
        domain=USUAL.but(n=(50, 70), d=(10, 100), penalty=(0.08, 0.3)),
        quick=(0,),
    ),
    claim(
        "embeddings/nuclear-representers",
        "A matrix completed with the nuclear norm is a sum over its known entries, symmetric or one-sided kernel.",
        source=_REPRESENTER,
        kind=Kind.EXACT,
        predict=lambda rows, columns, share, penalty, form, X, theta, dual: _summed(
            nuclear_representers(X, theta, dual, form=form)
        ),
        measure=lambda rng, rows, columns, share, penalty, form: sparse.completed_entry(
            rng, rows, columns, share, penalty
        ),
        grid=cells("form", ["symmetric", "one-sided"], rows=12, columns=9, share=0.6, penalty=1.0),
        given=("X", "theta", "dual"),
        tolerance=1e-10,
        domain=USUAL.but(rows=(8, 12), columns=(6, 9), share=(0.5, 0.8), penalty=(0.8, 1.5)),
    ),
    claim(
        "embeddings/representer-error-is-kkt-residual",
        "Moved off its optimum by ε, a fit differs from the sum over its samples by order ε.",
        source=_REPRESENTER,
        kind=Kind.RATE,
        predict=lambda **_: 1.0,
        measure=sparse.slipped_prediction,
        grid=[{"slip": 1e-5, "n": 60, "d": 20, "penalty": 0.1}],
        sizes=(1, 4, 16),
        size="slip",
        absolute_tolerance=0.05,
        domain=USUAL.but(n=(50, 70), d=(10, 100), penalty=(0.08, 0.3)),
    ),
    claim(
        "embeddings/index-space-rate",
        "The distance of the estimated index space falls as n^{−½}, from moments of order one and two.",
        source=_INDEX,
        kind=Kind.RATE,
        predict=lambda **_: -0.5,
        measure=index_models.distance_draw,
        grid=cells("order links samples", [(2, "even", 300.0), (1, "odd", 1000.0), (2, "even", 1000.0)], inputs=10),
        sizes=(1, 4, 16),
        size="samples",
        absolute_tolerance=0.1,
        domain=USUAL.but(samples=(200, 1e5)),
        quick=(0,),
    ),
    claim(
        "embeddings/index-space-variance",
        "n times the squared distance from first-order moments tends to (p − r)Σu_jᵀE[yyᵀ]u_j/σ_j².",
        source=_INDEX,
        kind=Kind.ASYMPTOTIC,
        predict=lambda samples, inputs: _variance(inputs),
        measure=index_models.tanh_moments,
        grid=cells("inputs", [10], samples=200.0),
        size="samples",
        sizes=(1, 3, 9),
        tolerance=0.05,
        domain=USUAL.but(samples=(200, 1e5)),
        assumptions="one index, r = 1, and one response y = tanh(x₁) + ε with noise variance 0.09",
    ),
    claim(
        "embeddings/first-order-misses-even-links",
        "On even links moments of order one find nothing, those of order two do.",
        source=_INDEX,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=index_models.even_links,
        grid=cells("samples", [2000.0, 8000.0], inputs=10),
        quick=(0,),
    ),
    claim(
        "embeddings/score-not-raw-covariance",
        "For inputs of unequal variance the score is needed: raw covariances with the responses point elsewhere.",
        source=_INDEX,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=index_models.raw_or_score,
        grid=cells("inputs", [10, 30], samples=4000),
        quick=(0,),
    ),
    relevance_claim(
        "embeddings/sparse-relevance-costs-less",
        "Least |ν|₁ costs at most what least |ν|₂ does, samples in proportion to the weights.",
        kind=Kind.BOUND,
        predict=lambda k, tasks, W, target: allocation_cost(relevance(W, target, 2), 1.0).best,
        side="upper",
        first_draws=64,
    ),
    relevance_claim(
        "embeddings/squares-cost-more",
        "Samples in proportion to squared weights cost more than in proportion to weights, M|ν|₂² against |ν|₁².",
        kind=Kind.BOUND,
        predict=lambda k, tasks, W, target: allocation_cost(relevance(W, target, 2), 1.0).squared,
        side="upper",
        first_draws=64,
    ),
    relevance_claim(
        "embeddings/sparse-relevance",
        "The least |ν|₁ with Wν = w, by linear programming, is that of its dual program.",
        kind=Kind.EXACT,
        predict=lambda k, tasks, W, target: allocation_cost(relevance(W, target, 1), 1.0).best,
        tolerance=1e-9,
    ),
)
