r"""A score too smooth for its mixture: what Langevin dynamics then samples between the modes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_positive, as_scalar, check_room, refuse, within_range

__all__ = ["ModeInterpolation", "mode_interpolation"]

Array = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_PIECES, _REACH = 12, 12.0  # quadrature intervals between two breaks; standard deviations beyond the outer modes
_HALVINGS = 200
_FLAT = 1e-9  # of the score where the density has an extremum


@record
class ModeInterpolation:
    """Mass where the score was smoothed.

    Attributes
    ----------
    mass : float
        Stationary probability, under the smoothed score, of the intervals where it differs from the true one.
    true_mass : float
        Probability of the same intervals under the mixture.
    middles : ndarray, shape (K - 1,)
        Minima of the density between neighbouring modes, where both scores vanish.
    half_widths : ndarray, shape (K - 1, 2)
        How far the interval reaches to the left and to the right of each; 0 where nothing was smoothed.
    """

    mass: float
    true_mass: float
    middles: Array
    half_widths: Array


def _log_density(x: Array, modes: Array) -> Array:
    return np.asarray(logsumexp(-0.5 * (x[..., None] - modes) ** 2, axis=-1)) - np.log(modes.size * np.sqrt(2 * np.pi))


def _score(x: Array, modes: Array) -> Array:
    off = modes - x[..., None]
    weight = np.exp(-0.5 * off**2 + 0.5 * np.min(off**2, axis=-1, keepdims=True))
    return np.asarray(np.sum(weight * off, axis=-1) / np.sum(weight, axis=-1))


def _root(function: object, low: float, high: float) -> float:
    """Where a function that is not positive at the lower end and positive at the upper changes its sign."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if function(middle) > 0 else (middle, high)  # type: ignore[operator]
    return high


def _crossing(middle: float, end: float, modes: Array, steep: float) -> float:
    """Distance from the middle to where the chord of the given slope meets the score again, or 0 if it never is below.

    Between a minimum and a mode the score over the distance falls, as the score is concave there.
    """

    def below(distance: float) -> float:
        return steep - abs(float(_score(np.array(middle + np.sign(end - middle) * distance), modes))) / distance

    span = abs(end - middle)
    return 0.0 if below(1e-6 * span) >= -1e-9 * steep else _root(below, 1e-6 * span, span)


@within_range
def mode_interpolation(modes: ArrayLike, noise: float, smoothness: float) -> ModeInterpolation:
    r"""Mass between the modes of a mixture whose score is smoothed to a Lipschitz constant.

    Equal components :math:`N(m_k,\sigma^2)` on a line. Around each minimum z of the density the score rises by up to
    :math:`\Delta^2/(4\sigma^4)-1/\sigma^2`, :math:`\Delta` the distance of the modes: it jumps as the noise vanishes.
    The smoothed score follows the line :math:`L(x-z)` there until it meets the true one: the largest L-Lipschitz
    function below it in size that vanishes at z. The mass is that of the stationary law of
    :math:`dx=s_L(x)dt+\sqrt2\,dw`.

    Parameters
    ----------
    modes : array_like, shape (K,)
        :math:`m_k`, different, more than :math:`2\sigma` apart.
    noise : float
        :math:`\sigma`, the standard deviation of a component, positive.
    smoothness : float
        L, at least :math:`1/\sigma^2`: the slope that a single component has already.

    Returns
    -------
    ModeInterpolation
        Mass of the smoothed intervals, and what the mixture has there.

    Raises
    ------
    ValueError
        Fewer than two modes, modes that merge, a smoothness below :math:`1/\sigma^2`.

    Notes
    -----
    By Gauss's rule on pieces between all breaks, to 1e-10 of the mass. Nothing is smoothed from
    :math:`L=\Delta^2/(4\sigma^4)-1/\sigma^2` on. What a reversed diffusion samples in finite time is not this law:
    mass flows into the gap from times at which the modes still touch.

    References
    ----------
    aithal2024understanding (the phenomenon; this model of it is derived)

    Examples
    --------
    >>> from solvable.solvers import mode_interpolation
    >>> found = mode_interpolation([-4.0, 4.0], 1.0, 2.0)
    >>> round(found.mass, 5), round(found.true_mass, 5)
    (0.0054, 0.00383)
    """
    places = as_finite("modes", modes)
    if places.ndim != 1 or places.size < 2:
        raise refuse("modes.shape", places.shape, "it must be (K,), at least two modes")
    check_room("modes", places, float(places.size) ** 2 * 1000)
    sigma, slope = as_scalar("noise", noise, as_positive), as_scalar("smoothness", smoothness, as_positive)
    m = np.sort(places / sigma)
    if np.any(np.diff(m) <= 2):
        raise refuse("modes", places, f"neighbours must be more than two standard deviations, {2 * sigma:g}, apart")
    steep = slope * sigma * sigma
    if steep < 1:
        raise refuse("smoothness", smoothness, f"a single component has the slope {1 / sigma / sigma:g} already")
    shift = (m[0] + m[-1]) / 2
    m = m - shift
    tops, middles = _extrema(m)
    # two alone part at a distance of 2; a third one may close the gap between them again
    if np.abs(_score(np.concatenate([tops, middles]), m)).max() > _FLAT:
        raise refuse("modes", places, "two of them merge: the density has no minimum between them")
    widths = np.array([[_crossing(z, end, m, steep) for end in tops[i : i + 2]] for i, z in enumerate(middles)])
    mass, true_mass = _masses(m, tops, middles, widths, steep)
    return ModeInterpolation(mass, true_mass, (middles + shift) * sigma, widths * sigma)


