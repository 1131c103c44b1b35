r"""Six convex losses: values, proximal maps and Moreau envelopes.

.. math:: \mathrm{prox}_{V\ell}(\omega)=\arg\min_z\Big[\ell(y,z)+\frac{(z-\omega)^2}{2V}\Big],\qquad
          \mathcal M_{V\ell}(\omega)=\min_z\Big[\ell(y,z)+\frac{(z-\omega)^2}{2V}\Big]

Three are losses of a margin u = yz with labels y = +-1, three of a residual r = y - z with real labels:
logistic ln(1 + e^-u), hinge (1 - u)_+, squared hinge (1 - u)_+^2/2; square r^2/2, Huber (r^2/2 up to |r| = 1, then
|r| - 1/2), absolute |r|. All but the logistic one have proximal maps in pieces of straight lines. The logistic one is
:math:`\omega+Ve^s` with :math:`s+\ln(1+e^{\omega+Ve^s})=0`, rising and convex in s: Newton from an upper bound is
monotone. A last step in z itself removes what the sum cancels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_choice, as_finite, as_positive, broadcast, refuse, within_range

__all__ = ["LOSSES", "MARGIN_LOSSES", "convex_loss", "moreau_envelope", "proximal_map"]

Array = NDArray[np.float64]
LOSSES = ("square", "logistic", "hinge", "squared_hinge", "huber", "absolute")
MARGIN_LOSSES = ("logistic", "hinge", "squared_hinge")


def _softplus(x: Array) -> Array:
    return np.asarray(np.logaddexp(0.0, x))


def _sigmoid(x: Array) -> Array:
    """1/(1 + e^-x) without overflow, relative accuracy on both sides."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1 + small))


