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

from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.equivalents.fixed_point import effective_ridge
from solvable.solvers.equivalents.mode_sums import FloatSums, Modes, Term
from solvable.solvers.equivalents.mode_table import ModeTable
from solvable.solvers.solution import Status
from solvable.solvers.spectrum import Spectrum

__all__ = ["TERMS", "FeatureRoot", "minus_floor", "solve_feature_root"]

Array = NDArray[np.float64]
_EPS = float(np.finfo(float).eps)
# z, q, w = sum g(1-g), S1 = sum (1-g)^2 v^2 and S2 = sum g(1-g) v^2
TERMS: tuple[Term, ...] = (("m", 1, 0), ("m", 2, 0), ("m", 1, 1), ("v", 0, 2), ("v", 1, 1))


@dataclass(frozen=True)
class FeatureRoot:
    """Flat cells: gamma, the sums `TERMS` there, and min(n, k) - z."""

    gamma: Array
    sums: FloatSums
    small: Array
    residual: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]


def solve_feature_root(spectrum: Spectrum, n: Array, k: Array, delta: Array, rtol: float) -> FeatureRoot:
    """Positive ridge, finite n and k: from the table where the grid is large and `rtol` allows, else cell by cell."""
    if n.size * spectrum.eigenvalues.size < 200_000:
        return _newton(spectrum, n, k, delta, None)
    # gamma falls with n and k and grows with the ridge: two corners bound it
    corners = np.array([[n.max(), k.max(), delta.min()], [n.min(), k.min(), delta.max()]]).T
    ends = _newton(spectrum, corners[0], corners[1], corners[2], None).gamma
    table = ModeTable.build(spectrum, ends.min(), ends.max(), limit=n.size // 4, rtol=rtol)
    if table is None:
        return _newton(spectrum, n, k, delta, None)
    gap, force = np.abs(n - k), k * delta

    def pull(gamma: Array) -> tuple[Array, Array]:
        c = force / gamma
        root = np.sqrt(gap * gap + 4 * c)
        return 2 * c / (gap + root), c / root

    gamma, accurate, sums, residual = table.solve(np.minimum(n, k), pull, rtol)
    small = pull(gamma)[0]
    status, iterations = np.zeros(n.size, dtype=np.int8), np.full(n.size, 2)
    left = np.flatnonzero(~accurate)
    if left.size:
        part = _newton(spectrum, n[left], k[left], delta[left], gamma[left])
        sums.put(left, part.sums)
        gamma[left], small[left], residual[left] = part.gamma, part.small, part.residual
        status[left], iterations[left] = part.status, 2 + part.iterations
    return FeatureRoot(gamma, sums, small, residual, status, iterations)


def _newton(spectrum: Spectrum, n: Array, k: Array, delta: Array, start: Array | None) -> FeatureRoot:
    """Newton in log(gamma - gamma_min), inside a bracket."""
    least = np.minimum(n, k)
    spare = np.maximum(least - spectrum.rank, 0.0)
    floor = np.where(least < spectrum.rank, effective_ridge(spectrum, least, 0.0).value, 0.0)
    low = np.full(n.size, -745.0) + np.log(np.maximum(floor, spectrum.trace / least))
    high = np.log(np.maximum(2 * spectrum.trace / least, 4 * delta / n) + 4 * delta / k) + 1.0
    x = np.log(delta / n + spectrum.trace / least)
    if start is not None:  # where gamma - gamma_min is known to a few digits
        useful = start - floor > 1e-6 * start
        x = np.where(useful, np.clip(np.log(np.where(useful, start - floor, 1.0)), low, high), x)
    value, small, sums = np.empty(n.size), np.empty(n.size), FloatSums.zeros(TERMS, n.size)
    modes, difference = Modes.of(spectrum, "m", "v"), np.abs(n - k)

    def evaluate(x: Array, i: NDArray[np.intp]) -> tuple[Array, Array]:
        gap = np.exp(x)
        gamma = floor[i] + gap
        now = modes.at(gamma, *TERMS)
        below = minus_floor(modes, gap, gamma, floor[i]) + spare[i]
        above = difference[i] + below
        value[i], small[i] = gamma, below
        sums.put(i, now)
        with np.errstate(divide="ignore"):
            h = np.log(gamma) + np.log(below) + np.log(above) - np.log(k[i]) - np.log(delta[i])
        w = now("m", 1, 1)
        return h, gap / gamma * (1 + w / below + w / above)

    root = bracketed_newton(evaluate, low, high, x, tolerance=4 * _EPS * np.maximum(1.0, np.abs(np.log(delta))))
    status = np.where(root.converged, Status.CONVERGED, Status.MAX_ITERATIONS).astype(np.int8)
    # at the root the product of the factors is known: the smaller one to the accuracy of gamma, however small it is
    c = k / value * delta
    with np.errstate(over="ignore"):  # far from the root, where nothing was found
        small = np.where(root.converged, 2 * c / (difference + np.hypot(difference, 2 * np.sqrt(c))), small)
    return FeatureRoot(value, sums, small, np.abs(root.value), status, root.iterations)


def minus_floor(modes: Modes, gap: Array, gamma: Array, floor: Array) -> Array:
    """min(n, k, rank) - z = (gap/gamma) sum m g(floor) c(gamma): gap = gamma - floor may be below rounding of gamma."""
    term: Term = ("m", 1, 0, 0, 1)
    return gap / np.where(gamma > 0, gamma, 1.0) * modes.between(floor, gamma, term)(*term)
