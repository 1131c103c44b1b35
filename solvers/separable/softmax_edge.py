r"""Cross-entropy at the edge of floating point: where softmax rounds to one, and normalisers that do not.

Once the logit of the right class leads by the collapse gap, the normalising sum :math:`\sum_je^{z_j-z_{max}}` rounds
to 1: the loss and the gradient of that logit are exactly 0. Stablemax replaces the exponential by
:math:`s(z)=1+z` for z >= 0 and :math:`1/(1-z)` below, whose sums do not round at such gaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_choice, as_finite, as_kind, as_real, as_whole, refuse, within_range

__all__ = [
    "StablemaxLoss",
    "collapse_gap",
    "naive_minimisation_cosine",
    "perpendicular",
    "stablemax",
    "stablemax_loss",
]

Array = NDArray[np.float64]
_BITS = {"float16": 10, "float32": 23, "float64": 52}  # stored bits of the mantissa


def _logits(value: ArrayLike) -> Array:
    logits = as_finite("logits", value)
    if logits.ndim == 0 or 0 in logits.shape:
        raise refuse("logits.shape", logits.shape, "the last axis holds the classes, at least one")
    return logits


def _weights(logits: Array) -> Array:
    return np.asarray(np.where(logits >= 0, 1 + np.abs(logits), 1 / (1 + np.abs(logits))))


@within_range
def stablemax(logits: ArrayLike) -> Array:
    r"""Probabilities :math:`s(z_j)/\sum_ks(z_k)`, s(z) = 1 + z for z >= 0 and 1/(1 - z) below.

    Softmax of sign(z) log(1 + abs z): the tails are powers, not exponentials.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Finite.

    Returns
    -------
    ndarray, shape (..., K)
        They add up to one.

    Raises
    ------
    ValueError
        Logits without classes, or whose sum overflows.

    References
    ----------
    prieto2025grokking

    Examples
    --------
    >>> from solvable.solvers import stablemax
    >>> stablemax([3.0, 0.0, -1.0]).round(4)
    array([0.7273, 0.1818, 0.0909])
    """
    weights = _weights(_logits(logits))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@record
class StablemaxLoss(OnGrid, axes={"gradient": "... class"}):
    """Cross-entropy of stablemax and its gradient.

    Attributes
    ----------
    value : ndarray, shape (...)
        Minus the logarithm of the label's probability.
    gradient : ndarray, shape (..., K)
        In the logits.
    """

    value: Array
    gradient: Array


@gridded("label", logits="... class")
@within_range
def stablemax_loss(logits: ArrayLike, label: ArrayLike) -> StablemaxLoss:
    r"""Cross-entropy of `stablemax`, :math:`-\ln\frac{s(z_y)}{\sum_js(z_j)}` of each row, no mean taken.

    .. math:: \partial_j = \frac{s'(z_j)}{\sum_ks(z_k)}-1[j=y]\frac{s'(z_y)}{s(z_y)},\qquad s'(z)=\min(1,(1-z)^{-2})

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Finite.
    label : array_like, shape (...)
        Class y of each row, 0..K-1.

    Returns
    -------
    StablemaxLoss
        Losses and their gradients.

    Raises
    ------
    ValueError
        Labels that are no classes, shapes that do not match.

    Notes
    -----
    Written as log1p of the other classes' share, and its gradient in the label's logit as minus that share: both keep
    their digits when the label's probability rounds to one.

    References
    ----------
    prieto2025grokking

    Examples
    --------
    >>> from solvable.solvers import stablemax_loss
    >>> found = stablemax_loss([1.0, 0.0], 0)
    >>> found.value.round(6), found.gradient.round(6)
    (np.float64(0.405465), array([-0.166667,  0.333333]))
    """
    z, y = _logits(logits), as_real("label", label)
    if y.shape != z.shape[:-1]:
        raise refuse("label.shape", y.shape, f"it must be {z.shape[:-1]}, one class for each row")
    if not np.all((y >= 0) & (y < z.shape[-1]) & (y == np.floor(y))):
        raise refuse("label", y, f"it must be whole numbers in 0..{z.shape[-1] - 1}")
    s = _weights(z)
    slope = np.where(z >= 0, 1.0, (1 / (1 + np.abs(z))) ** 2)
    mine = np.arange(z.shape[-1]) == y[..., None]
    own = np.sum(s, axis=-1, where=mine)
    others = np.sum(s, axis=-1, where=~mine)
    gradient = slope / (own + others)[..., None]
    ratio = (others / (own + others))[..., None] / (1 + np.abs(z))  # s'/s = 1/(1 + |z|) on both sides of 0
    with np.errstate(over="ignore"):  # where the label's share vanishes the logarithms are subtracted
        value = np.where(own >= others, np.log1p(others / own), np.log(own + others) - np.log(own))
    return StablemaxLoss(np.asarray(value), np.asarray(np.where(mine, -ratio, gradient)))


@within_range
def collapse_gap(dtype: str, classes: int, order: str) -> float:
    r"""Lead of the right class's logit from which the softmax loss is exactly 0 in a floating-point format.

    All other logits equal, classes summed one after another, m stored bits of the mantissa: :math:`(m+1)\ln 2` with the
    right class first, whatever the number of classes K, because each term rounds away by itself; with the right class
    last :math:`(m+1)\ln 2+\ln(K-1)`, because the others add up first. Any other order lies between.

    Parameters
    ----------
    dtype : {"float16", "float32", "float64"}
        Format of every operation; round to nearest, ties to even.
    classes : int
        K >= 2.
    order : {"first", "last"}
        Where the right class stands in the sum.

    Returns
    -------
    float
        The gap, in exact arithmetic of the exponentials; their rounding in the format moves it by about
        :math:`2^{-m}`, by more where they are denormal.

    Raises
    ------
    ValueError
        An unknown format or order, fewer than two classes.

    References
    ----------
    prieto2025grokking (the effect; this form is derived)

    Examples
    --------
    >>> from solvable.solvers import collapse_gap
    >>> round(collapse_gap("float32", 2, "first"), 6)
    16.635532
    """
    bits, count = _BITS[as_choice("dtype", dtype, tuple(_BITS))], as_whole("classes", classes)
    if count < 2:
        raise refuse("classes", classes, "a gap needs at least two")
    last = as_choice("order", order, ("first", "last")) == "last"
    return float((bits + 1) * np.log(2) + (np.log(count - 1) if last else 0.0))


def _pair(gradient: ArrayLike, parameters: ArrayLike) -> tuple[Array, Array, float, float]:
    """Gradient and parameters in units of their largest entries, and the units."""
    g, theta = as_finite("gradient", gradient), as_finite("parameters", parameters)
    if g.shape != theta.shape:
        raise refuse("gradient.shape", g.shape, f"it must be {theta.shape}, that of the parameters")
    if theta.size == 0 or not theta.any():
        raise refuse("parameters", theta, "they must not all be zero: they give the direction")
    unit = float(np.abs(g).max()) or 1.0
    size = float(np.abs(theta).max())
    return g / unit, theta / size, unit, size


@within_range
def perpendicular(gradient: ArrayLike, parameters: ArrayLike, rescale: bool = False) -> Array:
    r"""Gradient without its part along the parameters, :math:`g-\frac{\theta^Tg}{\theta^T\theta}\theta`.

    A step along it changes the norm of the parameters by second order in the step size only, and so cannot lower the
    loss by scaling the logits up.

    Parameters
    ----------
    gradient, parameters : array_like
        Of one shape; contracted over all entries.
    rescale : bool
        Stretch the result to the length of the gradient.

    Returns
    -------
    ndarray
        In the shape of the gradient.

    Raises
    ------
    ValueError
        Parameters that are all zero, shapes that differ, a gradient along the parameters that is to be stretched.

    References
    ----------
    prieto2025grokking

    Examples
    --------
    >>> from solvable.solvers import perpendicular
    >>> perpendicular([1.0, 1.0], [2.0, 0.0])
    array([0., 1.])
    """
    g, theta, unit, _ = _pair(gradient, parameters)
    as_kind("rescale", rescale, bool, "it must be True or False")
    direction = theta / np.linalg.norm(theta)
    rest = g
    for _ in range(2):  # the second pass removes the rounding of the first
        rest = rest - np.sum(rest * direction) * direction
    if rescale and g.any():
        size = float(np.linalg.norm(rest))
        if size <= 16 * g.size * np.finfo(float).eps * float(np.linalg.norm(g)):
            raise refuse("gradient", unit * g, "it lies along the parameters: nothing is left")
        rest = rest * (float(np.linalg.norm(g)) / size)
    return np.asarray(unit * rest)


@within_range
def naive_minimisation_cosine(gradient: ArrayLike, parameters: ArrayLike) -> float:
    r"""Cosine of the descent direction with the parameters, :math:`-g^T\theta/(\|g\|\|\theta\|)`.

    Near 1 a step only scales the parameters up: for logits homogeneous of degree one in them this is what lowers the
    loss once everything is classified.

    Parameters
    ----------
    gradient, parameters : array_like
        Of one shape; contracted over all entries.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError
        A gradient or parameters that are all zero, shapes that differ.

    References
    ----------
    prieto2025grokking

    Examples
    --------
    >>> from solvable.solvers import naive_minimisation_cosine
    >>> naive_minimisation_cosine([-3.0, 0.0], [2.0, 0.0])
    1.0
    """
    g, theta, _, _ = _pair(gradient, parameters)
    if not g.any():
        raise refuse("gradient", g, "it must not be zero: it gives the direction")
    cosine = -float(np.sum(g * theta)) / float(np.linalg.norm(g) * np.linalg.norm(theta))
    return min(1.0, max(-1.0, cosine))
