r"""Gradient descent of a linear embedding of pairs, from any start: the run that the closed form is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    MOST_STEPS,
    as_finite,
    as_matrix,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["EmbeddingDescent", "embedding_descent"]

Array = NDArray[np.float64]


@njit(cache=True)
def _descend(gamma, W, step_size, steps, kept, weights, losses):  # type: ignore[no-untyped-def]
    """Descend from W; weights and losses before the kept steps, until they leave the range of doubles."""
    d, m = W.shape
    at, seen, C, move = 0, np.empty((d, m)), np.empty((d, d)), np.empty(m)
    for step in range(steps + 1):
        for i in range(d):  # the innermost loops run along rows, without sums: they vectorise as they are
            for k in range(m):
                seen[i, k] = 0.0
            for j in range(m):
                share = W[i, j]
                for k in range(m):
                    seen[i, k] += share * gamma[j, k]
        loss = 0.0
        for i in range(d):
            for j in range(d):
                total = 0.0
                for k in range(m):
                    total += seen[i, k] * W[j, k]
                C[i, j] = total - 1.0 if i == j else total
                loss += C[i, j] ** 2
        if not np.isfinite(loss):
            return
        if at < kept.size and step == kept[at]:
            losses[at] = loss
            for i in range(d):
                for k in range(m):
                    weights[at, i, k] = W[i, k]
            at += 1
        for i in range(d):
            for k in range(m):
                move[k] = 0.0
            for j in range(d):
                share = C[i, j]
                for k in range(m):
                    move[k] += share * seen[j, k]
            for k in range(m):
                W[i, k] -= 4.0 * step_size * move[k]


@record
class EmbeddingDescent:
    """A run of descent at C checkpoints, d dimensions of m inputs.

    Attributes
    ----------
    steps : ndarray of int64, shape (C,)
        Steps before each checkpoint; times of the flow divided by the step size.
    weights : ndarray, shape (C, d, m)
        W.
    singular_values : ndarray, shape (C, d)
        Of the weights, falling.
    losses : ndarray, shape (C,)
        Loss before the step.
    """

    steps: NDArray[np.int64]
    weights: Array
    singular_values: Array
    losses: Array


@within_range
def embedding_descent(
    gamma: ArrayLike, start: ArrayLike, step_size: float, steps: int, checkpoints: int = 200
) -> EmbeddingDescent:
    r"""Descend :math:`L=\|W\Gamma W^T-I_d\|_F^2` (no factor one half) from any weights.

    :math:`W\leftarrow W-4\eta(W\Gamma W^T-I)W\Gamma`. Step k stands at time :math:`k\eta` of the gradient flow, up to
    an error of order :math:`\eta`.

    Parameters
    ----------
    gamma : array_like, shape (m, m)
        Symmetric :math:`\Gamma`, as from `pair_matrix`.
    start : array_like, shape (d, m)
        W at the start.
    step_size : float
        :math:`\eta`. The end is stable below :math:`1/(4\gamma_1)`.
    steps : int
        Steps to take.
    checkpoints : int
        Most checkpoints, evenly spread from 0 to the last step.

    Returns
    -------
    EmbeddingDescent
        Weights, singular values and losses at the checkpoints.

    Raises
    ------
    ValueError
        Shapes that do not fit, a matrix that is not symmetric, a run that leaves the range of doubles.

    Notes
    -----
    A simulation: rounding grows as that of the flow does.

    References
    ----------
    simon2023stepwise

    Examples
    --------
    >>> from solvable.solvers import embedding_descent
    >>> run = embedding_descent([[2.0, 0.0], [0.0, 1.0]], [[0.1, 0.0], [0.0, 0.1]], 0.01, 1000, checkpoints=2)
    >>> run.singular_values[-1].round(6)  # to gamma**-0.5
    array([1.      , 0.707107])
    """
    matrix = as_matrix("gamma", gamma)
    if not is_symmetric(matrix, data_eps(gamma)):
        raise refuse("gamma.shape", matrix.shape, "it must be a symmetric matrix")
    first = as_finite("start", start)
    if first.ndim != 2 or first.shape[1] != len(matrix) or not len(first):
        raise refuse("start.shape", first.shape, f"it must be (d, {len(matrix)}), one column for each row of gamma")
    eta = as_scalar("step_size", step_size, as_positive)
    count = as_whole("steps", steps, MOST_STEPS)
    wanted = as_whole("checkpoints", checkpoints, MOST_STEPS)
    check_room("checkpoints", wanted, float(min(wanted, count + 1)) * first.size)
    check_room("steps", steps, count * float(matrix.size) * len(first) / 2**14)
    kept = np.unique(np.linspace(0, count, min(wanted, count + 1)).round().astype(np.int64))
    weights, losses = np.full((kept.size, *first.shape), np.nan), np.full(kept.size, np.nan)
    _descend(matrix, first.copy(order="C"), eta, count, kept, weights, losses)
    if not np.all(np.isfinite(losses)):
        allowed = "the descent leaves the range of doubles; take a smaller one, or a smaller start"
        raise refuse("step_size", step_size, allowed)
    return EmbeddingDescent(kept, weights, np.linalg.svd(weights, compute_uv=False), losses)
