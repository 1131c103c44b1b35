r"""Where labels of a random field stop being separable: rows over dimensions at which the margin vanishes.

With x the teacher's own direction of a row, standardised, u = yx of density 2P(x)phi(x) and an independent Gaussian z,
n rows in d dimensions are separable iff (derived from the state evolution at infinite V; the same as Candes and Sur's)

.. math:: \frac dn > \min_t E(z-tu)_+^2,\qquad E_z(z-a)_+^2=(1+a^2)\Phi(-a)-a\varphi(a),

convex in t. Labels without a teacher have t = 0 and d/n = 1/2: Cover's two rows for each dimension.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtr, ndtri

from solvable.solvers.convex_losses.channels import Teacher, label_chance, smoothed_chance
from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import OnFailure, Solution, Status, report_failures
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_choice, as_nonnegative, broadcast, refuse, within_range

__all__ = ["edge_error", "recovery_ridge", "separability_threshold", "threshold_ratio"]

Array = NDArray[np.float64]
_X, _W = np.polynomial.legendre.leggauss(16)
_DEEPEST, _STEEPEST_T = 400, 1e101  # panels from 1e-120 on; t where wrong labels of a jump have chance 1e-303
_STEEPEST = 27  # doublings; corrections are of the square of the width


def _line(depth: int) -> tuple[Array, Array]:
    """Nodes and Gaussian weights on both sides of 0, in panels that double `depth` times."""
    steps = np.r_[0.0, 9.0 * 2.0 ** np.arange(-depth, 1.0)]
    left, half = steps[:-1], np.diff(steps) / 2
    fine = np.concatenate([left[:, None] + half[:, None] * (1 + _X)]).ravel()
    weight = (half[:, None] * _W).ravel() * np.exp(-fine * fine / 2) / np.sqrt(2 * np.pi)
    return np.r_[-fine[::-1], fine], np.r_[weight[::-1], weight]


def _chance(teacher: Teacher, field: Array, hidden: float) -> Array:
    """Chance of the label 1 given the visible part of the field."""
    if teacher == "sign":
        return np.asarray(ndtr(field / np.sqrt(hidden)) if hidden > 0 else (field > 0).astype(float))
    function: Any = expit if teacher == "logistic" else teacher
    return smoothed_chance(function, field, float(np.sqrt(hidden))) if hidden > 0 else label_chance(function, field)


def _may_jump(teacher: Teacher, hidden: float) -> bool:
    """Whether labels may turn at once, with wrong ones so rare that the margin's t is about 1e100."""
    return not isinstance(teacher, str) and hidden == 0


def _least(teacher: Teacher, signal: float, hidden: float) -> tuple[float, float, float]:
    """Minimum over t of E(z - tu)_+^2, its place, and the logarithmic derivative left there."""
    if signal == 0:
        return 0.5, 0.0, 0.0
    # a teacher by name turns over one unit of its field or over what is hidden: far below it n/d is in proportion
    width = np.sqrt(hidden + (teacher != "sign"))
    steep = np.log2(np.sqrt(signal)) - (np.log2(width) if isinstance(teacher, str) else 0.0)
    beyond = float(np.floor(max(steep - _STEEPEST, 0.0))) if isinstance(teacher, str) else 0.0
    signal = signal * 4.0**-beyond
    x, weight = _line(_DEEPEST if _may_jump(teacher, hidden) else 40 + int(np.clip(steep - beyond, 0, 300)))
    label = _chance(teacher, np.sqrt(signal) * x, hidden)
    chance = 2 * weight * label
    if chance @ x < 0:  # a teacher against its own field
        chance, label = chance[::-1], label[::-1]

    def parts(t: float) -> tuple[float, float, float]:
        a = t * x
        tail, bell = ndtr(-a), np.exp(-np.minimum(a * a / 2, 745.0)) / np.sqrt(2 * np.pi)
        # (1 + a^2)tail - a bell and a tail - bell cancel for large a, where they are below 1/a^2 of their terms
        value = np.where(a > 30, 2 * tail / (1 + a * a), (1 + a * a) * tail - a * bell)
        slope = 2 * (np.maximum(a, -1e150) * tail - bell)
        return float(chance @ value), float(chance @ (x * slope)), float(chance @ (2 * x * x * tail))

    low, high = 0.0, 1.0
    while parts(high)[1] < 0:
        low, high = high, 2 * high
        if high > _STEEPEST_T:
            if np.any(label[x < 0] > 0):
                raise refuse("teacher", teacher, "wrong labels must be impossible, or likelier than 1e-302")
            return 0.0, np.inf, 0.0  # separable whatever n

    def evaluate(t: Array, _index: Any) -> tuple[Array, Array]:
        _, slope, curve = parts(float(t[0]))
        return np.array([slope]), np.array([curve])

    root = bracketed_newton(evaluate, np.array([low]), np.array([high]), np.array([(low + high) / 2]))
    t = float(root.x[0])
    value, slope, _ = parts(t)
    if value == 0:  # separable but for what doubles can hold
        return 0.0, np.inf, 0.0
    return value * 2.0**-beyond, t, abs(slope) * t / value if root.converged[0] else np.inf


