r"""Kernels of least-distance programs: an active set on the Gram matrix of the rows, with its Cholesky factor.

The multipliers of :math:`\min\{\|v\|^2: Zv\ge h\}` minimise :math:`\tfrac12\alpha^TZZ^T\alpha-h^T\alpha` over
:math:`\alpha\ge0`. The Gram matrix squares the condition: `least_distance` wins the digits back by solving for what
the active constraints miss, measured on the rows, and says what is left. Rows dependent to 1e-6 are left to others.
"""

from __future__ import annotations

import numpy as np

from solvable.solvers.compiled import njit

__all__ = ["least_distance", "project"]

_DEPENDENT = 1e-12  # squared pivot below which a row is taken to depend on the active ones
_MET = 1e-14  # of the largest constraint
_ROUNDING = 1e-15  # of the terms that a constraint is the sum of: what is missed by less is met


@njit(inner=True, apart=True)
def _append(gram, active, last, factor):  # type: ignore[no-untyped-def]
    """One more column of the upper Cholesky factor of the active Gram matrix; False where that is singular."""
    row, column = active[last], factor[-1]
    for a in range(last):
        column[a] = gram[row, active[a]]
    left = gram[row, row]
    for a in range(last):
        column[a] /= factor[a, a]
        found = column[a]
        factor[a, last] = found
        left -= found * found
        for b in range(a + 1, last):
            column[b] -= factor[a, b] * found
    if left <= _DEPENDENT * gram[row, row]:
        return False
    factor[last, last] = left**0.5
    return True


@njit(inner=True, apart=True)
def _solve(factor, count, x):  # type: ignore[no-untyped-def]
    """Solve the active equations in place."""
    for a in range(count):
        x[a] /= factor[a, a]
        for b in range(a + 1, count):
            x[b] -= factor[a, b] * x[a]
    for a in range(count - 1, -1, -1):
        total = x[a]
        for b in range(a + 1, count):
            total -= factor[a, b] * x[b]
        x[a] = total / factor[a, a]


@njit(inner=True)
def _start(n, gram, wanted, dual, factor, active, x):  # type: ignore[no-untyped-def]
    """From all rows, without those of negative multipliers until there are none; how many are active."""
    count = n
    for a in range(count):
        active[a] = a
    while count > 0:
        for a in range(count):
            if not _append(gram, active, a, factor):
                return 0
            x[a] = wanted[active[a]]
        _solve(factor, count, x)
        kept = 0
        for a in range(count):
            if x[a] > 0.0:
                active[kept] = active[a]
                kept += 1
        if kept == count:
            for a in range(count):
                dual[active[a]] = x[a]
            return count
        count = kept
    return 0


@njit(inner=True)
def _search(n, gram, wanted, dual, factor, active, x, lack, whole):  # type: ignore[no-untyped-def]
    """Multipliers by an active set, at first of all n rows where `whole`; its size, or -1 where it is dependent."""
    size = 1.0
    for i in range(n):
        dual[i] = 0.0
        size = max(size, abs(wanted[i]))
    count = _start(n, gram, wanted, dual, factor, active, x) if whole else 0
    for _ in range(10 * n):
        for i in range(n):
            lack[i] = wanted[i]
        total = 0.0
        for a in range(count):
            weight, row = dual[active[a]], gram[active[a]]
            total += weight * row[active[a]] ** 0.5
            for i in range(n):
                lack[i] -= row[i] * weight
        for a in range(count):
            lack[active[a]] = 0.0
        best, most = -1, max(_MET * size, _ROUNDING * total)
        for i in range(n):
            if lack[i] > most * gram[i, i] ** 0.5:
                best, most = i, lack[i] / gram[i, i] ** 0.5
        if best < 0:
            return count
        active[count] = best
        count, built = count + 1, count
        while True:
            while built < count:
                if not _append(gram, active, built, factor):
                    return -1
                built += 1
            for a in range(count):
                x[a] = wanted[active[a]]
            _solve(factor, count, x)
            step, leaving = 1.0, -1
            for a in range(count):
                if x[a] <= 0.0:
                    share = dual[active[a]] / (dual[active[a]] - x[a])
                    if share <= step:
                        step, leaving = share, a
            for a in range(count):
                dual[active[a]] += step * (x[a] - dual[active[a]])
            if leaving < 0:
                break
            dual[active[leaving]] = 0.0
            count, built = count - 1, leaving
            for a in range(leaving, count):
                active[a] = active[a + 1]
    return -1


