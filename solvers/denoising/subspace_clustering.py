"""How many points show a subspace, and clustering of points by the subspaces they lie on."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import Status, record
from solvable.solvers.validate import (
    as_finite,
    as_generator,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_whole,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = ["KSubspaces", "SubspaceRecovery", "fewest_samples", "k_subspaces", "subspace_recovery"]

Array = NDArray[np.float64]
_ROUNDS, _CALM = 300, 3  # rounds of one restart; it ends after so many that move no row


@njit(inner=True, fastmath={"contract"})
def _products(B: Any, d: int, columns: Any, along: Any) -> None:
    """along <- B X', row by row so that the inner loop runs along memory."""
    n, N = columns.shape
    for j in range(d):
        for i in range(N):
            along[j, i] = 0.0
        for l in range(n):
            share = B[j, l]
            for i in range(N):
                along[j, i] += share * columns[l, i]


@njit(inner=True, fastmath={"contract"})
def _orthonormal(B: Any, d: int) -> None:
    """Gram-Schmidt, twice, on the first rows of B; what depends on the rows before becomes zero."""
    n = B.shape[1]
    for j in range(d):
        size = 0.0
        for l in range(n):
            size += B[j, l] * B[j, l]
        for _ in range(2):
            for k in range(j):
                share = 0.0
                for l in range(n):
                    share += B[k, l] * B[j, l]
                for l in range(n):
                    B[j, l] -= share * B[k, l]
        left = 0.0
        for l in range(n):
            left += B[j, l] * B[j, l]
        factor = 1 / np.sqrt(left) if left > 1e-14 * size else 0.0
        for l in range(n):
            B[j, l] *= factor


@njit(cache=True)
def _cluster(X: Any, columns: Any, dims: Any, labels: Any, rounds: int, losses: Any) -> None:
    """Go from the labels of every restart to where no row moves; the sums of squared distances there.

    A round turns each subspace by one step of a power iteration, which lowers the loss as exact components do. The
    first one spans the first rows of its cluster.
    """
    restarts, N = labels.shape
    n, K, most = X.shape[1], len(dims), 0
    for k in range(K):
        most = max(most, dims[k])
    B, along, inside = np.zeros((K, most, n)), np.empty((K, most, N)), np.empty((K, N))
    whole = 0.0
    for i in range(N):
        for l in range(n):
            whole += X[i, l] * X[i, l]
    for r in range(restarts):
        own, calm = labels[r], 0
        for step in range(rounds):
            for k in range(K):
                d, count = dims[k], 0
                for j in range(d):
                    for l in range(n):
                        B[k, j, l] = 0.0
                for i in range(N):
                    if own[i] == k and step == 0 and count < d:
                        for l in range(n):
                            B[k, count, l] = X[i, l]
                        count += 1
                    elif own[i] == k and step > 0:
                        for j in range(d):
                            for l in range(n):
                                B[k, j, l] += along[k, j, i] * X[i, l]
                _orthonormal(B[k], d)
                _products(B[k], d, columns, along[k])
                for i in range(N):
                    total = 0.0
                    for j in range(d):
                        total += along[k, j, i] ** 2
                    inside[k, i] = total
            moved, total = False, 0.0
            for i in range(N):
                best = own[i]
                # a row moves for more than the rounding of its length, or ties would never end
                for k in range(K):
                    if inside[k, i] > inside[best, i] + 1e-12 * inside[best, i]:
                        best = k
                moved = moved or best != own[i]
                own[i] = best
                total += inside[best, i]
            losses[r] = max(whole - total, 0.0)
            calm = 0 if moved else calm + 1
            if calm == _CALM:
                break


@record
class SubspaceRecovery(OnGrid):
    r"""How far the principal components of N rows are from the subspace they come from.

    Attributes
    ----------
    error : ndarray
        Root mean square of :math:`\|\hat U\hat U^T-UU^T\|_F`, what is not seen completed at random.
    bound : ndarray
        Largest value without noise, the completion orthogonal to what is missing; inf with noise, where none is known.
    """

    error: Array
    bound: Array


