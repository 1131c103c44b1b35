r"""Gradient flow of a diagonal network under gradient regularisation, integrated in the logarithms of the weights.

With g the gradient in :math:`\beta`, h its difference quotient along the ascent and :math:`g'=g+\varepsilon h`,
:math:`d\ln w_\pm=\mp(2g+2\rho h)dt-4\rho\,g\odot g'dt`: an odd part in the range of :math:`X^T`, and an even one. What
is integrated are the odd part :math:`\theta` and :math:`\int g\odot g'dt`; h is expanded, so that no ascent is small.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.diagonal_networks.implicit_bias import orthonormal_constraints, read_regression
from solvable.solvers.solution import record
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, data_eps, refuse, within_range

__all__ = ["RegularisedFlow", "regularised_flow"]

Array = NDArray[np.float64]
_FITTED = 1e-10  # of the largest label
_MOST_STEPS = 5_000  # of the integrator; flows from weights 1e-100 need 3,000


@record
class RegularisedFlow:
    r"""Where the flow ends.

    Attributes
    ----------
    beta : ndarray, shape (d,)
        Coefficients.
    effective_scale : ndarray, shape (d,)
        :math:`\sqrt{w_+w_-}=\alpha\odot\exp(-4\rho\int g\odot g'dt)`, the scale of the potential that `beta` minimises.
    integral : ndarray, shape (d,)
        :math:`\int g\odot g'dt` along the way.
    time : float
        Flow time when every residual was below 1e-10 of the largest label; known to 0.1 over the slowest rate.
    """

    beta: Array
    effective_scale: Array
    integral: Array
    time: float


def _weights(state: Array, scale: Array, penalty: float) -> tuple[Array, Array, Array]:
    """Squares of w_+ and w_-, and beta without the cancellation of their difference."""
    theta, integral = state.reshape(2, -1)
    even, odd = 2 * np.log(scale) - 8 * penalty * integral, 2 * theta
    # capped: a trial step of the integrator may overshoot
    up, down = np.exp(np.clip(even + odd, -700, 60)), np.exp(np.clip(even - odd, -700, 60))
    small = np.abs(odd) < 1
    beta = np.where(small, 2 * np.sqrt(up * down) * np.sinh(np.where(small, odd, 0.0)), up - down)
    return up, down, beta


def _velocity(X: Array, y: Array, scale: Array, penalty: float, ascent: float) -> Callable[[float, Array], Array]:
    """Speed of theta and of the integral."""
    n = len(X)

    def velocity(_: float, state: Array) -> Array:
        up, down, beta = _weights(state, scale, penalty)
        g = X.T @ (X @ beta - y) / n
        # beta at w + ascent grad L, less beta, over ascent: squares of w_+-(1 +- 2 ascent g)
        ahead = X.T @ (X @ (4 * g * (up + down) + 4 * ascent * g**2 * beta)) / n
        return np.concatenate([-2 * (g + penalty * ahead), g * (g + ascent * ahead)])

    return velocity


def _integrate(X: Array, y: Array, scale: Array, penalty: float, ascent: float) -> tuple[Array, float] | None:
    """State and time at the first step of the integrator where the labels are fitted, or None."""
    from scipy.integrate import LSODA

    largest, state = np.abs(y).max(), np.zeros(2 * X.shape[1])
    if largest == 0:
        return state, 0.0
    # far below the answer: theta is of the labels' order where they are small against the scale, the integral of their
    # square's
    floor = 1e-14 * np.repeat([min(largest, 1.0), max(min(largest, 1.0) ** 2, 1e-290)], X.shape[1])
    solver = LSODA(_velocity(X, y, scale, penalty, ascent), 0.0, state, np.inf, rtol=1e-11, atol=floor)
    # what LSODA says of a failure, and trial steps that it takes back
    with warnings.catch_warnings(action="ignore"), np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_MOST_STEPS):
            solver.step()
            if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                break
            if np.abs(X @ _weights(solver.y, scale, penalty)[2] - y).max() <= _FITTED * largest:
                return solver.y, float(solver.t)
    return None


@within_range
def regularised_flow(
    X: ArrayLike, y: ArrayLike, initial_scale: ArrayLike, gradient_penalty: float, ascent: float = 0.0
) -> RegularisedFlow:
    r"""End of the gradient flow of :math:`L+\tfrac{\rho}{2}\|\nabla L\|^2` on a diagonal network.

    .. math:: \dot w = -\nabla L(w)-\rho\,\frac{\nabla L(w+\varepsilon\nabla L(w))-\nabla L(w)}{\varepsilon},

    :math:`L=(1/2n)\|X\beta-y\|^2`, :math:`\beta=w_+^2-w_-^2`, from :math:`w_+=w_-=\alpha`: forward regularisation for
    :math:`\varepsilon>0`, backward for :math:`\varepsilon<0`, the exact gradient of the penalty for
    :math:`\varepsilon=0`. With g the gradient in :math:`\beta` and g' the one at the point ahead, :math:`\ln w_+w_-`
    falls by :math:`8\rho\int g\odot g'dt`, and at every time ``beta = interpolator(X, X @ beta, effective_scale)``.

    Factors of two: for papers with :math:`\beta=u\odot v`, :math:`u=\sqrt2\alpha'`, :math:`v=0`, the scale
    :math:`\alpha'` is :math:`\sqrt2` times `initial_scale`, and times, :math:`\rho` and :math:`\varepsilon` are twice
    ours.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design.
    y : array_like, shape (n,)
        Labels in the range of X.
    initial_scale : array_like
        :math:`\alpha>0`, one number or one a coordinate.
    gradient_penalty : float
        :math:`\rho\ge0`.
    ascent : float
        :math:`\varepsilon` of either sign; :math:`\varepsilon=\rho` is sharpness-aware minimisation without
        normalisation.

    Returns
    -------
    RegularisedFlow
        Coefficients, effective scale and integral.

    Raises
    ------
    ValueError
        Arguments of wrong sign or shape, labels outside the range of X.
    ArithmeticError
        A flow that does not fit the labels within 5,000 steps of the integrator: penalties far beyond the inverse
        curvature, where it is stiff or comes to rest elsewhere.

    Notes
    -----
    LSODA in the logarithms with relative tolerance 1e-11. The coefficients carry what the residual leaves, 1e-10 of
    the labels times the condition of X; in the effective scale that is squared. Each step needs 4nd operations.

    References
    ----------
    karakida2023understanding (constants derived for this loss)

    Examples
    --------
    >>> from solvable.solvers import interpolator, regularised_flow
    >>> X, y = [[1.0, 2.0]], [1.0]
    >>> flow = regularised_flow(X, y, 0.3, 0.1, ascent=-0.05)
    >>> flow.effective_scale.round(4)
    array([0.2915, 0.2676])
    >>> bool(abs(flow.beta - interpolator(X, y, flow.effective_scale).value).max() < 1e-9)
    True
    """
    design, labels = read_regression(X, y)
    d = design.shape[1]
    scale = as_positive("initial_scale", initial_scale)
    if scale.shape not in ((), (d,)):
        raise refuse("initial_scale.shape", scale.shape, f"it must be one number or ({d},)")
    penalty = as_scalar("gradient_penalty", gradient_penalty, as_nonnegative)
    epsilon = as_scalar("ascent", ascent)
    orthonormal_constraints(design, labels, data_eps(X, y))  # refuses labels outside the range of X
    # units of the design and of beta; time, penalty and ascent come in 1/(width^2 size)
    width = np.abs(design).max()
    size = max(np.abs(labels).max() / width, scale.max() ** 2)
    rate, unit = width * width * size, np.broadcast_to(scale / size**0.5, d)
    end = _integrate(design / width, labels / width / size, unit, penalty * rate, epsilon * rate)
    if end is None:
        raise ArithmeticError(f"gradient_penalty = {penalty}, ascent = {epsilon}: the flow does not fit the labels "
                              f"within {_MOST_STEPS} steps of the integrator; try a weaker penalty.")  # fmt: skip
    state, time = end
    beta, integral = _weights(state, unit, penalty * rate)[2], state[d:]
    return RegularisedFlow(size * beta, scale * np.exp(-4 * penalty * rate * integral), rate * integral, time / rate)
