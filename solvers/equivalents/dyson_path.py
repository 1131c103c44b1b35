"""Paths to the right root of a Dyson equation.

(a) variance: Gaussians times sqrt(t), t from 0, where M = D^{-1} is exact, to 1; tangent predictor, Newton corrector.
(b) shift: (a) with every inverse shifted by its own size, then the shift goes down geometrically to 0.
(c) detour: (a) with the inverses shifted by i times their size, then the shift goes to 0; for points in a gap.

The sign of det(1 - J) must not change on a real path: a fold there means that the spectrum reaches the shift.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.dyson import DysonSystem, scaled_step, units

__all__ = ["Fold", "Path", "Pole", "detour", "shift_path", "variance_path"]

Array = NDArray[np.inexact]
_SMALLEST_STEP = 1e-9
_FLOOR = 1e-6  # of the shift, from where a path jumps to 0
_MOST_STEPS = 400
_COARSE = 1e-5  # a Newton step of this size leaves an error of its square


class Fold(ArithmeticError):
    """The root ceases to exist on the way."""

    def __init__(self, strength: float) -> None:
        """Say where."""
        super().__init__(f"the spectrum reaches the shift when the variance is {strength:.4g} of the one asked for")
        self.strength = strength


class Pole(ArithmeticError):
    """The unknowns grow without bound as the shift goes to zero."""


@dataclass
class Path:
    """Where a path is, and what it cost."""

    tau: Array
    steps: int = 0
    iterations: int = 0
    notes: list[str] = field(default_factory=list)


def _newton(
    system: DysonSystem, path: Path, start: Array, strength: float, shift: complex, first: float, enough: float = 1e-14
) -> Array | None:
    """Newton from a start that is nearly right, or None where it does not contract or passes a fold.

    On the way a step of `_COARSE` is enough, at the end rounding.
    """
    tau, last = start, np.inf
    for iteration in range(14):
        with np.errstate(all="ignore"):
            try:
                system.update(tau, strength, shift)
                value = system.rows()[: system.count]
                J = system.jacobian()[: system.count]
                scale = units(tau, np.abs(system.magnitudes()[: system.count]))
                step = scaled_step(J, tau - value, scale)
            except np.linalg.LinAlgError:
                return None
            size = float(np.max(np.abs(step) / scale))
        path.iterations += 1
        if not np.isfinite(size) or (iteration == 0 and size > first):
            return None
        if size > 0.3 * last and size > 1e-10:
            return None
        tau = tau - step
        if size < enough or (size < 1e-10 and size > 0.1 * last):
            break
        last = size
    else:
        return None
    scaled = np.eye(len(tau)) - J * scale[None, :] / scale[:, None]
    if not np.iscomplexobj(scaled) and np.linalg.det(scaled) <= 0:
        return None
    return tau


def variance_path(system: DysonSystem, shift: complex = 0.0) -> Path:
    """Follow the root from no noise to all of it.

    Raises
    ------
    Fold
        With the share of the variance at which the root ends.
    """
    path = Path(np.zeros(system.count, complex if isinstance(shift, complex) else float))
    t, step = 0.0, 0.25
    while t < 1:
        target = min(1.0, t + step)
        found = _advance(system, path, t, target, shift, shift == 0)
        if found is None:
            step = (target - t) / 4
            if step < _SMALLEST_STEP * max(t, _SMALLEST_STEP):
                raise Fold(t)
            continue
        path.tau, t = found, target
        path.steps, step = path.steps + 1, 3 * step
        if path.steps > _MOST_STEPS:
            raise Fold(t)
    return path


def _advance(system: DysonSystem, path: Path, t: float, target: float, shift: complex, fine: bool) -> Array | None:
    with np.errstate(all="ignore"):
        try:
            if t == 0:
                trial = path.tau
                for _ in range(4):  # a series in the variance
                    system.update(trial, target, shift)
                    trial = system.rows()[: system.count]
            else:
                system.update(path.tau, t, shift)
                rows, J = system.rows()[: system.count], system.jacobian()[: system.count]
                scale = units(path.tau, np.abs(system.magnitudes()[: system.count]))
                trial = path.tau + (target - t) * scaled_step(J, rows / t, scale)
        except np.linalg.LinAlgError:
            return None
    if not np.all(np.isfinite(trial)):
        return None
    return _newton(system, path, trial, target, shift, 0.5 if t else 2.0, 1e-14 if target == 1 and fine else _COARSE)


def shift_path(system: DysonSystem, ridge: float, floor: float = _FLOOR) -> Path:
    """Follow the root from a large shift down to none.

    Parameters
    ----------
    system : DysonSystem
        Its shifts are in units of the size of each argument.
    ridge : float
        What is there already, in the same units: nothing of the way below it is needed.

    Raises
    ------
    Pole
        Where the unknowns grow without bound.
    Fold
        Where the first path finds one.
    """
    top = 4.0
    if ridge >= 0.05 * top:
        return variance_path(system)
    path = variance_path(system, top)
    shift, factor = top, 0.05
    before: tuple[float, Array] | None = None
    while shift:
        total = ridge + shift
        new = max(0.0, total * factor - ridge)
        if (ridge == 0 and new < floor) or new <= 0.02 * ridge:
            new = 0.0
        found = _newton(
            system, path, _predicted(path.tau, before, total, ridge + new), 1.0, new, 2.0, _COARSE if new else 1e-14
        )
        path.steps += 1
        if found is None and new == 0 and ridge == 0 and factor <= 0.05 and floor > 1e-14:
            floor *= 1e-2
            continue
        if found is None:
            factor = factor**0.5
            if factor > 0.99 or path.steps > _MOST_STEPS:
                raise _ending(path.tau, before, total)
            continue
        before = (total, path.tau)
        path.tau, shift, factor = found, new, max(factor**1.5, 0.03)
    return path


def _predicted(tau: Array, before: tuple[float, Array] | None, total: float, new: float) -> Array:
    """Secant in the logarithms of shift and unknowns; nothing is guessed at a shift of 0."""
    if before is None or new == 0:  # no logarithm
        return tau
    old_total, old = before
    with np.errstate(all="ignore"):
        slope = np.log(tau / old) / np.log(total / old_total)
    slope = np.where(np.isfinite(slope) & (tau * old > 0), slope, 0.0)
    return np.asarray(tau * np.exp(np.clip(slope * np.log(new / total), -8, 8)))


def _ending(tau: Array, before: tuple[float, Array] | None, total: float) -> ArithmeticError:
    if before is not None:
        with np.errstate(all="ignore"):
            slopes = np.log(np.abs(tau / before[1])) / np.log(total / before[0])
        if np.nanmin(np.where(np.isfinite(slopes), slopes, np.nan)) < -0.02:
            return Pole("the unknowns grow without bound as the shift goes to zero")
    return ArithmeticError(f"the path stopped at a shift of {total:.3g} of its argument")


def detour(system: DysonSystem) -> Path | None:
    """Go around through the upper half plane; None where the point lies inside the spectrum."""
    try:
        path = variance_path(system, 1j)
    except Fold:
        return None
    shift, factor = 1.0, 0.25
    while np.any(np.abs(path.tau.imag) > 1e-3 * np.abs(path.tau)):
        if shift < 1e-12:
            return None  # what stays imaginary is a density
        found = _newton(system, path, path.tau, 1.0, 1j * shift * factor, 2.0, _COARSE)
        path.steps += 1
        if found is None:
            factor = factor**0.5
            if factor > 0.999 or path.steps > _MOST_STEPS:
                return None
            continue
        path.tau, shift, factor = found, shift * factor, max(factor**1.5, 0.1)
    found = _newton(system, path, np.asarray(path.tau.real), 1.0, 0.0, 0.1)
    if found is None:
        return None
    path.tau = found
    return path
