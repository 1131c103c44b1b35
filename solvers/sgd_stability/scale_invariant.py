r"""Weight decay on a scale-invariant model: norm, effective step size and angular speed at equilibrium.

If L(cw) = L(w), the gradient is orthogonal to w and scales as 1/||w||. Gradient descent with penalty
:math:`(\lambda/2)\|w\|^2` then moves the norm by :math:`\|w'\|^2 = (1-\eta\lambda)^2\|w\|^2 + \eta^2 g^2/\|w\|^2`,
g the gradient norm at unit weights.

Adam divides the gradient's entries by their root mean square v^(1/2) and so forgets its size, but not that of w: the
direction turns by a step over ||w||. With :math:`n_t` uncorrelated, w is an autoregression of order two in n, whose
variance and correlation give norm and angle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_choice, as_nonnegative, as_positive, broadcast, refuse, within_range

__all__ = ["AdamEquilibrium", "WeightDecayEquilibrium", "adam_equilibrium", "weight_decay_equilibrium"]

Array = NDArray[np.float64]


@record
class WeightDecayEquilibrium(OnGrid):
    """Stationary state of the norm under weight decay.

    Attributes
    ----------
    norm : ndarray
        :math:`\\|w\\| = [\\eta g^2/(\\lambda(2-\\eta\\lambda))]^{1/4}`.
    effective_step_size : ndarray
        :math:`\\eta/\\|w\\|^2 = \\sqrt{\\eta\\lambda(2-\\eta\\lambda)}/g`: the step of the direction w/||w||.
    angle : ndarray
        Angle turned in one step, radians.
    relaxation : ndarray
        Factor by which a small deviation of :math:`\\|w\\|^2` shrinks in one step, :math:`2(1-\\eta\\lambda)^2-1`.
    """

    norm: Array
    effective_step_size: Array
    angle: Array
    relaxation: Array


@gridded("step_size", "weight_decay", "gradient_norm")
@within_range
def weight_decay_equilibrium(
    step_size: ArrayLike, weight_decay: ArrayLike, gradient_norm: ArrayLike = 1.0
) -> WeightDecayEquilibrium:
    r"""Equilibrium of gradient descent with weight decay on a scale-invariant loss.

    Update :math:`w' = (1-\eta\lambda)w - \eta\nabla L(w)`, penalty :math:`(\lambda/2)\|w\|^2` (a paper that penalises
    :math:`\lambda\|w\|^2` has half our :math:`\lambda`). Rescaling :math:`\lambda` at fixed :math:`\eta\lambda`
    changes only the scale of w: the direction depends on :math:`\eta\lambda` alone.

    Parameters
    ----------
    step_size, weight_decay : array_like
        :math:`\eta, \lambda > 0` with :math:`\eta\lambda < 1`; broadcast together.
    gradient_norm : array_like
        g, the norm of the gradient at unit weights (the root mean square where it fluctuates).

    Returns
    -------
    WeightDecayEquilibrium
        Norm, effective step size, angle per step, relaxation factor.

    Raises
    ------
    ValueError
        Arguments that are not positive, or :math:`\eta\lambda\ge 1`, where decay overshoots zero.

    References
    ----------
    vanlaarhoven2017regularization (scaling; the finite-step form is derived)

    Examples
    --------
    >>> from solvable.solvers import weight_decay_equilibrium
    >>> state = weight_decay_equilibrium(0.1, 0.01, 2.0)
    >>> round(float(state.norm**2), 9)
    4.473254408
    """
    eta, decay = as_positive("step_size", step_size), as_positive("weight_decay", weight_decay)
    g = as_positive("gradient_norm", gradient_norm)
    eta, decay, g = broadcast(step_size=eta, weight_decay=decay, gradient_norm=g)
    product = eta * decay
    if np.any(product >= 1):
        raise refuse("step_size * weight_decay", product, "it must be below 1")
    turn = np.sqrt(product * (2 - product))
    return WeightDecayEquilibrium(
        norm=np.sqrt(eta * g / turn),
        effective_step_size=turn / g,
        angle=np.arctan(turn / (1 - product)),
        relaxation=2 * (1 - product) ** 2 - 1,
    )


@record
class AdamEquilibrium(OnGrid):
    """Stationary state of Adam with weight decay on a scale-invariant loss.

    Attributes
    ----------
    norm : ndarray
        Root mean square of :math:`\\|w\\|`.
    effective_step_size : ndarray
        :math:`\\eta/\\|w\\|`: the step of the direction w/||w||, whose entries Adam has brought to size one.
    angle : ndarray
        Angle turned in one step, radians.
    shrinkage : ndarray
        Share of w that the decay takes in one step, p: :math:`\\eta\\lambda` where it is decoupled,
        :math:`\\eta\\lambda/\\sqrt v` where it is in the gradient. Relative errors are of order p.
    """

    norm: Array
    effective_step_size: Array
    angle: Array
    shrinkage: Array


def _penalty_shrinkage(log_force: Array, kappa: Array) -> Array:
    """Root p in (0, 1) of p^3 (2 + (1-kappa)p)^2/(2 - kappa p) = exp(log_force), in log p where it rises."""
    log_most = 2 * np.log(3 - kappa) - np.log(2 - kappa)  # the left side at p = 1, and over p^3 its largest value

    def evaluate(x: Array, i: NDArray[np.intp]) -> tuple[Array, Array]:
        p, k = np.exp(x), kappa[i]
        wide, room = 2 + (1 - k) * p, 2 - k * p
        value = 3 * x + 2 * np.log(wide) - np.log(room) - log_force[i]
        return value, 3 + 2 * (1 - k) * p / wide + k * p / room

    low = (log_force - log_most) / 3
    return np.asarray(np.exp(bracketed_newton(evaluate, low - 1e-9, np.zeros_like(low), low).x))


@gridded("step_size", "weight_decay", "d", "gradient_norm", "momentum")
@within_range
def adam_equilibrium(
    step_size: ArrayLike,
    weight_decay: ArrayLike,
    d: ArrayLike,
    gradient_norm: ArrayLike = 1.0,
    momentum: ArrayLike = 0.0,
    decay: str = "decoupled",
) -> AdamEquilibrium:
    r"""Equilibrium of Adam with weight decay on a scale-invariant loss whose gradients are noise.

    Update :math:`w' = w - \eta\,m/\sqrt v`, with m and v running means of the gradient and of its squared entries
    (:math:`\beta_1` = `momentum`; :math:`\beta_2\to1`, no guard). With ``"decoupled"`` decay (AdamW) w' also loses
    :math:`\eta\lambda w`; with ``"penalty"`` the gradient of :math:`(\lambda/2)\|w\|^2` enters m and v. With
    :math:`a = 1-\eta\lambda`, respectively :math:`\kappa=(1-\beta_1)/(1+\beta_1)` and
    :math:`p=\eta\lambda/\sqrt v`:

    .. math::
        \|w\|^2 &= \frac{\eta^2d\,\kappa\,(1+a\beta_1)}{(1-a\beta_1)(1-a^2)}, &
        \cos\theta &= \frac{a+\beta_1}{1+a\beta_1} \\
        \|w\|^2 &= \frac{\eta^2d}{p\,(2+(1-\kappa)p)}, &
        \cos\theta &= 1-\kappa p, \qquad
        \frac{p^3(2+(1-\kappa)p)^2}{2-\kappa p} = \frac{\eta^4d^2\lambda^2}{g^2}

    For a small step the effective step size is :math:`\sqrt{2\eta\lambda/d}`, whatever the gradients, and
    :math:`(2\eta^2\lambda/(g\sqrt d))^{1/3}`: a penalty is felt less where gradients are large.

    Parameters
    ----------
    step_size, weight_decay : array_like
        :math:`\eta, \lambda > 0`, with :math:`\eta\lambda < 1` where the decay is decoupled; broadcast together.
    d : array_like
        Number of weights.
    gradient_norm : array_like
        g, root mean square of the norm of the gradient at unit weights; it matters with a penalty only.
    momentum : array_like
        :math:`\beta_1` in [0, 1).
    decay : {"decoupled", "penalty"}
        Where the decay enters.

    Returns
    -------
    AdamEquilibrium
        Norm, effective step size, angle per step and share of w that decays in a step.

    Raises
    ------
    ValueError
        Arguments that are not positive, a momentum outside [0, 1), :math:`\eta\lambda\ge 1` or a penalty
        that would take all of w in a step.

    Notes
    -----
    Gradients are uncorrelated in time and alike in all d coordinates. The mean square of decoupled decay is exact
    given unit entries of the update; the penalty's squares enter v by their mean over the coordinates.

    References
    ----------
    vanlaarhoven2017regularization (the question), loshchilov2019decoupled (decoupled decay); derived

    Examples
    --------
    >>> from solvable.solvers import adam_equilibrium
    >>> step = adam_equilibrium(0.001, 0.1, 100, momentum=0.9).effective_step_size
    >>> round(float(step), 6)  # nearly sqrt(2*0.001*0.1/100)
    0.001415
    """
    as_choice("decay", decay, ("decoupled", "penalty"))
    eta, lam, g, size, beta = broadcast(
        step_size=as_positive("step_size", step_size),
        weight_decay=as_positive("weight_decay", weight_decay),
        gradient_norm=as_positive("gradient_norm", gradient_norm),
        d=as_positive("d", d),
        momentum=as_nonnegative("momentum", momentum),
    )
    if np.any(beta >= 1):
        raise refuse("momentum", beta, "it must be below 1")
    kappa = (1 - beta) / (1 + beta)
    if decay == "decoupled":
        p = eta * lam
        if np.any(p >= 1):
            raise refuse("step_size * weight_decay", p, "it must be below 1")
        kept = 1 + (1 - p) * beta
        spread = kappa * kept / (1 - beta + beta * p) / (p * (2 - p))
        turned = p * (1 - beta) / kept
    else:
        log_force = 4 * np.log(eta) + 2 * (np.log(size) + np.log(lam) - np.log(g))
        strong = log_force >= 2 * np.log(3 - kappa) - np.log(2 - kappa)
        if np.any(strong):
            raise refuse("step_size**4 * (d*weight_decay/gradient_norm)**2", np.exp(log_force), "a step would undo w")
        p = _penalty_shrinkage(log_force.ravel(), kappa.ravel()).reshape(eta.shape)
        spread = 1 / (p * (2 + (1 - kappa) * p))
        turned = kappa * p
    scale = np.sqrt(size * spread)
    return AdamEquilibrium(
        norm=eta * scale,
        effective_step_size=1 / scale,
        angle=2 * np.arcsin(np.sqrt(np.minimum(turned / 2, 1.0))),
        shrinkage=np.asarray(p),
    )
