r"""Gaussian coefficients of activations: what a wide random layer does to its input's covariance.

For :math:`u\sim N(0,r)`: :math:`\mu_0 = E\,\sigma(u)`, :math:`\kappa_1 = E[u\,\sigma(u)]/r`,
:math:`\kappa_*^2 = E\,\sigma(u)^2 - \mu_0^2 - r\kappa_1^2`: the activation behaves as
:math:`\mu_0 + \kappa_1 u + \kappa_*\xi` with independent noise :math:`\xi`.

Closed forms where they exist; Gauss-Hermite quadrature, doubled until it settles, for smooth functions; adaptive
quadrature, split where the function is not smooth, for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.random_features.activations import Activation, activation_function
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_positive, refuse, within_range

__all__ = ["GaussianCoefficients", "gaussian_coefficients"]

Array = NDArray[np.float64]
_REACH = 36.0  # standard deviations beyond which a Gaussian has no mass in doubles
_TOLERANCE = 1e-11


@record
class GaussianCoefficients(OnGrid):
    r"""Moments of an activation under N(0, r), arrays over the shape of `variance`.

    Attributes
    ----------
    mean : ndarray
        :math:`\mu_0 = E\,\sigma(u)`.
    linear : ndarray
        :math:`\kappa_1 = E[u\sigma(u)]/r = E\,\sigma'(u)`.
    nonlinear : ndarray
        :math:`\kappa_*\ge0`, :math:`\kappa_*^2 = E\sigma^2-\mu_0^2-r\kappa_1^2`.
    second_moment : ndarray
        :math:`E\,\sigma(u)^2`.
    variance : ndarray
        r.
    error : ndarray
        Estimated error of the moments relative to the root of the second moment; 0 for closed forms.
    """

    mean: Array
    linear: Array
    nonlinear: Array
    second_moment: Array
    variance: Array
    error: Array


def _zero(r: Array) -> Array:
    return np.zeros_like(r)


def _erf_angle(r: Array) -> Array:
    """arcsin(2r/(1 + 2r)); the arcsine itself would lose half of the digits near 1."""
    return np.asarray(np.arctan2(2 * r, np.sqrt(1 + 4 * r)))


def _erf_angle_minus(r: Array) -> Array:
    """arcsin(x) - x at x = 2r/(1 + 2r), by its series where the difference cancels."""
    x = 2 * r / (1 + 2 * r)
    series = np.zeros_like(x)
    for k in range(16, 0, -1):  # the next term is below rounding at x = 0.3
        series = series * x**2 + comb(2 * k, k) / (4**k * (2 * k + 1))
    return np.where(x < 0.3, x**3 * series, _erf_angle(r) - x)


def _sinh_minus(x: Array) -> Array:
    """sinh(x) - x, by its series where the difference cancels."""
    with np.errstate(over="ignore"):
        series = x**3 / 6 * (1 + x**2 / 20 * (1 + x**2 / 42 * (1 + x**2 / 72)))
        return np.where(x < 0.3, series, np.sinh(np.minimum(x, 700.0)) - x)


# name: (mean, kappa_1, second moment, nonlinear part squared) as functions of r; the nonlinear part is
# given apart because the difference cancels for small r
_CLOSED: dict[str, tuple[Callable[..., Array], ...]] = {
    "identity": (_zero, np.ones_like, lambda r: r, _zero),
    "sign": (
        _zero,
        lambda r: np.sqrt(2 / (np.pi * r)),
        np.ones_like,
        lambda r: np.full_like(r, 1 - 2 / np.pi),
    ),
    "relu": (
        lambda r: np.sqrt(r / (2 * np.pi)),
        lambda r: np.full_like(r, 0.5),
        lambda r: r / 2,
        lambda r: r * (0.25 - 1 / (2 * np.pi)),
    ),
    "erf": (
        _zero,
        lambda r: 2 / np.sqrt(np.pi * (1 + 2 * r)),
        lambda r: 2 / np.pi * _erf_angle(r),
        lambda r: 2 / np.pi * _erf_angle_minus(r),
    ),
    "sin": (
        _zero,
        lambda r: np.exp(-r / 2),
        lambda r: -np.expm1(-2 * r) / 2,
        lambda r: np.exp(-r) * _sinh_minus(r),
    ),
    "cos": (
        lambda r: np.exp(-r / 2),
        _zero,
        lambda r: (1 + np.exp(-2 * r)) / 2,
        lambda r: np.expm1(-r) ** 2 / 2,
    ),
}


def _values(activation: Callable[[Array], Array], u: Array) -> Array:
    """Evaluate a user's function with its failures turned into a sentence."""
    with np.errstate(all="ignore"):
        values = np.asarray(activation(u))
    if values.shape != u.shape or values.dtype.kind not in "biuf":
        raise refuse("activation", activation, f"it must map real arrays to real arrays of the same shape ({u.shape})")
    bad = np.isnan(values)
    if bad.any():
        raise refuse("activation", activation, f"it returned NaN at {float(u[bad][0]):.6g}")
    return values.astype(float)


