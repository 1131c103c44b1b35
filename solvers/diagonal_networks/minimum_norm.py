"""Interpolators of least l1 and l2 norm: the two ends of the implicit bias of diagonal linear networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.diagonal_networks.implicit_bias import orthonormal_constraints, read_regression
from solvable.solvers.validate import data_eps, within_range

__all__ = ["minimum_l1", "minimum_l2"]

Array = NDArray[np.float64]


@within_range
def minimum_l1(X: ArrayLike, y: ArrayLike) -> Array:
    r"""Interpolator of least l1 norm, :math:`\arg\min\{\|\beta\|_1: X\beta=y\}`, as a linear program (HiGHS).

    Limit of `interpolator` at vanishing scale, where it is unique (columns in general position).

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design.
    y : array_like, shape (n,)
        Labels in the range of X.

    Returns
    -------
    ndarray, shape (d,)
        A vertex of the solution set.

    Raises
    ------
    ValueError
        Labels outside the range of X.

    References
    ----------
    woodworth2020kernel

    Examples
    --------
    >>> from solvable.solvers import minimum_l1
    >>> minimum_l1([[1.0, 2.0]], [2.0])
    array([0., 1.])
    """
    from scipy.optimize import linprog

    design, labels = read_regression(X, y)
    Q, c = orthonormal_constraints(design, labels, data_eps(X, y))
    size = np.abs(c).max()
    if size == 0:
        return np.zeros(design.shape[1])
    found = linprog(np.ones(2 * len(Q)), A_eq=np.hstack([Q.T, -Q.T]), b_eq=c / size, bounds=(0, None), method="highs")
    if found.x is None:
        raise ArithmeticError(f"the linear program for the minimum l1 norm ended without a solution: {found.message}")
    beta = size * (found.x[: len(Q)] - found.x[len(Q) :])
    support = np.abs(beta) > 1e-9 * np.abs(beta).max()
    # the vertex to rounding: the program itself stops at 1e-7
    exact = np.linalg.lstsq(Q[support].T, c, rcond=None)[0]
    if np.allclose(exact, beta[support], rtol=0, atol=1e-6 * np.abs(beta).max()):
        beta[:] = 0.0
        beta[support] = exact
    return np.asarray(beta)


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
