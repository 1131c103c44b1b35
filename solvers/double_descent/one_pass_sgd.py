r"""One-pass SGD on Gaussian rows: the mean error at every step, exactly, for any covariance and batch size.

Loss :math:`(1/2B)\|y-Xw\|^2` on a fresh batch each step. With :math:`E[\hat S M\hat S] = (1+1/B)\Sigma M\Sigma +
\mathrm{tr}(\Sigma M)\Sigma/B` for Gaussian rows, the mean squared weight error :math:`q_i` of each mode obeys

.. math::
    q_i' = \big[1-2\eta s_i+(1+1/B)\eta^2 s_i^2\big]q_i + \frac{\eta^2}{B}m_i s_i\Big[\sum_j s_j q_j+\sigma^2\Big].

Scaled by :math:`m_i^{-1/2}` this is a symmetric diagonal-plus-rank-one map: one eigendecomposition gives every step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.double_descent.spectral_filter import as_times
from solvable.solvers.equivalents.resolvent import times as multiply
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import Risk, record
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, as_whole, within_range

__all__ = ["OnePassRisk", "one_pass_sgd_risk"]

Array = NDArray[np.float64]


@record
class OnePassRisk(Risk):
    """Mean error of one-pass SGD at each step.

    Attributes
    ----------
    test : ndarray
        Expected squared error on a fresh noisy label.
    train : ndarray
        Expected squared error on the rows of the next step: they are fresh, so that it equals `test`.
    bias, variance : ndarray
        The part without and the part due to label noise; `bias` holds the irreducible power of the target.
    noise_variance : ndarray
        The label noise the risk was computed for.
    excess : ndarray
        Test error without the label noise, ``bias + variance``.
    growth : float
        Factor by which the slowest mode's mean square changes in a step; the mean square is stable below 1.
    stationary : float
        Excess error in the long run; infinite where `growth` is 1 or more.
    """

    growth: float
    stationary: float


@gridded("steps")
@within_range
def one_pass_sgd_risk(
    spectrum: Spectrum, step_size: float, batch_size: int, steps: ArrayLike, noise_variance: float = 0.0
) -> OnePassRisk:
    r"""Mean test error of SGD that never sees a sample twice, at all steps at once.

    Loss :math:`(1/2B)\|y-Xw\|^2` on B fresh Gaussian rows a step, start at 0:
    :math:`w' = w-\eta X^T(Xw-y)/B`. Exact in expectation at any size. Isotropic rows in d dimensions are stable for
    :math:`\eta < 2/(1+(d+1)/B)`.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and target power; the irreducible part acts as label noise.
    step_size : float
        Positive, constant. Unstable ones are allowed: the mean then grows, up to inf.
    batch_size : int
        Fresh rows a step.
    steps : array_like
        A whole number, or increasing ones.
    noise_variance : float
        Of the labels.

    Returns
    -------
    OnePassRisk
        Error at each of `steps`, growth factor and stationary error.

    Raises
    ------
    ValueError
        Arguments outside their range, steps that do not increase, a spectrum without target power.

    References
    ----------
    liu2023optimization (the question); the recursion is derived

    Examples
    --------
    >>> from solvable.solvers import Spectrum, one_pass_sgd_risk
    >>> risk = one_pass_sgd_risk(Spectrum.isotropic(10), 0.1, 4, [0, 50, 10**6], noise_variance=0.5)
    >>> risk.excess.round(6)
    array([1.      , 0.077053, 0.076923])
    """
    as_spectrum(spectrum).require_target()
    eta, batch = as_scalar("step_size", step_size, as_positive), as_whole("batch_size", batch_size)
    times = as_times("steps", steps)
    label = as_scalar("noise_variance", noise_variance, as_nonnegative)
    s, root = spectrum.eigenvalues, np.sqrt(spectrum.multiplicities)
    x = eta * s
    column = x * root / np.sqrt(batch)
    # 1 - map, which is what a slow mode needs with relative accuracy
    decay, vectors = np.linalg.eigh(np.diag(x * (2 - (1 + 1 / batch) * x)) - np.outer(column, column))
    start = vectors.T @ (spectrum.require_target() / s / root)
    drive = vectors.T @ column * eta / np.sqrt(batch)  # of unit noise
    read = (s * root) @ vectors
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        logs = np.log1p(-np.minimum(decay, 1.0))
        exponent = np.where(times[:, None] == 0, 0.0, times[:, None] * logs)
        # sum of the first t powers of 1 - decay
        total = np.where(decay == 0, times[:, None], -np.expm1(exponent) / np.where(decay == 0, 1.0, decay))
        kept = np.sum(multiply(np.exp(exponent), read * start), axis=1)
        gain = np.sum(multiply(total, read * drive), axis=1)
    missing = spectrum.irreducible_power
    bias, variance = kept + multiply(gain, missing) + missing, multiply(gain, label)
    shape = np.shape(steps)
    bias, variance = bias.reshape(shape), variance.reshape(shape)
    test = np.asarray(bias + variance + label)
    stationary = float(read @ (drive / decay)) * (label + missing) + missing if decay[0] > 0 else np.inf
    noise = np.full(shape, label)
    return OnePassRisk(test, test.copy(), bias, variance, noise, float(1 - decay[0]), stationary)
