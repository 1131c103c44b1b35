r"""Deconvolution with a misfit in a Sobolev norm: regularised solutions, gradient descent and conditioning.

A convolution acts on frequency :math:`\xi` by its multiplier :math:`\hat A`. The misfit is
:math:`\tfrac12\|Au-g\|^2_{H^s}`, with :math:`\|f\|^2_{H^s}=\sum_\xi\langle\xi\rangle^{2s}|\hat f|^2`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = ["condition_number", "sobolev_descent", "sobolev_filter"]

Array = NDArray[np.float64]
_CONVENTIONS = {"cycles": 1.0, "angular": 2 * np.pi}


def _weighted(
    multiplier: ArrayLike, order: float, frequencies: ArrayLike | None, convention: str
) -> tuple[Array, Array]:
    r"""Multiplier and :math:`\langle\xi\rangle^{s}`."""
    a, s = as_finite("multiplier", multiplier), as_scalar("order", order)
    if a.ndim == 0 or a.size == 0:
        raise refuse("multiplier.shape", a.shape, "it must have one entry for each frequency")
    factor = _CONVENTIONS[as_choice("convention", convention, tuple(_CONVENTIONS))]
    if frequencies is None:
        xi = np.broadcast_to(np.fft.fftfreq(a.shape[-1], 1 / a.shape[-1]), a.shape)
    else:
        a, xi = broadcast(multiplier=a, frequencies=as_finite("frequencies", frequencies))
    return a, np.hypot(1.0, factor * xi) ** s


@within_range
def sobolev_filter(
    multiplier: ArrayLike,
    order: float,
    ridge: ArrayLike,
    frequencies: ArrayLike | None = None,
    convention: str = "cycles",
) -> Array:
    r"""Factor on the data's frequencies that minimises a Sobolev misfit plus a ridge.

    The minimum of :math:`\tfrac12\|Au-g\|_{H^s}^2+\tfrac12\,\mathrm{ridge}\,\|u\|^2` is

    .. math:: \hat u=\frac{\hat A\langle\xi\rangle^{2s}}{\hat A^2\langle\xi\rangle^{2s}+\mathrm{ridge}}\;\hat g

    Parameters
    ----------
    multiplier : array_like, shape (..., n)
        :math:`\hat A`, real. For a complex one pass its modulus, and give the factor the conjugate phase.
    order : float
        s: positive orders sharpen the misfit at high frequencies, negative ones damp it there.
    ridge : array_like
        Not negative; broadcasts against the multiplier. At 0 the factor is :math:`1/\hat A`, and 0 where that vanishes.
    frequencies : array_like, optional
        :math:`\xi` of each entry, a modulus in more dimensions; by default the whole numbers of the last axis in the
        order of the discrete Fourier transform.
    convention : {"cycles", "angular"}
        :math:`\langle\xi\rangle^2=1+\xi^2`, or :math:`1+(2\pi\xi)^2`.

    Returns
    -------
    ndarray
        In the shape of the multiplier broadcast with the ridge.

    Raises
    ------
    ValueError
        A negative ridge, shapes that do not fit, an unknown convention.

    Notes
    -----
    Each entry is good to a few roundings. Bayes' rule gives the same for noise of spectrum
    :math:`\langle\xi\rangle^{-2s}`.

    References
    ----------
    zhu2021implicit

    Examples
    --------
    >>> from solvable.solvers import sobolev_filter
    >>> sobolev_filter([1.0, 0.5, 0.5], 0.0, 0.25)
    array([0.8, 1. , 1. ])
    """
    a, weight = _weighted(multiplier, order, frequencies, convention)
    level, a, weight = broadcast(ridge=as_nonnegative("ridge", ridge), multiplier=a, weights=weight)
    root = a * weight  # A <xi>^s; the ridge's root by hypot, so that no square overflows
    size = np.hypot(root, np.sqrt(level))
    safe = np.where(size > 0, size, 1.0)
    return np.asarray(np.where(size > 0, root / safe * (weight / safe), 0.0))


def _rates(a: Array, weight: Array, step_size: float) -> Array:
    rates = step_size * (a * weight) ** 2
    most = float(rates.max())
    if most >= 2:
        raise refuse("step_size", step_size, f"it must be less than {2 * step_size / most:.6g}, or descent diverges")
    return np.asarray(rates)


@within_range
def sobolev_descent(
    multiplier: ArrayLike,
    order: float,
    step_size: float,
    steps: ArrayLike,
    frequencies: ArrayLike | None = None,
    convention: str = "cycles",
) -> Array:
    r"""Factor on the data's frequencies after k steps of gradient descent from 0 on :math:`\tfrac12\|Au-g\|_{H^s}^2`.

    .. math:: \hat u_k=\big[1-(1-\eta\hat A^2\langle\xi\rangle^{2s})^k\big]\,\hat g/\hat A

    Parameters
    ----------
    multiplier : array_like, shape (..., n)
        :math:`\hat A`, real.
    order : float
        s.
    step_size : float
        :math:`\eta`, below two over the largest :math:`\hat A^2\langle\xi\rangle^{2s}`.
    steps : array_like
        Whole numbers k from 0, or inf.
    frequencies : array_like, optional
        As in `sobolev_filter`.
    convention : {"cycles", "angular"}
        As in `sobolev_filter`.

    Returns
    -------
    ndarray
        Of shape ``steps.shape + multiplier.shape``; 0 where :math:`\hat A` vanishes.

    Raises
    ------
    ValueError
        A step size at which descent diverges, steps that are not whole.

    Notes
    -----
    Powers through log1p: small rates and many steps lose nothing; rates near 1 lose what 1 - rate does.

    References
    ----------
    zhu2021implicit

    Examples
    --------
    >>> from solvable.solvers import sobolev_descent
    >>> sobolev_descent([1.0, 0.5], 0.0, 1.0, [1, 2, float("inf")])
    array([[1.   , 0.5  ],
           [1.   , 0.875],
           [1.   , 2.   ]])
    """
    a, weight = _weighted(multiplier, order, frequencies, convention)
    rates = _rates(a, weight, as_scalar("step_size", step_size, as_positive))
    count = as_nonnegative("steps", steps, infinite=True)
    if not np.all((count == np.floor(count)) | np.isinf(count)):
        raise refuse("steps", count, "it must hold whole numbers or inf")
    check_room("steps", steps, count.size * a.size)
    k = count.reshape(*count.shape, *(1,) * a.ndim)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slow = -np.expm1(k * np.log1p(-np.minimum(rates, 1.0)))  # rates up to 1
        odd = np.where(np.mod(np.where(np.isinf(k), 0.0, k), 2) == 1, -1.0, 1.0)
        fast = 1 - odd * np.exp(k * np.log(np.maximum(rates - 1.0, 0.0)))
        learned = np.where(rates <= 1, slow, fast)
        learned = np.where((k == 0) | (rates == 0), 0.0, learned)
        return np.asarray(np.where(rates > 0, learned / np.where(a != 0, a, 1.0), 0.0))


@within_range
def condition_number(
    multiplier: ArrayLike, order: float, frequencies: ArrayLike | None = None, convention: str = "cycles"
) -> float:
    r"""Condition number of the Sobolev misfit, the largest :math:`\hat A^2\langle\xi\rangle^{2s}` over the least.

    For an operator that smooths, positive orders lower it and negative ones raise it.

    Parameters
    ----------
    multiplier : array_like, shape (..., n)
        :math:`\hat A`, real.
    order : float
        s.
    frequencies : array_like, optional
        As in `sobolev_filter`.
    convention : {"cycles", "angular"}
        As in `sobolev_filter`.

    Returns
    -------
    float
        inf where a frequency is lost.

    Raises
    ------
    ValueError
        An operator that vanishes, shapes that do not fit, an unknown convention.

    References
    ----------
    zhu2021implicit

    Examples
    --------
    >>> from solvable.solvers import condition_number
    >>> condition_number([1.0, 0.5, 0.5], 0.0), round(condition_number([1.0, 0.5, 0.5], 1.0), 12)
    (4.0, 2.0)
    """
    a, weight = _weighted(multiplier, order, frequencies, convention)
    sizes = np.abs(a * weight)
    if not sizes.any():
        raise refuse("multiplier", a, "it must not vanish")
    least = float(sizes.min())
    return (float(sizes.max()) / least) ** 2 if least > 0 else float("inf")
