"""Claims about the quadratic network and least squares: when the test loss falls, and how long after the other."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy

from solvable.analysis.feature_learning.experiments import least_squares, particles
from solvable.analysis.feature_learning.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import linear_grokking, quadratic_network_flow, quadratic_network_risk

__all__ = ["LAZY_CLAIMS"]

_HERE = "this form derived in docs/theory/feature_learning.md"
_KUMAR = Source("kumar2024grokking")
_FORM = Source("kumar2024grokking", _HERE)
_LINEAR = Source("levi2023grokking", _HERE)
_SMALL = {"d": 15, "N": 50, "steps": 2500}
_LARGE = {"d": 30, "N": 200, "steps": 2500}
_TIMES = "times at which losses are first seen below 5 % of the first, steps of 0.15 d/α²; 2,500 where they never are"

claim = partial(Claim, domain=USUAL, convention="quadratic-network")
order = partial(claim, source=_KUMAR, kind=Kind.ORDER, quick=(0,), assumptions=_TIMES)
linear = partial(
    Claim, domain=USUAL, convention="linear-flow", source=_LINEAR, kind=Kind.ASYMPTOTIC, size="d",
    # d/gamma is a whole number at every size; late times see the edge, whose corrections are slower than 1/d
    grid=cells("gamma time d", [(0.5, 1.0, 50), (0.5, 10.0, 240), (0.83, 1.0, 83), (0.83, 10.0, 83), (1.5, 1.0, 60),
                                (1.5, 4.0, 120)]),
    tolerance=0.02, quick=(0, 4), first_draws=8, most_draws=512,
)  # fmt: skip


def _risk(d: int, N: int, alpha: float, epsilon: float, start: Any, W: Any, beta: Any) -> float:
    begun = start.mean(axis=0), start.T @ start / len(start)
    return float(quadratic_network_risk(W.mean(axis=0), W.T @ W / len(W), begun, beta, alpha, epsilon).test)


def _flow(d: int, N: int, alpha: float, epsilon: float, time: float, centred: bool, W: Any, beta: Any, **_: Any) -> Any:
    found = quadratic_network_flow(W.mean(axis=0), W.T @ W / len(W), beta, alpha, epsilon, [time], centred)
    return np.concatenate([found.mean[0], found.second[0].ravel()])


def _bessel() -> Any:
    gamma, time = sympy.symbols("gamma time", positive=True)
    angle = sympy.Symbol("x", real=True)
    square = sympy.sin(angle) ** 2
    decay = sympy.exp(-2 * time * (1 + gamma - 2 * sympy.sqrt(gamma) * sympy.cos(angle)))
    return 2 / sympy.pi * sympy.Integral(square * decay, (angle, 0, sympy.pi))


def _level(power: int) -> Any:
    d, epsilon = sympy.symbols("d epsilon", positive=True)
    return 1 / d if power == 1 else 2 * epsilon**2 / d**2


LAZY_CLAIMS = (
    claim(
        "feature-learning/test-loss",
        "The test loss of a centred quadratic network is ½[α²|δw̄|²/d + ((tr A)² + 2 tr A²)/4d²] with A = αε δM − ββᵀ.",
        source=_FORM,
        kind=Kind.MEAN,
        predict=_risk,
        measure=particles.sampled_loss,
        grid=cells("d N alpha epsilon", [(5, 30, 3.0, 0.7), (10, 50, 3.0, 0.7), (5, 30, 0.5, 0.1), (10, 50, 0.5, 0.1)]),
        instance=particles.drawn_weights,
        tolerance=0.02,
        quick=(0, 3),
    ),
    claim(
        "feature-learning/closed-flow",
        "Mean and second moment of N neurons in gradient flow follow a closed system, centred or not.",
        source=_FORM,
        kind=Kind.NUMERICAL,
        predict=_flow,
        measure=lambda rng, d, N, alpha, epsilon, time, centred, W, beta, **_: particles.flown_moments(
            alpha, epsilon, time, centred, W, beta
        ),
        grid=cells(
            "alpha epsilon centred", [(1.3, 0.7, True), (1.3, 0.7, False), (0.4, 1.0, True)], d=4, N=20, time=6.0
        ),
        instance=particles.drawn_weights,
        tolerance=1e-8,
        reason="particles are integrated to 1e-11 a step",
        domain=USUAL.but(d=(2, 6), alpha=(0.2, 3.0), time=(0.1, 8.0)),
        quick=(0, 1),
    ),
    claim(
        "feature-learning/initial-kernel-eigenvalues",
        "At the start the kernel of many neurons, over α², has eigenvalue 2ε²/d² on traceless quadratic functions.",
        source=_FORM,
        kind=Kind.ASYMPTOTIC,
        measure=particles.kernel_level,
        grid=cells("epsilon n", [(0.5, 150), (0.3, 150), (0.5, 500)], d=6, degree=2),
        formula=_level(2),
        size="n",
        tolerance=0.05,
        first_draws=8,
        quick=(0,),
        domain=USUAL.but(d=(2, 10), epsilon=(0.1, 1.0), degree=(1.5, 2.5)),
    ),
    claim(
        "feature-learning/initial-kernel-linear-eigenvalue",
        "At the start the kernel of many neurons, over α², has eigenvalue 1/d on linear functions: a small ε leaves a "
        "quadratic target to the smallest eigenvalues.",
        source=_FORM,
        kind=Kind.ASYMPTOTIC,
        measure=particles.kernel_level,
        grid=cells("epsilon", [0.5, 0.3], n=100, d=6, degree=1),
        formula=_level(1),
        size="n",
        tolerance=0.05,
        first_draws=8,
        quick=(0,),
        domain=USUAL.but(d=(2, 10), epsilon=(0.1, 1.0), degree=(0.5, 1.5)),
    ),
    order(
        "feature-learning/lazier-groks-later",
        "The larger the output scale, the longer the test loss falls after the training loss, as a ratio of times.",
        predict=lambda **_: 1.0,
        measure=particles.delay_gap,
        grid=[
            {"name": "alpha", "first": first, "second": second, "samples": samples, "epsilon": 0.3, **size}
            for size, samples in ((_SMALL, 110), (_LARGE, 250))
            for first, second in ((0.3, 3.0), (1.0, 3.0))
        ],
    ),
    order(
        "feature-learning/small-eps-tests-late",
        "The less the kernel is aligned with the target, the later the test loss falls, at equal α.",
        predict=lambda **_: -1.0,
        measure=particles.time_gap,
        grid=[
            {"first": first, "second": second, "product": 0.0, "samples": 120, **_SMALL}
            for first, second in ((0.1, 1.0), (0.1, 0.3), (0.3, 1.0))
        ],
    ),
    order(
        "feature-learning/small-eps-tests-late-at-equal-laziness",
        "The less the kernel is aligned with the target, the later the test loss falls, also at equal αε.",
        predict=lambda **_: -1.0,
        measure=particles.time_gap,
        grid=[
            {"first": first, "second": second, "product": 0.3, "samples": 250, **_SMALL}
            for first, second in ((0.1, 0.3), (0.3, 1.0))
        ],
    ),
    order(
        "feature-learning/small-eps-shortens-the-ratio",
        "At equal α the ratio of test to training time rises with ε, since the model then also becomes lazier: "
        "misalignment alone does not lengthen the delay.",
        predict=lambda **_: 1.0,
        measure=particles.delay_gap,
        grid=[
            {"name": "epsilon", "first": first, "second": second, "samples": 120, "alpha": 1.0, **_SMALL}
            for first, second in ((0.1, 1.0), (0.3, 1.0), (0.1, 0.3))
        ],
    ),
    order(
        "feature-learning/more-data-shortens-the-delay",
        "With more samples the test loss follows the training loss sooner.",
        predict=lambda **_: -1.0,
        measure=particles.delay_gap,
        grid=[
            {"name": "samples", "first": first, "second": second, "alpha": 1.0, "epsilon": 0.3, **size}
            for size, first, second in ((_SMALL, 70, 150), (_LARGE, 200, 400))
        ],
    ),
    order(
        "feature-learning/too-little-data-never-groks",
        "With too few samples the training loss falls to 5 % and the test loss never does.",
        predict=lambda **_: 1.0,
        measure=particles.left_test_loss,
        grid=[
            {"samples": samples, "alpha": 1.0, "epsilon": 0.3, **size} for size, samples in ((_SMALL, 30), (_LARGE, 80))
        ],
        assumptions="test loss after 2,500 steps of 0.15 d/α²",
    ),
    linear(
        "feature-learning/linear-train",
        "Training error of least squares under gradient flow, a modified Bessel function of order one.",
        predict=lambda gamma, time, d: float(linear_grokking(gamma, time).train),
        measure=partial(least_squares.flow_error, error="train"),
        formula=_bessel(),
    ),
    linear(
        "feature-learning/linear-test",
        "Test error of least squares under gradient flow, with the floor 1 − n/d where inputs outnumber samples.",
        predict=lambda gamma, time, d: float(linear_grokking(gamma, time).test),
        measure=partial(least_squares.flow_error, error="test"),
    ),
)
