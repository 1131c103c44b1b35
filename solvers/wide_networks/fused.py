"""Kernels of relu, leaky relu and erf networks: a strip of pairs goes through all layers while it is in cache.

Arc functions are polynomials, so that the loops over a strip vectorise: acos(1 - m) = sqrt(m) A(m) and, for y up to 1,
atan(y) = y B(y^2), Chebyshev fits of degree 22 whose error is rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit

__all__ = ["fused_layers", "mirror"]

Array = NDArray[np.float64]
_STRIP = 256


def _powers(function: object, degree: int = 22) -> Array:
    """Coefficients, highest first, in t = 2x - 1 of a function of x in [0, 1]."""
    fit = np.polynomial.chebyshev.chebinterpolate(lambda t: function((t + 1) / 2), degree)  # type: ignore[operator]
    return np.ascontiguousarray(np.polynomial.chebyshev.cheb2poly(fit)[::-1])


_ACOS = _powers(lambda m: 2 * np.arcsin(np.sqrt(m / 2)) / np.sqrt(m))
_ATAN = _powers(lambda x: np.arctan(np.sqrt(x)) / np.sqrt(x))
# sin(a) - a cos(a) over a^3, in a^2, highest first: what is left of relu near opposite inputs
_OPPOSITE = np.array(
    [(-1.0) ** k * -2 * k / float(np.prod(np.arange(1, 2 * k + 2, dtype=float))) for k in range(11, 0, -1)]
)


@njit(inner=True, error_model="numpy")
def _acos_part(t):  # type: ignore[no-untyped-def]
    value = _ACOS[0]
    for k in range(1, _ACOS.size):
        value = value * t + _ACOS[k]
    return value


@njit(inner=True, error_model="numpy")
def _atan_part(t):  # type: ignore[no-untyped-def]
    value = _ATAN[0]
    for k in range(1, _ATAN.size):
        value = value * t + _ATAN[k]
    return value


@njit(inner=True, error_model="numpy")
def _opposite_part(t):  # type: ignore[no-untyped-def]
    value = _OPPOSITE[0]
    for k in range(1, _OPPOSITE.size):
        value = value * t + _OPPOSITE[k]
    return value


@njit(inner=True, error_model="numpy")
def _relu_strip(sigma, theta, q1, r1, q2, r2, weight, bias, slope, standard, angle, bound, size):  # type: ignore[no-untyped-def]
    square, opposite = (1 - slope) * (1 - slope), 0
    for j in range(size):
        Q = r1 * r2[j]
        Q = q1 if q1 == q2[j] else Q
        c = min(max(sigma[j], -Q), Q)
        m = (Q - abs(c)) / Q
        t = np.sqrt(m) * _acos_part(2 * m - 1)
        a = np.pi - t if c > 0 else t
        opposite += 1 if a < 1 else 0
        angle[j] = a
        bound[j] = Q
        dual = slope * c + square * (Q * np.sqrt(m * (2 - m)) + a * c) / (2 * np.pi)
        gain = weight * (slope + square * a / (2 * np.pi))
        sigma[j] = dual
        theta[j] = gain * theta[j]
    for j in range(size if opposite else 0):
        a = angle[j]
        if a < 1:
            flat = slope * np.cos(a) * -bound[j]
            sigma[j] = flat + square * bound[j] * (a * a * a) * _opposite_part(a * a) / (2 * np.pi)
    for j in range(size):
        dual = sigma[j]
        sigma[j] = bias + weight * dual
        theta[j] += dual if standard else sigma[j]


@njit(inner=True, error_model="numpy")
def _erf_strip(sigma, theta, q1, r1, q2, r2, weight, bias, standard, size):  # type: ignore[no-untyped-def]
    for j in range(size):
        Q = r1 * r2[j]
        Q = q1 if q1 == q2[j] else Q
        c = min(max(sigma[j], -Q), Q)
        unit = max(Q, 1.0)  # products of variances may leave the doubles
        inner = 4 * ((Q - abs(c)) / unit) * ((Q + abs(c)) / unit)
        root = unit * np.sqrt((1 + 2 * q1 + 2 * q2[j]) / unit / unit + inner)
        x = 2 * abs(c)
        small = x < root
        y = x / root if small else root / x
        t = y * _atan_part(2 * y * y - 1)
        t = t if small else np.pi / 2 - t
        dual = 2 / np.pi * (t if c > 0 else -t)
        sigma[j] = bias + weight * dual
        theta[j] = (dual if standard else sigma[j]) + weight * 4 / (np.pi * root) * theta[j]


@njit(cache=True, error_model="numpy")
def _fused(nngp, ntk, q1, r1, q2, r2, weight, bias, slope, is_relu, standard, start, lower):  # type: ignore[no-untyped-def]
    """Rows of `nngp` hold x.x' in and both kernels out; `lower`: row i of the whole, up to its own column."""
    layers, columns = q2.shape
    angle, bound = np.empty(_STRIP), np.empty(_STRIP)
    for i in range(nngp.shape[0]):
        end = start + i + 1 if lower else columns
        for left in range(0, end, _STRIP):
            size = min(_STRIP, end - left)
            sigma, theta = nngp[i, left : left + size], ntk[i, left : left + size]
            for j in range(size):
                theta[j] = 0.0 if standard else sigma[j]
            for layer in range(layers):
                a, b = q2[layer, left : left + size], r2[layer, left : left + size]
                if is_relu:
                    _relu_strip(sigma, theta, q1[layer, i], r1[layer, i], a, b, weight, bias, slope, standard, angle,
                                bound, size)  # fmt: skip
                else:
                    _erf_strip(sigma, theta, q1[layer, i], r1[layer, i], a, b, weight, bias, standard, size)


@njit(cache=True, error_model="numpy")
def _mirror(matrix, tile):  # type: ignore[no-untyped-def]
    n = matrix.shape[0]
    for top in range(0, n, tile):
        for left in range(0, top + 1, tile):
            for i in range(top, min(top + tile, n)):
                for j in range(left, min(left + tile, i)):
                    matrix[j, i] = matrix[i, j]


def fused_layers(
    nngp: Array, ntk: Array, variances: tuple[Array, Array], weight: float, bias: float, slope: float | None,
    standard: bool, start: int, lower: bool,
) -> None:  # fmt: skip
    """Carry rows from `start` on through all layers in place; `variances`: (layers, rows) and (layers, columns)."""
    q1, q2 = variances
    _fused(nngp, ntk, q1, np.sqrt(q1), q2, np.sqrt(q2), weight, bias, 0.0 if slope is None else slope,
           slope is not None, standard, start, lower)  # fmt: skip


def mirror(matrix: Array) -> None:
    """Copy the lower triangle to the upper one."""
    _mirror(matrix, 64)