@njit(inner=True)
def _reach(units, dual, move, reach):  # type: ignore[no-untyped-def]
    """The rows' sum by their multipliers, and its products with them; returns the largest of these, at least 1."""
    # a call of np.dot would compile for a tenth of a second; four sums, as one would wait for its last addition
    n, d = units.shape
    for k in range(d):
        move[k] = 0.0
    for i in range(n):
        weight = dual[i]
        if weight != 0.0:
            for k in range(d):
                move[k] += weight * units[i, k]
    size, whole = 1.0, d - d % 4
    for i in range(n):
        row = units[i]
        first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
        for k in range(0, whole, 4):
            first += row[k] * move[k]
            second += row[k + 1] * move[k + 1]
            third += row[k + 2] * move[k + 2]
            fourth += row[k + 3] * move[k + 3]
        for k in range(whole, d):
            first += row[k] * move[k]
        reach[i] = (first + second) + (third + fourth)
        size = max(size, abs(reach[i]))
    return size


@njit(cache=True)
def least_distance(units, gram, wanted, whole, dual, move, room, active):  # type: ignore[no-untyped-def]
    """Shortest move with units @ move >= wanted and its multipliers, in place; their residual, inf where not found.

    The residual is the largest of the unmet constraints and the gap of complementarity, relative; `room` has n + 3
    rows to work in, `active` holds n integers.
    """
    n = wanted.size
    factor, x, reach = room[2:], room[0], room[1]
    count = _search(n, gram, wanted, dual, factor, active, x, reach, whole)
    if count <= 0:
        return np.inf
    size = _reach(units, dual, move, reach)
    for _ in range(3):
        missed = 0.0
        for a in range(count):
            x[a] = wanted[active[a]] - reach[active[a]]
            missed = max(missed, abs(x[a]))
        if missed <= 5e-16 * size:
            break
        _solve(factor, count, x)
        for a in range(count):
            dual[active[a]] += x[a]
        size = _reach(units, dual, move, reach)
    unmet, gap, worth = 0.0, 0.0, 0.0
    for i in range(n):
        if dual[i] < 0.0:
            return np.inf
        unmet = max(unmet, wanted[i] - reach[i])
        gap += dual[i] * (reach[i] - wanted[i])
        worth += dual[i] * max(wanted[i], 0.0)
    return max(unmet / size, abs(gap) / worth) if worth > 0.0 else np.inf


@njit(cache=True)
def project(Z, starts, grams, order, w, out, room, active):  # type: ignore[no-untyped-def]
    """Projection of row s of w onto the margins of task order[s] into row s of `out`; how many were made.

    The rows of task t, and of its Gram matrix, are those from starts[t] to starts[t + 1]. `out` may be w from its
    second row on: every projection begins then at the last one. With tasks of at most n rows `room` has n + 5 of n
    entries to work in, `active` holds n integers.
    """
    dual, wanted, x, lack, factor = room[0], room[1], room[2], room[3], room[4:]
    whole = order.size == 0  # never: a literal False would have the search compiled once more
    for s in range(order.size):
        first = starts[order[s]]
        n = starts[order[s] + 1] - first
        rows, gram = Z[first : first + n], grams[first : first + n]
        for i in range(n):
            total = 1.0
            for k in range(Z.shape[1]):
                total -= rows[i, k] * w[s, k]
            wanted[i] = total
        if _search(n, gram, wanted, dual, factor, active, x, lack, whole) < 0:
            return s
        for k in range(Z.shape[1]):
            total = w[s, k]
            for i in range(n):
                total += rows[i, k] * dual[i]
            out[s, k] = total
    return order.size
