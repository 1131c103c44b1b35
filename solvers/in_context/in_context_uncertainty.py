r"""What the best in-context learner says of a linear task whose noise level is known, one of several, or random.

The minimiser of the Gaussian negative log-likelihood :math:`\tfrac12\log v+(y-\hat y)^2/(2v)` over all predictors is
the posterior predictive mean and variance. With :math:`X=USV^T`, prior variance :math:`\tau^2` of the weights and noise
:math:`\sigma^2`, in the components :math:`\xi=V^Tx`, :math:`\upsilon=U^Ty`:

.. math::
    m=\sum_i\frac{s_i\tau^2\,\xi_i\upsilon_i}{s_i^2\tau^2+\sigma^2}, \qquad
    v=\sigma^2+\tau^2\|x_\perp\|^2+\sum_i\frac{\tau^2\sigma^2\xi_i^2}{s_i^2\tau^2+\sigma^2}.

One factorisation, of the smaller side, serves every noise level, and nothing cancels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.in_context.in_context import as_prompt_length
from solvable.solvers.ridge.risk import ridge_risk
from solvable.solvers.solution import OnFailure, record
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    broadcast,
    refuse,
    within_range,
)

__all__ = ["InverseGamma", "Predictive", "mean_predictive_variance", "out_of_prior_risk", "posterior_predictive"]

Array = NDArray[np.float64]


@record
class InverseGamma:
    r"""Prior of a noise variance with density proportional to :math:`s^{-a-1}e^{-b/s}`.

    Attributes
    ----------
    a : float
        Shape, positive.
    b : float
        Scale, positive: the mean is b/(a - 1) for a > 1.
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        """Refuse what is no density."""
        for name in ("a", "b"):
            as_scalar(name, getattr(self, name), as_positive)


@record
class Predictive(OnGrid, axes={"weights": "... level"}):
    """Posterior predictive law of a label, arrays over the prompts.

    Attributes
    ----------
    mean : ndarray
        Best prediction in mean square.
    variance : ndarray
        Of the noisy label given the prompt.
    weights : ndarray, shape (..., K)
        Posterior probabilities of the noise levels; (..., 1) ones for a known one, (..., 0) for an inverse gamma.
    log_likelihood : ndarray
        Log density of the labels of the prompt.
    """

    mean: Array
    variance: Array
    weights: Array
    log_likelihood: Array


class _Prompts(NamedTuple):
    """Prompts in the axes of their inputs, the last axis that of the singular values; inputs and query times tau."""

    s: Array  # singular values
    xi: Array  # query along right singular vectors
    outside: Array  # squared length of the rest of the query
    upsilon: Array  # labels along left singular vectors
    missed: Array  # length of the rest of the labels
    n: int


def _length(vectors: Array) -> Array:
    """Length along the last axis; squares of small entries would underflow."""
    largest = np.abs(vectors).max(axis=-1, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)
    return np.asarray(largest * np.linalg.norm(vectors / unit[..., None], axis=-1))


def _read_prompts(X: ArrayLike, y: ArrayLike, x: ArrayLike, tau: float) -> _Prompts:
    inputs, labels, query = as_finite("X", X), as_finite("y", y), as_finite("x", x)
    if inputs.ndim < 2 or inputs.shape[-1] == 0:
        raise refuse("X.shape", inputs.shape, "it must be (..., n, d) with d at least 1")
    *lead, n, d = inputs.shape
    if labels.shape != (*lead, n):
        raise refuse("y.shape", labels.shape, f"it must be {(*lead, n)}, one label for each row of X")
    if query.shape != (*lead, d):
        raise refuse("x.shape", query.shape, f"it must be {(*lead, d)}, one query for each prompt")
    inputs, query = tau * inputs, tau * query
    if n == 0:
        empty = np.zeros((*lead, 0))
        return _Prompts(empty, empty, np.sum(query**2, axis=-1), empty, np.zeros(tuple(lead)), 0)
    U, s, Vt = np.linalg.svd(inputs, full_matrices=False)
    xi, upsilon = np.squeeze(Vt @ query[..., None], -1), np.squeeze(np.swapaxes(U, -1, -2) @ labels[..., None], -1)
    rest = query - np.squeeze(np.swapaxes(Vt, -1, -2) @ xi[..., None], -1)
    left = labels - np.squeeze(U @ upsilon[..., None], -1)
    outside = np.sum(rest**2, axis=-1) if d > s.shape[-1] else np.zeros(tuple(lead))
    missed = _length(left) if n > s.shape[-1] else np.zeros(tuple(lead))
    return _Prompts(s, xi, outside, upsilon, missed, n)


