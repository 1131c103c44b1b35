"""Descent from flipped labels: what the flipped rows are given, and where the gradient points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.separable.experiments.digits import digit_pair
from solvable.analysis.separable.settings import flipped_classes
from solvable.solvers import logistic_descent

__all__ = ["alignment", "digit_shares", "held", "memorised", "shares"]

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


def digit_shares(
    rng: Rng, n: int, flips: float, steps: int, strength: float | None = None, checkpoints: int = 40
) -> dict[str, Any]:
    """The same for n of the digits 3 and 8, some labels flipped; accuracy on the others."""
    X, true = digit_pair(3, 8)
    X = X / np.sqrt(np.mean(np.sum(X**2, axis=1)))
    order = rng.permutation(len(X))
    seen, rest = order[:n], order[n:]
    wrong = np.arange(n) < round(flips * n)
    given = np.where(wrong, -true[seen], true[seen])
    run = logistic_descent(
        X[seen], given, 5.0, steps, loss="tanh", label_targets=strength, momentum=0.7 if strength else 0.0,
        checkpoints=checkpoints,
    )  # fmt: skip
    return {
        "times": run.times,
        "share": np.mean((run.weights @ X[seen][wrong].T) * true[seen][wrong] > 0, axis=1),
        "accuracy": np.mean((run.weights @ X[rest].T) * true[rest] > 0, axis=1),
    }


def held(rng: Rng, n: int, p: int, flips: float, steps: int, strength: float) -> float:
    """Score of the median flipped row for its true label at the end: positive where most are held."""
    return float(shares(rng, n, p, flips, steps, strength or None, 1)["median"][-1])


def alignment(rng: Rng, n: int, p: int, flips: float, step: int) -> float:
    """Cosine of the descent direction with the true one after `step` steps."""
    return float(shares(rng, n, p, flips, max(step, 1), checkpoints=50)["cosine"][step])


def memorised(rng: Rng, n: int, flips: float, noise: float, at: float) -> float:
    """+1/2 where no weights fit all labels of n rows in n/at dimensions, -1/2 where some do."""
    from scipy.optimize import linprog

    X, given, _, _ = flipped_classes(rng, n, max(1, round(n / at)), flips, noise=noise)
    Z = X * (given / noise)[:, None]
    found = linprog(np.zeros(Z.shape[1]), A_ub=-Z, b_ub=-np.ones(n), bounds=(None, None), method="highs")
    return -0.5 if found.status == 0 else 0.5