def _extrema(m: Array) -> tuple[Array, Array]:
    """Maxima and minima of the density of unit components."""

    def rise(x: float) -> float:
        return float(_score(np.array(x), m))

    def fall(x: float) -> float:
        return -rise(x)

    # in the middle between two neighbours the slope is positive: the minimum is where it crosses zero upwards
    gaps = (m[1:] + m[:-1]) / 2
    bounds = np.concatenate([[m[0] - 1], gaps, [m[-1] + 1]])
    tops = np.array([_root(fall, a, b) for a, b in zip(np.maximum(bounds[:-1], m - 1), np.minimum(bounds[1:], m + 1),
                                                      strict=True)])  # fmt: skip
    middles = np.array([_root(rise, a, b) for a, b in zip(tops[:-1] + 1e-9, tops[1:] - 1e-9, strict=True)])
    return tops, middles


def _masses(m: Array, tops: Array, middles: Array, widths: Array, steep: float) -> tuple[float, float]:
    """Of the smoothed intervals, under the smoothed and under the true score.

    Between breaks the log-density differs from the true one by a constant, or is quadratic: where the score is smoothed
    a mode's side is joined to the minimum's, and constants add up from left to right.
    """
    inside_logs, outside_logs, true_logs = [], [], []
    level, last = 0.0, m[0] - _REACH
    for z, (left, right) in zip(middles, widths, strict=True):
        outside_logs.append(level + _log_mass(last, z - left, m))
        if left + right > 0:
            low, high = float(_log_density(np.array(z - left), m)), float(_log_density(np.array(z + right), m))
            bottom = level + low - 0.5 * steep * left**2
            inside_logs.append(bottom + _log_chord(left, steep))
            inside_logs.append(bottom + _log_chord(right, steep))
            true_logs.append(_log_mass(z - left, z + right, m))
            level = bottom + 0.5 * steep * right**2 - high
        last = z + right
    outside_logs.append(level + _log_mass(last, m[-1] + _REACH, m))
    if not inside_logs:
        return 0.0, 0.0
    total = logsumexp(inside_logs + outside_logs)
    return float(np.exp(logsumexp(inside_logs) - total)), float(np.exp(logsumexp(true_logs)))


def _log_mass(low: float, high: float, m: Array) -> float:
    """Logarithm of the mixture's probability of an interval."""
    edges = np.unique(np.clip(np.concatenate([[low, high], *(m + k for k in range(-12, 13, 3))]), low, high))
    fine = np.unique(np.concatenate([np.linspace(a, b, _PIECES + 1) for a, b in pairwise(edges)]))
    half = np.diff(fine)[:, None] / 2
    x = fine[:-1, None] + half * (1 + _NODES)
    return float(logsumexp(_log_density(x, m) + np.log(half * _WEIGHTS)))


def _log_chord(reach: float, steep: float) -> float:
    """Logarithm of the integral of exp(steep u^2/2) over [0, reach]."""
    if reach == 0:
        return -np.inf
    u = reach * (1 - np.exp(-np.linspace(0, 1, 2 * _PIECES + 1) * min(3.0 + steep * reach**2, 60.0)))
    u[-1] = reach
    half = np.diff(u)[:, None] / 2
    x = u[:-1, None] + half * (1 + _NODES)
    return float(logsumexp(0.5 * steep * x**2 + np.log(half * _WEIGHTS)))
