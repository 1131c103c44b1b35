"""Interpolators of least l1 and l2 norm: the two ends of the implicit bias of diagonal linear networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.diagonal_networks.implicit_bias import orthonormal_constraints
from solvable.solvers.solution import OnFailure, Solution, Status, report_failures
from solvable.solvers.validate import data_eps, read_regression, within_range

__all__ = ["minimum_l1", "minimum_l2"]

Array = NDArray[np.float64]
_ROUNDS = 4  # of refinement; each gains seven digits


@within_range
def minimum_l1(X: ArrayLike, y: ArrayLike, *, on_failure: OnFailure = "warn") -> Solution:
    r"""Interpolator of least l1 norm, :math:`\arg\min\{\|\beta\|_1: X\beta=y\}`, as a linear program (HiGHS).

    Limit of `interpolator` at vanishing scale, where it is unique (columns in general position).

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design.
    y : array_like, shape (n,)
        Labels in the range of X.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the residual exceeds 1e-9.

    Returns
    -------
    Solution
        `value` (d,) is a vertex of the solution set; `residual` the larger of the relative errors of the constraints
        and of the duality gap, `iterations` those of the program.

    Raises
    ------
    ValueError
        Labels outside the range of X.

    Notes
    -----
    The constraints hold to rounding, so entries down to about 1e-13 of the largest are found, the smaller the fewer
    of their digits.

    References
    ----------
    woodworth2020kernel

    Examples
    --------
    >>> from solvable.solvers import minimum_l1
    >>> minimum_l1([[1.0, 2.0]], [2.0]).value
    array([0., 1.])
    """
    design, labels = read_regression(X, y)
    Q, c = orthonormal_constraints(design, labels, data_eps(X, y))
    beta, residual, count = _vertex(Q, c) if c.any() else (np.zeros(len(Q)), 0.0, 0)
    status = Status.CONVERGED if residual <= 1e-9 else Status.MAX_ITERATIONS
    solution = Solution(beta, np.array(residual), np.array(status, dtype=np.int8), np.array(count))
    report_failures(solution, "minimum_l1", on_failure)
    return solution


def _vertex(Q: Array, c: Array) -> tuple[Array, float, int]:
    """Vertex of least l1 norm on Q^T beta = c, the larger of its misfit and its duality gap, and the iterations.

    The program stops at an absolute 1e-7, and would drop what is smaller: it is solved again for what is left of the
    constraints, in units of that (iterative refinement), until they hold to rounding.
    """
    from scipy.optimize import linprog

    size = float(np.abs(c).max())
    both, target, costs = np.hstack([Q.T, -Q.T]), c / size, np.ones(2 * len(Q))
    parts, left, unit, count = np.zeros(2 * len(Q)), target, 1.0, 0
    for _ in range(_ROUNDS):
        bounds = np.column_stack([-parts / unit, np.full(parts.size, np.inf)])
        found = linprog(costs, A_eq=both, b_eq=left / unit, bounds=bounds, method="highs")
        count += found.nit
        if found.x is None:
            raise ArithmeticError(f"the linear program for the minimum l1 norm found no solution: {found.message}")
        parts = np.maximum(parts + unit * found.x, 0.0)
        left = target - both @ parts
        unit = float(np.abs(left).max())
        if unit <= 1e-14:
            break
    beta = parts[: len(Q)] - parts[len(Q) :]
    support = np.abs(beta) > 1e-13 * np.abs(beta).max()
    exact = np.zeros(len(Q))
    exact[support] = np.linalg.lstsq(Q[support].T, target, rcond=None)[0]
    same = np.all(exact[support] * beta[support] > 0)
    if same and np.abs(Q.T @ exact - target).max() <= max(unit, 1e-14):
        beta = exact
    # any dual, scaled to be feasible, bounds the least norm from below: the program's, or that of the signs, which is
    # exact at a vertex
    support = beta != 0
    signs = np.linalg.lstsq(Q[support], np.sign(beta[support]), rcond=None)[0]
    bounds_below = [dual @ target / max(1.0, np.abs(Q @ dual).max()) for dual in (found.eqlin.marginals, signs)]
    gap = 1 - float(max(bounds_below)) / float(np.abs(beta).sum())
    return size * beta, max(float(np.abs(Q.T @ beta - target).max()), abs(gap)), count


@within_range
def minimum_l2(X: ArrayLike, y: ArrayLike) -> Array:
    r"""Interpolator of least l2 norm, :math:`X^+y`: limit of `interpolator` at growing scale.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design.
    y : array_like, shape (n,)
        Labels in the range of X.

    Returns
    -------
    ndarray, shape (d,)
        The interpolator.

    Raises
    ------
    ValueError
        Labels outside the range of X.

    References
    ----------
    woodworth2020kernel

    Examples
    --------
    >>> from solvable.solvers import minimum_l2
    >>> minimum_l2([[1.0, 2.0]], [2.0]).round(12)
    array([0.4, 0.8])
    """
    Q, c = orthonormal_constraints(*read_regression(X, y), data_eps(X, y))
    return np.asarray(Q @ c)
