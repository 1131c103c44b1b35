r"""Linear regression from bags: only the mean response of every k rows is known.

S averages: m rows, one for each bag of k consecutive rows, with entries :math:`1/\sqrt k`, so that :math:`SS^T=I`. The
weights minimise

.. math:: \|S(Xw-y)\|^2+\rho\|(I-S^TS)Xw\|^2,

the loss of the bags at :math:`\rho=0` and, up to a constant, that of the instances, each of which stands for
its bag's mean, at :math:`\rho=1`. Sums without a factor one half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import gridded
from solvable.solvers.solution import Risk, Status, record
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    broadcast,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["AggregateRisk", "OptimalBag", "aggregate_fit", "aggregate_risk", "optimal_bag"]

Array = NDArray[np.float64]
_MOST_ROWS = 10**7  # divisors are found one by one
_RANGE = 1e6  # of rho, above and below 1
_ZOOMS = 9


@record
class AggregateRisk(Risk):
    r"""Risk of the weights that bags give, on the broadcast grid of the arguments.

    Attributes
    ----------
    test : ndarray
        Expected squared error on the noisy label of one fresh row.
    train : ndarray
        Expected loss of the bags for each of them, :math:`\frac1m\|S(Xw-y)\|^2`, in which noise counts as in one label.
    bias, variance : ndarray
        The part without and the part due to noise, that of privacy included.
    noise_variance : ndarray
        The label noise the risk was computed for, without that of privacy.
    status : ndarray of int8
        ``DIVERGES`` where the variance is infinite, else ``CONVERGED``.
    excess : ndarray
        ``bias + variance``.
    """

    status: NDArray[np.int8]


@record
class OptimalBag:
    r"""The size of bags with the least excess risk, each with its best :math:`\rho`.

    Attributes
    ----------
    bag : int
        Best size.
    rho : float
        Its :math:`\rho`; 1 for bags of one, where it changes nothing.
    excess : float
        Its excess risk.
    bags : ndarray of int
        Sizes that were compared: the divisors of n.
    rhos, excesses : ndarray
        The same for each size.
    """

    bag: int
    rho: float
    excess: float
    bags: NDArray[np.int64]
    rhos: Array
    excesses: Array


@within_range
def aggregate_fit(X: ArrayLike, responses: ArrayLike, rho: float) -> Array:
    r"""Weights that fit the mean responses of bags of consecutive rows.

    They minimise :math:`\|S(Xw-y)\|^2+\rho\|(I-S^TS)Xw\|^2`, which depends on y through the bags' means only.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs; bags are rows 1..k, k+1..2k, and so on.
    responses : array_like, shape (m,)
        Mean response of each bag; k = n/m.
    rho : float
        0 for the loss of the bags, 1 for that of the instances.

    Returns
    -------
    ndarray, shape (d,)

    Raises
    ------
    ValueError
        Rows that are no multiple of the bags, a negative rho, inputs that leave weights undetermined.

    Notes
    -----
    Least squares by singular values of the rows of both terms; the condition is theirs.

    References
    ----------
    javanmard2024learning

    Examples
    --------
    >>> from solvable.solvers import aggregate_fit
    >>> aggregate_fit([[1.0], [3.0], [2.0], [2.0]], [2.0, 2.0], 0.0)
    array([1.])
    """
    design, means = as_matrix("X", X), as_finite("responses", responses)
    strength = as_scalar("rho", rho, as_nonnegative)
    (n, d), m = design.shape, means.size
    if means.ndim != 1 or m == 0 or n % m:
        raise refuse("responses.shape", means.shape, f"it must be (m,), m a divisor of the {n} rows of X")
    bag = n // m
    bags = design.reshape(m, bag, d)
    middle = bags.mean(axis=1)
    within = (bags - middle[:, None]).reshape(n, d) if strength > 0 else np.zeros((0, d))
    size = float(np.abs(design).max()) or 1.0
    rows = np.vstack([np.sqrt(bag) * (middle / size), np.sqrt(strength) * (within / size)])
    largest = float(np.abs(rows).max()) or 1.0
    right = np.concatenate([np.sqrt(bag) * means, np.zeros(len(within))])
    found, _, rank, _ = np.linalg.lstsq(rows / largest, right, rcond=max(rows.shape) * data_eps(X))
    if rank < d:
        raise refuse("X", design, f"its bags determine {rank} of the {d} weights")
    return np.asarray(found / largest / size)


def _check_bags(n: Array, bag: Array) -> None:
    whole = (bag == np.round(bag)) & (np.mod(n, bag) == 0)
    if not whole.all():
        at = tuple(np.argwhere(~whole)[0])
        raise refuse("bag", float(bag[at]), f"it must be a whole number that divides n = {n[at]:g}")


def _overlap(n: Array, d: Array, m: Array, rho: Array) -> Array:
    r"""The positive root h of :math:`d=mh/(1+h)+(n-m)\rho h/(1+\rho h)`, a quadratic equation; inf at n = d."""
    unit = np.maximum(rho, 1.0)
    square = rho / unit * (n - d)
    linear = (m - d) / unit + (n - m - d) * (rho / unit)
    constant = d / unit
    root = np.sqrt(linear * linear + 4 * square * constant)
    forward = 2 * constant / np.where(linear + root > 0, linear + root, 1.0)
    backward = (root - linear) / np.where(square > 0, 2 * square, np.inf)
    return np.asarray(np.where(linear > 0, forward, np.where(square > 0, backward, np.inf)))


def _parts(n: Array, d: Array, m: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Bias for unit signal, variance for unit noise, and what a row of a bag takes off its residual, for rho > 0."""
    with np.errstate(divide="ignore", invalid="ignore"):  # n = d
        h, p = _overlap(n, d, m, rho), np.maximum(n - m, 1.0)
        one, other = 1 / (1 + h), 1 / (1 + rho * h)
        s, t = h * one, rho * h * other
        left = m * s * one + p * t * other
        share = p * t / d
        bias = d * share**2 * (d / p + 1 - 2 * t) / left
        variance = m * s**2 / left
    singular = n == d
    return np.where(singular, np.inf, bias), np.where(singular, np.inf, variance), np.where(singular, 0.0, one)


