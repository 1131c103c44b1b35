r"""Matrix completion with the nuclear norm, with a certificate: a duality gap that is recomputed from the answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import as_finite, as_positive, as_scalar, as_whole, check_room, refuse, within_range

__all__ = ["Completion", "nuclear_completion"]

Array = NDArray[np.float64]
_STEPS, _GAP = 20_000, 1e-13


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


@within_range
def nuclear_completion(
    entries: ArrayLike, shape: tuple[int, int], ridge: float, *, on_failure: OnFailure = "warn"
) -> Completion:
    r"""Complete a matrix with the least nuclear norm that fits the entries given.

    Minimises :math:`\frac12\sum_{uv}(\theta_{uv}-y_{uv})^2+\lambda\|\theta\|_*`, a sum over the entries.
    A proximal gradient step fills in the missing entries with the current matrix and lowers the singular values by
    :math:`\lambda` (soft-impute); extrapolated, with restarts.

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
    theta, ahead, momentum = np.zeros((a, b)), np.zeros((a, b)), 1.0
    power = float(np.sum(y**2)) / 2 or 1.0

    def judged(matrix: Array, nuclear: float) -> tuple[float, float, Array]:
        left = y - matrix[rows, columns]
        primal = float(np.sum(left**2)) / 2 + lam * nuclear
        full = np.zeros((a, b))
        full[rows, columns] = left
        z = left * min(1.0, lam / max(float(np.linalg.norm(full, 2)), np.finfo(float).tiny))
        return primal, primal - float(z @ y - z @ z / 2), left / lam

    steps = 0
    for step in range(_STEPS):
        steps = step + 1
        filled = ahead.copy()
        filled[rows, columns] = y
        u, s, v = np.linalg.svd(filled, full_matrices=False)
        lowered = np.maximum(s - lam, 0.0)
        new = u * lowered @ v
        if np.sum((ahead - new) * (new - theta)) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - theta)
        theta, momentum = new, following
        if steps % 10 == 0 or steps < 10:
            primal, gap, dual = judged(theta, float(lowered.sum()))
            if gap <= _GAP * power:
                break
    primal, gap, dual = judged(theta, float(np.linalg.norm(theta, "nuc")))
    status = Status.CONVERGED if gap <= 4 * _GAP * power else Status.MAX_ITERATIONS
    solution = Solution(
        np.array(size**2 * primal), np.array(max(gap, 0.0) / power), np.array(int(status), np.int8), np.array(steps)
    )
    report_failures(solution, "nuclear_completion", on_failure)
    return Completion(size * theta, dual, max(gap, 0.0) / power, solution)
