"""Gradient flows integrated as they are defined, in the weights: no dual variable, no potential.

Loss (1/2n)||X beta - y||^2 throughout. Only flows whose weights would underflow use logarithms.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from solvable.analysis.diagonal_networks.settings import saddle_problem

__all__ = ["branch_limit", "crossing_times", "flow_limit", "flow_residual", "regularised_flow", "saddle_flow"]

Array = NDArray[np.float64]


def flow_limit(
    X: Array, y: Array, initial_scale: float | Array, depth: float = 2, linear_scale: float = 0.0,
    accuracy: float = 1e-11,
) -> Array:  # fmt: skip
    """Coefficients where the flow of w_+^D - w_-^D + lambda v ends (residual below ten accuracies of the labels)."""
    n, d = X.shape

    def coefficients(weights: Array) -> Array:
        up, down, v = weights.reshape(3, d)
        return np.asarray(up**depth - down**depth + linear_scale * v)

    def velocity(_: float, weights: Array) -> Array:
        up, down, _v = weights.reshape(3, d)
        g = X.T @ (X @ coefficients(weights) - y) / n
        return np.concatenate([-depth * up ** (depth - 1) * g, depth * down ** (depth - 1) * g, -linear_scale * g])

    gram = X.T @ X / n

    def jacobian(_: float, weights: Array) -> Array:
        up, down, _v = weights.reshape(3, d)
        g = X.T @ (X @ coefficients(weights) - y) / n
        slope = np.concatenate([depth * up ** (depth - 1), -depth * down ** (depth - 1), np.full(d, linear_scale)])
        out = -slope[:, None] * np.tile(gram, (3, 3)) * slope
        bend = np.concatenate([-(up ** (depth - 2)), down ** (depth - 2), np.zeros(d)])
        out[np.diag_indices(3 * d)] += depth * (depth - 1) * bend * np.tile(g, 3)
        return np.asarray(out)

    def fitted(_: float, weights: Array) -> float:
        return float(np.abs(X @ coefficients(weights) - y).max() - 10 * accuracy * np.abs(y).max())

    fitted.terminal = True  # type: ignore[attr-defined]
    start = np.concatenate([*np.broadcast_to(initial_scale, (2, d)), np.zeros(d)])
    run = solve_ivp(velocity, (0, 1e6), start, "LSODA", jac=jacobian, events=fitted, rtol=accuracy,
                    atol=accuracy / 1000)  # fmt: skip
    return coefficients(run.y[:, -1])


def branch_limit(X: Array, y: Array, log_scale: float, cap: float) -> Array:
    """Coefficients where the flow of w_+^2 - w_-^2 + lambda v ends, from w = exp(-log_scale), v = 0.

    lambda^2 is 2 cap/log_scale. ln w_+, ln w_- and v move by 2 m, -2 m and lambda m, where dm/dt = X^T (y - X beta)/n;
    s = 2 m/log_scale = X^T state is followed in time over log_scale, however small or many the weights.
    """
    n = len(X)

    def coefficients(state: Array) -> tuple[Array, Array]:
        s = X.T @ state
        # capped: a trial step of the integrator may overshoot
        up, down = (np.exp(np.minimum(2 * log_scale * (sign * s - 1), 300)) for sign in (1, -1))
        return up - down + cap * s, 2 * log_scale * (up + down) + cap

    def velocity(_: float, state: Array) -> Array:
        return np.asarray(2 * (y - X @ coefficients(state)[0]) / n)

    def jacobian(_: float, state: Array) -> Array:
        return np.asarray(-2 * (X * coefficients(state)[1]) @ X.T / n)

    def fitted(_: float, state: Array) -> float:
        return float(np.abs(X @ coefficients(state)[0] - y).max() - 1e-8 * np.abs(y).max())

    fitted.terminal = True  # type: ignore[attr-defined]
    run = solve_ivp(velocity, (0, 1e6), np.zeros(n), "LSODA", jac=jacobian, events=fitted,
                    first_step=1e-4, rtol=1e-6, atol=1e-9)  # fmt: skip
    if not len(run.t_events[0]):
        raise ArithmeticError(f"the flow from exp(-{log_scale:g}) has not ended at time {run.t[-1]:g}")
    return coefficients(run.y[:, -1])[0]


def flow_residual(X: Array, y: Array, initial_scale: float, time: float) -> Array:
    """X beta - y of the flow at depth 2 after some time."""
    n, d = X.shape

    def velocity(_: float, weights: Array) -> Array:
        up, down = weights.reshape(2, d)
        g = X.T @ (X @ (up**2 - down**2) - y) / n
        return np.concatenate([-2 * up * g, 2 * down * g])

    run = solve_ivp(velocity, (0, time), np.full(2 * d, initial_scale), method="LSODA", rtol=1e-11, atol=1e-12)
    up, down = run.y[:, -1].reshape(2, d)
    return np.asarray(X @ (up**2 - down**2) - y)


def regularised_flow(
    X: Array, y: Array, initial_scale: float, penalty: float, ascent: float
) -> tuple[Array, Array, Array]:
    """Flow of L plus an estimate of penalty ||grad L||^2/2; the limit, ln(w_+ w_-) there, and the integral of g g'."""
    n, d = X.shape

    def gradient(weights: Array) -> tuple[Array, Array]:
        up, down = weights
        g = X.T @ (X @ (up**2 - down**2) - y) / n
        return np.array([2 * up * g, -2 * down * g]), g

    def velocity(_: float, state: Array) -> Array:
        weights = state.reshape(3, d)[:2]
        slope, g = gradient(weights)
        if ascent == 0:  # double backpropagation: the Hessian of L times its gradient, product rule by hand
            change = X.T @ (X @ (2 * weights[0] * slope[0] - 2 * weights[1] * slope[1])) / n
            estimate = np.array(
                [2 * slope[0] * g + 2 * weights[0] * change, -2 * slope[1] * g - 2 * weights[1] * change]
            )
            ahead = g
        else:
            moved, ahead = gradient(weights + ascent * slope)
            estimate = (moved - slope) / ascent
        return np.concatenate([*(-slope - penalty * estimate), g * ahead])

    def fitted(_: float, state: Array) -> float:
        up, down, _i = state.reshape(3, d)
        return float(np.abs(X @ (up**2 - down**2) - y).max() - 1e-10)

    fitted.terminal = True  # type: ignore[attr-defined]
    start = np.concatenate([np.full(2 * d, initial_scale), np.zeros(d)])
    run = solve_ivp(velocity, (0, 1e6), start, method="LSODA", rtol=1e-11, atol=1e-14, events=fitted)
    up, down, integral = run.y[:, -1].reshape(3, d)
    return up**2 - down**2, np.log(up * down), integral