@gridded("n", "d", "bag", "rho", "noise_variance", "signal", "privacy_variance")
@within_range
def aggregate_risk(
    n: ArrayLike,
    d: ArrayLike,
    bag: ArrayLike,
    rho: ArrayLike,
    noise_variance: ArrayLike,
    signal: ArrayLike = 1.0,
    privacy_variance: ArrayLike = 0.0,
) -> AggregateRisk:
    r"""Risk of linear regression from bags of k isotropic Gaussian rows.

    The weights minimise :math:`\|S(Xw-y)\|^2+\rho\|(I-S^TS)Xw\|^2` with :math:`SS^T=I`, sums without a factor one half.
    With m = n/k bags and p = n - m, h is the positive root of

    .. math:: d=\frac{mh}{1+h}+\frac{p\rho h}{1+\rho h},\qquad s=\frac{h}{1+h},\quad t=\frac{\rho h}{1+\rho h},

    and with :math:`D=ms(1-s)+pt(1-t)`

    .. math::
        \mathrm{variance}=\sigma^2\frac{ms^2}{D},\qquad
        \mathrm{bias}=\|w_*\|^2\,\frac{p^2t^2}{dD}\Big(\frac dp+1-2t\Big),

    as n, m and d grow together. Bags alone (:math:`\rho=0`), and bags of one at any :math:`\rho`, are least squares:
    no bias, and the exact :math:`\sigma^2d/(m-d-1)` is returned.

    Parameters
    ----------
    n, d : array_like
        Rows and dimensions, n >= d.
    bag : array_like
        Rows k of a bag, a divisor of n.
    rho : array_like
        Weight of the second term, not negative.
    noise_variance : array_like
        :math:`\sigma^2` of the label of a row; that of a bag's mean is :math:`\sigma^2/k`.
    signal : array_like
        :math:`\|w_*\|^2`.
    privacy_variance : array_like
        :math:`\tau^2`: noise of variance :math:`\tau^2/k^2` on every bag's mean, which adds :math:`\tau^2/k` to
        :math:`\sigma^2`. It is that of one label of bounded range, told through the mean of k.

    Returns
    -------
    AggregateRisk
        Infinite, with status ``DIVERGES``, at m = d and m = d + 1 without the second term, and at n = d.

    Raises
    ------
    ValueError
        A bag that does not divide n, fewer than d bags at :math:`\rho=0`, fewer than d rows, negative variances.

    Notes
    -----
    Free of cancellation but for the bias near d = p at large :math:`\rho`. Corrections of order 1/d: between
    :math:`\rho=0`, which is exact, and small :math:`\rho` the variance differs by them.

    References
    ----------
    javanmard2024learning (the setting; this formula is derived)

    Examples
    --------
    >>> from solvable.solvers import aggregate_risk
    >>> aggregate_risk(200, 25, 4, [0.0, 0.3, 1.0], 0.25).excess.round(4)
    array([0.2604, 0.3539, 0.5982])
    """
    rows, size, k, strength, noise, power, privacy = broadcast(
        n=as_positive("n", n),
        d=as_positive("d", d),
        bag=as_positive("bag", bag),
        rho=as_nonnegative("rho", rho),
        noise_variance=as_nonnegative("noise_variance", noise_variance),
        signal=as_nonnegative("signal", signal),
        privacy_variance=as_nonnegative("privacy_variance", privacy_variance),
    )
    _check_bags(rows, k)
    m = rows / k
    alone = (strength == 0) | (k == 1)
    needed = np.where(alone, m, rows) < size
    if needed.any():
        at = tuple(np.argwhere(needed)[0])
        what = "m = n/bag" if strength[at] == 0 and k[at] > 1 else "n"
        raise refuse("d", float(size[at]), f"{what} must not be less, or the weights are not determined")
    total = noise + privacy / k
    bias, variance, one = _parts(rows, size, m, np.where(alone, 1.0, strength))
    spare = m - size - 1
    exact = np.where(spare > 0, size / np.where(spare > 0, spare, 1.0), np.inf)
    factor = np.where(alone, exact, variance)
    pole = np.isinf(factor)
    with np.errstate(invalid="ignore"):
        variance = np.where(pole, np.inf, total * np.where(pole, 0.0, factor))
        bias = np.where(alone, 0.0, np.where(pole, np.inf, power * np.where(pole, 0.0, bias)))
        excess = bias + variance
        left = np.where(pole, 0.0, (total + np.where(pole, 0.0, excess)) * one**2)
        residual = np.where(alone, total * (m - size) / m, left)
    status = np.where(pole, Status.DIVERGES, Status.CONVERGED).astype(np.int8)
    return AggregateRisk(
        np.asarray(excess + noise), np.asarray(residual), np.asarray(bias), np.asarray(variance), noise.copy(), status
    )


