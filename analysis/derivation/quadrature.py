"""Integrals in doubles: the tanh-sinh rule between the places where an integrand changes branch.

The rule of scipy.integrate.tanhsinh is as accurate, but takes 7 to 90 times as long and settles on no integral that
vanishes: its tolerance is relative to the value, ours to the integral of the absolute value.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from solvable.analysis.derivation.clock import Clock, OutOfTime

__all__ = ["from_the_end", "integral", "integrals_along", "joined", "mean_along", "plane_mean", "times_normal"]

Function = Callable[[Any], Any]
Ends = tuple[Function | None, Function | None]


def integral(
    f: Function, low: float, high: float, kinks: list[float], clock: Clock | None = None, ends: Ends = (None, None)
) -> float:
    """Integral of a function of arrays, by tanh-sinh between the kinks.

    `ends` are the same function of the distance from the lower and from the upper end, for integrands that are
    singular there: a distance of 1e-30 is lost in the place.

    Raises
    ------
    ArithmeticError
        Where the integrand has no value.
    OutOfTime
        Where two step widths differ by more than 1e-10 of the integral of the absolute value: nothing is known then.
    """
    if low > high:
        return -integral(f, high, low, kinks, clock, ends[::-1])
    inside = [k for k in kinks if low < k < high]
    if low == -np.inf and high == np.inf and not inside:
        inside = [0.0]
    places = [low, *inside, high]
    pieces = [
        (a, b, (ends[0] if a == low else None, ends[1] if b == high else None)) for a, b in pairwise(places) if a < b
    ]
    # beside the others a piece may be nothing but the rounding of a kink's place
    scale = sum(_sums(f, a, b, 3, clock, own)[1] for a, b, own in pieces) if len(pieces) > 1 else 0.0
    return sum((_piece(f, a, b, clock, scale, own) for a, b, own in pieces), 0.0)


def _sums(
    f: Function, a: float, b: float, level: int, clock: Clock | None, ends: Ends, reach: int = 4
) -> tuple[float, float]:
    """Integral of a function and of its absolute value at one step width, as near to the ends as 10^-37 or 10^-275."""
    if clock is not None:
        clock.check(2 ** (level - 3))
    t = np.arange(-(reach * 2**level), reach * 2**level + 1) / 2.0**level
    at, weight = _nodes(t, a, b)
    with np.errstate(all="ignore"):
        values = f(at) * weight
        for end, side in zip(ends, (t < 0, t > 0), strict=True):
            if end is not None:
                near = (b - a) / (1 + np.exp(np.pi * np.sinh(np.abs(t[side]))))
                values[side] = end(near) * weight[side]
    values = np.where(np.isfinite(values) | (weight > 1e-12), values, 0.0)
    return float(values.sum()) / 2**level, float(np.abs(values).sum()) / 2**level


def _piece(f: Function, a: float, b: float, clock: Clock | None, scale: float, ends: Ends) -> float:
    scale = scale if np.isfinite(scale) else 0.0
    deeper = all(ends) or a == 0 or not np.isfinite(b - a)
    for reach in (4, 6) if deeper else (4,):  # x^-0.95 is no nought at 10^-37
        last = None
        for level in range(3, 9):
            value, size = _sums(f, a, b, level, clock, ends, reach)
            if last is not None and abs(value - last) <= 1e-11 * max(size, scale):
                return value
            last = value
    if not np.isfinite(value):
        raise ArithmeticError("an integrand that has no value")
    raise OutOfTime("an integral that does not settle")


def plane_mean(
    f: Callable[[Any, Any], Any], sides: list[Callable[[Any, Any], Any]], clock: Clock | None = None
) -> float:
    """Mean of a function of two independent standard normal variables, in polar coordinates.

    What changes branch along rays from the origin, as positive parts and signs of linear forms do, does so at angles
    where one of `sides` changes sign; elsewhere the angle is cut where the halves of a piece do not add up to it.

    Raises
    ------
    OutOfTime
        Where the pieces do not settle.
    """
    radius, radial = np.polynomial.legendre.leggauss(80)
    radius, radial = 6.5 * (1 + radius), 6.5 * radial
    radial = radial * radius * np.exp(-(radius**2) / 2) / (2 * np.pi)
    node, weight = np.polynomial.legendre.leggauss(20)

    def over(a: float, b: float) -> tuple[float, float]:
        if clock is not None:
            clock.check(40)
        angle = (a + b) / 2 + (b - a) / 2 * node
        with np.errstate(all="ignore"):
            values = f(radius[:, None] * np.cos(angle), radius[:, None] * np.sin(angle)) * radial[:, None] * weight
        return float(values.sum()) * (b - a) / 2, float(np.abs(values).sum()) * (b - a) / 2

    def cut(a: float, b: float, whole: float, scale: float) -> float:
        middle = (a + b) / 2
        left, right = over(a, middle)[0], over(middle, b)[0]
        if abs(left + right - whole) <= 1e-15 * scale:
            return left + right
        if b - a < 1e-9:  # what one ray changes is nothing here
            return left + right if abs(left + right - whole) <= 1e-11 * scale else np.nan
        return cut(a, middle, left, scale) + cut(middle, b, right, scale)

    turns = np.unique(np.r_[np.linspace(0, 2 * np.pi, 9), _rays(sides)])
    first = [over(a, b) for a, b in pairwise(turns)]
    scale = sum(size for _, size in first)
    if not np.isfinite(scale):
        raise OutOfTime("a mean that does not settle")
    total = sum(cut(a, b, value, scale) for (a, b), (value, _) in zip(pairwise(turns), first, strict=True))
    if not np.isfinite(total):
        raise OutOfTime("a mean that does not settle")
    return total


def mean_along(f: Function, clock: Clock | None = None) -> Any:
    """Integrals over the line of a function with the normal density in it, at arrays of places before its last axis.

    The trapezoidal rule, whose error falls exponentially with one over the step where the function is smooth.

    Raises
    ------
    OutOfTime
        Where two steps differ by more than 1e-11 of the integral of the absolute value, or more lies beyond the ends.
    """
    last = None
    for level in range(2, 7):
        values = f(np.arange(-20 * 2**level, 20 * 2**level + 1) / 2.0**level)
        if clock is not None:
            clock.check(values.size // 50)
        total, size = values.sum(axis=-1) / 2**level, np.abs(values).sum(axis=-1) / 2**level
        held = np.abs(values[..., [0, -1]]).max(axis=-1) <= 1e-14 * size
        if last is not None and np.all(held & (np.abs(total - last) <= 1e-11 * size)):
            return total
        last = total
    raise OutOfTime("a mean within an integral that does not settle")


def integrals_along(f: Function, low: Any, high: Any, clock: Clock | None = None) -> Any:
    """Integrals of a smooth function at arrays of places before its last axis, between ends that may follow the place.

    Raises
    ------
    OutOfTime
        Where two step widths of the tanh-sinh rule differ by more than 1e-11 of the integral of the absolute value.
    """
    a, b = (np.asarray(end, dtype=float)[..., None] for end in (low, high))
    if np.all(a == -np.inf) and np.all(b == np.inf):
        return integrals_along(f, -np.inf, 0.0, clock) + integrals_along(f, 0.0, np.inf, clock)
    last = None
    for level in range(3, 9):
        t = np.arange(-(4 * 2**level), 4 * 2**level + 1) / 2.0**level
        u, du = np.pi / 2 * np.sinh(t), np.pi / 2 * np.cosh(t)
        if np.all(np.isfinite(a)) and np.all(np.isfinite(b)):
            near = (b - a) / (1 + np.exp(2 * np.abs(u)))
            at, weight = np.where(u < 0, a + near, b - near), (b - a) / 2 / np.cosh(u) ** 2 * du
        else:
            far = np.exp(np.clip(u, -300, 300))
            at, weight = (b - far if np.all(np.isfinite(b)) else a + far), far * du
        with np.errstate(all="ignore"):
            values = f(at) * weight
        values = np.where(np.isfinite(values) | (np.abs(weight) > 1e-12), values, 0.0)
        if clock is not None:
            clock.check(values.size // 50)
        total, size = values.sum(axis=-1) / 2**level, np.abs(values).sum(axis=-1) / 2**level
        if last is not None and np.all(np.abs(total - last) <= 1e-11 * size):
            return total
        last = total
    raise OutOfTime("an integral within an integral that does not settle")


def _nodes(t: Any, a: float, b: float) -> tuple[Any, Any]:
    """Nodes and weights of the double exponential rule on (a, b), each end finite or not."""
    u, du = np.pi / 2 * np.sinh(t), np.pi / 2 * np.cosh(t)
    if np.isfinite(a) and np.isfinite(b):
        # from the nearer end, so that nodes near an end are exact
        near = (b - a) / (1 + np.exp(2 * np.abs(u)))
        at = np.where(u < 0, a + near, b - near)
        return at, (b - a) / 2 / np.cosh(u) ** 2 * du
    far, back = np.exp(np.clip(u, -300, 300)), np.isfinite(b)
    at = b - far if back else a + far
    return at, far * du


def _rays(sides: list[Callable[[Any, Any], Any]]) -> list[float]:
    """Angles at which one of the functions changes sign on the unit circle."""
    grid, found = np.linspace(0, 2 * np.pi, 721), list[float]()
    for side in sides:
        values = side(np.cos(grid), np.sin(grid)) * np.ones_like(grid)
        for j in np.flatnonzero(values[:-1] * values[1:] < 0):
            low, high = grid[j], grid[j + 1]
            for _ in range(50):
                middle = (low + high) / 2
                changes = side(np.cos(middle), np.sin(middle)) * values[j] <= 0
                low, high = (low, middle) if changes else (middle, high)
            found.append(float(low))
    return found


def from_the_end(body: Any, x: Any, place: Any) -> Any:
    """A body in the distance x from a place; what vanishes there is written out: 1 - (1 - x)**2 is 2 x - x**2."""
    import sympy as sp

    def written_out(e: Any) -> Any:
        plain = sp.expand(e)
        return plain if plain.xreplace({x: sp.Integer(0)}) == 0 else e

    body = body.xreplace({x: place})
    return body.replace(lambda e: isinstance(e, sp.Add) and e.is_polynomial(x), written_out)


def times_normal(body: Any, x: Any) -> Any:
    """A body times the density of a standard normal variable, term by term."""
    import sympy as sp

    return joined(body * sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi))


def joined(body: Any) -> Any:
    """A body in which the exponentials of a product are one: a growing one meets a decaying one before it overflows."""
    import sympy as sp

    body = sp.expand_mul(body) if isinstance(body, sp.Mul) and any(f.is_Add for f in body.args) else body
    total: Any = sp.Integer(0)
    for term in sp.Add.make_args(body):
        factors = sp.Mul.make_args(term)
        exponents = [factor.args[0] for factor in factors if isinstance(factor, sp.exp)]
        others = [factor for factor in factors if not isinstance(factor, sp.exp)]
        total += sp.Mul(*others, sp.exp(sp.Add(*exponents))) if len(exponents) > 1 else term
    return total
