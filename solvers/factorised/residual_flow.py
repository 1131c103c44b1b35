r"""Residual networks of linear layers under gradient flow, and their limit of infinite depth.

:math:`h_{k+1}=h_k+\frac1LW_kh_k`, so that the network is :math:`F_L=\prod_k(I+W_k/L)`; loss
:math:`\frac12\|F_L-Y\|_F^2`; every layer moves by :math:`\dot W_k=-L\,\partial\ell/\partial W_k`.
"""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import Solution, Status, record, report_failures
from solvable.solvers.validate import (
    as_finite,
    as_nonnegative,
    as_positive,
    as_whole,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = ["ResidualLimit", "ResidualRun", "layer_roughness", "residual_limit", "residual_training"]

Array = NDArray[np.float64]


@njit(cache=True)
def _products(W, before, after):  # type: ignore[no-untyped-def]
    """Products of the layers before each and after each; the last before is the network."""
    L, d = W.shape[0], W.shape[1]
    for i in range(d):
        for j in range(d):
            before[0, i, j] = after[L, i, j] = 1.0 if i == j else 0.0
    for k in range(L):
        back = L - 1 - k
        for i in range(d):
            for j in range(d):
                ahead, behind = 0.0, 0.0
                for r in range(d):
                    ahead += W[k, i, r] * before[k, r, j]
                    behind += after[back + 1, i, r] * W[back, r, j]
                before[k + 1, i, j] = before[k, i, j] + ahead / L
                after[back, i, j] = after[back + 1, i, j] + behind / L


_MOST_EVALUATIONS = 500_000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)


@record
class ResidualLimit(OnGrid):
    """A scalar residual network of infinite depth, over the grid of the arguments.

    Attributes
    ----------
    output : ndarray
        F.
    correction : ndarray
        Limit of L (F_L - F) at large depths L.
    solution : Solution
        Of the equation for the logarithm of (y - 1)/(y - F), its value.
    """

    output: Array
    correction: Array
    solution: Solution


def _elapsed(v: Array, y: Array) -> tuple[Array, Array, Array]:
    """Output where (y - F)/(y - 1) is e^{-v}, the time it takes, and the time's derivative in v."""
    rise = -(y - 1) * np.expm1(-v)
    F = 1 + rise
    return F, (np.log1p(rise) + v + y * rise / F) / y**2, 1 / F**2


def _slowing(v: Array, y: Array) -> Array:
    """Integral of ln F/F^2 over v from 0: in ln F up to v = ln 2, where F may rise fast, then in v."""
    near = np.minimum(v, np.log(2.0))
    top = np.log1p(-(y - 1) * np.expm1(-near))[..., None]
    x = (1 + _NODES) * top / 2
    rising = np.sum(_WEIGHTS * x * np.exp(-x) / ((y[..., None] - 1) - np.expm1(x)), axis=-1) * top[..., 0] / 2
    far = np.clip(v, np.log(2.0), 40.0)[..., None]
    u = np.log(2.0) + (1 + _NODES) * (far - np.log(2.0)) / 2
    rise = -(y[..., None] - 1) * np.expm1(-u)
    settling = np.sum(_WEIGHTS * np.log1p(rise) / (1 + rise) ** 2, axis=-1) * (far[..., 0] - np.log(2.0)) / 2
    return np.asarray(rising + settling + np.maximum(v - 40.0, 0.0) * np.log(y) / y**2)


