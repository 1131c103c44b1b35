r"""Embeddings of users and items whose cosines mean something, or nothing; and the item model without embeddings.

Ratings :math:`X` (n users, p items) with singular values s and right singular vectors V; :math:`XAB^T` approximates X.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dlange, dpotrf, dpotri

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["Embedding", "ItemModel", "factor_penalty", "item_cosines", "item_model", "product_penalty"]

Array = NDArray[np.float64]


@record
class Embedding:
    """A pair of optimal factors.

    Attributes
    ----------
    users : ndarray, shape (n, k)
        XA.
    items : ndarray, shape (p, k)
        B.
    gram : ndarray, shape (p, p)
        :math:`AB^T`, the same for every optimal pair.
    objective : float
        Least value.
    unique : bool
        Whether factors are determined up to one rotation of both, and cosines with them.
    """

    users: Array
    items: Array
    gram: Array
    objective: float
    unique: bool


@record
class ItemModel:
    """Items regressed on each other.

    Attributes
    ----------
    weights : ndarray, shape (p, p)
        B, zero on the diagonal; predictions are XB.
    objective : float
        Least value.
    """

    weights: Array
    objective: float


def _parts(X: ArrayLike, ridge: float, rank: int) -> tuple[Array, Array, Array, float, int]:
    """Factors of the matrix over its size, the size, and the rank."""
    ratings = as_matrix("X", X)
    size = float(np.abs(ratings).max())
    if size == 0:
        raise refuse("X", ratings, "it must not vanish")
    k, most = as_whole("rank", rank), min(ratings.shape)
    if k > most:
        raise refuse("rank", rank, f"it must lie in 1..{most}, the smaller of the two sizes of X")
    u, s, v = np.linalg.svd(ratings / size, full_matrices=False)
    if s[k - 1] <= max(ratings.shape) * data_eps(X) * s[0]:
        raise refuse("rank", rank, "X has fewer singular values above rounding")
    return u, s, v.T, size, k


@within_range
def product_penalty(X: ArrayLike, ridge: float, rank: int, scaling: ArrayLike | None = None) -> Embedding:
    r"""Minimise :math:`\|X-XAB^T\|_F^2+\lambda\|AB^T\|_F^2`: the product is determined, the factors are not.

    :math:`AB^T=V_k\,\mathrm{diag}(s^2/(s^2+\lambda))V_k^T`. :math:`A=V_kC^{1/2}D`, :math:`B=V_kC^{1/2}D^{-1}`, C those
    shares, is optimal for every positive diagonal D (and any other invertible matrix in its place): cosines of items or
    of users can be made anything by `scaling`. No factor one half in the loss.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Ratings.
    ridge : float
        :math:`\lambda`, not negative.
    rank : int
        k, 1..min(n, p).
    scaling : array_like, shape (k,), optional
        D. Left out: 1, equal penalties on both factors.

    Returns
    -------
    Embedding
        `unique` is False.

    Raises
    ------
    ValueError
        A rank above min(n, p) or above that of X, a scaling that is not positive.

    Notes
    -----
    The product is good to rounding divided by the gap of :math:`s_k` to the next singular value.

    References
    ----------
    steck2024cosine (this form derived in docs/theory/embeddings.md)

    Examples
    --------
    >>> from solvable.solvers import product_penalty
    >>> found = product_penalty([[2.0, 0.0], [0.0, 1.0]], ridge=1.0, rank=1)
    >>> found.gram.round(12), round(found.objective, 12)
    (array([[0.8, 0. ],
           [0. , 0. ]]), 1.8)
    """
    u, s, v, size, k = _parts(X, ridge, rank)
    lam = as_scalar("ridge", ridge, as_nonnegative) / size / size
    d = np.ones(k) if scaling is None else as_positive("scaling", scaling)
    if d.shape != (k,):
        raise refuse("scaling.shape", d.shape, f"it must be ({k},), one for each dimension")
    kept = s[:k] ** 2 / (s[:k] ** 2 + lam)
    half = np.sqrt(kept)
    value = float(np.sum(lam * kept) + np.sum(s[k:] ** 2))
    users = size * u[:, :k] * (s[:k] * half * d)
    return Embedding(users, v[:, :k] * (half / d), v[:, :k] * kept @ v[:, :k].T, size**2 * value, False)


@within_range
def factor_penalty(X: ArrayLike, ridge: float, rank: int) -> Embedding:
    r"""Minimise :math:`\|X-XAB^T\|_F^2+\lambda(\|XA\|_F^2+\|B\|_F^2)`: factors are determined up to a rotation.

    :math:`XA=U_k\,\mathrm{diag}(\sqrt{s-\lambda})`, :math:`B=V_k\,\mathrm{diag}(\sqrt{s-\lambda})`: singular values are
    lowered by :math:`\lambda`, and both sides share them. No factor one half in the loss.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Ratings.
    ridge : float
        :math:`\lambda`, not negative, below :math:`s_k`: dimensions from there on would vanish.
    rank : int
        k, 1..min(n, p).

    Returns
    -------
    Embedding
        `unique` says whether :math:`s_k` is apart from the next singular value.

    Raises
    ------
    ValueError
        A rank above min(n, p), a ridge at or above :math:`s_k`.

    Notes
    -----
    Vectors of equal singular values are no unique ones, but cosines only depend on the space they span, as long as
    it is kept as a whole.

    References
    ----------
    steck2024cosine (this form derived in docs/theory/embeddings.md)

    Examples
    --------
    >>> from solvable.solvers import factor_penalty
    >>> found = factor_penalty([[2.0, 0.0], [0.0, 1.0]], ridge=0.5, rank=1)
    >>> round(float(found.items[0, 0]) ** 2, 12), round(found.objective, 12)  # 2 - 0.5; 0.25 + 1.5 + 1
    (1.5, 2.75)
    """
    u, s, v, size, k = _parts(X, ridge, rank)
    lam = as_scalar("ridge", ridge, as_nonnegative) / size
    if lam >= s[k - 1]:
        raise refuse(
            "ridge", ridge, f"it must be below singular value number {k}, {size * s[k - 1]:.6g}, or rows vanish"
        )
    lowered = s[:k] - lam
    root = np.sqrt(lowered)
    value = float(np.sum(lam**2 + 2 * lam * lowered) + np.sum(s[k:] ** 2))
    unique = k == len(s) or bool(s[k - 1] - s[k] > len(s) * data_eps(X) * s[0])
    gram = v[:, :k] * (lowered / s[:k]) @ v[:, :k].T
    half = np.sqrt(size)
    return Embedding(half * u[:, :k] * root, half * v[:, :k] * root, gram, size**2 * value, unique)


@within_range
def item_cosines(items: ArrayLike) -> Array:
    """Cosines between all pairs of rows.

    Parameters
    ----------
    items : array_like, shape (p, k)
        Rows, such as `items` or `users` of an `Embedding`.

    Returns
    -------
    ndarray, shape (p, p)
        Ones on the diagonal.

    Raises
    ------
    ValueError
        A row of zeros, whose cosines would be 0/0.

    Notes
    -----
    Rows are divided by their largest entry first: any scale is allowed.

    References
    ----------
    steck2024cosine

    Examples
    --------
    >>> from solvable.solvers import item_cosines
    >>> item_cosines([[1.0, 0.0], [3.0, 4.0]]).round(12)
    array([[1. , 0.6],
           [0.6, 1. ]])
    """
    rows = as_matrix("items", items)
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not largest.all():
        raise refuse(
            f"items[{int(np.argmin(largest))}]", 0.0, "a row of zeros has no direction, and its cosines are 0/0"
        )
    rows = rows / largest
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    found = rows @ rows.T
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


@within_range
def item_model(X: ArrayLike, ridge: float) -> ItemModel:
    r"""Regress every item on all others at once (EASE): one inverse instead of p regressions.

    Minimises :math:`\|X-XB\|_F^2+\lambda\|B\|_F^2` over B with zero diagonal (no factor one half). With
    :math:`P=(X^TX+\lambda I)^{-1}`: :math:`B_{ij}=-P_{ij}/P_{jj}`, least value :math:`\sum_j1/P_{jj}-p\lambda`.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Ratings, two items at least.
    ridge : float
        :math:`\lambda`; 0 needs full column rank.

    Returns
    -------
    ItemModel
        Weights and least value.

    Raises
    ------
    ValueError
        A singular :math:`X^TX+\lambda I`, a single item.

    Notes
    -----
    Errors are those of the inverse: rounding times the condition number.

    References
    ----------
    steck2019embarrassingly

    Examples
    --------
    >>> from solvable.solvers import item_model
    >>> found = item_model([[1.0, 1.0], [0.0, 1.0]], ridge=1.0)
    >>> found.weights.round(12), round(found.objective, 12)
    (array([[0.        , 0.5       ],
           [0.33333333, 0.        ]]), 2.166666666667)
    """
    ratings, size = as_matrix("X", X, copy=False), 1.0
    p = ratings.shape[1]
    if p < 2:
        raise refuse("X.shape", ratings.shape, "it must have two columns at least: items are regressed on others")
    with np.errstate(over="ignore", invalid="ignore"):
        moment = ratings.T @ ratings
        power = float(np.trace(moment))
    if not 1e-100 < power < 1e100:  # squares may have left the range
        size = float(np.abs(ratings).max()) or 1.0
        ratings = ratings / size
        moment = ratings.T @ ratings
        power = float(np.trace(moment))
    lam = as_scalar("ridge", ridge, as_nonnegative) / size / size
    gram = moment.copy()
    gram.flat[:: p + 1] += lam
    norm = dlange("1", gram.T)  # LAPACK on transposes, which are in its order: nothing is copied
    factor, failed = dpotrf(gram.T, lower=1, overwrite_a=1)
    P, failed = dpotri(factor, lower=1, overwrite_c=1) if not failed else (factor, failed)
    P = P.T + P  # the other triangle is zero
    P.flat[:: p + 1] /= 2
    condition = np.inf if failed else norm * dlange("1", P.T)
    if not p * data_eps(X) * condition < 1:
        raise refuse("ridge", ridge, "it must be positive where the columns of X depend on each other")
    P /= -np.diag(P)
    np.fill_diagonal(P, 0.0)
    # 1/P_jj - lambda without the rounding of the ridge: at the optimum it is x_j^T(x_j - XB_j)
    return ItemModel(P, size**2 * (power - float(np.vdot(moment, P))))
