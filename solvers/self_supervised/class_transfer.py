r"""From a contrastive loss to a classifier of latent classes: the bound, and both losses of a finite problem exactly.

A class c is drawn with probability :math:`\rho_c`, x and its positive independently from it, the negative from a
class drawn again; :math:`\tau=\sum_c\rho_c^2` is the probability that it is the same one. The unsupervised loss is
:math:`E\,\ell(f(x)^T(f(x_+)-f(x_-)))`, :math:`\ell(v)` the hinge :math:`\max(0,1-v)` or the logistic
:math:`\log_2(1+e^{-v})`, both 1 at 0. The mean classifier compares :math:`f(x)^T\mu_c`, :math:`\mu_c` the class means.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_matrix,
    as_nonnegative,
    broadcast,
    check_room,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["ClassTransfer", "class_transfer", "class_transfer_bound"]

Array = NDArray[np.float64]


@record
class ClassTransfer:
    """Losses of a finite problem.

    Attributes
    ----------
    unsupervised : float
        Contrastive loss with one negative.
    supervised : float
        Loss of the mean classifier, over pairs of different classes.
    bound : float
        What `class_transfer_bound` makes of the unsupervised loss, at least the supervised one.
    """

    unsupervised: float
    supervised: float
    bound: float


def _read_classes(rho: ArrayLike) -> Array:
    shares = as_nonnegative("rho", rho)
    if shares.ndim != 1 or shares.size < 2:
        raise refuse("rho.shape", shares.shape, "it must be (classes,), two at least")
    total = float(shares.sum())
    if abs(total - 1) > max(1e-9, shares.size * data_eps(rho)):
        raise refuse("rho", shares, f"probabilities must add up to 1, and they add up to {total:.9g}")
    if np.sum(shares > 0) < 2:
        raise refuse("rho", shares, "two classes at least must have positive probability")
    return shares / total


def _others(shares: Array) -> float:
    """1 - tau, without cancellation."""
    return float(np.sum(shares * (np.sum(shares) - shares)))


@within_range
def class_transfer_bound(rho: ArrayLike, loss: ArrayLike) -> Array:
    r"""Bound the supervised loss of the mean classifier by the contrastive loss, :math:`(L_{un}-\tau)/(1-\tau)`.

    For a convex :math:`\ell` with :math:`\ell(0)=1` (hinge, or logistic in bits), one negative, and
    :math:`\tau=\sum_c\rho_c^2`: negatives of the anchor's own class cost at least 1 each (Jensen).

    Parameters
    ----------
    rho : array_like, shape (classes,)
        Probabilities of the latent classes, adding up to 1, two at least positive.
    loss : array_like
        Unsupervised loss, at least :math:`\tau`.

    Returns
    -------
    ndarray
        Bound, in the shape of `loss`.

    Raises
    ------
    ValueError
        Probabilities that do not add up to 1, a loss below :math:`\tau`, which no embedding has.

    Notes
    -----
    The loss minus :math:`\tau` is taken as given: a loss near :math:`\tau` loses digits.

    References
    ----------
    arora2019theoretical (this form derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> from solvable.solvers import class_transfer_bound
    >>> float(class_transfer_bound([0.5, 0.5], 0.75))
    0.5
    """
    shares, given = _read_classes(rho), as_nonnegative("loss", loss)
    tau = float(np.sum(shares**2))
    (given,) = broadcast(loss=given)
    low = given - tau
    if np.any(low < -1e-12):
        raise refuse("loss", given, f"it must be at least tau = {tau:.6g}, what negatives of the same class cost")
    return np.asarray(np.maximum(low, 0.0) / _others(shares))


def _loss(kind: str, margins: Array) -> Array:
    if kind == "hinge":
        return np.maximum(0.0, 1.0 - margins)
    return np.logaddexp(0.0, -margins) / np.log(2.0)


@within_range
def class_transfer(features: ArrayLike, members: ArrayLike, rho: ArrayLike, kind: str = "hinge") -> ClassTransfer:
    r"""Both sides of the bound for finitely many points, by summing over all triples.

    :math:`L_{un}=\sum_{c,c'}\rho_c\rho_{c'}E_{x,x_+\sim c,\,x_-\sim c'}\,\ell(f(x)^T(f(x_+)-f(x_-)))`; the supervised
    loss is that of :math:`\ell(f(x)^T(\mu_c-\mu_{c'}))` given that the two classes differ.

    Parameters
    ----------
    features : array_like, shape (N, k)
        f of each point.
    members : array_like, shape (classes, N)
        Probability of each point within each class; rows add up to 1.
    rho : array_like, shape (classes,)
        Probabilities of the classes, adding up to 1, two at least positive.
    kind : {"hinge", "log2"}
        :math:`\ell`.

    Returns
    -------
    ClassTransfer
        Unsupervised and supervised loss and the bound.

    Raises
    ------
    ValueError
        Shapes that do not fit, rows that do not add up to 1.

    Notes
    -----
    Sums of terms that are not negative, N^3 of them.

    References
    ----------
    arora2019theoretical

    Examples
    --------
    >>> from solvable.solvers import class_transfer
    >>> found = class_transfer([[1.0], [-1.0]], [[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5])
    >>> found.unsupervised, found.supervised, found.bound
    (0.5, 0.0, 0.0)
    """
    rows = as_matrix("features", features)
    inside = as_nonnegative("members", as_matrix("members", members, (None, len(rows))))
    shares, form = _read_classes(rho), as_choice("kind", kind, ("hinge", "log2"))
    if len(inside) != len(shares):
        raise refuse("members.shape", inside.shape, f"it must be {(len(shares), len(rows))}, one row for each class")
    totals = inside.sum(axis=1)
    if np.any(np.abs(totals - 1) > max(1e-9, inside.shape[1] * data_eps(members))):
        raise refuse("members", inside, "each of its rows must add up to 1")
    check_room("features", rows.shape, float(len(rows)) ** 3)
    inside = inside / totals[:, None]
    scores = rows @ rows.T
    each = _loss(form, scores[:, :, None] - scores[:, None, :])
    negatives = shares @ inside
    # own[c, x] = the mean over positives of class c and any negative
    own = np.einsum("cp,xpm,m->cx", inside, each, negatives, optimize=True)
    unsupervised = float(np.sum(shares[:, None] * inside * own))
    towards = scores @ inside.T
    apart = _loss(form, towards[:, :, None] - towards[:, None, :])
    pairs = np.einsum("cx,xce->ce", inside, apart, optimize=True) * np.multiply.outer(shares, shares)
    np.fill_diagonal(pairs, 0.0)
    supervised = float(pairs.sum()) / _others(shares)
    return ClassTransfer(unsupervised, supervised, float(class_transfer_bound(shares, unsupervised)))
