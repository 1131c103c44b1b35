r"""Dual activations: what a wide random layer makes of the covariance of two preactivations.

For :math:`(u,v)` centred Gaussian with variances :math:`q_1, q_2` and covariance c,

.. math::
    F_\phi(q_1,q_2,c) = E[\phi(u)\phi(v)], \qquad \partial F_\phi/\partial c = E[\phi'(u)\phi'(v)]

(Price's theorem). Closed forms wherever they exist, written in :math:`Q=\sqrt{q_1q_2}` and
:math:`s=\sqrt{(Q-c)(Q+c)}`, so that nothing is lost where the two inputs are parallel or opposite; tanh by the
trapezoidal rule, whose error falls geometrically for a function that is analytic in a strip.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.random_features.activations import Activation, LeakyRelu, activation_function
from solvable.solvers.validate import as_choice, as_finite, as_positive, broadcast, refuse, within_range
from solvable.solvers.wide_networks.integrals import dual_of_function

__all__ = ["dual_activation", "dual_at"]

Array = NDArray[np.float64]
_ROUNDING = 1e-12  # by which a covariance may exceed its bound
_LARGEST_TANH = 1e3  # variance to which tanh is integrated
_REACH = 9.0


def _circle(q1: Array, q2: Array, c: Array) -> tuple[Array, Array]:
    """Q and s, without forming products that over- or underflow."""
    Q = np.where(q1 == q2, q1, np.sqrt(q1) * np.sqrt(q2))  # exact for equal inputs
    return Q, np.sqrt(np.maximum(Q - c, 0.0)) * np.sqrt(np.maximum(Q + c, 0.0))


def _alternating(x: Array, coefficients: Callable[[int], float]) -> Array:
    """Sum over k of (-1)^k a_k x^(2k+1)/(2k+1)!, for x at most 1."""
    return np.asarray(sum((-1) ** k * coefficients(k) / factorial(2 * k + 1) * x ** (2 * k + 1) for k in range(1, 12)))


def _identity(q1: Array, q2: Array, c: Array) -> Array:
    return c


def _one(q1: Array, q2: Array, c: Array) -> Array:
    return np.ones_like(c)


def _step(q1: Array, q2: Array, c: Array) -> Array:
    return np.asarray(np.arctan2(_circle(q1, q2, c)[1], -c) / (2 * np.pi))


def _relu(q1: Array, q2: Array, c: Array) -> Array:
    Q, s = _circle(q1, q2, c)
    a = np.arctan2(s, -c)  # pi minus the angle; near 0 the two terms cancel to its cube
    return np.asarray(np.where(a < 1, Q * _alternating(np.minimum(a, 1), lambda k: -2.0 * k), s + a * c) / (2 * np.pi))


def _relu2(q1: Array, q2: Array, c: Array) -> Array:
    Q, s = _circle(q1, q2, c)
    a = np.arctan2(s, -c)
    near = _alternating(np.minimum(2 * a, 1), lambda k: k - 1.0)
    return np.asarray(Q * Q * np.where(2 * a < 1, near, 3 * s / Q * (c / Q) + a * (1 + 2 * (c / Q) ** 2)) / (2 * np.pi))


def _abs(q1: Array, q2: Array, c: Array) -> Array:
    s = _circle(q1, q2, c)[1]
    return np.asarray(2 / np.pi * (s + c * np.arctan2(c, s)))


def _sign(q1: Array, q2: Array, c: Array) -> Array:
    return np.asarray(2 / np.pi * np.arctan2(c, _circle(q1, q2, c)[1]))


def _erf_root(q1: Array, q2: Array, c: Array) -> Array:
    return np.asarray(np.hypot(np.sqrt(1 + 2 * q1 + 2 * q2), 2 * _circle(q1, q2, c)[1]))


def _erf(q1: Array, q2: Array, c: Array) -> Array:
    return np.asarray(2 / np.pi * np.arctan2(2 * c, _erf_root(q1, q2, c)))


def _erf_slope(q1: Array, q2: Array, c: Array) -> Array:
    return 4 / np.pi / _erf_root(q1, q2, c)


def _wave(q1: Array, q2: Array, c: Array) -> tuple[Array, Array]:
    """Half of exp(|c| - (q1 + q2)/2), and exp(-2|c|)."""
    roots = (np.sqrt(q1) - np.sqrt(q2)) ** 2 / 2 + np.maximum(_circle(q1, q2, c)[0] - np.abs(c), 0.0)
    return np.exp(-roots) / 2, -2 * np.abs(c)


def _sin(q1: Array, q2: Array, c: Array) -> Array:
    half, twice = _wave(q1, q2, c)
    return np.asarray(-np.sign(c) * half * np.expm1(twice))


def _cos(q1: Array, q2: Array, c: Array) -> Array:
    half, twice = _wave(q1, q2, c)
    return np.asarray(half * (1 + np.exp(twice)))


def _exp(q1: Array, q2: Array, c: Array) -> Array:
    return np.asarray(np.exp((q1 + q2) / 2 + c))


def _determinant(q1: Array, q2: Array, c: Array) -> Array:
    """(1 + q1)(1 + q2) - c^2."""
    return np.asarray(1 + q1 + q2 + _circle(q1, q2, c)[1] ** 2)


def _gauss(q1: Array, q2: Array, c: Array) -> Array:
    return 1 / np.sqrt(_determinant(q1, q2, c))


def _gauss_slope(q1: Array, q2: Array, c: Array) -> Array:
    return c * _determinant(q1, q2, c) ** -1.5


def _gelu_parts(q1: Array, q2: Array, c: Array) -> tuple[Array, Array, Array]:
    D = _determinant(q1, q2, c)
    return D, 1 / (2 * np.pi * np.sqrt(D)), 0.25 + np.arctan2(c, np.sqrt(D)) / (2 * np.pi)


def _gelu(q1: Array, q2: Array, c: Array) -> Array:
    _, P, g = _gelu_parts(q1, q2, c)
    return c * g + P * (q1 * q2 + c**2 * (1 - q1 * q2) / ((1 + q1) * (1 + q2)))


def _gelu_slope(q1: Array, q2: Array, c: Array) -> Array:
    D, P, g = _gelu_parts(q1, q2, c)
    return g + c * P * (1 / (1 + q1) + 1 / (1 + q2) + 1 / D)


def _tanh_by(function: Callable[[Array], Array]) -> Callable[[Array, Array, Array], Array]:
    def dual(q1: Array, q2: Array, c: Array) -> Array:
        largest = float(max(q1.max(initial=0.0), q2.max(initial=0.0)))
        if largest > _LARGEST_TANH:
            raise refuse("q", largest, f"tanh is integrated for variances up to {_LARGEST_TANH:g}")
        q1, q2, c = np.broadcast_arrays(q1, q2, c)
        out = np.empty(c.shape)
        for place in np.ndindex(c.shape):
            a, b = float(np.sqrt(q1[place])), float(np.sqrt(q2[place]))
            rho_b = float(c[place]) / a
            z = np.arange(-_REACH, _REACH, 0.2 / max(1.0, a, b))  # poles at pi/(2 sqrt q): error below e^-49
            weight = np.exp(-z * z / 2)
            weight /= weight.sum()
            rest = np.sqrt(max((b - abs(rho_b)) * (b + abs(rho_b)), 0.0))
            out[place] = weight * function(a * z) @ (function(rho_b * z[:, None] + rest * z) @ weight)
        return out

    return dual


def _sech2(u: Array) -> Array:
    return np.asarray(1 - np.tanh(u) ** 2)


# name: (dual, dual of the derivative or None where that is no function)
_DUALS: dict[str, tuple[Callable[..., Array], Callable[..., Array] | None]] = {
    "identity": (_identity, _one),
    "relu": (_relu, _step),
    "relu2": (_relu2, lambda q1, q2, c: 4 * _relu(q1, q2, c)),
    "abs": (_abs, _sign),
    "step": (_step, None),
    "sign": (_sign, None),
    "erf": (_erf, _erf_slope),
    "sin": (_sin, _cos),
    "cos": (_cos, _sin),
    "exp": (_exp, _exp),
    "gauss": (_gauss, _gauss_slope),
    "gelu": (_gelu, _gelu_slope),
    "tanh": (_tanh_by(np.tanh), _tanh_by(_sech2)),
}


def _leaky(slope: float, derivative: bool) -> Callable[[Array, Array, Array], Array]:
    """a u + (1 - a) max(u, 0): the cross terms give a c in all."""
    rest = (1 - slope) ** 2
    if derivative:
        return lambda q1, q2, c: slope + rest * _step(q1, q2, c)
    return lambda q1, q2, c: slope * c + rest * _relu(q1, q2, c)


def dual_at(activation: Activation, derivative: bool = False) -> Callable[[Array, Array, Array], Array]:
    """Return the dual, or that of the derivative, as a function of checked arrays."""
    function = activation_function(activation)  # an unknown name is refused there, with the names that are known
    if isinstance(function, LeakyRelu):
        return _leaky(function.slope, bool(derivative))
    if not isinstance(activation, str):
        return dual_of_function(activation, bool(derivative))
    dual = _DUALS[as_choice("activation", activation, tuple(_DUALS))][bool(derivative)]
    if dual is None:
        raise refuse("activation", activation, f"{activation} has no derivative that is a function")
    return dual


@within_range
def dual_activation(
    activation: Activation, q1: ArrayLike, q2: ArrayLike, c: ArrayLike, derivative: bool = False
) -> NDArray[np.float64]:
    r"""Gaussian expectation :math:`F_\phi(q_1,q_2,c)=E[\phi(u)\phi(v)]`, or :math:`E[\phi'(u)\phi'(v)]`.

    (u, v) is centred Gaussian with variances q1, q2 and covariance c. By Price's theorem the second is the derivative
    of the first in c. Activations: identity, relu, relu2 = :math:`\max(x,0)^2`, abs, step, sign, erf, sin, cos, exp,
    gauss = :math:`e^{-x^2/2}`, gelu = :math:`x\Phi(x)` with the normal distribution function, tanh, leaky
    (:math:`0.01x` below 0; `leaky_relu` has any slope).

    Parameters
    ----------
    activation : str, Polynomial or callable
        One of the names above, `leaky_relu`, or a function of arrays, smooth between a few kinks, which are found.
    q1, q2 : array_like
        Variances, positive; they broadcast with `c`.
    c : array_like
        Covariance, at most :math:`\sqrt{q_1q_2}` in size.
    derivative : bool
        Return the dual of the derivative.

    Returns
    -------
    ndarray
        In the common shape.

    Raises
    ------
    ValueError
        A variance that is not positive, a covariance beyond its bound, an unknown activation, the derivative of step
        or sign or of a function that jumps, tanh at a variance above 1000, a result beyond doubles, a function whose
        integral is not known to 1e-9 of its bound.

    Notes
    -----
    Angles come from arctan2 and the half-line terms of relu and relu2 from their series near opposite inputs, so that
    what is returned has the accuracy of the arguments. For gelu at large opposite preactivations the terms cancel: the
    error is 1e-15 of q there. Functions are integrated by panels between their kinks, with two rules whose difference
    estimates the error, a few milliseconds a cell; their derivatives are those of piecewise Chebyshev approximations,
    accurate to about 1e-10.

    References
    ----------
    cho2009kernel (arc-cosine kernels), williams1997computing (erf); gelu derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import dual_activation
    >>> dual_activation("relu", 1.0, 1.0, [-1.0, 1.0])  # opposite inputs are never active together
    array([0. , 0.5])
    """
    first, second, both = broadcast(q1=as_positive("q1", q1), q2=as_positive("q2", q2), c=as_finite("c", c))
    bound = np.where(first == second, first, np.sqrt(first) * np.sqrt(second))
    if np.any(np.abs(both) > bound * (1 + _ROUNDING)):
        raise refuse("c", both, "a covariance is at most sqrt(q1 q2) in size")
    return np.asarray(dual_at(activation, derivative)(first, second, np.clip(both, -bound, bound)))
