r"""The best ridge of random-feature regression, found in gamma: the ridge is explicit there.

With :math:`\delta(\gamma) = \gamma ab/k`, a = k - z, b = n - z, the test error n N/D, N = (S1 + noise)(a + w) + S2 w
and D = ab + w(a + b), depends on (n, k) and on sums over modes at gamma alone. Its derivative in log gamma is explicit
too (a' = b' = w), a difference of positive terms: the minimum is a root, not a search among values that agree to the
square root of rounding.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.mode_roots import certify_feature_optimum
from solvable.solvers.equivalents.fixed_point import effective_ridge
from solvable.solvers.equivalents.mode_minimum import Take, lowest_minima
from solvable.solvers.equivalents.mode_sums import FloatSums, Term
from solvable.solvers.gridded import gridded
from solvable.solvers.random_features.risk import random_feature_risk
from solvable.solvers.ridge.tuning import optimal_ridge
from solvable.solvers.solution import Certificate, OnFailure, Solution, Status, provable, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, broadcast, refuse, within_range

__all__ = ["optimal_random_feature_ridge"]

Array = NDArray[np.float64]
_NONE = 1e-12  # of its scale: a best ridge below it is 0


class _TestError:
    """Test error over n, N/D, with small = min(n, k) - z, from which a and b follow without cancellation."""

    terms: tuple[Term, ...] = (
        ("m", 1, 1), ("m", 2, 1), ("m", 1, 2), ("m", 2, 2), ("v", 0, 2), ("v", 1, 2), ("v", 1, 1), ("v", 2, 1),
        ("v", 2, 2),
    )  # fmt: skip

    def __init__(self, n: Array, k: Array, noise: Array) -> None:
        """Keep what a and b are made of."""
        self._gap_a, self._gap_b, self._noise = np.maximum(k - n, 0.0), np.maximum(n - k, 0.0), noise

    def factors(self, small: Array, take: Take) -> tuple[Array, Array]:
        """a = k - z and b = n - z."""
        return take(self._gap_a) + small, take(self._gap_b) + small

    def balance(self, sums: FloatSums, small: Array, take: Take) -> tuple[Array, Array]:
        """Positive and negative terms of N'D - ND'.

        Collected so that no two terms of opposite sign cancel: at large noise the best ridge is so large that nothing
        would be left of their difference.
        """
        a, b = self.factors(small, take)
        w, s1, s2 = sums("m", 1, 1), sums("v", 0, 2) + take(self._noise), sums("v", 1, 1)
        both, total, w2 = a * b, a + b, w * w
        rise = (both + w * total) * (sums("v", 1, 2) * a + w * s2)
        fall = s1 * ((sums("m", 2, 1) * a + w2) * a + w2 * w) + s2 * (sums("m", 1, 2) * both + w2 * total + w2 * w)
        return rise, fall

    def bend(self, sums: FloatSums, small: Array, take: Take) -> Array:
        """Derivative of the log ratio in log gamma, where a' = b' = w and (g^p c^q)' = (q g - p c) g^p c^q."""
        a, b = self.factors(small, take)
        w, learned, unlearned, square = (sums("m", p, q) for p, q in ((1, 1), (2, 1), (1, 2), (2, 2)))
        s1, ds1, s2, ds2 = sums("v", 0, 2) + take(self._noise), sums("v", 1, 2), sums("v", 1, 1), sums("v", 2, 1)
        dw, fourth = learned - unlearned, 3 * sums("v", 2, 2)
        bottom, top = a * b + w * (a + b), ds1 * (a + w) + w * ds2
        d_bottom = (w + dw) * (a + b) + 2 * w * w
        d_top = (fourth - ds1) * (a + w) + ds1 * (w + dw) + dw * ds2 + w * (ds2 - fourth)
        first, second = learned * a * a + w * w * (a + w), unlearned * a * b + w * w * (a + b + w)
        d_first = ((learned - 3 * square) * a + 2 * learned * w) * a + w * (2 * dw * (a + w) + w * (w + dw))
        d_second = ((3 * square - unlearned) * a * b + unlearned * w * (a + b)
                    + w * (2 * dw * (a + b + w) + w * (2 * w + dw)))  # fmt: skip
        with np.errstate(divide="ignore", invalid="ignore"):
            fall = (2 * ds1 * first + s1 * d_first + (ds2 - ds1) * second + s2 * d_second) / (s1 * first + s2 * second)
            return np.asarray(d_bottom / bottom + d_top / top - fall)

    def level(self, sums: FloatSums, small: Array, take: Take) -> Array:
        """N/D."""
        a, b = self.factors(small, take)
        w, s1 = sums("m", 1, 1), sums("v", 0, 2) + take(self._noise)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((s1 * (a + w) + sums("v", 1, 1) * w) / (a * b + w * (a + b)))


def _ends(spectrum: Spectrum, n: Array, k: Array, noise: Array) -> tuple[Array, Array]:
    """gamma below which (both at least the rank, with noise) the error falls, and beyond which it rises."""
    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    # gamma large: test = V - 2A/gamma + C/gamma^2, minimal at C/A
    moment, level, trace = float(s @ power), power.sum() + noise, spectrum.trace
    curvature = 3 * float(s**2 @ power) + moment * trace / k + level * (trace**2 / (n * k) + float(s**2 @ m) / n)
    # gamma small: every sum is a monomial from the least of the scales on where two terms meet
    low = s.min()
    u = low / s  # squares of eigenvalues may leave the range of doubles, squares of ratios may not
    first, second, width = float(power @ u), max(float(power @ u**2), 1e-300 * float(power.sum())), float(m @ u)
    least = np.min([np.ones(n.size), np.sqrt(noise / second), noise / max(first, second),
                    noise * width / (n * second)], axis=0)  # fmt: skip
    for spare in (n - spectrum.rank, k - spectrum.rank):
        share = np.where(spare > 0, spare, np.inf)
        least *= np.minimum(1.0, share / np.maximum(n, k)) * np.minimum(1.0, share / width)
    bottom = np.maximum(1e-3 * low * least, 1e-300)
    return bottom, 100 * curvature / moment + 10 * trace / np.minimum(n, k)


