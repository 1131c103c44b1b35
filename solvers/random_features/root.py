r"""The root of random-feature ridge regression: :math:`\gamma\,(k-z(\gamma))(n-z(\gamma)) = k\delta`.

With m = min(n, k) the equation reads :math:`m = z(\gamma) + a(\gamma)`, where the smaller factor

.. math:: a = \frac{2c}{|n-k| + \sqrt{(n-k)^2 + 4c}}, \qquad c = k\delta/\gamma,

falls with gamma: one scalar equation on sums over modes, which a table in log gamma answers for whole grids. Cell by
cell it is Newton in :math:`\log(\gamma-\gamma_{min})`, z(gamma_min) = m, free of cancellation however small the ridge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.fixed_point import effective_ridge
from solvable.solvers.equivalents.mode_table import ModeTable
from solvable.solvers.solution import Status
from solvable.solvers.spectrum import Spectrum

__all__ = ["FeatureRoot", "feature_sums", "minus_floor", "solve_feature_root"]

Array = NDArray[np.float64]
_EPS = float(np.finfo(float).eps)
_CHUNK = 1 << 17
_MAX_ITERATIONS = 200


@dataclass(frozen=True)
class FeatureRoot:
    """Flat cells: gamma, rows z, q, w = z - q, S1, S2 of `sums`, and min(n, k) - z."""

    gamma: Array
    sums: Array
    small: Array
    residual: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]


def feature_sums(spectrum: Spectrum, gamma: Array) -> Array:
    """z, q, w = sum g(1-g), S1 = sum (1-g)^2 v^2 and S2 = sum g(1-g) v^2 at each gamma."""
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    power = spectrum.require_target()
    out = np.empty((5, gamma.size))
    step = max(1, _CHUNK // s.size)
    with np.errstate(under="ignore"):
        for first in range(0, gamma.size, step):
            cells = slice(first, first + step)
            x = gamma[cells, None]
            g, c = s / (s + x), x / (s + x)
            out[0, cells], out[1, cells], out[2, cells] = g @ m, (g * g) @ m, (g * c) @ m
            out[3, cells], out[4, cells] = (c * c) @ power, (g * c) @ power
    return out


def solve_feature_root(spectrum: Spectrum, n: Array, k: Array, delta: Array, rtol: float) -> FeatureRoot:
    """Positive ridge, finite n and k: from the table where the grid is large and `rtol` allows, else cell by cell."""
    if n.size * spectrum.eigenvalues.size < 200_000:
        return _newton(spectrum, n, k, delta, None)
    # gamma falls with n and k and grows with the ridge: two corners bound it
    corners = np.array([[n.max(), k.max(), delta.min()], [n.min(), k.min(), delta.max()]]).T
    ends = _newton(spectrum, corners[0], corners[1], corners[2], None).gamma
    table = ModeTable.build(spectrum, ends.min(), ends.max(), limit=n.size // 8)
    if table is None:
        return _newton(spectrum, n, k, delta, None)
    gap, force = np.abs(n - k), k * delta

    def pull(gamma: Array) -> tuple[Array, Array]:
        c = force / gamma
        root = np.sqrt(gap * gap + 4 * c)
        return 2 * c / (gap + root), c / root

    gamma, accurate, (z, w, q, s1, s2), residual = table.solve(np.minimum(n, k), pull, rtol)
    sums, small = np.array([z, q, w, s1, s2]), pull(gamma)[0]
    status, iterations = np.zeros(n.size, dtype=np.int8), np.full(n.size, 2)
    left = np.flatnonzero(~accurate)
    if left.size:
        part = _newton(spectrum, n[left], k[left], delta[left], gamma[left])
        gamma[left], sums[:, left], small[left], residual[left] = part.gamma, part.sums, part.small, part.residual
        status[left], iterations[left] = part.status, 2 + part.iterations
    return FeatureRoot(gamma, sums, small, residual, status, iterations)


def _newton(spectrum: Spectrum, n: Array, k: Array, delta: Array, start: Array | None) -> FeatureRoot:
    """Newton in log(gamma - gamma_min), bisection where it leaves the bracket; converged cells leave the loop."""
    least = np.minimum(n, k)
    spare = np.maximum(least - spectrum.rank, 0.0)
    floor = np.where(least < spectrum.rank, effective_ridge(spectrum, least, 0.0).value, 0.0)
    low = np.full(n.size, -745.0) + np.log(np.maximum(floor, spectrum.trace / least))
    high = np.log(np.maximum(2 * spectrum.trace / least, 4 * delta / n) + 4 * delta / k) + 1.0
    x = np.log(delta / n + spectrum.trace / least)
    if start is not None:  # where gamma - gamma_min is known to a few digits
        useful = start - floor > 1e-6 * start
        x = np.where(useful, np.clip(np.log(np.where(useful, start - floor, 1.0)), low, high), x)
    spent, status = np.zeros(n.size, dtype=np.int64), np.full(n.size, Status.MAX_ITERATIONS, dtype=np.int8)
    value, small, residual = np.empty(n.size), np.empty(n.size), np.full(n.size, np.inf)
    sums = np.empty((5, n.size))
    active = np.arange(n.size)
    for count in range(1, _MAX_ITERATIONS + 1):
        gap = np.exp(x[active])
        gamma = floor[active] + gap
        now = feature_sums(spectrum, gamma)
        below = minus_floor(spectrum, gap, gamma, floor[active]) + spare[active]
        above = np.abs(n[active] - k[active]) + below
        with np.errstate(divide="ignore"):
            h = np.log(gamma) + np.log(below) + np.log(above) - np.log(k[active]) - np.log(delta[active])
        slope = gap / gamma * (1 + now[2] / below + now[2] / above)
        low[active] = np.where(h < 0, x[active], low[active])
        high[active] = np.where(h > 0, x[active], high[active])
        value[active], sums[:, active], small[active], spent[active] = gamma, now, below, count
        residual[active] = np.abs(h)
        with np.errstate(invalid="ignore", over="ignore"):
            trial = x[active] - h / slope
        inside = (trial > low[active]) & (trial < high[active])
        trial = np.where(inside, trial, (low[active] + high[active]) / 2)
        done = (np.abs(h) <= 4 * _EPS * np.maximum(1.0, np.abs(np.log(delta[active])))) | (
            np.abs(trial - x[active]) <= 4 * _EPS * np.maximum(np.abs(x[active]), 1.0)
        )
        status[active[done]] = Status.CONVERGED
        x[active] = trial
        active = active[~done]
        if active.size == 0:
            break
    # at the root the product of the factors is known: the smaller one to the accuracy of gamma, however small it is
    c = k / value * delta
    gap = np.abs(n - k)
    with np.errstate(over="ignore"):  # far from the root, where nothing was found
        small = np.where(status == Status.CONVERGED, 2 * c / (gap + np.hypot(gap, 2 * np.sqrt(c))), small)
    return FeatureRoot(value, sums, small, residual, status, spent)


def minus_floor(spectrum: Spectrum, gap: Array, gamma: Array, floor: Array) -> Array:
    """min(n, k, rank) - z from gap = gamma - gamma_min itself, which may be far below rounding of gamma."""
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    out = np.empty(gap.size)
    step = max(1, _CHUNK // s.size)
    for first in range(0, gap.size, step):
        c = slice(first, first + step)
        out[c] = gap[c] * ((s / ((s + gamma[c, None]) * (s + floor[c, None]))) @ m)
    return out
