r"""Regression on labels made by earlier regressions: model collapse, in the second moments of the weights.

Generation t = 0, 1, ...: a fit to :math:`n_0` fresh rows, labelled by the weights :math:`w_t` (:math:`w_0` the truth)
with noise :math:`\sigma_0^2`, gives :math:`w_{t+1}`. After the last generation ridge regression on n fresh rows
labelled by :math:`w_t` with noise :math:`\sigma^2` is tested against the truth. A fit at (n_0, ridge) with
learnabilities g and degrees of freedom df2 maps the power :math:`U_i=s_i E[w_i^2]` of mode i to

.. math:: U_i' = g_i^2\Big[U_i + \frac{m_i}{n_0-df_2}\Big(\sum_j(1-g_j)^2U_j+\sigma_0^2\Big)\Big].

Written as :math:`U = p^2V + R`, V the target's power, p the product of the g so far and R the random part, nothing
cancels, and zero generations are ordinary ridge regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.equivalents.fixed_point import FixedPoint, solve_grid
from solvable.solvers.equivalents.mode_sums import Modes, blocks, learned, unlearned
from solvable.solvers.equivalents.resolvent import times
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import Risk, Solution, Status, record
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, broadcast, refuse, within_range

__all__ = ["IteratedRisk", "as_generations", "iterated_regression_risk", "synthetic_noise_gain"]

Array = NDArray[np.float64]
_MOST = 100_000  # generations: the weights of every one are kept


@record
class IteratedRisk(Risk):
    """Risk on the broadcast grid of the arguments.

    Attributes
    ----------
    test : ndarray
        Expected squared error of the final fit on a fresh noisy label of the truth, ``excess + noise_variance``.
    train : ndarray
        Expected mean squared error on the labels it was fitted to: the last generator's, with their noise.
    bias, variance : ndarray
        The part without and the part due to label noise, of the final fit and of all generators.
    noise_variance : ndarray
        Noise on the labels of the final fit.
    excess : ndarray
        ``bias + variance``: error of the final fit against the truth (what the literature reports).
    generator_error : ndarray
        Error of the last generator's weights against the truth, 0 before the first generation.
    generator_power : ndarray
        Variance of the labels it makes, without their noise.
    solution : Solution
        Fixed point of the final fit.
    """

    generator_error: Array
    generator_power: Array
    solution: Solution


def as_generations(name: str, value: ArrayLike, most: int = 2**53) -> NDArray[np.int64]:
    """Validate whole numbers of generations, zero allowed."""
    counts = as_nonnegative(name, value)
    if np.any(counts != np.round(counts)):
        raise refuse(name, counts, "it must be a whole number of generations")
    if np.any(counts > most):
        raise refuse(name, counts, f"it must not exceed {most:,}")
    return counts.astype(np.int64)


@dataclass(frozen=True)
class _Generators:
    """Weights after the generations asked for, shape (number of them, modes); random power is signal + label*noise."""

    kept: Array
    signal: Array
    noise: Array


def _iterate(spectrum: Spectrum, rows: float, ridge: float, wanted: NDArray[np.int64], same_data: bool) -> _Generators:
    """Second moments after the wanted generations; at the pole (a ridgeless fit with rows = rank) the noise is inf."""
    power, m = spectrum.require_target(), spectrum.multiplicities
    found = _Generators(*np.zeros((3, wanted.size, power.size)))
    kept, signal, noise = np.ones(power.size), *np.zeros((2, power.size))
    last = int(wanted.max(initial=0))
    if last == 0:
        found.kept[:] = 1.0
        return found
    point, *_ = solve_grid(spectrum, rows, ridge, 1e-15, "raise", "iterated_regression_risk", "generator_ridge")
    kappa, gap = float(point.kappa[0]), float(point.sums.slack[0] + point.sums.df1_minus_df2[0])
    g, c = learned(spectrum.eigenvalues, np.array(kappa)), unlearned(spectrum.eigenvalues, np.array(kappa))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = g**2 * m / gap
        for t in range(last + 1):
            here = wanted == t
            if here.any():
                found.kept[here], found.signal[here], found.noise[here] = kept, signal, noise
            if t == last:
                break
            if same_data and t:
                noise = noise + spread
                continue
            now = kept**2 * power + signal
            kept, signal = kept * g, g**2 * signal + times(spread, np.full_like(g, c**2 @ now))
            # a pole has c = 0: what it makes infinite it does not unlearn
            missed = float(c**2 @ noise) if gap > 0 else 0.0
            noise = g**2 * noise + spread * (missed + 1)
    return found


@gridded("n", "ridge", "generations", "noise_variance", "generator_noise")
@within_range
def iterated_regression_risk(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    generations: ArrayLike,
    generator_samples: float,
    noise_variance: ArrayLike = 0.0,
    generator_noise: ArrayLike = 0.0,
    *,
    generator_ridge: float = 0.0,
    same_data: bool = False,
) -> IteratedRisk:
    r"""Error of ridge regression on labels from the last of a chain of fitted generators.

    Fits minimise :math:`\|y-Xw\|^2+\delta\|w\|^2` (un-normalised ridges). `generations` counts the fits between the
    truth and the final labels; 0 is the clean problem, equal to `ridge_risk`. Deterministic equivalents: relative
    error of order 1/n at finite size, which for `generator_samples` close to the rank is large.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power, all of it in the modes.
    n, ridge : array_like
        Rows and ridge of the final fit; broadcast with the other array arguments.
    generations : array_like
        Whole numbers, zero allowed.
    generator_samples : float
        Rows of each generator's fit: above the rank (least squares), or below (least norm).
    noise_variance : array_like
        Noise on the labels of the final fit.
    generator_noise : array_like
        Noise on the labels of every generator.
    generator_ridge : float
        Ridge of the generators.
    same_data : bool
        All generators see the same rows, with fresh noise (ridgeless generators only). The final fit has rows of its
        own.

    Returns
    -------
    IteratedRisk
        Excess error of the final fit and of the last generator.

    Raises
    ------
    ValueError
        Negative arguments, irreducible power, same data with a generator ridge, shapes that do not broadcast.

    Notes
    -----
    A ridgeless fit at n = rank, of a generator or the final one, is a pole: with noise the error is inf and the status
    ``DIVERGES``.

    References
    ----------
    dohmatob2024model (the setting; the recursion is derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, iterated_regression_risk
    >>> risk = iterated_regression_risk(Spectrum.isotropic(100), 300, 0.0, [0, 1, 10], 200, 0.5, 0.5)
    >>> risk.excess.round(6)  # 0.5 (1/2) for the final fit, and 0.5 more with every generation
    array([0.25, 0.75, 5.25])
    """
    power = as_spectrum(spectrum).require_target()
    if spectrum.irreducible_power > 0:
        raise refuse("spectrum.irreducible_power", spectrum.irreducible_power, "generators are linear: it must be 0")
    delta0 = as_scalar("generator_ridge", generator_ridge, as_nonnegative)
    if same_data and delta0 > 0:
        raise refuse("generator_ridge", delta0, "with same_data the generators must be ridgeless")
    rows = as_scalar("generator_samples", generator_samples, as_positive)
    samples, delta, steps, sigma2, label = broadcast(
        n=as_positive("n", n),
        ridge=as_nonnegative("ridge", ridge),
        generations=as_generations("generations", generations, _MOST).astype(float),
        noise_variance=as_nonnegative("noise_variance", noise_variance),
        generator_noise=as_nonnegative("generator_noise", generator_noise),
    )
    shape, counts = samples.shape, steps.astype(np.int64).ravel()
    wanted, place = np.unique(counts, return_inverse=True)
    past = _iterate(spectrum, rows, delta0, wanted, same_data)
    point, solution, _ = solve_grid(spectrum, samples, delta, 1e-15, "raise", "iterated_regression_risk")
    found = np.empty((5, counts.size))
    for cells in blocks(counts.size, power.size):
        found[:, cells] = _final(
            spectrum, point, past, (counts, place.reshape(-1)), samples.ravel(), sigma2.ravel(), label.ravel(), cells
        )
    bias, variance, train, error, total = (row.reshape(shape) for row in found)
    excess = bias + variance
    status = np.where(np.isfinite(excess), np.where(solution.status == Status.DIVERGES, 0, solution.status),
                      Status.DIVERGES)  # fmt: skip
    solution = Solution(solution.value, solution.residual, status.astype(np.int8), solution.iterations)
    noise = np.array(sigma2)
    return IteratedRisk(excess + noise, train, bias, variance, noise, error, total, solution)


def _final(
    spectrum: Spectrum, point: FixedPoint, past: _Generators, generations: tuple[NDArray[np.int64], NDArray[np.int64]],
    n: Array, sigma2: Array, label: Array, cells: slice,
) -> Array:  # fmt: skip
    """Bias, variance and training error of the final fit, error and power of its labeller, for a chunk of cells."""
    # `Modes` has one weight for all cells; here each cell's generation has weights of its own
    power, kappa = spectrum.require_target(), point.kappa[cells, None]
    t, row = (numbers[cells] for numbers in generations)
    with np.errstate(divide="ignore", invalid="ignore"):
        g, c = learned(spectrum.eigenvalues, kappa), unlearned(spectrum.eigenvalues, kappa)
        kept, signal, noise = past.kept[row], past.signal[row], times(past.noise[row], label[cells, None])
        clean = kept**2 * power + signal
        lost = np.where(t[:, None] > 0, 1 - g * kept, c)  # no rounding where nothing has happened yet
        gap = point.sums.slack[cells] + point.sums.df1_minus_df2[cells]
        gain, c2 = point.sums.df2[cells] / gap, c**2
        missed, noisy = np.sum(times(clean, c2), axis=1), np.sum(times(noise, c2), axis=1) + sigma2[cells]
        bias = lost**2 @ power + np.sum(g**2 * signal, axis=1) + times(gain, missed)
        variance = np.sum(g**2 * noise, axis=1) + times(gain, noisy)
        # (n - df1)^2/n of what ridge regression on this labeller leaves; interpolation fits any labels
        train = times(times(1 / gap, missed + noisy), point.sums.slack[cells] ** 2 / n[cells])
    error = (1 - kept) ** 2 @ power + (signal + noise).sum(axis=1)
    return np.array([bias, variance, train, error, (clean + noise).sum(axis=1)])


@within_range
def synthetic_noise_gain(
    spectrum: Spectrum, n: ArrayLike, ridge: ArrayLike, generator_samples: float, *, finite_size: bool = False
) -> Array:
    r"""Error that each least-squares generation adds, per unit of its label noise: the :math:`\rho` of model collapse.

    For generators with more rows than the rank, excess = clean excess + generations * generator_noise * rho,

    .. math:: \rho = \frac{1}{n_0-d}\Big[df_2 + \sum_i m_i(1-g_i)^2\,\frac{df_2}{n-df_2}\Big].

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues.
    n, ridge : array_like
        Rows and un-normalised ridge of the final fit (loss :math:`\|y-Xw\|^2+\delta\|w\|^2`), broadcast together.
    generator_samples : float
        Rows of each generator, above the rank d.
    finite_size : bool
        Divide by :math:`n_0-d-1`, which is exact for Gaussian generators at any size.

    Returns
    -------
    ndarray
        The gain, on the grid of n and ridge.

    Raises
    ------
    ValueError
        Not enough rows: the generators then interpolate and errors are not linear in their number.

    References
    ----------
    dohmatob2024model (linear growth; this form of the factor is derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, synthetic_noise_gain
    >>> synthetic_noise_gain(Spectrum.isotropic(100), [200, 300], 0.0, 200)
    array([1., 1.])
    """
    rank = as_spectrum(spectrum).rank
    rows = as_scalar("generator_samples", generator_samples, as_positive) - rank - float(finite_size)
    if rows <= 0:
        raise refuse("generator_samples", generator_samples, f"it must exceed {rank + float(finite_size):g}")
    point, solution, _ = solve_grid(spectrum, n, as_nonnegative("ridge", ridge), 1e-15, "raise", "synthetic_noise_gain")
    sums, missed = point.sums, Modes.of(spectrum, "m").at(point.kappa, ("m", 0, 2))
    with np.errstate(divide="ignore"):
        amplified = times(1 / (sums.slack + sums.df1_minus_df2), missed("m", 0, 2))
    return np.asarray((sums.df2 * (1 + amplified) / rows).reshape(solution.value.shape))
