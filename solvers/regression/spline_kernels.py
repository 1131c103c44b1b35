r"""Active-set search for the knots of a penalised linear spline, in compiled code.

With knots A and signs s of their changes of slope, the values at the knots minimise
:math:`\tfrac12\|y-\Phi c\|^2+\lambda\sum_{i\in A}s_i\kappa_i(c)`, :math:`\Phi` the hat functions and :math:`\kappa_i`
the change of slope: a tridiagonal system. The dual of an inner point is
:math:`z_i=\sum_jr_j(x_i-x_j)_+` of the residual r; it lies in the box between the knots at the optimum.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit

__all__ = ["active_knots", "knot_duals"]

Array = NDArray[np.float64]
_SLACK = 1e-13  # of the box: entering knots exceed it by more


@njit(cache=True)
def knot_duals(x: Any, residual: Any, z: Any) -> None:
    """Fill in z at every point from the left where that is shorter, else from the right: both ends vanish at a fit."""
    n = len(x)
    total, last = 0.0, 0.0
    z[0] = 0.0
    for i in range(1, n // 2):
        total += residual[i - 1]
        last += total * (x[i] - x[i - 1])
        z[i] = last
    total, last = 0.0, 0.0
    z[n - 1] = 0.0
    for i in range(n - 2, max(n // 2, 1) - 1, -1):
        total += residual[i + 1]
        last += total * (x[i + 1] - x[i])
        z[i] = last


@njit(inner=True)
def _fit(x: Any, y: Any, level: float, ends: Any, count: int, sign: Any, diagonal: Any, upper: Any, right: Any) -> None:
    """Values at the knots, ends included, by Thomas' elimination of the tridiagonal system, into `right`."""
    for k in range(count):
        diagonal[k] = 0.0
        upper[k] = 0.0
        right[k] = 0.0
    for k in range(count - 1):
        a, b = ends[k], ends[k + 1]
        length = x[b] - x[a]
        last = b + 1 if k == count - 2 else b
        for i in range(a, last):
            v = (x[i] - x[a]) / length
            u = (x[b] - x[i]) / length
            diagonal[k] += u * u
            upper[k] += u * v
            diagonal[k + 1] += v * v
            right[k] += u * y[i]
            right[k + 1] += v * y[i]
    for k in range(1, count - 1):
        before, after = x[ends[k]] - x[ends[k - 1]], x[ends[k + 1]] - x[ends[k]]
        push = level * sign[ends[k]]
        right[k - 1] -= push / before
        right[k] += push / before + push / after
        right[k + 1] -= push / after
    for k in range(1, count):
        factor = upper[k - 1] / diagonal[k - 1]
        diagonal[k] -= factor * upper[k - 1]
        right[k] -= factor * right[k - 1]
    right[count - 1] /= diagonal[count - 1]
    for k in range(count - 2, -1, -1):
        right[k] = (right[k] - upper[k] * right[k + 1]) / diagonal[k]


@njit(inner=True)
def _ends(sign: Any, ends: Any) -> int:
    """Fill in where the knots are, with the first point and the last; how many."""
    n, count = len(sign), 0
    for i in range(n):
        if sign[i] != 0.0 or i == 0 or i == n - 1:
            ends[count] = i
            count += 1
    return count


@njit(inner=True)
def _settle(x: Any, y: Any, level: float, sign: Any, everywhere: Any, change: Any, ends: Any, room: Any) -> None:
    """Go to the minimum over the knots chosen, dropping those whose change of slope would turn; all its values."""
    values, wanted = room[2], room[3]
    while True:
        count = _ends(sign, ends)
        _fit(x, y, level, ends, count, sign, room[0], room[1], values)
        step = 1.0
        for k in range(1, count - 1):
            i = ends[k]
            after = (values[k + 1] - values[k]) / (x[ends[k + 1]] - x[i])
            wanted[k] = after - (values[k] - values[k - 1]) / (x[i] - x[ends[k - 1]])
            if wanted[k] * sign[i] <= 0:
                reach = change[i] / (change[i] - wanted[k]) if change[i] != wanted[k] else 0.0
                step = min(step, reach)
        if step >= 1.0:
            for i in range(len(x)):
                change[i] = 0.0
            for k in range(1, count - 1):
                change[ends[k]] = wanted[k]
            for k in range(count - 1):
                a, b = ends[k], ends[k + 1]
                for i in range(a, b + 1):
                    share = (x[i] - x[a]) / (x[b] - x[a])
                    everywhere[i] = (1 - share) * values[k] + share * values[k + 1]
            return
        for k in range(1, count - 1):
            i = ends[k]
            reach = change[i] / (change[i] - wanted[k]) if wanted[k] * sign[i] <= 0 and change[i] != wanted[k] else 2.0
            if wanted[k] * sign[i] <= 0 and reach <= step:
                change[i] = 0.0
                sign[i] = 0.0
            else:
                change[i] += step * (wanted[k] - change[i])


@njit(inner=True)
def _enter(z: Any, level: float, sign: Any, single: bool, slack: float) -> int:
    """Let the farthest point of each stretch outside the box become a knot, or only the farthest of all."""
    n, entered, best, at = len(z), 0, 0.0, -1
    peak, where = 0.0, -1
    for i in range(1, n):
        out = abs(z[i]) - level if i < n - 1 and sign[i] == 0 else 0.0
        if out > slack:
            if where >= 0 and z[i] * z[where] < 0:
                if not single:
                    sign[where] = math.copysign(1.0, z[where])
                    entered += 1
                peak, where = 0.0, -1
            if out > peak:
                peak, where = out, i
            if out > best:
                best, at = out, i
        elif where >= 0:
            if not single:
                sign[where] = math.copysign(1.0, z[where])
                entered += 1
            peak, where = 0.0, -1
    if single and at >= 0:
        sign[at] = math.copysign(1.0, z[at])
        entered = 1
    return entered


@njit(cache=True)
def active_knots(x: Any, y: Any, level: float, ends: Any, room: Any) -> None:
    """Fit at a level above 0: into row 0 of `room`, not 0 where a point is a knot (the ends count); into 1 its values.

    `room` has nine rows to work in, `ends` holds as many integers: arrays made here would compile for half a second.
    """
    n = len(x)
    sign, values, change, residual, z = room[0], room[1], room[2], room[3], room[4]
    for i in range(n):
        sign[i] = 0.0
        change[i] = 0.0
    _settle(x, y, level, sign, values, change, ends, room[5:])
    best, single = np.inf, False
    for _ in range(20 * n):
        squares, variation, most = 0.0, 0.0, 0.0
        for i in range(n):
            residual[i] = y[i] - values[i]
            squares += residual[i] * residual[i]
            variation += abs(change[i])
        knot_duals(x, residual, z)
        for i in range(n):
            most = max(most, abs(z[i]))
        objective = 0.5 * squares + level * variation
        single = objective >= best  # several at once may stall; one alone goes down
        if single and objective >= best * (1 + 1e-14):
            break
        best = min(best, objective)
        slack = _SLACK * (level + most)
        if _enter(z, level, sign, single, slack) == 0:
            break
        _settle(x, y, level, sign, values, change, ends, room[5:])
    sign[0] = 1.0
    sign[n - 1] = 1.0
