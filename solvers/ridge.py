r"""Ridge and kernel ridge regression: the deterministic equivalents of its risk.

Setting: n rows :math:`x = \Sigma^{1/2} z` with independent standardised entries in z (or the features of a
kernel), :math:`y = f(x) + \varepsilon`, :math:`\mathrm{Var}\,\varepsilon=\sigma^2`, and
:math:`\hat w = \arg\min \|y - Xw\|^2 + \delta\|w\|^2`. With :math:`\kappa` the effective ridge and
:math:`g_i = s_i/(s_i+\kappa)`,

.. math::
    \mathrm{test} = \frac{n}{n-df_2}\Big[\sum_i (1-g_i)^2 v_i^2 + \sigma^2\Big], \qquad
    \mathrm{train} = \Big(1-\frac{df_1}{n}\Big)^2 \mathrm{test}.

The differences n - df1 and n - df2 are never formed by subtraction: n - df1 = ridge/kappa and
n - df2 = ridge/kappa + sum g(1-g).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.fixed_point import effective_ridge, mode_sums, solve_grid, stability_edge
from solvable.solvers.resolvent import finish, solve_pair, times
from solvable.solvers.solution import OnFailure, Solution
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, refuse

__all__ = [
    "RidgeRisk",
    "learnabilities",
    "optimal_ridge",
    "ridge_cross_risk",
    "ridge_risk",
    "ridge_risk_general",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RidgeRisk:
    r"""Risk of ridge regression over the broadcast grid of (n, ridge, noise_variance).

    Attributes
    ----------
    test : ndarray
        Expected squared error on a fresh noisy label: ``bias + variance + noise_variance``.
    train : ndarray
        Expected mean squared error on the training labels.
    bias, variance : ndarray
        The part without and the part due to label noise; `bias` holds the irreducible power of the target.
    effective_ridge, df1, df2 : ndarray
        :math:`\kappa`, :math:`\sum g_i` and :math:`\sum g_i^2` on the grid of (n, ridge).
    solution : Solution
        Residual, status and iterations of the fixed point on the grid of (n, ridge).
    noise_variance : ndarray
        The label noise the risk was computed for.
    """

    test: Array
    train: Array
    bias: Array
    variance: Array
    effective_ridge: Array
    df1: Array
    df2: Array
    solution: Solution
    noise_variance: Array

    @property
    def excess(self) -> Array:
        """Test error without the label noise: ``bias + variance``."""
        return np.asarray(self.bias + self.variance)


def _check_noise(sigma2: Array, shape: tuple[int, ...]) -> None:
    try:
        np.broadcast_shapes(shape, sigma2.shape)
    except ValueError:
        raise refuse("noise_variance.shape", sigma2.shape, f"it must broadcast with the grid {shape}") from None


def ridge_risk(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    *,
    rtol: float = 1e-15,
    on_failure: OnFailure = "warn",
) -> RidgeRisk:
    r"""Test error, training error, bias and variance of ridge or kernel ridge regression.

    Minimises :math:`\|y-Xw\|^2+\delta\|w\|^2` (un-normalised ridge; normalised :math:`\lambda=\delta/n`).
    Deterministic equivalents, exact as n and the effective dimension grow together; the relative error at
    finite size is of order 1/n for rows with independent entries.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power (function space).
    n, ridge, noise_variance : array_like
        Broadcast together. ``ridge=0`` is the ridgeless limit (minimum-norm interpolation for n < rank,
        least squares for n > rank); negative ridges are allowed down to `stability_edge`.
    rtol : float, optional
        Relative accuracy asked of the effective ridge. 1e-12 or coarser answers large grids from a table
        whose error is measured, some twenty times faster.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    RidgeRisk
        `test` includes the label noise. At n = rank with ridge = 0 the status is ``DIVERGES`` and the error
        is inf, unless there is neither label noise nor irreducible power: the limit is then 0.

    Raises
    ------
    ValueError
        A spectrum without target power, non-positive n, negative noise, NaN, a ridge at or below the edge.

    Notes
    -----
    A universality assumption stands behind kernels: features behave as if Gaussian. It fails visibly for
    ridgeless regression with kernels of very low effective dimension.

    References
    ----------
    hastie2022surprises, simon2023eigenlearning

    Examples
    --------
    >>> from solvable.solvers import Spectrum, ridge_risk
    >>> risk = ridge_risk(Spectrum.isotropic(200), n=[100, 400], ridge=0.0, noise_variance=0.5)
    >>> risk.test  # overparametrised: 1 - n/d + s2/(d/n - 1) + s2; under: s2/(1 - d/n)
    array([1.5, 1. ])
    """
    as_spectrum(spectrum).require_target()
    sigma2 = as_nonnegative("noise_variance", noise_variance)
    point, solution, samples = solve_grid(spectrum, n, ridge, rtol, on_failure, "ridge_risk")
    shape = samples.shape
    _check_noise(sigma2, shape)
    sums = point.sums
    df1, df2, w, slack = (a.reshape(shape) for a in (sums.df1, sums.df2, sums.df1_minus_df2, sums.slack))
    with np.errstate(divide="ignore"):
        overfitting = samples / (slack + w)
        bias = times(overfitting, sums.unlearned.reshape(shape) + spectrum.irreducible_power)
        noise_gain = df2 / (slack + w)
    bias, noise_gain, sigma2 = np.broadcast_arrays(bias, noise_gain, sigma2)
    variance = times(noise_gain, sigma2)
    test = np.asarray(bias + variance + sigma2)
    # interpolation (slack = 0) fits the training labels whatever the test error
    train = times(test, np.broadcast_to((slack / samples) ** 2, test.shape))
    return RidgeRisk(
        test,
        train,
        bias.copy(),
        variance,
        solution.value,
        df1,
        df2,
        solution,
        np.array(np.broadcast_to(sigma2, test.shape)),
    )


def ridge_risk_general(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    cross_moment: ArrayLike,
    second_moment: float,
    *,
    on_failure: OnFailure = "warn",
) -> RidgeRisk:
    r"""Risk for a misspecified target, known only through :math:`\psi = U^T E[x y]` and :math:`V = E[y^2]`.

    .. math:: \mathrm{test} = \frac{n}{n-df_2}\Big[V - \sum_i \psi_i^2\frac{s_i+2\kappa}{(s_i+\kappa)^2}\Big]

    which is `ridge_risk` with target power :math:`\psi_i^2/s_i` and irreducible power
    :math:`V-\sum_i\psi_i^2/s_i`: what no linear predictor can fit acts as label noise. The form above
    cancels; the computation does not use it.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues; its own target power, if any, is ignored.
    n, ridge : array_like
        Samples and un-normalised ridge, broadcast together.
    cross_moment : array_like, shape (modes,)
        :math:`\psi_i`, one for each of ``spectrum.eigenvalues`` (root of the summed squares where a mode has
        multiplicity).
    second_moment : float
        V, label noise included.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    RidgeRisk
        With ``noise_variance = 0``: `bias` and `test` both include everything V includes.

    Raises
    ------
    ValueError
        If V is smaller than the power of the best linear predictor.

    References
    ----------
    schroeder2024structured

    Examples
    --------
    >>> from solvable.solvers import Spectrum, ridge_risk_general
    >>> spectrum = Spectrum([1.0], multiplicities=[200])
    >>> float(ridge_risk_general(spectrum, 400, 0.0, [1.0], second_moment=1.5).test)
    1.0
    """
    target = Spectrum.from_moments(as_spectrum(spectrum).eigenvalues, cross_moment, second_moment)
    full = Spectrum(
        target.eigenvalues,
        target.target_power,
        spectrum.multiplicities,
        target.irreducible_power,
        spectrum.points,
    )
    return ridge_risk(full, n, ridge, on_failure=on_failure)


def ridge_cross_risk(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge_a: ArrayLike,
    ridge_b: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    *,
    on_failure: OnFailure = "warn",
) -> Solution:
    r"""Covariance of the test errors of two ridges fitted to the same data.

    .. math:: E[(y-\hat f_a(x))(y-\hat f_b(x))] =
              \frac{n\,[\sum_i (1-g_i^a)(1-g_i^b) v_i^2 + \sigma^2]}{n - \sum_i g_i^a g_i^b}

    The two-ridge second-order equivalent; equal ridges give the test error. Averages of predictors over the
    ridge (ensembles, tuned mixtures) need it.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power.
    n, ridge_a, ridge_b, noise_variance : array_like
        Broadcast together; ridges are un-normalised.
    on_failure : {"warn", "raise", "ignore"}
        What to do where a fixed point did not converge.

    Returns
    -------
    Solution
        `value` is the cross risk, label noise included; inf with status ``DIVERGES`` where n = rank, both ridges
        are 0 and there is noise.

    Raises
    ------
    ValueError
        As `ridge_risk`.

    References
    ----------
    bach2024projections (second-order equivalents; the two-ridge form is derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, ridge_cross_risk
    >>> float(ridge_cross_risk(Spectrum.isotropic(200), 400, 0.0, 0.0, 0.5).value)
    1.0
    """
    as_spectrum(spectrum).require_target()
    sigma2 = as_nonnegative("noise_variance", noise_variance)
    pair = solve_pair(spectrum, n, ridge_a, ridge_b, on_failure, "ridge_cross_risk")
    _check_noise(sigma2, pair.shape)
    with np.errstate(divide="ignore"):
        value = times(pair.n / pair.gap, pair.unlearned + spectrum.irreducible_power + sigma2)
    return finish(value, pair)


def learnabilities(
    spectrum: Spectrum, n: ArrayLike, ridge: ArrayLike, *, on_failure: OnFailure = "warn"
) -> NDArray[np.float64]:
    r"""Learnability :math:`g_i = s_i/(s_i+\kappa)` of every mode: the factor by which it is shrunk, in the mean.

    :math:`E[\hat v_i] = g_i v_i`. Conservation law: over any orthonormal basis the learnabilities sum to n
    for a ridgeless fit with n <= rank (exactly, for any kernel and any sample), to less with a ridge.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues with multiplicities.
    n, ridge : array_like
        Samples and un-normalised ridge, broadcast together.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    ndarray, shape (*grid, modes)
        In the order of ``spectrum.eigenvalues``.

    Raises
    ------
    ValueError
        As `effective_ridge`.

    References
    ----------
    simon2023eigenlearning

    Examples
    --------
    >>> from solvable.solvers import Spectrum, learnabilities
    >>> spectrum = Spectrum([4.0, 1.0, 0.25], multiplicities=[1, 10, 100])
    >>> round(float(learnabilities(spectrum, 20, 0.0) @ spectrum.multiplicities), 12)
    20.0
    """
    kappa = effective_ridge(spectrum, n, ridge, on_failure=on_failure).value[..., None]
    return np.asarray(spectrum.eigenvalues / (spectrum.eigenvalues + kappa))


def _stationarity(
    spectrum: Spectrum, n: float, noise: float, kappa: Array, slack: Array | None = None
) -> tuple[Array, Array]:
    r"""Test error, and the two terms of its derivative in log kappa as a log ratio: positive where it rises.

    `slack` = n - df1 may be given where it is known better than as a difference (ridge/kappa).

    d log test/d log k = [sum 2 g (1-g)^2 v^2]/[sum (1-g)^2 v^2 + noise] - [sum 2 m g^2 (1-g)]/[n - df2].
    """
    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    k = kappa[:, None]
    g, c = s / (s + k), k / (s + k)
    sums = mode_sums(spectrum, np.full(kappa.size, n), kappa)
    overlap, level = (sums.slack if slack is None else slack) + sums.df1_minus_df2, sums.unlearned + noise
    rise, fall = (g * c**2) @ power * overlap, (g**2 * c) @ m * level
    with np.errstate(divide="ignore", invalid="ignore"):
        return n * level / overlap, np.log(rise / fall)


def _optimum(spectrum: Spectrum, n: float, noise: float, lowest: float) -> tuple[float, float, int]:
    """Best ridge with kappa above `lowest`: scan in log kappa, then the root of the derivative near the best node."""
    from scipy.optimize import brentq

    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    if power.sum() == 0:
        return np.inf, 0.0, 0
    if noise == 0 and lowest == 0:
        return 0.0, 0.0, 0  # least squares without noise has no error to reduce
    # beyond `top` the derivative is positive; below `bottom` (n >= rank, with noise) it is negative
    high, low, signal = s.max(), s.min(), power.sum()
    t, u = s / high, low / s  # squares of eigenvalues may leave the range of doubles, squares of ratios may not
    top = high * (100 * (m @ t**2) / (t @ (power / signal)) * (1 + noise / signal) / n + 10)
    curvature = max(power @ u**2, 1e-300 * signal)
    bottom = 1e-3 * low * min(1.0, np.sqrt(noise / curvature), noise * (m @ u) / (n * curvature))
    start = lowest if lowest > 0 else bottom
    x = np.linspace(np.log(start), np.log(max(top, 2 * start)), 32 + int(16 * np.log(max(top / start, 2.0))))
    risk, slope = _stationarity(spectrum, n, noise, np.exp(x))
    slope[np.abs(slope) < 1e-12] = 0.0  # rounding: at the ridgeless end without noise it is exactly zero
    minima = np.flatnonzero((slope[:-1] < 0) & (slope[1:] >= 0))
    best = minima[np.argmin(risk[minima])] if minima.size else 0
    ends = np.exp(x[[0, best, best + 1]])
    ridges = ends * mode_sums(spectrum, np.full(3, n), ends).slack
    if slope[0] >= 0 and (minima.size == 0 or risk[0] <= risk[best]):
        return (ridges[0] if ridges[0] < -1e-12 * ridges[2] else 0.0), 0.0, x.size

    # the root in the ridge itself, kappa from it: near the ridgeless end the ridge is a small difference in kappa
    def slope_at(t: float) -> float:
        ridge = np.exp(t) if positive else t
        kappa = effective_ridge(spectrum, n, ridge).value.reshape(1)
        return float(_stationarity(spectrum, n, noise, kappa, ridge / kappa)[1][0])

    positive = bool(ridges[1] > -1e-9 * ridges[2])
    low, high = (np.log(max(ridges[1], 1e-12 * ridges[2])), np.log(ridges[2])) if positive else ridges[1:]
    if positive and slope_at(low) >= 0:
        return 0.0, 0.0, x.size
    root, report = brentq(
        slope_at, low, high, xtol=1e-300 if positive else 1e-15 * abs(low), rtol=1e-15, full_output=True
    )
    return float(np.exp(root) if positive else root), abs(slope_at(root)), x.size + report.iterations


def optimal_ridge(
    spectrum: Spectrum, n: ArrayLike, noise_variance: ArrayLike, *, allow_negative: bool = False
) -> Solution:
    r"""Ridge that minimises the test error of `ridge_risk`.

    Minimises over :math:`\kappa`, with :math:`\delta = \kappa(n-df_1)`; the stationary point is the root of the
    derivative, so the ridge is accurate to its conditioning and not to the square root of rounding. For an
    isotropic prior
    (every squared weight equal to :math:`\|\beta\|^2/d`) and any covariance it is
    :math:`\delta^* = \sigma^2 d/\|\beta\|^2`.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power.
    n, noise_variance : array_like
        Broadcast together.
    allow_negative : bool
        Search down to `stability_edge` instead of zero (n < rank): strong spikes aligned with the target
        make the best ridge negative.

    Returns
    -------
    Solution
        `value` is the un-normalised ridge; 0 where the error rises from the ridgeless limit on, inf where
        there is nothing to learn.

    Raises
    ------
    ValueError
        As `ridge_risk`.

    Notes
    -----
    The risk need not be unimodal in the ridge: it is scanned at 16 nodes per factor e of
    :math:`\kappa`, a spacing on which all sums over modes are smooth.

    For n < rank the best ridge is ill-conditioned at small noise: rounding of the target power moves it by about
    1e-16 of the ridge scale :math:`n\kappa`, so its relative accuracy is about 1e-16 over the noise-to-signal
    ratio, and below a ratio of about 1e-12 it is 0. For n > rank no negative ridge can be best.

    References
    ----------
    dobriban2018high

    Examples
    --------
    >>> from solvable.solvers import Spectrum, optimal_ridge
    >>> spectrum = Spectrum.from_parameters([3.0, 1.0, 0.1], [0.2, 0.2, 0.2])
    >>> round(float(optimal_ridge(spectrum, n=10, noise_variance=0.3).value), 10)  # 0.3 * 3 / 0.12
    7.5
    """
    as_spectrum(spectrum).require_target()
    samples, sigma2 = as_positive("n", n), as_nonnegative("noise_variance", noise_variance)
    try:
        samples, sigma2 = np.broadcast_arrays(samples, sigma2)
    except ValueError:
        raise refuse("noise_variance.shape", sigma2.shape, "it must broadcast with n") from None
    spectrum.check_sample_size(samples)
    spectrum = replace(spectrum, points=None)  # warned once is enough
    counts, residual = np.zeros(samples.shape, dtype=np.int64), np.zeros(samples.shape)
    value = np.zeros(samples.shape)
    lowest = effective_ridge(spectrum, samples, 0.0).value
    if allow_negative:
        edge = stability_edge(spectrum, samples).value
        inside = effective_ridge(spectrum, samples, edge * (1 - 1e-9)).value
        lowest = np.where(samples < spectrum.rank, inside, lowest)
    for cell in np.ndindex(samples.shape):
        noise = float(sigma2[cell]) + spectrum.irreducible_power
        value[cell], residual[cell], counts[cell] = _optimum(spectrum, float(samples[cell]), noise, float(lowest[cell]))
    return Solution(value, residual, np.zeros(samples.shape, dtype=np.int8), counts)
