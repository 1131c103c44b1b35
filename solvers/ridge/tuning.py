r"""The best ridge: where the derivative of the test error vanishes.

All terms of the derivative are positive sums over modes, so the minimum is found as the root of their log ratio, to the
accuracy its conditioning allows and not to the square root of rounding.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.mode_roots import certify_optimal_ridge
from solvable.solvers.equivalents.fixed_point import effective_ridge, stability_edge
from solvable.solvers.equivalents.mode_minimum import Take, lowest_minima
from solvable.solvers.equivalents.mode_sums import FloatSums, Term
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import Certificate, Solution, Status, provable, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, broadcast, within_range

__all__ = ["optimal_ridge"]

Array = NDArray[np.float64]
_NONE = 1e-12  # of the scale n kappa: a ridge below it is 0


class _TestError:
    r"""Test error of ridge regression: n level/overlap with level = sum (1-g)^2 v^2 + noise, overlap = n - df2.

    d log test/d log k = [sum 2 g (1-g)^2 v^2]/level - [sum 2 m g^2 (1-g)]/overlap.
    """

    terms: tuple[Term, ...] = (("m", 1, 1), ("m", 2, 1), ("m", 2, 2), ("v", 0, 2), ("v", 1, 2), ("v", 2, 2))

    def __init__(self, noise: Array) -> None:
        self._noise = noise

    def balance(self, sums: FloatSums, small: Array, take: Take) -> tuple[Array, Array]:
        """Parts of the derivative, times level and overlap."""
        return sums("v", 1, 2) * (small + sums("m", 1, 1)), sums("m", 2, 1) * (sums("v", 0, 2) + take(self._noise))

    def bend(self, sums: FloatSums, small: Array, take: Take) -> Array:
        """Derivative of the log ratio; sum g^p c^q has the derivative sum (q g - p c) g^p c^q."""
        level, rising = sums("v", 0, 2) + take(self._noise), sums("v", 1, 2)
        overlap, falling = small + sums("m", 1, 1), sums("m", 2, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = 3 * sums("v", 2, 2) / rising - 1 + 2 * falling / overlap
            return np.asarray(rise - (1 - 3 * sums("m", 2, 2) / falling) - 2 * rising / level)

    def level(self, sums: FloatSums, small: Array, take: Take) -> Array:
        """Test error over n."""
        with np.errstate(divide="ignore"):
            return np.asarray((sums("v", 0, 2) + take(self._noise)) / (small + sums("m", 1, 1)))


def _ends(spectrum: Spectrum, n: Array, noise: Array) -> tuple[Array, Array]:
    """kappa below which (n >= rank, with noise) the error falls, and beyond which it rises."""
    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    high, low, signal = s.max(), s.min(), power.sum()
    t, u = s / high, low / s  # squares of eigenvalues may leave the range of doubles, squares of ratios may not
    top = high * (100 * (m @ t**2) / (t @ (power / signal)) * (1 + noise / signal) / n + 10)
    curvature = max(float(power @ u**2), 1e-300 * signal)
    least = np.minimum(np.sqrt(noise / curvature), noise * (m @ u) / (n * curvature))
    return 1e-3 * low * np.minimum(1.0, least), top


def _optima(spectrum: Spectrum, n: Array, noise: Array, floor: Array, lowest: Array) -> Solution:
    """Best ridge of flat cells with kappa from `lowest` on; `floor` is kappa at ridge 0."""
    bottom, top = _ends(spectrum, n, noise)
    found = lowest_minima(_TestError(noise), spectrum, n, floor, lowest - floor, (bottom, top))
    value = found.kappa * found.small
    # what is left of a difference: 0, unless the search went below it
    value[found.at_start & (value >= -_NONE * found.kappa * n)] = 0.0
    value[~found.at_start & (lowest == floor) & (value < _NONE * found.kappa * found.reach)] = 0.0
    value[found.endless] = np.inf
    status = np.where(found.converged & ~found.endless, Status.CONVERGED, Status.MAX_ITERATIONS).astype(np.int8)
    return Solution(value, found.residual, status, found.iterations)


@gridded("n", "noise_variance")
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
    shape, flat, noise = samples.shape, samples.ravel(), sigma2.ravel() + spectrum.irreducible_power
    counts, group = np.unique(flat, return_inverse=True)
    floors = effective_ridge(spectrum, counts, 0.0).value
    starts = floors
    if allow_negative:
        edge = stability_edge(spectrum, counts).value
        inside = effective_ridge(spectrum, counts, edge * (1 - 1e-9)).value
        starts = np.where(counts < spectrum.rank, inside, floors)
    value, residual = np.zeros(flat.size), np.zeros(flat.size)
    status, iterations = np.zeros(flat.size, dtype=np.int8), np.zeros(flat.size, dtype=np.int64)
    if spectrum.require_target().any():
        # least squares on the whole rank without noise has no error to reduce
        i = np.flatnonzero((noise > 0) | (floors[group] > 0))
        if i.size:
            found = _optima(spectrum, flat[i], noise[i], floors[group[i]], starts[group[i]])
            value[i], residual[i], status[i], iterations[i] = (
                found.value, found.residual, found.status, found.iterations
            )  # fmt: skip
    else:
        value[:] = np.inf
    solution = Solution.shaped(shape, value, residual, status, iterations)
    report_failures(solution, "optimal_ridge", "warn")
    return provable(solution, partial(prove, spectrum, samples, sigma2), certify)


def prove(spectrum: Spectrum, n: Array, noise: Array, value: Array) -> Certificate:
    """Certificate of the best ridge."""
    kappa = effective_ridge(spectrum, n, value).value
    return certify_optimal_ridge(spectrum, n.ravel(), noise.ravel(), kappa.ravel(), value, "optimal_ridge")
