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

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.random_features.activations import Activation, activation_function
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_nonnegative, as_positive, as_scalar, as_whole, refuse, within_range
from solvable.solvers.wide_networks.duals import dual_at
from solvable.solvers.wide_networks.integrals import evaluate, line_rule

__all__ = [
    "CriticalFlow",
    "CriticalPoint",
    "EdgeOfChaos",
    "critical_flow",
    "critical_point",
    "edge_of_chaos",
    "kurtosis_product",
]

Array = NDArray[np.float64]
# first three derivatives at 0
_SERIES = {
    "tanh": (1.0, 0.0, -2.0),
    "erf": (2 / np.sqrt(np.pi), 0.0, -4 / np.sqrt(np.pi)),
    "sin": (1.0, 0.0, -1.0),
}


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
class CriticalPoint:
    r"""Where both susceptibilities are 1.

    Attributes
    ----------
    kind : str
        ``"scale-invariant"``: every variance is fixed; ``"zero"``: the variance falls to 0 as 1/l; ``"half-stable"``: a
        positive fixed point that attracts from one side; ``"none"``.
    kernel : float or None
        Fixed variance :math:`K^*`; None where every one is, or none.
    weight_variance, bias_variance : float or None
        :math:`C_W` and :math:`C_b`; None for ``"none"``.
    """

    kind: str
    kernel: float | None
    weight_variance: float | None
    bias_variance: float | None


@record
class EdgeOfChaos(OnGrid):
    r"""Variances at which nearby inputs neither separate nor merge; arrays of one shape.

    Attributes
    ----------
    weight_variance, bias_variance : ndarray
        :math:`\sigma_w^2` and :math:`\sigma_b^2`.
    """

    weight_variance: Array
    bias_variance: Array


def _moments(activation: Activation, K: float) -> tuple[float, float, float]:
    """<phi^2>, <phi^4>, <phi^2 (z^2 - K)>/K, by panels with edges at the kinks."""
    scale = float(np.sqrt(K))
    z, weights = line_rule(activation, scale)
    square = activation_function(activation)(scale * z) ** 2
    return float(weights @ square), float(weights @ square**2), float(weights @ (square * (z * z - 1)))


@within_range
def critical_flow(
    activation: Activation,
    weight_variance: float,
    bias_variance: float,
    kernel0: float,
    depth: int,
    widths: ArrayLike | None = None,
) -> CriticalFlow:
    r"""Variance, tangent kernel, susceptibilities and four-point vertex of one input through a deep network.

    :math:`K^{l+1}=C_b+C_W\langle\phi^2\rangle`, :math:`\Theta^{l+1}=K^{l+1}+C_W\langle\phi'^2\rangle\Theta^l`,
    :math:`V^{l+1}=C_W^2(\langle\phi^4\rangle-\langle\phi^2\rangle^2)+\chi_\parallel^2\tfrac{n_l}{n_{l-1}}V^l`, with
    :math:`K^1` given, :math:`\Theta^1=K^1` and :math:`V^1=0`. NTK parametrisation: effective weights of variance
    :math:`\sigma_w^2/n` with :math:`\sigma_w^2=C_W`, biases :math:`\sigma_b^2=C_b`.

    Parameters
    ----------
    activation : str, Polynomial or callable
        As `dual_activation`, with a derivative.
    weight_variance, bias_variance : float
        :math:`C_W>0`, :math:`C_b\ge0`.
    kernel0 : float
        :math:`K^1>0`, the variance in the first layer.
    depth : int
        Number of layers, from 1.
    widths : array_like, shape (depth - 1,), optional
        Neurons :math:`n_l` of the layers 1 ... depth - 1; equal without it. Layer l fluctuates as
        :math:`V^l/n_{l-1}`.

    Returns
    -------
    CriticalFlow

    Raises
    ------
    ValueError
        A variance that is not positive or leaves the range of doubles, an activation without derivative.

    Notes
    -----
    Moments by composite Gauss-Legendre quadrature with edges at the kinks: rounding. The vertex is the first order in
    1/n: at depth l and width n its error is of relative order l/n.

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
    growth = np.ones(layers)  # n_l/n_(l-1)
    if widths is not None:
        counts = as_positive("widths", widths)
        if counts.shape != (layers - 1,):
            raise refuse("widths.shape", counts.shape, f"it must hold one width for each of {layers - 1} layers")
        growth[1 : layers - 1] = counts[1:] / counts[:-1]
    rows = np.empty((5, layers))
    for layer in range(layers):
        square, fourth, tilt = _moments(activation, K)
        parallel = weight * tilt / (2 * K)
        q = np.array([K])
        perpendicular = weight * float(slope(q, q, q)[0])
        rows[:, layer] = K, theta, parallel, perpendicular, vertex
        vertex = weight**2 * (fourth - square**2) + parallel**2 * growth[layer] * vertex
        K = bias + weight * square
        theta = K + perpendicular * theta
        if K == 0 or not np.isfinite(K):
            raise refuse("depth", layers, f"the variance leaves the range of doubles in layer {layer + 2}")
    return CriticalFlow(*rows)


@gridded("q")
@within_range
def edge_of_chaos(activation: Activation, q: ArrayLike) -> EdgeOfChaos:
    r"""Weight and bias variance at which the variance q is a fixed point and :math:`\chi_\perp=1`.

    :math:`\sigma_w^2=1/\langle\phi'^2\rangle_q`, :math:`\sigma_b^2=q-\sigma_w^2\langle\phi^2\rangle_q`: nearby inputs
    neither separate nor merge at first order.

    Parameters
    ----------
    activation : str, Polynomial or callable
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


