"""Runs that tell, beside what is measured, what a prediction starts from: gains, offsets, integrals along the path."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.diagonal_networks.experiments.flows import flow_limit, regularised_flow
from solvable.analysis.diagonal_networks.experiments.networks import finite_run
from solvable.analysis.diagonal_networks.settings import sparse_regression
from solvable.solvers import DescentRun, diagonal_descent, stochastic_gradient_flow

__all__ = [
    "finite_step_end",
    "noisy_fall",
    "offset_effect",
    "penalised_end",
    "penalised_fall",
    "stochastic_state",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _finite_step_run(rng: Rng, X: Array, y: Array, **options: Any) -> DescentRun:
    """A run at finite step that interpolates to rounding."""
    return finite_run(rng, (X, y), loss=1e-22, initial_scale=0.1, accumulate=True, **options)


def finite_step_end(rng: Rng, X: Array, y: Array, **options: Any) -> tuple[Array, dict[str, Array]]:
    """Where a run at finite step ends; its effective scale and offset."""
    run = _finite_step_run(rng, X, y, **options)
    return run.beta[0, -1], {"effective_scale": run.effective_scale[0], "offset": run.offset[0]}


def offset_effect(rng: Rng, **options: Any) -> float:
    """Largest distance, relative, of a run's end from the limit of the flow that starts at the run's effective scale.

    Only the offset of the run lies between the two.
    """
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    run = _finite_step_run(rng, X, y, **options)
    beta, limit = run.beta[0, -1], flow_limit(X, y, run.effective_scale[0], accuracy=1e-7)
    return float(np.max(np.abs(beta - limit)) / np.max(np.abs(beta)))


def stochastic_state(
    rng: Rng, X: Array, y: Array, step_size: float, time_step: float
) -> tuple[Array, dict[str, Array]]:
    """Coefficients after 500 steps of stochastic gradient flow; what they fit, and the scale that the loss has left."""
    run = stochastic_gradient_flow(X, y, step_size, time_step, 500, 0.1, rng=rng)
    return run.beta[0], {"fitted": X @ run.beta[0], "effective_scale": run.effective_scale[0]}


def penalised_end(rng: Rng, X: Array, y: Array, penalty: float, ascent: float) -> tuple[Array, dict[str, Array]]:
    """Limit of the regularised flow from weights 0.3; the integral of g g'."""
    del rng
    beta, _logs, integral = regularised_flow(X, y, 0.3, penalty, ascent)
    return beta, {"integral": integral}


def penalised_fall(rng: Rng, X: Array, y: Array, penalty: float, ascent: float) -> tuple[Array, dict[str, Array]]:
    """Fall of ln(w_+ w_-) along the regularised flow from weights 0.3; the integral of g g'."""
    del rng
    _beta, logs, integral = regularised_flow(X, y, 0.3, penalty, ascent)
    return np.log(0.09) - logs, {"integral": integral}


def noisy_fall(rng: Rng, steps_per_time: float, label_noise: float) -> tuple[float, dict[str, float]]:
    """Fall of ln(w_+ w_-) in four runs of 20 units of time with label noise, from weights 0.3 on one problem.

    `squares` is the sum over the steps of squared columns of X, `residual` the mean square residual; all are means over
    coordinates or runs.
    """
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    step, steps, scale = 1 / steps_per_time, int(20 * steps_per_time), 0.3
    run = diagonal_descent(X, y, step, steps, scale, 1, label_noise=label_noise, seeds=4, checkpoints=2, rng=rng,
                           accumulate=True)  # fmt: skip
    fall = float(np.mean(-np.log(np.abs(run.plus[:, -1] * run.minus[:, -1]) / scale**2)))
    residual = float(np.mean(2 * run.loss_integral / (step * steps)))
    return fall, {"squares": float(steps * np.mean(X**2)), "residual": residual}
