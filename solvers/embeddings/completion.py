r"""Matrix completion with the nuclear norm, with a certificate: a duality gap that is recomputed from the answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import as_finite, as_positive, as_scalar, as_whole, check_room, refuse, within_range

__all__ = ["Completion", "nuclear_completion"]

Array = NDArray[np.float64]
_STEPS, _GAP = 20_000, 1e-13
_PAUSE, _SWEEPS = 3, 8  # proximal steps before the first sweeps over factors, and how many of these


@record
class Completion:
    """A completed matrix.

    Attributes
    ----------
    value : ndarray, shape (a, b)
        The completed matrix.
    dual : ndarray, shape (m,)
        Residuals of the entries divided by the ridge, as `nuclear_representers` takes them.
    gap : float
        Duality gap relative to the objective: the objective is at most that far above its least value.
    solution : Solution
        Objective with residual (the gap), status and iterations.
    """

    value: Array
    dual: Array
    gap: float
    solution: Solution


def _read(entries: ArrayLike, shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, int, int]:
    given = as_finite("entries", entries)
    if given.ndim != 2 or given.shape[1] != 3 or not given.size:
        raise refuse("entries.shape", given.shape, "it must be (m, 3): row, column and value of each entry")
    size = as_finite("shape", shape)
    if size.shape != (2,):
        raise refuse("shape", size, "it must be two whole numbers")
    a, b = as_whole("shape[0]", size[0]), as_whole("shape[1]", size[1])
    check_room("shape", shape, float(a) * b)
    places = given[:, :2]
    if np.any(places != np.round(places)) or places.min() < 0 or np.any(places >= [a, b]):
        raise refuse("entries", given, f"rows must be whole numbers below {a} and columns below {b}")
    rows, columns = places.T.astype(np.intp)
    if len(np.unique(rows * b + columns)) < len(rows):
        raise refuse("entries", given, "no place may occur twice")
    return rows, columns, given[:, 2], a, b


def _fitted(factor: Array, known: Array, values: Array, lam: float) -> Array:
    """Ridge regression of the known entries of each row on the rows of a factor."""
    rank = factor.shape[1]
    squares = (factor[:, :, None] * factor[:, None, :]).reshape(len(factor), -1)
    normal = (known @ squares).reshape(-1, rank, rank) + lam * np.eye(rank)
    return np.asarray(np.linalg.solve(normal, (values @ factor)[..., None])[..., 0])


def _alternated(u: Array, v: Array, known: Array, values: Array, lam: float) -> Array:
    """A matrix of the rank of its factors, after sweeps over these with half the penalty on the squares of each."""
    for _ in range(_SWEEPS):
        v = _fitted(u, known.T, values.T, lam)
        u = _fitted(v, known, values, lam)
    return u @ v.T


def _minimised(known: Array, values: Array, lam: float, tolerance: float) -> tuple[Array, int]:
    """Proximal steps, extrapolated with restarts, along a path of falling penalties; now and then sweeps over factors.

    Sweeps lower the objective, so that they cannot lead astray; the pauses between them double, so that what is
    extrapolated keeps its rate.
    """
    theta = ahead = np.zeros_like(values)
    momentum, since, pause = 1.0, 0, _PAUSE
    penalty = max(lam, float(np.linalg.norm(values, 2)) / 3)
    for step in range(1, _STEPS + 1):
        u, s, v = np.linalg.svd(np.where(known > 0, values, ahead), full_matrices=False)
        lowered = np.maximum(s - penalty, 0.0)
        new, since, rank = u * lowered @ v, since + 1, int(np.sum(lowered > 0))
        # the gap is of the order of the move times the nuclear norm
        if penalty == lam and float(np.linalg.norm(new - ahead)) * float(lowered.sum()) <= tolerance:
            return new, step
        if np.sum((ahead - new) * (new - theta)) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        theta, ahead, momentum = new, new + (momentum - 1) / following * (new - theta), following
        if since == pause:
            pause *= 2
            if 0 < rank <= min(values.shape) // 4:
                root = np.sqrt(lowered[:rank])
                theta = ahead = _alternated(u[:, :rank] * root, v[:rank].T * root, known, values, penalty)
                momentum = 1.0
        if penalty > lam and since > _PAUSE:
            penalty, ahead, momentum, since, pause = max(lam, penalty / 3), theta, 1.0, 0, _PAUSE
    return theta, _STEPS


@within_range
def nuclear_completion(
    entries: ArrayLike, shape: tuple[int, int], ridge: float, *, on_failure: OnFailure = "warn"
) -> Completion:
    r"""Complete a matrix with the least nuclear norm that fits the entries given.

    Minimises :math:`\frac12\sum_{uv}(\theta_{uv}-y_{uv})^2+\lambda\|\theta\|_*`, a sum over the entries.
    A proximal gradient step fills in the missing entries with the current matrix and lowers the singular values by
    :math:`\lambda` (soft-impute); extrapolated, with restarts, from the solution for a larger penalty. Where few
    singular values are left, sweeps of ridge regressions over the factors of that rank go between.

    Parameters
    ----------
    entries : array_like, shape (m, 3)
        Row, column and value of each known entry, no place twice.
    shape : (int, int)
        Size of the matrix.
    ridge : float
        :math:`\lambda`, positive.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the gap stays above 1e-13 of half the sum of squares of the entries.

    Returns
    -------
    Completion
        Matrix, dual, gap.

    Raises
    ------
    ValueError
        Places outside the matrix or twice, a ridge that is not positive.

    Notes
    -----
    The dual is scaled into the unit ball of the spectral norm for the gap, so that the bound holds at any accuracy.

    References
    ----------
    tsai2023representer (the estimator), mazumder2010spectral (the iteration)

    Examples
    --------
    >>> from solvable.solvers import nuclear_completion
    >>> found = nuclear_completion([[0, 0, 2.0], [1, 1, 1.0]], (2, 2), 0.5)
    >>> found.value.round(9)
    array([[1.5, 0. ],
           [0. , 0.5]])
    """
    rows, columns, y, a, b = _read(entries, shape)
    lam = as_scalar("ridge", ridge, as_positive)
    size = float(np.abs(y).max()) or 1.0
    y, lam = y / size, lam / size
    power = float(np.sum(y**2)) / 2 or 1.0
    known, values = np.zeros((a, b)), np.zeros((a, b))
    known[rows, columns], values[rows, columns] = 1.0, y
    theta, steps = _minimised(known, values, lam, _GAP * power)
    residuals = known * (values - theta)
    z = residuals[rows, columns]
    dual = z / lam
    primal = float(z @ z) / 2 + lam * float(np.linalg.norm(theta, "nuc"))
    z = z * min(1.0, lam / max(float(np.linalg.norm(residuals, 2)), np.finfo(float).tiny))
    gap = primal - float(z @ y - z @ z / 2)
    status = Status.CONVERGED if gap <= 4 * _GAP * power else Status.MAX_ITERATIONS
    solution = Solution(
        np.array(size**2 * primal), np.array(max(gap, 0.0) / power), np.array(int(status), np.int8), np.array(steps)
    )
    report_failures(solution, "nuclear_completion", on_failure)
    return Completion(size * theta, dual, max(gap, 0.0) / power, solution)