@gridded("y", "times")
@within_range
def residual_limit(y: ArrayLike, times: ArrayLike) -> ResidualLimit:
    r"""Output of a scalar residual network of infinite depth under gradient flow from zero weights.

    :math:`\dot F=(y-F)F^2`, F(0) = 1, loss :math:`(F-y)^2/2`, solved by

    .. math:: t=\Bigl[\frac1{y^2}\ln\frac F{y-F}-\frac1{yF}\Bigr]_1^F.

    At depth L the power 2 is 2 - 2/L, hence
    :math:`L(F_L-F)\to-2(y-F)F^2\int_1^F\frac{\ln f\,df}{(y-f)f^2}`.

    Parameters
    ----------
    y : array_like
        Target, at least 1, the output at the start.
    times : array_like
        Times t.

    Returns
    -------
    ResidualLimit
        Output and correction on the broadcast grid.

    Raises
    ------
    ValueError
        A target below 1, a negative time.

    Notes
    -----
    Solved for v = ln((y - 1)/(y - F)), in which every term is positive: no digits are lost near the start or the end.

    References
    ----------
    marion2024implicit (the limit; this form derived)

    Examples
    --------
    >>> from solvable.solvers import residual_limit
    >>> found = residual_limit(2.5, 1.0)
    >>> round(float(found.output), 5), round(float(found.correction), 3)
    (2.46837, -0.234)
    """
    target, t = broadcast(y=as_positive("y", y), times=as_nonnegative("times", times))
    if (target < 1).any():
        raise refuse("y", target, "it must be at least 1, the output of the untrained network")
    shape, target, t = target.shape, target.ravel(), t.ravel()
    moving = t > 0
    goal, aim = t[moving], target[moving]
    low = np.log(goal)

    def evaluate(x: Array, index: NDArray[np.intp]) -> tuple[Array, Array]:
        v = np.exp(x)
        _, time, slope = _elapsed(v, aim[index])
        return np.log(time / goal[index]), slope * v / time

    roots = bracketed_newton(evaluate, low - 1e-9, low + 2 * np.log(aim) + 1e-9, low + np.log(aim))
    v, residual, spent = np.zeros(t.size), np.zeros(t.size), np.zeros(t.size, dtype=np.int64)
    status = np.full(t.size, Status.CONVERGED)
    v[moving] = np.exp(roots.x)
    residual[moving] = np.abs(_elapsed(v[moving], aim)[1] / goal - 1)
    status[moving] = np.where(residual[moving] < 1e-12, Status.CONVERGED, Status.MAX_ITERATIONS)
    spent[moving] = roots.iterations
    solution = Solution.shaped(shape, v, residual, status, spent)
    report_failures(solution, "residual_limit", "warn")
    F = _elapsed(v, target)[0]
    safe = np.where(target > 1, target, 2.0)
    fall = np.where(target > 1, -2 * (target - 1) * np.exp(-v) * F**2 * _slowing(v, safe), 0.0)
    return ResidualLimit(F.reshape(shape), fall.reshape(shape), solution)


@record
class ResidualRun:
    """Layers along the flow.

    Attributes
    ----------
    times : ndarray, shape (T,)
        As asked.
    weights : ndarray, shape (T, L) or (T, L, d, d)
        Weights of the layers, of scalars for a scalar target.
    output : ndarray, shape (T,) or (T, d, d)
        The network.
    """

    times: Array
    weights: Array
    output: Array