def logistic_prox(omega: Array, V: Array) -> Array:
    """Root z of z = omega + V/(1 + e^z)."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        # two upper bounds of s = ln((z - omega)/V)
        room = np.log1p(V * np.exp(-np.maximum(omega, 0.0))) - np.minimum(omega, 0.0)
        s = np.minimum(-_softplus(omega), np.where(room > 0, np.log(room) - np.log(V), 0.0))
        for _ in range(60):
            z = omega + V * np.exp(s)
            step = (s + _softplus(z)) / (1 + V * np.exp(s) * _sigmoid(z))
            s = s - step
            if np.all(np.abs(step) <= 1e-9 * (1 + np.abs(s))):
                break
        z = omega + V * np.exp(s)
        for _ in range(2):
            p = _sigmoid(-z)
            z = z - ((z - omega) - V * p) / (1 + V * p * _sigmoid(z))
    return np.asarray(z)


def residual_push(loss: str, r: Array, V: Array) -> Array:
    """prox - omega in the residual r = y - omega (or 1 - y omega, for the margin losses)."""
    if loss == "square":
        return np.asarray(r * (V / (1 + V)))
    if loss == "huber":
        return np.asarray(np.where(np.abs(r) <= 1 + V, r * (V / (1 + V)), np.copysign(V, r)))
    if loss == "absolute":
        return np.asarray(np.clip(r, -V, V))
    if loss == "hinge":
        return np.asarray(np.clip(r, 0.0, V))
    return np.asarray(np.maximum(r, 0.0) * (V / (1 + V)))  # squared hinge


def _value(loss: str, y: Array, z: Array) -> Array:
    if loss == "logistic":
        return _softplus(-y * z)
    r = 1 - y * z if loss in MARGIN_LOSSES else y - z
    if loss == "hinge":
        return np.asarray(np.maximum(r, 0.0))
    if loss == "squared_hinge":
        return np.asarray(np.maximum(r, 0.0) ** 2 / 2)
    if loss == "square":
        return np.asarray(r * r / 2)
    size = np.abs(r)
    if loss == "absolute":
        return np.asarray(size)
    return np.asarray(np.where(size <= 1, np.minimum(size, 1.0) ** 2 / 2, size - 0.5))


def _read(loss: str, y: ArrayLike, point: ArrayLike, name: str) -> tuple[Array, Array]:
    as_choice("loss", loss, LOSSES)
    labels, points = broadcast(y=as_finite("y", y), **{name: as_finite(name, point)})
    if loss in MARGIN_LOSSES and not np.all(np.abs(labels) == 1):
        raise refuse("y", labels, f"labels of the {loss} loss are 1 and -1")
    return labels, points


@within_range
def convex_loss(loss: str, y: ArrayLike, z: ArrayLike) -> Array:
    r"""Value :math:`\ell(y,z)` of one of six convex losses.

    Parameters
    ----------
    loss : {"square", "logistic", "hinge", "squared_hinge", "huber", "absolute"}
        With r = y - z and u = yz: r^2/2, ln(1 + e^-u), (1 - u)_+, (1 - u)_+^2/2, Huber's with its corner at |r| = 1,
        and |r|.
    y : array_like
        Labels; 1 and -1 for the losses of a margin.
    z : array_like
        Predictions, broadcast with `y`.

    Returns
    -------
    ndarray
        In the broadcast shape.

    Raises
    ------
    ValueError
        An unknown loss, other labels than 1 and -1 for a loss of the margin, shapes that do not match.

    References
    ----------
    loureiro2021learning

    Examples
    --------
    >>> from solvable.solvers import convex_loss
    >>> convex_loss("huber", 0.0, [0.5, 1.0, 3.0])
    array([0.125, 0.5  , 2.5  ])
    """
    labels, points = _read(loss, y, z, "z")
    return _value(loss, labels, points)


@within_range
def proximal_map(loss: str, y: ArrayLike, omega: ArrayLike, V: ArrayLike) -> Array:
    r"""Proximal map :math:`\arg\min_z[\ell(y,z)+(z-\omega)^2/(2V)]` of one of six convex losses.

    Parameters
    ----------
    loss : {"square", "logistic", "hinge", "squared_hinge", "huber", "absolute"}
        See `convex_loss`.
    y : array_like
        Labels; 1 and -1 for the losses of a margin.
    omega : array_like
        The point.
    V : array_like
        Positive; broadcast with the others.

    Returns
    -------
    ndarray
        In the broadcast shape.

    Raises
    ------
    ValueError
        An unknown loss, labels that it does not have, V not positive, shapes that do not match.

    Notes
    -----
    Errors are roundings of omega over 1 + V l'', those of the data themselves.

    References
    ----------
    loureiro2021learning, sur2019modern (the logistic one; the iteration is derived)

    Examples
    --------
    >>> from solvable.solvers import proximal_map
    >>> proximal_map("hinge", 1, [-2.0, 0.5, 2.0], 1.0)
    array([-1.,  1.,  2.])
    """
    labels, points = _read(loss, y, omega, "omega")
    labels, points, size = broadcast(y=labels, omega=points, V=as_positive("V", V))
    if loss == "logistic":
        return np.asarray(labels * logistic_prox(labels * points, size))
    if loss in MARGIN_LOSSES:
        margin = labels * points
        push = residual_push(loss, 1 - margin, size)
        return np.asarray(labels * np.where(_caught(loss, 1 - margin, size), 1.0, margin + push))
    residual = labels - points
    push = residual_push(loss, residual, size)
    return np.asarray(np.where(_caught(loss, residual, size), labels, points + push))


def _caught(loss: str, r: Array, V: Array) -> NDArray[np.bool_]:
    """Where the minimiser sits on the corner of the loss, exactly."""
    if loss == "hinge":
        return np.asarray((r >= 0) & (r <= V))
    return np.asarray(np.abs(r) <= V) if loss == "absolute" else np.zeros(r.shape, bool)


@within_range
def moreau_envelope(loss: str, y: ArrayLike, omega: ArrayLike, V: ArrayLike) -> Array:
    r"""Moreau envelope :math:`\min_z[\ell(y,z)+(z-\omega)^2/(2V)]` of one of six convex losses.

    Parameters
    ----------
    loss : {"square", "logistic", "hinge", "squared_hinge", "huber", "absolute"}
        See `convex_loss`.
    y : array_like
        Labels; 1 and -1 for the losses of a margin.
    omega : array_like
        The point.
    V : array_like
        Positive; broadcast with the others.

    Returns
    -------
    ndarray
        In the broadcast shape; its derivative in omega is (omega - prox)/V.

    Raises
    ------
    ValueError
        An unknown loss, labels that it does not have, V not positive, shapes that do not match.

    References
    ----------
    loureiro2021learning

    Examples
    --------
    >>> from solvable.solvers import moreau_envelope
    >>> moreau_envelope("square", 1.0, 0.0, [1.0, 3.0])  # r^2/(2(1 + V))
    array([0.25 , 0.125])
    """
    labels, points = _read(loss, y, omega, "omega")
    labels, points, size = broadcast(y=labels, omega=points, V=as_positive("V", V))
    if loss == "logistic":
        z = logistic_prox(labels * points, size)
        slope = _sigmoid(-z)  # (z - omega)/V
        return np.asarray(_softplus(-z) + size * slope**2 / 2)
    r = 1 - labels * points if loss in MARGIN_LOSSES else labels - points
    push = residual_push(loss, r, size)
    return np.asarray(_from_residual(loss, r, push, size) + push * (push / size) / 2)


def _from_residual(loss: str, r: Array, push: Array, V: Array) -> Array:
    """Loss at the proximal map; r - push without cancellation."""
    if loss in ("square", "squared_hinge"):
        left = r / (1 + V) if loss == "square" else np.maximum(r, 0.0) / (1 + V)
        return np.asarray(left * left / 2)
    if loss == "huber":
        inside = np.abs(r) <= 1 + V
        return np.asarray(np.where(inside, (np.where(inside, r, 0.0) / (1 + V)) ** 2 / 2, np.abs(r) - V - 0.5))
    return np.asarray(np.maximum(np.abs(r - push) if loss == "absolute" else r - push, 0.0))