def _optimise(spectrum: Spectrum, n: Array, k: Array, noise: Array) -> Solution:
    """Best ridge of flat cells with finite n and k."""
    least = np.minimum(n, k)
    counts, group = np.unique(least, return_inverse=True)
    floor = effective_ridge(spectrum, counts, 0.0).value[group]
    error = _TestError(n, k, noise)
    found = lowest_minima(error, spectrum, least, floor, np.zeros(n.size), _ends(spectrum, n, k, noise), near=True)
    a, b = error.factors(found.small, lambda values: values)
    value = found.kappa * a * b / k
    value[found.at_start | (found.small < _NONE * found.reach)] = 0.0
    value[found.endless] = np.inf
    status = np.where(found.converged, Status.CONVERGED, Status.MAX_ITERATIONS).astype(np.int8)
    return Solution(value, found.residual, status, found.iterations)


def _certificate(spectrum: Spectrum, n: Array, k: Array, noise: Array, value: Array) -> Certificate:
    """Certificate from the root gamma at each best ridge; flat n, k and noise."""
    spectrum = replace(spectrum, points=None)  # warned once is enough
    finite = np.where(np.isinf(value), 0.0, value).ravel()
    gamma = random_feature_risk(spectrum, n, k, finite, on_failure="ignore").gamma
    return certify_feature_optimum(spectrum, n, k, noise, gamma, value, "optimal_random_feature_ridge")


@gridded("n", "k", "noise_variance")
@within_range
def optimal_random_feature_ridge(
    spectrum: Spectrum,
    n: ArrayLike,
    k: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    *,
    on_failure: OnFailure = "warn",
    certify: bool = False,
) -> Solution:
    r"""Ridge that minimises the test error of `random_feature_risk`.

    Loss :math:`\|y-\Phi w\|^2+\delta\|w\|^2` with features divided by :math:`\sqrt k`, as there. At the best ridge the
    test error falls with n and with k: more data and more features never hurt.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power of the kernel in the limit of many features.
    n, k : array_like
        Samples and features, positive, possibly infinite (not both). Broadcast with `noise_variance`.
    noise_variance : array_like
        Label noise, not negative.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the root was not found.
    certify : bool
        Prove in interval arithmetic (python-flint) that each best ridge lies within 1e-12 of
        a minimum of the error, the only one there:
        `certificate` of the solution holds the enclosures.

    Returns
    -------
    Solution
        `value` is the un-normalised ridge: 0 where the ridgeless limit is best (or the best ridge is below about 1e-12
        of its scale), inf where there is nothing to learn. `residual` is the log
        ratio of the positive to the negative terms of the derivative.

    Raises
    ------
    ValueError
        As `random_feature_risk`.

    Notes
    -----
    The risk is not proven unimodal: it is scanned at 16 nodes for a factor e of gamma, and the lowest minimum is
    polished. With n infinite the ridge has no effect and 0 is returned.

    References
    ----------
    simon2024more (monotony; the derivative is derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, optimal_random_feature_ridge, random_feature_risk
    >>> spectrum = Spectrum.power_law(1.4, 1.3, 500)
    >>> best = optimal_random_feature_ridge(spectrum, 80, [20, 80, 320], 0.3).value
    >>> errors = random_feature_risk(spectrum, 80, [20, 80, 320], best, 0.3).test
    >>> bool((errors[1:] < errors[:-1]).all())
    True
    """
    power = as_spectrum(spectrum).require_target()
    samples, features = as_positive("n", n, infinite=True), as_positive("k", k, infinite=True)
    sigma2 = as_nonnegative("noise_variance", noise_variance)
    samples, features, sigma2 = broadcast(n=samples, k=features, noise_variance=sigma2)
    if np.any(np.isinf(samples) & np.isinf(features)):
        raise refuse("n, k", (samples, features), "they must not be infinite together")
    spectrum.check_sample_size(samples[np.isfinite(samples)])
    shape = samples.shape
    samples, features, sigma2 = samples.ravel(), features.ravel(), sigma2.ravel()
    value, residual = np.zeros(samples.size), np.zeros(samples.size)
    status, iterations = np.zeros(samples.size, dtype=np.int8), np.zeros(samples.size, dtype=np.int64)
    kernel = np.isinf(features)
    if kernel.any():
        limit = optimal_ridge(spectrum, samples[kernel], sigma2[kernel])
        value[kernel], residual[kernel] = limit.value, limit.residual
        status[kernel], iterations[kernel] = limit.status, limit.iterations
    noise = sigma2 + spectrum.irreducible_power
    finite = np.isfinite(samples) & ~kernel
    i = np.empty(0, dtype=np.intp)
    if power.sum() == 0:
        value[finite & (noise > 0)] = np.inf
    else:
        # without noise, a fit that spans every mode is exact at ridge 0
        i = np.flatnonzero(finite & ((noise > 0) | (np.minimum(samples, features) < spectrum.rank)))
    if i.size:
        found = _optimise(spectrum, samples[i], features[i], noise[i])
        value[i], residual[i], status[i], iterations[i] = found.value, found.residual, found.status, found.iterations
    solution = Solution.shaped(shape, value, residual, status, iterations)
    report_failures(solution, "optimal_random_feature_ridge", on_failure)
    return provable(solution, partial(_certificate, spectrum, samples, features, sigma2), certify)
