"""Claims about test and training errors of convex losses with a ridge, teachers of three kinds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.convex_losses.experiments import fits, ridge_equations
from solvable.analysis.convex_losses.settings import USUAL, eigenvalues, teacher_power
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import ConvexRisk, Spectrum, state_evolution

__all__ = ["ERROR_CLAIMS"]

_MAPS = Source("loureiro2021learning")
_PERCEPTRON = Source("aubin2020generalization")
_LOGISTIC = Source("salehi2019impact")


def _risk(
    d: float, ratio: float, penalty: float, loss: str, teacher: str, spread: float, signal: float, noise: float
) -> ConvexRisk:
    size = round(d)
    spectrum = Spectrum(eigenvalues(size, spread), teacher_power(size, spread, signal))
    return state_evolution(spectrum, round(ratio * size), penalty * size, loss, teacher, noise)


def _test(**cell: Any) -> float:
    return float(_risk(**cell).test_error)


def _train(**cell: Any) -> float:
    return float(_risk(**cell).train_loss)


def _test_loss(**cell: Any) -> float:
    return float(_risk(**cell).test_loss)


def _both(**cell: Any) -> Any:
    """Mean squared errors: twice the losses."""
    risk = _risk(loss="square", teacher="linear", **cell)
    return 2 * np.array([float(risk.test_loss), float(risk.train_loss)])


claim = partial(Claim, domain=USUAL, convention="convex-ridge")
asymptotic = partial(claim, kind=Kind.ASYMPTOTIC, size="d", tolerance=0.03, first_draws=8)
_CELL = {"d": 30, "spread": 0.6, "signal": 2.0}

ERROR_CLAIMS = (
    claim(
        "convex-losses/square-is-ridge",
        "With the square loss and a linear teacher the state evolution is the equation of the effective ridge.",
        source=_MAPS,
        kind=Kind.EXACT,
        predict=_both,
        measure=ridge_equations.ridge_errors,
        grid=cells("ratio penalty noise", [(0.5, 0.01, 0.3), (1.0, 0.1, 0.3), (4.0, 1.0, 1.0), (0.99, 0.01, 0.0)],
                   **_CELL),
        tolerance=1e-9,
    ),
    asymptotic(
        "convex-losses/logistic-test-error",
        "Share of wrong signs of logistic regression with a ridge.",
        source=_PERCEPTRON,
        predict=_test,
        measure=fits.fitted_error,
        grid=cells("ratio penalty teacher noise", [(5.0, 0.3, "logistic", 0.0), (2.0, 0.5, "sign", 0.2),
                                                   (6.0, 0.02, "sign", 0.0), (0.7, 0.1, "logistic", 0.0)],
                   loss="logistic", **_CELL),
        quick=(0,),
    ),
    asymptotic(
        "convex-losses/logistic-training-loss",
        "Mean logistic loss of the rows that were fitted.",
        source=_LOGISTIC,
        predict=_train,
        measure=fits.fitted_training_loss,
        grid=cells("ratio penalty teacher noise", [(2.0, 2.0, "logistic", 0.0), (4.0, 0.2, "sign", 0.2)],
                   loss="logistic", **_CELL),
        quick=(0,),
    ),
    asymptotic(
        "convex-losses/logistic-test-loss",
        "Mean logistic loss of fresh rows.",
        source=_MAPS,
        predict=_test_loss,
        measure=fits.fitted_test_loss,
        grid=cells("ratio penalty teacher noise", [(3.0, 1.0, "logistic", 0.0), (2.0, 0.1, "sign", 0.2)],
                   loss="logistic", **_CELL),
        quick=(0,),
    ),
    asymptotic(
        "convex-losses/hinge-test-error",
        "Share of wrong signs of the hinge loss with a ridge.",
        source=_PERCEPTRON,
        predict=_test,
        measure=fits.fitted_error,
        grid=cells("ratio penalty teacher noise", [(2.0, 2.0, "logistic", 0.0), (2.0, 0.3, "sign", 0.2),
                                                   (5.0, 1.0, "sign", 0.0)],
                   loss="hinge", **_CELL),
        quick=(0,),
    ),
    asymptotic(
        "convex-losses/hinge-training-loss",
        "Mean hinge loss of the rows that were fitted.",
        source=_MAPS,
        predict=_train,
        measure=fits.fitted_training_loss,
        grid=cells("ratio penalty teacher noise", [(2.0, 2.0, "logistic", 0.0), (3.0, 2.0, "sign", 0.2)],
                   loss="hinge", **_CELL),
        quick=(1,),
    ),
    asymptotic(
        "convex-losses/squared-hinge-test-error",
        "Share of wrong signs of the squared hinge loss with a ridge.",
        source=_MAPS,
        predict=_test,
        measure=fits.fitted_error,
        grid=cells("ratio penalty teacher noise", [(2.0, 0.3, "logistic", 0.0), (1.0, 1.0, "sign", 0.2)],
                   loss="squared_hinge", **_CELL),
        quick=(0,),
    ),
    asymptotic(
        "convex-losses/huber-test-error",
        "Mean squared error of the Huber loss with a ridge, a noisy linear teacher.",
        source=_MAPS,
        predict=_test,
        measure=fits.fitted_error,
        grid=cells("ratio penalty noise", [(2.0, 2.0, 1.0), (1.0, 0.5, 0.5), (6.0, 0.02, 1.0)], teacher="linear",
                   loss="huber", **_CELL),
        quick=(0,),
    ),
    asymptotic(
        "convex-losses/huber-training-loss",
        "Mean Huber loss of the rows that were fitted.",
        source=_MAPS,
        predict=_train,
        measure=fits.fitted_training_loss,
        grid=cells("ratio penalty noise", [(2.0, 2.0, 1.0), (6.0, 0.02, 1.0)], teacher="linear", loss="huber", **_CELL),
        quick=(0,),
    ),
    asymptotic(
        "convex-losses/absolute-test-error",
        "Mean squared error of the absolute loss with a ridge, a noisy linear teacher.",
        source=_MAPS,
        predict=_test,
        measure=fits.fitted_error,
        grid=cells("ratio penalty noise", [(2.0, 2.0, 1.0), (2.0, 0.5, 1.0)], teacher="linear", loss="absolute",
                   **_CELL),
        quick=(0,),
    ),
)  # fmt: skip
