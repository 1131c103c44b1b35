r"""Spectra of kernels of :math:`x\cdot x'` for inputs uniform on the unit sphere of :math:`R^d`.

By the Funk-Hecke formula the eigenfunctions are spherical harmonics, with one eigenvalue for each degree k:
:math:`\lambda_k=E[\kappa(t)P_k(t)]`, :math:`P_k` the Gegenbauer polynomial with :math:`P_k(1)=1` and t of density
proportional to :math:`(1-t^2)^{(d-3)/2}`, and :math:`\kappa(x\cdot x')=\sum_k\lambda_kN(d,k)P_k(x\cdot x')`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_kind,
    as_nonnegative,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)
from solvable.solvers.wide_networks.kernels import as_net, kernels_on_sphere

__all__ = ["SphereSpectrum", "dot_product_eigenvalues", "harmonics", "sphere_spectrum"]

Array = NDArray[np.float64]
_NOTHING = 25  # times the rounding of a sum: recursion and nodes add to it, and what is left of it is no eigenvalue
_UNSETTLED = 1e-6  # relative difference to a quarter fewer nodes, above which a quadrature is refused
_NET = {"kind": "ntk", "depth": 1, "activation": "relu", "weight_variance": 2.0, "bias_variance": 0.0,
        "parametrisation": "ntk", "normalise_input": False}  # fmt: skip


@record
class SphereSpectrum:
    r"""Eigenvalues of a kernel on the sphere.

    Attributes
    ----------
    degrees : ndarray
        0 ... K.
    eigenvalues : ndarray
        :math:`\lambda_k`; what lies below the rounding of the quadrature is 0.
    multiplicities : ndarray
        N(d, k).
    tail : float
        :math:`\kappa(1)-\sum_{k\le K}\lambda_kN(d,k)`, the trace of the degrees left out.
    """

    degrees: Array
    eigenvalues: Array
    multiplicities: Array
    tail: float

    def spectrum(self, power_by_degree: ArrayLike) -> Spectrum:
        """Return the spectrum of a target with the given power in each degree, summed over the harmonics of the degree.

        Parameters
        ----------
        power_by_degree : array_like
            Powers of the degrees 0, 1, ...; those left out are 0.

        Returns
        -------
        Spectrum

        Examples
        --------
        >>> from solvable.solvers import sphere_spectrum
        >>> sphere_spectrum(lambda t: 1 + t, 5, 3).spectrum([0.0, 1.0]).multiplicities
        array([1., 5.])
        """
        power = np.atleast_1d(as_nonnegative("power_by_degree", power_by_degree))
        if power.ndim != 1 or power.size > self.degrees.size:
            raise refuse("power_by_degree.shape", power.shape, f"it must be a vector of at most {self.degrees.size}")
        return Spectrum(self.eigenvalues, np.r_[power, np.zeros(self.degrees.size - power.size)], self.multiplicities)

    def ridge(self, ridge: ArrayLike) -> Array:
        """Return the ridge to which the degrees left out are added: they act as one at any sample size they exceed.

        Parameters
        ----------
        ridge : array_like
            Of ``(K + ridge)^{-1}``, K the kernel matrix, not divided by n.

        Returns
        -------
        ndarray

        Examples
        --------
        >>> from solvable.solvers import sphere_spectrum
        >>> float(sphere_spectrum(lambda t: t + t**2, 5, 1).ridge(0.25).round(12))  # t^2 = 1/5 and degree 2 with 4/5
        1.05
        """
        return np.asarray(as_nonnegative("ridge", ridge) + self.tail)


def harmonics(d: int, degree: int) -> Array:
    """Return N(d, k) for k up to the degree, by the quotients of neighbours."""
    counts = np.ones(degree + 1)
    if d == 2:
        counts[1:] = 2.0
        return counts
    k = np.arange(1, degree + 1)
    counts[1:] = d * np.cumprod(np.r_[1.0, (2 * k[:-1] + d) / (2 * k[:-1] + d - 2) * (k[:-1] + d - 2) / (k[:-1] + 1)])
    return np.where(counts < 1e12, np.rint(counts), counts)


@lru_cache(maxsize=16)
def _quadrature(d: int, nodes: int) -> tuple[Array, Array]:
    """Nodes cos(angle) and weights: Gauss-Legendre in the angle, where the density exceeds e^-72 of its largest."""
    from scipy.special import roots_legendre

    x, w = roots_legendre(nodes)
    reach = min(np.pi / 2, 12 / np.sqrt(d - 1))
    angle = reach * x  # from the equator; a logarithm of a cosine near one has no digits to lose a million times
    log_cosine = np.where(np.abs(angle) < 0.5, np.log1p(-(np.sin(angle) ** 2)) / 2, np.log(np.cos(angle)))
    with np.errstate(under="ignore"):
        w = w * np.exp((d - 2) * log_cosine)
    return -np.sin(angle), w / w.sum()


def _projections(values: Array, t: Array, weights: Array, d: int, last: int) -> tuple[Array, Array]:
    """Means of values P_k for k up to the last degree, and their rounding."""
    weighted, before, now = values * weights, np.zeros_like(t), np.ones_like(t)
    found, rounding = np.empty(last + 1), np.empty(last + 1)
    for k in range(last + 1):
        terms = weighted * now
        found[k], rounding[k] = terms.sum(), 4 * np.finfo(float).eps * np.abs(terms).sum()
        step = ((2 * k + d - 2) * t * now - k * before) / (k + d - 2) if k + d > 2 else t
        before, now = now, step
    return found, rounding


def _kernel(kernel: Any, d: int) -> Callable[[Array], Array]:
    if callable(kernel):
        return kernel
    given = dict(as_kind("kernel", kernel, Mapping, "it must be a function of t or the arguments of a network"))
    for name in given:
        as_choice("kernel", name, tuple(_NET))
    net = {**_NET, **given}
    kind = as_choice("kernel['kind']", net["kind"], ("nngp", "ntk"))
    checked = as_net(*(net[k] for k in ("depth", "activation", "weight_variance", "bias_variance", "parametrisation")))
    divide = as_kind("kernel['normalise_input']", net["normalise_input"], bool, "it must be True or False")
    scale = checked.weight / d if divide else checked.weight
    return lambda t: kernels_on_sphere(checked, scale, t)[int(kind == "ntk")]


@within_range
def sphere_spectrum(
    kernel: Callable[[NDArray[np.float64]], NDArray[np.float64]] | Mapping[str, Any],
    d: int,
    degree: int,
    nodes: int = 500,
) -> SphereSpectrum:
    r"""Eigenvalues :math:`\lambda_k=E[\kappa(t)P_k(t)]` of a dot-product kernel, inputs uniform on :math:`S^{d-1}`.

    Parameters
    ----------
    kernel : callable or mapping
        :math:`\kappa(t)` of an array of :math:`t=x\cdot x'`, or arguments of `wide_network_kernels` and ``kind``,
        ``"ntk"`` (default) or ``"nngp"``: ``{"depth": 2, "activation": "erf"}``. Inputs have norm 1;
        ``normalise_input`` is False unless given.
    d : int
        Dimension of the space, from 2.
    degree : int
        Highest degree K, from 0.
    nodes : int
        Nodes of the quadrature, at least twice the degree and 16 more, up to 20,000.

    Returns
    -------
    SphereSpectrum
        With `spectrum` and `ridge`, which `ridge_risk` takes.

    Raises
    ------
    ValueError
        A kernel with a negative eigenvalue beyond rounding, that is not finite, a dimension below 2, or too few nodes:
        an eigenvalue that three quarters of them miss by more than 1e-6 of it and the rounding of the sum.

    Notes
    -----
    Gauss-Legendre in the angle, where the endpoint of arc-cosine kernels is smooth: 500 nodes give nine digits or more
    up to degree 200. The degrees left out have to be added to the ridge; without them ridgeless errors come out too low
    by up to a factor of two.

    References
    ----------
    bordelon2020spectrum (setting), quadrature derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import sphere_spectrum
    >>> found = sphere_spectrum({"activation": "relu"}, d=10, degree=3)
    >>> found.multiplicities, bool(found.eigenvalues[3] == 0)  # one layer without bias has no odd degrees above 1
    (array([  1.,  10.,  54., 210.]), True)
    """
    dimension, count = as_whole("d", d, most=10**6), as_whole("nodes", nodes, most=20_000)
    last = as_scalar("degree", degree, as_nonnegative)
    last = as_whole("degree", last, most=10**4) if last else 0
    if dimension < 2:
        raise refuse("d", dimension, "the sphere needs at least two dimensions")
    if count < 2 * last + 16:
        raise refuse("nodes", count, f"degree {last} needs at least {2 * last + 16}")
    check_room("degree", last, float(last) * 3)
    function = _kernel(kernel, dimension)
    t, weights = _quadrature(dimension, count)
    fewer, lighter = _quadrature(dimension, max(1, 3 * count // 4))  # what it differs by is the error of fewer nodes
    values = np.asarray(as_finite("kernel(t)", function(np.r_[t, fewer, 1.0])))
    if values.shape != (count + fewer.size + 1,):
        raise refuse("kernel(t).shape", values.shape, f"it must be that of t, {(count + fewer.size + 1,)}")
    found, rounding = _projections(values[:count], t, weights, dimension, last)
    rough, _ = _projections(values[count:-1], fewer, lighter, dimension, last)
    unsure = np.abs(found - rough) > _UNSETTLED * np.abs(found) + 1e4 * rounding
    if unsure.any():
        k = int(np.argmax(unsure))
        raise refuse(
            "nodes",
            count,
            f"the eigenvalue of degree {k} is {found[k]:.6g} there and {rough[k]:.6g} with a quarter less: take more",
        )
    negative = found < -1e4 * rounding
    if negative.any():
        k = int(np.argmax(negative))
        raise refuse("kernel", float(found[k]), f"degree {k} has this eigenvalue, and a kernel has none below 0")
    eigenvalues = np.where(found <= _NOTHING * rounding, 0.0, found)
    multiplicities = harmonics(dimension, last)
    tail = max(float(values[-1] - multiplicities @ eigenvalues), 0.0)
    return SphereSpectrum(np.arange(last + 1.0), eigenvalues, multiplicities, tail)


@within_range
def dot_product_eigenvalues(taylor: ArrayLike, d: int) -> NDArray[np.float64]:
    r"""Eigenvalues on the sphere of :math:`\kappa(t)=\sum_mb_mt^m`, from its Taylor coefficients.

    By Rodrigues' formula, with m - k = 2j and D = d + 2k,

    .. math::
        \lambda_k(t^m)=\frac{m!}{(m-k)!}\,\frac{\Gamma(d/2)}{2^k\,\Gamma(k+d/2)}\,
        \frac{\Gamma(j+1/2)\,\Gamma(D/2)}{\sqrt\pi\,\Gamma(j+D/2)},

    and 0 where m - k is odd or negative.

    Parameters
    ----------
    taylor : array_like, shape (M + 1,)
        :math:`b_0,\dots,b_M`.
    d : int
        Dimension, from 2.

    Returns
    -------
    ndarray, shape (M + 1,)
        :math:`\lambda_0,\dots,\lambda_M`.

    Raises
    ------
    ValueError
        A dimension below 2, or coefficients that are no vector.

    Notes
    -----
    Sums of terms of one sign where all coefficients are: accurate in every digit, however small the eigenvalue.

    References
    ----------
    bordelon2020spectrum (setting); form derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import dot_product_eigenvalues
    >>> dot_product_eigenvalues([0.0, 0.0, 1.0], 5).round(4)  # t^2 has mean 1/5
    array([0.2   , 0.    , 0.0571])
    """
    from scipy.special import gammaln

    b = as_finite("taylor", taylor)
    dimension = as_whole("d", d, most=10**6)
    if b.ndim != 1 or b.size == 0 or b.size > 4000:
        raise refuse("taylor.shape", b.shape, "it must be a vector of 1 to 4000 coefficients")
    if dimension < 2:
        raise refuse("d", dimension, "the sphere needs at least two dimensions")
    out = np.zeros(b.size)
    for k in range(b.size):
        m = np.arange(k, b.size, 2.0)
        j = (m - k) / 2
        # m!/(m-k)! Gamma(j + 1/2)/(sqrt(pi) 2^k) = m!/(j! 2^(2j + k)), by the duplication formula
        logs = gammaln(m + 1) - gammaln(j + 1) - (2 * j + k) * np.log(2) + gammaln(dimension / 2)
        logs -= gammaln(j + k + dimension / 2)
        with np.errstate(under="ignore"):
            out[k] = b[k::2] @ np.exp(logs)
    return out
