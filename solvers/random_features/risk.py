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
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.mode_roots import certify_feature_root
from solvable.solvers.equivalents.fixed_point import effective_ridge
from solvable.solvers.equivalents.mode_sums import FloatSums, Modes
from solvable.solvers.equivalents.resolvent import times
from solvable.solvers.gridded import gridded
from solvable.solvers.random_features.root import TERMS, solve_feature_root
from solvable.solvers.ridge.risk import ridge_risk
from solvable.solvers.solution import OnFailure, Risk, Solution, Status, provable, record, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, broadcast, refuse, within_range

__all__ = ["RandomFeatureRisk", "random_feature_risk"]

Array = NDArray[np.float64]


@record
class RandomFeatureRisk(Risk):
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
    excess : ndarray
        Test error without the label noise, ``bias + variance``.
    """

    gamma: Array
    effective_ridge: Array
    z: Array
    q: Array
    solution: Solution


@gridded("n", "k", "ridge", "noise_variance")
@within_range
def random_feature_risk(
    spectrum: Spectrum,
    n: ArrayLike,
    k: ArrayLike,
    ridge: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    *,
    rtol: float = 5e-13,
    on_failure: OnFailure = "warn",
    certify: bool = False,
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
    rtol : float, optional
        Relative accuracy asked of large grids. At 1e-13 or coarser they are answered from an interpolation table whose
        error is measured; cells where that is not good enough, and small grids, are solved one by one, to rounding.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the iteration did not converge.
    certify : bool
        Prove in interval arithmetic (python-flint) that each gamma lies within 1e-12 of a root, the only one there:
        `certificate` of the risk's solution holds the enclosures.

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
    if not 0 < as_scalar("rtol", rtol) < 1:
        raise refuse("rtol", rtol, "it must lie strictly between 0 and 1")
    samples, features = as_positive("n", n, infinite=True), as_positive("k", k, infinite=True)
    delta, sigma2 = as_nonnegative("ridge", ridge), as_nonnegative("noise_variance", noise_variance)
    shape = broadcast(n=samples, k=features, ridge=delta, noise_variance=sigma2)[0].shape
    samples, features, delta = broadcast(n=samples, k=features, ridge=delta)
    if np.any(np.isinf(samples) & np.isinf(features)):
        raise refuse("n, k", (samples, features), "they must not be infinite together")
    spectrum.check_sample_size(samples[np.isfinite(samples)])
    grid = samples.shape
    cell = _cells(spectrum, samples.ravel(), features.ravel(), delta.ravel(), rtol)
    solution = Solution.shaped(grid, cell.gamma, cell.residual, cell.status, cell.iterations)
    report_failures(solution, "random_feature_risk", on_failure)
    proof = partial(certify_feature_root, spectrum, samples.ravel(), features.ravel(), delta.ravel(), kappa=cell.kappa,
                    what="random_feature_risk")  # fmt: skip
    solution = provable(solution, proof, certify)
    noise = np.array(np.broadcast_to(sigma2, shape))
    bias = np.array(np.broadcast_to(times(cell.gain, cell.unlearned).reshape(grid), shape))
    variance = times(np.broadcast_to(cell.noise_gain.reshape(grid), shape), noise)
    test = bias + variance + noise
    train = times(test, np.broadcast_to(cell.train_factor.reshape(grid), shape))
    z, q, kappa = (array.reshape(grid) for array in (cell.z, cell.q, cell.kappa))
    return RandomFeatureRisk(test, train, bias, variance, noise, solution.value, kappa, z, q, solution)


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


def _cells(spectrum: Spectrum, n: Array, k: Array, delta: Array, rtol: float) -> _Cells:
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
    a, b, sums = np.zeros(size), np.zeros(size), FloatSums.zeros(TERMS, size)
    if regular.size:
        i = regular
        root = solve_feature_root(spectrum, n[i], k[i], delta[i], rtol)
        out.gamma[i], small = root.gamma, root.small
        sums.put(i, root.sums)
        out.residual[i], out.status[i], out.iterations[i] = root.residual, root.status, root.iterations
        large = np.abs(n[i] - k[i]) + small
        a[i], b[i] = np.where(n[i] > k[i], small, large), np.where(n[i] > k[i], large, small)
    still = np.r_[ridgeless, data]
    if still.size:
        least = np.minimum(n[still], k[still])
        floor = effective_ridge(spectrum, least, 0.0).value
        out.gamma[still] = floor
        sums.put(still, Modes.of(spectrum, "m", "v").at(floor, *TERMS))
        spare = np.maximum(least - spectrum.rank, 0.0)
        a[still], b[still] = k[still] - least + spare, n[still] - least + spare
    cells = np.r_[regular, ridgeless]
    z, q, w, s1, s2 = sums("m", 1, 0), sums("m", 2, 0), sums("m", 1, 1), sums("v", 0, 2), sums("v", 1, 1)
    # gamma = 0: a drops out of the risk, which is then least squares on the whole rank
    a[(w == 0) & (a == 0)] = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        i = cells
        den = a[i] * b[i] + w[i] * (a[i] + b[i])
        weighted = (s1[i] + irreducible) * (a[i] + w[i]) + s2[i] * w[i]
        out.gain[i], out.unlearned[i] = n[i] / den, weighted
        out.noise_gain[i] = (a[i] * q[i] + w[i] * z[i]) / den
        out.train_factor[i] = (b[i] / n[i]) ** 2
        # from the larger factor: delta/(n - z) or gamma (k - z)/k
        out.kappa[i] = np.where((n[i] > k[i]) & (delta[i] > 0), delta[i] / b[i], out.gamma[i] * a[i] / k[i])
        out.status[i[den == 0]] = Status.DIVERGES
        # infinite data: a = 0 unless k exceeds the rank; the fit is the best in the span of the features
        j = data
        share = np.where(w[j] > 0, w[j] / (a[j] + w[j]), 0.0)
        out.gain[j], out.unlearned[j] = 1.0, s1[j] + irreducible + s2[j] * share
        out.train_factor[j] = 1.0
    solved = np.r_[cells, data]
    out.z[solved], out.q[solved] = z[solved], q[solved]
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
