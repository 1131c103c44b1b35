"""What a draw makes at random before anything is predicted or measured: a problem, or a problem and a run on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvable.analysis.diagonal_networks.experiments.flows import flow_limit, regularised_flow
from solvable.analysis.diagonal_networks.experiments.networks import finite_run
from solvable.analysis.diagonal_networks.settings import sparse_regression
from solvable.solvers import diagonal_descent, stochastic_gradient_flow

__all__ = [
    "finite_step_run",
    "gaussian_problem",
    "noisy_run",
    "offset_effect",
    "penalised_problem",
    "sparse_problem",
    "stochastic_run",
]

Rng = np.random.Generator


def sparse_problem(rng: Rng, *, shape: tuple[Any, ...], **_: Any) -> dict[str, Any]:
    """X and y of a sparse regression; `shape` holds rows, columns, sparsity and maybe noise."""
    X, y, _target = sparse_regression(rng, *shape)
    return {"X": X, "y": y}


def gaussian_problem(rng: Rng, n: int, d: int) -> dict[str, Any]:
    """X and y with Gaussian entries."""
    return {"X": rng.standard_normal((n, d)), "y": rng.standard_normal(n)}


def finite_step_run(rng: Rng, **options: Any) -> dict[str, Any]:
    """A problem and a run at finite step that interpolates it to rounding."""
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    return {"X": X, "y": y, "run": finite_run(rng, (X, y), loss=1e-22, initial_scale=0.1, accumulate=True, **options)}


def offset_effect(rng: Rng, **options: Any) -> float:
    """Largest distance, relative, of a run's end from the limit of the flow that starts at the run's effective scale.

    Only the offset of the run lies between the two.
    """
    X, y, run = finite_step_run(rng, **options).values()
    beta, limit = run.beta[0, -1], flow_limit(X, y, run.effective_scale[0])
    return float(np.max(np.abs(beta - limit)) / np.max(np.abs(beta)))


def stochastic_run(rng: Rng, step_size: float, time_step: float) -> dict[str, Any]:
    """A design and 500 steps of stochastic gradient flow on it."""
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    return {"X": X, "flow": stochastic_gradient_flow(X, y, step_size, time_step, 500, 0.1, rng=rng)}


def penalised_problem(rng: Rng, penalty: float, ascent: float) -> dict[str, Any]:
    """A problem and its regularised flow from weights 0.3: the limit, ln(w_+ w_-) there, the integral of g g'."""
    X, y, _ = sparse_regression(rng, 8, 16, 2)
    beta, logs, integral = regularised_flow(X, y, 0.3, penalty, ascent)
    return {"X": X, "y": y, "beta": beta, "logs": logs, "integral": integral}


def noisy_run(rng: Rng, steps_per_time: float, label_noise: float) -> dict[str, Any]:
    """Four runs of 20 units of time with label noise, from weights 0.3 on one problem.

    `fall` is that of ln(w_+ w_-), `squares` the sum over the steps of squared columns of X, `residual` the mean square
    residual; means over coordinates or runs.
    """
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    step, steps, scale = 1 / steps_per_time, int(20 * steps_per_time), 0.3
    run = diagonal_descent(X, y, step, steps, scale, 1, label_noise=label_noise, seeds=4, checkpoints=2, rng=rng,
                           accumulate=True)  # fmt: skip
    return {
        "fall": float(np.mean(-np.log(np.abs(run.plus[:, -1] * run.minus[:, -1]) / scale**2))),
        "squares": float(steps * np.mean(X**2)),
        "residual": float(np.mean(2 * run.loss_integral / (step * steps))),
    }
