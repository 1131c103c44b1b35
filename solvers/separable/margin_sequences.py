r"""Separable tasks learned one after another: sequences of projections, and bounds of what is forgotten.

Task t has rows z = y x; :math:`C_t=\{w: z^Tw\ge 1\ \text{for all of them}\}`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.separable.active_set import project
from solvable.solvers.separable.max_margin import largest_violation, max_margin, project_onto_margin
from solvable.solvers.solution import Status, record, report_failures
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["ContinualBounds", "MarginSequence", "continual_bounds", "sequential_max_margin"]

Array = NDArray[np.float64]
_SMALL = 40  # rows of a task whose active set is searched in one compiled pass


@record
class MarginSequence:
    r"""Weights after every task of a sequence of projections.

    Attributes
    ----------
    weights : ndarray, shape (K + 1, d)
        Zero, then after each of the K tasks.
    distance : ndarray, shape (K + 1,)
        Distance to the weights that separate all tasks with margin one.
    forgetting : ndarray, shape (K + 1,)
        Squared hinge loss of the worst row of all tasks, :math:`\max\,\max(0, 1-z^Tw)^2`.
    """

    weights: Array
    distance: Array
    forgetting: Array


def read_tasks(tasks: Sequence[ArrayLike] | ArrayLike) -> list[Array]:
    """Tasks as matrices with as many columns each."""
    if not np.iterable(tasks) or isinstance(tasks, str):
        raise refuse("tasks", tasks, "it must be a sequence of matrices")
    found = [as_matrix(f"tasks[{t}]", rows) for t, rows in enumerate(tasks)]
    if not found:
        raise refuse("tasks", found, "there must be at least one")
    for t, rows in enumerate(found):
        if rows.shape[1] != found[0].shape[1]:
            raise refuse(f"tasks[{t}].shape", rows.shape, f"it must have {found[0].shape[1]} columns, as tasks[0]")
        if not (whole := rows.any(axis=1)).all():
            raise refuse(f"tasks[{t}][{int(np.argmin(whole))}]", 0.0, "a row of zeros has no margin")
    return found


def projected(Z: Array, weights: Array) -> Array:
    """Projection of one vector with the check of `project_onto_margin`; rows that nothing separates are refused."""
    found = project_onto_margin(Z, weights, on_failure="ignore")
    if found.status == Status.NO_SOLUTION:
        max_margin(Z)  # refuses, and names the combination that vanishes
    report_failures(found, "project_onto_margin", "raise")
    return found.value


def _project(Z: Array, starts: NDArray[np.int64], grams: Array, order: NDArray[np.int64], w: Array, out: Array) -> int:
    """The compiled pass in room of its own: how many projections were made."""
    n = grams.shape[1]
    return int(project(Z, starts, grams, order, w, out, np.empty((n + 5, n)), np.empty(n, dtype=np.int64)))


def _distances(Z: Array, weights: Array) -> Array:
    """Distance of each vector to {w: Zw >= 1}."""
    near, one, made = np.empty_like(weights), np.array([0, len(Z)]), 0
    if len(Z) <= 2 * _SMALL:
        made = _project(Z, one, Z @ Z.T, np.zeros(len(weights), dtype=np.int64), weights, near)
    for s in range(made, len(weights)):
        near[s] = projected(Z, weights[s])
    return np.asarray(np.linalg.norm(weights - near, axis=1))


@within_range
def sequential_max_margin(tasks: Sequence[ArrayLike] | ArrayLike, order: ArrayLike, passes: int) -> MarginSequence:
    r"""Project zero weights onto the margins of one task after another, :math:`w_k=\Pi_{C_{t_k}}(w_{k-1})`.

    The limit of weakly regularised continual learning, in units of ln(1/ridge).

    Parameters
    ----------
    tasks : sequence of array_like, shapes (n_t, d)
        Rows y x of each task; one array (T, n, d) where all have as many.
    order : array_like of int
        Indices of tasks, from 0, in the order of one pass.
    passes : int
        How often the order is gone through.

    Returns
    -------
    MarginSequence
        Weights, distance and forgetting after every task, K = passes times the length of the order.

    Raises
    ------
    ValueError
        A zero row, indices that name no task, tasks that nothing separates together: the message names rows.

    Notes
    -----
    Tasks of more than 40 rows, and those whose active rows are dependent to 1e-6, go through `project_onto_margin`.

    References
    ----------
    evron2023continual

    Examples
    --------
    >>> from solvable.solvers import sequential_max_margin
    >>> run = sequential_max_margin([[[1.0, 0.0]], [[-0.6, 0.8]]], [0, 1], 1)
    >>> run.weights.round(12), run.distance.round(6), run.forgetting.round(6)
    (array([[0.  , 0.  ],
           [1.  , 0.  ],
           [0.04, 1.28]]), array([2.236068, 2.      , 1.2     ]), array([1.    , 2.56  , 0.9216]))
    """
    read = read_tasks(tasks)
    raw = as_finite("order", order)
    if raw.ndim != 1 or raw.size == 0 or not np.all((raw == np.floor(raw)) & (raw >= 0) & (raw < len(read))):
        raise refuse("order", raw, f"it must be a list of whole numbers in 0..{len(read) - 1}, the tasks")
    count = as_whole("passes", passes)
    check_room("passes", passes, float(count) * raw.size * read[0].shape[1])
    chosen = np.tile(raw.astype(np.int64), count)
    unit = max(float(np.abs(rows).max()) for rows in read)
    read = [rows / unit for rows in read]
    together = np.vstack(read)
    max_margin(together)  # refuses with the rows that contradict each other
    starts = np.cumsum([0, *(len(rows) for rows in read)])
    weights = np.zeros((chosen.size + 1, together.shape[1]))
    most = max(map(len, read))
    grams = np.zeros((len(together), most)) if most <= _SMALL else None
    if grams is not None:
        for start, rows in zip(starts, read, strict=False):
            grams[start : start + len(rows), : len(rows)] = rows @ rows.T
    done = 0
    while done < chosen.size:
        if grams is not None:
            done += _project(together, starts, grams, chosen[done:], weights[done:-1], weights[done + 1 :])
        if done < chosen.size:
            weights[done + 1] = projected(read[chosen[done]], weights[done])
            done += 1
    forgetting = largest_violation(together, weights) ** 2
    return MarginSequence(weights / unit, _distances(together, weights) / unit, forgetting)


@record
class ContinualBounds(OnGrid):
    """Bounds after each number of steps.

    Attributes
    ----------
    distance2 : ndarray
        Of the squared distance to the weights that separate all tasks; of its mean for random orders.
    forgetting : ndarray
        Of the squared hinge loss of the worst row, radius^2 times that.
    """

    distance2: Array
    forgetting: Array


@gridded("steps")
@within_range
def continual_bounds(radius: float, margin: float, tasks: int, ordering: str, steps: ArrayLike) -> ContinualBounds:
    r"""Bounds of a sequence of projections that starts at zero weights, from radius and margin alone.

    .. math:: \frac{1}{\mu^2}\Big(1-\frac{\mu^2}{TR^2}\Big)^{k},\qquad k\to\lfloor k/T\rfloor\ \text{for cyclic orders}

    Weights that miss margin one by at most :math:`\delta` everywhere lie within :math:`\delta/\mu` of the common
    solutions, and :math:`\delta\le R\max_td(w,C_t)`; a projection shortens the squared distance by its squared length.

    Parameters
    ----------
    radius : float
        R, length of the longest row.
    margin : float
        :math:`\mu\le R`, largest margin of unit weights over the rows of all tasks.
    tasks : int
        T.
    ordering : {"cyclic", "random"}
        In turn, or each task drawn independently and uniformly.
    steps : array_like
        k, tasks learned, from 0 on.

    Returns
    -------
    ContinualBounds
        In the shape of `steps`.

    Raises
    ------
    ValueError
        A margin above the radius, steps that are no whole numbers, an unknown ordering.

    References
    ----------
    evron2023continual (the subject; these bounds are derived)

    Examples
    --------
    >>> from solvable.solvers import continual_bounds
    >>> continual_bounds(1.0, 0.5, 2, "cyclic", [0, 1, 2]).distance2
    array([4. , 4. , 3.5])
    """
    longest, least = as_scalar("radius", radius, as_positive), as_scalar("margin", margin, as_positive)
    if least > longest * (1 + 1e-12):
        raise refuse("margin", margin, f"it cannot exceed the radius {longest:g}")
    count, k = as_whole("tasks", tasks), as_nonnegative("steps", steps)
    if not np.all(k == np.floor(k)):
        raise refuse("steps", k, "they must be whole numbers")
    if as_choice("ordering", ordering, ("cyclic", "random")) == "cyclic":
        k = np.floor(k / count)
    ratio = min(least / longest, 1.0)
    rounds = np.log1p(-(ratio**2) / count) if ratio < 1 or count > 1 else -np.inf
    factor = np.exp(np.where(k > 0, k, 1.0) * rounds) * (k > 0) + (k == 0)
    return ContinualBounds(np.asarray(factor / least / least), np.asarray(factor / ratio / ratio))
