r"""What a noisy sample is worth: information on the means of two Gaussians in noise, and their estimate.

Rows :math:`x=\pm\mu+\sigma e`, both signs equally likely and unseen, in one dimension. The noise may differ from row to
row and is known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import as_finite, as_positive, broadcast, check_room, refuse, within_range

__all__ = ["HeterogeneousFit", "heterogeneous_mle", "mixture_information", "sample_worth", "worth_exponent"]

Array = NDArray[np.float64]
# the integrand is analytic in a strip of half-width pi/(2a), and 1 - tanh is below e^{-a^2/2} where that is narrow
_STEP, _REACH = 1 / 16, 9.5
_NODES = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
_WEIGHTS = _STEP * np.exp(-(_NODES**2) / 2) / np.sqrt(2 * np.pi)
_CELLS = 4096
_ROUNDS = 200


def _shape(a: Array) -> Array:
    """E[(x tanh(a x) - a)^2] / a^2 for x ~ N(a, 1), cells in blocks: 2 for small a, 1/a^2 for large."""
    found = np.empty(a.size)
    for first in range(0, a.size, _CELLS):
        b = a[first : first + _CELLS, None]
        x = b + _NODES
        # tanh(a x)/a without 0/0
        ratio = np.where(b > 0, np.tanh(b * x) / np.where(b > 0, b, 1.0), x)
        found[first : first + _CELLS] = (x * ratio - 1) ** 2 @ _WEIGHTS
    return found


@within_range
def mixture_information(mean: ArrayLike, std: ArrayLike) -> Array:
    r"""Fisher information of one row of :math:`\tfrac12N(\mu,\sigma^2)+\tfrac12N(-\mu,\sigma^2)` about :math:`\mu`.

    .. math::
        I(\mu;\sigma)=E\Big[\Big(\frac{x\tanh(x\mu/\sigma^2)-\mu}{\sigma^2}\Big)^2\Big],\qquad x\sim N(\mu,\sigma^2)

    It is :math:`1/\sigma^2` where the components are apart and :math:`2\mu^2/\sigma^4` where the noise hides them.

    Parameters
    ----------
    mean : array_like
        :math:`\mu`, not zero in what is divided by; at 0 there is no information.
    std : array_like
        :math:`\sigma`, positive.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        A standard deviation that is not positive.

    Notes
    -----
    By the trapezoidal rule, to 1e-13 of the value for every ratio of the two.

    References
    ----------
    daras2025noisy (the question; this model is derived)

    Examples
    --------
    >>> from solvable.solvers import mixture_information
    >>> mixture_information(1.0, [0.3, 10.0]).round(6)
    array([1.1108754e+01, 1.9600000e-04])
    """
    mu, sigma = broadcast(mean=np.abs(as_finite("mean", mean)), std=as_positive("std", std))
    a = (mu / sigma).reshape(-1)
    # from a = 9 on what is missing from 1 is below e^{-40}
    near = np.minimum(a, 9.0)
    value = np.where(a > 9.0, 1.0, near**2 * _shape(near))
    small = a < 1e-100  # where a^2 would vanish before it is divided by sigma^2
    tiny = small.reshape(mu.shape)
    direct = 2 * (np.where(tiny, mu, 0.0) / sigma / sigma) ** 2
    return np.asarray(np.where(tiny, direct, value.reshape(mu.shape) / sigma / sigma))


@within_range
def sample_worth(mean: ArrayLike, noisy: ArrayLike, clean: ArrayLike) -> Array:
    r"""Clean rows that one noisy row is worth: the ratio :math:`I(\mu;\sigma_{noisy})/I(\mu;\sigma_{clean})`.

    Falls as :math:`\sigma_{noisy}^{-4}` once the noise hides the components.

    Parameters
    ----------
    mean : array_like
        :math:`\mu`, not zero.
    noisy, clean : array_like
        Standard deviations, positive.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        A mean of zero, standard deviations that are not positive.

    References
    ----------
    daras2025noisy (the question; this measure is derived)

    Examples
    --------
    >>> from solvable.solvers import sample_worth
    >>> sample_worth(1.0, [2.0, 4.0, 8.0], 0.5).round(5)
    array([0.02193, 0.00178, 0.00012])
    """
    mu = as_finite("mean", mean)
    if np.any(mu == 0):
        raise refuse("mean", mu, "two components at the same place have nothing to tell apart")
    m, a, b = broadcast(mean=mu, noisy=as_positive("noisy", noisy), clean=as_positive("clean", clean))
    return np.asarray(mixture_information(m, a) / mixture_information(m, b))


@within_range
def worth_exponent(separation_order: ArrayLike) -> Array:
    r"""Exponent of the noise in what a noisy row is worth, :math:`\sigma^{-2p}`, when only moments tell.

    p is the order of the lowest moment that changes with the parameter. The information is then
    :math:`(\partial_\theta\,E x^p)^2/(p!\,\sigma^{2p})`: p = 1 for a mean that is not hidden, p = 2 for the
    distance of two components about a known middle, whose information is :math:`2\mu^2/\sigma^4`.

    Parameters
    ----------
    separation_order : array_like
        p, whole numbers from 1.

    Returns
    -------
    ndarray
        -2p.

    Raises
    ------
    ValueError
        An order that is no whole number from 1.

    References
    ----------
    daras2025noisy (the question; this exponent is derived, and is not their theorem on k components)

    Examples
    --------
    >>> from solvable.solvers import worth_exponent
    >>> worth_exponent([1, 2])
    array([-2., -4.])
    """
    order = as_positive("separation_order", separation_order)
    if not np.all(order == np.floor(order)):
        raise refuse("separation_order", order, "it must be a whole number")
    return -2 * order


@record
class HeterogeneousFit(OnGrid):
    r"""Maximum-likelihood mean from rows of different noise.

    Attributes
    ----------
    value : ndarray
        :math:`\hat\mu\ge0`; its sign is not identified.
    variance : ndarray
        :math:`1/\sum_iI(\hat\mu;\sigma_i)`, inf where the estimate is 0.
    solution : Solution
        How the equation was solved; its residual is scaled by the sum of the absolute terms.
    """

    value: Array
    variance: Array
    solution: Solution


@gridded(x="... sample", stds="... sample")
@within_range
def heterogeneous_mle(x: ArrayLike, stds: ArrayLike, on_failure: OnFailure = "warn") -> HeterogeneousFit:
    r"""Maximum-likelihood :math:`\mu` of :math:`\pm\mu` in Gaussian noise of known size, which may differ by row.

    The root of :math:`\sum_i\sigma_i^{-2}\big(x_i\tanh(x_i\mu/\sigma_i^2)-\mu\big)`, where EM,
    :math:`\mu\leftarrow\sum x_i\tanh(x_i\mu/\sigma_i^2)\sigma_i^{-2}/\sum\sigma_i^{-2}`, ends. The sum is concave in
    :math:`\mu>0`: there is one root if its slope at 0, :math:`\sum\sigma_i^{-2}(x_i^2/\sigma_i^2-1)`, is positive, and
    none else, when the estimate is 0.

    Parameters
    ----------
    x : array_like, shape (..., n)
        Rows; leading axes are data sets.
    stds : array_like, shape (..., n)
        :math:`\sigma_i`, positive; broadcast against `x`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the iteration stopped at its limit.

    Returns
    -------
    HeterogeneousFit
        One estimate for each data set.

    Raises
    ------
    ValueError
        Standard deviations that are not positive, data sets without rows.
    ArithmeticError
        If ``on_failure="raise"`` and the iteration stopped.

    Notes
    -----
    Newton's method from above, where it descends to the root without overshooting.

    References
    ----------
    daras2025noisy (the question; this estimator is derived)

    Examples
    --------
    >>> from solvable.solvers import heterogeneous_mle
    >>> found = heterogeneous_mle([1.1, -0.9, 1.0, 3.0], [0.1, 0.1, 0.1, 5.0])
    >>> float(found.value.round(4)), bool(found.solution.converged)
    (0.9999, True)
    """
    rows, sigma = broadcast(x=as_finite("x", x), stds=as_positive("stds", stds))
    if rows.ndim == 0 or 0 in rows.shape:
        raise refuse("x.shape", rows.shape, "it must be (..., n), rows along the last axis")
    check_room("x", rows, float(rows.size))
    shape = rows.shape[:-1]
    unit = np.abs(rows).max(axis=-1, keepdims=True)
    unit = np.where(unit > 0, unit, 1.0)
    z, s = (np.abs(rows) / unit).reshape(-1, rows.shape[-1]), (sigma / unit).reshape(-1, rows.shape[-1])
    least = s.min(axis=-1, keepdims=True)
    weight = (least / s) ** 2
    weight = weight / weight.sum(axis=-1, keepdims=True)
    found = np.sum(weight * (z / s - 1) * (z / s + 1), axis=-1) > 0
    mu = np.where(found, np.sum(weight * z, axis=-1), 0.0)
    active, rounds = found.copy(), np.zeros(len(z), np.int64)
    for _ in range(_ROUNDS):
        if not active.any():
            break
        zz, ss, ww, m = z[active], s[active], weight[active], mu[active]
        slope, pull = _pull(zz, ss, ww, m)
        new = m - pull / slope
        rounds[active] += 1
        mu[active] = np.where(new < m, np.maximum(new, 0.0), m)
        active[np.flatnonzero(active)[(m - new) <= 4e-16 * m]] = False
    _, left = _pull(z, s, weight, mu)
    residual = np.where(found, np.abs(left) / np.where(mu > 0, mu, 1.0), 0.0)
    status = np.where(active, Status.MAX_ITERATIONS, Status.CONVERGED)
    value = mu.reshape(shape) * unit[..., 0]
    solution = Solution.shaped(shape, value, residual, status, rounds)
    report_failures(solution, "heterogeneous_mle", on_failure)
    information = np.sum(mixture_information(value[..., None], sigma), axis=-1)
    with np.errstate(divide="ignore"):
        return HeterogeneousFit(value, np.asarray(1 / information), solution)


def _pull(z: Array, s: Array, weight: Array, mu: Array) -> tuple[Array, Array]:
    """Slope and value of the mean of x tanh(x mu/s^2) - mu, with weights that sum to one."""
    with np.errstate(over="ignore"):
        steep = np.tanh(z / s * (mu[:, None] / s))
    slope = np.sum(weight * (z / s) ** 2 * (1 - steep) * (1 + steep), axis=-1) - 1
    return np.minimum(slope, -1e-300), np.sum(weight * z * steep, axis=-1) - mu
