"""Finite networks, and Gaussian integrals by brute force; nothing here knows a kernel of the infinite width."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, ndtr

from solvable.analysis.wide_networks.settings import pair

__all__ = [
    "PHI",
    "critical_variances",
    "deep_variance",
    "empirical_kernels",
    "kurtosis_draw",
    "narrow_variances",
    "nngp_draw",
    "ntk_draw",
    "plane_integral",
    "slope_vertex_draw",
    "vertex_draw",
]

Array = NDArray[np.float64]


def _density(u: Array) -> Array:
    return np.asarray(np.exp(-u * u / 2) / np.sqrt(2 * np.pi))


# value and slope of every activation
PHI: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "identity": (lambda u: u, lambda u: 0 * u + 1),
    "relu": (lambda u: u * (u > 0), lambda u: 1.0 * (u > 0)),
    "relu2": (lambda u: u * u * (u > 0), lambda u: 2 * u * (u > 0)),
    "abs": (np.abs, lambda u: np.asarray(np.sign(u))),
    "step": (lambda u: 1.0 * (u > 0), np.zeros_like),
    "sign": (np.sign, np.zeros_like),
    "erf": (erf, lambda u: 2 / np.sqrt(np.pi) * np.exp(-u * u)),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda u: -np.sin(u)),
    "exp": (np.exp, np.exp),
    "gauss": (lambda u: np.exp(-u * u / 2), lambda u: -u * np.exp(-u * u / 2)),
    "gelu": (lambda u: u * ndtr(u), lambda u: ndtr(u) + u * _density(u)),
    "tanh": (np.tanh, lambda u: 1 - np.tanh(u) ** 2),
}


def plane_integral(activation: str, q1: float, q2: float, c: float, slope: bool = False) -> float:
    """E[f(u)f(v)] in polar coordinates, the angle split where u or v changes its sign: kinks lie on edges."""
    f = PHI[activation][int(slope)]
    turn = float(np.arccos(c / np.sqrt(q1 * q2)))
    edges = np.unique(np.r_[0, np.mod(np.array([0.5, 1.5, 0.5 + turn / np.pi, 1.5 + turn / np.pi]), 2), 2] * np.pi)
    x, w = np.polynomial.legendre.leggauss(60)
    r, wr = 6.5 + 6.5 * x, 6.5 * w
    radial = wr * r * np.exp(-r * r / 2) / (2 * np.pi)
    total = 0.0
    for low, high in pairwise(edges):
        angle = (low + high + (high - low) * x)[:, None] / 2
        values = f(np.sqrt(q1) * r * np.cos(angle)) * f(np.sqrt(q2) * r * np.cos(angle - turn))
        total += (high - low) / 2 * float(w @ values @ radial)
    return total


def empirical_kernels(
    rng: np.random.Generator, width: int, depth: int, activation: str, weight_variance: float, bias_variance: float
) -> tuple[Array, Array]:
    """One network on the two inputs: product of outputs averaged over the readout, and the sum over all parameters of
    products of derivatives, layer by layer by the chain rule."""  # fmt: skip
    phi, slope = PHI[activation]
    gain, shift = np.sqrt(weight_variance), np.sqrt(bias_variance)
    x = pair()
    below, weights, slopes, layers = x, [], [], []
    for _ in range(depth):
        W = rng.standard_normal((width, below.shape[1]))
        z = gain / np.sqrt(below.shape[1]) * below @ W.T + shift * rng.standard_normal(width)
        layers.append(below)
        weights.append(W)
        slopes.append(slope(z))
        below = phi(z)
    layers.append(below)
    weights.append(rng.standard_normal((1, below.shape[1])))
    outputs = bias_variance + weight_variance * below @ below.T / below.shape[1]
    backward, tangent = np.ones((2, 1)), np.zeros((2, 2))
    for level in range(depth, -1, -1):
        inputs = layers[level]
        size = inputs.shape[1]
        tangent += (backward @ backward.T) * (weight_variance * inputs @ inputs.T / size + bias_variance)
        if level:
            backward = gain / np.sqrt(size) * (backward @ weights[level]) * slopes[level - 1]
    return outputs, tangent


def nngp_draw(rng: np.random.Generator, width: int, **net: float | str) -> float:
    """Covariance of the outputs at the two inputs, given the hidden layers."""
    return float(empirical_kernels(rng, int(width), **net)[0][0, 1])  # type: ignore[arg-type]


def ntk_draw(rng: np.random.Generator, width: int, **net: float | str) -> float:
    """Tangent kernel between the two inputs."""
    return float(empirical_kernels(rng, int(width), **net)[1][0, 1])  # type: ignore[arg-type]


def narrow_variances(
    rng: np.random.Generator, width: int, layers: int, activation: str | Callable[..., Any], weight: float, nets: int
) -> Array:
    """Variance of a preactivation of each layer of many nets given the layers below, (layers, nets); the first is 1."""
    phi = PHI[activation][0] if isinstance(activation, str) else activation
    variances = [np.ones(nets)]
    for _ in range(layers - 1):
        z = rng.standard_normal((nets, width)) * np.sqrt(variances[-1])[:, None]
        variances.append(weight * np.mean(phi(z) ** 2, axis=1))
    return np.array(variances)


def kurtosis_draw(rng: np.random.Generator, width: int, layer: int, slope: float) -> float:
    """E z^4 over 2,000 narrow networks whose mean variance stays 1; z is drawn given the layer below.

    The activation has slope 1 above 0 and `slope` below, weights the variance that keeps the scale.
    """
    return float(3 * np.mean(_slope_variances(rng, width, layer, slope) ** 2))


def slope_vertex_draw(rng: np.random.Generator, width: int, layer: int, slope: float) -> float:
    """As `vertex_draw`, of the activation of `kurtosis_draw`."""
    return float(width * np.var(_slope_variances(rng, width, layer, slope), ddof=1))


def _slope_variances(rng: np.random.Generator, width: int, layer: int, slope: float) -> Array:
    width, layer, weight = int(width), int(layer), 2 / (1 + slope**2)
    return narrow_variances(rng, width, layer, lambda z: np.where(z > 0, z, slope * z), weight, 2000)[-1]


def vertex_draw(rng: np.random.Generator, width: int, layer: int, activation: str, weight_variance: float) -> float:
    """n times the variance of the squared scale of two neurons of a layer, over 2,000 networks."""
    scales = narrow_variances(rng, int(width), layer, activation, weight_variance, 2000)[-1]
    return float(width * np.var(scales, ddof=1))


@cache
def deep_variance(layer: int) -> float:
    """Variance of tanh preactivations at weight variance 1 without bias, by iterating a Gauss-Hermite sum from 1."""
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()
    K = 1.0
    for _ in range(int(layer) - 1):
        K = float(w @ np.tanh(np.sqrt(K) * z) ** 2)
    return K


def critical_variances(activation: str, q: float) -> tuple[float, float]:
    """Weight and bias variance at which q stays and a small angle between inputs stays, from integrals on a line."""
    x, w = np.polynomial.legendre.leggauss(400)
    z, weights = 12 * x, 12 * w * _density(12 * x)
    phi, slope = PHI[activation]
    gain = 1 / float(weights @ slope(np.sqrt(q) * z) ** 2)
    return gain, q - gain * float(weights @ phi(np.sqrt(q) * z) ** 2)
