r"""Attention by inverse distances: the Nadaraya-Watson estimate with the kernel :math:`|x-k|^{-p}`.

Softmax of the scores :math:`-p\ln|x-k_j|` instead of inner products. It reads the value of a key exactly at the key,
whatever p, and the value of the nearest key as p grows. In d dimensions, p > d and keys of any density, the weights of
many keys tend to those of a Poisson process: distances to the power d are its arrival times :math:`T_j`, and
:math:`T_j^{-p/d}`, divided by their sum, has the Poisson-Dirichlet law of index d/p, for which
:math:`E\sum_jw_j^2=1-d/p`. Noise in the values is averaged away at p = d only (the Hilbert estimate).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_matrix, as_positive, as_scalar, check_room, refuse, within_range

__all__ = ["DistanceAttention", "distance_attention"]

Array = NDArray[np.float64]


@record
class DistanceAttention:
    """Values read at queries.

    Attributes
    ----------
    value : ndarray, shape (n,) or (n, c)
        Weighted means of the values.
    weights : ndarray, shape (n, N)
        Weights of the keys, not negative, of sum 1.
    """

    value: Array
    weights: Array


def _log_distances(queries: Array, keys: Array) -> Array:
    """Logarithms of distances, squares taken in units of the largest difference."""
    gap = queries[:, None] - keys[None]
    largest = np.abs(gap).max(axis=-1)
    size = np.where(largest > 0, largest, 1.0)
    with np.errstate(divide="ignore"):
        return np.asarray(
            np.log(largest) + 0.5 * np.log(np.maximum(np.sum((gap / size[..., None]) ** 2, axis=-1), 1.0))
        )


@within_range
def distance_attention(queries: ArrayLike, keys: ArrayLike, values: ArrayLike, exponent: float) -> DistanceAttention:
    r"""Attention whose scores are logarithms of distances: interpolation by inverse distances.

    .. math:: f(x)=\sum_jw_jv_j, \qquad w_j=\frac{|x-k_j|^{-p}}{\sum_l|x-k_l|^{-p}}

    Parameters
    ----------
    queries : array_like, shape (n, d)
        x.
    keys : array_like, shape (N, d)
        :math:`k_j`.
    values : array_like, shape (N,) or (N, c)
        :math:`v_j`.
    exponent : float
        p, positive; infinity reads the nearest key.

    Returns
    -------
    DistanceAttention
        Values and weights. Keys that a query hits, and nearest keys at equal distance for an infinite exponent, share
        the weight equally.

    Raises
    ------
    ValueError
        Shapes that do not match, an exponent that is not positive.

    Notes
    -----
    Relative errors of a few p roundings. Of noise of variance :math:`\sigma^2` in the values a share
    :math:`\sum_jw_j^2` is left, for many keys in d dimensions :math:`\max(1-d/p,0)` on average (derived). The kernel of
    an infinitely deep network, `koenigs`, is singular as :math:`|x-k|^{-p}` too, up to a factor that is periodic in the
    logarithm of the distance, with the exponent of `deep_classifier`.

    References
    ----------
    mccarter2023inverse, radhakrishnan2023wide

    Examples
    --------
    >>> from solvable.solvers import distance_attention
    >>> found = distance_attention([[1.0], [2.0]], [[0.0], [2.0], [3.0]], [5.0, 1.0, 2.0], 1.0)
    >>> found.value.round(4), found.weights[0].round(4)
    (array([2.8, 1. ]), array([0.4, 0.4, 0.2]))
    """
    x, k, v = as_matrix("queries", queries), as_matrix("keys", keys), as_finite("values", values)
    if k.shape[1] != x.shape[1]:
        raise refuse("keys.shape", k.shape, f"its rows must have {x.shape[1]} entries")
    if v.ndim not in (1, 2) or len(v) != len(k):
        raise refuse("values.shape", v.shape, f"it must be {(len(k),)} or {(len(k), 'c')}, a value for each key")
    p = as_scalar("exponent", exponent, partial(as_positive, infinite=True))
    check_room("queries.shape", x.shape, float(x.size) * len(k))
    logs = _log_distances(x, k)
    nearest = logs.min(axis=1, keepdims=True)
    tied = 8 * np.finfo(float).eps if np.isinf(p) else 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        behind = np.where(logs == nearest, 0.0, logs - nearest)  # infinite where a key is hit and another is not
        w = np.exp(-np.where(behind > tied, p * behind, 0.0))
    w /= w.sum(axis=1, keepdims=True)
    return DistanceAttention(np.asarray(w @ v), w)
