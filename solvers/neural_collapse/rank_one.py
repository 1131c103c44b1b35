r"""ReLU networks without biases on rank-one data: their least weights, and when the duality gap closes.

Rows :math:`x_i=c_ia`. Every such network is :math:`f(ca)=pc` for c > 0 and :math:`q|c|` for c < 0, since the first
layer splits into neurons that see positive and neurons that see negative c.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import gridded
from solvable.solvers.neural_collapse.shrinkage import DualityGap, duality_gap
from solvable.solvers.validate import as_finite, as_positive, as_scalar, broadcast, within_range

__all__ = ["rank_one_gap"]

Array = NDArray[np.float64]


@gridded("positive_slope", "negative_slope")
@within_range
def rank_one_gap(
    positive_slope: ArrayLike,
    negative_slope: ArrayLike,
    depth: int,
    norm_bound: float | None = None,
) -> DualityGap:
    r"""Least weights of ReLU networks that fit rank-one data, their dual, and the same for parallel branches.

    :math:`\min\tfrac12\sum_{l\le L}\|W_l\|_F^2` over networks of L layers without biases, one output, that fit labels
    :math:`y_i=pc_i` at :math:`c_i>0`, :math:`y_i=q|c_i|` at :math:`c_i<0`, inputs :math:`x_i=c_ia`, a of length 1
    (divide the slopes by its length where it has another). With :math:`S=|p|+|q|` the dual and the parallel network
    (penalty :math:`\tfrac12\sum\|W_{lj}\|_F^L`) have

    .. math:: D=\tfrac L2S^{2/L},\qquad P_{\rm parallel}=D_{\rm parallel}=\tfrac L2S,

    and the standard network :math:`P=D` where p and q have one sign: both sides of zero share all layers but the
    first two. Where the signs differ they share nothing,

    .. math:: P=\tfrac L2\big(|p|^{2/L}+|q|^{2/L}\big)>D\qquad(L\ge3).

    With :math:`\|W_l\|_F\le t` for the first L - 2 layers and only the last two penalised, as in `duality_gap`.

    Parameters
    ----------
    positive_slope, negative_slope : array_like
        p and q; broadcast together.
    depth : int
        Layers L >= 2, the readout included.
    norm_bound : float, optional
        t; the constrained problem instead of the penalised one.

    Returns
    -------
    DualityGap
        Primal, dual and parallel values.

    Raises
    ------
    ValueError
        Slopes that are not finite, a depth below 2.

    Notes
    -----
    Derived. Upper bounds by the weights that attain them. Lower bounds: for one sign weak duality; for two signs, in
    three layers, the weights that serve c > 0 with positive readout and those that serve c < 0 with negative readout
    are disjoint. For two signs and more layers the value is attained, and training finds none below it
    (`neural-collapse/rank-one-relu`, four layers).

    References
    ----------
    wang2023parallel (the problem; its abstract states strong duality for three layers on rank-one data)

    Examples
    --------
    >>> from solvable.solvers import rank_one_gap
    >>> rank_one_gap(1.0, [0.5, -0.5], depth=3).gap.round(4)
    array([0.    , 0.4794])
    """
    p, q = broadcast(
        positive_slope=as_finite("positive_slope", positive_slope),
        negative_slope=as_finite("negative_slope", negative_slope),
    )
    bound = None if norm_bound is None else as_scalar("norm_bound", norm_bound, as_positive)
    sizes = np.stack([np.abs(p), np.abs(q)], axis=-1)
    together = np.stack([sizes.sum(axis=-1), np.zeros(p.shape)], axis=-1)
    share = np.signbit(p) == np.signbit(q)
    return duality_gap(np.where(share[..., None], together, sizes), depth, bound, 0.0)