def threshold_ratio(teacher: Teacher, signal: float, irreducible: float, noise: float) -> tuple[float, float]:
    """Rows over dimensions at the threshold, and the residual of the minimisation; `inf` where all is separable."""
    if teacher == "sign" and irreducible + noise == 0 and signal > 0:
        return np.inf, 0.0
    least, _, residual = _least(teacher, signal, irreducible + noise)
    return (1 / least if least > 0 else np.inf), residual


def edge_error(teacher: Teacher, signal: float, irreducible: float, noise: float) -> float:
    """Chance of the wrong sign at the threshold: rows whiten there to tx + z along the one direction that separates."""
    hidden = irreducible + noise
    _, t, _ = _least(teacher, signal, hidden)
    x, weight = _line(_DEEPEST if _may_jump(teacher, hidden) else 60)
    chance = _chance(teacher, np.sqrt(signal) * x, hidden)
    side = -t if chance @ (weight * x) < 0 else t
    return float(weight @ (chance * ndtr(-side * x) + (1 - chance) * ndtr(side * x)))


def recovery_ridge(target: Spectrum, n: Array) -> Array:
    """Ridge up to which the absolute loss of noiseless real labels gives back the teacher: 0 up to n = rank.

    As the error e^2 vanishes, V = ce with n P(|z| < c) = rank, and the equation of q then holds at one ridge alone:
    below it e falls to 0.
    """
    share = np.minimum(target.rank / n, 1.0)
    c = ndtri((1 + share) / 2)
    with np.errstate(invalid="ignore"):
        # E(z - c)_+ over c, 0 at infinite c
        gap = np.where(np.isinf(c), 0.0, np.exp(-c * c / 2) / np.sqrt(2 * np.pi) - c * ndtr(-c)) / c
    pull = float((target.target_power / target.eigenvalues**2).sum())
    return np.asarray(n * np.sqrt(2 * share * np.maximum(gap, 0.0) / pull))


@gridded("signal", "noise")
@within_range
def separability_threshold(
    signal: ArrayLike, teacher: Teacher = "logistic", noise: ArrayLike = 0.0, *, on_failure: OnFailure = "warn"
) -> Solution:
    r"""Rows for each dimension above which random labels are not separable, and the plain logistic fit exists.

    .. math:: \frac nd=\Big[\min_tE(z-tu)_+^2\Big]^{-1}

    with u = yx the margin of the teacher's own standardised direction and z an independent standard Gaussian; no
    intercept. It does not depend on the covariance of the rows.

    Parameters
    ----------
    signal : array_like
        Variance of the teacher's field that is linear in the rows (gamma^2 of logistic regression).
    teacher : {"logistic", "sign"} or callable
        As in `state_evolution`.
    noise : array_like
        Variance of what is added to the field: noise, and what of it the rows do not explain.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the minimisation did not converge.

    Returns
    -------
    Solution
        n/d, 2 without a signal (Cover); inf where labels are always separable.

    Raises
    ------
    ValueError
        A negative signal or noise, an unknown teacher, a callable that returns no chances, or chances of wrong labels
        that are not 0 and too small for doubles (below 1e-302 about a jump).

    References
    ----------
    candes2020phase (logistic labels), cover1965geometrical

    Examples
    --------
    >>> from solvable.solvers import separability_threshold
    >>> separability_threshold([0.0, 1.0, 25.0]).value.round(3)
    array([2.   , 2.278, 5.404])
    """
    if not callable(teacher):
        as_choice("teacher", teacher, ("logistic", "sign"))
    power, sigma2 = broadcast(signal=as_nonnegative("signal", signal), noise=as_nonnegative("noise", noise))
    if teacher == "sign" and np.any(power + sigma2 == 0):
        raise refuse("signal", power, "with a sign teacher signal and noise must not both vanish")
    value, residual = np.empty(power.shape), np.empty(power.shape)
    for index in np.ndindex(power.shape):
        value[index], residual[index] = threshold_ratio(teacher, float(power[index]), 0.0, float(sigma2[index]))
    status = np.where(residual <= 1e-9, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution.shaped(power.shape, value, residual, status, np.zeros(power.shape, np.int64))
    report_failures(solution, "separability_threshold", on_failure)
    return solution
