r"""Gaussian integrals of proximal maps, in panels between corners and scales.

With a margin u ~ N(mean, sd^2), g = prox_{VL}(u) - u and labels drawn so that u has the further weight 2 P(u), the
state evolution needs :math:`D=E[1-\mathrm{prox}'],\ S=E[g^2],\ T=E[2gP'(\nu)]`. Every integrand is analytic between the
corners of the loss, so Gauss-Legendre panels end there, and are graded where the teacher is steep. The logistic loss is
integrated over the proximal map itself, u = z - V/(1 + e^z), which is explicit: no root is sought at the nodes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.convex_losses.losses import LOSSES

__all__ = ["binary_moments", "margin_moments", "panel_nodes"]

Array = NDArray[np.float64]
_GAUSS = np.polynomial.legendre.leggauss(16)
_X, _W = _GAUSS[0], _GAUSS[1]
_SQUARE, _LOGISTIC, _HINGE, _SQUARED_HINGE, _HUBER, _ABSOLUTE = range(6)
_REACH = 9.0  # standard deviations; what lies beyond weighs 2e-19
_ROOT2, _NORM = math.sqrt(2.0), 1 / math.sqrt(2 * math.pi)
_MOST = 160  # panel edges
# corners of the proximal map in the residual r = 1 - u, one row for each loss: r = corner + per_V V
_CORNER, _PER_V = np.full((6, 4), np.nan), np.zeros((6, 4))
_CORNER[_HINGE, :2], _PER_V[_HINGE, 1] = 0.0, 1.0
_CORNER[_SQUARED_HINGE, 0] = 0.0
_CORNER[_HUBER], _PER_V[_HUBER, 2:] = (-1.0, 1.0, -1.0, 1.0), (-1.0, 1.0)
_CORNER[_ABSOLUTE, :3], _PER_V[_ABSOLUTE, 1:3] = 0.0, (-1.0, 1.0)


@njit(inner=True)
def _sigmoid(x):  # type: ignore[no-untyped-def]
    e = math.exp(-abs(x))
    return (1.0 if x >= 0 else e) / (1 + e)


@njit(inner=True)
def _prox(w, V):  # type: ignore[no-untyped-def]
    """Proximal map of the logistic loss; `losses.logistic_prox` says why it converges."""
    room = math.log1p(V * math.exp(-max(w, 0.0))) - min(w, 0.0)
    soft = max(w, 0.0) + math.log1p(math.exp(-abs(w)))
    s = -soft if room <= 0 else min(-soft, math.log(room) - math.log(V))
    for _ in range(60):
        push = V * math.exp(s)
        z = w + push
        step = (s + max(z, 0.0) + math.log1p(math.exp(-abs(z)))) / (1 + push * _sigmoid(z))
        s -= step
        if abs(step) <= 1e-9 * (1 + abs(s)):
            break
    return w + V * math.exp(s)


@njit(inner=True)
def _fill_edges(loss, V, mean, sd, steep, in_residual, edges):  # type: ignore[no-untyped-def]
    """Sorted ends of panels in u, in 1 - u, or in the logistic proximal map; return their number."""
    count = 0
    low, high = mean - _REACH * sd, mean + _REACH * sd
    for k in range(13):
        edges[count] = low + (1.5 * sd) * k
        count += 1
    width = sd / steep if steep > 0 else math.inf  # the teacher turns over this distance from u = 0
    while width < 1.5 * sd and count < 90:
        for k in range(2):
            x = width * (2 * k - 1)
            if low < x < high:
                edges[count] = x
                count += 1
        width *= 2.0
    if steep > 0:
        edges[count] = 0.0
        count += 1
    for i in range(count):
        if loss == _LOGISTIC:
            edges[i] = _prox(edges[i], V)
        elif in_residual:
            edges[i] = 1 - edges[i]
    bottom, top = edges[0], edges[12]
    if top < bottom:
        bottom, top = top, bottom
    for k in range(41 if loss == _LOGISTIC else 4):
        if loss == _LOGISTIC:
            place = 2.0 * (k - 20)
        else:
            place = _CORNER[loss, k]
            if _PER_V[loss, k] != 0:
                place += _PER_V[loss, k] * V
            if not in_residual:
                place = 1 - place
        if bottom < place < top:
            edges[count] = place
            count += 1
    for i in range(1, count):  # insertion sort: a library's takes seconds to compile
        x, j = edges[i], i
        while j > 0 and edges[j - 1] > x:
            edges[j] = edges[j - 1]
            j -= 1
        edges[j] = x
    return count


@njit(inner=True)
def _linear_push(loss, V, r, inner):  # type: ignore[no-untyped-def]
    """g, 1 - prox' and the loss at the proximal map; `inner` is a residual of the same piece, away from corners."""
    share = 1.0 if math.isinf(V) else V / (1 + V)
    rest = 0.0 if math.isinf(V) else 1 / (1 + V)
    if loss == _SQUARE:
        return share * r, share, 0.5 * (rest * r) ** 2
    if loss == _HINGE:
        if inner < 0:
            return 0.0, 0.0, 0.0
        return (V, 0.0, r - V) if inner > V else (r, 1.0, 0.0)
    if loss == _SQUARED_HINGE:
        return (0.0, 0.0, 0.0) if inner < 0 else (share * r, share, 0.5 * (rest * r) ** 2)
    if loss == _HUBER:
        if abs(inner) > 1 + V:
            return math.copysign(V, r), 0.0, abs(r) - V - 0.5
        return share * r, share, 0.5 * (rest * r) ** 2
    if abs(inner) > V:
        return math.copysign(V, r), 0.0, abs(r) - V
    return r, 1.0, 0.0