def _given_noise(p: _Prompts, noise: Array) -> tuple[Array, Array, Array]:
    """Mean, variance and log density of the labels for each positive noise level, on a new last axis."""
    s, xi, upsilon = (part[..., None] for part in (p.s, p.xi, p.upsilon))
    total = s**2 + noise
    # in this order: products of two small factors would underflow
    mean = np.sum(s / total * xi * upsilon, axis=-2)
    variance = noise + p.outside[..., None] + np.sum(xi**2 * (noise / total), axis=-2)
    squares = np.sum((upsilon / np.sqrt(total)) ** 2, axis=-2) + (p.missed[..., None] / np.sqrt(noise)) ** 2
    logs = np.sum(np.log(total), axis=-2) + (p.n - p.s.shape[-1]) * np.log(noise)
    return mean, variance, -0.5 * (p.n * np.log(2 * np.pi) + logs + squares)


def _noiseless(p: _Prompts) -> Predictive:
    """Interpolation: the limit of no noise, where the labels have a density."""
    largest = p.s.max(axis=-1, initial=0.0)[..., None]
    if p.n > p.s.shape[-1] or np.any(p.s <= p.s.shape[-1] * np.finfo(float).eps * largest):
        raise refuse("noise", 0.0, "more labels than independent inputs have no density without noise")
    mean = np.sum(p.xi / p.s * p.upsilon, axis=-1)
    logs = p.n * np.log(2 * np.pi) + np.sum(2 * np.log(p.s) + (p.upsilon / p.s) ** 2, axis=-1)
    return Predictive(mean, p.outside, np.ones((*mean.shape, 1)), -0.5 * logs)


def _known(p: _Prompts, noise: float) -> Predictive:
    if noise == 0:
        return _noiseless(p)
    mean, variance, log = (part[..., 0] for part in _given_noise(p, np.array([noise])))
    return Predictive(mean, variance, np.ones((*mean.shape, 1)), log)


def _mixture(p: _Prompts, values: Array, probabilities: Array) -> Predictive:
    mean, variance, log = _given_noise(p, values)
    joint = log + np.log(probabilities)
    top = joint.max(axis=-1, keepdims=True)
    weights = np.exp(joint - top)
    total = weights.sum(axis=-1, keepdims=True)
    weights = weights / total
    m = np.sum(weights * mean, axis=-1)
    v = np.sum(weights * (variance + (mean - m[..., None]) ** 2), axis=-1)
    return Predictive(m, v, weights, (top + np.log(total))[..., 0])


def _conjugate(p: _Prompts, prior: InverseGamma) -> Predictive:
    from scipy.special import gammaln

    shape = prior.a + p.n / 2
    if shape <= 1:
        raise refuse("noise", prior, "the label has a variance only for a + n/2 > 1")
    total = p.s**2 + 1  # in units of the noise
    mean = np.sum(p.s / total * p.xi * p.upsilon, axis=-1)
    q = p.missed**2 + np.sum(p.upsilon**2 / total, axis=-1)
    spread = 1 + p.outside + np.sum(p.xi**2 / total, axis=-1)
    rate = prior.b + q / 2
    # log b^a/rate^(a+n/2) as a ratio: the two powers cancel where b dwarfs the labels
    log = -prior.a * np.log1p(q / (2 * prior.b)) - p.n / 2 * np.log(2 * np.pi * rate)
    log = log - 0.5 * np.sum(np.log(total), axis=-1) + float(gammaln(shape) - gammaln(prior.a))
    return Predictive(mean, rate / (shape - 1) * spread, np.empty((*mean.shape, 0)), log)


