"""Compiled steps of the closed flow of the quadratic network."""

from __future__ import annotations

import numpy as np

from solvable.solvers.compiled import njit

__all__ = ["flow"]


@njit(inner=True)
def _velocity(state, start, target, scale, alignment, pull, out):  # type: ignore[no-untyped-def]
    """Right-hand side; a state is M with the mean as a last row. `start` is what is subtracted, `target` beta."""
    D = target.size
    quadratic, linear = scale * alignment / (2 * D * D), scale * scale / D
    trace = 0.0
    for i in range(D):
        trace += scale * alignment * (state[i, i] - start[i, i]) - target[i] * target[i]
    for i in range(D):
        for j in range(D):
            pull[i, j] = 2 * quadratic * (scale * alignment * (state[i, j] - start[i, j]) - target[i] * target[j])
        pull[i, i] += quadratic * trace
    np.dot(state, pull, out)
    for j in range(D):
        out[D, j] = -linear * (state[D, j] - start[D, j]) - out[D, j]
    for i in range(D):
        for j in range(i + 1):
            both = -out[i, j] - out[j, i]
            both -= linear * ((state[D, i] - start[D, i]) * state[D, j] + state[D, i] * (state[D, j] - start[D, j]))
            out[i, j] = both
            out[j, i] = both


@njit(inner=True)
def _loss(state, start, target, scale, alignment):  # type: ignore[no-untyped-def]
    """Test loss of a state."""
    D = target.size
    trace, square, linear = 0.0, 0.0, 0.0
    for i in range(D):
        trace += scale * alignment * (state[i, i] - start[i, i]) - target[i] * target[i]
        moved = scale * (state[D, i] - start[D, i])
        linear += moved * moved
        for j in range(D):
            missed = scale * alignment * (state[i, j] - start[i, j]) - target[i] * target[j]
            square += missed * missed
    return linear / (2 * D) + (trace * trace + 2 * square) / (8 * D * D)


@njit(inner=True)
def _copy(state, out):  # type: ignore[no-untyped-def]
    """Entry by entry: slices compile for seconds."""
    for i in range(state.shape[0]):
        for j in range(state.shape[1]):
            out[i, j] = state[i, j]


@njit(cache=True)
def flow(  # type: ignore[no-untyped-def]
    state,
    start,
    target,
    scale,
    alignment,
    times,
    rtol,
    most,
    least,
    stages,
    fifth,
    third,
    here,
    slopes,
    rates,
    pull,
    path,
):
    """Adaptive Runge-Kutta steps of order 8 to every time, or until the loss is at most `least`.

    Returns the step at which it gave up, or -1; and how many times it has reached, and the time it is at.
    `stages` are the weights of the twelve stages and, last, of the step, `fifth` and `third` those of the two
    differences of lower order whose quotient estimates the error. `here` has the
    entries of the state, `rates` those of `slopes`, which has room for a slope more than stages, the trial state and
    both differences; `pull` is room.
    """
    D = target.size
    count = len(stages) - 1
    trial, moved, five_of, three_of = slopes[count + 1], rates[count + 1], rates[count + 2], rates[count + 3]
    _velocity(state, start, target, scale, alignment, pull, slopes[0])
    now, step, spent, goal = 0.0, 0.0, 0, rtol
    for at in range(times.size):
        while now < times[at]:
            size, speed = 0.0, 0.0
            for i in range(D):
                size = max(size, state[i, i])
                for j in range(D):
                    speed = max(speed, abs(slopes[0, i, j]))
            if step == 0.0:
                step = 1e-3 * size / speed if speed > 0 else times[at]
            taken = min(step, times[at] - now)
            for s in range(1, count + 1):
                for k in range(moved.size):
                    moved[k] = here[k]
                for r in range(s):
                    weight = taken * stages[s, r]
                    if weight != 0.0:
                        for k in range(moved.size):
                            moved[k] += weight * rates[r, k]
                _velocity(trial, start, target, scale, alignment, pull, slopes[s])
            high, low = 0.0, 0.0
            for k in range(moved.size):
                five_of[k], three_of[k] = 0.0, 0.0
            for r in range(count + 1):
                if fifth[r] != 0.0 or third[r] != 0.0:
                    for k in range(moved.size):
                        five_of[k] += fifth[r] * rates[r, k]
                        three_of[k] += third[r] * rates[r, k]
            for k in range(moved.size):
                five, three = five_of[k], three_of[k]
                unit = size if k < D * D else np.sqrt(size)
                if not abs(five) + abs(three) < np.inf:  # beyond the range: a shorter step stays inside
                    five = three = 1e10 * rtol * unit / taken
                high, low = max(high, abs(five) * taken / unit), max(low, abs(three) * taken / unit)
            worst = high * high / np.sqrt(high * high + 0.01 * low * low) if high > 0 else 0.0
            if worst <= goal:
                now = times[at] if taken == times[at] - now else now + taken
                for k in range(moved.size):
                    here[k], rates[0, k] = moved[k], rates[count, k]
                if least > 0:
                    loss = _loss(state, start, target, scale, alignment)
                    if loss <= least:
                        reached = at + (now == times[at])
                        if reached > at:
                            _copy(state, path[at])
                        return -1, reached, now
                    goal = rtol if loss > 1e4 * least else 1e-2 * rtol  # or errors of steps keep the loss above it
            if taken == step or worst > goal:
                step = taken * min(10.0, max(0.2, 0.9 * (goal / max(worst, 1e-30)) ** 0.125))
            spent += 1
            if spent == most:
                return spent, at, now
        _copy(state, path[at])
    return -1, times.size, now
