r"""The one equation of deep random features: the innermost effective ridge, from which all layers follow.

kappa_L and T_L, see `deep`, are functions of x = log kappa_0 that no sample size and no ridge enters; a cell solves
kappa_L (n - T_L) = delta. Large grids start from those functions on a grid in x; every root is polished on the sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.solution import Solution, Status
from solvable.solvers.spectrum import Spectrum

__all__ = ["DeepState", "propagate", "solve_inner_ridge"]

Array = NDArray[np.float64]
_LARGE = 50_000  # cells x modes from which on a grid in x is worth its price
_NODES = 48  # of it, for a factor e
_LAST_STEP = 2e-9  # of Newton's method, relative: its square is below rounding


@dataclass
class DeepState:
    """Last layer at given kappa_0, with derivatives in x = log kappa_0; rising functions of it where admissible."""

    admissible: NDArray[np.bool_]
    kappa: Array  # kappa_L
    df1: Array  # T_L
    rise: Array  # d log kappa_L/dx times kappa_L/(kappa_L + b): d log rho_L/dx
    fall: Array  # -d T_L/dx
    noise: float  # b_L

    @property
    def unresolved(self) -> Array:
        """df1 - df2 = -d T_L/d log kappa_L."""
        return self.fall * self.kappa / ((self.kappa + self.noise) * self.rise)


def propagate(spectrum: Spectrum, widths: Array, a: Array, b: Array, x: Array) -> DeepState:
    """Carry kappa, T and their logarithmic derivatives outwards; every derivative is a sum of positive terms."""
    kappa = np.exp(x)
    inner = Modes.of(spectrum, "m").at(kappa, ("m", 1, 0), ("m", 1, 1))
    effective, fall = inner("m", 1, 0), inner("m", 1, 1)  # T_0 and -d T_0/dx
    rise = np.ones_like(x)  # d log kappa/dx
    good = np.ones(x.shape, dtype=bool)
    before = spectrum.rank
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for width, slope, noise in zip(widths, a, b, strict=True):
            room = width - effective
            good &= room > 0
            outer = slope * kappa * room / before  # kappa_l + b_l
            rise = rise + fall / room
            kappa = outer - noise
            good &= kappa > 0
            effective = (width * noise + kappa * effective) / outer
            fall = (kappa * fall + room * noise * rise) / outer
            before, last = width, rise
            rise = rise * outer / kappa
    return DeepState(good, kappa, effective, last, fall, float(b[-1]))


def solve_inner_ridge(spectrum: Spectrum, widths: Array, a: Array, b: Array, n: Array, delta: Array) -> Solution:
    """Root x = log kappa_0 of kappa_L (n - T_L) = delta (un-normalised, for features x_L), or its edge at delta 0."""
    on_grid = np.flatnonzero(delta > 0)
    if on_grid.size * spectrum.eigenvalues.size < _LARGE:
        return _newton(spectrum, widths, a, b, n, delta, None)
    out = {"value": np.zeros(n.size), "residual": np.zeros(n.size), "status": np.zeros(n.size, dtype=np.int8),
           "iterations": np.zeros(n.size, dtype=np.int64)}  # fmt: skip
    start = _starts(spectrum, widths, a, b, n[on_grid], delta[on_grid])
    for cells, known in ((on_grid, start), (np.flatnonzero(delta == 0), None)):
        if cells.size:
            found = _newton(spectrum, widths, a, b, n[cells], delta[cells], known)
            for name, values in out.items():
                values[cells] = getattr(found, name)
    return Solution(**out)


def _starts(spectrum: Spectrum, widths: Array, a: Array, b: Array, n: Array, delta: Array) -> Array | None:
    """Roots to about nine digits: kappa_L and T_L do not depend on the cell, and a grid in x serves all.

    The root falls with n and grows with the ridge: two corners bound it. Between nodes, a cubic.
    """
    corners = _newton(spectrum, widths, a, b, np.array([n.max(), n.min()]), np.array([delta.min(), delta.max()]), None)
    if not corners.converged:
        return None
    low, high = corners.value
    x = np.linspace(low - 0.1, high + 0.1, 2 + int((high - low + 0.2) * _NODES))
    state, step = propagate(spectrum, widths, a, b, x), x[1] - x[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(state.admissible, np.log(state.kappa), -np.inf)
        steep = state.rise * (state.kappa + state.noise) / state.kappa

    def gap(i: NDArray[np.intp]) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            room = n - state.df1[i]
            return np.where(room > 0, level[i] + np.log(room), -np.inf) - target

    target = np.log(delta)
    left, right = np.zeros(n.size, dtype=np.intp), np.full(n.size, x.size - 1)
    for _ in range(int(np.ceil(np.log2(x.size)))):
        middle = (left + right) // 2
        above = gap(middle) > 0
        left, right = np.where(above, left, middle), np.where(above, middle, right)
    ends, slopes = [gap(left), gap(right)], []
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = [step * (steep[i] + state.fall[i] / (n - state.df1[i])) for i in (left, right)]
        t = ends[0] / (ends[0] - ends[1])
        for _ in range(4):  # Newton on the cubic through both values and slopes
            first, second = slopes[0] - (ends[1] - ends[0]), (ends[1] - ends[0]) - slopes[1]
            value = ends[0] + t * (ends[1] - ends[0]) + t * (1 - t) * (first * (1 - t) + second * t)
            slope = (ends[1] - ends[0]) + (1 - 2 * t) * (first * (1 - t) + second * t) + t * (1 - t) * (second - first)
            t = t - value / slope
    return x[left] + step * np.where((t >= 0) & (t <= 1), t, 0.5)


def _newton(
    spectrum: Spectrum, widths: Array, a: Array, b: Array, n: Array, delta: Array, start: Array | None
) -> Solution:
    """Newton's method in a bracket, from above or from where the roots are nearly known."""
    share = float(np.prod(a)) * widths[-1] / spectrum.rank
    high = np.log(2 * (delta / n + spectrum.trace / np.minimum(n, widths.min()) * share + b.sum() + 1e-300) / share)
    low = np.full(n.size, np.log(spectrum.eigenvalues.max()) - 745.0)
    target = np.where(delta > 0, np.log(np.where(delta > 0, delta, 1.0)), -np.inf)  # -inf: the edge, by bisection
    tolerance = np.where(delta > 0, 1e-14 * np.maximum(1.0, np.abs(target)), 0.0)

    def evaluate(x: Array, i: NDArray[np.intp]) -> tuple[Array, Array]:
        state = propagate(spectrum, widths, a, b, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            slack = n[i] - state.df1
            good = state.admissible & (slack > 0)
            value = np.log(state.kappa) + np.log(slack) - target[i]
            slope = state.rise * (state.kappa + state.noise) / state.kappa + state.fall / slack
            steps[i] = np.where(good, value / slope, np.inf)
        return np.where(good, value, -np.inf), slope

    steps = np.zeros(n.size)
    if start is not None:  # a bracket that no near miss closes: beyond it lies nothing the slope, at least 1, allows
        high = start + 1.0
    for _ in range(60 if start is None else 0):  # the slope is at least 1: doubling the distance ends
        short = evaluate(high, np.arange(n.size))[0] <= 0
        if not short.any():
            break
        high = np.where(short, high + 2.0, high)
    if start is None:
        root = bracketed_newton(evaluate, low, high, high, tolerance=tolerance, limit=300)
        x = root.x
    else:
        root = bracketed_newton(evaluate, low, high, start, tolerance=tolerance, step=_LAST_STEP, limit=300)
        # one more step, whose square is below rounding
        x = root.x - np.where(np.abs(steps) <= _LAST_STEP * np.maximum(np.abs(root.x), 1.0), steps, 0.0)
    status = np.where(root.converged, Status.CONVERGED, Status.MAX_ITERATIONS).astype(np.int8)
    residual = np.where(np.isfinite(root.value), np.abs(root.value), root.high - root.low)
    return Solution(x, residual, status, root.iterations)
