"""Claims about matrices and tensors that descent on a factor recovers from few or corrupted measurements."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from solvable.analysis.factorised.experiments import matrices, tensors
from solvable.analysis.factorised.settings import USUAL, tensor_pair
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import learning_budget, sign_factor, tubal_product, tubal_transpose

__all__ = ["RECOVERY_CLAIMS"]

_MATRIX = Source("ma2023global")
_FACTOR = Source("ma2023global", "this form derived in docs/theory/factorised.md")
_TENSOR = Source("karnik2025tubal")
_p, _sigma, _delta = sp.symbols("outlier_rate outlier_std delta", positive=True)


def _first_step(d: int, rank: int, m: int, outlier_rate: float, outlier_std: float, scale: float, decay: float) -> Any:
    """First step size at which the growth of a geometric schedule is what is needed."""
    schedule = decay ** np.arange(int(np.ceil(np.log(1e-9) / np.log(decay))))

    def surplus(log_first: float) -> float:
        budget = learning_budget(np.exp(log_first) * schedule, np.ones(rank), outlier_rate, scale, outlier_std)
        return float(budget.growth[0] - budget.needed[0])

    return float(np.exp(brentq(surplus, np.log(1e-4), np.log(1e3), xtol=1e-12)))


claim = partial(Claim, domain=USUAL)
_ROBUST = {"d": 15, "rank": 2, "m": 1200, "outlier_std": 10.0, "first": 0.3, "decay": 0.985, "steps": 1400}
_TUBAL = {"n": 10, "k": 4, "rank": 2, "m": 140, "steps": 2400}

RECOVERY_CLAIMS = (
    claim(
        "factorised/sign-factor",
        "The mean of the signs of corrupted residuals times their measurements points at the error, with a length "
        "that depends on the share of outliers and their size over that of the error.",
        source=_FACTOR,
        kind=Kind.MEAN,
        predict=lambda delta, outlier_rate, outlier_std: float(sign_factor(delta, outlier_rate, outlier_std)),
        measure=matrices.mean_sign,
        formula=sp.sqrt(2 / sp.pi) * (1 - _p + _p / sp.sqrt(1 + _sigma**2 / _delta**2)),
        grid=cells("outlier_rate delta", [(0.1, 0.7), (0.3, 0.7), (0.3, 3.0)], outlier_std=6.0),
        tolerance=0.01,
        convention="recovery",
        domain=USUAL.but(outlier_rate=(0.01, 0.4)),
    ),
    claim(
        "factorised/small-start-forgives-rank",
        "With a factor of as many columns as rows, subgradient descent on the absolute loss misses the target by less, "
        "the smaller its start.",
        source=_MATRIX,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=matrices.small_against_large,
        grid=cells("outlier_rate large small", [(0.1, 1e-2, 1e-4), (0.1, 1e-4, 1e-6), (0.3, 1e-2, 1e-4)], **_ROBUST),
        first_draws=8,
        convention="recovery",
        assumptions="growth of the schedule e^{16} to e^{20}; errors of 2e-3, 4e-6 and 3e-9 of the target's norm at "
        "10 % outliers from 1e-2, 1e-4 and 1e-6",
        quick=(0,),
    ),
    claim(
        "factorised/l2-fails",
        "With a tenth of the labels corrupted the squared loss never comes within a thousand times of the error that "
        "the absolute loss reaches.",
        source=_MATRIX,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=lambda rng, **cell: matrices.l2_against_l1(rng, **cell) - 3.0,
        grid=cells("scale", [1e-4], outlier_rate=0.1, **_ROBUST),
        first_draws=8,
        convention="recovery",
        assumptions="least error on the way 0.37 of the target's norm",
    ),
    claim(
        "factorised/learning-budget",
        "A decaying schedule learns the target only if its steps multiply a small start up to the size of the target.",
        source=_FACTOR,
        kind=Kind.THRESHOLD,
        predict=_first_step,
        measure=matrices.grown,
        grid=cells(
            "outlier_rate scale",
            [(0.1, 1e-6), (0.3, 1e-6), (0.1, 1e-3)],
            d=15,
            rank=2,
            m=1200,
            outlier_std=10.0,
            decay=0.97,
        ),
        tolerance=0.25,
        first_draws=8,
        convention="recovery",
        domain=USUAL.but(d=(8, 20)),
        assumptions="at = the first step size; a target with equal eigenvalues",
        quick=(0,),
    ),
    claim(
        "factorised/dense-outliers",
        "The absolute loss finds the target to 5 % where half of the labels are off by a hundred times its norm.",
        source=_MATRIX,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=matrices.dense_outliers,
        grid=cells("outlier_rate", [0.5], scale=1e-6, **{**_ROBUST, "outlier_std": 100.0, "first": 0.6}),
        first_draws=8,
        convention="recovery",
        domain=USUAL.but(outlier_rate=(0.0, 0.5)),
    ),
    claim(
        "factorised/truth-is-no-minimum",
        "With noise on every label the fit from a large start has a smaller loss than the truth and is farther from it "
        "than the fit from a small start.",
        source=_MATRIX,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=matrices.truth_is_no_minimum,
        grid=cells(
            "large", [0.3], d=15, rank=2, m=1200, outlier_std=1.0, small=1e-6, first=0.45, decay=0.985, steps=1400
        ),
        first_draws=8,
        convention="recovery",
    ),
    claim(
        "factorised/null-vectors-stay",
        "What the factor maps to zero at the start it maps to zero for ever: its rank cannot grow.",
        source=Source("ma2023global", "a conserved quantity, derived in docs/theory/factorised.md"),
        kind=Kind.EXACT,
        predict=lambda d, columns, **_: np.zeros((d, d - columns)),
        measure=matrices.null_vectors,
        grid=cells("columns", [3, 5], d=6, rank=2, m=60, outlier_rate=0.1, outlier_std=10.0),
        absolute_tolerance=1e-12,
        convention="recovery",
        domain=USUAL.but(d=(6, 7), m=(30, 100)),
    ),
    claim(
        "factorised/tubal-product",
        "Matrix products of Fourier slices are the circular sums that define the tubal product.",
        source=_TENSOR,
        kind=Kind.EXACT,
        predict=lambda n, inner, k, A, B: tubal_product(A, B),
        measure=lambda rng, n, inner, k, A, B: tensors.circular_product(A, B),
        grid=cells("n inner k", [(4, 3, 5), (3, 2, 4), (2, 2, 1)]),
        instance=tensor_pair,
        tolerance=1e-12,
        domain=USUAL.but(n=(1, 8), inner=(1, 6), k=(1, 9)),
    ),
    claim(
        "factorised/tubal-transpose",
        "The tubal transpose turns products around: (A∗B)ᵀ = Bᵀ∗Aᵀ.",
        source=_TENSOR,
        kind=Kind.EXACT,
        predict=lambda n, inner, k, A, B: tubal_product(tubal_transpose(B), tubal_transpose(A)),
        measure=lambda rng, n, inner, k, A, B: tensors.reversed_transpose(tensors.circular_product(A, B)),
        grid=cells("n inner k", [(4, 3, 5), (3, 2, 4)]),
        instance=tensor_pair,
        tolerance=1e-12,
        domain=USUAL.but(n=(1, 8), inner=(1, 6), k=(1, 9)),
    ),
    claim(
        "factorised/tubal-small-start",
        "From fewer measurements than a tensor of low tubal rank has degrees of freedom, gradient descent on a square "
        "factor misses it by less, the smaller its start.",
        source=_TENSOR,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=tensors.warm_against_cold,
        grid=cells("large small", [(0.1, 1e-2), (1e-2, 1e-4)], **_TUBAL),
        first_draws=8,
        convention="tubal",
        assumptions="140 measurements of a symmetric tensor with 4·10·11/2 = 220 free entries",
        quick=(0,),
    ),
    claim(
        "factorised/small-start-has-low-tubal-rank",
        "From a small start the first singular tube beyond the target's tubal rank stays below a twentieth of the last "
        "within; from a large one it does not.",
        source=_TENSOR,
        kind=Kind.ORDER,
        predict=lambda scale, **_: 1.0 if scale < 1e-3 else -1.0,
        measure=tensors.third_tube,
        grid=cells("scale", [1e-4, 0.1], **_TUBAL),
        first_draws=8,
        convention="tubal",
        quick=(0,),
    ),
)
