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

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.random_features.activations import Activation, LeakyRelu, activation_function
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
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
from solvable.solvers.wide_networks.fused import fused_layers, mirror

__all__ = ["WideKernels", "as_net", "kernels_on_sphere", "wide_network_kernels"]

Array = NDArray[np.float64]
_BLOCK = 2**18  # pairs that go through all layers at once
_MOST_FUSED = 1000  # layers whose variances are kept for every input


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


@dataclass(frozen=True)
class _Net:
    """Checked arguments of a network."""

    activation: Activation
    depth: int
    weight: float
    bias: float
    standard: bool


def _bound(q1: Array, q2: Array) -> Array:
    """Largest covariance, exact for equal variances."""
    return np.where(q1 == q2, q1, np.sqrt(q1) * np.sqrt(q2))


def _layers(net: _Net, q1: Array, q2: Array, c: Array) -> tuple[Array, Array]:
    """Covariance and tangent kernel of the output; q1 and q2 broadcast with c."""
    dual, slope = dual_at(net.activation), dual_at(net.activation, True)
    sigma, theta = c, 0 * c if net.standard else c
    for layer in range(net.depth):
        try:
            gain, new = net.weight * slope(q1, q2, sigma), dual(q1, q2, sigma)
            sigma = net.bias + net.weight * new
            q1, q2 = (net.bias + net.weight * dual(q, q, q) for q in (q1, q2))
        except FloatingPointError:
            raise refuse("depth", net.depth, _too_deep(layer)) from None
        bound = _bound(q1, q2)
        sigma = np.clip(sigma, -bound, bound)
        theta = (new if net.standard else sigma) + gain * theta
    return sigma, theta


def _too_deep(layer: int) -> str:
    return f"the variance leaves the range of doubles in layer {layer + 2}"


def _variances(net: _Net, q: Array) -> Array:
    """Variances of the preactivations of every hidden layer, (layers, inputs)."""
    dual = dual_at(net.activation)
    rows = [q]
    for layer in range(net.depth - 1):
        try:
            rows.append(net.bias + net.weight * dual(rows[-1], rows[-1], rows[-1]))
        except FloatingPointError:
            raise refuse("depth", net.depth, _too_deep(layer)) from None
    return np.array(rows)


def _slope(activation: Activation) -> float | None:
    """Slope below 0 of relu and its leaky relatives; None for others."""
    if activation == "relu":
        return 0.0
    function = activation_function(activation)
    return function.slope if isinstance(function, LeakyRelu) and 0 <= function.slope <= 1 else None


def _results(out: Any, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Arrays to write to: the caller's, or new ones."""
    if out is None:
        return np.empty(shape), np.empty(shape)
    pair = as_kind("out", out, tuple | list, "it must be a pair of arrays")
    good = len(pair) == 2 and all(isinstance(x, np.ndarray) for x in pair)
    if not (good and all(x.shape == shape and x.dtype == np.float64 and x.flags.c_contiguous and x.flags.writeable
                         for x in pair) and not np.shares_memory(*pair)):  # fmt: skip
        raise refuse("out", tuple(np.shape(x) for x in pair), f"it must be two separate writeable C-ordered arrays of "
                     f"doubles of shape {shape}")  # fmt: skip
    return pair[0], pair[1]


@within_range
def wide_network_kernels(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    depth: int = 1,
    activation: Activation = "relu",
    weight_variance: float = 2.0,
    bias_variance: float = 0.0,
    parametrisation: Literal["ntk", "standard"] = "ntk",
    normalise_input: bool = True,
    out: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
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
    activation : str, Polynomial or callable
        As `dual_activation`, with a derivative.
    weight_variance, bias_variance : float
        :math:`\sigma_w^2>0` and :math:`\sigma_b^2\ge0`.
    parametrisation : {"ntk", "standard"}
        ``"standard"``: plain weights of variance :math:`\sigma_w^2/n`, whose sum of products of derivatives, divided by
        the common width n, has the limit :math:`\Theta^{l+1}=F_\phi(\Sigma^l)+\sigma_w^2F_{\phi'}(\Sigma^l)\Theta^l`,
        :math:`\Theta^1=0`: biases and first layer do not move. The covariance is the same.
    normalise_input : bool
        Divide :math:`x\cdot x'` by d.
    out : pair of ndarray, optional
        Where to write the covariance and the tangent kernel: two C-ordered arrays of doubles, shape (n, m).

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
    through all layers in blocks: memory is that of the results. relu, leaky relu and erf run compiled, with
    polynomials for the arc functions: within 1e-14 of `dual_activation`, layer after layer. Between rows that are
    parallel but not of one matrix's diagonal the covariance is rounded and the tangent kernel of relu good to 1e-8.

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
    net = as_net(depth, activation, weight_variance, bias_variance, parametrisation)
    divide = as_kind("normalise_input", normalise_input, bool, "it must be True or False")
    check_room("X.shape", first.shape, 2.0 * len(first) * len(second))
    scale = net.weight / first.shape[1] if divide else net.weight
    diagonals = [net.bias + scale * np.sum(rows**2, axis=1) for rows in (first, second)]
    for name, q in zip(("X", "Y"), diagonals, strict=True):
        if np.any(q == 0):
            raise refuse(name, 0.0, "without a bias an input must not be 0: its correlations are not defined")
    nngp, ntk = _results(out, (len(first), len(second)))
    ends = [_layers(net, q, q, q) for q in diagonals]
    slope, same = _slope(net.activation), Y is None
    fused = (slope is not None or net.activation == "erf") and net.depth <= _MOST_FUSED
    variances = [_variances(net, q) for q in diagonals] if fused else []
    step = max(1, _BLOCK // len(second))
    for start in range(0, len(first), step):
        rows = slice(start, start + step)
        columns = slice(0, start + step if same and fused else None)
        np.matmul(scale * first[rows], second[columns].T, out=nngp[rows, columns])
        nngp[rows, columns] += net.bias
        q1, q2 = diagonals[0][rows, None], diagonals[1][None, :]
        if fused:
            fused_layers(nngp[rows], ntk[rows], (variances[0][:, rows], variances[1]), net.weight, net.bias, slope,
                         net.standard, start, same)  # fmt: skip
        else:
            bound = _bound(q1, q2)
            nngp[rows], ntk[rows] = _layers(net, q1, q2, np.clip(nngp[rows], -bound, bound))
    if same:
        for matrix, diagonal in ((nngp, ends[0][0]), (ntk, ends[0][1])):
            if fused:
                mirror(matrix)
            np.fill_diagonal(matrix, diagonal)
    return WideKernels(nngp, ntk, (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1]))


def as_net(depth: int, activation: Activation, weight: float, bias: float, parametrisation: str) -> _Net:
    """Check what describes a network."""
    layers = as_whole("depth", depth, most=10**6)
    gain = as_scalar("weight_variance", weight, as_positive)
    shift = as_scalar("bias_variance", bias, as_nonnegative)
    standard = as_choice("parametrisation", parametrisation, ("ntk", "standard")) == "standard"
    return _Net(activation, layers, gain, shift, standard)


def kernels_on_sphere(net: _Net, scale: float, cosine: Array) -> tuple[Array, Array]:
    """Both kernels of inputs with unit norm, x.x' multiplied by `scale` = sigma_w^2 or sigma_w^2/d."""
    q = np.full_like(cosine, net.bias + scale)
    return _layers(net, q, q, np.clip(net.bias + scale * cosine, -q, q))