@within_range
def residual_training(L: int, y: ArrayLike, times: ArrayLike, start: ArrayLike | None = None) -> ResidualRun:
    r"""Train a residual network of L linear layers by gradient flow.

    :math:`\dot W_k=-R_k^T(F_L-Y)Q_k^T`, R and Q the products of the layers after and before: the flow of
    :math:`\frac12\|F_L-Y\|_F^2` for whitened inputs, in units in which every layer moves by
    :math:`-L\,\partial\ell/\partial W_k`.

    Parameters
    ----------
    L : int
        Layers, at most 10,000.
    y : float or array_like, shape (d, d)
        Target, a number or a matrix Y.
    times : array_like, shape (T,)
        Times at which the layers are kept.
    start : array_like, shape (L,) or (L, d, d), optional
        Weights at time 0; zero by default.

    Returns
    -------
    ResidualRun
        Layers and network.

    Raises
    ------
    ValueError
        No layer, shapes that do not fit, an integration that breaks off.
    ArithmeticError
        More than half a million evaluations of the velocity: a smaller last time.

    Notes
    -----
    Integrated by an explicit Runge-Kutta method of order 8 to relative 1e-11. The differences
    :math:`(I+W_{k+1}/L)^T(I+W_{k+1}/L)-(I+W_k/L)(I+W_k/L)^T` do not change along the flow.

    References
    ----------
    marion2024implicit, sander2022residual

    Examples
    --------
    >>> from solvable.solvers import residual_limit, residual_training
    >>> run = residual_training(40, 1.8, [0.7])
    >>> round(float(40 * (run.output[0] - residual_limit(1.8, 0.7).output)), 3)
    -0.203
    """
    from scipy.integrate import solve_ivp

    depth, target = as_whole("L", L, 10_000), as_finite("y", y)
    scalar = target.ndim == 0
    goal = target.reshape(1, 1) if scalar else target
    if goal.ndim != 2 or goal.shape[0] != goal.shape[1] or not goal.size:
        raise refuse("y.shape", target.shape, "it must be a number or a square matrix")
    d = len(goal)
    when = as_nonnegative("times", times)
    if when.ndim != 1 or not when.size:
        raise refuse("times.shape", when.shape, "it must be a row of times")
    check_room("times", when.shape, float(when.size) * depth * d * d)
    W = np.zeros((depth, d, d)) if start is None else as_finite("start", start)
    if W.shape != (depth, d, d) and not (scalar and W.shape == (depth,)):
        raise refuse("start.shape", W.shape, f"it must be {(depth,) if scalar else (depth, d, d)}")

    before, after = np.empty((2, depth + 1, d, d))
    spent = count()

    def velocity(now: float, flat: Array) -> Array:
        if next(spent) == _MOST_EVALUATIONS:
            raise ArithmeticError(
                f"residual_training: {_MOST_EVALUATIONS:,} evaluations reached time {now:.3g} of {when.max():g}: "
                "choose a smaller one."
            )
        _products(flat.reshape(depth, d, d), before, after)
        pull = after[1:].transpose(0, 2, 1) @ (before[-1] - goal) @ before[:-1].transpose(0, 2, 1)
        return -pull.ravel()

    asked, place = np.unique(when, return_inverse=True)
    flat = W.ravel()
    if asked[-1] > 0:
        run = solve_ivp(velocity, (0.0, asked[-1]), flat, "DOP853", asked, rtol=1e-11, atol=1e-12)
        if not run.success:
            raise refuse("times", when, f"the integration breaks off: {run.message.rstrip('.').lower()}")
        kept = run.y.T
    else:
        kept = flat[None]
    layers = kept[place].reshape(-1, depth, d, d)
    output = np.empty((when.size, d, d))
    for i, weights in enumerate(layers):
        _products(np.ascontiguousarray(weights), before, after)
        output[i] = before[-1]
    return ResidualRun(when, layers[:, :, 0, 0] if scalar else layers, output[:, 0, 0] if scalar else output)


@within_range
def layer_roughness(weights: ArrayLike) -> float:
    r"""Largest change from one layer to the next, in units of a layer's share of the depth.

    :math:`L\max_k\|W_{k+1}-W_k\|_F`: bounded in L where the layers are values of a smooth function of k/L.

    Parameters
    ----------
    weights : array_like, shape (L,) or (L, d, d)
        Weights of at least two layers.

    Returns
    -------
    float
        The roughness.

    Raises
    ------
    ValueError
        Fewer than two layers.

    References
    ----------
    marion2024implicit

    Examples
    --------
    >>> from solvable.solvers import layer_roughness
    >>> layer_roughness([0.0, 0.25, 0.75])
    1.5
    """
    layers = as_finite("weights", weights)
    if layers.ndim < 1 or len(layers) < 2 or 0 in layers.shape:
        raise refuse("weights.shape", layers.shape, "it must hold two layers at least")
    steps = np.diff(layers, axis=0).reshape(len(layers) - 1, -1)
    unit = float(np.abs(steps).max())
    return 0.0 if unit == 0 else len(layers) * unit * float(np.linalg.norm(steps / unit, axis=1).max())
