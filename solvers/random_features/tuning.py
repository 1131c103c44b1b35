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
from solvable.solvers.random_features.risk import random_feature_risk
from solvable.solvers.random_features.root import minus_floor
from solvable.solvers.ridge.tuning import optimal_ridge
from solvable.solvers.solution import Certificate, OnFailure, Solution, Status, provable, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, broadcast, refuse, within_range

__all__ = ["optimal_random_feature_ridge"]

Array = NDArray[np.float64]
_NODES = 12  # scan nodes for a factor e of gamma: the sums over modes are smooth on that scale
_CHUNK = 1 << 17


def _terms(spectrum: Spectrum, gamma: Array) -> Array:
    """Sums w = (gc, m), (g^2 c, m), (g c^2, m), S1 = (c^2, v^2), (g c^2, v^2), S2 = (gc, v^2), (g^2 c, v^2)."""
    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    out = np.empty((7, gamma.size))
    step = max(1, _CHUNK // s.size)
    with np.errstate(under="ignore"):
        for first in range(0, gamma.size, step):
            cells = slice(first, first + step)
            x = gamma[cells, None]
            g, c = s / (s + x), x / (s + x)
            gc = g * c
            out[0, cells], out[1, cells], out[2, cells] = gc @ m, (gc * g) @ m, (gc * c) @ m
            out[3, cells], out[4, cells] = (c * c) @ power, (gc * c) @ power
            out[5, cells], out[6, cells] = gc @ power, (gc * g) @ power
    return out


def _slope_and_level(terms: Array, a: Array, b: Array, noise: Array) -> tuple[Array, Array]:
    """Log ratio of the positive to the negative terms of N'D - ND' (positive where the error rises), and test/n.

    Collected so that no two terms of opposite sign cancel: at large noise the best ridge is so large that nothing would
    be left of their difference.
    """
    w, learned, unlearned, s1, ds1, s2, ds2 = terms
    bottom = a * b + w * (a + b)
    rise = 2 * bottom * (ds1 * (a + w) + w * ds2)
    fall = 2 * (s1 + noise) * (learned * a * a + w * w * (a + w)) + 2 * s2 * (unlearned * a * b + w * w * (a + b + w))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.clip(np.log(rise) - np.log(fall), -1e4, 1e4)
        return ratio, ((s1 + noise) * (a + w) + s2 * w) / bottom


def _factors(spectrum: Spectrum, n: Array, k: Array, floor: Array, gap: Array) -> tuple[Array, Array]:
    """a = k - z and b = n - z at gamma = floor + gap, without cancellation."""
    least = np.minimum(n, k)
    small = minus_floor(spectrum, gap, floor + gap, floor) + np.maximum(least - spectrum.rank, 0.0)
    large = np.abs(n - k) + small
    return np.where(n > k, small, large), np.where(n > k, large, small)


def _brackets(
    spectrum: Spectrum, n: Array, k: Array, noise: Array, floor: Array, lowest: Array
) -> tuple[Array, Array, NDArray[np.int8]]:
    """Interval of log(gamma - floor) around the lowest minimum of each cell; -1 where ridge 0 is best, 1 where inf."""
    s, m, power = spectrum.eigenvalues, spectrum.multiplicities, spectrum.require_target()
    # gamma large: test = V - 2A/gamma + C/gamma^2, minimal at C/A
    moment, level, least = float(s @ power), power.sum() + noise, np.minimum(n, k)
    trace = spectrum.trace
    curvature = 3 * float(s**2 @ power) + moment * trace / k + level * (trace**2 / (n * k) + float(s**2 @ m) / n)
    top = 100 * curvature / moment + 10 * trace / least
    start, stop = np.log(lowest), np.log(top)
    count = int(np.ceil(_NODES * max(float((stop - start).max()), 1.0)))
    x = start + (stop - start) * np.linspace(0, 1, count)[:, None]
    gap = np.exp(x)
    samples, features, base = (np.broadcast_to(array, x.shape).ravel() for array in (n, k, floor))
    a, b = _factors(spectrum, samples, features, base, gap.ravel())
    terms = _terms(spectrum, (floor + gap).ravel())
    slope, value = _slope_and_level(terms, a, b, np.broadcast_to(noise, x.shape).ravel())
    slope, value = slope.reshape(x.shape), value.reshape(x.shape)
    turns = (slope[:-1] < 0) & (slope[1:] >= 0)
    index = np.argmin(np.where(turns, np.minimum(value[:-1], value[1:]), np.inf), axis=0)
    cells = np.arange(n.size)
    best = np.where(turns.any(axis=0), value[index, cells], np.inf)
    kind = np.zeros(n.size, dtype=np.int8)
    kind[~turns.any(axis=0) & (slope[-1] < 0)] = 1
    kind[(slope[0] >= 0) & (value[0] <= best)] = -1
    return x[index, cells], x[index + 1, cells], kind


def _optimise(
    spectrum: Spectrum, n: Array, k: Array, noise: Array
) -> tuple[Array, Array, NDArray[np.int8], NDArray[np.int64]]:
    """Best ridge, residual, status and iterations for flat cells with finite n and k."""
    from scipy.optimize.elementwise import find_root

    least = np.minimum(n, k)
    floor = np.where(least < spectrum.rank, effective_ridge(spectrum, least, 0.0).value, 0.0)
    scale = np.where(floor > 0, floor, spectrum.eigenvalues.min() * np.minimum(1.0, noise / spectrum.trace))
    lowest = np.maximum(1e-12 * scale, 1e-280)
    left, right, kind = _brackets(spectrum, n, k, noise, floor, lowest)
    value = np.where(kind < 0, 0.0, np.inf)
    residual, iterations = np.zeros(n.size), np.zeros(n.size, dtype=np.int64)
    status = np.zeros(n.size, dtype=np.int8)
    inner = np.flatnonzero(kind == 0)
    if inner.size:

        def slope(x: Array, i: Array) -> Array:
            j = inner[i.astype(np.intp)]
            gap = np.exp(x)
            a, b = _factors(spectrum, n[j], k[j], floor[j], gap)
            return _slope_and_level(_terms(spectrum, floor[j] + gap), a, b, noise[j])[0]

        found = find_root(
            slope, (left[inner], right[inner]), args=(np.arange(inner.size, dtype=float),),
            tolerances={"xatol": 1e-14, "xrtol": 1e-15, "fatol": 1e-16, "frtol": 0.0},
        )  # fmt: skip
        gap = np.exp(found.x)
        a, b = _factors(spectrum, n[inner], k[inner], floor[inner], gap)
        value[inner] = (floor[inner] + gap) * a * b / k[inner]
        residual[inner], iterations[inner] = np.abs(found.f_x), found.nfev
        status[inner] = np.where(found.success, Status.CONVERGED, Status.MAX_ITERATIONS)
    return value, residual, status, iterations


def _certificate(spectrum: Spectrum, n: Array, k: Array, noise: Array, value: Array) -> Certificate:
    """Certificate from the root gamma at each best ridge; flat n, k and noise."""
    spectrum = replace(spectrum, points=None)  # warned once is enough
    finite = np.where(np.isinf(value), 0.0, value).ravel()
    gamma = random_feature_risk(spectrum, n, k, finite, on_failure="ignore").gamma
    return certify_feature_optimum(spectrum, n, k, noise, gamma, value, "optimal_random_feature_ridge")


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
    The risk is not proven unimodal: it is scanned at 12 nodes for a factor e of gamma, and the lowest minimum is
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
        value[i], residual[i], status[i], iterations[i] = _optimise(spectrum, samples[i], features[i], noise[i])
    solution = Solution.shaped(shape, value, residual, status, iterations)
    report_failures(solution, "optimal_random_feature_ridge", on_failure)
    return provable(solution, partial(_certificate, spectrum, samples, features, sigma2), certify)
