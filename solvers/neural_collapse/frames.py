r"""Frames of class vectors: simplex, orthogonal, general orthogonal.

A simplex equiangular tight frame of K unit vectors has Gram matrix :math:`\frac K{K-1}(I-\frac1K11^T)`: cosine -1/(K-1)
for every pair, the smallest that all pairs can share. It needs dimension K - 1. Vectors are rows here, as samples are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_finite, as_generator, as_whole, refuse, within_range

__all__ = ["MOST", "orthogonal_frame", "random_frame", "simplex_coordinates", "simplex_frame"]

Array = NDArray[np.float64]
MOST = 10_000  # of classes or dimensions: their matrices grow with the square


def random_frame(dimension: int, count: int, rng: np.random.Generator) -> Array:
    """Draw orthonormal columns, shape (dimension, count), from the rotation-invariant distribution."""
    q, r = np.linalg.qr(rng.standard_normal((dimension, count)))
    return np.asarray(q * np.where(np.diag(r) < 0, -1.0, 1.0))


@within_range
def simplex_coordinates(dimension: int) -> Array:
    r"""Vertices of the regular d-simplex on the unit sphere: d + 1 unit rows with cosines -1/d, in closed form.

    Rows :math:`e_1,\dots,e_d` and :math:`a1_d`, :math:`a=(1-\sqrt{d+1})/d`, centred and normalised. The rows W satisfy
    :math:`W^TW=\frac{d+1}dI`: a tight frame, used as a fixed classifier of d + 1 classes.

    Parameters
    ----------
    dimension : int
        d >= 1.

    Returns
    -------
    ndarray, shape (d + 1, d)
        The vertices.

    Raises
    ------
    ValueError
        A dimension that is not a positive whole number up to 10,000.

    References
    ----------
    biondi2024stationary

    Examples
    --------
    >>> from solvable.solvers import simplex_coordinates
    >>> vertices = simplex_coordinates(2)
    >>> (vertices @ vertices.T).round(12)[0]
    array([ 1. , -0.5, -0.5])
    """
    d = as_whole("dimension", dimension, MOST)
    rows = np.vstack([np.eye(d), np.full(d, (1 - np.sqrt(d + 1)) / d)])
    rows -= rows.mean(axis=0)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@within_range
def simplex_frame(classes: int, dimension: int | None = None, rng: np.random.Generator | int | None = None) -> Array:
    r"""K unit rows with pairwise cosine -1/(K-1), randomly rotated in the given dimension if `rng` is given.

    Gram matrix :math:`\frac K{K-1}(I-\frac1K11^T)`; exists iff the dimension is at least K - 1.

    Parameters
    ----------
    classes : int
        K >= 2.
    dimension : int, optional
        Default K - 1.
    rng : Generator or int, optional
        Draws a rotation; without it the rows are `simplex_coordinates`, padded with zeros.

    Returns
    -------
    ndarray, shape (K, dimension)
        The frame.

    Raises
    ------
    ValueError
        Fewer than two classes, a dimension below K - 1, or more than 10,000 of either.

    References
    ----------
    papyan2020prevalence

    Examples
    --------
    >>> from solvable.solvers import simplex_frame
    >>> M = simplex_frame(4, 6, rng=0)
    >>> (M @ M.T).round(6)[0, :2]
    array([ 1.      , -0.333333])
    """
    k = as_whole("classes", classes, MOST)
    if k < 2:
        raise refuse("classes", classes, "a frame needs at least two")
    d = k - 1 if dimension is None else as_whole("dimension", dimension, MOST)
    if d < k - 1:
        raise refuse("dimension", dimension, f"a simplex frame of {k} classes needs at least {k - 1}")
    rows = simplex_coordinates(k - 1)
    rotation = np.eye(k - 1, d) if rng is None else random_frame(d, k - 1, as_generator("rng", rng)).T
    return np.asarray(rows @ rotation)


@within_range
def orthogonal_frame(
    lengths: ArrayLike, dimension: int | None = None, rng: np.random.Generator | int | None = None
) -> Array:
    r"""Orthogonal rows of the given lengths: a general orthogonal frame, Gram matrix diag(lengths^2).

    Equal lengths give the orthogonal frame; centring it gives a simplex frame.

    Parameters
    ----------
    lengths : array_like, shape (K,)
        Not negative; zero for a collapsed class.
    dimension : int, optional
        At least the number of nonzero lengths; default K.
    rng : Generator or int, optional
        Draws a rotation; without it the rows lie along the axes.

    Returns
    -------
    ndarray, shape (K, dimension)
        The frame.

    Raises
    ------
    ValueError
        Negative lengths, a dimension below the number of nonzero ones or above 10,000.

    References
    ----------
    dang2023neural

    Examples
    --------
    >>> from solvable.solvers import orthogonal_frame
    >>> orthogonal_frame([2.0, 1.0], 3)
    array([[2., 0., 0.],
           [0., 1., 0.]])
    """
    a = as_finite("lengths", lengths)
    if a.ndim != 1 or a.size == 0 or np.any(a < 0):
        raise refuse("lengths", a, "it must be a list of numbers that are not negative")
    d = a.size if dimension is None else as_whole("dimension", dimension, MOST)
    alive = np.flatnonzero(a)
    if d < alive.size:
        raise refuse("dimension", dimension, f"{alive.size} orthogonal vectors need at least that many dimensions")
    rows = np.zeros((a.size, d))
    axes = np.eye(alive.size, d) if rng is None else random_frame(d, alive.size, as_generator("rng", rng)).T
    rows[alive] = a[alive, None] * axes
    return rows
