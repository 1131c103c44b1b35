r"""Stochastic gradient flow on a diagonal network, simulated in the logarithms of the weights.

:math:`dw_\pm=\mp2g\,w_\pm dt\pm2\sqrt{2\gamma L/n}\;w_\pm\odot(X^TdB_t)` with :math:`L=(1/2n)\|X\beta-y\|^2`; by Ito,
:math:`d\ln w_\pm=\mp2g\,dt\pm2\sqrt{2\gamma L/n}\,X^TdB_t-4\gamma L\,\mathrm{diag}(X^TX/n)dt`. All but the last term
lies in the range of :math:`X^T`, with opposite signs, in every Euler step: the implicit bias holds at all times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_generator,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    read_regression,
    refuse,
    within_range,
)

__all__ = ["StochasticFlow", "stochastic_gradient_flow"]

Array = NDArray[np.float64]


@record
class StochasticFlow:
    r"""State of the flow at the end, every seed.

    Attributes
    ----------
    beta : ndarray, shape (seeds, d)
        Coefficients.
    effective_scale : ndarray, shape (seeds, d)
        :math:`\alpha\odot\exp(-4\gamma\,\mathrm{diag}(X^TX/n)\int L\,dt)`, the scale of the potential that
        `beta` minimises among all coefficients with its predictions.
    train_loss : ndarray, shape (seeds, steps + 1)
        :math:`(1/2n)\|X\beta-y\|^2` along the way.
    loss_integral : ndarray, shape (seeds,)
        :math:`\int L\,dt` by left sums.
    """

    beta: Array
    effective_scale: Array
    train_loss: Array
    loss_integral: Array


@within_range
def stochastic_gradient_flow(
    X: ArrayLike,
    y: ArrayLike,
    step_size: float,
    time_step: float,
    steps: int,
    initial_scale: ArrayLike,
    seeds: int = 1,
    rng: np.random.Generator | int | None = None,
) -> StochasticFlow:
    r"""Simulate the stochastic gradient flow of single-sample SGD with step size :math:`\gamma`.

    Euler steps in :math:`\ln w_\pm`, network :math:`\beta=w_+^2-w_-^2`, :math:`L=(1/2n)\|X\beta-y\|^2`, time in units
    where SGD makes :math:`1/\gamma` steps. For any time step, at any time,
    ``beta = interpolator(X, X @ beta, effective_scale)`` to rounding.

    Factors of two: for the loss :math:`(1/4n)\|X\beta-y\|^2` (its :math:`\gamma'=2\gamma`, time twice as long) the
    exponent reads :math:`-2\gamma'\mathrm{diag}(X^TX/n)\int L'dt'`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design.
    y : array_like, shape (n,)
        Labels.
    step_size : float
        :math:`\gamma\ge0`, the strength of the noise; zero gives gradient flow.
    time_step : float
        Euler step.
    steps : int
        How many.
    initial_scale : array_like
        :math:`\alpha`, one number or one a coordinate.
    seeds : int
        Independent paths.
    rng : Generator or int, optional
        Source of the noise.

    Returns
    -------
    StochasticFlow
        Coefficients, effective scales and losses.

    Raises
    ------
    ValueError
        Arguments that are not positive, wrong shapes.
    ArithmeticError
        Weights that overflow: the time step is too long.

    References
    ----------
    pesme2021implicit

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import interpolator, stochastic_gradient_flow
    >>> X, y = np.array([[1.0, 2.0, -1.0]]), [1.0]
    >>> flow = stochastic_gradient_flow(X, y, 0.05, 0.01, 200, 0.3, rng=0)
    >>> now = interpolator(X, X @ flow.beta[0], flow.effective_scale[0]).value
    >>> bool(np.abs(now - flow.beta[0]).max() < 1e-13)
    True
    """
    design, labels = read_regression(X, y)
    n, d = design.shape
    gamma = as_scalar("step_size", step_size, as_nonnegative)
    dt = as_scalar("time_step", time_step, as_positive)
    count, runs = as_whole("steps", steps), as_whole("seeds", seeds)
    check_room("steps, seeds", (count, runs), float(count) * runs)
    check_room("seeds", runs, float(runs) * max(n, d))
    scale = as_positive("initial_scale", initial_scale)
    if scale.shape not in ((), (d,)):
        raise refuse("initial_scale.shape", scale.shape, f"it must be one number or ({d},)")
    generator = as_generator("rng", rng)
    squares = np.sum(design**2, axis=0) / n
    theta, integral = np.zeros((runs, d)), np.zeros(runs)  # odd part of ln w
    losses = np.empty((runs, count + 1))
    for k in range(count + 1):
        even = np.log(scale) - 4 * gamma * squares * integral[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            beta = 2 * np.exp(2 * even) * np.sinh(2 * theta)
            residual = beta @ design.T - labels
            losses[:, k] = np.sum(residual**2, axis=1) / (2 * n)
        if not np.all(losses[:, k] < 1e100):
            raise ArithmeticError(f"time_step = {dt} is too long: the flow overflowed at step {k}.")
        if k < count:
            noise = generator.standard_normal((runs, n)) * np.sqrt(2 * gamma * losses[:, k, None] * dt / n)
            theta += 2 * (noise - residual / n * dt) @ design
            integral += losses[:, k] * dt
    return StochasticFlow(beta, np.exp(even), losses, integral)
