r"""Closed forms of model collapse: exact least squares, isotropic interpolation, and power laws.

Conventions of `iterated_regression_risk`: `generations` counts fits between the truth and the final labels, excess
errors leave the label noise out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.model_collapse.iterated_regression import as_generations
from solvable.solvers.solution import record
from solvable.solvers.validate import as_nonnegative, as_positive, as_real, as_scalar, broadcast, refuse, within_range

__all__ = [
    "CollapseExponents",
    "InterpolatingGenerators",
    "collapse_exponents",
    "interpolating_generators",
    "iterated_least_squares_excess",
]

Array = NDArray[np.float64]


@within_range
def iterated_least_squares_excess(
    n: ArrayLike,
    d: ArrayLike,
    generator_samples: ArrayLike,
    generations: ArrayLike,
    noise_variance: ArrayLike = 0.0,
    generator_noise: ArrayLike = 0.0,
) -> Array:
    r"""Mean excess error of least squares after generations of least squares: exact for Gaussian rows, any covariance.

    .. math:: \sigma^2\frac{d}{n-d-1} + t\,\sigma_0^2\,\frac{d}{n_0-d-1}

    Parameters
    ----------
    n : array_like
        Rows of the final fit, above d + 1.
    d : array_like
        Dimension.
    generator_samples : array_like
        Rows :math:`n_0` of each generator, above d + 1.
    generations : array_like
        Their number t, zero allowed.
    noise_variance, generator_noise : array_like
        Label noise of the final fit and of every generator.

    Returns
    -------
    ndarray
        Excess error on the broadcast grid.

    Raises
    ------
    ValueError
        n or `generator_samples` at or below d + 1, where the mean is infinite.

    References
    ----------
    dohmatob2024model (proportional form; finite size by the inverse-Wishart mean)

    Examples
    --------
    >>> from solvable.solvers import iterated_least_squares_excess
    >>> iterated_least_squares_excess(301, 100, 201, [0, 10], 0.5, 0.5)
    array([0.25, 5.25])
    """
    rows, dimension = as_positive("n", n), as_positive("d", d)
    others = as_positive("generator_samples", generator_samples)
    counts = as_generations("generations", generations).astype(float)
    sigma2, label = as_nonnegative("noise_variance", noise_variance), as_nonnegative("generator_noise", generator_noise)
    rows, dimension, others, counts, sigma2, label = broadcast(
        n=rows, d=dimension, generator_samples=others, generations=counts, noise_variance=sigma2, generator_noise=label
    )
    if np.any(rows <= dimension + 1):
        raise refuse("n", rows, "the mean error of least squares is finite for n > d + 1 only")
    if np.any((others <= dimension + 1) & (counts > 0)):
        raise refuse("generator_samples", others, "the mean error of least squares is finite above d + 1 only")
    final = sigma2 * dimension / (rows - dimension - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(counts > 0, label * dimension / (others - dimension - 1), 0.0)
    return np.asarray(final + counts * each)


@record
class InterpolatingGenerators(OnGrid):
    """Weights of interpolating generators on isotropic rows, mean values.

    Attributes
    ----------
    power : ndarray
        Mean of the squared norm of the weights.
    error : ndarray
        Mean squared distance from the truth.
    """

    power: Array
    error: Array


@gridded("generations")
@within_range
def interpolating_generators(
    generator_samples: float,
    d: float,
    generations: ArrayLike,
    generator_noise: float = 0.0,
    signal: float = 1.0,
    *,
    same_data: bool = False,
) -> InterpolatingGenerators:
    r"""Least-norm generators with fewer rows than dimensions, isotropic Gaussian rows: exact at any size.

    With :math:`c=n_0/d<1` and :math:`v=\sigma_0^2n_0/(d-n_0-1)`: on independent rows

    .. math:: E\|w_t\|^2 = c^t\|w_0\|^2+v\frac{1-c^t}{1-c}, \qquad E\|w_t-w_0\|^2 = \|w_0\|^2(1-2c^t)+E\|w_t\|^2,

    so that without noise the signal is lost exponentially fast; on the same rows (t >= 1) :math:`E\|w_t\|^2 =
    c\|w_0\|^2+tv` and :math:`E\|w_t-w_0\|^2=(1-c)\|w_0\|^2+tv`.

    Parameters
    ----------
    generator_samples : float
        Rows of each generator, below d - 1.
    d : float
        Dimension.
    generations : array_like
        Whole numbers, zero allowed.
    generator_noise : float
        Label noise of every generator.
    signal : float
        :math:`\|w_0\|^2`.
    same_data : bool
        All generators see the same rows, with fresh noise.

    Returns
    -------
    InterpolatingGenerators
        In the shape of `generations`.

    Raises
    ------
    ValueError
        `generator_samples` at or above d - 1.

    References
    ----------
    dohmatob2024model (the collapse; exact means derived)

    Examples
    --------
    >>> from solvable.solvers import interpolating_generators
    >>> interpolating_generators(60, 120, [0, 1, 2, 4]).error
    array([0.    , 0.5   , 0.75  , 0.9375])
    """
    rows, dimension = as_scalar("generator_samples", generator_samples, as_positive), as_scalar("d", d, as_positive)
    if rows >= dimension - 1:
        raise refuse("generator_samples", rows, f"it must be below d - 1 = {dimension - 1:g}")
    t = as_generations("generations", generations)
    power = as_scalar("signal", signal, as_nonnegative)
    gain = as_scalar("generator_noise", generator_noise, as_nonnegative) * rows / (dimension - rows - 1)
    log_c = np.log(rows / dimension)
    if same_data:
        kept, lost = np.where(t > 0, rows / dimension, 1.0), np.where(t > 0, 1 - rows / dimension, 0.0)
        noise = t * gain
    else:
        kept, lost = np.exp(t * log_c), -np.expm1(t * log_c)
        noise = gain * lost / (1 - rows / dimension)
    return InterpolatingGenerators(np.asarray(kept * power + noise), np.asarray(lost * power + noise))


@record
class CollapseExponents(OnGrid):
    """Powers of n with which the parts of the error fall (negative numbers), and the best ridge exponent.

    Attributes
    ----------
    bias, variance, synthetic : ndarray
        Exponents of the bias, of the variance and of the part due to generators.
    adaptive : ndarray
        Ridge exponent at which bias and synthetic part fall equally fast.
    clean : ndarray
        The same without generators.
    """

    bias: Array
    variance: Array
    synthetic: Array
    adaptive: Array
    clean: Array


@gridded("capacity", "smoothness", "ridge_exponent", "noise_growth")
@within_range
def collapse_exponents(
    capacity: ArrayLike, smoothness: ArrayLike, ridge_exponent: ArrayLike, noise_growth: ArrayLike = 0.0
) -> CollapseExponents:
    r"""Scaling of the error for power laws :math:`s_k=k^{-\beta}`, :math:`s_kw_k^2=k^{-(1+2r\beta)}`.

    Normalised ridge :math:`\lambda=n^{-\ell}` (`ridge` = :math:`n^{1-\ell}` elsewhere), :math:`0<\ell<\beta`:

    .. math::
        \mathrm{bias}\sim n^{-2\min(r,1)\ell}, \qquad \mathrm{variance}\sim n^{-(1-\ell/\beta)}, \qquad
        \mathrm{synthetic}\sim n^{b-(1-\ell/\beta)},

    the last for :math:`t\sigma_0^2\sim n^b` and generators whose rows grow like n. Bias and the larger of the other
    two balance at :math:`\ell^*=(1-b)\beta/(1+2\min(r,1)\beta)`: more ridge than without generators (b = 0).

    Parameters
    ----------
    capacity : array_like
        :math:`\beta`, above 1.
    smoothness : array_like
        r, positive.
    ridge_exponent : array_like
        :math:`\ell`, between 0 and :math:`\beta`.
    noise_growth : array_like
        b in [0, 1).

    Returns
    -------
    CollapseExponents
        On the broadcast grid.

    Raises
    ------
    ValueError
        Arguments outside those ranges.

    References
    ----------
    dohmatob2024model (exponents as recalled and checked numerically; the adaptive exponent is derived)

    Examples
    --------
    >>> from solvable.solvers import collapse_exponents
    >>> found = collapse_exponents(1.5, 0.5, 0.6)
    >>> float(found.bias), round(float(found.variance), 3), float(found.clean)
    (-0.6, -0.6, 0.6)
    """
    beta, r = as_real("capacity", capacity), as_positive("smoothness", smoothness)
    ell, b = as_positive("ridge_exponent", ridge_exponent), as_real("noise_growth", noise_growth)
    if np.any(~(beta > 1) | ~np.isfinite(beta)):
        raise refuse("capacity", beta, "it must exceed 1")
    if np.any((b < 0) | (b >= 1)):
        raise refuse("noise_growth", b, "it must lie in [0, 1)")
    beta, r, ell, b = broadcast(capacity=beta, smoothness=r, ridge_exponent=ell, noise_growth=b)
    if np.any(ell >= beta):
        raise refuse("ridge_exponent", ell, "it must be below capacity")
    smooth = np.minimum(r, 1.0)
    clean = beta / (1 + 2 * smooth * beta)
    variance = ell / beta - 1
    return CollapseExponents(-2 * smooth * ell, variance, b + variance, (1 - b) * clean, clean)
