r"""Kernels of wide convolutional networks with non-overlapping patches, on products of spheres.

Filters of sizes :math:`s_1,\dots,s_L`; the input is :math:`p=\prod_{l\ge2}s_l` patches on :math:`S^{s_1-1}`, so that
the kernels are functions of the p inner products. Eigenfunctions are products of harmonics, one degree for each patch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import factorial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["ConvolutionExponents", "convolution_exponents", "convolutional_kernel", "torus_spectrum"]

Array = NDArray[np.float64]
_SMOOTHNESS = {"ntk": 0.5, "rfk": 1.5}


@record
class ConvolutionExponents:
    r"""Powers of the spectrum and of the learning curve.

    Attributes
    ----------
    error : float
        :math:`\beta`: the ridgeless error falls as :math:`n^{-\beta}`.
    sector : float
        :math:`2\nu+d_l`: eigenvalues of the target's sector fall as its power of :math:`\|k\|`.
    spectrum : float
        :math:`1+2\nu/d_L`: all eigenvalues in order fall as its power of the rank.
    target_dimension, dimension : int
        :math:`d_l` and :math:`d_L`.
    saturated : bool
        Whether the target is too smooth for the student to profit in full.
    """

    error: float
    sector: float
    spectrum: float
    target_dimension: int
    dimension: int
    saturated: bool


def _sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    given = np.atleast_1d(as_positive("sizes", sizes))
    if given.ndim != 1 or given.size == 0 or np.any(given != np.floor(given)) or given[0] < 2 or given.max() > 1e6:
        raise refuse("sizes", given, "it must be whole numbers up to 1,000,000, the first of them at least 2")
    return tuple(int(s) for s in given)


def _lune(x: Array) -> Array:
    """sin x - x cos x on [0, pi], by its series where the difference cancels."""
    square, series = x * x, np.zeros_like(x)
    for k in range(10, -1, -1):  # the next term is below rounding at x = 1
        series = (2 * k + 2) / float(factorial(2 * k + 3)) - square * series
    return np.where(x < 1, x * square * series, np.sin(x) - x * np.cos(x))


def _arc(below: Array, above: Array) -> tuple[Array, Array, Array]:
    """kappa_0, kappa_1 and 1 - kappa_1 at t, from 1 - t and 1 + t: none of the three loses digits at either end."""
    near, far = np.sqrt(below), np.sqrt(above)
    angle, rest = 2 * np.arctan2(near, far), 2 * np.arctan2(far, near)
    return rest / np.pi, _lune(rest) / np.pi, np.maximum(below - _lune(angle) / np.pi, 0.0)


@within_range
def convolutional_kernel(
    t: ArrayLike, sizes: Sequence[int], kind: Literal["ntk", "rfk"] = "ntk"
) -> NDArray[np.float64]:
    r"""Kernel of an infinitely wide ReLU network of non-overlapping convolutions.

    With :math:`\kappa_0(t)=(\pi-\arccos t)/\pi`, :math:`\kappa_1(t)=(\sqrt{1-t^2}+(\pi-\arccos t)t)/\pi`, K from
    :math:`K_i=\kappa_1(t_i)` and T from :math:`T_i=\kappa_1(t_i)+t_i\kappa_0(t_i)`, every layer averages over the s
    children, :math:`S=\tfrac1s\sum K`, and sets :math:`T\leftarrow\kappa_1(S)+\kappa_0(S)\,\tfrac1s\sum T`,
    :math:`K\leftarrow\kappa_1(S)`. Weight variance 2, no biases; the tangent kernel is T, that of random features K.

    Parameters
    ----------
    t : array_like, shape (..., p)
        Inner products of the patches of two inputs, in [-1, 1].
    sizes : sequence of int
        Filter sizes :math:`s_1,\dots,s_L`; the product of all but the first is p.
    kind : {"ntk", "rfk"}
        Tangent kernel, or that of random features (all layers but the last frozen).

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        Inner products beyond 1, or a number of patches that the sizes do not have.

    References
    ----------
    cagnetta2023wide

    Examples
    --------
    >>> from solvable.solvers import convolutional_kernel
    >>> convolutional_kernel([[1.0, 1.0], [0.0, 0.0]], (2, 2)).round(4)
    array([3.    , 0.6857])
    """
    inner = as_finite("t", t)
    layers = _sizes(sizes)
    what = as_choice("kind", kind, ("ntk", "rfk"))
    patches = int(np.prod(layers[1:], dtype=float))
    if inner.ndim == 0 or inner.shape[-1] != patches:
        raise refuse("t.shape", inner.shape, f"the last axis must hold {patches} patches: the product of all sizes but "
                     "the first")  # fmt: skip
    if np.any(np.abs(inner) > 1 + 1e-12):
        raise refuse("t", inner, "inner products of unit vectors lie in [-1, 1]")
    inner = np.clip(inner, -1, 1)
    slope, kernel, missing = _arc(1 - inner, 1 + inner)
    tangent = kernel + inner * slope
    for size in layers[1:]:
        blocks = (*inner.shape[:-1], -1, size)
        below, above = missing.reshape(blocks).mean(axis=-1), 1 + kernel.reshape(blocks).mean(axis=-1)
        slope, kernel, missing = _arc(below, above)
        tangent = kernel + slope * tangent.reshape(blocks).mean(axis=-1)
    return np.asarray((tangent if what == "ntk" else kernel)[..., 0])


@within_range
def torus_spectrum(
    sizes: Sequence[int], kind: Literal["ntk", "rfk"] = "ntk", modes: int = 64, grid: int = 4096
) -> NDArray[np.float64]:
    r"""Eigenvalues of a convolutional kernel whose patches lie on circles, by a cosine transform.

    :math:`\Lambda_k`, :math:`k=(k_1,\dots,k_p)`: the mean over angles of :math:`K(\cos\vartheta)\prod_i\cos
    k_i\vartheta_i`, uniform inputs.

    Parameters
    ----------
    sizes : sequence of int
        Filter sizes, the first 2; at most two patches.
    kind : {"ntk", "rfk"}
        As `convolutional_kernel`.
    modes : int
        Highest frequency.
    grid : int
        Points on a circle, even, at least four times `modes`, up to 8192. Frequencies alias: at a quarter of the grid
        the error is of the size of the eigenvalue.

    Returns
    -------
    ndarray, shape (modes + 1,) or (modes + 1, modes + 1)

    Raises
    ------
    ValueError
        Patches that are no circles, more than two of them, or a grid that is too coarse or too fine.

    References
    ----------
    cagnetta2023wide

    Examples
    --------
    >>> from solvable.solvers import torus_spectrum
    >>> torus_spectrum((2,), "rfk", 2).round(4)  # 4/pi^2, 1/4, 4/(9 pi^2)
    array([0.4053, 0.25  , 0.045 ])
    """
    from scipy.fft import dctn

    layers = _sizes(sizes)
    patches = int(np.prod(layers[1:], dtype=float))
    if layers[0] != 2 or patches > 2:
        raise refuse("sizes", layers, "patches must be circles (first size 2), at most two of them")
    highest, points = as_whole("modes", modes, most=2048), as_whole("grid", grid, most=8192)
    if points % 2 or points < 4 * highest:
        raise refuse("grid", points, f"it must be even and at least 4 modes = {4 * highest}")
    check_room("grid", points, float(points // 2 + 1) ** patches * 4)
    cosine = np.cos(2 * np.pi * np.arange(points // 2 + 1) / points)
    t = np.stack(np.meshgrid(*[cosine] * patches, indexing="ij"), axis=-1)
    values = convolutional_kernel(t, layers, kind)
    found: list[Array] = []
    step = 1
    while points % (2 * step) == 0 and points >= 2 * step * highest and step <= 4:
        part = values[(slice(None, None, step),) * patches]
        found.append(dctn(part, type=1)[(slice(highest + 1),) * patches] / float(points // step) ** patches)
        step *= 2
    # the kernel is odd in angles and distances at 0: powers of the spacing that aliasing leaves, removed one by one
    least = 2 * _SMOOTHNESS[kind] + 1
    for order in (least, least + (2 if patches == 1 else 1)):
        found = [fine + (fine - coarse) / (2**order - 1) for fine, coarse in pairwise(found)] or found
    return np.ascontiguousarray(found[0])


@within_range
def convolution_exponents(
    student: Literal["ntk", "rfk"],
    teacher: Literal["ntk", "rfk"] | float,
    sizes: Sequence[int],
    level: int | None = None,
) -> ConvolutionExponents:
    r"""Exponents of kernel regression with a convolutional kernel on a target of a given scale.

    :math:`d_l=(s_1-1)\prod_{2\le j\le l}s_j`. Student eigenvalues of sector l fall as :math:`\|k\|^{-2\nu-d_l}`, all of
    them in order as rank to the power :math:`-\alpha`, :math:`\alpha=1+2\nu/d_L`. For a target that lives on one patch
    of level l, with power :math:`\|k\|^{-2\nu_T-d_l}` a mode, without ridge and noise,

    .. math:: \beta=\alpha\,\min\left(\frac{2\nu_T}{2\nu+d_l},\,2\right).

    Parameters
    ----------
    student : {"ntk", "rfk"}
        :math:`\nu=1/2` or 3/2.
    teacher : {"ntk", "rfk"} or float
        :math:`\nu_T`, by a kernel from which the target is drawn or as a number.
    sizes : sequence of int
        Filter sizes of the student.
    level : int, optional
        l, 1 ... L; L (a target of all patches) without it.

    Returns
    -------
    ConvolutionExponents

    Raises
    ------
    ValueError
        A level that the student does not have, or sizes that are not whole.

    Notes
    -----
    :math:`\beta=2\nu_T/d_L` for a target of all patches with the student's own smoothness: the curse of dimension.

    References
    ----------
    cagnetta2023wide (spectrum as recalled), exponent derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import convolution_exponents
    >>> convolution_exponents("ntk", "rfk", (2, 2), 1).error, convolution_exponents("ntk", "rfk", (2, 2)).error
    (2.25, 1.5)
    """
    layers = _sizes(sizes)
    nu = _SMOOTHNESS[as_choice("student", student, tuple(_SMOOTHNESS))]
    named = isinstance(teacher, str)
    smooth = _SMOOTHNESS[as_choice("teacher", teacher, tuple(_SMOOTHNESS))] if named else as_scalar(
        "teacher", teacher, as_positive)  # fmt: skip
    here = len(layers) if level is None else as_whole("level", level, most=len(layers))
    whole, part = (int((layers[0] - 1) * np.prod(layers[1:last], dtype=float)) for last in (len(layers), here))
    decay, sector = 1 + 2 * nu / whole, 2 * nu + part
    ratio = 2 * smooth / sector
    return ConvolutionExponents(decay * min(ratio, 2.0), sector, decay, part, whole, bool(ratio >= 2))
