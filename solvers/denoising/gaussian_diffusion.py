r"""Diffusions of Gaussian data: what the noising process leaves, and where its reversals lead.

Noising: variance preserving (VP), :math:`dx=-\tfrac12\beta x\,dt+\sqrt\beta\,dw`; its sub-VP form with diffusion
:math:`\beta(1-e^{-2\int\beta})`; variance exploding (VE), :math:`dx=\sqrt{d\sigma^2/dt}\,dw`. In all of them
:math:`x_t=\alpha_tx_0+\sqrt{v_t}\,e`. In :math:`y=x/\alpha` and the noise-to-signal ratio :math:`\nu=v/\alpha^2` as
time they are one process, :math:`dy=dw_\nu`, so that laws of reversals depend on a schedule through its two ends only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import exprel

from solvable.solvers.denoising.responsibilities import as_points
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.spectrum import semidefinite_modes
from solvable.solvers.validate import (
    as_choice,
    as_covariance,
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    broadcast,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["DiffusionMarginals", "ReverseMarginal", "diffusion_marginals", "reverse_ode", "reverse_sde_marginal"]

Array = NDArray[np.float64]
_KINDS = ("vp", "sub-vp", "ve")


@record
class DiffusionMarginals(OnGrid):
    """Law of a noised point given the clean one, over the grid of times.

    Attributes
    ----------
    alpha : ndarray
        Factor of the clean point.
    variance : ndarray
        Of the noise added until then.
    """

    alpha: Array
    variance: Array


class _Schedule(NamedTuple):
    kind: str
    low: float
    high: float

    def at(self, times: Array) -> tuple[Array, Array]:
        """ln alpha and v."""
        if self.kind == "ve":
            return np.zeros_like(times), self.low**2 * np.expm1(2 * times * (np.log(self.high) - np.log(self.low)))
        total = times * self.low + times**2 * ((self.high - self.low) / 2)
        noise = -np.expm1(-total)
        return -total / 2, noise if self.kind == "vp" else noise**2


def _schedule(kind: str, beta_min: float, beta_max: float, sigma_min: float, sigma_max: float) -> _Schedule:
    as_choice("kind", kind, _KINDS)
    names = ("sigma_min", "sigma_max") if kind == "ve" else ("beta_min", "beta_max")
    ends = (sigma_min, sigma_max) if kind == "ve" else (beta_min, beta_max)
    low, high = (as_scalar(name, value, as_positive) for name, value in zip(names, ends, strict=True))
    if high < low:
        raise refuse(names[1], high, f"it must not be below {names[0]} = {low:g}")
    return _Schedule(kind, low, high)


def _times(name: str, times: ArrayLike) -> Array:
    t = as_nonnegative(name, times)
    if np.any(t > 1):
        raise refuse(name, t, "they must lie in [0, 1]")
    return t


@gridded("times")
@within_range
def diffusion_marginals(
    kind: str,
    times: ArrayLike,
    beta_min: float = 0.1,
    beta_max: float = 20.0,
    sigma_min: float = 0.01,
    sigma_max: float = 50.0,
) -> DiffusionMarginals:
    r"""Signal and noise of the three noising processes: :math:`x_t\mid x_0\sim N(\alpha_tx_0,v_tI)`.

    With :math:`b=\int_0^t\beta=\beta_{\min}t+\tfrac12t^2(\beta_{\max}-\beta_{\min})`: VP has
    :math:`\alpha=e^{-b/2}`, :math:`v=1-e^{-b}`; sub-VP the same :math:`\alpha` and :math:`v=(1-e^{-b})^2`; VE
    :math:`\alpha=1`, :math:`v=\sigma_t^2-\sigma_0^2`, :math:`\sigma_t=\sigma_{\min}(\sigma_{\max}/\sigma_{\min})^t`.

    Parameters
    ----------
    kind : {"vp", "sub-vp", "ve"}
        Which process.
    times : array_like
        t in [0, 1]. At 0 there is no noise.
    beta_min, beta_max : float
        Rate at t = 0 and t = 1, of VP and sub-VP.
    sigma_min, sigma_max : float
        :math:`\sigma_0` and :math:`\sigma_1`, of VE.

    Returns
    -------
    DiffusionMarginals
        In the shape of `times`.

    Raises
    ------
    ValueError
        An unknown kind, times outside [0, 1], rates or sizes that fall.

    References
    ----------
    song2021score

    Examples
    --------
    >>> from solvable.solvers import diffusion_marginals
    >>> [diffusion_marginals(kind, 0.5).variance.round(4).item() for kind in ("vp", "sub-vp", "ve")]
    [0.9209, 0.8481, 0.4999]
    """
    log_alpha, variance = _schedule(kind, beta_min, beta_max, sigma_min, sigma_max).at(_times("times", times))
    return DiffusionMarginals(np.exp(log_alpha), variance)


@within_range
def reverse_ode(
    x0: ArrayLike,
    mean: ArrayLike,
    covariance: ArrayLike,
    times: ArrayLike,
    kind: str = "vp",
    start: float = 1.0,
    beta_min: float = 0.1,
    beta_max: float = 20.0,
    sigma_min: float = 0.01,
    sigma_max: float = 50.0,
) -> Array:
    r"""Paths of the probability-flow equation of Gaussian data N(m, S), from one time to others.

    Along the eigenvectors of S, with eigenvalue s and :math:`V_t=\alpha_t^2s+v_t`,

    .. math:: x_t-\alpha_tm=\sqrt{V_t/V_{t_0}}\,(x_{t_0}-\alpha_{t_0}m).

    Parameters
    ----------
    x0 : array_like, shape (..., d)
        Points at the time `start`.
    mean : array_like, shape (d,) or a number
        m.
    covariance : array_like, shape (d, d)
        S, positive semi-definite.
    times : array_like
        Times in [0, 1], before or after the start.
    kind : {"vp", "sub-vp", "ve"}
        As of `diffusion_marginals`, with its other arguments.
    start : float
        :math:`t_0` in [0, 1].
    beta_min, beta_max, sigma_min, sigma_max : float
        As of `diffusion_marginals`.

    Returns
    -------
    ndarray, shape (*times.shape, ..., d)

    Raises
    ------
    ValueError
        A start at which a direction has no variance, shapes that do not fit, times outside [0, 1].

    References
    ----------
    song2021score (the equation; its Gaussian solution is derived)

    Examples
    --------
    >>> from solvable.solvers import reverse_ode
    >>> reverse_ode([1.0, 1.0], 0.0, [[1.0, 0.0], [0.0, 4.0]], [1.0, 0.0]).round(4)
    array([[1.    , 1.    ],
           [1.    , 1.9999]])
    """
    schedule = _schedule(kind, beta_min, beta_max, sigma_min, sigma_max)
    S = as_covariance("covariance", covariance)
    values, vectors = semidefinite_modes(S, data_eps(covariance))
    points, m = as_points(x0, len(S)), as_finite("mean", mean)
    if m.shape not in ((), (len(S),)):
        raise refuse("mean.shape", m.shape, f"it must be ({len(S)},), or a number for all coordinates")
    t, begin = _times("times", times), _times("start", as_scalar("start", start))
    (log_first, first), (log_alpha, noise) = schedule.at(begin), schedule.at(t)
    at_start = np.exp(2 * log_first) * values + first
    if not np.all(at_start > 0):
        raise refuse("start", start, "a direction has no variance there, and its paths would all start in one point")
    spread = np.sqrt((np.exp(2 * log_alpha)[..., None] * values + noise[..., None]) / at_start)
    along = (points - np.exp(log_first) * m) @ vectors
    middle = (slice(None),) * t.ndim + (None,) * (points.ndim - 1)
    centre = np.exp(log_alpha)[..., None] * np.broadcast_to(m, (len(S),))
    return np.asarray(centre[middle] + (along * spread[middle]) @ vectors.T)


@record
class ReverseMarginal(OnGrid):
    """Law of what a reversed diffusion samples, over the grid of the arguments.

    Attributes
    ----------
    mean, variance : ndarray
        Of the Gaussian that the sampler has reached at the time.
    """

    mean: Array
    variance: Array


@gridded("mean", "variance", "times", "score_error", "start_mean", "start_variance")
@within_range
def reverse_sde_marginal(
    mean: ArrayLike,
    variance: ArrayLike,
    times: ArrayLike,
    score_error: ArrayLike = 0.0,
    kind: str = "vp",
    start: float = 1.0,
    start_mean: ArrayLike = 0.0,
    start_variance: ArrayLike | None = None,
    beta_min: float = 0.1,
    beta_max: float = 20.0,
    sigma_min: float = 0.01,
    sigma_max: float = 50.0,
) -> ReverseMarginal:
    r"""Law that the reversed stochastic equation samples, for one Gaussian mode and a score with a relative error.

    The score of the data's N(m, s) is taken :math:`1+\epsilon` times as large. With :math:`V_t=\alpha_t^2s+v_t`,
    :math:`L=\ln\frac{V_{t_0}\alpha_t^2}{V_t\alpha_{t_0}^2}` and :math:`c=1+2\epsilon`, started at
    :math:`t_0` from N(a, A),

    .. math::
        E\,x_t=\alpha_tm+\frac{\alpha_t}{\alpha_{t_0}}e^{-(1+\epsilon)L}(a-\alpha_{t_0}m),\qquad
        \mathrm{Var}\,x_t=V_t\,\frac{1-e^{-cL}}c+\frac{\alpha_t^2}{\alpha_{t_0}^2}e^{-2(1+\epsilon)L}A.

    A long run (L to infinity) ends at the variance s/c: a score 5 % too large loses a tenth of the variance.

    Parameters
    ----------
    mean, variance : array_like
        m and s of the data; s is positive.
    times : array_like
        Times reached, in [0, start].
    score_error : array_like
        :math:`\epsilon`.
    kind : {"vp", "sub-vp", "ve"}
        As of `diffusion_marginals`, with its other arguments.
    start : float
        :math:`t_0` in [0, 1].
    start_mean, start_variance : array_like
        a and A; A is left out for what samplers do: 1, or for VE the noise at the start.
    beta_min, beta_max, sigma_min, sigma_max : float
        As of `diffusion_marginals`.

    Returns
    -------
    ReverseMarginal
        On the broadcast grid.

    Raises
    ------
    ValueError
        A variance that is not positive, times beyond the start or outside [0, 1].

    Notes
    -----
    Exact for the equation in continuous time; steps of a sampler add an error of their own.

    References
    ----------
    song2021score (the equation; these laws are derived)

    Examples
    --------
    >>> from solvable.solvers import reverse_sde_marginal
    >>> found = reverse_sde_marginal(2.0, 4.0, 0.0, [0.0, 0.05])
    >>> found.mean.round(4), found.variance.round(4)
    (array([1.9997, 1.9998]), array([4.    , 3.6364]))
    """
    schedule = _schedule(kind, beta_min, beta_max, sigma_min, sigma_max)
    begin, t = as_scalar("start", start), _times("times", times)
    log_first, first = schedule.at(_times("start", begin))
    given = (1.0 if kind != "ve" else float(first)) if start_variance is None else start_variance
    m, s, t, error, a, A = broadcast(
        mean=as_finite("mean", mean), variance=as_positive("variance", variance), times=t,
        score_error=as_finite("score_error", score_error), start_mean=as_finite("start_mean", start_mean),
        start_variance=as_nonnegative("start_variance", given),
    )  # fmt: skip
    if np.any(t > begin):
        raise refuse("times", t, f"a reversal that starts at {begin:g} does not reach later times")
    log_alpha, noise = schedule.at(t)
    now, then = np.exp(2 * log_alpha) * s + noise, np.exp(2 * log_first) * s + first
    grown = 2 * (log_alpha - log_first)
    length = np.log(then / now) + grown
    rest = length * exprel(-(1 + 2 * error) * length)
    kept = np.exp(grown / 2 - (1 + error) * length)
    if not np.all(np.isfinite(rest)):
        raise FloatingPointError("the variance overflows")
    return ReverseMarginal(np.exp(log_alpha) * m + kept * (a - np.exp(log_first) * m), now * rest + kept**2 * A)
