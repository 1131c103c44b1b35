r"""Inductive bias: information, beyond the data, that picks out a hypothesis that generalises.

Hypotheses are linear, :math:`w\sim N(0,I_d)`; n points in general position are fitted exactly. What is left is a
standard normal vector in d - n directions, and the hypothesis generalises where its squared distance to the target is
at most a level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincc, logsumexp

from solvable.solvers.generalisation.deviations import log_poisson
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_nonnegative,
    as_positive,
    broadcast,
    refuse,
    within_range,
)

__all__ = ["BiasScaling", "bias_scaling", "inductive_bias"]

Array = NDArray[np.float64]
_LARGEST = 1e8  # noncentrality: terms of the sum grow as its root
_SURE = 750.0  # e^-750 is below the least double


def _log_gammainc(a: Array, x: float) -> Array:
    """Logarithm of the regularised lower incomplete gamma function at a, a + 1, ..., far below the range of doubles."""
    value = gammainc(a, x)
    low = int(np.sum(value >= 0.1))  # it falls with a, and scipy loses digits of what is small
    found = np.log(value[:low])
    if low == a.size:
        return np.asarray(found)
    # P(a, x) is the sum of the Poisson terms at a, a + 1, ...: beyond this many they are below e^-50 of the first
    more = int(10 * np.sqrt(a[-1])) + 40
    terms = log_poisson(a[low] + np.arange(a.size - low + more), x)
    return np.concatenate([found, np.logaddexp.accumulate(terms[::-1])[::-1][: a.size - low]])


def _window(term: Callable[[Array], Array], centre: float) -> Array:
    """Whole numbers around the largest of log-concave terms, until both ends are below 1e-18 of it."""
    low, high = max(0.0, np.floor(centre) - 8), np.floor(centre) + 8
    while True:
        j = np.arange(low, high + 1)
        logs = term(j)
        top = logs.max()
        if top == -np.inf:
            return np.asarray(logs)
        more_low, more_high = low > 0 and logs[0] > top - 42, logs[-1] > top - 42
        if not (more_low or more_high):
            return np.asarray(logs)
        width = high - low + 1
        low, high = max(0.0, low - width * more_low), high + width * more_high


def _bias(free: float, centre: float, level: float) -> float:
    """-ln P(noncentral chi-squared with `free` degrees <= level): Poisson mixtures of positive terms."""
    a, x, half = free / 2, level / 2, centre / 2
    if half == 0:
        above = float(gammaincc(a, x))
        return float(-np.log1p(-above)) if above < 0.5 else -float(_log_gammainc(np.array([a]), x)[0])
    # Birgé's bound: beyond this level the probability misses 1 by less than e^-750
    if level > free + centre + 2 * np.sqrt((free + 2 * centre) * _SURE) + 2 * _SURE:
        return 0.0
    # ratio of neighbouring terms for small x: half x / (j (a + j))
    low_peak = (np.sqrt(a**2 + 4 * half * x) - a) / 2
    peak = min(half, low_peak)
    logs = _window(lambda j: log_poisson(j, half) + _log_gammainc(a + j, x), peak)
    inside = float(logsumexp(logs))
    if inside < -0.5:
        return -inside
    with np.errstate(divide="ignore"):
        # far out the largest term lies between the means of both factors, and those at `half` may underflow
        upper = _window(lambda j: log_poisson(j, half) + np.log(gammaincc(a + j, x)), max(half, low_peak))
    return float(-np.log1p(-np.exp(logsumexp(upper))))


@within_range
def inductive_bias(d: ArrayLike, n: ArrayLike, target: ArrayLike, level: ArrayLike) -> Array:
    r"""Inductive bias :math:`-\ln P(|w-w_*|^2\le\varepsilon\mid w\text{ fits }n\text{ points})`, in nats.

    Of :math:`w\sim N(0,I_d)` the points determine n directions; in the others
    :math:`|w-w_*|^2` is noncentral :math:`\chi^2` with d - n degrees and noncentrality the squared norm of the
    target there.

    Parameters
    ----------
    d, n : array_like
        Dimension of the hypotheses and points that are fitted, n < d.
    target : array_like
        Squared norm of :math:`w_*` in the d - n directions that the points leave open; (d - n)/d of
        :math:`|w_*|^2` on average for isotropic points.
    level : array_like
        :math:`\varepsilon`, excess risk for isotropic inputs that counts as generalising; weights have variance 1.

    Returns
    -------
    ndarray
        On the broadcast grid.

    Raises
    ------
    ValueError
        A level that is not positive, sizes that are not whole, n >= d, a target above 1e8.

    Notes
    -----
    A Poisson mixture of incomplete gamma functions in logarithms, all terms positive; where the probability is above
    :math:`e^{-1/2}` its complement is summed. Relative errors stay near 1e-12. For small levels it is
    :math:`\frac{d-n}2\ln\frac1\varepsilon` plus a constant; for many directions k left open it grows as
    :math:`\frac k2\ln\frac k{e\varepsilon}`.

    References
    ----------
    boopathy2023model

    Examples
    --------
    >>> from solvable.solvers import inductive_bias
    >>> round(float(inductive_bias(3, 1, 0.0, 2.0)), 12)  # P = 1 - 1/e
    0.458675145387
    """
    size, seen = as_positive("d", d), as_nonnegative("n", n)
    for name, array in (("d", size), ("n", seen)):
        if np.any(array != np.floor(array)):
            raise refuse(name, array, "it must be a whole number")
    size, seen, centre, goal = broadcast(
        d=size, n=seen, target=as_nonnegative("target", target), level=as_positive("level", level)
    )
    if np.any(seen >= size):
        raise refuse("n", seen, f"it must be below d = {size.min():g}, or the points determine the weights")
    if np.any(centre > _LARGEST):
        raise refuse("target", centre, f"it must be at most {_LARGEST:g}")
    cells = zip((size - seen).flat, centre.flat, goal.flat, strict=True)
    return np.array([_bias(*map(float, cell)) for cell in cells]).reshape(size.shape)


@record
class BiasScaling:
    r"""Straight line through biases at several levels.

    Attributes
    ----------
    dimensions : float
        Twice the slope in :math:`\ln(1/\varepsilon)`: directions that the data leave open, for small levels.
    offset : float
        Its value at level 1, in nats.
    residual : float
        Root mean square of what the line leaves, in nats.
    """

    dimensions: float
    offset: float
    residual: float


@within_range
def bias_scaling(level: ArrayLike, bias: ArrayLike) -> BiasScaling:
    r"""Fit of :math:`\frac k2\ln\frac1\varepsilon+c` to biases by least squares.

    Parameters
    ----------
    level : array_like, shape (m,)
        :math:`\varepsilon`, at least two different ones.
    bias : array_like, shape (m,)
        -ln P at each, measured or from `inductive_bias`.

    Returns
    -------
    BiasScaling

    Raises
    ------
    ValueError
        Levels that are not positive or all equal, shapes that differ.

    Notes
    -----
    Centred before the slope is formed: errors are those of the biases over the spread of the logarithms.

    References
    ----------
    boopathy2023model

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import bias_scaling, inductive_bias
    >>> levels = np.array([1e-6, 1e-5, 1e-4])
    >>> round(bias_scaling(levels, inductive_bias(12, 8, 2.0, levels)).dimensions, 3)
    4.0
    """
    logs, value = -np.log(as_positive("level", level)), as_finite("bias", bias)
    if logs.ndim != 1 or value.shape != logs.shape:
        raise refuse("bias.shape", value.shape, f"it must be a vector as long as level, {logs.shape}")
    if logs.size < 2 or np.ptp(logs) == 0:
        raise refuse("level", np.exp(-logs), "it must hold at least two different levels")
    shifted = logs - logs.mean()
    slope = float(shifted @ (value - value.mean()) / (shifted @ shifted))
    offset = float(value.mean() - slope * logs.mean())
    residual = float(np.sqrt(np.mean((value - slope * logs - offset) ** 2)))
    return BiasScaling(2 * slope, offset, residual)
