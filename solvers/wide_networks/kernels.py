r"""Kernels of infinitely wide fully connected networks, layer by layer.

With all parameters standard normal (NTK parametrisation),

.. math::
    z^1=\sqrt{\sigma_w^2/d}\,Wx+\sigma_bb,\qquad z^{l+1}=\sqrt{\sigma_w^2/n_l}\,W\phi(z^l)+\sigma_bb,

the outputs become a Gaussian process with covariance :math:`\Sigma^{L+1}` and gradient descent a linear flow
with kernel :math:`\Theta^{L+1}`:

.. math::
    \Sigma^{l+1}=\sigma_b^2+\sigma_w^2F_\phi(\Sigma^l),\qquad
    \Theta^{l+1}=\Sigma^{l+1}+\sigma_w^2F_{\phi'}(\Sigma^l)\,\Theta^l,\qquad \Theta^1=\Sigma^1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_kind,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)
from solvable.solvers.wide_networks.duals import dual_at

__all__ = ["WideKernels", "wide_network_kernels"]

Array = NDArray[np.float64]
_BLOCK = 2**18  # pairs that go through all layers at once


@record
class WideKernels:
    r"""Covariance and tangent kernel of the outputs.

    Attributes
    ----------
    nngp, ntk : ndarray, shape (n, m)
        :math:`\Sigma^{L+1}` and :math:`\Theta^{L+1}` between the rows of X and of Y.
    nngp_diagonals, ntk_diagonals : tuple of ndarray
        The same of every row of X with itself, shape (n,), and of Y, shape (m,).
    """

    nngp: Array
    ntk: Array
    nngp_diagonals: tuple[Array, Array]
    ntk_diagonals: tuple[Array, Array]


def _bound(q1: Array, q2: Array) -> Array:
    """Largest covariance, exact for equal variances."""
    return np.where(q1 == q2, q1, np.sqrt(q1) * np.sqrt(q2))


def _layers(
    activation: str, q1: Array, q2: Array, c: Array, depth: int, weight: float, bias: float
) -> tuple[Array, Array]:
    """Covariance and tangent kernel of the output; q1 and q2 broadcast with c."""
    dual, slope = dual_at(activation), dual_at(activation, True)
    sigma = theta = c
    for layer in range(depth):
        try:
            gain = weight * slope(q1, q2, sigma)
            sigma = bias + weight * dual(q1, q2, sigma)
            q1, q2 = bias + weight * dual(q1, q1, q1), bias + weight * dual(q2, q2, q2)
        except FloatingPointError:
            raise refuse("depth", depth, f"the variance leaves the range of doubles in layer {layer + 2}") from None
        bound = _bound(q1, q2)
        sigma = np.clip(sigma, -bound, bound)
        theta = sigma + gain * theta
    return sigma, theta


@within_range
def wide_network_kernels(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    depth: int = 1,
    activation: str = "relu",
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
    normalise_input: bool = True,
) -> WideKernels:
    r"""NNGP covariance and neural tangent kernel of a fully connected network with L infinitely wide hidden layers.

    :math:`\Sigma^1=\sigma_b^2+\sigma_w^2\,x\cdot x'/d` and, with the dual activations of `dual_activation`,
    :math:`\Sigma^{l+1}=\sigma_b^2+\sigma_w^2F_\phi(\Sigma^l)`,
    :math:`\Theta^{l+1}=\Sigma^{l+1}+\sigma_w^2F_{\phi'}(\Sigma^l)\Theta^l`. All weights and biases are trained, in NTK
    parametrisation: effective weights of variance :math:`\sigma_w^2/n`, n the inputs of a layer. The readout has
    :math:`\sigma_w^2` and a bias like every other layer: software that leaves it at variance 1 returns, without biases,
    both kernels divided by :math:`\sigma_w^2`, one half at :math:`\sigma_w^2=2`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs, one a row.
    Y : array_like, shape (m, d), optional
        Further inputs; without it the kernels are those of X with itself, their diagonals exact.
    depth : int
        Number L of hidden layers, from 1.
    activation : str
        As `dual_activation`, with a derivative.
    weight_variance, bias_variance : float
        :math:`\sigma_w^2>0` and :math:`\sigma_b^2\ge0`.
    normalise_input : bool
        Divide :math:`x\cdot x'` by d.

    Returns
    -------
    WideKernels
        Both kernels, and both diagonals of each.

    Raises
    ------
    ValueError
        An input that is 0 where there is no bias, shapes that do not match, a depth below 1, an activation without
        derivative, a variance that leaves the range of doubles (the layer is named).

    Notes
    -----
    The variances of the two inputs are propagated beside the covariance, which inputs of unequal norm need. Pairs go
    through all layers in blocks: memory is that of the results.

    References
    ----------
    jacot2018neural, lee2018deep

    Examples
    --------
    >>> from solvable.solvers import wide_network_kernels
    >>> kernels = wide_network_kernels([[1.0, 0.0], [0.0, 1.0]])
    >>> kernels.nngp.round(4), kernels.ntk.round(4)  # 1/2 is 2 x.x/d times E[relu^2]
    (array([[1.    , 0.3183],
           [0.3183, 1.    ]]), array([[2.    , 0.3183],
           [0.3183, 2.    ]]))
    """
    first = as_matrix("X", X)
    second = first if Y is None else as_matrix("Y", Y, (None, first.shape[1]))
    layers = as_whole("depth", depth, most=10**6)
    weight = as_scalar("weight_variance", weight_variance, as_positive)
    bias = as_scalar("bias_variance", bias_variance, as_nonnegative)
    divide = as_kind("normalise_input", normalise_input, bool, "it must be True or False")
    check_room("X.shape", first.shape, 2.0 * len(first) * len(second))
    scale = weight / first.shape[1] if divide else weight
    diagonals = [bias + scale * np.sum(rows**2, axis=1) for rows in (first, second)]
    for name, q in zip(("X", "Y"), diagonals, strict=True):
        if np.any(q == 0):
            raise refuse(name, 0.0, "without a bias an input must not be 0: its correlations are not defined")
    ends = [_layers(activation, q, q, q, layers, weight, bias) for q in diagonals]
    nngp, ntk = np.empty((len(first), len(second))), np.empty((len(first), len(second)))
    step = max(1, _BLOCK // len(second))
    for start in range(0, len(first), step):
        rows = slice(start, start + step)
        q1, q2 = diagonals[0][rows, None], diagonals[1][None, :]
        bound = _bound(q1, q2)
        c = np.clip(bias + scale * (first[rows] @ second.T), -bound, bound)
        nngp[rows], ntk[rows] = _layers(activation, q1, q2, c, layers, weight, bias)
    if Y is None:
        np.fill_diagonal(nngp, ends[0][0])
        np.fill_diagonal(ntk, ends[0][1])
    return WideKernels(nngp, ntk, (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1]))