@lru_cache(maxsize=16)
def _hermite(count: int) -> tuple[Array, Array]:
    from scipy.special import roots_hermitenorm

    nodes, weights = roots_hermitenorm(count)
    return nodes, weights / weights.sum()


def _moments(values: Array, z: Array, weights: Array) -> Array:
    """E sigma, E z sigma, E sigma^2 for standard z; the weights hold the density."""
    return np.array([weights @ values, weights @ (z * values), weights @ values**2])


def _smooth(activation: Callable[[Array], Array], scale: float) -> tuple[Array, float]:
    """Gauss-Hermite with twice the nodes until two agree; the last difference is the error estimate."""
    last, error = np.full(3, np.inf), np.inf
    for count in (32, 64, 128, 256):
        z, weights = _hermite(count)
        values = _values(activation, scale * z)
        with np.errstate(over="ignore", invalid="ignore"):
            now = _moments(values, z, weights)
            error = float(np.max(np.abs(now - last) / np.array([1, 1, max(np.sqrt(now[2]), 1e-300)])))
        if error <= _TOLERANCE * np.sqrt(now[2]):
            return now, error
        last = now
    return last, error


def _split(activation: Callable[[Array], Array], scale: float, kinks: Array) -> tuple[Array, float]:
    """Adaptive Gauss-Kronrod between the kinks."""
    from scipy.integrate import quad_vec

    def integrand(z: float) -> Array:
        value = _values(activation, np.array([scale * z]))[0]
        with np.errstate(over="ignore", invalid="ignore"):
            root = value * np.exp(-z * z / 4)  # half of the density first: sigma^2 may overflow where the product is 0
            return np.array([root * np.exp(-z * z / 4), z * root * np.exp(-z * z / 4), root * root]) / np.sqrt(
                2 * np.pi
            )

    inside = np.sort(kinks[np.abs(kinks) < _REACH * scale] / scale)
    edges = np.unique(np.r_[-_REACH, -8.0, -2.0, inside, 0.0, 2.0, 8.0, _REACH])
    total, error = np.zeros(3), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for left, right in pairwise(edges):
            part, miss, _ = quad_vec(
                integrand, left, right, epsabs=1e-14, epsrel=1e-11, limit=400, norm="max", full_output=True
            )
            total, error = total + part, error + float(miss)
    return total, error


def _check_integrable(activation: Callable[[Array], Array], scale: float) -> None:
    """Refuse where sigma^2 times the density does not fall off."""
    z = np.r_[-np.linspace(20, _REACH, 17)[::-1], np.linspace(20, _REACH, 17)]
    with np.errstate(over="ignore", divide="ignore"):
        values = np.abs(_values(activation, scale * z))
        mass = 2 * np.log(values) - z * z / 2
    ends = max(mass[0], mass[-1])
    if ends == np.inf or (ends > mass[1:-1].max() - 25 and ends > -60):  # a bounded function has -648 at the ends
        raise refuse("activation", activation, f"it is not square-integrable under N(0, {scale**2:.6g}) within doubles")