def _slopes(activation: Activation, K: float) -> tuple[float, float]:
    """<z phi phi'>/K and <phi'^2>: the susceptibilities at C_W = 1."""
    q = np.array([K])
    return _moments(activation, K)[2] / (2 * K), float(dual_at(activation, True)(q, q, q)[0])


def _series(activation: Activation) -> tuple[float, float, float] | None:
    """First three derivatives at 0 of a function that is smooth and 0 there; None for others."""
    if isinstance(activation, str):
        return _SERIES.get(activation)
    chebyshev = np.polynomial.chebyshev
    function, reach = activation_function(activation), 0.25
    t = np.cos(np.pi * (np.arange(17) + 0.5) / 17)
    found = np.linalg.solve(chebyshev.chebvander(t, 16), evaluate(function, reach * t))
    size = np.abs(found).max()
    if np.abs(found[-3:]).max() > 1e-13 * size or abs(float(chebyshev.chebval(0.0, found))) > 1e-13 * size:
        return None
    slopes = [chebyshev.chebval(0.0, chebyshev.chebder(found, order)) / reach**order for order in (1, 2, 3)]
    noise = 1e-11 * size * 4.0 ** np.arange(1, 4)  # what rounding makes of a derivative that is 0
    first, second, third = (float(s) if abs(s) > n else 0.0 for s, n in zip(slopes, noise, strict=True))
    return first, second, third


def _half_stable(activation: Activation) -> CriticalPoint:
    """Least variance at which the two susceptibilities agree and the bias variance is not negative."""
    from scipy.optimize import brentq

    def difference(log_K: float) -> float:
        parallel, perpendicular = _slopes(activation, float(np.exp(log_K)))
        return parallel / perpendicular - 1

    grid = np.linspace(np.log(1e-2), np.log(1e3), 60)
    values = np.array([difference(x) for x in grid])
    for i in np.flatnonzero((values[:-1] * values[1:] < 0) & (np.minimum(abs(values[:-1]), abs(values[1:])) > 1e-12)):
        K = float(np.exp(brentq(difference, grid[i], grid[i + 1], xtol=1e-13)))
        weight = 1 / _slopes(activation, K)[1]
        bias = K - weight * _moments(activation, K)[0]
        if bias >= 0:
            return CriticalPoint("half-stable", K, weight, bias)
    return CriticalPoint("none", None, None, None)


