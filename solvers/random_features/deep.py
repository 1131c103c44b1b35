r"""Ridge regression on deep random features: a deterministic equivalent without weights, nested through the layers.

Inputs :math:`x_0\sim N(0,\Omega_0)` in d dimensions, frozen layers :math:`x_l=\sigma_l(W_lx_{l-1})` with entries of
:math:`W_l` drawn from :math:`N(0,\Delta_l/k_{l-1})`, features :math:`x_L/\sqrt{k_L}`, teacher
:math:`y=\langle\theta,x_L\rangle/\sqrt{k_L}+\varepsilon` with :math:`\theta\sim N(0,r_2 I)`. Given the weights,
layer l has population covariance :math:`\Omega_l=a_lW'\Omega_{l-1}W'^T+b_lI`, :math:`a_l=\Delta_l\kappa_{1,l}^2`,
:math:`b_l=\kappa_{*,l}^2`. Averaged over them, effective ridges :math:`\kappa_l` and dimensions :math:`T_l` obey

.. math::
    \frac{\kappa_l+b_l}{a_l} = \kappa_{l-1}\frac{k_l-T_{l-1}}{k_{l-1}},\qquad
    T_l = \frac{k_l b_l + \kappa_l T_{l-1}}{\kappa_l+b_l},\qquad
    \frac{k_L\delta}{\kappa_L} = n - T_L,

explicit in the innermost :math:`\kappa_0`: one monotone equation for any depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.mode_roots import certify_inner_ridge
from solvable.solvers.equivalents.resolvent import times
from solvable.solvers.gridded import gridded
from solvable.solvers.random_features.activations import Activation, activation_layers
from solvable.solvers.random_features.deep_root import DeepState, solve_inner_ridge
from solvable.solvers.random_features.gaussian_coefficients import gaussian_coefficients
from solvable.solvers.solution import OnFailure, Risk, Solution, Status, provable, record, report_failures
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    broadcast,
    refuse,
    within_range,
)

__all__ = ["DeepRandomFeatureRisk", "LayerCoefficients", "deep_random_feature_risk", "layer_coefficients"]

Array = NDArray[np.float64]


@record
class LayerCoefficients:
    r"""Gaussian coefficients of every layer, arrays of length depth.

    Attributes
    ----------
    variance : ndarray
        :math:`r_l`, the variance of a pre-activation.
    linear, nonlinear : ndarray
        :math:`\kappa_{1,l}`, :math:`\kappa_{*,l}`.
    second_moment : ndarray
        :math:`E\sigma_l(u)^2`, the mean square of a feature.
    """

    variance: Array
    linear: Array
    nonlinear: Array
    second_moment: Array


@record
class DeepRandomFeatureRisk(Risk):
    r"""Risk of ridge regression on deep random features over the broadcast grid of (n, ridge, noise_variance).

    Attributes
    ----------
    test, train : ndarray
        Expected squared error on a fresh noisy label and on the training labels.
    bias, variance : ndarray
        ``bias + variance + noise_variance = test``.
    effective_ridge : ndarray
        :math:`\kappa_L/k_L`: the effective ridge on the covariance of the features :math:`x_L/\sqrt{k_L}`.
    df1, df2 : ndarray
        Degrees of freedom of the last layer.
    inner_ridge : ndarray
        :math:`\kappa_0`, the effective ridge felt by the inputs.
    solution : Solution
        Residual, status and iterations on the grid of (n, ridge); `value` is `inner_ridge`.
    noise_variance : ndarray
        The label noise the risk was computed for.
    excess : ndarray
        Test error without the label noise, ``bias + variance``.
    """

    effective_ridge: Array
    df1: Array
    df2: Array
    inner_ridge: Array
    solution: Solution


@within_range
def layer_coefficients(
    activation: Activation | Sequence[Activation],
    depth: int,
    *,
    mean_square: float = 1.0,
    gains: ArrayLike | None = None,
) -> LayerCoefficients:
    r"""Propagate variances through random layers and return each layer's Gaussian coefficients.

    :math:`r_1=\Delta_1\,\mathrm{tr}\,\Omega_0/d`, :math:`r_{l+1}=\Delta_{l+1}E\sigma_l(N(0,r_l))^2`.

    Parameters
    ----------
    activation : activation or sequence of them
        One for all layers, or one for each; its mean under N(0, r_l) must vanish.
    depth : int
        Number of random layers.
    mean_square : float
        Mean squared entry of the input, :math:`\mathrm{tr}\,\Omega_0/d`.
    gains : array_like, optional
        :math:`\Delta_l`: weights of layer l have variance :math:`\Delta_l/k_{l-1}`. 1 by default.

    Returns
    -------
    LayerCoefficients
        Arrays of length depth.

    Raises
    ------
    ValueError
        A wrong number of activations or gains, an activation whose mean does not vanish (subtract it first: it adds a
        rank-one spike that this theory leaves out), or one without Gaussian moments.

    References
    ----------
    schroeder2023deterministic

    Examples
    --------
    >>> from solvable.solvers import layer_coefficients
    >>> layer_coefficients("sign", 2).linear.round(4)
    array([0.7979, 0.7979])
    """
    depth = as_whole("depth", depth, 10_000)  # each takes about a millisecond
    layers = activation_layers(activation, depth)
    delta = np.ones(depth) if gains is None else np.atleast_1d(as_positive("gains", gains))
    if delta.shape not in ((depth,), (1,)):
        raise refuse("gains.shape", delta.shape, f"it must be ({depth},), one for each width")
    delta = np.broadcast_to(delta, depth)
    rows = []
    level = as_scalar("mean_square", mean_square, as_positive)
    for gain, layer in zip(delta, layers, strict=True):
        variance = float(gain) * level
        found = gaussian_coefficients(layer, variance)
        level = float(found.second_moment)
        if abs(float(found.mean)) > 1e-7 * np.sqrt(level):
            raise refuse("activation", layer, f"its mean under N(0, {variance:.6g}) is {float(found.mean):.6g}, not 0: "
                         "subtract it")  # fmt: skip
        rows.append((variance, float(found.linear), float(found.nonlinear), level))
    return LayerCoefficients(*np.array(rows).T)


def _rank(d: float, widths: Array, b: Array) -> float:
    """Rank of the last layer's covariance: a nonlinear layer fills its width, a linear one is a bottleneck."""
    rank = d
    for width, noise in zip(widths, b, strict=True):
        rank = float(width) if noise > 0 else min(float(width), rank)
    return rank


