r"""Ridge regression on Gaussian random features: one equation for the risk, free of cancellation.

Kernel eigenpairs :math:`(s_i,\phi_i)`, k features with kernel :math:`\hat K = (1/k)\sum_j\phi_j\phi_j^T`, n samples,
un-normalised ridge :math:`\delta` (minimise :math:`\|y-\Phi w\|^2+\delta\|w\|^2`, features :math:`\phi/\sqrt k`). With
:math:`z = \sum m s/(s+\gamma)`, :math:`q = \sum m (s/(s+\gamma))^2`, :math:`w=z-q`, :math:`a=k-z`, :math:`b=n-z`:

.. math:: \gamma\,a\,b = k\,\delta, \qquad
          \mathrm{test} = \frac{n[(S_1+\sigma^2)(a+w) + S_2 w]}{ab+w(a+b)}, \qquad
          \mathrm{train} = (b/n)^2\,\mathrm{test},

:math:`S_1=\sum(1-g)^2v^2`, :math:`S_2=\sum g(1-g)v^2`, g = s/(s+gamma).
Every term is non-negative. The smaller of a and b is written with
:math:`\gamma-\gamma_{min}`, z(gamma_min) = min(n, k).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.fixed_point import effective_ridge
from solvable.solvers.resolvent import times
from solvable.solvers.ridge import ridge_risk
from solvable.solvers.solution import OnFailure, Solution, Status, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, refuse

__all__ = ["RandomFeatureRisk", "random_feature_risk"]

Array = NDArray[np.float64]
_EPS = float(np.finfo(float).eps)
_CHUNK = 1 << 17
_MAX_ITERATIONS = 200


@dataclass(frozen=True)
class RandomFeatureRisk:
    r"""Risk of random-feature ridge regression over the broadcast grid of (n, k, ridge, noise_variance).

    Attributes
    ----------
    test, train : ndarray
        Expected squared error on a fresh noisy label, and on the training labels.
    bias, variance : ndarray
        The part without and the part due to label noise; ``bias + variance + noise_variance = test``. The randomness
        of the features counts as bias.
    gamma : ndarray
        Root of :math:`\gamma(k-z)(n-z)=k\delta`; the effective ridge of the limit of many features.
    effective_ridge : ndarray
        :math:`\kappa = \gamma(k-z)/k = \delta/(n-z)`.
    z, q : ndarray
        :math:`\sum m g` and :math:`\sum m g^2` at `gamma`.
    solution : Solution
        Residual, status and iterations on the grid of (n, k, ridge); `value` is `gamma`.
    noise_variance : ndarray
        The label noise the risk was computed for.
    """

    test: Array
    train: Array
    bias: Array
    variance: Array
    gamma: Array
    effective_ridge: Array
    z: Array
    q: Array
    solution: Solution
    noise_variance: Array

    @property
    def excess(self) -> Array:
        """Test error without the label noise."""
        return self.bias + self.variance


def _sums(spectrum: Spectrum, gamma: Array) -> Array:
    """z, q, w, S1, S2 at each gamma; a last row is left for min(n, k) - z."""
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    power = spectrum.require_target()
    out = np.zeros((6, gamma.size))
    step = max(1, _CHUNK // s.size)
    with np.errstate(under="ignore"):
        for first in range(0, gamma.size, step):
            cells = slice(first, first + step)
            x = gamma[cells, None]
            g, c = s / (s + x), x / (s + x)
            out[0, cells], out[1, cells], out[2, cells] = g @ m, (g * g) @ m, (g * c) @ m
            out[3, cells], out[4, cells] = (c * c) @ power, (g * c) @ power
    return out


def _solve(
    spectrum: Spectrum, n: Array, k: Array, delta: Array
) -> tuple[Array, Array, Array, NDArray[np.int8], NDArray[np.int64]]:
    """Positive ridge, finite n and k: Newton in log(gamma - gamma_min), bisection where it leaves the bracket."""
    least = np.minimum(n, k)
    spare = np.maximum(least - spectrum.rank, 0.0)
    floor = np.where(least < spectrum.rank, effective_ridge(spectrum, least, 0.0).value, 0.0)
    low = np.full(n.size, -745.0) + np.log(np.maximum(floor, spectrum.trace / least))
    high = np.log(np.maximum(2 * spectrum.trace / least, 4 * delta / n) + 4 * delta / k) + 1.0
    x = np.log(delta / n + spectrum.trace / least)
    spent, status = np.zeros(n.size, dtype=np.int64), np.full(n.size, Status.MAX_ITERATIONS, dtype=np.int8)
    value, residual = np.empty(n.size), np.full(n.size, np.inf)
    sums = np.empty((6, n.size))
    active = np.arange(n.size)
    for count in range(1, _MAX_ITERATIONS + 1):
        gap = np.exp(x[active])
        gamma = floor[active] + gap
        now = _sums(spectrum, gamma)
        now[5] = _minus_floor(spectrum, gap, gamma, floor[active])
        small = now[5] + spare[active]
        large = np.abs(n[active] - k[active]) + small
        with np.errstate(divide="ignore"):
            h = np.log(gamma) + np.log(small) + np.log(large) - np.log(k[active]) - np.log(delta[active])
        slope = gap / gamma * (1 + now[2] / small + now[2] / large)
        low[active] = np.where(h < 0, x[active], low[active])
        high[active] = np.where(h > 0, x[active], high[active])
        value[active], sums[:, active], spent[active] = gamma, now, count
        residual[active] = np.abs(h)
        with np.errstate(invalid="ignore", over="ignore"):
            trial = x[active] - h / slope
        inside = (trial > low[active]) & (trial < high[active])
        trial = np.where(inside, trial, (low[active] + high[active]) / 2)
        done = (np.abs(h) <= 1e-14 * np.maximum(1.0, np.abs(np.log(delta[active])))) | (
            np.abs(trial - x[active]) <= 4 * _EPS * np.maximum(np.abs(x[active]), 1.0)
        )
        status[active[done]] = Status.CONVERGED
        x[active] = trial
        active = active[~done]
        if active.size == 0:
            break
    report = (np.asarray(residual), np.asarray(status), np.asarray(spent))
    return np.asarray(value), np.asarray(sums), *report


def _minus_floor(spectrum: Spectrum, gap: Array, gamma: Array, floor: Array) -> Array:
    """min(n, k) - z (up to the spare) from gap = gamma - gamma_min itself, which may be far below rounding of gamma."""
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    out = np.empty(gap.size)
    step = max(1, _CHUNK // s.size)
    for first in range(0, gap.size, step):
        c = slice(first, first + step)
        out[c] = gap[c] * ((s / ((s + gamma[c, None]) * (s + floor[c, None]))) @ m)
    return out


def random_feature_risk(
    spectrum: Spectrum,
    n: ArrayLike,
    k: ArrayLike,
    ridge: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    *,
    on_failure: OnFailure = "warn",
) -> RandomFeatureRisk:
    r"""Test and training error, bias and variance of ridge regression on k Gaussian random features.

    Loss :math:`\|y-\Phi w\|^2+\delta\|w\|^2` with features divided by :math:`\sqrt k`: for features without the
    :math:`1/\sqrt k` and penalty :math:`n\lambda\|w\|^2`, :math:`\delta = n\lambda/k`.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power of the kernel in the limit of many features.
    n, k : array_like
        Samples and features, positive. ``k = inf`` is kernel ridge regression, ``n = inf`` the approximation error of
        the features.
    ridge, noise_variance : array_like
        Un-normalised ridge and label noise, not negative; all four broadcast together. ``ridge = 0`` is the
        minimum-norm limit on both sides of n = k.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the iteration did not converge.

    Returns
    -------
    RandomFeatureRisk
        inf with status ``DIVERGES`` at n = k (or min(n, k) = rank) with ridge 0, unless there is nothing to amplify.

    Raises
    ------
    ValueError
        A spectrum without target power, n or k not positive, both infinite, a negative ridge or noise, NaN.

    Notes
    -----
    Exact as n, k and the effective dimension grow together. n and k enter :math:`\gamma` symmetrically at fixed
    :math:`k\delta`.

    References
    ----------
    simon2024more (the one-unknown form is derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, random_feature_risk
    >>> risk = random_feature_risk(Spectrum.power_law(1.5, 1.5, 1500, tail=False), 100, [60, 400], 0.1, 0.5)
    >>> risk.test.round(4)
    array([1.4964, 1.1108])
    """
    as_spectrum(spectrum).require_target()
    samples, features = as_positive("n", n, infinite=True), as_positive("k", k, infinite=True)
    delta, sigma2 = as_nonnegative("ridge", ridge), as_nonnegative("noise_variance", noise_variance)
    try:
        samples, features, delta = np.broadcast_arrays(samples, features, delta)
        shape = np.broadcast_shapes(samples.shape, sigma2.shape)
    except ValueError:
        shapes = tuple(a.shape for a in (samples, features, delta, sigma2))
        raise refuse("n, k, ridge, noise_variance shapes", shapes, "they must broadcast together") from None
    if np.any(np.isinf(samples) & np.isinf(features)):
        raise refuse("n, k", (samples, features), "they must not be infinite together")
    spectrum.check_sample_size(samples[np.isfinite(samples)])
    grid = samples.shape
    cell = _cells(spectrum, samples.ravel(), features.ravel(), delta.ravel())
    solution = Solution.shaped(grid, cell.gamma, cell.residual, cell.status, cell.iterations)
    report_failures(solution, "random_feature_risk", on_failure)
    noise = np.array(np.broadcast_to(sigma2, shape))
    bias = np.array(np.broadcast_to(times(cell.gain, cell.unlearned).reshape(grid), shape))
    variance = times(np.broadcast_to(cell.noise_gain.reshape(grid), shape), noise)
    test = bias + variance + noise
    train = times(test, np.broadcast_to(cell.train_factor.reshape(grid), shape))
    z, q, kappa = (array.reshape(grid) for array in (cell.z, cell.q, cell.kappa))
    return RandomFeatureRisk(test, train, bias, variance, solution.value, kappa, z, q, solution, noise)


@dataclass
class _Cells:
    """Flat results for every cell: test = gain*unlearned + noise*(1 + noise_gain)."""

    gamma: Array
    kappa: Array
    z: Array
    q: Array
    gain: Array
    unlearned: Array
    noise_gain: Array
    train_factor: Array
    residual: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]

    @classmethod
    def zeros(cls, size: int) -> _Cells:
        """All fields zero."""
        reals = {name: np.zeros(size) for name in cls.__dataclass_fields__ if name not in ("status", "iterations")}
        return cls(**reals, status=np.zeros(size, dtype=np.int8), iterations=np.zeros(size, dtype=np.int64))


def _cells(spectrum: Spectrum, n: Array, k: Array, delta: Array) -> _Cells:
    """Dispatch: kernel limit, infinite data, ridgeless, and the regular equation."""
    size = n.size
    out = _Cells.zeros(size)
    irreducible = spectrum.irreducible_power
    kernel = np.flatnonzero(np.isinf(k))
    if kernel.size:
        _kernel_limit(spectrum, n, delta, kernel, out)
    data = np.flatnonzero(np.isinf(n))
    finite = np.isfinite(n) & np.isfinite(k)
    regular = np.flatnonzero(finite & (delta > 0))
    ridgeless = np.flatnonzero(finite & (delta == 0))
    a, b, sums = np.zeros(size), np.zeros(size), np.zeros((6, size))
    if regular.size:
        i = regular
        out.gamma[i], sums[:, i], out.residual[i], out.status[i], out.iterations[i] = _solve(
            spectrum, n[i], k[i], delta[i]
        )
        small = sums[5, i] + np.maximum(np.minimum(n[i], k[i]) - spectrum.rank, 0.0)
        large = np.abs(n[i] - k[i]) + small
        a[i], b[i] = np.where(n[i] > k[i], small, large), np.where(n[i] > k[i], large, small)
    still = np.r_[ridgeless, data]
    if still.size:
        least = np.minimum(n[still], k[still])
        floor = effective_ridge(spectrum, least, 0.0).value
        out.gamma[still], sums[:, still] = floor, _sums(spectrum, floor)
        spare = np.maximum(least - spectrum.rank, 0.0)
        a[still], b[still] = k[still] - least + spare, n[still] - least + spare
    cells = np.r_[regular, ridgeless]
    w = sums[2]
    # gamma = 0: a drops out of the risk, which is then least squares on the whole rank
    a[(w == 0) & (a == 0)] = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        i = cells
        den = a[i] * b[i] + w[i] * (a[i] + b[i])
        weighted = (sums[3, i] + irreducible) * (a[i] + w[i]) + sums[4, i] * w[i]
        out.gain[i], out.unlearned[i] = n[i] / den, weighted
        out.noise_gain[i] = (a[i] * sums[1, i] + w[i] * sums[0, i]) / den
        out.train_factor[i] = (b[i] / n[i]) ** 2
        out.kappa[i] = out.gamma[i] * a[i] / k[i]
        out.status[i[den == 0]] = Status.DIVERGES
        # infinite data: a = 0 unless k exceeds the rank; the fit is the best in the span of the features
        j = data
        share = np.where(w[j] > 0, w[j] / (a[j] + w[j]), 0.0)
        out.gain[j], out.unlearned[j] = 1.0, sums[3, j] + irreducible + sums[4, j] * share
        out.train_factor[j] = 1.0
    for name, row in (("z", 0), ("q", 1)):
        getattr(out, name)[np.r_[cells, data]] = sums[row, np.r_[cells, data]]
    return out


def _kernel_limit(spectrum: Spectrum, n: Array, delta: Array, cells: NDArray[np.intp], out: _Cells) -> None:
    """Infinitely many features: kernel ridge regression, gamma = kappa."""
    risk = ridge_risk(spectrum, n[cells], delta[cells], 1.0)
    out.gamma[cells] = out.kappa[cells] = risk.effective_ridge
    out.z[cells], out.q[cells] = risk.df1, risk.df2
    out.gain[cells], out.unlearned[cells], out.noise_gain[cells] = 1.0, risk.bias, risk.variance
    with np.errstate(invalid="ignore"):
        out.train_factor[cells] = np.where(np.isfinite(risk.test), risk.train / risk.test, 0.0)
    out.residual[cells], out.status[cells] = risk.solution.residual, risk.solution.status
    out.iterations[cells] = risk.solution.iterations
