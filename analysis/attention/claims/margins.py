"""Softmax attention selects tokens: descent, its direction, its local solutions, its loss."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.attention.experiments import margins
from solvable.analysis.attention.settings import selection_problem
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import attention_margin, locally_optimal

__all__ = ["CLAIMS"]

_PAPER = Source("tarzanagh2023transformers")
_DERIVED = Source("tarzanagh2023transformers", "derived in docs/theory/attention.md")


def _best(tokens: Any, queries: Any, scores: Any, norm: str = "frobenius") -> Any:
    return attention_margin(tokens, queries, np.argmax(scores, axis=1), norm)


def _program(tokens: Any, queries: Any, scores: Any, **_: Any) -> Any:
    found = _best(tokens, queries, scores)
    return np.array([found.norm, found.margins.min()])


def _direction(tokens: Any, queries: Any, scores: Any, **_: Any) -> Any:
    weights = _best(tokens, queries, scores).weights
    return weights / np.linalg.norm(weights)


def _cosine(A: Any, B: Any) -> float:
    return float(np.sum(A * B) / np.linalg.norm(A) / np.linalg.norm(B))


def _nearer_nuclear(tokens: Any, queries: Any, selected: Any, weights: Any, **_: Any) -> float:
    """Cosine of descended weights with the nuclear solution, less that with the Frobenius one."""
    nuclear, frobenius = (
        attention_margin(tokens, queries, selected, norm).weights for norm in ("nuclear", "frobenius")
    )
    return _cosine(weights, nuclear) - _cosine(weights, frobenius)


def _feasible(tokens: Any, queries: Any, scores: Any, **_: Any) -> float:
    """Plus one where the margin program has a solution, minus one where it is refused."""
    try:
        _best(tokens, queries, scores)
    except ValueError:
        return -1.0
    return 1.0


USUAL = Domain(n=(1, 5), T=(2, 5), d=(5, 12), radius=(20.0, 2000.0), steps=(100, 10000))
claim = partial(Claim, domain=USUAL)
_SIZES = cells("n T d", [(3, 4, 10), (6, 8, 10), (5, 5, 5)])

CLAIMS: tuple[Any, ...] = (
    claim(
        "attention/margin-one",
        "The weights of least norm that put the best tokens first have norm and least margin of a quadratic program.",
        source=_PAPER,
        kind=Kind.NUMERICAL,
        predict=_program,
        measure=lambda rng, n, T, d, **problem: margins.programmed(**problem),
        grid=_SIZES,
        domain=USUAL.but(n=(1, 6), T=(2, 8)),
        instance=margins.easy_problem,
        tolerance=1e-6,
        reason="sequential quadratic programming stops at 1e-7 or so",
        quick=(0,),
    ),
    claim(
        "attention/rank-bound",
        "Their rank is at most the number of prompts.",
        source=_PAPER,
        kind=Kind.BOUND,
        predict=lambda n, T, d, **_: float(n),
        measure=lambda rng, n, T, d, **problem: margins.least_squares_rank(**problem),
        grid=_SIZES,
        domain=USUAL.but(n=(1, 6), T=(2, 8)),
        side="upper",
        instance=margins.easy_problem,
        quick=(0,),
    ),
    claim(
        "attention/nuclear-below-frobenius",
        "Descent on keys and queries ends at a smaller nuclear norm, at margin one, than the Frobenius solution has.",
        source=_PAPER,
        kind=Kind.BOUND,
        predict=lambda tokens, queries, selected, **_: float(
            np.linalg.svd(attention_margin(tokens, queries, selected).weights, compute_uv=False).sum()
        ),
        measure=margins.key_query_norm,
        grid=cells("n T d parametrisation", [(3, 4, 10, "key-query")]),
        side="upper",
        tolerance=0.02,
        instance=margins.run_problem,
        given=("selected", "weights"),
        assumptions="4,000 steps are not the limit: 2 % are allowed",
    ),
    claim(
        "attention/nuclear-norm-is-least",
        "No descended weights have a nuclear norm, at margin one, below the certificate of the nuclear program.",
        source=_DERIVED,
        kind=Kind.BOUND,
        predict=lambda tokens, queries, selected, **_: (
            attention_margin(tokens, queries, selected, "nuclear").certificate
        ),
        measure=margins.key_query_norm,
        grid=cells("n T d parametrisation", [(3, 4, 10, "key-query"), (3, 4, 10, "weights")]),
        side="lower",
        instance=margins.run_problem,
        given=("selected", "weights"),
        quick=(0,),
    ),
    claim(
        "attention/descent-direction",
        "Normalised gradient descent on W tends in direction to the weights of least norm.",
        source=_PAPER,
        kind=Kind.NUMERICAL,
        predict=_direction,
        measure=lambda rng, n, T, d, **problem: margins.descended_direction(**problem),
        grid=cells("n T d", [(3, 4, 10), (4, 3, 8)]),
        instance=margins.easy_problem,
        tolerance=0.05,
        reason="8,000 steps; the distance falls as 1/t",
        assumptions="correlation 0.9998 after 2,000 steps; best tokens are selected from a small start",
    ),
    claim(
        "attention/direction-rate",
        "One minus the correlation with the limit falls as 1/t², not 1/t.",
        source=Source("tarzanagh2023transformers", "observation of this project"),
        kind=Kind.RATE,
        predict=lambda **_: -2.0,
        measure=margins.direction_distance,
        grid=[{"steps": 500, "n": 3, "T": 4, "d": 10}],
        size="steps",
        tolerance=0.3,
        first_draws=8,
    ),
    claim(
        "attention/local-optima",
        "Whatever descent selects is locally optimal: its tokens beat the support tokens of their own margin program.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda tokens, queries, scores, selected, **_: (
            1.0 if locally_optimal(tokens, scores, selected, queries) else -1.0
        ),
        measure=margins.selected_margin,
        grid=cells("n T d parametrisation", [(6, 8, 10, "weights")]),
        instance=margins.run_problem,
        given=("selected", "weights"),
        assumptions="after 4,000 steps; the measured sign is that of the margin reached",
    ),
    claim(
        "attention/feasible",
        "The margin program is refused exactly where a linear program finds no weights that put the best tokens first.",
        source=_DERIVED,
        kind=Kind.ORDER,
        predict=_feasible,
        measure=lambda rng, n, T, d, **problem: margins.feasible_margin(**problem) - 1e-7,
        grid=cells("d", [3, 2, 10], n=6, T=8),
        instance=selection_problem,
        quick=(0,),
    ),
    claim(
        "attention/overparametrisation-makes-it-feasible",
        "Problems of 6 prompts with 8 tokens are feasible more often the higher the dimension.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=margins.feasibility_gain,
        grid=cells("low high", [(2, 4), (3, 7)], n=6, T=8),
        quick=(0,),
    ),
    claim(
        "attention/key-query-is-nuclear",
        "Descent on keys and queries is nearly always nearer to the nuclear solution than to the Frobenius one.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=_nearer_nuclear,
        measure=margins.selected_margin,
        grid=cells("n T d parametrisation", [(3, 4, 10, "key-query")]),
        instance=margins.run_problem,
        given=("selected", "weights"),
        assumptions="4,000 steps, 62 of 64 draws; the correlation reaches 0.94 to 0.999, not 1",
    ),
    claim(
        "attention/path-slope",
        "Along the regularisation path the logarithm of the excess loss over R tends to −1/‖W_{mm}‖.",
        source=_DERIVED,
        kind=Kind.ASYMPTOTIC,
        predict=lambda tokens, queries, scores, radius, **_: -1 / _best(tokens, queries, scores).norm,
        measure=lambda rng, n, T, d, radius, **problem: margins.path_slope(radius=radius, **problem),
        grid=cells("n T d", [(2, 3, 6), (3, 4, 10)], radius=80.0),
        statistic="median",
        size="radius",
        sizes=(1, 4, 16),
        instance=lambda rng, n, T, d, radius: margins.easy_problem(rng, n, T, d),
        tolerance=0.01,
        assumptions="excess over the loss with every best token selected, which is not 0; the logarithm plus "
        "R/‖W_{mm}‖ tends to a constant, -0.5 to -2.8 in the problems seen, of which the median takes 1/R",
        quick=(0,),
    ),
    claim(
        "attention/naive-softmax-stalls",
        "The textbook gradient is rounding once softmax rounds to one: it ends at smaller margins than a stable one.",
        source=Source("tarzanagh2023transformers", "observation of this project"),
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=margins.naive_loss,
        grid=cells("n T d", [(3, 4, 10)]),
    ),
)
