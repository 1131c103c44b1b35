r"""Activations: what their names stand for, and functions of arrays that users give.

A name, a polynomial or any function of an array is an activation; solvers that know closed forms look them up by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from solvable.solvers.validate import as_scalar, refuse, within_range

__all__ = ["Activation", "LeakyRelu", "activation_function", "activation_layers", "leaky_relu"]

Array = NDArray[np.float64]
Activation = str | Polynomial | Callable[[Array], Array]


def _relu(u: Array) -> Array:
    return np.maximum(u, 0.0)


def _erf(u: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(u))


def _gauss(u: Array) -> Array:
    return np.asarray(np.exp(-(np.asarray(u) ** 2) / 2))


def _step(u: Array) -> Array:
    return np.asarray(np.asarray(u) > 0, dtype=float)


def _gelu(u: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(u * ndtr(u))


@dataclass(frozen=True)
class LeakyRelu:
    """u where it is positive, slope times u elsewhere; what `leaky_relu` returns."""

    slope: float

    def __call__(self, u: Array) -> Array:
        """Values at u."""
        return np.asarray(np.where(np.asarray(u) > 0, u, self.slope * np.asarray(u)))


@within_range
def leaky_relu(slope: float = 0.01) -> LeakyRelu:
    r"""Return the activation :math:`\max(u,0)+a\min(u,0)`.

    Wherever an activation is asked for it can be given; the name ``"leaky"`` stands for slope 0.01.

    Parameters
    ----------
    slope : float
        a, of any sign: 0 is relu, 1 the identity, -1 the absolute value.

    Returns
    -------
    LeakyRelu
        A function of arrays, whose dual activations have closed forms.

    Raises
    ------
    ValueError
        A slope that is not finite.

    References
    ----------
    cho2009kernel (kernel of relu, of which this is a combination with the identity)

    Examples
    --------
    >>> from solvable.solvers import leaky_relu
    >>> leaky_relu(0.5)([-2.0, 3.0])
    array([-1.,  3.])
    """
    return LeakyRelu(as_scalar("slope", slope))


_FUNCTIONS: dict[str, Callable[..., Array]] = {
    "identity": lambda u: 1.0 * u,
    "sign": np.sign,
    "relu": _relu,
    "erf": _erf,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "gelu": _gelu,
    "relu2": lambda u: np.maximum(u, 0.0) ** 2,
    "abs": np.abs,
    "step": _step,
    "exp": np.exp,
    "gauss": _gauss,
    "leaky": LeakyRelu(0.01),
}


@within_range
def activation_function(activation: Activation) -> Callable[[Array], Array]:
    r"""Return the function that an activation argument stands for.

    Parameters
    ----------
    activation : str, Polynomial or callable
        A name (``"identity"``, ``"relu"``, ``"erf"``, ``"sign"``, ``"sin"``, ``"cos"``, ``"tanh"``,
        ``"gelu"``, ``"relu2"``, ``"abs"``, ``"leaky"`` (slope 0.01 below 0), ``"step"``, ``"exp"``, ``"gauss"``
        :math:`e^{-u^2/2}`), a
        `numpy.polynomial.Polynomial`, or a function of an array.

    Returns
    -------
    callable
        Acting on arrays entry by entry.

    Raises
    ------
    ValueError
        A name that is not known.
    TypeError
        Neither a name nor callable.

    References
    ----------
    schroeder2023deterministic

    Examples
    --------
    >>> from solvable.solvers import activation_function
    >>> float(activation_function("relu")(-2.0))
    0.0
    """
    if isinstance(activation, str):
        if activation not in _FUNCTIONS:
            raise refuse("activation", activation, f"choose one of {', '.join(sorted(_FUNCTIONS))}, or give a function")
        return _FUNCTIONS[activation]
    if not callable(activation):
        raise TypeError(f"activation = {activation!r} is not allowed: it must be a name or a function.")
    try:
        with np.errstate(all="ignore"):  # where it is not defined shows later, by its place
            activation(np.array([-0.5, 0.5]))
    except TypeError:  # math.tanh
        raise TypeError(f"activation = {activation!r} is not allowed: it must take arrays.") from None
    return activation


def activation_layers(activation: Activation | Sequence[Activation], depth: int) -> list[Activation]:
    """One activation for each of `depth` layers."""
    if isinstance(activation, Sequence) and not isinstance(activation, str):
        if len(activation) != depth:
            raise refuse("activation", activation, f"it must be one activation or {depth}, one for each layer")
        return list(activation)
    return [activation] * depth
