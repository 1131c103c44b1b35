r"""Signals through deep networks: the variance layer by layer, its susceptibilities, and where they are 1.

Preactivations :math:`z^{l+1}=b+W\phi(z^l)` with weight variance :math:`C_W/n` and bias variance :math:`C_b`; with
:math:`\langle\cdot\rangle_K` over N(0, K):

.. math::
    K^{l+1}=C_b+C_W\langle\phi^2\rangle_K,\quad
    \chi_\parallel=\tfrac{C_W}{2K^2}\langle\phi^2(z^2-K)\rangle_K,\quad
    \chi_\perp=C_W\langle\phi'^2\rangle_K.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.random_features.activations import activation_function
from solvable.solvers.solution import record
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, as_whole, refuse, within_range
from solvable.solvers.wide_networks.duals import dual_at

__all__ = ["CriticalFlow", "EdgeOfChaos", "critical_flow", "edge_of_chaos"]

Array = NDArray[np.float64]
_REACH = 14.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


@record
class CriticalFlow:
    r"""Layer by layer, arrays of shape (depth,); the first entry is the first layer.

    Attributes
    ----------
    kernel : ndarray
        Variance :math:`K^l` of a preactivation.
    ntk : ndarray
        Tangent kernel of an input with itself, NTK parametrisation.
    chi_parallel, chi_perpendicular : ndarray
        Growth of a perturbation of the norm, and of one orthogonal to the input, from layer l to l + 1.
    vertex : ndarray
        :math:`V^l`: :math:`E[z_i^2z_j^2]-K^2=V/n` for two neurons at leading order in the width n.
    """

    kernel: Array
    ntk: Array
    chi_parallel: Array
    chi_perpendicular: Array
    vertex: Array


@record
class EdgeOfChaos:
    r"""Variances at which nearby inputs neither separate nor merge; arrays of one shape.

    Attributes
    ----------
    weight_variance, bias_variance : ndarray
        :math:`\sigma_w^2` and :math:`\sigma_b^2`.
    """

    weight_variance: Array
    bias_variance: Array


def _moments(activation: str, K: float) -> tuple[float, float, float]:
    """<phi^2>, <phi^4>, <phi^2 (z^2 - K)>/K, by Gauss-Legendre panels with an edge at 0, where relu has its kink."""
    scale = np.sqrt(K)
    if scale > 100:
        if activation not in ("relu", "identity", "abs", "relu2", "sign", "step"):
            raise refuse("kernel", K, f"{activation} is integrated for variances up to 10,000")
        panels = 24
    else:
        panels = 24 * max(1, int(np.ceil(scale)))
    edges = np.linspace(0, _REACH, panels + 1)
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half + half * _NODES).ravel()
    weights = (half * _WEIGHTS).ravel() * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    function = activation_function(activation)
    square = function(scale * z) ** 2 + function(-scale * z) ** 2
    fourth = function(scale * z) ** 4 + function(-scale * z) ** 4
    return float(weights @ square), float(weights @ fourth), float(weights @ (square * (z * z - 1)))


@within_range
def critical_flow(
    activation: str,
    weight_variance: float,
    bias_variance: float,
    kernel0: float,
    depth: int,
) -> CriticalFlow:
    r"""Variance, tangent kernel, susceptibilities and four-point vertex of one input through a deep network.

    :math:`K^{l+1}=C_b+C_W\langle\phi^2\rangle`, :math:`\Theta^{l+1}=K^{l+1}+C_W\langle\phi'^2\rangle\Theta^l`,
    :math:`V^{l+1}=C_W^2(\langle\phi^4\rangle-\langle\phi^2\rangle^2)+\chi_\parallel^2V^l` (equal widths), with
    :math:`K^1` given, :math:`\Theta^1=K^1` and :math:`V^1=0`. NTK parametrisation: effective weights of variance
    :math:`\sigma_w^2/n` with :math:`\sigma_w^2=C_W`, biases :math:`\sigma_b^2=C_b`.

    Parameters
    ----------
    activation : str
        As `dual_activation`, with a derivative.
    weight_variance, bias_variance : float
        :math:`C_W>0`, :math:`C_b\ge0`.
    kernel0 : float
        :math:`K^1>0`, the variance in the first layer.
    depth : int
        Number of layers, from 1.

    Returns
    -------
    CriticalFlow

    Raises
    ------
    ValueError
        A variance that is not positive or leaves the range of doubles, an activation without derivative.

    Notes
    -----
    Moments by composite Gauss-Legendre quadrature with an edge at 0: rounding for smooth activations and for those with
    a kink at 0. The vertex is the first order in 1/n: at depth l and width n its error is of relative order l/n.

    References
    ----------
    roberts2022principles (setting and notation as recalled), forms derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import critical_flow
    >>> flow = critical_flow("relu", 2.0, 0.0, 1.0, 3)  # critical: the variance stays, the vertex grows by 5 a layer
    >>> flow.kernel.round(9), flow.vertex.round(9)
    (array([1., 1., 1.]), array([ 0.,  5., 10.]))
    """
    weight = as_scalar("weight_variance", weight_variance, as_positive)
    bias = as_scalar("bias_variance", bias_variance, as_nonnegative)
    K = as_scalar("kernel0", kernel0, as_positive)
    layers = as_whole("depth", depth, most=10**6)
    slope = dual_at(activation, True)
    theta, vertex = K, 0.0
    rows = np.empty((5, layers))
    for layer in range(layers):
        square, fourth, tilt = _moments(activation, K)
        parallel = weight * tilt / (2 * K)
        q = np.array([K])
        perpendicular = weight * float(slope(q, q, q)[0])
        rows[:, layer] = K, theta, parallel, perpendicular, vertex
        vertex = weight**2 * (fourth - square**2) + parallel**2 * vertex
        K = bias + weight * square
        theta = K + perpendicular * theta
        if K == 0 or not np.isfinite(K):
            raise refuse("depth", layers, f"the variance leaves the range of doubles in layer {layer + 2}")
    return CriticalFlow(*rows)


@within_range
def edge_of_chaos(activation: str, q: ArrayLike) -> EdgeOfChaos:
    r"""Weight and bias variance at which the variance q is a fixed point and :math:`\chi_\perp=1`.

    :math:`\sigma_w^2=1/\langle\phi'^2\rangle_q`, :math:`\sigma_b^2=q-\sigma_w^2\langle\phi^2\rangle_q`: nearby inputs
    neither separate nor merge at first order.

    Parameters
    ----------
    activation : str
        As `dual_activation`, with a derivative.
    q : array_like
        Variance of a preactivation, positive.

    Returns
    -------
    EdgeOfChaos
        Two arrays of the shape of `q`.

    Raises
    ------
    ValueError
        A variance that is not positive, an activation without derivative, or one that would need a negative bias
        variance at `q`.

    References
    ----------
    naitsaada2024beyond (the curve for all pseudo-iid weights, as recalled); parametrisation by q derived in
    docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import edge_of_chaos
    >>> edge = edge_of_chaos("erf", 0.5)
    >>> float(edge.weight_variance.round(8)), float(edge.bias_variance.round(8))
    (1.36034952, 0.04655016)
    """
    variance = as_positive("q", q)
    weight = 1 / dual_at(activation, True)(variance, variance, variance)
    bias = variance - weight * dual_at(activation)(variance, variance, variance)
    if np.any(bias < -1e-14 * variance):
        raise refuse("q", variance, f"{activation} would need a negative bias variance there")
    return EdgeOfChaos(np.asarray(weight), np.asarray(np.maximum(bias, 0.0)))
