r"""The one equation of deep random features: the innermost effective ridge, from which all layers follow.

kappa_L and T_L, see `deep`, are functions of x = log kappa_0 that no sample size and no ridge enters; a cell solves
kappa_L (n - T_L) = delta. Large grids start from those functions on a grid in x; every root is polished on the sums,
which are over condensed modes there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.equivalents.condensed_modes import condensed
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.solution import Solution, Status
from solvable.solvers.spectrum import Spectrum

__all__ = ["DeepState", "solve_inner_ridge"]

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


@dataclass(frozen=True)
class _Layers:
    """Inputs, the modes that stand for them, and layers: what the equation of a deep network is made of."""

    inputs: Spectrum
    modes: Modes
    widths: Array
    a: Array
    b: Array

    def propagate(self, x: Array) -> DeepState:
        """Carry kappa, T and their logarithmic derivatives outwards; every derivative is a sum of positive terms."""
        kappa = np.exp(x)
        inner = self.modes.at(kappa, ("m", 1, 0), ("m", 1, 1))
        effective, fall = inner("m", 1, 0), inner("m", 1, 1)  # T_0 and -d T_0/dx
        rise = np.ones_like(x)  # d log kappa/dx
        good = np.ones(x.shape, dtype=bool)
        before = self.inputs.rank
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for width, slope, noise in zip(self.widths, self.a, self.b, strict=True):
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
        return DeepState(good, kappa, effective, last, fall, float(self.b[-1]))

    def gap(self, x: Array, n: Array, target: Array) -> tuple[Array, Array]:
        """log kappa_L (n - T_L) - target, -inf where a layer is beyond its edge, and its slope in x."""
        state = self.propagate(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            slack = n - state.df1
            value = np.log(state.kappa) + np.log(slack) - target
            slope = state.rise * (state.kappa + state.noise) / state.kappa + state.fall / slack
        return np.where(state.admissible & (slack > 0), value, -np.inf), slope


def solve_inner_ridge(
    spectrum: Spectrum, widths: Array, a: Array, b: Array, n: Array, delta: Array
) -> tuple[Solution, DeepState]:
    """Root x = log kappa_0 of kappa_L (n - T_L) = delta (un-normalised, for features x_L), or its edge at delta 0.

    With the last layer there.
    """
    layers = _Layers(spectrum, Modes.of(spectrum, "m"), widths, a, b)
    many, rest = np.flatnonzero(delta > 0), np.flatnonzero(delta == 0)
    if many.size * spectrum.eigenvalues.size < _LARGE:
        return _newton(layers, n, delta, None)
    few = replace(layers, modes=condensed(layers.modes))
    found = _newton(few, n[many], delta[many], _starts(few, n[many], delta[many]))
    if rest.size == 0:
        return found
    order = np.argsort(np.r_[many, rest])
    (first, one), (second, other) = found, _newton(layers, n[rest], delta[rest], None)

    def joined(name: str, some: Solution | DeepState, others: Solution | DeepState) -> NDArray[Any]:
        return np.concatenate([getattr(some, name), getattr(others, name)])[order]

    value, residual, status, spent = (joined(name, first, second)
                                      for name in ("value", "residual", "status", "iterations"))  # fmt: skip
    good, kappa, df1, rise, fall = (joined(name, one, other) for name in ("admissible", "kappa", "df1", "rise", "fall"))
    return Solution(value, residual, status, spent), DeepState(good, kappa, df1, rise, fall, float(b[-1]))


def _between(layers: _Layers, n: Array, delta: Array) -> tuple[float, float] | None:
    """Values of x with all roots between them, near enough; None where they are not found.

    A root falls with n and grows with the ridge: those of two corners bound the others.
    """
    size, target = np.array([n.max(), n.min()]), np.log([delta.min(), delta.max()])
    low, high = _ends(layers, size, np.exp(target))
    for _ in range(3):  # to 745/64^3
        x = np.linspace(low, high, 65)
        value = layers.gap(x.ravel(), np.tile(size, 65), np.tile(target, 65))[0].reshape(x.shape)
        above = np.count_nonzero(value <= 0, axis=0)
        if not ((above > 0) & (above < 65)).all():
            return None
        low, high = x[above - 1, [0, 1]], x[above, [0, 1]]
    return float(low[0]), float(high[1])


def _starts(layers: _Layers, n: Array, delta: Array) -> Array | None:
    """Roots to about nine digits: kappa_L and T_L do not depend on the cell, and a grid in x serves all.

    Between nodes, a cubic.
    """
    ends = _between(layers, n, delta)
    if ends is None:
        return None
    low, high = ends
    x = np.linspace(low - 0.1, high + 0.1, 2 + int((high - low + 0.2) * _NODES))
    state, step = layers.propagate(x), x[1] - x[0]
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
    at_ends = gap(left), gap(right)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = [step * (steep[i] + state.fall[i] / (n - state.df1[i])) for i in (left, right)]
        t = at_ends[0] / (at_ends[0] - at_ends[1])
        for _ in range(4):  # Newton on the cubic through both values and slopes
            first, second = slopes[0] - (at_ends[1] - at_ends[0]), (at_ends[1] - at_ends[0]) - slopes[1]
            value = at_ends[0] + t * (at_ends[1] - at_ends[0]) + t * (1 - t) * (first * (1 - t) + second * t)
            slope = (
                (at_ends[1] - at_ends[0])
                + (1 - 2 * t) * (first * (1 - t) + second * t)
                + t * (1 - t) * (second - first)
            )
            t = t - value / slope
    return x[left] + step * np.where((t >= 0) & (t <= 1), t, 0.5)


def _ends(layers: _Layers, n: Array, delta: Array) -> tuple[Array, Array]:
    """Values of x around the root, the upper one hardly ever below it."""
    inputs, widths = layers.inputs, layers.widths
    share = float(np.prod(layers.a)) * widths[-1] / inputs.rank
    level = delta / n + inputs.trace / np.minimum(n, widths.min()) * share + layers.b.sum() + 1e-300
    return np.full(n.size, np.log(inputs.eigenvalues.max()) - 745.0), np.log(2 * level / share)


def _newton(layers: _Layers, n: Array, delta: Array, start: Array | None) -> tuple[Solution, DeepState]:
    """Newton's method in a bracket, from above or from where the roots are nearly known."""
    low, high = _ends(layers, n, delta)
    target = np.where(delta > 0, np.log(np.where(delta > 0, delta, 1.0)), -np.inf)  # -inf: the edge, by bisection
    tolerance = np.where(delta > 0, 1e-14 * np.maximum(1.0, np.abs(target)), 0.0)
    steps = np.zeros(n.size)

    def evaluate(x: Array, i: NDArray[np.intp]) -> tuple[Array, Array]:
        value, slope = layers.gap(x, n[i], target[i])
        with np.errstate(invalid="ignore"):
            steps[i] = value / slope
        return value, slope

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
    return Solution(x, residual, status, root.iterations), layers.propagate(x)