def _integrate(activation: Callable[[Array], Array], scale: float, kinks: Array | None) -> tuple[Array, float]:
    """Moments of one activation at one variance, with their error."""
    _check_integrable(activation, scale)
    moments, error = (np.full(3, np.nan), np.inf) if kinks is not None and kinks.size else _smooth(activation, scale)
    if not error <= _TOLERANCE * np.sqrt(moments[2]):
        moments, error = _split(activation, scale, np.zeros(0) if kinks is None else kinks)
    if not np.all(np.isfinite(moments)) or not error <= 1e-6 * max(np.sqrt(abs(moments[2])), 1e-300):
        raise refuse(
            "activation", activation, f"its moments under N(0, {scale**2:.6g}) do not converge (error {error:.1e})"
        )
    return moments, error


@gridded("variance")
@within_range
def gaussian_coefficients(
    activation: Activation, variance: ArrayLike = 1.0, *, kinks: Sequence[float] | None = None
) -> GaussianCoefficients:
    r"""Mean, linear and nonlinear coefficient of an activation under a centred Gaussian.

    With :math:`u\sim N(0,r)`: :math:`\mu_0=E\sigma(u)`, :math:`\kappa_1=E[u\sigma(u)]/r`,
    :math:`\kappa_*^2=E\sigma(u)^2-\mu_0^2-r\kappa_1^2`. (Mei and Montanari's :math:`\mu_1,\mu_*` at r = 1.)

    Parameters
    ----------
    activation : str, Polynomial or callable
        As `activation_function`. ``identity``, ``relu``, ``erf``, ``sign``, ``sin``, ``cos`` have closed forms.
    variance : array_like
        r > 0, of any shape.
    kinks : sequence of float, optional
        Where a callable is not smooth (in units of its argument): quadrature is split there. Without it, kinks are
        found by adaptive refinement.

    Returns
    -------
    GaussianCoefficients
        Arrays of the shape of `variance`, with an error estimate.

    Raises
    ------
    ValueError
        An unknown name, a variance that is not positive, a function that returns NaN, is not square-integrable under
        the Gaussian, or whose moments cannot be computed to 1e-6.

    References
    ----------
    schroeder2023deterministic (definitions), mei2022generalization (at unit variance)

    Examples
    --------
    >>> from solvable.solvers import gaussian_coefficients
    >>> c = gaussian_coefficients("relu")
    >>> c.mean.round(4), c.linear, (c.nonlinear**2).round(4)
    (np.float64(0.3989), array(0.5), np.float64(0.0908))
    >>> float(gaussian_coefficients(lambda u: u**3).linear.round(10))  # E u^4
    3.0
    """
    r = as_positive("variance", variance)
    function = activation_function(activation)
    breaks = None if kinks is None else as_finite("kinks", kinks).ravel()
    if isinstance(activation, str) and activation in _CLOSED:
        mean, linear, second, rest = (np.asarray(f(r), dtype=float) for f in _CLOSED[activation])
        return GaussianCoefficients(mean, linear, np.asarray(np.sqrt(rest)), second, r, np.zeros(r.shape))
    out = np.zeros((5, r.size))
    for i, value in enumerate(r.ravel()):
        scale = float(np.sqrt(value))
        (offset, slope, square), miss = _integrate(function, scale, breaks)
        rounding = 16 * np.finfo(float).eps * np.sqrt(square)  # an odd moment of an even function is 0, not 1e-17
        offset, slope = (0.0 if abs(moment) <= rounding else moment for moment in (offset, slope))
        out[:, i] = offset, slope / scale, square, max(square - offset**2 - slope**2, 0.0), miss
        if out[3, i] <= 4 * max(miss * np.sqrt(square), np.finfo(float).eps * square):
            out[3, i] = 0.0  # a linear function: the difference is rounding
    mean, linear, second, rest, error = (row.reshape(r.shape) for row in out)
    return GaussianCoefficients(mean, linear, np.asarray(np.sqrt(rest)), second, r, error)
