r"""Kernel ridge regression on power laws: closed forms in the fitting ratio.

Eigenvalues :math:`i^{-a}`, target power :math:`i^{-b}`, the whole infinite tail. With
:math:`t=\sqrt{\mathrm{train}/\mathrm{test}} = \delta/(n\kappa)` in [0, 1), sums over modes become integrals:

.. math::
    \kappa = \Big(\frac{C_a}{n(1-t)}\Big)^a,\quad C_a = \frac{\pi/a}{\sin(\pi/a)},\qquad
    \mathrm{test} = \frac{a\,[B_0(1-t)^{1-b}+\sigma^2]}{1+(a-1)t},\qquad
    B_0 = \frac1a\,\mathrm{B}\Big(\frac{2a-b+1}{a},\frac{b-1}{a}\Big)\Big(\frac{C_a}{n}\Big)^{b-1}.

The corrections are of relative order 1/n. The best fitting ratio solves an equation in which n does not appear.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.scalar_roots import certify_fitting_ratio
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import Risk, Solution, Status, provable, record
from solvable.solvers.validate import as_finite, as_nonnegative, as_positive, broadcast, refuse, within_range

__all__ = ["PowerLawRisk", "optimal_fitting_ratio", "overfitting_threshold", "power_law_risk"]

Array = NDArray[np.float64]


@record
class PowerLawRisk(Risk):
    r"""Risk of kernel ridge regression on power laws over the broadcast grid.

    Attributes
    ----------
    test, train : ndarray
        Error on a fresh noisy label and on the training labels; ``train/test`` is the fitting ratio.
    bias, variance : ndarray
        ``bias + variance + noise_variance = test``.
    effective_ridge, ridge : ndarray
        :math:`\kappa` and the un-normalised :math:`\delta=tn\kappa` that realises the fitting ratio.
    noise_variance : ndarray
        The label noise, :math:`\sigma_{rel}^2 a B_0` where it was given relative to the noiseless error.
    excess : ndarray
        Test error without the label noise, ``bias + variance``.
    """

    effective_ridge: Array
    ridge: Array


def _exponents(exponent: ArrayLike, target_exponent: ArrayLike) -> tuple[Array, Array]:
    a, b = as_finite("exponent", exponent), as_finite("target_exponent", target_exponent)
    if np.any(a <= 1):
        raise refuse("exponent", a, "it must exceed 1, or the kernel has no trace")
    if np.any(b <= 1):
        raise refuse("target_exponent", b, "it must exceed 1, or the target has no power")
    return a, b


@gridded("exponent", "target_exponent", "n", "fitting_ratio", "noise_variance", "relative_noise")
@within_range
def power_law_risk(
    exponent: ArrayLike,
    target_exponent: ArrayLike,
    n: ArrayLike,
    fitting_ratio: ArrayLike = 0.0,
    noise_variance: ArrayLike = 0.0,
    *,
    relative_noise: ArrayLike | None = None,
) -> PowerLawRisk:
    r"""Risk of kernel ridge regression with power-law eigenvalues and target, at a given fitting ratio.

    Loss :math:`\|y-Xw\|^2+\delta\|w\|^2`; the fitting ratio is training over test error, 0 for interpolation.

    Parameters
    ----------
    exponent, target_exponent : array_like
        a > 1 of :math:`s_i=i^{-a}` and b in (1, 2a + 1) of :math:`v_i^2=i^{-b}`.
    n : array_like
        Samples, positive.
    fitting_ratio : array_like
        :math:`R=t^2` in [0, 1).
    noise_variance : array_like
        Label noise, not negative.
    relative_noise : array_like, optional
        Label noise over the noiseless interpolator's test error :math:`aB_0`, in place of `noise_variance`.

    Returns
    -------
    PowerLawRisk
        Arrays over the broadcast grid.

    Raises
    ------
    ValueError
        Exponents outside the range, a fitting ratio outside [0, 1), negative noise, NaN.

    Notes
    -----
    Sums are replaced by integrals: relative errors of order 1/n and :math:`n^{-(2a+1-b)}`, the second from the
    strongest modes. For b >= 2a + 1 those decide the bias and no power law holds.

    References
    ----------
    simon2024more (the setting; formulas derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, power_law_risk, ridge_risk
    >>> law = power_law_risk(1.5, 1.4, 1000, [0.0, 0.25], 0.1)
    >>> exact = ridge_risk(Spectrum.power_law(1.5, 1.4, 3000), 1000, law.ridge, 0.1)
    >>> bool(abs(law.test / exact.test - 1).max() < 2e-3)
    True
    """
    a, b = _exponents(exponent, target_exponent)
    samples, ratio = as_positive("n", n), as_nonnegative("fitting_ratio", fitting_ratio)
    if np.any(ratio >= 1):
        raise refuse("fitting_ratio", ratio, "it must lie in [0, 1)")
    name = "noise_variance" if relative_noise is None else "relative_noise"
    noise = as_nonnegative(name, noise_variance if relative_noise is None else relative_noise)
    if relative_noise is not None and np.any(as_nonnegative("noise_variance", noise_variance) > 0):
        raise refuse("noise_variance, relative_noise", (noise_variance, relative_noise), "give one of them")
    a, b, samples, ratio, noise = broadcast(
        exponent=a, target_exponent=b, n=samples, fitting_ratio=ratio, **{name: noise}
    )
    if np.any(b >= 2 * a + 1):
        raise refuse("target_exponent", b, "it must lie below 2*exponent + 1: beyond, the bias is no power of n")
    from scipy.special import beta as euler_beta

    t = np.sqrt(ratio)
    scale = np.pi / a / np.sin(np.pi / a) / samples
    u = (1 - ratio) / (1 + t)  # 1 - t without its cancellation
    kappa = (scale / u) ** a
    ridgeless = euler_beta((2 * a - b + 1) / a, (b - 1) / a) / a * scale ** (b - 1)
    if relative_noise is not None:
        noise = noise * a * ridgeless
    amplification = a / (1 + (a - 1) * t)
    bias = amplification * ridgeless * u ** (1 - b)
    # amplification - 1 = df2/(n - df2), written without the difference
    variance = noise * (a - 1) * u / (1 + (a - 1) * t)
    test = bias + variance + noise
    return PowerLawRisk(test, ratio * test, bias, variance, np.array(noise), kappa, samples * t * kappa)


@within_range
def overfitting_threshold(exponent: ArrayLike, target_exponent: ArrayLike) -> Array:
    r"""Largest relative noise at which interpolation is the best ridge: overfitting is obligatory up to it.

    :math:`\sigma_{rel}^2 \le (b-a)/(a(a-1))`, with the noise measured in units of the noiseless interpolator's test
    error. Negative where even noiseless targets want a ridge (b < a).

    Parameters
    ----------
    exponent, target_exponent : array_like
        a > 1 and b > 1, broadcast together.

    Returns
    -------
    ndarray
        The threshold, negative where interpolation is never best.

    Raises
    ------
    ValueError
        Exponents not above 1.

    References
    ----------
    simon2024more (derived: the sign of the derivative at fitting ratio 0)

    Examples
    --------
    >>> from solvable.solvers import overfitting_threshold
    >>> overfitting_threshold(2.0, [1.5, 2.0, 3.0])
    array([-0.25,  0.  ,  0.5 ])
    """
    a, b = _exponents(exponent, target_exponent)
    a, b = broadcast(exponent=a, target_exponent=b)
    return np.asarray((b - a) / (a * (a - 1)))


def _excess(a: Array, b: Array, noise: Array) -> Array:
    """Noise above the threshold, a (a - 1) noise - (b - a); exact before it is rounded where it nearly cancels."""
    excess = np.array(a * (a - 1) * noise - (b - a))
    for i in np.flatnonzero(np.abs(excess) < 0.01 * np.abs(b - a)).tolist():
        p, q, r = (Fraction(float(x.flat[i])) for x in (a, b, noise))
        excess.flat[i] = float(p * (p - 1) * r - (q - p))
    return excess


@gridded("exponent", "target_exponent", "relative_noise")
@within_range
def optimal_fitting_ratio(
    exponent: ArrayLike, target_exponent: ArrayLike, relative_noise: ArrayLike = 0.0, *, certify: bool = False
) -> Solution:
    r"""Fitting ratio (training over test error) of the best ridge on power laws.

    With u = 1 - t, t the root of the ratio, it solves

    .. math:: a(a-1)\sigma_{rel}^2\,u^b + (a-1)\,b\,u = a(b-1),

    whatever n; it is 0 (interpolate) up to `overfitting_threshold`.

    Parameters
    ----------
    exponent, target_exponent : array_like
        a > 1 and b in (1, 2a + 1), broadcast with `relative_noise`.
    relative_noise : array_like
        Label noise over the noiseless interpolator's test error, not negative.
    certify : bool
        Prove in interval arithmetic (python-flint) that each ratio lies within 1e-12 of a root, the only one there:
        `certificate` of the solution holds the enclosures.

    Returns
    -------
    Solution
        `value` is the ratio in [0, 1).

    Raises
    ------
    ValueError
        Exponents outside the range, negative noise, NaN.

    Notes
    -----
    Relative error of a few eps at any distance from the threshold, for the arguments as they are given.

    References
    ----------
    simon2024more (derived)

    Examples
    --------
    >>> from solvable.solvers import optimal_fitting_ratio
    >>> optimal_fitting_ratio(1.25, 2.5, [0.0, 4.0, 8.0]).value.round(4)
    array([0.    , 0.    , 0.0446])
    """
    a, b = _exponents(exponent, target_exponent)
    noise = as_nonnegative("relative_noise", relative_noise)
    a, b, noise = broadcast(exponent=a, target_exponent=b, relative_noise=noise)
    if np.any(b >= 2 * a + 1):
        raise refuse("target_exponent", b, "it must lie below 2*exponent + 1")
    weight, linear, right = a * (a - 1) * noise, (a - 1) * b, a * (b - 1)
    excess = _excess(a, b, noise)
    u = np.ones(a.shape)
    inner = excess > 0
    count = 0
    while count < 100:  # convex and rising in u: Newton falls monotonically onto the root
        count += 1
        step = (weight * u**b + linear * u - right) / (b * weight * u ** (b - 1) + linear)
        new = np.where(inner & (step > 0), u - step, u)
        if np.all(new >= u * (1 - 2e-16)):
            break
        u = new
    residual = np.where(inner, np.abs(weight * u**b + linear * u - right) / right, 0.0)
    t = 1 - u
    near = inner & (t < 0.5)  # the same equation in t, where 1 - u has lost digits
    for _ in range(3):
        left = weight * np.expm1(b * np.log1p(-t)) - linear * t + excess
        residual = np.where(near, np.abs(left) / np.where(near, excess, 1.0), residual)
        t = np.where(near, t + left / (b * weight * (1 - t) ** (b - 1) + linear), t)
    status = np.where(residual <= 1e-13, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution(t**2, residual, status.astype(np.int8), np.full(a.shape, count))
    proof = partial(certify_fitting_ratio, a.ravel(), b.ravel(), noise.ravel(), what="optimal_fitting_ratio")
    return provable(solution, proof, certify)
