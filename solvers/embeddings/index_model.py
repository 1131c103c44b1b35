r"""Directions a multiple response depends on, from moments with the score: :math:`y=F(B^Tx)+\varepsilon`.

With :math:`s(x)=-\nabla\ln p(x)`: :math:`E[s\,y^T]=B\,E[\nabla F]^T` and
:math:`E[y_j(ss^T-\nabla s)]=B\,E[\nabla^2F_j]B^T` (Stein).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_covariance,
    as_finite,
    as_matrix,
    as_whole,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["IndexSpace", "first_order_variance", "index_space", "subspace_distance"]

Array = NDArray[np.float64]


@record
class IndexSpace:
    """An estimated space.

    Attributes
    ----------
    basis : ndarray, shape (p, r)
        Orthonormal columns.
    strengths : ndarray
        Singular values of the moment, falling; for second moments eigenvalues by absolute value.
    """

    basis: Array
    strengths: Array


def _scores(X: Array, score: Any, order: int, unit: float) -> tuple[Array, Array]:
    """Score of each row, and its Jacobian, constant or one for each row."""
    if isinstance(score, str):
        as_choice("score", score, ("gaussian",))
        centred = X - X.mean(axis=0)
        # each column in its own unit: whether they depend on each other is no question of units
        spread = np.sqrt(np.mean(centred**2, axis=0))
        flat = spread <= 10 * unit * np.abs(X).max(axis=0)
        scaled = centred / np.where(flat, 1.0, spread)
        covariance = scaled.T @ scaled / len(X)
        if flat.any() or np.linalg.eigvalsh(covariance)[0] <= X.shape[1] * unit * X.shape[1]:
            raise refuse("X", X, "its covariance is singular, and the Gaussian score needs its inverse")
        inverse = np.linalg.inv(covariance)
        return scaled @ inverse / spread, inverse / np.multiply.outer(spread, spread)
    if not callable(score):
        raise refuse("score", score, 'it must be "gaussian" or a function of the rows')
    found = score(X)
    value, jacobian = found if order == 2 else (found, np.zeros((X.shape[1],) * 2))
    value, jacobian = as_matrix("score", value, X.shape), as_finite("score", jacobian)
    if jacobian.shape not in ((X.shape[1],) * 2, (len(X), X.shape[1], X.shape[1])):
        raise refuse("score", jacobian.shape, "the Jacobian must be (p, p) or (n, p, p)")
    return value, jacobian


@within_range
def index_space(
    X: ArrayLike, Y: ArrayLike, rank: int, order: int = 1,
    score: str | Callable[[Array], Any] = "gaussian", combine: str = "sum-of-squares",
) -> IndexSpace:  # fmt: skip
    r"""Estimate the space of B in :math:`y=F(B^Tx)+\varepsilon` from moments of order one or two.

    Order one: leading left singular vectors of :math:`\frac1n\sum_is(x_i)y_i^T`. Order two: leading eigenvectors of
    :math:`\sum_jM_j^2`, or of :math:`\sum_jM_j` by absolute value,
    :math:`M_j=\frac1n\sum_iy_{ij}(s_is_i^T-\nabla s_i)`. Even links have no moments of order one. Responses are
    centred.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Inputs.
    Y : array_like, shape (n,) or (n, q)
        Responses.
    rank : int
        r, 1..min(p, q) at order one, 1..p at order two.
    order : {1, 2}
        Of the moment.
    score : "gaussian" or callable
        :math:`\Sigma^{-1}(x-\mu)` of the sample, or a function of the rows that gives :math:`s` (n, p), and at order
        two the pair of s and :math:`\nabla s`, (p, p) or (n, p, p).
    combine : {"sum-of-squares", "sum"}
        How matrices of several responses are put together; sums can cancel.

    Returns
    -------
    IndexSpace
        Basis and strengths.

    Raises
    ------
    ValueError
        A rank above its limit or above the number of strengths beyond rounding, a singular covariance, responses that
        do not vary, shapes that do not fit.

    Notes
    -----
    Columns of X may have any units. Directions are good to rounding over the gap behind strength r; the statistical
    error is of order :math:`n^{-1/2}`.

    References
    ----------
    tian2025nonlinear (which combination it uses was not read)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import index_space
    >>> X = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> abs(index_space(X, X[:, 0], 1).basis[:, 0]).round(12)
    array([1., 0.])
    """
    inputs, responses = as_matrix("X", X), as_finite("Y", Y)
    if responses.ndim not in (1, 2) or 0 in responses.shape or len(responses) != len(inputs):
        raise refuse("Y.shape", responses.shape, f"it must be ({len(inputs)},) or ({len(inputs)}, q)")
    y = responses.reshape(len(inputs), -1)
    largest, unit = float(np.abs(y).max()), data_eps(X, Y)
    y = y / (largest or 1.0)
    y = y - y.mean(axis=0)
    if np.abs(y).max() <= 10 * unit:
        raise refuse("Y", responses, "it must vary: a constant shows no direction")
    power = as_whole("order", order)
    if power > 2:
        raise refuse("order", order, "it must be 1 or 2")
    how = as_choice("combine", combine, ("sum-of-squares", "sum"))
    n, p = inputs.shape
    r, most = as_whole("rank", rank), p if power == 2 else min(p, y.shape[1])
    if r > most:
        raise refuse("rank", rank, f"it must lie in 1..{most}")
    size = (float(np.abs(inputs).max()) or 1.0) if isinstance(score, str) else 1.0
    s, jacobian = _scores(inputs / size, score, power, unit)
    # moments with each input in a unit of its own: how many directions they show is no question of units
    units = np.sqrt(np.mean(s**2, axis=0))
    if not units.all():
        raise refuse("score", score, "it must not vanish in all rows of an input")
    s, jacobian = s / units, jacobian / np.multiply.outer(units, units)
    rounding = p * unit * float(np.mean(np.linalg.norm(y, axis=1) * np.linalg.norm(s, axis=1) ** power))
    if power == 1:
        moment = s.T @ y / n
        _check_strengths(np.linalg.svd(moment, compute_uv=False), r, rounding)
        u, strengths, _ = np.linalg.svd(moment * units[:, None], full_matrices=False)
        return IndexSpace(u[:, :r], strengths / size * largest)
    moments, times = [], 2 if how == "sum-of-squares" else 1
    for column in y.T:
        weighted = s * column[:, None]
        slope = column.mean() * jacobian if jacobian.ndim == 2 else np.einsum("i,iab->ab", column, jacobian) / n
        M = weighted.T @ s / n - slope
        moments.append((M + M.T) / 2)
    found = np.abs(np.linalg.eigvalsh(sum(np.linalg.matrix_power(M, times) for M in moments)))
    _check_strengths(found, r, rounding**times + p * unit * float(found.max()))
    scaled = (M * np.multiply.outer(units, units) for M in moments)
    values, vectors = np.linalg.eigh(sum(np.linalg.matrix_power(M, times) for M in scaled))
    order_of = np.argsort(-np.abs(values), kind="stable")
    strengths = np.abs(values[order_of])
    for _ in range(times):
        strengths = strengths / size / size * largest
    return IndexSpace(vectors[:, order_of[:r]], strengths)


def _check_strengths(strengths: Array, rank: int, rounding: float) -> None:
    """Refuse directions that no moment shows."""
    known = int(np.sum(strengths > rounding))
    if known < rank:
        raise refuse("rank", rank, f"{known} of the moment's strengths are above rounding, and no more directions show")


@within_range
def subspace_distance(A: ArrayLike, B: ArrayLike) -> float:
    r"""Distance of two column spaces of one dimension, :math:`\|P_A-P_B\|_F/\sqrt2`: root of the summed squared sines.

    Parameters
    ----------
    A, B : array_like, shape (p, r)
        Linearly independent columns.

    Returns
    -------
    float
        0 where the spaces are equal, :math:`\sqrt{r}` where they are orthogonal.

    Raises
    ------
    ValueError
        Shapes that differ, columns that depend on each other.

    Notes
    -----
    From what the projection on one space leaves of a basis of the other: small distances keep their digits.

    References
    ----------
    tian2025nonlinear

    Examples
    --------
    >>> from solvable.solvers import subspace_distance
    >>> round(subspace_distance([[1.0], [0.0]], [[1.0], [1.0]]), 12)  # sin 45 degrees
    0.707106781187
    """
    first = as_matrix("A", A)
    bases = []
    for name, value in (("A", first), ("B", as_matrix("B", B, first.shape))):
        largest = np.abs(value).max(axis=0)
        if not largest.all() or value.shape[1] > value.shape[0]:
            raise refuse(name, value, "its columns must be linearly independent")
        u, s, _ = np.linalg.svd(value / largest, full_matrices=False)
        if s[-1] <= len(value) * data_eps(A, B) * s[0]:
            raise refuse(name, value, "its columns must be linearly independent")
        bases.append(u)
    return float(np.linalg.norm(bases[1] - bases[0] @ (bases[0].T @ bases[1])))


@within_range
def first_order_variance(gradient: ArrayLike, second_moment: ArrayLike, p: int) -> float:
    r"""Constant c of :math:`E\,\mathrm{distance}^2\approx c/n` of first-order moments of standard normal inputs.

    With :math:`G=E[\nabla F]` (q, r) for orthonormal B and singular values :math:`\sigma`, left vectors u of G:
    :math:`c=(p-r)\sum_ju_j^TE[yy^T]u_j/\sigma_j^2`. What is orthogonal to B is independent of y.

    Parameters
    ----------
    gradient : array_like, shape (q, r)
        G, of full column rank.
    second_moment : array_like, shape (q, q)
        :math:`E[yy^T]` of centred responses, noise included.
    p : int
        Inputs, at least r.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A gradient without full column rank, p below r, shapes that do not fit.

    Notes
    -----
    First order in 1/n, score known.

    References
    ----------
    tian2025nonlinear (the estimator; the constant derived in docs/theory/embeddings.md)

    Examples
    --------
    >>> from solvable.solvers import first_order_variance
    >>> first_order_variance([[0.5]], [[1.0]], 11)  # 10/0.25
    40.0
    """
    G = as_matrix("gradient", gradient)
    q, r = G.shape
    moment, inputs = as_covariance("second_moment", second_moment, q), as_whole("p", p)
    u, s, _ = np.linalg.svd(G, full_matrices=False)
    if r > q or s[-1] <= max(G.shape) * data_eps(gradient) * s[0]:
        raise refuse("gradient", G, "it must have full column rank, or order one misses a direction")
    if inputs < r:
        raise refuse("p", p, f"it must be at least {r}, the dimension of the space")
    along = u[:, :r] / s
    return (inputs - r) * float(np.sum(along * (moment @ along)))
