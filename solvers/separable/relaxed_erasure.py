r"""Erasure of the logistic loss by a relaxation: projectors become matrices between 0 and 1 of the same trace.

The game :math:`\max_P\min_{\theta,b}` of the mean logistic loss has a solution in closed form as well: once the
difference of the class means is removed, :math:`\theta=0` is stationary, hence best, and the loss is the entropy of the
labels, which nothing exceeds. The relaxation does not know it; that bound tells whether it succeeded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.separable.erasure import Erasure, two_classes
from solvable.solvers.separable.logistic_fit import entropy, fit_logistic
from solvable.solvers.solution import OnFailure, Status, record, report_failures
from solvable.solvers.validate import as_matrix, as_positive, as_scalar, as_whole, refuse, within_range

__all__ = ["RelaxedErasure", "relaxed_erasure"]

Array = NDArray[np.float64]
_TOLERANCE = 1e-9


@record
class RelaxedErasure(Erasure):
    """What the relaxation found, rounded to a projector.

    Attributes
    ----------
    projector, directions : ndarray
        As of every `Erasure`.
    value : float
        Loss of the best reader after the removal, its decay included.
    bound : float
        Entropy of the labels: no removal leaves more.
    relaxed : float
        Value of the game before rounding.
    residual : ndarray
        (bound - value)/bound.
    status : ndarray of int8
        ``CONVERGED`` where the residual is at most 1e-9, else ``MAX_ITERATIONS``.
    iterations : ndarray
        Steps that were made.
    converged : bool
        Whether the status is ``CONVERGED``.
    """

    bound: float
    relaxed: float
    residual: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]

    @property
    def converged(self) -> bool:
        """Whether the bound was reached."""
        return bool(self.status == Status.CONVERGED)


def _fantope(A: Array, trace: int) -> Array:
    """Nearest symmetric matrix with eigenvalues in [0, 1] and the given trace: shift and clip the eigenvalues."""
    values, vectors = np.linalg.eigh(A)
    ends = np.sort(np.concatenate([values, values - 1]))  # the sum of the clipped is linear between these shifts
    sums = np.clip(values - ends[:, None], 0, 1).sum(axis=1)
    return np.asarray((vectors * np.clip(values - np.interp(trace, sums[::-1], ends[::-1]), 0, 1)) @ vectors.T)


@within_range
def relaxed_erasure(
    X: ArrayLike,
    y: ArrayLike,
    rank: int,
    *,
    weight_decay: float = 0.1,
    steps: int = 1000,
    on_failure: OnFailure = "warn",
) -> RelaxedErasure:
    r"""Remove directions so that logistic regression reads least, by the relaxation over the fantope.

    .. math:: \max_{0\le P\le1,\ \mathrm{tr}P=d-k}\ \min_{\theta,b}
        \frac1n\sum_i\ln(1+e^{-y_i(\theta^TPx_i+b)})+\frac{c}{2}\|\theta\|^2

    Ascent along the gradient in P at the fitted reader, projected onto the fantope; the k eigenvectors of least
    eigenvalue are removed at the end.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs; their means are removed, and they are taken in units of their root mean square.
    y : array_like, shape (n,)
        Labels +-1.
    rank : int
        Directions k to remove, 1..d - 1.
    weight_decay : float
        c > 0. The optimum, a reader of zero weights, does not depend on it; a small one makes the way there long.
    steps : int
        At most so many.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the bound is not reached to 1e-9.

    Returns
    -------
    RelaxedErasure
        The projector and how far it is from the bound.

    Raises
    ------
    ValueError
        A rank outside 1..d - 1, labels of one class, a decay that is not positive.

    Notes
    -----
    The game is not concave in P: no step rule is known to reach the optimum. Steps have the length that would close the
    gap to the bound if it were linear, at most 0.3/sqrt(step). Inputs are seen in double precision.

    References
    ----------
    ravfogel2022linear (the relaxation; step rule and bound are derived)

    Examples
    --------
    >>> from solvable.solvers import relaxed_erasure
    >>> X = [[1.0, 1.0], [0.5, -1.0], [-1.0, 0.5], [-1.0, 1.0]]
    >>> found = relaxed_erasure(X, [1, 1, -1, -1], 1)
    >>> abs(found.directions).round(3), round(found.bound - found.value, 8)  # the difference of the class means
    (array([[0.919, 0.394]]), 0.0)
    """
    labels, design = two_classes(y), as_matrix("X", X, (np.size(y), None))
    d, k = design.shape[1], as_whole("rank", rank)
    if k >= d:
        raise refuse("rank", rank, f"it must lie in 1..{d - 1}, below the dimension")
    decay, most = as_scalar("weight_decay", weight_decay, as_positive), as_whole("steps", steps, 10**6)
    x = design - design.mean(axis=0)
    x = x / (float(np.abs(x).max()) or 1.0)
    x = x / (float(np.sqrt(np.mean(x**2))) or 1.0)
    bound, best, relaxed, count = entropy(labels), np.eye(d), -1.0, 0
    P = np.eye(d) * ((d - k) / d)
    for count in range(1, most + 1):
        theta, loss, slopes, _ = fit_logistic(x @ P, labels, decay)
        value = loss + decay * float(theta @ theta) / 2
        if value > relaxed:
            relaxed, best = value, P
        gradient = np.outer(slopes @ x, theta)
        gradient = (gradient + gradient.T) / 2
        size = float(np.linalg.norm(gradient))
        if bound - value <= _TOLERANCE * bound / 100 or size == 0:
            break
        P = _fantope(P + gradient / size * min((bound - value) / size, 0.3 / np.sqrt(count)), d - k)
    directions = np.linalg.eigh(best)[1][:, :k].T
    projector = np.eye(d) - directions.T @ directions
    theta, loss, _, _ = fit_logistic(x @ projector, labels, decay)
    value = loss + decay * float(theta @ theta) / 2
    residual = max((bound - value) / bound, 0.0)
    status = Status.CONVERGED if residual <= _TOLERANCE else Status.MAX_ITERATIONS
    found = RelaxedErasure(
        projector, directions, value, bound, relaxed, np.array(residual), np.array(status, dtype=np.int8),
        np.array(count),
    )  # fmt: skip
    report_failures(found, "relaxed_erasure", on_failure)
    return found
