r"""Flow from noise to a mixture of two Gaussians, its velocity learned from a few pairs by a shallow autoencoder.

Target :math:`\tfrac12N(\mu,\sigma^2I)+\tfrac12N(-\mu,\sigma^2I)` in d dimensions, :math:`\|\mu\|^2=rd`, base
:math:`N(0,I)`, :math:`x_t=\alpha_tx_0+\beta_tx_1` with :math:`\alpha_0=\beta_1=1`, :math:`\alpha_1=\beta_0=0`. For
each t the autoencoder :math:`f(x)=cx+w\,\varphi(w^Tx/\sqrt d)`, :math:`\varphi` a steep sigmoid, minimises
:math:`\sum_{m\le n}\|f(x_t^m)-x_1^m\|^2+\lambda\|w\|^2` over n fixed pairs. Sizes: d to infinity, n finite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_kind,
    as_nonnegative,
    as_positive,
    broadcast,
    refuse,
    within_range,
)

__all__ = ["MixtureFlow", "bayes_mean_error", "mixture_flow", "pca_cosine2"]

Array = NDArray[np.float64]
_NAMED = ("linear", "trigonometric")


@record
class MixtureFlow(OnGrid, axes={"mean": "... coefficient"}):
    r"""Learned autoencoder and the law of what flows along it, arrays over the grid of the arguments.

    With :math:`s^m` the cluster sign of pair m, :math:`\mu_e=\frac1n\sum_ms^mx_1^m` and
    :math:`\xi=\frac1n\sum_ms^mx_0^m`.

    Attributes
    ----------
    skip : ndarray
        c.
    weight_mean, weight_noise : ndarray
        Coefficients of :math:`\mu_e` and :math:`\xi` in w.
    train_loss : ndarray
        Minimum of the loss, a sum over pairs with no 1/2, for each dimension.
    mean : ndarray, shape (..., 2)
        Coefficients of :math:`\mu_e` and :math:`\xi` in the mean of one generated cluster.
    variance : ndarray
        Of a coordinate about that mean.
    mse : ndarray
        :math:`\|\hat\mu-\mu\|^2/d`.
    cosine2 : ndarray
        Squared cosine of the mean with :math:`\mu`; at t = 0, where the mean vanishes, its limit.
    overlap : ndarray
        :math:`\hat\mu^T\mu/d`.
    """

    skip: Array
    weight_mean: Array
    weight_noise: Array
    train_loss: Array
    mean: Array
    variance: Array
    mse: Array
    cosine2: Array
    overlap: Array


class _Problem(NamedTuple):
    """Checked arguments, each in its own shape: what depends on one of them is computed once for each of its values."""

    n: Array
    decay: Array
    s2: Array
    r: Array
    alpha: Array
    beta: Array


def _pairs(n: ArrayLike) -> Array:
    count = as_positive("n", n)
    if not np.all(count == np.floor(count)):
        raise refuse("n", count, "it counts pairs: whole numbers from 1")
    return count


def _schedule(schedule: Any, times: ArrayLike | None) -> tuple[Array, Array]:
    """Both coefficients at the times."""
    if isinstance(schedule, str) and schedule not in _NAMED:
        raise refuse("schedule", schedule, f"choose one of {', '.join(_NAMED)}, or a pair (alpha, beta)")
    if not isinstance(schedule, str | tuple | list | np.ndarray) or (
        isinstance(schedule, np.ndarray) and schedule.ndim == 0
    ):
        raise refuse("schedule", schedule, f"choose one of {', '.join(_NAMED)}, or a pair (alpha, beta)")
    if isinstance(schedule, str) or callable(next(iter(schedule), None)):
        t = as_nonnegative("times", 1.0 if times is None else times)
        if np.any(t > 1):
            raise refuse("times", t, "they must lie in [0, 1]")
        if schedule == "linear":
            return 1 - t, t
        if schedule == "trigonometric":
            return np.sin(np.pi / 2 * (1 - t)), np.sin(np.pi / 2 * t)
        functions = (as_kind("schedule", part, Callable, "it must be a pair of functions of time") for part in schedule)
        pair = tuple(function(t) for function in functions)
    else:
        pair = tuple(schedule)
        if times is not None:
            raise refuse("times", times, "a schedule given as numbers has its times already")
    if len(pair) != 2:
        raise refuse("schedule", schedule, "it must be a pair (alpha, beta)")
    alpha, beta = broadcast(alpha=as_nonnegative("alpha", pair[0]), beta=as_nonnegative("beta", pair[1]))
    if np.any((alpha == 0) & (beta == 0)):
        raise refuse("schedule", schedule, "alpha and beta must not vanish together")
    return alpha, beta


def _checked(n: ArrayLike, decay: ArrayLike, std: ArrayLike, signal: ArrayLike, schedule: Any, times: Any) -> _Problem:
    count, lam = _pairs(n), as_nonnegative("decay", decay)
    pairs, decays = broadcast(n=count, decay=lam)
    if np.any(pairs + decays <= 1):
        raise refuse("decay", lam, "with one pair it must be positive: without, every skip fits")
    s2, r = as_positive("std", std) ** 2, as_positive("signal", signal)
    return _Problem(count, lam, s2, r, *_schedule(schedule, times))


@gridded("n", "decay", "std", "signal", "times", "dimension")
@within_range
def mixture_flow(
    n: ArrayLike,
    decay: ArrayLike,
    std: ArrayLike,
    signal: ArrayLike = 1.0,
    schedule: Any = "linear",
    times: ArrayLike | None = None,
    *,
    dimension: ArrayLike | None = None,
    no_skip: bool = False,
) -> MixtureFlow:
    r"""Learned velocity and generated mixture of a flow trained on n pairs.

    With :math:`A=\lambda r+\sigma^2(n+\lambda-1)`, :math:`B=n+\lambda-1`, :math:`D=\beta^2A+\alpha^2B` and
    :math:`k=n/(n+\lambda)`:

    .. math::
        c=\beta A/D,\qquad w=k\Big[\frac{\alpha^2B}{D}\mu_e-\frac{\alpha\beta A}{D}\xi\Big],\qquad
        X_t=\sqrt{D/B}\,X_0^\perp\pm k\big[\beta\mu_e-(\sqrt{D/B}-\alpha)\xi\big],

    the loss being :math:`kd\,\alpha^2AB/D`. At t = 1 the clusters have means
    :math:`\pm k[\mu_e-\sqrt{A/B}\,\xi]` and variance A/B, whatever the schedule.

    Parameters
    ----------
    n : array_like
        Pairs, whole numbers.
    decay : array_like
        :math:`\lambda` of the loss :math:`\sum_{m\le n}\|f(x_t^m)-x_1^m\|^2+\lambda\|w\|^2`, no 1/2; as the decay
        :math:`\tfrac\lambda2\|w\|^2` of half the sum.
    std : array_like
        :math:`\sigma` of a cluster.
    signal : array_like
        :math:`r=\|\mu\|^2/d`.
    schedule : {"linear", "trigonometric"} or pair
        :math:`(1-t,t)`, :math:`(\cos\frac{\pi t}2,\sin\frac{\pi t}2)`, or (alpha, beta): two functions of time, or
        their values, which then stand for the times.
    times : array_like, optional
        In [0, 1]; 1 if left out.
    dimension : array_like, optional
        d: adds to `overlap`, `mse` and `cosine2` what the first moment of the flow does at finite d. A trajectory is
        in a cluster by the sign of :math:`w^TX_0`, which shifts it by :math:`\sqrt{2D/(\pi Bd)}` along
        :math:`\mu_e/\|\mu_e\|`.
    no_skip : bool
        Fix c = 0: all mass then collapses on :math:`\pm k\mu_e`.

    Returns
    -------
    MixtureFlow
        On the broadcast grid of all arguments.

    Raises
    ------
    ValueError
        No decay with a single pair, a standard deviation or a signal that is not positive, times outside [0, 1], an
        unknown schedule.

    Notes
    -----
    Nothing cancels: sums of positive terms, and :math:`\sqrt{D/B}-\alpha=\beta^2A/(B(\sqrt{D/B}+\alpha))`. The authors'
    code names :math:`\alpha` what is :math:`\beta` here and gives :math:`\xi` the other sign. At d = 1,000 the
    error of the mean is up to 6 % above its limit, of which `dimension` explains a part.

    References
    ----------
    cui2024analysis (the autoencoder; the solution of the flow and the corrections are derived)

    Examples
    --------
    >>> from solvable.solvers import mixture_flow
    >>> found = mixture_flow([4, 16, 64], 0.1, 0.7)
    >>> found.mse.round(4), found.variance.round(4)
    (array([0.2415, 0.0609, 0.0153]), array([0.5223, 0.4966, 0.4916]))
    """
    p = _checked(n, decay, std, signal, schedule, times)
    size = None if dimension is None else as_positive("dimension", dimension)
    shape = broadcast(n=p.n, decay=p.decay, std=p.s2, signal=p.r, times=p.alpha, dimension=np.ones(()) if size is None
                      else size)[0].shape  # fmt: skip
    total = p.n + p.decay
    B, k = (p.n - 1) + p.decay, p.n / total
    ratio = p.s2 + p.decay * p.r / B  # A/B
    noise = p.s2 / p.n  # of the estimated mean, for each dimension
    if as_kind("no_skip", no_skip, bool, "it must be True or False"):
        variance, root, swept = p.alpha**2 + 0.0 * ratio, p.alpha, 0.0 * ratio
        skip, kept = 0.0 * ratio, np.ones(())
    else:
        pull = p.beta * ratio
        variance = p.beta * pull + p.alpha**2  # D/B
        root = np.sqrt(variance)
        swept = pull / (root + p.alpha)  # (sqrt(D/B) - alpha)/beta
        skip, kept = pull / variance, p.alpha**2 / variance
    loss = (k * B) * ratio * kept
    along, short = k * p.beta, p.beta * p.decay / total + (1 - p.beta)  # of the mean: its length, and what it lacks
    spread = noise + swept**2 / p.n
    mse = short**2 * p.r + along**2 * spread
    overlap, square = along, p.r + spread
    cosine2 = p.r / square
    if size is not None:
        length = np.sqrt(p.r + noise)
        shift = root * np.sqrt(2 / np.pi / size)
        mse = mse + shift * (2 * (along * noise - short * p.r) / length + shift)
        overlap = overlap + shift / length
        norm2 = along**2 * square + shift * (2 * along * length + shift)
        cosine2 = p.r * (overlap / np.sqrt(norm2)) ** 2
    mean = np.empty((*shape, 2))
    mean[..., 0], mean[..., 1] = along, -along * swept
    fields = (skip, k * kept, -(k * p.alpha) * skip, loss, mean, variance, mse, cosine2, overlap * p.r)
    return MixtureFlow(*(x if x is mean or x.shape == shape else np.broadcast_to(x, shape).copy() for x in fields))


@within_range
def bayes_mean_error(n: ArrayLike, std: ArrayLike) -> Array:
    r"""Least mean squared error, for each dimension, of the cluster mean from n rows: :math:`\sigma^2/(n+\sigma^2)`.

    Rows :math:`\pm\mu+\sigma z` of known sign and a prior :math:`\mu\sim N(0,I)`.

    Parameters
    ----------
    n : array_like
        Rows, whole numbers.
    std : array_like
        :math:`\sigma`.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        Rows that are no whole numbers from 1, a standard deviation that is not positive.

    References
    ----------
    cui2024analysis (the comparison)

    Examples
    --------
    >>> from solvable.solvers import bayes_mean_error
    >>> bayes_mean_error([1, 99], 1.0)
    array([0.5 , 0.01])
    """
    count, sigma = broadcast(n=_pairs(n), std=as_positive("std", std))
    return np.asarray(1 / (1 + count / sigma / sigma))


@within_range
def pca_cosine2(n: ArrayLike, std: ArrayLike, signal: ArrayLike = 1.0) -> Array:
    r"""Squared cosine of the leading principal component of n rows with the cluster mean, :math:`r/(r+\sigma^2/n)`.

    Rows :math:`\pm\mu+\sigma z` in d dimensions, :math:`\|\mu\|^2=rd`, d to infinity at fixed n.

    Parameters
    ----------
    n : array_like
        Rows, whole numbers.
    std : array_like
        :math:`\sigma`.
    signal : array_like
        r.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        Rows that are no whole numbers from 1, a standard deviation or a signal that is not positive.

    References
    ----------
    cui2024analysis (the comparison)

    Examples
    --------
    >>> from solvable.solvers import pca_cosine2
    >>> float(pca_cosine2(4, 0.7).round(4))
    0.8909
    """
    count, sigma, r = broadcast(n=_pairs(n), std=as_positive("std", std), signal=as_positive("signal", signal))
    return np.asarray(1 / (1 + sigma / r * sigma / count))