@njit(inner=True)
def _loss(loss, u):  # type: ignore[no-untyped-def]
    if loss == _LOGISTIC:
        return max(-u, 0.0) + math.log1p(math.exp(-abs(u)))
    return _linear_push(loss, 0.0, 1 - u, 1 - u)[2]


@njit(inner=True)
def _nodes(loss, V, mean, sd, steep, pieces, ends, room):  # type: ignore[no-untyped-def]
    """Fill rows of `room` with u, Gaussian weight, g, 1 - prox', loss at the proximal map; return their number.

    `ends` is room for the ends of the panels.
    """
    # near 1 the corners are kept exact, near 0 the small margins are
    in_residual = loss != _LOGISTIC and sd > 0.1
    most = _fill_edges(loss, V, mean, sd, steep, in_residual, ends)
    count = 0
    for k in range(most - 1):
        left, length = ends[k], ends[k + 1] - ends[k]
        if length <= 0:
            continue
        half = 0.5 * length / pieces
        inner = left + 0.5 * length
        if not in_residual:
            inner = 1 - inner
        for part in range(pieces):
            for j in range(16):
                x = left + half * (2 * part + 1 + _X[j])
                weight = half * _W[j]
                if loss == _LOGISTIC:
                    p = _sigmoid(-x)
                    curve = V * p * _sigmoid(x)
                    g = V * p
                    u = x - g
                    weight *= 1 + curve
                    d = curve / (1 + curve)
                    value = _loss(loss, x)
                else:
                    r = x if in_residual else 1 - x
                    u = 1 - x if in_residual else x
                    g, d, value = _linear_push(loss, V, r, inner)
                xi = (u - mean) / sd
                room[count, 0] = u
                room[count, 1] = weight * _NORM / sd * math.exp(-0.5 * xi * xi)
                room[count, 2] = g
                room[count, 3] = d
                room[count, 4] = value
                count += 1
    return count


@njit(inner=True)
def _logistic_teacher(mean, sd):  # type: ignore[no-untyped-def]
    """E sigmoid and E sigmoid' under N(mean, sd^2) by the trapezoidal rule, errors e^{-2 pi^2/(h max(h, sd))}.

    A wide Gaussian is averaged over the logistic density instead, so that the number of nodes does not grow with sd.
    """
    if sd == 0:
        p = _sigmoid(mean)
        return p, p * (1 - p)
    value, slope = 0.0, 0.0
    if sd > 4:
        for k in range(-80, 81):
            t = 0.5 * k
            weight = 0.5 * _sigmoid(t) * _sigmoid(-t)
            z = (mean - t) / sd
            value += weight * 0.5 * math.erfc(-z / _ROOT2)
            slope += weight * _NORM / sd * math.exp(-0.5 * z * z)
        return value, slope
    h = min(0.7, 0.5 / sd)
    most = math.ceil(8.7 / h)
    for k in range(-most, most + 1):
        z = h * k
        weight = h * _NORM * math.exp(-0.5 * z * z)
        p = _sigmoid(mean + sd * z)
        value += weight * p
        slope += weight * p * _sigmoid(-(mean + sd * z))
    return value, slope