@gridded("n", "d", "N", "noise")
@within_range
def subspace_recovery(n: ArrayLike, d: ArrayLike, N: ArrayLike, noise: ArrayLike = 0.0) -> SubspaceRecovery:
    r"""Error of the d leading principal components of N rows of a Gaussian on a d-dimensional subspace.

    Rows :math:`x_i=Ua_i+ge_i` with Gaussian a and e. Without noise :math:`m=\max(d-N,0)` directions stay unseen. A
    completion orthogonal to them has :math:`\|\hat U\hat U^T-UU^T\|_F=\sqrt{2m}`; one that is uniform in the rest has a
    mean square of

    .. math:: 2m\Big(1-\frac m{n-d+m}\Big).

    With noise, m is the sum of squared sines :math:`m^2+(z+N-d)m-zd=0`, :math:`z=(n-d)g^2(1+g^2)/(1-(n-d)g^4/N)`, and
    d where z is not positive: from :math:`g^4=N/(n-d)` on the components show nothing of the subspace.

    Parameters
    ----------
    n, d : array_like
        Dimensions of the space and of the subspace, whole, :math:`d\le n`.
    N : array_like
        Rows, whole numbers from 0.
    noise : array_like
        g.

    Returns
    -------
    SubspaceRecovery
        On the broadcast grid.

    Raises
    ------
    ValueError
        Dimensions larger than n, numbers that are not whole.

    Notes
    -----
    Exact without noise. With noise it joins two limits, of many dimensions (n far above N and d, where the rows' own
    Wishart matrix decides) and of few directions (d far below N and n, spiked covariance): at d = 2 to 8, n = 20 to 48
    within 6 % of what is measured at g from 0.2 on, at less noise up to 20 % below it near N = d. There is no
    transition left at N = d.

    References
    ----------
    wang2024subspace (the transition; these forms are derived)

    Examples
    --------
    >>> from solvable.solvers import subspace_recovery
    >>> found = subspace_recovery(48, 4, [2, 3, 4])
    >>> found.error.round(4), found.bound.round(4)
    (array([1.956 , 1.3984, 0.    ]), array([2.    , 1.4142, 0.    ]))
    """
    size, inner = as_positive("n", n), as_positive("d", d)
    rows, g = as_nonnegative("N", N), as_nonnegative("noise", noise)
    for name, value in (("n", size), ("d", inner), ("N", rows)):
        if not np.all(value == np.floor(value)):
            raise refuse(name, value, "it must be whole")
    size, inner, rows, g = broadcast(n=size, d=inner, N=rows, noise=g)
    if np.any(inner > size):
        raise refuse("d", inner, f"a subspace has at most n = {int(size.max())} dimensions")
    outer = size - inner
    clear = rows - outer * g**4
    seen = clear > 0
    z = np.where(seen, outer * g**2 * (1 + g**2) * rows / np.where(seen, clear, 1.0), 0.0)
    middle = rows - inner + z
    root = np.sqrt(middle**2 + 4 * z * inner)
    positive = np.where(middle > 0, middle + root, 1.0)
    missing = np.where(middle > 0, 2 * z * inner / positive, (root - middle) / 2)
    missing = np.where(seen | (g == 0), missing, inner)
    room = np.where(outer + missing > 0, outer + missing, 1.0)
    bound = np.where(g > 0, np.inf, np.sqrt(2 * np.minimum(np.maximum(inner - rows, 0.0), outer)))
    return SubspaceRecovery(np.sqrt(2 * missing * outer / room), bound)


@within_range
def fewest_samples(dims: ArrayLike) -> NDArray[np.int64]:
    """Rows of each subspace without which it cannot be found: its dimension, and one more if there are several.

    With d_k rows of each of K subspaces of equal dimension any balanced split of the rows has zero residual. Lines are
    an exception: one row of each has a single split.

    Parameters
    ----------
    dims : array_like, shape (K,)
        Dimensions :math:`d_k`.

    Returns
    -------
    ndarray of int64, shape (K,)

    Raises
    ------
    ValueError
        Dimensions that are no positive whole numbers.

    References
    ----------
    wang2024subspace (the transition of one subspace; one more for several is derived)

    Examples
    --------
    >>> from solvable.solvers import fewest_samples
    >>> fewest_samples([3]), fewest_samples([3, 5])
    (array([3]), array([4, 6]))
    """
    found = np.atleast_1d(as_positive("dims", dims))
    if found.ndim != 1 or not np.all(found == np.floor(found)):
        raise refuse("dims", found, "it must be a list of whole numbers, one for each subspace")
    # rows of lines, one each, can be told apart in one way only
    return found.astype(np.int64) + (1 if found.size > 1 and found.max() > 1 else 0)