def _read_levels(noise: tuple[ArrayLike, ArrayLike]) -> tuple[Array, Array]:
    values, probabilities = as_positive("noise[0]", noise[0]), as_nonnegative("noise[1]", noise[1])
    if values.ndim != 1 or values.shape != probabilities.shape or values.size == 0:
        raise refuse("noise", noise, "it must be a pair of equally long lists: variances and their probabilities")
    if abs(float(probabilities.sum()) - 1) > 1e-9:
        raise refuse("noise[1]", probabilities, f"probabilities must add up to 1, not {float(probabilities.sum()):.9g}")
    return values, probabilities


@gridded(X="... example feature", y="... example", x="... feature")
@within_range
def posterior_predictive(
    X: ArrayLike,
    y: ArrayLike,
    x: ArrayLike,
    noise: float | tuple[ArrayLike, ArrayLike] | InverseGamma,
    prior_scale: float = 1.0,
) -> Predictive:
    r"""Mean and variance of the next label of a linear task, given a prompt: the optimum of the Gaussian likelihood.

    Tasks :math:`y=w^Tx+\varepsilon` with :math:`w\sim N(0,\tau^2I)`. The pair :math:`(\hat y,v)` minimises the average
    of :math:`\tfrac12\log v+(y-\hat y)^2/(2v)` over all functions of the prompt, Gaussian or not.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
        Inputs of the prompts; n may be 0.
    y : array_like, shape (..., n)
        Labels.
    x : array_like, shape (..., d)
        The query of each prompt.
    noise : float, pair of array_like, or InverseGamma
        The variance :math:`\sigma^2` of the noise; variances that it may have and their probabilities; or its prior
        ``InverseGamma(a, b)``, then with :math:`w\sim N(0,\sigma^2\tau^2I)`, which is conjugate.
    prior_scale : float
        :math:`\tau`, a standard deviation.

    Returns
    -------
    Predictive
        Mean, variance (noise of the label included), posterior of the noise levels, log density of the labels.

    Raises
    ------
    ValueError
        Shapes that do not match, negative variances, a variance 0 among several, probabilities that do not add up to 1,
        noise 0 with more labels than independent inputs, an inverse gamma with a + n/2 <= 1 (the predictive law, a
        Student law with 2a + n degrees of freedom, has no variance).

    Notes
    -----
    One singular value decomposition a prompt. The variance of a mixture of levels includes the spread of their means.
    Log-likelihoods are weighed after the largest is taken off.

    References
    ----------
    liu2025uncertainty (setting; its prior of the noise was not available: these three are ours), muller2022transformers

    Examples
    --------
    >>> from solvable.solvers import posterior_predictive
    >>> found = posterior_predictive([[1.0], [1.0]], [1.0, 3.0], [2.0], noise=([0.5, 2.0], [0.5, 0.5]))
    >>> float(found.mean.round(4)), float(found.variance.round(4)), found.weights.round(4)
    (2.2838, 3.6214, array([0.2365, 0.7635]))
    """
    prompts = _read_prompts(X, y, x, as_scalar("prior_scale", prior_scale, as_positive))
    if isinstance(noise, InverseGamma):
        return _conjugate(prompts, noise)
    if isinstance(noise, tuple | list) and len(noise) == 2:
        values, probabilities = _read_levels((noise[0], noise[1]))
        possible = probabilities > 0
        found = _mixture(prompts, values[possible], probabilities[possible])
        weights = np.zeros((*found.mean.shape, values.size))
        weights[..., possible] = found.weights
        return Predictive(found.mean, found.variance, weights, found.log_likelihood)
    if isinstance(noise, tuple | list):
        raise refuse("noise", noise, "it must be a variance, a pair of variances and probabilities, or an InverseGamma")
    return _known(prompts, as_scalar("noise", noise, as_nonnegative))


