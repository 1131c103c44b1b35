"""Claims about separable classification: perceptrons, margins, erasure, the edge of softmax, plug-in rules."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.separable.experiments import erasure, gaussians, margins, softmax
from solvable.analysis.separable.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import (
    batch_perceptron,
    bayes_error,
    collapse_gap,
    erase_rayleigh,
    erase_squared,
    max_margin,
    perceptron_bounds,
    perpendicular,
    plug_in_error,
    project_onto_margin,
    stablemax_loss,
)

__all__ = ["READER_CLAIMS"]

_PERCEPTRON = Source("tyurin2024logistic")
_STEPS = Source("tyurin2024logistic", "this bound derived in docs/theory/separable.md")
_SEQUENCE = Source("evron2023continual")
_ERASURE = Source("ravfogel2022linear", "this form derived in docs/theory/separable.md")
_NULLSPACE = Source("ravfogel2020null", "with least squares, observation of this project")
_EDGE = Source("prieto2025grokking")
_GAP = Source("prieto2025grokking", "this form derived in docs/theory/separable.md")
_PLUG_IN = Source("zheng2023revisiting", "this form derived in docs/theory/separable.md")


def _projected(count: int, rows: int, d: int, passes: int, sets: Any, start: Any) -> Any:
    w = start
    for _ in range(passes):
        for Z in sets:
            w = project_onto_margin(Z, w).value
    return w


def _bound(n: int, d: int, normalised: bool, Z: Any) -> float:
    radius = float(np.linalg.norm(Z, axis=1).max())
    found = perceptron_bounds(radius, max_margin(Z).margin, n)
    return found.normalised if normalised else found.batch


def _plug_in_limit(d: float, ratio: float, separation2: float) -> float:
    half = max(1, round(ratio * d / 2))
    return float(plug_in_error(2 * half, round(d), separation2))


_separation, _ratio, _d = sp.symbols("separation2 ratio d", positive=True)
_argument = _separation / sp.sqrt((_separation + 1 / _ratio) * (1 + 1 / (_ratio * _d)))

claim = partial(Claim, domain=USUAL)

READER_CLAIMS = (
    claim(
        "separable/perceptron-limit",
        "At large step sizes gradient descent on the logistic loss is the batch perceptron, in units of the step.",
        source=_PERCEPTRON,
        kind=Kind.EXACT,
        predict=lambda n, d, large_step, X, y: batch_perceptron(X, y, 100_000).weights,
        measure=lambda rng, n, d, large_step, X, y: margins.descent_until_separated(X, y, large_step),
        grid=cells("large_step", [1e4, 1e100], n=20, d=5),
        assumptions="least margin on the way, times γ, above 40; weights at the first separating step",
        instance=margins.run_data,
        tolerance=1e-10,
    ),
    claim(
        "separable/loss-rises-iterations-fall",
        "From γ = 1 to 10 the steps to separate fall, from 10 on the largest loss on the way rises; the loss at the "
        "first separating iterate falls throughout.",
        source=_PERCEPTRON,
        kind=Kind.ORDER,
        predict=lambda what, **_: 1.0 if what == "peak" else -1.0,
        measure=margins.rise_or_fall,
        grid=cells(
            "low high what",
            [
                (10.0, 100.0, "peak"),
                (100.0, 1000.0, "peak"),
                (1.0, 10.0, "steps"),
                (1.0, 10.0, "loss"),
                (10.0, 100.0, "loss"),
            ],
            n=20,
            d=5,
        ),
        assumptions="medians over 32 data sets; from γ = 10 on the median number of steps rises a little",
        quick=(0, 2, 3),
    ),
    claim(
        "separable/perceptron-bound",
        "The batch perceptron separates within nR²/μ² steps.",
        source=_STEPS,
        kind=Kind.BOUND,
        predict=_bound,
        measure=lambda rng, n, d, normalised, Z: margins.perceptron_steps(Z, normalised),
        grid=cells("n d", [(2, 2), (20, 5), (10, 3)], normalised=False),
        side="upper",
        instance=margins.random_rows,
        first_draws=64,
    ),
    claim(
        "separable/normalised-bound",
        "Divided by the number of wrong rows, the perceptron separates within R²/μ² + 1 steps, whatever n.",
        source=_STEPS,
        kind=Kind.BOUND,
        predict=_bound,
        measure=lambda rng, n, d, normalised, Z: margins.perceptron_steps(Z, normalised),
        grid=cells("n d", [(2, 2), (20, 5), (10, 3)], normalised=True),
        side="upper",
        instance=margins.random_rows,
        first_draws=64,
    ),
    claim(
        "separable/iterations-grow-with-n",
        "One row against n − 1 copies of another: the batch perceptron takes steps as n, the normalised not.",
        source=_STEPS,
        kind=Kind.RATE,
        predict=lambda n, normalised: 0.0 if normalised else 1.0,
        measure=margins.steps_of_copies,
        grid=cells("normalised", [False, True], n=1000),
        sizes=(1, 3, 10),
        absolute_tolerance=0.02,
        deterministic=True,
        size="n",
        assumptions="local slope from n = 1,000 to 10,000; far below, the normalised rule still takes up to 4 steps",
    ),
    claim(
        "separable/sequence-equals-projections",
        "Sequential max-margin weights are the projections onto the tasks' margins, one after another.",
        source=_SEQUENCE,
        kind=Kind.EXACT,
        predict=_projected,
        measure=lambda rng, count, rows, d, passes, sets, start: margins.enumerated_sequence(sets, start, passes),
        grid=cells("passes", [1, 6], count=4, rows=3, d=12),
        instance=margins.random_tasks,
        tolerance=1e-10,
    ),
    claim(
        "separable/erasure-closed-form",
        "Removing the directions of the covariance with the labels leaves linear regression with all their variance.",
        source=_ERASURE,
        kind=Kind.EXACT,
        predict=lambda n, d, labels, X, Y: erase_squared(X, Y, labels).value,
        measure=lambda rng, n, d, labels, X, Y: erasure.refit_without_covariance(X, Y),
        grid=cells("d labels", [(6, 1), (12, 1), (12, 2)], n=400),
        instance=erasure.random_regression,
        tolerance=1e-9,
    ),
    claim(
        "separable/erasure-is-optimal",
        "No other single direction, of 20,000 random ones, leaves more of a label's variance unread.",
        source=_ERASURE,
        kind=Kind.BOUND,
        predict=lambda n, d, labels, X, Y: erase_squared(X, Y, 1).value,
        measure=lambda rng, n, d, labels, X, Y: erasure.best_random_removal(rng, X, Y),
        grid=cells("d", [6, 12], n=400, labels=1),
        side="upper",
        instance=erasure.random_regression,
    ),
    claim(
        "separable/nullspace-is-not-optimal",
        "Fit and removal, round after round, leaves more to read than removing the one direction of the covariance.",
        source=_NULLSPACE,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=erasure.erased_minus_nullspace,
        grid=cells("rank", [1, 3, 5], n=400, d=6),
        assumptions="up to d − 1 rounds; after d nothing is left of the inputs",
    ),
    claim(
        "separable/rayleigh-erasure",
        "The least value of the largest Rayleigh quotient after removing k directions is the eigenvalue number k + 1.",
        source=_ERASURE,
        kind=Kind.EXACT,
        predict=lambda d, rank, A: erase_rayleigh(A, rank).value,
        measure=lambda rng, d, rank, A: erasure.deflated_top(A, rank),
        grid=cells("rank", [1, 2, 5], d=8),
        instance=erasure.random_matrix,
        tolerance=1e-9,
    ),
    claim(
        "separable/rayleigh-erasure-is-optimal",
        "Random removals of k directions never bring the largest Rayleigh quotient lower.",
        source=_ERASURE,
        kind=Kind.BOUND,
        predict=lambda d, rank, A: erase_rayleigh(A, rank).value,
        measure=lambda rng, d, rank, A: erasure.best_random_rayleigh(rng, A, rank),
        grid=cells("rank", [1, 2, 5], d=8),
        side="lower",
        instance=erasure.random_matrix,
        quick=(1,),
    ),
    claim(
        "separable/collapse-gap",
        "The softmax loss is 0 from a lead of (m + 1) ln 2 on with the right class first in the sum, and from "
        "(m + 1) ln 2 + ln(K − 1) on with it last; m bits of mantissa.",
        source=_GAP,
        kind=Kind.NUMERICAL,
        predict=lambda dtype, classes, order: collapse_gap(dtype, classes, order),
        measure=softmax.first_collapsed_gap,
        grid=cells(
            "dtype order classes",
            [(t, o, k) for t in ("float32", "float64") for o in ("first", "last") for k in (2, 11, 101)],
        ),
        absolute_tolerance=3e-6,
        reason="the exponentials and their running sum are rounded to the format, 6e-8 each in float32",
    ),
    claim(
        "separable/collapse-gap-half",
        "The collapse gap of softmax in half precision.",
        source=_GAP,
        kind=Kind.NUMERICAL,
        predict=lambda dtype, classes, order: collapse_gap(dtype, classes, order),
        measure=softmax.first_collapsed_gap,
        grid=cells("order classes", [(o, k) for o in ("first", "last") for k in (2, 11, 101)], dtype="float16"),
        absolute_tolerance=0.02,
        reason="float16 rounds to 5e-4, and the exponentials beyond 9.7 are denormal: one unit is 1.2 % of 5e-6",
    ),
    claim(
        "separable/no-gradient-beyond",
        "Beyond the gap the softmax loss and its gradient in the right class's logit are exactly 0.",
        source=_EDGE,
        kind=Kind.EXACT,
        predict=lambda dtype, classes, order, gap: np.zeros(2),
        measure=softmax.at_the_gap,
        grid=cells(
            "dtype gap",
            [("float16", 7.6247), ("float32", 16.6356), ("float64", 36.7369)],
            classes=11,
            order="first",
        ),
        absolute_tolerance=1e-9,
        assumptions="the right class first in the sum; 1 % beyond the gap; in units of the rounding",
    ),
    claim(
        "separable/naive-direction",
        "On separable data the gradient of softmax regression comes to point along the weights: cosine above 0.95.",
        source=_EDGE,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=lambda rng, **cell: softmax.cosine_draw(rng, **cell) - 0.95,
        grid=[{"samples": 40, "d": 60, "classes": 4, "steps": 1000}],
        assumptions="0.991 after 1,000 steps of size 5; it goes to 1 as the inverse logarithm of the steps",
    ),
    claim(
        "separable/naive-share-after-projection",
        "The perpendicular gradient is what regression on the weights leaves of it: no part points along them.",
        source=_EDGE,
        kind=Kind.EXACT,
        predict=lambda size, gradient, parameters: perpendicular(gradient, parameters),
        measure=lambda rng, size, **pair: softmax.projected_by_regression(rng, **pair),
        grid=cells("size", [2, 300]),
        instance=softmax.random_pair,
        tolerance=1e-12,
    ),
    claim(
        "separable/projected-norm",
        "A step along the perpendicular gradient changes the norm of the weights by the square of the step size.",
        source=_EDGE,
        kind=Kind.RATE,
        predict=lambda **_: 2.0,
        measure=softmax.norm_drift,
        grid=cells("step_size", [1e-3], samples=40, d=60, classes=4),
        sizes=(1, 4, 16),
        absolute_tolerance=0.05,
        size="step_size",
    ),
    claim(
        "separable/stablemax-gradient",
        "The gradient of the stablemax cross-entropy in the logits.",
        source=_EDGE,
        kind=Kind.EXACT,
        predict=lambda classes, logits, label: stablemax_loss(logits, label).gradient,
        measure=lambda rng, classes, logits, label: softmax.stablemax_differences(rng, logits, label),
        grid=cells("classes", [3, 10]),
        instance=softmax.random_logits,
        tolerance=1e-12,
    ),
    claim(
        "separable/plug-in-error",
        "Error of the plug-in mean rule for two Gaussian classes.",
        source=_PLUG_IN,
        kind=Kind.ASYMPTOTIC,
        predict=_plug_in_limit,
        measure=gaussians.plug_in_draw,
        domain=USUAL.but(where="(ratio*d + 0.5) // 1 % 2 == 0", counts={"ratio": "d"}),
        grid=cells("ratio separation2", [(2.0, 1.0), (4.0, 2.0)], d=30),
        tolerance=0.01,
        size="d",
        formula=sp.erfc(_argument / sp.sqrt(2)) / 2,
        quick=(0,),
    ),
    claim(
        "separable/linear-in-d-at-fixed-separation",
        "At fixed separation the samples that the plug-in rule needs to reach the Bayes error + 0.01 grow as d.",
        source=_PLUG_IN,
        kind=Kind.RATE,
        predict=lambda **_: 1.0,
        measure=gaussians.samples_needed,
        grid=[{"d": 40, "separation2": 2.25}],
        sizes=(1, 4, 16),
        absolute_tolerance=0.1,
        size="d",
        assumptions="not log d: this needs a separation that grows with d",
    ),
    claim(
        "separable/log-d-needs-growing-separation",
        "With the same distance in every coordinate the samples needed fall from d = 40 to 160: the Bayes error does.",
        source=_PLUG_IN,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=gaussians.samples_gap,
        grid=[{"d": 40, "larger": 160, "each": 0.25}],
    ),
    claim(
        "separable/bayes-error",
        "With n far above d the plug-in rule has the Bayes error.",
        source=_PLUG_IN,
        kind=Kind.MEAN,
        predict=lambda n, d, separation2: float(bayes_error(separation2)),
        measure=gaussians.direct_error,
        grid=cells("separation2", [0.5, 2.0], n=4000, d=3),
        formula=sp.erfc(sp.sqrt(_separation / 2)) / 2,
        tolerance=0.02,
    ),
)