def _tuned(n: float, d: float, bags: Array, *levels: float) -> tuple[Array, Array]:
    """Best rho of each size by grids that close in on it, and the excess there."""
    low, high = np.full(len(bags), -np.log(_RANGE)), np.full(len(bags), np.log(_RANGE))
    for zoom in range(_ZOOMS):
        places = np.linspace(low, high, 121 if zoom == 0 else 25)
        excess = aggregate_risk(n, d, bags, np.exp(places), *levels).excess
        best = np.argmin(excess, axis=0)
        low = np.take_along_axis(places, np.maximum(best - 1, 0)[None], 0)[0]
        high = np.take_along_axis(places, np.minimum(best + 1, len(places) - 1)[None], 0)[0]
    at = best[None]
    return np.exp(np.take_along_axis(places, at, 0)[0]), np.take_along_axis(excess, at, 0)[0]


@within_range
def optimal_bag(
    n: int, d: int, noise_variance: float, signal: float = 1.0, privacy_variance: float = 0.0
) -> OptimalBag:
    r"""Size of bags with the least excess risk when :math:`\rho` is tuned for each size.

    The privacy noise of a bag's label counts :math:`\tau^2/k`, so that larger bags have less of it. With the loss of
    the bags alone that never pays: :math:`d(k\sigma^2+\tau^2)/(n-k(d+1))` rises in k.

    Parameters
    ----------
    n, d : int
        Rows and dimensions, n > d + 1.
    noise_variance : float
        :math:`\sigma^2` of a row's label.
    signal : float
        :math:`\|w_*\|^2`.
    privacy_variance : float
        :math:`\tau^2`, as in `aggregate_risk`.

    Returns
    -------
    OptimalBag
        Of equal sizes the smallest.

    Raises
    ------
    ValueError
        Sizes that are not whole numbers, n <= d + 1, negative variances.

    Notes
    -----
    :math:`\rho` is sought in [1e-6, 1e6] to 1e-7 of itself, as far as doubles tell the risks apart; the risk is then
    good to its rounding. The gain is one of shrinkage: ridge regression on single rows shrinks as well, and does better
    still in the cases of docs/theory/regression.md.

    References
    ----------
    javanmard2024learning (the question; this answer is derived)

    Examples
    --------
    >>> from solvable.solvers import optimal_bag
    >>> best = optimal_bag(1200, 40, 0.25, privacy_variance=200.0)
    >>> best.bag, round(best.excess, 3)
    (3, 0.876)
    """
    rows, size = as_whole("n", n, _MOST_ROWS), as_whole("d", d)
    given = {"noise_variance": noise_variance, "signal": signal, "privacy_variance": privacy_variance}
    levels = [as_scalar(name, value, as_nonnegative) for name, value in given.items()]
    if rows <= size + 1:
        raise refuse("n", n, f"it must exceed d + 1 = {size + 1}")
    small = np.arange(1, int(rows**0.5) + 1)
    small = small[rows % small == 0]
    bags = np.unique(np.concatenate([small, rows // small]))
    rhos, excesses = np.ones(len(bags)), np.empty(len(bags))
    excesses[0] = aggregate_risk(rows, size, 1, 1.0, *levels).excess
    if len(bags) > 1:
        rhos[1:], excesses[1:] = _tuned(rows, size, bags[1:].astype(float), *levels)
    best = int(np.argmin(excesses))
    return OptimalBag(int(bags[best]), float(rhos[best]), float(excesses[best]), bags, rhos, excesses)
