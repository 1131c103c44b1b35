r"""Which source tasks to sample for a target: combinations :math:`W\nu=w` and what they cost.

The variance of a target estimate that combines M source tasks with weights :math:`\nu` and :math:`n_m` samples each is
proportional to :math:`\sum_m\nu_m^2/n_m`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.diagonal_networks.minimum_norm import minimum_l1, minimum_l2
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["AllocationCost", "allocation_cost", "lasso_relevance", "relevance"]

Array = NDArray[np.float64]
_SWEEPS = 100_000


@njit(cache=True)
def _coordinates(gram, moment, ridge, sweeps):  # type: ignore[no-untyped-def]
    """Minimise nu^T G nu/2 - m^T nu + ridge |nu|_1, one coordinate after another."""
    M = moment.size
    nu, slope = np.zeros(M), moment.copy()
    for sweep in range(sweeps):
        moved, size = 0.0, 0.0
        for j in range(M):
            if gram[j, j] == 0.0:
                continue
            wanted = slope[j] + gram[j, j] * nu[j]
            new = np.sign(wanted) * max(abs(wanted) - ridge, 0.0) / gram[j, j]
            step = new - nu[j]
            if step != 0.0:
                for i in range(M):
                    slope[i] -= gram[i, j] * step
                nu[j] = new
            moved, size = max(moved, abs(step)), max(size, abs(new))
        if moved <= 1e-15 * size:
            return nu, sweep + 1
    return nu, -1


@record
class AllocationCost:
    """Cost of a combination under two allocations of a budget.

    Attributes
    ----------
    best : float
        :math:`|\\nu|_1^2` over the budget: samples in proportion to the weights, the least possible.
    squared : float
        Number of weights that are not 0 times :math:`|\\nu|_2^2` over the budget: samples in proportion to squares.
    shares : ndarray, shape (M,)
        Samples of the best allocation.
    """

    best: float
    squared: float
    shares: Array


def _read(W: ArrayLike, target: ArrayLike) -> tuple[Array, Array]:
    sources = as_matrix("W", W)
    wanted = as_finite("target", target)
    if wanted.shape != (len(sources),):
        raise refuse("target.shape", wanted.shape, f"it must be ({len(sources)},), one for each row of W")
    return sources, wanted


@within_range
def relevance(W: ArrayLike, target: ArrayLike, norm: int = 1) -> Array:
    r"""Combine source tasks to a target with the least norm: :math:`\min\|\nu\|_{norm}` such that :math:`W\nu=w`.

    Norm 2: the pseudo-inverse, `minimum_l2`. Norm 1: a linear program, `minimum_l1`; at most k of the M weights are
    not 0.

    Parameters
    ----------
    W : array_like, shape (k, M)
        Source tasks as columns, of full row rank.
    target : array_like, shape (k,)
        w.
    norm : {1, 2}
        What is least.

    Returns
    -------
    ndarray, shape (M,)

    Raises
    ------
    ValueError
        Another norm, tasks that do not span, shapes that do not fit.
    ArithmeticError
        A linear program whose answer is not confirmed by its dual to 1e-9.

    Notes
    -----
    The solution of norm 1 need not be unique; its norm is. A row of W and its target may be in any unit.

    References
    ----------
    wang2023active (the two relevances; this form derived)

    Examples
    --------
    >>> from solvable.solvers import relevance
    >>> relevance([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], [1.0, 1.0])
    array([0., 0., 1.])
    """
    sources, wanted = _read(W, target)
    kind = as_whole("norm", norm)
    if kind > 2:
        raise refuse("norm", norm, "it must be 1 or 2")
    # a row may be in any unit: its equation is the same
    rows = np.abs(sources).max(axis=1)
    s = np.linalg.svd(sources / np.where(rows > 0, rows, 1.0)[:, None], compute_uv=False)
    if len(sources) > sources.shape[1] or s[-1] <= max(sources.shape) * data_eps(W) * s[0]:
        raise refuse("W", sources, "its columns must span all targets: full row rank")
    scaled, goal = sources / rows[:, None], wanted / rows
    if kind == 2:
        return minimum_l2(scaled, goal)
    nu = np.array(minimum_l1(scaled, goal, on_failure="raise").value)
    used = np.abs(scaled).max(axis=0) * (nu != 0)
    nu[used > 0] = np.linalg.lstsq(scaled[:, used > 0] / used[used > 0], goal, rcond=None)[0] / used[used > 0]
    if np.any(np.abs(scaled @ nu - goal) > 1e-9 * (np.abs(scaled) @ np.abs(nu) + np.abs(goal))):
        raise refuse("W", sources, "its columns, or target's entries, differ so much in size that weights are lost")
    return nu


@within_range
def allocation_cost(nu: ArrayLike, budget: float) -> AllocationCost:
    r"""Cost :math:`\sum_m\nu_m^2/n_m` of a combination when a budget of samples is shared out.

    :math:`n_m\propto|\nu_m|` gives :math:`|\nu|_1^2` over the budget, the least possible (Cauchy and Schwarz);
    :math:`n_m\propto\nu_m^2` gives the number of tasks used times :math:`|\nu|_2^2`.

    Parameters
    ----------
    nu : array_like, shape (M,)
        Weights, not all 0.
    budget : float
        Samples in all, positive.

    Returns
    -------
    AllocationCost
        Costs and the best allocation.

    Raises
    ------
    ValueError
        Weights that all vanish, a budget that is not positive.

    Notes
    -----
    Sums of squares.

    References
    ----------
    wang2023active (the setting; costs derived in docs/theory/embeddings.md)

    Examples
    --------
    >>> from solvable.solvers import allocation_cost
    >>> found = allocation_cost([3.0, 1.0, 0.0], 4.0)
    >>> found.best, found.squared, found.shares
    (4.0, 5.0, array([3., 1., 0.]))
    """
    weights, total = as_finite("nu", nu), as_scalar("budget", budget, as_positive)
    if weights.ndim != 1 or not weights.any():
        raise refuse("nu", weights, "it must be (M,), with a weight that is not 0")
    size = np.abs(weights).max()  # not a float: numpy's own scalars overflow loudly
    shares = np.abs(weights / size)
    whole = float(shares.sum())
    best, squared = whole**2, float(np.count_nonzero(shares) * np.sum(shares**2))
    costs = size * (size * np.array([best, squared]) / total)
    return AllocationCost(float(costs[0]), float(costs[1]), total * (shares / whole))


@within_range
def lasso_relevance(W: ArrayLike, target: ArrayLike, ridge: float) -> Array:
    r"""Combine noisy source tasks sparsely: :math:`\min\frac12\|W\nu-w\|^2+\lambda\|\nu\|_1`.

    Parameters
    ----------
    W : array_like, shape (k, M)
        Source tasks as columns.
    target : array_like, shape (k,)
        w.
    ridge : float
        :math:`\lambda`, not negative; from :math:`\max_j|W_j^Tw|` on the answer is 0.

    Returns
    -------
    ndarray, shape (M,)

    Raises
    ------
    ValueError
        Shapes that do not fit, an iteration that does not settle (dependent tasks without a ridge).

    Notes
    -----
    Coordinate descent until no weight moves by more than 1e-15 of the largest.

    References
    ----------
    wang2023active

    Examples
    --------
    >>> from solvable.solvers import lasso_relevance
    >>> lasso_relevance([[1.0, 0.0], [0.0, 1.0]], [2.0, 0.25], 0.5)
    array([1.5, 0. ])
    """
    sources, wanted = _read(W, target)
    lam = as_scalar("ridge", ridge, as_nonnegative)
    size, unit = float(np.abs(sources).max()) or 1.0, float(np.abs(wanted).max()) or 1.0
    A, w = sources / size, wanted / unit
    nu, sweeps = _coordinates(A.T @ A, A.T @ w, lam / size / unit, _SWEEPS)
    if sweeps < 0:
        raise refuse(
            "ridge", ridge, "the iteration does not settle: source tasks depend on each other; take a larger one"
        )
    return np.asarray(nu * (unit / size))