@njit(cache=True)
def _many_binary(loss, logistic, V, q, m, hidden, pieces, ends, room, out):  # type: ignore[no-untyped-def]
    """Each cell's D, S, T, training loss, test loss, P(u < 0). `hidden` is the field's variance given u."""
    for k in range(V.size):
        sd, slope, spread = math.sqrt(q[k]), m[k] / q[k], hidden[k]
        shown = slope * slope * q[k]  # of the field's variance, what u explains
        steep = abs(slope) * sd / math.sqrt(spread + (3.0 if logistic else 0.0))  # a logistic law: variance pi^2/3
        count = _nodes(loss, V[k], 0.0, sd, steep, pieces, ends, room)
        D, S, T, train, test, wrong = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(count):
            u, weight, g = room[i, 0], room[i, 1], room[i, 2]
            if logistic:
                chance, rate = _logistic_teacher(slope * u, math.sqrt(spread))
                T += 2 * weight * g * rate
            else:
                chance = 0.5 * math.erfc(-slope * u / math.sqrt(2 * spread))
            weight *= 2 * chance
            D += weight * room[i, 3]
            S += weight * g * g
            train += weight * room[i, 4]
            test += weight * _loss(loss, u)
            if u < 0:
                wrong += weight
        if not logistic:  # E[g delta(field)]: a Gaussian of u given that the field vanishes
            total = spread + shown
            count = _nodes(loss, V[k], 0.0, sd * math.sqrt(spread / total), 0.0, pieces, ends, room)
            for i in range(count):
                T += room[i, 1] * room[i, 2]
            T *= 2 * _NORM / math.sqrt(total)
        out[k, 0], out[k, 1], out[k, 2] = D, S, T
        out[k, 3], out[k, 4], out[k, 5] = train, test, wrong


@njit(cache=True)
def _many_margins(loss, V, mean, sd, pieces, ends, room, out):  # type: ignore[no-untyped-def]
    """D, E g, E g^2, training loss, test loss for margins N(mean, sd^2)."""
    for i in range(V.size):
        count = _nodes(loss, V[i], mean[i], sd[i], 0.0, pieces, ends, room)
        D, first, second, train, test = 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(count):
            weight, g = room[j, 1], room[j, 2]
            D += weight * room[j, 3]
            first += weight * g
            second += weight * g * g
            train += weight * room[j, 4]
            test += weight * _loss(loss, room[j, 0])
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = D, first, second, train, test


def _rooms(pieces: int) -> tuple[Array, Array]:
    return np.empty(_MOST), np.empty((16 * _MOST * pieces, 5))


def binary_moments(loss: str, teacher: str, V: Array, q: Array, m: Array, hidden: Array, pieces: int = 1) -> Array:
    """Rows D, S, T, training loss, test loss, P(u < 0) for labels of a sign or logistic teacher, one for each cell."""
    out = np.empty((V.size, 6))
    _many_binary(LOSSES.index(loss), teacher == "logistic", V, q, m, hidden, pieces, *_rooms(pieces), out)
    return out


def margin_moments(loss: str, V: Array, mean: Array, sd: Array, pieces: int = 1) -> Array:
    """Rows D, E g, E g^2, training loss, test loss for Gaussian margins."""
    out = np.empty((V.size, 5))
    _many_margins(LOSSES.index(loss), V, mean, sd, pieces, *_rooms(pieces), out)
    return out


@njit(cache=True)
def _nodes_alone(loss, V, sd, steep, pieces, ends, room):  # type: ignore[no-untyped-def]
    return _nodes(loss, V, 0.0, sd, steep, pieces, ends, room)


def panel_nodes(loss: str, V: float, sd: float, steep: float, pieces: int = 1) -> Array:
    """Nodes of one cell: u, Gaussian weight, g, 1 - prox', loss at the proximal map."""
    ends, room = _rooms(pieces)
    return room[: _nodes_alone(LOSSES.index(loss), V, sd, steep, pieces, ends, room)]


@njit(cache=True)
def _losses(loss, u, out):  # type: ignore[no-untyped-def]
    for i in range(u.size):
        out[i] = _loss(loss, u[i])


def loss_at(loss: str, u: Array) -> Array:
    """Loss of margins."""
    out = np.empty(u.size)
    _losses(LOSSES.index(loss), np.ascontiguousarray(u), out)
    return out