def _integrate(X: Array, y: Array, log_scale: float, times: Array, levels: Array) -> tuple[Array, Array]:
    """Coefficients at rescaled times, and the rescaled times at which the loss falls through the levels."""
    n, d = X.shape

    def powers(s: Array) -> tuple[Array, Array]:
        # capped: a trial step of the integrator may overshoot
        return np.exp(np.minimum(2 * log_scale * (s - 1), 300)), np.exp(np.minimum(-2 * log_scale * (s + 1), 300))

    def residual(s: Array) -> Array:
        up, down = powers(s)
        return np.asarray(X @ (up - down) - y)

    def velocity(_: float, s: Array) -> Array:
        return np.asarray(-2 * X.T @ residual(s) / n)

    def jacobian(_: float, s: Array) -> Array:
        return np.asarray(-4 * log_scale * (X.T @ X) / n * np.sum(powers(s), axis=0))

    events = [lambda _, s, level=level: float(np.sum(residual(s) ** 2) / (2 * n) - level) for level in levels]
    # Radau: BDF steps over the exponential walls at s = +-1 unnoticed
    run = solve_ivp(velocity, (0, times[-1]), np.zeros(d), "Radau", times, jac=jacobian, events=events,
                    first_step=1e-4, rtol=1e-7, atol=1e-9)  # fmt: skip
    up, down = powers(run.y)
    return (up - down).T, np.array([found[0] if len(found) else np.nan for found in run.t_events])


def saddle_flow(seed: int, log_scale: float, times: Array) -> Array:
    """Coefficients of the flow from w = exp(-log_scale), time in units of log_scale, for the fixed problem."""
    return _integrate(*saddle_problem(seed), log_scale, times, np.empty(0))[0]


@cache
def crossing_times(seed: int, log_scale: float, levels: tuple[float, ...], end: float) -> Array:
    """Rescaled times at which the loss of the fixed problem falls through the levels."""
    return _integrate(*saddle_problem(seed), log_scale, np.array([end]), np.array(levels))[1]
