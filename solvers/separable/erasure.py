r"""Linear concept erasure: which directions to remove so that a linear reader learns least.

The game is :math:`\max_P\min_\theta L(\theta^TPx)` over orthogonal projectors P that remove k directions. For squared
loss and for Rayleigh quotients it has a closed form; iterative nullspace projection removes the directions of
successive fits and needs more of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.separable.logistic_fit import fit_logistic
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_matrix,
    as_nonnegative,
    as_scalar,
    as_whole,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["Erasure", "erase_rayleigh", "erase_squared", "nullspace_projection"]

Array = NDArray[np.float64]


@record
class Erasure:
    """What is removed, and what a linear reader is left with.

    Attributes
    ----------
    projector : ndarray, shape (d, d)
        Orthogonal projector onto what is kept.
    directions : ndarray, shape (k, d)
        Orthonormal rows: what is removed.
    value : float
        Value of the game after the removal.
    """

    projector: Array
    directions: Array
    value: float


def _erasure(directions: Array, value: float) -> Erasure:
    count, d = directions.shape
    projector = np.eye(d) - directions.T @ directions if count < d else np.zeros((d, d))
    return Erasure(projector, directions, value)


def _read(X: ArrayLike, labels: Array) -> tuple[Array, Array]:
    """Inputs and labels with their means removed."""
    design = as_matrix("X", X, (len(labels), None))
    return design - design.mean(axis=0), labels - labels.mean(axis=0)


def _rank(rank: int, d: int, name: str = "rank") -> int:
    k = as_whole(name, rank)
    if k > d:
        raise refuse(name, rank, f"it must lie in 1..{d}, the dimension")
    return k


@within_range
def erase_squared(X: ArrayLike, Y: ArrayLike, rank: int) -> Erasure:
    r"""Remove what linear regression reads of Y: the left singular vectors of the cross-covariance of X and Y.

    Value of the game with loss :math:`\frac1n\sum_i\|y_i-\theta^TPx_i-b\|^2` (no factor one half, intercept b free).
    With :math:`k\ge\mathrm{rank}(X^TY)` it is the total variance of Y: no covariance is left, so the best reader
    is the mean. One label needs one direction.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs; their means are removed.
    Y : array_like, shape (n,) or (n, q)
        Labels; their means are removed.
    rank : int
        Directions that may be removed, 1..d; those of the cross-covariance are removed and no more.

    Returns
    -------
    Erasure
        `value` is the total variance of Y (divisor n).

    Raises
    ------
    ValueError
        A rank outside 1..d, or below that of the cross-covariance, where no closed form is known.

    Notes
    -----
    Directions are those whose singular value exceeds max(n, d) roundings of the product of the norms of X and Y.

    References
    ----------
    ravfogel2022linear (the game; this form of the solution is derived)

    Examples
    --------
    >>> from solvable.solvers import erase_squared
    >>> found = erase_squared([[1.0, 1.0], [-1.0, 1.0], [0.0, -2.0]], [1.0, -1.0, 0.0], 1)
    >>> abs(found.directions).round(12), round(found.value, 12)
    (array([[1., 0.]]), 0.666666666667)
    """
    labels = as_finite("Y", Y)
    if labels.ndim not in (1, 2) or 0 in labels.shape:
        raise refuse("Y.shape", labels.shape, "it must be (n,) or (n, q), one row for each of X")
    design, centred = _read(X, labels.reshape(len(labels), -1))
    (n, d), k = design.shape, _rank(rank, design.shape[1])
    sizes = [float(np.abs(a).max()) or 1.0 for a in (design, centred)]
    x, y = design / sizes[0], centred / sizes[1]
    left, s, _ = np.linalg.svd(x.T @ y, full_matrices=False)
    level = max(n, d) * data_eps(X, Y) * float(np.linalg.norm(x) * np.linalg.norm(y))
    needed = int(np.sum(s > level))
    if needed > k:
        raise refuse("rank", rank, f"the cross-covariance has rank {needed}: that many directions carry it")
    return _erasure(left[:, :needed].T, sizes[1] ** 2 * float(np.sum(y**2) / n))


@within_range
def erase_rayleigh(A: ArrayLike, rank: int) -> Erasure:
    r"""Remove k directions so that the largest Rayleigh quotient :math:`\theta^TPAP\theta/\theta^T\theta` is least.

    They are the leading eigenvectors of A, and the value is :math:`\max(\lambda_{k+1}, 0)`: no projector does better,
    because eigenvalues interlace and because P itself has a kernel.

    Parameters
    ----------
    A : array_like, shape (d, d)
        Symmetric, of any signature.
    rank : int
        Directions k to remove, 1..d.

    Returns
    -------
    Erasure
        The projector, the eigenvectors and the value.

    Raises
    ------
    ValueError
        A matrix that is not symmetric, a rank outside 1..d.

    Notes
    -----
    The value is good to rounding of the largest eigenvalue; the directions to that divided by the gap
    :math:`\lambda_k-\lambda_{k+1}`, and are no unique ones where it vanishes.

    References
    ----------
    ravfogel2022linear (the game; this form of the solution is derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import erase_rayleigh
    >>> erase_rayleigh(np.diag([3.0, 1.0, 2.0]), 1).value
    2.0
    """
    matrix = as_matrix("A", A)
    if not is_symmetric(matrix, data_eps(A)):
        raise refuse("A.shape", matrix.shape, "it must be a symmetric matrix")
    k = _rank(rank, len(matrix))
    size = float(np.abs(matrix).max()) or 1.0
    values, vectors = np.linalg.eigh(matrix / size)
    rest = values[: len(values) - k]
    return _erasure(vectors[:, ::-1][:, :k].T, size * max(float(rest[-1]), 0.0) if rest.size else 0.0)


def _labels(y: ArrayLike) -> Array:
    labels = as_finite("y", y)
    if labels.ndim != 1 or labels.size == 0:
        raise refuse("y.shape", labels.shape, "it must be (n,), one label for each row of X")
    return labels


def two_classes(y: ArrayLike) -> Array:
    """Labels +-1, both of which occur."""
    labels = _labels(y)
    if not (np.all(np.abs(labels) == 1) and abs(labels.sum()) < labels.size):
        raise refuse("y", labels, "labels must be +1 or -1, and both must occur")
    return labels


@within_range
def nullspace_projection(
    X: ArrayLike, y: ArrayLike, rounds: int, fit: str = "least-squares", weight_decay: float = 0.0
) -> Erasure:
    r"""Remove the direction of a fit, fit again on what is left, and so on (INLP).

    The fits have an intercept. They are made in an orthonormal basis of what is kept, so that directions once removed
    do not come back as rounding. The value is what the last fit, after the last round, leaves: the mean squared error
    :math:`\min_{\theta,b}\frac1n\sum_i(y_i-\theta^TPx_i-b)^2` (no factor one half), or the mean logistic loss
    :math:`\frac1n\sum_i\ln(1+e^{-y_i(\theta^TPx_i+b)})`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs; their means are removed.
    y : array_like, shape (n,)
        Labels; their mean is removed. With logistic fits they must be +1 and -1.
    rounds : int
        Directions to remove, 1..d; it ends earlier where a fit finds nothing.
    fit : {"least-squares", "logistic"}
        What the directions are fitted by.
    weight_decay : float
        Adds :math:`\tfrac12` weight_decay :math:`\|\theta\|^2` to the logistic loss, of inputs in units of their root
        mean square; not part of the value.

    Returns
    -------
    Erasure
        Directions in the order of removal.

    Raises
    ------
    ValueError
        Rounds outside 1..d, labels that are no vector, separable classes without a decay, a decay of least squares.

    Notes
    -----
    A fit finds nothing where the inputs' covariance with the label is below max(n, d) roundings of the product of
    their norms. Directions lose what the condition of X costs the fit.

    References
    ----------
    ravfogel2020null (with classifiers)

    Examples
    --------
    >>> from solvable.solvers import nullspace_projection
    >>> found = nullspace_projection([[1.0, 1.0], [-1.0, 1.0], [0.0, -2.0]], [1.0, -1.0, 0.0], 2)
    >>> abs(found.directions).round(12), round(found.value, 12)  # the second round finds nothing
    (array([[1., 0.]]), 0.666666666667)
    """
    logistic = as_choice("fit", fit, ("least-squares", "logistic")) == "logistic"
    decay = as_scalar("weight_decay", weight_decay, as_nonnegative)
    if decay and not logistic:
        raise refuse("weight_decay", weight_decay, "least squares takes none")
    labels = two_classes(y) if logistic else _labels(y)
    design, centred = _read(X, labels)
    (n, d), most = design.shape, _rank(rounds, design.shape[1], "rounds")
    sizes = [float(np.sqrt(np.mean((a / unit) ** 2))) * unit if (unit := float(np.abs(a).max())) else 1.0
             for a in (design, centred)]  # fmt: skip
    x, t = design / sizes[0], centred / sizes[1]
    level = max(n, d) * data_eps(X, y) * float(np.linalg.norm(x) * np.linalg.norm(t))

    def read(kept: Array) -> tuple[Array, float]:
        """Direction of a fit, and its loss."""
        if not logistic:
            theta = np.linalg.lstsq(x @ kept, t, rcond=max(n, d) * data_eps(X))[0]
            return np.asarray(theta, np.float64), sizes[1] ** 2 * float(np.sum((t - x @ kept @ theta) ** 2) / n)
        theta, loss, _, good = fit_logistic(x @ kept, labels, decay)
        if not good:
            raise refuse("weight_decay", weight_decay, "the classes can be separated, and the fit diverges without one")
        return theta, loss

    kept, removed = np.eye(d), np.empty((0, d))
    for _ in range(most):
        if np.linalg.norm((x @ kept).T @ t) <= level:
            break
        theta = read(kept)[0]
        # a reflection that takes the fit to the first axis: its other columns span what is left
        turned = np.linalg.qr(np.column_stack([theta, np.eye(len(theta))]))[0]
        removed = np.vstack([removed, kept @ (theta / np.linalg.norm(theta))])
        kept = kept @ turned[:, 1:]
    return _erasure(removed, read(kept)[1])
