r"""Regularisers for long-tailed data, and when features of two models with a fixed simplex classifier are compatible.

The centre term pulls features to their class centre; the minimum-angle term spreads the directions of the centres and
knows no class sizes, so its minimum is the simplex frame however long the tail. Directions only: lengths stay free.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.neural_collapse.metrics import class_means, read_labels
from solvable.solvers.solution import record
from solvable.solvers.validate import as_matrix, as_nonnegative, as_whole, broadcast, data_eps, refuse, within_range

__all__ = [
    "Compatibility",
    "centre_term",
    "mean_resultant",
    "minimum_angle_bound",
    "minimum_angle_term",
    "simplex_compatibility",
]

Array = NDArray[np.float64]
_CLAMP = 0.99999


@within_range
def centre_term(features: ArrayLike, labels: ArrayLike, centres: ArrayLike | None = None) -> float:
    r"""Mean over classes of the mean squared distance to the class centre.

    :math:`\frac1K\sum_k\frac1{n_k}\sum_i\|h_{ki}-\mu_k\|^2`. No factor one half. Without `centres` the
    class means are used, which minimise it: then 0 iff NC1.

    Parameters
    ----------
    features : array_like, shape (N, d)
        Samples in rows.
    labels : array_like, shape (N,)
        Whole numbers 0..K-1, every class present.
    centres : array_like, shape (K, d), optional
        Learnt centres; default the class means.

    Returns
    -------
    float
        The term.

    Raises
    ------
    ValueError
        Labels or centres that do not match.

    References
    ----------
    liu2023inducing

    Examples
    --------
    >>> from solvable.solvers import centre_term
    >>> centre_term([[1.0], [3.0], [5.0]], [0, 0, 1])
    0.5
    """
    X = as_matrix("features", features)
    y = read_labels(labels, len(X))
    counts = np.bincount(y)
    M = class_means(X, y) if centres is None else as_matrix("centres", centres, (counts.size, X.shape[1]))
    return float(np.mean(np.bincount(y, np.sum((X - M[y]) ** 2, axis=1)) / counts))


@within_range
def minimum_angle_term(centres: ArrayLike) -> float:
    r"""Negative mean over classes of the angle to the nearest other centre, seen from the mean of the centres.

    :math:`-\frac1K\sum_k\arccos\max_{j\ne k}\cos(\mu_k-\mu_G,\mu_j-\mu_G)`, cosines clamped to 0.99999 in absolute
    value, where the slope of arccos would be infinite.

    Parameters
    ----------
    centres : array_like, shape (K, d)
        K >= 2 class centres.

    Returns
    -------
    float
        The term, in radians.

    Raises
    ------
    ValueError
        Fewer than two centres, or a centre at the mean of all, whose direction does not exist.

    References
    ----------
    liu2023inducing

    Examples
    --------
    >>> from solvable.solvers import minimum_angle_term, simplex_frame
    >>> round(minimum_angle_term(simplex_frame(4)), 6)
    -1.910633
    """
    given = as_matrix("centres", centres)
    if len(given) < 2:
        raise refuse("centres.shape", given.shape, "at least two centres are needed")
    M = given - given.mean(axis=0)
    M -= M.mean(axis=0)  # the first mean is rounded at the size of an offset
    lengths = np.linalg.norm(M, axis=1)
    rounding = 10 * data_eps(centres) * np.linalg.norm(given, axis=1).max()
    if lengths.min() <= max(1e-12 * lengths.max(), rounding):
        raise refuse("centres", M, "no centre may coincide with the mean of all: it has no direction")
    cosines = (M @ M.T) / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, -np.inf)
    return float(-np.mean(np.arccos(np.clip(cosines.max(axis=1), -_CLAMP, _CLAMP))))


@within_range
def minimum_angle_bound(classes: int, dimension: int) -> float:
    r"""Minimum of the angle term, :math:`-\arccos(-1/(K-1))`, attained by the simplex frame only.

    For any class sizes; for more classes than d + 1 no simplex exists and the value is not attained.

    Parameters
    ----------
    classes, dimension : int
        2 <= K <= d + 1.

    Returns
    -------
    float
        The minimum, in radians.

    Raises
    ------
    ValueError
        K above d + 1.

    References
    ----------
    liu2023inducing

    Examples
    --------
    >>> from solvable.solvers import minimum_angle_bound
    >>> round(minimum_angle_bound(5, 4), 6)
    -1.823477
    """
    k, d = as_whole("classes", classes), as_whole("dimension", dimension)
    if not 2 <= k <= d + 1:
        raise refuse("classes", classes, f"it must lie between 2 and d + 1 = {d + 1}, or there is no simplex frame")
    return -float(np.arccos(-1 / (k - 1)))


@within_range
def mean_resultant(dimension: int, concentration: ArrayLike) -> Array:
    r"""Length of the mean of von Mises-Fisher unit vectors, :math:`A_d(\kappa)=I_{d/2}(\kappa)/I_{d/2-1}(\kappa)`.

    Density :math:`\propto e^{\kappa w\cdot f}` on the unit sphere of :math:`R^d`.

    Parameters
    ----------
    dimension : int
        d >= 2, of the space around the sphere.
    concentration : array_like
        :math:`\kappa\ge 0`.

    Returns
    -------
    ndarray
        Between 0 and 1.

    Raises
    ------
    ValueError
        A negative concentration, d below 2.

    Notes
    -----
    By the continued fraction of the ratio (backwards), stable where both Bessel functions over- or underflow;
    relative error below 1e-12.

    References
    ----------
    biondi2024stationary (use; the ratio is classical)

    Examples
    --------
    >>> from solvable.solvers import mean_resultant
    >>> mean_resultant(9, [8.0, 20.0]).round(6)
    array([0.601394, 0.815675])
    """
    d, kappa = as_whole("dimension", dimension), as_nonnegative("concentration", concentration)
    if d < 2:
        raise refuse("dimension", dimension, "the sphere needs at least two dimensions")
    # ratio_v = I_v/I_{v-1} = kappa/(2v + kappa ratio_{v+1}) from a tight bound (Amos) at v + steps; each step down
    # multiplies the error by -ratio^2, and beyond 1e6 the bound itself is right to 1e-12
    steps = int(50 + 7 * np.sqrt(np.max(np.minimum(kappa, 1e6), initial=1.0)))
    top = d / 2 + steps
    ratio = kappa / (top - 0.5 + np.hypot(top + 0.5, kappa))
    for v in d / 2 + np.arange(steps - 1, -1, -1):
        ratio = kappa / (2 * v + kappa * ratio)
    return np.asarray(ratio)


@record
class Compatibility(OnGrid):
    """Expected cosines between features of a new and an old model.

    Attributes
    ----------
    new_old_same, old_old_same : ndarray
        Same class: a new feature against an old one, an old one against another.
    new_old_different, old_old_different : ndarray
        Different classes.
    compatible : ndarray of bool
        Whether new-old is at least as close within a class and at least as far between classes as old-old.
    """

    new_old_same: Array
    old_old_same: Array
    new_old_different: Array
    old_old_different: Array
    compatible: NDArray[np.bool_]


@gridded("new_concentration", "old_concentration")
@within_range
def simplex_compatibility(dimension: int, new_concentration: ArrayLike, old_concentration: ArrayLike) -> Compatibility:
    r"""Compatibility of two models with one fixed d-simplex classifier, in expectation.

    Features are independent von Mises-Fisher around the d + 1 vertices:
    :math:`E\cos(f,g)=A_d(\kappa_f)A_d(\kappa_g)\langle w_k,w_l\rangle`, the last factor 1 or -1/d. Both inequalities
    hold iff the new model is at least as concentrated. For single pairs they fail often.

    Parameters
    ----------
    dimension : int
        d >= 2, for d + 1 classes.
    new_concentration, old_concentration : array_like
        :math:`\kappa\ge 0` of the two models; broadcast together.

    Returns
    -------
    Compatibility
        Four expected cosines and whether the inequalities hold.

    Raises
    ------
    ValueError
        As `mean_resultant`.

    References
    ----------
    biondi2024stationary (the inequalities; the model is derived)

    Examples
    --------
    >>> from solvable.solvers import simplex_compatibility
    >>> found = simplex_compatibility(9, 20.0, 8.0)
    >>> float(found.new_old_same.round(5)), float(found.new_old_different.round(5)), bool(found.compatible)
    (0.49054, -0.0545, True)
    """
    new, old = broadcast(
        new_concentration=mean_resultant(dimension, as_nonnegative("new_concentration", new_concentration)),
        old_concentration=mean_resultant(dimension, as_nonnegative("old_concentration", old_concentration)),
    )
    d = float(as_whole("dimension", dimension))
    return Compatibility(new * old, old**2, -new * old / d, -(old**2) / d, np.asarray(new >= old))
