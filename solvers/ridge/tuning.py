r"""The best ridge: where the derivative of the test error vanishes.

All terms of the derivative are positive sums over modes, so the minimum is found as the root of their log ratio, to the
accuracy its conditioning allows and not to the square root of rounding.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.mode_roots import certify_optimal_ridge
from solvable.solvers.equivalents.fixed_point import effective_ridge, mode_sums, stability_edge
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.solution import Certificate, Solution, provable
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, broadcast, within_range

__all__ = ["optimal_ridge"]

Array = NDArray[np.float64]
_MANY = 50_000  # modes from which on the scan is over a thinned spectrum
_WIDTH = 1e-2  # of its bins, in log eigenvalue


def _stationarity(
    spectrum: Spectrum, n: float, noise: float, kappa: Array, slack: Array | None = None
) -> tuple[Array, Array]:
    r"""Test error, and the two terms of its derivative in log kappa as a log ratio: positive where it rises.

    `slack` = n - df1 may be given where it is known better than as a difference (ridge/kappa).

    d log test/d log k = [sum 2 g (1-g)^2 v^2]/[sum (1-g)^2 v^2 + noise] - [sum 2 m g^2 (1-g)]/[n - df2].
    """
    terms = (("m", 1, 1), ("m", 2, 1), ("v", 0, 2), ("v", 1, 2))
    difference, _, sums = Modes.of(spectrum, "m", "v").remainder(np.full(kappa.size, n), kappa, *terms)
    overlap, level = (difference if slack is None else slack) + sums("m", 1, 1), sums("v", 0, 2) + noise
    rise, fall = sums("v", 1, 2) * overlap, sums("m", 2, 1) * level
    with np.errstate(divide="ignore", invalid="ignore"):
        return n * level / overlap, np.log(rise / fall)


def _thinned(spectrum: Spectrum) -> Spectrum:
    """Modes of almost equal eigenvalues as one: sums change by about `_WIDTH`, good enough to place a minimum."""
    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    if s.size < _MANY:
        return spectrum
    place = np.log(s)
    lowest = place.min()
    place -= lowest
    bins = (place / _WIDTH).astype(np.intp)  # 150,000 at most in the range of doubles: counted, not sorted
    weight = np.bincount(bins, m)
    kept = weight > 0
    place *= m
    mean = np.exp(lowest + np.bincount(bins, place)[kept] / weight[kept])  # geometric: no sum leaves the doubles
    return Spectrum(mean, np.bincount(bins, power)[kept], weight[kept])


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
    thin = _thinned(spectrum)
    risk, slope = _stationarity(thin, n, noise, np.exp(x))
    slope[np.abs(slope) < 1e-12] = 0.0  # rounding: at the ridgeless end without noise it is exactly zero
    minima = np.flatnonzero((slope[:-1] < 0) & (slope[1:] >= 0))
    best = minima[np.argmin(risk[minima])] if minima.size else 0
    nodes = np.array([0, best, best + 1])
    ends = np.exp(x[nodes])
    if thin is not spectrum:
        risk[nodes], slope[nodes] = _stationarity(spectrum, n, noise, ends)
        slope[nodes] = np.where(np.abs(slope[nodes]) < 1e-12, 0.0, slope[nodes])
    ridges = ends * mode_sums(spectrum, np.full(3, n), ends).slack
    if slope[0] >= 0 and (minima.size == 0 or risk[0] <= risk[best]):
        return (ridges[0] if ridges[0] < -1e-12 * ridges[2] else 0.0), 0.0, x.size

    # the root in the ridge itself, kappa from it: near the ridgeless end the ridge is a small difference in kappa
    @cache  # the ends of a bracket and the root are asked for again
    def slope_at(t: float, modes: Spectrum = spectrum) -> float:
        ridge = np.exp(t) if positive else t
        kappa = effective_ridge(modes, n, ridge).value.reshape(1)
        return float(_stationarity(modes, n, noise, kappa, ridge / kappa)[1][0])

    positive = bool(ridges[1] > -1e-9 * ridges[2])
    low, high = (np.log(max(ridges[1], 1e-12 * ridges[2])), np.log(ridges[2])) if positive else ridges[1:]
    if positive and slope_at(low) >= 0:
        return 0.0, 0.0, x.size
    if thin is not spectrum and positive and slope_at(low, thin) < 0 < slope_at(high, thin):
        near = brentq(slope_at, low, high, args=(thin,))
        below, above = max(low, near - 4 * _WIDTH), min(high, near + 4 * _WIDTH)
        if slope_at(below) < 0 < slope_at(above):
            low, high = below, above
    root, report = brentq(
        slope_at, low, high, xtol=1e-300 if positive else 1e-15 * abs(low), rtol=1e-15, full_output=True
    )
    return float(np.exp(root) if positive else root), abs(slope_at(root)), x.size + report.iterations


@within_range
def optimal_ridge(
    spectrum: Spectrum,
    n: ArrayLike,
    noise_variance: ArrayLike,
    *,
    allow_negative: bool = False,
    certify: bool = False,
) -> Solution:
    r"""Ridge that minimises the test error of `ridge_risk`.

    Un-normalised, :math:`\|y-Xw\|^2+\delta\|w\|^2`. Minimises over :math:`\kappa`, with
    :math:`\delta = \kappa(n-df_1)`; the stationary point is the root of the derivative, so the ridge is accurate to its
    conditioning and not to the square root of rounding. For an isotropic prior
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
    certify : bool
        Prove in interval arithmetic (python-flint) that each best ridge lies within 1e-12 of
        a minimum of the error, the only one there:
        `certificate` of the solution holds the enclosures.

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
    samples, sigma2 = broadcast(n=samples, noise_variance=sigma2)
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
    solution = Solution(value, residual, np.zeros(samples.shape, dtype=np.int8), counts)
    return provable(solution, partial(prove, spectrum, samples, sigma2), certify)


def prove(spectrum: Spectrum, n: Array, noise: Array, value: Array) -> Certificate:
    """Certificate of the best ridge."""
    kappa = effective_ridge(spectrum, n, value).value
    return certify_optimal_ridge(spectrum, n.ravel(), noise.ravel(), kappa.ravel(), value, "optimal_ridge")
