"""Descent from flipped labels: what the flipped rows are given, and where the gradient points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.separable.settings import flipped_classes
from solvable.solvers import logistic_descent

__all__ = ["alignment", "held", "memorised", "shares"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def shares(
    rng: Rng, n: int, p: int, flips: float, steps: int, strength: float | None = None, checkpoints: int = 40
) -> dict[str, Any]:
    """Share of flipped rows with their true label, and accuracy on fresh rows, at the recorded steps."""
    X, given, true, v = flipped_classes(rng, n, p, flips)
    run = logistic_descent(
        X, given, 0.5, steps, loss="tanh", label_targets=strength, momentum=0.7 if strength else 0.0,
        checkpoints=checkpoints,
    )  # fmt: skip
    wrong = given != true
    fresh, labels, _, _ = flipped_classes(rng, 2000, p, 0.0, v)
    pull = np.tanh(run.weights @ X.T) - given
    gradient = pull @ X / n
    cosine = -(gradient @ v) / np.linalg.norm(gradient, axis=1)
    return {
        "times": run.times,
        "share": np.mean((run.weights @ X[wrong].T) * true[wrong] > 0, axis=1),
        "median": np.median((run.weights @ X[wrong].T) * true[wrong], axis=1),
        "accuracy": np.mean((run.weights @ fresh.T) * labels > 0, axis=1),
        "cosine": cosine,
    }


def held(rng: Rng, n: int, p: int, flips: float, steps: int, strength: float) -> float:
    """Score of the median flipped row for its true label at the end: positive where most are held."""
    return float(shares(rng, n, p, flips, steps, strength or None, 1)["median"][-1])


def alignment(rng: Rng, n: int, p: int, flips: float, step: int) -> float:
    """Cosine of the descent direction with the true one after `step` steps."""
    return float(shares(rng, n, p, flips, max(step, 1), checkpoints=50)["cosine"][step])


def memorised(rng: Rng, n: int, at: float) -> float:
    """+1/2 where no weights fit random labels of n Gaussian rows in n/at dimensions, -1/2 where some do."""
    from scipy.optimize import linprog

    p = max(1, round(n / at))
    Z = rng.standard_normal((n, p))
    found = linprog(np.zeros(p), A_ub=-Z, b_ub=-np.ones(n), bounds=(None, None), method="highs")
    return -0.5 if found.status == 0 else 0.5
