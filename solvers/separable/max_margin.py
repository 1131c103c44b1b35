r"""Largest margin and least-distance projection onto it, by an active set or by non-negative least squares.

Rows z = y x, so that w classifies everything iff Zw > 0. The projection of :math:`w_0` onto
:math:`\{w: Zw\ge 1\}` is :math:`w_0+Z^T\alpha` with :math:`\alpha=u/\rho`, :math:`\rho=s^2(1-g^Tu)`,

.. math:: u = \arg\min_{u\ge 0} \|Z^Tu\|^2+s^2(g^Tu-1)^2, \qquad g = 1-Zw_0,

for any s > 0; an s near the distance's inverse keeps :math:`\rho` away from rounding. When the minimum is 0, u is a
non-negative combination of the rows that vanishes: nothing separates them. Of few rows an active set of their Gram
matrix is searched first, and taken where what it finds meets the conditions of the optimum to rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dgeqrf, dtrtrs

from solvable.solvers.separable.active_set import least_distance
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import as_finite, as_matrix, data_eps, refuse, within_range

__all__ = ["MarginProjection", "MaxMargin", "largest_violation", "max_margin", "project_onto_margin"]

Array = NDArray[np.float64]
_ROUNDS = 12  # each corrects s; from 1 down to a margin of 1e-12 it takes four
_TOLERANCE = 1e-9
_SQUARES = 1e-200, 1e200  # between these the squares of a row's entries are numbers where they count
_COMPILED = 256  # rows up to which the active set of their Gram matrix is searched first,
_FEWEST = 5  # where they are at most so many for each column: on the way more could be active than are independent
_MOST = 4  # columns a row from which on most rows are active: the search begins with all of them
_MET = 1e-14  # residual at which what it finds is taken
_INDEPENDENT = 1e-5  # rows whose triangular factor falls no further are taken as independent


@record
class MaxMargin:
    """Separator of largest margin.

    Attributes
    ----------
    weights : ndarray, shape (d,)
        Least-norm w with Zw >= 1.
    margin : float
        Distance of the nearest row's hyperplane, ``1/norm(weights)``.
    dual : ndarray, shape (n,)
        Multipliers, not negative: ``weights = Z.T @ dual``.
    support : ndarray of int
        Rows with a positive multiplier.
    solution : Solution
        The weights with residual, status and iterations.
    """

    weights: Array
    margin: float
    dual: Array
    support: NDArray[np.intp]
    solution: Solution


@record
class MarginProjection(Solution):
    """A `Solution` with the multipliers that prove it.

    Attributes
    ----------
    value : ndarray, shape (d,)
        The projection; NaN where there is none.
    residual, status, iterations : ndarray
        As of every `Solution`.
    certificate, prover : None
        No interval proof; the multipliers prove it.
    converged : bool
        Whether the status is ``CONVERGED``.
    multipliers : ndarray, shape (n,)
        Not negative. Of the constraints, ``value = start + Z.T @ multipliers``; with status ``NO_SOLUTION`` a convex
        combination of the rows that vanishes, which proves that no weights separate them.
    """

    multipliers: Array | None = None


def _read_rows(Z: ArrayLike) -> tuple[Array, Array]:
    """Rows of length one, and their lengths."""
    rows = np.ascontiguousarray(as_matrix("Z", Z))
    with np.errstate(over="ignore"):
        squares = np.einsum("ij,ij->i", rows, rows)
    if squares.min() > _SQUARES[0] and squares.max() < _SQUARES[1]:
        lengths = np.sqrt(squares)
        return rows / lengths[:, None], lengths
    largest = np.abs(rows).max(axis=1)
    if not largest.all():
        raise refuse(f"Z[{int(np.argmin(largest))}]", 0.0, "a row of zeros has no margin")
    units = rows / largest[:, None]
    norms = np.linalg.norm(units, axis=1)
    return units / norms[:, None], largest * norms


def _violation(units: Array, wanted: Array, move: Array, dual: Array) -> float:
    """Largest unmet constraint and gap of complementarity, relative."""
    slack = units @ move - wanted
    size = max(1.0, float(np.abs(units @ move).max()))
    gap = abs(float(dual @ slack)) / max(float(dual @ np.maximum(wanted, 0.0)), np.finfo(float).tiny)
    return max(float(-slack.min()) / size, gap, 0.0)


def _polish(units: Array, small: Array, wanted: Array, active: NDArray[np.bool_]) -> tuple[Array, Array] | None:
    """Solve the active constraints as equations; None where a multiplier comes out negative.

    `small` has the Gram matrix of the rows, in fewer entries.
    """
    rows, level = units[active], wanted[active]
    dual, steep = np.zeros(len(units)), False
    if len(rows) <= small.shape[0]:
        factor = dgeqrf(small[:, active])[0][: len(rows)]  # the triangle above; NumPy's wrapper costs more than it
        diagonal = np.abs(factor.diagonal())
        steep = bool(diagonal.min() > _INDEPENDENT * diagonal.max())
    if steep:
        move: Array = np.zeros(units.shape[1])
        found: Array = np.zeros(len(rows))
        for _ in range(2):  # the second pass removes what the square of the condition costs
            left = dtrtrs(factor, level - rows @ move, trans=1)[0]
            found = found + dtrtrs(factor, left)[0]
            move = np.asarray(found @ rows, np.float64)
        dual[active] = found
    else:  # by the singular values, slower
        move = np.asarray(np.linalg.lstsq(rows, level, rcond=None)[0], np.float64)
        dual[active] = np.linalg.lstsq(rows.T, move, rcond=None)[0]
    return (move, dual) if np.all(dual >= 0) else None


def shortest_move(units: Array, wanted: Array, unit: float) -> tuple[Array | None, Array, float, int]:
    """Shortest move with units @ move >= wanted (largest entry 1), its multipliers, residual, and rounds.

    The rows have length one; `unit` is the rounding unit of their entries. Without a move (None) the multipliers are
    the convex combination that vanishes, the residual its length.
    """
    n, d = units.shape
    if n <= min(_COMPILED, _FEWEST * d):
        dual, move, room = np.empty(n), np.empty(d), np.empty((n + 3, n))
        rows, active = np.ascontiguousarray(units), np.empty(n, dtype=np.int64)
        residual = least_distance(rows, units @ units.T, wanted, _MOST * n <= d, dual, move, room, active)
        if residual <= _MET and float(np.linalg.norm(move)) > 8 * max(n, d) * unit * float(dual.sum()):
            return move, dual, residual, 1
    return _by_least_squares(units, wanted, unit)


def _by_least_squares(units: Array, wanted: Array, unit: float) -> tuple[Array | None, Array, float, int]:
    """The same by NNLS, for dependent rows and those that nothing separates."""
    from scipy.optimize import nnls

    n, d = units.shape
    s, count = 1.0, 0
    # the triangular factor is smaller where d > n, and does not square the condition
    small = np.triu(dgeqrf(units.T)[0][:n]) if d > n else units.T
    for _ in range(_ROUNDS):
        system = np.vstack([small, s * wanted])
        target = np.zeros(len(system))
        target[-1] = s
        u = nnls(system, target, maxiter=30 * (n + d))[0]
        count += 1
        combination = u / u.sum()
        length = float(np.linalg.norm(combination @ units))
        if length <= 8 * max(n, d) * unit:
            return None, combination, length, count
        share = float(wanted @ combination)  # the move is at least share/length
        if 1 / 8 <= s * share / length <= 8:
            break
        s = length / share
    rho = s * s * (1 - float(wanted @ u))
    if rho <= 0:  # the best for this direction of u: scale it so that the constraints hold on average
        rho = length**2 * float(u.sum()) / share
    dual = u / rho
    move = dual @ units
    residual = _violation(units, wanted, move, dual)
    polished = _polish(units, small, wanted, u > 0)
    if polished is not None and (better := _violation(units, wanted, *polished)) <= residual:
        move, dual, residual = *polished, better
    return move, dual, residual, count


@within_range
def project_onto_margin(Z: ArrayLike, start: ArrayLike, *, on_failure: OnFailure = "warn") -> MarginProjection:
    r"""Project weights onto those with margin one, :math:`\arg\min\{\|w-w_0\|^2: Zw\ge 1\}`.

    What a weakly regularised fit of a new separable task does to the weights of the last one, in the limit of a
    vanishing ridge and in units of ln(1/ridge).

    Parameters
    ----------
    Z : array_like, shape (n, d)
        Rows y x, labels y = +-1.
    start : array_like, shape (d,)
        :math:`w_0`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the rows cannot be separated, or the residual exceeds 1e-9.

    Returns
    -------
    MarginProjection
        `value` (d,) and `multipliers` (n,). `residual` is the larger of the unmet constraint and the gap of
        complementarity, relative. Where nothing separates the rows: status ``NO_SOLUTION``, `value` NaN, and the
        multipliers are a convex combination of rows that vanishes, `residual` its length.

    Raises
    ------
    ValueError
        A zero row, shapes that do not match.

    Notes
    -----
    Rows are taken as inseparable when a convex combination of them, each at length one, is shorter than 8 max(n, d)
    roundings of the data: smaller margins are lost in it. Digits of the value below the rounding of the start are lost.

    References
    ----------
    evron2023continual (the sequence of projections; this program is derived)

    Examples
    --------
    >>> from solvable.solvers import project_onto_margin
    >>> project_onto_margin([[2.0, 0.0]], [0.0, 3.0]).value
    array([0.5, 3. ])
    """
    units, lengths = _read_rows(Z)
    origin = as_finite("start", start)
    if origin.shape != (units.shape[1],):
        raise refuse("start.shape", origin.shape, f"it must be {(units.shape[1],)}, one weight for each column")
    missing = 1 / lengths - units @ origin
    most = float(missing.max())
    if most <= 0:
        found = (origin.copy(), np.zeros(len(units)), 0.0, Status.CONVERGED, 0)
    else:
        move, dual, residual, count = shortest_move(units, missing / most, data_eps(Z))
        if move is None:
            with np.errstate(under="ignore"):
                weight = dual / (lengths / lengths.min())
            found = (np.full(origin.shape, np.nan), weight / weight.sum(), residual, Status.NO_SOLUTION, count)
        else:
            status = Status.CONVERGED if residual <= _TOLERANCE else Status.MAX_ITERATIONS
            found = (origin + most * move, most * dual / lengths, residual, status, count)
    value, multipliers, left, status, rounds = found
    solution = MarginProjection(
        value, np.array(left), np.array(status, dtype=np.int8), np.array(rounds), multipliers=multipliers
    )
    report_failures(solution, "project_onto_margin", on_failure)
    return solution


@within_range
def max_margin(Z: ArrayLike, *, on_failure: OnFailure = "warn") -> MaxMargin:
    r"""Hard-margin separator through the origin, :math:`\arg\min\{\tfrac12\|w\|^2: Zw\ge 1\}`.

    The margin is :math:`1/\|w\|`, the distance of the origin from the convex hull of the rows. There is no intercept;
    append a constant column for one that is penalised.

    Parameters
    ----------
    Z : array_like, shape (n, d)
        Rows y x, labels y = +-1.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the residual exceeds 1e-9.

    Returns
    -------
    MaxMargin
        Weights with Zw >= 1, margin, multipliers and support.

    Raises
    ------
    ValueError
        A zero row; rows that nothing separates: the message names a combination of them that vanishes.

    Notes
    -----
    The condition is that of the active rows; margins below 8 max(n, d) roundings of the longest row are refused.

    References
    ----------
    evron2023continual (the program is derived)

    Examples
    --------
    >>> from solvable.solvers import max_margin
    >>> found = max_margin([[2.0, 0.0], [0.0, 2.0], [5.0, 5.0]])
    >>> found.weights, round(found.margin, 12), found.support
    (array([0.5, 0.5]), 1.414213562373, array([0, 1]))
    """
    units, lengths = _read_rows(Z)
    nearest = 1 / lengths
    most = float(nearest.max())
    move, dual, residual, count = shortest_move(units, nearest / most, data_eps(Z))
    if move is None:
        rows = np.argsort(-dual)[: int(np.sum(dual > 0))]
        text = " + ".join(f"{dual[i]:.3g} z_{i}" for i in rows[:4]) + (" + ..." if rows.size > 4 else "")
        raise refuse("Z", as_matrix("Z", Z), f"nothing separates its rows: scaled to length one, {text} vanishes")
    status = Status.CONVERGED if residual <= _TOLERANCE else Status.MAX_ITERATIONS
    weights, multipliers = most * move, most * dual / lengths
    solution = Solution(weights, np.array(residual), np.array(status, dtype=np.int8), np.array(count))
    report_failures(solution, "max_margin", on_failure)
    margin = 1 / (most * float(np.linalg.norm(move)))
    return MaxMargin(weights, margin, multipliers, np.flatnonzero(dual > 0), solution)


@within_range
def largest_violation(Z: ArrayLike, weights: ArrayLike) -> Array:
    r"""By how much weights miss margin one, :math:`\max_i\max(0, 1-z_i^Tw)`: the hinge loss of the worst row.

    Parameters
    ----------
    Z : array_like, shape (n, d)
        Rows y x, labels y = +-1.
    weights : array_like, shape (..., d)
        One or many vectors.

    Returns
    -------
    ndarray
        In the shape of `weights` without its last axis.

    Raises
    ------
    ValueError
        Shapes that do not match.

    References
    ----------
    evron2023continual

    Examples
    --------
    >>> from solvable.solvers import largest_violation
    >>> largest_violation([[2.0, 0.0]], [[0.0, 3.0], [1.0, 0.0]])
    array([1., 0.])
    """
    rows, w = as_matrix("Z", Z), as_finite("weights", weights)
    if w.ndim == 0 or w.shape[-1] != rows.shape[1]:
        raise refuse("weights.shape", w.shape, f"its last axis must be {rows.shape[1]}")
    return np.asarray(np.maximum(0.0, 1 - w @ rows.T).max(axis=-1))
