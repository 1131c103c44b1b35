r"""Classifier-free guidance between two Gaussians, and errors that a chain of denoisers carries along."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import exprel

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_choice, as_finite, as_positive, broadcast, refuse, within_range

__all__ = ["ErrorPropagation", "GuidanceLaw", "error_propagation", "guidance_law"]

Array = NDArray[np.float64]
_RULE = np.polynomial.legendre.leggauss(24)
# distances from the end of [0, 1], in halves of halves: there a large scale has all its mass, a small one its root
_EDGES = np.concatenate([[0.0], 2.0 ** np.arange(-44, 1)])
_NODES = (_EDGES[:-1, None] + np.diff(_EDGES)[:, None] * (1 + _RULE[0]) / 2).reshape(-1)
_WEIGHTS = (np.diff(_EDGES)[:, None] * _RULE[1] / 2).reshape(-1)
_CELLS = 1024


@record
class GuidanceLaw(OnGrid):
    """Law of what a guided sampler gives, over the grid of the arguments.

    Attributes
    ----------
    mean, variance : ndarray
        Of the samples.
    """

    mean: Array
    variance: Array


def _ode_share(scale: Array, ratio: Array) -> Array:
    r"""Scale times ratio^{(1-scale)/2} times the integral of (1 + (ratio - 1) w^2)^{(scale-1)/2} over w in [0, 1].

    With w = sinh(u)/sqrt(ratio - 1), or sin(u)/sqrt(1 - ratio), the integrand is a power of cosh or cos, taken relative
    to its value at the end.
    """
    found = np.empty(scale.size)
    flat, rho = scale.reshape(-1), ratio.reshape(-1)
    for first in range(0, flat.size, _CELLS):
        g, r = (part[first : first + _CELLS] for part in (flat, rho))
        off, wide = r - 1, r >= 1
        root = np.sqrt(np.abs(off))
        end = np.where(wide, np.arcsinh(root), np.arctan2(root, np.sqrt(r)))
        back = end[:, None] * _NODES
        power = np.exp(g[:, None] * np.where(wide[:, None], _log_cosh_share(back, r), _log_cos_share(back, r)))
        # du over w: the end of u over the root is 1 where the ratio is 1
        stretch = np.where(root > 0, end / np.where(root > 0, root, 1.0), 1.0)
        found[first : first + _CELLS] = g * np.sqrt(r) * stretch * (power @ _WEIGHTS)
    return found.reshape(scale.shape)


def _log_cosh_share(back: Array, ratio: Array) -> Array:
    """ln cosh(end - back)/cosh(end), cosh(end)^2 the ratio: cosh - tanh(end) sinh, with 1 - tanh(end) kept apart."""
    r = np.maximum(ratio, 1.0)[:, None]
    apart = 1 / r / (1 + np.sqrt((r - 1) / r))
    rise = apart * np.sinh(back)
    return np.where(back < 1, np.log1p(np.expm1(-back) + rise), np.log(np.exp(-back) + rise))


def _log_cos_share(back: Array, ratio: Array) -> Array:
    """ln cos(end - back)/cos(end), cos(end)^2 the ratio."""
    r = np.minimum(ratio, 1.0)[:, None]
    near = np.minimum(back, np.pi / 2)
    return np.asarray(np.log1p(np.sqrt((1 - r) / r) * np.sin(near) - 2 * np.sin(near / 2) ** 2))


@gridded("scale", "conditional_mean", "conditional_variance", "mean", "variance")
@within_range
def guidance_law(
    scale: ArrayLike,
    conditional_mean: ArrayLike,
    conditional_variance: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    sampler: str = "ode",
) -> GuidanceLaw:
    r"""Mean and variance that classifier-free guidance samples between two Gaussians, whatever the schedule.

    The score is :math:`(1-\gamma)\nabla\ln p_t(x)+\gamma\nabla\ln p_t(x\mid c)`, of N(m, s) and of
    :math:`N(m_c,s_c)`, both noised. Run to the end from pure noise, with :math:`\rho=s/s_c`, the samples have the mean
    :math:`m+G(m_c-m)`. The probability-flow equation gives

    .. math::
        s^{1-\gamma}s_c^\gamma,\qquad G=\gamma\rho^{(1-\gamma)/2}\int_0^1(1+(\rho-1)w^2)^{(\gamma-1)/2}dw,

    and the stochastic equation

    .. math::
        s_c\rho^{2-2\gamma}\frac{\rho^{2\gamma-1}-1}{(2\gamma-1)(\rho-1)},\qquad
        G=\frac{\rho-\rho^{1-\gamma}}{\rho-1}.

    Neither is the tilted law :math:`p^{1-\gamma}p_c^\gamma`, of precision :math:`(1-\gamma)/s+\gamma/s_c`.

    Parameters
    ----------
    scale : array_like
        :math:`\gamma`: 0 samples N(m, s), 1 the conditional law, more exaggerates. The scale w of the first
        publication is :math:`\gamma-1`.
    conditional_mean, conditional_variance : array_like
        :math:`m_c`, :math:`s_c`.
    mean, variance : array_like
        m, s.
    sampler : {"ode", "sde"}
        Deterministic or stochastic.

    Returns
    -------
    GuidanceLaw
        On the broadcast grid.

    Raises
    ------
    ValueError
        Variances that are not positive, a negative scale, an unknown sampler.

    Notes
    -----
    In continuous time, from noise far above both variances. The integral is by Gauss's rule on intervals that halve
    towards its end, to 1e-12 at scales up to 1e6.

    References
    ----------
    ho2022classifier (the sampler; these laws are derived)

    Examples
    --------
    >>> from solvable.solvers import guidance_law
    >>> found = guidance_law([1.0, 3.0], 1.0, 1.0, 0.0, 4.0)
    >>> found.mean.round(4), found.variance.round(4)
    (array([1. , 1.5]), array([1.    , 0.0625]))
    """
    gamma, mc, sc, m, s = broadcast(
        scale=as_finite("scale", scale), conditional_mean=as_finite("conditional_mean", conditional_mean),
        conditional_variance=as_positive("conditional_variance", conditional_variance), mean=as_finite("mean", mean),
        variance=as_positive("variance", variance),
    )  # fmt: skip
    if np.any(gamma < 0):
        raise refuse("scale", gamma, "it must not be negative")
    log = np.log(s) - np.log(sc)
    if as_choice("sampler", sampler, ("ode", "sde")) == "ode":
        return GuidanceLaw(m + _ode_share(gamma, np.exp(log)) * (mc - m), np.exp(np.log(s) - gamma * log))
    # (1 - e^{-al})/(1 - e^{-l}) = a exprel(-al)/exprel(-l), which is a at l = 0
    share, spread = gamma * exprel(-gamma * log) / exprel(-log), exprel((1 - 2 * gamma) * log) / exprel(-log)
    if not np.all(np.isfinite(share + spread)):
        raise FloatingPointError("a power of the ratio of the variances overflows")
    return GuidanceLaw(m + share * (mc - m), sc * spread)


@record
class ErrorPropagation(OnGrid, axes={"total": "... step", "contributions": "... step"}):
    """Errors along a chain.

    Attributes
    ----------
    total : ndarray, shape (..., T)
        Error after each step.
    contributions : ndarray, shape (..., T)
        What each step's own error has become after the last one; they sum to the last total.
    """

    total: Array
    contributions: Array


@gridded(gains="... step", errors="... step")
@within_range
def error_propagation(gains: ArrayLike, errors: ArrayLike) -> ErrorPropagation:
    r"""Error of a chain of denoisers, each of which has its own and passes on the one before.

    .. math:: E_t=g_tE_{t-1}+\epsilon_t,\qquad E_T=\sum_t\epsilon_t\prod_{u>t}g_u,\qquad E_0=0

    Gains above 1 amplify: with equal g and :math:`\epsilon` it is :math:`\epsilon(g^T-1)/(g-1)`, and
    :math:`\epsilon T` at g = 1.

    Parameters
    ----------
    gains : array_like, shape (..., T)
        :math:`g_t`, how a step changes what it is given; the first one multiplies nothing.
    errors : array_like, shape (..., T)
        :math:`\epsilon_t`.

    Returns
    -------
    ErrorPropagation
        Along the last axis of the broadcast arguments.

    Raises
    ------
    ValueError
        Arguments without steps.

    Notes
    -----
    For scalar linear steps it is exact; for norms of vectors, with Lipschitz constants as gains, a bound.

    References
    ----------
    li2024error (the question; this recursion is elementary)

    Examples
    --------
    >>> from solvable.solvers import error_propagation
    >>> found = error_propagation([2.0, 2.0, 2.0], [1.0, 1.0, 1.0])
    >>> found.total, found.contributions
    (array([1., 3., 7.]), array([4., 2., 1.]))
    """
    g, e = broadcast(gains=as_finite("gains", gains), errors=as_finite("errors", errors))
    if g.ndim == 0 or g.shape[-1] == 0:
        raise refuse("gains.shape", g.shape, "it must be (..., T), steps along the last axis")
    total, after = np.empty(g.shape), np.ones(g.shape)
    total[..., 0] = e[..., 0]
    for t in range(1, g.shape[-1]):
        total[..., t] = g[..., t] * total[..., t - 1] + e[..., t]
    after[..., :-1] = np.cumprod(g[..., :0:-1], axis=-1)[..., ::-1]
    return ErrorPropagation(total, after * e)