def _finish(state: DeepState, n: Array, delta: Array, rank: float) -> tuple[Array, Array, Array, Array]:
    """kappa_L, T_L, n - T_L and df1 - df2; of kappa_L and n - T_L the one that cancels follows from the other."""
    slack, w = n - state.df1, state.unresolved
    over = (n > rank) | ((n == rank) & (slack / n > state.kappa / (state.kappa + state.noise)))
    df1 = np.where(delta == 0, np.minimum(n, rank), state.df1)
    slack = np.where(delta == 0, np.maximum(n - rank, 0.0), np.where(over, slack, delta / state.kappa))
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.where(over, np.where(delta == 0, 0.0, delta / slack), state.kappa)
    pole = (n == rank) & (delta == 0)
    return np.where(pole, 0.0, kappa), df1, slack, np.where(pole, 0.0, w * kappa / state.kappa)


def _inputs(eigenvalues: ArrayLike | Spectrum) -> Spectrum:
    """Spectrum of the inputs."""
    if not isinstance(eigenvalues, Spectrum):
        s = np.atleast_1d(as_positive("eigenvalues", eigenvalues))
        if s.ndim != 1 or s.size == 0:
            raise refuse("eigenvalues.shape", s.shape, "it must be a non-empty vector")
        return Spectrum(s)
    if eigenvalues.rank > 1e12:
        raise refuse("eigenvalues.rank", eigenvalues.rank, "layers need a finite dimension; build with tail=False")
    return eigenvalues


