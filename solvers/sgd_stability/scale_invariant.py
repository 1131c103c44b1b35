r"""Weight decay on a scale-invariant model: norm, effective step size and angular speed at equilibrium.

If L(cw) = L(w), the gradient is orthogonal to w and scales as 1/||w||. Gradient descent with penalty
:math:`(\lambda/2)\|w\|^2` then moves the norm by :math:`\|w'\|^2 = (1-\eta\lambda)^2\|w\|^2 + \eta^2 g^2/\|w\|^2`,
g the gradient norm at unit weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_positive, broadcast, refuse, within_range

__all__ = ["WeightDecayEquilibrium", "weight_decay_equilibrium"]

Array = NDArray[np.float64]


@record
class WeightDecayEquilibrium:
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
