r"""Cumulants of Gaussian losses, their bound by gradient norms, and a PAC-Bayes bound for linear regression.

The loss is :math:`r^2` of a residual :math:`r\sim N(m,v)`, without a factor one half, or r itself ("linear").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, logsumexp

from solvable.solvers.generalisation.deviations import log1p_less
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    broadcast,
    read_regression,
    refuse,
    within_range,
)

__all__ = ["PacBayesBound", "gaussian_cumulant", "log_sobolev_bound", "pac_bayes_linear"]

Array = NDArray[np.float64]
_LOSSES = ("squared", "linear")
_PLACES = 100  # of the integral at first; doubled until two agree


def _read(lam: ArrayLike, mean: ArrayLike, variance: ArrayLike, loss: str) -> tuple[Array, ...]:
    as_choice("loss", loss, _LOSSES)
    return broadcast(
        lam=as_finite("lam", lam), mean=as_finite("mean", mean), variance=as_nonnegative("variance", variance)
    )


@within_range
def gaussian_cumulant(
    lam: ArrayLike, mean: ArrayLike, variance: ArrayLike, loss: str = "squared", central: bool = False
) -> Array:
    r"""Cumulant :math:`\ln E\,e^{\lambda\ell}` of the loss of a Gaussian residual.

    .. math:: \ln Ee^{\lambda r^2}=\frac{\lambda m^2}{1-2\lambda v}-\tfrac12\ln(1-2\lambda v),\qquad
        \ln Ee^{\lambda r}=\lambda m+\tfrac12\lambda^2v.

    Parameters
    ----------
    lam : array_like
        :math:`\lambda`, of either sign; PAC-Bayes bounds need :math:`-\lambda/n`.
    mean, variance : array_like
        m and v of the residual.
    loss : {"squared", "linear"}
        :math:`\ell=r^2` or :math:`\ell=r`.
    central : bool
        Of the loss less its mean, :math:`\ln Ee^{\lambda(\ell-E\ell)}`.

    Returns
    -------
    ndarray
        Infinite for squared losses where :math:`2\lambda v\ge1`.

    Raises
    ------
    ValueError
        A negative variance, another loss.

    Notes
    -----
    Sums of terms of one sign: good to rounding, relative, except near the pole, where digits of
    :math:`1-2\lambda v` are lost.

    References
    ----------
    gat2022importance

    Examples
    --------
    >>> from solvable.solvers import gaussian_cumulant
    >>> float(gaussian_cumulant(0.5, 1.0, 2.0)), round(float(gaussian_cumulant(-0.5, 1.0, 2.0)), 12)
    (inf, -0.715972811001)
    """
    l, m, v = _read(lam, mean, variance, loss)
    if loss == "linear":
        return np.asarray(l * (l * v) / 2 + (0.0 if central else l * m))
    x = -2 * l * v
    inside = x > -1
    x = np.where(inside, x, 0.0)
    if central:
        found = 2 * (l * m) * (l * m * v) / (1 + x) - log1p_less(x) / 2
    else:
        found = l * m * m / (1 + x) - np.log1p(x) / 2
    return np.asarray(np.where(inside, found, np.inf))


@within_range
def log_sobolev_bound(lam: ArrayLike, mean: ArrayLike, variance: ArrayLike, loss: str = "squared") -> Array:
    r"""Bound on the central cumulant by the gradient's norm under the tilted law.

    The log-Sobolev inequality of a Gaussian,
    :math:`\mathrm{Ent}(e^{\lambda\ell})\le\frac{\lambda^2v}2E[\ell'^2e^{\lambda\ell}]`, and Herbst's integration give

    .. math::
        \ln Ee^{\lambda(\ell-E\ell)}\le\lambda\int_0^\lambda\frac v2\frac{E[\ell'(r)^2e^{s\ell}]}{E[e^{s\ell}]}ds,

    for the squared loss :math:`\lambda\big[\frac{2\lambda m^2v}{1-2\lambda v}-v\ln(1-2\lambda v)\big]`. It is an
    equality for linear losses, and for squared ones as far as the mean goes.

    Parameters
    ----------
    lam : array_like
        :math:`\lambda`, of either sign.
    mean, variance : array_like
        m and v of the residual.
    loss : {"squared", "linear"}
        :math:`\ell=r^2` or :math:`\ell=r`.

    Returns
    -------
    ndarray
        Infinite for squared losses where :math:`2\lambda v\ge1`.

    Raises
    ------
    ValueError
        A negative variance, another loss.

    References
    ----------
    gat2022importance

    Examples
    --------
    >>> from solvable.solvers import gaussian_cumulant, log_sobolev_bound
    >>> cumulant = gaussian_cumulant(-0.5, 1.0, 0.5, central=True)
    >>> round(float(cumulant), 4), round(float(log_sobolev_bound(-0.5, 1.0, 0.5)), 4)
    (0.2139, 0.268)
    """
    l, m, v = _read(lam, mean, variance, loss)
    if loss == "linear":
        return np.asarray(l * (l * v) / 2)
    x = -2 * l * v
    inside = x > -1
    x = np.where(inside, x, 0.0)
    return np.asarray(np.where(inside, 2 * (l * m) * (l * m * v) / (1 + x) - l * v * np.log1p(x), np.inf))


@record
class PacBayesBound:
    r"""Bound on the risk of the Gibbs posterior, and its parts.

    Attributes
    ----------
    bound : float
        :math:`\hat L+[KL+\ln(1/\delta)+\psi]/\lambda`; infinite where the prior's cumulant is.
    empirical : float
        :math:`\hat L`, training loss averaged over the posterior.
    divergence : float
        Kullback-Leibler divergence of the posterior from the prior, in nats.
    cumulant : float
        :math:`\psi`.
    mean : ndarray, shape (d,)
        Posterior mean.
    covariance : ndarray, shape (d, d)
        Posterior covariance.
    """

    bound: float
    empirical: float
    divergence: float
    cumulant: float
    mean: Array
    covariance: Array


def _prior_cumulant(lam: float, n: int, d: int, prior: float, noise: float, target: float) -> float:
    r"""ln E exp(lam v)(1 + 2 lam v/n)^{-n/2} over the prior, v = noise + |w - w*|^2.

    The power is the mean of exponentials over a gamma variable t of shape n/2; those of a noncentral chi-squared
    variable are closed. The trapezoidal rule in ln t converges geometrically.
    """
    if 2 * lam * prior >= 1:
        return np.inf

    def logs(s: Array) -> Array:
        t = np.exp(s)
        rate = lam - 2 * lam * t / n  # of v
        x = 2 * prior * rate
        return np.asarray(n / 2 * s - t + rate * noise + rate * target / (1 - x) - d / 2 * np.log1p(-x))

    most = d / 2 * -np.log1p(-2 * lam * prior) + lam * target / (1 - 2 * lam * prior) + lam * noise
    s = np.linspace(np.log(n / 2) - (100 + most) * 2 / n - 2, np.log(n / 2 + 40 * np.sqrt(n) + 100 + most), 4001)
    rough = logs(s)
    inside = s[rough > rough.max() - 45]
    low, high = inside[0], inside[-1]
    previous, places = np.nan, _PLACES
    while places <= 2**16:
        found = float(logsumexp(logs(np.linspace(low, high, places + 1))) + np.log((high - low) / places))
        if abs(found - previous) <= 1e-13 * (n + abs(found)):
            return float(found - gammaln(n / 2))
        previous, places = found, 2 * places
    raise refuse("lam", lam, "it must be smaller: the prior's cumulant is too near its pole to be resolved")


@within_range
def pac_bayes_linear(
    X: ArrayLike,
    y: ArrayLike,
    lam: float,
    prior_variance: float,
    noise_variance: float,
    target: float,
    delta: float = 0.05,
) -> PacBayesBound:
    r"""PAC-Bayes bound for linear regression with a Gaussian prior, its cumulant exact.

    Rows are standard normal and :math:`y=w_*\cdot x+\epsilon`; the loss is :math:`(y-w\cdot x)^2`, the prior
    :math:`N(0,\sigma_p^2I)`, and the posterior is that of Gibbs, proportional to the prior times
    :math:`e^{-\lambda\hat L}` with :math:`\hat L` the mean training loss. With probability at least
    :math:`1-\delta` over the data the risk averaged over the posterior is at most

    .. math::
        \hat L+\frac1\lambda\Big[KL+\ln\frac1\delta+\psi\Big],\qquad
        \psi=\ln E_w\Big[e^{\lambda v_w}\Big(1+\frac{2\lambda v_w}n\Big)^{-n/2}\Big],\quad v_w=\sigma^2+|w-w_*|^2.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Inputs.
    y : array_like, shape (n,)
        Labels.
    lam : float
        :math:`\lambda`, positive.
    prior_variance : float
        :math:`\sigma_p^2`.
    noise_variance : float
        :math:`\sigma^2` of the labels.
    target : float
        :math:`|w_*|^2`.
    delta : float
        :math:`\delta`, in (0, 1).

    Returns
    -------
    PacBayesBound

    Raises
    ------
    ValueError
        Shapes that do not fit, parameters that are not positive, a delta outside (0, 1).

    Notes
    -----
    :math:`\psi` is infinite for :math:`2\lambda\sigma_p^2\ge1`; else an integral over a gamma variable, refined until
    two agree, with absolute errors of about 1e-13 n. It needs the law of the data.

    References
    ----------
    gat2022importance

    Examples
    --------
    >>> from solvable.solvers import pac_bayes_linear
    >>> found = pac_bayes_linear([[1.0], [-1.0]], [0.5, -0.5], 0.5, 0.5, 0.1, 0.25)
    >>> bool(found.bound > found.empirical), round(float(found.mean[0]), 12)
    (True, 0.166666666667)
    """
    rows, labels = read_regression(X, y)
    scale = as_scalar("lam", lam, as_positive)
    prior = as_scalar("prior_variance", prior_variance, as_positive)
    noise = as_scalar("noise_variance", noise_variance, as_nonnegative)
    size = as_scalar("target", target, as_nonnegative)
    risk = as_scalar("delta", delta, as_positive)
    if risk >= 1:
        raise refuse("delta", risk, "it must lie in (0, 1)")
    n, d = rows.shape
    U, s, Vt = np.linalg.svd(rows, full_matrices=d > n)
    U, s = U[:, : s.size], np.sqrt(2 * scale * prior / n) * s
    # in units of the prior the precision is 1 + s^2 along the rows of Vt, and 1 in what the inputs leave open
    fall, along = 1 / (1 + s**2), U.T @ labels
    gain = s**2 * fall
    mean = np.sqrt(2 * scale * prior / n) * Vt[: s.size].T @ (s * fall * along)
    left = labels - U @ (gain * along)
    empirical = float((left @ left + np.sum(gain) / (2 * scale) * n) / n)
    covariance = prior * (Vt.T * np.concatenate([fall, np.ones(d - s.size)])) @ Vt
    shrunk = np.where(gain < 0.3, -log1p_less(-np.minimum(gain, 0.3)), np.log1p(s**2) - gain)
    divergence = float((mean @ mean / prior + np.sum(shrunk)) / 2)
    cumulant = _prior_cumulant(scale, n, d, prior, noise, size)
    bound = empirical + (divergence - np.log(risk) + cumulant) / scale
    return PacBayesBound(float(bound), empirical, divergence, cumulant, mean, covariance)
