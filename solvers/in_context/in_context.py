r"""One layer of linear attention on linear tasks: its least risk is one preconditioned step of gradient descent.

A prompt has n examples :math:`x_i\sim N(0,\Sigma)`, :math:`y_i=w^Tx_i+\varepsilon_i` with :math:`w\sim N(0,B)` and
noise :math:`\sigma^2`, and a query. Whatever quadratic form of the tokens linear attention learns, nothing beats

.. math::
    \hat y = x_q^TP\sum_i y_ix_i, \qquad P = B\big[(n+1)\Sigma B+(\mathrm{tr}\,\Sigma B+\sigma^2)I\big]^{-1}.

With :math:`K=B^{1/2}\Sigma B^{1/2}` (eigenvalues k) and :math:`c=\sum k+\sigma^2` the least risk is
:math:`\sigma^2+\sum_i k_i(k_i+c)/((n+1)k_i+c)`: nothing cancels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.random_features.activations import Activation, activation_function
from solvable.solvers.random_features.gaussian_coefficients import gaussian_coefficients
from solvable.solvers.ridge.risk import ridge_risk
from solvable.solvers.solution import OnFailure, record
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_choice,
    as_covariance,
    as_finite,
    as_nonnegative,
    as_positive,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = [
    "LinearAttention",
    "SingleIndexMoments",
    "as_prompt_length",
    "bayes_risk",
    "optimal_linear_attention",
    "optimal_step_size",
    "single_index_moments",
    "square_root",
]

Array = NDArray[np.float64]


@record
class LinearAttention(OnGrid, axes={"preconditioner": "... row column", "readout": "entry"}):
    """Optimum of one layer of linear attention; arrays over the grid of n and noise.

    Attributes
    ----------
    preconditioner : ndarray, shape (..., d, d)
        P, symmetric: the key-query matrix between inputs.
    risk : ndarray
        Mean squared error on the noisy label of the query.
    readout : ndarray, shape (d + 1,)
        Last row of the value matrix, which reads the label of a token: (0, ..., 0, 1). Only its product with the
        key-query matrix is determined; here P carries the whole factor.
    """

    preconditioner: Array
    risk: Array
    readout: Array


@record
class SingleIndexMoments:
    """Gaussian moments of y = h(u.x), u of length one, g standard normal.

    Attributes
    ----------
    power : float
        E h(g)^2.
    weighted_power : float
        E h(g)^2 g^2.
    linear_power : float
        (E h(g) g)^2, the squared norm of E h(u.x) x.
    """

    power: float
    weighted_power: float
    linear_power: float

    def second_moment(self, d: ArrayLike) -> Array:
        """E y^2 |x|^2 in d dimensions: ``weighted_power + (d - 1) power``.

        Parameters
        ----------
        d : array_like
            Dimension, at least 1.

        Returns
        -------
        ndarray
        """
        dimension = as_prompt_length("d", d)
        return np.asarray(self.weighted_power + (dimension - 1) * self.power)


def as_prompt_length(name: str, value: ArrayLike, *, infinite: bool = False) -> Array:
    """Validate numbers of at least 1."""
    n = as_positive(name, value, infinite=infinite)
    if np.any(n < 1):
        raise refuse(name, n, "it must be at least 1")
    return n


def square_root(matrix: Array) -> Array:
    """Return R with R R^T the covariance, from its eigenvectors; what rounding made negative is 0."""
    s, U = np.linalg.eigh(matrix)
    return np.asarray(U * np.sqrt(np.maximum(s, 0.0)))


def _task_modes(covariance: ArrayLike, prior: ArrayLike) -> tuple[Array, Array, Array]:
    """Root R of the prior, eigenvalues k of R^T Sigma R and the columns R V."""
    sigma = as_covariance("covariance", covariance)
    root = square_root(as_covariance("prior", prior, len(sigma)))
    k, V = np.linalg.eigh(root.T @ sigma @ root)
    return np.maximum(k, 0.0), np.asarray(root @ V), root


@gridded("n", "noise_variance")
@within_range
def optimal_linear_attention(
    n: ArrayLike, covariance: ArrayLike, prior: ArrayLike, noise_variance: ArrayLike = 0.0, convention: str = "sum"
) -> LinearAttention:
    r"""One layer of linear attention of least pre-training risk: a step of preconditioned gradient descent.

    .. math:: L = E(\hat y-y_q)^2, \qquad \hat y=x_q^TP\textstyle\sum_{i\le n}y_ix_i, \qquad
        P = B[(n+1)\Sigma B+(\mathrm{tr}\,\Sigma B+\sigma^2)I]^{-1}

    No factor one half; the label of the query is noisy. :math:`\hat y` is one step from w = 0 on
    :math:`\tfrac12\sum_i(y_i-w^Tx_i)^2` with preconditioner P; with :math:`\Sigma=B=I` the step size is
    :math:`1/(n+d+1+\sigma^2)`, with :math:`B=\Sigma^{-1}` :math:`P=\Sigma^{-1}/(n+d+1+\sigma^2)`.

    Parameters
    ----------
    n, noise_variance : array_like
        Examples in a prompt (n >= 1) and variance of the label noise, broadcast together.
    covariance, prior : array_like, shape (d, d)
        :math:`\Sigma` of the inputs and B of the tasks; both may be singular.
    convention : {"sum", "mean"}
        Whether attention sums over the tokens or averages them; P of the mean is n times that of the sum.

    Returns
    -------
    LinearAttention
        Preconditioner, risk and readout.

    Raises
    ------
    ValueError
        n < 1, a covariance that is not positive semi-definite, shapes that differ, negative noise; labels that are 0
        (tasks that no input shows, without noise).

    Notes
    -----
    Derived: :math:`E\,Sw^T=n\Sigma B`, :math:`E\,SS^T=n(n+1)\Sigma B\Sigma+n(\mathrm{tr}\,\Sigma B+\sigma^2)\Sigma`
    with :math:`S=\sum y_ix_i`. That no other weights do better was found by alternating least squares over all of them.
    The error of the risk is at most n roundings, relative.

    References
    ----------
    mahankali2024one (general prior and covariance derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import optimal_linear_attention
    >>> layer = optimal_linear_attention(10, np.eye(4), np.eye(4), 0.25)
    >>> layer.preconditioner[0, 0].round(6), layer.risk.round(6)  # 1/15.25
    (np.float64(0.065574), np.float64(1.627049))
    """
    as_choice("convention", convention, ("sum", "mean"))
    k, columns, _ = _task_modes(covariance, prior)
    samples, noise = broadcast(
        n=as_prompt_length("n", n), noise_variance=as_nonnegative("noise_variance", noise_variance)
    )
    check_room("n.shape", samples.shape, samples.size * k.size**2)
    c = (k.sum() + noise)[..., None]
    if not np.all(c > 0):
        raise refuse("noise_variance", 0.0, "all labels are 0 here: no input shows a task of the prior")
    inverse = 1 / ((samples[..., None] + 1) * k + c)
    risk = noise + np.sum(k * ((k + c) * inverse), axis=-1)
    P = (columns * inverse[..., None, :]) @ columns.T
    P = (P + np.swapaxes(P, -1, -2)) / 2
    factor = samples[..., None, None] if convention == "mean" else 1.0
    return LinearAttention(np.asarray(factor * P), np.asarray(risk), np.append(np.zeros(k.size), 1.0))


@within_range
def optimal_step_size(
    n: ArrayLike, d: ArrayLike, noise_variance: ArrayLike, second_moment: ArrayLike, linear_power: ArrayLike
) -> Array:
    r"""Best step of one step of gradient descent for targets y = f(x) + noise of a rotation-invariant law.

    .. math:: \eta = \frac{E\|\beta_f\|^2}{E[f^2\|x\|^2]+\sigma^2d+(n-1)E\|\beta_f\|^2}, \qquad \beta_f=E_x[f(x)x]

    for :math:`x\sim N(0,I)`, f of a law invariant under rotations and under :math:`f\to-f`, and
    :math:`\hat y=\eta\,x_q^T\sum_iy_ix_i`, the step from 0 on :math:`\tfrac12\sum_i(y_i-w^Tx_i)^2`. Its risk is
    :math:`E f^2+\sigma^2-n\eta E\|\beta_f\|^2`, noise included. Linear f with w of N(0, I): :math:`1/(n+d+1+\sigma^2)`.

    Parameters
    ----------
    n, d : array_like
        Examples in a prompt and dimension, both at least 1.
    noise_variance : array_like
        Of the labels.
    second_moment : array_like
        :math:`E[f(x)^2\|x\|^2]`, without noise.
    linear_power : array_like
        :math:`E\|\beta_f\|^2`. All arguments broadcast.

    Returns
    -------
    ndarray
        :math:`\eta`, for a sum over tokens; 0 where no target has a linear part.

    Raises
    ------
    ValueError
        n or d below 1, negative moments, a linear part above what the second moment allows, targets that are 0.

    Notes
    -----
    The sum over tokens has heavy tails for targets of high degree: a simulation of cubic targets needs 10^6 prompts.

    References
    ----------
    mahankali2024one (the moments are derived)

    Examples
    --------
    >>> from solvable.solvers import optimal_step_size, single_index_moments
    >>> cubic = single_index_moments(lambda u: u**3)
    >>> float(optimal_step_size(25, 6, 0.3, cubic.second_moment(6), cubic.linear_power).round(6))
    0.022624
    """
    samples, dimension, noise, moment, power = broadcast(
        n=as_prompt_length("n", n),
        d=as_prompt_length("d", d),
        noise_variance=as_nonnegative("noise_variance", noise_variance),
        second_moment=as_nonnegative("second_moment", second_moment),
        linear_power=as_nonnegative("linear_power", linear_power),
    )
    # projecting f |x| on the direction of x |x|: |beta|^2 <= E f^2 |x|^2
    if np.any(power > moment * (1 + 1e-9)):
        raise refuse("linear_power", power, "it must not exceed second_moment: f has no larger linear part")
    total = moment + noise * dimension + (samples - 1) * power
    if not np.all(total > 0):
        raise refuse("second_moment", moment, "targets without noise must not be 0")
    return np.asarray(power / total)


@within_range
def single_index_moments(link: Activation) -> SingleIndexMoments:
    r"""Gaussian moments of :math:`f(x)=h(u^Tx)` that the best step size needs.

    With g standard normal: :math:`E h^2`, :math:`E h^2g^2` and :math:`(E\,hg)^2=\|E f(x)x\|^2`.

    Parameters
    ----------
    link : str, Polynomial or callable
        h, as the activations of `activation_function`.

    Returns
    -------
    SingleIndexMoments
        Three numbers, and ``second_moment(d)``.

    Raises
    ------
    ValueError
        As `gaussian_coefficients`: moments that do not exist, or cannot be computed to 1e-6.

    References
    ----------
    mahankali2024one (the setting), mei2022generalization (Gaussian coefficients)

    Examples
    --------
    >>> from solvable.solvers import single_index_moments
    >>> moments = single_index_moments("relu")
    >>> round(moments.power, 12), round(moments.weighted_power, 12), round(moments.linear_power, 12)
    (0.5, 1.5, 0.25)
    """
    h = activation_function(link)
    plain = gaussian_coefficients(link)
    weighted = gaussian_coefficients(lambda u: u * h(u), kinks=[0.0])
    return SingleIndexMoments(float(plain.second_moment), float(weighted.second_moment), float(plain.linear) ** 2)


@within_range
def bayes_risk(
    n: ArrayLike,
    covariance: ArrayLike,
    prior: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    *,
    on_failure: OnFailure = "warn",
) -> Array:
    r"""Risk of the Bayes predictor of a linear task, by the deterministic equivalent of ridge regression.

    The posterior mean of :math:`w\sim N(0,B)` is ridge regression on :math:`B^{1/2}x` with ridge
    :math:`\delta=\sigma^2`, :math:`\|y-Xw\|^2+\delta\|w\|^2`; its mean squared error on a noisy label, averaged over
    tasks and prompts.

    Parameters
    ----------
    n, noise_variance : array_like
        Examples in a prompt (n >= 1) and variance of the label noise, broadcast together.
    covariance, prior : array_like, shape (d, d)
        :math:`\Sigma` of the inputs and B of the tasks.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    ndarray
        Noise included.

    Raises
    ------
    ValueError
        As `optimal_linear_attention`.

    Notes
    -----
    Exact as n and d grow together. Measured at finite size: too low by 0.5 % at (n, d) = (10, 20), by 2.5 % at
    (40, 20), noise 1 and 0.25.

    References
    ----------
    mahankali2024one (the Bayes predictor as reference), hastie2022surprises (the equivalent)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import bayes_risk
    >>> bayes_risk([10, 40], np.eye(20), np.eye(20), 1.0).round(3)
    array([11.844,  1.913])
    """
    k, _, _ = _task_modes(covariance, prior)
    samples, noise = broadcast(
        n=as_prompt_length("n", n), noise_variance=as_nonnegative("noise_variance", noise_variance)
    )
    k = k[k > k.size * np.finfo(float).eps * k.max(initial=0.0)]
    if k.size == 0:
        return noise.copy()
    return np.asarray(ridge_risk(Spectrum(k, k), samples, noise, noise, on_failure=on_failure).test)


def as_tasks(task_weights: ArrayLike | None, prior: ArrayLike | None, d: int) -> Array:
    """Root of the second moment of the tasks, (d, rank): of one weight vector or of a prior."""
    if (task_weights is None) == (prior is None):
        raise refuse("task_weights", task_weights, "give either the weights of one task or the prior of tasks")
    if prior is not None:
        return square_root(as_covariance("prior", prior, d))
    w = as_finite("task_weights", [] if task_weights is None else task_weights)
    if w.shape != (d,):
        raise refuse("task_weights.shape", w.shape, f"it must be {(d,)}, one weight for each input")
    return np.asarray(w[:, None])