@within_range
def mean_predictive_variance(n: ArrayLike, d: ArrayLike, noise_variance: ArrayLike) -> Array:
    r"""Predictive variance of the Bayes learner averaged over Gaussian prompts, :math:`\sigma^2(1+\tau)`.

    .. math:: \sigma^2\tau^2+(\sigma^2+n-d)\tau-d=0

    for x of N(0, I) and w of N(0, I) in d dimensions; also its mean squared error, since it is calibrated. The root
    is taken as :math:`\sigma^2\tau`, in the form that does not cancel: without noise max(d - n, 0).

    Parameters
    ----------
    n : array_like
        Examples in the prompt, from 0 on.
    d : array_like
        Dimension, at least 1.
    noise_variance : array_like
        :math:`\sigma^2`. All broadcast.

    Returns
    -------
    ndarray
        Noise of the label included.

    Raises
    ------
    ValueError
        Negative n or noise, d < 1.

    Notes
    -----
    A deterministic equivalent: exact as n and d grow together, 0.5 to 2.5 % too low for d = 20 to 50. Least squares,
    which does not know the prior, has :math:`\sigma^2(1+d/(n-d-1))`.

    References
    ----------
    liu2025uncertainty (setting), hastie2022surprises (the equivalent)

    Examples
    --------
    >>> from solvable.solvers import mean_predictive_variance
    >>> mean_predictive_variance([0, 10, 40], 20, 1.0).round(3)
    array([21.   , 11.844,  1.913])
    """
    samples, dimension, noise = broadcast(
        n=as_nonnegative("n", n),
        d=as_prompt_length("d", d),
        noise_variance=as_nonnegative("noise_variance", noise_variance),
    )
    b = noise + (samples - dimension)
    root = np.hypot(b, 2 * np.sqrt(dimension * noise))
    with np.errstate(invalid="ignore", divide="ignore"):
        small = np.where(b > 0, 2 * dimension * noise / np.where(b > 0, b + root, 1.0), (root - b) / 2)
    return np.asarray(noise + small)


@within_range
def out_of_prior_risk(
    n: ArrayLike,
    d: float,
    noise_variance: ArrayLike,
    assumed_noise: ArrayLike,
    weight_variance: float = 1.0,
    assumed_weight_variance: float = 1.0,
    *,
    on_failure: OnFailure = "warn",
) -> Array:
    r"""Risk of the Bayes learner whose prior is wrong: tasks from outside the training distribution.

    The posterior mean under an assumed noise :math:`\sigma_a^2` and weights of :math:`N(0,\tau_a^2I)` is the minimiser
    of :math:`\|y-Xw\|^2+\delta\|w\|^2` with :math:`\delta=\sigma_a^2/\tau_a^2`; its mean squared error on tasks with
    noise :math:`\sigma^2` and weights of :math:`N(0,\tau^2I)`, x of N(0, I), by the deterministic equivalent of
    ridge regression.

    Parameters
    ----------
    n : array_like
        Examples in the prompt, at least 1.
    d : float
        Dimension.
    noise_variance, assumed_noise : array_like
        :math:`\sigma^2` of the tasks and :math:`\sigma_a^2` of the prior; broadcast with n.
    weight_variance, assumed_weight_variance : float
        :math:`\tau^2` and :math:`\tau_a^2`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    ndarray
        Noise of the label included; least where the prior is right.

    Raises
    ------
    ValueError
        n or d below 1, negative variances, an assumed variance of the weights that is not positive.

    Notes
    -----
    Exact as n and d grow together. What the learner itself reports is `mean_predictive_variance` at its own prior.

    References
    ----------
    liu2025uncertainty (task shift; the equivalent is derived from hastie2022surprises)

    Examples
    --------
    >>> from solvable.solvers import out_of_prior_risk
    >>> out_of_prior_risk(30, 20, 1.0, [0.1, 1.0, 10.0]).round(3)
    array([2.894, 2.589, 5.026])
    """
    samples, noise, assumed = broadcast(
        n=as_prompt_length("n", n),
        noise_variance=as_nonnegative("noise_variance", noise_variance),
        assumed_noise=as_nonnegative("assumed_noise", assumed_noise),
    )
    dimension = float(as_prompt_length("d", as_scalar("d", d)))
    power = as_scalar("weight_variance", weight_variance, as_nonnegative)
    believed = as_scalar("assumed_weight_variance", assumed_weight_variance, as_positive)
    spectrum = Spectrum.isotropic(dimension, power * dimension)
    return np.asarray(ridge_risk(spectrum, samples, assumed / believed, noise, on_failure=on_failure).test)
