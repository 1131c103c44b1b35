r"""The contrastive loss of one anchor: gradients, the temperature's grip on hard negatives, and its limits.

Similarities :math:`s_0` of the positive and :math:`s_1,\dots,s_N` of the negatives, temperature :math:`\tau`:
:math:`L=-\ln\mathrm{softmax}(s/\tau)_0`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_matrix, as_positive, as_scalar, check_room, refuse, within_range

__all__ = [
    "ContrastiveGradient",
    "PenaltyEntropy",
    "TemperatureLimits",
    "contrastive_gradient",
    "penalty_entropy",
    "temperature_limits",
    "tolerance",
    "uniformity",
]

Array = NDArray[np.float64]


@record
class ContrastiveGradient(OnGrid, axes={"gradient": "... pair", "penalties": "... negative"}):
    r"""Loss of each anchor and its gradient in the similarities.

    Attributes
    ----------
    loss : ndarray, shape (...)
        L.
    gradient : ndarray, shape (..., N + 1)
        :math:`\partial L/\partial s_0=-(1-P_0)/\tau`, :math:`\partial L/\partial s_j=P_j/\tau`; P is the softmax.
    penalties : ndarray, shape (..., N)
        Relative penalties :math:`r_j`, the negatives' shares of the gradient; they add up to 1.
    """

    loss: Array
    gradient: Array
    penalties: Array


@record
class PenaltyEntropy(OnGrid):
    r"""Entropy of the relative penalties.

    Attributes
    ----------
    entropy : ndarray, shape (...)
        :math:`H=-\sum_jr_j\ln r_j`.
    slope : ndarray, shape (...)
        :math:`dH/d\tau=\mathrm{Var}_r(s)/\tau^3\ge0`.
    """

    entropy: Array
    slope: Array


@record
class TemperatureLimits(OnGrid):
    r"""Ends of the contrastive loss.

    Attributes
    ----------
    cold : ndarray, shape (...)
        :math:`\lim_{\tau\to0}\tau L=\max(\max_js_j-s_0,0)`.
    hot : ndarray, shape (...)
        :math:`\lim_{\tau\to\infty}L=\ln(N+1)`.
    hot_slope : ndarray, shape (...)
        :math:`\lim_{\tau\to\infty}\tau(L-\ln(N+1))=\bar s-s_0`, the mean taken over all N + 1.
    """

    cold: Array
    hot: Array
    hot_slope: Array


def _read_similarities(value: ArrayLike) -> Array:
    found = as_finite("similarities", value)
    if found.ndim == 0 or found.shape[-1] < 2 or not found.size:
        raise refuse("similarities.shape", found.shape, "it must be (..., N + 1), the positive first, N at least 1")
    return found


def _softmax(logits: Array) -> tuple[Array, Array]:
    """Shares and logarithm of the sum, both relative to the largest."""
    largest = logits.max(axis=-1, keepdims=True)
    terms = np.exp(np.maximum(logits - largest, -745.0))
    total = terms.sum(axis=-1, keepdims=True)
    return terms / total, (largest + np.log(total))[..., 0]


@gridded(similarities="... pair")
@within_range
def contrastive_gradient(similarities: ArrayLike, temperature: float) -> ContrastiveGradient:
    r"""Loss :math:`L=-\ln\mathrm{softmax}(s/\tau)_0` of an anchor, its gradient, and who among the negatives bears it.

    Parameters
    ----------
    similarities : array_like, shape (..., N + 1)
        The positive's first, then those of N negatives.
    temperature : float
        :math:`\tau`, positive.

    Returns
    -------
    ContrastiveGradient
        Loss, gradient and relative penalties.

    Raises
    ------
    ValueError
        A temperature that is not positive, no negative.

    Notes
    -----
    :math:`1-P_0` is the sum of the negatives' shares, and the loss is :math:`\ln(1+\sum_je^{(s_j-s_0)/\tau})` by its
    largest term: neither cancels at any temperature.

    References
    ----------
    wang2021understanding

    Examples
    --------
    >>> from solvable.solvers import contrastive_gradient
    >>> found = contrastive_gradient([0.9, 0.5, 0.1], 0.1)
    >>> found.penalties.round(4)  # the harder negative bears nearly all
    array([0.982, 0.018])
    """
    s, tau = _read_similarities(similarities), as_scalar("temperature", temperature, as_positive)
    shares = _softmax(s / tau)[0]
    penalties, others = _softmax(s[..., 1:] / tau)
    lead = s[..., 0] / tau - others
    wrong = shares[..., 1:].sum(axis=-1, keepdims=True)
    gradient = np.concatenate([-wrong, shares[..., 1:]], axis=-1) / tau
    return ContrastiveGradient(np.logaddexp(0.0, -lead), gradient, penalties)


@gridded(similarities="... pair")
@within_range
def penalty_entropy(similarities: ArrayLike, temperature: float) -> PenaltyEntropy:
    r"""Entropy of the relative penalties on the negatives, and how it grows with the temperature.

    :math:`dH/d\tau=\mathrm{Var}_r(s)/\tau^3\ge0`: the colder, the more the loss attends to the hardest negatives. The
    loss is :math:`L=-\ln\mathrm{softmax}(s/\tau)_0`.

    Parameters
    ----------
    similarities : array_like, shape (..., N + 1)
        The positive's first (it does not enter), then those of N negatives.
    temperature : float
        :math:`\tau`, positive.

    Returns
    -------
    PenaltyEntropy
        Entropy and slope.

    Raises
    ------
    ValueError
        A temperature that is not positive, no negative.

    Notes
    -----
    Both are sums of terms that are not negative.

    References
    ----------
    wang2021understanding (the slope derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> from solvable.solvers import penalty_entropy
    >>> found = penalty_entropy([0.0, 1.0, 1.0], 0.5)  # two negatives alike: ln 2, whatever the temperature
    >>> round(float(found.entropy), 12), float(found.slope)
    (0.69314718056, 0.0)
    """
    s, tau = _read_similarities(similarities)[..., 1:], as_scalar("temperature", temperature, as_positive)
    logits = np.sort(s / tau, axis=-1)[..., ::-1]
    below = logits[..., :1] - logits
    terms = np.exp(np.maximum(-below, -745.0))
    # ln(1/r) = ln(sum) + distance from the hardest, both not negative; the sum is 1 and the others
    total = np.log1p(terms[..., 1:].sum(axis=-1, keepdims=True))
    shares = terms / np.exp(total)
    entropy = np.sum(shares * (below + total), axis=-1)
    centred = below - np.sum(shares * below, axis=-1, keepdims=True)
    return PenaltyEntropy(entropy, np.sum(shares * centred**2, axis=-1) / tau)


@gridded(similarities="... pair")
@within_range
def temperature_limits(similarities: ArrayLike) -> TemperatureLimits:
    r"""Limits of the contrastive loss :math:`L=-\ln\mathrm{softmax}(s/\tau)_0` as the temperature goes to 0 and to inf.

    Cold, :math:`\tau L\to\max(\max_js_j-s_0,0)`: a triplet loss with the hardest negative. Hot,
    :math:`L\approx\ln(N+1)-(s_0-\bar s)/\tau`: all negatives alike.

    Parameters
    ----------
    similarities : array_like, shape (..., N + 1)
        The positive's first, then those of N negatives.

    Returns
    -------
    TemperatureLimits
        Both ends.

    Raises
    ------
    ValueError
        No negative.

    Notes
    -----
    Exact but for one rounding.

    References
    ----------
    wang2021understanding

    Examples
    --------
    >>> from solvable.solvers import temperature_limits
    >>> found = temperature_limits([0.2, 0.8, 0.5])
    >>> round(float(found.cold), 12), round(float(found.hot_slope), 12)
    (0.6, 0.3)
    """
    s = _read_similarities(similarities)
    cold = np.maximum(s[..., 1:].max(axis=-1) - s[..., 0], 0.0)
    hot = np.full(s.shape[:-1], np.log(s.shape[-1]))
    return TemperatureLimits(cold, hot, np.mean(s - s[..., :1], axis=-1))


def _read_embeddings(name: str, value: ArrayLike) -> Array:
    found = as_matrix(name, value)
    if len(found) < 2:
        raise refuse(f"{name}.shape", found.shape, "it must hold at least two rows to compare")
    largest = np.abs(found).max(axis=1, keepdims=True)
    if not largest.all():
        raise refuse(f"{name}[{int(np.argmin(largest))}]", 0.0, "a row of zeros has no direction")
    found = found / largest
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


@within_range
def uniformity(embeddings: ArrayLike, sharpness: float = 2.0) -> float:
    r"""How evenly directions cover the sphere: :math:`\ln\frac{2}{n(n-1)}\sum_{i<j}e^{-t\|f_i-f_j\|^2}`, lower is more
    even.

    Parameters
    ----------
    embeddings : array_like, shape (n, k)
        Rows; they are scaled to length one.
    sharpness : float
        t.

    Returns
    -------
    float
        Not positive; 0 where all rows point the same way.

    Raises
    ------
    ValueError
        A row of zeros, a single row, a sharpness that is not positive.

    Notes
    -----
    Over distinct pairs; a mean over all ordered pairs would add n terms of 1.

    References
    ----------
    wang2021understanding

    Examples
    --------
    >>> from solvable.solvers import uniformity
    >>> round(uniformity([[1.0, 0.0], [-3.0, 0.0]]), 12)  # opposite: exp(-2 * 4)
    -8.0
    """
    rows, t = _read_embeddings("embeddings", embeddings), as_scalar("sharpness", sharpness, as_positive)
    check_room("embeddings", rows.shape, float(len(rows)) ** 2 * rows.shape[1])
    first, second = np.triu_indices(len(rows), 1)
    logits = -t * np.sum((rows[first] - rows[second]) ** 2, axis=1)
    top = float(logits.max())
    return top + float(np.log(np.mean(np.exp(np.maximum(logits - top, -745.0)))))


@within_range
def tolerance(embeddings: ArrayLike, labels: ArrayLike) -> float:
    r"""How close directions of one class stay: mean cosine over distinct pairs of equal label.

    Parameters
    ----------
    embeddings : array_like, shape (n, k)
        Rows; they are scaled to length one.
    labels : array_like, shape (n,)
        Class of each row.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError
        A row of zeros, labels of another length, no two rows of one class.

    Notes
    -----
    The mean is over pairs of one class; a mean over all pairs with the others counted as 0 is that times the share of
    such pairs.

    References
    ----------
    wang2021understanding

    Examples
    --------
    >>> from solvable.solvers import tolerance
    >>> tolerance([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], [0, 0, 1])
    1.0
    """
    rows = _read_embeddings("embeddings", embeddings)
    classes = as_finite("labels", labels)
    if classes.shape != (len(rows),):
        raise refuse("labels.shape", classes.shape, f"it must be ({len(rows)},), one for each row")
    check_room("embeddings", rows.shape, float(len(rows)) ** 2 * rows.shape[1])
    first, second = np.triu_indices(len(rows), 1)
    same = classes[first] == classes[second]
    if not same.any():
        raise refuse("labels", classes, "no two rows are of one class")
    return float(np.mean(np.sum(rows[first[same]] * rows[second[same]], axis=1)))