@gridded("n", "ridge", "noise_variance")
@within_range
def deep_random_feature_risk(
    eigenvalues: ArrayLike | Spectrum,
    widths: ArrayLike,
    activation: Activation | Sequence[Activation],
    n: ArrayLike,
    ridge: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    teacher_power: float = 1.0,
    gains: ArrayLike | None = None,
    *,
    on_failure: OnFailure = "warn",
    certify: bool = False,
) -> DeepRandomFeatureRisk:
    r"""Test and training error of ridge regression on the last layer of a deep random network, weights averaged out.

    Loss :math:`\|y-\Phi w\|^2+\delta\|w\|^2` with features :math:`\Phi=x_L/\sqrt{k_L}` (papers' normalised
    :math:`\lambda` on features without the root: :math:`\delta=n\lambda/k_L`), teacher
    :math:`y=\langle\theta,x_L\rangle/\sqrt{k_L}+\varepsilon` on the same features.

    Parameters
    ----------
    eigenvalues : array_like, shape (d,), or Spectrum
        Of the input covariance, positive. Of a spectrum the rank is d, the inputs' dimension; its target is ignored,
        since the teacher acts on the features.
    widths : array_like
        :math:`k_1,\dots,k_L`, positive.
    activation : activation or sequence of them
        See `layer_coefficients`; odd functions, or centred ones.
    n, ridge, noise_variance : array_like
        Samples (positive), un-normalised ridge and label noise (not negative), broadcast together. ``ridge = 0`` is
        the minimum-norm limit.
    teacher_power : float
        :math:`r_2`, variance of the teacher's weights.
    gains : array_like, optional
        :math:`\Delta_l`: variance of the weights of layer l times its fan-in; 1 by default.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the iteration did not converge.
    certify : bool
        Prove in interval arithmetic (python-flint) that each inner ridge lies within 1e-12 of
        a root, the only one there: `certificate` of the risk's solution holds the enclosures.

    Returns
    -------
    DeepRandomFeatureRisk
        inf with status ``DIVERGES`` where ridgeless interpolation meets its pole.

    Raises
    ------
    ValueError
        Empty or non-positive widths, bad eigenvalues, a spectrum with an infinite tail, n not positive, negative ridge
        or noise, an activation that is not square-integrable, not centred or returns NaN.

    Notes
    -----
    Exact as d, all widths and n grow together; corrections of order 1/n. At depth 1 it equals `random_feature_risk` on
    the input spectrum with an infinite flat tail. With a vanishing ridge the ridge-dependent parts carry relative
    errors of about rounding over (ridge/n).

    References
    ----------
    schroeder2023deterministic (setting; the nested closed form is derived)

    Examples
    --------
    >>> from solvable.solvers import deep_random_feature_risk
    >>> risk = deep_random_feature_risk([1.0] * 100, [150, 120], "erf", [50, 200, 800], 0.01, 0.1)
    >>> bool((risk.test[1:] < risk.test[:-1]).all())
    True
    """
    spectrum = _inputs(eigenvalues)
    k = np.atleast_1d(as_positive("widths", widths))
    if k.ndim != 1 or k.size == 0:
        raise refuse("widths.shape", k.shape, "it must be a non-empty vector")
    r2 = as_scalar("teacher_power", teacher_power, as_nonnegative)
    samples, delta = as_positive("n", n), as_nonnegative("ridge", ridge)
    sigma2 = as_nonnegative("noise_variance", noise_variance)
    shape = broadcast(n=samples, ridge=delta, noise_variance=sigma2)[0].shape
    samples, delta = broadcast(n=samples, ridge=delta)
    layers = layer_coefficients(activation, k.size, mean_square=spectrum.trace / spectrum.rank, gains=gains)
    delta_l = np.ones(k.size) if gains is None else np.broadcast_to(as_finite("gains", gains), k.size)
    a, b = delta_l * layers.linear**2, layers.nonlinear**2
    if np.any(np.abs(layers.linear) * np.sqrt(layers.variance) <= 1e-14 * np.sqrt(layers.second_moment)):
        raise refuse("activation", activation, "its linear coefficient vanishes: every later layer sees pure noise")
    flat_n, flat_delta = samples.ravel(), k[-1] * delta.ravel()
    found, state = solve_inner_ridge(spectrum, k, a, b, flat_n, flat_delta)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.abs(np.log(state.kappa) + np.log(flat_n - state.df1) - np.log(flat_delta))
    residual = np.where((flat_delta > 0) & np.isfinite(left), left, found.residual)
    kappa, df1, slack, w = _finish(state, flat_n, flat_delta, _rank(spectrum.rank, k, b))
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = slack + w  # n - df2
        df2 = df1 - w
        pole = gap <= 0
        gain = np.where(pole, np.inf, flat_n / np.where(pole, 1.0, gap))
        bias = times(gain, kappa * w * r2 / k[-1])
        noise_gain = np.where(pole, np.inf, df2 / np.where(pole, 1.0, gap))
    status = np.where(pole, Status.DIVERGES, found.status)
    whole = (
        (flat_delta == 0) & (np.minimum(flat_n, k.min()) >= spectrum.rank) & ~np.any(b)
    )  # least squares on all inputs
    inner = np.where(whole, 0.0, np.exp(found.value))
    solution = Solution.shaped(samples.shape, inner, residual, status, found.iterations)
    report_failures(solution, "deep_random_feature_risk", on_failure)
    proof = partial(certify_inner_ridge, spectrum, k, a, b, flat_n, delta.ravel(), what="deep_random_feature_risk")
    solution = provable(solution, proof, certify)
    grid = samples.shape
    noise = np.array(np.broadcast_to(sigma2, shape))
    bias = np.array(np.broadcast_to(bias.reshape(grid), shape))
    variance = times(np.broadcast_to(noise_gain.reshape(grid), shape), noise)
    test = bias + variance + noise
    train = times(test, np.broadcast_to(((slack / flat_n) ** 2).reshape(grid), shape))
    return DeepRandomFeatureRisk(
        test, train, bias, variance, noise, (kappa / k[-1]).reshape(grid), df1.reshape(grid), df2.reshape(grid),
        solution.value, solution,
    )  # fmt: skip
