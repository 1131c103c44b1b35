r"""Linear embeddings learned from positive pairs: which modes are learned, when, and where it ends.

Pairs :math:`(x_i,x'_i)`, :math:`\Gamma=\frac1{2n}\sum_i(x_ix_i'^T+x'_ix_i^T)` with eigenvalues
:math:`\gamma_1\ge\gamma_2\ge\dots` of either sign, embedding :math:`f(x)=Wx`, loss
:math:`L=\|W\Gamma W^T-I_d\|_F^2` (no factor one half), gradient flow :math:`\dot W=-\nabla L=-4(W\Gamma W^T-I)W\Gamma`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record, warn_caller
from solvable.solvers.validate import (
    as_covariance,
    as_finite,
    as_matrix,
    as_nonnegative,
    as_whole,
    check_room,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["EqualModesWarning", "StepwisePath", "final_embedding", "pair_kernel", "pair_matrix", "stepwise_embedding"]

Array = NDArray[np.float64]
_GAP = 1e-3  # below it, relative to the largest, a generic start takes two modes together


class EqualModesWarning(UserWarning):
    """Modes are too close to each other for the limit of a small start to tell them apart."""


@record
class StepwisePath:
    r"""An embedding on its way, T times, d modes, m inputs.

    Attributes
    ----------
    singular_values : ndarray, shape (T, d)
        :math:`s_j(t)`, in the order of falling :math:`\gamma_j`.
    step_times : ndarray, shape (d,)
        :math:`\tau_j=-\ln(s_j(0)^2\gamma_j)/(8\gamma_j)`; negative for starts beyond the end, inf for a start at 0.
    losses : ndarray, shape (T,)
        :math:`\sum_j(1-\gamma_js_j^2)^2`.
    weights : ndarray, shape (T, d, m)
        W in the coordinates in which `gamma` was given.
    """

    singular_values: Array
    step_times: Array
    losses: Array
    weights: Array


def _same_pairs(X: ArrayLike, X_pair: ArrayLike) -> tuple[Array, Array]:
    first = as_matrix("X", X)
    second = as_matrix("X_pair", X_pair)
    if first.shape != second.shape:
        raise refuse("X_pair.shape", second.shape, f"it must be {first.shape}, one partner for each row of X")
    return first, second


@within_range
def pair_matrix(X: ArrayLike, X_pair: ArrayLike) -> Array:
    r"""Symmetrised second moment of positive pairs, :math:`\Gamma=\frac1{2n}\sum_i(x_ix_i'^T+x'_ix_i^T)`.

    What the linear embedding with loss :math:`\|W\Gamma W^T-I\|_F^2` sees of the data. It is symmetric and may have
    negative eigenvalues, whose modes are never learned. No mean is removed.

    Parameters
    ----------
    X, X_pair : array_like, shape (n, m)
        Row i of one is the positive pair of row i of the other.

    Returns
    -------
    ndarray, shape (m, m)

    Raises
    ------
    ValueError
        Pairs of different shapes.

    Notes
    -----
    A sum of products: rounding of the largest entry.

    References
    ----------
    simon2023stepwise

    Examples
    --------
    >>> from solvable.solvers import pair_matrix
    >>> pair_matrix([[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, -1.0]])
    array([[ 0.5,  0. ],
           [ 0. , -1. ]])
    """
    first, second = _same_pairs(X, X_pair)
    product = first.T @ second / len(first)
    return np.asarray(product / 2 + product.T / 2)


def _read_pairs(pairs: ArrayLike, points: int) -> NDArray[np.intp]:
    found = as_finite("pairs", pairs)
    if found.ndim != 2 or found.shape[1] != 2 or not found.size:
        raise refuse("pairs.shape", found.shape, "it must be (n, 2), two rows of K for each pair")
    if np.any(found != np.round(found)) or found.min() < 0 or found.max() >= points:
        raise refuse("pairs", found, f"its entries must be whole numbers from 0 to {points - 1}, rows of K")
    return found.astype(np.intp)


def _root(K: ArrayLike) -> tuple[Array, Array, float]:
    """Eigenvectors, square roots of the eigenvalues (0 below rounding) of K over its size, and the size."""
    kernel = as_covariance("K", K)
    size = float(np.abs(kernel).max())
    values, vectors = np.linalg.eigh((kernel + kernel.T) / (2 * size))
    cut = len(kernel) * data_eps(K) * values[-1]
    return vectors, np.sqrt(np.where(values > cut, values, 0.0)), size


def _between_pairs(half: Array, pairs: NDArray[np.intp]) -> Array:
    product = half[:, pairs[:, 0]] @ half[:, pairs[:, 1]].T / len(pairs)
    return np.asarray(product / 2 + product.T / 2)


@within_range
def pair_kernel(K: ArrayLike, pairs: ArrayLike) -> Array:
    r"""Kernel form of the pair matrix, :math:`K_\Gamma=K^{1/2}ZK^{1/2}`.

    :math:`Z=\frac1{2n}\sum_i(e_{a_i}e_{b_i}^T+e_{b_i}e_{a_i}^T)` over the pairs (a, b) of points. For a linear kernel
    its eigenvalues that are not zero are those of `pair_matrix`.

    Parameters
    ----------
    K : array_like, shape (N, N)
        Kernel matrix of all points; N = 2n for X stacked on X_pair.
    pairs : array_like of int, shape (n, 2)
        Rows of K that form a pair, ``[[0, n], [1, n + 1], ...]`` for stacked pairs. A point may be in several.

    Returns
    -------
    ndarray, shape (N, N)
        Symmetric.

    Raises
    ------
    ValueError
        A kernel that is not positive semi-definite, pairs that are no rows of it.

    Notes
    -----
    Eigenvalues of K below N roundings of the largest count as zero.

    References
    ----------
    simon2023stepwise (this form derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import pair_kernel
    >>> pair_kernel(np.diag([4.0, 1.0]), [[0, 1]])
    array([[0., 1.],
           [1., 0.]])
    """
    vectors, roots, size = _root(K)
    half = vectors * roots @ vectors.T
    return size * _between_pairs(half, _read_pairs(pairs, len(half)))


def _positive_modes(values: Array, wanted: int, name: str, unit: float) -> Array:
    """The leading eigenvalues, of ascending ones, or a refusal that says how many are above their rounding."""
    positive = int(np.sum(values > len(values) * unit * float(np.abs(values).max())))
    if wanted > positive:
        raise refuse(name, wanted, f"{positive} of the modes of the pairs are positive, and no more can be learned")
    return np.asarray(values[::-1][:wanted])


@within_range
def final_embedding(K: ArrayLike, pairs: ArrayLike, dim: int, new: ArrayLike | None = None) -> Array:
    r"""Where a small start ends: :math:`f(x)=\mathrm{diag}(\gamma_j^{-1/2})B_d^TK^{-1/2}k(x)`, a kernel PCA of pairs.

    :math:`B_d` holds the leading eigenvectors of `pair_kernel`. The loss :math:`\|C-I\|_F^2`, C the symmetrised second
    moment of embedded pairs (no factor one half), is 0 there. Embeddings are determined up to one rotation, which is
    taken to be the identity; Gram matrices do not depend on it.

    Parameters
    ----------
    K : array_like, shape (N, N)
        Kernel matrix of all points.
    pairs : array_like of int, shape (n, 2)
        Rows of K that form a pair.
    dim : int
        Dimension d of the embedding, at most the number of positive modes.
    new : array_like, shape (M, N), optional
        Kernel between new points and those of K; left out, the points of K are embedded.

    Returns
    -------
    ndarray, shape (N, d) or (M, d)
        One row for each point.

    Raises
    ------
    ValueError
        A dimension above the number of positive modes (the sentence says how many), shapes that do not fit.

    Notes
    -----
    The inverse root is a pseudo-inverse: eigenvalues of K below N roundings of the largest count as zero, and the
    others cost their condition. Modes next to the d-th make the embedding ill-conditioned where the gap is small.

    References
    ----------
    simon2023stepwise (this form derived)

    Examples
    --------
    >>> from solvable.solvers import final_embedding
    >>> K = [[1.0, 0.5], [0.5, 1.0]]
    >>> f = final_embedding(K, [[0, 1]], 1)
    >>> (f[0] * f[1]).round(12)  # the pair's product is one
    array([1.])
    """
    vectors, roots, size = _root(K)
    half = vectors * roots @ vectors.T
    values, modes = np.linalg.eigh(_between_pairs(half, _read_pairs(pairs, len(half))))
    d = as_whole("dim", dim)
    gamma = _positive_modes(values, d, "dim", data_eps(K))
    lead = modes[:, ::-1][:, :d] / np.sqrt(gamma)
    if new is None:
        return np.asarray(half @ lead)
    cross = as_matrix("new", new, (None, len(half))) / size
    inverse = np.divide(1.0, roots, out=np.zeros_like(roots), where=roots > 0)
    return np.asarray(cross @ (vectors * inverse) @ (vectors.T @ lead))


def _read_gamma(gamma: ArrayLike, target_dim: int) -> tuple[Array, Array, Array]:
    """All eigenvalues, ascending, the d leading ones, and their modes as columns."""
    given = as_finite("gamma", gamma)
    if given.ndim == 1 and given.size:
        order = np.argsort(given, kind="stable")
        values, modes, unit = given[order], np.eye(given.size)[:, order], 0.0
    else:
        matrix = as_matrix("gamma", gamma)
        if not is_symmetric(matrix, data_eps(gamma)):
            raise refuse("gamma.shape", matrix.shape, "it must be a vector of eigenvalues or a symmetric matrix")
        size = float(np.abs(matrix).max()) or 1.0
        values, modes = np.linalg.eigh(matrix / (2 * size) + matrix.T / (2 * size))
        values, unit = size * values, data_eps(gamma)
    d = as_whole("target_dim", target_dim)
    lead = _positive_modes(values, d, "target_dim", unit)
    return values, lead, np.asarray(modes[:, ::-1][:, :d])


def _read_start(start: ArrayLike, d: int, modes: Array, values: Array) -> tuple[Array, Array]:
    """Singular values at the start, and the left factor of the weights."""
    first = as_finite("start", start)
    m = len(modes)
    if first.shape == (d,):
        return as_nonnegative("start", start), np.eye(d)
    if first.shape != (d, m):
        raise refuse("start.shape", first.shape, f"it must be ({d},), singular values, or ({d}, {m}), weights")
    near = values[::-1][: d + 1]
    if np.any(-np.diff(near) < _GAP * near[0]):
        warn_caller(
            f"Two of the first {near.size} modes differ by less than {_GAP:g} of the largest: a generic start does not "
            "take them one after another, and the limit of a small start is not reached.",
            EqualModesWarning,
        )
    q, r = np.linalg.qr(first @ modes)
    signs = np.where(np.diag(r) < 0, -1.0, 1.0)
    return np.abs(np.diag(r)), q * signs


@within_range
def stepwise_embedding(gamma: ArrayLike, start: ArrayLike, times: ArrayLike, target_dim: int) -> StepwisePath:
    r"""Learn the modes of the pairs one after another: gradient flow of the linear embedding in closed form.

    Loss :math:`L=\|W\Gamma W^T-I_d\|_F^2` (no factor one half), flow :math:`\dot W=-\nabla L`. From weights aligned
    with the leading modes, :math:`W(0)=\sum_js_j(0)u_jg_j^T`, singular values follow

    .. math:: s_j(t) = [\gamma_j+e^{-8\gamma_jt}(s_j(0)^{-2}-\gamma_j)]^{-1/2}

    exactly: each rises to :math:`\gamma_j^{-1/2}`, half way in :math:`\gamma_js_j^2` at about :math:`\tau_j`, and the
    loss falls by one. From generic weights of size :math:`\varepsilon` the same holds up to an error that vanishes with
    :math:`\varepsilon`, with :math:`s_j(0)=R_{jj}` and rotation Q of :math:`W(0)G_d=QR`, :math:`G_d` the leading modes.

    Parameters
    ----------
    gamma : array_like, shape (m,) or (m, m)
        Eigenvalues of :math:`\Gamma`, in any order, or the matrix itself.
    start : array_like, shape (d,) or (d, m)
        Singular values :math:`s_j(0)\ge0` in the order of falling eigenvalues (aligned, exact), or weights W(0)
        (generic, the limit of a small start).
    times : array_like, shape (T,)
        Times of the flow, not negative; inf is the end.
    target_dim : int
        Dimension d of the embedding, at most the number of positive eigenvalues.

    Returns
    -------
    StepwisePath
        Singular values, step times, losses and weights.

    Raises
    ------
    ValueError
        A dimension above the number of positive eigenvalues (the sentence says how many), negative singular values or
        times, a start of another shape or too small for doubles.

    Warns
    -----
    EqualModesWarning
        Generic weights where two of the d + 1 leading eigenvalues lie within a thousandth of the largest.

    Notes
    -----
    Computed without exponentials that overflow and without cancellation. A start at 0 stays there.

    References
    ----------
    simon2023stepwise

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import stepwise_embedding
    >>> path = stepwise_embedding([2.0, 1.0, -0.5], [1e-4, 1e-4], [0.0, 1.5, np.inf], target_dim=2)
    >>> path.losses.round(2)  # two modes to learn, then one, then none
    array([2., 1., 0.])
    >>> path.step_times.round(3)
    array([1.108, 2.303])
    """
    values, lead, modes = _read_gamma(gamma, target_dim)
    d = len(lead)
    t = as_nonnegative("times", times, infinite=True)
    if t.ndim != 1:
        raise refuse("times.shape", t.shape, "it must be (T,)")
    check_room("times", t.shape, float(t.size) * d * len(modes))
    first, left = _read_start(start, d, modes, values)
    share = (np.sqrt(lead) * first) ** 2  # gamma s^2 at the start
    if np.any((first > 0) & (share < 1e-290)):
        raise refuse("start", first, "squares of its singular values, times the modes, must be 0 or above 1e-290")
    elapsed = 8 * np.multiply.outer(t, lead)
    # gamma s^2 = 1/(ahead + 1 - e^{-8 gamma t}), ahead = e^{-8 gamma t}/(gamma s(0)^2): no term overflows, none cancels
    known = np.where(share > 0, share, 1.0)
    ahead = np.exp(-np.minimum(elapsed + np.log(known), 745.0))
    below = ahead - np.expm1(-np.minimum(elapsed, 745.0))
    grown = np.where(share > 0, 1 / np.sqrt(below) / np.sqrt(lead), 0.0)  # a start at 0 stays there, at time inf too
    unlearned = np.where(share > 0, (1 - share) * ahead / below, 1.0)
    with np.errstate(divide="ignore"):
        steps = -np.log(share) / (8 * lead)
    weights = np.zeros((t.size, d, len(modes)))
    u, g = np.nonzero(left.T), np.nonzero(modes.T)
    if len(u[0]) == len(g[0]) == d:  # eigenvalues and singular values were given: one entry a mode
        weights[:, u[1], g[1]] = grown * (left[u[1], u[0]] * modes[g[1], g[0]])
    else:
        turns = (left.T[:, :, None] * modes.T[:, None, :]).reshape(d, -1)  # u_j g_j^T
        np.matmul(grown, turns, out=weights.reshape(t.size, -1))
    return StepwisePath(grown, steps, np.sum(unlearned**2, axis=1), weights)