@within_range
def critical_point(activation: Activation) -> CriticalPoint:
    r"""Where signals neither grow nor fade: a variance with :math:`\chi_\parallel=\chi_\perp=1`.

    With :math:`\phi=\sum_k\sigma_kz^k/k!`: for :math:`\phi(az)=a\phi(z)`, :math:`C_W=1/A_2`,
    :math:`A_2=(\phi(1)^2+\phi(-1)^2)/2`; for :math:`\sigma_0=0`,
    :math:`a_1=\sigma_3/\sigma_1+\tfrac34(\sigma_2/\sigma_1)^2<0`, :math:`C_W=1/\sigma_1^2` and :math:`K^*=0`; else the
    least K between 0.01 and 1000 with :math:`\langle z\phi\phi'\rangle/K=\langle\phi'^2\rangle` and
    :math:`C_b=K-C_W\langle\phi^2\rangle\ge0`.

    Parameters
    ----------
    activation : str, Polynomial or callable
        As `dual_activation`, with a derivative. The expansion at 0 of a function that is smooth there is taken from its
        interpolant on [-1/4, 1/4], the weight variance then good to 1e-10.

    Returns
    -------
    CriticalPoint

    Raises
    ------
    ValueError
        An activation without derivative, or one whose moments overflow before K = 1000.

    Notes
    -----
    Whether the fixed point of gelu-like functions attracts from one side is decided by slopes of order 1e-3 and less.

    References
    ----------
    roberts2022principles (classes as recalled), conditions derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import critical_point
    >>> critical_point("relu").weight_variance, critical_point("tanh").kind
    (2.0, 'zero')
    >>> round(critical_point("gelu").kernel, 4)
    3.5616
    """
    function = activation_function(activation)
    dual_at(activation, True)
    z = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
    values = evaluate(function, z)
    if np.allclose(values, np.abs(z) * values[[2, 2, 2, 3, 3, 3]], rtol=1e-14, atol=0):
        square = float(values[2] ** 2 + values[3] ** 2) / 2
        if square == 0:
            raise refuse("activation", activation, "it vanishes")
        return CriticalPoint("scale-invariant", None, 1 / square, 0.0)
    if isinstance(activation, str) and activation in ("exp", "relu2", "gauss", "cos"):
        return CriticalPoint("none", None, None, None)
    series = _series(activation)
    if series is not None:
        first, second, third = series
        if first and third / first + 0.75 * (second / first) ** 2 < 0:
            return CriticalPoint("zero", 0.0, 1 / first**2, 0.0)
    return _half_stable(activation)


@within_range
def kurtosis_product(activation_slopes: ArrayLike, widths: ArrayLike) -> float:
    r"""Fourth moment of a preactivation over its squared variance, of a scale-invariant network of finite width.

    For :math:`\phi(z)=a_+z` above 0 and :math:`a_-z` below, with independent Gaussian weights and no biases,

    .. math::
        \frac{E z^4}{(E z^2)^2}=3\prod_l\left(1+\frac1{n_l}\left(\frac{3A_4}{A_2^2}-1\right)\right),\qquad
        A_k=\tfrac12(a_+^k+a_-^k),

    over all hidden layers below: exact, no expansion in 1/n.

    Parameters
    ----------
    activation_slopes : array_like, shape (2,)
        :math:`a_+,a_-`: (1, 0) is relu, (1, 1) the identity.
    widths : array_like, shape (layers,)
        Neurons :math:`n_l`, positive; empty for the first layer, which is Gaussian.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Slopes that are both 0, or a width that is not positive.

    References
    ----------
    roberts2022principles (setting), product derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import kurtosis_product
    >>> kurtosis_product([1.0, 0.0], [5, 5])  # 3 (1 + 5/5)^2
    12.0
    """
    slopes, counts = as_finite("activation_slopes", activation_slopes), as_positive("widths", widths)
    if slopes.shape != (2,) or counts.ndim != 1:
        name, array = ("activation_slopes", slopes) if slopes.shape != (2,) else ("widths", counts)
        raise refuse(
            f"{name}.shape", array.shape, "it must be a pair" if slopes.shape != (2,) else "it must be a vector"
        )
    if not np.any(slopes):
        raise refuse("activation_slopes", slopes, "one of them must not be 0")
    unit = slopes / np.abs(slopes).max()
    ratio = 3 * np.mean(unit**4) / np.mean(unit**2) ** 2 - 1
    return float(3 * np.prod(1 + ratio / counts))