@record
class KSubspaces:
    """Subspaces, and which rows are nearest to which.

    Attributes
    ----------
    bases : tuple of ndarray, each of shape (n, d_k)
        Orthonormal columns.
    labels : ndarray of int64, shape (N,)
        Index of the nearest subspace.
    loss : float
        Mean squared distance to the nearest subspace, of the best restart.
    losses : ndarray, shape (restarts,)
        Of every restart, before the best one was continued with exact components.
    status : Status
        Whether the best restart was continued to where no row moves.
    """

    labels: NDArray[np.int64]
    loss: float
    losses: Array
    status: Status
    bases: tuple[Array, ...] = field(repr=False)


@within_range
def k_subspaces(X: ArrayLike, dims: ArrayLike, restarts: int, rng: np.random.Generator | int) -> KSubspaces:
    r"""Cluster rows by the subspaces they lie on: principal components and nearest subspaces in turn.

    A local minimum of :math:`\frac1N\sum_i\min_k\|x_i-U_kU_k^Tx_i\|^2`, the best of several random starts. Subspaces
    go through the origin; no mean is removed. It is the training loss of a denoiser of several subspaces with hard
    weights.

    Parameters
    ----------
    X : array_like, shape (N, n)
        Rows.
    dims : array_like, shape (K,)
        Dimensions :math:`d_k\le n`.
    restarts : int
        Random assignments to start from.
    rng : Generator or int
        Source of randomness.

    Returns
    -------
    KSubspaces
        Of the best restart, its bases by singular values of the rows.

    Raises
    ------
    ValueError
        Dimensions larger than n.

    Notes
    -----
    Two subspaces with :math:`d_k` rows each are fitted without residual and, as a rule, wrongly: see
    `fewest_samples`. A round makes one step of a power iteration on each subspace; the best restart is then continued
    with exact components. A subspace with fewer rows than dimensions is completed by arbitrary directions.

    References
    ----------
    wang2024subspace

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import k_subspaces
    >>> X = np.array([[1.0, 0.0], [-2.0, 0.0], [0.5, 0.0], [0.0, 3.0], [0.0, 1.0], [0.0, -1.0]])
    >>> found = k_subspaces(X, [1, 1], 10, 0)
    >>> found.loss < 1e-12, len(set(found.labels[:3])), len(set(found.labels[3:]))
    (True, 1, 1)
    """
    rows = as_matrix("X", X)
    if not rows.any():
        raise refuse("X", rows, "it must not vanish")
    sizes = np.array([as_whole("dims", size) for size in np.atleast_1d(as_finite("dims", dims))])
    if sizes.max(initial=1) > rows.shape[1] or not sizes.size:
        raise refuse("dims", sizes, f"a subspace has at most {rows.shape[1]} dimensions")
    tries = as_whole("restarts", restarts)
    check_room("restarts", restarts, float(tries) * len(rows))
    generator = as_generator("rng", rng)
    unit = float(np.abs(rows).max())
    scaled = np.ascontiguousarray(rows / unit)
    labels, losses = generator.integers(len(sizes), size=(tries, len(rows))), np.empty(tries)
    _cluster(scaled, np.ascontiguousarray(scaled.T), sizes, labels, _ROUNDS, losses)
    bases, own, left, still = _finished(scaled, sizes, labels[int(np.argmin(losses))])
    status = Status.CONVERGED if still else Status.MAX_ITERATIONS
    return KSubspaces(own, unit**2 * left, unit**2 * losses / len(rows), status, bases)


def _finished(X: Array, dims: NDArray[np.int64], labels: NDArray[np.int64]) -> Any:
    """Exact components and nearest subspaces in turn until no row moves: bases, labels, mean squared distance, whether.

    A subspace with fewer rows than dimensions is completed by the other right singular vectors.
    """
    for _ in range(_ROUNDS):
        own = [X[labels == k] if np.any(labels == k) else X[:1] * 0 for k in range(len(dims))]
        bases = tuple(np.linalg.svd(rows, len(rows) < d)[2][:d].T for rows, d in zip(own, dims, strict=True))
        inside = np.array([np.sum((X @ basis) ** 2, axis=1) for basis in bases])
        now = inside[labels, np.arange(len(X))]
        new = np.where(inside.max(axis=0) > now * (1 + 1e-12), np.argmax(inside, axis=0), labels)
        if np.array_equal(new, labels):
            break
        labels = new
    nearest = (np.sum((X[labels == k] - X[labels == k] @ basis @ basis.T) ** 2) for k, basis in enumerate(bases))
    return bases, labels, float(sum(nearest)) / len(X), np.array_equal(new, labels)
