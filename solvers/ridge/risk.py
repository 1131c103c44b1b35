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

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.equivalents.fixed_point import effective_ridge, solve_grid
from solvable.solvers.equivalents.mode_sums import learned
from solvable.solvers.equivalents.resolvent import finish, solve_pair, times
from solvable.solvers.gridded import gridded
from solvable.solvers.ridge.sample_check import warn_where_data_disagree
from solvable.solvers.ridge.tuning import optimal_ridge
from solvable.solvers.solution import OnFailure, Risk, Solution, record
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_real, refuse, within_range

__all__ = [
    "RidgeRisk",
    "learnabilities",
    "optimal_ridge",
    "ridge_cross_risk",
    "ridge_risk",
    "ridge_risk_general",
]

Array = NDArray[np.float64]


@record
class RidgeRisk(Risk):
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
    excess : ndarray
        Test error without the label noise, ``bias + variance``.
    """

    effective_ridge: Array
    df1: Array
    df2: Array
    solution: Solution


def _check_noise(sigma2: Array, shape: tuple[int, ...]) -> None:
    try:
        np.broadcast_shapes(shape, sigma2.shape)
    except ValueError:
        raise refuse("noise_variance.shape", sigma2.shape, f"it must broadcast with the grid {shape}") from None


@gridded("n", "ridge", "noise_variance")
@within_range
def ridge_risk(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    *,
    rtol: float = 5e-13,
    on_failure: OnFailure = "warn",
    certify: bool = False,
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
        Relative accuracy asked of the effective ridge on large grids. At 1e-13 or coarser they are answered from a
        table whose error is measured, fifty times faster; small grids are solved to rounding.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.
    certify : bool
        Prove in interval arithmetic (python-flint) that each effective ridge lies within 1e-12 of
        a root, the only one there: `certificate` of the risk's solution holds the enclosures.

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
    ridgeless regression with kernels of very low effective dimension. A spectrum that was estimated from data
    (`Spectrum.from_kernel`, `Spectrum.from_features`) is tried on them: where leave-one-out at the fewest and the most
    samples (up to 1,600), with the smallest ridge, is off by more than a fifth, a `FinitePoolWarning` says by what
    factor.

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
    point, solution, samples = solve_grid(spectrum, n, ridge, rtol, on_failure, "ridge_risk", certify=certify)
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
    noise = np.array(np.broadcast_to(sigma2, test.shape))
    warn_where_data_disagree(spectrum, samples, as_real("ridge", ridge), sigma2, test)
    return RidgeRisk(test, train, bias.copy(), variance, noise, solution.value, df1, df2, solution)


@gridded("n", "ridge")
@within_range
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

    The fit minimises :math:`\|y-Xw\|^2+\delta\|w\|^2` (un-normalised ridge).

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


@gridded("n", "ridge_a", "ridge_b", "noise_variance")
@within_range
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


@within_range
def learnabilities(
    spectrum: Spectrum, n: ArrayLike, ridge: ArrayLike, *, on_failure: OnFailure = "warn"
) -> NDArray[np.float64]:
    r"""Learnability :math:`g_i = s_i/(s_i+\kappa)` of every mode: the factor by which it is shrunk, in the mean.

    The fit minimises :math:`\|y-Xw\|^2+\delta\|w\|^2` (un-normalised ridge).
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
    return learned(spectrum.eigenvalues, kappa)
