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

from solvable.solvers.fixed_point import FixedPoint, solve_grid
from solvable.solvers.solution import Solution
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, refuse

__all__ = ["IteratedRisk", "as_generations", "iterated_regression_risk", "synthetic_noise_gain"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IteratedRisk:
    """Risk after each number of generations.

    Attributes
    ----------
    excess : ndarray
        Error of the final fit against the truth, without label noise (what the literature reports).
    test : ndarray
        ``excess + noise_variance``.
    generator_error : ndarray
        Error of the last generator's weights against the truth, 0 before the first generation.
    generator_power : ndarray
        Variance of the labels it makes, without their noise.
    solution : Solution
        Fixed point of the final fit; one cell.
    """

    excess: Array
    test: Array
    generator_error: Array
    generator_power: Array
    solution: Solution


def as_generations(name: str, value: ArrayLike) -> NDArray[np.int64]:
    """Validate whole numbers of generations, zero allowed."""
    counts = as_nonnegative(name, value)
    if np.any(counts != np.round(counts)):
        raise refuse(name, counts, "it must be a whole number of generations")
    return counts.astype(np.int64)


def _fit(spectrum: Spectrum, n: float, ridge: float, what: str) -> tuple[FixedPoint, Solution, Array, Array, float]:
    """Fixed point, g, 1 - g and n - df2; refuse the pole n = rank of a ridgeless fit."""
    point, solution, _ = solve_grid(spectrum, n, ridge, 1e-15, "raise", what)
    s, kappa = spectrum.eigenvalues, float(point.kappa[0])
    gap = float(point.sums.slack[0] + point.sums.df1_minus_df2[0])
    if gap <= 0:
        raise refuse(what, n, f"a ridgeless fit at n = rank = {spectrum.rank:g} has infinite variance")
    return point, solution, s / (s + kappa), kappa / (s + kappa), gap


def iterated_regression_risk(
    spectrum: Spectrum,
    n: float,
    ridge: float,
    generations: ArrayLike,
    generator_samples: float,
    noise_variance: float = 0.0,
    generator_noise: float = 0.0,
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
    n, ridge : float
        Rows and ridge of the final fit.
    generations : array_like
        Whole numbers, zero allowed; the result has their shape.
    generator_samples : float
        Rows of each generator's fit: above the rank (least squares), or below (least norm).
    noise_variance : float
        Noise on the labels of the final fit.
    generator_noise : float
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
        A ridgeless fit at n = rank, negative arguments, irreducible power, same data with a generator ridge.

    References
    ----------
    dohmatob2024model (the setting; the recursion is derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, iterated_regression_risk
    >>> risk = iterated_regression_risk(Spectrum.isotropic(100), 300, 0.0, [0, 1, 10], 200, 0.5, 0.5)
    >>> risk.excess.round(6)  # 0.5 (1/2) for the final fit, and 0.5 more a generation
    array([0.25, 0.75, 5.25])
    """
    power = as_spectrum(spectrum).require_target()
    if spectrum.irreducible_power > 0:
        raise refuse("spectrum.irreducible_power", spectrum.irreducible_power, "generators are linear: it must be 0")
    counts = as_generations("generations", generations)
    sigma2, label = (
        as_scalar(name, value, as_nonnegative)
        for name, value in (("noise_variance", noise_variance), ("generator_noise", generator_noise))
    )
    delta0 = as_scalar("generator_ridge", generator_ridge, as_nonnegative)
    if same_data and delta0 > 0:
        raise refuse("generator_ridge", delta0, "with same_data the generators must be ridgeless")
    rows = as_scalar("generator_samples", generator_samples, as_positive)
    point, solution, g, c, gap = _fit(
        spectrum, as_scalar("n", n, as_positive), as_scalar("ridge", ridge, as_nonnegative), "n"
    )
    m = spectrum.multiplicities
    last = int(counts.max(initial=0))
    excess, error, total = np.empty(last + 1), np.empty(last + 1), np.empty(last + 1)
    kept, random = np.ones_like(power), np.zeros_like(power)
    if last:
        *_, g0, c0, gap0 = _fit(spectrum, rows, delta0, "generator_samples")
    for t in range(last + 1):
        now = kept**2 * power + random
        unlearned = float(c**2 @ now)
        # sum s E(w - w_0)^2 of the final fit: (1 - g p)^2 V + g^2 R, and what the fit adds itself
        excess[t] = (1 - g * kept if t else c) ** 2 @ power + g**2 @ random
        excess[t] += float(point.sums.df2[0]) / gap * (unlearned + sigma2)
        error[t], total[t] = (1 - kept) ** 2 @ power + random.sum(), now.sum()
        if t == last:
            break
        spread = g0**2 * m / gap0
        if same_data and t:
            random = random + spread * label
        else:
            random = g0**2 * random + spread * (c0**2 @ now + label)
            kept = kept * g0
    return IteratedRisk(excess[counts], excess[counts] + sigma2, error[counts], total[counts], solution)


def synthetic_noise_gain(
    spectrum: Spectrum, n: float, ridge: float, generator_samples: float, *, finite_size: bool = False
) -> float:
    r"""Error that each least-squares generation adds, per unit of its label noise: the :math:`\rho` of model collapse.

    For generators with more rows than the rank, excess = clean excess + generations * generator_noise * rho,

    .. math:: \rho = \frac{1}{n_0-d}\Big[df_2 + \sum_i m_i(1-g_i)^2\,\frac{df_2}{n-df_2}\Big].

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues.
    n, ridge : float
        Rows and un-normalised ridge of the final fit (loss :math:`\|y-Xw\|^2+\delta\|w\|^2`).
    generator_samples : float
        Rows of each generator, above the rank d.
    finite_size : bool
        Divide by :math:`n_0-d-1`, which is exact for Gaussian generators at any size.

    Returns
    -------
    float
        The gain.

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
    >>> synthetic_noise_gain(Spectrum.isotropic(100), 300, 0.0, 200)
    1.0
    """
    rank = as_spectrum(spectrum).rank
    rows = as_scalar("generator_samples", generator_samples, as_positive) - rank - float(finite_size)
    if rows <= 0:
        raise refuse("generator_samples", generator_samples, f"it must exceed {rank + float(finite_size):g}")
    point, _, _, c, gap = _fit(spectrum, as_scalar("n", n, as_positive), as_scalar("ridge", ridge, as_nonnegative), "n")
    df2 = float(point.sums.df2[0])
    return float(df2 * (1 + spectrum.multiplicities @ c**2 / gap) / rows)
